// Which step follows which. No clock, no promise and no client in here: inputs in, a state and effects out.
import type { LogoutReason } from '../generated/wire.js';

/**
 * What following the provider has come to: one shape for each status.
 *
 * @example
 * ```ts
 * const banner = (state: SyncState) => (state.status === 'retrying' ? `Trying again: ${state.attempt}` : '');
 * ```
 */
export type SyncState =
  /** Not begun, or ended. */
  | { readonly status: 'off' }
  /** It is not known yet whose session it shall be, or the exchange is under way. */
  | { readonly status: 'syncing' }
  /** The session is the provider's user's. */
  | { readonly status: 'synced' }
  /** The provider has nobody, and so there is no session. */
  | { readonly status: 'signedOut' }
  /** The provider or the exchange failed and is tried again; a session that there is stays. */
  | { readonly status: 'retrying'; readonly error: unknown; readonly attempt: number }
  /**
   * The session was ended here or on the server, or somebody else's has taken its place (`superseded`): nothing is
   * done until the provider has another user, or none, or somebody signs in by hand.
   */
  | { readonly status: 'paused'; readonly reason: LogoutReason | 'superseded' };

/** What the provider said: a JWT, that nobody is signed in, or that it does not know yet. */
export type Answer = string | null | undefined;

/** Whose session there is, as far as is known. */
export interface Session {
  readonly user: string | undefined;
}

/** What happens. An answer carries the number of its question; one to an older question is not heard. */
export type Input =
  /** With why nobody is signed in, where that is known from an earlier page. */
  | { readonly type: 'start'; readonly session: Session | undefined; readonly ended?: LogoutReason | undefined }
  | { readonly type: 'stop' }
  /** The provider says that something changed, or the app wants it looked at again. */
  | { readonly type: 'changed' }
  | { readonly type: 'answer'; readonly question: number; readonly jwt: Answer; readonly user: string | undefined }
  | { readonly type: 'noAnswer'; readonly question: number; readonly error: unknown }
  | { readonly type: 'exchanged'; readonly question: number }
  /** With the JWT where it was refused for good. */
  | { readonly type: 'failed'; readonly question: number; readonly error: unknown; readonly refused?: string | undefined }
  | { readonly type: 'signedOff'; readonly question: number }
  /** The timer that was set last went off. */
  | { readonly type: 'timer' }
  /** The session is about to end and was not refreshed. */
  | { readonly type: 'ending' }
  | { readonly type: 'session'; readonly session: Session }
  | { readonly type: 'ended'; readonly reason: LogoutReason | 'superseded' };

/** What is to be done. At most one of `ask`, `exchange` and `signOff` is under way. */
export type Effect =
  | { readonly type: 'ask'; readonly question: number }
  | { readonly type: 'exchange'; readonly question: number; readonly jwt: string; readonly user: string | undefined }
  | { readonly type: 'signOff'; readonly question: number }
  /** There is one timer: a new one takes the place of the old one. Without an attempt it is for asking once more. */
  | { readonly type: 'timer'; readonly attempt?: number }
  | { readonly type: 'noTimer' };

/** All that is remembered. */
export interface Machine {
  readonly state: SyncState;
  readonly doing: 'nothing' | 'asking' | 'exchanging' | 'signingOff';
  /** The number of what was begun last. */
  readonly question: number;
  /** Whether to ask again as soon as what is under way has ended. */
  readonly again: boolean;
  readonly session: Session | undefined;
  /** Whether the session is about to end, so that its user's JWT is exchanged once more. */
  readonly ending: boolean;
  /** Whom the provider had last; while paused, who stays out. */
  readonly user: string | undefined;
  /** The JWT that goes with the session; empty where its exchange failed. It tells of a new user who has no id. */
  readonly jwt: string | undefined;
  /** Whether somebody else's session took the place of the one of the provider's user. */
  readonly foreign: boolean;
  /** A JWT that was refused for good, and why: it is not sent again. */
  readonly refused: { readonly jwt: string; readonly error: unknown } | undefined;
  /** The JWT of the next user, while the session of the one before is being ended. */
  readonly next: { readonly jwt: string; readonly user: string | undefined } | undefined;
  /** Whether the provider said "nobody" a moment ago; only the second time is believed. */
  readonly doubted: boolean;
  readonly attempt: number;
}

