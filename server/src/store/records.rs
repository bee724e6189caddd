//! What goes into a store and comes out of it. Data only.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use byoa_jwt::Algorithm;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

use crate::{clock::UnixMillis, secret::Secret};

/// A tenant: whom it trusts, and what its sessions are like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its id in every path.
    pub id: Uuid,
    /// `sandbox` or `live`.
    pub name: String,
    /// Whom it trusts. Names differ. Empty: nobody can sign in.
    pub issuers: Vec<IssuerConfig>,
    /// Origins of pages that may call, exactly as browsers write them.
    pub allowed_origins: Vec<String>,
    /// Cookie that carries the external JWT where the page cannot read it.
    pub cookie_name: Option<String>,
    /// Whether an `email` without a word about its verification counts as verified.
    pub assume_email_verified: bool,
    /// What its session tokens are signed with.
    pub session_algorithm: SessionAlgorithm,
    /// How often one external JWT signs in.
    pub replay: ReplayPolicy,
    /// Scopes of the operations that need an elevated token.
    pub step_up: Vec<String>,
    /// Whether its sessions live in a cookie that pages cannot read.
    pub session_cookie: bool,
    /// Whether a webhook of it is enabled. The store says it, and it is no part of a change.
    pub has_webhooks: bool,
    /// Key of the nonces that this environment hands out, as it is kept: sealed where there is a master key.
    pub nonce_key: Secret<Vec<u8>>,
    /// Counts changes of anything in here and of the signing keys.
    pub revision: i64,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was changed last.
    pub updated_at: UnixMillis,
}

/// One issuer that an environment trusts, and what its tokens must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerConfig {
    /// The environment.
    pub environment_id: Uuid,
    /// `iss`, byte for byte.
    pub issuer: String,
    /// Where its keys come from.
    pub keys: KeySource,
    /// `aud` must hold one of them; empty: `aud` is not looked at.
    pub audiences: Vec<String>,
    /// What it may sign with.
    pub algorithms: Vec<Algorithm>,
    /// How far its clock may differ from ours.
    pub leeway_seconds: u64,
    /// The longest `exp` − `iat`.
    pub max_lifetime_seconds: Option<u64>,
}

/// Where an issuer's keys come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySource {
    /// A JWK set behind a URL.
    JwksUrl(Url),
    /// The JWK set that the issuer's discovery document names (`OpenID` Connect Discovery 1.0, 4).
    Discovery,
    /// This JWK set, as it was given. Nothing is fetched.
    Jwks(String),
    /// This one public key in PEM, as it was given. Nothing is fetched.
    Pem(String),
}

impl KeySource {
    /// The kind's name and its value, as a store keeps them.
    #[must_use]
    pub fn columns(&self) -> (&'static str, &str) {
        match self {
            Self::JwksUrl(url) => ("jwks_url", url.as_str()),
            Self::Discovery => ("discovery", ""),
            Self::Jwks(text) => ("jwks", text),
            Self::Pem(text) => ("pem", text),
        }
    }

    /// The source that [`Self::columns`] said; `None` where that cannot be.
    #[must_use]
    pub fn from_columns(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "jwks_url" => value.parse().ok().map(Self::JwksUrl),
            "discovery" => Some(Self::Discovery),
            "jwks" => Some(Self::Jwks(value.to_owned())),
            "pem" => Some(Self::Pem(value.to_owned())),
            _ => None,
        }
    }
}

/// What session tokens can be signed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SessionAlgorithm {
    /// ECDSA on P-256: small and fast.
    #[default]
    Es256,
    /// RSA, for backends that know nothing else.
    Rs256,
}

impl SessionAlgorithm {
    /// The name in a header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.algorithm().as_str()
    }

    /// The same among all algorithms.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::Es256,
            Self::Rs256 => Algorithm::Rs256,
        }
    }
}

impl fmt::Display for SessionAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Not the name of a [`SessionAlgorithm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("session tokens are signed with ES256 or RS256")]
pub struct UnknownSessionAlgorithm;

impl FromStr for SessionAlgorithm {
    type Err = UnknownSessionAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Es256, Self::Rs256].into_iter().find(|own| own.as_str() == name).ok_or(UnknownSessionAlgorithm)
    }
}

/// How often one external JWT signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReplayPolicy {
    /// As often as it is shown before it expires.
    #[default]
    Off,
    /// Once.
    Once,
}

impl ReplayPolicy {
    /// The word in the store and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Once => "once",
        }
    }
}

/// Not the name of a [`ReplayPolicy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the replay policy is off or once")]
pub struct UnknownReplayPolicy;

impl FromStr for ReplayPolicy {
    type Err = UnknownReplayPolicy;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Off, Self::Once].into_iter().find(|own| own.as_str() == name).ok_or(UnknownReplayPolicy)
    }
}

