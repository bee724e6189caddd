//! Error bodies and their codes.

use crate::Reason;
use serde::{Deserialize, Serialize};

/// Body of every answer of 400 and above. `error` is always a sentence: the published client
/// throws the raw response where it is anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ErrorBody {
    /// What is wrong and how to mend it. For people; not part of the contract.
    pub error: String,
    /// One of [`ErrorCode`], or a word that a newer server knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub code: Option<String>,
    /// More about it, where there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payload: Option<ErrorPayload>,
}

/// Details of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ErrorPayload {
    /// For `invalid_external_auth`: the [`Reason`]'s code, first. For `invalid_dpop_proof` and
    /// `use_dpop_nonce`: one of [`DPOP_REASONS`](crate::dpop::DPOP_REASONS).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_messages: Vec<String>,
}

impl ErrorBody {
    /// A body with a code and a sentence.
    #[must_use]
    pub fn new(code: ErrorCode, error: impl Into<String>) -> Self {
        Self { error: error.into(), code: Some(code.as_str().to_owned()), payload: None }
    }

    /// The body of a refused external JWT.
    #[must_use]
    pub fn rejected(reason: Reason, error: impl Into<String>) -> Self {
        let payload = ErrorPayload { additional_messages: vec![reason.as_str().to_owned()] };
        Self { payload: Some(payload), ..Self::new(ErrorCode::InvalidExternalAuth, error) }
    }

    /// A body whose reason is not one of an external JWT's.
    #[must_use]
    pub fn because(code: ErrorCode, reason: &str, error: impl Into<String>) -> Self {
        let payload = ErrorPayload { additional_messages: vec![reason.to_owned()] };
        Self { payload: Some(payload), ..Self::new(code, error) }
    }

    /// The reason's code, where there is one. May be a word that this version does not know.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.payload.as_ref()?.additional_messages.first().map(String::as_str)
    }
}

macro_rules! codes {
    ($($(#[doc = $when:literal])+ $variant:ident = $code:literal, $status:expr, retry: $retry:literal;)+) => {
        /// What went wrong, as a stable word. Codes are never renamed or reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $when])+ $variant,)+
        }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// HTTP status it travels with; `None` for what only the client can say.
            #[must_use]
            pub const fn status(self) -> Option<u16> {
                match self { $(Self::$variant => $status,)+ }
            }

            /// When it happens.
            #[must_use]
            pub const fn when(self) -> &'static str {
                match self { $(Self::$variant => concat!($($when),+).trim_ascii(),)+ }
            }

            /// Whether the same call may succeed later without a change by the caller.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$variant => $retry,)+ }
            }
        }
    };
}

