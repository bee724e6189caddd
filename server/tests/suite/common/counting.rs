//! A store that remembers what it was asked, and lets others go first.

use async_trait::async_trait;
use byoa_server::clock::UnixMillis;
use byoa_server::store::{
    AdminToken, AuditQuery, AuditRecord, Changes, DumpLine, Environment, KeptSecrets, NewUser, OneUse, Page,
    Refresh, Refreshed, SessionQuery, SessionRecord, SignIn, SignedIn, SigningKeyRecord, Store, StoreError,
    User, UserChange, UserQuery, WebhookStore,
    webhooks::{Claim, Delivery, Finish, MessageQuery, Trimmed, Webhook, WebhookChange, WebhookMessage},
};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Hands everything on, and keeps the names of the operations.
#[derive(Debug)]
pub(crate) struct CountingStore {
    inner: Arc<dyn Store>,
    asked: Arc<Mutex<Vec<&'static str>>>,
    gate: Arc<Mutex<Option<Gate>>>,
}

/// How many operations still pass, of that name where there is one, who is told of the next one, and who lets it pass.
#[derive(Debug)]
struct Gate(usize, Option<&'static str>, oneshot::Sender<()>, oneshot::Receiver<()>);

/// An operation that waits.
#[derive(Debug)]
pub(crate) struct Held {
    /// Resolves when it has come.
    pub(crate) reached: oneshot::Receiver<()>,
    /// Lets it pass; so does dropping it.
    pub(crate) go: oneshot::Sender<()>,
}

impl CountingStore {
    /// Around `inner`.
    pub(crate) fn around(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, asked: Arc::default(), gate: Arc::default() })
    }

    /// What was asked since this was last asked for.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.asked.lock().expect("lock"))
    }

    /// Lets `passing` more operations pass and holds the one after them; those that come later pass.
    pub(crate) fn hold_after(&self, passing: usize) -> Held {
        self.hold_at(passing, None)
    }

    /// Holds the next operation of that name, and no other.
    pub(crate) fn hold_next(&self, name: &'static str) -> Held {
        self.hold_at(0, Some(name))
    }

    fn hold_at(&self, passing: usize, name: Option<&'static str>) -> Held {
        let (come, reached) = oneshot::channel();
        let (go, let_go) = oneshot::channel();
        *self.gate.lock().expect("lock") = Some(Gate(passing, name, come, let_go));
        Held { reached, go }
    }

    /// Holds nothing any more.
    pub(crate) fn release(&self) {
        *self.gate.lock().expect("lock") = None;
    }

    async fn pass(&self, operation: &'static str) {
        let held = {
            let mut gate = self.gate.lock().expect("lock");
            match gate.as_mut() {
                Some(Gate(_, Some(name), ..)) if *name != operation => None,
                Some(Gate(passing, ..)) if *passing > 0 => {
                    *passing -= 1;
                    None
                }
                _ => gate.take(),
            }
        };
        let Some(Gate(_, _, come, let_go)) = held else { return };
        // Whoever holds it may be gone, which lets it pass.
        let _ = come.send(());
        let _ = let_go.await;
    }
}

