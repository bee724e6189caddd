//! Attacks by the key that a token names or brings, and by what an issuer's URL answers.

use super::common::{AUDIENCE, Answer, ISSUER, JWKS_URL, Key, NOW, TestApp, Token, key_set, public_jwk};
use aws_lc_rs::hmac;
use axum::http::StatusCode;
use byoa_server::exchange::environments::{EnvironmentSettings, Environments};
use byoa_server::keys::{FetchJwks as _, FetchPolicy, HttpFetcher, KeySetUnavailable};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::{TlsAcceptor, rustls};
use uuid::Uuid;

fn is_refused(answer: &Answer) -> bool {
    (answer.status.is_client_error() || [502, 503, 504].contains(&answer.status.as_u16()))
        && answer.header("set-cookie").is_none()
        && !answer.text().contains("eyJ")
}

async fn assert_refused(app: &TestApp, id: &str, token: &str) -> Answer {
    let answer = app.sign_in(token).await;
    assert!(answer.status.is_client_error() && is_refused(&answer), "{id}: {}", answer.text());
    assert_eq!(app.rows().await, (0, 0), "{id}");
    answer
}

/// The good token with this header as text, and with what `sign` makes of it.
fn with_header(header: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let [_, claims, _] = Token::good().parts();
    let signed = format!("{}.{claims}", BASE64URL_NOPAD.encode(header.as_bytes()));
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&sign(signed.as_bytes())))
}

fn hs256(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    move |message| hmac::sign(&key, message).as_ref().to_vec()
}

