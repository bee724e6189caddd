// Some of the consumers, in every `npm test`; all of them: `npm run test:consumers`.
import { afterAll, beforeAll, it } from 'vitest';
import { QUICK } from './consumer/kinds.ts';
import { World } from './consumer/world.ts';

let world: World;

beforeAll(async () => {
  world = await World.start(QUICK.length);
});
afterAll(() => world?.stop());

it.each(QUICK)('$title: signs in, with $setup set up', async ({ project, run }) => {
  await run(world, await world.project(project));
});
