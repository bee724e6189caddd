//! One valid token, which each test bends in one way.

use std::sync::LazyLock;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use byoa_jwt::{Algorithm, KeySet, Policy, Rejection, SigningKey, UnverifiedToken, VerifiedClaims, verify};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

/// The clock of every test, in seconds since 1970.
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Es256).expect("randomness"));

static PAIR: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let der = KEY.to_pkcs8().expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).expect("the same key")
});

pub(crate) fn key_set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).expect("a key set")
}

pub(crate) fn keys() -> KeySet {
    key_set(&[KEY.public_jwk("k1")])
}

pub(crate) fn policy() -> Policy {
    Policy { audiences: vec!["backend".to_owned()], ..Policy::for_issuer("https://issuer.test") }
}

pub(crate) fn header() -> Value {
    json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" })
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": "https://issuer.test",
        "sub": "user-1",
        "aud": "backend",
        "iat": NOW - 10,
        "nbf": NOW - 10,
        "exp": NOW + 300,
        "jti": "one",
    })
}

/// `object` with one member changed; `Null` takes it away.
pub(crate) fn with(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    object
}

/// A token of these very bytes, signed by [`KEY`].
pub(crate) fn sign_text(header: &[u8], payload: &[u8]) -> String {
    let signed = format!("{}.{}", BASE64URL_NOPAD.encode(header), BASE64URL_NOPAD.encode(payload));
    let signature = PAIR.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
    format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}

pub(crate) fn sign(header: &Value, claims: &Value) -> String {
    sign_text(header.to_string().as_bytes(), claims.to_string().as_bytes())
}

pub(crate) fn valid_token() -> String {
    sign(&header(), &claims())
}

pub(crate) fn check_at(
    text: &str,
    keys: &KeySet,
    policy: &Policy,
    now: i64,
) -> Result<VerifiedClaims, Rejection> {
    verify(&UnverifiedToken::parse(text)?, keys, policy, now)
}

pub(crate) fn check(text: &str) -> Result<VerifiedClaims, Rejection> {
    check_at(text, &keys(), &policy(), NOW)
}

/// `accept`, or the rejection's code.
pub(crate) fn code(result: &Result<VerifiedClaims, Rejection>) -> &'static str {
    result.as_ref().map_or_else(Rejection::code, |_| "accept")
}
