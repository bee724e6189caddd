// The machine against a provider, a server and a user that do anything, in any order, thousands of times.
import { describe, expect, it } from 'vitest';
import { type Effect, type Input, type Machine, OFF, step } from '../src/sync/machine.js';

type Provider = { says: 'user'; user: 'alice' | 'bob'; version: number } | { says: 'nobody' | 'nothing' | 'error' | 'silence' };

/** `expect` costs more than the machine. */
function holds(condition: boolean, promise: string) {
  if (!condition) throw new Error(`broken: ${promise}`);
}

/** Everything around the machine, and what must hold whatever happens. */
class World {
  machine: Machine = OFF;
  provider: Provider = { says: 'nothing' };
  server: 'answers' | 'fails' | 'refuses' = 'answers';
  session: string | undefined;
  timer = false;
  readonly under: Effect[] = [];
  readonly refused = new Set<string>();
  /** What the provider said in its last answers, newest last. */
  readonly said: string[] = [];
  signOffs = 0;
  readonly trace: (Input | Effect)[] = [];

  hear(input: Input) {
    this.trace.push(input);
    const before = this.machine;
    const [machine, effects] = step(before, input);
    this.machine = machine;
    for (const effect of effects) this.begin(effect, before);
    const busy = this.under.filter((effect) => 'question' in effect && effect.question === machine.question);
    holds(busy.length <= 1, 'one thing at a time');
    holds((machine.doing === 'nothing') === (busy.length === 0), 'the machine knows what is under way');
  }

  begin(effect: Effect, before: Machine) {
    this.trace.push(effect);
    if (effect.type === 'timer') this.timer = true;
    if (effect.type === 'noTimer') this.timer = false;
    if (!('question' in effect)) return;
    this.under.push(effect);
    if (effect.type === 'signOff') {
      this.signOffs += 1;
      const last = this.said.at(-1);
      const twice = last === 'nobody' && this.said.at(-2) === 'nobody';
      const another = last !== undefined && last.startsWith('user ') && last !== `user ${this.session}`;
      holds(twice || another, 'only "nobody" said twice in a row, or another user, ends a session');
    }
    if (effect.type === 'exchange') {
      holds(!this.refused.has(effect.jwt), 'what was refused for good is not sent again');
      const another = before.user !== undefined && effect.user !== before.user;
      holds(before.state.status !== 'paused' || another, 'whoever signed out is not signed in again');
    }
  }

  /** The newest thing under way comes to its end. An older one is answered too, and must not be heard. */
  finish(index = this.under.length - 1) {
    const effect = this.under[index];
    if (!effect || !('question' in effect)) return;
    const { question } = effect;
    const current = question === this.machine.question;
    const ends = (end: () => void) => {
      this.under.splice(this.under.indexOf(effect), 1);
      end();
    };
    if (effect.type === 'ask') return ends(() => this.answer(question, current));
    if (effect.type === 'signOff') {
      // The client tells of the end before the promise resolves.
      if (this.session !== undefined) this.lose('provider-signed-out');
      return ends(() => this.hear({ type: 'signedOff', question }));
    }
    if (!current) return ends(() => {});
    if (this.server === 'answers') {
      this.session = effect.user;
      this.hear({ type: 'session', session: { user: effect.user } });
      return ends(() => this.hear({ type: 'exchanged', question }));
    }
    const refused = this.server === 'refuses' ? effect.jwt : undefined;
    if (refused) this.refused.add(refused);
    ends(() => this.hear({ type: 'failed', question, error: this.server, refused }));
  }

  answer(question: number, current: boolean) {
    const { provider } = this;
    if (current) this.said.push(provider.says === 'user' ? `user ${provider.user}` : provider.says);
    switch (provider.says) {
      case 'user':
        return this.hear({ type: 'answer', question, jwt: `${provider.user} ${provider.version}`, user: provider.user });
      case 'nobody':
        // A provider that has nobody forgets nothing that was refused; the machine may.
        this.refused.clear();
        return this.hear({ type: 'answer', question, jwt: null, user: undefined });
      case 'nothing':
        return this.hear({ type: 'answer', question, jwt: undefined, user: undefined });
      default:
        // A throw, or the end of the patience with a provider that hangs.
        return this.hear({ type: 'noAnswer', question, error: provider.says });
    }
  }

  fire() {
    if (!this.timer) return;
    this.timer = false;
    this.hear({ type: 'timer' });
  }

  lose(reason: 'user-intent' | 'expired' | 'session-revoked' | 'provider-signed-out') {
    if (this.session === undefined) return;
    this.session = undefined;
    if (reason !== 'expired') this.refused.clear();
    this.hear({ type: 'ended', reason });
  }

  /** Another tab signs somebody in. */
  take(user: 'alice' | 'bob') {
    this.session = user;
    this.hear({ type: 'session', session: { user } });
  }

  /** Nothing changes any more: whatever is under way ends and every timer goes off. */
  quieten() {
    for (let turn = 0; turn < 40 && (this.under.length > 0 || this.timer); turn += 1) {
      if (this.under.length > 0) this.finish();
      else this.fire();
    }
  }
}

