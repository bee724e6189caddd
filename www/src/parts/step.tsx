import type { ReactNode } from 'react';

export type StepState = 'waiting' | 'current' | 'done';

const SAID: Record<StepState, string> = { waiting: 'not yet', current: 'your turn', done: 'done' };

/** One step of the way: its number, what happens in it, and the thing itself. */
export function Step(props: { number: number; title: string; state: StepState; about: ReactNode; children: ReactNode }) {
  const id = `step-${props.number}`;
  return (
    <section className="step" data-state={props.state} aria-labelledby={id}>
      <div className="step-head">
        <span className="step-number" aria-hidden="true">
          {props.number}
        </span>
        <div>
          <h2 id={id}>
            <span className="visually-hidden">Step {props.number}: </span>
            {props.title} <span className="visually-hidden">({SAID[props.state]})</span>
          </h2>
          <p>{props.about}</p>
        </div>
      </div>
      <div className="step-body">{props.children}</div>
    </section>
  );
}
