//! What every store must do. Each implementation runs all of it through [`contract_tests`].

use std::{sync::Arc, time::Duration};

use byoa_jwt::Algorithm;
use byoa_protocol::webhook::EVENTS;
use serde_json::json;
use uuid::Uuid;

use super::{
    AdminToken, AuditQuery, AuditRecord, Conflicting, CredentialKind, EmailClaim, Environment, IssuerConfig,
    KeptSecrets, KeySource, NewUser, OneUse, Refresh, Refreshed, ReplayPolicy, SessionAlgorithm,
    SessionOrigin, SessionQuery, SignIn, SigningKeyRecord, Store, StoreError, UserChange, UserQuery,
    webhooks::{MessageQuery, Webhook, WebhookChange, contract::webhook},
};
use crate::{clock::UnixMillis, ids, secret::Secret};

/// Runs the contract over stores that `$open` makes: a future of a guard and an `Arc<dyn Store>` that is
/// empty.
macro_rules! contract_tests {
    ($open:path: $($name:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (_guard, store) = $open().await;
                $crate::store::contract::$name(store).await;
            }
        )+
    };
    ($open:path) => {
        $crate::store::contract::contract_tests!($open:
            an_environment_comes_back_as_it_was_written,
            an_environment_is_made_once,
            a_change_raises_the_revision_and_replaces_the_issuers,
            a_change_of_something_older_is_refused,
            a_new_signing_key_retires_the_one_before,
            a_retired_signing_key_is_forgotten_and_the_active_one_stays,
            signing_keys_are_swept_by_when_they_retired,
            secrets_are_replaced_all_or_none_and_only_what_was_read,
            what_is_unknown_is_not_found,
            the_first_sign_in_makes_a_user_and_the_next_finds_it,
            one_subject_at_two_issuers_or_environments_is_several_people,
            a_subject_is_compared_byte_for_byte,
            first_sign_ins_at_once_make_one_user,
            an_address_is_vouched_for_followed_and_disavowed,
            an_address_never_finds_or_joins_users,
            a_profile_address_of_the_users_own_stays,
            a_session_belongs_to_its_environment,
            a_refresh_moves_the_session_on,
            a_session_that_ended_is_not_refreshed,
            refreshes_at_once_make_one_successor,
            the_token_before_gets_its_successor_for_a_while,
            a_replaced_token_that_comes_back_ends_the_session,
            a_proven_key_gets_the_newest_token,
            revoking_is_idempotent,
            revoking_all_of_a_user_ends_what_was_opened_until_then,
            a_profile_changes_field_by_field,
            usernames_are_unique_in_an_environment,
            usernames_that_are_spelt_otherwise_are_one,
            deleting_a_user_ends_its_sessions,
            a_nonce_is_used_once,
            a_nonce_used_at_once_by_many_is_used_once,
            a_one_use_is_spent_with_the_sign_in_or_not_at_all,
            a_one_use_is_spent_with_a_users_change_or_not_at_all,
            admin_tokens_are_found_by_hash,
            sweeping_forgets_what_ended,
            users_are_listed_in_pages_and_found_by_what_names_them,
            users_are_made_all_or_none,
            sessions_are_listed_and_ended_until_a_moment,
            an_admin_token_is_ended_once,
            a_change_and_its_row_of_the_audit_log_are_one,
            a_change_of_an_environment_and_its_row_are_one,
            a_change_of_a_webhook_and_its_row_are_one,
            the_audit_log_is_read_back_from_the_latest,
            the_audit_log_forgets_by_age,
        );
    };
}
pub(crate) use contract_tests;

type TestStore = Arc<dyn Store>;

pub(crate) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

fn later(seconds: u64) -> UnixMillis {
    NOW.plus(Duration::from_secs(seconds))
}

pub(crate) fn environment(id: u128) -> Environment {
    let id = Uuid::from_u128(id);
    Environment {
        id,
        name: "sandbox".to_owned(),
        issuers: vec![
            issuer(id, "https://b.example"),
            issuer(id, "https://a.example"),
            IssuerConfig { keys: KeySource::Discovery, ..issuer(id, "https://d.example") },
            IssuerConfig { keys: KeySource::Jwks("{}".to_owned()), ..issuer(id, "https://j.example") },
            IssuerConfig { keys: KeySource::Pem("pem".to_owned()), ..issuer(id, "https://p.example") },
        ],
        allowed_origins: vec!["https://app.example".to_owned(), "http://localhost:5173".to_owned()],
        cookie_name: Some("jwt".to_owned()),
        assume_email_verified: true,
        session_algorithm: SessionAlgorithm::Es256,
        replay: ReplayPolicy::Once,
        step_up: vec!["user:update".to_owned()],
        session_cookie: true,
        has_webhooks: false,
        nonce_key: ids::secret(),
        revision: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn issuer(environment_id: Uuid, name: &str) -> IssuerConfig {
    IssuerConfig {
        environment_id,
        issuer: name.to_owned(),
        keys: KeySource::JwksUrl(format!("{name}/jwks").parse().unwrap()),
        audiences: vec!["one".to_owned(), "two".to_owned()],
        algorithms: vec![Algorithm::Rs256, Algorithm::EdDsa],
        leeway_seconds: 60,
        max_lifetime_seconds: Some(3_600),
    }
}

pub(crate) fn key(environment: &Environment, kid: &str) -> SigningKeyRecord {
    SigningKeyRecord {
        environment_id: environment.id,
        kid: kid.to_owned(),
        algorithm: SessionAlgorithm::Rs256,
        pkcs8: Secret::new(vec![1, 2, 3]),
        public_jwk: json!({"kty": "RSA", "kid": kid}),
        created_at: NOW,
        retired_at: None,
    }
}

async fn with_environment(store: &TestStore, id: u128) -> Environment {
    let environment = environment(id);
    store.create_environment(&environment, &key(&environment, "first")).await.unwrap();
    environment
}

pub(crate) fn sign_in(environment: &Environment, subject: &str) -> SignIn {
    SignIn {
        environment_id: environment.id,
        issuer: "https://a.example".to_owned(),
        subject: subject.to_owned(),
        email: EmailClaim::Absent,
        new_user_id: ids::sortable(NOW),
        new_external_credential_id: ids::sortable(NOW),
        new_email_credential_id: ids::sortable(NOW),
        session_id: ids::unguessable(),
        token_id: ids::unguessable(),
        origin: SessionOrigin {
            audience: "https://app.example".to_owned(),
            public_key: Some("02ab".to_owned()),
            dpop_jkt: Some("thumbprint".to_owned()),
            sdk_version: Some("ClientSDK/1".to_owned()),
            ip: Some("2001:db8::1".parse().unwrap()),
            user_agent: Some("browser".to_owned()),
        },
        one_use: None,
        tell: false,
        now: NOW,
        expires_at: later(7_200),
        refresh_expires_at: later(86_400),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "results are made on the spot")]
fn not_found<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound)), "{result:?}");
}

#[expect(clippy::needless_pass_by_value, reason = "results are made on the spot")]
fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, expected: Conflicting) {
    assert!(matches!(&result, Err(StoreError::Conflict(found)) if *found == expected), "{result:?}");
}

