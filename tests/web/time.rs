use super::page::*;
use js_sys::Function;
use wasm_bindgen::prelude::JsValue;
use wasm_bindgen_test::wasm_bindgen_test as test;

const LONGEST_TIMEOUT: f64 = 2_147_483_647.0;
const DAY_SECONDS: i32 = 86_400;

fn advance(by: &Function, milliseconds: f64) {
    by.call1(&JsValue::UNDEFINED, &milliseconds.into()).expect("advances");
}

async fn signed_in_for(seconds: i32) -> (JsClient, Function) {
    let client = JsClient::new();
    let clock = stop_time();
    answer(200, &session("ada", "s1", seconds));
    client.sign_in().await.expect("signs in");
    (client, clock)
}

#[test]
async fn the_session_ends_on_time() {
    let (client, clock) = signed_in_for(60).await;
    let events = Recorder::new();
    client.listen("onEvent", &events);
    let mut passed = 0.0;
    while client.status() == "signedIn" {
        let [delay] = live_timers()[..] else { panic!("one timer") };
        advance(&clock, delay);
        passed += delay;
        fire_timers();
    }
    assert!(passed > 58_000.0 && passed <= 60_000.0, "{passed}");
    assert_eq!(events.types(), ["sessionExpiring", "logout"]);
    assert_eq!(text(&events.calls.get(1), "reason"), "expired");
    assert_eq!((stored(STORE_KEY), live_timers().len()), (None, 0));
}

#[test]
async fn a_session_of_sixty_days_does_not_end_at_once() {
    let (client, clock) = signed_in_for(60 * DAY_SECONDS).await;
    for day in 0..60 {
        assert_eq!(client.status(), "signedIn", "day {day}");
        let [delay] = live_timers()[..] else { panic!("one timer") };
        assert!(delay <= LONGEST_TIMEOUT && delay > 0.0);
        advance(&clock, f64::from(DAY_SECONDS) * 1000.0);
        fire_timers();
    }
    assert_eq!(client.status(), "signedOut");
}

#[test]
async fn a_timer_that_fires_early_is_set_again() {
    let (client, clock) = signed_in_for(60).await;
    advance(&clock, 1000.0);
    fire_timers();
    assert_eq!((client.status(), live_timers().len()), ("signedIn".to_owned(), 1));
}

#[test]
async fn a_late_timer_does_not_give_out_an_old_token() {
    let (client, clock) = signed_in_for(60).await;
    advance(&clock, 61_000.0);
    assert!(client.call("getAuthToken", &[]).is_undefined());
    assert_eq!((client.status(), live_timers().len()), ("signedOut".to_owned(), 0));
}

#[test]
async fn closing_leaves_no_timer() {
    for method in ["close", "free"] {
        let (client, _clock) = signed_in_for(60).await;
        client.call(method, &[]);
        assert_eq!(live_timers().len(), 0, "{method}");
    }
}
