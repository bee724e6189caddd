import { useNow } from '../use-now';

/** How long something lasts still. `from` and `to` are seconds since 1970. */
export function Countdown({ label, from, to }: { label: string; from?: number | undefined; to: number }) {
  const left = Math.max(0, to - useNow());
  return (
    <div className="countdown" data-over={left === 0 || undefined}>
      <span className="countdown-label">{left === 0 ? `${label}: over` : label}</span>
      <time role="timer" aria-label={label} dateTime={new Date(to * 1000).toISOString()}>
        {clock(left)}
      </time>
      {from !== undefined && <meter aria-label={`${label}, remaining`} min={0} max={to - from} value={left} />}
    </div>
  );
}

function clock(seconds: number) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part) => String(part).padStart(2, '0')).join(':');
}
