//! Use cases: an external JWT becomes a session, a session goes on and ends, a user changes. Free of
//! HTTP: no status codes, no headers by name. No SQL and no cryptography either; `store`, `keys` and
//! `byoa-jwt` have those.

pub mod admin;
pub mod admin_scopes;
pub mod admin_tokens;
mod device;
mod dpop;
mod email;
pub mod environments;
mod error;
mod external;
mod follow;
mod nonce;
mod once;
mod profile;
mod public;
mod reasons;
mod session_key;
mod session_token;
mod sessions;
mod sign_in;
mod step_up;
mod text;
mod users;
mod verified;
pub mod webhooks;

#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use byoa_protocol::claims::SessionClaims;
use tokio::sync::Notify;
use url::Url;
use uuid::Uuid;

use crate::{
    audit::audited,
    clock::Clock,
    keys::{KeySets, SigningKeys},
    live::Live,
    seal::Seal,
    store::{AuditRecord, Environment, SessionRecord, Store, StoreError},
};
pub use error::{ExchangeError, Unauthorized};
pub(crate) use profile::{credentials as verified_credentials, plain_user as sdk_user};
pub(crate) use public::external_auth as external_auth_settings;
pub use step_up::STEP_UP_OPERATIONS;
use verified::Verified;

/// The most bytes of JSON in a user's metadata.
pub const MAX_METADATA_BYTES: usize = 16 * 1024;

/// The most nonces in one answer.
pub const MAX_NONCES: usize = 5;

/// How long a replaced token still gets its successor, unless configured otherwise.
pub const DEFAULT_REFRESH_GRACE: Duration = Duration::from_secs(30);

/// How long a session token lives, unless configured otherwise.
pub const DEFAULT_SESSION_LIFETIME: Duration = Duration::from_hours(2);

/// How long a session can be refreshed, unless configured otherwise.
pub const DEFAULT_REFRESH_WINDOW: Duration = Duration::from_hours(30 * 24);

/// What the operator decides for all environments.
#[derive(Clone, Debug)]
pub struct ExchangeConfig {
    /// Where browsers reach the server. Its host names our issuer, its origin is the audience of callers
    /// that are no page.
    pub public_url: Url,
    /// How long a session token lives.
    pub session_lifetime: Duration,
    /// How long a session can be refreshed.
    pub refresh_window: Duration,
    /// How long after its token's end a session can still be gone on with.
    pub idle_limit: Duration,
    /// How long a replaced token still gets its successor: what requests that cross each other need.
    pub refresh_grace: Duration,
}

impl ExchangeConfig {
    /// Tokens of two hours in sessions of thirty days, and half a minute for requests that cross.
    #[must_use]
    pub const fn new(public_url: Url) -> Self {
        Self {
            public_url,
            session_lifetime: DEFAULT_SESSION_LIFETIME,
            refresh_window: DEFAULT_REFRESH_WINDOW,
            idle_limit: DEFAULT_REFRESH_WINDOW,
            refresh_grace: DEFAULT_REFRESH_GRACE,
        }
    }
}

/// Who is calling, as far as the transport knows. All of it is hearsay.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The page's origin, as its browser says.
    pub origin: Option<String>,
    /// The SDK's name and version.
    pub sdk_version: Option<String>,
    /// The address.
    pub ip: Option<IpAddr>,
    /// The browser.
    pub user_agent: Option<String>,
}

/// A device's proof that it holds a key: our nonce, signed. All three or none.
#[derive(Clone, Debug, Default)]
pub struct DeviceProof {
    /// A nonce of ours.
    pub nonce: Option<String>,
    /// A compressed P-256 point in hex.
    pub public_key: Option<String>,
    /// r‖s over the nonce's UTF-8 bytes, in hex.
    pub signature: Option<String>,
}

/// A request and the proof of possession that came with it (RFC 9449). `Debug` does not tell the proof.
#[derive(Clone, Default)]
pub struct RequestProof {
    /// The header `DPoP`; an empty text where there were several, which proves nothing.
    pub proof: Option<String>,
    /// The request's method.
    pub method: String,
    /// The request's URL as the caller knows it, below the public URL.
    pub url: String,
}

impl fmt::Debug for RequestProof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RequestProof")
            .field("proof", &self.proof.as_ref().map(|_| "[redacted]"))
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// How a session token was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// As a bearer token: whoever has it may use it.
    #[default]
    Bearer,
    /// As a token that is bound to a key, with a proof.
    Dpop,
    /// In a cookie, with a proof where it is bound to a key.
    Cookie,
}

/// What a request shows to be let in. `Debug` does not tell the token.
#[derive(Clone, Copy, Default)]
pub struct Shown<'r> {
    /// The session token.
    pub token: Option<&'r str>,
    /// How it was sent.
    pub scheme: Scheme,
    /// The request and its proof.
    pub request: Option<&'r RequestProof>,
    /// The elevated token, for operations that ask for one.
    pub elevated: Option<&'r str>,
}

