//! One good token, and how to bend it. Signs by hand, so that a test can write what no library would.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// What the tests' clock starts at, in seconds since 1970.
pub(crate) const NOW: i64 = 1_900_000_000;
/// `iss` of the good token.
pub(crate) const ISSUER: &str = "https://issuer.example";
/// Where that issuer publishes its keys.
pub(crate) const JWKS_URL: &str = "https://issuer.example/jwks.json";
/// `aud` of the good token.
pub(crate) const AUDIENCE: &str = "byoa-tests";

static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"));
static OTHER_RSA: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"));
static P256: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    pair.to_pkcs8v1().expect("its document").as_ref().to_vec()
});
static ED25519: LazyLock<Ed25519KeyPair> = LazyLock::new(|| Ed25519KeyPair::generate().expect("a key"));

/// What signs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// The published RSA key `rsa-1`, as its `alg` says.
    Rs256,
    /// The same key with another hash.
    Rs384,
    /// The same key with another padding.
    Ps256,
    /// An RSA key that nobody published.
    Stranger,
    /// The published key `ec-1`.
    Es256,
    /// The same, its signature in DER, which JWS does not use.
    Es256Der,
    /// The published key `ed-1`.
    EdDsa,
    /// The public RSA key's bytes as the secret of an HMAC.
    HmacOfPublic,
    /// No signature.
    Nothing,
}

impl Key {
    fn sign(self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |pair: &RsaKeyPair, encoding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &random, message, &mut signature).expect("a signature");
            signature
        };
        match self {
            Self::Rs256 => rsa(&RSA, &RSA_PKCS1_SHA256),
            Self::Rs384 => rsa(&RSA, &RSA_PKCS1_SHA384),
            Self::Ps256 => rsa(&RSA, &RSA_PSS_SHA256),
            Self::Stranger => rsa(&OTHER_RSA, &RSA_PKCS1_SHA256),
            Self::Es256 | Self::Es256Der => {
                let encoding = if self == Self::Es256 {
                    &ECDSA_P256_SHA256_FIXED_SIGNING
                } else {
                    &ECDSA_P256_SHA256_ASN1_SIGNING
                };
                let pair = EcdsaKeyPair::from_pkcs8(encoding, &P256).expect("its document");
                pair.sign(&random, message).expect("a signature").as_ref().to_vec()
            }
            Self::EdDsa => ED25519.sign(message).as_ref().to_vec(),
            Self::HmacOfPublic => {
                let secret =
                    aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, RSA.public_key().as_ref());
                aws_lc_rs::hmac::sign(&secret, message).as_ref().to_vec()
            }
            Self::Nothing => Vec::new(),
        }
    }
}

/// The public RSA key under another name and with other members.
pub(crate) fn public_jwk(kid: &str, members: Value) -> Value {
    rsa_jwk(&RSA, kid, members)
}

/// The public half of [`Key::Es256`] in PEM.
pub(crate) fn pem() -> String {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &P256).expect("its document");
    let der = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("its document");
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", wrapped(der.as_ref()))
}

fn wrapped(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    lines.join("\n")
}

/// The public half of [`Key::Stranger`] under that name.
pub(crate) fn stranger_jwk(kid: &str) -> Value {
    rsa_jwk(&OTHER_RSA, kid, json!({ "alg": "RS256", "use": "sig" }))
}

fn rsa_jwk(pair: &RsaKeyPair, kid: &str, members: Value) -> Value {
    let key = pair.public_key();
    let mut jwk = json!({
        "kty": "RSA",
        "kid": kid,
        "n": BASE64URL_NOPAD.encode(key.modulus().big_endian_without_leading_zero()),
        "e": BASE64URL_NOPAD.encode(key.exponent().big_endian_without_leading_zero()),
    });
    if let (Value::Object(jwk), Value::Object(members)) = (&mut jwk, members) {
        jwk.extend(members);
    }
    jwk
}

/// What the issuer publishes: three good keys, and some that must not be used.
pub(crate) fn key_set() -> Value {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &P256).expect("its document");
    let point = pair.public_key().as_ref();
    let small: Vec<u8> = (0..128).map(|_| 0xc1).collect();
    json!({ "keys": [
        public_jwk("rsa-1", json!({ "alg": "RS256", "use": "sig" })),
        rsa_jwk(&OTHER_RSA, "rsa-2", json!({ "alg": "RS256", "use": "sig" })),
        { "kty": "EC", "crv": "P-256", "kid": "ec-1", "alg": "ES256",
          "x": BASE64URL_NOPAD.encode(&point[1..33]), "y": BASE64URL_NOPAD.encode(&point[33..]) },
        { "kty": "OKP", "crv": "Ed25519", "kid": "ed-1", "alg": "EdDSA",
          "x": BASE64URL_NOPAD.encode(ED25519.public_key().as_ref()) },
        public_jwk("for-encryption", json!({ "use": "enc" })),
        public_jwk("for-wrapping", json!({ "key_ops": ["wrapKey"] })),
        public_jwk("leaked", json!({ "d": "AQAB" })),
        { "kty": "RSA", "kid": "small", "n": BASE64URL_NOPAD.encode(&small), "e": "AQAB" },
        { "kty": "oct", "kid": "shared", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0" },
    ] })
}

/// A token under construction. [`Token::good`] is accepted; each method bends one thing.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    raw_header: Option<Vec<u8>>,
    raw_claims: Option<Vec<u8>>,
    key: Key,
}

impl Token {
    /// The good one.
    pub(crate) fn good() -> Self {
        let object = |value: Value| value.as_object().expect("an object").clone();
        Self {
            header: object(json!({ "alg": "RS256", "typ": "JWT", "kid": "rsa-1" })),
            claims: object(json!({
                "iss": ISSUER, "sub": "user-1", "aud": AUDIENCE, "iat": NOW, "exp": NOW + 300,
            })),
            raw_header: None,
            raw_claims: None,
            key: Key::Rs256,
        }
    }

    /// With this header member.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Without that header member.
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// With these bytes as the header.
    pub(crate) fn raw_header(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.raw_header = Some(bytes.as_ref().to_vec());
        self
    }

    /// With this claim.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without that claim.
    pub(crate) fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// With these bytes as the claims.
    pub(crate) fn raw_claims(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.raw_claims = Some(bytes.as_ref().to_vec());
        self
    }

    /// The claims as JSON with `more` before the closing brace: for members given twice.
    pub(crate) fn claims_with(self, more: &str) -> Self {
        let text = Value::Object(self.claims.clone()).to_string();
        let text = format!("{},{more}}}", text.trim_end_matches('}'));
        self.raw_claims(text)
    }

    /// Signed by this key; the header is not touched.
    pub(crate) fn signed_by(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// Signed by this key, and saying so.
    pub(crate) fn with_key(self, kid: &str, algorithm: &str, key: Key) -> Self {
        self.header("kid", kid).header("alg", algorithm).signed_by(key)
    }

    /// The token in its compact form.
    pub(crate) fn build(&self) -> String {
        let part = |raw: &Option<Vec<u8>>, members: &Map<String, Value>| {
            let bytes =
                raw.clone().unwrap_or_else(|| Value::Object(members.clone()).to_string().into_bytes());
            BASE64URL_NOPAD.encode(&bytes)
        };
        let signed =
            format!("{}.{}", part(&self.raw_header, &self.header), part(&self.raw_claims, &self.claims));
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    /// The three parts of the compact form.
    pub(crate) fn parts(&self) -> [String; 3] {
        let token = self.build();
        let mut parts = token.split('.').map(str::to_owned);
        std::array::from_fn(|_| parts.next().expect("three parts"))
    }
}
