import Link from 'next/link';
import { currentUser } from '../../lib/session';

/** Rendered on the server, and for who is signed in only. */
export default async function Account() {
  const user = await currentUser();
  return (
    <main>
      <p>{user ? `The server knows you as ${user.sub}` : 'The server knows nobody here: sign in first.'}</p>
      <Link href="/">Back</Link>
    </main>
  );
}
