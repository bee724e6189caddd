// An app as small as it can be: one client, and a record of what it said. Tests call `app`.
import { createAuthClient } from '/pkg/index.js';

const config = JSON.parse(document.getElementById('config').textContent);
/** Comparable between tabs, and no clock that a test can step. */
const stamp = () => performance.timeOrigin + performance.now();
const log = [];
const uncaught = [];
addEventListener('error', ({ message }) => uncaught.push(message));
addEventListener('unhandledrejection', ({ reason }) => uncaught.push(String(reason)));

const client = createAuthClient(config);
const brief = (snapshot) => ({
  status: snapshot.status,
  reason: snapshot.reason ?? null,
  user: snapshot.user?.externalUserId ?? null,
  firstName: snapshot.user?.firstName ?? null,
  expiresAt: snapshot.sessionExpiresAt ?? null,
  level: snapshot.security?.level ?? null,
});
const failure = (error) => ({ name: error.name, code: error.code ?? null, reason: error.reason ?? null, status: error.status ?? null, message: error.message, retryable: error.retryable ?? null });
const told = async (call) => {
  try {
    const value = await call();
    return { at: stamp(), value: value?.externalUserId ?? null, error: null };
  } catch (error) {
    return { at: stamp(), value: null, error: failure(error) };
  }
};

client.subscribe(() => log.push({ at: stamp(), kind: 'state', ...brief(client.getSnapshot()) }));
client.onEvent(({ user, ...event }) => log.push({ at: stamp(), kind: 'event', ...event, user: user?.externalUserId ?? null }));

window.app = {
  log,
  uncaught,
  now: () => brief(client.getSnapshot()),
  startFailure: null,
  signIn: (externalJwt, externalUserId) => told(() => client.signInWithExternalJwt({ externalJwt, externalUserId })),
  refresh: () => told(() => client.refresh()),
  refreshUser: () => told(() => client.refreshUser()),
  update: (fields) => told(() => client.updateUser(fields)),
  logout: () => told(() => client.logout()),
  /** The token's parts that are no secret. */
  token: () => {
    const [, claims] = client.getMinAuthToken()?.split('.') ?? [];
    if (!claims) return null;
    const { sub, sid, jti, exp, iat, cnf } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')));
    return { sub, sid, jti, exp, iat, bound: cnf !== undefined };
  },
  rawToken: () => client.getMinAuthToken() ?? null,
  inspect: () => client.inspect?.() ?? null,
};
window.app.startFailure = (await told(() => client.start())).error;
window.app.ready = true;

// In the frame nobody outside may look in: it tells its parent what it went through.
if (new URLSearchParams(location.search).has('report')) {
  const { app } = window;
  const jwt = ['{"alg":"ES256"}', `{"sub":"alice","iss":"x","exp":${Math.floor(Date.now() / 1000) + 300}}`, 'signature'].map((part) => btoa(part).replaceAll('=', ''));
  const report = { startFailure: app.startFailure, state: app.now(), signIn: await app.signIn(jwt.join('.'), 'alice'), uncaught: app.uncaught };
  parent.postMessage(report, '*');
}
