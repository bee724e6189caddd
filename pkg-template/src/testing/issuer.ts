/** "Your backend" of a test: it has keys, publishes them, and signs JWTs for users. */
import { type JwkSet, type Members, SigningKey, type TestAlgorithm, encodeJson } from './jwt.js';

/** Arguments of {@link createTestIssuer}. */
export interface TestIssuerOptions {
  /** `iss` of its JWTs. */
  readonly issuer?: string;
  /** `aud` of its JWTs; left out where there is none. */
  readonly audience?: string | readonly string[];
  /** What it signs with; ES256, the quickest to make. */
  readonly algorithm?: TestAlgorithm;
  /** How long its JWTs live, in seconds. */
  readonly lifetimeSeconds?: number;
  /** The time in milliseconds since 1970; `Date.now`, which fake timers control. */
  readonly now?: () => number;
}

/** What a JWT says beyond what the issuer says by itself, and how it is spoilt. */
export interface SignOptions {
  /** Added to the claims, or in their place; `undefined` takes one away. */
  readonly claims?: Members;
  /** Likewise of the header. */
  readonly header?: Members;
  /** Signs with a key that is not published, under the name of the one that is. */
  readonly foreignKey?: boolean;
  /** Leaves the signature out and says `alg: none`. */
  readonly unsigned?: boolean;
}

/** What `signInWithExternalJwt` takes. */
export interface Credentials {
  readonly externalJwt: string;
  readonly externalUserId: string;
}

const HOUR_SECONDS = 60 * 60;

/**
 * A fake issuer with real keys: what it signs, any JWT library verifies.
 *
 * @example
 * const issuer = await createTestIssuer();
 * const credentials = await issuer.credentials('alice', { claims: { email: 'alice@example.com' } });
 */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { algorithm = 'ES256' } = options;
  return new TestIssuer(options, await SigningKey.make(algorithm, 'test-key-1'));
}

/** See {@link createTestIssuer}. */
export class TestIssuer {
  /** `iss` of its JWTs. */
  readonly issuer: string;
  /** `aud` of its JWTs, the first of several. */
  readonly audience: string | undefined;
  readonly #options: TestIssuerOptions;
  readonly #now: () => number;
  #keys: readonly [SigningKey, ...SigningKey[]];

  /** Use {@link createTestIssuer}. */
  constructor(options: TestIssuerOptions, key: SigningKey) {
    this.issuer = options.issuer ?? 'https://issuer.test';
    this.audience = typeof options.audience === 'string' ? options.audience : options.audience?.[0];
    this.#options = options;
    this.#now = options.now ?? (() => Date.now());
    this.#keys = [key];
  }

  /** The public keys, as its JWKS URL gives them. */
  jwks(): JwkSet {
    return { keys: this.#keys.map((key) => key.publicJwk) };
  }

  /** A JWT for a user. */
  async sign(sub: string, { claims, header, foreignKey = false, unsigned = false }: SignOptions = {}): Promise<string> {
    const iat = Math.floor(this.#now() / 1000);
    const aud = this.#options.audience;
    const all = { iss: this.issuer, aud, sub, iat, exp: iat + (this.#options.lifetimeSeconds ?? HOUR_SECONDS), ...claims };
    if (unsigned) return `${encodeJson({ alg: 'none', typ: 'JWT', ...header })}.${encodeJson(all)}.`;
    const [own] = this.#keys;
    const { kid } = own.publicJwk;
    const key = foreignKey ? await SigningKey.make(own.algorithm, kid) : own;
    return key.sign(all, { kid, ...header });
  }

  /** A JWT for a user, as `signInWithExternalJwt` takes it. */
  async credentials(externalUserId: string, options?: SignOptions): Promise<Credentials> {
    return { externalJwt: await this.sign(externalUserId, options), externalUserId };
  }

  /** Signs with a new key from now on. `publishOld: false` takes the keys before out of {@link jwks}. */
  async rotate({ publishOld = true }: { readonly publishOld?: boolean } = {}): Promise<void> {
    const [newest] = this.#keys;
    const next = await SigningKey.make(newest.algorithm, `${newest.publicJwk.kid}+`);
    this.#keys = publishOld ? [next, ...this.#keys] : [next];
  }
}
