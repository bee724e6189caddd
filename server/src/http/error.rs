//! Errors as answers: the only table from what went wrong to a status and a code.

use super::{BODY_TIMEOUT, MAX_BODY_BYTES, REQUEST_TIMEOUT};
use crate::exchange::environments::EnvironmentError;
use crate::exchange::webhooks::WebhookError;
use crate::exchange::{ExchangeError, Unauthorized};
use crate::store::StoreError;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use byoa_protocol::{ErrorBody, ErrorCode};
use std::any::Any;
use std::time::Duration;

/// Why a request is not answered with what it asked for. Its `Display` is the sentence in the body:
/// it names the mend, and never repeats a token or anything else of a body.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The path names no environment that exists.
    #[error("no such environment; check the environment id (byoa-server env list)")]
    UnknownEnvironment,
    /// No such path.
    #[error(
        "no such path; apps call /api/v0/sdk/{{environmentId}}/…, administrators /api/v0/environments/…, and /docs \
         lists every path"
    )]
    UnknownPath,
    /// No such path where the metrics are.
    #[error("no such path; the metrics are at /metrics, and everything else is on the server's other port")]
    NotMetrics,
    /// The path exists, the method does not.
    #[error("this path does not know this method; the Allow header lists those it knows")]
    MethodNotAllowed,
    /// Too long a body.
    #[error("the body is over {MAX_BODY_BYTES} bytes")]
    PayloadTooLarge,
    /// A body that does not come.
    #[error("the body did not come whole within {} s; send it again", BODY_TIMEOUT.as_secs())]
    BodyTooSlow,
    /// A body that does not say that it is JSON.
    #[error("the body must be JSON; send it with Content-Type: application/json")]
    UnsupportedMediaType,
    /// A body or parameter of a wrong shape; the sentence is safe to show.
    #[error("{0}")]
    BadRequest(String),
    /// A browser says that the page is not one of the environment's.
    #[error(
        "pages of this origin may not sign in to this environment; add it with byoa-server env set --allowed-origin"
    )]
    ForeignOrigin,
    /// A cookie came without a browser's word about which page sent it.
    #[error("a call by cookie needs the Origin header that browsers send")]
    OriginMissing,
    /// No administrator's token came.
    #[error("No jwt provided!")]
    NoAdminToken,
    /// What came is none, or has ended. A session's token is none.
    #[error(
        "the admin token is not known, has expired or was revoked; make one with byoa-server admin-token create"
    )]
    BadAdminToken,
    /// The token's scopes do not allow it there.
    #[error("Access Forbidden")]
    AdminForbidden,
    /// There is no such thing in the environment.
    #[error("not found; check the id")]
    NotThere,
    /// An environment's settings were refused.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// A webhook's settings were refused.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// One request too many; after this long there is room again.
    #[error("Too many requests. Please try again later.")]
    TooManyRequests(Duration),
    /// Not done in time.
    #[error("the request was not answered within {} s; try again", REQUEST_TIMEOUT.as_secs())]
    TimedOut,
    /// The store does not answer.
    #[error("the server cannot reach its database now; try again")]
    Unavailable,
    /// The environment's keys are sealed, and do not open here.
    #[error(
        "the server cannot open the environment's keys now; its log has the cause under this request's id"
    )]
    Sealed,
    /// A fault of ours.
    #[error("the server failed; its log has the cause under this request's id")]
    Panicked,
    /// A use case refused or failed.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

/// What the log line of a refused request repeats; travels in the response's extensions.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) reason: Option<String>,
}

