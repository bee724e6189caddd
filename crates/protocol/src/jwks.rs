//! The environment's public keys.

use serde::{Deserialize, Serialize};

/// Answer of both `.well-known` paths: a JWK set (RFC 7517 §5) of public keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JwksResponse {
    /// Newest first.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub keys: Vec<serde_json::Value>,
}
