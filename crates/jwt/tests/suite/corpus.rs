//! The shared corpus: 211 tokens with the answer that each must get.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use byoa_jwt::{KeySet, Policy, Rejection, UnverifiedToken, VerifiedClaims, trace, verify};
use serde::Deserialize;
use serde_json::Value;

const CORPUS: &str = include_str!("../data/corpus_open.jsonl");
const DECISIONS: &str = include_str!("../data/corpus_decisions.tsv");

/// Far above what any line takes, even unoptimised on a busy machine; far below a denial of service.
const LONGEST: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Line {
    id: String,
    now: i64,
    issuer: String,
    audience: Option<String>,
    jwks: Value,
    jwt: String,
    expect: String,
    what: String,
}

impl Line {
    fn policy(&self) -> Policy {
        Policy { audiences: self.audience.iter().cloned().collect(), ..Policy::for_issuer(&self.issuer) }
    }

    fn keys(&self) -> KeySet {
        KeySet::parse(self.jwks.to_string().as_bytes()).expect("the corpus has no broken sets")
    }

    fn answer(&self) -> Result<VerifiedClaims, Rejection> {
        verify(&UnverifiedToken::parse(&self.jwt)?, &self.keys(), &self.policy(), self.now)
    }
}

fn lines() -> impl Iterator<Item = Line> {
    CORPUS.lines().map(|line| serde_json::from_str(line).expect("a corpus line"))
}

fn code(answer: &Result<VerifiedClaims, Rejection>) -> &'static str {
    answer.as_ref().map_or_else(Rejection::code, |_| "accept")
}

#[test]
fn every_line_gets_the_answer_it_must() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in lines() {
        count += 1;
        let answer = line.answer();
        let verdict = if answer.is_ok() { "accept" } else { "reject" };
        if line.expect != "any" && line.expect != verdict {
            wrong.push(format!(
                "{} ({}): expected {}, got {}",
                line.id,
                line.what,
                line.expect,
                code(&answer)
            ));
        }
    }
    assert_eq!(count, 211);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn decisions_stay_as_recorded() {
    let mut table = String::new();
    for line in lines() {
        writeln!(table, "{}\t{}\t{}", line.id, line.expect, code(&line.answer())).expect("memory");
    }
    let fresh = concat!(env!("CARGO_TARGET_TMPDIR"), "/corpus_decisions.tsv");
    if table != DECISIONS {
        std::fs::write(fresh, &table).expect("the temporary directory");
    }
    assert!(table == DECISIONS, "decisions changed; compare tests/data/corpus_decisions.tsv with {fresh}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this test is about how long it takes")]
fn no_line_takes_long() {
    let slowest = lines()
        .map(|line| {
            let start = Instant::now();
            let _ = line.answer();
            (start.elapsed(), line.id)
        })
        .max()
        .expect("lines");
    assert!(slowest.0 < LONGEST, "{slowest:?}");
}

#[test]
fn traces_agree_with_the_answers() {
    for line in lines() {
        let steps = trace(&line.jwt, &line.keys(), &line.policy(), line.now);
        let failed = steps.iter().find_map(|step| match &step.outcome {
            byoa_jwt::Outcome::Failed(rejection) => Some(rejection.clone()),
            _ => None,
        });
        assert_eq!(failed, line.answer().err(), "{}", line.id);
        assert_eq!(steps.iter().map(|step| step.rule).collect::<Vec<_>>(), byoa_jwt::RULES, "{}", line.id);
        let subject = UnverifiedToken::parse(&line.jwt).ok().and_then(|token| {
            token.claims().subject().filter(|subject| subject.len() > 8).map(str::to_owned)
        });
        for step in &steps {
            assert!(!step.detail.contains(char::is_control), "{}: {:?}", line.id, step.detail);
            assert!(!step.detail.contains(&line.jwt) || line.jwt.is_empty(), "{}", line.id);
            assert!(subject.as_deref().is_none_or(|subject| !step.detail.contains(subject)), "{}", line.id);
        }
    }
}