const SYNCING: SyncState = { status: 'syncing' };
const SYNCED: SyncState = { status: 'synced' };
const SIGNED_OUT: SyncState = { status: 'signedOut' };

/** The machine before it is started. */
export const OFF: Machine = {
  state: { status: 'off' },
  doing: 'nothing',
  question: 0,
  again: false,
  session: undefined,
  ending: false,
  user: undefined,
  jwt: undefined,
  foreign: false,
  refused: undefined,
  next: undefined,
  doubted: false,
  attempt: 0,
};

type Step = readonly [Machine, readonly Effect[]];

/** The one function: what follows from what happens. */
export function step(machine: Machine, input: Input): Step {
  if (input.type === 'stop') return [{ ...OFF, question: machine.question + 1 }, [{ type: 'noTimer' }]];
  if (input.type === 'start') {
    // Who signed out is not known any more: whoever the provider has first is taken for that one.
    const state: SyncState = !input.session && input.ended === 'user-intent' ? { status: 'paused', reason: input.ended } : SYNCING;
    return ask({ ...OFF, question: machine.question, session: input.session, state });
  }
  if (machine.state.status === 'off' || ('question' in input && input.question !== machine.question)) return [machine, []];

  const idle: Machine = { ...machine, doing: 'nothing' };
  switch (input.type) {
    case 'changed':
      return ask({ ...machine, attempt: 0, doubted: false });
    case 'timer':
      return ask(machine);
    case 'ending':
      return ask({ ...machine, ending: true });
    case 'answer':
      return answered(idle, input.jwt, input.user);
    case 'noAnswer':
      return retry({ ...idle, doubted: false }, input.error);
    case 'exchanged':
      return settled({ ...idle, ending: false, foreign: false, refused: undefined });
    case 'failed':
      return retry({ ...idle, jwt: '', refused: input.refused === undefined ? machine.refused : { jwt: input.refused, error: input.error } }, input.error);
    case 'signedOff':
      return signedOff({ ...idle, session: undefined });
    case 'session':
      return began(machine, input.session);
    case 'ended':
      return ended(machine, input.reason);
  }
}

/** Asks the provider now, or as soon as what is under way has ended. */
function ask(machine: Machine): Step {
  if (machine.doing !== 'nothing') return [{ ...machine, again: true }, []];
  const question = machine.question + 1;
  return [{ ...machine, question, doing: 'asking', again: false }, [{ type: 'noTimer' }, { type: 'ask', question }]];
}

function answered(machine: Machine, jwt: Answer, user: string | undefined): Step {
  // A JWT counts even if something changed meanwhile, as asking itself may be such a change; "nobody" does not.
  if (!jwt) return machine.again ? ask({ ...machine, doubted: machine.doubted && jwt === null }) : jwt === null ? nobody(machine) : unknown({ ...machine, doubted: false });
  const { session, state } = machine;
  if (state.status === 'paused' && (user === undefined || machine.user === undefined || user === machine.user)) {
    // Whoever was signed out stays out: a new JWT of the same user is no new sign-in.
    return rest({ ...machine, doubted: false, user: machine.user ?? user });
  }
  const isOthers = user !== undefined && session?.user !== undefined && user !== session.user;
  if (isOthers && machine.foreign && user === machine.user) {
    // Each takes over when its own provider changes, or two tabs with two users would take turns for ever.
    return rest({ ...machine, doubted: false, state: { status: 'paused', reason: 'superseded' } });
  }
  const known: Machine = { ...machine, doubted: false, foreign: false, user, jwt };
  if (!session) return exchange(known, jwt, user);
  if (isOthers) return signOff({ ...known, next: { jwt, user } });
  // Without both ids, whose JWT it is only the server can tell.
  const isUnsure = user === undefined || session.user === undefined;
  const isNew = isUnsure && machine.jwt !== undefined && machine.jwt !== jwt;
  return machine.ending || isNew ? exchange(known, jwt, user) : settled(known);
}

