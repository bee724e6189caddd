// The sample component of the project's seed, byte for byte, made importable without touching it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PREFIX = 'virtual:seed-sample/';
const ORIGINAL = '@dynamic-labs/sdk-react-core';
const EXPORT = '\nexport { SignInButton };\n';

export const seedSample = {
  /** As it was given, importing the original package's name. */
  verbatim: readFileSync(fileURLToPath(new URL('../fixtures/seed-sample.tsx', import.meta.url)), 'utf8'),
  /** With only the package's name replaced. */
  get renamed(): string {
    return this.verbatim.replace(ORIGINAL, 'byoa/react');
  },
};

/** Vite plugin: `virtual:seed-sample/verbatim` and `virtual:seed-sample/renamed`, each with an export put behind it. */
export function seedSamplePlugin() {
  return {
    name: 'seed-sample',
    enforce: 'pre' as const,
    resolveId(id: string) {
      return id.startsWith(PREFIX) ? `/@seed-sample/${id.slice(PREFIX.length)}.tsx` : undefined;
    },
    load(id: string) {
      if (id === '/@seed-sample/verbatim.tsx') return seedSample.verbatim + EXPORT;
      if (id === '/@seed-sample/renamed.tsx') return seedSample.renamed + EXPORT;
      return undefined;
    },
  };
}
