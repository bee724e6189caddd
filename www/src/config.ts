/** Where everything is. */
export interface DemoConfig {
  readonly environmentId: string;
  readonly apiBaseUrl: string;
  readonly issuerUrl: string;
}

const ENVIRONMENT_ID = '00000000-0000-4000-8000-00000000b0a0';

/** What `serve.mjs` wrote into the page; under another server, the two ports after the page's own. */
export function readConfig(): DemoConfig {
  const written = document.getElementById('config')?.textContent;
  const addresses = written ? (JSON.parse(written) as Omit<DemoConfig, 'environmentId'>) : nextPorts();
  return { environmentId: ENVIRONMENT_ID, ...addresses };
}

function nextPorts() {
  const port = Number(location.port || 4600);
  return { issuerUrl: `http://localhost:${port + 1}`, apiBaseUrl: `http://localhost:${port + 2}/api/v0` };
}
