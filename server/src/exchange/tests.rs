//! The use cases over a real store, an issuer in memory and a clock that is moved by hand.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use byoa_jwt::{Algorithm, KeySet, Policy, SigningKey, UnverifiedToken, verify};
use byoa_protocol::{Reason, external_auth::VerifyResponse, user::UserFields};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

use super::{
    Caller, DeviceProof, Exchange, ExchangeConfig, ExchangeError, SignInInput, Unauthorized,
    environments::{EnvironmentError, EnvironmentSettings, Environments},
};
use crate::{
    clock::{Clock, UnixMillis},
    keys::{FetchJwks, FetchedJwks, KeySetUnavailable, KeySets},
    store::{ReplayPolicy, SessionAlgorithm, Store, sqlite::SqliteStore},
    testing::ManualClock,
};

const ENVIRONMENT: Uuid = Uuid::from_u128(0x1111_1111_1111_4111_8111_1111_1111_1111);
const ISSUER: &str = "https://issuer.example";
const START: i64 = 1_800_000_000;
const SESSION_KEY: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

#[derive(Debug)]
struct Published(Vec<u8>);

#[async_trait]
impl FetchJwks for Published {
    async fn fetch(&self, url: &Url) -> Result<FetchedJwks, KeySetUnavailable> {
        match url.path() {
            "/jwks" => Ok(FetchedJwks { body: self.0.clone(), fresh_for: None }),
            _ => Err(KeySetUnavailable::Status(404)),
        }
    }
}

struct World {
    folder: TempDir,
    exchange: Exchange,
    environments: Environments,
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    issuer: SigningKey,
}

async fn world() -> World {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite://{}", folder.path().join("byoa.db").display());
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&url).await.unwrap());
    let clock = Arc::new(ManualClock::at(UnixMillis::from_seconds(START)));
    let issuer = SigningKey::generate(Algorithm::Es256).unwrap();
    let body = json!({ "keys": [issuer.public_jwk("k1")] }).to_string().into_bytes();
    let keys = KeySets::new(Arc::new(Published(body)), clock.clone());
    let public_url: Url = "https://auth.example:8443".parse().unwrap();
    let config = ExchangeConfig::new(public_url.clone());
    let exchange = Exchange::new(Arc::clone(&store), keys, clock.clone(), config);
    let environments = Environments::new(Arc::clone(&store), clock.clone(), false, Some(public_url));
    environments.create(ENVIRONMENT, settings()).await.unwrap();
    World { folder, exchange, environments, store, clock, issuer }
}

fn settings() -> EnvironmentSettings {
    EnvironmentSettings {
        issuer: Some(ISSUER.to_owned()),
        jwks_url: Some(format!("{ISSUER}/jwks")),
        audience: Some("byoa".to_owned()),
        ..EnvironmentSettings::default()
    }
}

impl World {
    /// A second server on the same database.
    async fn node(&self) -> Exchange {
        let url = format!("sqlite://{}", self.folder.path().join("byoa.db").display());
        let store = Arc::new(SqliteStore::open(&url).await.unwrap());
        let body = json!({ "keys": [self.issuer.public_jwk("k1")] }).to_string().into_bytes();
        let keys = KeySets::new(Arc::new(Published(body)), self.clock.clone());
        let public_url: Url = "https://auth.example:8443".parse().unwrap();
        Exchange::new(store, keys, self.clock.clone(), ExchangeConfig::new(public_url))
    }

    async fn set(&self, change: EnvironmentSettings) {
        self.environments.set(ENVIRONMENT, change).await.unwrap();
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().seconds();
        json!({ "iss": ISSUER, "aud": "byoa", "sub": "user-1", "iat": now, "exp": now + 36_000 })
    }

    #[expect(clippy::unnecessary_wraps, reason = "what a sign-in takes")]
    fn jwt(&self, bend: impl FnOnce(&mut Value)) -> Option<String> {
        let mut claims = self.claims();
        bend(&mut claims);
        Some(self.issuer.sign("k1", "JWT", &claims).unwrap())
    }

    async fn try_sign_in(&self, bend: impl FnOnce(&mut Value)) -> Result<VerifyResponse, ExchangeError> {
        let input = SignInInput { jwt: self.jwt(bend), ..SignInInput::default() };
        self.exchange.sign_in(ENVIRONMENT, input).await
    }

    async fn sign_in(&self) -> VerifyResponse {
        self.try_sign_in(|_| ()).await.unwrap()
    }

