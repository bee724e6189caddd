//! Bad tokens, each made from the good one by bending one thing, and the code that each must get.

use super::common::{AUDIENCE, Answer, ISSUER, Key, NOW, TestApp, Token, public_jwk};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

/// A name, the reason that must come back, and the token.
type Case = (&'static str, &'static str, String);

fn good() -> Token {
    Token::good()
}

/// The good token as text, changed by `bend`.
fn text(bend: impl FnOnce([String; 3]) -> String) -> String {
    bend(good().parts())
}

fn shapes() -> Vec<Case> {
    let malformed = "jwt_malformed";
    vec![
        ("one word", malformed, "token".to_owned()),
        ("two parts", malformed, text(|[header, claims, _]| format!("{header}.{claims}"))),
        ("four parts", malformed, text(|parts| format!("{}.AAAA", parts.join(".")))),
        (
            "five parts, as an encrypted token has",
            malformed,
            text(|parts| format!("{}.AA.AA", parts.join("."))),
        ),
        (
            "padding",
            malformed,
            text(|[header, claims, signature]| format!("{header}==.{claims}.{signature}")),
        ),
        ("a space before", malformed, format!(" {}", good().build())),
        ("a line end after", malformed, format!("{}\n", good().build())),
        ("the word Bearer before", malformed, format!("Bearer {}", good().build())),
        ("quotes around", malformed, format!("\"{}\"", good().build())),
        ("base64 instead of base64url", malformed, text(|[h, c, s]| format!("{h}.{c}.+/{}", &s[2..]))),
        (
            "stray bits in the signature",
            malformed,
            text(|[h, c, s]| format!("{h}.{c}.{}", with_stray_bits(&s))),
        ),
        ("a letter that is not ASCII", malformed, text(|[h, c, s]| format!("{h}.{c}.é{s}"))),
        ("a NUL", malformed, text(|[h, c, s]| format!("{h}.{c}.{s}\0"))),
        ("only dots", "jwt_header_invalid", "..".to_owned()),
        ("no header", "jwt_header_invalid", text(|[_, c, s]| format!(".{c}.{s}"))),
        ("no claims", "jwt_payload_invalid", text(|[h, _, s]| format!("{h}..{s}"))),
        ("over 16 KiB", "jwt_too_large", good().claim("pad", "x".repeat(16 * 1024)).build()),
    ]
}

/// The last of 342 characters carries two bits of the signature and four that must be zero.
fn with_stray_bits(signature: &str) -> String {
    let (rest, last) = signature.split_at(signature.len() - 1);
    let stray = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        _ => "x",
    };
    format!("{rest}{stray}")
}

