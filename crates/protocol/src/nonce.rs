//! Single-use server nonces.

use serde::{Deserialize, Serialize};

/// Answer of `GET nonce`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NonceResponse {
    /// Good for one use within 24 hours.
    pub nonce: String,
}

/// Answer of `GET nonces`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoncesResponse {
    /// As many as asked for, five at most.
    pub nonces: Vec<String>,
}
