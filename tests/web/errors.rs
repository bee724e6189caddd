use super::page::*;
use byoa::ByoaClient;
use wasm_bindgen::{JsCast as _, prelude::JsValue};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// All five members, of a real `Error`.
fn assert_error(
    found: &JsValue,
    name: &str,
    code: &str,
    reason: Option<&str>,
    status: Option<f64>,
    retryable: bool,
) {
    let error = found.dyn_ref::<js_sys::Error>().expect("a real Error");
    assert_eq!(String::from(error.name()), name);
    assert!(!String::from(error.message()).is_empty());
    assert_eq!(text(found, "code"), code);
    assert_eq!(member(found, "reason").as_string().as_deref(), reason);
    assert!(reason.is_some() || member(found, "reason").is_undefined());
    assert_eq!(member(found, "status").as_f64(), status);
    assert!(status.is_some() || member(found, "status").is_undefined());
    assert_eq!(member(found, "retryable").as_bool(), Some(retryable));
    assert!(member(found, "stack").as_string().is_some_and(|stack| !stack.is_empty()));
}

#[test]
async fn a_refusal_of_the_server_is_a_real_error() {
    let client = JsClient::new();
    let body = r#"{"error":"the token's aud must be x","code":"invalid_external_auth","payload":{"additionalMessages":["jwt_aud_mismatch"]}}"#;
    answer(422, body);
    let error = client.sign_in().await.expect_err("refused");
    assert_error(
        &error,
        "InvalidExternalAuthError",
        "invalid_external_auth",
        Some("jwt_aud_mismatch"),
        Some(422.0),
        false,
    );

    answer(503, r#"{"error":"later","code":"issuer_keys_unavailable"}"#);
    let error = client.sign_in().await.expect_err("refused");
    assert_error(&error, "APIError", "issuer_keys_unavailable", None, Some(503.0), true);
}

#[test]
async fn an_unreachable_server_is_a_real_error() {
    let client = JsClient::new();
    reject_with(&js_sys::TypeError::new("Failed to fetch"));
    let error = client.sign_in().await.expect_err("unreachable");
    assert_error(&error, "NetworkError", "network_error", None, None, true);
}

#[test]
async fn wrong_arguments_reject_and_never_throw() {
    const NO_JWT: &str =
        "externalJwt must be the JWT from your backend: this environment reads it from no cookie";
    let client = JsClient::new();
    let cases = [
        ("undefined", "the argument of signInWithExternalJwt must be an object, but is undefined"),
        ("null", "the argument of signInWithExternalJwt must be an object, but is null"),
        ("5", "the argument of signInWithExternalJwt must be an object, but is number"),
        ("'a.b.c'", "the argument of signInWithExternalJwt must be an object, but is string"),
        ("{}", NO_JWT),
        ("{ externalJwt: 1, externalUserId: 'a' }", "externalJwt must be a string, but is number"),
        ("{ externalJwt: null, externalUserId: 'a' }", "externalJwt must be a string, but is null"),
        ("{ externalJwt: 'a.b.c', externalUserId: 7n }", "externalUserId must be a string, but is bigint"),
        ("{ get externalJwt() { throw 1; } }", "externalJwt cannot be read"),
        ("new Proxy({}, { get() { throw null; } })", "externalJwt cannot be read"),
        ("[]", NO_JWT),
    ];
    for (argument, message) in cases {
        let error = settled(&client.begin_sign_in(&object(argument))).await.expect_err(argument);
        assert_error(&error, "InvalidArgumentError", "invalid_argument", None, None, false);
        assert_eq!(text(&error, "message"), message);
    }
    assert_eq!(requests(), serde_json::json!([]));
}

#[test]
async fn wrong_fields_of_an_update_reject() {
    let client = signed_in().await;
    for argument in
        ["undefined", "null", "'x'", "{ firstName: 5 }", "{ policiesConsent: 'yes' }", "{ metadata: 3 }"]
    {
        let error = client.ask("updateUser", &[object(argument)]).await.expect_err(argument);
        assert_error(&error, "InvalidArgumentError", "invalid_argument", None, None, false);
    }
}

#[test]
fn a_wrong_configuration_throws() {
    for config in ["undefined", "{}", "{ environmentId: 'x', apiBaseUrl: 'https://a' }"] {
        let error = ByoaClient::new(&object(config), &JsValue::UNDEFINED).expect_err(config);
        assert_error(&error, "InvalidArgumentError", "invalid_argument", None, None, false);
    }
}

#[test]
async fn nobody_signed_in_is_a_real_error() {
    let client = JsClient::new();
    for method in ["refresh", "refreshUser", "deleteUser"] {
        let error = client.ask(method, &[]).await.expect_err(method);
        assert_error(&error, "NotSignedInError", "not_signed_in", None, None, false);
    }
}
