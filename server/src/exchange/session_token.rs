//! Our session tokens: what is in them, and how they are made and read.

use byoa_jwt::{Algorithm, Policy, Rejection, SigningError, UnverifiedToken, verify, verify_signature};
use byoa_protocol::{
    claims::{Confirmation, IdentityClaims, SCOPE_USER_BASIC, SessionClaims},
    external_auth::VerifyResponse,
};
use serde_json::{Map, Value};
use std::sync::Arc;
use uuid::Uuid;

use super::{
    Exchange, ExchangeConfig, ExchangeError, Unauthorized, Verified, once::NODE_LEEWAY_SECONDS, profile,
};
use crate::{
    clock::UnixMillis,
    keys::OwnKeys,
    store::{CredentialKind, Environment, SessionRecord, User},
};

/// One statement of a session: which token, from when to when.
pub(super) struct Issue<'a> {
    pub(super) environment: &'a Environment,
    pub(super) session: &'a SessionRecord,
    pub(super) user: &'a User,
    /// Names the token in both of its forms, and a restatement of it with a changed profile.
    pub(super) token_id: Uuid,
    pub(super) now: UnixMillis,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
    pub(super) new_user: bool,
}

impl ExchangeConfig {
    /// `iss` of an environment's session tokens: host, port where it is not the usual one, and id.
    #[must_use]
    pub fn issuer(&self, environment: Uuid) -> String {
        let host = self.public_url.host_str().unwrap_or_default();
        match self.public_url.port() {
            Some(port) => format!("{host}:{port}/{environment}"),
            None => format!("{host}/{environment}"),
        }
    }
}

impl Exchange {
    /// Signs both forms of a session token and wraps them up with the user.
    pub(super) async fn issue(&self, issue: Issue<'_>) -> Result<VerifyResponse, ExchangeError> {
        let own = self.signing.of(issue.environment).await?;
        let session = self.session_claims(&issue, own.kid());
        let bearer =
            own.sign(&session).map_err(|_| ExchangeError::Internal("a session token cannot be signed"))?;
        let identity = self.identity.then(|| sign_identity(&own, identity_claims(&issue, session)));
        let identity = identity
            .transpose()
            .map_err(|_| ExchangeError::Internal("an identity token cannot be signed"))?;
        Ok(VerifyResponse {
            user: profile::sdk_user(issue.user, Some(issue.session), issue.new_user),
            expires_at: issue.expires_at,
            minified_jwt: Some(bearer),
            jwt: identity,
        })
    }

    fn session_claims(&self, issue: &Issue<'_>, kid: &str) -> SessionClaims {
        let Issue { environment, session, user, .. } = issue;
        SessionClaims {
            kid: kid.to_owned(),
            aud: session.origin.audience.clone(),
            iss: self.config.issuer(environment.id),
            sub: user.id.to_string(),
            sid: session.id.to_string(),
            iat: issue.now.seconds(),
            exp: issue.expires_at,
            refresh_exp: session.refresh_expires_at.seconds(),
            jti: issue.token_id.to_string(),
            environment_id: environment.id.to_string(),
            scope: SCOPE_USER_BASIC.to_owned(),
            last_verified_credential_id: session.signin_credential_id.to_string(),
            signin_credential_id: session.signin_credential_id.to_string(),
            session_public_key: session.origin.public_key.clone(),
            cnf: session.origin.dpop_jkt.clone().map(|jkt| Confirmation { jkt }),
            sdk_version: session.origin.sdk_version.clone(),
            email: verified_email(user),
            username: user.username.clone(),
        }
    }

