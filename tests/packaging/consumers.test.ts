// Every consumer, and the table of them in docs/CONSUMERS.md, which a whole run writes.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { built, root } from '../support/processes.ts';
import { KINDS, type Kind } from './consumer/kinds.ts';
import { World } from './consumer/world.ts';

interface Row {
  readonly kind: Kind;
  readonly versions: string;
  readonly seconds: number;
}

let world: World;
const passed: Row[] = [];

beforeAll(async () => {
  world = await World.start(KINDS.length);
});
afterAll(() => world?.stop());

it.each(KINDS.map((kind) => ({ title: kind.title, kind })))('$title', async ({ kind }) => {
  const project = await world.project(kind.project);
  const begun = Date.now();
  const ended = kind.run(world, project);
  await (kind.fails ? expect(ended).rejects.toThrow() : ended);
  passed.push({ kind, versions: project.versions(), seconds: Math.round((Date.now() - begun) / 1000) });
});

it('makes the table, where every consumer did what is expected of it', () => {
  expect(passed.map(({ kind }) => kind.title)).toEqual(KINDS.map(({ title }) => title));
  writeFileSync(join(root, 'docs/CONSUMERS.md'), table());
});

function table(): string {
  const { version } = JSON.parse(readFileSync(built('pkg/package.json', 'node scripts/build.mjs pkg'), 'utf8')) as { version: string };
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const rows = passed.map(({ kind, versions, seconds }) => `| ${kind.title} | ${versions} | ${kind.setup} | ${kind.fails ? `**does not sign in yet**: ${kind.fails}` : `${kind.outcome ?? 'signs in'} (${seconds} s)`} |`);
  return `# Consumers

<!-- Made by \`npm run test:consumers\`. Do not edit. -->

Each of these is a small project of its own, with the packages that its lock file names, into which the packed tarball of
\`byoa\` is installed. Where it says so, it built or served what it has, and somebody signed in with it against a real \`byoa-server\`: in
Chromium with a click, a session that the server confirms, and a reload that finds it again; no file of wasm was asked for, no
host but the page's and the server's, and nothing was complained of on the console. The projects are in
\`tests/packaging/consumers\`, what is done with each in \`tests/packaging/consumer/kinds.ts\`.

byoa ${version} at \`${commit}\`, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, Chromium ${world.browser.version()}, ${process.platform}.
Every package came from the npm registry; nothing was left out for not being there.

| consumer | versions | set up for byoa | |
|---|---|---|---|
${rows.join('\n')}

Next.js signs in on two pages: one of ours, and the unchanged sample of \`useExternalAuth\` written for
\`@dynamic-labs/sdk-react-core\`, under an alias from that name to \`byoa/react\`.
`;
}
