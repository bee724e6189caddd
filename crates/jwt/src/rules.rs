//! The rules in the order in which they run.

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

/// Told of each rule that passed, by name and with a remark. A remark costs only who reads it.
pub(crate) trait Observer {
    /// A rule held.
    fn passed(&mut self, rule: &'static str, remark: impl FnOnce() -> String);
}

/// The observer of those who only want the answer.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn passed(&mut self, _rule: &'static str, _remark: impl FnOnce() -> String) {}
}