    /// The claims of a live token of the environment.
    pub(super) async fn read_live(
        &self,
        environment: &Environment,
        bearer: Option<&str>,
    ) -> Result<Arc<SessionClaims>, ExchangeError> {
        let text = bearer.filter(|bearer| !bearer.is_empty()).ok_or(Unauthorized::Missing)?;
        let hash = Verified::hash(text);
        if let Some(claims) = self.verified.get(&hash, environment) {
            let is_over = claims.exp <= self.clock.now().seconds();
            return if is_over { Err(Unauthorized::Expired.into()) } else { Ok(claims) };
        }
        let token = UnverifiedToken::parse(text).map_err(|_| Unauthorized::NotOurs)?;
        let own = self.signing.of(environment).await?;
        let now = self.clock.now().seconds();
        let claims =
            verify(&token, own.verifying(), &self.own_policy(environment), now).map_err(|rejection| {
                match rejection {
                    Rejection::Expired { .. } => Unauthorized::Expired,
                    _ => Unauthorized::NotOurs,
                }
            })?;
        // The leeway is for clocks that are behind; the end is the end.
        if claims.expires_at() <= now {
            return Err(Unauthorized::Expired.into());
        }
        let claims = Arc::new(read_claims(environment, claims.members())?);
        self.verified.put(hash, environment, &claims);
        Ok(claims)
    }

    /// The claims of a token that the environment signed, also where it has expired.
    pub(super) async fn read_signed(
        &self,
        environment: &Environment,
        bearer: &str,
    ) -> Result<SessionClaims, ExchangeError> {
        let token = UnverifiedToken::parse(bearer).map_err(|_| Unauthorized::NotOurs)?;
        let own = self.signing.of(environment).await?;
        let policy = self.own_policy(environment);
        let claims = verify_signature(&token, own.verifying(), &policy).map_err(|_| Unauthorized::NotOurs)?;
        if claims.issuer() != Some(&policy.issuer) {
            return Err(Unauthorized::NotOurs.into());
        }
        Ok(read_claims(environment, claims.members())?)
    }

    pub(super) fn own_policy(&self, environment: &Environment) -> Policy {
        Policy {
            algorithms: vec![Algorithm::Es256, Algorithm::Rs256],
            leeway_seconds: NODE_LEEWAY_SECONDS,
            ..Policy::for_issuer(self.config.issuer(environment.id))
        }
    }
}

/// A session token names its environment and has the scope of one: other tokens of ours are none.
fn read_claims(
    environment: &Environment,
    members: &Map<String, Value>,
) -> Result<SessionClaims, Unauthorized> {
    let claims: SessionClaims =
        serde_json::from_value(Value::Object(members.clone())).map_err(|_| Unauthorized::NotOurs)?;
    let is_session = claims.scope.split(' ').any(|scope| scope == SCOPE_USER_BASIC);
    if is_session && claims.environment_id == environment.id.to_string() {
        Ok(claims)
    } else {
        Err(Unauthorized::NotOurs)
    }
}

/// The address that an issuer vouches for. What a user has written into the profile is not in tokens:
/// a backend would take it for verified.
fn verified_email(user: &User) -> Option<String> {
    let mut credentials = user.credentials.iter();
    credentials
        .find(|credential| credential.kind == CredentialKind::Email)
        .map(|email| email.identifier.clone())
}

fn identity_claims(issue: &Issue<'_>, session: SessionClaims) -> IdentityClaims {
    let user = issue.user;
    IdentityClaims {
        session,
        verified_credentials: profile::credentials(user),
        missing_fields: Vec::new(),
        new_user: issue.new_user,
        first_visit: user.first_visit.rfc3339(),
        last_visit: user.last_visit.rfc3339(),
        alias: user.alias.clone(),
        given_name: user.first_name.clone(),
        family_name: user.last_name.clone(),
        country: user.country.clone(),
        job_title: user.job_title.clone(),
        phone_number: user.phone_number.clone(),
        team: user.team.clone(),
        t_shirt_size: user.t_shirt_size.clone(),
        metadata: user.metadata.clone(),
    }
}

/// A token over 16 KiB would be refused everywhere; large metadata stays out of it and in the profile.
fn sign_identity(own: &OwnKeys, mut claims: IdentityClaims) -> Result<String, SigningError> {
    match own.sign(&claims) {
        Err(SigningError::TooLarge) => {
            claims.metadata = None;
            own.sign(&claims)
        }
        signed => signed,
    }
}
