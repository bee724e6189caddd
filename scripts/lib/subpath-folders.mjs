// Entries of the package for those who do not read `exports`. Pure.

/**
 * For each subpath with code the package.json of a folder of that name: Parcel looks there unless it is told to read
 * `exports`, and so does TypeScript with `moduleResolution: node10`.
 *
 * @param {{ exports: Record<string, string | { types: string, default: string }> }} manifest
 * @returns {Record<string, object>} by folder
 */
export function subpathFolders({ exports }) {
  const named = Object.entries(exports).filter(([path, target]) => path !== '.' && target.default?.endsWith('.js'));
  return Object.fromEntries(
    named.map(([path, target]) => {
      const up = path.slice(2).replace(/[^/]+/g, '..');
      const from = (file) => file.replace(/^\./, up);
      return [path.slice(2), { type: 'module', main: from(target.default), types: from(target.types), sideEffects: false }];
    }),
  );
}
