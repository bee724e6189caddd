//! One answer for each code, as this server gives it; more than one where administrators are told something else
//! than apps.

mod kinds;

pub(in crate::http) use kinds::Kind;
pub(super) use kinds::Spoken;

use crate::exchange::{ExchangeError, Unauthorized};
use crate::http::ApiError;
use crate::keys::KeySetUnavailable;
use byoa_protocol::{ErrorCode, Reason};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::openapi::RefOr;
use utoipa::openapi::example::Example;

/// Every example that [`Spoken::reference`] may name.
pub(super) fn all() -> BTreeMap<String, RefOr<Example>> {
    let sent = ErrorCode::ALL.iter().filter(|code| code.status().is_some());
    let kinds = [None, Some(Kind::Body), Some(Kind::Admin), Some(Kind::Settings), Some(Kind::Endpoint)];
    let both = [Kind::Body, Kind::Admin];
    let all = sent.flat_map(|code| {
        let kinds = kinds.iter().map(|kind| Spoken::of(*code, kind.as_slice()));
        kinds.chain([Spoken::of(*code, &both)]).collect::<Vec<_>>()
    });
    all.map(|spoken| (spoken.name(), spoken.example().into())).collect()
}

/// What apps are told.
fn refusal(code: ErrorCode) -> ApiError {
    let rejected = || ExchangeError::Rejected {
        reason: Reason::JwtMalformed,
        message:
            "a token must be three base64url parts joined by dots, but it has 2; send it exactly as issued"
                .to_owned(),
    };
    match code {
        ErrorCode::InvalidExternalAuth => rejected().into(),
        ErrorCode::BadRequest => {
            ApiError::BadRequest("the body is not a JSON object; send {\"jwt\": \"…\"}".to_owned())
        }
        ErrorCode::Unauthorized => ExchangeError::from(Unauthorized::Ended).into(),
        ErrorCode::SessionIdle => ExchangeError::from(Unauthorized::Idle).into(),
        ErrorCode::InvalidDpopProof => ExchangeError::ProofRefused {
            reason: "dpop_replayed",
            message: "the proof was used before; make a new one for every request".to_owned(),
        }
        .into(),
        ErrorCode::UseDpopNonce => ExchangeError::ProofNonce {
            reason: "dpop_nonce_missing",
            message: "the proof must repeat the nonce of this answer's DPoP-Nonce header; make another one with it",
        }
        .into(),
        ErrorCode::Forbidden => ApiError::ForeignOrigin,
        ErrorCode::StepUpRequired => ExchangeError::StepUpRequired(
            "this operation needs an elevated token; get one from externalAuth/verify",
        )
        .into(),
        ErrorCode::NotFound => ApiError::UnknownEnvironment,
        ErrorCode::MethodNotAllowed => ApiError::MethodNotAllowed,
        ErrorCode::RequestTimeout => ApiError::BodyTooSlow,
        ErrorCode::PayloadTooLarge => ApiError::PayloadTooLarge,
        ErrorCode::UnsupportedMediaType => ApiError::UnsupportedMediaType,
        ErrorCode::InvalidSessionPublicKey => ExchangeError::InvalidSessionPublicKey.into(),
        ErrorCode::InvalidScopes => ExchangeError::InvalidScopes.into(),
        ErrorCode::InvalidDeviceNonce => {
            ExchangeError::InvalidDeviceNonce("the device's nonce was used before; get a new one").into()
        }
        ErrorCode::InvalidUpdate => {
            ExchangeError::InvalidUpdate("alias may have 255 characters; send less".to_owned()).into()
        }
        ErrorCode::InvalidUsername => {
            ExchangeError::InvalidUsername("must not have invisible characters").into()
        }
        ErrorCode::UsernameAlreadyExists => ExchangeError::UsernameTaken.into(),
        ErrorCode::MetadataSizeExceeded => ExchangeError::MetadataTooLarge.into(),
        ErrorCode::TooManyRequests => ApiError::TooManyRequests(Duration::from_secs(1)),
        ErrorCode::IssuerKeysUnavailable => {
            ExchangeError::KeysUnavailable(KeySetUnavailable::Unreachable).into()
        }
        ErrorCode::ServiceUnavailable => ApiError::Unavailable,
        other => {
            assert_eq!(other, ErrorCode::InternalServerError, "there is no example of {other:?}");
            ApiError::Panicked
        }
    }
}

/// What a sign-in gives.
pub(super) fn session() -> Value {
    let at = "2026-11-22T08:39:07.223Z";
    json!({
        "user": {
            "id": "01a20268-b8d7-78ef-8892-ab0db46a21b8",
            "projectEnvironmentId": "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11",
            "verifiedCredentials": [{
                "id": "01a20268-b8d7-72e5-9fde-35025399fe7d",
                "format": "externalUser",
                "public_identifier": "user-1",
                "signInEnabled": true,
                "verifiedAt": at,
                "lastSelectedAt": at,
            }],
            "lastVerifiedCredentialId": "01a20268-b8d7-72e5-9fde-35025399fe7d",
            "sessionId": "549c38e1-7663-4e8f-bf85-9f6743e1217d",
            "firstVisit": at,
            "lastVisit": at,
            "newUser": true,
            "scope": "user:basic",
            "missingFields": [],
        },
        "expiresAt": 1_795_340_319,
        "minifiedJwt": "eyJhbGciOiJFUzI1NiIs…",
        "jwt": "eyJhbGciOiJFUzI1NiIs…",
    })
}