pub(crate) async fn an_environment_comes_back_as_it_was_written(store: TestStore) {
    store.ping().await.unwrap();
    let written = with_environment(&store, 1).await;
    assert_eq!(*store.environment(written.id).await.unwrap(), written);
    let second = Environment { created_at: later(1), cookie_name: None, issuers: vec![], ..environment(2) };
    store.create_environment(&second, &key(&second, "first")).await.unwrap();
    assert_eq!(store.environments().await.unwrap(), [written, second]);
}

pub(crate) async fn an_environment_is_made_once(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    conflict(store.create_environment(&environment, &key(&environment, "x")).await, Conflicting::Environment);
    assert_eq!(store.signing_keys(environment.id).await.unwrap().len(), 1, "nothing was done in part");
}

pub(crate) async fn a_change_raises_the_revision_and_replaces_the_issuers(store: TestStore) {
    let mut environment = with_environment(&store, 1).await;
    assert_eq!(store.environment(environment.id).await.unwrap().revision, 1);
    environment.issuers = vec![issuer(environment.id, "https://c.example")];
    environment.name = "live".to_owned();
    environment.updated_at = later(1);
    store.update_environment(&environment, None).await.unwrap();
    environment.revision = 2;
    assert_eq!(*store.environment(environment.id).await.unwrap(), environment);
}

pub(crate) async fn a_change_of_something_older_is_refused(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    store.update_environment(&environment, None).await.unwrap();
    let name = "live".to_owned();
    let stale = Environment { name, ..environment };
    conflict(store.update_environment(&stale, Some(&key(&stale, "second"))).await, Conflicting::Revision);
    assert_eq!(store.environment(stale.id).await.unwrap().name, "sandbox");
    assert_eq!(store.signing_keys(stale.id).await.unwrap().len(), 1);
}

pub(crate) async fn a_new_signing_key_retires_the_one_before(store: TestStore) {
    let mut environment = with_environment(&store, 1).await;
    environment.updated_at = later(5);
    store.update_environment(&environment, Some(&key(&environment, "second"))).await.unwrap();
    let keys = store.signing_keys(environment.id).await.unwrap();
    let shown: Vec<_> = keys.iter().map(|key| (key.kid.as_str(), key.retired_at)).collect();
    assert_eq!(shown, [("second", None), ("first", Some(later(5)))]);
    let first = &keys[1];
    assert_eq!((first.pkcs8.expose(), first.algorithm), (&vec![1, 2, 3], SessionAlgorithm::Rs256));
    assert_eq!(first.public_jwk["kid"], "first");
}

pub(crate) async fn a_retired_signing_key_is_forgotten_and_the_active_one_stays(store: TestStore) {
    let before = with_environment(&store, 1).await;
    let first = store.signing_keys(before.id).await.unwrap()[0].kid.clone();
    not_found(store.forget_signing_key(before.id, &first, NOW).await);
    store.update_environment(&before, Some(&key(&before, "second"))).await.unwrap();
    not_found(store.forget_signing_key(before.id, "second", NOW).await);
    not_found(store.forget_signing_key(Uuid::from_u128(9), &first, NOW).await);
    store.forget_signing_key(before.id, &first, later(1)).await.unwrap();
    not_found(store.forget_signing_key(before.id, &first, NOW).await);
    let left: Vec<_> = store.signing_keys(before.id).await.unwrap().into_iter().map(|key| key.kid).collect();
    assert_eq!(left, ["second"]);
    let after = store.environment(before.id).await.unwrap();
    assert_eq!((after.revision, after.updated_at), (before.revision + 2, later(1)));
}

pub(crate) async fn signing_keys_are_swept_by_when_they_retired(store: TestStore) {
    let (mut one, other) = (with_environment(&store, 1).await, with_environment(&store, 2).await);
    for (revision, kid) in [(1, "second"), (2, "third")] {
        one = Environment { revision, updated_at: later(10 * revision.unsigned_abs()), ..one };
        store.update_environment(&one, Some(&key(&one, kid))).await.unwrap();
    }
    let kids = async || {
        let keys = store.signing_keys(one.id).await.unwrap();
        keys.into_iter().map(|key| key.kid).collect::<Vec<_>>()
    };
    assert_eq!(store.sweep_signing_keys(later(9)).await.unwrap(), 0);
    assert_eq!(store.environment(one.id).await.unwrap().revision, 3);
    assert_eq!(store.sweep_signing_keys(later(10)).await.unwrap(), 1);
    assert_eq!(kids().await, ["third", "second"]);
    let after = store.environment(one.id).await.unwrap();
    assert_eq!((after.revision, after.updated_at), (4, later(20)));
    assert_eq!(store.sweep_signing_keys(later(99_999)).await.unwrap(), 1);
    assert_eq!(kids().await, ["third"], "the one that signs stays");
    assert_eq!(*store.environment(other.id).await.unwrap(), other);
}

pub(crate) async fn secrets_are_replaced_all_or_none_and_only_what_was_read(store: TestStore) {
    let (before, other) = (with_environment(&store, 1).await, with_environment(&store, 2).await);
    store.update_environment(&before, Some(&key(&before, "second"))).await.unwrap();
    let (hook, foreign) = (webhook(&before, &EVENTS), webhook(&other, &EVENTS));
    for hook in [&hook, &foreign] {
        store.create_webhook(hook).await.unwrap();
    }
    let other = store.environment(other.id).await.unwrap();
    let kept = |revision, kids: [&str; 2], byte: u8| KeptSecrets {
        environment_id: before.id,
        revision,
        nonce_key: Secret::new(vec![byte]),
        signing_keys: kids.map(|kid| (kid.to_owned(), Secret::new(vec![byte, 0]))).to_vec(),
        webhooks: vec![(hook.id, Secret::new(vec![byte, 1]))],
        updated_at: later(9),
    };
    conflict(store.replace_secrets(&kept(1, ["first", "second"], 7)).await, Conflicting::Revision);
    not_found(store.replace_secrets(&kept(3, ["first", "third"], 7)).await);
    let elsewhere = vec![(foreign.id, Secret::new(vec![7, 1]))];
    let elsewhere = KeptSecrets { webhooks: elsewhere, ..kept(3, ["first", "second"], 7) };
    not_found(store.replace_secrets(&elsewhere).await);
    let unchanged = store.environment(before.id).await.unwrap();
    assert_eq!((&unchanged.nonce_key, unchanged.revision), (&before.nonce_key, 3), "none in part");

    let keys = store.signing_keys(before.id).await.unwrap();
    store.replace_secrets(&kept(3, ["first", "second"], 8)).await.unwrap();
    let after = store.environment(before.id).await.unwrap();
    assert_eq!((after.nonce_key.expose(), after.revision, after.updated_at), (&vec![8], 4, later(9)));
    let replaced = store.signing_keys(before.id).await.unwrap();
    assert!(replaced.iter().all(|key| key.pkcs8.expose() == &[8, 0]), "{replaced:?}");
    let named = |keys: &[SigningKeyRecord]| {
        keys.iter().map(|key| (key.kid.clone(), key.public_jwk.clone(), key.retired_at)).collect::<Vec<_>>()
    };
    assert_eq!(named(&replaced), named(&keys), "what they are stays");
    let replaced = Webhook { secret: Secret::new(vec![8, 1]), ..hook.clone() };
    assert_eq!(store.webhook(before.id, hook.id).await.unwrap(), replaced);
    assert_eq!(store.environment(other.id).await.unwrap(), other);
    assert_eq!(store.webhook(other.id, foreign.id).await.unwrap(), foreign);
    let gone = KeptSecrets { environment_id: Uuid::from_u128(9), ..kept(1, ["first", "second"], 8) };
    not_found(store.replace_secrets(&gone).await);
}

