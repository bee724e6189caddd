//! Feeds the state, carries out its effects, and tells the observer afterwards.
//!
//! The only place that calls the store, the timer and the observer. No rule about sessions may be here;
//! those are in [`crate::state`].

use crate::{
    ClientError, Config, Session,
    api::Api,
    ports::{Alarm, Ports, StoreError},
    state::{Effect, Event, Phase, Restored, State, Ticket, transition},
    stored,
};
use byoa_protocol::client::{ClientEvent, ClientSnapshot, LogoutReason};
use futures_util::FutureExt as _;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

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
    ports: Ports,
    observer: Box<dyn Fn(&Notice)>,
    state: RefCell<State>,
    snapshot: RefCell<Snapshot>,
    alarm: RefCell<Option<Box<dyn Alarm>>>,
    notices: RefCell<VecDeque<Notice>>,
    delivering: Cell<bool>,
    storage_failed: Cell<bool>,
}

impl Runner {
    pub(crate) fn new(config: Config, ports: Ports, observer: impl Fn(&Notice) + 'static) -> Self {
        let state = State::default();
        let snapshot = Snapshot { generation: 0, value: Rc::new(state.snapshot()) };
        Self {
            api: Api::new(config, ports.clone()),
            ports,
            observer: Box::new(observer),
            state: RefCell::new(state),
            snapshot: RefCell::new(snapshot),
            alarm: RefCell::new(None),
            notices: RefCell::new(VecDeque::new()),
            delivering: Cell::new(false),
            storage_failed: Cell::new(false),
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.ports.clock.now_ms()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.snapshot.borrow().clone()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.borrow().phase == Phase::Closed
    }

    /// The number of the newest sign-in.
    pub(crate) fn attempt(&self) -> u64 {
        self.state.borrow().attempts
    }

    /// Restores the stored session; only the first call does anything.
    pub(crate) fn start(self: &Rc<Self>) {
        if self.state.borrow().phase != Phase::Loading {
            return;
        }
        let found = stored::load(&*self.ports.store, self.api.config(), self.ports.clock.now_ms());
        if found.is_err() {
            self.storage_refused();
        }
        self.dispatch(Event::Restored(found.unwrap_or(Restored::Nothing)));
    }

    pub(crate) fn session(&self) -> Option<(Rc<Session>, Ticket)> {
        self.state.borrow().session()
    }

    /// The session, if the clock says so too: a wake-up may be late, after a laptop's sleep for instance.
    pub(crate) fn live_session(self: &Rc<Self>) -> Option<Rc<Session>> {
        let (session, ticket) = self.session()?;
        if session.is_over(self.ports.clock.now_ms()) {
            self.dispatch(Event::DeadlineReached { ticket });
            return None;
        }
        Some(session)
    }

    /// Feeds one event; an error where it came too late to count.
    pub(crate) fn accept(self: &Rc<Self>, event: Event) -> Result<(), ClientError> {
        if self.dispatch(event) { Ok(()) } else { Err(ClientError::superseded()) }
    }

    /// Feeds one event, carries out the effects, and then tells the observer. `false` where the event
    /// came too late to count.
    pub(crate) fn dispatch(self: &Rc<Self>, event: Event) -> bool {
        let counts = self.apply(event);
        self.deliver();
        counts
    }

    fn apply(self: &Rc<Self>, event: Event) -> bool {
        let effects = {
            let mut state = self.state.borrow_mut();
            let (next, effects) = transition(std::mem::take(&mut *state), event);
            *state = next;
            effects
        };
        let counts = !effects.contains(&Effect::Supersede);
        for effect in effects {
            self.carry_out(effect);
        }
        counts
    }

    fn carry_out(self: &Rc<Self>, effect: Effect) {
        let config = self.api.config();
        match effect {
            Effect::Persist(session) => self.stored(stored::save(&*self.ports.store, config, &session)),
            Effect::Forget => self.stored(stored::forget(&*self.ports.store, config)),
            Effect::Schedule { at_ms, ticket } => self.schedule(at_ms, ticket),
            Effect::Unschedule => drop(self.alarm.take()),
            Effect::Publish => self.publish(),
            Effect::Emit(event) => self.notices.borrow_mut().push_back(Notice::Event(event)),
            Effect::RevokeOrphan(session) => {
                let inner = Rc::clone(self);
                let revoke = async move { inner.api.revoke(&session, LogoutReason::UserIntent).await };
                self.ports.tasks.spawn(revoke.map(drop).boxed_local());
            }
            Effect::Supersede => {}
        }
    }

    fn schedule(self: &Rc<Self>, at_ms: i64, ticket: Ticket) {
        let inner = Rc::downgrade(self);
        let wake = move || {
            if let Some(inner) = inner.upgrade() {
                inner.dispatch(Event::DeadlineReached { ticket });
            }
        };
        let alarm = self.ports.timer.wake_at(at_ms, Box::new(wake));
        drop(self.alarm.replace(Some(alarm)));
    }

    fn publish(&self) {
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
