//! The environment that a path names: looked up once, before CORS and the handler ask about it.

use super::ApiError;
use crate::AppState;
use crate::exchange::ExchangeError;
use crate::store::Environment;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use byoa_protocol::paths::API_BASE;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long the look-up may take, which is outside of the handler's time limit.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What became of the look-up; in every request's extensions.
#[derive(Debug, Clone)]
pub(super) enum Lookup {
    Found(Arc<Environment>),
    Unknown,
    Unavailable,
}

/// Looks the path's environment up, for the layers and extractors within.
pub(super) async fn look_up(state: &AppState, request: &mut Request) {
    let lookup = match named(request.uri().path()) {
        None => Lookup::Unknown,
        Some(id) => match tokio::time::timeout(TIMEOUT, state.exchange.environment(id)).await {
            Ok(Ok(environment)) => Lookup::Found(environment),
            Ok(Err(ExchangeError::EnvironmentNotFound)) => Lookup::Unknown,
            Ok(Err(cause)) => {
                tracing::error!(%cause, "an environment cannot be looked up");
                Lookup::Unavailable
            }
            Err(_elapsed) => {
                tracing::error!("an environment was not looked up within {} s", TIMEOUT.as_secs());
                Lookup::Unavailable
            }
        },
    };
    request.extensions_mut().insert(lookup);
}

/// The id in `/api/v0/sdk/{id}/…`: a UUID in its usual form of 36 characters, as clients write it.
pub(super) fn named(path: &str) -> Option<Uuid> {
    let rest = path.strip_prefix(API_BASE)?.strip_prefix("/sdk/")?;
    let (id, _operation) = rest.split_once('/')?;
    Some(id).filter(|id| id.len() == 36)?.parse().ok()
}

/// The environment of the path; 404 where there is none.
#[derive(Debug)]
pub(super) struct InEnvironment(pub(super) Arc<Environment>);

impl<S: Send + Sync> FromRequestParts<S> for InEnvironment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<Lookup>() {
            Some(Lookup::Found(environment)) => Ok(Self(Arc::clone(environment))),
            Some(Lookup::Unknown) | None => Err(ApiError::UnknownEnvironment),
            Some(Lookup::Unavailable) => Err(ApiError::Unavailable),
        }
    }
}

/// Whether `origin` is, byte for byte, one that the environment's pages have.
pub(super) fn allows(environment: &Environment, origin: &[u8]) -> bool {
    environment.allowed_origins.iter().any(|allowed| allowed.as_bytes() == origin)
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn an_environment_is_named_by_a_uuid_of_36_characters() {
        let id = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11";
        assert!(named(&format!("/api/v0/sdk/{id}/settings")).is_some());
        assert!(named(&format!("/api/v0/sdk/{}/settings", id.to_uppercase())).is_some());
        for path in [
            format!("/api/v0/sdk/{id}"),
            format!("/api/v1/sdk/{id}/settings"),
            format!("/api/v0/sdk/{}/settings", id.replace('-', "")),
            format!("/api/v0/sdk/{{{id}}}/settings"),
            "/api/v0/sdk//settings".to_owned(),
        ] {
            assert!(named(&path).is_none(), "{path}");
        }
    }
}
