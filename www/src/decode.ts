export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signature: string;
}

/** A JWT's parts, for looking at. Nothing is verified here; that is the server's work. */
export function decodeJwt(jwt: string): DecodedJwt {
  const [header = '', claims = '', signature = ''] = jwt.split('.');
  return { header: parse(header), claims: parse(claims), signature };
}

function parse(part: string): Record<string, unknown> {
  const base64 = part.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}
