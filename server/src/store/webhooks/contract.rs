//! What every store must do about webhooks. Each implementation runs all of it through
//! [`webhook_contract_tests`].

use std::{sync::Arc, time::Duration};

use byoa_protocol::webhook::{
    EVENTS, PING, SESSION_CREATED, SESSION_REVOKED, USER_CREATED, USER_DELETED, USER_UPDATED,
};
use uuid::Uuid;

use super::{
    Claim, Delivery, Finish, MAX_WEBHOOKS, MessageQuery, MessageState, Trimmed, Webhook, WebhookChange,
    WebhookMessage,
};
use crate::{
    clock::UnixMillis,
    ids,
    secret::Secret,
    store::{
        Conflicting, Environment, Refreshed, SignIn, Store, StoreError, UserChange,
        contract::{NOW, environment, key, new_user, refresh, sign_in},
    },
};

/// Runs the contract over stores that `$open` makes: a future of a guard and an `Arc<dyn Store>` that is
/// empty.
macro_rules! webhook_contract_tests {
    ($open:path: $($name:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (_guard, store) = $open().await;
                $crate::store::webhooks::contract::$name(store).await;
            }
        )+
    };
    ($open:path) => {
        $crate::store::webhooks::contract::webhook_contract_tests!($open:
            a_webhook_comes_back_as_it_was_written_and_changes_field_by_field,
            an_environment_has_ten_webhooks_at_most,
            an_environment_says_whether_a_webhook_is_enabled,
            a_sign_in_is_told_with_its_user_or_not_at_all,
            changes_of_users_are_told_to_those_who_chose_them,
            what_is_refused_is_not_told,
            ends_of_sessions_are_told_once_each_and_alike,
            a_removed_user_leaves_only_what_waits,
            a_message_is_claimed_by_one_until_its_lease_is_over,
            messages_claimed_at_once_are_claimed_once,
            messages_that_are_given_back_are_anybodys_and_were_not_tried,
            what_became_of_a_try_is_kept,
            a_message_is_delivered_again_on_demand,
            a_webhook_to_which_nothing_gets_through_is_disabled,
            messages_are_kept_for_a_while,
            the_oldest_go_where_too_many_wait,
        );
    };
}
pub(crate) use webhook_contract_tests;

type TestStore = Arc<dyn Store>;

fn later(seconds: u64) -> UnixMillis {
    NOW.plus(Duration::from_secs(seconds))
}

