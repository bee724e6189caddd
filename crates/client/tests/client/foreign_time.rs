//! Times that are not the server's: of a gateway, of a proxy, of this machine.

use crate::{fakes::*, fixtures::*, world::date};
use byoa_client::ports::{Response, Wake};
use serde_json::json;
use std::rc::Rc;

const LIFE_MS: i64 = LIFETIME * 1000;

const IN_A_MONTH: &str = "Mon, 15 Feb 2027 08:00:00 GMT";
const TOMORROW: &str = "Sat, 16 Jan 2027 08:00:00 GMT";
const YESTERDAY: &str = "Thu, 14 Jan 2027 08:00:00 GMT";

/// Tokens of that time, for a session that can be refreshed for thirty days.
fn tokens(at_ms: i64) -> String {
    let at = at_ms / 1000;
    let claims = json!({"iat": at, "exp": at + LIFETIME, "refreshExp": START + 30 * 86_400});
    let answer = bent(session(), "/expiresAt", json!(at + LIFETIME));
    bent(answer, "/minifiedJwt", json!(jwt(&json!({"alg": "RS256"}), &claims))).to_string()
}

fn answer(bench: &Bench, status: u16, date: &str, body: &str) {
    let headers = vec![("date", date.to_owned())];
    bench.script(Ok(Response { status, headers, body: body.to_owned() })).open();
}

/// Signed in through something that writes that `Date`.
fn behind_a_proxy(date: &str) -> Bench {
    let bench = Bench::keeping();
    answer(&bench, 200, date, &tokens(START_MS));
    bench.sign_in().expect("signs in");
    bench.transport.requests.borrow_mut().clear();
    bench.notices.borrow_mut().clear();
    bench
}