/// Something that may happen once in an environment. What it stands for is in the name, so that different
/// things do not meet; device nonces have no prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneUse {
    /// What is used up.
    pub name: String,
    /// When nobody can use it any more, so that it may be forgotten.
    pub expires_at: UnixMillis,
}

/// A key that signs, or signed, an environment's session tokens.
#[derive(Clone, Debug)]
pub struct SigningKeyRecord {
    /// The environment.
    pub environment_id: Uuid,
    /// Its name in the JWK set.
    pub kid: String,
    /// What it signs with.
    pub algorithm: SessionAlgorithm,
    /// The private key in DER, as it is kept: sealed where there is a master key.
    pub pkcs8: Secret<Vec<u8>>,
    /// The public half as published.
    pub public_jwk: Value,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it stopped signing.
    pub retired_at: Option<UnixMillis>,
}

/// Every secret of an environment, to be kept in place of what is kept of it.
#[derive(Clone, Debug)]
pub struct KeptSecrets {
    /// The environment.
    pub environment_id: Uuid,
    /// The revision that was read.
    pub revision: i64,
    /// Key of its nonces.
    pub nonce_key: Secret<Vec<u8>>,
    /// Private halves of its signing keys, each with its name.
    pub signing_keys: Vec<(String, Secret<Vec<u8>>)>,
    /// Secrets of its webhooks, each with the webhook's id.
    pub webhooks: Vec<(Uuid, Secret<Vec<u8>>)>,
    /// Now.
    pub updated_at: UnixMillis,
}

/// What a verified external JWT says about an e-mail address. It never finds or merges users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailClaim {
    /// Nothing usable: what is known stays.
    Absent,
    /// The issuer vouches for it.
    Verified(String),
    /// The issuer says that it is not verified: a credential of this address goes.
    Unverified(String),
}

/// One sign-in, to be done whole.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The environment.
    pub environment_id: Uuid,
    /// The external JWT's issuer.
    pub issuer: String,
    /// The external JWT's subject.
    pub subject: String,
    /// The external JWT's e-mail address.
    pub email: EmailClaim,
    /// Id of the user, should it be new.
    pub new_user_id: Uuid,
    /// Id of the credential of the external identity, should it be new.
    pub new_external_credential_id: Uuid,
    /// Id of the credential of the e-mail address, should it be new.
    pub new_email_credential_id: Uuid,
    /// Id of the session.
    pub session_id: Uuid,
    /// `jti` of the session's first token.
    pub token_id: Uuid,
    /// Where it came from.
    pub origin: SessionOrigin,
    /// What it uses up; [`Conflicting::Used`](super::Conflicting::Used) where that was used before.
    pub one_use: Option<OneUse>,
    /// Whether webhooks are told of it: [`Environment::has_webhooks`].
    pub tell: bool,
    /// Now.
    pub now: UnixMillis,
    /// End of the session's first token.
    pub expires_at: UnixMillis,
    /// Hard end of the session.
    pub refresh_expires_at: UnixMillis,
}

/// Where a session came from. Stays with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionOrigin {
    /// `aud` of its tokens.
    pub audience: String,
    /// Key that it is bound to: a compressed P-256 point in hex.
    pub public_key: Option<String>,
    /// Thumbprint of the key that must be proved with every use of its tokens (RFC 9449).
    pub dpop_jkt: Option<String>,
    /// The SDK's name and version.
    pub sdk_version: Option<String>,
    /// The caller's address.
    pub ip: Option<IpAddr>,
    /// The caller's browser.
    pub user_agent: Option<String>,
}

/// What a sign-in made of it.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The user as it is now.
    pub user: User,
    /// The new session.
    pub session: SessionRecord,
    /// Whether the user is new as well.
    pub new_user: bool,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// `sid` of its tokens.
    pub id: Uuid,
    /// The environment.
    pub environment_id: Uuid,
    /// Whose it is. That user exists.
    pub user_id: Uuid,
    /// The credential that opened it.
    pub signin_credential_id: Uuid,
    /// Where it came from.
    pub origin: SessionOrigin,
    /// How often it was refreshed.
    pub generation: i64,
    /// `jti` of its newest token.
    pub token_id: Uuid,
    /// `jti` of the token before.
    pub previous_token_id: Option<Uuid>,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// When its newest token was made.
    pub refreshed_at: UnixMillis,
    /// End of its newest token.
    pub expires_at: UnixMillis,
    /// Its hard end.
    pub refresh_expires_at: UnixMillis,
    /// When it was ended.
    pub revoked_at: Option<UnixMillis>,
}