pub(crate) fn webhook(environment: &Environment, events: &[&str]) -> Webhook {
    Webhook {
        id: ids::sortable(NOW),
        environment_id: environment.id,
        url: "https://app.example/hooks".to_owned(),
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        secret: Secret::new(b"hush".to_vec()),
        enabled: true,
        enabled_at: NOW,
        disabled_reason: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// An environment with one webhook that chose these events, and whose ping is gone.
async fn listening(store: &TestStore, id: u128, events: &[&str]) -> (Environment, Webhook) {
    let environment = environment(id);
    store.create_environment(&environment, &key(&environment, "first")).await.unwrap();
    let webhook = webhook(&environment, events);
    store.create_webhook(&webhook).await.unwrap();
    for delivery in claim(store, webhook.id, NOW, 9).await {
        assert_eq!(delivery.message.event, PING);
        finish(store, &delivery, MessageState::Delivered, NOW).await;
    }
    (environment, webhook)
}

fn told(environment: &Environment, subject: &str) -> SignIn {
    SignIn { tell: true, ..sign_in(environment, subject) }
}

async fn claim(store: &TestStore, webhook_id: Uuid, now: UnixMillis, limit: u32) -> Vec<Delivery> {
    let until = now.plus(Duration::from_mins(1));
    let id = Uuid::from_u128(u128::from(now.0.unsigned_abs()));
    store.claim_messages(&Claim { webhook_id, id, now, until, limit }).await.unwrap()
}

/// As the one who claimed it at `claimed`.
async fn finish_at(
    store: &TestStore,
    delivery: &Delivery,
    state: MessageState,
    claimed: UnixMillis,
    now: UnixMillis,
) -> bool {
    let finish = Finish {
        message_id: delivery.message.id,
        claim_id: Uuid::from_u128(u128::from(claimed.0.unsigned_abs())),
        state,
        due_at: now.plus(Duration::from_secs(15)),
        status: (state != MessageState::Failed).then_some(503),
        error: Some("status".to_owned()),
        now,
    };
    store.finish_message(&finish).await.unwrap()
}

async fn finish(store: &TestStore, delivery: &Delivery, state: MessageState, now: UnixMillis) -> bool {
    finish_at(store, delivery, state, now, now).await
}

/// What waits for a webhook, in the order of the events' names.
async fn waiting(store: &TestStore, webhook: &Webhook) -> Vec<WebhookMessage> {
    let query = MessageQuery { state: Some(MessageState::Pending), offset: 0, limit: 99 };
    let page = store.webhook_messages(webhook.environment_id, webhook.id, &query).await.unwrap();
    assert_eq!(usize::try_from(page.count).unwrap(), page.items.len());
    let mut items = page.items;
    items.sort_by(|one, other| one.event.cmp(&other.event));
    items
}

async fn names(store: &TestStore, webhook: &Webhook) -> Vec<String> {
    waiting(store, webhook).await.into_iter().map(|message| message.event).collect()
}

pub(crate) async fn a_webhook_comes_back_as_it_was_written_and_changes_field_by_field(store: TestStore) {
    let (environment, made) = listening(&store, 1, &EVENTS).await;
    let id = environment.id;
    assert_eq!(store.webhook(id, made.id).await.unwrap(), made);
    assert_eq!(store.webhooks(id).await.unwrap(), vec![made.clone()]);
    let change = WebhookChange { url: Some("https://b.example/".to_owned()), ..WebhookChange::default() };
    let moved = store.update_webhook(id, made.id, &change, later(1)).await.unwrap();
    assert_eq!(moved, Webhook { url: "https://b.example/".to_owned(), updated_at: later(1), ..made });
    let change = WebhookChange {
        events: Some(vec![USER_DELETED.to_owned()]),
        secret: Some(Secret::new(b"new".to_vec())),
        enabled: Some(false),
        url: None,
    };
    let changed = store.update_webhook(id, made.id, &change, later(2)).await.unwrap();
    let expected = Webhook {
        events: vec![USER_DELETED.to_owned()],
        secret: Secret::new(b"new".to_vec()),
        enabled: false,
        updated_at: later(2),
        ..moved
    };
    assert_eq!(changed, expected);
    let enable = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    let enabled = store.update_webhook(id, made.id, &enable, later(3)).await.unwrap();
    assert_eq!((enabled.enabled, enabled.enabled_at), (true, later(3)));
    let again = store.update_webhook(id, made.id, &enable, later(4)).await.unwrap();
    assert_eq!(again.enabled_at, later(3), "it was enabled already");

    let elsewhere = Uuid::from_u128(2);
    assert!(matches!(store.webhook(elsewhere, made.id).await, Err(StoreError::NotFound)));
    assert!(store.update_webhook(elsewhere, made.id, &enable, NOW).await.is_err());
    assert!(!store.delete_webhook(elsewhere, made.id, NOW).await.unwrap());
    assert!(!store.ping_webhook(elsewhere, made.id, NOW).await.unwrap());
    assert!(store.ping_webhook(id, made.id, NOW).await.unwrap());
    assert!(store.delete_webhook(id, made.id, NOW).await.unwrap());
    assert!(!store.delete_webhook(id, made.id, NOW).await.unwrap());
    assert_eq!(store.queued_messages().await.unwrap(), 0, "its messages went with it");
}

pub(crate) async fn an_environment_has_ten_webhooks_at_most(store: TestStore) {
    let here = environment(1);
    assert!(matches!(store.create_webhook(&webhook(&here, &EVENTS)).await, Err(StoreError::NotFound)));
    store.create_environment(&here, &key(&here, "first")).await.unwrap();
    let making: Vec<_> = (0..MAX_WEBHOOKS + 4)
        .map(|_| {
            let (store, made) = (Arc::clone(&store), webhook(&here, &EVENTS));
            tokio::spawn(async move { store.create_webhook(&made).await })
        })
        .collect();
    let mut refused = 0;
    for made in making {
        match made.await.unwrap() {
            Ok(()) => {}
            Err(StoreError::Conflict(Conflicting::Webhooks)) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((refused, store.webhooks(here.id).await.unwrap().len()), (4, MAX_WEBHOOKS));
    assert_eq!(store.queued_messages().await.unwrap(), 10, "a ping for each");
}

pub(crate) async fn an_environment_says_whether_a_webhook_is_enabled(store: TestStore) {
    let here = environment(1);
    store.create_environment(&here, &key(&here, "first")).await.unwrap();
    let has = async || store.environment(here.id).await.unwrap().has_webhooks;
    assert!(!has().await);
    let made = webhook(&here, &EVENTS);
    store.create_webhook(&made).await.unwrap();
    assert!(has().await);
    let change = WebhookChange { enabled: Some(false), ..WebhookChange::default() };
    store.update_webhook(here.id, made.id, &change, NOW).await.unwrap();
    assert!(!has().await);
    let change = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    store.update_webhook(here.id, made.id, &change, NOW).await.unwrap();
    assert!(has().await && store.environments().await.unwrap().iter().all(|one| one.has_webhooks));
    store.delete_webhook(here.id, made.id, NOW).await.unwrap();
    assert!(!has().await);
}

pub(crate) async fn a_sign_in_is_told_with_its_user_or_not_at_all(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &EVENTS).await;
    let (elsewhere, other) = listening(&store, 2, &EVENTS).await;
    let first = store.sign_in(&told(&environment, "u")).await.unwrap();
    let messages = waiting(&store, &hook).await;
    let names: Vec<_> = messages.iter().map(|message| message.event.as_str()).collect();
    assert_eq!(names, [USER_CREATED, SESSION_CREATED]);
    for message in &messages {
        assert_eq!((message.user_id, message.external_user_id.as_deref()), (Some(first.user.id), Some("u")));
        assert_eq!((message.created_at, message.tries, message.due_at), (NOW, 0, NOW));
        assert_eq!(message.data.as_ref().unwrap().user.as_ref(), Some(&first.user));
        assert_eq!(message.id.get_version_num(), 4);
    }
    assert_eq!(messages[1].data.as_ref().unwrap().session, Some((&first.session).into()));
    assert_ne!(messages[0].event_id, messages[1].event_id);

    store.sign_in(&told(&environment, "u")).await.unwrap();
    assert_eq!(waiting(&store, &hook).await.len(), 3, "known now: only the session is new");
    // What is refused leaves nothing, be it refused halfway.
    let taken = SignIn { session_id: first.session.id, ..told(&environment, "new") };
    store.sign_in(&taken).await.unwrap_err();
    assert_eq!(waiting(&store, &hook).await.len(), 3);
    // Where nobody says that somebody listens, nobody is told.
    store.sign_in(&sign_in(&environment, "quiet")).await.unwrap();
    assert_eq!(waiting(&store, &hook).await.len(), 3);
    assert_eq!(waiting(&store, &other).await.len(), 0);
    store.sign_in(&told(&elsewhere, "u")).await.unwrap();
    assert_eq!(waiting(&store, &other).await.len(), 2);
}

pub(crate) async fn changes_of_users_are_told_to_those_who_chose_them(store: TestStore) {
    let (environment, all) = listening(&store, 1, &EVENTS).await;
    let some = webhook(&environment, &[USER_UPDATED]);
    let off = Webhook { enabled: false, ..webhook(&environment, &EVENTS) };
    store.create_webhook(&some).await.unwrap();
    store.create_webhook(&off).await.unwrap();
    let named = |name: &str| UserChange { alias: Some(Some(name.to_owned())), ..UserChange::default() };
    let made = store.put_users(environment.id, &[new_user("a", named("A"))], false).await.unwrap();
    store.put_users(environment.id, &[new_user("a", named("B"))], true).await.unwrap();
    store.update_user(environment.id, made[0].id, &named("C"), later(1)).await.unwrap();
    let messages = waiting(&store, &all).await;
    let mut alias: Vec<_> =
        messages.iter().map(|message| message.data.clone().unwrap().user.unwrap().alias.unwrap()).collect();
    alias.sort();
    assert_eq!(alias, ["A", "B", "C"], "as it was then");
    assert_eq!(names(&store, &all).await, [USER_CREATED, USER_UPDATED, USER_UPDATED]);
    assert_eq!(names(&store, &some).await, [PING, USER_UPDATED, USER_UPDATED]);
    assert!(names(&store, &off).await.is_empty());
    let events = |list: Vec<WebhookMessage>| {
        let mut ids: Vec<_> = list
            .into_iter()
            .filter(|message| message.event == USER_UPDATED)
            .map(|message| message.event_id)
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(events(messages), events(waiting(&store, &some).await), "one event, several messages");
}

pub(crate) async fn what_is_refused_is_not_told(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &EVENTS).await;
    let named = |name: &str| UserChange { username: Some(Some(name.to_owned())), ..UserChange::default() };
    let made = [new_user("a", named("ann")), new_user("b", UserChange::default())];
    let made = store.put_users(environment.id, &made, false).await.unwrap();
    let before = waiting(&store, &hook).await.len();
    store.update_user(environment.id, made[1].id, &named("ANN"), NOW).await.unwrap_err();
    store
        .put_users(environment.id, &[new_user("c", named("c")), new_user("d", named("ann"))], true)
        .await
        .unwrap_err();
    assert!(!store.delete_user(environment.id, Uuid::from_u128(9), None, NOW).await.unwrap());
    assert!(!store.revoke_session(environment.id, Uuid::from_u128(9), NOW, "x").await.unwrap());
    assert_eq!(waiting(&store, &hook).await.len(), before);
}

pub(crate) async fn ends_of_sessions_are_told_once_each_and_alike(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &[SESSION_REVOKED]).await;
    let (quiet, _) = listening(&store, 2, &[USER_CREATED]).await;
    let mut sessions = Vec::new();
    for number in 0..5_u64 {
        let at = UnixMillis(NOW.0 + 123);
        let subject = format!("u-{}", number % 2);
        let input = SignIn { now: at, ..sign_in(&environment, &subject) };
        sessions.push(store.sign_in(&input).await.unwrap().session);
        store.sign_in(&SignIn { now: at, ..sign_in(&quiet, &subject) }).await.unwrap();
    }
    let id = environment.id;
    let end = UnixMillis(later(5).0 + 7);
    // One by one, by a token that came back, by user, and all that are left.
    assert!(store.revoke_session(id, sessions[0].id, end, "one").await.unwrap());
    assert!(!store.revoke_session(id, sessions[0].id, end, "one").await.unwrap());
    let stale = Uuid::from_u128(1);
    let reuse = super::super::Refresh { presented_token_id: stale, ..refresh(&sessions[1], end) };
    assert!(matches!(store.refresh(&reuse).await.unwrap(), Refreshed::Reused(_)));
    assert_eq!(store.revoke_sessions(id, Some(sessions[2].user_id), end, "user").await.unwrap(), 2);
    assert_eq!(store.revoke_sessions(id, None, end, "all").await.unwrap(), 1);
    assert_eq!(store.revoke_sessions(id, None, end, "all").await.unwrap(), 0);
    assert_eq!(store.revoke_sessions(quiet.id, None, end, "all").await.unwrap(), 5);

    let mut messages = waiting(&store, &hook).await;
    assert_eq!(messages.len(), 5);
    assert_eq!(store.queued_messages().await.unwrap(), 5, "nobody else");
    for session in &sessions {
        let ended = store.session(id, session.id).await.unwrap();
        let found = messages.iter().position(|message| message.event_id == session.id).unwrap();
        let message = messages.swap_remove(found);
        assert_eq!(message.event, SESSION_REVOKED);
        let data = message.data.unwrap();
        assert_eq!(data.session, Some((&ended).into()));
        assert_eq!((data.user, message.user_id), (None, Some(session.user_id)));
        assert!(message.external_user_id.unwrap().starts_with("u-"));
        assert_eq!((message.created_at, message.due_at), (end, end));
    }
}

pub(crate) async fn a_removed_user_leaves_only_what_waits(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &EVENTS).await;
    let change = UserChange { alias: Some(Some("Ada".to_owned())), ..UserChange::default() };
    let gone = store.put_users(environment.id, &[new_user("gone", change)], false).await.unwrap();
    store.put_users(environment.id, &[new_user("stays", UserChange::default())], false).await.unwrap();
    for delivery in claim(&store, hook.id, later(1), 9).await {
        finish(&store, &delivery, MessageState::Delivered, later(1)).await;
    }
    let change = UserChange { alias: Some(Some("Bea".to_owned())), ..UserChange::default() };
    store.update_user(environment.id, gone[0].id, &change, later(2)).await.unwrap();
    store.update_user(environment.id, gone[0].id, &UserChange::default(), later(2)).await.unwrap();
    assert!(store.delete_user(environment.id, gone[0].id, None, later(3)).await.unwrap());
    assert_eq!(names(&store, &hook).await, [USER_DELETED, USER_UPDATED]);
    let deleted = waiting(&store, &hook).await.swap_remove(0);
    assert_eq!((deleted.created_at, deleted.external_user_id.as_deref()), (later(3), Some("gone")));
    let user = deleted.data.unwrap().user.unwrap();
    assert_eq!((user.id, user.alias, user.credentials.len()), (gone[0].id, None, 1));
    let query = MessageQuery { state: Some(MessageState::Delivered), offset: 0, limit: 9 };
    let page = store.webhook_messages(environment.id, hook.id, &query).await.unwrap();
    let mut kept: Vec<_> = page.items.into_iter().map(|message| message.external_user_id).collect();
    kept.sort();
    assert_eq!(kept, [None, Some("stays".to_owned())], "the ping is about nobody");
}

pub(crate) async fn a_message_is_claimed_by_one_until_its_lease_is_over(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &EVENTS).await;
    assert!(store.due_webhooks(later(9)).await.unwrap().is_empty());
    store.sign_in(&told(&environment, "u")).await.unwrap();
    assert!(store.due_webhooks(UnixMillis(NOW.0 - 1)).await.unwrap().is_empty(), "not before its time");
    assert_eq!(store.due_webhooks(NOW).await.unwrap(), [hook.id]);
    let one = claim(&store, hook.id, later(1), 1).await;
    let rest = claim(&store, hook.id, later(2), 9).await;
    assert_eq!((one.len(), rest.len()), (1, 1));
    assert_eq!((one[0].message.tries, one[0].environment_name.as_str()), (1, "sandbox"));
    assert_eq!(
        (one[0].url.as_str(), one[0].secret.expose().as_slice()),
        ("https://app.example/hooks", &b"hush"[..])
    );
    assert!(store.due_webhooks(later(3)).await.unwrap().is_empty(), "both are in hand");
    assert!(claim(&store, hook.id, later(3), 9).await.is_empty());
    // Whoever had it is gone: a minute later somebody else has it, and the first has no say any more.
    let again = claim(&store, hook.id, later(61), 9).await;
    assert_eq!((again.len(), again[0].message.id, again[0].message.tries), (1, one[0].message.id, 2));
    assert!(!finish_at(&store, &one[0], MessageState::Delivered, later(1), later(62)).await);
    assert!(finish_at(&store, &again[0], MessageState::Delivered, later(61), later(62)).await);
    assert!(!finish_at(&store, &again[0], MessageState::Failed, later(61), later(62)).await, "once");
    // Nothing goes to one that is disabled.
    let change = WebhookChange { enabled: Some(false), ..WebhookChange::default() };
    store.update_webhook(environment.id, hook.id, &change, later(63)).await.unwrap();
    assert!(store.due_webhooks(later(999)).await.unwrap().is_empty());
    assert!(claim(&store, hook.id, later(999), 9).await.is_empty());
}

