//! Bodies: strict about what they are, silent about what they say.

use super::serve::Timeouts;
use super::{ApiError, BODY_TIMEOUT, MAX_BODY_BYTES};
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use std::collections::HashSet;
use std::fmt;

/// A JSON body of type `T`. Members that `T` does not have are ignored; a member given twice is refused.
#[derive(Debug)]
pub(super) struct Json<T>(pub(crate) T);

/// A body that an operation reads.
pub(super) trait RequestBody: DeserializeOwned {
    /// What it looks like, for the sentence that refuses another shape.
    const SHAPE: &'static str;
    /// Whether it has objects of the caller's own, of which serde would keep the last of two members that have
    /// one name: which of them is meant nobody can say.
    const IS_OPEN: bool = false;
}

impl<T: RequestBody, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        if declared_length(request.headers()).is_some_and(|length| length > MAX_BODY_BYTES) {
            return Err(ApiError::PayloadTooLarge);
        }
        let patience = request.extensions().get::<Timeouts>().map_or(BODY_TIMEOUT, |timeouts| timeouts.body);
        let reading = tokio::time::timeout(patience, to_bytes(request.into_body(), MAX_BODY_BYTES));
        let read = reading.await.map_err(|_elapsed| ApiError::BodyTooSlow)?;
        let bytes = read.map_err(|cause| unread(&cause))?;
        if !is_object(&bytes) {
            return Err(ApiError::BadRequest(format!("the body is not a JSON object; send {}", T::SHAPE)));
        }
        if T::IS_OPEN
            && let Err(problem) = serde_json::from_slice::<Distinct>(&bytes)
            && problem.classify() == Category::Data
        {
            return Err(refusal::<T>(&problem));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|problem| refusal::<T>(&problem))
    }
}

/// Any JSON in which no object has two members of one name. Nothing of it is kept.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Self, M::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            members.next_value::<Self>()?;
            if let Some(twice) = names.replace(name) {
                return Err(M::Error::custom(format!("duplicate field `{twice}`")));
            }
        }
        Ok(self)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Self, S::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

/// Whether a JSON text can be an object. serde would read a list as a struct, member by member.
fn is_object(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !b" \t\r\n".contains(byte)) == Some(&b'{')
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// `application/json`, alone or with `charset=utf-8`: JSON has no other encoding (RFC 8259 §8.1).
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    is_json && parts.all(is_utf8)
}

/// The body ended early or passed the limit.
fn unread(cause: &axum::Error) -> ApiError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(cause);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return ApiError::PayloadTooLarge;
        }
        source = error.source();
    }
    ApiError::BadRequest("the body ended before it was whole; send it again".to_owned())
}

/// What serde says about a member as such: a name that the caller can look for. One that no setting of ours
/// could have is not repeated, since it may be anything.
fn member(problem: &str) -> Option<String> {
    let kinds = [("unknown field", "the unknown member"), ("missing field", "not the member")];
    let kinds = kinds.into_iter().chain([("duplicate field", "twice the member")]);
    let mut found = kinds.filter_map(|(kind, said)| {
        let (name, _) = problem.strip_prefix(kind)?.strip_prefix(" `")?.split_once('`')?;
        is_a_name(name).then(|| format!("{said} {name}"))
    });
    found.next()
}

/// Whether a word looks as names of members and parameters do, and is as short.
pub(super) fn is_a_name(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=32).contains(&word.len()) && word.bytes().all(is_plain)
}

/// serde's own words repeat the value they stumble over, which may be a token: only the place is kept.
fn refusal<T: RequestBody>(problem: &serde_json::Error) -> ApiError {
    let place = format!("line {}, column {}", problem.line(), problem.column());
    ApiError::BadRequest(match problem.classify() {
        Category::Data => match member(&problem.to_string()) {
            Some(said) => format!("the body has {said} at {place}; send {}", T::SHAPE),
            None => format!("the body has the wrong shape at {place}; send {}", T::SHAPE),
        },
        Category::Syntax | Category::Io => {
            format!("the body is not JSON in UTF-8 at {place}; send {}", T::SHAPE)
        }
        Category::Eof => format!("the body ends before its JSON does, at {place}; send {}", T::SHAPE),
    })
}
