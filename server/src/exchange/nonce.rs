//! Nonces that need no memory until they are used: time and randomness under a key of the environment.
//! Handing one out writes nothing, so that nobody can fill the store by asking.

use std::time::Duration;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use data_encoding::BASE64URL_NOPAD;
use uuid::Uuid;

use super::{Exchange, ExchangeError};
use crate::{clock::UnixMillis, ids, store::Environment};

/// What a nonce is for; one for something else is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// For a device's key to sign.
    Device,
    /// For proofs of possession to repeat.
    Dpop,
}

impl Purpose {
    /// How long a nonce is good.
    const fn lifetime(self) -> Duration {
        match self {
            Self::Device => Duration::from_hours(24),
            Self::Dpop => Duration::from_mins(5),
        }
    }

    const fn label(self) -> &'static [u8] {
        match self {
            Self::Device => b"device-nonce\0",
            Self::Dpop => b"dpop-nonce\0",
        }
    }
}

const BODY: usize = 20;
const TAG: usize = 16;

/// What makes an environment's nonces and knows them again.
pub(super) struct Nonces {
    environment: Uuid,
    key: hmac::Key,
}

impl Nonces {
    pub(super) fn new(environment: Uuid, key: &[u8]) -> Self {
        Self { environment, key: hmac::Key::new(HMAC_SHA256, key) }
    }

    /// A new nonce.
    pub(super) fn make(&self, purpose: Purpose, now: UnixMillis) -> String {
        let mut nonce = now.0.to_be_bytes().to_vec();
        nonce.extend(ids::random::<12>());
        let tag = self.tag(purpose, &nonce);
        nonce.extend(tag.as_ref().iter().take(TAG));
        BASE64URL_NOPAD.encode(&nonce)
    }

    /// When a nonce of ours ends; `None` where it is not ours or has ended. Says nothing about earlier use.
    pub(super) fn ends_at(&self, purpose: Purpose, nonce: &str, now: UnixMillis) -> Option<UnixMillis> {
        let bytes = BASE64URL_NOPAD.decode(nonce.as_bytes()).ok()?;
        let (body, tag) = bytes.split_at_checked(BODY).filter(|(_, tag)| tag.len() == TAG)?;
        let expected = self.tag(purpose, body);
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref().get(..TAG)?, tag).ok()?;
        let issued = UnixMillis(i64::from_be_bytes(*body.first_chunk()?));
        let end = issued.plus(purpose.lifetime());
        (now < end).then_some(end)
    }

    fn tag(&self, purpose: Purpose, body: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, &[purpose.label(), self.environment.as_bytes(), body].concat())
    }
}

impl Exchange {
    /// Those of an environment.
    pub(super) fn nonces_of(&self, environment: &Environment) -> Result<Nonces, ExchangeError> {
        let key = self.signing.nonce_key(environment)?;
        Ok(Nonces::new(environment.id, key.expose()))
    }
}
