use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use byoa_jwt::{Algorithm, SigningKey};
use serde_json::json;
use tokio::sync::Semaphore;
use url::Url;
use uuid::Uuid;

use super::{KeySetSettings, KeySets};
use crate::{
    clock::UnixMillis,
    keys::{FetchJwks, FetchedJwks, KeySetUnavailable},
    store::{IssuerConfig, KeySource},
    testing::ManualClock,
};

type Answer = Result<FetchedJwks, KeySetUnavailable>;

/// Gives prepared answers, the last one again and again, and counts.
#[derive(Debug)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    fetches: AtomicUsize,
    /// A fetch needs a permit to end.
    gate: Semaphore,
}

impl Script {
    fn then(&self, answer: Answer) {
        let mut answers = self.answers.lock().unwrap();
        answers.clear();
        answers.push_back(answer);
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    fn close_gate(&self) {
        self.gate.forget_permits(usize::MAX >> 4);
    }
}

#[async_trait]
impl FetchJwks for Script {
    async fn fetch(&self, url: &Url) -> Answer {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        if url.host_str() == Some("hangs.example") {
            std::future::pending::<()>().await;
        }
        let _permit = self.gate.acquire().await.unwrap();
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
    }
}

struct World {
    script: Arc<Script>,
    clock: Arc<ManualClock>,
    sets: Arc<KeySets>,
}

const PERMITS: usize = 10_000;

fn world(answer: Answer) -> World {
    let script = Arc::new(Script {
        answers: Mutex::new(VecDeque::from([answer])),
        fetches: AtomicUsize::new(0),
        gate: Semaphore::new(PERMITS),
    });
    let clock = Arc::new(ManualClock::at(UnixMillis(1_700_000_000_000)));
    let settings = KeySetSettings { jitter: || 0.0, ..KeySetSettings::default() };
    let sets = Arc::new(KeySets::with_settings(script.clone(), clock.clone(), settings));
    World { script, clock, sets }
}

#[expect(clippy::unnecessary_wraps, reason = "an answer like those that fail")]
fn set(kids: &[&str]) -> Answer {
    let keys: Vec<_> =
        kids.iter().map(|kid| SigningKey::generate(Algorithm::Es256).unwrap().public_jwk(kid)).collect();
    Ok(FetchedJwks { body: json!({ "keys": keys }).to_string().into_bytes(), fresh_for: None })
}

fn set_for(kids: &[&str], seconds: u64) -> Answer {
    Ok(FetchedJwks { fresh_for: Some(Duration::from_secs(seconds)), ..set(kids)? })
}

fn issuer(environment: u128, name: &str, url: &str) -> IssuerConfig {
    IssuerConfig {
        environment_id: Uuid::from_u128(environment),
        issuer: name.to_owned(),
        keys: KeySource::JwksUrl(url.parse().unwrap()),
        audiences: Vec::new(),
        algorithms: Vec::new(),
        leeway_seconds: 60,
        max_lifetime_seconds: None,
    }
}

fn usual() -> IssuerConfig {
    issuer(1, "issuer", "https://issuer.example/jwks")
}

impl World {
    async fn kids(&self, kid: &str) -> Result<Vec<String>, KeySetUnavailable> {
        let keys = self.sets.keys(&usual(), Some(kid)).await?;
        Ok(keys.kids().into_iter().map(str::to_owned).collect())
    }

