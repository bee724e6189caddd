// Which tabs show this page. The demo's own: the client needs no list of tabs.
import { useEffect, useState } from 'react';

export interface TabView {
  readonly id: string;
  readonly since: number;
  readonly visible: boolean;
  readonly user: string | undefined;
  /** The last characters of the token's id, which is no secret: tabs that show the same hold the same token. */
  readonly token: string | undefined;
}

type Message = { readonly kind: 'here'; readonly tab: TabView } | { readonly kind: 'gone'; readonly id: string } | { readonly kind: 'who' };

/** A tab that has said nothing for so long has died. A hidden one may be slowed to once a minute. */
const SILENT_MS = 75_000;
const BEAT_MS = 5_000;
const id = crypto.randomUUID();
const since = performance.timeOrigin;

/** The tabs, oldest first, this one among them. */
export function useTabs(user: string | undefined, token: string | undefined): readonly (TabView & { readonly isThis: boolean })[] {
  const [others, setOthers] = useState<ReadonlyMap<string, TabView & { seen: number }>>(new Map());
  const [visible, setVisible] = useState(() => document.visibilityState === 'visible');

  useEffect(() => {
    const look = () => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);

  useEffect(() => {
    const channel = new BroadcastChannel('byoa-demo-tabs');
    const say = (message: Message) => channel.postMessage(message);
    const here = () => say({ kind: 'here', tab: { id, since, visible, user, token } });
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.kind === 'who') here();
      if (data.kind === 'here') setOthers((known) => new Map(known).set(data.tab.id, { ...data.tab, seen: performance.now() }));
      if (data.kind === 'gone') setOthers((known) => new Map([...known].filter(([one]) => one !== data.id)));
    };
    const beat = setInterval(() => {
      here();
      setOthers((known) => {
        const alive = [...known].filter(([, { seen }]) => performance.now() - seen < SILENT_MS);
        return alive.length === known.size ? known : new Map(alive);
      });
    }, BEAT_MS);
    const leave = () => say({ kind: 'gone', id });
    const back = () => (say({ kind: 'who' }), here());
    addEventListener('pagehide', leave);
    addEventListener('pageshow', back);
    back();
    return () => {
      clearInterval(beat);
      removeEventListener('pagehide', leave);
      removeEventListener('pageshow', back);
      channel.close();
    };
  }, [visible, user, token]);

  const all = [...others.values()].map((tab) => ({ ...tab, isThis: false }));
  return [...all, { id, since, visible, user, token, isThis: true }].sort((one, other) => one.since - other.since);
}
