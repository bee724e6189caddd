//! The closed sets of words, with what each means.

use byoa_protocol::dpop::DPOP_REASONS;
use byoa_protocol::{ErrorCode, Reason as Rule};
use std::borrow::Cow;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

/// The codes of [`byoa_protocol::ErrorBody`].
pub(super) struct Code;
/// The rules that an external JWT can break.
pub(super) struct Reason;
/// The rules that a proof of possession can break.
pub(super) struct DpopReason;

fn set<'w>(about: &str, words: impl Iterator<Item = (&'w str, Cow<'w, str>)>) -> RefOr<Schema> {
    let words: Vec<_> = words.collect();
    let lines: Vec<_> = words.iter().map(|(word, meaning)| format!("- `{word}`: {meaning}")).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(format!("{about}\n\n{}", lines.join("\n"))))
        .enum_values(Some(words.iter().map(|(word, _)| *word)))
        .into()
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let sent = ErrorCode::ALL.iter().filter(|code| code.status().is_some());
        set(
            "What went wrong, as a stable word.",
            sent.map(|code| (code.as_str(), Cow::Borrowed(code.when()))),
        )
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        "ErrorCode".into()
    }
}

impl PartialSchema for Reason {
    fn schema() -> RefOr<Schema> {
        let rules = Rule::ALL.iter();
        set(
            "Why an external JWT was refused: the first of `additionalMessages` of `invalid_external_auth`.",
            rules.map(|rule| (rule.as_str(), Cow::Owned(format!("{} {}", rule.rule(), rule.mend())))),
        )
    }
}

impl ToSchema for Reason {}

impl PartialSchema for DpopReason {
    fn schema() -> RefOr<Schema> {
        set(
            "Why a proof of possession was refused: the first of `additionalMessages` of `invalid_dpop_proof` and \
             `use_dpop_nonce`.",
            DPOP_REASONS.iter().map(|(word, rule)| (*word, Cow::Borrowed(*rule))),
        )
    }
}

impl ToSchema for DpopReason {}
