//! Use cases: an external JWT becomes a session, a session goes on and ends, a user changes. Free of
//! HTTP: no status codes, no headers by name. No SQL and no cryptography either; `store`, `keys` and
//! `byoa-jwt` have those.

pub mod admin_tokens;
pub mod environments;
mod error;

use std::{net::IpAddr, sync::Arc, time::Duration};

use byoa_protocol::{
    claims::SessionClaims,
    external_auth::VerifyResponse,
    jwks::JwksResponse,
    settings::ProjectSettings,
    user::{SdkUser, UpdateSelfResponse, UserFields},
};
use url::Url;
use uuid::Uuid;

use crate::{
    clock::Clock,
    keys::{KeySets, SigningKeys},
    store::{Environment, SessionRecord, Store},
};
pub use error::{ExchangeError, Unauthorized};

/// The most bytes of JSON in a user's metadata.
pub const MAX_METADATA_BYTES: usize = 16 * 1024;

/// The most nonces in one answer.
pub const MAX_NONCES: usize = 5;

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
}

impl ExchangeConfig {
    /// Tokens of two hours in sessions of thirty days.
    #[must_use]
    pub const fn new(public_url: Url) -> Self {
        Self {
            public_url,
            session_lifetime: Duration::from_hours(2),
            refresh_window: Duration::from_hours(30 * 24),
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

/// What a sign-in brings. `Debug` is not derived: it would print the JWT.
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
    /// Who is calling.
    pub caller: Caller,
}

/// A session whose token was verified and which is live.
#[derive(Clone, Debug)]
pub struct AuthenticatedSession {
    /// The environment.
    pub environment: Arc<Environment>,
    /// The token's claims.
    pub claims: SessionClaims,
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

/// The use cases over one store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Exchange {
    store: Arc<dyn Store>,
    keys: Arc<KeySets>,
    signing: Arc<SigningKeys>,
    clock: Arc<dyn Clock>,
    config: Arc<ExchangeConfig>,
}

impl Exchange {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, keys: KeySets, clock: Arc<dyn Clock>, config: ExchangeConfig) -> Self {
        let signing = Arc::new(SigningKeys::new(Arc::clone(&store)));
        Self { store, keys: Arc::new(keys), signing, clock, config: Arc::new(config) }
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<(), ExchangeError> {
        Ok(self.store.ping().await?)
    }

    /// The environment, as it is now: its allowed origins, its cookie's name.
    pub async fn environment(&self, id: Uuid) -> Result<Arc<Environment>, ExchangeError> {
        unimplemented!("{id}")
    }

    /// Verifies an external JWT, finds or makes its user and opens a session.
    pub async fn sign_in(&self, environment: Uuid, input: SignInInput) -> Result<VerifyResponse, ExchangeError> {
        unimplemented!("{environment} {:?}", input.caller)
    }

    /// The session that `bearer` is for, if token and session are live.
    pub async fn authenticate(
        &self,
        environment: Uuid,
        bearer: Option<&str>,
    ) -> Result<AuthenticatedSession, ExchangeError> {
        unimplemented!("{environment} {}", bearer.is_some())
    }

    /// The next token of the session that `bearer` is for.
    pub async fn refresh(
        &self,
        environment: Uuid,
        bearer: Option<&str>,
        device: DeviceProof,
    ) -> Result<VerifyResponse, ExchangeError> {
        unimplemented!("{environment} {} {device:?}", bearer.is_some())
    }

    /// Ends the session that `bearer` is for. A token that has expired still ends its session; one that
    /// is absent or not ours ends nothing, and neither is an error. `reason` is kept, shortened.
    pub async fn revoke(
        &self,
        environment: Uuid,
        bearer: Option<&str>,
        reason: Option<&str>,
    ) -> Result<(), ExchangeError> {
        unimplemented!("{environment} {} {reason:?}", bearer.is_some())
    }

    /// The signed-in user.
    pub async fn current_user(&self, environment: Uuid, bearer: Option<&str>) -> Result<SdkUser, ExchangeError> {
        unimplemented!("{environment} {}", bearer.is_some())
    }

    /// Changes the signed-in user, and states the session anew with the changed profile.
    pub async fn update_user(
        &self,
        environment: Uuid,
        bearer: Option<&str>,
        fields: UserFields,
    ) -> Result<UpdateSelfResponse, ExchangeError> {
        unimplemented!("{environment} {} {fields:?}", bearer.is_some())
    }

    /// Removes the signed-in user and all its sessions.
    pub async fn delete_user(&self, environment: Uuid, bearer: Option<&str>) -> Result<(), ExchangeError> {
        unimplemented!("{environment} {}", bearer.is_some())
    }

    /// `count` nonces, at least one and [`MAX_NONCES`] at most, each good for one use within 24 hours.
    pub async fn nonces(&self, environment: Uuid, count: usize) -> Result<Vec<String>, ExchangeError> {
        unimplemented!("{environment} {count}")
    }

    /// What the environment tells the world about itself.
    pub async fn settings(&self, environment: Uuid) -> Result<ProjectSettings, ExchangeError> {
        unimplemented!("{environment}")
    }

    /// The environment's public keys.
    pub async fn jwks(&self, environment: Uuid) -> Result<JwksResponse, ExchangeError> {
        unimplemented!("{environment}")
    }

    /// What each rule says about an external JWT. Signs nobody in.
    pub async fn check_jwt(&self, environment: Uuid, jwt: &str) -> Result<Vec<CheckStep>, ExchangeError> {
        unimplemented!("{environment} {}", jwt.len())
    }
}