/** A small generator of numbers, the same for the same seed. */
function numbers(seed: number) {
  let state = seed * 2654435761 + 1;
  return (below: number) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

function disturb(world: World, pick: (below: number) => number, version: number) {
  const said: Provider[] = [
    { says: 'user', user: 'alice', version },
    { says: 'user', user: 'bob', version },
    { says: 'nobody' },
    { says: 'nothing' },
    { says: 'error' },
    { says: 'silence' },
  ];
  const acts = [
    () => (world.provider = said[pick(said.length)] as Provider),
    () => world.hear({ type: 'changed' }),
    () => world.finish(),
    () => world.finish(),
    () => world.finish(pick(Math.max(1, world.under.length))),
    () => world.fire(),
    () => (world.server = (['answers', 'answers', 'fails', 'refuses'] as const)[pick(4)] ?? 'answers'),
    () => world.session !== undefined && world.hear({ type: 'ending' }),
    () => pick(3) === 0 && world.take((['alice', 'bob'] as const)[pick(2)] ?? 'alice'),
    () => pick(3) === 0 && world.lose((['user-intent', 'expired', 'session-revoked'] as const)[pick(3)] ?? 'expired'),
  ];
  acts[pick(acts.length)]?.();
}

describe('following a provider', () => {
  const runs = Array.from({ length: 3000 }, (_, seed) => seed);

  it('keeps its promises in whatever order things happen, and ends where the provider is', () => {
    for (const seed of runs) {
      const pick = numbers(seed);
      const world = new World();
      if (pick(3) === 0) world.session = 'alice';
      world.provider = { says: (['nobody', 'nothing', 'error'] as const)[pick(3)] ?? 'nothing' };
      try {
        world.hear({ type: 'start', session: world.session === undefined ? undefined : { user: world.session } });
        for (let turn = 0; turn < 80; turn += 1) disturb(world, pick, turn);
        // Somebody who was signed out stays out only until the provider has nobody.
        world.server = 'answers';
        world.provider = { says: 'nobody' };
        world.hear({ type: 'changed' });
        world.quieten();
        expect([world.machine.state.status, world.session]).toEqual(['signedOut', undefined]);
        world.provider = { says: 'user', user: 'bob', version: 1000 };
        world.hear({ type: 'changed' });
        world.quieten();
        expect([world.machine.state.status, world.session]).toEqual(['synced', 'bob']);
        expect(world.timer, 'nothing is awaited then').toBe(false);
      } catch (error) {
        throw new Error(`seed ${seed}:\n${world.trace.slice(-30).map((one) => JSON.stringify(one)).join('\n')}`, { cause: error });
      }
    }
  });

  it('never ends a session for a provider that throws, hangs, or says nothing', () => {
    for (const seed of runs.slice(0, 500)) {
      const pick = numbers(seed);
      const world = new World();
      world.session = 'alice';
      world.hear({ type: 'start', session: { user: 'alice' } });
      for (let turn = 0; turn < 100; turn += 1) {
        world.provider = ([{ says: 'nothing' }, { says: 'error' }, { says: 'silence' }, { says: 'user', user: 'alice', version: turn }] as const)[pick(4)] ?? { says: 'error' };
        world.server = (['answers', 'fails', 'refuses'] as const)[pick(3)] ?? 'fails';
        if (pick(4) === 0) world.hear({ type: 'changed' });
        if (pick(8) === 0) world.hear({ type: 'ending' });
        if (pick(2) === 0) world.fire();
        world.finish();
      }
      expect([world.signOffs, world.session]).toEqual([0, 'alice']);
    }
  });

  it('shows a failure as state and tries again with longer waits', () => {
    const world = new World();
    world.provider = { says: 'error' };
    world.hear({ type: 'start', session: undefined });
    const attempts: unknown[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      world.finish();
      attempts.push(world.machine.state);
      world.fire();
    }
    expect(attempts).toEqual([1, 2, 3].map((attempt) => ({ status: 'retrying', error: 'error', attempt })));
    expect(world.trace.filter((one) => 'attempt' in one)).toEqual([1, 2, 3].map((attempt) => ({ type: 'timer', attempt })));
  });

  it('ends the session of one user before it begins that of the next', () => {
    const world = new World();
    world.session = 'alice';
    world.provider = { says: 'user', user: 'bob', version: 1 };
    world.hear({ type: 'start', session: { user: 'alice' } });
    world.finish();
    expect(world.under.map(({ type }) => type)).toEqual(['signOff']);
    world.finish();
    expect([world.session, world.under.map(({ type }) => type)]).toEqual([undefined, ['exchange']]);
    world.finish();
    expect([world.session, world.machine.state]).toEqual(['bob', { status: 'synced' }]);
  });

  it('comes to rest where two tabs follow two users: each takes over only when its own provider changes', () => {
    const tabs = [new World(), new World()] as const;
    const users = ['alice', 'bob'] as const;
    tabs.forEach((tab, at) => {
      tab.provider = { says: 'user', user: users[at]!, version: 1 };
      tab.hear({ type: 'start', session: undefined });
    });
    // What one tab's exchange brings is the other's session as well.
    let exchanges = 0;
    for (let turn = 0; turn < 200; turn += 1) {
      const [tab, other] = turn % 2 === 0 ? [tabs[0], tabs[1]] : [tabs[1], tabs[0]];
      const before = tab.session;
      if (turn % 5 === 0) tab.hear({ type: 'changed' });
      if (tab.under.length > 0) tab.finish();
      else tab.fire();
      if (tab.session === before) continue;
      if (tab.session === undefined) other.lose('provider-signed-out');
      else {
        exchanges += 1;
        other.take(tab.session as 'alice' | 'bob');
      }
    }
    expect(exchanges).toBeLessThanOrEqual(2);
    expect(tabs.map(({ machine }) => machine.state.status).sort()).toEqual(['paused', 'synced']);
  });

  it('exchanges nothing for a session that is the same user\'s already', () => {
    const world = new World();
    world.session = 'alice';
    world.provider = { says: 'user', user: 'alice', version: 1 };
    world.hear({ type: 'start', session: { user: 'alice' } });
    world.quieten();
    expect(world.machine.state).toEqual({ status: 'synced' });
    expect(world.trace.some(({ type }) => type === 'exchange')).toBe(false);
  });
});
