/**
 * What a page may download, gzipped, before somebody can sign in with it: client and React hooks, wasm and glue,
 * without React. `npm test` fails above `kilobytes`; it is lowered with each step towards the aim and never raised.
 */
export const BUDGET = { kilobytes: 111, aimKilobytes: 55 };
