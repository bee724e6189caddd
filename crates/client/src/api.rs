//! Requests of the API, byte for byte, and the answers they accept.
//!
//! Nothing here knows about state. No token is ever part of a URL.

use crate::{
    ClientError, Config, Secret, Session,
    json::{self, Object},
    ports::{Method, Ports, Random, Request, Response},
    session::{NOT_OURS, checked_user},
    sleep::Sleep,
    time::{Timekeeper, http_date},
};
use byoa_protocol::{client::LogoutReason, headers, paths, profile::User};
use futures_util::future::{Either, select};
use std::{fmt, future::Future, ops::Deref, pin::Pin, rc::Rc};

/// Version of the API that this client was written against.
const API_VERSION: &str = "API/0.0.1125";

/// Name and version of this client.
const SDK_VERSION: &str = concat!("byoa/", env!("CARGO_PKG_VERSION"));

const PLATFORM: &str = "web";

const REQUEST_ID_LENGTH: usize = 50;

const CLIENT_ID_LENGTH: usize = 32;

/// A request under way. Boxed, so that sending one is there once and not for every operation.
type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, ClientError>> + 'a>>;

/// One environment's API.
pub struct Api {
    config: Config,
    client_id: String,
    ports: Ports,
    time: Rc<Timekeeper>,
}

/// An answer of 2xx, and this machine's time when it was asked for.
pub(crate) struct Answer {
    response: Response,
    sent_ms: i64,
}

impl Deref for Answer {
    type Target = Response;

    fn deref(&self) -> &Response {
        &self.response
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("config", &self.config)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Api {
    /// The API of the configured environment, with an id of its own for the server's log.
    #[must_use]
    pub(crate) fn new(config: Config, ports: Ports, time: Rc<Timekeeper>) -> Self {
        let client_id = random_id(&*ports.random, CLIENT_ID_LENGTH);
        Self { config, client_id, ports, time }
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Exchanges an external JWT. Sends no bearer token: a sign-in starts anew.
    #[must_use]
    pub fn sign_in(&self, external_jwt: &Secret) -> Answering<'_, Session> {
        let body = Some(sign_in_body(external_jwt));
        self.ask_session(self.request(Method::Post, paths::EXTERNAL_AUTH_SIGN_IN, None, body))
    }

    /// For reading the signed-in user.
    pub(crate) fn user_request(&self, session: &Session) -> Request {
        self.request(Method::Get, paths::USERS, Some(session), None)
    }

    /// The user that was read.
    pub(crate) fn user(&self, answer: &Answer) -> Result<User, ClientError> {
        checked_user(&self.config, read(answer)?)
            .map_err(|problem| ClientError::invalid_response(answer.status, problem))
    }

    /// For changing the signed-in user; the answer is a whole session.
    pub(crate) fn update_request(&self, session: &Session, fields: &Secret) -> Request {
        self.request(Method::Put, paths::USERS, Some(session), Some(fields.clone()))
    }

    /// For deleting the signed-in user.
    pub(crate) fn delete_request(&self, session: &Session) -> Request {
        self.request(Method::Delete, paths::USERS, Some(session), None)
    }

    /// Gets new tokens for the session.
    #[must_use]
    pub fn refresh(&self, session: &Session) -> Answering<'_, Session> {
        self.ask_session(self.request(Method::Post, paths::REFRESH, Some(session), None))
    }

    /// Ends the session on the server. `true` where it is over there: now, or before already.
    pub async fn revoke(&self, session: &Session, reason: LogoutReason) -> bool {
        let mut request = self.request(Method::Post, paths::REVOKE, Some(session), None);
        request.headers.push((headers::LOGOUT_REASON, Secret::from(logout_reason(reason))));
        match self.send(request).await {
            Ok(_) => true,
            Err(error) => error.is_refusal() && session.minified_jwt.is_some(),
        }
    }

    /// Sends a request, gives up on it after the configured time, and learns the time from its answer.
    pub(crate) fn send(&self, request: Request) -> Answering<'_, Answer> {
        Box::pin(async {
            let sent_ms = self.time.local_ms();
            let id = request.headers.iter().find(|(name, _)| *name == headers::REQUEST_ID);
            let id = id.map(|(_, id)| id.expose().to_owned());
            let limit = Sleep::new(&*self.ports.timer, i64::from(self.config.request_timeout_ms()));
            let outcome = match select(self.ports.transport.send(request), limit).await {
                Either::Left((outcome, _)) => outcome.map_err(ClientError::from),
                Either::Right(_) => Err(ClientError::timeout()),
            };
            let outcome = outcome.and_then(|response| {
                if let Some(second) = response.header("date").and_then(http_date) {
                    self.time.learn(sent_ms, second);
                }
                let is_good = (200..300).contains(&response.status);
                if is_good { Ok(response) } else { Err(ClientError::from_answer(&response)) }
            });
            match outcome {
                Ok(response) => Ok(Answer { response, sent_ms }),
                Err(error) => Err(ClientError { request_id: id, ..error }),
            }
        })
    }

