//! The client: feeds the state, carries out its effects, and tells the observer afterwards.
//!
//! No rule about sessions may be here; those are in [`crate::state`].

use crate::{
    ClientError, Config, Secret, Session,
    api::Api,
    ports::{Alarm, Ports},
    session::same_external_user,
    sign_in,
    state::{Effect, Event, Phase, Restored, State, Ticket, transition},
    stored,
};
use byoa_protocol::{
    client::{
        ClientEvent, ClientSnapshot, LogoutReason, LogoutResult, SignInWithExternalJwtArgs, UserProfile,
    },
    user::UserFields,
};
use futures_util::{
    FutureExt as _,
    future::{LocalBoxFuture, Shared},
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt,
    future::Future,
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

type Refreshing = Shared<LocalBoxFuture<'static, Result<UserProfile, ClientError>>>;

/// A handle to one client; clones are the same client.
#[derive(Clone)]
pub struct Client {
    inner: Rc<Inner>,
}

struct Inner {
    api: Api,
    ports: Ports,
    observer: Box<dyn Fn(&Notice)>,
    state: RefCell<State>,
    snapshot: RefCell<Snapshot>,
    alarm: RefCell<Option<Box<dyn Alarm>>>,
    /// The refresh under way, and whose.
    refreshing: RefCell<Option<(Ticket, Refreshing)>>,
    notices: RefCell<VecDeque<Notice>>,
    delivering: Cell<bool>,
    storage_failed: Cell<bool>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api", &self.inner.api)
            .field("generation", &self.inner.snapshot.borrow().generation)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client that has done nothing yet. The observer may call back into it.
    #[must_use]
    pub fn new(config: Config, ports: Ports, observer: impl Fn(&Notice) + 'static) -> Self {
        let state = State::default();
        let snapshot = Snapshot { generation: 0, value: Rc::new(state.snapshot()) };
        let inner = Inner {
            api: Api::new(config, ports.clone()),
            ports,
            observer: Box::new(observer),
            state: RefCell::new(state),
            snapshot: RefCell::new(snapshot),
            alarm: RefCell::new(None),
            refreshing: RefCell::new(None),
            notices: RefCell::new(VecDeque::new()),
            delivering: Cell::new(false),
            storage_failed: Cell::new(false),
        };
        Self { inner: Rc::new(inner) }
    }

    /// Restores the stored session, without a network call. Only the first call does anything.
    pub fn start(&self) {
        self.inner.start();
    }

    /// What the client knows now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.inner.snapshot.borrow().clone()
    }

    /// Checks the arguments, exchanges the JWT for a session, and gives its user. The JWT is not kept.
    ///
    /// A newer sign-in or a sign-out in between wins: this one then fails with `superseded`. A failing
    /// sign-in leaves an existing session as it is.
    pub fn sign_in_with_external_jwt(
        &self,
        args: SignInWithExternalJwtArgs,
    ) -> impl Future<Output = Result<UserProfile, ClientError>> + use<> {
        let inner = Rc::clone(&self.inner);
        inner.start();
        let begun = inner.begin_sign_in(args);
        async move {
            let (attempt, checked) = begun?;
            let outcome = inner.api.sign_in(&checked.external_jwt).await;
            drop(checked.external_jwt);
            let outcome = outcome.and_then(|session| {
                same_external_user(&session, &checked.external_user_id).map(|()| session)
            });
            inner.finish_sign_in(attempt, outcome)
        }
    }

    /// Signs out: here at once, and then on the server.
    pub fn logout(&self) -> impl Future<Output = LogoutResult> + use<> {
        let inner = Rc::clone(&self.inner);
        inner.start();
        let ended = inner.session();
        inner.dispatch(Event::LogoutStarted);
        async move {
            let Some((session, _)) = ended else {
                return LogoutResult { revoked: false };
            };
            let revoked = inner.api.revoke(&session, LogoutReason::UserIntent).await;
            inner.dispatch(Event::LogoutFinished { revoked });
            LogoutResult { revoked }
        }
    }

    /// Gets new tokens. Calls at the same time share one request.
    pub fn refresh(&self) -> impl Future<Output = Result<UserProfile, ClientError>> + use<> {
        let inner = Rc::clone(&self.inner);
        let flight = inner.started_session().map(|(session, ticket)| inner.refresh_once(session, ticket));
        async move { flight?.await }
    }

    /// Reads the user from the server.
    pub async fn refresh_user(&self) -> Result<UserProfile, ClientError> {
        let (session, ticket) = self.inner.started_session()?;
        let user = self.inner.authenticated(ticket, self.inner.api.user(&session).await)?;
        same_user(&session, &user)?;
        self.inner.accept(Event::UserRead { ticket, user: Box::new(user.clone()) })?;
        Ok(user)
    }

    /// Changes the user.
    pub async fn update_user(&self, fields: UserFields) -> Result<UserProfile, ClientError> {
        let (session, ticket) = self.inner.started_session()?;
        let answer = self.inner.api.update_user(&session, &fields).await;
        let renewed = self.inner.authenticated(ticket, answer)?;
        self.inner.renew(&session, ticket, renewed)
    }

    /// Deletes the user and ends the session.
    pub async fn delete_user(&self) -> Result<(), ClientError> {
        let (session, ticket) = self.inner.started_session()?;
        self.inner.authenticated(ticket, self.inner.api.delete_user(&session).await)?;
        self.inner.accept(Event::UserDeleted { ticket })
    }

    /// The bearer token for the app's own backend, while the session lasts.
    #[must_use]
    pub fn minified_token(&self) -> Option<Secret> {
        self.inner.live_session()?.minified_jwt.clone()
    }

    /// The token with the whole profile in its claims, while the session lasts.
    #[must_use]
    pub fn token(&self) -> Option<Secret> {
        self.inner.live_session()?.jwt.clone()
    }

    /// Ends this client. The stored session stays for the next one; whoever waits for an answer gets
    /// `superseded`, and nothing is written any more.
    pub fn close(&self) {
        self.inner.dispatch(Event::Closed);
    }
}

