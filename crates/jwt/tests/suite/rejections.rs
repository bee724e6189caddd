//! One valid token, bent in one way for each rejection.

use crate::common::{
    KEY, NOW, check, check_at, claims, code, header, key_set, keys, policy, sign, sign_text, valid_token,
    with,
};
use byoa_jwt::{AcceptedTypes, Algorithm, KeySet, Policy, Rejection, SigningKey};
use serde_json::{Value, json};

fn assert_codes(expected: &str, tokens: impl IntoIterator<Item = String>) {
    assert!(expected == "accept" || Rejection::CODES.contains(&expected), "{expected}");
    for token in tokens {
        assert_eq!(code(&check(&token)), expected, "{token:.200}");
    }
}

fn headers(name: &str, values: impl IntoIterator<Item = Value>) -> Vec<String> {
    values.into_iter().map(|value| sign(&with(header(), name, value), &claims())).collect()
}

fn payloads(name: &str, values: impl IntoIterator<Item = Value>) -> Vec<String> {
    values.into_iter().map(|value| sign(&header(), &with(claims(), name, value))).collect()
}

fn under(policy: &Policy) -> &'static str {
    code(&check_at(&valid_token(), &keys(), policy, NOW))
}

fn with_keys(keys: &KeySet, token: &str) -> &'static str {
    code(&check_at(token, keys, &policy(), NOW))
}

#[test]
fn accepts_the_valid_token() {
    let verified = check(&valid_token()).expect("the valid token");
    assert_eq!(verified.issuer(), "https://issuer.test");
    assert_eq!(verified.subject(), "user-1");
    assert_eq!(verified.expires_at(), NOW + 300);
    assert_eq!(verified.issued_at(), Some(NOW - 10));
    assert_eq!(verified.not_before(), Some(NOW - 10));
    assert_eq!(verified.token_id(), Some("one"));
    assert_eq!(verified.audiences(), ["backend"]);
    assert_eq!(verified.algorithm(), Algorithm::Es256);
    assert_eq!(verified.key_id(), Some("k1"));
}

#[test]
fn malformed() {
    let token = valid_token();
    let (rest, signature) = token.rsplit_once('.').expect("three parts");
    assert_codes(
        "malformed",
        [
            String::new(),
            ".".to_owned(),
            rest.to_owned(),
            format!("{token}."),
            format!("{token}.a.b"),
            format!("{token}="),
            format!("{token}\n"),
            format!(" {token}"),
            format!("Bearer {token}"),
            format!("{rest}.{signature}\0"),
            format!("{rest}.ä"),
            // 64 bytes end in a character of which four bits are unused.
            format!("{rest}.{}B", &signature[..signature.len() - 1]),
        ],
    );
}

#[test]
fn too_large() {
    assert_codes("too_large", payloads("pad", [json!("x".repeat(byoa_jwt::MAX_TOKEN_BYTES))]));
    assert_codes("too_large", [".".repeat(200_000)]);
    assert_codes("accept", payloads("pad", [json!("x".repeat(11_000))]));
}

#[test]
fn header_invalid() {
    let payload = claims().to_string();
    let texts: [&[u8]; 8] =
        [b"", b"[]", b"\"x\"", b"{", b"\xef\xbb\xbf{}", b"{\"alg\":\"\xff\"}", b"{}{}", b"null"];
    assert_codes("header_invalid", texts.map(|text| sign_text(text, payload.as_bytes())));
    assert_codes("header_invalid", headers("alg", [json!(1), json!(["ES256"]), json!({}), json!(true)]));
    assert_codes("header_invalid", headers("typ", [json!(42)]));
    assert_codes("header_invalid", headers("cty", [json!(42)]));
    assert_codes("header_invalid", headers("b64", [json!("false")]));
    assert_codes("header_invalid", headers("jku", [json!(7)]));
    assert_codes("accept", headers("jku", [json!("https://evil.test/keys")]));
}