    fn ask_session(&self, request: Request) -> Answering<'_, Session> {
        Box::pin(async { self.session(&self.send(request).await?) })
    }

    /// The session that an answer is.
    pub(crate) fn session(&self, answer: &Answer) -> Result<Session, ClientError> {
        let now_ms = self.time.now(true).low;
        let session = Session::from_answer(&self.config, now_ms, answer.status, read(answer)?)?;
        if answer.header("date").is_none() {
            if session.issued_at_ms == now_ms {
                self.time.give_up();
            } else {
                self.time.learn(answer.sent_ms, session.issued_at_ms / 1000);
            }
        }
        Ok(session)
    }

    pub(crate) fn request(
        &self,
        method: Method,
        operation: &str,
        session: Option<&Session>,
        body: Option<Secret>,
    ) -> Request {
        let request_id = random_id(&*self.ports.random, REQUEST_ID_LENGTH);
        let mut headers = vec![
            ("content-type", Secret::from("application/json")),
            (headers::API_VERSION, Secret::from(API_VERSION)),
            (headers::SDK_VERSION, Secret::from(SDK_VERSION)),
            (headers::REQUEST_ID, Secret::new(request_id)),
            (headers::CLIENT_ID, Secret::from(self.client_id.as_str())),
            (headers::PLATFORM, Secret::from(PLATFORM)),
        ];
        if let Some(token) = session.and_then(|session| session.minified_jwt.as_ref()) {
            headers.push(("authorization", Secret::new(["Bearer ", token.expose()].concat())));
        }
        let path = paths::sdk(self.config.environment_id(), operation);
        Request { method, url: [self.config.api_base_url(), &path].concat(), headers, body }
    }
}

/// Written by hand, so that no buffer grows and leaves the token behind in freed memory. A parsed JWT
/// has no character that JSON escapes.
fn sign_in_body(external_jwt: &Secret) -> Secret {
    Secret::new([r#"{"jwt":""#, external_jwt.expose(), r#""}"#].concat())
}

fn read(answer: &Response) -> Result<Object, ClientError> {
    json::read(&answer.body).ok_or_else(|| ClientError::invalid_response(answer.status, NOT_OURS))
}

/// In the words that the published client sends.
const fn logout_reason(reason: LogoutReason) -> &'static str {
    match reason {
        LogoutReason::Expired => "token-expired",
        LogoutReason::UserIntent | LogoutReason::ProviderSignedOut => "user-intent",
        LogoutReason::SessionRevoked => "session-revoked",
        LogoutReason::UserDeleted => "user-deleted",
    }
}

/// An id of letters and digits, each as likely as any other.
fn random_id(random: &dyn Random, length: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut id = String::with_capacity(length);
    while id.len() < length {
        let mut bytes = [0; 64];
        random.fill(&mut bytes);
        let letters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        id.extend(letters.take(length - id.len()).map(|letter| char::from(*letter)));
    }
    id
}
