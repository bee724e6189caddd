// Generated from crates/protocol; do not edit.

/** Whatever JSON can say. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/**
 * What a token is bound to (RFC 7800).
 */
export type Confirmation = { 
/**
 * Thumbprint of a public key (RFC 7638).
 */
jkt: string, };

/**
 * Claims of the bearer token (`minifiedJwt`).
 */
export type SessionClaims = { 
/**
 * Id of the signing key; also in the header.
 */
kid: string, 
/**
 * Origin of the page that signed in; the server's own origin where none was sent.
 */
aud: string, 
/**
 * `host/environmentId`, without a scheme.
 */
iss: string, 
/**
 * UUID of the user.
 */
sub: string, 
/**
 * UUID of the session.
 */
sid: string, 
/**
 * Seconds since 1970.
 */
iat: number, 
/**
 * Seconds since 1970.
 */
exp: number, 
/**
 * Seconds since 1970: no refresh after this.
 */
refreshExp: number, 
/**
 * UUID, unique to this token.
 */
jti: string, 
/**
 * UUID of the environment.
 */
environment_id: string, 
/**
 * Space separated; [`SCOPE_USER_BASIC`] for a fully signed-in user.
 */
scope: string, 
/**
 * UUID of the credential used last.
 */
last_verified_credential_id: string, 
/**
 * UUID of the credential that made the session.
 */
signin_credential_id: string, 
/**
 * Key that the session is bound to, 66 hex digits.
 */
session_public_key?: string, 
/**
 * The key that must be proved with every use of the token (RFC 9449 6). A backend that takes such a
 * token without asking for a proof takes it from whoever has it.
 */
cnf?: Confirmation, 
/**
 * Name and version of the SDK that signed in.
 */
sdkVersion?: string, 
/**
 * E-mail address.
 */
email?: string, 
/**
 * Username.
 */
username?: string, };

/**
 * One way in which the user was recognised. Member names are mixed case on the wire.
 */
export type JwtVerifiedCredential = { 
/**
 * UUID.
 */
id: string, 
/**
 * What kind of credential: [`FORMAT_EXTERNAL_USER`], [`FORMAT_EMAIL`], or another server's kind.
 */
format: "externalUser" | "email" | (string & {}), 
/**
 * For `externalUser`: the external JWT's `sub`. For `email`: the address.
 */
public_identifier?: string, 
/**
 * The address, where the format is `email`.
 */
email?: string, 
/**
 * Whether it may be used to sign in.
 */
signInEnabled: boolean, 
/**
 * RFC 3339, milliseconds, UTC.
 */
verifiedAt?: string, 
/**
 * RFC 3339, milliseconds, UTC.
 */
lastSelectedAt?: string, };

/**
 * Body of `PUT users`: what a user may change about itself. A member left out stays as it is;
 * an empty string clears it. Members that are not listed are ignored.
 */
export type UserFields = { 
/**
 * Display name.
 */
alias?: string, 
/**
 * ISO 3166-1 alpha-2.
 */
country?: string, 
/**
 * E-mail address; never verified by this call.
 */
email?: string, 
/**
 * Given name.
 */
firstName?: string, 
/**
 * Title.
 */
jobTitle?: string, 
/**
 * Family name.
 */
lastName?: string, 
/**
 * Phone number; never verified by this call.
 */
phoneNumber?: string, 
/**
 * T-shirt size.
 */
tShirtSize?: string, 
/**
 * Team.
 */
team?: string, 
/**
 * Unique in the environment.
 */
username?: string, 
/**
 * Whether the policies are accepted.
 */
policiesConsent?: boolean, 
/**
 * Replaces the whole metadata, 16 KiB of JSON at most.
 */
metadata?: { [key in string]: JsonValue }, };

/**
 * Whether a sign-in binds its session to a key of this browser, so that a stolen token is of no use.
 */
export type SessionBinding = "auto" | "required" | "off";

/**
 * How a client is made.
 */