macro_rules! handed_on {
    ($of:ident {$($more:tt)*}: $(fn $name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl $of for CountingStore {
            $($more)*
            $(async fn $name(&self, $($arg: $kind),*) -> Result<$answer, StoreError> {
                self.asked.lock().expect("lock").push(stringify!($name));
                self.pass(stringify!($name)).await;
                self.inner.$name($($arg),*).await
            })*
        }
    };
}

handed_on! {
    Store {
        fn audited(&self, event: AuditRecord) -> Arc<dyn Store> {
            let (asked, gate) = (Arc::clone(&self.asked), Arc::clone(&self.gate));
            Arc::new(Self { inner: self.inner.audited(event), asked, gate })
        }
    }:
    fn ping() -> ();
    fn create_environment(environment: &Environment, key: &SigningKeyRecord) -> ();
    fn update_environment(environment: &Environment, key: Option<&SigningKeyRecord>) -> ();
    fn environment(id: Uuid) -> Arc<Environment>;
    fn changes() -> Changes;
    fn environments() -> Vec<Environment>;
    fn signing_keys(environment: Uuid) -> Vec<SigningKeyRecord>;
    fn forget_signing_key(environment: Uuid, kid: &str, now: UnixMillis) -> ();
    fn sweep_signing_keys(before: UnixMillis) -> u64;
    fn replace_secrets(secrets: &KeptSecrets) -> ();
    fn sign_in(sign_in: &SignIn) -> SignedIn;
    fn session(environment: Uuid, id: Uuid) -> SessionRecord;
    fn refresh(refresh: &Refresh) -> Refreshed;
    fn revoke_session(environment: Uuid, id: Uuid, now: UnixMillis, reason: &str) -> bool;
    fn revoke_sessions(environment: Uuid, user: Option<Uuid>, now: UnixMillis, reason: &str) -> u64;
    fn user(environment: Uuid, id: Uuid) -> User;
    fn update_user(environment: Uuid, id: Uuid, change: &UserChange, now: UnixMillis) -> User;
    fn delete_user(environment: Uuid, id: Uuid, one_use: Option<&OneUse>, now: UnixMillis) -> bool;
    fn use_nonce(environment: Uuid, nonce: &str, expires_at: UnixMillis) -> bool;
    fn nonce_used(environment: Uuid, nonce: &str) -> bool;
    fn create_admin_token(token: &AdminToken) -> ();
    fn admin_token(hash: &[u8]) -> AdminToken;
    fn admin_tokens() -> Vec<AdminToken>;
    fn revoke_admin_token(id: Uuid, now: UnixMillis) -> bool;
    fn users(environment: Uuid, query: &UserQuery) -> Page<User>;
    fn put_users(environment: Uuid, users: &[NewUser], upsert: bool) -> Vec<User>;
    fn find_session(id: Uuid) -> SessionRecord;
    fn sessions(environment: Uuid, user: Uuid, query: &SessionQuery) -> Page<SessionRecord>;
    fn append_audit(records: &[AuditRecord]) -> ();
    fn audit(query: &AuditQuery) -> Vec<AuditRecord>;
    fn sweep_audit(before: UnixMillis) -> u64;
    fn sweep(now: UnixMillis) -> u64;
    fn export(environment: Uuid, lines: Sender<DumpLine>) -> ();
    fn import(lines: Receiver<DumpLine>) -> u64;
}

handed_on! {
    WebhookStore {}:
    fn create_webhook(webhook: &Webhook) -> ();
    fn webhooks(environment: Uuid) -> Vec<Webhook>;
    fn webhook(environment: Uuid, id: Uuid) -> Webhook;
    fn update_webhook(environment: Uuid, id: Uuid, change: &WebhookChange, now: UnixMillis) -> Webhook;
    fn delete_webhook(environment: Uuid, id: Uuid, now: UnixMillis) -> bool;
    fn ping_webhook(environment: Uuid, id: Uuid, now: UnixMillis) -> bool;
    fn webhook_messages(environment: Uuid, webhook: Uuid, query: &MessageQuery) -> Page<WebhookMessage>;
    fn redeliver_message(environment: Uuid, webhook: Uuid, message: Uuid, now: UnixMillis) -> bool;
    fn due_webhooks(now: UnixMillis) -> Vec<Uuid>;
    fn claim_messages(claim: &Claim) -> Vec<Delivery>;
    fn release_messages(claim: &Claim) -> ();
    fn finish_message(finish: &Finish) -> bool;
    fn disable_failing_webhook(webhook: Uuid, most: u32, since: UnixMillis, now: UnixMillis) -> bool;
    fn queued_messages() -> u64;
    fn trim_messages(most: u32) -> Vec<Trimmed>;
    fn sweep_messages(before: UnixMillis) -> u64;
}
