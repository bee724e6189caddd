//! How a server's refusal becomes an error.

use crate::fakes::*;
use byoa_client::{
    ClientError,
    ports::{Response, TransportError},
};

fn refused(answer: Result<Response, TransportError>) -> ClientError {
    let bench = Bench::new();
    bench.script(answer).open();
    let error = bench.sign_in().expect_err("refused");
    assert!(!bench.is_signed_in() && bench.stored().is_none());
    error
}

fn answered(status: u16, body: &str) -> ClientError {
    refused(Ok(Response { status, headers: vec![("retry-after", "7".to_owned())], body: body.to_owned() }))
}

#[test]
fn statuses_and_bodies_become_codes() {
    let rejected = r#"{"error":"aud","code":"invalid_external_auth","payload":{"additionalMessages":["jwt_aud_mismatch"]}}"#;
    let unreasoned = r#"{"error":"Audience (aud) does not match","code":"invalid_external_auth"}"#;
    let cases = [
        (422, rejected, "invalid_external_auth", Some("jwt_aud_mismatch"), false, "InvalidExternalAuthError"),
        (422, unreasoned, "invalid_external_auth", None, false, "InvalidExternalAuthError"),
        (422, r#"{"error":"x","code":"from_the_future"}"#, "from_the_future", None, false, "APIError"),
        (503, r#"{"error":"x","code":"from_the_future"}"#, "from_the_future", None, true, "APIError"),
        (403, r#"{"error":"x","code":"from_the_future"}"#, "from_the_future", None, false, "APIError"),
        (400, r#"{"error":"x"}"#, "bad_request", None, false, "APIError"),
        (401, r#"{"error":"No jwt provided!"}"#, "unauthorized", None, false, "UnauthorizedError"),
        (401, "", "invalid_response", None, false, "InvalidResponseError"),
        (403, r#"{"error":"Access Forbidden"}"#, "forbidden", None, false, "APIError"),
        (404, r#"{"error":"x","code":"not_found"}"#, "not_found", None, false, "APIError"),
        (418, r#"{"error":"x"}"#, "unknown_error", None, false, "APIError"),
        (429, r#"{"error":"slow down"}"#, "too_many_requests", None, true, "APIError"),
        (500, r#"{"error":"x"}"#, "internal_server_error", None, true, "APIError"),
        (
            503,
            r#"{"error":"x","code":"issuer_keys_unavailable"}"#,
            "issuer_keys_unavailable",
            None,
            true,
            "APIError",
        ),
        (404, "<html>not here</html>", "invalid_response", None, false, "InvalidResponseError"),
        (
            403,
            r#"{"error":{"code":"x","message":"y"}}"#,
            "invalid_response",
            None,
            false,
            "InvalidResponseError",
        ),
        (502, "<html>bad gateway</html>", "invalid_response", None, true, "InvalidResponseError"),
        (304, "", "invalid_response", None, false, "InvalidResponseError"),
        (204, "", "invalid_response", None, false, "InvalidResponseError"),
    ];
    for (status, body, code, reason, retryable, name) in cases {
        let error = answered(status, body);
        assert_eq!(
            (&*error.code, error.reason.as_deref(), error.status, error.retryable, error.name()),
            (code, reason, Some(status), retryable, name),
            "{status} {body}"
        );
    }
}

#[test]
fn a_server_that_asks_to_wait_is_quoted() {
    assert_eq!(answered(429, r#"{"error":"slow down"}"#).message, "slow down; retry after 7 s");
}

#[test]
fn no_answer_is_a_network_error_that_may_be_retried() {
    let error = refused(Err(TransportError::Unreachable("Failed to fetch".to_owned())));
    assert_eq!(
        (&*error.code, error.status, error.retryable, error.name()),
        ("network_error", None, true, "NetworkError")
    );
    assert!(error.message.contains("Failed to fetch"));
}

#[test]
fn long_answers_do_not_become_long_errors() {
    let long = "ä".repeat(5_000_000);
    let errors = [
        answered(200, &long),
        answered(500, &long),
        answered(500, &format!(r#"{{"error":"{long}","code":"{long}"}}"#)),
        answered(
            422,
            &format!(
                r#"{{"error":"x","code":"invalid_external_auth","payload":{{"additionalMessages":["{long}"]}}}}"#
            ),
        ),
        refused(Err(TransportError::Unreachable(long.clone()))),
        refused(Err(TransportError::TooLarge { status: 200 })),
    ];
    for error in errors {
        let length = error.message.len() + error.code.len() + error.reason.map_or(0, |reason| reason.len());
        assert!(length < 1200, "{length} bytes");
    }
}
