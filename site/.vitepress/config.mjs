// The documentation as a site: docs/ as it is, with a few pages from elsewhere in the repository.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const root = fileURLToPath(new URL('../..', import.meta.url));
const docs = resolve(process.env.BYOA_DOCS_SOURCE ?? join(root, 'docs'));
const repository = 'https://github.com/byoa/byoa/blob/main';
/** Files of docs/ that are no pages and are served beside them. */
const files = new Set();

export default defineConfig({
  title: 'byoa',
  description: 'Bring your own auth: exchange a JWT you already have for a session, on your own server.',
  lang: 'en',
  srcDir: docs,
  outDir: './dist',
  cacheDir: './.vitepress/cache',
  // The folder's own page is called so that GitHub shows it too.
  rewrites: { 'README.md': 'index.md', ':folder/README.md': ':folder/index.md' },
  // Ending in .html: any static server can serve it, and a link works from a file system's copy.
  cleanUrls: false,
  lastUpdated: false,
  metaChunk: true,
  head: [
    ['meta', { name: 'referrer', content: 'no-referrer' }],
    ['link', { rel: 'icon', href: '/icon.svg', type: 'image/svg+xml' }],
  ],
  markdown: { config: asOnGitHub, theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  buildEnd({ outDir }) {
    copyFileSync(join(root, 'www/public/icon.svg'), join(outDir, 'icon.svg'));
    for (const file of files) {
      const place = join(outDir, relative(docs, file));
      mkdirSync(dirname(place), { recursive: true });
      copyFileSync(file, place);
    }
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Start', link: '/START' },
      { text: 'Reference', link: '/reference/index.html', target: '_self' },
      { text: 'HTTP API', link: '/HTTP-API' },
      { text: 'Errors', link: '/TROUBLESHOOTING' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
    sidebar: sidebar(),
    docFooter: { prev: 'Before', next: 'Next' },
  },
});

/** The page of the site that shows a file, as a link names it. */
function pageOf(file) {
  const elsewhere = { 'pkg-template/README.md': 'START.md', 'CHANGELOG.md': 'CHANGELOG.md', 'examples/README.md': 'EXAMPLES.md' }[relative(root, file)];
  if (elsewhere) return elsewhere;
  const within = relative(docs, file);
  if (within.startsWith('..') || !within.endsWith('.md')) return undefined;
  // A folder's own page is shown under the folder's name.
  return within.endsWith('README.md') ? within.slice(0, -'README.md'.length) : within;
}

/** Every page of docs/ has a place here; tests/site/site.test.ts fails where one has none. */
function sidebar() {
  const page = (text, link) => ({ text, link });
  return [
    { text: 'Use it', items: [page('Start', '/START'), page('Testing your app', '/TESTING'), page('Sessions', '/SESSIONS'), page('Examples', '/EXAMPLES')] },
    { text: 'Move to it', items: [page('From Dynamic', '/MIGRATING-FROM-DYNAMIC'), page('From Privy', '/MIGRATING-FROM-PRIVY')] },
    { text: 'When it fails', items: [page('Troubleshooting', '/TROUBLESHOOTING'), page('Codes and reasons', '/ERRORS')] },
    { text: 'Run it', items: [page('Operations', '/OPERATIONS'), page('HTTP API', '/HTTP-API'), page('Security', '/SECURITY')] },
    { text: 'Compare it', items: [page('Consumers', '/CONSUMERS'), page('Size and start-up', '/SIZE')].filter(({ link }) => existsSync(`${docs}${link}.md`)) },
    { text: 'Change it', items: [page('Architecture', '/ARCHITECTURE'), page('Hacking', '/HACKING'), page('Releasing', '/RELEASING'), page('Decisions', '/adr/'), page('Changelog', '/CHANGELOG')] },
  ];
}

/**
 * Pages read there as on GitHub. Links are written as it wants them. What they name must be there: a page of docs/ is VitePress's to check;
 * another file of docs/ is served beside the pages; anything else of the repository is shown where that is.
 */
function asOnGitHub(markdown) {
  // An indented block is a block of code like any other.
  markdown.core.ruler.push('indented-code', ({ tokens }) => {
    for (const token of tokens) if (token.type === 'code_block') Object.assign(token, { type: 'fence', info: 'text', tag: 'code' });
  });
  // Braces in code are code, and none of Vue's.
  markdown.core.ruler.push('code-as-it-is', ({ tokens }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) if (token.type === 'code_inline') token.attrSet('v-pre', '');
  });
  markdown.core.ruler.push('links-of-the-repository', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const name = token.type === 'link_open' ? 'href' : token.type === 'image' ? 'src' : undefined;
      const link = name && token.attrGet(name);
      if (!link || /^([a-z]+:|#|\/)/i.test(link)) continue;
      const [path, anchor] = link.split('#');
      const target = resolve(dirname(env.realPath ?? env.path ?? join(docs, env.relativePath)), decodeURI(path));
      if (!existsSync(target)) throw new Error(`${env.relativePath} links to ${link}, which is not there`);
      const page = pageOf(target);
      const within = relative(docs, target);
      if (page) {
        token.attrSet(name, `/${page}${anchor ? `#${anchor}` : ''}`);
      } else if (within.startsWith('..')) {
        token.attrSet(name, `${repository}/${relative(root, target)}${anchor ? `#${anchor}` : ''}`);
      } else if (name === 'href') {
        files.add(target);
        token.attrSet(name, `/${within}`);
        // Not a page of the site: its router has to let go.
        token.attrSet('target', '_self');
      }
    }
  });
}
