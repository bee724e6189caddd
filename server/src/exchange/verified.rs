//! Session tokens of ours whose signature was found good: a session that asks again need not be verified again,
//! which is most of what a call costs. Only what never changes about a token is kept. Its time, and whether its
//! session lives, is asked each time; and what was found holds only for the environment's revision then, which
//! a change of its keys raises.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};
use byoa_protocol::claims::SessionClaims;
use uuid::Uuid;

use crate::store::Environment;

/// How many are kept in each half. Some kilobytes each.
const HALF: usize = 2_048;

/// A token, as nobody can make a token of it.
type Hash = [u8; 32];

#[derive(Clone)]
struct Found {
    environment: Uuid,
    revision: i64,
    claims: Arc<SessionClaims>,
}

/// What was found lately. The least lately used half goes when there are too many.
#[derive(Default)]
pub(super) struct Verified(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    young: HashMap<Hash, Found>,
    old: HashMap<Hash, Found>,
}

impl fmt::Debug for Verified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Verified").finish_non_exhaustive()
    }
}

impl Verified {
    /// What the token is known by here.
    pub(super) fn hash(token: &str) -> Hash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        hash
    }

    /// Its claims, where it was found good for this environment as it is now.
    pub(super) fn get(&self, hash: &Hash, environment: &Environment) -> Option<Arc<SessionClaims>> {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let holds =
            |found: &Found| found.environment == environment.id && found.revision == environment.revision;
        if let Some(found) = halves.young.get(hash) {
            return holds(found).then(|| Arc::clone(&found.claims));
        }
        let found = halves.old.remove(hash).filter(holds)?;
        let claims = Arc::clone(&found.claims);
        halves.put(*hash, found);
        Some(claims)
    }

    /// It was found good.
    pub(super) fn put(&self, hash: Hash, environment: &Environment, claims: &Arc<SessionClaims>) {
        let (environment, revision) = (environment.id, environment.revision);
        let found = Found { environment, revision, claims: Arc::clone(claims) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(hash, found);
    }
}

impl Halves {
    fn put(&mut self, hash: Hash, found: Found) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, found);
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, HALF, Halves};
    use serde_json::json;
    use std::sync::Arc;
    use uuid::Uuid;

    #[test]
    fn there_are_never_more_than_two_halves() {
        let names =
            "kid aud iss sub sid jti environment_id scope last_verified_credential_id signin_credential_id";
        let mut claims = json!({ "iat": 0, "exp": 0, "refreshExp": 0 });
        for name in names.split(' ') {
            claims[name] = json!("");
        }
        let claims = Arc::new(serde_json::from_value(claims).unwrap());
        let mut halves = Halves::default();
        for number in 0..HALF * 5 {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            halves.put(hash, Found { environment: Uuid::nil(), revision: 1, claims: Arc::clone(&claims) });
            assert!(halves.young.len() + halves.old.len() <= 2 * HALF);
        }
        assert_eq!(halves.young.len() + halves.old.len(), 2 * HALF);
    }
}
