/**
 * What a page may download, gzipped, before somebody can sign in with it: client and React hooks, wasm and glue,
 * without React. `npm test` fails above `kilobytes`, which follows the true figure down to the aim; who has to raise
 * it says why in the commit.
 */
export const BUDGET = { kilobytes: 95, aimKilobytes: 55 };
