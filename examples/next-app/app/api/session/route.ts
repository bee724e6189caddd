import { cookies } from 'next/headers';
import { NextResponse } from 'next/server';
import { proves } from '../../../lib/proof';
import { SESSION_COOKIE, verified } from '../../../lib/session';
import { appOrigin } from '../../../lib/settings';

/** Takes over the session that the page has: from now on server components know who asks. */
export async function POST(request: Request) {
  // A page of somebody else's could otherwise sign its visitor in here as another user.
  if (request.headers.get('origin') !== appOrigin) return NextResponse.json({ error: 'not from here' }, { status: 403 });
  const token = /^(?:Bearer|DPoP) (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const session = await verified(token);
  if (!token || !session?.exp) return NextResponse.json({ error: 'no session' }, { status: 401 });
  // A token that names a key is taken over from that key's browser only: whoever stole it has no proof.
  const key = (session['cnf'] as { jkt?: string } | undefined)?.jkt;
  if (key !== undefined && !(await proves(request, token, key, `${appOrigin}/api/session`))) {
    return NextResponse.json({ error: 'no proof of the key' }, { status: 401 });
  }
  (await cookies()).set(SESSION_COOKIE, token, {
    httpOnly: true,
    secure: appOrigin.startsWith('https:'),
    sameSite: 'lax',
    path: '/',
    expires: new Date(session.exp * 1000),
  });
  return new NextResponse(null, { status: 204 });
}

/** Forgets it. */
export async function DELETE(request: Request) {
  if (request.headers.get('origin') !== appOrigin) return NextResponse.json({ error: 'not from here' }, { status: 403 });
  (await cookies()).delete(SESSION_COOKIE);
  return new NextResponse(null, { status: 204 });
}
