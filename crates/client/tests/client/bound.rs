//! Sessions that are bound to a key: when a proof is made, with which nonce, and what happens without one.

use crate::{fakes::*, fixtures::*};
use async_trait::async_trait;
use byoa_client::{
    ClientError, Secret,
    extra::Extra,
    ports::{Keys, KeysError, Proof, ProofAsk, Request, Response},
};
use byoa_protocol::client::{ClientSnapshot, SecurityLevel, SessionBinding, SignInWithExternalJwtArgs};
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// Signs with words: `proof(<thumbprint>,<method>,<nonce>,<whether there is a token>)`.
struct FakeKeys {
    thumbprint: RefCell<&'static str>,
    is_stored: Cell<bool>,
    fails: Cell<bool>,
    asked: RefCell<Vec<(String, i64)>>,
}

#[async_trait(?Send)]
impl Keys for FakeKeys {
    async fn prove(&self, ask: ProofAsk<'_>) -> Result<Proof, KeysError> {
        self.asked.borrow_mut().push((ask.url.to_owned(), ask.issued_at));
        if self.fails.get() {
            return Err(KeysError("no keys here".to_owned()));
        }
        let thumbprint = *self.thumbprint.borrow();
        let token = if ask.token.is_some() { "token" } else { "-" };
        let proof = format!("proof({thumbprint},{},{},{token})", ask.method, ask.nonce.unwrap_or("-"));
        let device = |url: &str| ["d1", "02ab", &format!("signed({url})")].map(Secret::from);
        Ok(Proof {
            proof: Secret::new(proof),
            thumbprint: thumbprint.to_owned(),
            is_stored: self.is_stored.get(),
            device: ask.device_nonce_url.map(device),
        })
    }
}

const KEY: &str = "key-1";

fn keys() -> Rc<FakeKeys> {
    Rc::new(FakeKeys {
        thumbprint: RefCell::new(KEY),
        is_stored: Cell::new(true),
        fails: Cell::new(false),
        asked: RefCell::default(),
    })
}

/// Flags of `Announced`.
const BINDS: u8 = 1;
const DEVICE: u8 = 2;
const COOKIE: u8 = 4;
const JWT_COOKIE: u8 = 8;
const STEP_UP: u8 = 16;

fn page_on(store: Rc<MemoryStore>, keys: &Rc<FakeKeys>, binding: SessionBinding) -> Bench {
    Bench::with_keys(store, Rc::clone(keys) as _, binding, false)
}

fn page(announced: u8, keys: &Rc<FakeKeys>) -> Bench {
    page_on(announcing(announced), keys, SessionBinding::Auto)
}

fn announcing(announced: u8) -> Rc<MemoryStore> {
    let store = MemoryStore::default();
    *store.settings.borrow_mut() = KeptSettings::at_start(announced);
    Rc::new(store)
}

fn token_of(thumbprint: &str) -> String {
    jwt(
        &json!({"alg": "ES256"}),
        &json!({"sub": USER_ID, "refreshExp": START + 30 * LIFETIME, "cnf": {"jkt": thumbprint}}),
    )
}

/// A good answer whose token is bound to a key.
fn bound() -> Value {
    bent(session(), "/minifiedJwt", json!(token_of(KEY)))
}

fn refusal(code: &str, reason: &str) -> String {
    json!({"error": "no", "code": code, "payload": {"additionalMessages": [reason]}}).to_string()
}

fn answer(bench: &Bench, status: u16, body: &str, nonce: &str) {
    let headers = vec![("dpop-nonce", nonce.to_owned())];
    bench.script(Ok(Response { status, headers, body: body.to_owned() })).open();
}

/// As the tests write values.
fn plain(value: &byoa_client::json::Value) -> Value {
    serde_json::from_str(&byoa_client::json::write(value)).expect("JSON")
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.expose())
}

/// `authorization` and `dpop` of each request.
fn shown(bench: &Bench) -> Vec<(Option<String>, Option<String>)> {
    let owned = |request, name| header(request, name).map(str::to_owned);
    let requests = bench.transport.requests.borrow();
    requests.iter().map(|request| (owned(request, "authorization"), owned(request, "dpop"))).collect()
}