pub(crate) async fn what_is_unknown_is_not_found(store: TestStore) {
    let nobody = Uuid::from_u128(9);
    not_found(store.environment(nobody).await);
    not_found(store.update_environment(&environment(9), None).await);
    not_found(store.sign_in(&sign_in(&environment(9), "u")).await);
    let environment = with_environment(&store, 1).await;
    not_found(store.session(environment.id, nobody).await);
    not_found(store.user(environment.id, nobody).await);
    not_found(store.update_user(environment.id, nobody, &UserChange::default(), NOW).await);
    not_found(store.admin_token(&[0; 32]).await);
    assert!(!store.delete_user(environment.id, nobody, None, NOW).await.unwrap());
    assert!(!store.revoke_session(environment.id, nobody, NOW, "x").await.unwrap());
}

pub(crate) async fn the_first_sign_in_makes_a_user_and_the_next_finds_it(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let input = sign_in(&environment, "u-1");
    let first = store.sign_in(&input).await.unwrap();
    assert!(first.new_user);
    assert_eq!((first.user.first_visit, first.user.last_visit), (NOW, NOW));
    let [credential] = &first.user.credentials[..] else { panic!("{:?}", first.user.credentials) };
    assert_eq!((credential.kind, credential.identifier.as_str()), (CredentialKind::ExternalUser, "u-1"));
    assert_eq!(first.session.signin_credential_id, credential.id);
    assert_eq!(first.session.origin, input.origin);
    assert_eq!(store.session(environment.id, first.session.id).await.unwrap(), first.session);

    let again = SignIn { now: later(10), ..sign_in(&environment, "u-1") };
    let second = store.sign_in(&again).await.unwrap();
    assert!(!second.new_user);
    assert_eq!(second.user.id, first.user.id);
    assert_eq!((second.user.first_visit, second.user.last_visit), (NOW, later(10)));
    assert_eq!(second.user.credentials[0].last_selected_at, later(10));
    assert_eq!(second.user.credentials[0].verified_at, NOW);
    assert_ne!(second.session.id, first.session.id);
    assert_eq!(store.user(environment.id, first.user.id).await.unwrap(), second.user);
}

pub(crate) async fn one_subject_at_two_issuers_or_environments_is_several_people(store: TestStore) {
    let (one, two) = (with_environment(&store, 1).await, with_environment(&store, 2).await);
    let here = store.sign_in(&sign_in(&one, "u")).await.unwrap();
    let there = store.sign_in(&sign_in(&two, "u")).await.unwrap();
    let issuer = "https://b.example".to_owned();
    let other = store.sign_in(&SignIn { issuer, ..sign_in(&one, "u") }).await.unwrap();
    assert!(there.new_user && other.new_user);
    assert_ne!(here.user.id, other.user.id);
    assert_ne!(here.user.id, there.user.id);
    not_found(store.user(two.id, here.user.id).await);
}

pub(crate) async fn a_subject_is_compared_byte_for_byte(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let spellings =
        ["ann", "Ann", "ann ", " ann", "a\u{301}nn", "ánn", "ann%", "ann'--", "0", "00", "0.0", "1e0", "1"];
    for subject in spellings {
        assert!(store.sign_in(&sign_in(&environment, subject)).await.unwrap().new_user, "{subject:?}");
    }
    for subject in spellings {
        let found = store.sign_in(&sign_in(&environment, subject)).await.unwrap();
        assert_eq!((found.new_user, found.user.credentials[0].identifier.as_str()), (false, subject));
    }
}

pub(crate) async fn first_sign_ins_at_once_make_one_user(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let racers: Vec<_> = (0..64)
        .map(|_| {
            let (store, input) = (Arc::clone(&store), sign_in(&environment, "same"));
            tokio::spawn(async move { store.sign_in(&input).await.unwrap() })
        })
        .collect();
    let mut users = std::collections::HashSet::new();
    let mut new = 0;
    for racer in racers {
        let signed_in = racer.await.unwrap();
        users.insert(signed_in.user.id);
        new += usize::from(signed_in.new_user);
    }
    assert_eq!((users.len(), new), (1, 1));
}

pub(crate) async fn an_address_is_vouched_for_followed_and_disavowed(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let with = |email: EmailClaim, seconds| {
        let (store, input) = (Arc::clone(&store), sign_in(&environment, "u"));
        async move { store.sign_in(&SignIn { email, now: later(seconds), ..input }).await.unwrap().user }
    };
    let verified = |address: &str| EmailClaim::Verified(address.to_owned());
    let user = with(verified("a@x.example"), 0).await;
    assert_eq!(user.email.as_deref(), Some("a@x.example"));
    let first = user.credentials[1].clone();
    assert_eq!((first.kind, first.identifier.as_str()), (CredentialKind::Email, "a@x.example"));

    let user = with(EmailClaim::Absent, 1).await;
    assert_eq!(user.credentials.len(), 2, "silence changes nothing");
    let user = with(verified("a@x.example"), 2).await;
    assert_eq!(
        (user.credentials[1].id, user.credentials[1].verified_at),
        (first.id, NOW),
        "it is the same one"
    );
    let user = with(EmailClaim::Unverified("other@x.example".to_owned()), 3).await;
    assert_eq!(user.credentials.len(), 2, "another address says nothing about this one");
    let user = with(verified("b@x.example"), 4).await;
    assert_eq!(user.email.as_deref(), Some("b@x.example"));
    assert_eq!(user.credentials.len(), 2);
    assert_eq!(
        (user.credentials[1].identifier.as_str(), user.credentials[1].verified_at),
        ("b@x.example", later(4))
    );
    assert_ne!(user.credentials[1].id, first.id);
    let user = with(EmailClaim::Unverified("b@x.example".to_owned()), 5).await;
    assert_eq!(user.credentials.len(), 1);
}

pub(crate) async fn an_address_never_finds_or_joins_users(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let email = || EmailClaim::Verified("same@x.example".to_owned());
    let one = store.sign_in(&SignIn { email: email(), ..sign_in(&environment, "1") }).await.unwrap();
    let two = store.sign_in(&SignIn { email: email(), ..sign_in(&environment, "2") }).await.unwrap();
    let issuer = "https://b.example".to_owned();
    let input = SignIn { email: email(), issuer, ..sign_in(&environment, "same@x.example") };
    let three = store.sign_in(&input).await.unwrap();
    assert!(two.new_user && three.new_user);
    assert_ne!(one.user.id, two.user.id);
    assert_eq!(store.user(environment.id, one.user.id).await.unwrap().credentials.len(), 2);
}

