// A `fetch` that carries the session to the app's own backends. Whether the token is to be refreshed first, and
// whether it needs a proof, the core says.
import { aborting } from './aborting.js';
import { errorBeforeCore } from './error.js';

/** The session's part of one request. */
export interface Authorization {
  /** For the header `Authorization`; none where nobody is signed in, or where the session lives in a cookie. */
  readonly authorization?: string | undefined;
  /** For the header `DPoP`, where the session is bound to a key. */
  readonly proof?: string | undefined;
}

/** What {@link createFetch} asks of a client. */
export interface Authorizer {
  /** Refreshes first where the token has ended or is about to. */
  authorize(ask: { readonly method: string; readonly url: string; readonly nonce?: string | undefined }): Promise<Authorization>;
  /** Gets a new token. */
  refresh(): Promise<unknown>;
}

/**
 * How {@link createFetch} is told where the session may go.
 *
 * @example
 * ```ts
 * const options: CreateFetchOptions = { origins: ['https://api.example.com'] };
 * ```
 */
export interface CreateFetchOptions {
  /**
   * Exact origins of your own backends, such as `https://api.example.com`. Nobody else gets the token. Plain `http:` is
   * for this machine only (`localhost`, `127.0.0.1`, `[::1]`): elsewhere whoever is on the way could read the token.
   */
  readonly origins: readonly string[];
  /** What sends; `globalThis.fetch` by default. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** How long an origin that refused a new token is not given another one for each refusal. */
const REFUSED_MS = 60_000;
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * A `fetch` that adds the session token, and its proof where the session is bound to a key, to requests to the listed
 * origins. Every other request goes out as it is, and so does one that has an `Authorization` of its own.
 *
 * A redirect is not followed with a token: it would carry the token to wherever it leads. After a 401 the session is
 * refreshed and the request sent once more; what a body was made of is kept for that.
 *
 * @throws {ByoaError} `invalid_argument` where something in the list is no origin
 */
export function createFetch({ origins, fetch: given }: CreateFetchOptions, client: Authorizer): typeof globalThis.fetch {
  const allowed = new Set((origins ?? []).map(checkedOrigin));
  // Looked up late, so that what an app puts in its place counts.
  const send: typeof globalThis.fetch = (input, init) => (given ?? globalThis.fetch)(input, init);
  const nonces = new Map<string, string>();
  /** New tokens that an origin refused all the same, and until when: another refresh would only be the next one. */
  const refused = new Map<string, { readonly token: string; readonly until: number }>();

  return async (input, init) => {
    const url = input instanceof Request ? input.url : new Request(input).url;
    // The origin of a blob: is the one of the page that made it, and no backend.
    const { origin, protocol } = new URL(url);
    if (!/^https?:$/.test(protocol) || !allowed.has(origin)) return send(input, init);
    const request = new Request(input instanceof Request ? input : url, init);
    if (request.headers.has('authorization')) return send(request);

    const { method } = request;
    // The caller's own: Node forgets to tell a request's copy of it.
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const authorize = () => aborting(client.authorize({ method, url, nonce: nonces.get(origin) }), signal);
    const attempt = async (shown: Authorization): Promise<Response> => {
      const copy = request.clone();
      if (shown.authorization === undefined) return send(copy);
      const answer = await send(carrying(copy, shown));
      const nonce = answer.headers.get('dpop-nonce');
      if (nonce) nonces.set(origin, nonce);
      if (request.redirect === 'follow' && isRedirect(answer)) throw redirectRefused(url);
      return answer;
    };

    let shown = await authorize();
    const nonce = nonces.get(origin);
    let answer = await attempt(shown);
    if (answer.status === 401 && shown.proof !== undefined && nonces.get(origin) !== nonce) {
      // The backend wants a nonce of its own in the proof (RFC 9449 9), and this is it.
      discard(answer);
      shown = await authorize();
      answer = await attempt(shown);
    }
    const token = shown.authorization;
    if (answer.status !== 401 || token === undefined) return answer;
    const before = refused.get(origin);
    if (before && (before.token === token || performance.now() < before.until)) return answer;

    shown = await aborting(renewed(client, token, authorize), signal).catch(() => {
      signal?.throwIfAborted();
      // The backend's own answer says more than that there is no new token.
      return {};
    });
    if (shown.authorization === undefined) return answer;
    discard(answer);
    answer = await attempt(shown);
    if (answer.status === 401) refused.set(origin, { token: shown.authorization, until: performance.now() + REFUSED_MS });
    return answer;
  };
}

/** What to try with once more: the token that another call or tab has got meanwhile, or else a new one. */
async function renewed(client: Authorizer, token: string, authorize: () => Promise<Authorization>): Promise<Authorization> {
  const now = await authorize();
  if (now.authorization !== token) return now;
  await client.refresh();
  return authorize();
}

function carrying(request: Request, { authorization, proof }: Authorization): Request {
  const copy = request.redirect === 'follow' ? new Request(request, { redirect: 'manual' }) : request;
  if (authorization !== undefined) copy.headers.set('authorization', authorization);
  if (proof !== undefined) copy.headers.set('dpop', proof);
  return copy;
}

function isRedirect(answer: Response): boolean {
  return answer.type === 'opaqueredirect' || (REDIRECTS.includes(answer.status) && answer.headers.has('location'));
}

/** Frees the connection of an answer that nobody will read. */
function discard(answer: Response): void {
  answer.body?.cancel().catch(() => {});
}

function redirectRefused(url: string): Error {
  const address = url.split(/[?#]/, 1)[0];
  const message = `${address} answers with a redirect, which is not followed with a session token: call the address that it leads to.`;
  return errorBeforeCore('RedirectRefusedError', 'redirect_refused', message);
}

function checkedOrigin(text: unknown): string {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (url && isSafe && !url.host.includes('*') && (url.origin === text || `${url.origin}/` === text)) return url.origin;
  const message = `createFetch takes exact origins such as "https://api.example.com", without a path or a wildcard, and http: only for localhost, but got ${JSON.stringify(text)}.`;
  throw errorBeforeCore('InvalidArgumentError', 'invalid_argument', message);
}
