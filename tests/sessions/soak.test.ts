// Many tabs, many expiries, everything that goes wrong, and nobody is signed out.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Driver, type Profile, launchDriver } from '../support/driver.ts';
import { AppTab, type Opening, type World, logouts, randomFrom, seed, startWorld } from './world.ts';

const TABS = 8;
const LIFETIME_S = 2;
/** Sessions' lifetimes to live through; `BYOA_EXPIRIES=1000` for a night. */
const EXPIRIES = Number(process.env['BYOA_EXPIRIES'] ?? 50);
const LIMIT_MS = EXPIRIES * LIFETIME_S * 5_000 + 60_000;
/** How far two clocks of one machine read at different moments. */
const CLOCK_MS = 100;
/** Of a hundred refreshes. */
const TROUBLED = 25;

let world: World;
let driver: Driver;
let profile: Profile;

beforeEach(async () => {
  world.proxy.reset();
  profile = await driver.profile();
});
afterEach(() => profile.close());

beforeAll(async () => {
  [world, driver] = await Promise.all([startWorld({ sessionLifetimeS: LIFETIME_S }), launchDriver()]);
});
afterAll(async () => {
  await driver?.close();
  await world?.stop();
});

const OPENINGS = [
  { with: [] },
  { with: [] },
  { with: [] },
  { with: ['no-locks'] },
  { with: ['no-locks', 'no-broadcast'] },
  { with: ['no-broadcast'] },
];

it.each([
  { kind: 'bearer', expiries: EXPIRIES, binding: 'off' },
  { kind: 'bound', expiries: Math.ceil(EXPIRIES / 5), binding: undefined },
] as const)(`${TABS} tabs of a $kind session stay signed in over $expiries expiries, and each costs one token`, { timeout: LIMIT_MS }, async ({ kind, expiries, binding }) => {
  const open = (opening: Opening = {}) => AppTab.open(world, profile, { ...opening, ...(binding && { binding }) });
  const { below, pick } = randomFrom(seed());
  const tabs = await Promise.all(Array.from({ length: TABS }, (_, index) => open(OPENINGS[index % OPENINGS.length])));
  const rogue = await open({ with: ['rogue-lock'] });
  expect((await (tabs[0] as AppTab).signIn(world, 'alice')).error).toBeNull();
  for (const tab of [...tabs, rogue]) await tab.shows('alice', ({ user, level }) => user === 'alice' && level === kind);

  world.proxy.breakWhere(({ operation }) => {
    if (operation !== 'refresh' || below(100) >= TROUBLED) return undefined;
    return pick([{ kind: 'refuse' }, { kind: 'lose-answer' }, { kind: 'status', status: 503 }] as const);
  });

  const ended: string[] = [];
  const look = async (tab: AppTab) => {
    ended.push(...(await logouts(tab)));
    expect(await tab.uncaught()).toEqual([]);
  };
  const tokens = () => [...world.proxy.rotations().values()].reduce((all, one) => all + one, 0);
  // A tab dies and another is born after one to three new tokens; the rest is the tabs' own doing.
  for (let due = 0; tokens() < expiries; ) {
    due += 1 + below(3);
    await expect.poll(tokens, { timeout: LIMIT_MS, interval: 50 }).toBeGreaterThanOrEqual(Math.min(due, expiries));
    const index = below(TABS);
    const victim = tabs[index] as AppTab;
    await look(victim);
    await victim.tab.kill();
    tabs[index] = await open(pick(OPENINGS));
    expect((await tabs[index]?.state())?.user).toBe('alice');
  }

  world.proxy.mend();
  for (const tab of [...tabs, rogue]) {
    await look(tab);
    await tab.shows('alice', ({ user }) => user === 'alice');
    // On a busy machine an answer may come too late; what counts is that the session is good for the next.
    await expect.poll(async () => (await tab.refreshUser()).error, { timeout: 60_000 }).toBeNull();
  }
  expect(ended).toEqual([]);
  // The first may have asked for a nonce.
  expect(world.proxy.of('signin', 200)).toHaveLength(1);

  const [news = [], ...others] = [...firstSeen().values()];
  const [first = 0, last = 0] = [news[0], news.at(-1)];
  const asked = world.proxy.of('refresh').length;
  console.log(`${kind}: ${news.length} tokens in ${((last - first) / 1000).toFixed(1)} s, ${(asked / news.length).toFixed(2)} requests for each`);
  expect(others).toEqual([]);
  // By its own claims a token is replaced in the last quarter of its life, and by one other.
  const early = world.proxy.of('refresh').filter(({ shownExp = 0, at }) => at < shownExp * 1000 - LIFETIME_S * 250 - CLOCK_MS);
  expect(early).toEqual([]);
  const gaps = news.slice(1).map((at, index) => at - (news[index] ?? 0));
  // `iat` is cut to whole seconds.
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(LIFETIME_S * 750 - 1_000 - CLOCK_MS);
  // No request but a refresh shows a token that is over.
  expect(world.proxy.log.filter(({ operation, shownExp = Infinity, at }) => operation !== 'refresh' && shownExp * 1000 <= at)).toEqual([]);
});

/** When each session's tokens were first given out by a refresh. */
function firstSeen(): ReadonlyMap<string, number[]> {
  const sessions = new Map<string, Map<string, number>>();
  for (const { session, tokenId, at } of world.proxy.of('refresh', 200)) {
    if (!session || !tokenId) continue;
    const tokens = sessions.get(session) ?? new Map<string, number>();
    sessions.set(session, tokens.set(tokenId, tokens.get(tokenId) ?? at));
  }
  return new Map([...sessions].map(([session, tokens]) => [session, [...tokens.values()]]));
}
