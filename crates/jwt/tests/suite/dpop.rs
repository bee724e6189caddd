//! The RFC's proofs, and one good proof that each test bends in one way.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use byoa_jwt::{
    Algorithm, DpopPolicy, DpopRejection, KeyProblem, MAX_PROOF_BYTES, SigningKey, VerifiedProof, thumbprint,
    verify_dpop,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::common::{KEY, NOW, sign, sign_text, with};

const URL: &str = "https://auth.test/api/v0/refresh";
const TOKEN: &str = "an.access.token";
/// SHA-256 of [`TOKEN`], by another implementation.
const TOKEN_HASH: &str = "UkM2b42E54u4hWzuKV_B3zyulUA6vtNYjJUv_ru2Qck";

fn policy() -> DpopPolicy<'static> {
    DpopPolicy {
        method: "POST",
        url: URL,
        access_token: None,
        expected_jkt: None,
        max_age_seconds: 60,
        algorithms: &Algorithm::ALL,
    }
}

fn jwk() -> Value {
    let jwk = KEY.public_jwk("k");
    json!({ "kty": jwk["kty"], "crv": jwk["crv"], "x": jwk["x"], "y": jwk["y"] })
}

fn header() -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk() })
}

fn claims() -> Value {
    json!({ "jti": "one", "htm": "POST", "htu": URL, "iat": NOW })
}

fn good() -> String {
    sign(&header(), &claims())
}

fn code(result: &Result<VerifiedProof, DpopRejection>) -> &'static str {
    result.as_ref().map_or_else(DpopRejection::code, |_| "accept")
}

fn assert_under(policy: &DpopPolicy<'_>, expected: &str, proof: &str) {
    assert!(expected == "accept" || DpopRejection::CODES.contains(&expected), "{expected}");
    let answer = verify_dpop(proof, policy, NOW);
    assert_eq!(code(&answer), expected, "{proof:.300}");
    if let Err(rejection) = answer {
        assert!(!rejection.to_string().contains(TOKEN) && !rejection.to_string().contains("secret"));
    }
}

fn assert_headers(expected: &str, name: &str, values: impl IntoIterator<Item = Value>) {
    for value in values {
        assert_under(&policy(), expected, &sign(&with(header(), name, value), &claims()));
    }
}

fn assert_claims(expected: &str, name: &str, values: impl IntoIterator<Item = Value>) {
    for value in values {
        assert_under(&policy(), expected, &sign(&header(), &with(claims(), name, value)));
    }
}

/// `null` itself, which [`with`] reads as taking the member away.
fn with_null(mut object: Value, name: &str) -> Value {
    object[name] = Value::Null;
    object
}

#[test]
fn the_rfc_examples() {
    let vectors: Value = serde_json::from_str(include_str!("../data/rfc_vectors.json")).expect("the vectors");
    let dpop = |name: &str| vectors["dpop"][name].as_str().expect("text");
    let proof = |id: &str| {
        let list = vectors["jws"].as_array().expect("a list");
        list.iter().find(|vector| vector["id"] == id).expect(id)["jws"].as_str().expect("text")
    };
    let request = DpopPolicy { url: "https://server.example.com/token", ..policy() };
    let first = verify_dpop(proof("rfc9449_proof_1"), &request, 1_562_262_616).expect("a good proof");
    assert_eq!((first.jti.as_str(), first.jkt.as_str()), ("-BwC3ESc6acc2lTc", dpop("jkt")));
    assert_eq!((first.nonce, first.issued_at), (None, 1_562_262_616));

    let second = proof("rfc9449_proof_2");
    assert_eq!(code(&verify_dpop(second, &request, 1_562_265_296)), "accept");
    assert_eq!(code(&verify_dpop(second, &request, 1_562_262_616)), "dpop_iat_invalid");

    let resource = DpopPolicy {
        method: "GET",
        url: "https://resource.example.org/protectedresource",
        access_token: Some(dpop("access_token")),
        expected_jkt: Some(dpop("jkt")),
        ..policy()
    };
    let last = |policy: &DpopPolicy<'_>| code(&verify_dpop(proof("rfc9449_proof_4"), policy, 1_562_262_618));
    assert_eq!(last(&resource), "accept");
    assert_eq!(last(&DpopPolicy { method: "POST", ..resource }), "dpop_htm_mismatch");
    assert_eq!(last(&DpopPolicy { url: request.url, ..resource }), "dpop_htu_mismatch");
    assert_eq!(last(&DpopPolicy { access_token: Some("another"), ..resource }), "dpop_ath_mismatch");
    assert_eq!(last(&DpopPolicy { expected_jkt: Some("another"), ..resource }), "dpop_key_mismatch");
}

