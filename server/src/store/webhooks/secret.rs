//! The one place where an endpoint's secret goes into a column and comes out of it.

use uuid::Uuid;

use crate::{secret::Secret, store::StoreError};

/// What the column holds. `_webhook` is whose it is.
pub(in crate::store) fn to_column(_webhook: Uuid, secret: &Secret<String>) -> Vec<u8> {
    secret.expose().as_bytes().to_vec()
}

/// The secret that the column holds.
pub(in crate::store) fn from_column(_webhook: Uuid, column: Vec<u8>) -> Result<Secret<String>, StoreError> {
    String::from_utf8(column).map(Secret::new).map_err(|_| StoreError::Corrupt("secret"))
}
