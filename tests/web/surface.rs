use super::page::*;
use js_sys::{JSON, Object};
use wasm_bindgen::prelude::JsValue;
use wasm_bindgen_test::wasm_bindgen_test as test;

fn json(value: &JsValue) -> serde_json::Value {
    serde_json::from_str(&String::from(JSON::stringify(value).expect("JSON"))).expect("JSON")
}

#[test]
async fn a_profile_is_a_plain_object_with_absent_members_left_out() {
    let client = JsClient::new();
    answer(200, &session("ada", "s1", 3600));
    let user = client.sign_in().await.expect("signs in");
    assert_eq!(
        json(&user),
        serde_json::json!({
            "userId": "user-of-ada", "environmentId": ENVIRONMENT, "sessionId": "s1", "externalUserId": "ada",
            "metadata": {"plan": "pro", "deep": [1, null, {"x": true}]},
            "verifiedCredentials": [{"id": "c", "format": "externalUser", "public_identifier": "ada", "signInEnabled": true}]
        })
    );
    assert!(!Object::keys(&Object::from(user)).includes(&"email".into(), 0));
}

#[test]
async fn numbers_of_metadata_are_those_that_json_parse_makes() {
    let numbers =
        "[0,-0,1.5,-2.25e3,1e21,5e-324,0.1,9007199254740993,123456789012345678901234567890,1.7e307]";
    let client = JsClient::new();
    answer(
        200,
        &session("ada", "s1", 3600).replace(r#""deep":[1,null,{"x":true}]"#, &format!(r#""deep":{numbers}"#)),
    );
    let user = client.sign_in().await.expect("signs in");
    let found = js_sys::Array::from(&member(&member(&user, "metadata"), "deep"));
    let expected = js_sys::Array::from(&JSON::parse(numbers).expect("JSON"));
    assert_eq!((found.length(), expected.length()), (10, 10));
    for at in 0..expected.length() {
        assert!(Object::is(&found.get(at), &expected.get(at)), "{:?}", expected.get(at));
    }
}

#[test]
async fn the_snapshot_is_one_frozen_object_until_something_changes() {
    let client = JsClient::new();
    let before = client.call("getSnapshot", &[]);
    assert!(Object::is(&before, &client.call("getSnapshot", &[])));
    assert!(Object::is(&before, &client.call("start", &[])));
    assert_eq!(json(&before), serde_json::json!({"status": "signedOut"}));
    answer(200, &session("ada", "s1", 3600));
    let user = client.sign_in().await.expect("signs in");
    let after = client.call("getSnapshot", &[]);
    assert!(!Object::is(&before, &after) && Object::is(&after, &client.call("getSnapshot", &[])));
    assert!(Object::is_frozen(&Object::from(after.clone())));
    assert_eq!(json(&after)["user"], json(&user));
    assert!(member(&after, "sessionExpiresAt").as_f64().is_some_and(|at| at > 1.0e12));
}

#[test]
fn the_object_for_signing_in_is_always_the_same() {
    let client = JsClient::new();
    let auth = client.call("externalAuth", &[]);
    assert!(Object::is(&auth, &client.call("externalAuth", &[])));
    assert!(Object::is_frozen(&Object::from(auth)));
}

#[test]
async fn tokens_are_given_while_the_session_lasts() {
    let client = signed_in().await;
    assert_eq!(client.call("getMinAuthToken", &[]), JsValue::from("s1.mini.x"));
    assert_eq!(client.call("getAuthToken", &[]), JsValue::from("s1.fat.x"));
    answer(204, "");
    let result = client.ask("logout", &[]).await.expect("never rejects");
    assert_eq!(json(&result), serde_json::json!({"revoked": true}));
    assert!(
        client.call("getMinAuthToken", &[]).is_undefined() && client.call("getAuthToken", &[]).is_undefined()
    );
}

#[test]
async fn a_signed_in_user_can_be_read_changed_refreshed_and_deleted() {
    let client = signed_in().await;
    let user: serde_json::Value = serde_json::from_str(&session("ada", "s1", 3600)).expect("JSON");
    answer(200, &user["user"].to_string());
    client.ask("refreshUser", &[]).await.expect("reads");
    answer(200, &session("ada", "s1", 7200));
    client
        .ask("updateUser", &[object("{ firstName: 'Ada', metadata: { a: [1, { b: null }] } }")])
        .await
        .expect("changes");
    assert_eq!(requests()[2]["body"], r#"{"firstName":"Ada","metadata":{"a":[1,{"b":null}]}}"#);
    answer(200, &session("ada", "s2", 7200));
    client.ask("refresh", &[]).await.expect("refreshes");
    assert_eq!(client.call("getMinAuthToken", &[]), JsValue::from("s2.mini.x"));
    answer(204, "");
    assert!(client.ask("deleteUser", &[]).await.expect("deletes").is_undefined());
    assert_eq!(text(&client.call("getSnapshot", &[]), "reason"), "user-deleted");
}
