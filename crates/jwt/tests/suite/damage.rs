//! Damaged tokens: never accepted, never a panic.

use crate::common::{KEY, NOW, check_at, keys, policy, valid_token};
use crate::preview::agree;
use byoa_jwt::{KeySet, UnverifiedToken, trace};
use serde_json::json;

/// Xorshift: the same numbers every time, which is all that is wanted of it.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("a small number")
    }
}

fn mutate(text: &[u8], numbers: &mut Numbers) -> String {
    const BYTES: &[u8] = b"AZaz09-_.=+/ \n\0{}[]\",:\\u\xc3\xa9";
    let mut bytes = text.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let byte = BYTES[numbers.below(BYTES.len())];
        match numbers.below(4) {
            0 => bytes.insert(at, byte),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 if at < bytes.len() => bytes[at] = byte,
            _ => bytes.truncate(bytes.len() - numbers.below(bytes.len().min(9) + 1)),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn every_single_changed_character_is_refused() {
    let (token, keys, policy) = (valid_token(), keys(), policy());
    for at in 0..token.len() {
        for replacement in ["A", "Q", "_", ".", "=", " "] {
            if &token[at..=at] != replacement {
                let bent = format!("{}{replacement}{}", &token[..at], &token[at + 1..]);
                assert!(check_at(&bent, &keys, &policy, NOW).is_err(), "at {at}: {replacement:?}");
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let (token, keys, policy) = (valid_token(), keys(), policy());
    for at in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let bent = String::from_utf8(bytes).expect("ASCII");
            assert!(check_at(&bent, &keys, &policy, NOW).is_err(), "at {at}, bit {bit}");
        }
    }
}

#[test]
fn every_cut_is_refused() {
    let (token, keys, policy) = (valid_token(), keys(), policy());
    for at in 0..token.len() {
        assert!(check_at(&token[..at], &keys, &policy, NOW).is_err());
        assert!(check_at(&token[at + 1..], &keys, &policy, NOW).is_err());
    }
}

#[test]
fn no_text_makes_parsing_panic() {
    let (token, keys, policy) = (valid_token(), keys(), policy());
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let text = mutate(token.as_bytes(), &mut numbers);
        agree(&text);
        if let Ok(parsed) = UnverifiedToken::parse(&text) {
            let _ = (parsed.claims().required_subject(), parsed.claims().required_expiry());
        }
        assert!(text == token || check_at(&text, &keys, &policy, NOW).is_err());
    }
    for _ in 0..2_000 {
        assert_eq!(
            trace(&mutate(token.as_bytes(), &mut numbers), &keys, &policy, NOW).len(),
            byoa_jwt::RULES.len()
        );
    }
}

#[test]
fn no_json_makes_parsing_panic() {
    let mut numbers = Numbers(42);
    let payload = crate::common::claims().to_string();
    let set = json!({ "keys": [KEY.public_jwk("k1")] }).to_string();
    for _ in 0..3_000 {
        let bent = mutate(payload.as_bytes(), &mut numbers);
        let _ = crate::common::check(&crate::common::sign_text(
            crate::common::header().to_string().as_bytes(),
            bent.as_bytes(),
        ));
        let _ = KeySet::parse(mutate(set.as_bytes(), &mut numbers).as_bytes());
        let bent = mutate(crate::common::header().to_string().as_bytes(), &mut numbers);
        let _ = crate::common::check(&crate::common::sign_text(bent.as_bytes(), payload.as_bytes()));
    }
}
