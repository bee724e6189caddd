import { DynamicContextProvider } from 'byoa/react';
import { useState } from 'react';
import type { IssuedToken } from './backend';
import type { DemoConfig } from './config';
import { Masthead } from './parts/masthead';
import { Refusals } from './refusals/panel';
import { Exchange } from './steps/exchange';
import { ExternalJwt } from './steps/external-jwt';
import { Profile } from './steps/profile';
import { Session } from './steps/session';
import { YourBackend } from './steps/your-backend';

export function App({ config }: { config: DemoConfig }) {
  const { environmentId, apiBaseUrl, issuerUrl } = config;
  return (
    <DynamicContextProvider settings={{ environmentId, apiBaseUrl }}>
      <Masthead here="/" />
      <main id="main">
        <div className="intro">
          <h1>Bring your own auth. Watch it being exchanged.</h1>
          <p>
            Your backend signs a JWT. This page hands it to <code>byoa-server</code>, which checks it against your published keys
            and gives a session back. All three run on this machine, and nothing else is asked.
          </p>
          <ol className="route" aria-label="Who talks to whom">
            <Place name="your backend" url={issuerUrl} does="signs" />
            <Place name="this page" url={location.origin} does="exchanges" />
            <Place name="byoa-server" url={new URL(apiBaseUrl).origin} does="verifies" />
          </ol>
        </div>
        <Steps issuerUrl={issuerUrl} />
        <Refusals issuerUrl={issuerUrl} />
      </main>
      <footer>
        <p>
          Environment <code>{environmentId}</code>
        </p>
      </footer>
    </DynamicContextProvider>
  );
}

function Steps({ issuerUrl }: { issuerUrl: string }) {
  const [token, setToken] = useState<IssuedToken>();
  return (
    <div className="steps">
      <YourBackend issuerUrl={issuerUrl} done={token !== undefined} onToken={setToken} />
      <ExternalJwt token={token} issuerUrl={issuerUrl} />
      <Exchange key={token?.externalJwt} token={token} />
      <Profile />
      <Session />
    </div>
  );
}

function Place({ name, url, does }: { name: string; url: string; does: string }) {
  return (
    <li>
      <strong>{name}</strong>
      <span>{url.replace('http://', '')}</span>
      <em>{does}</em>
    </li>
  );
}