/** "Nobody" may be a provider that has not woken up: it is believed when it is said again a moment later. */
function nobody(machine: Machine): Step {
  if (!machine.doubted) return [{ ...machine, doubted: true }, [{ type: 'timer' }]];
  const { session, state } = machine;
  // The end is kept: once the provider had nobody, the next page need not hold anybody out.
  const isHeldOut = state.status === 'paused' && state.reason === 'user-intent';
  return session || isHeldOut ? signOff(machine) : signedOff(machine);
}

function unknown(machine: Machine): Step {
  if (machine.state.status === 'paused') return rest(machine);
  const attempt = machine.attempt + 1;
  return [{ ...machine, attempt }, [{ type: 'timer', attempt }]];
}

function exchange(machine: Machine, jwt: string, user: string | undefined): Step {
  if (jwt === machine.refused?.jwt) return retry(machine, machine.refused.error);
  const question = machine.question + 1;
  const state = machine.session ? machine.state : SYNCING;
  return [{ ...machine, state, question, doing: 'exchanging', next: undefined }, [{ type: 'exchange', question, jwt, user }]];
}

function signOff(machine: Machine): Step {
  const question = machine.question + 1;
  return [{ ...machine, question, doing: 'signingOff', state: SYNCING }, [{ type: 'noTimer' }, { type: 'signOff', question }]];
}

function signedOff(machine: Machine): Step {
  const { next } = machine;
  if (next) return exchange(machine, next.jwt, next.user);
  const out: Machine = { ...OFF, question: machine.question, again: machine.again, state: SIGNED_OUT };
  return rest(out);
}

function settled(machine: Machine): Step {
  return rest({ ...machine, state: SYNCED, attempt: 0 });
}

/** Nothing more to do, unless something changed meanwhile. */
function rest(machine: Machine): Step {
  return machine.again ? ask(machine) : [machine, [{ type: 'noTimer' }]];
}

function retry(machine: Machine, error: unknown): Step {
  // Nobody is signed in by trying again who was signed out.
  if (machine.state.status === 'paused') return rest(machine);
  const attempt = machine.attempt + 1;
  const failed: Machine = { ...machine, attempt, next: undefined, state: { status: 'retrying', error, attempt } };
  return failed.again ? ask(failed) : [failed, [{ type: 'timer', attempt }]];
}

/** A session is there: ours, or one that somebody else began, who then wants one again. */
function began(machine: Machine, session: Session): Step {
  const there: Machine = { ...machine, session, ending: false };
  // A new token, or what the exchange that is under way has brought.
  if (machine.doing === 'exchanging' || (machine.session && machine.session.user === session.user)) return [there, []];
  const foreign = machine.user !== undefined && session.user !== undefined && machine.user !== session.user;
  return foreign || machine.state.status === 'paused' ? ask({ ...there, foreign, state: SYNCING }) : [there, []];
}

/** A session that ended by its age is begun anew; one that somebody ended stays ended. */
function ended(machine: Machine, reason: LogoutReason | 'superseded'): Step {
  const { user, session } = machine;
  const out: Machine = { ...machine, session: undefined, ending: false, foreign: false };
  if (machine.doing === 'signingOff') return [out, []];
  if (reason === 'expired') return ask({ ...out, state: SYNCING });
  // A new number: what is under way was begun for a session that is not wanted any more.
  const question = machine.question + 1;
  return [{ ...OFF, question, user: user ?? session?.user, state: { status: 'paused', reason } }, [{ type: 'noTimer' }]];
}
