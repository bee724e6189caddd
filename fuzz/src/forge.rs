//! Tokens that are wrong in what they say and right in how they are signed: a good header and good
//! claims, edited line by line, then signed by a fixed key.
//!
//! An input is four bytes of choices (`@@@@`: the plainest) and then lines. `h NAME JSON` and `c NAME JSON` set a member of the
//! header or the claims (without JSON: take it away), `h+` and `c+` write it once more, `H TEXT` and
//! `C TEXT` replace the whole object by any text. `now+5` and `now-5` stand for times.

use std::{fmt::Write as _, sync::LazyLock};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use byoa_jwt::{AcceptedTypes, Algorithm, KeySet, Policy};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Value, json};

/// The only issuer of every policy.
pub const ISSUER: &str = "https://issuer.test";

/// The URL of every request that names no other.
pub const REQUEST_URL: &str = "https://auth.test/api/v0/refresh";

/// The two keys, fixed so that a crash can be told again. The one on P-256 is RFC 7515 A.3's.
static EDWARDS: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed"));
static P256: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let [x, y, d] = [X, Y, D].map(|text| BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url"));
    let point = [&[4], &x[..], &y[..]].concat();
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &d, &point)
        .expect("a key")
});
const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

/// One input, carried out.
#[derive(Debug)]
pub struct Forged {
    /// The token.
    pub token: String,
    /// Whether its signature was damaged afterwards.
    pub damaged: bool,
    /// The key set to verify it with.
    pub keys: KeySet,
    /// The policy to verify it under.
    pub policy: Policy,
    /// The algorithm that it is really signed with.
    pub algorithm: Algorithm,
}

impl Forged {
    /// Reads an input; nothing when it is too short or no UTF-8.
    #[must_use]
    pub fn new(input: &[u8], now: i64) -> Option<Self> {
        let (&[key, rules, times, damage], lines) = input.split_first_chunk()?;
        let lines = std::str::from_utf8(lines).ok()?;
        let algorithm = if key & 1 == 0 { Algorithm::EdDsa } else { Algorithm::Es256 };
        let mut header = Object::of(&json!({ "alg": algorithm.as_str(), "kid": "k1", "typ": "JWT" }));
        let mut claims = Object::of(&json!({ "iss": ISSUER, "sub": "user-1", "aud": "backend" }));
        claims.set("exp", "now+300");
        claims.set("iat", "now-10");
        for line in lines.lines() {
            edit(line, &mut header, &mut claims);
        }
        let signed = signed_text(header, claims, now);
        let mut signature = sign(algorithm, signed.as_bytes());
        let damaged = damage & 0x80 != 0;
        if damaged {
            let at = usize::from(damage & 0x3f) % signature.len();
            signature[at] ^= 1;
        }
        let token = format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature));
        Some(Self { token, damaged, keys: keys(key), policy: policy(rules, times, algorithm), algorithm })
    }

    /// The same key for `jsonwebtoken`.
    ///
    /// # Panics
    ///
    /// If that crate cannot read a fixed key, which is its fault.
    #[must_use]
    pub fn decoding_key(&self) -> DecodingKey {
        match self.algorithm {
            Algorithm::EdDsa => DecodingKey::from_ed_components(&edwards_x()),
            _ => DecodingKey::from_ec_components(X, Y),
        }
        .expect("a fixed key")
    }
}

/// One proof of possession for one request, carried out. Lines are as above; `u TEXT` is the request's URL,
/// `t TEXT` its access token, and `s` damages the signature.
#[derive(Debug)]
pub struct ForgedProof<'i> {
    /// The proof, signed by the Ed25519 key that it brings.
    pub proof: String,
    /// The request's URL.
    pub url: &'i str,
    /// The request's access token.
    pub access_token: Option<&'i str>,
    /// Whether the signature was damaged afterwards.
    pub damaged: bool,
}

impl<'i> ForgedProof<'i> {
    /// Reads an input; nothing when it is no UTF-8.
    #[must_use]
    pub fn new(input: &'i [u8], now: i64) -> Option<Self> {
        let mut header = Object::of(&json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": edwards() }));
        let mut claims = Object::of(&json!({ "jti": "one", "htm": "POST", "htu": REQUEST_URL }));
        claims.set("iat", "now-0");
        let (mut url, mut access_token, mut damaged) = (REQUEST_URL, None, false);
        for line in std::str::from_utf8(input).ok()?.lines() {
            match line.split_once(' ') {
                Some(("u", text)) => url = text,
                Some(("t", text)) => access_token = Some(text),
                _ if line == "s" => damaged = true,
                _ => edit(line, &mut header, &mut claims),
            }
        }
        let signed = signed_text(header, claims, now);
        let mut signature = sign(Algorithm::EdDsa, signed.as_bytes());
        signature[9] ^= u8::from(damaged);
        let proof = format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature));
        Some(Self { proof, url, access_token, damaged })
    }
}

