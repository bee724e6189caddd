//! Secrets as the database has them: sealed under a master key that it does not have.
//!
//! A sealed secret is `byoa-sealed`, a version, the master key's id, a salt, a nonce, and AES-256-GCM's
//! ciphertext and tag. Its key is derived from the master key and the salt (HKDF-SHA256, RFC 5869), so that
//! each secret has a key of its own and no count of secrets can make two nonces meet under one key. Where it
//! belongs is authenticated with it: moved to another row it does not open. What does not begin with the
//! word is plain, as everything was before there was a master key.
//!
//! Nothing here knows a store, and no store knows this.

mod label;
mod master_key;

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, Salt},
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{ids, secret::Secret};
pub use label::Label;
pub use master_key::{KeyId, MasterKey, MasterKeyInvalid};

const WORD: &[u8] = b"byoa-sealed";
const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const SALT: usize = 16;
const NONCE: usize = 12;

/// Why a kept secret cannot be used. The sentence goes on from what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// It is sealed, and there is no master key.
    #[error(
        "it is sealed under the master key {under}, but none was given; pass --master-key-file, or set \
         BYOA_MASTER_KEY"
    )]
    NoMasterKey {
        /// Which one it takes.
        under: KeyId,
    },
    /// It is sealed under a master key that is not here.
    #[error(
        "it is sealed under the master key {under}, but {given} was given; pass the file of {under} with \
         --master-key-file. Only where the database is being moved from {under} to {given}, pass it with \
         --old-master-key-file, until `byoa-server keys seal` is done"
    )]
    OtherMasterKey {
        /// Which one it takes.
        under: KeyId,
        /// The current one.
        given: KeyId,
    },
    /// The right master key does not open it.
    #[error("it was changed, or moved from where it was sealed for; take its row from a backup")]
    Altered,
    /// It is spelt as no version up to this one does.
    #[error("it was sealed by a newer version; run that one")]
    Unknown,
    /// It could not be sealed.
    #[error("it cannot be sealed")]
    Failed,
}

impl SealError {
    /// Whether another master key would mend it, so that another server may be able to.
    #[must_use]
    pub const fn is_for_lack_of_a_key(self) -> bool {
        matches!(self, Self::NoMasterKey { .. } | Self::OtherMasterKey { .. })
    }
}

/// Seals secrets under the current master key, and opens what that one or the one before has sealed. Without
/// a master key secrets are kept as they are. Cheap to clone.
#[derive(Clone, Default)]
pub struct Seal(Arc<Keys>);

#[derive(Default)]
struct Keys {
    current: Option<MasterKey>,
    previous: Option<MasterKey>,
}

impl Seal {
    /// Under `current`; `previous` only opens.
    #[must_use]
    pub fn under(current: MasterKey, previous: Option<MasterKey>) -> Self {
        Self(Arc::new(Keys { current: Some(current), previous }))
    }

    /// Id of the master key that seals.
    #[must_use]
    pub fn current(&self) -> Option<KeyId> {
        self.0.current.as_ref().map(MasterKey::id)
    }

    /// A secret as it is to be kept.
    pub fn seal(&self, label: &Label<'_>, secret: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let Some(master) = &self.0.current else { return Ok(Secret::new(secret.to_vec())) };
        let salt = ids::random::<SALT>();
        // Long enough for the tag: a vector that moves leaves what was in it behind.
        let mut sealed = Vec::with_capacity(secret.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(secret);
        let nonce = key(master, &salt)?
            .seal_in_place_append_tag(Aad::from(label.bytes()), &mut sealed)
            .map_err(|_| SealError::Failed)?;
        let under = master.id();
        let parts = [WORD, &[VERSION], under.bytes(), &salt, nonce.as_ref(), &sealed];
        Ok(Secret::new(parts.concat()))
    }

    /// A kept secret as it is.
    pub fn open(&self, label: &Label<'_>, kept: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let Some(sealed) = Sealed::read(kept)? else { return Ok(Secret::new(kept.to_vec())) };
        let master = self.master(sealed.under)?;
        let mut bytes = sealed.ciphertext.to_vec();
        let opened = key(master, sealed.salt)?
            .open_in_place(Nonce::from(sealed.nonce), Aad::from(label.bytes()), &mut bytes)
            .map(|opened| opened.len())
            .map_err(|_| SealError::Altered)?;
        bytes.truncate(opened);
        Ok(Secret::new(bytes))
    }

    /// Whether a kept secret is as [`Self::seal`] would keep it now: under the current master key, or plain
    /// where there is none.
    #[must_use]
    pub fn is_current(&self, kept: &[u8]) -> bool {
        Sealed::read(kept).is_ok_and(|sealed| sealed.map(|sealed| sealed.under) == self.current())
    }

    fn master(&self, under: KeyId) -> Result<&MasterKey, SealError> {
        let Some(current) = &self.0.current else { return Err(SealError::NoMasterKey { under }) };
        let mut known = [Some(current), self.0.previous.as_ref()].into_iter().flatten();
        known
            .find(|master| master.id() == under)
            .ok_or_else(|| SealError::OtherMasterKey { under, given: current.id() })
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Seal").field("current", &self.current()).finish_non_exhaustive()
    }
}

/// Under which master key a kept secret is sealed; `None` where it is plain.
pub fn sealed_under(kept: &[u8]) -> Result<Option<KeyId>, SealError> {
    Ok(Sealed::read(kept)?.map(|sealed| sealed.under))
}

/// The parts of a sealed secret.
struct Sealed<'k> {
    under: KeyId,
    salt: &'k [u8],
    nonce: &'k [u8; NONCE],
    ciphertext: &'k [u8],
}

