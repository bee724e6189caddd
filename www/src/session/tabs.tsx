import { useTabs } from './presence';

/** The tabs that show this page, each with what it holds. */
export function Tabs({ user, tokenId }: { user: string | undefined; tokenId: string | undefined }) {
  const tabs = useTabs(user, tokenId?.slice(-6));
  return (
    <div className="card">
      <ul className="tabs">
        {tabs.map((tab, index) => (
          <li key={tab.id} className="tab" data-this={tab.isThis || undefined}>
            <strong>{tab.isThis ? 'This tab' : `Tab ${index + 1}`}</strong>
            <span>{tab.visible ? 'visible' : 'hidden'}</span>
            <span>{tab.user ? `signed in as ${tab.user}` : 'signed out'}</span>
            <span>{tab.token ? <>token <code>…{tab.token}</code></> : 'no token'}</span>
          </li>
        ))}
      </ul>
      <p className="hint">
        <a href="/session.html" target="_blank" rel="noopener">
          Open another tab
        </a>{' '}
        and sign in or out in either: the other follows. Tabs that show the same token hold the same token.
      </p>
    </div>
  );
}
