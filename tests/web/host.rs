use super::page::*;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast as _, prelude::JsValue};
use wasm_bindgen_test::wasm_bindgen_test as test;

const PAGE: u8 = 1;
const ONLINE: u8 = 2;

fn host(page: &JsValue) -> JsValue {
    let host = Object::new();
    Reflect::set(&host, &"page".into(), page).expect("sets");
    host.into()
}

fn wake(page: &JsValue, what: u8) {
    let listeners: Array = member(page, "woken").unchecked_into();
    let listener: Function = listeners.get(0).unchecked_into();
    listener.call1(&JsValue::UNDEFINED, &what.into()).expect("heard");
}

async fn turn() {
    settled(&turn_js()).await.expect("passes");
}

#[test]
async fn a_page_that_wakes_up_late_refreshes_under_the_lock() {
    reset_page();
    let page = host_page();
    let client = JsClient::with(ENVIRONMENT, true, &host(&page));
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    let clock = stop_time();
    clock.call1(&JsValue::UNDEFINED, &3_500_000.into()).expect("advances");
    answer(200, &session("ada", "s2", 3600));
    wake(&page, PAGE);
    turn().await;
    assert_eq!(client.call("getMinAuthToken", &[]).as_string().as_deref(), Some("s2.mini.x"));
    let locks: Array = member(&page, "locks").unchecked_into();
    let name: Array = locks.get(0).unchecked_into();
    assert!(name.get(0).as_string().expect("a name").starts_with("byoa:"));
    assert_eq!((locks.length(), member(&page, "released").as_f64()), (1, Some(1.0)));
}

#[test]
async fn a_network_that_is_back_is_used_at_once() {
    reset_page();
    let page = host_page();
    let client = JsClient::with(ENVIRONMENT, true, &host(&page));
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    reject_with(&JsValue::from_str("offline"));
    client.ask("refresh", &[]).await.expect_err("offline");
    answer(200, &session("ada", "s2", 3600));
    wake(&page, ONLINE);
    turn().await;
    assert_eq!(client.call("getMinAuthToken", &[]).as_string().as_deref(), Some("s2.mini.x"));
}

#[test]
async fn closing_ends_the_listening() {
    reset_page();
    let page = host_page();
    let client = JsClient::with(ENVIRONMENT, true, &host(&page));
    client.call("close", &[]);
    assert_eq!(member(&page, "ended").as_f64(), Some(1.0));
}

#[test]
async fn a_storage_of_the_hosts_own_is_used_and_named() {
    reset_page();
    let host = object(
        "{ storage: { kind: 'session', items: new Map(), getItem(key) { return this.items.get(key) ?? null; }, \
         setItem(key, value) { this.items.set(key, value); }, removeItem(key) { this.items.delete(key); } } }",
    );
    let client = JsClient::with(ENVIRONMENT, false, &host);
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    assert_eq!(stored(STORE_KEY), None);
    assert_eq!(text(&client.call("inspect", &[]), "storage"), "session");
    assert_eq!(JsClient::with(ENVIRONMENT, false, &host).status(), "signedIn");
}

#[test]
async fn a_host_of_any_wrong_kind_is_survived() {
    for host in ["null", "5", "'x'", "{}", "{ page: null, storage: 5 }", "{ page: 'x' }"] {
        reset_page();
        let client = JsClient::with(ENVIRONMENT, true, &object(host));
        answer(200, &session("ada", "s1", 3600));
        client.sign_in().await.expect(host);
        assert_eq!(client.status(), "signedIn", "{host}");
    }
}

#[test]
async fn a_call_that_is_given_up_ends_its_request() {
    let client = JsClient::new();
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    let _never = gated(200, "{}");
    let aborted = Promise::resolve(&JsValue::UNDEFINED);
    let error = client.ask("refreshUser", &[aborted.into()]).await.expect_err("given up");
    assert_eq!((text(&error, "code"), text(&error, "name")), ("aborted".into(), "AbortError".into()));
    assert!(is_aborted(1));
}

#[test]
async fn a_request_that_takes_too_long_is_ended() {
    let client = JsClient::new();
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    let _clock = stop_time();
    let _never = gated(200, "{}");
    let deletion = client.call("deleteUser", &[]);
    turn().await;
    fire_timers();
    let error = settled(&deletion).await.expect_err("too late");
    assert_eq!((text(&error, "code"), text(&error, "requestId").len()), ("timeout".into(), 50));
    assert!(is_aborted(1));
}
