import Link from 'next/link';
import { Door } from './door';

export default function Page() {
  return (
    <main>
      <Door />
      <Link href="/account" prefetch={false}>
        Your account
      </Link>
    </main>
  );
}
