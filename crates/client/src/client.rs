//! What an app can ask of a client. Each call takes the session when it is made, not when its future is
//! first polled.
//!
//! No rule about sessions may be here; those are in [`crate::state`].

use crate::{
    ClientError, Config, Secret, Session,
    json::Object,
    ports::Ports,
    runner::{Notice, Runner, Snapshot},
    session::same_external_user,
    sign_in,
    state::{Event, Ticket},
};
use byoa_protocol::{
    client::{
        LogoutReason, LogoutResult, Security, SecurityLevel, SessionTimeline, SignInWithExternalJwtArgs,
        StorageKind,
    },
    profile::User,
};
use futures_util::{
    FutureExt as _,
    future::{LocalBoxFuture, Shared},
};
use std::{cell::RefCell, fmt, future::Future, ops::Deref, rc::Rc};

type Refreshing = Shared<LocalBoxFuture<'static, Result<User, ClientError>>>;

/// A handle to one client; clones are the same client.
#[derive(Clone)]
pub struct Client {
    inner: Rc<Inner>,
}

struct Inner {
    runner: Rc<Runner>,
    /// The refresh under way, and whose.
    refreshing: RefCell<Option<(Ticket, Refreshing)>>,
}

impl Deref for Inner {
    type Target = Rc<Runner>;

    fn deref(&self) -> &Self::Target {
        &self.runner
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api", &self.inner.api)
            .field("generation", &self.inner.snapshot().generation)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client that has done nothing yet. The observer may call back into it.
    #[must_use]
    pub fn new(config: Config, ports: Ports, observer: impl Fn(&Notice) + 'static) -> Self {
        let runner = Rc::new(Runner::new(config, ports, observer));
        Self { inner: Rc::new(Inner { runner, refreshing: RefCell::new(None) }) }
    }

    /// Restores the stored session, without a network call. Only the first call does anything.
    pub fn start(&self) {
        self.inner.start();
    }

    /// What the client knows now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.inner.snapshot()
    }

    /// Checks the arguments, exchanges the JWT for a session, and gives its user. The JWT is not kept.
    ///
    /// A newer sign-in or a sign-out in between wins: this one then fails with `superseded`. A failing
    /// sign-in leaves an existing session as it is.
    pub fn sign_in_with_external_jwt(
        &self,
        args: SignInWithExternalJwtArgs,
    ) -> impl Future<Output = Result<User, ClientError>> + use<> {
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
        self.logout_because(LogoutReason::UserIntent)
    }

    /// Signs out for another reason than the user's wish.
    pub fn logout_because(&self, reason: LogoutReason) -> impl Future<Output = LogoutResult> + use<> {
        let inner = Rc::clone(&self.inner);
        inner.start();
        let ended = inner.session();
        inner.dispatch(Event::LogoutStarted { reason });
        async move {
            let Some((session, _)) = ended else {
                return LogoutResult { revoked: false };
            };
            let revoked = inner.api.revoke(&session, reason).await;
            inner.dispatch(Event::LogoutFinished { revoked });
            LogoutResult { revoked }
        }
    }

    /// Gets new tokens. Calls at the same time share one request.
    pub fn refresh(&self) -> impl Future<Output = Result<User, ClientError>> + use<> {
        let inner = Rc::clone(&self.inner);
        let flight = inner.started_session().map(|(session, ticket)| inner.refresh_once(session, ticket));
        async move { flight?.await }
    }

    /// Reads the user from the server.
    pub fn refresh_user(&self) -> impl Future<Output = Result<User, ClientError>> + use<> {
        let inner = Rc::clone(&self.inner);
        let begun = inner.started_session();
        async move {
            let (session, ticket) = begun?;
            let user = inner.authenticated(ticket, inner.api.user(&session).await)?;
            same_user(&session, &user)?;
            inner.accept(Event::UserRead { ticket, user: user.clone() })?;
            Ok(user)
        }
    }

    /// Changes the user.
    pub fn update_user(&self, fields: Object) -> impl Future<Output = Result<User, ClientError>> + use<> {
        let inner = Rc::clone(&self.inner);
        let begun = inner.started_session();
        async move {
            let (session, ticket) = begun?;
            let renewed = inner.authenticated(ticket, inner.api.update_user(&session, fields).await)?;
            inner.renew(&session, ticket, renewed)
        }
    }

    /// Deletes the user and ends the session.
    pub fn delete_user(&self) -> impl Future<Output = Result<(), ClientError>> + use<> {
        let inner = Rc::clone(&self.inner);
        let begun = inner.started_session();
        async move {
            let (session, ticket) = begun?;
            inner.authenticated(ticket, inner.api.delete_user(&session).await)?;
            inner.accept(Event::UserDeleted { ticket })
        }
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

    /// The session's times; never a token.
    #[must_use]
    pub fn inspect(&self) -> SessionTimeline {
        let session = self.inner.session().map(|(session, _)| session);
        SessionTimeline {
            issued_at: None,
            expires_at: session.as_ref().map(|session| session.expires_at_ms),
            next_refresh_at: None,
            refresh_expires_at: None,
            skew_ms: 0,
            storage: StorageKind::Local,
            security: session.map(|_| Security { level: SecurityLevel::Bearer }),
        }
    }

    /// Ends this client. The stored session stays for the next one; whoever waits for an answer gets
    /// `superseded`, and nothing is written any more.
    pub fn close(&self) {
        self.inner.dispatch(Event::Closed);
    }
}

impl Inner {
    /// The session at the time of the call: what comes later is not what the caller meant.
    fn started_session(self: &Rc<Self>) -> Result<(Rc<Session>, Ticket), ClientError> {
        self.start();
        if self.is_closed() {
            return Err(ClientError::superseded());
        }
        self.session().ok_or_else(ClientError::not_signed_in)
    }

    fn begin_sign_in(
        self: &Rc<Self>,
        args: SignInWithExternalJwtArgs,
    ) -> Result<(u64, sign_in::Checked), ClientError> {
        let checked = sign_in::check(args, self.now_ms())
            .inspect_err(|error| _ = self.dispatch(failed(None, error)))?;
        self.accept(Event::SignInStarted)?;
        let attempt = self.attempt();
        Ok((attempt, checked))
    }

    fn finish_sign_in(
        self: &Rc<Self>,
        attempt: u64,
        outcome: Result<Session, ClientError>,
    ) -> Result<User, ClientError> {
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

    fn renew(self: &Rc<Self>, old: &Session, ticket: Ticket, renewed: Session) -> Result<User, ClientError> {
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
}

fn failed(attempt: Option<u64>, error: &ClientError) -> Event {
    let reason = error.reason.as_deref().map(str::to_owned);
    Event::SignInFailed { attempt, code: error.code.clone().into_owned(), reason }
}

fn same_user(session: &Session, user: &User) -> Result<(), ClientError> {
    if session.user.text("id") == user.text("id") {
        return Ok(());
    }
    Err(ClientError::invalid_response(200, "the answer is about another user; sign in again"))
}