pub(crate) async fn a_profile_address_of_the_users_own_stays(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let signed_in = store.sign_in(&sign_in(&environment, "u")).await.unwrap();
    let email = Some(Some("own@x.example".to_owned()));
    let change = UserChange { email, ..UserChange::default() };
    store.update_user(environment.id, signed_in.user.id, &change, NOW).await.unwrap();
    let email = EmailClaim::Verified("issuer@x.example".to_owned());
    let user = store.sign_in(&SignIn { email, ..sign_in(&environment, "u") }).await.unwrap().user;
    assert_eq!(user.email.as_deref(), Some("own@x.example"));
    assert_eq!(user.credentials[1].identifier, "issuer@x.example");
}

pub(crate) async fn a_session_belongs_to_its_environment(store: TestStore) {
    let (one, two) = (with_environment(&store, 1).await, with_environment(&store, 2).await);
    let session = store.sign_in(&sign_in(&one, "u")).await.unwrap().session;
    not_found(store.session(two.id, session.id).await);
    assert!(!store.revoke_session(two.id, session.id, NOW, "x").await.unwrap());
    assert!(!store.delete_user(two.id, session.user_id, None, NOW).await.unwrap());
    assert_eq!(store.session(one.id, session.id).await.unwrap(), session);
}

pub(crate) fn refresh(session: &super::SessionRecord, now: UnixMillis) -> Refresh {
    Refresh {
        environment_id: session.environment_id,
        session_id: session.id,
        presented_token_id: session.token_id,
        new_token_id: ids::unguessable(),
        now,
        expires_at: now.plus(Duration::from_hours(2)),
        grace: Duration::from_secs(30),
        proven: false,
        late: false,
    }
}

fn live(refreshed: Refreshed) -> super::SessionRecord {
    match refreshed {
        Refreshed::Live(session) => session,
        Refreshed::Reused(session) => panic!("reused: {session:?}"),
    }
}

pub(crate) async fn a_refresh_moves_the_session_on(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let before = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    let step = refresh(&before, later(60));
    let after = live(store.refresh(&step).await.unwrap());
    let expected = super::SessionRecord {
        generation: 1,
        token_id: step.new_token_id,
        previous_token_id: Some(before.token_id),
        refreshed_at: later(60),
        expires_at: later(7_260),
        ..before
    };
    assert_eq!(after, expected);
    assert_eq!(store.session(environment.id, after.id).await.unwrap(), after);
}

pub(crate) async fn a_session_that_ended_is_not_refreshed(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let over = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    let newest = live(store.refresh(&refresh(&over, later(86_399))).await.unwrap());
    not_found(store.refresh(&refresh(&newest, later(86_400))).await);
    not_found(store.refresh(&refresh(&over, later(86_400))).await);
    let revoked = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    assert!(store.revoke_session(environment.id, revoked.id, NOW, "x").await.unwrap());
    not_found(store.refresh(&refresh(&revoked, later(1))).await);
    not_found(store.refresh(&Refresh { proven: true, ..refresh(&revoked, later(1)) }).await);
}

pub(crate) async fn refreshes_at_once_make_one_successor(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let before = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    let racers: Vec<_> = (0..20)
        .map(|_| {
            let (store, step) = (Arc::clone(&store), refresh(&before, later(1)));
            tokio::spawn(async move { live(store.refresh(&step).await.unwrap()) })
        })
        .collect();
    let mut successors = Vec::new();
    for racer in racers {
        successors.push(racer.await.unwrap());
    }
    assert!(successors.iter().all(|session| *session == successors[0]), "one successor");
    assert_eq!(successors[0].generation, 1, "one generation");
}

pub(crate) async fn the_token_before_gets_its_successor_for_a_while(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let before = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    let after = live(store.refresh(&refresh(&before, later(60))).await.unwrap());
    let last_moment = UnixMillis(later(90).0 - 1);
    for now in [later(60), later(75), last_moment, NOW] {
        assert_eq!(live(store.refresh(&refresh(&before, now)).await.unwrap()), after, "{now:?}");
    }
    assert_eq!(store.session(environment.id, after.id).await.unwrap(), after, "nothing was moved");
}

pub(crate) async fn a_replaced_token_that_comes_back_ends_the_session(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    for (step, late, has_ended) in [
        (false, later(90), false),
        (true, later(62), false),
        (false, later(90), true),
        (true, later(3_600), true),
    ] {
        let before = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
        let mut newest = live(store.refresh(&refresh(&before, later(60))).await.unwrap());
        if step {
            newest = live(store.refresh(&refresh(&newest, later(61))).await.unwrap());
        }
        let expected = super::SessionRecord { revoked_at: Some(late), ..newest.clone() };
        let reused = Refresh { late: has_ended, ..refresh(&before, late) };
        let reused = store.refresh(&reused).await.unwrap();
        assert_eq!(reused, Refreshed::Reused(expected.clone()));
        assert_eq!(store.session(environment.id, before.id).await.unwrap(), expected);
        not_found(store.refresh(&refresh(&newest, late)).await);
    }
}

pub(crate) async fn a_proven_key_gets_the_newest_token(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let before = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    let newest = live(store.refresh(&refresh(&before, later(60))).await.unwrap());
    let proven = Refresh { proven: true, ..refresh(&before, later(600)) };
    assert_eq!(live(store.refresh(&proven).await.unwrap()), newest);
}

pub(crate) async fn revoking_is_idempotent(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let one = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    let other = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    assert!(store.revoke_session(environment.id, one.id, later(1), "user-intent").await.unwrap());
    assert!(!store.revoke_session(environment.id, one.id, later(9), "again").await.unwrap());
    assert_eq!(store.session(environment.id, one.id).await.unwrap().revoked_at, Some(later(1)));
    assert_eq!(store.session(environment.id, other.id).await.unwrap().revoked_at, None);
}

pub(crate) async fn revoking_all_of_a_user_ends_what_was_opened_until_then(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let elsewhere = with_environment(&store, 2).await;
    let at = |now, subject| SignIn { now, ..sign_in(&environment, subject) };
    let mut sessions = Vec::new();
    for (now, subject) in [(NOW, "u"), (later(10), "u"), (UnixMillis(later(10).0 + 1), "u"), (NOW, "other")] {
        sessions.push(store.sign_in(&at(now, subject)).await.unwrap().session);
    }
    let user = sessions[0].user_id;
    let revoke = |of: Uuid| store.revoke_sessions(of, Some(user), later(10), "signed-out");
    assert_eq!(revoke(elsewhere.id).await.unwrap(), 0);
    assert_eq!(revoke(environment.id).await.unwrap(), 2);
    assert_eq!(revoke(environment.id).await.unwrap(), 0, "once");
    let mut ended = Vec::new();
    for session in &sessions {
        ended.push(store.session(environment.id, session.id).await.unwrap().revoked_at);
    }
    assert_eq!(ended, [Some(later(10)), Some(later(10)), None, None], "not the later one, nor another's");
    assert_eq!(store.revoke_sessions(environment.id, None, later(10), "all").await.unwrap(), 1);
}

