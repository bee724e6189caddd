// A reverse proxy between page and server that breaks what it is told to break, and keeps a record.
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer, request as forward } from 'node:http';
import { type AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';

/** What becomes of one request. */
export type Fault =
  /** The connection is cut, and the server never hears of it. */
  | { readonly kind: 'refuse' }
  /** The server acts, and its answer is lost. */
  | { readonly kind: 'lose-answer' }
  /** The server is not asked; this is answered instead. */
  | { readonly kind: 'status'; readonly status: number }
  /** The answer comes with another `Date`, so many milliseconds off. */
  | { readonly kind: 'date'; readonly offMs: number }
  /** The server acts, and its answer waits until the promise is settled. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> };

/** One request of a page, and what was answered. Tokens stay in here: no test prints one. */
export interface Passed {
  readonly method: string;
  /** The last part of the path, such as `refresh`. */
  readonly operation: string;
  readonly at: number;
  /** `exp` of the bearer token that was shown, in seconds. */
  readonly shownExp: number | undefined;
  readonly shownTokenId: string | undefined;
  readonly fault: Fault['kind'] | undefined;
  readonly headers: IncomingMessage['headers'];
  /** What the server answered, also where the page never heard it. */
  status?: number;
  code?: string;
  /** Of the token in the answer. */
  session?: string;
  tokenId?: string;
}

type Rule = (asked: Passed) => Fault | undefined;

export class FaultyProxy {
  readonly origin: string;
  readonly log: Passed[] = [];
  readonly stop: () => Promise<void>;
  #rule: Rule = () => undefined;

  private constructor(port: number, stop: () => Promise<void>) {
    this.origin = `http://localhost:${port}`;
    this.stop = stop;
  }

  /** Listens on a free port and passes everything on to `target`. */
  static async start(target: URL): Promise<FaultyProxy> {
    const server = createServer((request, response) => void proxy.#pass(request, response, target)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new FaultyProxy((server.address() as AddressInfo).port, async () => {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    });
    return proxy;
  }

  /** From now on each request meets what the rule says; preflights are never asked about. */
  breakWhere(rule: Rule): void {
    this.#rule = rule;
  }

  /** The next request of an operation meets a fault, later ones do not. */
  breakNext(operation: string, fault: Fault): void {
    const before = this.#rule;
    this.#rule = (asked) => {
      if (asked.operation !== operation) return before(asked);
      this.#rule = before;
      return fault;
    };
  }

  /** Everything passes again. */
  mend(): void {
    this.#rule = () => undefined;
  }

  /** Forgets faults and the record. */
  reset(): void {
    this.mend();
    this.log.length = 0;
  }

  /** Requests of an operation, with the given status where one is given. */
  of(operation: string, status?: number): Passed[] {
    return this.log.filter((one) => one.operation === operation && (status === undefined || one.status === status));
  }

  /** How many tokens the server issued to each session by refreshing: the same one given twice counts once. */
  rotations(): ReadonlyMap<string, number> {
    const tokens = new Map<string, Set<string>>();
    for (const { session, tokenId } of this.of('refresh', 200)) {
      if (session && tokenId) tokens.set(session, (tokens.get(session) ?? new Set()).add(tokenId));
    }
    return new Map([...tokens].map(([session, ids]) => [session, ids.size]));
  }

  async #pass(request: IncomingMessage, response: ServerResponse, target: URL): Promise<void> {
    // On a connection that it has used before, a browser sends a request again by itself where it is cut.
    response.shouldKeepAlive = false;
    const chunks: Buffer[] = [];
    for await (const chunk of request.on('error', () => undefined)) chunks.push(chunk as Buffer);
    const asked = record(request);
    const isPreflight = request.method === 'OPTIONS';
    const fault = isPreflight ? undefined : this.#rule(asked);
    const passed: Passed = { ...asked, fault: fault?.kind };
    if (!isPreflight) this.log.push(passed);
    if (fault?.kind === 'refuse') return void request.socket.destroy();
    if (fault?.kind === 'status') return void answerInstead(request, response, fault.status);

    const { status, headers: { connection: _, 'keep-alive': _alive, ...headers }, body } = await ask(request, Buffer.concat(chunks), target);
    Object.assign(passed, { status }, readAnswer(body));
    if (fault?.kind === 'lose-answer') return void request.socket.destroy();
    if (fault?.kind === 'hold') await fault.until;
    if (fault?.kind === 'date') headers['date'] = new Date(Date.now() + fault.offMs).toUTCString();
    response.writeHead(status, headers).end(body);
  }
}

function record(request: IncomingMessage): Passed {
  const { pathname } = new URL(request.url ?? '/', 'http://proxy');
  const claims = claimsOf(request.headers.authorization?.replace(/^\w+ /, ''));
  return {
    method: request.method ?? 'GET',
    operation: pathname.split('/').at(-1) ?? '',
    at: Date.now(),
    shownExp: claims?.exp,
    shownTokenId: claims?.jti,
    fault: undefined,
    headers: request.headers,
  };
}

function ask(request: IncomingMessage, body: Buffer, target: URL) {
  type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer };
  return new Promise<Answer>((resolve) => {
    const { method = 'GET', url: path = '/', headers } = request;
    const passed = forward({ host: target.hostname, port: target.port, method, path, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 502, headers: { ...answer.headers }, body: Buffer.concat(chunks) }));
    });
    passed.on('error', () => resolve({ status: 502, headers: {}, body: Buffer.alloc(0) }));
    passed.end(body);
  });
}

/** What a load balancer says for a server that is away; CORS headers so that the page may read it. */
function answerInstead(request: IncomingMessage, response: ServerResponse, status: number): void {
  const { origin } = request.headers;
  if (origin) response.setHeader('access-control-allow-origin', origin).setHeader('vary', 'origin');
  response.writeHead(status, { 'content-type': 'text/plain' }).end('upstream trouble');
}

function readAnswer(body: Buffer): Partial<Passed> {
  try {
    const { minifiedJwt, code } = JSON.parse(body.toString()) as { minifiedJwt?: string; code?: string };
    const claims = claimsOf(minifiedJwt);
    return {
      ...(code && { code }),
      ...(claims?.jti && { tokenId: claims.jti, session: String(claims['sid']) }),
    };
  } catch {
    return {};
  }
}

function claimsOf(jwt: string | undefined) {
  try {
    return jwt ? decodeJwt(jwt) : undefined;
  } catch {
    return undefined;
  }
}
