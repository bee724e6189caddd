import { useExternalAuth, useIsLoggedIn } from 'byoa/react';
import { useCallback } from 'react';
import type { IssuedToken } from '../backend';
import { Failure } from '../parts/notes';
import { Step } from '../parts/step';
import { useTask } from '../use-task';

const CODE = `import { useExternalAuth } from 'byoa/react';

const { signInWithExternalJwt } = useExternalAuth();
const { externalJwt, externalUserId } = await yourBackend();
const user = await signInWithExternalJwt({ externalJwt, externalUserId });`;

/** Step 3: the one call. */
export function Exchange({ token }: { token: IssuedToken | undefined }) {
  const { signInWithExternalJwt } = useExternalAuth();
  const loggedIn = useIsLoggedIn();
  const exchange = useCallback(async () => token && signInWithExternalJwt(token), [signInWithExternalJwt, token]);
  const { task, run } = useTask(exchange);
  return (
    <Step
      number={3}
      title="Exchange it for a session"
      state={loggedIn ? 'done' : token ? 'current' : 'waiting'}
      about="One call. The wasm core looks the JWT over before anything is sent; byoa-server verifies it against your published keys."
    >
      <div className="card exchange">
        <pre className="code">
          <code>{CODE}</code>
        </pre>
        <div className="exchange-action">
          <button type="button" className="primary mono" aria-disabled={!token || task.status === 'running'} onClick={run}>
            signInWithExternalJwt()
          </button>
          <p className="hint" role="status">
            {sentence(task.status, loggedIn, token !== undefined)}
          </p>
        </div>
        {task.status === 'failed' && <Failure error={task.error} />}
      </div>
    </Step>
  );
}

function sentence(status: string, loggedIn: boolean, ready: boolean) {
  if (status === 'running') return 'Exchanging…';
  if (status === 'failed') return loggedIn ? 'Not exchanged; the session before stays.' : 'Not exchanged; try again.';
  if (!ready) return loggedIn ? 'You are signed in.' : 'Needs the JWT of step 2.';
  if (!loggedIn) return 'Ready.';
  return status === 'done' ? 'Exchanged: you are signed in.' : 'Ready; you are signed in with another JWT.';
}
