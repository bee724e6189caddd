//! A set of published keys, and which of them a token means.

use serde_json::Value;
use thiserror::Error;

use super::{jwk, key::VerifyingKey, pem};
use crate::{
    Algorithm, KeyProblem, MAX_KEY_SET_BYTES, MAX_KEYS, Rejection,
    json::{self, JsonError},
    shown,
};

/// The keys of one issuer, parsed once. Keys that cannot be used stand beside the good ones.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    usable: Vec<VerifyingKey>,
    unusable: Vec<UnusableKey>,
}

/// A published key that verifies nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableKey {
    /// Its `kid`, when that is a string.
    pub kid: Option<String>,
    /// Why it is not used.
    pub why: KeyProblem,
}

/// Why some text is not a set of keys at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// Longer than [`MAX_KEY_SET_BYTES`].
    #[error("a JWK set may have {MAX_KEY_SET_BYTES} bytes, but this has {found}")]
    TooLarge {
        /// Its length in bytes.
        found: usize,
    },
    /// More keys than [`MAX_KEYS`].
    #[error("a JWK set may have {MAX_KEYS} keys, but this has {found}")]
    TooManyKeys {
        /// How many.
        found: usize,
    },
    /// Not one JSON object with an array `keys` (RFC 7517 5).
    #[error("a JWK set must be a JSON object with an array named keys, but {problem}")]
    NotAKeySet {
        /// What is wrong, as a clause.
        problem: String,
    },
    /// A member name is given twice in one object.
    #[error("every member of a JWK set must have its own name, but {name} is there twice")]
    DuplicateMember {
        /// The name.
        name: String,
    },
    /// Not exactly one PEM block `PUBLIC KEY`.
    #[error("a public key file must hold one PEM block named PUBLIC KEY (SPKI), but {problem}")]
    PemInvalid {
        /// What is wrong, as a clause.
        problem: &'static str,
    },
    /// The PEM block holds a key that cannot be used.
    #[error("the public key cannot be used: {0}")]
    KeyUnusable(KeyProblem),
}

impl KeySet {
    /// Parses a JWK set (RFC 7517 5). Entries that cannot be used go to [`Self::unusable`]; only text that
    /// is no set, too large, or ambiguous through duplicate members is an error.
    pub fn parse(json: &[u8]) -> Result<Self, KeySetError> {
        if json.len() > MAX_KEY_SET_BYTES {
            return Err(KeySetError::TooLarge { found: json.len() });
        }
        let members = json::read_object(json).map_err(|error| match error {
            JsonError::Duplicate(name) => KeySetError::DuplicateMember { name },
            JsonError::Invalid(problem) => KeySetError::NotAKeySet { problem },
        })?;
        match members.get("keys") {
            Some(Value::Array(entries)) if entries.len() > MAX_KEYS => {
                Err(KeySetError::TooManyKeys { found: entries.len() })
            }
            Some(Value::Array(entries)) => Ok(Self::of_own(entries)),
            Some(_) => Err(KeySetError::NotAKeySet { problem: "its keys are not an array".to_owned() }),
            None => Err(KeySetError::NotAKeySet { problem: "it has no keys".to_owned() }),
        }
    }

    /// The set of keys that the caller made itself, as [`Self::parse`] reads them. There may be any number of
    /// them: [`MAX_KEYS`] bounds what others publish.
    #[must_use]
    pub fn of_own<'k>(keys: impl IntoIterator<Item = &'k Value>) -> Self {
        let mut set = Self::default();
        for entry in keys {
            match jwk::read(entry) {
                Ok(key) => set.usable.push(key),
                Err(refused) => set.unusable.push(refused),
            }
        }
        set
    }

    /// The set of one key in PEM (`-----BEGIN PUBLIC KEY-----`, SPKI of RFC 5280).
    ///
    /// With a `kid`, tokens must name it or no key at all; without, the key answers to any `kid`, because
    /// a file has nowhere to keep one. With an `algorithm` the key is for that alone.
    pub fn from_pem(
        text: &str,
        kid: Option<&str>,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, KeySetError> {
        let key = pem::read(text, kid, algorithm)?;
        Ok(Self { usable: vec![key], unusable: Vec::new() })
    }

    /// How many keys can verify.
    #[must_use]
    pub const fn usable_len(&self) -> usize {
        self.usable.len()
    }

    /// The keys that verify nothing, for a warning to the operator.
    #[must_use]
    pub fn unusable(&self) -> &[UnusableKey] {
        &self.unusable
    }

    /// The usable keys in the order of the set.
    #[must_use]
    pub fn usable(&self) -> &[VerifyingKey] {
        &self.usable
    }

    /// The names of the usable keys that have one.
    #[must_use]
    pub fn kids(&self) -> Vec<&str> {
        self.usable.iter().filter_map(VerifyingKey::kid).collect()
    }

    /// The one key that a token with this header means.
    ///
    /// A `kid` chooses the key; several of that name are told apart by `algorithm` alone. Without a `kid`
    /// exactly one key must fit. Nothing is tried: [`Rejection::KidUnknown`], [`Rejection::KidAmbiguous`],
    /// [`Rejection::KeyUnusable`] and [`Rejection::AlgorithmMismatch`] say what is missing.
    pub fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&VerifyingKey, Rejection> {
        let named = |own: Option<&str>| kid.is_none() || own == kid;
        let candidates: Vec<_> =
            self.usable.iter().filter(|key| key.answers_to_any_kid || named(key.kid())).collect();
        let fitting: Vec<_> = candidates.iter().filter(|key| key.fits(algorithm)).collect();
        let refused: Vec<_> = self.unusable.iter().filter(|key| named(key.kid.as_deref())).collect();
        match (&fitting[..], &candidates[..], &refused[..]) {
            ([key], ..) => Ok(key),
            ([], [key, rest @ ..], _) if kid.is_some() || rest.is_empty() => Err(key.mismatch(algorithm)),
            ([], [], [key, rest @ ..]) if kid.is_some() || rest.is_empty() => Err(key.rejection()),
            ([], [], []) => Err(self.unknown(kid)),
            _ => Err(Rejection::KidAmbiguous { fitting: fitting.len() }),
        }
    }

    fn unknown(&self, kid: Option<&str>) -> Rejection {
        let Some(kid) = kid else { return Rejection::KidAmbiguous { fitting: 0 } };
        let kids = self.kids();
        let known = if kids.is_empty() { "none has a kid".to_owned() } else { shown::list(kids) };
        Rejection::KidUnknown { known, found: shown::text(kid) }
    }
}

impl UnusableKey {
    fn rejection(&self) -> Rejection {
        let kid = self.kid.as_deref().map_or_else(|| "without a kid".to_owned(), shown::text);
        Rejection::KeyUnusable { kid, why: self.why.clone() }
    }
}