export type ClientConfig = { 
/**
 * UUID of the environment.
 */
environmentId: string, 
/**
 * Such as `https://auth.example.com/api/v0`. There is no default: no host but yours is called.
 */
apiBaseUrl: string, 
/**
 * Keeps two apps of one origin and one environment apart: their sessions have keys of their own.
 */
storageKeySuffix?: string, 
/**
 * How long a request may take, in milliseconds; 10 000 unless given.
 */
requestTimeoutMs?: number, 
/**
 * Whether the session is refreshed by itself before its token ends; `true` unless given.
 */
autoRefresh?: boolean, 
/**
 * Whether sessions are bound to a key of this browser (RFC 9449); `auto` unless given.
 */
sessionBinding?: SessionBinding, };

/**
 * Arguments of `signInWithExternalJwt`.
 */
export type SignInWithExternalJwtArgs = { 
/**
 * The JWT that your own provider or backend issued for this user. Left out where the environment reads
 * it from a cookie.
 */
externalJwt?: string, 
/**
 * Your id of the user. Where it is given, a JWT with another `sub` is refused before anything is sent.
 */
externalUserId?: string, };

/**
 * The signed-in user, as `useDynamicContext().user` and the sign-in promise give it.
 */
export type UserProfile = { 
/**
 * UUID of the session.
 */
sessionId: string, 
/**
 * How the user was recognised.
 */
verifiedCredentials: Array<JwtVerifiedCredential>, 
/**
 * UUID of the user.
 */
userId?: string, 
/**
 * UUID of the environment.
 */
environmentId?: string, 
/**
 * Your own id of the user: the external JWT's `sub`.
 */
externalUserId?: string, 
/**
 * Credential that was used last.
 */
lastVerifiedCredentialId?: string, 
/**
 * Created by this very sign-in.
 */
newUser?: boolean, 
/**
 * Space separated.
 */
scope?: string, 
/**
 * Display name.
 */
alias?: string, 
/**
 * ISO 3166-1 alpha-2.
 */
country?: string, 
/**
 * E-mail address; verified only where a credential of format `email` says so.
 */
email?: string, 
/**
 * Given name.
 */
firstName?: string, 
/**
 * Title.
 */
jobTitle?: string, 
/**
 * Family name.
 */
lastName?: string, 
/**
 * Phone number.
 */
phoneNumber?: string, 
/**
 * T-shirt size.
 */
tShirtSize?: string, 
/**
 * Team.
 */
team?: string, 
/**
 * Unique in the environment.
 */
username?: string, 
/**
 * Whether the policies were accepted.
 */
policiesConsent?: boolean, 
/**
 * RFC 3339.
 */
firstVisit?: string, 
/**
 * RFC 3339.
 */
lastVisit?: string, 
/**
 * The app's own data.
 */
metadata?: { [key in string]: JsonValue }, 
/**
 * Profile fields that the environment requires and the user lacks.
 */
missingFields?: Array<JsonValue>, };

/**
 * Why a session ended.
 */
export type LogoutReason = "user-intent" | "expired" | "session-revoked" | "user-deleted" | "provider-signed-out";

/**
 * Result of signing out: the client is always signed out afterwards.
 */
export type LogoutResult = { 
/**
 * Whether the server confirmed that the session is revoked there too.
 */
revoked: boolean, };

/**
 * How a session's token is protected, strongest first.
 */
export type SecurityLevel = "bound" | "memory" | "bearer";

/**
 * How a session is protected.
 */
export type Security = { 
/**
 * The level.
 */
level: SecurityLevel, };

/**
 * Where the session is kept.
 */
export type StorageKind = "local" | "session" | "memory" | "custom";

/**
 * The session's times, for a page that shows them or a report of a fault. Holds no token. All times are
 * in milliseconds since 1970 by the server's clock, as far as it is known.
 */
export type SessionTimeline = { 
/**
 * When the session token was issued.
 */
issuedAt?: number, 
/**
 * When it ends.
 */
expiresAt?: number, 
/**
 * When this tab refreshes it next, where it means to.
 */
nextRefreshAt?: number, 
/**
 * When the session cannot be refreshed any more.
 */
refreshExpiresAt?: number, 
/**
 * How far the server's clock is ahead of this machine's.
 */
skewMs: number, 
/**
 * Where the session is kept.
 */
storage: StorageKind, 
/**
 * How the session is protected; absent where nobody is signed in.
 */
security?: Security, };

