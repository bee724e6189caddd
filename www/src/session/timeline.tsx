import type { SessionTimeline } from 'byoa';
import { Empty } from '../parts/notes';
import { useTick } from './use-tick';

const TICK_MS = 250;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const KEPT_IN: Record<SessionTimeline['storage'], string> = {
  local: 'localStorage',
  session: 'sessionStorage',
  memory: 'memory: gone with the tab',
  custom: 'the app’s own storage',
};

const PROTECTION = {
  bound: 'bound to a key that never leaves this browser',
  memory: 'bound to a key in memory',
  bearer: 'bearer: whoever has the token has the session',
};

/** When the token was issued, is refreshed and ends. Everything by the server's clock, as the client has learnt it. */
export function Timeline({ inspect }: { inspect: () => SessionTimeline | undefined }) {
  const pageNow = useTick(TICK_MS);
  const timeline = inspect();
  if (timeline?.issuedAt === undefined || timeline.expiresAt === undefined) return <Empty>No session. Sign in to see its times.</Empty>;
  const { issuedAt, expiresAt, nextRefreshAt, refreshExpiresAt, skewMs, storage, security } = timeline;
  const now = pageNow + skewMs;
  const at = (time: number) => `${Math.min(100, Math.max(0, ((time - issuedAt) / (expiresAt - issuedAt)) * 100))}%`;
  const over = now >= expiresAt;
  return (
    <div className="card timeline" data-over={over || undefined}>
      <div className="track" aria-hidden="true">
        <div className="track-past" style={{ width: at(now) }} />
        {nextRefreshAt !== undefined && <div className="track-refresh" style={{ left: at(nextRefreshAt) }} />}
        <div className="track-now" style={{ left: at(now) }} />
      </div>
      <dl className="moments">
        <Moment name="Issued" time={issuedAt} said={`${span(now - issuedAt)} ago`} />
        <Moment
          name="Next refresh"
          time={nextRefreshAt}
          said={nextRefreshAt === undefined ? 'left to another tab' : nextRefreshAt > now ? `in ${span(nextRefreshAt - now)}` : 'now'}
        />
        <Moment name="Ends" time={expiresAt} said={over ? 'over' : `in ${span(expiresAt - now)}`} />
      </dl>
      <dl className="facts">
        <dt>Skew learnt</dt>
        <dd>{skew(skewMs)}</dd>
        <dt>This page’s clock</dt>
        <dd>
          <time>{clock(pageNow, true)}</time>
        </dd>
        <dt>Kept in</dt>
        <dd>{KEPT_IN[storage]}</dd>
        {security && (
          <>
            <dt>Protection</dt>
            <dd>{PROTECTION[security.level]}</dd>
          </>
        )}
        {refreshExpiresAt !== undefined && (
          <>
            <dt>Refreshable until</dt>
            <dd>
              <time>{clock(refreshExpiresAt, true)}</time>
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}

function Moment({ name, time, said }: { name: string; time: number | undefined; said: string }) {
  return (
    <div className="moment">
      <dt>{name}</dt>
      <dd>
        <strong>{said}</strong>
        {time !== undefined && <time>{clock(time)}</time>}
      </dd>
    </div>
  );
}

function skew(ms: number): string {
  if (Math.abs(ms) < 1_500) return 'none: both clocks agree';
  // Known to a second or so: of a difference of hours nobody wants the seconds.
  const told = Math.abs(ms) > HOUR_MS ? Math.round(ms / MINUTE_MS) * MINUTE_MS : ms;
  return `the server is ${span(Math.abs(told))} ${ms > 0 ? 'ahead of' : 'behind'} this page`;
}

/** A length of time in at most two units. */
function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return units.slice(first, first + 2).flatMap(([count, unit]) => (count > 0 ? [`${count} ${unit}`] : [])).join(' ');
}

function clock(ms: number, withDay = false): string {
  return new Date(ms).toLocaleString('en-GB', { ...(withDay && { day: 'numeric', month: 'short' }), hour: '2-digit', minute: '2-digit', second: '2-digit' });
}
