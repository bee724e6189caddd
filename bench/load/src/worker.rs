//! One connection's part in a cell: which request comes next, and whether its answer is right.

use crate::{
    connection::Connection,
    issuer::Tokens,
    plan::{CellOrder, Scenario},
    request::Requests,
    target::{Known, bearer},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Pause after an error, so that a dead server is not hammered.
const AFTER_ERROR: Duration = Duration::from_millis(20);
/// Of a wrong answer's body, what is kept to show.
const SHOWN_BYTES: usize = 200;

/// What the workers of one cell share; all of them run on one thread.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    phase: Cell<Phase>,
    /// Counts requests, to take turns among tokens.
    turn: Cell<usize>,
    pub(crate) latencies: RefCell<Vec<Duration>>,
    pub(crate) errors: Cell<usize>,
    pub(crate) first_error: RefCell<Option<String>>,
    pub(crate) newcomers: Cell<usize>,
    pub(crate) newcomers_ran_out: Cell<bool>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    #[default]
    WarmUp,
    Measured,
    Over,
}

impl Progress {
    /// Counts answers from now on.
    pub(crate) fn measure(&self) {
        self.phase.set(Phase::Measured);
    }

    /// Counts no more, and sends no more.
    pub(crate) fn end(&self) {
        self.phase.set(Phase::Over);
    }

    /// Counts an error and keeps the first.
    pub(crate) fn failed(&self, error: String) {
        self.errors.set(self.errors.get() + 1);
        self.first_error.borrow_mut().get_or_insert(error);
    }

    fn answered(&self, latency: Duration) {
        if self.phase.get() == Phase::Measured {
            self.latencies.borrow_mut().push(latency);
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Worker {
    scenario: Scenario,
    newcomer_percent: usize,
    index: usize,
    address: String,
    requests: Rc<Requests>,
    sessions: Rc<Vec<String>>,
    tokens: Rc<Tokens>,
    arrived: Rc<Cell<usize>>,
    progress: Rc<Progress>,
    /// The session that is refreshed; none until signed in.
    bearer: Option<String>,
    request: Vec<u8>,
}

impl Worker {
    pub(crate) fn new(
        order: &CellOrder,
        index: usize,
        known: &Known,
        tokens: &Rc<Tokens>,
        arrived: &Rc<Cell<usize>>,
        progress: &Rc<Progress>,
    ) -> Self {
        Self {
            scenario: order.scenario,
            newcomer_percent: order.newcomer_percent,
            index,
            address: known.target.address.clone(),
            requests: Rc::clone(&known.requests),
            sessions: Rc::clone(&known.sessions),
            tokens: Rc::clone(tokens),
            arrived: Rc::clone(arrived),
            progress: Rc::clone(progress),
            bearer: None,
            request: Vec::with_capacity(4096),
        }
    }

    /// Sends and checks until the cell is over.
    pub(crate) async fn run(mut self) {
        let mut connection = Connection::new(&self.address);
        while self.progress.phase.get() != Phase::Over {
            let counts = self.prepare();
            let sent = Instant::now();
            let outcome = connection.exchange(&self.request).await;
            let latency = sent.elapsed();
            let wrong = match outcome {
                Ok(answer) if self.accept(answer.status, answer.body) => None,
                Ok(answer) => Some(describe(answer.status, answer.body)),
                Err(error) => Some(error.to_string()),
            };
            if let Some(error) = wrong {
                self.bearer = None;
                self.progress.failed(error);
                sleep(AFTER_ERROR).await;
            } else if counts {
                self.progress.answered(latency);
            }
        }
    }

    /// Writes the next request; says whether its answer is one that the scenario counts.
    fn prepare(&mut self) -> bool {
        match self.scenario {
            Scenario::SigninRs256 | Scenario::SigninEs256 => {
                let token = self.next_token();
                self.requests.sign_in(&mut self.request, token.text(&self.tokens));
            }
            Scenario::Refresh => {
                if let Some(bearer) = &self.bearer {
                    self.requests.refresh(&mut self.request, bearer);
                } else {
                    let token = Token::Returning(self.index);
                    self.requests.sign_in(&mut self.request, token.text(&self.tokens));
                    return false;
                }
            }
            Scenario::Session => {
                let turn = self.next_turn();
                let bearer = cycled(&self.sessions, turn);
                self.requests.session(&mut self.request, bearer);
            }
        }
        true
    }

    /// Whether the answer is right; keeps what the next request needs of it.
    fn accept(&mut self, status: u16, body: &[u8]) -> bool {
        match self.scenario {
            Scenario::Session => status == 204,
            Scenario::SigninRs256 | Scenario::SigninEs256 => status == 200 && !body.is_empty(),
            Scenario::Refresh => {
                self.bearer = bearer(body).filter(|_| status == 200).map(str::to_owned);
                self.bearer.is_some()
            }
        }
    }

    /// A newcomer's token in its turn, while there are some; else one of the returning users'.
    fn next_token(&self) -> Token {
        let turn = self.next_turn();
        let is_newcomers_turn = (turn * self.newcomer_percent) % 100 < self.newcomer_percent;
        if !is_newcomers_turn {
            return Token::Returning(turn);
        }
        let arrived = self.arrived.get();
        if arrived == self.tokens.newcomers.len() {
            self.progress.newcomers_ran_out.set(true);
            return Token::Returning(turn);
        }
        self.arrived.set(arrived + 1);
        self.progress.newcomers.set(self.progress.newcomers.get() + 1);
        Token::Newcomer(arrived)
    }

    fn next_turn(&self) -> usize {
        self.progress.turn.replace(self.progress.turn.get() + 1)
    }
}

#[derive(Debug, Clone, Copy)]
enum Token {
    Returning(usize),
    Newcomer(usize),
}

impl Token {
    fn text(self, tokens: &Tokens) -> &str {
        match self {
            Self::Returning(turn) => cycled(&tokens.returning, turn),
            Self::Newcomer(index) => cycled(&tokens.newcomers, index),
        }
    }
}

/// Empty, and thus refused by every server, where there is none.
fn cycled(tokens: &[String], turn: usize) -> &str {
    tokens.get(turn % tokens.len().max(1)).map_or("", String::as_str)
}

fn describe(status: u16, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body.get(..SHOWN_BYTES).unwrap_or(body)).into_owned();
    format!("answered {status}: {body}")
}