pub(crate) async fn a_profile_changes_field_by_field(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let before = store.sign_in(&sign_in(&environment, "u")).await.unwrap().user;
    let set = |text: &str| Some(Some(text.to_owned()));
    let change = UserChange {
        email: set("e@x.example"),
        alias: set("alias"),
        first_name: set("first"),
        last_name: set("last"),
        job_title: set("job"),
        phone_number: set("phone"),
        t_shirt_size: set("size"),
        team: set("team"),
        country: set("DE"),
        username: set("Ann"),
        policies_consent: Some(true),
        metadata: json!({"a": [1, {"b": null}]}).as_object().cloned(),
        one_use: None,
    };
    let text = |text: &str| Some(text.to_owned());
    let full = store.update_user(environment.id, before.id, &change, NOW).await.unwrap();
    let expected = super::User {
        email: text("e@x.example"),
        alias: text("alias"),
        first_name: text("first"),
        last_name: text("last"),
        job_title: text("job"),
        phone_number: text("phone"),
        t_shirt_size: text("size"),
        team: text("team"),
        country: text("DE"),
        username: text("Ann"),
        policies_consent: Some(true),
        metadata: change.metadata.clone(),
        ..before
    };
    assert_eq!(full, expected);
    let nothing = store.update_user(environment.id, full.id, &UserChange::default(), NOW).await.unwrap();
    assert_eq!(nothing, full);
    let clear = UserChange { alias: Some(None), username: Some(None), ..UserChange::default() };
    let cleared = store.update_user(environment.id, full.id, &clear, NOW).await.unwrap();
    assert_eq!(cleared, super::User { alias: None, username: None, ..full });
    assert_eq!(store.user(environment.id, cleared.id).await.unwrap(), cleared);
}

pub(crate) async fn usernames_are_unique_in_an_environment(store: TestStore) {
    let (one, two) = (with_environment(&store, 1).await, with_environment(&store, 2).await);
    let user = |environment: &Environment, subject: &str| {
        let (store, input) = (Arc::clone(&store), sign_in(environment, subject));
        async move { store.sign_in(&input).await.unwrap().user.id }
    };
    let named = |name: &str| UserChange { username: Some(Some(name.to_owned())), ..UserChange::default() };
    let (ann, bob, far) = (user(&one, "ann").await, user(&one, "bob").await, user(&two, "ann").await);
    store.update_user(one.id, ann, &named("Änn"), NOW).await.unwrap();
    store.update_user(one.id, ann, &named("ÄNN"), NOW).await.unwrap();
    conflict(store.update_user(one.id, bob, &named("änn"), NOW).await, Conflicting::Username);
    assert_eq!(store.user(one.id, bob).await.unwrap().username, None);
    store.update_user(two.id, far, &named("änn"), NOW).await.unwrap();
    store
        .update_user(one.id, ann, &UserChange { username: Some(None), ..UserChange::default() }, NOW)
        .await
        .unwrap();
    store.update_user(one.id, bob, &named("änn"), NOW).await.unwrap();
}

/// Usernames, their keys as an earlier version made them, and now. The last two became one name.
pub(crate) const EARLIER_USERNAMES: [(&str, &str, &str); 6] = [
    ("Ann", "ann", "ann"),
    ("\u{ff21}nn", "\u{ff41}nn", "\u{ff41}nn"),
    ("STRA\u{df}E", "stra\u{df}e", "strasse"),
    ("\u{ff21}da", "\u{ff41}da", "ada"),
    ("A\u{308}nn", "a\u{308}nn", "a\u{308}nn"),
    ("\u{c4}nn", "\u{e4}nn", "\u{e4}nn"),
];

/// Everybody of [`EARLIER_USERNAMES`] is there and found, and their names are taken.
pub(crate) async fn earlier_usernames_stay(store: &dyn Store, environment: Uuid) {
    let query = |filter: Option<&str>| UserQuery {
        filter: filter.map(str::to_owned),
        limit: 99,
        ..UserQuery::default()
    };
    assert_eq!(store.users(environment, &query(None)).await.unwrap().count, 6);
    for (number, (name, ..)) in EARLIER_USERNAMES.into_iter().enumerate() {
        let found = store.users(environment, &query(Some(name))).await.unwrap().items;
        assert!(found.iter().any(|user| user.username.as_deref() == Some(name)), "{name}");
        let change = UserChange { username: Some(Some(name.to_lowercase())), ..UserChange::default() };
        let taken = store.put_users(environment, &[new_user(&number.to_string(), change)], false).await;
        conflict(taken, Conflicting::Username);
    }
}

pub(crate) async fn usernames_that_are_spelt_otherwise_are_one(store: TestStore) {
    let environment = with_environment(&store, 1).await.id;
    let named = |name: &str| UserChange { username: Some(Some(name.to_owned())), ..UserChange::default() };
    for (number, (taken, tried)) in [
        ("\u{e4}nn", "A\u{308}NN"),
        ("bob", "\u{ff42}\u{ff4f}\u{ff42}"),
        ("stra\u{df}e", "STRASSE"),
        ("\u{fb01}n", "Fin"),
        ("\u{3c3}\u{3b1}\u{3c2}", "\u{3a3}\u{391}\u{3a3}"),
    ]
    .into_iter()
    .enumerate()
    {
        let first = [new_user(&format!("first-{number}"), named(taken))];
        let first = store.put_users(environment, &first, false).await.unwrap().remove(0);
        assert_eq!(first.username.as_deref(), Some(taken), "as it was written");
        let second = [new_user(&format!("second-{number}"), named(tried))];
        conflict(store.put_users(environment, &second, false).await, Conflicting::Username);
        let query = UserQuery { filter: Some(tried.to_owned()), limit: 9, ..UserQuery::default() };
        assert_eq!(store.users(environment, &query).await.unwrap().items, [first], "{tried}");
    }
    let other = [new_user("other", named("\u{430}nn")), new_user("more", named("ann"))];
    assert_eq!(store.put_users(environment, &other, false).await.unwrap().len(), 2, "other letters");
}

pub(crate) async fn deleting_a_user_ends_its_sessions(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let gone = store.sign_in(&sign_in(&environment, "gone")).await.unwrap();
    let stays = store.sign_in(&sign_in(&environment, "stays")).await.unwrap();
    assert!(store.delete_user(environment.id, gone.user.id, None, NOW).await.unwrap());
    assert!(!store.delete_user(environment.id, gone.user.id, None, NOW).await.unwrap());
    not_found(store.user(environment.id, gone.user.id).await);
    not_found(store.session(environment.id, gone.session.id).await);
    not_found(store.refresh(&refresh(&gone.session, later(1))).await);
    store.session(environment.id, stays.session.id).await.unwrap();
    let again = store.sign_in(&sign_in(&environment, "gone")).await.unwrap();
    assert!(again.new_user);
    assert_ne!(again.user.id, gone.user.id);
}