/// One step of a session to its next token.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The environment.
    pub environment_id: Uuid,
    /// The session.
    pub session_id: Uuid,
    /// `jti` of the token that was shown.
    pub presented_token_id: Uuid,
    /// `jti` of the next token.
    pub new_token_id: Uuid,
    /// Now.
    pub now: UnixMillis,
    /// End of the next token.
    pub expires_at: UnixMillis,
    /// How long the token before the newest one still gets the newest one.
    pub grace: Duration,
    /// Whether the caller has proved the key that the session is bound to.
    pub proven: bool,
    /// Whether the token that was shown had ended: then its success is written into the audit log as well.
    pub late: bool,
}

/// What a refresh made of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The session as it is now; its newest token is the answer, whoever made it.
    Live(SessionRecord),
    /// A token came back long after it was replaced, and nobody proved a key: one of its two holders is a
    /// thief, so the session was ended.
    Reused(SessionRecord),
}

/// A user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: Uuid,
    /// The environment.
    pub environment_id: Uuid,
    /// How it was recognised, the external identity first.
    pub credentials: Vec<Credential>,
    /// E-mail address; verified only where a credential says so.
    pub email: Option<String>,
    /// Display name.
    pub alias: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Title.
    pub job_title: Option<String>,
    /// Phone number; not verified.
    pub phone_number: Option<String>,
    /// T-shirt size.
    pub t_shirt_size: Option<String>,
    /// Team.
    pub team: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Unique in the environment, without regard to case.
    pub username: Option<String>,
    /// Whether the policies were accepted.
    pub policies_consent: Option<bool>,
    /// The app's own data.
    pub metadata: Option<Map<String, Value>>,
    /// First sign-in.
    pub first_visit: UnixMillis,
    /// Latest sign-in.
    pub last_visit: UnixMillis,
}

/// What kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CredentialKind {
    /// The subject of an issuer.
    ExternalUser,
    /// An e-mail address that the issuer vouches for.
    Email,
}

impl CredentialKind {
    /// The word in the store and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExternalUser => byoa_protocol::user::FORMAT_EXTERNAL_USER,
            Self::Email => byoa_protocol::user::FORMAT_EMAIL,
        }
    }
}

/// One way in which a user was recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub id: Uuid,
    /// What kind.
    pub kind: CredentialKind,
    /// Who vouches for it.
    pub issuer: String,
    /// The subject, or the address.
    pub identifier: String,
    /// When the issuer vouched for it first.
    pub verified_at: UnixMillis,
    /// When it was used last.
    pub last_selected_at: UnixMillis,
}

/// A change of a profile: `None` leaves a field, `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserChange {
    /// E-mail address, not verified by this.
    pub email: Option<Option<String>>,
    /// Display name.
    pub alias: Option<Option<String>>,
    /// Given name.
    pub first_name: Option<Option<String>>,
    /// Family name.
    pub last_name: Option<Option<String>>,
    /// Title.
    pub job_title: Option<Option<String>>,
    /// Phone number.
    pub phone_number: Option<Option<String>>,
    /// T-shirt size.
    pub t_shirt_size: Option<Option<String>>,
    /// Team.
    pub team: Option<Option<String>>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<Option<String>>,
    /// Unique in the environment.
    pub username: Option<Option<String>>,
    /// Whether the policies are accepted.
    pub policies_consent: Option<bool>,
    /// Replaces the whole.
    pub metadata: Option<Map<String, Value>>,
    /// What it uses up.
    pub one_use: Option<OneUse>,
}

impl UserChange {
    /// Whether it names any field.
    #[must_use]
    pub fn is_any(&self) -> bool {
        Self { one_use: None, ..self.clone() } != Self::default()
    }
}

/// A token for administrators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminToken {
    /// Its id.
    pub id: Uuid,
    /// What it is for, in the words of who made it.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// What it may do, space separated.
    pub scope: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it ends.
    pub expires_at: Option<UnixMillis>,
    /// When it was ended.
    pub revoked_at: Option<UnixMillis>,
}
