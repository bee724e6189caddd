//! The part of the declarations that wasm-bindgen cannot derive. No code.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type {
  ClientConfig,
  ClientEvent,
  ClientSnapshot,
  LogoutReason,
  LogoutResult,
  SessionTimeline,
  SignInWithExternalJwtArgs,
  UserFields,
  UserProfile,
} from "./wire.js";
import type { Aborted, CoreHost } from "../core.js";

export interface ElevatedToken {
  readonly elevatedAccessToken: string;
}

export interface StepUpCheckResponse {
  readonly isRequired: boolean;
  readonly credentials: readonly { readonly id: string; readonly format: string }[];
  readonly defaultCredentialId?: string;
}

export interface AnnouncedSettings {
  readonly boundKeys: boolean;
  readonly deviceProofs: boolean;
  readonly sessionCookie: boolean;
  readonly externalJwtCookie: boolean;
  readonly stepUp: boolean;
}

export interface Authorization {
  readonly authorization?: string;
  readonly proof?: string;
}

/** What `useExternalAuth()` gives. Its methods may be taken off it. */
export interface ExternalAuth {
  /**
   * Exchanges the JWT that your own backend issued for a session.
   *
   * Rejects with an `Error` that has `code`, `reason`, `status` and `retryable`; never throws.
   */
  readonly signInWithExternalJwt: (args: SignInWithExternalJwtArgs) => Promise<UserProfile>;
}
"#;
