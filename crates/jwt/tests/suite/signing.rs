//! What we sign, we verify.

use crate::common::{NOW, check_at, claims, code, key_set, policy};
use byoa_jwt::{Algorithm, SigningError, SigningKey, thumbprint};
use serde_json::json;

#[test]
fn every_algorithm_round_trips() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).expect("randomness");
        let token = key.sign("kid", "JWT", &claims()).expect("a token");
        let verified =
            check_at(&token, &key_set(&[key.public_jwk("kid")]), &policy(), NOW).expect("our own token");
        assert_eq!(verified.algorithm(), algorithm);
        assert_eq!(serde_json::Value::from(verified.members().clone()), claims());
    }
}

#[test]
fn keys_survive_storage() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).expect("randomness");
        let stored = key.to_pkcs8().expect("bytes");
        let again = SigningKey::from_pkcs8(algorithm, &stored).expect("the same key");
        assert_eq!(key.public_jwk("k"), again.public_jwk("k"));
        let token = again.sign("k", "JWT", &claims()).expect("a token");
        assert_eq!(code(&check_at(&token, &key_set(&[key.public_jwk("k")]), &policy(), NOW)), "accept");
        assert_eq!(SigningKey::from_pkcs8(Algorithm::Es384, &stored).err(), Some(SigningError::KeyInvalid));
        assert_eq!(SigningKey::from_pkcs8(algorithm, &stored[1..]).err(), Some(SigningError::KeyInvalid));
    }
}

#[test]
fn publishes_no_private_member() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let jwk = SigningKey::generate(algorithm).expect("randomness").public_jwk("k");
        for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(jwk.get(name).is_none());
        }
        assert_eq!(thumbprint(&jwk).expect("a thumbprint").len(), 43);
    }
}

#[test]
fn refuses_claims_that_nobody_would_take() {
    let key = SigningKey::generate(Algorithm::Es256).expect("randomness");
    assert_eq!(key.sign("k", "JWT", &json!([1])), Err(SigningError::ClaimsInvalid));
    assert_eq!(key.sign("k", "JWT", &json!({ "a": "x".repeat(20_000) })), Err(SigningError::TooLarge));
}
