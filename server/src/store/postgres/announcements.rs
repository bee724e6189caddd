//! Hears what the servers on one database announce to one another (`NOTIFY`), on a connection of its own.
//!
//! Triggers announce, in the transaction that changes something, so that whoever changes it cannot forget to.
//! The channel is the schema's, since several may be in one database.

use std::{convert::Infallible, time::Duration};

use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::{broadcast, watch},
    task::AbortHandle,
};

use super::{Result, known::Known, rows};
use crate::store::{Change, Changes};

/// The channel of the schema in which a connection finds the tables.
const CHANNEL: &str = "SELECT 'byoa_' || md5(nspname) AS channel FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = 'environments'::regclass";

/// What a sweep says there.
const SWEPT: &str = "swept";

/// How long the first connection may take, and how long to wait before another attempt.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many announcements wait for a slow listener until it is told that it may be anything.
const MOST_WAITING: usize = 256;

/// The listening connection. Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Announcements {
    sender: broadcast::Sender<Change>,
    task: AbortHandle,
}

impl Drop for Announcements {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Announcements {
    /// Listens, as far as the first attempt goes: where it fails, others follow.
    pub(super) async fn start(pool: &PgPool, known: Known) -> Self {
        let (sender, _) = broadcast::channel(MOST_WAITING);
        let options = pool.connect_options().as_ref().clone().application_name("byoa-server announcements");
        let (tried, mut first) = watch::channel(false);
        let ear = Ear { options, known, sender: sender.clone(), tried };
        let task = tokio::spawn(ear.listen()).abort_handle();
        // An error means that the task is gone, and then nobody is waited for.
        let _ = first.wait_for(|tried| *tried).await;
        Self { sender, task }
    }

    /// What is announced from now on.
    pub(super) fn follow(&self) -> Changes {
        self.sender.subscribe().into()
    }
}

/// Announces that what had ended is forgotten.
pub(super) async fn swept(pool: &PgPool) -> Result<()> {
    let announce = format!("SELECT pg_notify(channel, $1) FROM ({CHANNEL}) AS here");
    let done = sqlx::query(AssertSqlSafe(announce)).bind(SWEPT).execute(pool).await;
    done.map(drop).map_err(rows::failed)
}

struct Ear {
    options: PgConnectOptions,
    known: Known,
    sender: broadcast::Sender<Change>,
    tried: watch::Sender<bool>,
}

impl Ear {
    async fn listen(self) {
        loop {
            let Err(cause) = self.follow().await;
            tracing::warn!(%cause, "changes that other servers announce cannot be heard now");
            self.tell(Change::Everything);
            tokio::time::sleep(PATIENCE).await;
        }
    }

    /// Follows until something fails that another connection at once does not mend.
    async fn follow(&self) -> std::result::Result<Infallible, sqlx::Error> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(PATIENCE)
            .connect_with(self.options.clone())
            .await?;
        let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(&pool).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(&channel).await?;
        // What was announced until now was not heard.
        self.tell(Change::Everything);
        loop {
            match listener.try_recv().await? {
                Some(announced) => match announced.payload() {
                    SWEPT => self.tell(Change::Swept),
                    id => self.tell(id.parse().map_or(Change::Everything, Change::Environment)),
                },
                // The connection was lost, and there is another one that listens.
                None => self.tell(Change::Everything),
            }
        }
    }

    fn tell(&self, change: Change) {
        match change {
            Change::Environment(id) => self.known.forget(id),
            Change::Everything => self.known.forget_all(),
            Change::Swept => {}
        }
        // Nobody may be following.
        let _ = self.sender.send(change);
        self.tried.send_replace(true);
    }
}
