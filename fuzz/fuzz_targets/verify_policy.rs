//! Tokens with any header and any claims, really signed. What `verify` accepts, `jsonwebtoken` under
//! the same rules must accept too, and read the same claims; `trace` must tell the same story.
#![no_main]

use std::time::{SystemTime, UNIX_EPOCH};

use byoa_fuzz::{forge::Forged, json, oracle, part, same};
use byoa_jwt::{Outcome, UnverifiedToken, trace, verify};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;

fuzz_target!(|input: &[u8]| -> Corpus {
    #[expect(clippy::disallowed_methods, reason = "the oracle knows no other clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let now = i64::try_from(now).expect("before the end of time");
    let Some(forged) = Forged::new(input, now) else { return Corpus::Reject };

    let steps = trace(&forged.token, &forged.keys, &forged.policy, now);
    let all_passed = steps.iter().all(|step| step.outcome == Outcome::Passed);
    let Ok(token) = UnverifiedToken::parse(&forged.token) else {
        assert!(!all_passed, "traced what does not parse");
        return Corpus::Keep;
    };
    let answer = verify(&token, &forged.keys, &forged.policy, now);
    assert_eq!(answer.is_ok(), all_passed, "verify and trace disagree: {answer:?}");
    let Ok(verified) = answer else { return Corpus::Keep };

    assert!(!forged.damaged, "accepted a damaged signature");
    match oracle::verify(&forged.token, &forged.decoding_key(), forged.algorithm, &forged.policy) {
        Ok(theirs) => assert_eq!(theirs.claims, Value::from(verified.members().clone())),
        Err(error) => assert!(oracle::is_known(&error, token.header()), "accepted, but the oracle: {error}"),
    }
    let mut parts = forged.token.split('.').map(|text| part(text).and_then(|bytes| json(&bytes)));
    assert!(matches!(parts.next(), Some(Some(_))), "the header is no JSON without duplicates");
    let theirs = parts.next().flatten().expect("claims are JSON without duplicates");
    assert!(same(&Value::from(verified.members().clone()), &theirs));
    Corpus::Keep
});