fn proofs(bench: &Bench) -> Vec<Option<String>> {
    shown(bench).into_iter().map(|(_, proof)| proof).collect()
}

fn level(bench: &Bench) -> Option<SecurityLevel> {
    match bench.snapshot() {
        ClientSnapshot::SignedIn { security, .. } => Some(security.level),
        _ => None,
    }
}

fn signed_in() -> (Bench, Rc<FakeKeys>) {
    let keys = keys();
    let bench = page(BINDS | STEP_UP, &keys);
    answer(&bench, 200, &bound().to_string(), "n1");
    bench.sign_in().expect("signs in");
    bench.transport.requests.borrow_mut().clear();
    (bench, keys)
}

#[test]
fn a_session_is_bound_where_the_environment_announces_it() {
    let keys = keys();
    let bench = page(BINDS, &keys);
    answer(&bench, 401, &refusal("use_dpop_nonce", "dpop_nonce_missing"), "n1");
    answer(&bench, 200, &bound().to_string(), "n2");
    bench.sign_in().expect("signs in");
    let proof = |nonce| Some(format!("proof(key-1,POST,{nonce},-)"));
    assert_eq!(shown(&bench), [(None, proof("-")), (None, proof("n1"))]);
    assert_eq!(keys.asked.borrow()[0], (bench.transport.requests.borrow()[0].url.clone(), START));
    assert_eq!(level(&bench), Some(SecurityLevel::Bound));
}

#[test]
fn every_call_of_a_bound_session_has_a_proof_of_its_own_with_the_newest_nonce() {
    let (bench, _) = signed_in();
    answer(&bench, 200, &user().to_string(), "n2");
    run(bench.client.refresh_user(None)).expect("reads");
    answer(&bench, 200, &bound().to_string(), "n3");
    run(bench.client.refresh(None)).expect("refreshes");
    answer(&bench, 204, "", "n4");
    run(bench.client.logout());
    let authorization = Some(format!("DPoP {}", token_of(KEY)));
    let expected = [("GET", "n1"), ("POST", "n2"), ("POST", "n3")];
    let expected = expected
        .map(|(method, nonce)| (authorization.clone(), Some(format!("proof(key-1,{method},{nonce},token)"))));
    assert_eq!(shown(&bench), expected);
}

#[test]
fn nothing_extra_is_sent_where_nothing_is_announced() {
    let keys = keys();
    let bench = page(0, &keys);
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in");
    assert_eq!(bench.asked().len(), 1);
    assert_eq!(shown(&bench), [(None, None)]);
    assert!(keys.asked.borrow().is_empty());
    assert_eq!(level(&bench), Some(SecurityLevel::Bearer));
}

#[test]
fn settings_are_read_once_and_while_nobody_waits() {
    let keys = keys();
    let store = Rc::new(MemoryStore::default());
    store.settings.borrow_mut().0 = None;
    let bench = page_on(Rc::clone(&store), &keys, SessionBinding::Auto);
    let settings = json!({"security": {"dpop": {"supported": true, "algorithms": ["ES256"]}}});
    bench.answer(200, &settings.to_string());
    bench.client.start();
    bench.run_tasks();
    assert_eq!(bench.asked(), [format!("Get {API_BASE}/sdk/{ENVIRONMENT}/settings")]);
    answer(&bench, 200, &bound().to_string(), "n1");
    bench.sign_in().expect("signs in");
    assert_eq!(bench.asked().len(), 2);

    // Another page of the same browser asks no more.
    let other = page_on(store, &keys, SessionBinding::Auto);
    other.client.start();
    other.run_tasks();
    assert!(other.asked().is_empty());
}

#[test]
fn settings_that_do_not_come_hold_a_sign_in_up_for_two_seconds() {
    let keys = keys();
    let bench = page(0, &keys);
    bench.store.settings.borrow_mut().0 = None;
    let _never = bench.gated(200, "{}");
    bench.answer(200, &session().to_string());
    let sign_in = Polled::start(bench.client.sign_in_with_external_jwt(args(), None));
    bench.clock.advance(2000);
    sign_in.end().expect("signs in");
    assert_eq!(level(&bench), Some(SecurityLevel::Bearer));
}