pub(crate) async fn a_nonce_is_used_once(store: TestStore) {
    let (one, two) = (with_environment(&store, 1).await, with_environment(&store, 2).await);
    assert!(!store.nonce_used(one.id, "n").await.unwrap());
    assert!(store.use_nonce(one.id, "n", later(1)).await.unwrap());
    assert!(!store.use_nonce(one.id, "n", later(1)).await.unwrap());
    assert!(store.nonce_used(one.id, "n").await.unwrap());
    assert!(!store.nonce_used(two.id, "n").await.unwrap());
    assert!(store.use_nonce(two.id, "n", later(1)).await.unwrap());
    assert!(store.use_nonce(one.id, "N", later(1)).await.unwrap());
}

fn one_use(name: &str) -> OneUse {
    OneUse { name: name.to_owned(), expires_at: later(100) }
}

pub(crate) async fn a_one_use_is_spent_with_the_sign_in_or_not_at_all(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let sign_in = |name| SignIn { one_use: Some(one_use(name)), ..sign_in(&environment, "u") };
    let missing = SignIn { environment_id: Uuid::from_u128(9), ..sign_in("jwt:a") };
    not_found(store.sign_in(&missing).await);
    let first = sign_in("jwt:a");
    store.sign_in(&first).await.unwrap();
    let again = sign_in("jwt:a");
    conflict(store.sign_in(&again).await, Conflicting::Used);
    not_found(store.session(environment.id, again.session_id).await);
    // Refused for another reason, so nothing is spent.
    let taken = SignIn { session_id: first.session_id, ..sign_in("jwt:b") };
    conflict(store.sign_in(&taken).await, Conflicting::Other);
    store.sign_in(&sign_in("jwt:b")).await.unwrap();
    let elsewhere = with_environment(&store, 2).await;
    store.sign_in(&SignIn { environment_id: elsewhere.id, ..sign_in("jwt:a") }).await.unwrap();

    let racers: Vec<_> = (0..64)
        .map(|_| {
            let (store, racer) = (Arc::clone(&store), sign_in("jwt:c"));
            tokio::spawn(async move { store.sign_in(&racer).await })
        })
        .collect();
    let mut first = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => first += 1,
            refused => conflict(refused, Conflicting::Used),
        }
    }
    assert_eq!(first, 1);
    assert_eq!(store.sweep(later(100)).await.unwrap(), 4, "what nobody can use is forgotten");
}

pub(crate) async fn a_one_use_is_spent_with_a_users_change_or_not_at_all(store: TestStore) {
    let environment = with_environment(&store, 1).await.id;
    let sign_in = |subject| SignIn { environment_id: environment, ..sign_in(&self::environment(1), subject) };
    let ann = store.sign_in(&sign_in("ann")).await.unwrap().user;
    let bob = store.sign_in(&sign_in("bob")).await.unwrap().user;
    let named = |name: &str, one_use| UserChange {
        username: Some(Some(name.to_owned())),
        one_use: Some(one_use),
        ..UserChange::default()
    };
    let (first, second) = (one_use("elevated:1"), one_use("elevated:2"));
    store.update_user(environment, ann.id, &named("ann", first.clone()), NOW).await.unwrap();
    conflict(
        store.update_user(environment, ann.id, &named("eve", first.clone()), NOW).await,
        Conflicting::Used,
    );
    let taken = store.update_user(environment, bob.id, &named("ann", second.clone()), NOW).await;
    conflict(taken, Conflicting::Username);
    conflict(store.delete_user(environment, bob.id, Some(&first), NOW).await, Conflicting::Used);
    assert!(!store.delete_user(environment, Uuid::from_u128(9), Some(&second), NOW).await.unwrap());
    assert_eq!(store.user(environment, ann.id).await.unwrap().username.as_deref(), Some("ann"));
    store.user(environment, bob.id).await.unwrap();
    assert!(store.delete_user(environment, bob.id, Some(&second), NOW).await.unwrap(), "it was never spent");
}

pub(crate) async fn a_nonce_used_at_once_by_many_is_used_once(store: TestStore) {
    let environment = with_environment(&store, 1).await.id;
    let racers: Vec<_> = (0..64)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.use_nonce(environment, "n", later(1)).await.unwrap() })
        })
        .collect();
    let mut first = 0;
    for racer in racers {
        first += usize::from(racer.await.unwrap());
    }
    assert_eq!(first, 1);
}

pub(crate) async fn admin_tokens_are_found_by_hash(store: TestStore) {
    let token = AdminToken {
        id: Uuid::from_u128(1),
        name: "ci".to_owned(),
        hash: vec![7; 32],
        scope: "env:read".to_owned(),
        created_at: NOW,
        expires_at: Some(later(1)),
        revoked_at: None,
    };
    store.create_admin_token(&token).await.unwrap();
    assert_eq!(store.admin_token(&[7; 32]).await.unwrap(), token);
    conflict(
        store.create_admin_token(&AdminToken { id: Uuid::from_u128(2), ..token.clone() }).await,
        Conflicting::Other,
    );
    assert_eq!(store.admin_tokens().await.unwrap(), [token]);
}

pub(crate) fn new_user(subject: &str, profile: UserChange) -> NewUser {
    NewUser {
        id: ids::sortable(NOW),
        credential_id: ids::sortable(NOW),
        issuer: "https://a.example".to_owned(),
        subject: subject.to_owned(),
        profile,
        now: NOW,
    }
}

pub(crate) async fn users_are_listed_in_pages_and_found_by_what_names_them(store: TestStore) {
    let (one, other) = (with_environment(&store, 1).await, with_environment(&store, 2).await);
    for number in 0..5 {
        let subject = format!("u-{number}");
        let email = EmailClaim::Verified(format!("Ada{number}@b.example"));
        store.sign_in(&SignIn { now: later(number), email, ..sign_in(&one, &subject) }).await.unwrap();
    }
    store.sign_in(&sign_in(&other, "u-0")).await.unwrap();
    let query = UserQuery { limit: 2, offset: 1, ..UserQuery::default() };
    let page = store.users(one.id, &query).await.unwrap();
    let names = |users: &[crate::store::User]| {
        users.iter().map(|user| user.credentials[0].identifier.clone()).collect::<Vec<_>>()
    };
    assert_eq!((names(&page.items), page.count), (vec!["u-1".to_owned(), "u-2".to_owned()], 5));
    let page = store.users(one.id, &UserQuery { newest_first: true, ..query }).await.unwrap();
    assert_eq!(names(&page.items), ["u-3", "u-2"]);
    let change = UserChange { username: Some(Some("Zoë".to_owned())), ..UserChange::default() };
    store.update_user(one.id, page.items[0].id, &change, NOW).await.unwrap();
    for (filter, expected) in [
        ("u-4", Some("u-4")),
        ("ADA1@b.example", Some("u-1")),
        ("ZOË", Some("u-3")),
        ("u-", None),
        ("%", None),
        ("\0", None),
        ("u-4\0", None),
    ] {
        let query = UserQuery { filter: Some(filter.to_owned()), limit: 9, ..UserQuery::default() };
        let page = store.users(one.id, &query).await.unwrap();
        assert_eq!(names(&page.items).first().map(String::as_str), expected, "{filter}");
        assert_eq!(page.count, u64::from(expected.is_some()), "{filter}");
    }
}

