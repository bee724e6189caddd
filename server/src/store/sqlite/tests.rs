use std::{str::FromStr, sync::Arc};

use sqlx::{Connection, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{SqliteStore, open::MIGRATIONS};
use crate::store::{
    Conflicting, DumpLine, OpenError, Store, StoreError, Tables, UserChange, contract,
    contract::{EARLIER_USERNAMES, contract_tests},
    dump::table,
    webhooks::contract::webhook_contract_tests,
};

async fn open() -> (TempDir, Arc<dyn Store>) {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    (folder, Arc::new(store))
}

pub(super) fn url(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("byoa.db").display())
}

contract_tests!(open);
webhook_contract_tests!(open);

/// The contract again, through two stores on one file as two processes have them.
mod two_processes {
    use super::{Arc, SqliteStore, Store, TempDir, contract_tests, url, webhook_contract_tests};
    use crate::{
        clock::UnixMillis,
        store::{
            AdminToken, AuditQuery, AuditRecord, Changes, DumpLine, Environment, KeptSecrets, NewUser,
            OneUse, Page, Refresh, Refreshed, SessionQuery, SessionRecord, SignIn, SignedIn,
            SigningKeyRecord, StoreError, User, UserChange, UserQuery, WebhookStore,
            webhooks::{
                Claim, Delivery, Finish, MessageQuery, Trimmed, Webhook, WebhookChange, WebhookMessage,
            },
        },
    };
    use async_trait::async_trait;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::mpsc;
    use uuid::Uuid;

    type Result<T> = std::result::Result<T, StoreError>;

    /// Sends each call to the next of two stores.
    #[derive(Debug)]
    struct Alternating(AtomicUsize, [SqliteStore; 2]);

    impl Alternating {
        fn next(&self) -> &SqliteStore {
            &self.1[self.0.fetch_add(1, Ordering::Relaxed) % 2]
        }
    }

    async fn open() -> (TempDir, Arc<dyn Store>) {
        let folder = TempDir::new().unwrap();
        let url = url(&folder);
        let stores = [SqliteStore::open(&url).await.unwrap(), SqliteStore::open(&url).await.unwrap()];
        (folder, Arc::new(Alternating(AtomicUsize::new(0), stores)))
    }

    contract_tests!(open);
    webhook_contract_tests!(open);

