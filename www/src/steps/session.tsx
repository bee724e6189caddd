import { onceEvent } from 'byoa';
import { useCallback, useEffect, useRef } from 'react';
import { useAuthSnapshot, useDynamicClient, useDynamicContext } from 'byoa/react';
import { Empty, Failure } from '../parts/notes';
import { Step } from '../parts/step';
import { Ticket } from '../parts/ticket';
import { useTask } from '../use-task';

const ENDED = {
  'user-intent': 'You signed out.',
  expired: 'The session reached its end.',
  'session-revoked': 'The server ended the session.',
  'user-deleted': 'The user was deleted.',
  'provider-signed-out': 'Your provider signed you out.',
};

/** Step 5: the session that the exchange began. */
export function Session() {
  const { apiBaseUrl, environmentId, handleLogOut } = useDynamicContext();
  const snapshot = useAuthSnapshot();
  const client = useDynamicClient();
  const { token } = client;
  const signOut = useCallback(async () => {
    let revoked = true;
    const end = onceEvent({ event: 'warning', listener: ({ code }) => (revoked = code !== 'revoke_failed') }, client);
    await handleLogOut();
    end();
    return { revoked };
  }, [client, handleLogOut]);
  const { task, run } = useTask(signOut);
  const signedIn = snapshot.status === 'signedIn';
  const signedOutHere = snapshot.status === 'signedOut' && snapshot.reason === 'user-intent';
  return (
    <Step
      number={5}
      title="The session"
      state={signedIn ? 'done' : 'waiting'}
      about="A second JWT, signed by byoa-server. Your API verifies it with any JWT library, against the server's public keys."
    >
      {signedIn && token ? (
        <>
          <Ticket jwt={token} name="session token" issuer={new URL(apiBaseUrl).origin} />
          <div className="session-actions">
            <button type="button" onClick={() => location.reload()}>
              Reload the page
            </button>
            <button type="button" onClick={run}>
              Sign out
            </button>
            <a href={`${apiBaseUrl}/sdk/${environmentId}/.well-known/jwks`}>The server’s public keys</a>
          </div>
        </>
      ) : (
        <Empty>{snapshot.status === 'signedOut' && snapshot.reason ? ENDED[snapshot.reason] : 'No session.'}</Empty>
      )}
      <div role="status">{task.status === 'done' && signedOutHere && <Farewell {...task.value} />}</div>
      {task.status === 'failed' && <Failure error={task.error} />}
    </Step>
  );
}

/** Takes the focus, which the button that it answers had: the step folds, and a keyboard would be lost. */
function Farewell({ revoked }: { revoked: boolean }) {
  const note = useRef<HTMLParagraphElement>(null);
  useEffect(() => note.current?.focus(), []);
  return (
    <p className={revoked ? 'note' : 'note warning'} tabIndex={-1} ref={note}>
      {revoked
        ? 'Signed out here and on the server: the session token is worth nothing now.'
        : 'Signed out here, but the server could not be told. Its session lives on until it expires.'}
    </p>
  );
}
