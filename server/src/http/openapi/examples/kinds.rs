//! What a code means where it is given: the same word comes with other sentences to administrators, and about
//! other settings.

use super::refusal;
use crate::exchange::environments::EnvironmentError;
use crate::exchange::webhooks::WebhookError;
use crate::http::ApiError;
use crate::http::limit::NO_CHUNKS;
use byoa_protocol::ErrorCode;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::{Ref, RefOr};

/// What an operation is about, as far as its sentences depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Kind {
    /// It reads a body.
    Body,
    /// Administrators call it.
    Admin,
    /// It changes an environment.
    Settings,
    /// It changes a webhook.
    Endpoint,
}

/// A code as an operation says it.
pub(in crate::http::openapi) struct Spoken {
    prefix: &'static str,
    /// When it happens.
    pub(in crate::http::openapi) when: &'static str,
    error: ApiError,
}

impl Spoken {
    /// As an operation of these kinds says it.
    pub(in crate::http::openapi) fn of(code: ErrorCode, kinds: &[Kind]) -> Self {
        let is = |kind| kinds.contains(&kind);
        let spoken = |prefix, when, error| Self { prefix, when, error };
        match code {
            ErrorCode::BadRequest if !is(Kind::Body) && is(Kind::Admin) => spoken(
                "query.",
                "A parameter of the query is not known or of a wrong form, or the request is not well-formed.",
                ApiError::BadRequest("limit must be a number".to_owned()),
            ),
            ErrorCode::BadRequest if !is(Kind::Body) => spoken(
                "request.",
                "The request is not well-formed, or has a chunked body.",
                ApiError::BadRequest(NO_CHUNKS.to_owned()),
            ),
            ErrorCode::BadRequest if is(Kind::Admin) => spoken(
                "admin.",
                "The body is not the JSON that the operation asks for, has a member that it does not know, or the \
                 query does.",
                ApiError::BadRequest(
                    "the body has the unknown member evnts at line 1, column 40; send an object of url, events \
                     and isEnabled and nothing else"
                        .to_owned(),
                ),
            ),
            ErrorCode::Unauthorized if is(Kind::Admin) => spoken(
                "admin.",
                "No admin token came with the request, or it is not known, has expired or was revoked.",
                ApiError::BadAdminToken,
            ),
            ErrorCode::Forbidden if is(Kind::Admin) => spoken(
                "admin.",
                "The token's scopes do not allow this there, whether or not there is such an environment.",
                ApiError::AdminForbidden,
            ),
            ErrorCode::NotFound if is(Kind::Admin) => spoken(
                "admin.",
                "There is no such environment, or nothing of that id in it.",
                ApiError::NotThere,
            ),
            ErrorCode::Forbidden => spoken(
                "",
                "The `Origin` is not one of the environment's, or a call by cookie has none.",
                refusal(code),
            ),
            ErrorCode::InvalidUpdate if is(Kind::Settings) => spoken(
                "settings.",
                "A setting is not acceptable; the sentence names it, and the mend.",
                EnvironmentError::Invalid {
                    setting: "name",
                    problem: "must be sandbox or live".to_owned(),
                }
                .into(),
            ),
            ErrorCode::InvalidUpdate if is(Kind::Endpoint) => spoken(
                "webhook.",
                "A setting of the webhook is not acceptable, it is disabled, or there are too many; the sentence \
                 says which.",
                WebhookError::Invalid {
                    setting: "url",
                    problem: "must be an absolute URL such as https://app.example.com/hooks".to_owned(),
                }
                .into(),
            ),
            _ => spoken("", code.when(), refusal(code)),
        }
    }

    /// How the example is called.
    pub(in crate::http::openapi) fn name(&self) -> String {
        format!("{}{}", self.prefix, self.error.code().as_str())
    }

    /// The example, by its name.
    pub(in crate::http::openapi) fn reference(&self) -> RefOr<Example> {
        RefOr::Ref(Ref::new(format!("#/components/examples/{}", self.name())))
    }

    /// The example itself.
    pub(super) fn example(&self) -> Example {
        let body = serde_json::to_value(self.error.body()).expect("plain data");
        ExampleBuilder::new().summary(self.when).value(Some(body)).build()
    }
}

#[test]
fn every_code_is_said_with_a_sentence_of_its_own() {
    for code in ErrorCode::ALL.iter().filter(|code| code.status().is_some()) {
        for kinds in [&[][..], &[Kind::Body], &[Kind::Admin, Kind::Body], &[Kind::Admin, Kind::Settings]] {
            assert_eq!(Spoken::of(*code, kinds).error.code(), *code, "{kinds:?}");
        }
    }
    let jwt = Spoken::of(ErrorCode::BadRequest, &[Kind::Admin, Kind::Body]).error.to_string();
    assert!(!jwt.contains("jwt"), "administrators send none: {jwt}");
}