impl ApiError {
    /// The code, which decides the status.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownEnvironment
            | Self::UnknownPath
            | Self::NotMetrics
            | Self::NotThere
            | Self::Environment(EnvironmentError::NotFound(_))
            | Self::Webhook(
                WebhookError::EnvironmentNotFound | WebhookError::NotFound | WebhookError::MessageNotFound,
            ) => ErrorCode::NotFound,
            Self::MethodNotAllowed => ErrorCode::MethodNotAllowed,
            Self::PayloadTooLarge => ErrorCode::PayloadTooLarge,
            Self::BodyTooSlow => ErrorCode::RequestTimeout,
            Self::UnsupportedMediaType => ErrorCode::UnsupportedMediaType,
            Self::BadRequest(_) => ErrorCode::BadRequest,
            Self::ForeignOrigin | Self::OriginMissing | Self::AdminForbidden => ErrorCode::Forbidden,
            Self::NoAdminToken | Self::BadAdminToken => ErrorCode::Unauthorized,
            Self::Environment(
                EnvironmentError::Invalid { .. }
                | EnvironmentError::SeveralIssuers
                | EnvironmentError::Exists(_),
            )
            | Self::Webhook(WebhookError::Invalid { .. } | WebhookError::TooMany | WebhookError::Disabled) => {
                ErrorCode::InvalidUpdate
            }
            Self::TooManyRequests(_) => ErrorCode::TooManyRequests,
            Self::TimedOut
            | Self::Unavailable
            | Self::Sealed
            | Self::Environment(
                EnvironmentError::Sealed { .. }
                | EnvironmentError::Store(StoreError::Unavailable(_) | StoreError::Conflict(_)),
            )
            | Self::Webhook(
                WebhookError::Sealed(_)
                | WebhookError::Store(StoreError::Unavailable(_) | StoreError::Conflict(_)),
            ) => ErrorCode::ServiceUnavailable,
            Self::Panicked
            | Self::Environment(
                EnvironmentError::Key(_) | EnvironmentError::NoMasterKey | EnvironmentError::Store(_),
            )
            | Self::Webhook(WebhookError::Store(_)) => ErrorCode::InternalServerError,
            Self::Exchange(error) => match error {
                ExchangeError::Rejected { .. } => ErrorCode::InvalidExternalAuth,
                ExchangeError::KeysUnavailable(_) => ErrorCode::IssuerKeysUnavailable,
                ExchangeError::Unauthorized(Unauthorized::Idle) => ErrorCode::SessionIdle,
                ExchangeError::Unauthorized(_) => ErrorCode::Unauthorized,
                ExchangeError::ProofRefused { .. } => ErrorCode::InvalidDpopProof,
                ExchangeError::ProofNonce { .. } => ErrorCode::UseDpopNonce,
                ExchangeError::StepUpRequired(_) => ErrorCode::StepUpRequired,
                ExchangeError::InvalidScopes => ErrorCode::InvalidScopes,
                ExchangeError::EnvironmentNotFound => ErrorCode::NotFound,
                ExchangeError::InvalidUpdate(_) => ErrorCode::InvalidUpdate,
                ExchangeError::InvalidUsername(_) => ErrorCode::InvalidUsername,
                ExchangeError::UsernameTaken => ErrorCode::UsernameAlreadyExists,
                ExchangeError::MetadataTooLarge => ErrorCode::MetadataSizeExceeded,
                ExchangeError::InvalidSessionPublicKey => ErrorCode::InvalidSessionPublicKey,
                ExchangeError::InvalidDeviceNonce(_) => ErrorCode::InvalidDeviceNonce,
                ExchangeError::Store(StoreError::Unavailable(_)) | ExchangeError::Sealed(_) => {
                    ErrorCode::ServiceUnavailable
                }
                ExchangeError::Store(
                    StoreError::Conflict(_) | StoreError::NotFound | StoreError::Corrupt(_),
                )
                | ExchangeError::Internal(_) => ErrorCode::InternalServerError,
            },
        }
    }

    /// The sentence for the caller: what only the operator can mend stays in the log.
    fn sentence(&self) -> String {
        match self.code() {
            ErrorCode::InternalServerError => Self::Panicked.to_string(),
            // Whoever calls has no shell there.
            _ if matches!(self, Self::Environment(EnvironmentError::SeveralIssuers)) => {
                "externalAuth is one issuer's settings, and the environment has several; change each with PUT \
                 /api/v0/environments/{environmentId}/issuers/{iss}"
                    .to_owned()
            }
            _ if self.is_sealed() => Self::Sealed.to_string(),
            ErrorCode::ServiceUnavailable if !matches!(self, Self::TimedOut) => Self::Unavailable.to_string(),
            _ => self.to_string(),
        }
    }

    fn is_sealed(&self) -> bool {
        matches!(
            self,
            Self::Sealed
                | Self::Exchange(ExchangeError::Sealed(_))
                | Self::Environment(EnvironmentError::Sealed { .. })
                | Self::Webhook(WebhookError::Sealed(_))
        )
    }

    /// What is answered.
    pub(super) fn body(&self) -> ErrorBody {
        match self {
            Self::Exchange(ExchangeError::Rejected { reason, message }) => {
                ErrorBody::rejected(*reason, message)
            }
            Self::Exchange(
                ExchangeError::ProofRefused { reason, .. } | ExchangeError::ProofNonce { reason, .. },
            ) => ErrorBody::because(self.code(), reason, self.sentence()),
            _ => ErrorBody::new(self.code(), self.sentence()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (code, body) = (self.code(), self.body());
        let status = code.status().and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(cause = %causes(&self), "a request failed");
        }
        let refusal = Refusal { code, reason: body.reason().map(str::to_owned) };
        let mut response = (status, Extension(refusal), Json(body)).into_response();
        if let Some((name, value)) = companion(&self) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// The header that a status must come with.
fn companion(error: &ApiError) -> Option<(HeaderName, HeaderValue)> {
    if let ApiError::TooManyRequests(wait) = error {
        // Whole seconds (RFC 9110 §10.2.3), rounded up: a client that waits as long as it is told gets in.
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        return Some((header::RETRY_AFTER, u32::try_from(seconds).unwrap_or(u32::MAX).into()));
    }
    match error.code() {
        // RFC 6750 §3; without parameters, since the body says more than they could.
        ErrorCode::Unauthorized | ErrorCode::SessionIdle => {
            Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
        }
        // RFC 9449 §7.1; the algorithms are in the settings.
        ErrorCode::InvalidDpopProof => {
            Some((header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"DPoP error="invalid_dpop_proof""#)))
        }
        ErrorCode::UseDpopNonce => {
            Some((header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"DPoP error="use_dpop_nonce""#)))
        }
        ErrorCode::ServiceUnavailable | ErrorCode::IssuerKeysUnavailable => {
            Some((header::RETRY_AFTER, HeaderValue::from_static("1")))
        }
        _ => None,
    }
}

/// The error and everything under it, for the log. None of our errors holds a token or an address.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The answer where a handler panicked. The panic's message may hold anything: it is not repeated.
pub(super) fn panicked(_message: Box<dyn Any + Send>) -> Response {
    ApiError::Panicked.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeySetUnavailable;
    use crate::seal::SealError;
    use crate::store::Conflicting;
    use byoa_protocol::Reason;

    /// One of each kind, with the status and the code that it must have.
    fn every_kind() -> Vec<(ApiError, u16, &'static str)> {
        let exchange = ApiError::Exchange;
        let rejected = ExchangeError::Rejected {
            reason: Reason::JwtExpired,
            message: "the token has expired".to_owned(),
        };
        vec![
            (ApiError::UnknownEnvironment, 404, "not_found"),
            (ApiError::UnknownPath, 404, "not_found"),
            (ApiError::NotMetrics, 404, "not_found"),
            (ApiError::MethodNotAllowed, 405, "method_not_allowed"),
            (ApiError::PayloadTooLarge, 413, "payload_too_large"),
            (ApiError::BodyTooSlow, 408, "request_timeout"),
            (ApiError::UnsupportedMediaType, 415, "unsupported_media_type"),
            (ApiError::BadRequest("no".to_owned()), 400, "bad_request"),
            (ApiError::ForeignOrigin, 403, "forbidden"),
            (ApiError::OriginMissing, 403, "forbidden"),
            (ApiError::NoAdminToken, 401, "unauthorized"),
            (ApiError::BadAdminToken, 401, "unauthorized"),
            (ApiError::AdminForbidden, 403, "forbidden"),
            (ApiError::NotThere, 404, "not_found"),
            (EnvironmentError::NotFound(uuid::Uuid::nil()).into(), 404, "not_found"),
            (EnvironmentError::Exists(uuid::Uuid::nil()).into(), 422, "invalid_update"),
            (EnvironmentError::SeveralIssuers.into(), 422, "invalid_update"),
            (EnvironmentError::Store(StoreError::NotFound).into(), 500, "internal_server_error"),
            (EnvironmentError::Store(Conflicting::Revision.into()).into(), 503, "service_unavailable"),
            (ApiError::TooManyRequests(Duration::from_millis(1)), 429, "too_many_requests"),
            (ApiError::TimedOut, 503, "service_unavailable"),
            (ApiError::Unavailable, 503, "service_unavailable"),
            (ApiError::Sealed, 503, "service_unavailable"),
            (
                EnvironmentError::Sealed { environment: uuid::Uuid::nil(), cause: SealError::Altered }.into(),
                503,
                "service_unavailable",
            ),
            (WebhookError::Sealed(SealError::Altered).into(), 503, "service_unavailable"),
            (exchange(ExchangeError::Sealed(SealError::Altered)), 503, "service_unavailable"),
            (ApiError::Panicked, 500, "internal_server_error"),
            (exchange(rejected), 422, "invalid_external_auth"),
            (
                exchange(ExchangeError::KeysUnavailable(KeySetUnavailable::Unreachable)),
                503,
                "issuer_keys_unavailable",
            ),
            (exchange(ExchangeError::Unauthorized(Unauthorized::Ended)), 401, "unauthorized"),
            (exchange(ExchangeError::Unauthorized(Unauthorized::Idle)), 401, "session_idle"),
            (
                exchange(ExchangeError::ProofRefused { reason: "dpop_replayed", message: "no".to_owned() }),
                401,
                "invalid_dpop_proof",
            ),
            (
                exchange(ExchangeError::ProofNonce { reason: "dpop_nonce_missing", message: "no" }),
                401,
                "use_dpop_nonce",
            ),
            (exchange(ExchangeError::StepUpRequired("no")), 403, "step_up_required"),
            (exchange(ExchangeError::InvalidScopes), 422, "invalid_scopes"),
            (exchange(ExchangeError::EnvironmentNotFound), 404, "not_found"),
            (exchange(ExchangeError::InvalidUpdate("no".to_owned())), 422, "invalid_update"),
            (exchange(ExchangeError::InvalidUsername("no")), 422, "invalid_username"),
            (exchange(ExchangeError::UsernameTaken), 422, "username_already_exists"),
            (exchange(ExchangeError::MetadataTooLarge), 422, "metadata_size_exceeded"),
            (exchange(ExchangeError::InvalidSessionPublicKey), 422, "invalid_session_public_key"),
            (exchange(ExchangeError::InvalidDeviceNonce("no")), 422, "invalid_device_nonce"),
            (
                exchange(ExchangeError::Store(StoreError::Unavailable("disk".into()))),
                503,
                "service_unavailable",
            ),
            (exchange(ExchangeError::Store(StoreError::NotFound)), 500, "internal_server_error"),
            (exchange(ExchangeError::Store(StoreError::Corrupt("row"))), 500, "internal_server_error"),
            (exchange(ExchangeError::Store(Conflicting::Other.into())), 500, "internal_server_error"),
            (exchange(ExchangeError::Internal("secret detail")), 500, "internal_server_error"),
        ]
    }

    #[test]
    fn every_error_has_its_status_code_and_sentence() {
        for (error, status, code) in every_kind() {
            let described = format!("{error:?}");
            let body = error.body();
            assert_eq!(body.code.as_deref(), Some(code), "{described}");
            assert!(!body.error.is_empty() && !body.error.contains("secret"), "{described}");
            assert_eq!(error.into_response().status().as_u16(), status, "{described}");
        }
    }

    #[test]
    fn a_rejection_carries_its_reason() {
        let rejected = ExchangeError::Rejected { reason: Reason::JwtAudMismatch, message: "no".to_owned() };
        assert_eq!(ApiError::from(rejected).body().reason(), Some("jwt_aud_mismatch"));
    }

    #[test]
    fn a_401_says_how_to_authenticate_and_a_503_when_to_come_back() {
        let of = |error: ApiError, name: HeaderName| error.into_response().headers().get(name).cloned();
        let unauthorized = ApiError::Exchange(Unauthorized::Missing.into());
        assert_eq!(of(unauthorized, header::WWW_AUTHENTICATE), Some(HeaderValue::from_static("Bearer")));
        assert_eq!(of(ApiError::TimedOut, header::RETRY_AFTER), Some(HeaderValue::from_static("1")));
        let over = ApiError::TooManyRequests(Duration::from_millis(2_001));
        assert_eq!(of(over, header::RETRY_AFTER), Some(HeaderValue::from_static("3")));
        assert_eq!(of(ApiError::UnknownPath, header::WWW_AUTHENTICATE), None);
    }
}