    macro_rules! alternating {
        ($(fn $name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
            #[async_trait]
            impl WebhookStore for Alternating {
                $(async fn $name(&self, $($arg: $kind),*) -> Result<$answer> {
                    self.next().$name($($arg),*).await
                })*
            }
        };
    }

    alternating! {
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

    #[async_trait]
    impl Store for Alternating {
        fn audited(&self, event: AuditRecord) -> Arc<dyn Store> {
            self.next().audited(event)
        }
        async fn ping(&self) -> Result<()> {
            self.next().ping().await
        }
        async fn create_environment(&self, environment: &Environment, key: &SigningKeyRecord) -> Result<()> {
            self.next().create_environment(environment, key).await
        }
        async fn update_environment(
            &self,
            environment: &Environment,
            key: Option<&SigningKeyRecord>,
        ) -> Result<()> {
            self.next().update_environment(environment, key).await
        }
        async fn environment(&self, id: Uuid) -> Result<Arc<Environment>> {
            let (one, other) = (self.next().environment(id).await?, self.next().environment(id).await?);
            assert_eq!(one, other);
            Ok(one)
        }
        async fn changes(&self) -> Result<Changes> {
            self.next().changes().await
        }
        async fn environments(&self) -> Result<Vec<Environment>> {
            self.next().environments().await
        }
        async fn signing_keys(&self, environment: Uuid) -> Result<Vec<SigningKeyRecord>> {
            self.next().signing_keys(environment).await
        }
        async fn forget_signing_key(&self, environment: Uuid, kid: &str, now: UnixMillis) -> Result<()> {
            self.next().forget_signing_key(environment, kid, now).await
        }
        async fn sweep_signing_keys(&self, before: UnixMillis) -> Result<u64> {
            self.next().sweep_signing_keys(before).await
        }
        async fn replace_secrets(&self, secrets: &KeptSecrets) -> Result<()> {
            self.next().replace_secrets(secrets).await
        }
        async fn sign_in(&self, sign_in: &SignIn) -> Result<SignedIn> {
            self.next().sign_in(sign_in).await
        }
        async fn session(&self, environment: Uuid, id: Uuid) -> Result<SessionRecord> {
            self.next().session(environment, id).await
        }
        async fn refresh(&self, refresh: &Refresh) -> Result<Refreshed> {
            self.next().refresh(refresh).await
        }
        async fn revoke_session(
            &self,
            environment: Uuid,
            id: Uuid,
            now: UnixMillis,
            reason: &str,
        ) -> Result<bool> {
            self.next().revoke_session(environment, id, now, reason).await
        }
        async fn user(&self, environment: Uuid, id: Uuid) -> Result<User> {
            self.next().user(environment, id).await
        }
        async fn revoke_sessions(
            &self,
            environment: Uuid,
            user: Option<Uuid>,
            now: UnixMillis,
            reason: &str,
        ) -> Result<u64> {
            self.next().revoke_sessions(environment, user, now, reason).await
        }
        async fn update_user(
            &self,
            environment: Uuid,
            id: Uuid,
            change: &UserChange,
            now: UnixMillis,
        ) -> Result<User> {
            self.next().update_user(environment, id, change, now).await
        }
        async fn delete_user(
            &self,
            environment: Uuid,
            id: Uuid,
            one_use: Option<&OneUse>,
            now: UnixMillis,
        ) -> Result<bool> {
            self.next().delete_user(environment, id, one_use, now).await
        }
        async fn use_nonce(&self, environment: Uuid, nonce: &str, expires_at: UnixMillis) -> Result<bool> {
            self.next().use_nonce(environment, nonce, expires_at).await
        }
        async fn nonce_used(&self, environment: Uuid, nonce: &str) -> Result<bool> {
            self.next().nonce_used(environment, nonce).await
        }
        async fn create_admin_token(&self, token: &AdminToken) -> Result<()> {
            self.next().create_admin_token(token).await
        }
        async fn admin_token(&self, hash: &[u8]) -> Result<AdminToken> {
            self.next().admin_token(hash).await
        }
        async fn admin_tokens(&self) -> Result<Vec<AdminToken>> {
            self.next().admin_tokens().await
        }
        async fn revoke_admin_token(&self, id: Uuid, now: UnixMillis) -> Result<bool> {
            self.next().revoke_admin_token(id, now).await
        }
        async fn users(&self, environment: Uuid, query: &UserQuery) -> Result<Page<User>> {
            self.next().users(environment, query).await
        }
        async fn put_users(&self, environment: Uuid, users: &[NewUser], upsert: bool) -> Result<Vec<User>> {
            self.next().put_users(environment, users, upsert).await
        }
        async fn find_session(&self, id: Uuid) -> Result<SessionRecord> {
            self.next().find_session(id).await
        }
        async fn sessions(
            &self,
            environment: Uuid,
            user: Uuid,
            query: &SessionQuery,
        ) -> Result<Page<SessionRecord>> {
            self.next().sessions(environment, user, query).await
        }
        async fn append_audit(&self, records: &[AuditRecord]) -> Result<()> {
            self.next().append_audit(records).await
        }
        async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>> {
            self.next().audit(query).await
        }
        async fn sweep_audit(&self, before: UnixMillis) -> Result<u64> {
            self.next().sweep_audit(before).await
        }
        async fn sweep(&self, now: UnixMillis) -> Result<u64> {
            self.next().sweep(now).await
        }
        async fn export(&self, environment: Uuid, lines: mpsc::Sender<DumpLine>) -> Result<()> {
            self.next().export(environment, lines).await
        }
        async fn import(&self, lines: mpsc::Receiver<DumpLine>) -> Result<u64> {
            self.next().import(lines).await
        }
    }
}

#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, store) = open().await;
    store.sweep(crate::clock::UnixMillis(0)).await.unwrap();
    let mut names = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["byoa.db", "byoa.db-shm", "byoa.db-wal"]);
}

#[tokio::test]
async fn every_commit_is_on_the_disk() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    for (pragma, expected) in [("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1")] {
        let query = sqlx::AssertSqlSafe(format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"));
        let found: String = sqlx::query_scalar(query).fetch_one(&store.writer).await.unwrap();
        assert_eq!(found, expected, "{pragma}");
    }
}

#[tokio::test]
async fn the_audit_log_is_append_only() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    store.append_audit(&[crate::store::contract::audit_record(1)]).await.unwrap();
    let changed = sqlx::query("UPDATE audit_log SET actor = 'nobody'").execute(&store.writer).await;
    assert!(changed.unwrap_err().to_string().contains("not changed"));
}

#[tokio::test]
async fn readers_cannot_write() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    assert!(sqlx::query("DELETE FROM users").execute(&store.readers).await.is_err());
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named() {
    let error = SqliteStore::open("sqlite:///nowhere/at/all/byoa.db").await.unwrap_err();
    assert!(matches!(&error, OpenError::File { path, .. } if path == "/nowhere/at/all/byoa.db"), "{error:?}");
    assert!(matches!(crate::store::open("mysql://x").await, Err(OpenError::SchemeUnknown { .. })));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("byoa.db"),
        "this is not a database, but it is long enough to look".repeat(50),
    )
    .unwrap();
    assert!(SqliteStore::open(&url(&folder)).await.is_err());
}

