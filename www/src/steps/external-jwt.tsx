import type { IssuedToken } from '../backend';
import { Empty } from '../parts/notes';
import { Step } from '../parts/step';
import { Ticket } from '../parts/ticket';

/** Step 2: what the backend signed. */
export function ExternalJwt({ token, issuerUrl }: { token: IssuedToken | undefined; issuerUrl: string }) {
  return (
    <Step
      number={2}
      title="Your JWT comes back"
      state={token ? 'done' : 'waiting'}
      about="An ordinary JWT for this one exchange, good for minutes. It stays in memory: it is never stored and never logged."
    >
      {token ? (
        <Ticket jwt={token.externalJwt} name="external JWT" issuer={issuerUrl} />
      ) : (
        <Empty>No JWT yet. It appears when you have signed in at your backend.</Empty>
      )}
    </Step>
  );
}
