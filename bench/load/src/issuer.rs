//! Somebody else's issuer: its keys, and the tokens that it signed before the clock starts.

use crate::plan::{External, Setup};
use aws_lc_rs::digest::{SHA256, digest};
use byoa_jwt::{Algorithm, SigningError, SigningKey};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fmt::Write as _,
    rc::Rc,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

/// Tokens by algorithm, and the keys to verify them.
#[derive(Debug)]
pub(crate) struct Issuer {
    name: String,
    keys: Vec<Value>,
    tokens: HashMap<External, Rc<Tokens>>,
}

/// Tokens of one algorithm, each about another user.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Of users that sign in again and again.
    pub(crate) returning: Vec<String>,
    /// Of users that sign in once.
    pub(crate) newcomers: Vec<String>,
}

impl Issuer {
    /// Makes a key per algorithm and signs all tokens, on every core.
    pub(crate) fn mint(setup: &Setup, origin: &str) -> Result<Self, SigningError> {
        let mut issuer = Self { name: origin.to_owned(), keys: Vec::new(), tokens: HashMap::new() };
        for &algorithm in &setup.algorithms {
            let kid = format!("bench-{}", algorithm.name());
            let key = SigningKey::generate(algorithm.into())?;
            issuer.keys.push(key.public_jwk(&kid));
            let mint = Mint { key: &key, kid: &kid, issuer: origin, setup, prefix: algorithm.name() };
            let mut all = mint.tokens(setup.returning + setup.newcomers)?;
            let newcomers = all.split_off(setup.returning);
            issuer.tokens.insert(algorithm, Rc::new(Tokens { returning: all, newcomers }));
        }
        Ok(issuer)
    }

    /// `iss` of the tokens.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The published JWK set.
    pub(crate) fn key_set(&self) -> Value {
        json!({ "keys": self.keys })
    }

    /// The tokens of one algorithm; none where it was not asked for.
    pub(crate) fn tokens(&self, algorithm: External) -> Option<&Rc<Tokens>> {
        self.tokens.get(&algorithm)
    }

    /// Algorithms that there are tokens of, in a fixed order.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = External> {
        [External::Rs256, External::Es256].into_iter().filter(|one| self.tokens.contains_key(one))
    }
}

impl External {
    const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "rs256",
            Self::Es256 => "es256",
        }
    }
}

impl From<External> for Algorithm {
    fn from(algorithm: External) -> Self {
        match algorithm {
            External::Rs256 => Self::Rs256,
            External::Es256 => Self::Es256,
        }
    }
}

#[derive(Clone, Copy)]
struct Mint<'a> {
    key: &'a SigningKey,
    kid: &'a str,
    issuer: &'a str,
    setup: &'a Setup,
    prefix: &'a str,
}

impl Mint<'_> {
    fn tokens(self, count: usize) -> Result<Vec<String>, SigningError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let share = count.div_ceil(cores);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..cores)
                .map(|core| {
                    let range = (core * share).min(count)..((core + 1) * share).min(count);
                    scope
                        .spawn(move || range.map(|user| self.token(user, now)).collect::<Result<Vec<_>, _>>())
                })
                .collect();
            let mut all = Vec::with_capacity(count);
            for thread in threads {
                all.extend(thread.join().map_err(|_| SigningError::LibraryFailed)??);
            }
            Ok(all)
        })
    }

    /// Claims as an ordinary provider puts them.
    fn token(self, user: usize, now: u64) -> Result<String, SigningError> {
        let subject = subject(&format!("{}-user-{user:08}", self.prefix));
        let claims = json!({
            "iss": self.issuer,
            "aud": self.setup.audience,
            "sub": subject,
            "iat": now,
            "exp": now + self.setup.token_seconds,
            "jti": format!("{subject}-{now}"),
            "email": format!("{subject}@users.example"),
            "emailVerified": true,
        });
        self.key.sign(self.kid, "JWT", &claims)
    }
}

/// A subject as providers make them: its neighbours in an index are anybody.
fn subject(name: &str) -> String {
    let digest = digest(&SHA256, name.as_bytes());
    digest.as_ref().iter().take(12).fold(String::new(), |mut text, byte| {
        // Writing into a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_about_another_user() {
        let setup = Setup {
            audience: "app".to_owned(),
            token_seconds: 60,
            returning: 3,
            newcomers: 4,
            algorithms: vec![External::Es256],
        };
        let issuer = Issuer::mint(&setup, "http://issuer.example").expect("minted");
        let tokens = issuer.tokens(External::Es256).expect("asked for");
        assert_eq!((tokens.returning.len(), tokens.newcomers.len()), (3, 4));
        let mut payloads: Vec<_> = tokens.returning.iter().chain(&tokens.newcomers).collect();
        payloads.sort();
        payloads.dedup();
        assert_eq!(payloads.len(), 7);
        assert!(issuer.tokens(External::Rs256).is_none());
    }
}
