// A real byoa-server on a database of its own.
import { join } from 'node:path';
import { type Running, built, run, startProcess } from './processes.ts';

export const ENVIRONMENT_ID = '00000000-0000-4000-8000-00000000b0a0';

export interface Environment {
  readonly id?: string;
  readonly issuer: string;
  /** Where its keys are read from; a file in its place. */
  readonly jwksUrl?: string;
  readonly jwksFile?: string;
  readonly audience?: string;
  readonly allowedOrigins: readonly string[];
  readonly sessionAlg?: 'ES256' | 'RS256';
  readonly stepUp?: readonly string[];
  /** Further options of `env create`. */
  readonly options?: readonly string[];
}

/** How the server runs; what is absent is its default. */
export interface Serve {
  /** Where browsers reach it, where that is not its own address. */
  readonly publicUrl?: string;
  readonly sessionLifetimeS?: number;
  readonly refreshWindowS?: number;
  readonly refreshGraceS?: number;
}

const binary = () => process.env['BYOA_SERVER_BIN'] ?? built('target/debug/byoa-server', 'cargo build --package byoa-server');

export class ByoaServer {
  readonly origin: string;
  readonly apiBaseUrl: string;
  readonly #port: number;
  readonly #databaseUrl: string;
  readonly #serve: Serve;
  #running: Running | undefined;

  constructor(port: number, directory: string, serve: Serve = {}) {
    this.#serve = serve;
    this.#port = port;
    this.#databaseUrl = `sqlite://${join(directory, 'byoa.db')}`;
    this.origin = `http://localhost:${port}`;
    this.apiBaseUrl = `${this.origin}/api/v0`;
  }

  /** URL of an operation of an environment. */
  url(operation: string, environmentId = ENVIRONMENT_ID): string {
    return `${this.apiBaseUrl}/sdk/${environmentId}/${operation}`;
  }

  /** Also while it runs. */
  async createEnvironment({ id = ENVIRONMENT_ID, issuer, jwksUrl, jwksFile, audience, allowedOrigins, sessionAlg, stepUp = [], options = [] }: Environment): Promise<void> {
    await run(binary(), [
      'env',
      'create',
      ...['--id', id, '--issuer', issuer],
      ...(jwksUrl ? ['--jwks-url', jwksUrl] : []),
      ...(jwksFile ? ['--jwks-file', jwksFile] : []),
      ...(audience ? ['--audience', audience] : []),
      ...allowedOrigins.flatMap((origin) => ['--allowed-origin', origin]),
      ...(sessionAlg ? ['--session-alg', sessionAlg] : []),
      ...stepUp.flatMap((scope) => ['--step-up', scope]),
      ...options,
      ...['--allow-private-jwks', '--database-url', this.#databaseUrl],
    ]);
  }

  /** @param more  further options of `serve` */
  async start(more: readonly string[] = []): Promise<void> {
    const { publicUrl = this.origin, sessionLifetimeS, refreshWindowS, refreshGraceS } = this.#serve;
    const args = ['serve', '--listen', `127.0.0.1:${this.#port}`, '--public-url', publicUrl, '--no-rate-limit'];
    const seconds = (flag: string, value: number | undefined) => (value === undefined ? [] : [flag, String(value)]);
    const options = [
      ...['--database-url', this.#databaseUrl, '--allow-private-jwks'],
      ...seconds('--session-lifetime', sessionLifetimeS),
      ...seconds('--refresh-window', refreshWindowS),
      ...seconds('--refresh-grace', refreshGraceS),
    ];
    this.#running = await startProcess(binary(), [...args, ...options, ...more], `${this.origin}/healthz`);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** Exchanges an external JWT, as any HTTP client would. */
  signIn(jwt: string, { origin, environmentId }: { origin?: string; environmentId?: string } = {}): Promise<Response> {
    return fetch(this.url('externalAuth/signin', environmentId), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(origin && { origin }) },
      body: JSON.stringify({ jwt }),
    });
  }

  /** The status that the session probe answers. A live token that is bound to a key is refused for its missing proof only: 204. */
  async session(token: string): Promise<number> {
    const answer = await fetch(this.url('session'), { headers: { authorization: `Bearer ${token}` } });
    const { code } = answer.status === 401 ? ((await answer.json()) as { code?: string }) : {};
    return code === 'invalid_dpop_proof' ? 204 : answer.status;
  }
}
