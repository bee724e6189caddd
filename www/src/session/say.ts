import { type DynamicClient, type DynamicEventName, type DynamicEvents, onEvent } from 'byoa';

type Said = readonly [text: string, tone?: 'good' | 'bad'];

/** What the client says, as sentences without their subject. */
const SENTENCES: { readonly [Name in DynamicEventName]?: (told: DynamicEvents[Name]) => Said } = {
  authInit: () => ['begins a sign-in'],
  authSuccess: ({ user }) => [`has signed in ${user.externalUserId ?? 'somebody'}`, 'good'],
  authFailure: ({ error }) => [`could not sign in: ${messageOf(error)}`, 'bad'],
  userChanged: ({ user }) => [user ? 'shows the user anew' : 'shows no user any more'],
  tokenChanged: ({ token }) => (token === null ? ['has no token to hand out'] : ['has a new token', 'good']),
  sessionExpiring: ({ expiresAt }) => [`warns that the token ends ${inSeconds(expiresAt)} and could not be replaced yet`, 'bad'],
  sessionRefreshFailed: ({ code, retryAt }) => [`could not refresh (${code}); the session stays, the next try is ${inSeconds(retryAt)}`, 'bad'],
  logout: ({ reason }) => [`has ended the session: ${reason}`],
  warning: ({ message }) => [`warns: ${message}`, 'bad'],
};

/** Calls back with everything that the client says. @returns what ends it */
export function listen(client: DynamicClient, hear: (...said: Said) => void): () => void {
  const ends = (Object.keys(SENTENCES) as DynamicEventName[]).map((event) => hearOne(client, event, hear));
  return () => ends.forEach((end) => end());
}

function hearOne<Name extends DynamicEventName>(client: DynamicClient, event: Name, hear: (...said: Said) => void) {
  const sentence = SENTENCES[event];
  return onEvent({ event, listener: (told) => sentence && hear(...sentence(told)) }, client);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function inSeconds(at: Date): string {
  const seconds = (at.getTime() - Date.now()) / 1000;
  return seconds < 1 ? 'at once' : `in ${seconds.toFixed(1)} s`;
}
