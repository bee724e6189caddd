import { onTestFinished, vi } from 'vitest';

/** For a test whose component throws: keeps what React and jsdom write about that off the console. */
export function expectAnError() {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const quieten = (event: Event) => event.preventDefault();
  window.addEventListener('error', quieten);
  onTestFinished(() => window.removeEventListener('error', quieten));
}
