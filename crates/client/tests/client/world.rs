//! A small world: a server with the refresh rules of ours, one machine with a clock that may be stepped, one
//! store, and tabs in it that come, freeze, thaw and go. Every promise about sessions is checked as it runs.

use crate::{
    fakes::{ManualClock, MemoryStore},
    fixtures::*,
};
use async_trait::async_trait;
use byoa_client::{
    Client, Config, Notice,
    ports::{
        Alarm, Clock, Page, Ports, Random, Request, Response, Tasks, Timer, Transport, TransportError, Wake,
    },
};
use byoa_protocol::client::{ClientConfig, ClientEvent, ClientSnapshot, LogoutReason};
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// How long a token, a session and a replaced token live, in milliseconds.
pub(crate) const TOKEN_MS: i64 = 600_000;
pub(crate) const WINDOW_MS: i64 = 40 * 86_400_000;
const GRACE_MS: i64 = 30_000;

/// Numbers that look random and are the same for the same seed.
pub(crate) struct Dice(Cell<u64>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1))
    }

    /// From 0 to below that.
    pub(crate) fn below(&self, end: u64) -> u64 {
        let mut next = self.0.get();
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        self.0.set(next);
        (next >> 16) % end
    }
}

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.below(256).to_le_bytes()[0];
        }
    }
}

struct ServerSession {
    token: u64,
    previous: Option<u64>,
    refreshed_ms: i64,
    ends_ms: i64,
    over: bool,
}

/// What the server knows, and what it noticed.
#[derive(Default)]
pub(crate) struct Server {
    now_ms: Cell<i64>,
    sessions: RefCell<BTreeMap<u64, ServerSession>>,
    next: Cell<u64>,
    /// Tokens that were replaced by new ones.
    pub(crate) rotations: Cell<u64>,
    /// Sessions that were ended because a replaced token came back too late.
    pub(crate) reused: RefCell<BTreeSet<u64>>,
}

impl Server {
    fn token(&self, session: u64, token: u64, issued_ms: i64) -> String {
        let sessions = self.sessions.borrow();
        let of = &sessions[&session];
        let claims = json!({
            "iat": issued_ms / 1000, "exp": (issued_ms + TOKEN_MS) / 1000, "refreshExp": of.ends_ms / 1000,
            "sid": session, "jti": token,
        });
        jwt(&json!({"alg": "RS256"}), &claims)
    }

    fn body(&self, session: u64) -> String {
        let (token, issued) = {
            let sessions = self.sessions.borrow();
            (sessions[&session].token, sessions[&session].refreshed_ms)
        };
        let answer = bent(crate::fixtures::session(), "/expiresAt", json!((issued + TOKEN_MS) / 1000));
        let answer = bent(answer, "/minifiedJwt", json!(self.token(session, token, issued)));
        bent(bent(answer, "/jwt", Value::Null), "/user/sessionId", json!(session.to_string())).to_string()
    }

