use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use uuid::Uuid;

use super::{SqliteStore, tests::url};
use crate::{
    clock::UnixMillis,
    ids,
    store::{Conflicting, Environment, Refreshed, SignIn, Store, StoreError, contract},
};

const AT_ONCE: usize = 64;

/// A store with an environment.
async fn open() -> (TempDir, Arc<SqliteStore>, Environment) {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(SqliteStore::open(&url(&folder)).await.unwrap());
    let environment = contract::environment(1);
    store.create_environment(&environment, &contract::key(&environment, "first")).await.unwrap();
    (folder, store, environment)
}

type Answer<T> = tokio::task::JoinHandle<Result<T, StoreError>>;

fn start(store: &Arc<SqliteStore>, input: SignIn) -> Answer<crate::store::SignedIn> {
    let store = Arc::clone(store);
    tokio::spawn(async move { store.sign_in(&input).await })
}

/// Lets every task that can go on do so. On one thread, a turn for each is enough to reach the queue.
async fn settle() {
    for _ in 0..AT_ONCE {
        tokio::task::yield_now().await;
    }
}

async fn count(store: &SqliteStore, table: &str) -> i64 {
    let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(query).fetch_one(&store.readers).await.unwrap()
}

#[tokio::test]
async fn what_waits_together_is_committed_together() {
    let (_folder, store, environment) = open().await;
    let busy = store.begin().await.unwrap();
    let answers: Vec<_> = (0..AT_ONCE)
        .map(|number| start(&store, contract::sign_in(&environment, &format!("u-{number}"))))
        .collect();
    settle().await;
    let before = store.group.commits();
    busy.rollback().await.unwrap();
    for answer in answers {
        assert!(answer.await.unwrap().unwrap().new_user);
    }
    assert_eq!(store.group.commits() - before, 1);
    assert_eq!(count(&store, "sessions").await, 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sign_ins_at_once_take_far_fewer_commits() {
    let (_folder, store, environment) = open().await;
    let before = store.group.commits();
    let callers: Vec<_> = (0..AT_ONCE)
        .map(|number| {
            let (store, environment) = (Arc::clone(&store), environment.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    let input = contract::sign_in(&environment, &format!("u-{number}"));
                    store.sign_in(&input).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let commits = store.group.commits() - before;
    assert!(commits < 160, "{commits} commits for 640 sign-ins");
    assert_eq!((count(&store, "sessions").await, count(&store, "users").await), (640, 64));
}

#[tokio::test]
async fn one_alone_is_committed_at_once() {
    let (_folder, store, environment) = open().await;
    for expected in 1..4 {
        store.sign_in(&contract::sign_in(&environment, "u")).await.unwrap();
        assert_eq!(store.group.commits(), expected);
    }
}

#[tokio::test]
async fn one_that_is_refused_leaves_no_trace_and_the_others_alone() {
    let (_folder, store, environment) = open().await;
    let taken = store.sign_in(&contract::sign_in(&environment, "first")).await.unwrap().session.id;
    let busy = store.begin().await.unwrap();
    let good = |subject: &str| contract::sign_in(&environment, subject);
    let before = start(&store, good("before"));
    // Refused by its last statement: the user and the credential are written by then.
    let refused = start(&store, SignIn { session_id: taken, ..good("refused") });
    let nowhere = start(&store, SignIn { environment_id: Uuid::from_u128(9), ..good("nowhere") });
    let after = start(&store, good("after"));
    settle().await;
    let commits = store.group.commits();
    busy.rollback().await.unwrap();
    assert!(before.await.unwrap().unwrap().new_user);
    let refused = refused.await.unwrap();
    assert!(matches!(refused, Err(StoreError::Conflict(Conflicting::Other))), "{refused:?}");
    assert!(matches!(nowhere.await.unwrap(), Err(StoreError::NotFound)));
    assert!(after.await.unwrap().unwrap().new_user);
    assert_eq!(store.group.commits() - commits, 1);
    assert_eq!((count(&store, "users").await, count(&store, "credentials").await), (3, 3));
}

#[tokio::test]
async fn a_database_that_fails_in_the_midst_fails_the_group_and_the_next_goes_on() {
    let (_folder, store, environment) = open().await;
    let busy = store.begin().await.unwrap();
    let good = start(&store, contract::sign_in(&environment, "u"));
    settle().await;
    // What a full disk does: the transaction is gone before its commit.
    let group = store.group.clone();
    let gone = tokio::spawn(async move {
        group
            .write(|writing: &rusqlite::Connection| {
                let done = writing.execute_batch("ROLLBACK; SELECT * FROM nowhere");
                done.map_err(super::connection::failed)
            })
            .await
    });
    settle().await;
    let other = start(&store, contract::sign_in(&environment, "other"));
    settle().await;
    busy.rollback().await.unwrap();
    assert!(matches!(good.await.unwrap(), Err(StoreError::Unavailable(_))));
    assert!(matches!(gone.await.unwrap(), Err(StoreError::Unavailable(_))));
    let _ = other.await.unwrap();
    assert_eq!(count(&store, "credentials WHERE identifier = 'u'").await, 0, "nothing was done in part");
    assert!(store.sign_in(&contract::sign_in(&environment, "u")).await.unwrap().new_user);
}

#[tokio::test]
async fn nothing_is_done_for_a_caller_that_is_gone_before_its_turn() {
    let (_folder, store, environment) = open().await;
    let busy = store.begin().await.unwrap();
    let stays = start(&store, contract::sign_in(&environment, "stays"));
    let leaves = start(&store, contract::sign_in(&environment, "leaves"));
    settle().await;
    leaves.abort();
    assert!(leaves.await.unwrap_err().is_cancelled());
    busy.rollback().await.unwrap();
    stays.await.unwrap().unwrap();
    assert_eq!(count(&store, "users").await, 1);
}

#[tokio::test]
async fn a_nonce_and_a_refresh_share_a_commit_with_a_sign_in() {
    let (_folder, store, environment) = open().await;
    let session = store.sign_in(&contract::sign_in(&environment, "u")).await.unwrap().session;
    let busy = store.begin().await.unwrap();
    let sign_in = start(&store, contract::sign_in(&environment, "u"));
    let id = environment.id;
    let of = |store: &Arc<SqliteStore>| Arc::clone(store);
    let later = session.created_at.plus(Duration::from_secs(1));
    let (one, step) = (of(&store), contract::refresh(&session, later));
    let refresh = tokio::spawn(async move { one.refresh(&step).await });
    let other = of(&store);
    let nonce = tokio::spawn(async move { other.use_nonce(id, "n", UnixMillis(i64::MAX)).await });
    let third = of(&store);
    let nobody = ids::unguessable();
    let revoke = tokio::spawn(async move { third.revoke_session(id, nobody, later, "x").await });
    settle().await;
    let before = store.group.commits();
    busy.rollback().await.unwrap();
    sign_in.await.unwrap().unwrap();
    let refreshed = refresh.await.unwrap().unwrap();
    assert!(matches!(refreshed, Refreshed::Live(session) if session.generation == 1));
    assert!(nonce.await.unwrap().unwrap());
    assert!(!revoke.await.unwrap().unwrap());
    assert_eq!(store.group.commits() - before, 1);
}

/// Of one sign-in, as many sessions as there are numbers: rows as the store writes them.
async fn multiply(store: &SqliteStore, sessions: i64) {
    let text = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
        INSERT INTO sessions SELECT randomblob(16), environment_id, user_id, signin_credential_id, audience,
            public_key, sdk_version, ip, user_agent, generation, token_id, previous_token_id, created_at - n / 7,
            refreshed_at, expires_at, refresh_expires_at, revoked_at, revoke_reason, dpop_jkt FROM sessions, numbers";
    let mut writing = store.begin().await.unwrap();
    sqlx::query(text).bind(sessions).execute(&mut *writing).await.unwrap();
    writing.commit().await.unwrap();
}

#[tokio::test]
async fn many_sessions_are_ended_and_swept_in_portions() {
    for of_user in [true, false] {
        let (_folder, store, environment) = open().await;
        let first = store.sign_in(&contract::sign_in(&environment, "u")).await.unwrap().session;
        multiply(&store, 3_210).await;
        let before = store.group.commits();
        let later = first.created_at.plus(Duration::from_secs(1));
        let user = of_user.then_some(first.user_id);
        let ended = store.revoke_sessions(environment.id, user, later, "test").await.unwrap();
        assert_eq!(ended, 3_211, "{of_user}");
        assert_eq!(count(&store, "sessions WHERE revoked_at IS NULL").await, 0);
        assert!(store.group.commits() - before >= 4, "others have their turn in between");
        let swept = store.sweep(first.refresh_expires_at.plus(Duration::from_secs(1))).await.unwrap();
        assert_eq!((swept, count(&store, "sessions").await), (3_211, 0));
    }
}
