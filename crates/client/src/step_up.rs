//! Elevated tokens: what whoever is signed in has proved a second time, for some minutes and some scopes.
//!
//! Kept in memory only. Whether an operation needs one, the server decides; nothing here may ask it.

use crate::{Secret, json::Value};
use byoa_jwt::TokenPreview;
use std::mem;

/// Those of the session that is held now.
#[derive(Debug, Default)]
pub struct ElevatedTokens {
    /// Whose they are: another user's session, or another session of the same one, has none of them.
    owner: String,
    tokens: Vec<Elevated>,
}

#[derive(Debug)]
struct Elevated {
    token: Secret,
    /// In order, each once.
    scopes: Vec<String>,
    expires_at: i64,
    is_single_use: bool,
}

impl ElevatedTokens {
    /// Keeps a token until `now`, in seconds, is its end; the newest one for the same scopes replaces the one
    /// before. `false` where the text is no token that is good for anything.
    pub fn keep(&mut self, owner: &str, token: Secret, now: i64) -> bool {
        self.forget_others(owner, now);
        let Some(elevated) = Elevated::read(token).filter(|elevated| now < elevated.expires_at) else {
            return false;
        };
        self.tokens.retain(|known| known.scopes != elevated.scopes);
        self.tokens.push(elevated);
        true
    }

    /// The first token with `scope`. One that is good for a single use is given out once where `consume` says
    /// that it will be used.
    pub fn get(&mut self, owner: &str, scope: &str, consume: bool, now: i64) -> Option<Secret> {
        self.forget_others(owner, now);
        let has_scope = |elevated: &Elevated| elevated.scopes.iter().any(|known| known == scope);
        let index = self.tokens.iter().position(has_scope)?;
        if consume && self.tokens.get(index)?.is_single_use {
            return Some(self.tokens.remove(index).token);
        }
        self.tokens.get(index).map(|elevated| elevated.token.clone())
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        drop(mem::take(self));
    }

    fn forget_others(&mut self, owner: &str, now: i64) {
        if self.owner != owner {
            *self = Self { owner: owner.to_owned(), tokens: Vec::new() };
        }
        self.tokens.retain(|elevated| now < elevated.expires_at);
    }
}

impl Elevated {
    /// Nobody here can check the signature; a token that the server would not take is refused there.
    fn read(token: Secret) -> Option<Self> {
        let (mut scopes, expires_at, is_single_use) = {
            let claims = TokenPreview::parse(token.expose()).ok()?;
            let scopes: Vec<_> = claims.get("scope")?.as_str()?.split_ascii_whitespace().collect();
            let scopes: Vec<_> = scopes.into_iter().map(str::to_owned).collect();
            let is_single_use = claims.get("singleUse").and_then(Value::as_bool).unwrap_or(false);
            (scopes, claims.required_expiry().ok()?, is_single_use)
        };
        scopes.sort_unstable();
        scopes.dedup();
        (!scopes.is_empty()).then_some(Self { token, scopes, expires_at, is_single_use })
    }
}