pub(crate) async fn users_are_made_all_or_none(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let named = |name: &str| UserChange { username: Some(Some(name.to_owned())), ..UserChange::default() };
    let users = [new_user("a", named("a")), new_user("b", named("b"))];
    let made = store.put_users(environment.id, &users, false).await.unwrap();
    assert_eq!((made[0].username.as_deref(), made[0].credentials[0].identifier.as_str()), (Some("a"), "a"));
    let signed_in = store.sign_in(&sign_in(&environment, "a")).await.unwrap();
    assert_eq!((signed_in.user.id, signed_in.new_user), (made[0].id, false), "the first sign-in finds it");
    let users = [new_user("c", named("c")), new_user("a", named("x"))];
    conflict(store.put_users(environment.id, &users, false).await, Conflicting::Identity);
    let users = [new_user("c", named("c")), new_user("d", named("B"))];
    conflict(store.put_users(environment.id, &users, true).await, Conflicting::Username);
    let query = UserQuery { limit: 9, ..UserQuery::default() };
    assert_eq!(store.users(environment.id, &query).await.unwrap().count, 2, "nothing was done in part");
    let changed = store.put_users(environment.id, &[new_user("a", named("x"))], true).await.unwrap();
    assert_eq!((changed[0].id, changed[0].username.as_deref()), (made[0].id, Some("x")));
    not_found(store.put_users(Uuid::from_u128(9), &[new_user("a", named("a"))], false).await);
    assert_eq!(store.put_users(environment.id, &[], false).await.unwrap(), []);
    not_found(store.put_users(Uuid::from_u128(9), &[], false).await);
}

pub(crate) async fn sessions_are_listed_and_ended_until_a_moment(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let mut sessions = Vec::new();
    for number in 0..4 {
        let input = SignIn { now: later(number), ..sign_in(&environment, "u") };
        sessions.push(store.sign_in(&input).await.unwrap().session);
    }
    let user = sessions[0].user_id;
    let stranger = store.sign_in(&sign_in(&environment, "stranger")).await.unwrap().session;
    assert_eq!(store.find_session(sessions[1].id).await.unwrap(), sessions[1]);
    not_found(store.find_session(Uuid::from_u128(9)).await);
    assert_eq!(store.revoke_sessions(environment.id, Some(user), later(2), "admin").await.unwrap(), 3);
    assert_eq!(store.revoke_sessions(environment.id, Some(user), later(2), "admin").await.unwrap(), 0);
    let query = |revoked| SessionQuery { revoked, offset: 0, limit: 2 };
    let ended = store.sessions(environment.id, user, &query(Some(true))).await.unwrap();
    assert_eq!((ended.items.len(), ended.items[0].id, ended.count), (2, sessions[2].id, 3));
    let live = store.sessions(environment.id, user, &query(Some(false))).await.unwrap();
    assert_eq!(live.items, [sessions[3].clone()]);
    assert_eq!(store.sessions(environment.id, user, &query(None)).await.unwrap().count, 4);
    assert_eq!(store.session(environment.id, stranger.id).await.unwrap().revoked_at, None);
    assert_eq!(store.revoke_sessions(environment.id, None, later(9), "admin").await.unwrap(), 2);
}

pub(crate) async fn an_admin_token_is_ended_once(store: TestStore) {
    let token = AdminToken {
        id: Uuid::from_u128(1),
        name: "ci".to_owned(),
        hash: vec![7; 32],
        scope: "admin".to_owned(),
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
    };
    store.create_admin_token(&token).await.unwrap();
    assert!(store.revoke_admin_token(token.id, later(1)).await.unwrap());
    assert!(!store.revoke_admin_token(token.id, later(2)).await.unwrap());
    assert_eq!(store.admin_token(&[7; 32]).await.unwrap().revoked_at, Some(later(1)));
}

/// The event of that number, a second after the one before.
pub(crate) fn audit_record(number: u32) -> AuditRecord {
    AuditRecord {
        id: ids::sortable(later(number.into())),
        environment_id: Some(Uuid::from_u128(number.into())),
        at: later(number.into()),
        action: "user.session.created".to_owned(),
        refused: Some("jwt_expired".to_owned()),
        actor: "user".to_owned(),
        user_id: Some(Uuid::from_u128(7)),
        session_id: None,
        issuer: Some("https://issuer.example".to_owned()),
        kid: Some("k".to_owned()),
        request_id: Some("r".to_owned()),
        ip: Some("2001:db8::1".parse().unwrap()),
        user_agent: None,
        detail: Some("words".to_owned()),
    }
}

/// A store that notes what it does as `action`.
fn noting(store: &TestStore, environment: &Environment, action: &str) -> TestStore {
    let event = crate::audit::event(NOW, action, "tests");
    store.audited(AuditRecord { environment_id: Some(environment.id), ..event })
}

/// What was noted, by name, with the user, the session, the key and the detail; the first comes first.
type Noted = (String, Option<Uuid>, Option<Uuid>, Option<String>, Option<String>);

/// All of it, in no order: what is of one moment has none.
async fn noted(store: &TestStore) -> Vec<Noted> {
    let query = AuditQuery { environment_id: None, before: None, limit: 99 };
    let all = store.audit(&query).await.unwrap().into_iter();
    let mut all: Vec<_> =
        all.map(|row| (row.action, row.user_id, row.session_id, row.kid, row.detail)).collect();
    all.sort();
    all
}

fn note(action: &str, user: Option<Uuid>, session: Option<Uuid>) -> Noted {
    (action.to_owned(), user, session, None, None)
}