/// Carries out one line.
fn edit(line: &str, header: &mut Object, claims: &mut Object) {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
    match verb {
        "h" => header.set(name, value),
        "c" => claims.set(name, value),
        "h+" => header.members.push((name.to_owned(), value.to_owned())),
        "c+" => claims.members.push((name.to_owned(), value.to_owned())),
        "H" => header.whole = Some(rest.to_owned()),
        "C" => claims.whole = Some(rest.to_owned()),
        _ => {}
    }
}

fn signed_text(header: Object, claims: Object, now: i64) -> String {
    [header, claims].map(|object| BASE64URL_NOPAD.encode(object.text(now).as_bytes())).join(".")
}

/// A JSON object as text that need not be JSON.
struct Object {
    members: Vec<(String, String)>,
    whole: Option<String>,
}

impl Object {
    fn of(value: &Value) -> Self {
        let members = value.as_object().into_iter().flatten();
        Self {
            members: members.map(|(name, value)| (name.clone(), value.to_string())).collect(),
            whole: None,
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.members.retain(|(own, _)| own != name);
        if !value.is_empty() {
            self.members.push((name.to_owned(), value.to_owned()));
        }
    }

    fn text(self, now: i64) -> String {
        let whole = self.whole.unwrap_or_else(|| {
            let members: Vec<_> =
                self.members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        });
        with_times(&whole, now)
    }
}

/// Writes numbers for `now+5` and `now-5`.
fn with_times(text: &str, now: i64) -> String {
    let mut pieces = text.split("now");
    let mut written = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().skip(1).take(9).take_while(u8::is_ascii_digit).count();
        match (piece.as_bytes().first(), piece.get(1..=digits).and_then(|digits| digits.parse::<i64>().ok()))
        {
            (Some(sign @ (b'+' | b'-')), Some(offset)) => {
                let time = if *sign == b'+' { now + offset } else { now - offset };
                let _ = write!(written, "{time}{}", &piece[1 + digits..]);
            }
            _ => {
                let _ = write!(written, "now{piece}");
            }
        }
    }
    written
}

fn sign(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::EdDsa => EDWARDS.sign(message).as_ref().to_vec(),
        _ => P256.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec(),
    }
}

/// The public half of the Ed25519 key.
#[must_use]
pub fn edwards() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": edwards_x() })
}

fn edwards_x() -> String {
    BASE64URL_NOPAD.encode(EDWARDS.public_key().as_ref())
}

/// Either key alone, both, both under one name, or without names.
fn keys(choice: u8) -> KeySet {
    let mut edwards = edwards();
    let mut p256 = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y });
    if choice & 2 == 0 {
        (edwards["kid"], p256["kid"]) = (json!("k1"), json!(if choice & 4 == 0 { "k1" } else { "k2" }));
    }
    let keys = match choice >> 3 & 3 {
        0 => vec![edwards, p256],
        1 => vec![p256],
        2 => vec![edwards],
        _ => vec![json!({ "kty": "oct", "kid": "k1", "k": "AA" }), edwards, p256],
    };
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).expect("a key set")
}

fn policy(rules: u8, times: u8, own: Algorithm) -> Policy {
    let types = match rules >> 1 & 3 {
        1 => AcceptedTypes::default().and("at+jwt"),
        2 => AcceptedTypes::only("dpop+jwt"),
        _ => AcceptedTypes::default(),
    };
    Policy {
        audiences: if rules & 1 == 0 { vec!["backend".to_owned(), "api".to_owned()] } else { Vec::new() },
        algorithms: match rules >> 3 & 3 {
            1 => vec![own],
            2 => vec![Algorithm::Rs256, Algorithm::Ps512],
            _ => Algorithm::ALL.to_vec(),
        },
        types,
        leeway_seconds: [60, 0, 3600, 1][usize::from(times & 3)],
        max_lifetime_seconds: [None, Some(0), Some(300), Some(86_400)][usize::from(times >> 2 & 3)],
        ..Policy::for_issuer(ISSUER)
    }
}
