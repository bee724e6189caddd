//! One refresh: alone in its tab, and with some luck among all tabs.

use crate::{
    ClientError, Session,
    runner::Runner,
    session::same_user,
    state::{Event, Ticket},
};
use futures_util::{
    FutureExt as _,
    future::{LocalBoxFuture, Shared},
};
use std::rc::Rc;

/// A refresh under way; whoever awaits it gets its outcome.
pub(crate) type Flight = Shared<LocalBoxFuture<'static, Result<Rc<Session>, ClientError>>>;

/// How long to wait for the tab that holds the lock. Longer than a refresh takes; whoever holds it for
/// ever costs one more request, which the server answers with the same tokens.
const LOCK_WAIT_MS: i64 = 3000;

impl Runner {
    /// The refresh of that session: the one under way, or a new one. It goes on when nobody waits for it.
    pub(crate) fn begin_refresh(self: &Rc<Self>, session: Rc<Session>, ticket: Ticket) -> Flight {
        if let Some((_, flight)) = self.flight.borrow().as_ref().filter(|(whose, _)| *whose == ticket) {
            return flight.clone();
        }
        self.apply(Event::RefreshStarted { ticket });
        let inner = Rc::clone(self);
        let flight = async move {
            let outcome = inner.refresh(session, ticket).await;
            inner.flight.borrow_mut().take_if(|(whose, _)| *whose == ticket);
            outcome
        };
        let flight = flight.boxed_local().shared();
        *self.flight.borrow_mut() = Some((ticket, flight.clone()));
        self.ports.tasks.spawn(flight.clone().map(drop).boxed_local());
        flight
    }

    async fn refresh(
        self: &Rc<Self>,
        session: Rc<Session>,
        ticket: Ticket,
    ) -> Result<Rc<Session>, ClientError> {
        let config = self.api.config();
        let name = ["byoa:", config.environment_id(), config.storage_key_suffix()].concat();
        let lock = self.ports.page.lock(&name, LOCK_WAIT_MS).await;
        self.read_register();
        let (session, ticket) = match self.session() {
            Some((current, now)) if now.epoch == ticket.epoch => {
                if current.minified_jwt != session.minified_jwt
                    || current.expires_at_ms > session.expires_at_ms
                {
                    // Somebody else has done it while this tab waited.
                    return Ok(current);
                }
                (current, now)
            }
            _ => return Err(ClientError::superseded()),
        };
        let answer = self.api.refresh(&session).await;
        self.read_register();
        let outcome = answer.and_then(|renewed| same_user(&session, &renewed.user).map(|()| renewed));
        let outcome = self.finish_refresh(&session, ticket, outcome);
        drop(lock);
        outcome
    }

    fn finish_refresh(
        self: &Rc<Self>,
        session: &Session,
        ticket: Ticket,
        outcome: Result<Session, ClientError>,
    ) -> Result<Rc<Session>, ClientError> {
        // The profile may have been written meanwhile; what counts is whether the tokens are still these.
        let ticket = match self.session() {
            Some((current, now)) if now.epoch == ticket.epoch && current.has_tokens_of(session) => now,
            _ => ticket,
        };
        match outcome {
            Ok(renewed) => {
                self.accept(Event::Renewed { ticket, session: Rc::new(renewed) })?;
                self.session().map(|(session, _)| session).ok_or_else(ClientError::superseded)
            }
            Err(error) => {
                let event = if error.is_refusal() {
                    Event::Refused { ticket }
                } else {
                    let wait_ms = i64::from(error.retry_after.unwrap_or(0)) * 1000;
                    Event::RefreshFailed { ticket, code: error.code.clone().into_owned(), wait_ms }
                };
                self.dispatch(event);
                Err(error)
            }
        }
    }
}
