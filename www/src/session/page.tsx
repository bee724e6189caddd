import { refreshAuth } from 'byoa';
import { DynamicContextProvider, useDynamicClient, useDynamicContext } from 'byoa/react';
import { type ReactNode, useEffect } from 'react';
import type { DemoConfig } from '../config';
import { decodeJwt } from '../decode';
import { Masthead } from '../parts/masthead';
import { BreakIt } from './break-it';
import { note } from './log';
import { listen } from './say';
import { Tabs } from './tabs';
import { Timeline } from './timeline';
import { Who } from './who';

export function SessionPage({ config }: { config: DemoConfig }) {
  const { environmentId, apiBaseUrl, issuerUrl } = config;
  return (
    <DynamicContextProvider settings={{ environmentId, apiBaseUrl }}>
      <Masthead here="/session.html" />
      <main id="main">
        <div className="intro">
          <h1>A session that survives real life.</h1>
          <p>
            It refreshes itself before it ends, is one in all tabs, and outlives a bad network, a wrong clock and a blocked storage. Only the
            server’s refusal, its own end or a sign-out ends it. Try to break it.
          </p>
        </div>
        <Session issuerUrl={issuerUrl} />
      </main>
      <footer>
        <p>
          Environment <code>{environmentId}</code>
        </p>
      </footer>
    </DynamicContextProvider>
  );
}

function Session({ issuerUrl }: { issuerUrl: string }) {
  const { user } = useDynamicContext();
  const client = useDynamicClient();
  useEffect(() => listen(client, (...said) => note('client', ...said)), [client]);
  const { token } = client;
  const tokenId = token === null ? undefined : String(decodeJwt(token).claims['jti']);
  return (
    <>
      <div className="steps">
        <Part id="timeline" title="Its times" about="By the server’s clock, as the client has learnt it from the server’s answers.">
          <Who issuerUrl={issuerUrl} />
          <Timeline inspect={() => client.inspect()} />
        </Part>
        <Part id="tabs" title="Its tabs" about="They share one record in storage. What they tell each other is that it changed, never what is in it.">
          <Tabs user={user?.externalUserId} tokenId={tokenId} />
        </Part>
      </div>
      <BreakIt refresh={() => refreshAuth(client)} />
    </>
  );
}

function Part({ id, title, about, children }: { id: string; title: string; about: string; children: ReactNode }) {
  return (
    <section className="step" aria-labelledby={id}>
      <div className="part-head">
        <h2 id={id}>{title}</h2>
        <p>{about}</p>
      </div>
      <div className="step-body">{children}</div>
    </section>
  );
}
