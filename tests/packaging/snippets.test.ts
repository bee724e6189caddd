// Every TypeScript snippet of the documentation compiles against the built package.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { built, root, run } from '../support/processes.ts';

const folder = join(root, 'target', 'snippets');

const pages = [
  'README.md',
  'pkg-template/README.md',
  ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];

interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly language: 'ts' | 'tsx';
  readonly code: string;
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(tsx?)\n([\s\S]*?)^```$/gm)].map((found) => ({
    page,
    line: text.slice(0, found.index).split('\n').length + 1,
    language: found[1] as 'ts' | 'tsx',
    code: found[2] as string,
  }));
}

/** What the compiler says about snippets, each with its page and line in the place of the file's. */
async function complaints(snippets: readonly Snippet[]): Promise<string> {
  built('pkg/dist/index.d.ts', 'node scripts/build.mjs pkg');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'tests/packaging/snippets'), folder, { recursive: true });
  const nameOf = ({ page, line, language }: Snippet) => `${page.replaceAll('/', '-')}-${line}.${language}`;
  // Lines stay where they are: a module is made of it at its end.
  for (const snippet of snippets) writeFileSync(join(folder, nameOf(snippet)), `${snippet.code}\nexport {};\n`);
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022', 'dom'],
    module: 'esnext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    paths: Object.fromEntries(entries().map(([entry, types]) => [entry, [join('../../pkg', types)]])),
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', '*.tsx'] }));
  const compile = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--project', folder], { cwd: root });
  const said = await compile.then(({ stdout }) => stdout, ({ stdout }: { stdout: string }) => stdout);
  return snippets.reduce((text, snippet) => text.replaceAll(join('target/snippets', nameOf(snippet)), `${snippet.page}, snippet at line ${snippet.line}, its line `), said);
}

/** What the package exports, each with its declarations. */
function entries(): [string, string][] {
  const { exports } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8')) as { exports: Record<string, unknown> };
  return Object.entries(exports).flatMap(([path, target]): [string, string][] => {
    const types = typeof target === 'object' && target !== null && 'types' in target ? String(target.types) : undefined;
    return types ? [[path.replace(/^\./, 'byoa'), types]] : [];
  });
}

describe('the snippets of the documentation', () => {
  it('compile against the built package', async () => {
    const snippets = pages.flatMap(snippetsOf);
    expect(snippets.length).toBeGreaterThan(12);
    expect(await complaints(snippets)).toBe('');
  });

  it('would not, if they used what there is not', async () => {
    const snippet: Snippet = { page: 'docs/NONE.md', line: 7, language: 'ts', code: "import { signInWithEverything } from 'byoa';\nsignInWithEverything();\n" };
    expect(await complaints([snippet])).toContain('docs/NONE.md, snippet at line 7');
  });

  it('are there for each provider that the package is introduced with', () => {
    const text = readFileSync(join(root, 'pkg-template/README.md'), 'utf8');
    for (const heading of ['### Auth0', '### Firebase', '### Supabase', '### Your own backend']) {
      const section = text.slice(text.indexOf(heading)).split('\n### ')[0] as string;
      expect(section).toMatch(/```ts\n/);
      expect(section).toMatch(/byoa-server env create/);
    }
  });
});
