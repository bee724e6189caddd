//! The rules in the order in which they run.

use std::fmt::Arguments;

/// The rules that a token passes, in order. A trace has one step for each.
pub const RULES: [&str; 17] = [
    "size",
    "shape",
    "header",
    "payload",
    "critical",
    "type",
    "algorithm",
    "key",
    "signature",
    "issuer",
    "audience",
    "subject",
    "expiry",
    "not_before",
    "issued_at",
    "lifetime",
    "token_id",
];

/// Told of each rule that passed, by name and with a remark. Formatting costs only who reads it.
pub(crate) type Observer<'o> = dyn FnMut(&'static str, Arguments<'_>) + 'o;

/// The observer of those who only want the answer.
pub(crate) fn unobserved(_rule: &'static str, _remark: Arguments<'_>) {}
