import { type LazyClient } from '../client.js';
import { errorBeforeCore, isByoaError } from '../error.js';
import { exchange, signOut } from '../session.js';
import { subjectOf } from '../subject.js';
import { type Answer, type Effect, type Input, type Machine, OFF, type Session, type SyncState, step } from './machine.js';

/**
 * How your provider is asked.
 *
 * @example
 * ```ts
 * const provider: ExternalAuthProvider = {
 *   getExternalJwt: async () => (await auth.currentUser?.getIdToken()) ?? null,
 *   subscribe: (changed) => onAuthStateChanged(auth, changed),
 * };
 * ```
 */
export interface ExternalAuthProvider {
  /**
   * The JWT of whoever is signed in at your provider; `null` where nobody is, which ends the session, and
   * `undefined` where that is not known yet. It may throw, reject or hang: then it is asked again.
   */
  readonly getExternalJwt: () => string | null | undefined | Promise<string | null | undefined>;
  /** Your id of that user; the JWT's `sub` unless given. */
  readonly getExternalUserId?: (() => string | null | undefined | Promise<string | null | undefined>) | undefined;
  /** Calls back when somebody signs in or out at your provider. @returns what ends it */
  readonly subscribe?: ((changed: () => void) => (() => void) | void) | undefined;
}

/**
 * What follows your provider.
 *
 * @example
 * ```ts
 * const sync: ExternalAuthSync = syncExternalAuth(provider);
 * sync.subscribe(() => console.log(sync.getState().status));
 * ```
 */
export interface ExternalAuthSync {
  /** What it has come to; the same object until something changes. */
  getState(): SyncState;
  /** Calls back after each change of that. @returns what ends it */
  subscribe(listener: () => void): () => void;
  /** Asks your provider now: for one that does not tell of its changes. */
  resync(): void;
  /** Ends it; the session stays as it is. */
  stop(): void;
}

const ASK_WITHIN_MS = 10_000;
const CONFIRM_AFTER_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** A provider whose answers are changes of their own is asked no more often than so many times in so long. */
const BURST = 5;
const BURST_MS = 10_000;

/** Carries out what {@link step} says. */
export class SyncRunner implements ExternalAuthSync {
  readonly #client: LazyClient;
  readonly #provider: () => ExternalAuthProvider;
  readonly #listeners = new Set<() => void>();
  #machine: Machine = OFF;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asks: number[] = [];
  #ends: (() => void)[] = [];
  /** Counts the starts: what an earlier one left behind is not heard. */
  #run = 0;

  constructor(client: LazyClient, provider: () => ExternalAuthProvider) {
    this.#client = client;
    this.#provider = provider;
  }

  readonly getState = (): SyncState => this.#machine.state;
  readonly resync = (): void => this.#hear({ type: 'changed' });
  readonly subscribe = (listener: () => void): (() => void) => {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  /** Begins in the next turn: what is stopped in this one, as by React's StrictMode, has asked nobody. */
  readonly start = (): void => {
    const run = (this.#run += 1);
    queueMicrotask(() => {
      if (run === this.#run) void this.#begin(run);
    });
  };

  readonly stop = (): void => {
    this.#run += 1;
    this.#ends.splice(0).forEach((end) => end());
    this.#hear({ type: 'stop' });
  };

  async #begin(run: number): Promise<void> {
    // A core that cannot be loaded shows when it is needed: the exchange fails and is tried again.
    await this.#client.open().catch(() => {});
    if (run !== this.#run) return;
    const changed = () => this.#hear({ type: 'changed' });
    const online = () => this.getState().status === 'retrying' && this.#hear({ type: 'timer' });
    globalThis.addEventListener?.('online', online);
    this.#ends.push(
      this.#client.subscribe(this.#look),
      this.#client.on('sessionExpiring', () => this.#hear({ type: 'ending' })),
      () => globalThis.removeEventListener?.('online', online),
    );
    try {
      const end = this.#provider().subscribe?.(changed);
      if (end) this.#ends.push(end);
    } catch (error) {
      console.error(error);
    }
    const snapshot = this.#client.getSnapshot();
    const ended = snapshot.status === 'signedOut' ? snapshot.reason : undefined;
    this.#hear({ type: 'start', session: this.#session(), ended });
  }

  #session(): Session | undefined {
    const snapshot = this.#client.getSnapshot();
    return snapshot.status === 'signedIn' ? { user: snapshot.user.externalUserId } : undefined;
  }

  readonly #look = (): void => {
    const snapshot = this.#client.getSnapshot();
    const session = this.#session();
    if (session) this.#hear({ type: 'session', session });
    else if (snapshot.status === 'signedOut' && this.#machine.session) {
      this.#hear({ type: 'ended', reason: snapshot.reason ?? 'session-revoked' });
    }
  };

  #hear(input: Input): void {
    const before = this.#machine.state;
    const [machine, effects] = step(this.#machine, input);
    this.#machine = machine;
    effects.forEach((effect) => this.#do(effect));
    if (this.#machine.state === machine.state && machine.state !== before) for (const tell of [...this.#listeners]) tell();
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case 'noTimer':
        return clearTimeout(this.#timer);
      case 'timer':
        return this.#wait(effect.attempt === undefined ? CONFIRM_AFTER_MS : backOff(effect.attempt));
      case 'ask':
        return void this.#ask(effect.question);
      case 'exchange':
        return void this.#exchange(effect.question, effect.jwt, effect.user);
      case 'signOff':
        return void signOut(this.#client, 'provider-signed-out').then(
          () => this.#hear({ type: 'signedOff', question: effect.question }),
          (error: unknown) => this.#hear({ type: 'failed', question: effect.question, error }),
        );
    }
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#hear({ type: 'timer' }), ms);
  }

  async #ask(question: number): Promise<void> {
    const now = Date.now();
    this.#asks = [...this.#asks.filter((at) => at > now - BURST_MS && at <= now), now];
    if (this.#asks.length > BURST) await new Promise((resolve) => setTimeout(resolve, BURST_MS / BURST));
    if (question !== this.#machine.question) return;
    try {
      const [jwt, user] = await within(ASK_WITHIN_MS, this.#answer());
      this.#hear({ type: 'answer', question, jwt, user });
    } catch (error) {
      this.#hear({ type: 'noAnswer', question, error });
    }
  }

  async #answer(): Promise<[jwt: Answer, user: string | undefined]> {
    const { getExternalJwt, getExternalUserId } = this.#provider();
    const jwt = await getExternalJwt();
    if (!jwt) return [jwt, undefined];
    return [jwt, (await getExternalUserId?.()) ?? subjectOf(jwt)];
  }

  async #exchange(question: number, externalJwt: string, externalUserId: string | undefined): Promise<void> {
    try {
      await exchange(this.#client, { externalJwt, externalUserId });
      this.#hear({ type: 'exchanged', question });
    } catch (error) {
      // Somebody else signed in or out meanwhile, and that counts.
      if (isByoaError(error) && error.code === 'superseded') {
        if (question === this.#machine.question) this.#hear({ type: 'ended', reason: 'superseded' });
        return this.#look();
      }
      const refused = isByoaError(error) && !error.retryable ? externalJwt : undefined;
      this.#hear({ type: 'failed', question, error, refused });
    }
  }
}

function backOff(attempt: number): number {
  // Half of it is by chance, so that many pages do not come back at once.
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `The auth provider did not answer within ${ms / 1000} s; it is asked again.`;
    timer = setTimeout(() => reject(errorBeforeCore('TimeoutError', 'timeout', message)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
