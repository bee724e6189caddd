//! Requests of the API, byte for byte, and the answers they accept.
//!
//! Nothing here knows about state. No token is ever part of a URL.

use crate::{
    ClientError, Config, Secret, Session,
    json::{self, Object, Value},
    ports::{KeysError, Method, Ports, ProofAsk, Random, Request, Response},
    proof::{self, AUTHORIZATION, Headers, Proofs, Shown},
    session::{NOT_OURS, checked_user},
    settings::{Announced, Known},
    sleep::Sleep,
    time::{Timekeeper, http_date},
};
use byoa_protocol::{
    client::{LogoutReason, SessionBinding},
    headers, paths,
    profile::User,
};
use futures_util::future::{Either, ready, select};
use std::{cell::Cell, fmt, future::Future, ops::Deref, pin::Pin, rc::Rc};

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
    proofs: Proofs,
    known: Cell<Option<Known>>,
    /// A `Date` has contradicted a token's `iat`: something on the way writes its own.
    is_date_false: Cell<bool>,
}

/// A request, and what it has to prove.
pub(crate) struct Call {
    pub(crate) request: Request,
    shown: Shown,
    limit_ms: i64,
}

/// A `Date` that differs by more from when the answer's token was issued is not the server's.
const MAX_DATE_ERROR_MS: u64 = 60_000;

/// How long a sign-in waits for the settings, in milliseconds: without them it goes on as it can.
const SETTINGS_LIMIT_MS: i64 = 2000;

/// An answer of 2xx, and this machine's time when it was asked for.
pub(crate) struct Answer {
    response: Response,
    sent_ms: i64,
}