pub(crate) async fn a_change_and_its_row_of_the_audit_log_are_one(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let id = environment.id;
    let noting = |action| noting(&store, &environment, action);
    let first = noting("a").sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    let user = first.user_id;
    let taken = SignIn { session_id: first.id, ..sign_in(&environment, "v") };
    conflict(noting("not").sign_in(&taken).await, Conflicting::Other);
    let one_use = Some(OneUse { name: "once".to_owned(), expires_at: later(9) });
    let once = SignIn { one_use, tell: true, ..sign_in(&environment, "u") };
    let second = noting("b").sign_in(&once).await.unwrap().session;
    conflict(noting("not").sign_in(&once).await, Conflicting::Used);
    not_found(
        noting("not")
            .sign_in(&SignIn { environment_id: Uuid::from_u128(9), ..sign_in(&environment, "v") })
            .await,
    );

    let moved = refresh(&first, later(1));
    assert!(matches!(noting("not").refresh(&moved).await.unwrap(), Refreshed::Live(_)));
    let late = Refresh { late: true, ..refresh(&second, later(1)) };
    assert!(matches!(noting("k").refresh(&late).await.unwrap(), Refreshed::Live(_)));
    let late = refresh(&first, later(1_000));
    assert!(matches!(noting("c").refresh(&late).await.unwrap(), Refreshed::Reused(_)));
    assert!(noting("d").revoke_session(id, second.id, later(2), "r").await.unwrap());
    assert!(!noting("not").revoke_session(id, second.id, later(2), "r").await.unwrap());
    for _ in 0..2 {
        store.sign_in(&sign_in(&environment, "u")).await.unwrap();
    }
    assert_eq!(noting("e").revoke_sessions(id, Some(user), later(3), "r").await.unwrap(), 2);
    assert_eq!(noting("f").revoke_sessions(id, None, later(3), "r").await.unwrap(), 0);

    let named = |name: &str| UserChange { username: Some(Some(name.to_owned())), ..UserChange::default() };
    noting("g").update_user(id, user, &named("ann"), later(4)).await.unwrap();
    not_found(noting("not").update_user(id, Uuid::from_u128(9), &named("bob"), later(4)).await);
    let made = noting("h").put_users(id, &[new_user("w", named("bob"))], false).await.unwrap();
    let refused = noting("not").put_users(id, &[new_user("x", named("ann"))], false).await;
    conflict(refused, Conflicting::Username);
    assert!(noting("i").use_nonce(id, "n", later(9)).await.unwrap());
    assert!(!noting("not").use_nonce(id, "n", later(9)).await.unwrap());
    assert!(noting("j").delete_user(id, user, None, later(5)).await.unwrap());
    assert!(!noting("not").delete_user(id, user, None, later(5)).await.unwrap());

    let (user, sessions) = (Some(user), |count: &str| Some(format!("{count} sessions")));
    let (first, second) = (Some(first.id), Some(second.id));
    let expected = [
        note("a", user, first),
        note("b", user, second),
        note("d", None, second),
        ("e".to_owned(), None, None, None, sessions("2")),
        ("f".to_owned(), None, None, None, sessions("0")),
        note("g", user, None),
        note("h", Some(made[0].id), None),
        note("i", None, None),
        note("j", user, None),
        ("k".to_owned(), user, second, None, Some("after-expiry".to_owned())),
        ("user.session.revoked".to_owned(), user, first, None, Some("refresh-reuse".to_owned())),
    ];
    assert_eq!(noted(&store).await, expected);
}

pub(crate) async fn a_change_of_an_environment_and_its_row_are_one(store: TestStore) {
    let environment = environment(1);
    let noting = |action| noting(&store, &environment, action);
    noting("a").create_environment(&environment, &key(&environment, "first")).await.unwrap();
    let again = noting("not").create_environment(&environment, &key(&environment, "first")).await;
    conflict(again, Conflicting::Environment);
    noting("b").update_environment(&environment, Some(&key(&environment, "second"))).await.unwrap();
    conflict(noting("not").update_environment(&environment, None).await, Conflicting::Revision);
    noting("c").forget_signing_key(environment.id, "first", later(1)).await.unwrap();
    not_found(noting("not").forget_signing_key(environment.id, "first", later(1)).await);
    let token = AdminToken {
        id: Uuid::from_u128(3),
        name: "n".to_owned(),
        hash: vec![1],
        scope: "admin".to_owned(),
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
    };
    noting("d").create_admin_token(&token).await.unwrap();
    assert!(noting("not").create_admin_token(&token).await.is_err());
    assert!(noting("e").revoke_admin_token(token.id, later(1)).await.unwrap());
    assert!(!noting("not").revoke_admin_token(token.id, later(1)).await.unwrap());
    let kid = |action: &str, kid: &str| (action.to_owned(), None, None, Some(kid.to_owned()), None);
    let expected = [
        note("a", None, None),
        kid("b", "second"),
        kid("c", "first"),
        note("d", None, None),
        note("e", None, None),
    ];
    assert_eq!(noted(&store).await, expected);
}

pub(crate) async fn a_change_of_a_webhook_and_its_row_are_one(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let id = environment.id;
    let noting = |action| noting(&store, &environment, action);
    let hook = webhook(&environment, &EVENTS);
    noting("a").create_webhook(&hook).await.unwrap();
    noting("b").update_webhook(id, hook.id, &WebhookChange::default(), later(1)).await.unwrap();
    assert!(noting("c").ping_webhook(id, hook.id, later(1)).await.unwrap());
    let query = MessageQuery { state: None, offset: 0, limit: 1 };
    let message = store.webhook_messages(id, hook.id, &query).await.unwrap().items[0].id;
    assert!(noting("d").redeliver_message(id, hook.id, message, later(2)).await.unwrap());
    let unknown = Uuid::from_u128(99);
    assert!(!noting("not").redeliver_message(id, hook.id, unknown, later(2)).await.unwrap());
    assert!(!noting("not").ping_webhook(id, unknown, later(1)).await.unwrap());
    not_found(noting("not").update_webhook(id, unknown, &WebhookChange::default(), later(1)).await);
    assert!(!noting("not").delete_webhook(id, unknown, later(3)).await.unwrap());
    assert!(noting("e").delete_webhook(id, hook.id, later(3)).await.unwrap());
    assert_eq!(noted(&store).await, ["a", "b", "c", "d", "e"].map(|action| note(action, None, None)));
}

pub(crate) async fn the_audit_log_is_read_back_from_the_latest(store: TestStore) {
    let events: Vec<_> = (1..=5).map(audit_record).collect();
    store.append_audit(&[]).await.unwrap();
    store.append_audit(&events[..2]).await.unwrap();
    store.append_audit(&events[2..]).await.unwrap();
    let query = |environment_id, before, limit| AuditQuery { environment_id, before, limit };
    let latest = store.audit(&query(None, None, 2)).await.unwrap();
    assert_eq!(latest, [events[4].clone(), events[3].clone()]);
    let next = store.audit(&query(None, Some(events[3].id), 9)).await.unwrap();
    assert_eq!(next, [events[2].clone(), events[1].clone(), events[0].clone()]);
    let one = store.audit(&query(events[1].environment_id, None, 9)).await.unwrap();
    assert_eq!(one, [events[1].clone()]);
    let whole = store.append_audit(&[audit_record(6), events[0].clone()]).await;
    conflict(whole, Conflicting::Other);
    assert_eq!(store.audit(&query(None, None, 9)).await.unwrap().len(), 5, "nothing was done in part");
}

pub(crate) async fn the_audit_log_forgets_by_age(store: TestStore) {
    store.append_audit(&(1..=5).map(audit_record).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(store.sweep_audit(later(4)).await.unwrap(), 3);
    let query = AuditQuery { environment_id: None, before: None, limit: 9 };
    let left: Vec<_> = store.audit(&query).await.unwrap().into_iter().map(|event| event.at).collect();
    assert_eq!(left, [later(5), later(4)]);
}

pub(crate) async fn sweeping_forgets_what_ended(store: TestStore) {
    let environment = with_environment(&store, 1).await;
    let session = store.sign_in(&sign_in(&environment, "u")).await.unwrap().session;
    store.use_nonce(environment.id, "n", later(10)).await.unwrap();
    assert_eq!(store.sweep(later(9)).await.unwrap(), 0);
    assert!(!store.use_nonce(environment.id, "n", later(10)).await.unwrap());
    assert_eq!(store.sweep(later(10)).await.unwrap(), 1);
    assert_eq!(store.sweep(later(86_400)).await.unwrap(), 1);
    not_found(store.session(environment.id, session.id).await);
    store.user(environment.id, session.user_id).await.unwrap();
}
