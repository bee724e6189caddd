//! The environment's public keys.

use serde::{Deserialize, Serialize};

/// Answer of both `.well-known` paths: a JWK set (RFC 7517 §5) of public keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct JwksResponse {
    /// Newest first.
    pub keys: Vec<serde_json::Value>,
}
