// A browser's part in a redirect flow, without a browser: follows redirects, keeps cookies, submits forms.

interface Visited {
  readonly url: URL;
  readonly html: string;
}

export class CookieBrowser {
  readonly #cookies = new Map<string, string>();

  /** Goes there and on through redirects, until a page answers or `stopAt` says that the next address is the end. */
  async visit(url: URL, stopAt: (url: URL) => boolean, form?: Record<string, string>): Promise<Visited> {
    if (stopAt(url)) return { url, html: '' };
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const at = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const location = response.headers.get('location');
    if (location) return this.visit(new URL(location, url), stopAt);
    return { url, html: await response.text() };
  }
}
