import { isByoaError } from 'byoa';
import type { ReactNode } from 'react';

/** Where there is nothing to show yet. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>;
}

/** A failure in a sentence, with its codes where it has them. */
export function Failure({ error, children }: { error: unknown; children?: ReactNode }) {
  return (
    <div className="failure" role="alert">
      {isByoaError(error) && (
        <p className="codes">
          <code>{error.code}</code> {error.reason && <code>{error.reason}</code>}
        </p>
      )}
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {children}
    </div>
  );
}