pub(crate) async fn messages_claimed_at_once_are_claimed_once(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &EVENTS).await;
    for number in 0..20 {
        store.sign_in(&told(&environment, &number.to_string())).await.unwrap();
    }
    let claiming: Vec<_> = (0..8)
        .map(|_| {
            let (store, webhook) = (Arc::clone(&store), hook.id);
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let claimed = claim(&store, webhook, NOW, 3).await;
                    if claimed.is_empty() {
                        return mine;
                    }
                    mine.extend(claimed.into_iter().map(|delivery| delivery.message.id));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for mine in claiming {
        all.extend(mine.await.unwrap());
    }
    all.sort();
    all.dedup();
    let rest = claim(&store, hook.id, NOW, 99).await.len();
    assert_eq!(all.len() + rest, 40, "two for each sign-in, none twice");
}

pub(crate) async fn messages_that_are_given_back_are_anybodys_and_were_not_tried(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &EVENTS).await;
    let (_, other) = listening(&store, 2, &EVENTS).await;
    store.ping_webhook(other.environment_id, other.id, NOW).await.unwrap();
    store.sign_in(&told(&environment, "u")).await.unwrap();
    let tried = claim(&store, hook.id, later(1), 1).await;
    finish(&store, &tried[0], MessageState::Pending, later(1)).await;
    let (again, fresh) =
        (claim(&store, hook.id, later(16), 1).await, claim(&store, hook.id, later(17), 9).await);
    assert_eq!((again.len(), again[0].message.tries), (1, 1), "the longest due first");
    assert_eq!((fresh.len(), fresh[0].message.tries), (1, 2));
    assert_eq!(claim(&store, other.id, later(17), 9).await.len(), 1);
    let released = |webhook_id, at: u64| {
        let id = Uuid::from_u128(u128::from(later(at).0.unsigned_abs()));
        Claim { webhook_id, id, now: later(at), until: later(at + 60), limit: 9 }
    };
    store.release_messages(&released(hook.id, 17)).await.unwrap();
    assert_eq!(store.due_webhooks(later(17)).await.unwrap(), [hook.id], "what another claim has stays its");
    assert!(!finish_at(&store, &fresh[0], MessageState::Delivered, later(17), later(18)).await);
    let mine = claim(&store, hook.id, later(18), 9).await;
    assert_eq!((mine.len(), mine[0].message.id, mine[0].message.tries), (1, fresh[0].message.id, 2));
    assert_eq!(mine[0].message.last_status, Some(503), "what became of the try before stays");
    assert!(finish_at(&store, &again[0], MessageState::Delivered, later(16), later(18)).await);
    // What is finished is not given back.
    assert!(finish_at(&store, &mine[0], MessageState::Delivered, later(18), later(18)).await);
    store.release_messages(&released(hook.id, 18)).await.unwrap();
    assert!(claim(&store, hook.id, later(999), 9).await.is_empty());
}

