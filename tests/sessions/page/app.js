// An app as small as it can be: one client, and a record of what it said. Tests call `app`.
import { createDynamicClient, initializeClient, logout, onEvent, refreshAuth, refreshUser, signInWithExternalJwt, updateUser } from '/pkg/index.js';

const EVENTS = ['authInit', 'authSuccess', 'authFailure', 'userChanged', 'tokenChanged', 'sessionExpiring', 'sessionRefreshFailed', 'logout', 'warning'];

const config = JSON.parse(document.getElementById('config').textContent);
/** Comparable between tabs, and no clock that a test can step. */
const stamp = () => performance.timeOrigin + performance.now();
const log = [];
const uncaught = [];
addEventListener('error', ({ message }) => uncaught.push(message));
addEventListener('unhandledrejection', ({ reason }) => uncaught.push(String(reason)));

const binding = new URLSearchParams(location.search).get('binding');
const client = createDynamicClient({ ...config, autoInitialize: false, ...(binding && { sessionBinding: binding }) });
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
    await call();
    return { at: stamp(), value: brief(client.getSnapshot()).user, error: null };
  } catch (error) {
    return { at: stamp(), value: null, error: failure(error) };
  }
};

client.subscribe(() => log.push({ at: stamp(), kind: 'state', ...brief(client.getSnapshot()) }));
for (const type of EVENTS) {
  onEvent({ event: type, listener: ({ reason, code, message }) => log.push({ at: stamp(), kind: 'event', type, reason: reason ?? null, code: code ?? null, message: message ?? null, user: brief(client.getSnapshot()).user }) }, client);
}

window.app = {
  log,
  uncaught,
  now: () => brief(client.getSnapshot()),
  startFailure: null,
  signIn: (externalJwt, externalUserId) => told(() => signInWithExternalJwt({ externalJwt, externalUserId }, client)),
  refresh: () => told(() => refreshAuth(client)),
  refreshUser: () => told(() => refreshUser(client)),
  update: (fields) => told(() => updateUser({ userFields: fields }, client)),
  logout: () => told(() => logout(client)),
  /** The token's parts that are no secret. */
  token: () => {
    const [, claims] = client.token?.split('.') ?? [];
    if (!claims) return null;
    const { sub, sid, jti, exp, iat, cnf } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')));
    return { sub, sid, jti, exp, iat, bound: cnf !== undefined };
  },
  rawToken: () => client.token ?? null,
  core: () => client.open(),
  /** A module of the package that is loaded when it is first used. */
  load: (name) => import(`/pkg/${name}.js`),
  inspect: () => client.inspect() ?? null,
};
window.app.startFailure = (await told(() => initializeClient(client))).error;
window.app.ready = true;

// In the frame nobody outside may look in: it tells its parent what it went through.
if (new URLSearchParams(location.search).has('report')) {
  const { app } = window;
  const jwt = ['{"alg":"ES256"}', `{"sub":"alice","iss":"x","exp":${Math.floor(Date.now() / 1000) + 300}}`, 'signature'].map((part) => btoa(part).replaceAll('=', ''));
  const report = { startFailure: app.startFailure, state: app.now(), signIn: await app.signIn(jwt.join('.'), 'alice'), uncaught: app.uncaught };
  parent.postMessage(report, '*');
}
