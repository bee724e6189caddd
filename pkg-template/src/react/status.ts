'use client';

import type { ReactNode } from 'react';
import { useProvided } from './context.js';
import { statusOf, useSnapshotOf } from './store.js';

/**
 * Shows its children while somebody is signed in.
 *
 * @example
 * ```tsx
 * <SignedIn><Inbox /></SignedIn>
 * ```
 *
 * @throws {MissingProviderError}
 */
export function SignedIn({ children }: { readonly children?: ReactNode }): ReactNode {
  return useSnapshotOf(useProvided('SignedIn'), statusOf) === 'signedIn' ? children : null;
}

/**
 * Shows its children while nobody is signed in. While that is not known yet, neither this nor {@link SignedIn}
 * shows anything: nobody sees a sign-in button that goes away.
 *
 * @example
 * ```tsx
 * <SignedOut><SignInButton /></SignedOut>
 * ```
 *
 * @throws {MissingProviderError}
 */
export function SignedOut({ children }: { readonly children?: ReactNode }): ReactNode {
  return useSnapshotOf(useProvided('SignedOut'), statusOf) === 'signedOut' ? children : null;
}
