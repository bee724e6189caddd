// An issuer in this process: a key set over HTTP, and the JWTs that its keys sign.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type CryptoKey, type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose';

const LIFETIME_S = 300;

export class TestIssuer {
  readonly url: string;
  readonly jwksUrl: string;
  readonly #keys: ReadonlyMap<string, CryptoKey>;
  readonly stop: () => Promise<unknown>;

  private constructor(port: number, keys: ReadonlyMap<string, CryptoKey>, stop: () => Promise<unknown>) {
    this.url = `http://localhost:${port}`;
    this.jwksUrl = `${this.url}/jwks`;
    this.#keys = keys;
    this.stop = stop;
  }

  /** One key for each algorithm, its name being its kid. */
  static async start(algorithms: readonly string[]): Promise<TestIssuer> {
    const pairs = await Promise.all(algorithms.map(async (alg) => [alg, await generateKeyPair(alg)] as const));
    const jwks: JWK[] = await Promise.all(
      pairs.map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg, use: 'sig' })),
    );
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: jwks }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const stop = () => {
      server.closeAllConnections();
      return once(server.close(), 'close');
    };
    const { port } = server.address() as { port: number };
    return new TestIssuer(port, new Map(pairs.map(([alg, { privateKey }]) => [alg, privateKey])), stop);
  }

  /** A good JWT. */
  sign(alg: string, { sub, audience, claims }: { sub: string; audience: string; claims?: object }): Promise<string> {
    const key = this.#keys.get(alg);
    if (!key) throw new Error(`The issuer has no key for ${alg}.`);
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: this.url, aud: audience, sub, iat: now, exp: now + LIFETIME_S, ...claims })
      .setProtectedHeader({ alg, kid: alg, typ: 'JWT' })
      .sign(key);
  }
}