impl Answer {
    /// When the answer says that it was given, in seconds.
    fn date(&self) -> Option<i64> {
        self.header("date").and_then(http_date)
    }
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
        Self {
            config,
            client_id,
            ports,
            time,
            proofs: Proofs::default(),
            known: Cell::new(None),
            is_date_false: Cell::new(false),
        }
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// What the environment announces: as an earlier page read it, or read now. Where it cannot be read, what
    /// was known before still counts, or else nothing is announced.
    pub(crate) fn announced(&self) -> Pin<Box<dyn Future<Output = Announced> + '_>> {
        Box::pin(async {
            if self.lacks_settings() {
                let mut call = self.request(Method::Get, paths::SETTINGS, None, None);
                call.limit_ms = call.limit_ms.min(SETTINGS_LIMIT_MS);
                let answer = self.send(call).await;
                let settings = answer.and_then(|answer| read(&answer).inspect(|_| self.learn(&answer)));
                if let Ok(settings) = settings {
                    let known = Known::new(Announced::read(&settings), self.ports.clock.now_ms());
                    self.known.set(Some(known));
                    // A store that refuses only makes the next page ask again.
                    let _ = known.save(&*self.ports.store, &self.config);
                }
            }
            self.known().map_or_else(Announced::default, |known| known.announced)
        })
    }

    /// The settings that are known without asking.
    pub(crate) fn known(&self) -> Option<Known> {
        if self.known.get().is_none() {
            self.known.set(Known::load(&*self.ports.store, &self.config));
        }
        self.known.get()
    }

    /// Whether a sign-in has to ask for the settings first.
    pub(crate) fn lacks_settings(&self) -> bool {
        !self.known().is_some_and(|known| known.is_fresh(self.ports.clock.now_ms()))
    }

    /// Exchanges an external JWT, or the one in the environment's cookie. Sends no bearer token: a sign-in
    /// starts anew. With a proof where the environment announces that it binds sessions to keys; where only
    /// that fails and the app does not insist, once more without.
    pub(crate) fn sign_in<'a>(&'a self, external_jwt: Option<&'a Secret>) -> Answering<'a, Session> {
        Box::pin(async move {
            let announced = self.announced().await;
            if external_jwt.is_none() && !announced.has(Announced::JWT_COOKIE) {
                return Err(ClientError::invalid_argument(
                    "externalJwt must be the JWT from your backend: this environment reads it from no cookie",
                ));
            }
            let binding = self.config.session_binding();
            let mut binds = proof::binds(binding, announced, self.ports.keys.is_some())?;
            loop {
                let body = external_jwt.map_or_else(|| Secret::from("{}"), jwt_body);
                let mut call = self.request(Method::Post, paths::EXTERNAL_AUTH_SIGN_IN, None, Some(body));
                call.request.cookies = external_jwt.is_none() || announced.has(Announced::SESSION_COOKIE);
                let asks = announced.has(Announced::DEVICE_PROOFS) && self.ports.keys.is_some();
                let device_nonce_url = asks.then(|| self.url(paths::NONCE));
                if binds || asks {
                    call.shown = Shown::Key { binds, device_nonce_url };
                }
                let must = binding == SessionBinding::Required;
                match self.ask_session(call).await {
                    Ok(session) if must && session.bound_to.is_none() => {
                        self.revoke(&session, LogoutReason::UserIntent).await;
                        return Err(proof::not_bound());
                    }
                    Err(error) if binds && !must && proof::is_of_the_proof(&error) => binds = false,
                    outcome => return outcome,
                }
            }
        })
    }

    /// What shows a session to the app's own backend.
    pub(crate) fn authorize<'a>(
        &'a self,
        session: &'a Session,
        method: &'a str,
        url: &'a str,
        nonce: Option<String>,
    ) -> Answering<'a, Headers> {
        match Shown::of(session) {
            Shown::Nothing => Box::pin(ready(Ok(bearer(session)))),
            shown => self.prove(shown, method, url, nonce),
        }
    }

    /// The headers of one request that has to prove a key.
    fn prove<'a>(
        &'a self,
        shown: Shown,
        method: &'a str,
        url: &'a str,
        nonce: Option<String>,
    ) -> Answering<'a, Headers> {
        Box::pin(async move {
            let mut ask = ProofAsk {
                environment_id: self.config.environment_id(),
                method,
                url,
                issued_at: self.time.now(true).best.div_euclid(1000),
                nonce: nonce.as_deref(),
                token: None,
                thumbprint: None,
                device_nonce_url: None,
            };
            match &shown {
                Shown::Session { token, thumbprint } => {
                    (ask.token, ask.thumbprint) = (Some(token.expose()), Some(thumbprint.as_str()));
                }
                Shown::Key { device_nonce_url, .. } => ask.device_nonce_url = device_nonce_url.as_deref(),
                Shown::Nothing => {}
            }
            let proof = match &self.ports.keys {
                Some(keys) => keys.prove(ask).await,
                None => Err(KeysError("this client was made without keys".to_owned())),
            };
            let proof = proof.map_err(|KeysError(message)| ClientError::session_key_unavailable(message))?;
            self.proofs.made(&proof);
            shown.headers(proof)
        })
    }

    /// For reading the signed-in user.
    pub(crate) fn user_request(&self, session: &Session) -> Call {
        self.request(Method::Get, paths::USERS, Some(session), None)
    }

    /// The user that was read.
    pub(crate) fn user(&self, answer: &Answer) -> Result<User, ClientError> {
        let user = checked_user(&self.config, read(answer)?)
            .map_err(|problem| ClientError::invalid_response(answer.status, problem))?;
        self.learn(answer);
        Ok(user)
    }

    /// For changing the signed-in user; the answer is a whole session.
    pub(crate) fn update_request(&self, session: &Session, fields: &Secret) -> Call {
        self.request(Method::Put, paths::USERS, Some(session), Some(fields.clone()))
    }

    /// For deleting the signed-in user.
    pub(crate) fn delete_request(&self, session: &Session) -> Call {
        self.request(Method::Delete, paths::USERS, Some(session), None)
    }

    /// For exchanging a fresh external JWT of the signed-in user for an elevated token.
    pub(crate) fn elevate_request(&self, session: &Session, external_jwt: &Secret) -> Call {
        let body = Some(jwt_body(external_jwt));
        self.request(Method::Post, paths::EXTERNAL_AUTH_VERIFY, Some(session), body)
    }

    /// The elevated token that an answer is.
    pub(crate) fn elevated(answer: &Answer) -> Result<Secret, ClientError> {
        match read(answer)?.remove("elevatedAccessToken") {
            Some(Value::String(token)) => Ok(Secret::new(token)),
            _ => Err(ClientError::invalid_response(answer.status, NOT_OURS)),
        }
    }

    /// For asking whether an operation needs an elevated token.
    pub(crate) fn step_up_request(&self, session: &Session, body: &Secret) -> Call {
        self.request(Method::Post, paths::STEP_UP_CHECK, Some(session), Some(body.clone()))
    }

    /// Gets new tokens for the session.
    #[must_use]
    pub fn refresh(&self, session: &Session) -> Answering<'_, Session> {
        self.ask_session(self.request(Method::Post, paths::REFRESH, Some(session), None))
    }

    /// Ends the session on the server. `true` where it is over there: now, or before already.
    pub async fn revoke(&self, session: &Session, reason: LogoutReason) -> bool {
        let mut call = self.request(Method::Post, paths::REVOKE, Some(session), None);
        call.request.headers.push((headers::LOGOUT_REASON, Secret::from(logout_reason(reason))));
        match self.send(call).await {
            Ok(_) => true,
            Err(error) => error.is_refusal() && session.minified_jwt.is_some(),
        }
    }

    /// Sends a request with the proof that it needs, again where the server wants another one; gives up on it
    /// after the configured time, and learns the time from an error of ours; from what is no error, whoever
    /// finds it to be ours.
    pub(crate) fn send(&self, call: Call) -> Answering<'_, Answer> {
        Box::pin(async move {
            let Call { request, shown, limit_ms } = call;
            let id = request.headers.iter().find(|(name, _)| *name == headers::REQUEST_ID);
            let id = id.map(|(_, id)| id.expose().to_owned());
            let mut repeats = 0;
            let outcome = loop {
                let mut attempt = request.clone();
                if !matches!(shown, Shown::Nothing) {
                    let nonce = self.proofs.nonce.borrow().clone();
                    let proof = self.prove(shown.clone(), attempt.method.as_str(), &request.url, nonce);
                    match proof.await {
                        Ok(headers) => attempt.headers.extend(headers),
                        Err(error) => break Err(error),
                    }
                }
                let sent_ms = self.time.local_ms();
                let limit = Sleep::new(&*self.ports.timer, limit_ms);
                let response = match select(self.ports.transport.send(attempt), limit).await {
                    Either::Left((Ok(response), _)) => response,
                    Either::Left((Err(error), _)) => break Err(error.into()),
                    Either::Right(_) => break Err(ClientError::timeout()),
                };
                let answer = Answer { response, sent_ms };
                let is_good = (200..300).contains(&answer.status);
                // A gateway's page knows nothing of the server's time.
                if !is_good && ClientError::is_in_our_words(&answer) {
                    self.learn(&answer);
                }
                if self.proofs.learn(&answer) && repeats < proof::MAX_REPEATS {
                    repeats += 1;
                    continue;
                }
                break if is_good { Ok(answer) } else { Err(ClientError::from_answer(&answer)) };
            };
            outcome.map_err(|error| ClientError { request_id: id, ..error })
        })
    }

    fn ask_session(&self, call: Call) -> Answering<'_, Session> {
        Box::pin(async { self.session(&self.send(call).await?) })
    }

    /// Learns the time from an answer that is ours.
    fn learn(&self, answer: &Answer) {
        if let Some(second) = answer.date().filter(|_| !self.is_date_false.get()) {
            self.time.learn(answer.sent_ms, second);
        }
    }

    /// The session that an answer is. When its token was issued counts for more than a `Date` that anybody on
    /// the way can write.
    pub(crate) fn session(&self, answer: &Answer) -> Result<Session, ClientError> {
        let date = answer.date();
        let now_ms = date.map_or_else(|| self.time.now(true).low, |second| second * 1000);
        let session = Session::from_answer(&self.config, now_ms, answer.status, read(answer)?)?;
        let differs = session.issued_at_ms.abs_diff(now_ms) > MAX_DATE_ERROR_MS;
        match date {
            None if session.issued_at_ms == now_ms => self.time.give_up(),
            Some(_) if !differs => {
                self.is_date_false.set(false);
                self.learn(answer);
            }
            _ => {
                self.is_date_false.set(date.is_some());
                self.time.learn(answer.sent_ms, session.issued_at_ms / 1000);
            }
        }
        Ok(Session { level: self.proofs.level(session.bound_to.as_ref()), ..session })
    }

    pub(crate) fn request(
        &self,
        method: Method,
        operation: &str,
        session: Option<&Session>,
        body: Option<Secret>,
    ) -> Call {
        let request_id = random_id(&*self.ports.random, REQUEST_ID_LENGTH);
        let mut headers = vec![
            ("content-type", Secret::from("application/json")),
            (headers::API_VERSION, Secret::from(API_VERSION)),
            (headers::SDK_VERSION, Secret::from(SDK_VERSION)),
            (headers::REQUEST_ID, Secret::new(request_id)),
            (headers::CLIENT_ID, Secret::from(self.client_id.as_str())),
            (headers::PLATFORM, Secret::from(PLATFORM)),
        ];
        let shown = session.map_or(Shown::Nothing, Shown::of);
        if let (Shown::Nothing, Some(session)) = (&shown, session) {
            headers.extend(bearer(session));
        }
        let limit_ms = i64::from(self.config.request_timeout_ms());
        let cookies = session.is_some_and(|session| session.minified_jwt.is_none());
        Call {
            request: Request { method, url: self.url(operation), headers, body, cookies },
            shown,
            limit_ms,
        }
    }

    fn url(&self, operation: &str) -> String {
        [self.config.api_base_url(), &paths::sdk(self.config.environment_id(), operation)].concat()
    }
}

/// A token that is good for whoever has it; nothing, where the session lives in a cookie.
fn bearer(session: &Session) -> Headers {
    let header = |token: &Secret| (AUTHORIZATION, Secret::new(["Bearer ", token.expose()].concat()));
    session.minified_jwt.iter().map(header).collect()
}

/// Written by hand, so that no buffer grows and leaves the token behind in freed memory. A parsed JWT
/// has no character that JSON escapes.
fn jwt_body(external_jwt: &Secret) -> Secret {
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
