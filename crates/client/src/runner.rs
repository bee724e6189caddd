//! Feeds the state, carries out its effects, and tells the observer afterwards.
//!
//! The only place that calls the store, the timer and the observer. No rule about sessions may be here;
//! those are in [`crate::state`].

use crate::{
    ClientError, Config, Session,
    api::Api,
    ports::{Alarm, Ports, StoreError, Wake},
    refresh::Flight,
    state::{Effect, Event, Found, Phase, State, Ticket, transition},
    step_up::ElevatedTokens,
    stored::Register,
    time::{Now, Timekeeper},
    upkeep::Policy,
};
use byoa_protocol::client::{ClientEvent, ClientSnapshot, LogoutReason, StorageKind};
use futures_util::FutureExt as _;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

/// A visible page looks at the clocks this often, a hidden one less: a wake-up after a machine's sleep
/// may be late by as much as it slept.
const HEARTBEAT_MS: i64 = 60_000;
const HIDDEN_HEARTBEAT_MS: i64 = 600_000;

/// No wake-up comes sooner, so that one that finds nothing to do does not become a loop.
const SHORTEST_SLEEP_MS: i64 = 20;

/// A snapshot and its number: the same number is the same snapshot.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Counts the changes.
    pub generation: u64,
    /// What the client knows.
    pub value: Rc<ClientSnapshot>,
}

/// What an observer is told. Delivered one at a time and never from within another.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// There is a new snapshot.
    Changed,
    /// Something happened.
    Event(ClientEvent),
}

/// One client's state and what is around it. No borrow outlives a statement that calls outwards.
pub(crate) struct Runner {
    pub(crate) api: Api,
    pub(crate) ports: Ports,
    pub(crate) time: Rc<Timekeeper>,
    /// The refresh under way, and whose.
    pub(crate) flight: RefCell<Option<(Ticket, Flight)>>,
    pub(crate) elevated: RefCell<ElevatedTokens>,
    register: Register,
    observer: Box<dyn Fn(&Notice)>,
    state: RefCell<State>,
    snapshot: RefCell<Snapshot>,
    alarm: RefCell<Option<Box<dyn Alarm>>>,
    watching: RefCell<Option<Box<dyn Alarm>>>,
    notices: RefCell<VecDeque<Notice>>,
    delivering: Cell<bool>,
    storage_failed: Cell<bool>,
}

impl Runner {
    pub(crate) fn new(config: Config, ports: Ports, observer: impl Fn(&Notice) + 'static) -> Self {
        let time = Rc::new(Timekeeper::new(Rc::clone(&ports.clock)));
        let (auto_refresh, register) = (config.auto_refresh(), Register::new(&config));
        let api = Api::new(config, ports.clone(), Rc::clone(&time));
        let mut seed = [0; 4];
        ports.random.fill(&mut seed);
        let state = State::new(Policy { auto_refresh, seed: u32::from_le_bytes(seed) });
        let snapshot = Snapshot { generation: 0, value: Rc::new(state.snapshot()) };
        Self {
            register,
            api,
            ports,
            time,
            flight: RefCell::new(None),
            elevated: RefCell::default(),
            observer: Box::new(observer),
            state: RefCell::new(state),
            snapshot: RefCell::new(snapshot),
            alarm: RefCell::new(None),
            watching: RefCell::new(None),
            notices: RefCell::new(VecDeque::new()),
            delivering: Cell::new(false),
            storage_failed: Cell::new(false),
        }
    }

    pub(crate) fn now(&self) -> Now {
        self.time.now(self.ports.page.is_visible())
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.snapshot.borrow().clone()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.borrow().phase == Phase::Closed
    }

    /// Where the session is kept.
    pub(crate) fn storage(&self) -> StorageKind {
        if self.storage_failed.get() { StorageKind::Memory } else { self.ports.store.kind() }
    }

    /// The number of the newest sign-in.
    pub(crate) fn attempt(&self) -> u64 {
        self.state.borrow().attempts
    }

    pub(crate) fn session(&self) -> Option<(Rc<Session>, Ticket)> {
        self.state.borrow().session()
    }

    /// When the present tokens are refreshed, as things stand.
    pub(crate) fn next_refresh_at(&self) -> Option<i64> {
        let now = self.now();
        match &self.state.borrow().phase {
            Phase::SignedIn { session, ticket, upkeep } if self.api.config().auto_refresh() => {
                let at = self.state.borrow().policy.refresh_at(session, ticket.generation, *upkeep, now);
                (at < i64::MAX).then_some(at)
            }
            _ => None,
        }
    }

    /// Restores the stored session and begins to listen; only the first call does anything.
    pub(crate) fn start(self: &Rc<Self>) {
        if self.state.borrow().phase != Phase::Loading {
            return;
        }
        let inner = Rc::downgrade(self);
        let wake = move |wake| {
            if let Some(inner) = inner.upgrade() {
                inner.look(wake != Wake::Changed);
            }
        };
        *self.watching.borrow_mut() = Some(self.ports.page.watch(Box::new(wake)));
        self.look(false);
    }

