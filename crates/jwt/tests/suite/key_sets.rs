//! Reading JWK sets and PEM.

use crate::common::{KEY, NOW, check_at, code, key_set, policy, valid_token, with};
use byoa_jwt::{Algorithm, KeyProblem, KeySet, KeySetError, MAX_KEYS, SigningKey};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

/// The problem of a set's only key.
fn problem(jwk: Value) -> KeyProblem {
    let set = key_set(&[jwk]);
    assert_eq!((set.usable_len(), set.unusable().len()), (0, 1));
    set.unusable()[0].why.clone()
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Value {
    json!({ "kty": "RSA", "n": BASE64URL_NOPAD.encode(modulus), "e": BASE64URL_NOPAD.encode(exponent) })
}

#[test]
fn refuses_what_is_no_set() {
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]} x"#, "\u{feff}{\"keys\":[]}"] {
        assert!(matches!(KeySet::parse(text.as_bytes()), Err(KeySetError::NotAKeySet { .. })), "{text}");
    }
    let twice = br#"{"keys":[{"kty":"EC","kid":"a","kid":"b"}]}"#;
    assert_eq!(KeySet::parse(twice).err(), Some(KeySetError::DuplicateMember { name: "kid".to_owned() }));
    let many = json!({ "keys": vec![Value::Null; MAX_KEYS + 1] }).to_string();
    assert_eq!(KeySet::parse(many.as_bytes()).err(), Some(KeySetError::TooManyKeys { found: MAX_KEYS + 1 }));
    let huge = " ".repeat(byoa_jwt::MAX_KEY_SET_BYTES + 1);
    assert!(matches!(KeySet::parse(huge.as_bytes()), Err(KeySetError::TooLarge { .. })));
    assert!(KeySet::parse(&[0xff, 0xfe]).is_err());
}

#[test]
fn a_set_of_our_own_keys_may_be_larger_than_one_that_is_fetched() {
    let keys: Vec<_> = (0..=MAX_KEYS).map(|number| KEY.public_jwk(&number.to_string())).collect();
    let set = KeySet::of_own(&keys);
    assert_eq!((set.usable_len(), set.unusable().len()), (MAX_KEYS + 1, 0));
    assert_eq!(set.kids().last(), Some(&&*MAX_KEYS.to_string()));
}

#[test]
fn one_bad_key_does_not_spoil_the_set() {
    let set = key_set(&[
        json!(null),
        json!("x"),
        json!({ "kty": "AKP", "kid": "post-quantum" }),
        json!({ "kty": "EC", "crv": "P-521", "kid": "big" }),
        with(KEY.public_jwk("x"), "kid", json!(7)),
        KEY.public_jwk("k1"),
    ]);
    assert_eq!(set.usable_len(), 1);
    assert_eq!(set.kids(), ["k1"]);
    assert_eq!(set.unusable().len(), 5);
    assert_eq!(set.unusable()[4].why, KeyProblem::KidInvalid);
    assert_eq!(code(&check_at(&valid_token(), &set, &policy(), NOW)), "accept");
}

#[test]
fn bounds_rsa_keys() {
    let modulus = [0xff; 256];
    assert_eq!(problem(rsa(&[0xff; 128], &[1, 0, 1])), KeyProblem::RsaSize { bits: 1024 });
    assert_eq!(problem(rsa(&[0xff; 4096], &[1, 0, 1])), KeyProblem::RsaSize { bits: 32_768 });
    assert_eq!(problem(rsa(&modulus, &[1])), KeyProblem::RsaExponent);
    assert_eq!(problem(rsa(&modulus, &[2])), KeyProblem::RsaExponent);
    assert_eq!(problem(rsa(&modulus, &[0xff; 4096])), KeyProblem::RsaExponent);
    assert_eq!(key_set(&[rsa(&modulus, &[3])]).usable_len(), 1);
    assert_eq!(key_set(&[rsa(&modulus, &[1, 0, 1])]).usable()[0].algorithms().count(), 6);
    let with_zero = [&[0][..], &modulus].concat();
    assert_eq!(key_set(&[rsa(&with_zero, &[1, 0, 1])]).usable_len(), 1);
}