    fn number(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    fn answer(&self, request: &Request) -> (u16, String) {
        let now = self.now_ms.get();
        let operation = request.url.rsplit('/').next().unwrap_or_default();
        if operation == "signin" {
            let (session, token) = (self.number(), self.number());
            let made = ServerSession {
                token,
                previous: None,
                refreshed_ms: now,
                ends_ms: now + WINDOW_MS,
                over: false,
            };
            self.sessions.borrow_mut().insert(session, made);
            return (200, self.body(session));
        }
        let claims = bearer_claims(request);
        let (id, token) = (claims["sid"].as_u64().expect("ours"), claims["jti"].as_u64().expect("ours"));
        let refused = (401, REFUSAL.to_owned());
        let mut sessions = self.sessions.borrow_mut();
        let session = sessions.get_mut(&id).expect("ours");
        if operation == "revoke" {
            session.over = true;
            return (204, String::new());
        }
        if session.over || now >= session.ends_ms {
            return refused;
        }
        if operation == "refresh" {
            if token == session.token {
                session.previous = Some(token);
                session.token = self.number();
                session.refreshed_ms = now / 1000 * 1000;
                self.rotations.set(self.rotations.get() + 1);
            } else if session.previous != Some(token) || now - session.refreshed_ms >= GRACE_MS {
                session.over = true;
                self.reused.borrow_mut().insert(id);
                return refused;
            }
            drop(sessions);
            return (200, self.body(id));
        }
        if token != session.token || now >= session.refreshed_ms + TOKEN_MS {
            return refused;
        }
        (200, bent(user(), "/sessionId", json!(id.to_string())).to_string())
    }

    /// Whether nobody can use the session any more.
    pub(crate) fn is_over(&self, session: &str) -> bool {
        let id: u64 = session.parse().expect("ours");
        let sessions = self.sessions.borrow();
        sessions[&id].over || self.now_ms.get() >= sessions[&id].ends_ms
    }
}

fn bearer_claims(request: &Request) -> Value {
    let header = request.headers.iter().find(|(name, _)| *name == "authorization");
    let token = header.expect("a bearer token").1.expose().to_owned();
    let payload = token.split('.').nth(1).expect("three parts");
    let bytes = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).expect("ours");
    serde_json::from_slice(&bytes).expect("ours")
}

/// A request on its way: to the server, back, or nowhere.
struct Wire {
    request: Request,
    answer: Rc<RefCell<Option<Result<Response, TransportError>>>>,
    reached: Option<Response>,
}

#[derive(Default)]
struct Net {
    wires: RefCell<Vec<Wire>>,
}

struct TabNet {
    net: Rc<Net>,
    server: Rc<Server>,
}

#[async_trait(?Send)]
impl Transport for TabNet {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let operation = request.url.rsplit('/').next().unwrap_or_default().to_owned();
        if operation == "settings" {
            return Ok(Response { status: 404, headers: vec![], body: String::new() });
        }
        if !["signin", "refresh", "revoke"].contains(&&*operation) {
            let end_ms = bearer_claims(&request)["exp"].as_i64().expect("ours") * 1000;
            assert!(end_ms > self.server.now_ms.get(), "an expired token was sent to {operation}");
        }
        let answer = Rc::new(RefCell::new(None));
        let wire = Wire { request, answer: Rc::clone(&answer), reached: None };
        self.net.wires.borrow_mut().push(wire);
        poll_fn(|_| answer.borrow_mut().take().map_or(Poll::Pending, Poll::Ready)).await
    }
}

/// The lock that all tabs share: held by one, by a rogue, or taken away from whoever has it.
#[derive(Default)]
struct Lock {
    held: Cell<bool>,
}

struct Hold(Rc<Lock>);

impl Alarm for Hold {}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.held.set(false);
    }
}

struct Listening;

impl Alarm for Listening {}

/// What a tab hears with, once it listens.
type Ear = RefCell<Option<Box<dyn Fn(Wake)>>>;

struct TabPage {
    lock: Rc<Lock>,
    clock: Rc<ManualClock>,
    wake: Rc<Ear>,
    visible: Rc<Cell<bool>>,
}

#[async_trait(?Send)]
impl Page for TabPage {
    fn is_visible(&self) -> bool {
        self.visible.get()
    }

    fn watch(&self, wake: Box<dyn Fn(Wake)>) -> Box<dyn Alarm> {
        *self.wake.borrow_mut() = Some(wake);
        Box::new(Listening)
    }

    async fn lock(&self, _: &str, wait_ms: i64) -> Box<dyn Alarm> {
        let until = self.clock.monotonic_ms() + wait_ms;
        let granted = poll_fn(|_| {
            if !self.lock.held.replace(true) {
                return Poll::Ready(true);
            }
            if self.clock.monotonic_ms() >= until { Poll::Ready(false) } else { Poll::Pending }
        })
        .await;
        if granted { Box::new(Hold(Rc::clone(&self.lock))) } else { Box::new(Listening) }
    }
}

