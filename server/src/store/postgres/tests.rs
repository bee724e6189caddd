//! The contract over a real PostgreSQL, in a schema of each test's own.

use std::sync::Arc;

use byoa_protocol::webhook::EVENTS;
use uuid::Uuid;

use super::PostgresStore;
use crate::{
    store::{
        OpenError, SignIn, Store, UserChange, UserQuery, contract, contract::contract_tests, webhooks,
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