#[tokio::test]
async fn a_users_newest_sessions_are_found_without_sorting_all() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(
        "EXPLAIN QUERY PLAN SELECT * FROM sessions WHERE environment_id = ?1 AND user_id = ?2
            AND (?3 IS NULL OR (revoked_at IS NOT NULL) = ?3)
         ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET 0",
    )
    .fetch_all(&store.readers)
    .await
    .unwrap();
    let plan: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
    assert!(plan[0].contains("USING INDEX sessions_by_user (user_id=?)"), "{plan:?}");
    assert!(!plan.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY"), "{plan:?}");
}

#[test]
fn errors_do_not_tell_values() {
    assert_eq!(StoreError::from(Conflicting::Username).to_string(), "the username belongs to another user");
}

#[tokio::test]
async fn tables_that_were_not_to_be_touched_are_expected() {
    let folder = TempDir::new().unwrap();
    let expected = SqliteStore::open_with(&url(&folder), Tables::Expect).await;
    assert!(matches!(expected, Err(OpenError::TablesOutdated)), "{expected:?}");
    SqliteStore::open(&url(&folder)).await.unwrap();
    SqliteStore::open_with(&url(&folder), Tables::Expect).await.unwrap();
}

#[tokio::test]
async fn a_dump_has_every_column_that_belongs_to_an_environment() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    let columns = "SELECT tables.name, columns.name
        FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name NOT LIKE '!_sqlx%' ESCAPE '!'
            AND tables.name NOT LIKE 'sqlite%' AND tables.name NOT IN ('admin_tokens', 'usernames_to_key')";
    let found: Vec<(String, String)> = sqlx::query_as(columns).fetch_all(&store.readers).await.unwrap();
    assert!(found.len() > 50);
    for (name, column) in found {
        let known = table(&name).is_some_and(|table| table.columns.iter().any(|(known, _)| *known == column));
        assert!(known, "{name}.{column} would be lost on the way to another database");
    }
}

#[tokio::test]
async fn usernames_of_an_earlier_version_get_their_key_and_everybody_stays() {
    let folder = TempDir::new().unwrap();
    let options = SqliteConnectOptions::from_str(&url(&folder)).unwrap().create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let earlier = MIGRATIONS.iter().filter(|migration| migration.version < 60).cloned().collect();
    Migrator::with_migrations(earlier).run_direct(None, &mut connection, false).await.unwrap();
    let environment = Uuid::from_u128(1);
    sqlx::query(
        "INSERT INTO environments (id, name, allowed_origins, assume_email_verified, session_algorithm,
            nonce_key, revision, created_at, updated_at) VALUES ($1, 'live', '[]', FALSE, 'ES256', $2, 1, 0, 0)",
    )
    .bind(environment)
    .bind(vec![7_u8; 32])
    .execute(&mut connection)
    .await
    .unwrap();
    for (number, (name, key, _)) in (2..).zip(EARLIER_USERNAMES) {
        sqlx::query(
            "INSERT INTO users (id, environment_id, username, username_key, first_visit, last_visit, updated_at)
             VALUES ($1, $2, $3, $4, 0, 0, 0)",
        )
        .bind(Uuid::from_u128(number))
        .bind(environment)
        .bind(name)
        .bind(key)
        .execute(&mut connection)
        .await
        .unwrap();
    }
    for _ in 0..2 {
        let store = SqliteStore::open(&url(&folder)).await.unwrap();
        let keys: Vec<String> = sqlx::query_scalar("SELECT username_key FROM users ORDER BY id")
            .fetch_all(&store.readers)
            .await
            .unwrap();
        assert_eq!(keys, EARLIER_USERNAMES.map(|(_, _, now)| now.to_owned()));
        contract::earlier_usernames_stay(&store, environment).await;
        let due: i64 = sqlx::query_scalar("SELECT count(*) FROM usernames_to_key")
            .fetch_one(&store.readers)
            .await
            .unwrap();
        assert_eq!(due, 0);
    }
}

#[tokio::test]
async fn an_export_of_an_earlier_version_gets_the_keys_of_this_one() {
    let (_one, from) = open().await;
    let (_other, into) = open().await;
    let environment = contract::environment(1);
    from.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    let name = |name: &str| UserChange { username: Some(Some(name.to_owned())), ..UserChange::default() };
    let users = [contract::new_user("a", name("STRA\u{df}E")), contract::new_user("b", name("Bob"))];
    from.put_users(environment.id, &users, false).await.unwrap();
    let (sender, mut lines) = mpsc::channel(99);
    from.export(environment.id, sender).await.unwrap();
    let (earlier, receiver) = mpsc::channel(99);
    while let Some(mut line) = lines.recv().await {
        if let DumpLine::Row { table, row } = &mut line
            && table == "users"
        {
            let key = row["username"].as_str().unwrap().to_lowercase();
            row.insert("username_key".to_owned(), key.into());
        }
        earlier.send(line).await.unwrap();
    }
    drop(earlier);
    into.import(receiver).await.unwrap();
    let taken = [contract::new_user("c", name("strasse"))];
    let taken = into.put_users(environment.id, &taken, false).await;
    assert!(matches!(taken, Err(StoreError::Conflict(Conflicting::Username))), "{taken:?}");
}
