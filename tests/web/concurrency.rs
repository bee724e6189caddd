use super::page::*;
use js_sys::Function;
use wasm_bindgen::{JsCast as _, prelude::JsValue};
use wasm_bindgen_test::wasm_bindgen_test as test;

fn open(gate: &Function) {
    gate.call0(&JsValue::UNDEFINED).expect("opens");
}

#[test]
async fn of_two_sign_ins_at_once_the_newer_wins() {
    let client = JsClient::new();
    let gates = [gated(200, &session("ada", "s1", 3600)), gated(200, &session("ada", "s2", 3600))];
    answer(204, "");
    let promises = [client.begin_sign_in(&good_args()), client.begin_sign_in(&good_args())];
    open(&gates[1]);
    assert_eq!(text(&settled(&promises[1]).await.expect("newer"), "sessionId"), "s2");
    open(&gates[0]);
    assert_eq!(text(&settled(&promises[0]).await.expect_err("older"), "code"), "superseded");
    assert_eq!(client.call("getMinAuthToken", &[]), JsValue::from("s2.mini.x"));
    assert!(stored(STORE_KEY).is_some_and(|record| record.contains("s2.mini.x")));
}

#[test]
async fn methods_may_be_called_while_others_run() {
    let client = signed_in().await;
    let gate = gated(200, &session("ada", "s1", 7200));
    let refreshing = [client.call("refresh", &[]), client.call("refresh", &[])];
    assert_eq!(client.status(), "signedIn");
    client.call("getAuthToken", &[]);
    open(&gate);
    for promise in refreshing {
        settled(&promise).await.expect("refreshes");
    }
    assert_eq!(requests().as_array().map(Vec::len), Some(2));
}

#[test]
async fn freeing_with_a_sign_in_on_its_way_releases_it_and_writes_nothing() {
    for method in ["free", "close"] {
        let client = JsClient::new();
        let gate = gated(200, &session("ada", "s1", 3600));
        answer(204, "");
        let promise = client.begin_sign_in(&good_args());
        client.call(method, &[]);
        open(&gate);
        let error = settled(&promise).await.expect_err("released");
        assert!(error.is_instance_of::<js_sys::Error>());
        assert_eq!(text(&error, "code"), "superseded", "{method}");
        assert_eq!(stored(STORE_KEY), None);
    }
}

#[test]
async fn freeing_with_other_calls_on_their_way_is_survived() {
    let client = signed_in().await;
    let gates = [gated(200, &session("ada", "s1", 7200)), gated(200, &session("ada", "s1", 7200))];
    let promises = [client.call("refresh", &[]), client.call("updateUser", &[object("{}")])];
    let auth = client.call("externalAuth", &[]);
    client.call("free", &[]);
    gates.iter().for_each(open);
    for promise in promises {
        assert_eq!(text(&settled(&promise).await.expect_err("released"), "code"), "superseded");
    }
    let method: Function = member(&auth, "signInWithExternalJwt").unchecked_into();
    let late = method.call1(&JsValue::UNDEFINED, &good_args()).expect("does not throw");
    assert_eq!(text(&settled(&late).await.expect_err("closed"), "code"), "superseded");
    assert_eq!(JsClient::of(ENVIRONMENT).status(), "signedIn");
}

#[test]
async fn signing_out_shows_at_once() {
    let client = signed_in().await;
    let gate = gated(200, "");
    let promise = client.call("logout", &[]);
    assert_eq!(client.status(), "signedOut");
    open(&gate);
    settled(&promise).await.expect("never rejects");
}
