import { type DynamicClient, internals } from '../client.js';
import { getDefaultClient } from '../default-client.js';
import { type ExternalAuthProvider, type ExternalAuthSync, SyncRunner } from './runner.js';

/**
 * Follows your own auth provider: signs in when somebody is signed in there, exchanges a new JWT before a session
 * ends that cannot be refreshed, follows a switch of user, and signs out when the provider says that nobody is
 * there. A provider that throws, hangs or says nothing is asked again; that never ends a session.
 *
 * A user who signs out here stays out until the provider has another user, or none; `signInWithExternalJwt` signs them
 * in all the same. In a new page or tab nobody knows any more who that was: whoever the provider has first stays out.
 * Where another tab signs in another user than this page's provider has, that session stays as well, and the state is
 * `paused` with the reason `superseded`.
 *
 * Begin it once in a page.
 *
 * @example
 * ```ts
 * const sync = syncExternalAuth({
 *   getExternalJwt: async () => (await supabase.auth.getSession()).data.session?.access_token ?? null,
 *   subscribe: (changed) => {
 *     const { data } = supabase.auth.onAuthStateChange(changed);
 *     return () => data.subscription.unsubscribe();
 *   },
 * });
 * ```
 */
export function syncExternalAuth(provider: ExternalAuthProvider, client: DynamicClient = getDefaultClient()): ExternalAuthSync {
  const runner = new SyncRunner(internals(client), () => provider);
  runner.start();
  return runner;
}
