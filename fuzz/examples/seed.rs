//! Writes the first corpora from the vectors: `cargo run --example seed` in this folder.

use std::{error::Error, fs, path::Path};

use byoa_fuzz::{
    forge::{ISSUER, edwards},
    part,
};
use serde_json::{Value, json};

const VECTORS: &str = include_str!("../../crates/jwt/tests/data/rfc_vectors.json");
const CORPUS: &str = include_str!("../../crates/jwt/tests/data/corpus_open.jsonl");

/// Edits of a good proof, of which `../crates/jwt/tests/suite/dpop.rs` has the answers.
const PROOFS: [&str; 23] = [
    "",
    "c nonce \"n-0\"\nc jti \"-BwC3ESc6acc2lTc\"",
    "t token\nc ath \"PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A\"",
    "t token",
    "u https://server.example.com/token\nc htu \"HTTPS://server.example.com:443/a/../token?a#b\"",
    "u http://[::1]:3000/a\nc htu \"http://[0::1]:3000/%61\"",
    "u https://auth.test\nc htu \"https://auth.test:/./\"",
    "c htu \"https://auth.test@evil.test/api/v0/refresh\"",
    "c htu \"https://auth.test\\\\api/v0/refresh\"",
    "c htu \"https://auth.test/api%2fv0/refresh\"",
    "c iat now+60\nh kid \"k\"",
    "c iat now-61",
    "h typ \"JWT\"",
    "h jwk {\"kty\":\"oct\",\"k\":\"AA\"}",
    "h+ typ \"dpop+jwt\"",
    "C []",
    "s",
    "c htm \"GET\"",
    "c+ htm \"POST\"",
    "c iat -0.5",
    "t token\nc ath \"token\"",
    "u https://a@auth.test/\nc htu \"https://a@auth.test/\"",
    "c jti \"\"",
];

/// Edits of a good token that the corpus has no line for.
const TOKENS: [&str; 16] = [
    "@@@@",
    "A@@@\nh alg \"ES256\"",
    "@@@\u{80}",
    "@@@@\nc nbf -0.5",
    "@@@@\nc nbf now+99",
    "@@@@\nc nbf now+59.5",
    "@@@@\nc exp now-59.5",
    "@@@@\nc exp now-61",
    "@@@@\nc+ sub \"user-2\"",
    "@@@@\nc nested {\"a\":[{\"b\":1,\"b\":1}]}",
    "@@@@\nh+ kid \"k1\"",
    "@@@@\nh alg \"Ed25519\"\nh jwk 1",
    "@@@@\nc exp now-99",
    "@@@@\nc aud \"another\"",
    "@@@@\nc iss \"https://evil.test\"",
    "@@@@\nc sub",
];

fn main() -> Result<(), Box<dyn Error>> {
    let rfc: Value = serde_json::from_str(VECTORS)?;
    let lines = CORPUS.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    for line in &lines {
        let id = text(line, "id");
        let token = text(line, "jwt");
        write("parse_token", id, format!("r{token}").as_bytes())?;
        if let Some(parts) = token.split('.').map(part).collect::<Option<Vec<_>>>() {
            write("parse_token", &format!("{id}-json"), &[&b"s"[..], &parts.join(&0)].concat())?;
            write("verify_policy", id, policy_input(line, &parts).as_bytes())?;
        }
        write("key_set", id, line["jwks"].to_string().as_bytes())?;
    }
    for vector in rfc["jws"].as_array().into_iter().flatten() {
        write("parse_token", text(vector, "id"), format!("r{}", text(vector, "jws")).as_bytes())?;
    }
    for vector in rfc["jwk_sets"].as_array().into_iter().flatten() {
        write("key_set", text(vector, "id"), vector["jwks"].to_string().as_bytes())?;
    }
    for (index, lines) in PROOFS.iter().enumerate() {
        write("proof", &format!("proof-{index:02}"), lines.as_bytes())?;
    }
    let mut private = edwards();
    private["d"] = "AA".into();
    let small = format!("{}8", "_".repeat(170));
    let keys = json!({ "keys": [private, { "kty": "RSA", "n": small, "e": "AQAB" }, edwards()] });
    write("key_set", "keys-unusable", keys.to_string().as_bytes())?;
    write("proof", "proof-private", format!("h jwk {private}").as_bytes())?;
    for (index, lines) in TOKENS.iter().enumerate() {
        // The last choice may be no UTF-8; what follows is ASCII.
        let bytes: Vec<u8> = lines.chars().filter_map(|character| u8::try_from(character).ok()).collect();
        write("verify_policy", &format!("token-{index:02}"), &bytes)?;
    }
    write("parse_token", "twice-header", b"s{\"alg\":\"ES256\",\"alg\":\"ES256\"}\0{}\0AA")?;
    write("parse_token", "twice-nested", b"s{\"alg\":\"ES256\"}\0{\"a\":{\"b\":1,\"\\u0062\":1}}\0AA")?;
    Ok(())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The same header and claims as edits, about our issuer and with times relative to now.
fn policy_input(line: &Value, parts: &[Vec<u8>]) -> String {
    let now = line["now"].as_i64().unwrap_or_default();
    let mut input = "@@@@".to_owned();
    for (verb, whole, bytes) in [("h", "H", parts.first()), ("c", "C", parts.get(1))] {
        let raw = String::from_utf8_lossy(bytes.map(Vec::as_slice).unwrap_or_default());
        let raw = raw.replace(text(line, "issuer"), ISSUER);
        let raw = line["audience"].as_str().map_or(raw.clone(), |audience| raw.replace(audience, "backend"));
        match serde_json::from_str(&raw) {
            Ok(Value::Object(members)) => {
                for (name, value) in members.iter().filter(|(name, value)| !is_usual(line, name, value)) {
                    let value = match value.as_i64() {
                        Some(time) if (time - now).abs() < 100_000_000 => format!("now{:+}", time - now),
                        _ => value.to_string(),
                    };
                    input = format!("{input}\n{verb} {name} {value}");
                }
            }
            _ => input = format!("{input}\n{whole} {}", raw.replace('\n', " ")),
        }
    }
    input
}

/// What signing sets by itself: an algorithm, and the name of a published key.
fn is_usual(line: &Value, name: &str, value: &Value) -> bool {
    let keys = line["jwks"]["keys"].as_array().into_iter().flatten();
    match name {
        "alg" => value.as_str().is_some_and(|value| value.parse::<byoa_jwt::Algorithm>().is_ok()),
        "kid" => keys.into_iter().any(|key| key["kid"] == *value),
        _ => false,
    }
}

fn write(target: &str, id: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(id), bytes)?)
}