pub(crate) async fn what_became_of_a_try_is_kept(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &[SESSION_CREATED]).await;
    store.sign_in(&told(&environment, "u")).await.unwrap();
    let tried = claim(&store, hook.id, later(1), 9).await;
    assert!(finish(&store, &tried[0], MessageState::Pending, later(1)).await);
    let waiting = waiting(&store, &hook).await.swap_remove(0);
    assert_eq!((waiting.tries, waiting.due_at, waiting.last_status), (1, later(16), Some(503)));
    assert_eq!((waiting.finished_at, waiting.last_error.as_deref()), (None, Some("status")));
    assert!(claim(&store, hook.id, later(15), 9).await.is_empty());
    let tried = claim(&store, hook.id, later(16), 9).await;
    finish(&store, &tried[0], MessageState::Failed, later(16)).await;
    let query = MessageQuery { state: Some(MessageState::Failed), offset: 0, limit: 9 };
    let page = store.webhook_messages(environment.id, hook.id, &query).await.unwrap();
    let failed = &page.items[0];
    assert_eq!((failed.tries, failed.finished_at, failed.last_status), (2, Some(later(16)), None));
    let past = MessageQuery { state: None, offset: 1, limit: 1 };
    let page = store.webhook_messages(environment.id, hook.id, &past).await.unwrap();
    assert_eq!((page.count, page.items.len()), (2, 1), "with the ping");
}