#[derive(Default)]
struct Work(RefCell<Vec<LocalBoxFuture<'static, ()>>>);

impl Tasks for Work {
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()>>>) {
        self.0.borrow_mut().push(task);
    }
}

pub(crate) struct Tab {
    pub(crate) client: Client,
    clock: Rc<ManualClock>,
    wake: Rc<Ear>,
    pub(crate) visible: Rc<Cell<bool>>,
    work: Rc<Work>,
    pub(crate) frozen: bool,
    logouts: Rc<RefCell<Vec<LogoutReason>>>,
    /// Whose session it showed last.
    showed: RefCell<Option<String>>,
}

impl Tab {
    pub(crate) fn session(&self) -> Option<String> {
        match &*self.client.snapshot().value {
            ClientSnapshot::SignedIn { user, .. } => user.text("sessionId").map(str::to_owned),
            _ => None,
        }
    }

    pub(crate) fn wake(&self, wake: Wake) {
        if !self.frozen
            && let Some(heard) = &*self.wake.borrow()
        {
            heard(wake);
        }
    }

    pub(crate) fn work(&self) {
        for _ in 0..6 {
            if self.frozen {
                return;
            }
            let mut pending = vec![];
            for mut task in self.work.0.take() {
                if task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
                    pending.push(task);
                }
            }
            self.work.0.borrow_mut().extend(pending);
        }
    }

    pub(crate) fn ask<T: 'static>(&self, what: impl Future<Output = T> + 'static) {
        self.work.0.borrow_mut().push(what.map(drop).boxed_local());
    }
}

