use super::page::*;
use js_sys::Function;
use wasm_bindgen::{JsCast as _, prelude::JsValue};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A listener made from a JavaScript body that sees the client as `client`.
fn listener(client: &JsClient, body: &str) -> JsValue {
    let make = Function::new_with_args("client", &format!("return (event) => {{ {body} }}"));
    make.call1(&JsValue::UNDEFINED, &client.0).expect("a function")
}

fn unsubscribe(function: &JsValue) {
    function.unchecked_ref::<Function>().call0(&JsValue::UNDEFINED).expect("does not throw");
}

#[test]
async fn listeners_hear_of_changes_until_they_are_taken_off() {
    let client = JsClient::new();
    let (changes, events) = (Recorder::new(), Recorder::new());
    let off = client.listen("subscribe", &changes);
    client.listen("onEvent", &events);
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    assert_eq!(
        (changes.calls.length(), events.types()),
        (1, vec!["authInit".to_owned(), "authSuccess".to_owned(), "tokenChanged".to_owned()])
    );
    unsubscribe(&off);
    unsubscribe(&off);
    answer(204, "");
    client.ask("logout", &[]).await.expect("never rejects");
    assert_eq!(changes.calls.length(), 1);
    assert_eq!(events.types(), ["authInit", "authSuccess", "tokenChanged", "logout"]);
}

#[test]
async fn the_snapshot_is_new_before_the_listener_runs() {
    let client = JsClient::new();
    let seen = js_sys::Array::new();
    js_sys::Reflect::set(&client.0, &"seen".into(), &seen).expect("sets");
    client.call("subscribe", &[listener(&client, "client.seen.push(client.getSnapshot().status);")]);
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    assert_eq!(seen.join(",").as_string().as_deref(), Some("signedIn"));
}

#[test]
async fn a_listener_that_throws_is_reported_and_the_rest_still_run() {
    let client = JsClient::new();
    let after = Recorder::new();
    for thrown in ["new Error('mine')", "undefined", "null", "'text'"] {
        client.call("subscribe", &[listener(&client, &format!("throw {thrown};"))]);
    }
    client.listen("subscribe", &after);
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    assert_eq!((after.calls.length(), reported_errors().length()), (1, 4));
    assert_eq!(text(&reported_errors().get(0), "message"), "mine");

    hide_report_error();
    answer(204, "");
    client.ask("logout", &[]).await.expect("console.error is enough");
    assert_eq!(after.calls.length(), 2);
}

#[test]
async fn a_listener_may_call_back_into_the_client() {
    let client = JsClient::new();
    let events = Recorder::new();
    let body = "if (client.getSnapshot().status === 'signedIn') { client.getAuthToken(); client.refreshUser().catch(() => {}); \
                client.externalAuth().signInWithExternalJwt(undefined).catch(() => {}); client.logout(); }";
    client.call("subscribe", &[listener(&client, body)]);
    client.listen("onEvent", &events);
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signed in, if only for a moment");
    assert_eq!(client.status(), "signedOut");
    assert_eq!(events.types()[..4], ["authInit", "authSuccess", "tokenChanged", "logout"]);
    assert_eq!(reported_errors().length(), 0);
}

#[test]
async fn a_listener_may_take_itself_and_others_off_and_put_new_ones_on() {
    let client = JsClient::new();
    let (victim, added) = (Recorder::new(), Recorder::new());
    js_sys::Reflect::set(&client.0, &"added".into(), &added.function).expect("sets");
    let body = "client.offSelf(); client.offVictim(); client.subscribe(client.added);";
    let off = client.call("subscribe", &[listener(&client, body)]);
    js_sys::Reflect::set(&client.0, &"offSelf".into(), &off).expect("sets");
    let off = client.listen("subscribe", &victim);
    js_sys::Reflect::set(&client.0, &"offVictim".into(), &off).expect("sets");
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    assert_eq!((victim.calls.length(), added.calls.length()), (0, 0));
    answer(204, "");
    client.ask("logout", &[]).await.expect("never rejects");
    assert_eq!((victim.calls.length(), added.calls.length()), (0, 1));
}

#[test]
async fn a_listener_may_free_the_client() {
    let client = JsClient::new();
    client.call("subscribe", &[listener(&client, "client.free();")]);
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signed in before");
    assert_eq!(reported_errors().length(), 0);
    assert_eq!(JsClient::of(ENVIRONMENT).status(), "signedIn");
}

#[test]
fn the_same_function_may_listen_twice() {
    let client = JsClient::new();
    let recorder = Recorder::new();
    let off = client.listen("subscribe", &recorder);
    client.listen("subscribe", &recorder);
    unsubscribe(&off);
    // Nothing to hear yet; the second subscription is still there when there is.
    client.call("close", &[]);
    assert_eq!(recorder.calls.length(), 0);
}