pub(crate) async fn a_message_is_delivered_again_on_demand(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &[SESSION_CREATED]).await;
    store.sign_in(&told(&environment, "u")).await.unwrap();
    let first = claim(&store, hook.id, later(1), 9).await.swap_remove(0);
    finish(&store, &first, MessageState::Failed, later(1)).await;
    let again = |webhook, message| store.redeliver_message(environment.id, webhook, message, later(5));
    assert!(!again(Uuid::from_u128(9), first.message.id).await.unwrap());
    assert!(!again(hook.id, Uuid::from_u128(9)).await.unwrap());
    assert!(again(hook.id, first.message.id).await.unwrap());
    let second = claim(&store, hook.id, later(5), 9).await.swap_remove(0);
    assert_eq!((second.message.id, second.message.tries), (first.message.id, 1), "all tries anew");
    assert_eq!((second.message.data, second.message.created_at), (first.message.data, NOW));
}

pub(crate) async fn a_webhook_to_which_nothing_gets_through_is_disabled(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &[SESSION_CREATED]).await;
    let fail = async |at: UnixMillis, times: usize| {
        for _ in 0..times {
            store.sign_in(&told(&environment, "u")).await.unwrap();
            let tried = claim(&store, hook.id, at, 1).await;
            finish(&store, &tried[0], MessageState::Failed, at).await;
        }
    };
    let disable = |since, now| store.disable_failing_webhook(hook.id, 3, since, now);
    fail(later(10), 2).await;
    assert!(!disable(later(5), later(10)).await.unwrap(), "two are not three");
    fail(later(11), 1).await;
    assert!(!disable(later(10), later(12)).await.unwrap(), "some were before");
    let before = store.environment(environment.id).await.unwrap();
    assert!(before.has_webhooks);
    assert!(disable(later(5), later(12)).await.unwrap());
    assert!(!disable(later(5), later(12)).await.unwrap(), "once");
    let disabled = store.webhook(environment.id, hook.id).await.unwrap();
    assert_eq!((disabled.enabled, disabled.disabled_reason.as_deref()), (false, Some("failing")));
    assert!(!store.environment(environment.id).await.unwrap().has_webhooks);

    let enable = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    let enabled = store.update_webhook(environment.id, hook.id, &enable, later(13)).await.unwrap();
    assert_eq!((enabled.enabled, enabled.disabled_reason), (true, None));
    assert!(!disable(later(5), later(14)).await.unwrap(), "what was before it was enabled does not count");
    fail(later(20), 3).await;
    store.sign_in(&told(&environment, "u")).await.unwrap();
    let tried = claim(&store, hook.id, later(21), 1).await;
    finish(&store, &tried[0], MessageState::Delivered, later(21)).await;
    assert!(!disable(later(13), later(22)).await.unwrap(), "something got through");
    assert!(!disable(later(21), later(22)).await.unwrap());
}

