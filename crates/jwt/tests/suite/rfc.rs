//! The RFCs' own examples.

use byoa_jwt::{
    AcceptedTypes, KeyProblem, KeySet, Policy, Rejection, UnverifiedToken, thumbprint, verify,
    verify_signature,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../data/rfc_vectors.json")).expect("the vectors")
}

fn list(name: &str) -> Vec<Value> {
    vectors()[name].as_array().expect("a list").clone()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().expect("text")
}

fn set_of(jwk: &Value) -> KeySet {
    KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes()).expect("a set")
}

/// The bare signature, for payloads that are no claims.
fn raw(vector: &Value) -> Result<(), Rejection> {
    let (signed, signature) = text(vector, "jws").rsplit_once('.').expect("three parts");
    let algorithm = text(vector, "alg").parse().expect("a supported algorithm");
    let keys = set_of(&vector["jwk_public"]);
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url");
    keys.select(vector["header"]["kid"].as_str(), algorithm)?.verify(algorithm, signed.as_bytes(), &signature)
}

#[test]
fn supported_examples_have_good_signatures() {
    let mut verified = Vec::new();
    for vector in list("jws") {
        match text(&vector, "alg") {
            "HS256" | "none" | "ES512" => {
                assert!(text(&vector, "alg").parse::<byoa_jwt::Algorithm>().is_err());
            }
            _ => {
                assert_eq!(raw(&vector), Ok(()), "{}", vector["id"]);
                let mut bent = vector.clone();
                let jws = text(&vector, "jws");
                bent["jws"] = json!(format!("f{}", &jws[1..]));
                assert_eq!(raw(&bent), Err(Rejection::SignatureInvalid), "{}", vector["id"]);
                verified.push(text(&vector, "id").to_owned());
            }
        }
    }
    assert_eq!(verified.len(), 8, "{verified:?}");
}

#[test]
fn no_example_is_a_sign_in_token() {
    for vector in list("jws") {
        let keys = match &vector["jwk_public"] {
            Value::Null => KeySet::default(),
            jwk => set_of(jwk),
        };
        let policy = Policy::for_issuer("joe");
        let answer = UnverifiedToken::parse(text(&vector, "jws"))
            .and_then(|token| verify(&token, &keys, &policy, 1_300_819_000));
        let expected = match text(&vector, "id") {
            "rfc7515_A.1" | "rfc7515_A.5" => "algorithm_not_allowed",
            // Signed well, and about nobody.
            "rfc7515_A.2" | "rfc7515_A.3" => "subject_missing",
            id if id.starts_with("rfc9449") => "type_not_allowed",
            _ => "payload_invalid",
        };
        assert_eq!(answer.expect_err("a rejection").code(), expected, "{}", vector["id"]);
    }
}

#[test]
fn proofs_verify_with_the_key_that_they_bring() {
    let policy = Policy { types: AcceptedTypes::only("dpop+jwt"), ..Policy::for_issuer("") };
    let proofs: Vec<_> =
        list("jws").into_iter().filter(|vector| text(vector, "id").starts_with("rfc9449")).collect();
    assert_eq!(proofs.len(), 3);
    for vector in proofs {
        let token = UnverifiedToken::parse(text(&vector, "jws")).expect("a token");
        let jwk = token.header().get("jwk").expect("an embedded key");
        let claims = verify_signature(&token, &set_of(jwk), &policy).expect("a good proof");
        assert_eq!(claims.get("htm"), Some(&vector["claims"]["htm"]));
        assert_eq!(thumbprint(jwk).as_deref(), Ok(text(&vectors()["dpop"], "jkt")));
    }
}

#[test]
fn thumbprints() {
    for vector in list("thumbprints") {
        assert_eq!(thumbprint(&vector["jwk"]).as_deref(), Ok(text(&vector, "sha256")), "{}", vector["id"]);
    }
    assert_eq!(thumbprint(&json!({ "kty": "EC" })), Err(KeyProblem::MemberMissing { name: "crv" }));
    assert_eq!(thumbprint(&json!(null)), Err(KeyProblem::MemberMissing { name: "kty" }));
    assert!(thumbprint(&json!({ "kty": "oct", "k": "AA" })).is_err());
}

#[test]
fn key_sets() {
    let problems = |id: &str| {
        let vector = list("jwk_sets").into_iter().find(|vector| text(vector, "id") == id).expect("a set");
        let set = KeySet::parse(vector["jwks"].to_string().as_bytes()).expect("a set");
        (set.usable_len(), set.unusable().iter().map(|key| key.why.clone()).collect::<Vec<_>>())
    };
    let for_encryption = KeyProblem::UseNotSignature { found: "enc".to_owned() };
    assert_eq!(problems("rfc7517_A.1"), (1, vec![for_encryption]));
    assert_eq!(problems("rfc7517_A.2"), (0, vec![KeyProblem::Private { name: "d" }; 2]));
    assert_eq!(problems("rfc7517_A.3"), (0, vec![KeyProblem::Symmetric; 2]));
    assert_eq!(problems("rfc7517_B"), (1, vec![]));
}
