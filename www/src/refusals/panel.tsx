import { CASES, type Case } from './cases';
import { type Outcome, useRefusals } from './use-refusals';

/** Things that must fail, each with a button. */
export function Refusals({ issuerUrl }: { issuerUrl: string }) {
  const { outcomes, tryOne, tryAll } = useRefusals(issuerUrl);
  const running = Object.values(outcomes).some(({ status }) => status === 'running');
  return (
    <section className="refusals" aria-labelledby="refusals">
      <div className="refusals-head">
        <div>
          <h2 id="refusals">Things that must fail</h2>
          <p>Each is a good token with one thing bent. Your session, if you have one, is not disturbed.</p>
        </div>
        <button type="button" className="primary" aria-disabled={running} onClick={() => void (running || tryAll())}>
          Run all
        </button>
        <p className="tally" role="status">
          {tally(Object.values(outcomes))}
        </p>
      </div>
      <ul>
        {CASES.map((one) => (
          <Row key={one.bend} one={one} outcome={outcomes[one.bend]} onTry={() => void tryOne(one)} />
        ))}
      </ul>
    </section>
  );
}

function Row({ one, outcome, onTry }: { one: Case; outcome: Outcome | undefined; onTry: () => void }) {
  return (
    <li className="refusal" data-bend={one.bend} data-status={outcome?.status}>
      <div>
        <h3>{one.title}</h3>
        <p>{one.about}</p>
      </div>
      <button type="button" aria-label={`Try: ${one.title}`} onClick={onTry}>
        Try
      </button>
      <div className="verdict" aria-live="polite">
        {outcome && <Verdict outcome={outcome} expected={one.reason} />}
      </div>
    </li>
  );
}

function Verdict({ outcome, expected }: { outcome: Outcome; expected: string }) {
  switch (outcome.status) {
    case 'running':
      return <p>Trying…</p>;
    case 'accepted':
      return (
        <p className="wrong">
          <strong>✗ Accepted</strong> This token must not be good for anything. Please report it.
        </p>
      );
    case 'unknown':
      return (
        <p className="wrong">
          <strong>? No verdict</strong> {outcome.error instanceof Error ? outcome.error.message : String(outcome.error)}
        </p>
      );
    case 'refused': {
      const { reason, message, status } = outcome.error;
      return (
        <>
          <p className="right">
            <strong>✓ Refused</strong> <span>{status ? `by byoa-server, ${status}` : 'before anything was sent'}</span>
          </p>
          <p className="codes">
            <code>{outcome.error.code}</code> <code className="reason">{reason}</code>
            {reason !== expected && <span className="wrong"> expected {expected}</span>}
          </p>
          <p>{message}</p>
        </>
      );
    }
  }
}

function tally(outcomes: readonly Outcome[]) {
  const count = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length;
  const finished = outcomes.length - count('running');
  if (finished === 0) return `${CASES.length} to try`;
  const others = [
    [count('accepted'), 'accepted'],
    [count('unknown'), 'without a verdict'],
  ].map(([number, what]) => (number ? `, ${number} ${what}` : ''));
  return `${count('refused')} of ${finished} refused${others.join('')}`;
}
