//! Tokens: strict parsing, JWK sets, policy and verification.
//!
//! Every function here is one of (bytes, keys, policy, now): there is no clock, no I/O, and no
//! randomness outside `SigningKey`.
//!
//! Distrust is in the type. [`UnverifiedToken::parse`] gives claims anyone could have written;
//! `verify` alone makes `VerifiedClaims`. Verification needs the feature `crypto`; without it the
//! crate only parses, which is what the browser downloads.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "crypto")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use byoa_jwt::{Algorithm, KeySet, Policy, SigningKey, UnverifiedToken, verify};
//! use serde_json::json;
//!
//! // The issuer's side: a key, its published half, and a token.
//! let key = SigningKey::generate(Algorithm::Es256)?;
//! let published = json!({ "keys": [key.public_jwk("2026-01")] }).to_string();
//! let claims = json!({ "iss": "https://issuer.example", "sub": "user-1", "exp": 1_800_000_300 });
//! let token = key.sign("2026-01", "JWT", &claims)?;
//!
//! // Our side: the key set and the policy are kept, the clock is handed in.
//! let keys = KeySet::parse(published.as_bytes())?;
//! let policy = Policy::for_issuer("https://issuer.example");
//! let verified = verify(&UnverifiedToken::parse(&token)?, &keys, &policy, 1_800_000_000)?;
//! assert_eq!(verified.subject(), "user-1");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "crypto"))]
//! # fn main() {}
//! ```
//!
//! # Order of the rules
//!
//! Cheap checks come first and the signature comes before any claim, so that somebody without a key
//! learns nothing about what the claims should have been. [`RULES`] names the order; `trace` reports
//! it rule by rule, through the same code. The decisions where the RFCs leave a choice are in
//! `POLICY.md` beside this crate's manifest.

mod algorithm;
mod base64url;
mod claims;
mod header;
mod json;
mod key_problem;
mod numeric_date;
mod policy;
mod preview;
mod rejection;
mod rules;
mod seen;
mod shown;
mod token;

#[cfg(feature = "crypto")]
mod backend;
#[cfg(feature = "crypto")]
mod dpop;
#[cfg(feature = "crypto")]
mod keys;
#[cfg(feature = "crypto")]
mod signing;
#[cfg(feature = "crypto")]
mod thumbprint;
#[cfg(feature = "crypto")]
mod trace;
#[cfg(feature = "crypto")]
mod verified;
#[cfg(feature = "crypto")]
mod verify;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use claims::UnverifiedClaims;
pub use header::Header;
pub use key_problem::KeyProblem;
pub use policy::{AcceptedTypes, Policy};
pub use preview::{TokenPreview, is_past};
pub use rejection::{Part, Rejection};
pub use rules::RULES;
pub use token::UnverifiedToken;

#[cfg(feature = "crypto")]
pub use dpop::{DpopPolicy, DpopRejection, VerifiedProof, verify_dpop};
#[cfg(feature = "crypto")]
pub use keys::{KeySet, KeySetError, UnusableKey, VerifyingKey};
#[cfg(feature = "crypto")]
pub use signing::{SigningError, SigningKey};
#[cfg(feature = "crypto")]
pub use thumbprint::thumbprint;
#[cfg(feature = "crypto")]
pub use trace::{Outcome, Step, trace};
#[cfg(feature = "crypto")]
pub use verified::VerifiedClaims;
#[cfg(feature = "crypto")]
pub use verify::{verify, verify_signature};

/// How far an issuer's clock may differ from ours, in seconds, for `exp`, `nbf` and `iat`.
///
/// RFC 7519 4.1.4 allows "some small leeway, usually no more than a few minutes"; one minute covers
/// any machine that runs NTP.
pub const CLOCK_LEEWAY_SECONDS: u64 = 60;

/// The longest token that is looked at, in bytes: everything later is bounded by it.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The longest `sub`, in bytes. `OpenID` Connect Core 2 limits it to 255 ASCII characters.
pub const MAX_SUBJECT_BYTES: usize = 255;

/// The longest `kid` in a token's header, in bytes.
pub const MAX_KID_BYTES: usize = 1024;

/// The shortest RSA modulus, in bits (RFC 7518 3.3 and 3.5: "2048 bits or larger MUST be used").
pub const MIN_RSA_BITS: usize = 2048;

/// The longest RSA modulus, in bits: a longer one costs more to verify than a caller may spend of us.
pub const MAX_RSA_BITS: usize = 8192;

/// The most keys in one set; each costs a parse.
pub const MAX_KEYS: usize = 100;

/// The longest JWK set, in bytes.
pub const MAX_KEY_SET_BYTES: usize = 512 * 1024;

/// The longest `DPoP` proof that is looked at, in bytes: an RSA key of [`MAX_RSA_BITS`] and a long URL fit.
pub const MAX_PROOF_BYTES: usize = 8 * 1024;

/// The longest `jti` of a `DPoP` proof, in bytes: every one has to be remembered.
pub const MAX_PROOF_ID_BYTES: usize = 128;

/// The longest `nonce` of a `DPoP` proof, in bytes.
pub const MAX_PROOF_NONCE_BYTES: usize = 256;