/// Everything public of a key that could be mistaken for a secret: its PEM and DER, its JWK, its numbers.
fn public_forms(jwk: &Value) -> Vec<Vec<u8>> {
    let number = |name: &str| {
        jwk[name].as_str().map(|text| BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url"))
    };
    let mut forms = vec![jwk.to_string().into_bytes(), json!({ "keys": [jwk] }).to_string().into_bytes()];
    for number in ["n", "e", "x", "y"].into_iter().filter_map(number) {
        forms.push(BASE64URL_NOPAD.encode(&number).into_bytes());
        forms.push(number);
    }
    if let (Some(x), Some(y)) = (number("x"), number("y")) {
        let point = [&[4][..], &x, &y].concat();
        let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let spki = [data_encoding::HEXLOWER.decode(head.as_bytes()).expect("hex"), point.clone()].concat();
        forms.push(point);
        forms.push(spki.clone());
        let lines: Vec<_> = BASE64
            .encode(&spki)
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", lines.join("\n"));
        forms.push(format!("{pem}\n").into_bytes());
        forms.push(pem.into_bytes());
    }
    forms
}

/// SIG-087, SIG-126: a key that names no algorithm is still no secret.
#[tokio::test]
async fn a_public_key_without_alg_is_no_hmac_secret() {
    for (id, kid) in [("SIG-087", "rsa-1"), ("SIG-126", "ec-1")] {
        let app = TestApp::start().await;
        let mut jwk = key_set()["keys"]
            .as_array()
            .expect("keys")
            .iter()
            .find(|key| key["kid"] == kid)
            .expect("a key")
            .clone();
        jwk.as_object_mut().expect("an object").remove("alg");
        app.issuers.publish(JWKS_URL, &json!({ "keys": [jwk] }));
        for secret in public_forms(&jwk) {
            for kid in [json!({ "alg": "HS256", "typ": "JWT", "kid": kid }), json!({ "alg": "HS256" })] {
                assert_refused(&app, id, &with_header(&kid.to_string(), hs256(&secret))).await;
            }
        }
        let hmac = Token::good().with_key(kid, "HS256", Key::HmacOfPublic);
        assert_refused(&app, id, &hmac.build()).await;
    }
}

/// KID-005, KID-006, KID-011: nothing that a token points at is fetched.
#[tokio::test]
async fn what_a_token_points_at_is_not_fetched() {
    let app = TestApp::start().await;
    let stranger = Token::good().signed_by(Key::Stranger);
    let evil = "http://127.0.0.1:9/evil/keys.json";
    let own = JWKS_URL.strip_prefix("https://").expect("a scheme");
    let cases = [
        ("KID-005", stranger.clone().header("x5u", evil)),
        ("KID-005", stranger.clone().header("x5u", evil).without_header("kid")),
        ("KID-006", stranger.clone().header("jku", format!("{JWKS_URL}/../../evil/jku2.json"))),
        ("KID-006", stranger.clone().header("jku", format!("https://{own}@127.0.0.1:9/evil.json"))),
        ("KID-006", stranger.clone().header("jku", format!("{JWKS_URL}@127.0.0.1:9/evil.json"))),
        ("KID-011", stranger.header("kid", evil)),
    ];
    for (id, token) in cases {
        assert_refused(&app, id, &token.build()).await;
    }
    assert!(app.issuers.asked().iter().all(|url| url == JWKS_URL), "{:?}", app.issuers.asked());
}

/// KID-010, KID-019, KID-022: a `kid` is a name, compared byte for byte.
#[tokio::test]
async fn odd_key_names_name_no_key() {
    let app = TestApp::start().await;
    for (id, kid) in [
        ("KID-010", "x|sleep 4"),
        ("KID-010", "$(sleep 4)"),
        ("KID-019", "rsa-1\0"),
        ("KID-019", "rsa-1 "),
        ("KID-019", "rsa-1\n"),
        ("KID-019", " rsa-1"),
        ("KID-022", "__proto__"),
        ("KID-022", "constructor"),
        ("KID-022", "toString"),
        ("KID-022", "hasOwnProperty"),
    ] {
        for key in [Key::Stranger, Key::Rs256] {
            assert_refused(&app, id, &Token::good().header("kid", kid).signed_by(key).build()).await;
        }
    }
}

/// KID-029.
#[tokio::test]
async fn forty_unknown_key_names_cost_few_fetches() {
    let app = TestApp::start().await;
    for number in 0..40 {
        assert_refused(&app, "KID-029", &Token::good().header("kid", format!("k-{number}")).build()).await;
    }
    assert!(app.issuers.asked().len() <= 2, "{:?}", app.issuers.asked());
}

/// KID-030, KID-031.
#[tokio::test]
async fn two_algorithms_in_one_header_are_none() {
    let app = TestApp::start().await;
    let forms = public_forms(&public_jwk("rsa-1", json!({ "alg": "RS256", "use": "sig" })));
    for header in [
        r#"{"alg":"none","alg":"RS256","kid":"rsa-1"}"#,
        r#"{"alg":"RS256","alg":"none","kid":"rsa-1"}"#,
        r#"{"alg":"none","\u0061lg":"RS256","kid":"rsa-1"}"#,
    ] {
        assert_refused(&app, "KID-030", &with_header(header, |_| Vec::new())).await;
    }
    for header in
        [r#"{"alg":"RS256","alg":"HS256","kid":"rsa-1"}"#, r#"{"alg":"HS256","alg":"RS256","kid":"rsa-1"}"#]
    {
        for secret in &forms {
            assert_refused(&app, "KID-031", &with_header(header, hs256(secret))).await;
        }
        assert_refused(&app, "KID-031", &Token::good().raw_header(header).build()).await;
    }
}

/// ENC-006, ENC-014: nothing is skipped or trimmed.
#[tokio::test]
async fn characters_beside_the_alphabet_are_refused() {
    let app = TestApp::start().await;
    let good = Token::good().build();
    for inside in ['!', '*', ' ', '\n', '=', '\0', '%'] {
        let mut token = good.clone();
        token.insert(token.len() - 20, inside);
        assert_refused(&app, "ENC-006", &token).await;
    }
    for token in [format!("{good}\n"), format!(" {good}"), format!("{good} "), format!("\t{good}\r\n")] {
        assert_refused(&app, "ENC-014", &token).await;
    }
}

/// KID-028.
#[tokio::test]
async fn one_name_on_keys_of_two_types_is_told_apart_by_type() {
    let app = TestApp::start().await;
    let mut keys = key_set();
    let ec = keys["keys"][2].clone();
    keys = json!({ "keys": [public_jwk("same", json!({ "alg": "RS256" })), ec] });
    keys["keys"][1]["kid"] = json!("same");
    app.issuers.publish(JWKS_URL, &keys);
    let tokens = [("RS256", Key::Rs256), ("ES256", Key::Es256)];
    for (algorithm, key) in tokens {
        let answer = app.sign_in(&Token::good().with_key("same", algorithm, key).build()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    let crossed = Token::good().with_key("same", "ES256", Key::Rs256).build();
    assert_eq!(app.sign_in(&crossed).await.reason(), "jwt_signature_invalid");
}

/// An issuer over TCP: what it answers to a path, and how often it was called.
struct Wire {
    port: u16,
    calls: Arc<AtomicUsize>,
}

impl Wire {
    /// Answers with what `answer` makes of the path, as raw bytes, and closes.
    async fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (calls, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
        let counted = calls.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    let path = path(&mut stream).await;
                    // The caller may have hung up.
                    let _ = stream.write_all(&answer(&path)).await;
                });
            }
        });
        Self { port, calls }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// The path of a request, without its slash.
async fn path(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(length) if length > 0 => request.extend_from_slice(&piece[..length]),
            _ => break,
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    text.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned()
}

fn ok(content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn with_status(line: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
}

/// An app that fetches over the network, and what makes environments there as a developer's flag allows.
async fn networked(allow_private: bool) -> (TestApp, Environments) {
    let fetcher = HttpFetcher::new(FetchPolicy { allow_private }).expect("a client");
    let app = TestApp::over(EnvironmentSettings::default(), Some(Arc::new(fetcher)), |store| store).await;
    let lax = Environments::new(app.store.clone(), app.clock.clone(), true, None);
    (app, lax)
}

/// An environment whose issuer publishes at `url`.
async fn environment(environments: &Environments, number: u128, url: &str) -> Uuid {
    let id = Uuid::from_u128(0x0198_b0a5_6f3e_7c3d_8a5e_0000_0000_0000 + number);
    let settings = EnvironmentSettings {
        issuer: Some(ISSUER.to_owned()),
        jwks_url: Some(url.to_owned()),
        audience: Some(AUDIENCE.to_owned()),
        allowed_origins: Some(vec![super::common::ORIGIN.to_owned()]),
        ..Default::default()
    };
    environments.create(id, settings).await.expect("an environment");
    id
}

/// What each of the catalogue's issuers answers.
fn misbehaving(path: &str) -> Vec<u8> {
    let json = "application/json";
    let keys = key_set();
    let beside = |more: &[Value]| {
        let list: Vec<Value> = more.iter().chain(keys["keys"].as_array().expect("keys")).cloned().collect();
        json!({ "keys": list, "issuer": ISSUER, "x": { "y": [1] } }).to_string().into_bytes()
    };
    let all = keys.to_string();
    match path {
        "JWK-002" => with_status("404 Not Found"),
        "JWK-003" => ok("text/html", b"<!doctype html><title>Sign in to the Wi-Fi</title>"),
        "JWK-005" => ok(json, br#"{"keys":[]}"#),
        "JWK-006/missing" => ok(json, b"{}"),
        "JWK-006/object" => ok(json, br#"{"keys":{}}"#),
        "JWK-006/null" => ok(json, br#"{"keys":null}"#),
        "JWK-006/list" => ok(json, keys["keys"].to_string().as_bytes()),
        "JWK-013" => {
            let whole = ok(json, all.as_bytes());
            whole[..whole.len() / 2].to_vec()
        }
        "JWK-016" => with_status("304 Not Modified"),
        "JWK-017" => ok(json, format!("{all}x").as_bytes()),
        "JWK-018" => ok(json, "[".repeat(100_000).as_bytes()),
        "JWK-018/whole" => {
            ok(json, format!("{{\"keys\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)).as_bytes())
        }
        "JWK-020" => ok("text/plain", all.as_bytes()),
        "JWK-021" => ok("application/jwk-set+json", all.as_bytes()),
        "JWK-023" => ok(
            json,
            &beside(&[
                json!({ "kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AAAA" }),
                json!({ "kty": "OKP", "crv": "Ed448", "kid": "e4", "x": "AAAA" }),
                json!({ "kty": "OKP", "crv": "X25519", "kid": "xx", "x": "AAAA", "use": "enc" }),
                json!({ "kty": "RSA", "use": "tls", "kid": "u", "n": "AQAB", "e": "AQAB" }),
            ]),
        ),
        "JWK-024" => ok(json, &beside(&[json!(null), json!(5), json!("x")])),
        "JWK-025" => {
            ok(json, &beside(&[public_jwk("ms", json!({ "issuer": "x", "x5t": "y", "x5c": ["z"] }))]))
        }
        "JWK-028" => {
            let mut key = public_jwk("5", json!({ "alg": "RS256" }));
            key["kid"] = json!(5);
            ok(json, json!({ "keys": [key] }).to_string().as_bytes())
        }
        "JWK-029" => with_status("302 Found\r\nlocation: /JWK-021"),
        "JWK-031" => with_status("302 Found\r\nlocation: file:///etc/passwd"),
        "JWK-033" => with_status("302 Found\r\nlocation: /JWK-033"),
        other => panic!("{other} was asked for"),
    }
}

/// JWK-002, JWK-003, JWK-005, JWK-006, JWK-013, JWK-016, JWK-017, JWK-018, JWK-020, JWK-021, JWK-023,
/// JWK-024, JWK-025, JWK-028, JWK-029, JWK-031, JWK-033.
#[tokio::test]
async fn an_issuer_that_answers_anything_but_a_key_set_opens_nothing() {
    let wire = Wire::answering(misbehaving).await;
    let (app, lax) = networked(true).await;
    let refused = [
        "JWK-002",
        "JWK-003",
        "JWK-005",
        "JWK-006/missing",
        "JWK-006/object",
        "JWK-006/null",
        "JWK-006/list",
        "JWK-013",
        "JWK-016",
        "JWK-017",
        "JWK-018",
        "JWK-018/whole",
        "JWK-028",
        "JWK-029",
        "JWK-031",
        "JWK-033",
    ];
    let accepted = ["JWK-020", "JWK-021", "JWK-023", "JWK-024", "JWK-025"];
    let token = Token::good().build();
    for (number, path) in refused.into_iter().enumerate() {
        let id = environment(&lax, number as u128, &wire.url(path)).await;
        let before = wire.calls();
        let kid = if path == "JWK-028" { Token::good().header("kid", "5").build() } else { token.clone() };
        let answer = app.sign_in_at(id, &kid).await;
        assert!(is_refused(&answer), "{path}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains("127.0.0.1"), "{path}: {}", answer.text());
        assert_eq!(wire.calls() - before, 1, "{path}: no redirect is followed");
    }
    assert_eq!(app.rows().await, (0, 0));
    for (number, path) in accepted.into_iter().enumerate() {
        let id = environment(&lax, 100 + number as u128, &wire.url(path)).await;
        let answer = app.sign_in_at(id, &token).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    }
}

/// JWK-034, JWK-035: nobody there, and no such name.
#[tokio::test]
async fn an_issuer_that_cannot_be_reached_opens_nothing() {
    let (app, lax) = networked(true).await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    for (number, url) in
        [format!("http://{free}/jwks"), "http://no-such-host.invalid/jwks".to_owned()].iter().enumerate()
    {
        let id = environment(&lax, number as u128, url).await;
        let answer = app.sign_in_at(id, &Token::good().build()).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{url}: {}", answer.text());
    }
    assert_eq!(app.rows().await, (0, 0));
}

/// JWK-007, JWK-008: the clock of the runtime jumps to the next timer once the issuer has the request.
#[tokio::test]
async fn an_issuer_that_hangs_or_drips_is_given_up_after_five_seconds() {
    for drips in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
        let fetch = tokio::spawn(async move {
            let fetcher = HttpFetcher::new(FetchPolicy { allow_private: true }).expect("a client");
            fetcher.fetch(&url.parse().expect("a URL")).await
        });
        let (mut stream, _) = listener.accept().await.expect("a caller");
        assert_eq!(path(&mut stream).await, "jwks");
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        if drips {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
            stream.write_all(head).await.expect("sent");
            while !fetch.is_finished() && stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        assert_eq!(fetch.await.expect("no panic"), Err(KeySetUnavailable::Timeout { seconds: 5 }), "{drips}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        tokio::time::resume();
    }
}

/// JWK-045, JWK-046, JWK-048, JWK-049, JWK-050, JWK-051, JWK-052, JWK-054, JWK-055, JWK-056, JWK-057: this
/// machine by any name is never contacted, also where such a URL is in the database already.
#[tokio::test]
async fn this_machine_by_any_name_is_never_contacted() {
    let wire = Wire::answering(|_| ok("application/json", key_set().to_string().as_bytes())).await;
    let (app, lax) = networked(false).await;
    let hosts = [
        "127.0.0.1",
        "localhost",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "127.0.0.1.",
        "LOCALHOST",
        "127.0.0.2",
        "[::1]",
        "0x7f.1",
        "localhost.",
        "a.localhost",
    ];
    let mut number = 0;
    for host in hosts {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{}/jwks", wire.port);
            let change = EnvironmentSettings { jwks_url: Some(url.clone()), ..Default::default() };
            assert!(app.environments.set(app.environment, change).await.is_err(), "{url} is configured");
            number += 1;
            let id = environment(&lax, number, &url).await;
            let answer = app.sign_in_at(id, &Token::good().build()).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{url}: {}", answer.text());
        }
    }
    assert_eq!((wire.calls(), app.rows().await), (0, (0, 0)));
}

/// JWK-040, JWK-042, and ADM-005: the URL is refused when it is configured. No address here is contacted.
#[tokio::test]
async fn a_key_url_that_is_none_or_not_public_is_refused_when_it_is_configured() {
    let app = TestApp::start().await;
    for url in [
        "data:application/json,{\"keys\":[]}",
        "not a url",
        "",
        "/jwks",
        "file:///etc/passwd",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[::]/",
        "https://0.0.0.0/",
        "https://[64:ff9b::a00:1]/",
        "https://[64:ff9b::7f00:1]/",
    ] {
        let change = EnvironmentSettings { jwks_url: Some(url.to_owned()), ..Default::default() };
        let refused = app.environments.set(app.environment, change).await.expect_err(url).to_string();
        assert!(refused.starts_with("jwks-url"), "{url}: {refused}");
    }
    assert_eq!(app.sign_in(&Token::good().build()).await.status, StatusCode::OK, "the earlier one stays");
}

/// JWK-058, JWK-059, JWK-060: thirty-five seconds are enough, whatever the jitter is.
#[tokio::test]
async fn what_an_issuer_mends_helps_within_thirty_five_seconds() {
    let app = TestApp::start().await;
    let token = Token::good().claim("exp", NOW + 3_600);
    let urls: Vec<String> = (0..30).map(|number| format!("https://issuer.example/{number}")).collect();
    let mut environments = Vec::new();
    for (number, url) in urls.iter().enumerate() {
        environments.push(environment(&app.environments, number as u128, url).await);
    }
    for id in &environments {
        assert_eq!(app.sign_in_at(*id, &token.build()).await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    let only = |kid: &str| json!({ "keys": [public_jwk(kid, json!({ "alg": "RS256" }))] });
    for url in &urls {
        app.issuers.publish(url, &only("rsa-1"));
    }
    app.clock.advance(Duration::from_secs(35));
    for id in &environments {
        let answer = app.sign_in_at(*id, &token.build()).await;
        assert_eq!(answer.status, StatusCode::OK, "JWK-060: {}", answer.text());
    }
    let rotated = token.clone().header("kid", "new");
    for (id, url) in environments.iter().zip(&urls) {
        assert_eq!(app.sign_in_at(*id, &rotated.build()).await.reason(), "jwt_kid_unknown");
        app.issuers.publish(url, &only("new"));
    }
    app.clock.advance(Duration::from_secs(35));
    for (id, url) in environments.iter().zip(&urls) {
        assert_eq!(app.sign_in_at(*id, &rotated.build()).await.status, StatusCode::OK, "JWK-058");
        app.issuers.withdraw(url);
    }
    app.clock.advance(Duration::from_mins(30));
    for id in &environments {
        assert_eq!(app.sign_in_at(*id, &rotated.build()).await.status, StatusCode::OK, "JWK-059");
    }
}

/// JWK-061.
#[tokio::test]
async fn forty_sign_ins_at_once_on_a_cold_cache_cost_one_fetch() {
    let app = TestApp::start().await;
    let tokens: Vec<_> =
        (0..40).map(|number| Token::good().claim("sub", format!("u-{number}")).build()).collect();
    let answers = futures_util::future::join_all(tokens.iter().map(|token| app.sign_in(token))).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    assert_eq!((app.rows().await, app.issuers.asked().len()), ((40, 40), 1));
}

/// TEN-002: a key's name is its issuer's own, in the cache as well.
#[tokio::test]
async fn a_key_of_one_environment_signs_for_no_other_by_its_name() {
    let app = TestApp::start().await;
    let of_b = "https://b.example/jwks";
    let mut strange = key_set()["keys"][1].clone();
    strange["kid"] = json!("rsa-1");
    app.issuers.publish(of_b, &json!({ "keys": [strange] }));
    let b = environment(&app.environments, 2, of_b).await;
    let warm = Token::good();
    assert_eq!(app.sign_in(&warm.build()).await.status, StatusCode::OK, "A's key is in the cache");
    let by_a = app.sign_in_at(b, &warm.build()).await;
    assert_eq!((by_a.status.as_u16(), by_a.reason().as_str()), (422, "jwt_signature_invalid"));
    let by_b = app.sign_in(&warm.clone().signed_by(Key::Stranger).build()).await;
    assert_eq!(by_b.reason(), "jwt_signature_invalid");
    assert_eq!(app.rows().await, (1, 1));
    assert_eq!(app.sign_in_at(b, &warm.signed_by(Key::Stranger).build()).await.status, StatusCode::OK);
}

/// Serves keys over TLS with a certificate that nobody vouches for; where, and how many hand-shakes it finished.
async fn self_signed() -> (u16, Arc<AtomicUsize>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let certificate = include_bytes!("../data/self-signed.crt.der").to_vec().into();
    let key = PrivateKeyDer::try_from(include_bytes!("../data/self-signed.key.der").to_vec()).expect("a key");
    let versions =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.expect("versions").with_no_client_auth().with_single_cert(vec![certificate], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let finished = Arc::new(AtomicUsize::new(0));
    let counted = finished.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                counted.fetch_add(1, Ordering::SeqCst);
                // The caller may have hung up.
                let _ = stream.write_all(&ok("application/json", key_set().to_string().as_bytes())).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (port, finished)
}

/// JWK-036: also where plain HTTP would be allowed, a certificate is verified.
#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_opens_nothing() {
    let (port, finished) = self_signed().await;
    let (app, lax) = networked(true).await;
    for (number, host) in ["localhost", "127.0.0.1"].into_iter().enumerate() {
        let url = format!("https://{host}:{port}/jwks");
        let id = environment(&lax, number as u128, &url).await;
        let answer = app.sign_in_at(id, &Token::good().build()).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
    }
    assert_eq!((finished.load(Ordering::SeqCst), app.rows().await), (0, (0, 0)), "nothing was even asked");
    let careless = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build();
    let answer = careless.expect("a client").get(format!("https://localhost:{port}/jwks")).send().await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::OK, "who does not look gets the keys");
}
