// The HTTP edge: the three operations that are measured, under the paths of the published clients.
import Fastify from 'fastify';
import { errors } from 'jose';
import { errorResponse, signInRequest, verifyResponse } from './schemas.js';

const BODY_BYTES = 64 * 1024;
const answers = { 200: verifyResponse, '4xx': errorResponse, '5xx': errorResponse };

/** A refusal that the caller is told about. */
class Refused extends Error {
  constructor(statusCode, code, message) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

export function createApp({ environmentId, store, verifyExternal, tokens }) {
  const app = Fastify({ logger: false, bodyLimit: BODY_BYTES, keepAliveTimeout: 60_000 });

  app.setErrorHandler((error, request, reply) => {
    const status = error.statusCode ?? 500;
    reply.code(status).send({
      code: error.code ?? 'internal',
      error: status < 500 ? error.message : 'Something went wrong on our side.',
    });
  });

  app.addHook('onRequest', async (request) => {
    if (request.params.environment !== environmentId) throw new Refused(404, 'not_found', 'No such environment.');
  });

  const base = '/api/v0/sdk/:environment';

  app.post(`${base}/externalAuth/signin`, { schema: { body: signInRequest, response: answers } }, async (request) => {
    const claims = await external(request.body.jwt);
    const now = nowInSeconds();
    const { user, session } = await store.signIn({
      issuer: claims.iss,
      subject: claims.sub,
      email: claims.emailVerified === true && typeof claims.email === 'string' ? claims.email : null,
      now,
      tokenId: tokens.newTokenId(),
      expiresAt: tokens.expiry(now, claims.exp),
    });
    return answer(request, user, session, now);
  });

  app.post(`${base}/refresh`, { schema: { response: answers } }, async (request) => {
    const claims = await bearer(request);
    const now = nowInSeconds();
    const refreshed = await store.refresh({
      id: claims.sid,
      presented: claims.jti,
      next: tokens.newTokenId(),
      now,
      expiresAt: tokens.expiry(now, claims.refreshExp),
    });
    if (!refreshed) throw new Refused(401, 'session_ended', 'The session has ended; sign in again.');
    return answer(request, refreshed.user, refreshed.session, now);
  });

  app.get(`${base}/session`, async (request, reply) => {
    const claims = await bearer(request);
    if (!store.isLive(claims.sid, nowInSeconds())) {
      throw new Refused(401, 'session_ended', 'The session has ended; sign in again.');
    }
    return reply.code(204).send();
  });

  return app;

  async function external(jwt) {
    try {
      return await verifyExternal(jwt);
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new Refused(422, 'invalid_external_auth', error.message);
      throw error;
    }
  }

  async function bearer({ headers: { authorization = '' } }) {
    if (!authorization.startsWith('Bearer ')) throw new Refused(401, 'unauthorized', 'Send a bearer token.');
    try {
      return await tokens.verify(authorization.slice(7));
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new Refused(401, 'unauthorized', error.message);
      throw error;
    }
  }

  async function answer(request, user, session, now) {
    const audience = request.headers.origin ?? `http://${request.host}`;
    const issued = await tokens.issue({ user, session, audience, now });
    return { user: shown(user, session), expiresAt: session.expiresAt, ...issued };
  }

  function shown(user, session) {
    const firstVisit = new Date(user.first_visit).toISOString();
    const lastVisit = new Date(user.last_visit).toISOString();
    const seen = { signInEnabled: true, verifiedAt: firstVisit, lastSelectedAt: lastVisit };
    const verifiedCredentials = [
      { id: user.credential_id, format: 'externalUser', public_identifier: user.subject, ...seen },
    ];
    if (user.email) {
      const { email, email_credential_id: id } = user;
      verifiedCredentials.push({ id, format: 'email', public_identifier: email, email, ...seen });
    }
    return {
      id: user.id,
      projectEnvironmentId: environmentId,
      verifiedCredentials,
      lastVerifiedCredentialId: user.credential_id,
      sessionId: session.id,
      email: user.email ?? undefined,
      firstVisit,
      lastVisit,
      newUser: user.isNew,
      scope: 'user:basic',
      missingFields: [],
    };
  }
}

function nowInSeconds() {
  return Math.floor(Date.now() / 1000);
}
