//! The contract over a real PostgreSQL, in a schema of each test's own.

use std::sync::Arc;

use byoa_protocol::webhook::EVENTS;
use sqlx::{Connection, PgConnection, migrate::Migrator};
use uuid::Uuid;

use super::{PostgresStore, open::MIGRATIONS};
use crate::{
    clock::UnixMillis,
    store::{
        Change, OpenError, SignIn, Store, UserChange, UserQuery, WebhookStore, contract,
        contract::{EARLIER_USERNAMES, contract_tests},
        webhooks,
        webhooks::contract::webhook_contract_tests,
    },
    testing::PostgresSchema,
};

async fn open() -> (PostgresSchema, Arc<dyn Store>) {
    let schema = PostgresSchema::make().await;
    let store = PostgresStore::open(schema.url()).await.unwrap();
    (schema, Arc::new(store))
}

contract_tests!(open);
webhook_contract_tests!(open);

#[tokio::test]
async fn every_commit_is_on_the_disk_and_nothing_waits_for_ever() {
    let schema = PostgresSchema::make().await;
    // Whatever somebody has set for the database.
    let url = format!("{}%20-csynchronous_commit%3Doff", schema.url());
    let store = PostgresStore::open(&url).await.unwrap();
    for (setting, expected) in
        [("synchronous_commit", "on"), ("statement_timeout", "10s"), ("lock_timeout", "5s")]
    {
        let found: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&store.pool)
            .await
            .unwrap();
        assert_eq!(found, expected, "{setting}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_make_the_tables_once() {
    let schema = PostgresSchema::make().await;
    let starting: Vec<_> = (0..4)
        .map(|_| {
            let url = schema.url().to_owned();
            tokio::spawn(async move { PostgresStore::open(&url).await.map(drop) })
        })
        .collect();
    for started in starting {
        started.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_person_removed_while_signing_in_is_somebody_new_or_is_not_there() {
    let (_schema, store) = open().await;
    let environment = contract::environment(1);
    store.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    let mut racers = Vec::new();
    for _ in 0..8 {
        let (store, environment) = (Arc::clone(&store), environment.clone());
        racers.push(tokio::spawn(async move {
            for _ in 0..10 {
                let signed_in = store.sign_in(&contract::sign_in(&environment, "u")).await.unwrap();
                store.delete_user(environment.id, signed_in.user.id, None, contract::NOW).await.unwrap();
            }
        }));
    }
    for racer in racers {
        racer.await.unwrap();
    }
    assert!(store.sign_in(&contract::sign_in(&environment, "u")).await.unwrap().new_user);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn users_made_at_once_in_another_order_are_made_once() {
    let (_schema, store) = open().await;
    let environment = contract::environment(1);
    store.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    let mut racers = Vec::new();
    for racer in 0..8 {
        let store = Arc::clone(&store);
        racers.push(tokio::spawn(async move {
            for _ in 0..5 {
                let mut users: Vec<_> = (0..10)
                    .map(|number| contract::new_user(&format!("u-{number}"), UserChange::default()))
                    .collect();
                if racer % 2 == 0 {
                    users.reverse();
                }
                store.put_users(environment.id, &users, true).await.unwrap();
            }
        }));
    }
    for racer in racers {
        racer.await.unwrap();
    }
    let query = UserQuery { limit: 99, ..UserQuery::default() };
    assert_eq!(store.users(environment.id, &query).await.unwrap().count, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_sign_in_and_go_while_webhooks_come_and_go() {
    let (_schema, store) = open().await;
    let environment = contract::environment(1);
    store.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    let mut racers = Vec::new();
    for racer in 0..8 {
        let (store, environment) = (Arc::clone(&store), environment.clone());
        racers.push(tokio::spawn(async move {
            for _ in 0..10 {
                if racer < 3 {
                    let webhook = webhooks::contract::webhook(&environment, &EVENTS);
                    store.create_webhook(&webhook).await.unwrap();
                    store.disable_failing_webhook(webhook.id, 9, contract::NOW, contract::NOW).await.unwrap();
                    assert!(store.delete_webhook(environment.id, webhook.id, contract::NOW).await.unwrap());
                } else {
                    let input =
                        SignIn { tell: true, ..contract::sign_in(&environment, &format!("u-{racer}")) };
                    let session = store.sign_in(&input).await.unwrap().session;
                    store.revoke_session(environment.id, session.id, contract::NOW, "x").await.unwrap();
                    store.delete_user(environment.id, session.user_id, None, contract::NOW).await.unwrap();
                }
            }
        }));
    }
    for racer in racers {
        racer.await.unwrap();
    }
    assert!(store.webhooks(environment.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_in_a_sentence() {
    let error = PostgresStore::open("postgres://nobody@127.0.0.1:1/none").await.unwrap_err();
    assert!(matches!(error, OpenError::Database(_)), "{error:?}");
    let error = PostgresStore::open("postgres://host:port:more/none").await.unwrap_err();
    assert!(matches!(error, OpenError::UrlInvalid(_)), "{error:?}");
    let nobody = Uuid::from_u128(9);
    let (_schema, store) = open().await;
    assert!(store.environment(nobody).await.is_err());
}

#[tokio::test]
async fn usernames_of_an_earlier_version_get_their_key_and_everybody_stays() {
    let schema = PostgresSchema::make().await;
    let mut connection = PgConnection::connect(schema.url()).await.unwrap();
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
        let store = PostgresStore::open(schema.url()).await.unwrap();
        let keys: Vec<String> = sqlx::query_scalar("SELECT username_key FROM users ORDER BY id")
            .fetch_all(&store.pool)
            .await
            .unwrap();
        assert_eq!(keys, EARLIER_USERNAMES.map(|(_, _, now)| now.to_owned()));
        contract::earlier_usernames_stay(&store, environment).await;
        let due: i64 =
            sqlx::query_scalar("SELECT count(*) FROM usernames_to_key").fetch_one(&store.pool).await.unwrap();
        assert_eq!(due, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_seen_at_the_other_node_at_once_and_announced_after() {
    let schema = PostgresSchema::make().await;
    let (one, other) =
        (PostgresStore::open(schema.url()).await.unwrap(), PostgresStore::open(schema.url()).await.unwrap());
    let mut changes = other.changes().await.unwrap();
    let mut environment = contract::environment(1);
    one.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    assert_eq!(*other.environment(environment.id).await.unwrap(), environment);
    assert_eq!(changes.next().await, Some(Change::Environment(environment.id)));
    for origin in 0..20 {
        environment.allowed_origins = vec![format!("https://{origin}.example")];
        let key = contract::key(&environment, &format!("key-{origin}"));
        one.update_environment(&environment, (origin == 7).then_some(&key)).await.unwrap();
        environment.revision += 1;
        assert_eq!(*other.environment(environment.id).await.unwrap(), environment, "before it is announced");
        assert_eq!(changes.next().await, Some(Change::Environment(environment.id)));
    }
    one.forget_signing_key(environment.id, "first", environment.updated_at).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Environment(environment.id)));
    one.sweep(UnixMillis(0)).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Swept));
    let signed_in = one.sign_in(&contract::sign_in(&environment, "u")).await.unwrap();
    one.put_users(environment.id, &[contract::new_user("v", UserChange::default())], false).await.unwrap();
    one.delete_user(environment.id, signed_in.user.id, None, UnixMillis(0)).await.unwrap();
    one.sweep(UnixMillis(0)).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Swept), "people are not announced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hears_nothing_sees_each_change_at_once_and_hears_again() {
    let schema = PostgresSchema::make().await;
    let (one, other) =
        (PostgresStore::open(schema.url()).await.unwrap(), PostgresStore::open(schema.url()).await.unwrap());
    let mut changes = other.changes().await.unwrap();
    let mut environment = contract::environment(1);
    one.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Environment(environment.id)));
    assert_eq!(*other.environment(environment.id).await.unwrap(), environment);

    let killed: Vec<bool> = sqlx::query_scalar(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE query = format('LISTEN \"byoa_%s\"', md5(current_schema()))",
    )
    .fetch_all(&one.pool)
    .await
    .unwrap();
    assert_eq!(killed, [true]);
    for _ in 0..3 {
        one.update_environment(&environment, None).await.unwrap();
        environment.revision += 1;
        assert_eq!(*other.environment(environment.id).await.unwrap(), environment);
    }
    while changes.next().await != Some(Change::Everything) {}
    one.update_environment(&environment, None).await.unwrap();
    let heard = changes.next().await;
    assert!(matches!(heard, Some(Change::Environment(_) | Change::Everything)), "{heard:?}");
}

#[tokio::test]
async fn schemas_of_one_database_do_not_hear_one_another() {
    let (_here, one) = open().await;
    let (_there, other) = open().await;
    let mut changes = other.changes().await.unwrap();
    let environment = contract::environment(1);
    one.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    let environment = contract::environment(2);
    other.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Environment(environment.id)));
}

#[tokio::test]
async fn a_long_audit_log_is_forgotten_in_portions() {
    let schema = PostgresSchema::make().await;
    let store = PostgresStore::open(schema.url()).await.unwrap();
    sqlx::query(
        "INSERT INTO audit_log (id, at, action, actor)
         SELECT lpad(to_hex(number), 32, '0')::uuid, number, 'x', 'user' FROM generate_series(1, 12003) AS number",
    )
    .execute(&store.pool)
    .await
    .unwrap();
    assert_eq!(store.sweep_audit(UnixMillis(12_001)).await.unwrap(), 12_000);
    assert_eq!(store.sweep_audit(UnixMillis(12_001)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_users_newest_sessions_are_found_without_sorting_all() {
    let schema = PostgresSchema::make().await;
    let store = PostgresStore::open(schema.url()).await.unwrap();
    let environment = contract::environment(1);
    store.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    let session = store.sign_in(&contract::sign_in(&environment, "u")).await.unwrap().session;
    sqlx::query(
        "INSERT INTO sessions (id, environment_id, user_id, signin_credential_id, audience, generation, token_id,
            created_at, refreshed_at, expires_at, refresh_expires_at)
         SELECT lpad(to_hex(number), 32, '0')::uuid, environment_id, user_id, signin_credential_id, audience,
            generation, token_id, created_at + number, refreshed_at, expires_at, refresh_expires_at
         FROM sessions, generate_series(1, 5000) AS number",
    )
    .execute(&store.pool)
    .await
    .unwrap();
    sqlx::query("ANALYZE sessions").execute(&store.pool).await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT * FROM sessions WHERE environment_id = $1 AND user_id = $2
         ORDER BY created_at DESC, id DESC LIMIT 1",
    )
    .bind(environment.id)
    .bind(session.user_id)
    .fetch_all(&store.pool)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("Incremental Sort") && plan.contains("Backward using sessions_by_user"), "{plan}");
}

#[tokio::test]
async fn a_swept_signing_key_is_announced() {
    let (_schema, store) = open().await;
    let mut changes = store.changes().await.unwrap();
    let environment = contract::environment(1);
    store.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    store.update_environment(&environment, Some(&contract::key(&environment, "second"))).await.unwrap();
    for _ in 0..2 {
        assert_eq!(changes.next().await, Some(Change::Environment(environment.id)));
    }
    assert_eq!(store.sweep_signing_keys(environment.updated_at).await.unwrap(), 1);
    assert_eq!(changes.next().await, Some(Change::Environment(environment.id)));
    assert_eq!(store.sweep_signing_keys(environment.updated_at).await.unwrap(), 0);
    store.sweep(UnixMillis(0)).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Swept), "where there is nothing, nothing is announced");
}

