//! Any bytes as a JWK set and as a PEM file. A key that is accepted must be a public key of a safe size
//! to `jsonwebtoken`, `p256` and `p384` too, and no key may spoil or save another.
#![no_main]

use byoa_fuzz::part;
use byoa_jwt::{KeySet, MAX_KEY_SET_BYTES, MAX_KEYS, MAX_RSA_BITS, MIN_RSA_BITS, thumbprint};
use jsonwebtoken::{DecodingKey, jwk::Jwk};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

/// The members that make a key. Others (`x5c`, …) are ignored by us and given a type by the oracle.
const MATERIAL: [&str; 7] = ["kty", "crv", "n", "e", "x", "y", "kid"];

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = KeySet::from_pem(text, Some("k1"), None).map(|set| assert_eq!(set.usable_len(), 1));
    }
    let Ok(set) = KeySet::parse(input) else { return };
    assert!(input.len() <= MAX_KEY_SET_BYTES);
    let read: Value = serde_json::from_slice(input).expect("JSON to both");
    let entries = read["keys"].as_array().expect("an array to both");
    assert!(entries.len() <= MAX_KEYS);
    assert_eq!(entries.len(), set.usable_len() + set.unusable().len());

    let usable: Vec<_> = entries.iter().filter(|entry| is_usable_alone(entry)).collect();
    assert_eq!(usable.len(), set.usable_len(), "a key changed the answer about another");
    for (entry, key) in usable.into_iter().zip(set.usable()) {
        assert_eq!(entry.get("kid").and_then(Value::as_str), key.kid());
        assert_public(entry);
        assert_eq!(thumbprint(entry).expect("a thumbprint").len(), 43);
    }
});

fn is_usable_alone(entry: &Value) -> bool {
    let text = json!({ "keys": [entry] }).to_string();
    KeySet::parse(text.as_bytes()).expect("a set").usable_len() == 1
}

fn assert_public(entry: &Value) {
    let jwk = entry.as_object().expect("an object");
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert!(!jwk.contains_key(name), "accepted the private member {name}");
    }
    let material: Map<_, _> = jwk
        .iter()
        .filter(|(name, _)| MATERIAL.contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    let theirs: Jwk = serde_json::from_value(Value::Object(material)).expect("a JWK to both");
    DecodingKey::from_jwk(&theirs).expect("a key to both");

    let bytes = |name: &str| jwk.get(name).and_then(Value::as_str).and_then(part).expect(name);
    match (jwk["kty"].as_str(), jwk.get("crv").and_then(Value::as_str)) {
        (Some("RSA"), _) => {
            let bits = bits(&bytes("n"));
            assert!((MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits), "accepted {bits} bits");
            assert!((2..=32).contains(&self::bits(&bytes("e"))), "accepted this exponent");
        }
        (_, Some("P-256")) => {
            let point = [&[4], &bytes("x")[..], &bytes("y")[..]].concat();
            p256::PublicKey::from_sec1_bytes(&point).expect("a point to both");
        }
        (_, Some("P-384")) => {
            let point = [&[4], &bytes("x")[..], &bytes("y")[..]].concat();
            p384::PublicKey::from_sec1_bytes(&point).expect("a point to both");
        }
        (_, Some("Ed25519")) => assert_eq!(bytes("x").len(), 32),
        other => panic!("accepted {other:?}"),
    }
}

/// The length of a big-endian number, counted bit by bit.
fn bits(number: &[u8]) -> usize {
    let all = number.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    all.skip_while(|bit| *bit == 0).count()
}