#[test]
fn a_gateway_that_names_another_time_ends_no_session() {
    for (status, body) in [
        (502, "<html>Bad Gateway</html>"),
        (502, "{}"),
        (503, r#"{"error":"busy"}"#),
        (500, r#"{"error":"x","code":"of_the_gateway"}"#),
        (200, "<html>Sign in to this network</html>"),
        (200, "{}"),
    ] {
        let bench = Bench::keeping();
        bench.answer(200, &tokens(START_MS));
        bench.sign_in().expect("signs in");
        let skew = bench.client.inspect().skew_ms;
        answer(&bench, status, IN_A_MONTH, body);
        run(bench.client.refresh(None)).expect_err("no session");
        bench.page.wake(Wake::Changed);
        assert!(bench.is_signed_in() && bench.client.minified_token().is_some(), "{status} {body}");
        assert_eq!(bench.client.inspect().skew_ms, skew, "{status} {body}");
    }
}

#[test]
fn a_clock_that_is_ahead_when_a_page_loads_ends_nothing() {
    for auto_refresh in [true, false] {
        let before = Bench::keeping();
        before.answer(200, &tokens(START_MS));
        run(before.client.refresh(None)).expect("refreshes");
        let ahead = Rc::new(ManualClock::at(START_MS + 31 * 86_400_000));
        let bench = Bench::with(Rc::clone(&before.store), ahead, auto_refresh);
        let read_at = bench.clock.now();
        let settings = format!(r#"{{"readAt":{read_at},"flags":0}}"#);
        bench.store.settings.replace(KeptSettings(Some(settings)));
        bench.unreachable();
        bench.answer(200, &tokens(START_MS + 1000));
        bench.client.start();
        bench.run_tasks();
        assert_eq!(bench.is_signed_in(), auto_refresh, "nobody could say what time it is");
        assert_eq!(bench.asked().len(), usize::from(auto_refresh));
        assert!(bench.client.minified_token().is_none());
        before.page.wake(Wake::Changed);
        assert!(before.is_signed_in() && before.stored().is_some(), "auto refresh {auto_refresh}");
        bench.advance(2000);
        assert_eq!(bench.client.minified_token().is_some(), auto_refresh);
        assert_eq!(bench.asked().len(), 2 * usize::from(auto_refresh));
    }
}

#[test]
fn a_record_that_was_seen_in_the_future_is_asked_about() {
    let before = Bench::keeping();
    before.answer(200, &tokens(START_MS));
    run(before.client.refresh(None)).expect("refreshes");
    let mut record: serde_json::Value =
        serde_json::from_str(&before.stored().expect("stored")).expect("JSON");
    record["seen"] = json!(START_MS + 31 * 86_400_000);
    before.store.values.borrow_mut().insert(STORE_KEY.to_owned(), record.to_string());
    let bench = before.tab();
    bench.answer(200, &tokens(START_MS + 1000));
    bench.run_tasks();
    assert_eq!(bench.asked().len(), 1);
    assert!(bench.client.minified_token().is_some());
}

#[test]
fn past_its_limit_a_session_is_what_the_server_says() {
    let bench = Bench::keeping();
    bench.answer(200, &tokens(START_MS));
    run(bench.client.refresh(None)).expect("refreshes");
    // An answer in the server's words, with somebody else's time.
    answer(&bench, 403, IN_A_MONTH, r#"{"error":"no","code":"forbidden"}"#);
    run(bench.client.refresh_user(None)).expect_err("forbidden");
    bench.answer(200, &tokens(START_MS + 1000));
    bench.page.wake(Wake::Changed);
    bench.run_tasks();
    assert!(bench.is_signed_in() && bench.client.minified_token().is_some());
    assert!(bench.events().iter().all(|event| !event.starts_with("logout")));
}

#[test]
fn an_error_in_the_servers_words_names_the_servers_time() {
    let bench = Bench::keeping();
    answer(&bench, 403, TOMORROW, r#"{"error":"no","code":"forbidden"}"#);
    run(bench.client.refresh(None)).expect_err("forbidden");
    assert_eq!(bench.client.inspect().skew_ms.div_euclid(1000), 86_400);
}

#[test]
fn when_a_token_was_issued_counts_for_more_than_a_proxys_date() {
    for date in [TOMORROW, YESTERDAY] {
        let bench = behind_a_proxy(date);
        assert_eq!(bench.client.inspect().skew_ms, 0, "{date}");
        assert!(bench.client.minified_token().is_some(), "{date}");
        answer(&bench, 200, date, &user().to_string());
        run(bench.client.refresh_user(None)).expect("reads");
        assert_eq!(bench.client.inspect().skew_ms, 0, "{date}");
        let next = bench.client.inspect().next_refresh_at.expect("planned") - START_MS;
        assert!((LIFE_MS * 3 / 4..=LIFE_MS * 9 / 10).contains(&next), "{date}: {next}");
        answer(&bench, 200, date, &tokens(START_MS + next));
        bench.advance(next);
        assert_eq!(bench.asked().len(), 2, "{date}");
        assert!(bench.client.minified_token().is_some(), "{date}");
    }
}

#[test]
fn a_fresh_external_jwt_is_not_refused_because_of_a_proxys_date() {
    let bench = Bench::on(Rc::default());
    bench.store.settings.replace(KeptSettings(None));
    answer(&bench, 200, TOMORROW, "{}");
    bench.client.start();
    bench.run_tasks();
    assert!(bench.client.inspect().skew_ms > 0, "the settings were all there was to learn from");
    answer(&bench, 200, TOMORROW, &tokens(START_MS));
    bench.sign_in().expect("signs in");
    assert_eq!(bench.client.inspect().skew_ms, 0);
}

/// For 400 s, answers with tokens that live 40 s, through something whose clock is 45 s ahead.
fn always_due(benches: &[&Bench]) -> usize {
    let start: usize = benches.iter().map(|bench| bench.asked().len()).sum();
    let mut scripted: Vec<_> = benches.iter().map(|bench| bench.asked().len()).collect();
    for _ in 0..400 {
        for (bench, scripted) in benches.iter().zip(&mut scripted) {
            if bench.asked().len() == *scripted {
                *scripted += 1;
                let at = bench.clock.now() / 1000;
                let claims = json!({"iat": at, "exp": at + 40, "refreshExp": START + 30 * 86_400});
                let short = bent(session(), "/expiresAt", json!(at + 40));
                let short = bent(short, "/minifiedJwt", json!(jwt(&json!({"alg": "RS256"}), &claims)));
                answer(bench, 200, &date((at + 45) * 1000), &short.to_string());
            }
        }
        benches[0].clock.advance(1000);
        for bench in benches {
            bench.run_tasks();
            bench.page.wake(Wake::Changed);
        }
    }
    benches.iter().map(|bench| bench.asked().len()).sum::<usize>() - start
}

#[test]
fn renewals_that_are_due_at_once_become_no_loop() {
    let bench = Bench::keeping();
    bench.answer(200, &tokens(START_MS));
    run(bench.client.refresh(None)).expect("refreshes");
    bench.clock.advance(LIFE_MS);
    let count = always_due(&[&bench]);
    assert!((10..=25).contains(&count), "{count} in ten lives");
    assert!(bench.is_signed_in());
}

#[test]
fn tabs_that_see_each_others_renewals_due_at_once_become_no_loop() {
    let one = Bench::keeping();
    one.answer(200, &tokens(START_MS));
    run(one.client.refresh(None)).expect("refreshes");
    let two = one.tab();
    one.clock.freeze(LIFE_MS);
    let count = always_due(&[&one, &two]);
    assert!((10..=50).contains(&count), "{count} in ten lives");
    assert!(one.is_signed_in() && two.is_signed_in());
}