impl<'k> Sealed<'k> {
    fn read(kept: &'k [u8]) -> Result<Option<Self>, SealError> {
        let Some(rest) = kept.strip_prefix(WORD) else { return Ok(None) };
        let Some((&[VERSION], rest)) = rest.split_first_chunk::<1>() else { return Err(SealError::Unknown) };
        let parts = rest.split_first_chunk::<KEY_ID>().and_then(|(under, rest)| {
            let (salt, rest) = rest.split_first_chunk::<SALT>()?;
            let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
            Some(Self { under: KeyId::from(*under), salt, nonce, ciphertext })
        });
        parts.map(Some).ok_or(SealError::Altered)
    }
}

/// The key of one secret.
fn key(master: &MasterKey, salt: &[u8]) -> Result<RandomizedNonceKey, SealError> {
    let mut bytes = Zeroizing::new([0; 32]);
    let derived = Salt::new(HKDF_SHA256, salt).extract(master.expose());
    derived
        .expand(&[WORD, &[VERSION]], HKDF_SHA256)
        .and_then(|derived| derived.fill(bytes.as_mut_slice()))
        .and_then(|()| RandomizedNonceKey::new(&AES_256_GCM, bytes.as_slice()))
        .map_err(|_| SealError::Failed)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Label, MasterKey, Seal, SealError, sealed_under};

    const ENVIRONMENT: Uuid = Uuid::from_u128(1);

    fn master(byte: u8) -> MasterKey {
        MasterKey::from([byte; 32])
    }

    fn label() -> Label<'static> {
        Label::signing_key(ENVIRONMENT, "kid")
    }

    #[test]
    fn a_sealed_secret_hides_what_it_is_and_opens_again() {
        let seal = Seal::under(master(1), None);
        let secret = b"thirty-two bytes of a secret, ok";
        let kept = seal.seal(&label(), secret).unwrap();
        assert!(kept.expose().starts_with(b"byoa-sealed\x01"));
        assert!(!kept.expose().windows(8).any(|part| secret.windows(8).any(|own| own == part)));
        assert_eq!(seal.open(&label(), kept.expose()).unwrap().expose(), secret);
        assert_ne!(seal.seal(&label(), secret).unwrap(), kept, "no two are alike");
        assert_eq!(sealed_under(kept.expose()), Ok(seal.current()));
    }

    #[test]
    fn it_opens_where_it_was_sealed_for_and_nowhere_else() {
        let seal = Seal::under(master(1), None);
        let kept = seal.seal(&label(), b"secret").unwrap();
        for other in [
            Label::signing_key(ENVIRONMENT, "other"),
            Label::signing_key(ENVIRONMENT, ""),
            Label::signing_key(Uuid::from_u128(2), "kid"),
            Label::nonce_key(ENVIRONMENT),
            Label::webhook_secret(ENVIRONMENT, &ENVIRONMENT),
        ] {
            assert_eq!(seal.open(&other, kept.expose()), Err(SealError::Altered), "{other:?}");
        }
    }

    #[test]
    fn a_changed_bit_is_seen_wherever_it_is() {
        let seal = Seal::under(master(1), None);
        let kept = seal.seal(&label(), b"secret").unwrap();
        for position in 0..kept.expose().len() {
            let mut bent = kept.expose().clone();
            bent[position] ^= 1;
            let opened = seal.open(&label(), &bent);
            // Without its word it is plain, and what it is then is no key.
            assert!(opened.is_err() || position < 11 && opened.unwrap().expose() != b"secret", "{position}");
        }
        for length in 12..kept.expose().len() {
            assert!(seal.open(&label(), &kept.expose()[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn the_wrong_master_key_is_named() {
        let kept = Seal::under(master(1), None).seal(&label(), b"secret").unwrap();
        let (under, given) = (master(1).id(), master(2).id());
        let none = Seal::default().open(&label(), kept.expose());
        assert_eq!(none, Err(SealError::NoMasterKey { under }));
        let other = Seal::under(master(2), None).open(&label(), kept.expose());
        assert_eq!(other, Err(SealError::OtherMasterKey { under, given }));
        let sentence = other.unwrap_err().to_string();
        assert!(sentence.contains(&under.to_string()) && sentence.contains("keys seal"), "{sentence}");
        let both = Seal::under(master(2), Some(master(1)));
        assert_eq!(both.open(&label(), kept.expose()).unwrap().expose(), b"secret");
        assert!(!both.is_current(kept.expose()));
    }

    #[test]
    fn without_a_master_key_secrets_are_kept_as_they_are() {
        let none = Seal::default();
        let kept = none.seal(&label(), b"secret").unwrap();
        assert_eq!((kept.expose().as_slice(), none.is_current(b"secret")), (&b"secret"[..], true));
        let seal = Seal::under(master(1), None);
        assert_eq!(seal.open(&label(), b"secret").unwrap().expose(), b"secret");
        assert!(!seal.is_current(b"secret"));
    }

    #[test]
    fn a_later_version_is_told_from_nonsense() {
        let seal = Seal::under(master(1), None);
        assert_eq!(seal.open(&label(), b"byoa-sealed\x02rest"), Err(SealError::Unknown));
        assert_eq!(seal.open(&label(), b"byoa-sealed\x01rest"), Err(SealError::Altered));
    }
}