#[test]
fn what_cannot_be_bound_is_signed_in_as_the_app_allows() {
    type Arrange = fn(&Bench, &FakeKeys);
    let cases: [(&str, Arrange); 5] = [
        ("settings that cannot be read", |bench, _| {
            bench.store.settings.borrow_mut().0 = None;
            bench.unreachable();
        }),
        ("settings of a server that has none", |bench, _| {
            bench.store.settings.borrow_mut().0 = None;
            bench.answer(404, "");
        }),
        ("no key to be had", |_, keys| keys.fails.set(true)),
        ("a proof that the server refuses", |bench, _| {
            answer(bench, 401, &refusal("invalid_dpop_proof", "dpop_htu_mismatch"), "n1");
        }),
        ("a server that always wants another nonce", |bench, _| {
            for nonce in ["n1", "n2", "n3"] {
                answer(bench, 401, &refusal("use_dpop_nonce", "dpop_nonce_unknown"), nonce);
            }
        }),
    ];
    for (why, arrange) in cases {
        for binding in [SessionBinding::Auto, SessionBinding::Required] {
            let keys = keys();
            let bench = page_on(announcing(BINDS), &keys, binding);
            arrange(&bench, &keys);
            let is_auto = binding == SessionBinding::Auto;
            if is_auto {
                bench.answer(200, &session().to_string());
            }
            let outcome = bench.sign_in();
            assert_eq!(outcome.is_ok(), is_auto, "{why}: {outcome:?}");
            assert_eq!(level(&bench), is_auto.then_some(SecurityLevel::Bearer), "{why}");
            if is_auto {
                assert_eq!(shown(&bench).pop(), Some((None, None)), "{why}");
            }
        }
    }
}

#[test]
fn another_failure_of_a_bound_sign_in_is_not_tried_without_the_proof() {
    let bench = page(BINDS, &keys());
    bench.answer(422, &refusal("invalid_external_auth", "jwt_expired"));
    assert_eq!(bench.sign_in().expect_err("refused").reason.as_deref(), Some("jwt_expired"));
    assert_eq!(bench.asked().len(), 1);
}

#[test]
fn an_unbound_session_is_not_taken_for_a_bound_one() {
    let bench = page(BINDS, &keys());
    answer(&bench, 200, &session().to_string(), "n1");
    bench.sign_in().expect("signs in");
    assert_eq!(level(&bench), Some(SecurityLevel::Bearer));

    let bench = page_on(announcing(BINDS), &keys(), SessionBinding::Required);
    answer(&bench, 200, &session().to_string(), "n1");
    bench.answer(204, "");
    assert_eq!(bench.sign_in().expect_err("not bound").code, "session_key_unavailable");
    assert!(bench.asked()[1].ends_with("/revoke"));
    assert!(!bench.is_signed_in() && bench.stored().is_none());
}

#[test]
fn nothing_is_bound_where_the_app_does_not_want_it() {
    let keys = keys();
    let bench = page_on(announcing(BINDS), &keys, SessionBinding::Off);
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in");
    assert!(keys.asked.borrow().is_empty());
}

#[test]
fn a_proof_that_was_late_or_used_is_made_once_more() {
    for reason in ["dpop_iat_invalid", "dpop_replayed"] {
        let (bench, _) = signed_in();
        answer(&bench, 401, &refusal("invalid_dpop_proof", reason), "n2");
        answer(&bench, 200, &user().to_string(), "n3");
        run(bench.client.refresh_user(None)).expect(reason);
        let proof = |nonce| Some(format!("proof(key-1,GET,{nonce},token)"));
        assert_eq!(proofs(&bench), [proof("n1"), proof("n2")]);
    }
}

#[test]
fn a_refused_proof_ends_no_session() {
    let (bench, _) = signed_in();
    answer(&bench, 401, &refusal("invalid_dpop_proof", "dpop_htu_mismatch"), "n2");
    assert_eq!(run(update(&bench)).expect_err("refused").code, "invalid_dpop_proof");
    assert!(bench.is_signed_in());
    for nonce in ["n3", "n4", "n5"] {
        answer(&bench, 401, &refusal("use_dpop_nonce", "dpop_nonce_unknown"), nonce);
    }
    assert_eq!(run(update(&bench)).expect_err("refused").code, "use_dpop_nonce");
    assert!(bench.is_signed_in());
    // A refused token is refreshed once, in case that another tab has replaced it.
    answer(&bench, 401, &refusal("unauthorized", "-"), "n6");
    answer(&bench, 401, &refusal("unauthorized", "-"), "n7");
    assert_eq!(run(update(&bench)).expect_err("ended").code, "unauthorized");
    assert!(!bench.is_signed_in());
}

