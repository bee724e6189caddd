//! How an endpoint knows that a message is ours, and has not been changed.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign as hmac};
use byoa_protocol::webhook::SIGNATURE_SCHEME;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use crate::{ids, secret::Secret};

/// What every such secret starts with, so that scanners for leaked secrets know it. It is part of the secret.
pub const SECRET_PREFIX: &str = "byoa_whsec_";

/// A new secret of 256 random bits.
#[must_use]
pub fn new_secret() -> Secret<String> {
    Secret::new(format!("{SECRET_PREFIX}{}", BASE64URL_NOPAD.encode(&ids::random::<32>())))
}

/// The value of the header: `sha256=` and the HMAC-SHA256 of `body` in hex. The key is the secret as it was
/// shown, in UTF-8, with its prefix.
#[must_use]
pub fn sign(secret: &Secret<Vec<u8>>, body: &[u8]) -> String {
    let tag = hmac(&Key::new(HMAC_SHA256, secret.expose()), body);
    format!("{SIGNATURE_SCHEME}{}", HEXLOWER.encode(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::{new_secret, sign};
    use crate::secret::Secret;

    /// RFC 4231 4.3.
    #[test]
    fn signs_as_the_rfc_says() {
        let secret = Secret::new(b"Jefe".to_vec());
        assert_eq!(
            sign(&secret, b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), "byoa_whsec_".len() + 43);
    }
}
