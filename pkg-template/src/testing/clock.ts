/** A clock that stands still until it is told otherwise. */

/** Milliseconds since 1970 at which a clock begins unless told otherwise: 2026-01-01. */
const BEGIN = Date.UTC(2026, 0, 1);

/**
 * A clock for the issuer, the server and, once installed, the client.
 *
 * Tests that have fake timers already (`vi.useFakeTimers()`, `jest.useFakeTimers()`) do not need it: issuer and
 * server read `Date.now()` unless they are given another clock.
 *
 * @example
 * const clock = createTestClock();
 * const server = await createTestServer({ now: clock.now });
 * const restore = clock.install();
 * await clock.advance(2 * 60 * 60_000); // the client's own timers run on the way
 * restore();
 */
export function createTestClock(start: number | Date = BEGIN): TestClock {
  return new TestClock(Number(start));
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly every: number | undefined;
  readonly run: () => void;
}

/** See {@link createTestClock}. */
export class TestClock {
  #time: number;
  #order = 0;
  readonly #timers = new Map<number, Timer>();
  /** The real one: {@link advance} lets go of the thread between timers, so that answers arrive. */
  readonly #pause = globalThis.setTimeout;

  /** Use {@link createTestClock}. */
  constructor(start: number) {
    this.#time = start;
  }

  /** Milliseconds since 1970. A function of its own, to be handed on. */
  readonly now = (): number => this.#time;

  /** Goes on, and runs the timers that come due, each at its own time. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#time + milliseconds;
    for (let due = this.#next(end); due; due = this.#next(end)) {
      const [id, timer] = due;
      this.#time = Math.max(this.#time, timer.at);
      if (timer.every === undefined) this.#timers.delete(id);
      else this.#timers.set(id, { ...timer, at: this.#time + Math.max(1, timer.every) });
      timer.run();
      await this.#settle();
    }
    this.#time = end;
    await this.#settle();
  }

  /** Jumps without running timers, as a machine does that was asleep. */
  jump(milliseconds: number): void {
    this.#time += milliseconds;
  }

  /** Makes it the clock of everything: `Date`, `setTimeout`, `setInterval`. @returns what puts the real ones back */
  install(): () => void {
    const clock = this;
    const RealDate = globalThis.Date;
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    const FakeDate = new Proxy(RealDate, {
      construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [clock.#time] : args, newTarget) as object,
      apply: () => new RealDate(clock.#time).toString(),
      get: (target, name) => (name === 'now' ? clock.now : Reflect.get(target, name)),
    });
    const start = (repeat: boolean) => (run: () => void, delay = 0, ...args: unknown[]) =>
      clock.#start(() => (run as (...all: unknown[]) => void)(...args), Number(delay) || 0, repeat);
    const stop = (id: unknown) => void clock.#timers.delete(Number(id));
    Object.assign(globalThis, { Date: FakeDate, setTimeout: start(false), setInterval: start(true), clearTimeout: stop, clearInterval: stop });
    return () => {
      Object.assign(globalThis, { Date: RealDate, setTimeout, clearTimeout, setInterval, clearInterval });
      clock.#timers.clear();
    };
  }

  #start(run: () => void, delay: number, repeat: boolean): number {
    this.#order += 1;
    this.#timers.set(this.#order, { at: this.#time + Math.max(0, delay), order: this.#order, every: repeat ? delay : undefined, run });
    return this.#order;
  }

  #next(end: number): [number, Timer] | undefined {
    const due = [...this.#timers].filter(([, timer]) => timer.at <= end);
    return due.sort(([, a], [, b]) => a.at - b.at || a.order - b.order)[0];
  }

  /** WebCrypto answers outside of this thread: a few turns let everything that it began come to its end. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => this.#pause.call(globalThis, resolve, 1));
  }
}
