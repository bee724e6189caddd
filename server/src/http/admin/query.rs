//! Parts of lists. Numbers out of their bounds are put within them; what is no number is refused.

use crate::http::ApiError;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The ids in a path; where one is none, there is no such thing.
pub(super) struct Ids<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(_) => Err(ApiError::NotThere),
        }
    }
}

/// The query.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(_) => Err(ApiError::BadRequest(
                "a parameter of the query has a wrong form or is there twice".to_owned(),
            )),
        }
    }
}

/// The most items of a part.
const MAX_LIMIT: i64 = 100;

/// The query of a list. Others' members are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List {
    offset: Option<String>,
    limit: Option<String>,
    pub(super) filter: Option<String>,
    pub(super) order_by: Option<String>,
    pub(super) revoked: Option<String>,
    pub(super) before: Option<String>,
    pub(super) include_sessions: Option<bool>,
    pub(super) state: Option<String>,
}

impl List {
    /// How many to leave out.
    pub(super) fn offset(&self) -> Result<u32, ApiError> {
        let offset = number("offset", self.offset.as_deref(), 0)?;
        Ok(u32::try_from(offset.clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX))
    }

    /// How many at most, from 1 to 100.
    pub(super) fn limit(&self, default: u32) -> Result<u32, ApiError> {
        let limit = number("limit", self.limit.as_deref(), default.into())?;
        Ok(u32::try_from(limit.clamp(1, MAX_LIMIT)).unwrap_or(default))
    }
}

fn number(name: &str, text: Option<&str>, default: i64) -> Result<i64, ApiError> {
    match text.map(str::parse) {
        None => Ok(default),
        Some(Ok(number)) => Ok(number),
        Some(Err(_)) => Err(ApiError::BadRequest(format!("{name} must be a number"))),
    }
}