#[test]
fn a_session_whose_key_is_gone_ends_and_its_token_is_sent_nowhere() {
    let (bench, keys) = signed_in();
    *keys.thumbprint.borrow_mut() = "another";
    let error = run(bench.client.refresh_user(None)).expect_err("no key");
    assert_eq!((&*error.code, error.status), ("unauthorized", None));
    assert!(bench.asked().is_empty());
    assert!(!bench.is_signed_in() && bench.stored().is_none());
}

#[test]
fn a_key_store_that_fails_ends_no_session() {
    let (bench, keys) = signed_in();
    *keys.thumbprint.borrow_mut() = "in-memory";
    keys.is_stored.set(false);
    let error = run(update(&bench)).expect_err("no key now");
    assert_eq!((&*error.code, error.retryable), ("session_key_unavailable", true));
    keys.fails.set(true);
    let error = run(update(&bench)).expect_err("no key now");
    assert_eq!(error.code, "session_key_unavailable");
    assert!(bench.is_signed_in() && bench.asked().is_empty());

    keys.fails.set(false);
    keys.is_stored.set(true);
    *keys.thumbprint.borrow_mut() = KEY;
    answer(&bench, 200, &bound().to_string(), "n2");
    run(update(&bench)).expect("works again");
}

#[test]
fn a_restored_session_is_bound_by_what_its_token_says() {
    let (bench, keys) = signed_in();
    let later = page_on(Rc::clone(&bench.store), &keys, SessionBinding::Auto);
    later.client.start();
    assert_eq!(level(&later), Some(SecurityLevel::Bound));
    answer(&later, 200, &user().to_string(), "n2");
    run(later.client.refresh_user(None)).expect("reads");
    assert_eq!(proofs(&later), [Some("proof(key-1,GET,-,token)".to_owned())]);
}

#[test]
fn a_session_of_a_key_in_memory_is_not_stored() {
    let keys = keys();
    keys.is_stored.set(false);
    let bench = page(BINDS, &keys);
    bench.store.values.borrow_mut().insert(STORE_KEY.to_owned(), "an older one".to_owned());
    answer(&bench, 200, &bound().to_string(), "n1");
    bench.sign_in().expect("signs in");
    assert_eq!(level(&bench), Some(SecurityLevel::Memory));
    assert_eq!(bench.stored(), None);
    answer(&bench, 200, &bound().to_string(), "n2");
    run(bench.client.refresh(None)).expect("refreshes");
    assert_eq!((level(&bench), bench.stored()), (Some(SecurityLevel::Memory), None));
}

#[test]
fn a_device_proves_its_key_where_the_environment_asks_for_it() {
    let keys = keys();
    let bench = page(DEVICE, &keys);
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in");
    let requests = bench.transport.requests.borrow();
    let names = ["x-dynamic-device-nonce", "x-dynamic-device-publickey", "x-dynamic-device-signed-nonce"];
    let signed = format!("signed({API_BASE}/sdk/{ENVIRONMENT}/nonce)");
    assert_eq!(names.map(|name| header(&requests[0], name)), [Some("d1"), Some("02ab"), Some(&*signed)]);
    assert_eq!(header(&requests[0], "x-dyn-session-public-key"), Some("02ab"));
    assert_eq!(header(&requests[0], "dpop"), None);
}

#[test]
fn a_session_in_a_cookie_needs_no_token_and_no_proof() {
    let keys = keys();
    let bench = page(BINDS | COOKIE, &keys);
    let in_cookie = bent(bent(session(), "/minifiedJwt", Value::Null), "/jwt", Value::Null);
    bench.answer(200, &in_cookie.to_string());
    bench.sign_in().expect("signs in");
    bench.answer(200, &user().to_string());
    run(bench.client.refresh_user(None)).expect("reads");
    bench.answer(200, &in_cookie.to_string());
    run(bench.client.refresh(None)).expect("refreshes");
    bench.answer(204, "");
    run(bench.client.logout());
    assert_eq!(shown(&bench), [(None, None), (None, None), (None, None), (None, None)]);
    assert!(bench.transport.requests.borrow().iter().all(|request| request.cookies));
    assert!(keys.asked.borrow().is_empty());
}