    async fn refresh(&self, of: &VerifyResponse) -> Result<VerifyResponse, ExchangeError> {
        self.exchange.refresh(ENVIRONMENT, Some(bearer(of)), DeviceProof::default()).await
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn why_not(&self, bearer: &str) -> Option<Unauthorized> {
        match self.exchange.authenticate(ENVIRONMENT, Some(bearer)).await {
            Ok(_) => None,
            Err(ExchangeError::Unauthorized(why)) => Some(why),
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn bearer(response: &VerifyResponse) -> &str {
    response.minified_jwt.as_deref().unwrap()
}

fn payload(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
}

fn rejected<T: std::fmt::Debug>(result: Result<T, ExchangeError>) -> Reason {
    match result {
        Err(ExchangeError::Rejected { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_session_token_says_what_the_wire_says() {
    let world = world().await;
    let input = SignInInput {
        jwt: world.jwt(|claims| {
            claims["email"] = json!("ann@x.example");
            claims["emailVerified"] = json!(true);
        }),
        session_public_key_header: Some(SESSION_KEY.to_owned()),
        caller: Caller {
            origin: Some("http://localhost:5173".to_owned()),
            sdk_version: Some("ClientSDK/1.27.1".to_owned()),
            ..Caller::default()
        },
        ..SignInInput::default()
    };
    let answer = world.exchange.sign_in(ENVIRONMENT, input).await.unwrap();
    let claims = payload(bearer(&answer));
    let jwks = world.exchange.jwks(ENVIRONMENT).await.unwrap();
    assert_eq!(jwks.keys.len(), 1);
    assert_eq!(claims["kid"], jwks.keys[0]["kid"]);
    assert_eq!(part(bearer(&answer), 0), json!({ "alg": "ES256", "kid": claims["kid"], "typ": "JWT" }));
    assert!(jwks.keys[0].get("d").is_none());
    let external = &answer.user.verified_credentials[0];
    assert_eq!(
        claims,
        json!({
            "kid": claims["kid"], "jti": claims["jti"], "sid": claims["sid"],
            "aud": "http://localhost:5173",
            "iss": format!("auth.example:8443/{ENVIRONMENT}"),
            "sub": answer.user.id,
            "iat": START, "exp": START + 7_200, "refreshExp": START + 30 * 86_400,
            "environment_id": ENVIRONMENT.to_string(),
            "scope": "user:basic",
            "last_verified_credential_id": external.id, "signin_credential_id": external.id,
            "session_public_key": SESSION_KEY,
            "sdkVersion": "ClientSDK/1.27.1",
            "email": "ann@x.example",
        })
    );
    assert_eq!(answer.expires_at, START + 7_200);
    assert_eq!(Uuid::parse_str(claims["sid"].as_str().unwrap()).unwrap().get_version_num(), 4);
    assert_eq!(answer.user.session_id.as_deref(), claims["sid"].as_str());
    assert_eq!(answer.user.external_user_id(), Some("user-1"));
    assert_eq!(answer.user.new_user, Some(true));
    assert_eq!(answer.user.first_visit.as_deref(), Some("2027-01-15T08:00:00.000Z"));
    assert_eq!(answer.user.missing_fields, Some(vec![]));

    let identity = payload(answer.jwt.as_deref().unwrap());
    for (name, value) in claims.as_object().unwrap() {
        assert_eq!(&identity[name], value, "{name}");
    }
    assert_eq!(identity["verified_credentials"][0]["public_identifier"], "user-1");
    assert_eq!(identity["verified_credentials"][1]["email"], "ann@x.example");
    assert_eq!((&identity["new_user"], &identity["missing_fields"]), (&json!(true), &json!([])));

    // What a backend does.
    let keys = KeySet::parse(serde_json::to_string(&jwks).unwrap().as_bytes()).unwrap();
    let policy = Policy::for_issuer(format!("auth.example:8443/{ENVIRONMENT}"));
    for token in [bearer(&answer), answer.jwt.as_deref().unwrap()] {
        verify(&UnverifiedToken::parse(token).unwrap(), &keys, &policy, START).unwrap();
    }
}

#[tokio::test]
async fn a_caller_that_is_no_page_has_the_servers_own_origin_as_audience() {
    let world = world().await;
    assert_eq!(payload(bearer(&world.sign_in().await))["aud"], "https://auth.example:8443");
}

#[tokio::test]
async fn a_session_never_outlives_the_jwt_it_came_from() {
    let world = world().await;
    for (exp, expected) in [(300, 300), (100_000, 7_200), (1, 1), (0, 60), (-59, 60)] {
        let answer = world.try_sign_in(|claims| claims["exp"] = json!(START + exp)).await.unwrap();
        assert_eq!(answer.expires_at, START + expected, "{exp}");
        assert_eq!(payload(bearer(&answer))["exp"], START + expected);
        assert_eq!(world.why_not(bearer(&answer)).await, None);
    }
}

#[tokio::test]
async fn each_rule_has_its_reason_and_nobody_is_made_a_user() {
    let world = world().await;
    let claim = |name: &'static str, value: Value| move |claims: &mut Value| claims[name] = value;
    let without = |name: &'static str| {
        move |claims: &mut Value| {
            claims.as_object_mut().unwrap().remove(name);
        }
    };
    assert_eq!(
        rejected(world.try_sign_in(claim("iss", json!("https://other.example"))).await),
        Reason::JwtIssMismatch
    );
    assert_eq!(rejected(world.try_sign_in(claim("iss", json!(7))).await), Reason::JwtIssMismatch);
    assert_eq!(rejected(world.try_sign_in(without("iss")).await), Reason::JwtIssMissing);
    assert_eq!(rejected(world.try_sign_in(claim("aud", json!("other"))).await), Reason::JwtAudMismatch);
    assert_eq!(rejected(world.try_sign_in(without("aud")).await), Reason::JwtAudMissing);
    assert_eq!(rejected(world.try_sign_in(without("exp")).await), Reason::JwtExpMissing);
    assert_eq!(rejected(world.try_sign_in(claim("exp", json!(START - 60))).await), Reason::JwtExpired);
    assert_eq!(rejected(world.try_sign_in(claim("sub", json!(""))).await), Reason::JwtSubInvalid);
    for (jwt, reason) in [
        (None, Reason::JwtMissing),
        (Some(String::new()), Reason::JwtMissing),
        (Some("x".to_owned()), Reason::JwtMalformed),
        (Some(format!("{}.", "x".repeat(17_000))), Reason::JwtTooLarge),
        (Some(world.issuer.sign("k2", "JWT", &world.claims()).unwrap()), Reason::JwtKidUnknown),
        (
            Some(SigningKey::generate(Algorithm::Es256).unwrap().sign("k1", "JWT", &world.claims()).unwrap()),
            Reason::JwtSignatureInvalid,
        ),
    ] {
        let input = SignInInput { jwt, ..SignInInput::default() };
        assert_eq!(rejected(world.exchange.sign_in(ENVIRONMENT, input).await), reason);
    }
    assert_eq!(world.sign_in().await.user.new_user, Some(true));
}

#[tokio::test]
async fn our_own_session_token_is_no_external_jwt() {
    let world = world().await;
    let own = world.sign_in().await.minified_jwt;
    let input = SignInInput { jwt: own, ..SignInInput::default() };
    assert_eq!(rejected(world.exchange.sign_in(ENVIRONMENT, input).await), Reason::JwtIssMismatch);
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let world = world().await;
    let nowhere = Uuid::from_u128(5);
    let input = SignInInput { jwt: world.jwt(|_| ()), ..SignInInput::default() };
    assert!(matches!(world.exchange.sign_in(nowhere, input).await, Err(ExchangeError::EnvironmentNotFound)));
    assert!(matches!(world.exchange.settings(nowhere).await, Err(ExchangeError::EnvironmentNotFound)));
    let gone =
        EnvironmentSettings { jwks_url: Some(format!("{ISSUER}/gone")), ..EnvironmentSettings::default() };
    world.environments.set(ENVIRONMENT, gone).await.unwrap();
    let unavailable = world.try_sign_in(|_| ()).await;
    assert!(
        matches!(unavailable, Err(ExchangeError::KeysUnavailable(KeySetUnavailable::Status(404)))),
        "{unavailable:?}"
    );
}

#[tokio::test]
async fn a_session_key_must_be_a_point_of_the_curve() {
    let world = world().await;
    let input = SignInInput {
        jwt: world.jwt(|_| ()),
        session_public_key: Some(format!("02{}", "f".repeat(64))),
        session_public_key_header: Some(SESSION_KEY.to_owned()),
        ..SignInInput::default()
    };
    let refused = world.exchange.sign_in(ENVIRONMENT, input).await;
    assert!(matches!(refused, Err(ExchangeError::InvalidSessionPublicKey)), "{refused:?}");
}

#[tokio::test]
async fn a_bearer_is_ours_alive_and_for_this_environment() {
    let world = world().await;
    let answer = world.sign_in().await;
    assert_eq!(world.why_not(bearer(&answer)).await, None);
    assert_eq!(world.why_not(answer.jwt.as_deref().unwrap()).await, None);
    for stranger in ["x", "a.b.c", &world.jwt(|_| ()).unwrap()] {
        assert_eq!(world.why_not(stranger).await, Some(Unauthorized::NotOurs), "{stranger}");
    }
    assert_eq!(world.why_not("").await, Some(Unauthorized::Missing));
    let (signed, signature) = bearer(&answer).rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{other}{}", &signature[1..]);
    assert_eq!(world.why_not(&forged).await, Some(Unauthorized::NotOurs));

    let other = Uuid::from_u128(2);
    world.environments.create(other, settings()).await.unwrap();
    let elsewhere = world.exchange.authenticate(other, Some(bearer(&answer))).await;
    assert!(matches!(elsewhere, Err(ExchangeError::Unauthorized(Unauthorized::NotOurs))), "{elsewhere:?}");

    world.pass(7_199);
    assert_eq!(world.why_not(bearer(&answer)).await, None);
    world.pass(1);
    assert_eq!(world.why_not(bearer(&answer)).await, Some(Unauthorized::Expired));
}

#[tokio::test]
async fn a_refresh_keeps_the_session_and_is_not_capped_by_the_jwt() {
    let world = world().await;
    let first = world.try_sign_in(|claims| claims["exp"] = json!(START + 300)).await.unwrap();
    world.pass(299);
    let next =
        world.exchange.refresh(ENVIRONMENT, Some(bearer(&first)), DeviceProof::default()).await.unwrap();
    let (before, after) = (payload(bearer(&first)), payload(bearer(&next)));
    assert_eq!(next.expires_at, START + 299 + 7_200);
    assert_eq!(next.user.new_user, Some(false));
    for same in ["sid", "sub", "aud", "iss", "refreshExp", "signin_credential_id"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_ne!(before["jti"], after["jti"]);
    assert_eq!(world.why_not(bearer(&next)).await, None);
}

#[tokio::test]
async fn a_replaced_token_is_good_for_refresh_only_and_gets_the_same_successor() {
    let world = world().await;
    let first = world.sign_in().await;
    world.pass(10);
    let next = world.refresh(&first).await.unwrap();
    world.pass(29);
    assert_eq!(world.why_not(bearer(&first)).await, Some(Unauthorized::Superseded));
    let fields = UserFields::default();
    let refused = world.exchange.update_user(ENVIRONMENT, Some(bearer(&first)), fields).await;
    assert!(matches!(refused, Err(ExchangeError::Unauthorized(Unauthorized::Superseded))), "{refused:?}");
    let again = world.refresh(&first).await.unwrap();
    assert_eq!(payload(bearer(&again)), payload(bearer(&next)), "the same claims");
    assert_eq!(world.why_not(bearer(&again)).await, None);
    let fields = UserFields::default();
    let updated = world.exchange.update_user(ENVIRONMENT, Some(bearer(&next)), fields).await.unwrap();
    let restated = updated.session;
    assert_eq!(payload(bearer(&restated))["jti"], payload(bearer(&next))["jti"], "not a refresh");
}

#[tokio::test]
async fn a_replaced_token_that_comes_back_late_ends_the_session() {
    let world = world().await;
    let first = world.sign_in().await;
    let next = world.refresh(&first).await.unwrap();
    world.pass(30);
    let refused = world.refresh(&first).await;
    assert!(matches!(refused, Err(ExchangeError::Unauthorized(Unauthorized::Reused))), "{refused:?}");
    assert_eq!(world.why_not(bearer(&next)).await, Some(Unauthorized::Ended), "the newest dies with it");
    assert_eq!(world.why_not(bearer(&world.sign_in().await)).await, None, "a new session is another one");
}

#[tokio::test]
async fn a_session_whose_token_has_ended_goes_on_by_a_refresh_and_by_nothing_else() {
    let world = world().await;
    let first = world.sign_in().await;
    world.clock.set(UnixMillis::from_seconds(first.expires_at + 86_400));
    assert_eq!(world.why_not(bearer(&first)).await, Some(Unauthorized::Expired));
    let fields = UserFields::default();
    let refused = world.exchange.update_user(ENVIRONMENT, Some(bearer(&first)), fields).await;
    assert!(matches!(refused, Err(ExchangeError::Unauthorized(Unauthorized::Expired))), "{refused:?}");
    let next = world.refresh(&first).await.unwrap();
    assert_eq!(payload(bearer(&next))["sid"], payload(bearer(&first))["sid"]);
    assert_eq!(world.why_not(bearer(&next)).await, None);
    world.pass(29);
    let again = world.refresh(&first).await.unwrap();
    assert_eq!(payload(bearer(&again)), payload(bearer(&next)), "another tab, within the grace");
    world.pass(1);
    let refused = world.refresh(&first).await;
    assert!(matches!(refused, Err(ExchangeError::Unauthorized(Unauthorized::Reused))), "{refused:?}");
    assert_eq!(world.why_not(bearer(&next)).await, Some(Unauthorized::Ended), "the newest dies with it");
    let revoked = world.sign_in().await;
    world.exchange.revoke(ENVIRONMENT, Some(bearer(&revoked)), None).await.unwrap();
    world.clock.set(UnixMillis::from_seconds(revoked.expires_at));
    let refused = world.refresh(&revoked).await;
    assert!(matches!(refused, Err(ExchangeError::Unauthorized(Unauthorized::Ended))), "{refused:?}");
}

#[tokio::test]
async fn a_token_that_was_replaced_before_its_end_ends_the_session_after_it_as_well() {
    let world = world().await;
    let first = world.sign_in().await;
    let second = world.refresh(&first).await.unwrap();
    world.clock.set(UnixMillis::from_seconds(second.expires_at));
    let third = world.refresh(&second).await.unwrap();
    world.pass(1);
    let refused = world.refresh(&first).await;
    assert!(matches!(refused, Err(ExchangeError::Unauthorized(Unauthorized::Reused))), "{refused:?}");
    assert_eq!(world.why_not(bearer(&third)).await, Some(Unauthorized::Ended));
}

#[tokio::test]
async fn within_the_grace_a_successor_that_has_ended_as_well_is_followed_by_the_next() {
    let world = world().await;
    let config =
        ExchangeConfig { session_lifetime: Duration::from_secs(5), ..(*world.exchange.config).clone() };
    let exchange = Exchange { config: Arc::new(config), ..world.exchange.clone() };
    let first = world.sign_in().await;
    let refresh = async || exchange.refresh(ENVIRONMENT, Some(bearer(&first)), DeviceProof::default()).await;
    world.clock.set(UnixMillis::from_seconds(first.expires_at));
    let lost = refresh().await.unwrap();
    world.pass(10);
    let next = refresh().await.unwrap();
    assert_eq!(next.expires_at, lost.expires_at + 10);
    assert_ne!(payload(bearer(&next))["jti"], payload(bearer(&lost))["jti"]);
    assert_eq!(world.why_not(bearer(&next)).await, None);
}

#[tokio::test]
async fn a_token_that_was_verified_before_is_no_better_than_any_other() {
    let world = world().await;
    let (ended, withdrawn) = (world.sign_in().await, world.sign_in().await);
    for token in [&ended, &withdrawn] {
        for _ in 0..2 {
            assert_eq!(world.why_not(bearer(token)).await, None);
        }
    }
    world.exchange.revoke(ENVIRONMENT, Some(bearer(&ended)), None).await.unwrap();
    assert_eq!(world.why_not(bearer(&ended)).await, Some(Unauthorized::Ended));
    world.environments.rotate_signing_key(ENVIRONMENT).await.unwrap();
    assert_eq!(world.why_not(bearer(&withdrawn)).await, None, "published still");
    let kid = part(bearer(&withdrawn), 0)["kid"].as_str().unwrap().to_owned();
    world.environments.retire_signing_key(ENVIRONMENT, &kid).await.unwrap();
    assert_eq!(world.why_not(bearer(&withdrawn)).await, Some(Unauthorized::NotOurs), "its key is gone");

    let late = world.sign_in().await;
    assert_eq!(world.why_not(bearer(&late)).await, None);
    let other = Uuid::from_u128(2);
    world.environments.create(other, settings()).await.unwrap();
    let elsewhere = world.exchange.authenticate(other, Some(bearer(&late))).await;
    assert!(matches!(elsewhere, Err(ExchangeError::Unauthorized(Unauthorized::NotOurs))), "{elsewhere:?}");
    let last = bearer(&late).len() - 1;
    let bent = format!("{}{}", &bearer(&late)[..last], if bearer(&late).ends_with('A') { 'Q' } else { 'A' });
    assert_eq!(world.why_not(&bent).await, Some(Unauthorized::NotOurs));
    world.clock.set(UnixMillis::from_seconds(late.expires_at));
    assert_eq!(world.why_not(bearer(&late)).await, Some(Unauthorized::Expired));
}

#[tokio::test]
async fn a_session_that_was_left_alone_for_longer_than_the_limit_is_over() {
    let world = world().await;
    let config = ExchangeConfig { idle_limit: Duration::from_mins(10), ..(*world.exchange.config).clone() };
    let exchange = Exchange { config: Arc::new(config), ..world.exchange.clone() };
    let first = world.sign_in().await;
    let refresh = async |of: &VerifyResponse| {
        exchange.refresh(ENVIRONMENT, Some(bearer(of)), DeviceProof::default()).await
    };
    world.clock.set(UnixMillis::from_seconds(first.expires_at + 599));
    let next = refresh(&first).await.unwrap();
    world.clock.set(UnixMillis::from_seconds(next.expires_at + 600));
    for over in [&next, &first] {
        let refused = refresh(over).await;
        assert!(matches!(refused, Err(ExchangeError::Unauthorized(Unauthorized::Idle))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_replaced_token_ends_a_session_that_another_goes_on_with_however_long_its_own_end_is_past() {
    let world = world().await;
    let config = ExchangeConfig { idle_limit: Duration::from_mins(10), ..(*world.exchange.config).clone() };
    let exchange = Exchange { config: Arc::new(config), ..world.exchange.clone() };
    let first = world.sign_in().await;
    let refresh = async |of: &VerifyResponse| {
        exchange.refresh(ENVIRONMENT, Some(bearer(of)), DeviceProof::default()).await
    };
    world.clock.set(UnixMillis::from_seconds(first.expires_at + 599));
    let stolen = refresh(&first).await.unwrap();
    world.clock.set(UnixMillis::from_seconds(stolen.expires_at + 1));
    let stolen = refresh(&stolen).await.unwrap();
    let refused = refresh(&first).await;
    assert!(matches!(refused, Err(ExchangeError::Unauthorized(Unauthorized::Reused))), "{refused:?}");
    assert_eq!(world.why_not(bearer(&stolen)).await, Some(Unauthorized::Ended));
}

#[tokio::test]
async fn no_refresh_goes_beyond_the_hard_end() {
    let world = world().await;
    let mut answer = world.sign_in().await;
    loop {
        world.pass(7_000);
        match world.exchange.refresh(ENVIRONMENT, Some(bearer(&answer)), DeviceProof::default()).await {
            Ok(next) => answer = next,
            Err(ExchangeError::Unauthorized(Unauthorized::RefreshDeadline)) => break,
            Err(other) => panic!("{other:?}"),
        }
        assert!(answer.expires_at <= START + 30 * 86_400);
    }
    assert_eq!(answer.expires_at, START + 30 * 86_400);
}

#[tokio::test]
async fn revoking_ends_one_session_at_any_age_and_never_fails() {
    let world = world().await;
    let (one, other) = (world.sign_in().await, world.sign_in().await);
    for nothing in [None, Some(""), Some("x"), world.jwt(|_| ()).as_deref()] {
        world.exchange.revoke(ENVIRONMENT, nothing, None).await.unwrap();
    }
    world.exchange.revoke(ENVIRONMENT, Some(bearer(&one)), Some("user-intent")).await.unwrap();
    world.exchange.revoke(ENVIRONMENT, Some(bearer(&one)), None).await.unwrap();
    assert_eq!(world.why_not(bearer(&one)).await, Some(Unauthorized::Ended));
    let refused = world.exchange.refresh(ENVIRONMENT, Some(bearer(&one)), DeviceProof::default()).await;
    assert!(matches!(refused, Err(ExchangeError::Unauthorized(Unauthorized::Ended))), "{refused:?}");
    assert_eq!(world.why_not(bearer(&other)).await, None);

    let next = world.refresh(&other).await.unwrap();
    world.clock.set(UnixMillis::from_seconds(START + 7_199));
    world.exchange.revoke(ENVIRONMENT, Some(bearer(&other)), Some("token-expired")).await.unwrap();
    assert_eq!(world.why_not(bearer(&next)).await, Some(Unauthorized::Ended), "its successor ends with it");

    let old = world.sign_in().await;
    world.pass(20_000);
    world.exchange.revoke(ENVIRONMENT, Some(bearer(&old)), None).await.unwrap();
    let sid = payload(bearer(&old))["sid"].as_str().unwrap().parse().unwrap();
    assert!(world.store.session(ENVIRONMENT, sid).await.unwrap().revoked_at.is_some());
}

#[tokio::test]
async fn a_changed_profile_is_in_the_next_statement_of_the_same_token() {
    let world = world().await;
    let answer = world.sign_in().await;
    world.pass(10);
    let fields =
        json!({"alias": "Ann", "username": "ann", "email": "unverified@x.example", "metadata": {"a": 1}});
    let fields: UserFields = serde_json::from_value(fields).unwrap();
    let updated =
        world.exchange.update_user(ENVIRONMENT, Some(bearer(&answer)), fields).await.unwrap().session;
    let (before, after) = (payload(bearer(&answer)), payload(bearer(&updated)));
    for same in ["sid", "jti", "exp"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_eq!(after["username"], "ann");
    assert_eq!(updated.user.email.as_deref(), Some("unverified@x.example"));
    assert!(after.get("email").is_none(), "no backend must take it for verified");
    let identity = payload(updated.jwt.as_deref().unwrap());
    assert_eq!((&identity["alias"], &identity["metadata"]), (&json!("Ann"), &json!({"a": 1})));
    let user = world.exchange.current_user(ENVIRONMENT, Some(bearer(&updated))).await.unwrap();
    assert_eq!(user.alias.as_deref(), Some("Ann"));

    let other = world.try_sign_in(|claims| claims["sub"] = json!("user-2")).await.unwrap();
    let fields = UserFields { username: Some("ANN".to_owned()), ..UserFields::default() };
    let taken = world.exchange.update_user(ENVIRONMENT, Some(bearer(&other)), fields).await;
    assert!(matches!(taken, Err(ExchangeError::UsernameTaken)), "{taken:?}");
}

#[tokio::test]
async fn the_largest_profile_still_fits_into_a_token() {
    let world = world().await;
    let sub = "s".repeat(255);
    let answer = world.try_sign_in(|claims| claims["sub"] = json!(sub)).await.unwrap();
    let mut fields = json!({"metadata": {"a": "m".repeat(16 * 1024 - 8)}, "country": "DE"});
    for name in
        ["alias", "firstName", "lastName", "jobTitle", "phoneNumber", "tShirtSize", "team", "username"]
    {
        fields[name] = json!("🦀".repeat(255));
    }
    let fields: UserFields = serde_json::from_value(fields).unwrap();
    let updated =
        world.exchange.update_user(ENVIRONMENT, Some(bearer(&answer)), fields).await.unwrap().session;
    assert!(updated.user.metadata.is_some());
    let identity = payload(updated.jwt.as_deref().unwrap());
    assert!(identity.get("metadata").is_none(), "it would make the token too large for anybody");
    assert_eq!(world.why_not(bearer(&updated)).await, None);
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_all_sessions() {
    let world = world().await;
    let (one, two) = (world.sign_in().await, world.sign_in().await);
    world.exchange.delete_user(ENVIRONMENT, Some(bearer(&one))).await.unwrap();
    for token in [&one, &two] {
        assert_eq!(world.why_not(bearer(token)).await, Some(Unauthorized::Ended));
        world.exchange.revoke(ENVIRONMENT, Some(bearer(token)), Some("user-deleted")).await.unwrap();
    }
    let again = world.sign_in().await;
    assert_eq!(again.user.new_user, Some(true));
    assert_ne!(again.user.id, one.user.id);
}

fn device() -> (EcdsaKeyPair, String) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let sign = if point[64] % 2 == 0 { "02" } else { "03" };
    let public_key = format!("{sign}{}", HEXLOWER.encode(&point[1..33]));
    (pair, public_key)
}

fn proof(pair: &EcdsaKeyPair, public_key: &str, nonce: &str) -> DeviceProof {
    let signature = pair.sign(&SystemRandom::new(), nonce.as_bytes()).unwrap();
    DeviceProof {
        nonce: Some(nonce.to_owned()),
        public_key: Some(public_key.to_owned()),
        signature: Some(HEXLOWER.encode(signature.as_ref())),
    }
}

#[tokio::test]
async fn a_device_proof_holds_once_and_only_whole() {
    let world = world().await;
    let (pair, public_key) = device();
    let nonces = world.exchange.nonces(ENVIRONMENT, 99).await.unwrap();
    assert_eq!(nonces.len(), 5);
    let sign_in = |device: DeviceProof| {
        let input = SignInInput { jwt: world.jwt(|_| ()), device, ..SignInInput::default() };
        world.exchange.sign_in(ENVIRONMENT, input)
    };
    let refused = |result: Result<VerifyResponse, ExchangeError>| match result {
        Err(ExchangeError::InvalidDeviceNonce(_)) => {}
        other => panic!("{other:?}"),
    };
    let good = |index: usize| proof(&pair, &public_key, &nonces[index]);
    sign_in(good(0)).await.unwrap();
    refused(sign_in(good(0)).await);
    refused(sign_in(DeviceProof { nonce: None, ..good(1) }).await);
    refused(sign_in(DeviceProof { signature: None, ..good(1) }).await);
    refused(sign_in(DeviceProof { public_key: Some(device().1), ..good(1) }).await);
    refused(sign_in(DeviceProof { signature: good(2).signature, ..good(1) }).await);
    refused(sign_in(DeviceProof { public_key: Some(public_key.to_uppercase()), ..good(1) }).await);
    refused(sign_in(proof(&pair, &public_key, "not ours")).await);
    let mut bent = nonces[1].clone();
    bent.replace_range(..1, if bent.starts_with('A') { "B" } else { "A" });
    refused(sign_in(proof(&pair, &public_key, &bent)).await);

    let other = Uuid::from_u128(2);
    world.environments.create(other, settings()).await.unwrap();
    let foreign = world.exchange.nonces(other, 1).await.unwrap();
    refused(sign_in(proof(&pair, &public_key, &foreign[0])).await);

    let answer = sign_in(good(1)).await.unwrap();
    refused(world.exchange.refresh(ENVIRONMENT, Some(bearer(&answer)), good(1)).await);
    world.exchange.refresh(ENVIRONMENT, Some(bearer(&answer)), good(2)).await.unwrap();
    world.pass(86_399);
    sign_in(good(3)).await.unwrap();
    world.pass(1);
    refused(sign_in(good(4)).await);
}

#[tokio::test]
async fn a_refused_jwt_uses_no_nonce_up() {
    let world = world().await;
    let (pair, public_key) = device();
    let nonce = world.exchange.nonces(ENVIRONMENT, 0).await.unwrap().remove(0);
    let with = |jwt: Option<String>| {
        let device = proof(&pair, &public_key, &nonce);
        world.exchange.sign_in(ENVIRONMENT, SignInInput { jwt, device, ..SignInInput::default() })
    };
    assert_eq!(rejected(with(world.jwt(|claims| claims["aud"] = json!("x"))).await), Reason::JwtAudMismatch);
    with(world.jwt(|_| ())).await.unwrap();
}

#[tokio::test]
async fn a_change_by_another_process_takes_effect_at_once() {
    let world = world().await;
    let answer = world.sign_in().await;
    let rs256 = EnvironmentSettings { session_algorithm: Some(SessionAlgorithm::Rs256), ..settings() };
    world.environments.set(ENVIRONMENT, rs256.clone()).await.unwrap();
    let next = world.sign_in().await;
    assert_eq!(part(bearer(&next), 0)["alg"], "RS256");
    assert_eq!(world.why_not(bearer(&answer)).await, None, "tokens of the key before live on");
    let jwks = world.exchange.jwks(ENVIRONMENT).await.unwrap();
    assert_eq!(jwks.keys.iter().map(|key| &key["alg"]).collect::<Vec<_>>(), ["RS256", "ES256"]);
    world.environments.set(ENVIRONMENT, rs256).await.unwrap();
    assert_eq!(world.store.signing_keys(ENVIRONMENT).await.unwrap().len(), 2, "the same again makes no key");
    world.pass(7 * 86_400);
    assert_eq!(world.exchange.jwks(ENVIRONMENT).await.unwrap().keys.len(), 1);

    let audience = EnvironmentSettings { audience: Some("new".to_owned()), ..EnvironmentSettings::default() };
    world.environments.set(ENVIRONMENT, audience).await.unwrap();
    assert_eq!(rejected(world.try_sign_in(|_| ()).await), Reason::JwtAudMismatch);
}

#[tokio::test]
async fn settings_are_public_and_whole() {
    let world = world().await;
    let shown = serde_json::to_value(world.exchange.settings(ENVIRONMENT).await.unwrap()).unwrap();
    assert_eq!((&shown["chains"], &shown["kyc"]), (&json!([]), &json!([])));
    assert_eq!(shown["security"]["jwtDuration"], json!({"amount": 2, "unit": "hours"}));
    assert_eq!(
        shown["security"]["externalAuth"],
        json!({ "enabled": true, "iss": ISSUER, "jwksUrl": format!("{ISSUER}/jwks"), "aud": "byoa",
            "assumeEmailVerified": false })
    );
    assert_eq!(shown["security"]["deviceRegistrationRequired"], false);
}

#[tokio::test]
async fn a_check_tells_what_a_sign_in_does() {
    let world = world().await;
    let failed = |steps: Vec<super::CheckStep>| {
        assert_eq!(steps.len(), byoa_jwt::RULES.len());
        steps.into_iter().find(|step| step.passed == Some(false)).map(|step| (step.rule, step.code.unwrap()))
    };
    let jwts = [
        (world.jwt(|_| ()), None),
        (world.jwt(|claims| claims["iss"] = json!("x")), Some(("issuer", "jwt_iss_mismatch"))),
        (world.jwt(|claims| claims["aud"] = json!("x")), Some(("audience", "jwt_aud_mismatch"))),
        (world.jwt(|claims| claims["exp"] = json!(1)), Some(("expiry", "jwt_expired"))),
        (Some("x".to_owned()), Some(("shape", "jwt_malformed"))),
    ];
    for (jwt, expected) in jwts {
        let jwt = jwt.unwrap();
        assert_eq!(failed(world.exchange.check_jwt(ENVIRONMENT, &jwt).await.unwrap()), expected);
    }
    assert_eq!(world.sign_in().await.user.new_user, Some(true), "a check makes nobody a user");
}

#[tokio::test]
async fn settings_that_could_not_be_meant_are_refused() {
    let world = world().await;
    let set = |settings: EnvironmentSettings| world.environments.create(Uuid::from_u128(3), settings);
    let text = |text: &str| Some(text.to_owned());
    for (bad, flag) in [
        (EnvironmentSettings { issuer: None, jwks_url: None, ..settings() }, "issuer"),
        (EnvironmentSettings { issuer: text(""), ..settings() }, "issuer"),
        (
            EnvironmentSettings { issuer: Some(format!("auth.example:8443/{ENVIRONMENT}")), ..settings() },
            "issuer",
        ),
        (EnvironmentSettings { jwks_url: text("http://issuer.example/jwks"), ..settings() }, "jwks-url"),
        (EnvironmentSettings { jwks_url: text("https://10.0.0.1/jwks"), ..settings() }, "jwks-url"),
        (
            EnvironmentSettings {
                jwks_url: Some(format!(
                    "https://auth.example:8443/api/v0/sdk/{ENVIRONMENT}/.well-known/jwks"
                )),
                ..settings()
            },
            "jwks-url",
        ),
        (EnvironmentSettings { allowed_origins: Some(vec!["*".to_owned()]), ..settings() }, "allowed-origin"),
        (EnvironmentSettings { cookie_name: text("a b"), ..settings() }, "cookie-name"),
        (EnvironmentSettings { name: text("prod"), ..settings() }, "name"),
    ] {
        match set(bad).await {
            Err(EnvironmentError::Invalid { setting, .. }) => assert_eq!(setting, flag),
            other => panic!("{flag}: {other:?}"),
        }
    }
    assert!(matches!(
        world.environments.create(ENVIRONMENT, settings()).await,
        Err(EnvironmentError::Exists(_))
    ));
    let unknown = world.environments.set(Uuid::from_u128(3), settings()).await;
    assert!(matches!(unknown, Err(EnvironmentError::NotFound(_))));
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let world = world().await;
    let jwt = world.jwt(|_| ()).unwrap();
    let input = SignInInput { jwt: Some(jwt.clone()), ..SignInInput::default() };
    assert!(!format!("{input:?}").contains(&jwt));
    let records = format!("{:?}", world.store.signing_keys(ENVIRONMENT).await.unwrap());
    assert!(records.contains("pkcs8: [redacted]"), "{records}");
    assert!(
        format!("{:?}", world.environments.show(ENVIRONMENT).await.unwrap())
            .contains("nonce_key: [redacted]")
    );
}

fn once() -> EnvironmentSettings {
    EnvironmentSettings { replay: Some(ReplayPolicy::Once), ..EnvironmentSettings::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jwt_signs_in_once_on_all_nodes_together() {
    let world = world().await;
    world.set(once()).await;
    let nodes = [world.exchange.clone(), world.node().await];
    for jwt in [world.jwt(|_| ()), world.jwt(|claims| claims["jti"] = json!("a"))] {
        let racers = (0..64).map(|racer| {
            let (node, jwt) = (nodes[racer % 2].clone(), jwt.clone());
            let input = SignInInput { jwt, ..SignInInput::default() };
            tokio::spawn(async move { node.sign_in(ENVIRONMENT, input).await })
        });
        let mut signed_in = 0;
        for racer in racers.collect::<Vec<_>>() {
            match racer.await.unwrap() {
                Ok(_) => signed_in += 1,
                refused => assert_eq!(rejected(refused), Reason::JwtReplayed),
            }
        }
        assert_eq!(signed_in, 1);
    }
}

#[tokio::test]
async fn a_jwts_use_is_its_issuers_and_is_spent_by_success_only() {
    let world = world().await;
    world.set(once()).await;
    let with_jti = |jti: &'static str, sub: &'static str| {
        move |claims: &mut Value| {
            claims["jti"] = json!(jti);
            claims["sub"] = json!(sub);
        }
    };
    let jwt = world.jwt(with_jti("a", "user-1"));
    let bad_key =
        SignInInput { jwt: jwt.clone(), session_public_key: Some("x".to_owned()), ..SignInInput::default() };
    assert!(world.exchange.sign_in(ENVIRONMENT, bad_key).await.is_err());
    let input = SignInInput { jwt, ..SignInInput::default() };
    world.exchange.sign_in(ENVIRONMENT, input.clone()).await.unwrap();
    assert_eq!(rejected(world.exchange.sign_in(ENVIRONMENT, input).await), Reason::JwtReplayed);
    let other_sub = world.try_sign_in(with_jti("a", "user-2")).await;
    assert_eq!(rejected(other_sub), Reason::JwtReplayed, "an id is one token's");

    let second = "https://second.example";
    world
        .set(EnvironmentSettings { issuer: Some(second.to_owned()), ..EnvironmentSettings::default() })
        .await;
    let from_second = |claims: &mut Value| {
        claims["iss"] = json!(second);
        claims["jti"] = json!("a");
    };
    world.try_sign_in(from_second).await.unwrap();
    world
        .set(EnvironmentSettings { replay: Some(ReplayPolicy::Off), ..EnvironmentSettings::default() })
        .await;
    world.try_sign_in(from_second).await.unwrap();
}

#[tokio::test]
async fn a_jwts_use_is_kept_until_nobody_can_use_it() {
    let world = world().await;
    world.set(once()).await;
    let jwt = world.jwt(|claims| claims["exp"] = json!(START + 100));
    let again = || SignInInput { jwt: jwt.clone(), ..SignInInput::default() };
    world.exchange.sign_in(ENVIRONMENT, again()).await.unwrap();
    world.pass(159);
    world.store.sweep(world.clock.now()).await.unwrap();
    assert_eq!(rejected(world.exchange.sign_in(ENVIRONMENT, again()).await), Reason::JwtReplayed);
    world.pass(1);
    assert_eq!(rejected(world.exchange.sign_in(ENVIRONMENT, again()).await), Reason::JwtExpired);
    world.pass(5);
    assert_eq!(world.store.sweep(world.clock.now()).await.unwrap(), 1);
}

/// LGO-004.
#[tokio::test]
async fn ending_all_sessions_of_a_user_spares_a_later_sign_in() {
    let world = world().await;
    let (one, two) = (world.sign_in().await, world.sign_in().await);
    let other = world.try_sign_in(|claims| claims["sub"] = json!("user-2")).await.unwrap();
    let user = one.user.id.parse().unwrap();
    assert_eq!(world.exchange.revoke_sessions(ENVIRONMENT, Some(user), "everywhere").await.unwrap(), 2);
    for ended in [&one, &two] {
        assert_eq!(world.why_not(bearer(ended)).await, Some(Unauthorized::Ended));
        assert!(world.refresh(ended).await.is_err());
    }
    assert_eq!(world.why_not(bearer(&other)).await, None);
    world.pass(1);
    let later = world.sign_in().await;
    assert_eq!(world.why_not(bearer(&later)).await, None);
}
