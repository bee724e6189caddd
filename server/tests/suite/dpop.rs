//! Proofs of possession (RFC 9449), from outside: area `binding` of the attacks.

use super::common::{Answer, TestApp, Token, get, post};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use byoa_server::clock::Clock as _;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::time::Duration;

/// A client with a key of its own.
struct Client {
    key: EcdsaKeyPair,
}

impl Client {
    fn new() -> Self {
        Self { key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key") }
    }

    /// A proof of these claims.
    fn proof(&self, claims: &Value) -> String {
        let point = self.key.public_key().as_ref();
        let jwk = json!({ "kty": "EC", "crv": "P-256",
            "x": BASE64URL_NOPAD.encode(&point[1..33]), "y": BASE64URL_NOPAD.encode(&point[33..]) });
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

/// The claims of a good proof for one request.
fn claims(app: &TestApp, method: &Method, operation: &str, token: Option<&str>, nonce: &str) -> Value {
    let mut claims = json!({
        "htm": method.as_str(),
        "htu": format!("https://auth.example.com{}", app.path(operation)),
        "iat": app.clock.now().seconds(),
        "jti": BASE64URL_NOPAD.encode(&byoa_server::ids::random::<16>()),
        "nonce": nonce,
    });
    if let Some(token) = token {
        claims["ath"] = json!(BASE64URL_NOPAD.encode(digest(&SHA256, token.as_bytes()).as_ref()));
    }
    claims
}

async fn sign_in(app: &TestApp, proof: &str) -> Answer {
    let request = post(&app.path("externalAuth/signin")).header("dpop", proof);
    let body = json!({ "jwt": Token::good().build() }).to_string();
    app.call(request.body(Body::from(body)).expect("a request")).await
}

/// A bound session: its token, and a nonce for the next call.
async fn bound(app: &TestApp, client: &Client) -> (String, String) {
    let sign_in_with = async |nonce: Value| {
        let mut claims = claims(app, &Method::POST, "externalAuth/signin", None, "");
        claims["nonce"] = nonce;
        sign_in(app, &client.proof(&claims)).await
    };
    let answer = sign_in_with(json!("made-up")).await;
    let nonce = answer.header("dpop-nonce").expect("a nonce").to_owned();
    let answer = sign_in_with(json!(nonce)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let nonce = answer.header("dpop-nonce").expect("a nonce").to_owned();
    (answer.json()["minifiedJwt"].as_str().expect("a token").to_owned(), nonce)
}

async fn call(
    app: &TestApp,
    method: &Method,
    operation: &str,
    authorization: &str,
    proofs: &[&str],
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(app.path(operation))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, authorization);
    for proof in proofs {
        request = request.header("dpop", *proof);
    }
    app.call(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn a_proof_needs_a_nonce_of_ours_and_binds_the_session_to_its_key() {
    let app = TestApp::start().await;
    let client = Client::new();
    let mut without = claims(&app, &Method::POST, "externalAuth/signin", None, "");
    without.as_object_mut().expect("an object").remove("nonce");
    let answer = sign_in(&app, &client.proof(&without)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "use_dpop_nonce"));
    assert_eq!(answer.reason(), "dpop_nonce_missing");
    assert_eq!(answer.header("www-authenticate"), Some(r#"DPoP error="use_dpop_nonce""#));
    assert_eq!(app.rows().await, (0, 0));

    let (token, nonce) = bound(&app, &client).await;
    let payload = token.split('.').nth(1).expect("a payload").as_bytes();
    let payload: Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(payload).expect("base64")).expect("JSON");
    assert_eq!(payload["cnf"]["jkt"].as_str().map(str::len), Some(43));
    let mut nonce = nonce;
    for (method, operation, status) in
        [(Method::GET, "session", 204), (Method::GET, "users", 200), (Method::POST, "refresh", 200)]
    {
        let proof = client.proof(&claims(&app, &method, operation, Some(&token), &nonce));
        let answer = call(&app, &method, operation, &format!("DPoP {token}"), &[&proof]).await;
        assert_eq!(answer.status.as_u16(), status, "{operation}: {}", answer.text());
        nonce = answer.header("dpop-nonce").expect("a nonce").to_owned();
    }
}

#[tokio::test]
async fn each_broken_rule_has_its_reason_and_opens_nothing() {
    let app = TestApp::start().await;
    let (client, thief) = (Client::new(), Client::new());
    let (token, nonce) = bound(&app, &client).await;
    let dpop = format!("DPoP {token}");
    let get = Method::GET;
    let good = || claims(&app, &get, "session", Some(&token), &nonce);
    let bent = |name: &str, value: Value| {
        let mut claims = good();
        claims[name] = value;
        client.proof(&claims)
    };
    let cases = [
        (thief.proof(&good()), "dpop_key_mismatch"),
        (bent("htm", json!("POST")), "dpop_htm_mismatch"),
        (bent("htu", json!(format!("http://127.0.0.1:3333{}", app.path("session")))), "dpop_htu_mismatch"),
        (bent("htu", json!(format!("https://auth.example.com{}", app.path("users")))), "dpop_htu_mismatch"),
        (bent("ath", json!("x")), "dpop_ath_mismatch"),
        (bent("ath", Value::Null), "dpop_ath_mismatch"),
        (bent("iat", json!(app.clock.now().seconds() - 301)), "dpop_iat_invalid"),
        (bent("jti", json!("")), "dpop_jti_invalid"),
        ("x".to_owned(), "dpop_malformed"),
        (Token::good().build(), "dpop_typ_invalid"),
    ];
    for (proof, reason) in cases {
        let answer = call(&app, &get, "session", &dpop, &[&proof]).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "invalid_dpop_proof"), "{reason}");
        assert_eq!(answer.reason(), reason);
        assert_eq!(answer.header("www-authenticate"), Some(r#"DPoP error="invalid_dpop_proof""#));
        assert!(answer.header("dpop-nonce").is_some(), "{reason}");
    }
    let device_nonce = app.call(super::common::get(&app.path("nonce"))).await.json()["nonce"].clone();
    for unknown in [json!("x"), device_nonce] {
        let answer = call(&app, &get, "session", &dpop, &[&bent("nonce", unknown)]).await;
        assert_eq!(
            (answer.code().as_str(), answer.reason().as_str()),
            ("use_dpop_nonce", "dpop_nonce_unknown")
        );
    }
    let (one, two) = (client.proof(&good()), client.proof(&good()));
    assert_eq!(call(&app, &get, "session", &dpop, &[&one, &two]).await.reason(), "dpop_malformed");
    assert_eq!(call(&app, &get, "session", &dpop, &[]).await.reason(), "dpop_proof_missing");
    let as_bearer = format!("Bearer {token}");
    assert_eq!(call(&app, &get, "session", &as_bearer, &[&one]).await.reason(), "dpop_scheme_missing");
    assert_eq!(call(&app, &Method::POST, "revoke", &as_bearer, &[]).await.reason(), "dpop_scheme_missing");

    assert_eq!(
        call(&app, &get, "session", &dpop, &[&one]).await.status,
        StatusCode::NO_CONTENT,
        "nothing ended"
    );
    let again = call(&app, &get, "session", &dpop, &[&one]).await;
    assert_eq!((again.status.as_u16(), again.reason().as_str()), (401, "dpop_replayed"));

    app.clock.advance(Duration::from_mins(4) + Duration::from_secs(59));
    let late = client.proof(&good());
    assert_eq!(call(&app, &get, "session", &dpop, &[&late]).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_proof_is_used_once_by_many_at_once() {
    let app = TestApp::start().await;
    let client = Client::new();
    let (token, nonce) = bound(&app, &client).await;
    let proof = client.proof(&claims(&app, &Method::GET, "session", Some(&token), &nonce));
    let (dpop, proofs) = (format!("DPoP {token}"), [proof.as_str()]);
    let calls = (0..20).map(|_| call(&app, &Method::GET, "session", &dpop, &proofs));
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::NO_CONTENT).count(), 1);
}

#[tokio::test]
async fn a_token_that_is_bound_to_no_key_is_a_bearer_token() {
    let app = TestApp::start().await;
    let token = app.session().await["minifiedJwt"].as_str().expect("a token").to_owned();
    let refused = call(&app, &Method::GET, "session", &format!("DPoP {token}"), &[]).await;
    assert_eq!((refused.status.as_u16(), refused.reason().as_str()), (401, "dpop_token_unbound"));
    let unbound = call(&app, &Method::GET, "session", &format!("Bearer {token}"), &["x"]).await;
    assert_eq!(unbound.status, StatusCode::NO_CONTENT, "a proof that nothing asks for is not looked at");
}

#[tokio::test]
async fn who_has_the_key_is_never_shut_out_by_a_replaced_token() {
    let app = TestApp::start().await;
    let client = Client::new();
    let (first, mut nonce) = bound(&app, &client).await;
    let mut successors = Vec::new();
    for seconds in [0, 200] {
        app.clock.advance(Duration::from_secs(seconds));
        let proof = client.proof(&claims(&app, &Method::POST, "refresh", Some(&first), &nonce));
        let answer = call(&app, &Method::POST, "refresh", &format!("DPoP {first}"), &[&proof]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        nonce = answer.header("dpop-nonce").expect("a nonce").to_owned();
        successors.push(answer.json()["expiresAt"].clone());
    }
    assert_eq!(successors[0], successors[1], "the newest token, and no newer one");
}

#[tokio::test]
async fn who_has_the_key_goes_on_after_sleep_although_the_last_answer_was_lost() {
    let app = TestApp::start().await;
    let client = Client::new();
    let (first, mut nonce) = bound(&app, &client).await;
    let mut expiries = Vec::new();
    // The answer that is lost, the same token past its end, and once more when the successor has ended as well.
    for minutes in [0, 6, 24 * 60] {
        app.clock.advance(Duration::from_mins(minutes));
        if minutes > 0 {
            let stolen = call(&app, &Method::POST, "refresh", &format!("DPoP {first}"), &[]).await;
            assert_eq!((stolen.status.as_u16(), stolen.reason().as_str()), (401, "dpop_proof_missing"));
            let fresh = client.proof(&claims(&app, &Method::POST, "refresh", Some(&first), "old"));
            let asked = call(&app, &Method::POST, "refresh", &format!("DPoP {first}"), &[&fresh]).await;
            asked.header("dpop-nonce").expect("a nonce").clone_into(&mut nonce);
        }
        let proof = client.proof(&claims(&app, &Method::POST, "refresh", Some(&first), &nonce));
        let answer = call(&app, &Method::POST, "refresh", &format!("DPoP {first}"), &[&proof]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.header("dpop-nonce").expect("a nonce").clone_into(&mut nonce);
        let answer = answer.json();
        expiries.push(answer["expiresAt"].as_i64().expect("a time"));
        assert!(answer["expiresAt"].as_i64() > Some(app.clock.now().seconds()), "alive");
        let token = answer["minifiedJwt"].as_str().expect("a token");
        let proof = client.proof(&claims(&app, &Method::GET, "session", Some(token), &nonce));
        let alive = call(&app, &Method::GET, "session", &format!("DPoP {token}"), &[&proof]).await;
        assert_eq!(alive.status, StatusCode::NO_CONTENT, "{}", alive.text());
        alive.header("dpop-nonce").expect("a nonce").clone_into(&mut nonce);
    }
    assert_eq!(expiries[0], expiries[1], "the newest token, and no newer one");
}

#[tokio::test]
async fn settings_announce_it_and_pages_may_use_it() {
    let app = TestApp::start().await;
    let settings = app.call(get(&app.path("settings"))).await.json();
    let dpop = &settings["security"]["dpop"];
    assert_eq!((&dpop["supported"], &dpop["nonceRequired"]), (&json!(true), &json!(true)));
    let algorithms = dpop["algorithms"].as_array().expect("a list");
    assert!(algorithms.contains(&json!("ES256")) && !algorithms.contains(&json!("none")));
}
