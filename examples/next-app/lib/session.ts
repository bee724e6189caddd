import 'server-only';
import { type JWTPayload, createRemoteJWKSet, jwtVerify } from 'jose';
import { cookies } from 'next/headers';
import { apiBaseUrl, appOrigin, environmentId } from './settings';

/** This app's own cookie with the session token: out of reach of scripts, and sent to this app only. */
export const SESSION_COOKIE = 'app_session';

const keys = createRemoteJWKSet(new URL(`${apiBaseUrl}/sdk/${environmentId}/.well-known/jwks`));

/** The claims of a session token of this app's page; `undefined` for anything else. */
export async function verified(token: string | undefined): Promise<JWTPayload | undefined> {
  if (!token) return undefined;
  try {
    const issuer = `${new URL(apiBaseUrl).host}/${environmentId}`;
    const { payload } = await jwtVerify(token, keys, { issuer, audience: appOrigin });
    return String(payload.scope).split(' ').includes('user:basic') ? payload : undefined;
  } catch {
    return undefined;
  }
}

/** Who asks, in a server component. */
export async function currentUser(): Promise<JWTPayload | undefined> {
  return verified((await cookies()).get(SESSION_COOKIE)?.value);
}
