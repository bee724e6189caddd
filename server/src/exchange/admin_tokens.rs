//! Tokens for administrators. They are shown once; only their hash is kept.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;

use crate::{
    clock::Clock,
    ids,
    secret::Secret,
    store::{AdminToken, Store, StoreError},
};

/// What every such token starts with, so that scanners for leaked secrets know it.
pub const ADMIN_TOKEN_PREFIX: &str = "byoa_admin_";

/// Makes a token, keeps it and returns it for showing once. `scope` is space separated; `lifetime` `None`: no end.
pub async fn create_admin_token(
    store: &dyn Store,
    clock: &dyn Clock,
    name: &str,
    scope: &str,
    lifetime: Option<Duration>,
) -> Result<Secret<String>, StoreError> {
    let (token, record) = new_admin_token(clock, name, scope, lifetime);
    store.create_admin_token(&record).await?;
    Ok(token)
}

/// A token for showing once, and what is to be kept of it.
#[must_use]
pub fn new_admin_token(
    clock: &dyn Clock,
    name: &str,
    scope: &str,
    lifetime: Option<Duration>,
) -> (Secret<String>, AdminToken) {
    let token = Secret::new(spell(&ids::random::<32>()));
    let now = clock.now();
    let record = AdminToken {
        id: ids::sortable(now),
        name: name.to_owned(),
        hash: admin_token_hash(token.expose()),
        scope: scope.to_owned(),
        created_at: now,
        expires_at: lifetime.map(|lifetime| now.plus(lifetime)),
        revoked_at: None,
    };
    (token, record)
}

/// What the store knows a token by.
#[must_use]
pub fn admin_token_hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

/// Whether `token` is spelt like one of ours, which needs no store to say: prefix and checksum.
#[must_use]
pub fn looks_like_admin_token(token: &str) -> bool {
    let Some(rest) = token.strip_prefix(ADMIN_TOKEN_PREFIX) else { return false };
    match rest.rsplit_once('.') {
        Some((body, sum)) => sum == checksum(body),
        None => false,
    }
}

fn spell(bytes: &[u8; 32]) -> String {
    let body = BASE64URL_NOPAD.encode(bytes);
    format!("{ADMIN_TOKEN_PREFIX}{body}.{}", checksum(&body))
}

fn checksum(body: &str) -> String {
    let sum = digest(&SHA256, body.as_bytes());
    BASE64URL_NOPAD.encode(sum.as_ref().get(..6).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{admin_token_hash, looks_like_admin_token, spell};

    #[test]
    fn a_typing_error_is_seen_without_the_store() {
        let token = spell(&[7; 32]);
        assert!(looks_like_admin_token(&token));
        assert!(!looks_like_admin_token(&token.replacen('B', "C", 1)));
        assert!(!looks_like_admin_token("byoa_admin_x"));
        assert_eq!(admin_token_hash(&token).len(), 32);
    }
}
