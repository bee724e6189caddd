// `npm run docs`: builds the documentation site from docs/, with the package's reference from its doc comments, and
// serves it.
//
//     BYOA_DOCS_PORT=4800 npm run docs     on another port than 4610
//     npm run docs -- --build              only builds it, into site/dist
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensure } from './bootstrap.mjs';
import { run } from './lib/children.mjs';
import { Halt, main } from './lib/halt.mjs';
import { root } from './lib/places.mjs';
import { serveStatic } from './lib/serve-static.mjs';
import { runSteps } from './lib/steps.mjs';

const PORT = 4610;

/**
 * Builds the site into `outDir`.
 *
 * @param {string} outDir
 * @param {{ source?: string, report?: (line: string) => void }} [options]  `source`: other pages than docs/
 * @throws {import('./lib/children.mjs').CommandFailed} where a page does not compile or a link leads nowhere
 */
export async function buildSite(outDir, { source = join(root, 'docs'), report } = {}) {
  rmSync(outDir, { recursive: true, force: true });
  const vitepress = join(root, 'site/node_modules/vitepress/bin/vitepress.js');
  const env = { ...process.env, BYOA_DOCS_SOURCE: source };
  await run(process.execPath, [vitepress, 'build', 'site', '--outDir', outDir], { cwd: root, env, onLine: report });
  const typedoc = join(root, 'site/node_modules/typedoc/bin/typedoc');
  const options = ['--options', join(root, 'site/typedoc.json'), '--out', join(outDir, 'reference')];
  await run(process.execPath, [typedoc, ...options], { cwd: join(root, 'site'), onLine: report });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  let serving = false;
  await main(
    async (interrupted) => {
      await ensure(['site']);
      const dist = join(root, 'site', 'dist');
      const explain = (failure) => new Halt('The site did not build: mend what is said above, then run this again.', failure.output);
      await runSteps([{ title: 'documentation', run: (report) => buildSite(dist, { report }), explain }]);
      if (process.argv.includes('--build')) return 0;
      serving = true;
      const { url, stop } = await serveStatic(dist, Number(process.env.BYOA_DOCS_PORT ?? PORT));
      console.log(`The documentation is at ${url} (Ctrl-C stops it).`);
      await interrupted;
      await stop();
      return 0;
    },
    { ownsSignals: () => serving },
  );
}
