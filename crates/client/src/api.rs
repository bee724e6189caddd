//! Requests of the API, byte for byte, and the answers they accept.
//!
//! Nothing here knows about state. No token is ever part of a URL.

use crate::{
    ClientError, Config, Secret, Session,
    json::{self, Object},
    ports::{Method, Ports, Random, Request, Response},
    session::{NOT_OURS, checked_user},
};
use byoa_protocol::{client::LogoutReason, headers, paths, profile::User};
use std::{fmt, future::Future, pin::Pin};

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
    pub fn new(config: Config, ports: Ports) -> Self {
        let client_id = random_id(&*ports.random, CLIENT_ID_LENGTH);
        Self { config, client_id, ports }
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
        self.session(self.request(Method::Post, paths::EXTERNAL_AUTH_SIGN_IN, None, body))
    }

    /// Reads the signed-in user.
    pub async fn user(&self, session: &Session) -> Result<User, ClientError> {
        let answer = self.send(self.request(Method::Get, paths::USERS, Some(session), None)).await?;
        checked_user(&self.config, read(&answer)?)
            .map_err(|problem| ClientError::invalid_response(answer.status, problem))
    }

    /// Changes the signed-in user; the answer is a whole session.
    #[must_use]
    pub fn update_user(&self, session: &Session, fields: Object) -> Answering<'_, Session> {
        let body = Secret::new(json::write(&fields.into()));
        self.session(self.request(Method::Put, paths::USERS, Some(session), Some(body)))
    }

    /// Deletes the signed-in user.
    pub async fn delete_user(&self, session: &Session) -> Result<(), ClientError> {
        self.send(self.request(Method::Delete, paths::USERS, Some(session), None)).await.map(drop)
    }

    /// Gets new tokens for the session.
    #[must_use]
    pub fn refresh(&self, session: &Session) -> Answering<'_, Session> {
        self.session(self.request(Method::Post, paths::REFRESH, Some(session), None))
    }

    /// Ends the session on the server. `true` where it is over there: now, or before already.
    pub async fn revoke(&self, session: &Session, reason: LogoutReason) -> bool {
        let mut request = self.request(Method::Post, paths::REVOKE, Some(session), None);
        request.headers.push((headers::LOGOUT_REASON, Secret::from(logout_reason(reason))));
        match self.send(request).await {
            Ok(_) => true,
            Err(error) => error.is_unauthorized() && session.minified_jwt.is_some(),
        }
    }

    fn send(&self, request: Request) -> Answering<'_, Response> {
        Box::pin(async {
            let answer = self.ports.transport.send(request).await?;
            if (200..300).contains(&answer.status) {
                Ok(answer)
            } else {
                Err(ClientError::from_answer(&answer))
            }
        })
    }

    fn session(&self, request: Request) -> Answering<'_, Session> {
        Box::pin(async {
            let answer = self.send(request).await?;
            Session::from_answer(&self.config, self.ports.clock.now_ms(), answer.status, read(&answer)?)
        })
    }

    fn request(
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
