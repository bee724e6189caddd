//! Elevated tokens: what whoever is signed in has proved a second time, for some minutes and some scopes.
//!
//! Kept in memory only. Whether an operation needs one, the server decides; nothing here may ask it.

use crate::{Secret, json::Value};
use byoa_jwt::TokenPreview;

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
    /// Space separated.
    scope: String,
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
        let same = |known: &Elevated| known.covers(&elevated) && elevated.covers(known);
        match self.tokens.iter_mut().find(|known| same(known)) {
            Some(known) => *known = elevated,
            None => self.tokens.push(elevated),
        }
        true
    }

    /// The first token with `scope`. One that is good for a single use is given out once where `consume` says
    /// that it will be used.
    pub fn get(&mut self, owner: &str, scope: &str, consume: bool, now: i64) -> Option<Secret> {
        self.forget_others(owner, now);
        let index = self.tokens.iter().position(|elevated| elevated.has(scope))?;
        let elevated = self.tokens.get(index)?;
        if !(consume && elevated.is_single_use) {
            return Some(elevated.token.clone());
        }
        Some(self.tokens.remove(index).token)
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.tokens.clear();
    }

    fn forget_others(&mut self, owner: &str, now: i64) {
        if self.owner != owner {
            self.clear();
            owner.clone_into(&mut self.owner);
        }
        self.tokens.retain(|elevated| now < elevated.expires_at);
    }
}

impl Elevated {
    /// Nobody here can check the signature; a token that the server would not take is refused there.
    fn read(token: Secret) -> Option<Self> {
        let (scope, expires_at, is_single_use) = {
            let claims = TokenPreview::parse(token.expose()).ok()?;
            let is_single_use = claims.get("singleUse").and_then(Value::as_bool).unwrap_or(false);
            (claims.get("scope")?.as_str()?.to_owned(), claims.required_expiry().ok()?, is_single_use)
        };
        (!scope.trim().is_empty()).then_some(Self { token, scope, expires_at, is_single_use })
    }

    fn has(&self, scope: &str) -> bool {
        !scope.is_empty() && self.scope.split(' ').any(|known| known == scope)
    }

    fn covers(&self, other: &Self) -> bool {
        other.scope.split(' ').all(|scope| scope.is_empty() || self.has(scope))
    }
}
