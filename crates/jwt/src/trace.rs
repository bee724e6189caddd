//! Verification told rule by rule, for people who wonder why a token is refused. The same code as
//! [`verify`](crate::verify()), watched.

use crate::{KeySet, Policy, RULES, Rejection, UnverifiedToken, rules::Observer, verify::verify_observed};

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It held.
    Passed,
    /// It did not; the token is refused for this.
    Failed(Rejection),
    /// An earlier rule failed.
    NotReached,
}

/// One rule of [`RULES`] and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule's name.
    pub rule: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// A remark fit for printing: what was found, or the rejection's sentence. Empty when not reached.
    pub detail: String,
}

impl Observer for Vec<Step> {
    fn passed(&mut self, rule: &'static str, remark: impl FnOnce() -> String) {
        self.push(Step { rule, outcome: Outcome::Passed, detail: remark() });
    }
}

/// Parses and verifies `text`, with one step for each of [`RULES`]. Never holds the token, its subject or
/// its claims.
#[must_use]
pub fn trace(text: &str, keys: &KeySet, policy: &Policy, now_unix_seconds: i64) -> Vec<Step> {
    let mut steps = Vec::with_capacity(RULES.len());
    let result = UnverifiedToken::parse_observed(text, &mut steps)
        .and_then(|token| verify_observed(&token, keys, policy, now_unix_seconds, &mut steps));
    let mut unreached = RULES.into_iter().skip(steps.len());
    if let (Err(rejection), Some(rule)) = (result, unreached.next()) {
        steps.push(Step { rule, detail: rejection.to_string(), outcome: Outcome::Failed(rejection) });
    }
    steps.extend(unreached.map(|rule| Step { rule, outcome: Outcome::NotReached, detail: String::new() }));
    steps
}