pub(crate) async fn messages_are_kept_for_a_while(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &[SESSION_CREATED]).await;
    let (_, off) = listening(&store, 2, &[SESSION_CREATED]).await;
    store.ping_webhook(off.environment_id, off.id, later(1)).await.unwrap();
    let change = WebhookChange { enabled: Some(false), ..WebhookChange::default() };
    store.update_webhook(off.environment_id, off.id, &change, later(1)).await.unwrap();
    store.sign_in(&told(&environment, "u")).await.unwrap();
    let tried = claim(&store, hook.id, later(5), 1).await;
    finish(&store, &tried[0], MessageState::Delivered, later(5)).await;
    store.sign_in(&told(&environment, "u")).await.unwrap();
    assert_eq!(store.sweep_messages(UnixMillis(NOW.0 - 1)).await.unwrap(), 0);
    assert_eq!(store.sweep_messages(NOW).await.unwrap(), 2, "the two pings of the beginning");
    assert_eq!(store.sweep_messages(later(4)).await.unwrap(), 1, "what waits for one that is disabled");
    assert_eq!(store.sweep_messages(later(5)).await.unwrap(), 1);
    assert_eq!(waiting(&store, &hook).await.len(), 1, "what waits stays");
}

pub(crate) async fn the_oldest_go_where_too_many_wait(store: TestStore) {
    let (environment, hook) = listening(&store, 1, &[SESSION_CREATED]).await;
    let (elsewhere, other) = listening(&store, 2, &[SESSION_CREATED]).await;
    store.sign_in(&told(&elsewhere, "u")).await.unwrap();
    for second in 1..=5 {
        store.sign_in(&SignIn { now: later(second), ..told(&environment, "u") }).await.unwrap();
    }
    assert_eq!(store.trim_messages(5).await.unwrap(), [], "five may wait");
    let trimmed = store.trim_messages(3).await.unwrap();
    let expected = Trimmed { environment_id: environment.id, webhook_id: hook.id, messages: 2 };
    assert_eq!(trimmed, [expected]);
    let mut left: Vec<_> = waiting(&store, &hook).await.iter().map(|message| message.created_at).collect();
    left.sort();
    assert_eq!(left, [3, 4, 5].map(later));
    assert_eq!(waiting(&store, &other).await.len(), 1, "another endpoint's stay");
    let query = MessageQuery { state: Some(MessageState::Delivered), offset: 0, limit: 9 };
    assert_eq!(
        store.webhook_messages(environment.id, hook.id, &query).await.unwrap().count,
        1,
        "so does what is done"
    );
}
