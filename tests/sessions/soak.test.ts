// Many tabs, many expiries, everything that goes wrong, and nobody is signed out.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Driver, type Profile, launchDriver } from '../support/driver.ts';
import { AppTab, type World, logouts, randomFrom, seed, startWorld } from './world.ts';

const TABS = 8;
const LIFETIME_S = 3;
/** Sessions' lifetimes to live through; `BYOA_EXPIRIES=1000` for a night. */
const EXPIRIES = Number(process.env['BYOA_EXPIRIES'] ?? 50);
const GRACE_S = 2;
const RUN_MS = EXPIRIES * LIFETIME_S * 1000;
/** Of a hundred refreshes. */
const TROUBLED = 25;

let world: World;
let driver: Driver;
let profile: Profile;

beforeAll(async () => {
  [world, driver] = await Promise.all([startWorld({ sessionLifetimeS: LIFETIME_S, refreshGraceS: GRACE_S }), launchDriver()]);
  profile = await driver.profile();
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

it(`${TABS} tabs stay signed in over ${EXPIRIES} expiries, and each costs one token`, { timeout: RUN_MS * 2 + 60_000 }, async () => {
  const { next, below, pick } = randomFrom(seed());
  const tabs = await Promise.all(Array.from({ length: TABS }, (_, index) => AppTab.open(world, profile, OPENINGS[index % OPENINGS.length])));
  const rogue = await AppTab.open(world, profile, { with: ['rogue-lock'] });
  expect((await (tabs[0] as AppTab).signIn(world, 'alice')).error).toBeNull();
  for (const tab of [...tabs, rogue]) await tab.shows('alice', ({ user }) => user === 'alice');

  world.proxy.breakWhere(({ operation }) => {
    if (operation !== 'refresh' || below(100) >= TROUBLED) return undefined;
    return pick([{ kind: 'refuse' }, { kind: 'lose-answer' }, { kind: 'status', status: 503 }] as const);
  });

  const begun = Date.now();
  const ended: string[] = [];
  const look = async (tab: AppTab) => {
    ended.push(...(await logouts(tab)));
    expect(await tab.uncaught()).toEqual([]);
  };
  // One tab dies and another is born in every second lifetime or so; the rest of the time is the tabs' own.
  for (let round = 0; Date.now() - begun < RUN_MS; round += 1) {
    const until = begun + ((round + next()) * RUN_MS) / (EXPIRIES / 2);
    await expect.poll(() => Date.now() >= until, { timeout: RUN_MS, interval: 100 }).toBe(true);
    const index = below(TABS);
    const victim = tabs[index] as AppTab;
    await look(victim);
    await victim.tab.kill();
    tabs[index] = await AppTab.open(world, profile, pick(OPENINGS));
    expect((await tabs[index]?.state())?.user).toBe('alice');
  }

  world.proxy.mend();
  for (const tab of [...tabs, rogue]) {
    await look(tab);
    await tab.shows('alice', ({ user }) => user === 'alice');
    expect((await tab.refreshUser()).error).toBeNull();
  }
  expect(ended).toEqual([]);
  expect(world.proxy.of('signin')).toHaveLength(1);

  const rotations = [...world.proxy.rotations().values()];
  const lifetimes = (Date.now() - begun) / 1000 / LIFETIME_S;
  const asked = world.proxy.of('refresh').length;
  const answered = world.proxy.of('refresh', 200).length;
  console.log(`${lifetimes.toFixed(1)} lifetimes, ${rotations} tokens, ${asked} refreshes asked, ${answered} answered, ${rounds(asked, rotations)} a token`);
  expect(rotations).toHaveLength(1);
  // At 75 % of a lifetime at the earliest, of which `exp`, in whole seconds, takes up to one.
  expect(rotations[0]).toBeLessThanOrEqual(Math.ceil((lifetimes * LIFETIME_S) / ((LIFETIME_S - 1) * 0.75)) + 1);
  expect(rotations[0]).toBeGreaterThan(lifetimes * 0.6);
  // No request but a refresh shows a token that is over.
  expect(world.proxy.log.filter(({ operation, shownExp = Infinity, at }) => operation !== 'refresh' && shownExp * 1000 <= at)).toEqual([]);
});

function rounds(asked: number, [tokens = 1]: readonly number[]): string {
  return (asked / tokens).toFixed(2);
}