#[test]
fn payload_invalid() {
    let header = header().to_string();
    let texts: [&[u8]; 8] =
        [b"", b"[]", b"\"x\"", b"1", b"{", b"\xef\xbb\xbf{}", b"{}x", br#"{"sub":"\ud800"}"#];
    assert_codes("payload_invalid", texts.map(|text| sign_text(header.as_bytes(), text)));
    assert_codes("payload_invalid", payloads("jti", [json!(7), json!([])]));
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_codes("payload_invalid", [sign_text(header.as_bytes(), deep.as_bytes())]);
}

#[test]
fn duplicate_member() {
    let (header, payload) = (header().to_string(), claims().to_string());
    let twice = |text: &str, member: &str| format!("{{{member},{}", &text[1..]);
    assert_codes(
        "duplicate_member",
        [
            sign_text(twice(&header, r#""kid":"k1""#).as_bytes(), payload.as_bytes()),
            sign_text(header.as_bytes(), twice(&payload, r#""sub":"user-2""#).as_bytes()),
            sign_text(header.as_bytes(), twice(&payload, r#""\u0073ub":"user-2""#).as_bytes()),
            sign_text(header.as_bytes(), twice(&payload, r#""a":[{"b":1,"b":1}]"#).as_bytes()),
        ],
    );
}

#[test]
fn algorithms() {
    assert_codes("algorithm_missing", headers("alg", [Value::Null]));
    let names =
        ["none", "None", "", "HS256", "HS512", "RS1", "ES512", "ES256K", "es256", " ES256", "ES256\n"];
    assert_codes("algorithm_not_allowed", headers("alg", names.map(Value::from)));
    assert_eq!(under(&Policy { algorithms: vec![Algorithm::Rs256], ..policy() }), "algorithm_not_allowed");
    assert_eq!(under(&Policy { algorithms: Vec::new(), ..policy() }), "algorithm_not_allowed");
    assert_codes("algorithm_mismatch", headers("alg", ["RS256", "ES384", "EdDSA", "PS256"].map(Value::from)));
}

#[test]
fn crit_unsupported() {
    assert_codes(
        "crit_unsupported",
        headers("crit", [json!(["alg"]), json!(["exp"]), json!([]), json!("x")]),
    );
    assert_codes("crit_unsupported", headers("b64", [json!(false)]));
    assert_codes("accept", headers("b64", [json!(true)]));
}

#[test]
fn type_not_allowed() {
    assert_codes(
        "type_not_allowed",
        headers("typ", ["at+jwt", "dpop+jwt", "", "JOSE", "JWTx"].map(Value::from)),
    );
    assert_codes("type_not_allowed", headers("cty", ["JWT", "jwt", "CBOR"].map(Value::from)));
    assert_codes("accept", headers("typ", [json!("jwt"), json!("application/JWT"), Value::Null]));
    let only = Policy { types: AcceptedTypes::only("at+jwt"), ..policy() };
    assert_eq!(under(&only), "type_not_allowed");
    let token = sign(&with(header(), "typ", json!("AT+JWT")), &claims());
    assert_eq!(code(&check_at(&token, &keys(), &only, NOW)), "accept");
}

#[test]
fn kids() {
    let values = [
        json!(1),
        json!(["k1"]),
        json!({}),
        json!(true),
        json!("k1\n"),
        json!("k1\0"),
        json!("k".repeat(1025)),
    ];
    assert_codes("kid_invalid", headers("kid", values));
    let null = header().to_string().replace("\"k1\"", "null");
    assert_codes("kid_invalid", [sign_text(null.as_bytes(), claims().to_string().as_bytes())]);
    assert_codes("kid_unknown", headers("kid", ["", "K1", "k1 ", "k", "__proto__"].map(Value::from)));

    let token = sign(&with(header(), "kid", Value::Null), &claims());
    let other = SigningKey::generate(Algorithm::Es256).expect("randomness");
    let edwards = SigningKey::generate(Algorithm::EdDsa).expect("randomness");
    assert_eq!(with_keys(&keys(), &token), "accept");
    assert_eq!(with_keys(&key_set(&[KEY.public_jwk("a"), edwards.public_jwk("b")]), &token), "accept");
    assert_eq!(with_keys(&key_set(&[KEY.public_jwk("a"), other.public_jwk("b")]), &token), "kid_ambiguous");
    assert_eq!(with_keys(&key_set(&[]), &token), "kid_ambiguous");
    assert_eq!(with_keys(&key_set(&[edwards.public_jwk("b")]), &token), "algorithm_mismatch");
    let twins = key_set(&[KEY.public_jwk("k1"), other.public_jwk("k1")]);
    assert_eq!(with_keys(&twins, &valid_token()), "kid_ambiguous");
    let strangers = key_set(&[edwards.public_jwk("k1"), edwards.public_jwk("k1")]);
    assert_eq!(with_keys(&strangers, &valid_token()), "algorithm_mismatch");
    let name = "k".repeat(80);
    let named = sign(&with(header(), "kid", json!(name)), &claims());
    assert_eq!(with_keys(&key_set(&[KEY.public_jwk(&name)]), &named), "accept");
    let cousins = key_set(&[KEY.public_jwk("k1"), edwards.public_jwk("k1")]);
    assert_eq!(with_keys(&cousins, &valid_token()), "accept");
    let nameless = key_set(&[with(KEY.public_jwk("k1"), "kid", Value::Null)]);
    assert_eq!(with_keys(&nameless, &valid_token()), "kid_unknown");
}

#[test]
fn key_unusable() {
    let jwk = || KEY.public_jwk("k1");
    for bent in [
        with(jwk(), "use", json!("enc")),
        with(jwk(), "key_ops", json!(["encrypt"])),
        with(jwk(), "key_ops", json!("verify")),
        with(jwk(), "alg", json!("ES384")),
        with(jwk(), "alg", json!("HS256")),
        with(jwk(), "crv", json!("secp256k1")),
        with(jwk(), "kty", json!("AKP")),
        with(jwk(), "y", jwk()["x"].clone()),
        with(jwk(), "d", json!("AA")),
        json!({ "kty": "oct", "k": "AAAA", "kid": "k1" }),
    ] {
        let set = key_set(std::slice::from_ref(&bent));
        assert_eq!(set.usable_len(), 0, "{bent}");
        assert_eq!(with_keys(&set, &valid_token()), "key_unusable", "{bent}");
    }
    for bent in
        [with(jwk(), "key_ops", json!(["verify"])), with(with(jwk(), "alg", Value::Null), "use", Value::Null)]
    {
        assert_eq!(with_keys(&key_set(&[bent]), &valid_token()), "accept");
    }
}

#[test]
fn signature_invalid() {
    let other = SigningKey::generate(Algorithm::Es256).expect("randomness");
    assert_eq!(with_keys(&key_set(&[other.public_jwk("k1")]), &valid_token()), "signature_invalid");
    let (token, another) = (valid_token(), sign(&header(), &with(claims(), "sub", json!("user-2"))));
    let (rest, _) = token.rsplit_once('.').expect("three parts");
    let (_, foreign) = another.rsplit_once('.').expect("three parts");
    let zeros = "A".repeat(86);
    assert_codes(
        "signature_invalid",
        [
            format!("{rest}."),
            format!("{rest}.AA"),
            format!("{rest}.{zeros}"),
            format!("{rest}.{foreign}"),
            format!("{token}AA"),
        ],
    );
}

#[test]
fn signature_comes_before_every_claim() {
    let token = sign(&header(), &json!({}));
    let other = SigningKey::generate(Algorithm::Es256).expect("randomness");
    assert_eq!(with_keys(&key_set(&[other.public_jwk("k1")]), &token), "signature_invalid");
}

#[test]
fn issuers() {
    assert_codes("issuer_missing", payloads("iss", [Value::Null]));
    let near =
        ["", "https://issuer.test/", "HTTPS://issuer.test", "https://issuer.tes", "https://issuer.test\0"];
    assert_codes("issuer_mismatch", payloads("iss", near.map(Value::from)));
    assert_codes("issuer_mismatch", payloads("iss", [json!(["https://issuer.test"]), json!(1)]));
    let token = sign(&header(), &with(claims(), "iss", json!("")));
    let empty = Policy { issuer: String::new(), ..policy() };
    assert_eq!(code(&check_at(&token, &keys(), &empty, NOW)), "issuer_mismatch");
}

#[test]
fn subjects() {
    assert_codes("subject_missing", payloads("sub", [Value::Null]));
    assert_codes("subject_invalid", payloads("sub", [json!(1), json!([]), json!({}), json!(true)]));
    let long = "é".repeat(128);
    assert_codes(
        "subject_invalid",
        payloads("sub", ["", "  ", "\u{3000}", "a\0b", "a\nb", "a\u{85}b", &long].map(Value::from)),
    );
    let longest = "x".repeat(255);
    assert_codes(
        "accept",
        payloads("sub", ["auth0|1", "a b", "Zoë", "'; DROP TABLE x", &longest].map(Value::from)),
    );
}

#[test]
fn expiries() {
    assert_codes("expiry_missing", payloads("exp", [Value::Null]));
    let invalid =
        [json!("1900000000"), json!(true), json!({}), json!(-1), json!(0), json!(u64::MAX), json!(1e300)];
    assert_codes("expiry_invalid", payloads("exp", invalid));
    assert_codes("expiry_invalid", payloads("exp", [json!(NOW * 1000), json!(253_402_300_800_i64)]));
    assert_codes("expired", payloads("exp", [json!(1), json!(NOW - 60), json!(NOW - 3600), json!(1.5)]));
    assert_codes(
        "accept",
        payloads("exp", [json!(NOW - 59), json!(NOW + 1), json!(1_800_000_300.5), json!(9.9e9)]),
    );
}

#[test]
fn leeway_is_exact_and_zero_means_zero() {
    let strict = Policy { leeway_seconds: 0, ..policy() };
    let at = |name, value: Value| {
        code(&check_at(&sign(&header(), &with(claims(), name, value)), &keys(), &strict, NOW))
    };
    assert_eq!(at("exp", json!(NOW)), "expired");
    assert_eq!(at("exp", json!(NOW + 1)), "accept");
    assert_eq!(at("exp", json!(1_800_000_000.5)), "accept");
    assert_eq!(at("nbf", json!(NOW)), "accept");
    assert_eq!(at("nbf", json!(1_800_000_000.5)), "not_yet_valid");
    assert_eq!(at("iat", json!(NOW + 1)), "issued_in_future");
    let endless = Policy { leeway_seconds: u64::MAX, ..policy() };
    assert_eq!(code(&check_at(&valid_token(), &keys(), &endless, i64::MAX)), "expired");
    assert_eq!(code(&check_at(&valid_token(), &keys(), &endless, i64::MIN)), "accept");
}

#[test]
fn times() {
    assert_codes("not_yet_valid", payloads("nbf", [json!(NOW + 61), json!(NOW + 86_400)]));
    assert_codes("issued_in_future", payloads("iat", [json!(NOW + 61)]));
    for name in ["nbf", "iat"] {
        assert_codes("time_invalid", payloads(name, [json!("1"), json!(true), json!(-1), json!(NOW * 1000)]));
        assert_codes("accept", payloads(name, [json!(NOW + 60), json!(0), json!(1.5), Value::Null]));
    }
}

#[test]
fn lifetime_too_long() {
    let limited = |seconds| Policy { max_lifetime_seconds: Some(seconds), ..policy() };
    assert_eq!(under(&limited(310)), "accept");
    assert_eq!(under(&limited(309)), "lifetime_too_long");
    let token = sign(&header(), &with(claims(), "iat", Value::Null));
    assert_eq!(code(&check_at(&token, &keys(), &limited(300), NOW)), "accept");
    assert_eq!(code(&check_at(&token, &keys(), &limited(299), NOW)), "lifetime_too_long");
}

#[test]
fn audiences() {
    assert_codes("audience_missing", payloads("aud", [Value::Null]));
    let invalid = [json!(1), json!({ "backend": true }), json!([["backend"]]), json!([7, "backend"])];
    assert_codes("audience_invalid", payloads("aud", invalid));
    let other = [json!(""), json!([]), json!("backen"), json!("backend2"), json!("a,backend"), json!(["x"])];
    assert_codes("audience_mismatch", payloads("aud", other));
    assert_codes("accept", payloads("aud", [json!(["x", "backend"])]));
    let open = Policy { audiences: Vec::new(), ..policy() };
    for token in payloads("aud", [Value::Null, json!("x"), json!(1)]) {
        assert_eq!(code(&check_at(&token, &keys(), &open, NOW)), "accept");
    }
}

#[test]
fn messages_are_safe_to_log_and_short() {
    let nasty = "\u{1b}[31m\r\nforged line\u{202e}".repeat(20);
    let tokens = [
        headers("kid", [json!(nasty)]),
        headers("alg", [json!(nasty)]),
        headers("typ", [json!(nasty)]),
        headers("crit", [json!([nasty])]),
        payloads("iss", [json!(nasty)]),
        payloads("aud", [json!(nasty), json!({ "a": nasty })]),
        payloads("exp", [json!(nasty)]),
        payloads("nbf", [json!(nasty)]),
        payloads("sub", [json!(nasty)]),
    ];
    for token in tokens.concat() {
        let message = check(&token).expect_err("a rejection").to_string();
        assert!(!message.contains(char::is_control), "{message:?}");
        assert!(!message.contains('\u{202e}'), "{message:?}");
        assert!(message.chars().count() < 700, "{message}");
        assert!(message.contains(',') || message.contains(':'), "{message}");
    }
}

#[test]
fn debug_shows_no_values() {
    let token = valid_token();
    let parsed = byoa_jwt::UnverifiedToken::parse(&token).expect("a token");
    let verified = check(&token).expect("the valid token");
    for shown in [format!("{parsed:?}"), format!("{verified:?}"), format!("{:?}", *KEY)] {
        assert!(!shown.contains("user-1") && !shown.contains(&token), "{shown}");
    }
    assert_eq!(Rejection::SubjectMissing.code(), "subject_missing");
}

#[test]
fn every_code_is_unique_and_reached_here() {
    let here = include_str!("rejections.rs");
    for (at, code) in Rejection::CODES.iter().enumerate() {
        assert!(!Rejection::CODES[..at].contains(code), "{code} is there twice");
        assert!(here.contains(&format!("\"{code}\"")), "{code} has no test");
    }
}