#[test]
fn cookies_go_with_nothing_else() {
    let bench = page(0, &keys());
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in");
    bench.answer(200, &user().to_string());
    run(bench.client.refresh_user(None)).expect("reads");
    assert!(bench.transport.requests.borrow().iter().all(|request| !request.cookies));
}

#[test]
fn the_external_jwt_may_come_in_a_cookie_where_the_environment_reads_one() {
    let bench = page(JWT_COOKIE, &keys());
    bench.answer(200, &session().to_string());
    run(bench.client.sign_in_with_external_jwt(SignInWithExternalJwtArgs::default(), None))
        .expect("signs in");
    let requests = bench.transport.requests.borrow();
    assert_eq!(requests[0].body.as_ref().map(Secret::expose), Some("{}"));
    assert!(requests[0].cookies);
    drop(requests);

    let bench = page(0, &keys());
    let error = run(bench.client.sign_in_with_external_jwt(SignInWithExternalJwtArgs::default(), None))
        .expect_err("no cookie");
    assert_eq!(error.code, "invalid_argument");
    assert!(bench.asked().is_empty());
}

fn elevated(scope: &str, single_use: bool) -> String {
    let claims = json!({"scope": scope, "exp": START + 300, "singleUse": single_use});
    jwt(&json!({"alg": "ES256", "typ": "elevated+jwt"}), &claims)
}

fn step_up(bench: &Bench, scope: &str, single_use: bool) {
    bench.answer(200, &json!({"elevatedAccessToken": elevated(scope, single_use)}).to_string());
    let external_jwt = args().external_jwt.expect("a JWT");
    run(bench.client.extra(Extra::Elevate { external_jwt })).expect("steps up");
    bench.transport.requests.borrow_mut().clear();
}

fn signed_in_with(announced: u8) -> Bench {
    let bench = page(announced, &keys());
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in");
    bench.transport.requests.borrow_mut().clear();
    bench
}

/// A call that is not repeated by itself.
fn update(bench: &Bench) -> impl Future<Output = Result<byoa_protocol::profile::User, ClientError>> + use<> {
    bench.client.update_user(object(&json!({"alias": "A"})), None)
}

fn elevated_headers(bench: &Bench) -> Vec<bool> {
    let requests = bench.transport.requests.borrow();
    requests.iter().map(|request| header(request, "x-dyn-elevated-access-token").is_some()).collect()
}

#[test]
fn an_elevated_token_goes_with_the_operation_that_it_is_for() {
    for (announced, scope, single_use, expected) in [
        (STEP_UP, "user:update", false, [true, true]),
        (STEP_UP, "user:update", true, [true, false]),
        (STEP_UP, "user:delete", false, [false, false]),
        (0, "user:update", false, [false, false]),
    ] {
        let bench = signed_in_with(announced);
        step_up(&bench, scope, single_use);
        for _ in 0..2 {
            bench.answer(200, &session().to_string());
            run(bench.client.update_user(object(&json!({"alias": "A"})), None)).expect("changes");
        }
        assert_eq!(elevated_headers(&bench), expected, "{announced} {scope} {single_use}");
    }
    let bench = signed_in_with(STEP_UP);
    step_up(&bench, "user:delete", true);
    bench.answer(204, "");
    run(bench.client.delete_user(None)).expect("deletes");
    assert_eq!(elevated_headers(&bench), [true]);
}

#[test]
fn of_two_calls_at_once_one_has_the_token_for_a_single_use() {
    let bench = signed_in_with(STEP_UP);
    step_up(&bench, "user:update", true);
    let gates = [bench.gated(200, &session().to_string()), bench.gated(200, &session().to_string())];
    let update = || Polled::start(bench.client.update_user(object(&json!({"alias": "A"})), None));
    let calls = [update(), update()];
    assert_eq!(elevated_headers(&bench), [true, false]);
    gates.iter().for_each(Gate::open);
    for call in calls {
        call.end().expect("changes");
    }
    assert_eq!(bench.client.elevated_token("user:update", true), None);
}