codes! {
    /// The external JWT was refused; `reason` says by which rule.
    InvalidExternalAuth = "invalid_external_auth", Some(422), retry: false;
    /// The body is not the JSON that the operation asks for, or a parameter is out of its bounds.
    BadRequest = "bad_request", Some(400), retry: false;
    /// No session token came with the request, or it is not a live one of this environment.
    Unauthorized = "unauthorized", Some(401), retry: false;
    /// The session was left alone for longer than the server allows (`serve --idle-limit`).
    SessionIdle = "session_idle", Some(401), retry: false;
    /// The proof of possession that came, or did not come, with a bound token was refused; the first of
    /// `additionalMessages` says by which rule (RFC 9449 7.1).
    InvalidDpopProof = "invalid_dpop_proof", Some(401), retry: false;
    /// The proof of possession must repeat the `DPoP-Nonce` of this answer (RFC 9449 8).
    UseDpopNonce = "use_dpop_nonce", Some(401), retry: true;
    /// The session is known and may not do this.
    Forbidden = "forbidden", Some(403), retry: false;
    /// The operation needs an elevated token of this session with the operation's scope, not used before.
    StepUpRequired = "step_up_required", Some(403), retry: false;
    /// No such environment or path.
    NotFound = "not_found", Some(404), retry: false;
    /// The path exists; the method does not.
    MethodNotAllowed = "method_not_allowed", Some(405), retry: false;
    /// The body did not come whole in its time.
    RequestTimeout = "request_timeout", Some(408), retry: true;
    /// The body is over the limit.
    PayloadTooLarge = "payload_too_large", Some(413), retry: false;
    /// The body's content type is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type", Some(415), retry: false;
    /// The session key is not a compressed P-256 point in 66 lower-case hex digits.
    InvalidSessionPublicKey = "invalid_session_public_key", Some(422), retry: false;
    /// A step-up asks for no scope, or for one that does not exist.
    InvalidScopes = "invalid_scopes", Some(422), retry: false;
    /// The device's signed nonce does not verify, or the nonce is used, expired or not ours.
    InvalidDeviceNonce = "invalid_device_nonce", Some(422), retry: false;
    /// A profile field is too long or of a wrong form; the sentence names it.
    InvalidUpdate = "invalid_update", Some(422), retry: false;
    /// The username is too long, or has control characters, invisible ones, or ones that turn the direction of
    /// writing.
    InvalidUsername = "invalid_username", Some(422), retry: false;
    /// Another user of the environment has this username.
    UsernameAlreadyExists = "username_already_exists", Some(422), retry: false;
    /// The user's metadata is over 16 KiB.
    MetadataSizeExceeded = "metadata_size_exceeded", Some(422), retry: false;
    /// Too many requests; wait for `Retry-After` seconds.
    TooManyRequests = "too_many_requests", Some(429), retry: true;
    /// The issuer's key set cannot be read now and none is cached.
    IssuerKeysUnavailable = "issuer_keys_unavailable", Some(503), retry: true;
    /// The server's store does not answer now.
    ServiceUnavailable = "service_unavailable", Some(503), retry: true;
    /// The server failed; its log has the cause under the request id.
    InternalServerError = "internal_server_error", Some(500), retry: true;
    /// Client: an argument is missing or of a wrong type; nothing was sent.
    InvalidArgument = "invalid_argument", None, retry: false;
    /// Client: the server could not be reached.
    NetworkError = "network_error", None, retry: true;
    /// Client: the server did not answer in time; what was asked may have happened all the same.
    Timeout = "timeout", None, retry: true;
    /// Client: the caller's `AbortSignal` ended the call.
    Aborted = "aborted", None, retry: false;
    /// Client: the answer is not one of this API's; the base URL may be wrong.
    InvalidResponse = "invalid_response", None, retry: false;
    /// Client: this needs a signed-in user.
    NotSignedIn = "not_signed_in", None, retry: false;
    /// Client: a newer call replaced this one, or the client was closed meanwhile.
    Superseded = "superseded", None, retry: false;
    /// Client: the core could not be loaded here, neither as WebAssembly nor as JavaScript.
    WasmUnavailable = "wasm_unavailable", None, retry: false;
    /// Client: the key that the session is bound to cannot be used now, or none can be had where the app
    /// requires one.
    SessionKeyUnavailable = "session_key_unavailable", None, retry: true;
    /// Client: the session token is not one of the environment; `reason` says by which rule.
    SessionTokenInvalid = "session_token_invalid", None, retry: false;
    /// Client: the environment's public keys cannot be read now, and none that fit are kept.
    SessionKeysUnavailable = "session_keys_unavailable", None, retry: true;
    /// Client: the page has no `crypto.subtle`, since it was not loaded over https; or the browser lacks an
    /// algorithm.
    CryptoUnavailable = "crypto_unavailable", None, retry: false;
    /// Client: a request that carried the session was answered with a redirect, which is not followed.
    RedirectRefused = "redirect_refused", None, retry: false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let codes: std::collections::HashSet<_> = ErrorCode::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn a_rejection_carries_its_reason_first() {
        let body = ErrorBody::rejected(Reason::JwtExpired, "expired");
        assert_eq!(body.reason(), Some("jwt_expired"));
        assert_eq!(
            serde_json::to_value(&body).expect("plain data"),
            serde_json::json!({"error": "expired", "code": "invalid_external_auth",
                "payload": {"additionalMessages": ["jwt_expired"]}})
        );
    }

    #[test]
    fn a_body_with_unknown_members_and_codes_is_read() {
        let text = r#"{"error":"no","code":"from_the_future","payload":{"email":"x"},"hint":1}"#;
        let body: ErrorBody = serde_json::from_str(text).expect("additive");
        assert_eq!((body.code.as_deref(), body.reason()), (Some("from_the_future"), None));
    }
}
