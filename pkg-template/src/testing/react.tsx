'use client';

import { type ReactNode, useState } from 'react';
import type { AuthEvents } from '../react/events.js';
import { DynamicContextProvider } from '../react/provider.js';
import { type TestClient, type TestClientOptions, createTestClient } from './client.js';

/**
 * Props of {@link TestProvider}: what {@link createTestClient} takes, or a client that it made.
 *
 * @example
 * ```tsx
 * const props: TestProviderProps = { user: 'alice', children: <Profile /> };
 * ```
 */
export interface TestProviderProps extends TestClientOptions {
  readonly children?: ReactNode;
  /** One that the test goes on talking to; the other options are then its own. */
  readonly client?: TestClient | undefined;
  /** As `settings.events` of the real provider. */
  readonly events?: AuthEvents | undefined;
}

/**
 * The provider for tests: every hook works below it, without a server, WebAssembly or waiting. Its options are those
 * of the first render.
 *
 * @example
 * ```tsx
 * render(<TestProvider user="alice"><Profile /></TestProvider>);
 * screen.getByText('Hello, alice');
 * ```
 */
export function TestProvider({ children, client: given, events, ...options }: TestProviderProps): ReactNode {
  const [made] = useState(() => given ?? createTestClient(options));
  return (
    <DynamicContextProvider client={given ?? made} settings={{ events }}>
      {children}
    </DynamicContextProvider>
  );
}

export * from './index.js';
