import { useCallback, useEffect, useState } from 'react';
import { type Directory, type IssuedToken, type TokenRequest, fetchDirectory, fetchToken } from '../backend';
import { Empty, Failure } from '../parts/notes';
import { Step } from '../parts/step';
import { useTask } from '../use-task';

interface Props {
  readonly issuerUrl: string;
  readonly done: boolean;
  readonly onToken: (token: IssuedToken) => void;
}

/** Step 1: the user signs in at a backend that knows nothing of byoa but how to sign a JWT. */
export function YourBackend({ issuerUrl, done, onToken }: Props) {
  const { task, run } = useTask(useCallback(() => fetchDirectory(issuerUrl), [issuerUrl]));
  useEffect(() => void run(), [run]);
  return (
    <Step
      number={1}
      title="Sign in at your backend"
      state={done ? 'done' : 'current'}
      about="Your own login stays as it is. Here it is a small Node server that knows three people and signs JWTs for them."
    >
      {task.status === 'failed' && (
        <Failure error={task.error}>
          <button type="button" onClick={run}>
            Try again
          </button>
        </Failure>
      )}
      {(task.status === 'idle' || task.status === 'running') && <Empty>Asking your backend who is there…</Empty>}
      {task.status === 'done' && <Login issuerUrl={issuerUrl} directory={task.value} onToken={onToken} />}
    </Step>
  );
}

function Login({ issuerUrl, directory, onToken }: { issuerUrl: string; directory: Directory; onToken: Props['onToken'] }) {
  const [asked, setAsked] = useState<TokenRequest>({ user: directory.users[0]?.id ?? '', alg: directory.algorithms[0] ?? '' });
  const ask = useCallback(async () => {
    onToken(await fetchToken(issuerUrl, asked));
    return directory.users.find(({ id }) => id === asked.user)?.name;
  }, [issuerUrl, asked, directory, onToken]);
  const { task, run } = useTask(ask);
  if (directory.users.length === 0) return <Empty>Your backend knows nobody yet.</Empty>;
  return (
    <form
      className="card login"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <fieldset>
        <legend>Who signs in</legend>
        <div className="choices">
          {directory.users.map(({ id, name, email, emailVerified }) => (
            <label key={id} className="choice">
              <input type="radio" name="user" value={id} checked={asked.user === id} onChange={() => setAsked({ ...asked, user: id })} />
              <span>
                <strong>{name}</strong>
                <small>{email ?? 'no e-mail address'}</small>
                {email && <small>{emailVerified ? 'verified' : 'not verified'}</small>}
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend>Signed with</legend>
        <div className="choices compact">
          {directory.algorithms.map((alg) => (
            <label key={alg} className="choice">
              <input type="radio" name="alg" value={alg} checked={asked.alg === alg} onChange={() => setAsked({ ...asked, alg })} />
              <span>{alg}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <button type="submit" className="primary" aria-disabled={task.status === 'running'}>
        Sign in at your backend
      </button>
      <p className="hint" role="status">
        {task.status === 'running' && 'Your backend is signing…'}
        {task.status === 'done' && `Signed for ${task.value}; the JWT is in step 2.`}
      </p>
      {task.status === 'failed' && <Failure error={task.error} />}
    </form>
  );
}
