/**
 * For an app's own tests: a fake issuer, an exchange server in memory, and a clock. Nothing here is for production.
 */
export { createTestClient } from './client.js';
export { createTestClock } from './clock.js';
export { testError } from './error.js';
export { createTestIssuer } from './issuer.js';
export { createTestServer } from './server.js';

export type { TestClient, TestClientOptions, TestUserProfile } from './client.js';
export type { TestClock } from './clock.js';
export type { TestFailure } from './error.js';
export type { TrustedIssuer } from './external-jwt.js';
export type { Credentials, SignOptions, TestIssuer, TestIssuerOptions } from './issuer.js';
export type { JwkSet, Members, PublicJwk, TestAlgorithm } from './jwt.js';
export type { Failure, SeenRequest, TestServer, TestServerOptions } from './server.js';
export type { TestUser } from './sessions.js';
export type { ClientEvent, SignInWithExternalJwtArgs } from '../generated/wire.js';