#[tokio::test]
async fn all_sessions_end_in_portions_each_with_its_row_of_the_audit_log() {
    let schema = PostgresSchema::make().await;
    let store = PostgresStore::open(schema.url()).await.unwrap();
    let environment = contract::environment(1);
    store.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    let first = store.sign_in(&contract::sign_in(&environment, "u")).await.unwrap().session;
    let more =
        "INSERT INTO sessions (id, environment_id, user_id, signin_credential_id, audience, generation,
            token_id, created_at, refreshed_at, expires_at, refresh_expires_at)
        SELECT gen_random_uuid(), environment_id, user_id, signin_credential_id, audience, generation,
            gen_random_uuid(), created_at + number, refreshed_at, expires_at, refresh_expires_at
        FROM sessions, generate_series(1, 10999) AS number";
    for (user, at) in [(Some(first.user_id), 1), (None, 2)] {
        sqlx::query("DELETE FROM sessions WHERE id <> $1").bind(first.id).execute(&store.pool).await.unwrap();
        sqlx::query("UPDATE sessions SET revoked_at = NULL").execute(&store.pool).await.unwrap();
        sqlx::query(more).execute(&store.pool).await.unwrap();
        let event = crate::audit::event(UnixMillis(at), "ended", "tests");
        let noting = store.audited(event);
        // Of the last one it is not yet time.
        let until = UnixMillis(first.created_at.0 + 10_998);
        let ended = noting.revoke_sessions(environment.id, user, until, "r").await.unwrap();
        assert_eq!(ended, 10_999);
        let live: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions WHERE revoked_at IS NULL")
            .fetch_one(&store.pool)
            .await
            .unwrap();
        assert_eq!(live, 1);
        let rows: Vec<String> = sqlx::query_scalar("SELECT detail FROM audit_log WHERE at = $1")
            .bind(at)
            .fetch_all(&store.pool)
            .await
            .unwrap();
        let portions: Vec<u64> =
            rows.iter().map(|row| row.split(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!(portions.iter().sum::<u64>(), ended);
        assert!(portions.len() == 3 && portions.iter().all(|ended| *ended <= 5_000), "{portions:?}");
    }
}

#[tokio::test]
async fn the_messages_of_a_webhook_that_is_removed_go_in_portions() {
    let schema = PostgresSchema::make().await;
    let store = PostgresStore::open(schema.url()).await.unwrap();
    let environment = contract::environment(1);
    store.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    let webhook = webhooks::contract::webhook(&environment, &EVENTS);
    store.create_webhook(&webhook).await.unwrap();
    let columns =
        "environment_id, webhook_id, event_id, event, user_id, external_user_id, data, created_at, state,
        tries, due_at";
    let more = format!(
        "INSERT INTO webhook_messages ({columns}) SELECT {columns} FROM webhook_messages, generate_series(1, 11000)"
    );
    sqlx::query(sqlx::AssertSqlSafe(more)).execute(&store.pool).await.unwrap();
    let before: i64 =
        sqlx::query_scalar("SELECT pg_current_xact_id()::text::bigint").fetch_one(&store.pool).await.unwrap();
    assert!(store.delete_webhook(environment.id, webhook.id, UnixMillis(1)).await.unwrap());
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM webhook_messages").fetch_one(&store.pool).await.unwrap();
    let after: i64 =
        sqlx::query_scalar("SELECT pg_current_xact_id()::text::bigint").fetch_one(&store.pool).await.unwrap();
    assert_eq!(left, 0);
    assert!(after - before > 3, "one transaction for the webhook and one for each portion");
}
