// The part of W3C WebDriver that the session tests need, over HTTP: Firefox by geckodriver, WebKitGTK by its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Driver, Profile, Tab } from './driver.ts';
import { freePorts, startProcess } from './processes.ts';

const SCRIPT_TIMEOUT_MS = 60_000;

const BROWSERS = {
  firefox: {
    command: () => process.env['GECKODRIVER'] ?? 'geckodriver',
    args: (port: number) => ['--port', String(port), '--log', 'fatal'],
    capabilities: () => ({
      browserName: 'firefox',
      'moz:firefoxOptions': {
        args: ['-headless'],
        ...(process.env['FIREFOX_BIN'] && { binary: process.env['FIREFOX_BIN'] }),
        prefs: {
          // A name for this machine that is not `localhost`, which alone counts as a secure context over HTTP.
          'network.dns.localDomains': 'app.example.test,api.example.test',
          'datareporting.policy.dataSubmissionEnabled': false,
          'browser.tabs.unloadOnLowMemory': false,
        },
      },
    }),
  },
  webkit: {
    command: () => process.env['WEBKIT_DRIVER'] ?? 'WebKitWebDriver',
    args: (port: number) => [`--port=${port}`],
    capabilities: () => ({
      'webkitgtk:browserOptions': {
        binary: process.env['WEBKIT_MINIBROWSER'] ?? '',
        args: ['--automation'],
      },
    }),
  },
};

/** Each profile is a browser of its own, with a driver of its own: a driver has one session at a time. */
export async function openWebDriver(name: keyof typeof BROWSERS): Promise<Driver> {
  const display = name === 'webkit' ? await startDisplay() : undefined;
  const profiles = new Set<Profile>();
  return {
    name,
    async profile() {
      const profile = await openBrowser(name, display?.env);
      profiles.add(profile);
      return profile;
    },
    async close() {
      for (const profile of profiles) await profile.close();
      await display?.stop();
    },
  };
}

async function openBrowser(name: keyof typeof BROWSERS, env?: Record<string, string>): Promise<Profile> {
  const [port] = (await freePorts(1)) as [number];
  const { command, args, capabilities } = BROWSERS[name];
  const origin = `http://127.0.0.1:${port}`;
  const program = await startProcess(command(), args(port), `${origin}/status`, env);
  let session: Profile;
  try {
    session = await openSession(origin, capabilities());
  } catch (error) {
    await program.stop();
    throw error;
  }
  let open = true;
  return {
    ...session,
    async close() {
      if (!open) return;
      open = false;
      await session.close();
      await program.stop();
    },
  };
}

/** A screen that nobody sees, which WebKitGTK cannot do without. */
async function startDisplay() {
  const child = spawn(process.env['XVFB'] ?? 'Xvfb', ['-displayfd', '1', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [number] = (await once(child.stdout, 'data')) as [Buffer];
  const stop = async () => {
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  };
  return { env: { DISPLAY: `:${number.toString().trim()}` }, stop };
}

async function openSession(origin: string, alwaysMatch: object): Promise<Profile> {
  const { sessionId } = await command<{ sessionId: string }>(origin, 'POST', '/session', { capabilities: { alwaysMatch } });
  const path = `/session/${sessionId}`;
  const send = <T = null>(method: string, rest: string, body?: object) => command<T>(origin, method, path + rest, body);
  await send('POST', '/timeouts', { script: SCRIPT_TIMEOUT_MS, pageLoad: SCRIPT_TIMEOUT_MS });

  // A session has one window at a time: whoever wants another waits.
  let turn: Promise<unknown> = Promise.resolve();
  const inWindow = <T>(handle: string, action: () => Promise<T>): Promise<T> => {
    const mine = turn.then(async () => {
      await send('POST', '/window', { handle });
      return action();
    });
    turn = mine.catch(() => undefined);
    return mine;
  };

  let spare: string | undefined = await send<string>('GET', '/window');
  return {
    async open(url) {
      // Where the last window is closed the session ends: the first stays, as one that belongs to no test.
      const handle: string = await inWindow(spare ?? '', async () => (await send<{ handle: string }>('POST', '/window/new', { type: 'window' })).handle);
      await inWindow(handle, () => send('POST', '/url', { url }));
      return tabOf(handle, inWindow, send);
    },
    async close() {
      spare = undefined;
      await turn;
      await send('DELETE', '');
    },
  };
}

type Send = <T = null>(method: string, rest: string, body?: object) => Promise<T>;

function tabOf(handle: string, inWindow: <T>(handle: string, action: () => Promise<T>) => Promise<T>, send: Send): Tab {
  const act = (method: string, rest: string, body?: object) => inWindow(handle, () => send(method, rest, body));
  const close = async () => void (await act('DELETE', '/window'));
  return {
    async run(script, argument) {
      // Whatever is thrown comes back as a value: drivers tell of a rejection each in their own way.
      const body = `const [argument, done] = arguments;
        Promise.resolve(argument).then(${script.toString()}).then(
          (value) => done({ value: value === undefined ? null : value }),
          (error) => done({ error: String(error && error.stack || error) }));`;
      type Outcome = { value?: never; error?: string };
      const outcome = await inWindow(handle, () => send<Outcome>('POST', '/execute/async', { script: body, args: [argument ?? null] }));
      if (outcome.error !== undefined) throw new Error(outcome.error);
      return outcome.value as never;
    },
    goto: async (url) => void (await act('POST', '/url', { url })),
    reload: async () => void (await act('POST', '/refresh', {})),
    close,
    kill: close,
  };
}

async function command<T>(origin: string, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(origin + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
  });
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
  if (!response.ok) throw new Error(`WebDriver: ${value?.error ?? response.status}: ${value?.message ?? ''}`);
  return value;
}
