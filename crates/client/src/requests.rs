//! Requests in the name of the session: with a live token, and again where that cannot do harm.

use crate::{
    ClientError, Secret, Session,
    api::{Answer, Call},
    runner::Runner,
    sleep::Sleep,
    state::Ticket,
};
use byoa_protocol::headers;
use std::rc::Rc;

/// What is asked.
pub(crate) enum Ask {
    /// The user.
    User,
    /// The user changed, with this body and this elevated token.
    Update(Secret, Option<Secret>),
    /// The user deleted, with this elevated token.
    Delete(Option<Secret>),
    /// An elevated token, for this external JWT.
    Elevate(Secret),
    /// Whether a step-up is needed, with this body.
    CheckStepUp(Secret),
}

/// What was answered, and in whose name it was asked.
pub(crate) struct Asked {
    pub(crate) inner: Rc<Runner>,
    pub(crate) session: Rc<Session>,
    pub(crate) ticket: Ticket,
    pub(crate) answer: Answer,
}

/// How often a request that only reads is sent once more.
const MAX_RETRIES: u32 = 2;

const FIRST_RETRY_MS: i64 = 400;

/// How often tokens are replaced before a request is given up.
const MAX_REFRESHES: u32 = 3;

impl Ask {
    /// Whether asking twice is as good as asking once.
    const fn is_safe(&self) -> bool {
        matches!(self, Self::User | Self::CheckStepUp(_))
    }

    fn call(&self, inner: &Runner, session: &Session) -> Call {
        let (mut call, elevated) = match self {
            Self::User => (inner.api.user_request(session), None),
            Self::Update(body, elevated) => (inner.api.update_request(session, body), elevated.as_ref()),
            Self::Delete(elevated) => (inner.api.delete_request(session), elevated.as_ref()),
            Self::Elevate(jwt) => (inner.api.elevate_request(session, jwt), None),
            Self::CheckStepUp(body) => (inner.api.step_up_request(session, body), None),
        };
        let elevated = elevated.map(|token| (headers::ELEVATED_ACCESS_TOKEN, token.clone()));
        call.request.headers.extend(elevated);
        call
    }

    /// Puts an elevated token back that was not sent.
    fn put_back(self, inner: &Runner, session: &Session) {
        if let Self::Update(_, Some(token)) | Self::Delete(Some(token)) = self {
            inner.keep_elevated(session, token);
        }
    }
}

impl Runner {
    /// Asks in the name of the session of that ticket, or of what has become of it.
    ///
    /// A refused token is refreshed once, since another tab may have replaced it: what is refused has not
    /// been done. If the refresh is refused too, the session is over.
    pub(crate) async fn ask(self: Rc<Self>, of: Ticket, ask: Ask) -> Result<Asked, ClientError> {
        let (mut retries, mut refused) = (0, false);
        loop {
            let (session, ticket) = self.usable_session(of).await?;
            let error = match self.api.send(ask.call(&self, &session)).await {
                Ok(answer) => {
                    self.read_register();
                    return Ok(Asked { inner: self, session, ticket, answer });
                }
                Err(error) => error,
            };
            if error.is_refusal() && !refused {
                refused = true;
                self.replaced_session(&session, of).await?;
            } else if ask.is_safe() && error.retryable && retries < MAX_RETRIES {
                let back_off = FIRST_RETRY_MS << retries;
                retries += 1;
                let wait = error.retry_after.map_or(back_off, |wait| i64::from(wait) * 1000);
                if wait > i64::from(self.api.config().request_timeout_ms()) {
                    return Err(error);
                }
                Sleep::new(&*self.ports.timer, wait / 2 + self.jitter(wait)).await;
            } else {
                if error.is_unsent() {
                    ask.put_back(&self, &session);
                }
                return Err(error);
            }
        }
    }

    /// The session with a token that has not ended. A page may have slept while it was refreshed.
    pub(crate) async fn usable_session(
        self: &Rc<Self>,
        of: Ticket,
    ) -> Result<(Rc<Session>, Ticket), ClientError> {
        for _ in 0..MAX_REFRESHES {
            self.read_register();
            let (session, ticket) = self.same_session(of)?;
            let now = self.now();
            if !session.is_over(now.high) && !now.behind {
                return Ok((session, ticket));
            }
            self.begin_refresh(session, ticket).await?;
        }
        Err(ClientError::timeout())
    }

    /// Has the refused token replaced, unless it has been already.
    async fn replaced_session(self: &Rc<Self>, refused: &Session, of: Ticket) -> Result<(), ClientError> {
        self.read_register();
        let (session, ticket) = self.same_session(of)?;
        if session.has_tokens_of(refused) {
            self.begin_refresh(session, ticket).await?;
        }
        Ok(())
    }

    fn same_session(&self, of: Ticket) -> Result<(Rc<Session>, Ticket), ClientError> {
        let session = self.session().filter(|(_, now)| now.epoch == of.epoch);
        session.ok_or_else(ClientError::superseded)
    }

    /// From nothing to that many milliseconds.
    fn jitter(&self, milliseconds: i64) -> i64 {
        let mut byte = [0];
        self.ports.random.fill(&mut byte);
        milliseconds * i64::from(byte[0]) / 255
    }
}
