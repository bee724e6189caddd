//! The only source of randomness: the operating system's, through aws-lc-rs.

use uuid::{Builder, Uuid};

use crate::{clock::UnixMillis, secret::Secret};

/// Fills `bytes` with randomness.
///
/// # Panics
///
/// When the operating system has none to give: nothing that this server promises would hold without it.
fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the operating system gives randomness");
}

/// `N` random bytes.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// A UUID of 122 random bits: what must not be guessed, such as a session's id.
#[must_use]
pub fn unguessable() -> Uuid {
    Builder::from_random_bytes(random()).into_uuid()
}

/// A UUID that sorts by time, which keeps the store's indices compact. It is unique, not secret.
#[must_use]
pub fn sortable(now: UnixMillis) -> Uuid {
    Builder::from_unix_timestamp_millis(u64::try_from(now.0).unwrap_or(0), &random()).into_uuid()
}

/// 32 secret random bytes.
#[must_use]
pub fn secret() -> Secret<Vec<u8>> {
    Secret::new(random::<32>().to_vec())
}

/// A number from 0 up to, but not including, 1.
#[must_use]
pub fn fraction() -> f64 {
    f64::from(u32::from_le_bytes(random())) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::{fraction, sortable, unguessable};
    use crate::clock::UnixMillis;

    #[test]
    fn ids_are_of_the_kind_they_say() {
        assert_eq!(unguessable().get_version_num(), 4);
        assert_eq!(sortable(UnixMillis(1)).get_version_num(), 7);
        assert!(sortable(UnixMillis(1)) < sortable(UnixMillis(2)));
        assert_ne!(unguessable(), unguessable());
        assert!((0.0..1.0).contains(&fraction()));
    }
}
