import { useDynamicContext } from 'byoa/react';
import { ThemeToggle } from './theme-toggle';

const PAGES = [
  { path: '/', name: 'The exchange' },
  { path: '/session.html', name: 'The session' },
] as const;

/** What every page of the demo begins with. */
export function Masthead({ here }: { here: (typeof PAGES)[number]['path'] }) {
  return (
    <>
      <a className="skip" href="#main">
        Skip to the demo
      </a>
      <header className="masthead">
        <p className="wordmark">
          <img src="/icon.svg" alt="" width="28" height="28" /> byoa
        </p>
        <nav aria-label="The demo’s pages">
          {PAGES.map(({ path, name }) => (
            <a key={path} href={path} aria-current={path === here ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <Status />
        <ThemeToggle />
      </header>
    </>
  );
}

function Status() {
  const { user, sdkHasLoaded } = useDynamicContext();
  return (
    <p className="status" role="status" data-signed-in={user !== undefined}>
      {!sdkHasLoaded ? 'Loading…' : user ? `Signed in as ${user.externalUserId}` : 'Signed out'}
    </p>
  );
}
