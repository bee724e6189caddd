// Talking to "your backend". In your app this is whatever you have already.

export interface DemoUser {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
}

export interface Directory {
  readonly users: readonly DemoUser[];
  readonly algorithms: readonly string[];
}

export interface TokenRequest {
  readonly user: string;
  readonly alg: string;
  /** Which rule the token shall break. */
  readonly bend?: string;
}

export interface IssuedToken {
  readonly externalJwt: string;
  readonly externalUserId: string;
}

/** Who could sign in there. */
export function fetchDirectory(issuerUrl: string): Promise<Directory> {
  return ask(issuerUrl, '/users');
}

/** Signs a user in there: a JWT for this very exchange. */
export function fetchToken(issuerUrl: string, request: TokenRequest): Promise<IssuedToken> {
  return ask(issuerUrl, '/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
}

async function ask<T>(issuerUrl: string, path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(issuerUrl + path, init).catch(() => {
    throw new Error(`Your backend does not answer at ${issuerUrl}. Start it with npm start, then try again.`);
  });
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(`Your backend refused: ${body.error ?? response.statusText}`);
  return body;
}