/**
 * What the client knows now. Immutable; a new one is made for every change. Holds no token.
 */
export type ClientSnapshot = { "status": "loading" } | { "status": "signedOut", 
/**
 * Why the last session ended; absent where there was none.
 */
reason?: LogoutReason, } | { "status": "signedIn", 
/**
 * Who.
 */
user: UserProfile, 
/**
 * When the session token ends, in milliseconds since 1970.
 */
sessionExpiresAt: number, 
/**
 * What a thief of the stored session could do with it.
 */
security: Security, };

/**
 * What happened, for listeners.
 */
export type ClientEvent = { "type": "authInit" } | { "type": "authSuccess", 
/**
 * Who.
 */
user: UserProfile, } | { "type": "authFailure", 
/**
 * The error's code.
 */
code: string, 
/**
 * The broken rule, where the external JWT was refused.
 */
reason?: string, } | { "type": "userChanged", 
/**
 * The new one.
 */
user: UserProfile, } | { "type": "tokenChanged" } | { "type": "sessionExpiring", 
/**
 * When, in milliseconds since 1970.
 */
expiresAt: number, } | { "type": "sessionRefreshFailed", 
/**
 * The error's code.
 */
code: string, 
/**
 * When it is tried again, in milliseconds since 1970.
 */
retryAt: number, } | { "type": "logout", 
/**
 * Why.
 */
reason: LogoutReason, } | { "type": "warning", 
/**
 * A stable word: `storage_unavailable`, `revoke_failed`, `stored_session_invalid`.
 */
code: string, 
/**
 * One sentence.
 */
message: string, };

/** What went wrong; docs/ERRORS.md says when. */
export type ErrorCode =
  | "invalid_external_auth"
  | "bad_request"
  | "unauthorized"
  | "session_idle"
  | "invalid_dpop_proof"
  | "use_dpop_nonce"
  | "forbidden"
  | "step_up_required"
  | "not_found"
  | "method_not_allowed"
  | "request_timeout"
  | "payload_too_large"
  | "unsupported_media_type"
  | "invalid_session_public_key"
  | "invalid_scopes"
  | "invalid_device_nonce"
  | "invalid_update"
  | "invalid_username"
  | "username_already_exists"
  | "metadata_size_exceeded"
  | "too_many_requests"
  | "issuer_keys_unavailable"
  | "service_unavailable"
  | "internal_server_error"
  | "invalid_argument"
  | "network_error"
  | "timeout"
  | "aborted"
  | "invalid_response"
  | "not_signed_in"
  | "superseded"
  | "wasm_unavailable"
  | "session_key_unavailable"
  | "session_token_invalid"
  | "session_keys_unavailable"
  | "crypto_unavailable"
  | "redirect_refused";

/** The rule that a refused external JWT broke; docs/ERRORS.md says how to mend it. */
export type Reason =
  | "jwt_missing"
  | "jwt_malformed"
  | "jwt_too_large"
  | "jwt_header_invalid"
  | "jwt_payload_invalid"
  | "jwt_duplicate_member"
  | "jwt_alg_not_allowed"
  | "jwt_alg_mismatch"
  | "jwt_crit_unsupported"
  | "jwt_typ_not_allowed"
  | "jwt_kid_invalid"
  | "jwt_kid_unknown"
  | "jwt_kid_ambiguous"
  | "jwt_key_unusable"
  | "jwt_signature_invalid"
  | "jwt_iss_missing"
  | "jwt_iss_mismatch"
  | "jwt_sub_missing"
  | "jwt_sub_invalid"
  | "jwt_exp_missing"
  | "jwt_exp_invalid"
  | "jwt_expired"
  | "jwt_not_yet_valid"
  | "jwt_issued_in_future"
  | "jwt_time_invalid"
  | "jwt_lifetime_too_long"
  | "jwt_jti_missing"
  | "jwt_aud_missing"
  | "jwt_aud_invalid"
  | "jwt_aud_mismatch"
  | "jwt_replayed"
  | "external_user_mismatch"
  | "external_auth_disabled";