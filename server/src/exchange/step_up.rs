//! Step-up: whoever is signed in shows a fresh JWT of the issuer and gets an elevated token, without which
//! some operations are not carried out.

use byoa_jwt::{AcceptedTypes, Policy, UnverifiedToken, VerifiedClaims, verify};
use byoa_protocol::{
    Reason,
    claims::{ELEVATED_TYPE, ElevatedClaims},
    external_auth::{ExternalAuthAssertionResponse, StepUpCheckResponse, StepUpCredential},
    scopes,
};
use serde_json::Value;

use super::{
    AuthenticatedSession, Exchange, ExchangeError, Named, Shown, external::replayed, once, sessions::ended,
};
use crate::{
    clock::UnixMillis,
    ids,
    store::{Conflicting, CredentialKind, OneUse, StoreError},
};

/// The operations that an environment may ask an elevated token for, by their scopes.
pub const STEP_UP_OPERATIONS: [&str; 2] = [scopes::USER_UPDATE, scopes::USER_DELETE];

/// How long an elevated token for one operation lives.
const SINGLE_USE_SECONDS: i64 = 5 * 60;

/// How long any other elevated token lives.
const LIFETIME_SECONDS: i64 = 10 * 60;

const MISSING: &str = "this operation needs an elevated token; get one from externalAuth/verify";
const NOT_OURS: &str = "the elevated token is not one of this session, or has expired; get another one";
const OTHER_SCOPE: &str = "the elevated token is for something else; get one with this operation's scope";
const USED: &str = "the elevated token was good for one operation; get another one";

impl Exchange {
    /// An elevated token for the scopes of `jwt`, which one of the environment's issuers has signed for the
    /// very user that is signed in. The JWT is used up, whatever the environment's replay policy.
    pub async fn step_up<'r>(
        &self,
        environment: impl Into<Named>,
        shown: impl Into<Shown<'r>>,
        jwt: Option<String>,
    ) -> Result<ExternalAuthAssertionResponse, ExchangeError> {
        let AuthenticatedSession { environment, session, .. } = self.authenticate(environment, shown).await?;
        let jwt = jwt.filter(|jwt| !jwt.is_empty()).ok_or_else(|| {
            rejected(
                Reason::JwtMissing,
                "a JWT of the signed-in user must be sent as `jwt`, but there is none",
            )
        })?;
        let assertion = self.verify_external(&environment, &jwt).await?;
        let user = self.store.user(environment.id, session.user_id).await.map_err(ended)?;
        let is_own = user.credentials.iter().any(|credential| {
            credential.kind == CredentialKind::ExternalUser
                && credential.issuer == assertion.issuer()
                && credential.identifier == assertion.subject()
        });
        if !is_own {
            let message = "the JWT must be for the signed-in user, but its `sub` is somebody else's";
            return Err(rejected(Reason::ExternalUserMismatch, message));
        }
        check_id(&assertion)?;
        let (scope, single_use) = requested(assertion.get("scope"))?;

        let one_use = Self::use_of(&environment, &assertion, &jwt);
        let store = self.changing_with(|event| {
            event.issuer = Some(assertion.issuer().to_owned());
            (event.user_id, event.session_id) = (Some(user.id), Some(session.id));
            event.detail = Some(scope.clone());
        });
        if !store.use_nonce(environment.id, &one_use.name, one_use.expires_at).await? {
            return Err(replayed(Conflicting::Used.into()));
        }
        let own = self.signing.of(&environment).await?;
        let now = self.clock.now().seconds();
        let issuer = self.config.issuer(environment.id);
        let claims = ElevatedClaims {
            kid: own.kid().to_owned(),
            aud: issuer.clone(),
            iss: issuer,
            sub: user.id.to_string(),
            sid: session.id.to_string(),
            iat: now,
            exp: now + if single_use { SINGLE_USE_SECONDS } else { LIFETIME_SECONDS },
            jti: ids::unguessable().to_string(),
            environment_id: environment.id.to_string(),
            scope,
            single_use,
        };
        let signed = own.sign_as(ELEVATED_TYPE, &claims);
        let elevated_access_token =
            signed.map_err(|_| ExchangeError::Internal("an elevated token cannot be signed"))?;
        Ok(ExternalAuthAssertionResponse { elevated_access_token })
    }

    /// Whether the operation of `scope` needs an elevated token beyond the one that is shown.
    pub async fn check_step_up<'r>(
        &self,
        environment: impl Into<Named>,
        shown: impl Into<Shown<'r>>,
        scope: &str,
    ) -> Result<StepUpCheckResponse, ExchangeError> {
        let shown = shown.into();
        let live = self.authenticate(environment, shown).await?;
        if scopes::is_single_use(scope).is_none() {
            return Err(ExchangeError::InvalidScopes);
        }
        let is_required = match self.require_step_up(&live, shown.elevated, scope).await {
            Ok(None) => false,
            Ok(Some(one_use)) => self.store.nonce_used(live.environment.id, &one_use.name).await?,
            Err(ExchangeError::StepUpRequired(_)) => true,
            Err(other) => return Err(other),
        };
        let id = live.session.signin_credential_id.to_string();
        let format = CredentialKind::ExternalUser.as_str().to_owned();
        Ok(StepUpCheckResponse {
            is_required,
            credentials: vec![StepUpCredential { id: id.clone(), format }],
            default_credential_id: Some(id),
        })
    }

    /// What the operation of `scope` uses up, if anything; [`ExchangeError::StepUpRequired`] where the
    /// environment asks for an elevated token and the one that is shown does not do.
    pub(super) async fn require_step_up(
        &self,
        live: &AuthenticatedSession,
        elevated: Option<&str>,
        scope: &str,
    ) -> Result<Option<OneUse>, ExchangeError> {
        if !live.environment.step_up.iter().any(|needed| needed == scope) {
            return Ok(None);
        }
        let elevated = elevated.ok_or(ExchangeError::StepUpRequired(MISSING))?;
        let claims = self.read_elevated(live, elevated).await?;
        if !claims.scope.split(' ').any(|granted| granted == scope) {
            return Err(ExchangeError::StepUpRequired(OTHER_SCOPE));
        }
        let end = claims.exp.saturating_add_unsigned(2 * once::NODE_LEEWAY_SECONDS);
        Ok(claims.single_use.then(|| OneUse {
            name: once::name("elevated", &[&claims.jti]),
            expires_at: UnixMillis::from_seconds(end),
        }))
    }

    async fn read_elevated(
        &self,
        live: &AuthenticatedSession,
        text: &str,
    ) -> Result<ElevatedClaims, ExchangeError> {
        let refuse = || ExchangeError::StepUpRequired(NOT_OURS);
        let own = self.signing.of(&live.environment).await?;
        let policy = Policy {
            types: AcceptedTypes::only(ELEVATED_TYPE),
            audiences: vec![self.config.issuer(live.environment.id)],
            ..self.own_policy(&live.environment)
        };
        let now = self.clock.now().seconds();
        let token = UnverifiedToken::parse(text).map_err(|_| refuse())?;
        let verified = verify(&token, own.verifying(), &policy, now).map_err(|_| refuse())?;
        let claims: ElevatedClaims =
            serde_json::from_value(Value::Object(verified.members().clone())).map_err(|_| refuse())?;
        let is_of_session = claims.sid == live.session.id.to_string()
            && claims.sub == live.session.user_id.to_string()
            && claims.environment_id == live.environment.id.to_string();
        if is_of_session && now < claims.exp { Ok(claims) } else { Err(refuse()) }
    }
}

