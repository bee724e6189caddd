import type { UserProfile } from 'byoa';
import { useDynamicContext } from 'byoa/react';
import { Json } from '../parts/json';
import { Empty } from '../parts/notes';
import { Step } from '../parts/step';

/** Step 4: who the server says you are. */
export function Profile() {
  const { user, sdkHasLoaded } = useDynamicContext();
  return (
    <Step
      number={4}
      title="The user"
      state={user ? 'done' : 'waiting'}
      about="What the promise resolves with, and what useDynamicContext() gives from then on. The same person is the same user every time."
    >
      {user ? <Card user={user} /> : <Empty>{sdkHasLoaded ? 'Nobody is signed in.' : 'Reading the stored session…'}</Empty>}
    </Step>
  );
}

function Card({ user }: { user: UserProfile }) {
  return (
    <div className="card profile">
      <div className="profile-head">
        <span className="avatar" aria-hidden="true">
          {user.externalUserId?.[0]?.toUpperCase()}
        </span>
        <div>
          <p className="profile-name" data-testid="external-user-id">{user.externalUserId}</p>
          <p className="hint">{user.newUser ? 'New with this sign-in' : 'Known before this sign-in'}</p>
        </div>
      </div>
      <dl className="facts">
        <dt>User</dt>
        <dd>
          <code data-testid="user-id">{user.userId}</code>
        </dd>
        <dt>Session</dt>
        <dd>
          <code>{user.sessionId}</code>
        </dd>
        {user.verifiedCredentials.map(({ id, format, public_identifier }) => (
          <div key={id} className="fact">
            <dt>{format === 'externalUser' ? 'Recognised by' : 'Verified e-mail'}</dt>
            <dd>
              <code>{public_identifier}</code>
            </dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>The whole UserProfile</summary>
        <Json value={user} />
      </details>
    </div>
  );
}
