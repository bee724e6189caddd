// @vitest-environment node
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { seedSample } from '../../tests/support/seed-sample.ts';

const root = resolve(import.meta.dirname, '../..');
const react = join(root, 'pkg-template/src/react/index.ts');

it.each(['verbatim', 'renamed'] as const)('strict TypeScript finds nothing in the %s sample but its two untyped props', (variant) => {
  const folder = mkdtempSync(join(tmpdir(), 'byoa-sample-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'sample.tsx'), seedSample[variant]);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'pkg-template/tsconfig.json'),
      compilerOptions: {
        module: 'ESNext',
        moduleResolution: 'bundler',
        noUnusedLocals: false,
        paths: { 'byoa/react': [react], '@dynamic-labs/sdk-react-core': [react] },
      },
      include: ['sample.tsx'],
    }),
  );
  const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false'], { encoding: 'utf8', cwd: folder });
  const complaints = tsc.stdout.trim().split('\n').map((line) => line.replace(/^sample\.tsx\(\d+,\d+\): error /, ''));
  expect(complaints).toEqual([
    "TS7031: Binding element 'externalJwt' implicitly has an 'any' type.",
    "TS7031: Binding element 'externalUserId' implicitly has an 'any' type.",
  ]);
}, 30_000);
