//! Proofs of possession with any header and any claims, really signed by the key that they bring. What
//! `verify_dpop` accepts must be well signed to `jsonwebtoken`, for the same URL to the crate `url`, and
//! within RFC 9449 4.3 to a second reading of its claims.
#![no_main]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use byoa_fuzz::{forge::ForgedProof, json, part};
use byoa_jwt::{Algorithm, DpopPolicy, verify_dpop};
use jsonwebtoken::{DecodingKey, Validation, decode, jwk::Jwk};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;
use tinyjson::JsonValue;
use url::Url;

const NOW: i64 = 1_800_000_000;
const WINDOW: u32 = 60;

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(forged) = ForgedProof::new(input, NOW) else { return Corpus::Reject };
    let policy = DpopPolicy {
        method: "POST",
        url: forged.url,
        access_token: forged.access_token,
        expected_jkt: None,
        max_age_seconds: u64::from(WINDOW),
        algorithms: &Algorithm::ALL,
    };
    let Ok(proof) = verify_dpop(&forged.proof, &policy, NOW) else { return Corpus::Keep };

    assert!(!forged.damaged, "accepted a damaged signature");
    let parts: Vec<_> = forged.proof.split('.').map(|text| part(text).expect("base64url to both")).collect();
    assert_header_and_signature(&forged.proof, &parts[0], &proof.jkt);

    let claims = json(&parts[1]).expect("JSON to both");
    let JsonValue::Object(claims) = claims else { panic!("claims that are no object") };
    let text = |name: &str| claims.get(name).and_then(|value| value.get::<String>()).map(String::as_str);
    assert_eq!(text("htm"), Some("POST"));
    assert_same_url(text("htu").expect("a string"), forged.url);
    let issued_at = *claims["iat"].get::<f64>().expect("a number");
    let now = 1_800_000_000.0;
    // A fraction is rounded up.
    assert!(now - f64::from(WINDOW) - 1.0 < issued_at && issued_at <= now + f64::from(WINDOW), "{issued_at}");
    assert_eq!(text("jti"), Some(proof.jti.as_str()));
    assert!((1..=128).contains(&proof.jti.len()));
    assert_eq!(claims.contains_key("nonce"), proof.nonce.is_some());
    assert_eq!(text("nonce"), proof.nonce.as_deref());
    if let Some(token) = forged.access_token {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        assert_eq!(text("ath"), Some(URL_SAFE_NO_PAD.encode(hash).as_str()));
    }
    Corpus::Keep
});

fn assert_header_and_signature(proof: &str, header: &[u8], jkt: &str) {
    assert!(json(header).is_some(), "the header is no JSON without duplicates");
    let header: Value = serde_json::from_slice(header).expect("JSON to both");
    assert_eq!(header["typ"], "dpop+jwt");
    assert!(header["jwk"].get("d").is_none(), "accepted a private key");
    assert!(header.get("crit").is_none(), "accepted an extension");
    assert_eq!(jkt.len(), 43);
    let jwk: Jwk = serde_json::from_value(header["jwk"].clone()).expect("a JWK to both");
    let mut validation = Validation::new(jsonwebtoken::Algorithm::EdDSA);
    (validation.validate_exp, validation.validate_aud) = (false, false);
    validation.required_spec_claims.clear();
    let answer = decode::<Value>(proof, &DecodingKey::from_jwk(&jwk).expect("a key to both"), &validation);
    // A header member whose type it minds, or the name Ed25519: see `oracle`.
    if let Err(error) = answer {
        assert!(
            matches!(error.kind(), jsonwebtoken::errors::ErrorKind::Json(_)),
            "accepted, but the oracle: {error}"
        );
    }
}

/// What we hold for one URL may not be two to a browser. It may be none: `url` also minds the names of
/// hosts.
fn assert_same_url(one: &str, other: &str) {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.scheme(), other.scheme());
            assert_eq!(one.host(), other.host());
            assert_eq!(one.port_or_known_default(), other.port_or_known_default());
            assert!(one.username().is_empty() && other.username().is_empty());
            assert_eq!(unescaped(one.path()), unescaped(other.path()));
        }
        (Err(_), Err(_)) => {}
        (one, other) => panic!("{one:?} and {other:?}"),
    }
}

fn unescaped(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escape = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}
