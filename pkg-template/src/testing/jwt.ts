/** Tokens by WebCrypto: made by the test issuer and the test server, and read by the test server. */
import { web, webCrypto } from './host.js';

/** Members of a token's header or payload. */
export type Members = Record<string, unknown>;

/** A public key as a JWK set has it (RFC 7517). */
export interface PublicJwk {
  readonly kty: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly crv?: string;
  readonly n?: string;
  readonly e?: string;
  readonly x?: string;
  readonly y?: string;
}

/** A JWK set. */
export interface JwkSet {
  readonly keys: readonly PublicJwk[];
}

/** Signature algorithms of the kit: those that the server takes and every WebCrypto has. */
export type TestAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'EdDSA';

interface Suite {
  readonly kty: string;
  readonly crv?: string;
  /** For `importKey` and `generateKey`. */
  readonly key: AlgorithmIdentifier & Members;
  /** For `sign` and `verify`. */
  readonly use: AlgorithmIdentifier & Members;
}

const SUITES: Readonly<Record<TestAlgorithm, Suite>> = {
  RS256: rsa('RSASSA-PKCS1-v1_5', 256),
  RS384: rsa('RSASSA-PKCS1-v1_5', 384),
  RS512: rsa('RSASSA-PKCS1-v1_5', 512),
  PS256: rsa('RSA-PSS', 256),
  PS384: rsa('RSA-PSS', 384),
  PS512: rsa('RSA-PSS', 512),
  ES256: { kty: 'EC', crv: 'P-256', key: { name: 'ECDSA', namedCurve: 'P-256' }, use: { name: 'ECDSA', hash: 'SHA-256' } },
  ES384: { kty: 'EC', crv: 'P-384', key: { name: 'ECDSA', namedCurve: 'P-384' }, use: { name: 'ECDSA', hash: 'SHA-384' } },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', key: { name: 'Ed25519' }, use: { name: 'Ed25519' } },
};

function rsa(name: string, bits: 256 | 384 | 512): Suite {
  const shape = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  return { kty: 'RSA', key: { name, hash: `SHA-${bits}`, ...shape }, use: { name, saltLength: bits / 8 } };
}

/** Whether the kit can sign and verify with it; never `none`, never HMAC. */
export function isAlgorithm(name: unknown): name is TestAlgorithm {
  return typeof name === 'string' && Object.hasOwn(SUITES, name);
}

/** Whether a published key is for an algorithm. */
export function fits(key: PublicJwk, algorithm: TestAlgorithm): boolean {
  const { kty, crv } = SUITES[algorithm];
  const isFor = key.alg === undefined || key.alg === algorithm || (key.alg === 'Ed25519' && algorithm === 'EdDSA');
  return isFor && key.kty === kty && (crv === undefined || key.crv === crv) && (key.use ?? 'sig') === 'sig';
}

/** A key pair that signs, and its public half as it is published. */
export class SigningKey {
  readonly algorithm: TestAlgorithm;
  readonly publicJwk: PublicJwk & { readonly kid: string };
  readonly #private: CryptoKey;

  private constructor(algorithm: TestAlgorithm, publicJwk: SigningKey['publicJwk'], privateKey: CryptoKey) {
    this.algorithm = algorithm;
    this.publicJwk = publicJwk;
    this.#private = privateKey;
  }

  /** A new one, of a name that is published with it. */
  static async make(algorithm: TestAlgorithm, kid: string): Promise<SigningKey> {
    const { subtle } = webCrypto();
    const pair = (await subtle.generateKey(SUITES[algorithm].key, false, ['sign', 'verify'])) as CryptoKeyPair;
    const { kty, crv, n, e, x, y } = await subtle.exportKey('jwk', pair.publicKey);
    // What the key's type does not have is left out.
    const jwk = JSON.parse(JSON.stringify({ kty, crv, n, e, x, y, kid, alg: algorithm, use: 'sig' })) as SigningKey['publicJwk'];
    return new SigningKey(algorithm, jwk, pair.privateKey);
  }

  /** The compact form of a JWT. */
  async sign(claims: Members, header: Members = {}): Promise<string> {
    const { kid } = this.publicJwk;
    const input = `${encodeJson({ alg: this.algorithm, kid, typ: 'JWT', ...header })}.${encodeJson(claims)}`;
    const signature = await webCrypto().subtle.sign(SUITES[this.algorithm].use, this.#private, bytesOf(input));
    return `${input}.${encode(new Uint8Array(signature))}`;
  }
}

/** Whether the signature is the key's over exactly these bytes. */
export async function verifies(key: PublicJwk, algorithm: TestAlgorithm, token: ParsedToken): Promise<boolean> {
  const { subtle } = webCrypto();
  const { kty, crv, n, e, x, y } = key;
  const jwk = JSON.parse(JSON.stringify({ kty, crv, n, e, x, y })) as JsonWebKey;
  const imported = await subtle.importKey('jwk', jwk, SUITES[algorithm].key, false, ['verify']);
  return subtle.verify(SUITES[algorithm].use, imported, token.signature, bytesOf(token.signed));
}

/** A token in its parts, of which nothing is verified. */
export interface ParsedToken {
  readonly header: Members;
  readonly claims: Members;
  /** What is signed. */
  readonly signed: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** The rule of a token's form that a text breaks. */
export type FormProblem = 'jwt_malformed' | 'jwt_header_invalid' | 'jwt_payload_invalid';

/** Three parts of base64url without padding, two of them JSON objects; or the rule that is broken. */
export function parse(text: string): ParsedToken | FormProblem {
  const parts = text.split('.');
  const [header, payload, signature] = parts.map(decode);
  if (parts.length !== 3 || !header || !payload || !signature) return 'jwt_malformed';
  const headerMembers = objectOf(header);
  if (!headerMembers) return 'jwt_header_invalid';
  const claims = objectOf(payload);
  if (!claims) return 'jwt_payload_invalid';
  return { header: headerMembers, claims, signed: `${parts[0]}.${parts[1]}`, signature };
}

/** Base64url of the JSON text of a value. */
export function encodeJson(value: unknown): string {
  return encode(bytesOf(JSON.stringify(value)));
}

function encode(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  // One value has one spelling: stray bits at the end are refused.
  return encode(bytes) === text ? bytes : undefined;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new (web('TextEncoder'))().encode(text) as Uint8Array<ArrayBuffer>;
}

function objectOf(bytes: Uint8Array): Members | undefined {
  try {
    const value: unknown = JSON.parse(new (web('TextDecoder'))('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
  } catch {
    return undefined;
  }
}
