//! What an app can ask of a client. Each call takes the session when it is made, not when its future is
//! first polled.
//!
//! No rule about sessions may be here; those are in [`crate::state`].

use crate::{
    ClientError, Config, Secret, Session,
    json::{self, Object},
    ports::Ports,
    requests::{Ask, Asked},
    runner::{Notice, Runner, Snapshot},
    session::{same_external_user, same_user},
    sign_in,
    state::{Event, Ticket},
};
use byoa_protocol::{
    client::{LogoutReason, LogoutResult, Security, SessionTimeline, SignInWithExternalJwtArgs},
    profile::User,
    scopes,
};
use futures_util::future::{Either, LocalBoxFuture, select};
use std::{fmt, future::Future, rc::Rc};

/// Ready when the caller does not want the answer any more.
pub type Aborted = LocalBoxFuture<'static, ()>;

/// A handle to one client; clones are the same client.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Rc<Runner>,
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
        Self { inner: Rc::new(Runner::new(config, ports, observer)) }
    }

    /// Restores the stored session, without a network call. Only the first call does anything.
    pub fn start(&self) {
        self.inner.start();
        self.inner.read_settings_early();
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
        aborted: Option<Aborted>,
    ) -> impl Future<Output = Result<User, ClientError>> + use<> {
        let inner = Rc::clone(&self.inner);
        inner.start();
        let begun = inner.begin_sign_in(args);
        async move {
            let (attempt, checked) = begun?;
            let exchange = Box::pin(inner.api.sign_in(checked.external_jwt.as_ref()));
            let outcome = unless(aborted, exchange).await;
            let outcome = outcome.and_then(|session| {
                let expected = checked.external_user_id.as_deref();
                expected.map_or(Ok(()), |id| same_external_user(&session, id)).map(|()| session)
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
        inner.read_register();
        let ended = inner.session();
        inner.elevated.borrow_mut().clear();
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

    /// Gets new tokens. Calls at the same time share one request, which goes on when all of them give up.
    pub fn refresh(
        &self,
        aborted: Option<Aborted>,
    ) -> impl Future<Output = Result<User, ClientError>> + use<> {
        let inner = Rc::clone(&self.inner);
        let flight = inner.started_session().map(|(session, ticket)| inner.begin_refresh(session, ticket));
        async move { unless(aborted, flight?).await.map(|session| session.user.clone()) }
    }

    /// Reads the user from the server.
    pub fn refresh_user(
        &self,
        aborted: Option<Aborted>,
    ) -> impl Future<Output = Result<User, ClientError>> + use<> {
        let asked = self.ask(Ask::User, aborted);
        async move {
            let Asked { inner, session, ticket, answer } = asked.await?;
            let user = inner.api.user(&answer)?;
            same_user(&session, &user)?;
            inner.accept(Event::UserRead { ticket, user: user.clone() })?;
            Ok(user)
        }
    }

    /// Changes the user.
    pub fn update_user(
        &self,
        fields: Object,
        aborted: Option<Aborted>,
    ) -> impl Future<Output = Result<User, ClientError>> + use<> {
        let body = Secret::new(json::write(&fields.into()));
        let asked = self.ask(Ask::Update(body, self.inner.take_elevated(scopes::USER_UPDATE)), aborted);
        async move {
            let Asked { inner, session, ticket, answer } = asked.await?;
            let renewed = inner.api.session(&answer)?;
            same_user(&session, &renewed.user)?;
            let user = renewed.user.clone();
            inner.accept(Event::Renewed { ticket, session: Rc::new(renewed) })?;
            Ok(user)
        }
    }

    /// Deletes the user and ends the session.
    pub fn delete_user(
        &self,
        aborted: Option<Aborted>,
    ) -> impl Future<Output = Result<(), ClientError>> + use<> {
        let asked = self.ask(Ask::Delete(self.inner.take_elevated(scopes::USER_DELETE)), aborted);
        async move {
            let Asked { inner, ticket, .. } = asked.await?;
            inner.accept(Event::UserDeleted { ticket })
        }
    }

    /// Asks with the session of now, unless the caller gives up before.
    pub(crate) fn ask(
        &self,
        ask: Ask,
        aborted: Option<Aborted>,
    ) -> LocalBoxFuture<'static, Result<Asked, ClientError>> {
        let inner = Rc::clone(&self.inner);
        let begun = inner.started_session();
        Box::pin(async move {
            let (_, ticket) = begun?;
            unless(aborted, Box::pin(inner.ask(ticket, ask))).await
        })
    }

    /// The bearer token for the app's own backend, while it lasts.
    #[must_use]
    pub fn minified_token(&self) -> Option<Secret> {
        self.inner.live_session()?.minified_jwt.clone()
    }

    /// The token with the whole profile in its claims, while it lasts.
    #[must_use]
    pub fn token(&self) -> Option<Secret> {
        self.inner.live_session()?.jwt.clone()
    }

    /// The session's times; never a token.
    #[must_use]
    pub fn inspect(&self) -> SessionTimeline {
        let session = self.inner.session().map(|(session, _)| session);
        let session = session.as_deref();
        SessionTimeline {
            issued_at: session.map(|session| session.issued_at_ms),
            expires_at: session.map(|session| session.expires_at_ms),
            next_refresh_at: self.inner.next_refresh_at(),
            refresh_expires_at: session.and_then(|session| session.refresh_expires_at_ms),
            skew_ms: self.inner.time.skew_ms(),
            storage: self.inner.storage(),
            security: session.map(|session| Security { level: session.level }),
        }
    }

    /// Ends this client. The stored session stays for the next one; whoever waits for an answer gets
    /// `superseded`, and nothing is written any more.
    pub fn close(&self) {
        self.inner.dispatch(Event::Closed);
    }
}

impl Runner {
    /// The session at the time of the call: what comes later is not what the caller meant.
    pub(crate) fn started_session(self: &Rc<Self>) -> Result<(Rc<Session>, Ticket), ClientError> {
        self.start();
        if self.is_closed() {
            return Err(ClientError::superseded());
        }
        self.look(false);
        self.session().ok_or_else(ClientError::not_signed_in)
    }

    /// The session, if its token has not ended. A wake-up may be late, after a laptop's sleep for instance.
    pub(crate) fn live_session(self: &Rc<Self>) -> Option<Rc<Session>> {
        let (session, _) = self.session()?;
        if session.is_over(self.now().high) {
            self.look(false);
        }
        self.session().map(|(session, _)| session).filter(|session| !session.is_over(self.now().high))
    }

    fn begin_sign_in(
        self: &Rc<Self>,
        args: SignInWithExternalJwtArgs,
    ) -> Result<(u64, sign_in::Checked), ClientError> {
        // One clock that says that the JWT has ended may be wrong; then the server judges.
        let now_ms = self.now().low.min(self.ports.clock.now_ms());
        let checked =
            sign_in::check(args, now_ms).inspect_err(|error| _ = self.dispatch(failed(None, error)))?;
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
                let epoch = self.next_epoch();
                self.accept(Event::SignInSucceeded { attempt, epoch, session: Rc::new(session) })?;
                Ok(user)
            }
            Err(error) => {
                self.accept(failed(Some(attempt), &error))?;
                Err(error)
            }
        }
    }
}

/// The outcome, unless the caller gives up before.
async fn unless<T>(
    aborted: Option<Aborted>,
    outcome: impl Future<Output = Result<T, ClientError>> + Unpin,
) -> Result<T, ClientError> {
    let Some(aborted) = aborted else {
        return outcome.await;
    };
    match select(aborted, outcome).await {
        Either::Left(_) => Err(ClientError::aborted()),
        Either::Right((outcome, _)) => outcome,
    }
}

fn failed(attempt: Option<u64>, error: &ClientError) -> Event {
    let reason = error.reason.as_deref().map(str::to_owned);
    Event::SignInFailed { attempt, code: error.code.clone().into_owned(), reason }
}