fn headers() -> Vec<Case> {
    let invalid = "jwt_header_invalid";
    let bent = |name: &str, value: Value| good().header(name, value).build();
    let raw = |bytes: &[u8]| good().raw_header(bytes).build();
    vec![
        ("a header that is no JSON", invalid, raw(b"alg=RS256")),
        ("a header that is a list", invalid, raw(br#"["RS256"]"#)),
        ("a header that is null", invalid, raw(b"null")),
        ("a header in UTF-16", invalid, raw(b"\xff\xfe{\0}\0")),
        ("a byte order mark", invalid, raw(b"\xef\xbb\xbf{\"alg\":\"RS256\",\"kid\":\"rsa-1\"}")),
        ("bytes that are not UTF-8", invalid, raw(b"{\"alg\":\"RS256\",\"kid\":\"rsa-1\",\"x\":\"\xff\"}")),
        ("text after the header", invalid, raw(br#"{"alg":"RS256","kid":"rsa-1"} {}"#)),
        ("a number as alg", invalid, bent("alg", json!(256))),
        ("null as alg", invalid, bent("alg", json!(null))),
        ("a number as typ", invalid, bent("typ", json!(1))),
        (
            "a deep header",
            invalid,
            raw(format!("{{\"alg\":{}{}}}", "[".repeat(200), "]".repeat(200)).as_bytes()),
        ),
        ("alg twice", "jwt_duplicate_member", raw(br#"{"alg":"RS256","kid":"rsa-1","alg":"none"}"#)),
        ("kid twice", "jwt_duplicate_member", raw(br#"{"alg":"RS256","kid":"rsa-1","kid":"rsa-2"}"#)),
        ("crit with a known name", "jwt_crit_unsupported", bent("crit", json!(["exp"]))),
        ("crit without a name", "jwt_crit_unsupported", bent("crit", json!([]))),
        ("crit that is no list", "jwt_crit_unsupported", bent("crit", json!("exp"))),
        ("a payload that is not encoded", "jwt_crit_unsupported", bent("b64", json!(false))),
        ("an access token", "jwt_typ_not_allowed", bent("typ", json!("at+jwt"))),
        ("a DPoP proof", "jwt_typ_not_allowed", bent("typ", json!("dpop+jwt"))),
        ("a logout token", "jwt_typ_not_allowed", bent("typ", json!("logout+jwt"))),
        ("a token in a token", "jwt_typ_not_allowed", bent("cty", json!("JWT"))),
    ]
}

fn algorithms() -> Vec<Case> {
    let refused = "jwt_alg_not_allowed";
    let unsigned = |name: &str| good().header("alg", name).signed_by(Key::Nothing).build();
    let hmac = |name: &str| good().header("alg", name).signed_by(Key::HmacOfPublic).build();
    let named = |name: &str| good().header("alg", name).build();
    vec![
        ("no alg", refused, good().without_header("alg").build()),
        ("alg none", refused, unsigned("none")),
        ("alg None", refused, unsigned("None")),
        ("alg NONE", refused, unsigned("NONE")),
        ("alg nOnE", refused, unsigned("nOnE")),
        ("alg none with a signature", refused, named("none")),
        ("an empty alg", refused, unsigned("")),
        ("HS256 keyed with the public key", refused, hmac("HS256")),
        ("HS384", refused, hmac("HS384")),
        ("HS512", refused, hmac("HS512")),
        ("alg in lower case", refused, named("rs256")),
        ("alg with a space", refused, named("RS256 ")),
        ("ES512", refused, named("ES512")),
        ("ES256K", refused, named("ES256K")),
        ("RS1", refused, named("RS1")),
        ("an algorithm for encryption", refused, named("RSA-OAEP")),
        (
            "RS384 by a key for RS256",
            "jwt_alg_mismatch",
            good().with_key("rsa-1", "RS384", Key::Rs384).build(),
        ),
        (
            "PS256 by a key for RS256",
            "jwt_alg_mismatch",
            good().with_key("rsa-1", "PS256", Key::Ps256).build(),
        ),
        (
            "ES256 with an RSA key's name",
            "jwt_alg_mismatch",
            good().with_key("rsa-1", "ES256", Key::Es256).build(),
        ),
        ("RS256 with an EC key's name", "jwt_alg_mismatch", good().header("kid", "ec-1").build()),
        (
            "EdDSA with an EC key's name",
            "jwt_alg_mismatch",
            good().with_key("ec-1", "EdDSA", Key::EdDsa).build(),
        ),
    ]
}

fn keys() -> Vec<Case> {
    let kid = |value: Value| good().header("kid", value).build();
    let stranger = good().signed_by(Key::Stranger);
    let own_key = public_jwk("mine", json!({}));
    vec![
        ("a number as kid", "jwt_kid_invalid", kid(json!(1))),
        ("null as kid", "jwt_kid_invalid", kid(json!(null))),
        ("a kid with a NUL", "jwt_kid_invalid", kid(json!("rsa-1\0"))),
        ("a kid of 1025 bytes", "jwt_kid_invalid", kid(json!("k".repeat(1025)))),
        ("a kid that nobody published", "jwt_kid_unknown", kid(json!("rsa-9"))),
        ("an empty kid", "jwt_kid_unknown", kid(json!(""))),
        ("a kid in other letters", "jwt_kid_unknown", kid(json!("RSA-1"))),
        ("a kid that is a path", "jwt_kid_unknown", kid(json!("../../../dev/null"))),
        ("a kid that is SQL", "jwt_kid_unknown", kid(json!("' OR 1=1 --"))),
        ("a kid that is a URL", "jwt_kid_unknown", kid(json!("https://evil.example/key.pem"))),
        ("no kid where two keys fit", "jwt_kid_ambiguous", good().without_header("kid").build()),
        ("a key for encryption", "jwt_key_unusable", kid(json!("for-encryption"))),
        ("a key for wrapping", "jwt_key_unusable", kid(json!("for-wrapping"))),
        ("a key whose private half is published", "jwt_key_unusable", kid(json!("leaked"))),
        ("a key of 1024 bits", "jwt_key_unusable", kid(json!("small"))),
        ("a symmetric key", "jwt_key_unusable", kid(json!("shared"))),
        (
            "a key that the token brings along",
            "jwt_signature_invalid",
            stranger.clone().header("jwk", own_key.clone()).build(),
        ),
        (
            "that key under its own name",
            "jwt_kid_unknown",
            stranger.clone().header("jwk", own_key).header("kid", "mine").build(),
        ),
        (
            "a key set that the token points at",
            "jwt_signature_invalid",
            stranger.clone().header("jku", "https://evil.example/k").build(),
        ),
        (
            "a certificate that the token points at",
            "jwt_signature_invalid",
            stranger.header("x5u", "https://evil.example/c").build(),
        ),
    ]
}

fn signatures() -> Vec<Case> {
    let invalid = "jwt_signature_invalid";
    let claims_of = |token: Token| token.parts()[1].clone();
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let ec = || good().with_key("ec-1", "ES256", Key::Es256);
    vec![
        ("another's key under a published name", invalid, good().signed_by(Key::Stranger).build()),
        ("another published key's signature", invalid, good().header("kid", "rsa-2").build()),
        ("no signature", invalid, good().signed_by(Key::Nothing).build()),
        (
            "one bit flipped",
            invalid,
            text(|[h, c, s]| {
                let mut bytes = BASE64URL_NOPAD.decode(s.as_bytes()).expect("base64url");
                bytes[100] ^= 1;
                format!("{h}.{c}.{}", encode(&bytes))
            }),
        ),
        (
            "one byte short",
            invalid,
            text(|[h, c, s]| {
                let bytes = BASE64URL_NOPAD.decode(s.as_bytes()).expect("base64url");
                format!("{h}.{c}.{}", encode(&bytes[1..]))
            }),
        ),
        (
            "other claims under the signature",
            invalid,
            text(|[h, _, s]| format!("{h}.{}.{s}", claims_of(good().claim("sub", "admin")))),
        ),
        (
            "another header under the signature",
            invalid,
            text(|[_, c, s]| format!("{}.{c}.{s}", good().without_header("typ").parts()[0])),
        ),
        ("another padding than the alg says", invalid, good().signed_by(Key::Ps256).build()),
        ("another hash than the alg says", invalid, good().signed_by(Key::Rs384).build()),
        (
            "zeros as r and s",
            invalid,
            format!("{}.{}.{}", ec().parts()[0], ec().parts()[1], encode(&[0; 64])),
        ),
        ("an ECDSA signature in DER", invalid, ec().signed_by(Key::Es256Der).build()),
        ("an Ed25519 signature of something else", invalid, {
            let eddsa = good().with_key("ed-1", "EdDSA", Key::EdDsa);
            let other = eddsa.clone().claim("sub", "admin");
            format!("{}.{}.{}", eddsa.parts()[0], eddsa.parts()[1], other.parts()[2])
        }),
    ]
}

fn identities() -> Vec<Case> {
    let issuer = |value: Value| good().claim("iss", value).build();
    let audience = |value: Value| good().claim("aud", value).build();
    let subject = |value: Value| good().claim("sub", value).build();
    vec![
        ("no issuer", "jwt_iss_missing", good().without_claim("iss").build()),
        ("another issuer", "jwt_iss_mismatch", issuer(json!("https://evil.example"))),
        ("the issuer with a slash", "jwt_iss_mismatch", issuer(json!(format!("{ISSUER}/")))),
        ("the issuer in capitals", "jwt_iss_mismatch", issuer(json!("HTTPS://ISSUER.EXAMPLE"))),
        ("a longer issuer", "jwt_iss_mismatch", issuer(json!(format!("{ISSUER}.evil.example")))),
        ("a shorter issuer", "jwt_iss_mismatch", issuer(json!("https://issuer.exampl"))),
        ("an empty issuer", "jwt_iss_mismatch", issuer(json!(""))),
        ("a list as issuer", "jwt_iss_mismatch", issuer(json!([ISSUER]))),
        ("no audience", "jwt_aud_missing", good().without_claim("aud").build()),
        ("another audience", "jwt_aud_mismatch", audience(json!("another-api"))),
        ("the audience in capitals", "jwt_aud_mismatch", audience(json!(AUDIENCE.to_uppercase()))),
        ("a longer audience", "jwt_aud_mismatch", audience(json!(format!("{AUDIENCE}-2")))),
        ("a list of other audiences", "jwt_aud_mismatch", audience(json!(["a", "b"]))),
        ("an empty list of audiences", "jwt_aud_mismatch", audience(json!([]))),
        ("a number as audience", "jwt_aud_invalid", audience(json!(1))),
        ("null as audience", "jwt_aud_invalid", audience(json!(null))),
        ("an object as audience", "jwt_aud_invalid", audience(json!({ AUDIENCE: true }))),
        ("a number among audiences", "jwt_aud_invalid", audience(json!([AUDIENCE, 1]))),
        ("no subject", "jwt_sub_missing", good().without_claim("sub").build()),
        ("an empty subject", "jwt_sub_invalid", subject(json!(""))),
        ("a blank subject", "jwt_sub_invalid", subject(json!("   "))),
        ("a number as subject", "jwt_sub_invalid", subject(json!(12345))),
        ("null as subject", "jwt_sub_invalid", subject(json!(null))),
        ("a list as subject", "jwt_sub_invalid", subject(json!(["user-1"]))),
        ("a subject of 256 bytes", "jwt_sub_invalid", subject(json!("s".repeat(256)))),
        ("a subject with a line end", "jwt_sub_invalid", subject(json!("user\n1"))),
    ]
}

fn times() -> Vec<Case> {
    let claim = |name: &str, value: Value| good().claim(name, value).build();
    vec![
        ("no expiry", "jwt_exp_missing", good().without_claim("exp").build()),
        ("expired by the leeway", "jwt_expired", claim("exp", json!(NOW - 60))),
        ("expired long ago", "jwt_expired", claim("exp", json!(1_000_000_000))),
        ("an expiry in quotes", "jwt_exp_invalid", claim("exp", json!((NOW + 300).to_string()))),
        ("an expiry in milliseconds", "jwt_exp_invalid", claim("exp", json!((NOW + 300) * 1000))),
        ("an expiry before 1970", "jwt_exp_invalid", claim("exp", json!(-1))),
        ("an expiry of zero", "jwt_exp_invalid", claim("exp", json!(0))),
        ("null as expiry", "jwt_exp_invalid", claim("exp", json!(null))),
        ("true as expiry", "jwt_exp_invalid", claim("exp", json!(true))),
        ("an expiry of 1e300", "jwt_exp_invalid", claim("exp", json!(1e300))),
        ("not yet valid", "jwt_not_yet_valid", claim("nbf", json!(NOW + 61))),
        ("nbf in quotes", "jwt_time_invalid", claim("nbf", json!("soon"))),
        ("null as nbf", "jwt_time_invalid", claim("nbf", json!(null))),
        ("issued in the future", "jwt_issued_in_future", claim("iat", json!(NOW + 61))),
        ("iat in quotes", "jwt_time_invalid", claim("iat", json!(NOW.to_string()))),
        ("iat in milliseconds", "jwt_time_invalid", claim("iat", json!(NOW * 1000))),
    ]
}

fn payloads() -> Vec<Case> {
    let raw = |bytes: &[u8]| good().raw_claims(bytes).build();
    vec![
        ("claims that are no JSON", "jwt_payload_invalid", raw(b"sub=user-1")),
        ("claims that are a list", "jwt_payload_invalid", raw(b"[]")),
        ("claims that are a string", "jwt_payload_invalid", raw(br#""user-1""#)),
        ("claims that are not UTF-8", "jwt_payload_invalid", raw(b"{\"sub\":\"\xff\"}")),
        ("claims with a lone surrogate", "jwt_payload_invalid", raw(br#"{"sub":"\ud800"}"#)),
        ("claims 200 levels deep", "jwt_payload_invalid", {
            raw(format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200)).as_bytes())
        }),
        ("a token id that is a number", "jwt_payload_invalid", good().claim("jti", 1).build()),
        ("sub twice", "jwt_duplicate_member", good().claims_with(r#""sub":"admin""#).build()),
        ("exp twice", "jwt_duplicate_member", good().claims_with(r#""exp":9999999999"#).build()),
        ("iss twice, once escaped", "jwt_duplicate_member", good().claims_with(r#""\u0069ss":"x""#).build()),
        (
            "a member twice within a claim",
            "jwt_duplicate_member",
            good().claims_with(r#""a":{"b":1,"b":2}"#).build(),
        ),
    ]
}

fn every_case() -> Vec<Case> {
    [shapes(), headers(), algorithms(), keys(), signatures(), identities(), times(), payloads()].concat()
}

/// What is wrong with an answer to a bad token; empty where nothing is.
fn complaint(answer: &Answer, reason: &str, token: &str) -> Option<String> {
    let text = answer.text();
    if answer.status != StatusCode::UNPROCESSABLE_ENTITY || answer.code() != "invalid_external_auth" {
        return Some(format!("{} {text}", answer.status));
    }
    let told = token.split('.').any(|part| part.len() > 12 && text.contains(part));
    (answer.reason() != reason || told).then(|| format!("expected {reason}: {text}"))
}

#[tokio::test]
async fn each_bent_token_is_refused_for_what_was_bent() {
    let app = TestApp::start().await;
    let cases = every_case();
    let names: std::collections::HashSet<_> = cases.iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), cases.len());
    let mut complaints = Vec::new();
    for (name, reason, token) in &cases {
        let answer = app.sign_in(token).await;
        complaints.extend(complaint(&answer, reason, token).map(|complaint| format!("{name}: {complaint}")));
    }
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), cases.len(), complaints.join("\n"));
    assert!(cases.len() >= 140, "{}", cases.len());
    assert_eq!(app.rows().await, (0, 0), "a refused token leaves nothing behind");
}

#[tokio::test]
async fn what_was_bent_is_good_unbent() {
    let app = TestApp::start().await;
    let tokens = [
        good(),
        good().with_key("ec-1", "ES256", Key::Es256),
        good().with_key("ed-1", "EdDSA", Key::EdDsa),
        good().with_key("ec-1", "ES256", Key::Es256).without_header("kid"),
        good().without_header("typ"),
        good().claim("aud", json!(["other", AUDIENCE])),
        good().claim("exp", NOW - 59),
        good().claim("nbf", NOW + 60),
        good().claim("iat", NOW + 60),
        good().without_claim("iat"),
        good().claim("sub", "s".repeat(255)),
        good().header("jku", "https://evil.example/ignored"),
        good().claim("exp", 9_999_999_999_i64),
    ];
    for token in tokens {
        let answer = app.sign_in(&token.build()).await;
        assert_eq!(answer.status, StatusCode::OK, "{token:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn no_jwt_is_told_apart_from_a_bad_one() {
    let app = TestApp::start().await;
    for body in [json!({}), json!({ "jwt": null }), json!({ "jwt": "" }), json!({ "JWT": good().build() })] {
        let answer = app.sign_in_with(&body).await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (422, "jwt_missing"), "{body}");
    }
    let in_query = format!("{}?jwt={}", app.path("externalAuth/signin"), good().build());
    let request = super::common::post(&in_query).body("{}".into()).expect("a request");
    assert_eq!(app.call(request).await.reason(), "jwt_missing", "a JWT in the query is never read");
    assert_eq!(app.rows().await, (0, 0));
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_no_fault_of_the_token() {
    let app = TestApp::with(byoa_server::exchange::environments::EnvironmentSettings {
        jwks_url: Some("https://issuer.example/gone".to_owned()),
        ..Default::default()
    })
    .await;
    let answer = app.sign_in(&good().build()).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "issuer_keys_unavailable"));
    assert!(answer.header("retry-after").is_some());
    assert!(!answer.text().contains("issuer.example"), "{}", answer.text());
}