pub(crate) struct World {
    pub(crate) dice: Rc<Dice>,
    pub(crate) server: Rc<Server>,
    pub(crate) store: Rc<MemoryStore>,
    pub(crate) tabs: Vec<Tab>,
    /// How far the machine's wall clock is off.
    off_ms: i64,
    net: Rc<Net>,
    lock: Rc<Lock>,
    rogue: Option<Hold>,
    /// Sessions that an app signed out of.
    pub(crate) signed_out: BTreeSet<String>,
    pub(crate) passed_ms: i64,
    /// Whether the network loses anything.
    pub(crate) lossy: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let server = Rc::new(Server::default());
        server.now_ms.set(START_MS);
        Self {
            dice: Rc::new(Dice::new(seed)),
            server,
            store: Rc::default(),
            tabs: vec![],
            off_ms: 0,
            net: Rc::default(),
            lock: Rc::default(),
            rogue: None,
            signed_out: BTreeSet::new(),
            passed_ms: 0,
            lossy: true,
        }
    }

    pub(crate) fn open_tab(&mut self) {
        let clock = Rc::new(ManualClock::at(self.server.now_ms.get() + self.off_ms));
        let (wake, visible, work) = (Rc::default(), Rc::new(Cell::new(true)), Rc::<Work>::default());
        let page = TabPage {
            lock: Rc::clone(&self.lock),
            clock: Rc::clone(&clock),
            wake: Rc::clone(&wake),
            visible: Rc::clone(&visible),
        };
        let ports = Ports {
            transport: Rc::new(TabNet { net: Rc::clone(&self.net), server: Rc::clone(&self.server) }),
            store: Rc::clone(&self.store) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::clone(&clock) as Rc<dyn Timer>,
            random: Rc::clone(&self.dice) as _,
            tasks: Rc::clone(&work) as _,
            page: Rc::new(page),
            keys: None,
        };
        let config = ClientConfig {
            environment_id: ENVIRONMENT.to_owned(),
            api_base_url: API_BASE.to_owned(),
            ..ClientConfig::default()
        };
        let logouts: Rc<RefCell<Vec<LogoutReason>>> = Rc::default();
        let told = Rc::clone(&logouts);
        let client = Client::new(Config::new(&config).expect("valid"), ports, move |notice| {
            if let Notice::Event(ClientEvent::Logout { reason }) = notice {
                told.borrow_mut().push(*reason);
            }
        });
        client.start();
        let showed = RefCell::default();
        self.tabs.push(Tab { client, clock, wake, visible, work, frozen: false, logouts, showed });
    }

    /// Closes a tab without a word, in the middle of whatever it does.
    pub(crate) fn kill_tab(&mut self, index: usize) {
        self.tabs.remove(index);
    }

    pub(crate) fn step_clock(&mut self, by_ms: i64) {
        self.off_ms += by_ms;
        for tab in &self.tabs {
            tab.clock.step(by_ms);
        }
    }

    /// Time passes for everybody; frozen tabs notice nothing.
    pub(crate) fn advance(&mut self, by_ms: i64) {
        let mut left = by_ms;
        while left > 0 {
            let step = left.min((by_ms / 20).max(5000));
            left -= step;
            self.passed_ms += step;
            self.server.now_ms.set(self.server.now_ms.get() + step);
            for index in 0..self.tabs.len() {
                if self.tabs[index].frozen {
                    self.tabs[index].clock.freeze(step);
                } else {
                    self.tabs[index].clock.advance(step);
                }
            }
            self.settle();
        }
    }

    /// Everything happens that can without the network.
    pub(crate) fn settle(&mut self) {
        for _ in 0..2 {
            for tab in &self.tabs {
                tab.work();
                tab.wake(Wake::Changed);
            }
        }
        self.check();
    }

    /// One of the requests on its way reaches the server, gets its answer, or is lost.
    pub(crate) fn network(&mut self) {
        let count = self.net.wires.borrow().len();
        if count == 0 {
            return;
        }
        let at = usize::try_from(self.dice.below(count as u64)).expect("small");
        let mut wires = self.net.wires.borrow_mut();
        match (wires[at].reached.take(), self.dice.below(10)) {
            (None | Some(_), 0) if self.lossy => {
                let wire = wires.remove(at);
                let lost = TransportError::Unreachable("lost".to_owned());
                *wire.answer.borrow_mut() = Some(Err(lost));
            }
            (None, _) => {
                let (status, body) = self.server.answer(&wires[at].request);
                let headers = vec![("date", date(self.server.now_ms.get()))];
                wires[at].reached = Some(Response { status, headers, body });
            }
            (Some(response), _) => {
                let wire = wires.remove(at);
                *wire.answer.borrow_mut() = Some(Ok(response));
            }
        }
    }

    /// Everything on its way arrives.
    pub(crate) fn deliver_all(&mut self) {
        for _ in 0..200 {
            if self.net.wires.borrow().is_empty() {
                break;
            }
            self.network();
            self.settle();
        }
    }

    /// A tab that is none of ours takes the lock for ever, or gives it back, or it is stolen.
    pub(crate) fn meddle_with_the_lock(&mut self) {
        match self.dice.below(3) {
            0 if !self.lock.held.replace(true) => self.rogue = Some(Hold(Rc::clone(&self.lock))),
            1 => self.lock.held.set(false),
            _ => self.rogue = None,
        }
    }

    fn check(&self) {
        for tab in self.tabs.iter().filter(|tab| !tab.frozen) {
            let session = tab.session();
            if let Some(session) = &session {
                assert!(!self.signed_out.contains(session), "a sign-out lost to a late write");
            }
            let before = tab.showed.replace(session.clone());
            if !tab.logouts.take().is_empty()
                && let Some(before) = before
            {
                let meant = self.signed_out.contains(&before) || self.server.is_over(&before);
                assert!(meant, "signed out of {before} for nothing");
            }
        }
    }
}

/// A `Date` header. The civil date is counted up from one that is known.
pub(crate) fn date(now_ms: i64) -> String {
    const MONTHS: [(&str, i64); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    // 1 January 2027.
    let seconds = now_ms / 1000 - 1_798_761_600;
    let (mut day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let mut month = 0;
    while day >= MONTHS[month].1 {
        day -= MONTHS[month].1;
        month += 1;
    }
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("Fri, {:02} {} 2027 {hour:02}:{minute:02}:{:02} GMT", day + 1, MONTHS[month].0, second % 60)
}