#[test]
fn checks_points_and_spelling() {
    let jwk = || KEY.public_jwk("k");
    let short = BASE64URL_NOPAD.encode(&[1; 31]);
    for (name, value) in [
        ("x", json!(short)),
        ("x", json!("!")),
        ("x", json!(7)),
        ("y", json!(format!("{}=", "A".repeat(43)))),
    ] {
        assert!(matches!(problem(with(jwk(), name, value)), KeyProblem::MemberInvalid { .. }), "{name}");
    }
    assert_eq!(problem(with(jwk(), "y", Value::Null)), KeyProblem::MemberMissing { name: "y" });
    assert_eq!(problem(with(jwk(), "kty", Value::Null)), KeyProblem::MemberMissing { name: "kty" });
    assert_eq!(problem(with(jwk(), "y", json!("A".repeat(43)))), KeyProblem::NotOnCurve);
    let x25519 = json!({ "kty": "OKP", "crv": "X25519", "x": "A".repeat(43) });
    assert_eq!(problem(x25519), KeyProblem::CurveUnsupported { found: "X25519".to_owned() });
}

#[test]
fn reads_the_name_of_rfc_9864() {
    let key = SigningKey::generate(Algorithm::EdDsa).expect("randomness");
    let set = key_set(&[with(key.public_jwk("k1"), "alg", json!("Ed25519"))]);
    let token = key.sign("k1", "JWT", &crate::common::claims()).expect("a token");
    assert_eq!(code(&check_at(&token, &set, &policy(), NOW)), "accept");
    assert_eq!("Ed25519".parse(), Ok(Algorithm::EdDsa));
    assert!("ed25519".parse::<Algorithm>().is_err());
}

fn pem_of(key: &SigningKey) -> String {
    let jwk = key.public_jwk("k");
    let part =
        |name: &str| BASE64URL_NOPAD.decode(jwk[name].as_str().expect("text").as_bytes()).expect("base64url");
    let prefix = BASE64.decode(b"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE").expect("base64");
    let body = BASE64.encode(&[prefix, part("x"), part("y")].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n", &body[..64], &body[64..])
}

#[test]
fn reads_a_pinned_key() {
    let pem = pem_of(&KEY);
    let any = KeySet::from_pem(&pem, None, None).expect("a key");
    assert_eq!(code(&check_at(&valid_token(), &any, &policy(), NOW)), "accept");
    let named = KeySet::from_pem(&pem, Some("k2"), Some(Algorithm::Es256)).expect("a key");
    assert_eq!(code(&check_at(&valid_token(), &named, &policy(), NOW)), "kid_unknown");
    assert_eq!(named.kids(), ["k2"]);
    assert!(matches!(KeySet::from_pem(&pem, None, Some(Algorithm::Rs256)), Err(KeySetError::KeyUnusable(_))));
}

#[test]
fn refuses_other_pem() {
    let pem = pem_of(&KEY);
    let damaged = [
        String::new(),
        pem.replace("PUBLIC", "PRIVATE"),
        pem.replace("PUBLIC KEY", "CERTIFICATE"),
        format!("{pem}{pem}"),
        pem.replacen("MFkw", "MFkx", 1),
        pem.replacen("MF", "!F", 1),
        "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----".to_owned(),
    ];
    for text in damaged {
        assert!(KeySet::from_pem(&text, None, None).is_err(), "{text}");
    }
    for cut in 0..pem.len() - 1 {
        assert!(KeySet::from_pem(&pem[..cut], None, None).is_err());
    }
}

#[test]
fn keys_are_shared_between_threads() {
    fn assert_shared<T: Send + Sync>() {}
    assert_shared::<KeySet>();
    assert_shared::<SigningKey>();
}