    /// Lets flights that nobody waits for come back.
    async fn settle(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn a_known_key_costs_one_fetch() {
    let world = world(set(&["a"]));
    for _ in 0..100 {
        assert_eq!(world.kids("a").await.unwrap(), ["a"]);
    }
    assert_eq!(world.script.fetches(), 1);
}

#[tokio::test]
async fn many_at_once_wait_for_one_flight() {
    let world = world(set(&["a"]));
    world.script.close_gate();
    let waiting: Vec<_> = (0..200)
        .map(|_| {
            let sets = Arc::clone(&world.sets);
            tokio::spawn(async move { sets.keys(&usual(), Some("a")).await.map(|keys| keys.usable_len()) })
        })
        .collect();
    world.settle().await;
    assert_eq!(world.script.fetches(), 1);
    world.script.gate.add_permits(PERMITS);
    for one in waiting {
        assert_eq!(one.await.unwrap().unwrap(), 1);
    }
    assert_eq!(world.script.fetches(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_end_the_flight_for_others() {
    let world = world(set(&["a"]));
    world.script.close_gate();
    let sets = Arc::clone(&world.sets);
    let first = tokio::spawn(async move { sets.keys(&usual(), None).await.map(drop) });
    world.settle().await;
    first.abort();
    world.script.gate.add_permits(PERMITS);
    assert_eq!(world.kids("a").await.unwrap(), ["a"]);
    assert_eq!(world.script.fetches(), 1);
}

#[tokio::test]
async fn a_flood_of_unknown_kids_costs_one_fetch_per_cooldown_and_keeps_nobody_waiting() {
    let world = world(set(&["good"]));
    world.kids("good").await.unwrap();
    for second in 0..90 {
        for n in 0..1_000 {
            assert_eq!(world.kids(&format!("junk-{second}-{n}")).await.unwrap(), ["good"]);
        }
        assert_eq!(world.kids("good").await.unwrap(), ["good"]);
        world.pass(1);
    }
    // The first one, and one at 30 s and 60 s.
    assert_eq!(world.script.fetches(), 3);
}

#[tokio::test]
async fn a_good_token_does_not_wait_while_an_unknown_kid_is_looked_for() {
    let world = world(set(&["good"]));
    world.kids("good").await.unwrap();
    world.pass(31);
    world.script.close_gate();
    let sets = Arc::clone(&world.sets);
    let junk = tokio::spawn(async move { sets.keys(&usual(), Some("junk")).await.map(drop) });
    world.settle().await;
    assert_eq!(world.script.fetches(), 2);
    assert_eq!(world.kids("good").await.unwrap(), ["good"]);
    assert!(!junk.is_finished());
}

#[tokio::test]
async fn rotation_costs_exactly_one_fetch() {
    let world = world(set(&["old"]));
    world.kids("old").await.unwrap();
    world.pass(120);
    world.script.then(set(&["old", "new"]));
    for _ in 0..50 {
        assert_eq!(world.kids("new").await.unwrap(), ["old", "new"]);
        assert_eq!(world.kids("old").await.unwrap(), ["old", "new"]);
    }
    assert_eq!(world.script.fetches(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_goes_when_the_answers_time_is_over() {
    let world = world(set_for(&["withdrawn"], 300));
    world.kids("withdrawn").await.unwrap();
    world.script.then(set_for(&["other"], 300));
    world.pass(200);
    assert_eq!(world.kids("withdrawn").await.unwrap(), ["withdrawn"]);
    world.pass(101);
    assert_eq!(world.kids("withdrawn").await.unwrap(), ["other"]);
    assert_eq!(world.script.fetches(), 2);
}

#[tokio::test]
async fn an_aging_answer_is_renewed_while_it_serves() {
    let world = world(set_for(&["a"], 600));
    world.kids("a").await.unwrap();
    world.script.then(set_for(&["a", "b"], 600));
    world.pass(481);
    assert_eq!(world.kids("a").await.unwrap(), ["a"], "nobody waits");
    world.settle().await;
    assert_eq!(world.kids("a").await.unwrap(), ["a", "b"]);
    assert_eq!(world.script.fetches(), 2);
}

#[tokio::test]
async fn freshness_has_bounds() {
    for (said, kept) in
        [(Some(0), 60), (Some(1), 60), (None, 600), (Some(3_600), 3_600), (Some(1 << 40), 86_400)]
    {
        let answer =
            set(&["a"]).map(|fetched| FetchedJwks { fresh_for: said.map(Duration::from_secs), ..fetched });
        let world = world(answer);
        world.kids("a").await.unwrap();
        world.script.then(set(&["b"]));
        // Before four fifths of its time nobody asks; after it, what it said counts no more.
        world.pass(kept * 4 / 5 - 1);
        assert_eq!(world.kids("a").await.unwrap(), ["a"], "{said:?}");
        assert_eq!(world.script.fetches(), 1, "{said:?}");
        world.pass(kept / 5 + 2);
        assert_eq!(world.kids("a").await.unwrap(), ["b"], "{said:?}");
    }
}

#[tokio::test]
async fn an_issuer_that_is_down_serves_until_the_maximum_age_and_then_nothing_passes() {
    let world = world(set(&["a"]));
    world.kids("a").await.unwrap();
    world.script.then(Err(KeySetUnavailable::Status(500)));
    let mut minutes = 0;
    while minutes < 24 * 60 {
        assert_eq!(world.kids("a").await.unwrap(), ["a"], "after {minutes} min");
        world.pass(60);
        minutes += 1;
    }
    assert_eq!(world.kids("a").await, Err(KeySetUnavailable::Status(500)));
    // With a back-off of up to five minutes a day has about 288 attempts, not one per request.
    assert!((280..310).contains(&world.script.fetches()), "{}", world.script.fetches());
    world.script.then(set(&["b"]));
    world.pass(301);
    assert_eq!(world.kids("b").await.unwrap(), ["b"], "it comes back without a restart");
}

#[tokio::test]
async fn a_failing_issuer_is_asked_less_and_less() {
    let world = world(Err(KeySetUnavailable::Unreachable));
    let mut asked_at = Vec::new();
    for second in 0..1_000 {
        let before = world.script.fetches();
        assert_eq!(world.kids("a").await, Err(KeySetUnavailable::Unreachable));
        if world.script.fetches() > before {
            asked_at.push(second);
        }
        world.pass(1);
    }
    assert_eq!(asked_at, [0, 30, 90, 210, 450, 750]);
}

#[tokio::test]
async fn what_is_not_a_key_set_replaces_nothing() {
    let world = world(set(&["a"]));
    world.kids("a").await.unwrap();
    for body in ["<html>", "{}", r#"{"keys":[],"keys":[]}"#, r#"{"keys":7}"#] {
        world.script.then(Ok(FetchedJwks { body: body.into(), fresh_for: None }));
        world.pass(700);
        assert_eq!(world.kids("a").await.unwrap(), ["a"], "{body}");
    }
    world.script.then(Ok(FetchedJwks { body: r#"{"keys":[]}"#.into(), fresh_for: None }));
    world.pass(700);
    assert!(world.kids("a").await.unwrap().is_empty(), "an issuer may withdraw all its keys");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_hangs_keeps_nobody_else_waiting() {
    let world = world(set(&["a"]));
    let hanging = issuer(2, "issuer", "https://hangs.example/jwks");
    let sets = Arc::clone(&world.sets);
    let stuck = tokio::spawn(async move { sets.keys(&hanging, Some("a")).await.map(drop) });
    world.settle().await;
    assert_eq!(world.kids("a").await.unwrap(), ["a"]);
    assert!(!stuck.is_finished());
    assert_eq!(stuck.await.unwrap(), Err(KeySetUnavailable::Timeout { seconds: 5 }));
}

#[tokio::test]
async fn another_url_or_issuer_drops_the_old_keys_at_once() {
    let world = world(set(&["old"]));
    world.kids("old").await.unwrap();
    world.script.then(set(&["new"]));
    let moved = issuer(1, "issuer", "https://issuer.example/other");
    assert_eq!(world.sets.keys(&moved, Some("old")).await.unwrap().kids(), ["new"]);
    let renamed = issuer(1, "issuer-2", "https://issuer.example/jwks");
    assert_eq!(world.sets.keys(&renamed, Some("old")).await.unwrap().kids(), ["new"]);
    let back = issuer(1, "issuer", "https://issuer.example/jwks");
    assert_eq!(world.sets.keys(&back, Some("old")).await.unwrap().kids(), ["new"], "not from memory");
}

#[tokio::test]
async fn environments_do_not_share_what_one_issuer_said() {
    let world = world(set(&["a"]));
    world.kids("a").await.unwrap();
    world.script.then(set(&["b"]));
    let other = issuer(2, "issuer", "https://issuer.example/jwks");
    assert_eq!(world.sets.keys(&other, Some("b")).await.unwrap().kids(), ["b"]);
    assert_eq!(world.kids("a").await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_flight_that_dies_is_not_waited_for_again() {
    let world = world(set(&["a"]));
    world.script.gate.close();
    // The script's own panic; the flight ends without an answer.
    assert_eq!(world.kids("a").await, Err(KeySetUnavailable::Unreachable));
    assert_eq!(world.kids("a").await, Err(KeySetUnavailable::Unreachable));
    assert_eq!(world.script.fetches(), 1, "it counts as a failure");
}

#[tokio::test]
async fn issuers_that_nobody_asks_for_are_forgotten() {
    let world = world(set(&["a"]));
    for n in 0..100 {
        world.sets.keys(&issuer(n, "issuer", "https://issuer.example/jwks"), None).await.unwrap();
    }
    world.pass(25 * 3_600);
    world.sets.keys(&issuer(1_000, "issuer", "https://issuer.example/jwks"), None).await.unwrap();
    assert_eq!(world.sets.entries.lock().unwrap().len(), 1);
}
