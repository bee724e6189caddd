// What the lazily loaded parts need of WebCrypto.
import { errorBeforeCore } from './error.js';

/** `crypto.subtle`. @throws {ByoaError} `crypto_unavailable` where the browser hides it */
export function cryptoSubtle(): SubtleCrypto {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined;
  if (subtle) return subtle;
  throw errorBeforeCore(
    'CryptoUnavailableError',
    'crypto_unavailable',
    'This page has no WebCrypto (crypto.subtle): serve it over https, or from localhost while you develop.',
  );
}

/** SHA-256 of a text's UTF-8 bytes. */
export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await cryptoSubtle().digest('SHA-256', utf8(text)));
}

/** A text's UTF-8 bytes. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Without padding (RFC 4648 5). */
export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/]/g, (character) => (character === '+' ? '-' : '_')).replace(/=+$/, '');
}

/** The bytes of a text in {@link base64url}. @throws where it is none */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text)) throw new Error('not base64url');
  return Uint8Array.from(atob(text.replace(/[-_]/g, (character) => (character === '-' ? '+' : '/'))), (character) => character.charCodeAt(0));
}

/** Lower case. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