impl Inner {
    fn start(self: &Rc<Self>) {
        if self.state.borrow().phase != Phase::Loading {
            return;
        }
        let found = stored::load(&*self.ports.store, self.api.config(), self.ports.clock.now_ms());
        if found.is_err() {
            self.storage_refused();
        }
        self.dispatch(Event::Restored(found.unwrap_or(Restored::Nothing)));
    }

    fn session(&self) -> Option<(Rc<Session>, Ticket)> {
        self.state.borrow().session()
    }

    fn started_session(self: &Rc<Self>) -> Result<(Rc<Session>, Ticket), ClientError> {
        self.start();
        self.session().ok_or_else(ClientError::not_signed_in)
    }

    /// The session, if the clock says so too: a wake-up may be late, after a laptop's sleep for instance.
    fn live_session(self: &Rc<Self>) -> Option<Rc<Session>> {
        let (session, ticket) = self.session()?;
        if session.is_over(self.ports.clock.now_ms()) {
            self.dispatch(Event::DeadlineReached { ticket });
            return None;
        }
        Some(session)
    }

    fn begin_sign_in(
        self: &Rc<Self>,
        args: SignInWithExternalJwtArgs,
    ) -> Result<(u64, sign_in::Checked), ClientError> {
        let checked = sign_in::check(args, self.ports.clock.now_ms())
            .inspect_err(|error| _ = self.dispatch(failed(None, error)))?;
        self.accept(Event::SignInStarted)?;
        let attempt = self.state.borrow().attempts;
        Ok((attempt, checked))
    }

    fn finish_sign_in(
        self: &Rc<Self>,
        attempt: u64,
        outcome: Result<Session, ClientError>,
    ) -> Result<UserProfile, ClientError> {
        match outcome {
            Ok(session) => {
                let user = session.user.clone();
                self.accept(Event::SignInSucceeded { attempt, session: Rc::new(session) })?;
                Ok(user)
            }
            Err(error) => {
                self.accept(failed(Some(attempt), &error))?;
                Err(error)
            }
        }
    }

    fn refresh_once(self: &Rc<Self>, session: Rc<Session>, ticket: Ticket) -> Refreshing {
        if let Some((_, running)) = self.refreshing.borrow().as_ref().filter(|(whose, _)| *whose == ticket) {
            return running.clone();
        }
        let inner = Rc::clone(self);
        let flight = async move {
            let answer = inner.api.refresh(&session).await;
            let renewed = inner.authenticated(ticket, answer);
            inner.refreshing.borrow_mut().take_if(|(whose, _)| *whose == ticket);
            inner.renew(&session, ticket, renewed?)
        };
        let flight = flight.boxed_local().shared();
        *self.refreshing.borrow_mut() = Some((ticket, flight.clone()));
        flight
    }

    fn renew(
        self: &Rc<Self>,
        old: &Session,
        ticket: Ticket,
        renewed: Session,
    ) -> Result<UserProfile, ClientError> {
        same_user(old, &renewed.user)?;
        let user = renewed.user.clone();
        self.accept(Event::Renewed { ticket, session: Rc::new(renewed) })?;
        Ok(user)
    }

    /// Notes that the server does not take the session, where it says so.
    fn authenticated<T>(
        self: &Rc<Self>,
        ticket: Ticket,
        answer: Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        answer.inspect_err(|error| {
            if error.is_unauthorized() {
                self.dispatch(Event::Refused { ticket });
            }
        })
    }

    fn accept(self: &Rc<Self>, event: Event) -> Result<(), ClientError> {
        if self.dispatch(event) { Ok(()) } else { Err(ClientError::superseded()) }
    }

    /// Feeds one event, carries out the effects, and then tells the observer. `false` where the event
    /// came too late to count.
    fn dispatch(self: &Rc<Self>, event: Event) -> bool {
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
        effects.into_iter().for_each(|effect| self.carry_out(effect));
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

    fn stored(self: &Rc<Self>, result: Result<(), crate::ports::StoreError>) {
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

fn failed(attempt: Option<u64>, error: &ClientError) -> Event {
    let reason = error.reason.as_deref().map(str::to_owned);
    Event::SignInFailed { attempt, code: error.code.clone().into_owned(), reason }
}

fn same_user(session: &Session, user: &UserProfile) -> Result<(), ClientError> {
    if session.user.user_id == user.user_id {
        return Ok(());
    }
    Err(ClientError::invalid_response(200, "the answer is about another user; sign in again"))
}
