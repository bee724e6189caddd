use super::page::*;
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
async fn a_reload_restores_the_session_without_asking_anybody() {
    let before = signed_in().await;
    assert!(stored(STORE_KEY).is_some_and(|record| record.contains("s1.mini.x")));
    before.call("close", &[]);
    let after = JsClient::of(ENVIRONMENT);
    assert_eq!(after.status(), "signedIn");
    assert_eq!(after.call("getAuthToken", &[]), wasm_bindgen::JsValue::from("s1.fat.x"));
    assert_eq!(requests().as_array().map(Vec::len), Some(1));
}

#[test]
async fn environments_do_not_share_a_session() {
    let _client = signed_in().await;
    assert_eq!(JsClient::of(OTHER_ENVIRONMENT).status(), "signedOut");
    assert!(stored(STORE_KEY).is_some());
}

#[test]
async fn the_external_jwt_is_not_stored() {
    let _client = signed_in().await;
    let args = good_args();
    assert!(!stored(STORE_KEY).expect("stored").contains(&text(&args, "externalJwt")));
}

#[test]
async fn signing_out_removes_the_record_even_offline() {
    let client = signed_in().await;
    let events = Recorder::new();
    client.listen("onEvent", &events);
    let result = client.ask("logout", &[]).await.expect("never rejects");
    assert_eq!(member(&result, "revoked").as_bool(), Some(false));
    assert_eq!(stored(STORE_KEY), None);
    assert_eq!(events.types(), ["logout", "warning"]);
}

#[test]
async fn a_getter_that_throws_costs_the_reload_and_nothing_else() {
    let client = JsClient::new();
    let events = Recorder::new();
    client.listen("onEvent", &events);
    block_storage();
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    assert_eq!(client.status(), "signedIn");
    assert_eq!(events.types(), ["authInit", "warning", "authSuccess", "tokenChanged"]);
    assert_eq!(text(&events.calls.get(1), "code"), "storage_unavailable");
}

#[test]
async fn storage_of_any_wrong_kind_is_survived() {
    for storage in [
        "undefined",
        "null",
        "5",
        "{}",
        "{ getItem() { throw 1; }, setItem() { throw null; }, removeItem() { throw undefined; } }",
        "{ getItem() { return 5; }, setItem() {}, removeItem() {} }",
    ] {
        let _clean = JsClient::new();
        replace_storage(&object(storage));
        let client = JsClient::of(ENVIRONMENT);
        assert_eq!(client.status(), "signedOut", "{storage}");
        answer(200, &session("ada", "s1", 3600));
        client.sign_in().await.expect(storage);
        assert_eq!(client.status(), "signedIn", "{storage}");
    }
}

#[test]
async fn a_record_that_somebody_changed_is_removed() {
    let client = signed_in().await;
    client.call("close", &[]);
    let storage = member(&js_sys::global(), "localStorage");
    let storage: web_sys::Storage = wasm_bindgen::JsCast::unchecked_into(storage);
    storage.set_item(STORE_KEY, r#"{"version":1,"__proto__":{"isAdmin":true}}"#).expect("writes");
    assert_eq!(JsClient::of(ENVIRONMENT).status(), "signedOut");
    assert_eq!(stored(STORE_KEY), None);
}