#[test]
fn a_good_proof_says_who_and_when() {
    let proof = sign(&header(), &with(claims(), "nonce", json!("n-0")));
    let verified = verify_dpop(&proof, &policy(), NOW).expect("a good proof");
    assert_eq!(verified.jkt, thumbprint(&jwk()).expect("a thumbprint"));
    assert_eq!((verified.jti.as_str(), verified.nonce.as_deref()), ("one", Some("n-0")));
    assert_eq!(verified.issued_at, NOW);
    // Remembering it is the caller's.
    assert_eq!(verify_dpop(&proof, &policy(), NOW), Ok(verified));
}

/// A good proof by a key of its own.
fn proof_by(algorithm: Algorithm) -> String {
    let key = SigningKey::generate(algorithm).expect("randomness");
    let header = json!({ "typ": "dpop+jwt", "alg": algorithm.as_str(), "jwk": key.public_jwk("k") });
    let [header, claims] = [header, claims()].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes()));
    let signed = format!("{header}.{claims}");
    let (der, message) = (key.to_pkcs8().expect("bytes"), signed.as_bytes());
    let signature = match algorithm {
        Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(&der).expect("a key").sign(message).as_ref().to_vec(),
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::from_pkcs8(&der).expect("a key");
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("a signature");
            signature
        }
        other => panic!("{other} is signed by the common key"),
    };
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}

#[test]
fn algorithms() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Rs256] {
        let proof = proof_by(algorithm);
        assert_under(&policy(), "accept", &proof);
        assert_under(&DpopPolicy { algorithms: &[algorithm], ..policy() }, "accept", &proof);
        let only = DpopPolicy { algorithms: &[Algorithm::Es256], ..policy() };
        assert_under(&only, "dpop_alg_not_allowed", &proof);
        assert_under(&only, "accept", &good());
    }
    assert_under(&DpopPolicy { algorithms: &[], ..policy() }, "dpop_alg_not_allowed", &good());
    let names = ["none", "HS256", "es256", "ES512", "", "ES256 "];
    assert_headers("dpop_alg_not_allowed", "alg", names.map(Value::from));
    assert_headers("dpop_alg_not_allowed", "alg", [Value::Null]);
    assert_headers("dpop_alg_mismatch", "alg", ["RS256", "ES384", "EdDSA"].map(Value::from));
    assert_headers("dpop_key_invalid", "jwk", [with(jwk(), "alg", json!("ES384"))]);
}

#[test]
fn the_largest_key_fits() {
    // Modulus and signature of MAX_RSA_BITS; the signature is nobody's.
    let modulus = format!("{}_w", "_".repeat(1364));
    let jwk = json!({ "kty": "RSA", "n": modulus, "e": "AQAB" });
    let proof = sign(&with(with(header(), "jwk", jwk), "alg", json!("PS512")), &claims());
    let (signed, _) = proof.rsplit_once('.').expect("three parts");
    assert_under(&policy(), "dpop_signature_invalid", &format!("{signed}.{}", "A".repeat(1366)));
}

#[test]
fn too_large() {
    assert_claims("dpop_too_large", "pad", [json!("x".repeat(MAX_PROOF_BYTES))]);
    assert_under(&policy(), "dpop_too_large", &".".repeat(200_000));
    assert_claims("accept", "pad", [json!("x".repeat(5_000))]);
}

