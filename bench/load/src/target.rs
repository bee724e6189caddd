//! Servers under load and what was learned about each: sessions of its users, newcomers used up.

use crate::{
    connection::{Connection, ConnectionError},
    issuer::Issuer,
    plan::{External, Seeded, Target},
    request::Requests,
};
use memchr::memmem;
use std::{cell::Cell, collections::HashMap, rc::Rc, time::Instant};
use thiserror::Error;
use tokio::{runtime::Runtime, task::LocalSet};

/// Enough that the server can group their commits, and few enough for any.
const SEEDING_CONNECTIONS: usize = 32;

/// Why there is nothing to measure.
#[derive(Debug, Error)]
pub(crate) enum TargetError {
    /// The server refused a token that is good.
    #[error("{target} answered a sign-in with {status}: {body}")]
    Refused { target: String, status: u16, body: String },
    /// The server broke off.
    #[error("{target}: {source}")]
    Broken { target: String, source: ConnectionError },
    /// A task ended early.
    #[error("{0}: seeding was cut short")]
    CutShort(String),
    /// An order asks for an algorithm that no token was minted with.
    #[error("{0}: no tokens of that algorithm were minted")]
    NoTokens(String),
    /// An order names a target that was not seeded.
    #[error("no target is named {0}; seed it first")]
    Unknown(String),
}

/// By name.
pub(crate) type Targets = HashMap<String, Known>;

/// A seeded target.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) target: Target,
    pub(crate) requests: Rc<Requests>,
    /// Bearer tokens of live sessions.
    pub(crate) sessions: Rc<Vec<String>>,
    /// Per algorithm, how many newcomers came already.
    pub(crate) arrived: HashMap<External, Rc<Cell<usize>>>,
}

impl Known {
    /// The counter of newcomers of one algorithm.
    pub(crate) fn arrived(&mut self, algorithm: External) -> Rc<Cell<usize>> {
        Rc::clone(self.arrived.entry(algorithm).or_default())
    }
}

/// Signs in the returning users once, so that later sign-ins find them.
pub(crate) fn seed(
    runtime: &Runtime,
    targets: &mut Targets,
    target: Target,
    issuer: &Issuer,
    share: usize,
) -> Result<Seeded, TargetError> {
    let requests = Rc::new(Requests::new(&target.address, &target.environment, target.minimal));
    let tokens: Vec<String> = issuer
        .algorithms()
        .filter_map(|algorithm| issuer.tokens(algorithm))
        .flat_map(|tokens| tokens.returning.iter().take(share).cloned())
        .collect();
    let started = Instant::now();
    let tokens = Rc::new(tokens);
    let next = Rc::new(Cell::new(0));

    let local = LocalSet::new();
    let tasks: Vec<_> = (0..SEEDING_CONNECTIONS)
        .map(|_| {
            local.spawn_local(sign_in_all(
                target.clone(),
                Rc::clone(&requests),
                Rc::clone(&tokens),
                Rc::clone(&next),
            ))
        })
        .collect();
    let outcomes = local.block_on(runtime, async {
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await);
        }
        outcomes
    });

    let mut sessions = Vec::with_capacity(tokens.len());
    let mut answer_shape = (0, 0);
    for outcome in outcomes {
        let (some, seen) = outcome.map_err(|_| TargetError::CutShort(target.name.clone()))??;
        sessions.extend(some);
        answer_shape = answer_shape.max(seen);
    }
    let seeded = Seeded {
        users: sessions.len(),
        seconds: started.elapsed().as_secs_f64(),
        answer_bytes: answer_shape.0,
        tokens_per_answer: answer_shape.1,
    };
    let known = Known { requests, sessions: Rc::new(sessions), arrived: HashMap::new(), target };
    targets.insert(known.target.name.clone(), known);
    Ok(seeded)
}

/// The sessions, and bytes and tokens of an answer.
type SignedIn = (Vec<String>, (usize, usize));

async fn sign_in_all(
    target: Target,
    requests: Rc<Requests>,
    tokens: Rc<Vec<String>>,
    next: Rc<Cell<usize>>,
) -> Result<SignedIn, TargetError> {
    let mut connection = Connection::new(&target.address);
    let mut request = Vec::new();
    let mut sessions = Vec::new();
    let mut answer_shape = (0, 0);
    while let Some(token) = tokens.get(next.replace(next.get() + 1)) {
        requests.sign_in(&mut request, token);
        let answer = connection
            .exchange(&request)
            .await
            .map_err(|source| TargetError::Broken { target: target.name.clone(), source })?;
        let Some(bearer) = bearer(answer.body).filter(|_| answer.status == 200) else {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            return Err(TargetError::Refused { target: target.name.clone(), status: answer.status, body });
        };
        let fat = memmem::find(answer.body, br#""jwt":"ey"#).is_some();
        answer_shape = (answer.bytes, 1 + usize::from(fat));
        sessions.push(bearer.to_owned());
    }
    Ok((sessions, answer_shape))
}

/// The session token of an answer.
pub(crate) fn bearer(body: &[u8]) -> Option<&str> {
    const NAME: &[u8] = br#""minifiedJwt":""#;
    let rest = body.get(memmem::find(body, NAME)? + NAME.len()..)?;
    let end = memchr::memchr(b'"', rest)?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bearer_token_is_found_among_others() {
        let body = br#"{"jwt":"fat","expiresAt":1,"minifiedJwt":"a.b.c","user":{}}"#;
        assert_eq!(bearer(body), Some("a.b.c"));
        assert_eq!(bearer(br#"{"code":"x"}"#), None);
    }
}
