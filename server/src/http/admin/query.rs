//! Parts of lists. Numbers out of their bounds are put within them; what is no number is refused.

use crate::http::ApiError;
use crate::http::body::is_a_name;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

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

/// A query of known parameters.
pub(super) trait Parameters: DeserializeOwned {
    /// Their names.
    const NAMES: &'static [&'static str];
}

impl<T: Parameters, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let mut names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        if let Some(unknown) = names.find(|name| !T::NAMES.contains(&name.as_ref())) {
            // It may be anything, also what was meant to be a value.
            let name = if is_a_name(&unknown) { format!(" {unknown}") } else { String::new() };
            let known = T::NAMES.join(", ");
            return Err(ApiError::BadRequest(format!(
                "the query has the unknown parameter{name}; those of this operation are {known}"
            )));
        }
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

/// The query of a list, of which `O` takes some parameters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound = "")]
pub(super) struct List<O> {
    offset: Option<String>,
    limit: Option<String>,
    pub(super) filter: Option<String>,
    pub(super) order_by: Option<String>,
    pub(super) revoked: Option<String>,
    pub(super) before: Option<String>,
    pub(super) include_sessions: Option<bool>,
    pub(super) state: Option<String>,
    #[serde(skip)]
    of: PhantomData<O>,
}

/// Which of them an operation takes.
pub(super) trait Takes {
    /// Their names.
    const NAMES: &'static [&'static str];
}

impl<O: Takes> Parameters for List<O> {
    const NAMES: &'static [&'static str] = O::NAMES;
}

macro_rules! operations {
    ($($(#[doc = $about:literal])+ $operation:ident: $($name:literal)+;)+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug)]
            pub(super) struct $operation;

            impl Takes for $operation {
                const NAMES: &'static [&'static str] = &[$($name),+];
            }
        )+
    };
}

operations! {
    /// Users.
    OfUsers: "offset" "limit" "filter" "orderBy" "includeSessions";
    /// One user.
    OfUser: "includeSessions";
    /// A user's sessions.
    OfSessions: "offset" "limit" "revoked";
    /// A webhook's messages.
    OfMessages: "offset" "limit" "state";
    /// Events of the audit log.
    OfEvents: "limit" "before";
}

impl<O> List<O> {
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
