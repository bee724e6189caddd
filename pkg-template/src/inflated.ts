/** What was deflated (raw) and written as base64. */
export async function inflated(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);

  let stream: DecompressionStream;
  try {
    stream = new DecompressionStream('deflate-raw');
  } catch {
    // Safari before 16.4, Firefox before 113, and documents that tests make up.
    const { inflateRaw } = await import('./inflate-raw.js');
    return inflateRaw(bytes);
  }
  const output = new Response(stream.readable).arrayBuffer();
  const writer = stream.writable.getWriter();
  // What goes wrong here is said by the other end.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  return new Uint8Array(await output);
}
