import { useDynamicContext, useExternalAuth } from 'byoa/react';
import { useCallback, useEffect } from 'react';
import { fetchDirectory, fetchToken } from '../backend';
import { Failure } from '../parts/notes';
import { useTask } from '../use-task';

/** Signs somebody in, in two requests: the JWT of the backend, and its exchange. */
export function Who({ issuerUrl }: { issuerUrl: string }) {
  const { user, handleLogOut } = useDynamicContext();
  const { signInWithExternalJwt } = useExternalAuth();
  const { task: directory, run: ask } = useTask(useCallback(() => fetchDirectory(issuerUrl), [issuerUrl]));
  const signIn = useCallback(
    async (id: string, alg: string) => signInWithExternalJwt(await fetchToken(issuerUrl, { user: id, alg })),
    [issuerUrl, signInWithExternalJwt],
  );
  const { task, run } = useTask(signIn);
  useEffect(() => void ask(), [ask]);
  return (
    <div className="who">
      <div className="who-buttons">
        {directory.status === 'done' &&
          directory.value.users.map(({ id, name }) => (
            <button
              key={id}
              type="button"
              className={user ? '' : 'primary'}
              aria-disabled={task.status === 'running' || user?.externalUserId === id}
              onClick={() => user?.externalUserId !== id && void run(id, directory.value.algorithms[0] ?? '')}
            >
              Sign in as {name.split(' ')[0]}
            </button>
          ))}
        {user && (
          <button type="button" onClick={() => void handleLogOut()}>
            Sign out
          </button>
        )}
      </div>
      {directory.status === 'failed' && (
        <Failure error={directory.error}>
          <button type="button" onClick={() => void ask()}>
            Try again
          </button>
        </Failure>
      )}
      {task.status === 'failed' && <Failure error={task.error} />}
    </div>
  );
}