#[test]
fn malformed() {
    let good = good();
    for text in
        ["", "a.b", "a.b.c", &good[1..], &format!("{good}="), &format!(" {good}"), &format!("{good}, {good}")]
    {
        assert_under(&policy(), "dpop_malformed", text);
    }
    assert_under(&policy(), "dpop_malformed", &sign_text(b"[]", claims().to_string().as_bytes()));
    assert_under(&policy(), "dpop_malformed", &sign_text(header().to_string().as_bytes(), b"\"x\""));
    assert_headers("dpop_malformed", "typ", [json!(1)]);
    assert_headers("dpop_malformed", "alg", [json!(["ES256"])]);
    assert_headers("dpop_malformed", "kid", [json!(1), json!("a\n")]);
    assert_headers("dpop_malformed", "cty", [json!("JWT")]);
    assert_headers("accept", "kid", [json!("whatever")]);
}

#[test]
fn duplicate_member() {
    let (header, claims) = (header().to_string(), claims().to_string());
    let twice = |text: &str, member: &str| format!("{{{member},{}", &text[1..]);
    for proof in [
        sign_text(twice(&header, r#""typ":"dpop+jwt""#).as_bytes(), claims.as_bytes()),
        sign_text(header.replace("\"crv\"", r#""x":"AA","crv""#).as_bytes(), claims.as_bytes()),
        sign_text(header.as_bytes(), twice(&claims, r#""h\u0074u":"https://evil.test""#).as_bytes()),
    ] {
        assert_under(&policy(), "dpop_duplicate_member", &proof);
    }
}

#[test]
fn crit_unsupported() {
    assert_headers("dpop_crit_unsupported", "crit", [json!(["exp"]), json!([]), json!("x")]);
    assert_headers("dpop_crit_unsupported", "b64", [json!(false)]);
}

#[test]
fn typ_invalid() {
    let names = ["JWT", "DPoP+jwt", "dpop+JWT", "application/dpop+jwt", "dpop+jwt ", "at+jwt", ""];
    assert_headers("dpop_typ_invalid", "typ", names.map(Value::from));
    assert_headers("dpop_typ_invalid", "typ", [Value::Null]);
}

#[test]
fn key_missing_or_invalid() {
    assert_headers("dpop_key_missing", "jwk", [Value::Null]);
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    assert_headers("dpop_key_invalid", "jwk", private.map(|name| with(jwk(), name, json!("AA"))));
    let empty_private = with(jwk(), "d", json!(""));
    let proof = sign(&with(header(), "jwk", empty_private), &claims());
    let why = KeyProblem::Private { name: "d" };
    assert_eq!(verify_dpop(&proof, &policy(), NOW), Err(DpopRejection::KeyInvalid { why }));
    assert_headers(
        "dpop_key_invalid",
        "jwk",
        [
            json!("key"),
            json!([jwk()]),
            json!({}),
            json!({ "kty": "oct", "k": "AAAA" }),
            with_null(jwk(), "d"),
            with(jwk(), "x", Value::Null),
            with(jwk(), "y", jwk()["x"].clone()),
            with(jwk(), "x", json!(format!("{}=", jwk()["x"].as_str().expect("text")))),
            with(jwk(), "crv", json!("secp256k1")),
            with(jwk(), "crv", json!("P-384")),
            with(jwk(), "use", json!("enc")),
            with(jwk(), "key_ops", json!(["sign"])),
            json!({ "kty": "RSA", "n": format!("{}8", "_".repeat(170)), "e": "AQAB" }),
            json!({ "kty": "RSA", "n": format!("{}w", "_".repeat(341)), "e": "AQ" }),
        ],
    );
    let null = with_null(header(), "jwk");
    assert_under(&policy(), "dpop_key_invalid", &sign(&null, &claims()));
    assert_headers("accept", "jwk", [with(jwk(), "key_ops", json!(["verify"]))]);
}

#[test]
fn key_mismatch() {
    let own = thumbprint(&jwk()).expect("a thumbprint");
    assert_under(&DpopPolicy { expected_jkt: Some(&own), ..policy() }, "accept", &good());
    for other in ["", &own[1..], &own.to_lowercase(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"] {
        assert_under(&DpopPolicy { expected_jkt: Some(other), ..policy() }, "dpop_key_mismatch", &good());
    }
}

#[test]
fn signature_invalid() {
    let proof = good();
    let (signed, signature) = proof.rsplit_once('.').expect("three parts");
    let other = sign(&header(), &with(claims(), "jti", json!("two")));
    let (_, others) = other.rsplit_once('.').expect("three parts");
    for signature in ["", &signature[4..], others, &"A".repeat(86)] {
        assert_under(&policy(), "dpop_signature_invalid", &format!("{signed}.{signature}"));
    }
    // A stranger's key in a header that we signed: the signature is not that key's.
    let stranger = SigningKey::generate(Algorithm::Es256).expect("randomness").public_jwk("k");
    assert_headers("dpop_signature_invalid", "jwk", [stranger]);
}

#[test]
fn no_claim_is_judged_before_the_signature() {
    let bent = sign(&header(), &with(claims(), "htm", json!("GET")));
    let (signed, _) = bent.rsplit_once('.').expect("three parts");
    assert_under(&policy(), "dpop_htm_mismatch", &bent);
    assert_under(&policy(), "dpop_signature_invalid", &format!("{signed}.{}", "A".repeat(86)));
}

#[test]
fn htm_mismatch() {
    let values = ["GET", "post", "Post", "POST ", ""].map(Value::from);
    assert_claims("dpop_htm_mismatch", "htm", values);
    assert_claims("dpop_htm_mismatch", "htm", [Value::Null, json!(1), json!(["POST"])]);
}

#[test]
fn htu_is_compared_as_a_url() {
    for same in [
        "HTTPS://AUTH.test/api/v0/refresh",
        "https://auth.test:443/api/v0/refresh",
        "https://auth.test:/api/v0/refresh",
        "https://auth.test:0443/api/v0/refresh",
        "https://auth.test/api/v0/refresh?a=secret",
        "https://auth.test/api/v0/refresh#secret",
        "https://auth.test/api/x/../v0/./refresh",
        "https://auth.test/%61pi/v0/refresh",
    ] {
        assert_claims("accept", "htu", [json!(same)]);
    }
    for other in [
        "http://auth.test/api/v0/refresh",
        "https://auth.test:8443/api/v0/refresh",
        "https://auth.test:80/api/v0/refresh",
        "https://auth.test.evil.test/api/v0/refresh",
        "https://auth.test./api/v0/refresh",
        "https://auth.test@evil.test/api/v0/refresh",
        "https://evil@auth.test/api/v0/refresh",
        "https://auth.test/api/v0/refresh/",
        "https://auth.test/API/v0/refresh",
        "https://auth.test/api%2Fv0/refresh",
        "https://auth.test//api/v0/refresh",
        "https://auth.test\\api/v0/refresh",
        "https:/auth.test/api/v0/refresh",
        "https:auth.test/api/v0/refresh",
        "//auth.test/api/v0/refresh",
        "/api/v0/refresh",
        " https://auth.test/api/v0/refresh",
        "https://auth.test/api/v0/refresh\n",
        "https://auth.test:+443/api/v0/refresh",
        "https://auth.test:65979/api/v0/refresh",
        "https://auth.test/api/v0/refres\u{68}\u{200b}",
        "https://auth.test?/api/v0/refresh",
        "",
        "https://auth.test/other?secret",
    ] {
        assert_claims("dpop_htu_mismatch", "htu", [json!(other)]);
    }
    assert_claims("dpop_htu_mismatch", "htu", [Value::Null, json!(1), json!([URL]), json!({})]);
}

#[test]
fn our_own_url_is_read_in_the_same_way() {
    let under = |url: &str, htu: &str| {
        let proof = sign(&header(), &with(claims(), "htu", json!(htu)));
        code(&verify_dpop(&proof, &DpopPolicy { url, ..policy() }, NOW))
    };
    assert_eq!(under("http://localhost:3000/a?secret", "http://LOCALHOST:3000/a"), "accept");
    assert_eq!(under("http://[::1]:3000/a", "http://[0:0::1]:3000/a"), "accept");
    assert_eq!(under("http://[::1]/a", "http://[::1]:80/a"), "accept");
    assert_eq!(under("http://[::1]/a", "http://[::2]/a"), "dpop_htu_mismatch");
    assert_eq!(under("http://[::1]x/a", "http://[::1]x/a"), "dpop_htu_mismatch");
    assert_eq!(under("https://auth.test", "https://auth.test/"), "accept");
    assert_eq!(under("/a", "/a"), "dpop_htu_mismatch");
    assert_eq!(under("", ""), "dpop_htu_mismatch");
}

#[test]
fn ath_mismatch() {
    let bound = DpopPolicy { access_token: Some(TOKEN), ..policy() };
    let with_hash = |value: Value| sign(&header(), &with(claims(), "ath", value));
    assert_under(&bound, "accept", &with_hash(json!(TOKEN_HASH)));
    assert_under(&bound, "dpop_ath_mismatch", &good());
    for value in [json!(""), json!(TOKEN), json!(TOKEN_HASH.to_lowercase()), json!(format!("{TOKEN_HASH}="))]
    {
        assert_under(&bound, "dpop_ath_mismatch", &with_hash(value));
    }
    assert_under(&bound, "dpop_ath_mismatch", &with_hash(json!([TOKEN_HASH])));
    assert_under(&bound, "dpop_ath_mismatch", &sign(&header(), &with_null(claims(), "ath")));
    // Without a token there is nothing to compare it with.
    assert_under(&policy(), "accept", &with_hash(json!("anything")));
}

#[test]
fn iat_invalid() {
    assert_claims("accept", "iat", [json!(NOW - 60), json!(NOW + 60)]);
    assert_claims("dpop_iat_invalid", "iat", [json!(NOW - 61), json!(NOW + 61), json!(0), json!(-1)]);
    assert_claims("dpop_iat_invalid", "iat", [Value::Null, json!(NOW.to_string()), json!(NOW * 1000)]);
    assert_claims("dpop_iat_invalid", "iat", [json!([NOW]), json!(true), json!(1e300)]);
    assert_under(&policy(), "dpop_iat_invalid", &sign(&header(), &with_null(claims(), "iat")));
    let exact = DpopPolicy { max_age_seconds: 0, ..policy() };
    assert_under(&exact, "accept", &good());
    let any = DpopPolicy { max_age_seconds: u64::MAX, ..policy() };
    assert_under(&any, "accept", &sign(&header(), &with(claims(), "iat", json!(0))));
}

#[test]
fn jti_invalid() {
    assert_claims("dpop_jti_invalid", "jti", [Value::Null, json!(""), json!(7), json!(["a"]), json!("a\0")]);
    assert_claims("dpop_jti_invalid", "jti", [json!("x".repeat(129)), json!("é".repeat(65))]);
    assert_claims("accept", "jti", [json!("x".repeat(128)), json!("é".repeat(64))]);
}

#[test]
fn nonce_invalid() {
    assert_claims("dpop_nonce_invalid", "nonce", [json!(""), json!(7), json!([]), json!("x".repeat(257))]);
    assert_claims("dpop_nonce_invalid", "nonce", ["a b", "a\"b", "a\\b", "a\n", "é"].map(Value::from));
    assert_under(&policy(), "dpop_nonce_invalid", &sign(&header(), &with_null(claims(), "nonce")));
    assert_claims("accept", "nonce", [json!("x".repeat(256)), json!("!#[]~")]);
}

#[test]
fn every_flipped_bit_is_refused() {
    let proof = good();
    for at in 0..proof.len() {
        for bit in 0..7 {
            let mut bytes = proof.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let bent = String::from_utf8(bytes).expect("ASCII");
            assert!(verify_dpop(&bent, &policy(), NOW).is_err(), "at {at}, bit {bit}");
        }
    }
}
