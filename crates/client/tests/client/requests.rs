//! Requests, byte for byte.

use crate::{fakes::*, fixtures::*};
use byoa_client::ports::{Method, Request};

const CLIENT_ID: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";

fn headers(request: &Request) -> Vec<(&str, &str)> {
    request.headers.iter().map(|(name, value)| (*name, value.expose())).collect()
}

/// The headers of every request; the request's id is checked apart.
fn common(request: &Request) -> Vec<(&str, &str)> {
    let id = headers(request).iter().find(|known| known.0 == "x-dyn-request-id").expect("there").1;
    assert_eq!(id.len(), 50);
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    vec![
        ("content-type", "application/json"),
        ("x-dyn-api-version", "API/0.0.1125"),
        ("x-dyn-version", concat!("byoa/", env!("CARGO_PKG_VERSION"))),
        ("x-dyn-request-id", id),
        ("x-dyn-session-id", CLIENT_ID),
        ("x-dynamic-platform", "web"),
    ]
}

use serde_json::json;
#[test]
fn sign_in_sends_the_jwt_in_the_body_and_no_bearer_token() {
    let bench = Bench::signed_in();
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in again");
    let requests = bench.transport.requests.borrow();
    let [request] = &requests[..] else { panic!("one request") };
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, format!("{API_BASE}/sdk/{ENVIRONMENT}/externalAuth/signin"));
    assert_eq!(headers(request), common(request));
    let body = request.body.as_ref().expect("a body").expose();
    assert_eq!(body, format!(r#"{{"jwt":"{}"}}"#, args().external_jwt.expect("a JWT")));
}

#[test]
fn authenticated_requests_carry_the_small_token() {
    let bench = Bench::signed_in();
    let fields = object(&json!({"firstName": "Ada"}));
    bench.answer(200, &user().to_string());
    run(bench.client.refresh_user(None)).expect("reads");
    bench.answer(200, &session().to_string());
    run(bench.client.update_user(fields, None)).expect("changes");
    bench.answer(200, &session().to_string());
    run(bench.client.refresh(None)).expect("refreshes");
    bench.answer(204, "");
    run(bench.client.logout());

    let bearer = format!("Bearer {MINIFIED}");
    let expected = [
        (Method::Get, "users", None),
        (Method::Put, "users", Some(r#"{"firstName":"Ada"}"#)),
        (Method::Post, "refresh", None),
        (Method::Post, "revoke", None),
    ];
    let requests = bench.transport.requests.borrow();
    assert_eq!(requests.len(), expected.len());
    for (request, (method, operation, body)) in requests.iter().zip(expected) {
        assert_eq!(
            (request.method, &*request.url),
            (method, &*format!("{API_BASE}/sdk/{ENVIRONMENT}/{operation}"))
        );
        assert_eq!(request.body.as_ref().map(byoa_client::Secret::expose), body, "{operation}");
        let mut wanted = common(request);
        wanted.push(("authorization", &bearer));
        if operation == "revoke" {
            wanted.push(("x-dyn-logout-reason", "user-intent"));
        }
        assert_eq!(headers(request), wanted, "{operation}");
    }
}

#[test]
fn deleting_asks_once_and_signs_out() {
    let bench = Bench::signed_in();
    bench.answer(204, "");
    run(bench.client.delete_user(None)).expect("deletes");
    assert_eq!(bench.asked(), [format!("Delete {API_BASE}/sdk/{ENVIRONMENT}/users")]);
    assert_eq!(bench.events(), ["logout:UserDeleted"]);
}

#[test]
fn no_two_requests_share_an_id() {
    let bench = Bench::signed_in();
    for _ in 0..5 {
        bench.answer(200, &user().to_string());
        run(bench.client.refresh_user(None)).expect("reads");
    }
    let requests = bench.transport.requests.borrow();
    let ids: std::collections::HashSet<_> = requests.iter().map(|request| common(request)[3].1).collect();
    assert_eq!(ids.len(), 5);
}

#[test]
fn no_token_is_ever_part_of_a_url_or_of_a_debug_print() {
    let bench = Bench::signed_in();
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in");
    bench.answer(200, &session().to_string());
    run(bench.client.refresh(None)).expect("refreshes");
    let external_jwt = args().external_jwt.expect("a JWT");
    let requests = bench.transport.requests.borrow();
    let prints = [format!("{requests:?}"), format!("{:?}", bench.client), format!("{:?}", bench.snapshot())];
    let records = [format!("{:?}", args()), format!("{:?}", bench.client.token())];
    for print in prints.iter().chain(&records) {
        for secret in [MINIFIED, FAT, external_jwt.as_str(), "c2VjcmV0"] {
            assert!(!print.contains(secret), "{print}");
        }
    }
    assert!(requests.iter().all(|request| !request.url.contains("eyJ")));
}
