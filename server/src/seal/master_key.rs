//! The master key: 32 random bytes, which live outside the database.

use std::{fmt, str::FromStr};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{
    BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE,
};
use thiserror::Error;

use crate::secret::Secret;

/// What a master key is recognised by. Tells nothing about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; 8]);

impl KeyId {
    pub(super) const fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 8]> for KeyId {
    fn from(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What was given is no master key. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("32 bytes as base64, base64url or hex, such as `openssl rand -base64 32` prints")]
pub struct MasterKeyInvalid;

/// The master key.
#[derive(Clone, Debug)]
pub struct MasterKey {
    id: KeyId,
    bytes: Secret<[u8; 32]>,
}

impl MasterKey {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }
}

impl From<[u8; 32]> for MasterKey {
    fn from(bytes: [u8; 32]) -> Self {
        // The bytes are random, so that their hash gives nothing away.
        let hash = digest(&SHA256, &[&b"byoa master key\0"[..], &bytes].concat());
        let mut id = [0; 8];
        for (to, from) in id.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Self { id: KeyId(id), bytes: Secret::new(bytes) }
    }
}

impl FromStr for MasterKey {
    type Err = MasterKeyInvalid;

    /// Space around it is ignored: files end with a line end.
    fn from_str(text: &str) -> Result<Self, MasterKeyInvalid> {
        let text = text.trim().as_bytes();
        let spelt: &[Encoding] = match text.len() {
            64 => &[HEXLOWER_PERMISSIVE],
            44 => &[BASE64, BASE64URL],
            43 => &[BASE64_NOPAD, BASE64URL_NOPAD],
            _ => &[],
        };
        let read = spelt.iter().find_map(|encoding| encoding.decode(text).ok()).map(Secret::new);
        let bytes = read.and_then(|read| <[u8; 32]>::try_from(read.expose().as_slice()).ok());
        bytes.map(Self::from).ok_or(MasterKeyInvalid)
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

    use super::{MasterKey, MasterKeyInvalid};

    #[test]
    fn it_is_read_in_every_usual_spelling() {
        let bytes: [u8; 32] = std::array::from_fn(|position| 255 - u8::try_from(position).unwrap());
        let expected = MasterKey::from(bytes);
        for spelling in [&BASE64, &BASE64URL, &BASE64URL_NOPAD, &HEXLOWER, &HEXUPPER] {
            let text = format!("{}\n", spelling.encode(&bytes));
            let read: MasterKey = text.parse().unwrap();
            assert_eq!((read.expose(), read.id()), (expected.expose(), expected.id()), "{text}");
        }
        assert_eq!(expected.id().to_string().len(), 16);
        assert!(format!("{expected:?}").contains("[redacted]"));
    }

    #[test]
    fn anything_else_is_refused() {
        let long = "A".repeat(48);
        let not_hex = "g".repeat(64);
        for bad in ["", "secret", &long, &not_hex, &"A".repeat(42), &format!("{}=", "*".repeat(43))] {
            assert_eq!(bad.parse::<MasterKey>().unwrap_err(), MasterKeyInvalid, "{bad}");
        }
    }
}