/// An elevated token's one use is over.
pub(super) fn spent(error: StoreError) -> ExchangeError {
    match error {
        StoreError::Conflict(Conflicting::Used) => ExchangeError::StepUpRequired(USED),
        other => ended(other),
    }
}

/// An assertion without an id could be shown again.
fn check_id(assertion: &VerifiedClaims) -> Result<(), ExchangeError> {
    let is_fit = |id: &str| (1..=255).contains(&id.len()) && !id.contains(char::is_control);
    if assertion.token_id().is_some_and(is_fit) {
        return Ok(());
    }
    let message = "a JWT for a step-up must have a `jti` of 1 to 255 bytes; set it to a fresh random string";
    Err(rejected(Reason::JwtJtiMissing, message))
}

/// The scopes of a claim, each once and known, and whether one of them is for one operation.
fn requested(claim: Option<&Value>) -> Result<(String, bool), ExchangeError> {
    let text = claim.and_then(Value::as_str).ok_or(ExchangeError::InvalidScopes)?;
    let (mut granted, mut single_use) = (Vec::new(), false);
    for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
        single_use |= scopes::is_single_use(scope).ok_or(ExchangeError::InvalidScopes)?;
        if !granted.contains(&scope) {
            granted.push(scope);
        }
    }
    if granted.is_empty() { Err(ExchangeError::InvalidScopes) } else { Ok((granted.join(" "), single_use)) }
}

fn rejected(reason: Reason, message: &str) -> ExchangeError {
    ExchangeError::Rejected { reason, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::requested;

    #[test]
    fn scopes_are_known_words_each_once() {
        assert_eq!(requested(Some(&json!("user:update"))).unwrap(), ("user:update".to_owned(), false));
        let both = requested(Some(&json!("user:update  user:delete user:update "))).unwrap();
        assert_eq!(both, ("user:update user:delete".to_owned(), true));
        for bad in [
            json!(""),
            json!(" "),
            json!("elevated"),
            json!("user:basic"),
            json!("user:update user:admin"),
            json!("user:update\r\nx"),
            json!(["user:update"]),
            json!({}),
            json!(7),
            json!(null),
        ] {
            assert!(requested(Some(&bad)).is_err(), "{bad}");
        }
        assert!(requested(None).is_err());
    }
}
