//! Header names of the API, lower case as HTTP/2 sends them.

/// Version of the API the caller was written against, such as `API/0.0.1125`.
pub const API_VERSION: &str = "x-dyn-api-version";
/// Name and version of the calling SDK, such as `ClientSDK/1.27.1`.
pub const SDK_VERSION: &str = "x-dyn-version";
/// Random per request, for finding one request in the logs of both sides.
pub const REQUEST_ID: &str = "x-dyn-request-id";
/// Random per client instance; not the session's id.
pub const CLIENT_ID: &str = "x-dyn-session-id";
/// `web` or `react-native`.
pub const PLATFORM: &str = "x-dynamic-platform";
/// The session key: a compressed P-256 point, 66 lower-case hex digits.
pub const SESSION_PUBLIC_KEY: &str = "x-dyn-session-public-key";
/// Why the client ends the session; sent with `revoke`.
pub const LOGOUT_REASON: &str = "x-dyn-logout-reason";
/// A server nonce that the device key signed.
pub const DEVICE_NONCE: &str = "x-dynamic-device-nonce";
/// The device key: a compressed P-256 point in hex.
pub const DEVICE_PUBLIC_KEY: &str = "x-dynamic-device-publickey";
/// ECDSA signature (r‖s, hex) of the nonce's UTF-8 bytes under the device key.
pub const DEVICE_SIGNED_NONCE: &str = "x-dynamic-device-signed-nonce";
/// A step-up token, on operations that ask for one.
pub const ELEVATED_ACCESS_TOKEN: &str = "x-dyn-elevated-access-token";
/// Proof of a second factor; accepted in CORS, not used by this server.
pub const MFA_AUTH_TOKEN: &str = "x-mfa-auth-token";
/// Fingerprint that the legacy SDK sends; accepted in CORS, never read.
pub const DEVICE_FINGERPRINT: &str = "x-dyn-device-fingerprint";
/// Marker that the legacy SDK sends; accepted in CORS, never read.
pub const GLOBAL_WALLET_POPUP: &str = "x-dyn-is-global-wallet-popup";
/// Registration token of a device; accepted in CORS, never read.
pub const DEVICE_REGISTRATION_TOKEN: &str = "x-dynamic-device-registration-token";

/// Cookie that carries the session token where the environment keeps sessions in one.
pub const SESSION_COOKIE: &str = "DYNAMIC_JWT_TOKEN";
/// A proof of possession (RFC 9449 4.1).
pub const DPOP: &str = "dpop";
/// The nonce that the next proof must repeat (RFC 9449 8).
pub const DPOP_NONCE: &str = "dpop-nonce";

/// With `return=minimal` (RFC 7240 4.2) an answer with a session has the bearer and no identity token (`jwt`), which
/// costs the server a signature.
pub const PREFER: &str = "prefer";

/// Every request header of the API beyond the CORS-safelisted ones.
pub const CORS_ALLOWED: &[&str] = &[
    "accept",
    "authorization",
    "content-type",
    API_VERSION,
    SDK_VERSION,
    REQUEST_ID,
    CLIENT_ID,
    PLATFORM,
    SESSION_PUBLIC_KEY,
    LOGOUT_REASON,
    DEVICE_NONCE,
    DEVICE_PUBLIC_KEY,
    DEVICE_SIGNED_NONCE,
    ELEVATED_ACCESS_TOKEN,
    MFA_AUTH_TOKEN,
    DEVICE_FINGERPRINT,
    GLOBAL_WALLET_POPUP,
    DEVICE_REGISTRATION_TOKEN,
    DPOP,
    PREFER,
];