#[test]
fn an_elevated_token_that_never_left_is_not_used_up() {
    let (bench, keys) = signed_in();
    step_up(&bench, "user:delete", true);
    keys.fails.set(true);
    assert_eq!(run(bench.client.delete_user(None)).expect_err("no key").code, "session_key_unavailable");
    assert!(bench.client.elevated_token("user:delete", true).is_some());
}

#[test]
fn a_sign_out_forgets_elevated_tokens() {
    let bench = signed_in_with(STEP_UP);
    step_up(&bench, "user:update", false);
    assert!(bench.client.elevated_token("user:update", true).is_some());
    bench.answer(204, "");
    run(bench.client.logout());
    assert!(bench.client.elevated_token("user:update", true).is_none());
    bench.answer(200, &session().to_string());
    bench.sign_in().expect("signs in");
    assert!(bench.client.elevated_token("user:update", true).is_none());
    assert!(bench.stored().is_some_and(|stored| !stored.contains("elevated")));
}

#[test]
fn whether_a_step_up_is_needed_is_asked_where_no_token_is_held() {
    let credentials = json!([{"id": "c1", "format": "externalUser"}]);
    for (status, body, expected) in [
        (
            200,
            json!({"isRequired": false, "credentials": credentials}),
            json!({"isRequired": false, "credentials": credentials}),
        ),
        (
            200,
            json!({"isRequired": true, "credentials": credentials, "defaultCredentialId": "c1"}),
            json!({"isRequired": true, "credentials": credentials, "defaultCredentialId": "c1"}),
        ),
        (200, json!({}), json!({"isRequired": true, "credentials": []})),
        (403, json!({"error": "no", "code": "forbidden"}), json!({"isRequired": true, "credentials": []})),
    ] {
        let bench = signed_in_with(STEP_UP);
        bench.answer(status, &body.to_string());
        let answer =
            run(bench.client.extra(Extra::CheckStepUp { scope: "user:update".to_owned() })).expect("answers");
        assert_eq!(plain(&answer), expected);
    }
    let bench = signed_in_with(STEP_UP);
    step_up(&bench, "user:update", true);
    let answer =
        run(bench.client.extra(Extra::CheckStepUp { scope: "user:update".to_owned() })).expect("answers");
    assert_eq!(plain(&answer), json!({"isRequired": false, "credentials": []}));
    assert!(bench.asked().is_empty());
    assert!(bench.client.elevated_token("user:update", true).is_some(), "looked at, not used");
}

#[test]
fn an_own_request_shows_the_session_and_is_refreshed_first() {
    let url = "https://api.example.com/things";
    let ask = |nonce| Extra::Authorize { method: "GET".to_owned(), url: url.to_owned(), nonce };
    let keys = keys();
    let bench = Bench::with_keys(announcing(BINDS), Rc::clone(&keys) as _, SessionBinding::Auto, true);
    answer(&bench, 200, &bound().to_string(), "n1");
    bench.sign_in().expect("signs in");
    bench.transport.requests.borrow_mut().clear();
    let authorize = || run(bench.client.extra(ask(Some("own".to_owned()))));
    let bearer = format!("DPoP {}", token_of(KEY));
    let expected = json!({"authorization": bearer, "proof": "proof(key-1,GET,own,token)"});
    assert_eq!(plain(&authorize().expect("shown")), expected);
    assert!(bench.asked().is_empty());

    bench.clock.freeze((LIFETIME + 1) * 1000);
    let renewed = bent(bound(), "/expiresAt", json!(START + 2 * LIFETIME));
    answer(&bench, 200, &renewed.to_string(), "n2");
    assert_eq!(plain(&authorize().expect("shown")), expected);
    assert_eq!(bench.asked(), [format!("Post {API_BASE}/sdk/{ENVIRONMENT}/refresh")]);

    let nobody = Bench::new();
    assert_eq!(plain(&run(nobody.client.extra(ask(None))).expect("nothing")), json!({}));
}
