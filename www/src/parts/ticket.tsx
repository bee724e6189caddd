import type { ReactNode } from 'react';
import { decodeJwt } from '../decode';
import { Countdown } from './countdown';
import { Json } from './json';

const SHOWN = 14;

/** A JWT as a ticket: who issued it and how long it is good on the stub, its parts on the body. */
export function Ticket({ jwt, name, issuer, children }: { jwt: string; name: string; issuer: string; children?: ReactNode }) {
  const { header, claims, signature } = decodeJwt(jwt);
  return (
    <article className="ticket" aria-label={name}>
      <div className="ticket-stub">
        <p className="ticket-name">{name}</p>
        <dl>
          <dt>Issued by</dt>
          <dd>{issuer}</dd>
          <dt>Signed with</dt>
          <dd>
            <code>{String(header['alg'])}</code>
          </dd>
        </dl>
        <Countdown label="Good for" from={numberOf(claims['iat'])} to={numberOf(claims['exp']) ?? 0} />
        {children}
      </div>
      <div className="ticket-body">
        <p className="raw" aria-label="The token, shortened">
          <span className="jwt-header">{shortened(jwt.split('.')[0])}</span>.
          <span className="jwt-claims">{shortened(jwt.split('.')[1])}</span>.
          <span className="jwt-signature">{shortened(signature)}</span>
        </p>
        <Part kind="header" title="Header" value={header} />
        <Part kind="claims" title="Claims" value={claims} />
        <div className="part" data-part="signature">
          <h3>Signature</h3>
          <p>
            <code>{shortened(signature)}</code> {Math.floor((signature.length * 3) / 4)} bytes
          </p>
        </div>
      </div>
    </article>
  );
}

function Part({ kind, title, value }: { kind: string; title: string; value: unknown }) {
  return (
    <div className="part" data-part={kind}>
      <h3>{title}</h3>
      <Json value={value} />
    </div>
  );
}

function shortened(part = '') {
  return part.length > SHOWN ? `${part.slice(0, SHOWN)}…` : part;
}

function numberOf(claim: unknown) {
  return typeof claim === 'number' ? claim : undefined;
}
