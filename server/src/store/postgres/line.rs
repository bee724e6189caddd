//! Whether a connection still leads to the database, which may have been restarted or have vanished since it
//! was used. Asking costs a round trip, so only those are asked that there is a reason to doubt.
//!
//! What was seen is the process's: with several databases, one that breaks makes the others' connections be
//! asked once in vain.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use sqlx::{Connection, Error, PgConnection};
use tokio::time::Instant;

/// After how long without use a connection is asked. Under load none waits so long.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How long it may take to answer. One that leads nowhere is given up and replaced, where otherwise it would
/// hold its place until the system notices, some fifteen minutes.
const ALIVE_WITHIN: Duration = Duration::from_secs(2);

/// When a connection was last found to lead to the database, and to lead nowhere.
#[derive(Clone, Copy, Debug)]
struct Seen {
    alive: Option<Instant>,
    broken: Option<Instant>,
}

static SEEN: Mutex<Seen> = Mutex::new(Seen { alive: None, broken: None });

fn seen() -> MutexGuard<'static, Seen> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at an error for what it says about the connection.
pub(super) fn learn_from(error: &Error) {
    // Class 57P: the database was shut down, has crashed, or has ended the connection.
    let is_ended = |code: &str| code.starts_with("57P");
    let is_broken = match error {
        Error::Database(cause) => cause.code().is_some_and(|code| is_ended(&code)),
        Error::Io(_) | Error::Protocol(_) | Error::PoolTimedOut => true,
        _ => false,
    };
    if is_broken {
        seen().broken = Some(Instant::now());
    }
}

/// Before a connection is used that was idle for so long: what was idle when another broke is doubted.
pub(super) fn before_use(
    connection: &mut PgConnection,
    idle_for: Duration,
) -> BoxFuture<'_, Result<bool, Error>> {
    let is_doubted = idle_for >= TRUSTED_FOR || seen().broken.is_some_and(|at| idle_for >= at.elapsed());
    if is_doubted { Box::pin(ask(connection)) } else { Box::pin(async { Ok(true) }) }
}

/// After somebody is done with it, or gave up on it. The driver asks it then, without a bound; so it is asked
/// with one first, unless the database has just answered: who gives up has waited for longer.
pub(super) fn after_use(connection: &mut PgConnection) -> BoxFuture<'_, Result<bool, Error>> {
    let is_trusted = seen().alive.is_some_and(|at| at.elapsed() < TRUSTED_FOR);
    if is_trusted { Box::pin(async { Ok(true) }) } else { Box::pin(ask(connection)) }
}

/// An error where it leads nowhere; it is closed then.
async fn ask(connection: &mut PgConnection) -> Result<bool, Error> {
    let asked = tokio::time::timeout(ALIVE_WITHIN, connection.ping()).await;
    let answered = asked.unwrap_or(Err(Error::PoolTimedOut));
    let (mut seen, now) = (seen(), Some(Instant::now()));
    let noticed = if answered.is_ok() { &mut seen.alive } else { &mut seen.broken };
    *noticed = now;
    answered.map(|()| true)
}
