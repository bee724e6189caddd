// The scripts are JavaScript; this is what the tests call of them.
declare module '*/docs.mjs' {
  export function buildSite(outDir: string, options?: { readonly source?: string }): Promise<void>;
}
declare module '*/serve-static.mjs' {
  export function serveStatic(directory: string, port: number): Promise<{ readonly url: string; readonly stop: () => Promise<unknown> }>;
}