impl<'r> From<Option<&'r str>> for Shown<'r> {
    fn from(token: Option<&'r str>) -> Self {
        Self { token, ..Self::default() }
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shown")
            .field("token", &self.token.map(|_| "[redacted]"))
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// What a sign-in brings. `Debug` does not tell the JWT.
#[derive(Clone, Default)]
pub struct SignInInput {
    /// The external JWT, from the body or the environment's cookie.
    pub jwt: Option<String>,
    /// The session key of the body.
    pub session_public_key: Option<String>,
    /// The session key of the header; counts where the body has none.
    pub session_public_key_header: Option<String>,
    /// The device's proof.
    pub device: DeviceProof,
    /// The request and its proof of possession; with one, the session is bound to its key.
    pub request: RequestProof,
    /// Who is calling.
    pub caller: Caller,
}

impl fmt::Debug for SignInInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignInInput")
            .field("jwt", &self.jwt.as_ref().map(|_| "[redacted]"))
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// A session whose token was verified and which is live.
#[derive(Clone, Debug)]
pub struct AuthenticatedSession {
    /// The environment.
    pub environment: Arc<Environment>,
    /// The token's claims.
    pub claims: Arc<SessionClaims>,
    /// The session.
    pub session: SessionRecord,
}

/// One rule and what became of it, for people who wonder why a JWT is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckStep {
    /// The rule's name.
    pub rule: &'static str,
    /// Whether it held; `None` where an earlier one failed.
    pub passed: Option<bool>,
    /// The reason's code where it failed.
    pub code: Option<&'static str>,
    /// What was found, or what was expected and the mend. Fit for a terminal.
    pub detail: String,
}

/// An environment: its id, or what was just looked up, which is then not looked up again.
#[derive(Clone, Debug)]
pub enum Named {
    /// Its id.
    Id(Uuid),
    /// As it was when the request began.
    Known(Arc<Environment>),
}

impl From<Uuid> for Named {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl From<&Arc<Environment>> for Named {
    fn from(known: &Arc<Environment>) -> Self {
        Self::Known(Arc::clone(known))
    }
}

/// The use cases over one store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Exchange {
    store: Arc<dyn Store>,
    keys: Arc<KeySets>,
    signing: Arc<SigningKeys>,
    clock: Arc<dyn Clock>,
    config: Arc<ExchangeConfig>,
    refresh_grace: Live<Duration>,
    outbox: Arc<Notify>,
    /// What is written into the audit log with a change.
    event: Option<AuditRecord>,
    verified: Arc<Verified>,
    /// Whether an answer has the identity token beside the bearer.
    identity: bool,
}

impl Exchange {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, keys: KeySets, clock: Arc<dyn Clock>, config: ExchangeConfig) -> Self {
        let signing = Arc::new(SigningKeys::new(Arc::clone(&store), Seal::default(), Arc::clone(&clock)));
        let refresh_grace = Live::new(config.refresh_grace);
        let (keys, config) = (Arc::new(keys), Arc::new(config));
        let (outbox, verified) = (Arc::default(), Arc::default());
        let (event, identity) = (None, true);
        Self { store, keys, signing, clock, config, refresh_grace, outbox, event, verified, identity }
    }

    /// The same use cases, of which each that changes something writes `event` into the audit log with its change,
    /// in one transaction, and whom and what it was about. `None`: nothing is written.
    #[must_use]
    pub fn recording(&self, event: impl Into<Option<AuditRecord>>) -> Self {
        Self { event: event.into(), ..self.clone() }
    }

    /// The same use cases, whose answers have an identity token (`jwt`) or have none: it costs a signature, and
    /// nobody need be given one who does not want it.
    #[must_use]
    pub fn with_identity(self, identity: bool) -> Self {
        Self { identity, ..self }
    }

    /// The store for the change that the event tells of.
    fn changing(&self) -> Arc<dyn Store> {
        self.changing_with(|_| ())
    }

    /// The same, with what only the use case knows of the event.
    fn changing_with(&self, complete: impl FnOnce(&mut AuditRecord)) -> Arc<dyn Store> {
        audited(&self.store, self.event.as_ref(), complete)
    }

    /// From now on a replaced token gets its successor for so long.
    pub fn set_refresh_grace(&self, grace: Duration) {
        self.refresh_grace.set(grace);
    }

    /// With what opens the environments' own keys.
    #[must_use]
    pub fn with_seal(self, seal: Seal) -> Self {
        let signing = Arc::new(SigningKeys::new(Arc::clone(&self.store), seal, Arc::clone(&self.clock)));
        Self { signing, ..self }
    }

    /// How long after its token's end a session can still be gone on with.
    #[must_use]
    pub fn idle_limit(&self) -> Duration {
        self.config.idle_limit
    }

    /// Where browsers reach the server.
    #[must_use]
    pub fn public_url(&self) -> &Url {
        &self.config.public_url
    }

    /// Wakes whoever delivers what webhooks are told.
    #[must_use]
    pub fn outbox(&self) -> Arc<Notify> {
        Arc::clone(&self.outbox)
    }

    /// There may be something new to deliver.
    pub(crate) fn told(&self) {
        self.outbox.notify_one();
    }

    /// Whether the store answers, and whether no environment that was asked for lately is sealed under a
    /// master key that is not here.
    pub async fn ping(&self) -> Result<(), ExchangeError> {
        self.store.ping().await?;
        Ok(self.signing.check().await?)
    }

    async fn named(&self, environment: impl Into<Named>) -> Result<Arc<Environment>, ExchangeError> {
        match environment.into() {
            Named::Id(id) => self.environment(id).await,
            Named::Known(known) => Ok(known),
        }
    }

    /// The environment, as it is now: its allowed origins, its cookie's name.
    pub async fn environment(&self, id: Uuid) -> Result<Arc<Environment>, ExchangeError> {
        self.store.environment(id).await.map_err(|error| match error {
            StoreError::NotFound => ExchangeError::EnvironmentNotFound,
            other => other.into(),
        })
    }
}