    /// Reads the register and does what is due. An eager look tries again at once what failed.
    pub(crate) fn look(self: &Rc<Self>, eager: bool) {
        self.read_register();
        self.dispatch(Event::Woken { eager });
    }

    /// Takes over what other tabs wrote, and gives the greatest epoch of all.
    pub(crate) fn read_register(self: &Rc<Self>) -> i64 {
        let (store, config) = (&*self.ports.store, self.api.config());
        let read = self.register.read(store, config, self.now().best);
        if read.is_err() {
            self.storage_refused();
        }
        let read = read.unwrap_or_default();
        let (issued_ms, renewed) = match (&read.found, self.session()) {
            (Found::Session { session, .. }, own) => {
                (session.issued_at_ms, own.is_some_and(|(own, _)| !session.has_tokens_of(&own)))
            }
            _ => (0, false),
        };
        self.time.compare(read.learnt, issued_ms, renewed);
        if read.set_aside {
            self.apply(Event::SetAside);
        }
        self.dispatch(Event::Seen(read.found));
        read.newest
    }

    /// An epoch that is greater than any that this tab or the register has seen.
    pub(crate) fn next_epoch(self: &Rc<Self>) -> i64 {
        let newest = self.read_register();
        let state = self.state.borrow();
        let own = state.session().map_or(0, |(_, ticket)| ticket.epoch).max(state.ended);
        newest.max(own).saturating_add(1).max(self.time.now(true).best)
    }

    /// Feeds one event; an error where it came too late to count.
    pub(crate) fn accept(self: &Rc<Self>, event: Event) -> Result<(), ClientError> {
        if self.dispatch(event) { Ok(()) } else { Err(ClientError::superseded()) }
    }

    /// Feeds one event, carries out the effects, and then tells the observer. `false` where the event
    /// came too late to count.
    pub(crate) fn dispatch(self: &Rc<Self>, event: Event) -> bool {
        let counts = self.apply(event);
        self.arm();
        self.deliver();
        counts
    }

    pub(crate) fn apply(self: &Rc<Self>, event: Event) -> bool {
        let now = self.now();
        let effects = {
            let mut state = self.state.borrow_mut();
            let policy = state.policy;
            let (next, effects) = transition(std::mem::replace(&mut *state, State::new(policy)), event, now);
            *state = next;
            effects
        };
        self.publish();
        let counts = !effects.contains(&Effect::Supersede);
        for effect in effects {
            self.carry_out(effect);
        }
        counts
    }

    fn carry_out(self: &Rc<Self>, effect: Effect) {
        let store = &*self.ports.store;
        match effect {
            Effect::Persist { session, ticket } => {
                self.stored(self.register.write(store, &session, ticket, self.time.learnt()));
            }
            Effect::End { epoch, reason } => self.stored(self.register.end(store, epoch, reason)),
            Effect::Refresh { session, ticket } => drop(self.begin_refresh(session, ticket)),
            Effect::Emit(event) => self.notices.borrow_mut().push_back(Notice::Event(event)),
            Effect::RevokeOrphan(session) => {
                let inner = Rc::clone(self);
                let revoke = async move { inner.api.revoke(&session, LogoutReason::UserIntent).await };
                self.ports.tasks.spawn(revoke.map(drop).boxed_local());
            }
            Effect::Supersede => {}
        }
    }

    /// Sets the one wake-up to when something has to be done next, or to the next look at the clocks.
    fn arm(self: &Rc<Self>) {
        let now = self.now();
        let next = self.state.borrow().wake_at(now);
        let alarm = next.map(|at_ms| {
            let heartbeat = if now.visible { HEARTBEAT_MS } else { HIDDEN_HEARTBEAT_MS };
            let delay = at_ms.saturating_sub(now.best).clamp(SHORTEST_SLEEP_MS, heartbeat);
            let inner = Rc::downgrade(self);
            let wake = move || _ = inner.upgrade().map(|inner| inner.look(false));
            self.ports.timer.wake_after(delay, Box::new(wake))
        });
        drop(self.alarm.replace(alarm));
        if self.is_closed() {
            drop(self.watching.take());
        }
    }

    fn publish(&self) {
        if self.is_closed() {
            return;
        }
        let value = self.state.borrow().snapshot();
        let mut current = self.snapshot.borrow_mut();
        if *current.value != value {
            *current = Snapshot { generation: current.generation + 1, value: Rc::new(value) };
            self.notices.borrow_mut().push_back(Notice::Changed);
        }
    }

    fn stored(self: &Rc<Self>, result: Result<(), StoreError>) {
        match result {
            Ok(()) => self.storage_failed.set(false),
            Err(_) => self.storage_refused(),
        }
    }

    /// Warns once for a row of failures.
    fn storage_refused(self: &Rc<Self>) {
        if !self.storage_failed.replace(true) {
            self.apply(Event::StorageFailed);
        }
    }

    /// One notice at a time: what a notice causes comes after it, not within it.
    fn deliver(&self) {
        if self.delivering.replace(true) {
            return;
        }
        loop {
            let notice = self.notices.borrow_mut().pop_front();
            let Some(notice) = notice else { break };
            (self.observer)(&notice);
        }
        self.delivering.set(false);
    }
}
