import type { ReactNode } from 'react';
import { loseNextAnswer, setNetwork, setStorage, stepClock, useBreakage } from './breakage';
import { note, useLog } from './log';

const DAY_MS = 86_400_000;

/** Buttons that break this browser, and beside them what the client did about it. */
export function BreakIt({ refresh }: { refresh: () => Promise<unknown> }) {
  const broken = useBreakage();
  const refreshFiveTimes = () => {
    note('you', 'asked for five refreshes at once');
    void Promise.allSettled(Array.from({ length: 5 }, refresh));
  };
  return (
    <section className="breaking" aria-labelledby="breaking">
      <div className="breaking-head">
        <h2 id="breaking">Break it</h2>
        <p>Each switch breaks what the browser gives this page; nothing of byoa is touched. What the client does about it is in the log.</p>
      </div>
      <div className="breaking-body">
        <div className="switches">
          <Switches title="Network" about="Nothing but a definite refusal of the server ends a session.">
            <Switch on={broken.network === 'down'} set={(on) => setNetwork(on ? 'down' : 'up')}>
              Drop the network
            </Switch>
            <Switch on={broken.network === 'failing'} set={(on) => setNetwork(on ? 'failing' : 'up')}>
              Answer 503
            </Switch>
            <Switch on={broken.losesNext} set={(on) => on && loseNextAnswer()}>
              Lose the next answer
            </Switch>
            <button type="button" onClick={refreshFiveTimes}>
              Refresh five times at once
            </button>
          </Switches>
          <Switches title="Clock" about="The session runs by the server’s clock, whatever this one says.">
            <Switch on={broken.clockOffMs > 0} set={(on) => stepClock(on ? DAY_MS : 0)}>
              A day ahead
            </Switch>
            <Switch on={broken.clockOffMs < 0} set={(on) => stepClock(on ? -DAY_MS : 0)}>
              A day back
            </Switch>
          </Switches>
          <Switches title="Storage" about="Then the session lives in memory, until the tab is closed.">
            <Switch on={broken.storage === 'blocked'} set={(on) => setStorage(on ? 'blocked' : 'working')}>
              Block the storage
            </Switch>
          </Switches>
        </div>
        <Log />
      </div>
    </section>
  );
}

function Switches({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <div className="switch-group">
      <h3>{title}</h3>
      <p>{about}</p>
      <div className="switch-row">{children}</div>
    </div>
  );
}

function Switch({ on, set, children }: { on: boolean; set: (on: boolean) => void; children: ReactNode }) {
  return (
    <button type="button" className="switch" aria-pressed={on} onClick={() => set(!on)}>
      {children}
    </button>
  );
}

function Log() {
  const entries = useLog();
  return (
    <div className="log">
      <h3 id="log">What happened</h3>
      {entries.length === 0 ? (
        <p className="empty">Nothing yet.</p>
      ) : (
        <div className="log-entries" role="log" aria-labelledby="log" tabIndex={0}>
          <ol>
            {entries.map(({ id, at, actor, text, tone }) => (
              <li key={id} data-actor={actor} data-tone={tone}>
                <time>{timeOf(at)}</time>
                <p>
                  <span className="actor">{ACTORS[actor]}</span> {text}
                </p>
              </li>
            ))}
          </ol>
        </div>
      )}
    </div>
  );
}

const ACTORS = { you: 'You', client: 'The client', network: 'Network:' };

function timeOf(at: number): string {
  const date = new Date(at);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
