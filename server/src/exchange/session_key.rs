//! Keys that callers hold: session keys and device keys. P-256, compressed, lower-case hex.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use data_encoding::HEXLOWER;

use super::ExchangeError;

/// A compressed point of P-256.
pub(super) struct CallerKey(ParsedPublicKey);

impl CallerKey {
    /// Reads 66 lower-case hex digits, `02…` or `03…`, that are a point of the curve.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() != 66 || !matches!(text.get(..2), Some("02" | "03")) {
            return None;
        }
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).ok().map(Self)
    }

    /// Whether `signature`, r‖s in 128 hex digits, is this key's over `message`.
    pub(super) fn has_signed(&self, message: &[u8], signature: &str) -> bool {
        HEXLOWER
            .decode(signature.as_bytes())
            .is_ok_and(|signature| signature.len() == 64 && self.0.verify_sig(message, &signature).is_ok())
    }
}

/// The key to bind a session to: the body's, else the header's, else none.
pub(super) fn session_key(
    body: Option<String>,
    header: Option<String>,
) -> Result<Option<String>, ExchangeError> {
    match body.or(header) {
        Some(key) if CallerKey::read(&key).is_none() => Err(ExchangeError::InvalidSessionPublicKey),
        key => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use super::{CallerKey, session_key};

    /// The base point of P-256 (FIPS 186-4 D.1.2.3).
    const GENERATOR: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

    #[test]
    fn a_key_is_a_compressed_point_in_lower_case() {
        assert!(CallerKey::read(GENERATOR).is_some());
        let upper = GENERATOR.to_uppercase();
        let uncompressed_prefix = GENERATOR.replacen("03", "04", 1);
        let short = &GENERATOR[..64];
        let off_curve = format!("02{}", "0".repeat(63) + "7");
        let too_large = format!("02{}", "f".repeat(64));
        for bad in [&upper, &uncompressed_prefix, short, &off_curve, &too_large, "", "02", "é3"] {
            assert!(CallerKey::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_body_counts_before_the_header() {
        let key = || Some(GENERATOR.to_owned());
        let bad = || Some("x".to_owned());
        assert_eq!(session_key(key(), bad()).unwrap(), key());
        assert_eq!(session_key(None, key()).unwrap(), key());
        assert_eq!(session_key(None, None).unwrap(), None);
        assert!(session_key(bad(), key()).is_err());
        assert!(session_key(None, bad()).is_err());
    }
}
