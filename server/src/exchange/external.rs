//! Verifying an external JWT: which issuer's it claims to be, that issuer's keys, and then the rules.

use std::sync::Arc;

use byoa_jwt::{
    KeySet, Outcome, Policy, RULES, Rejection, Step, UnverifiedToken, VerifiedClaims, trace, verify,
};
use byoa_protocol::Reason;

use super::{CheckStep, Exchange, ExchangeError, once, reasons};
use crate::store::{Conflicting, Environment, IssuerConfig, OneUse, StoreError};

impl Exchange {
    /// The claims of a JWT that one of the environment's issuers stands behind.
    pub(super) async fn verify_external(
        &self,
        environment: &Environment,
        jwt: &str,
    ) -> Result<VerifiedClaims, ExchangeError> {
        let token = UnverifiedToken::parse(jwt)?;
        let issuer = self.select(environment, &token)?;
        let policy = policy(issuer);
        let keys = self.issuer_keys(issuer, &policy, &token).await?;
        Ok(verify(&token, &keys, &policy, self.clock.now().seconds())?)
    }

    /// The use of a JWT that [`Self::verify_external`] has verified.
    pub(super) fn use_of(environment: &Environment, claims: &VerifiedClaims, jwt: &str) -> OneUse {
        let mut issuers = environment.issuers.iter();
        let issuer = issuers.find(|issuer| issuer.issuer == claims.issuer());
        once::external_jwt(claims, jwt, issuer.map_or(0, |issuer| issuer.leeway_seconds))
    }

    /// What each rule says; the same steps as [`Self::verify_external`], watched.
    pub(super) async fn trace_external(
        &self,
        environment: &Environment,
        jwt: &str,
    ) -> Result<Vec<CheckStep>, ExchangeError> {
        let now = self.clock.now().seconds();
        let selected = match UnverifiedToken::parse(jwt) {
            Ok(token) => match self.select(environment, &token) {
                Ok(issuer) => Some((issuer, self.issuer_keys(issuer, &policy(issuer), &token).await?)),
                Err(ExchangeError::Rejected { reason, message }) => {
                    return Ok(foreign(jwt, reason, &message));
                }
                Err(other) => return Err(other),
            },
            Err(_) => None,
        };
        let (policy, keys) = match &selected {
            Some((issuer, keys)) => (policy(issuer), Arc::clone(keys)),
            None => (Policy::for_issuer(""), Arc::default()),
        };
        Ok(trace(jwt, &keys, &policy, now).into_iter().map(CheckStep::from).collect())
    }

    /// The issuer that the token names. The name only selects: it is verified later, with the rest. There
    /// is no default, and a token of a stranger makes nobody fetch keys.
    fn select<'e>(
        &self,
        environment: &'e Environment,
        token: &UnverifiedToken<'_>,
    ) -> Result<&'e IssuerConfig, ExchangeError> {
        if environment.issuers.is_empty() {
            return Err(ExchangeError::Rejected {
                reason: Reason::ExternalAuthDisabled,
                message: "the environment trusts no issuer; configure one with `byoa-server env set`"
                    .to_owned(),
            });
        }
        let own = self.config.issuer(environment.id);
        let found = token.claims().issuer();
        let known = found.and_then(|found| {
            environment.issuers.iter().find(|issuer| issuer.issuer == found && issuer.issuer != own)
        });
        known.ok_or_else(|| {
            let expected: Vec<_> = environment.issuers.iter().map(|issuer| issuer.issuer.as_str()).collect();
            // The verifier's own words: it has a policy that trusts those, and this token.
            let expected = expected.join(" or ");
            let rejection = match token.claims().get("iss") {
                None => Rejection::IssuerMissing { expected },
                Some(_) => Rejection::IssuerMismatch {
                    expected,
                    found: found.map_or_else(|| "not a string".to_owned(), shown),
                },
            };
            rejection.into()
        })
    }

    /// The issuer's keys. Rules about the header alone come first: what fails them makes nobody fetch.
    async fn issuer_keys(
        &self,
        issuer: &IssuerConfig,
        policy: &Policy,
        token: &UnverifiedToken<'_>,
    ) -> Result<Arc<KeySet>, ExchangeError> {
        // Without keys the rules end where a key is chosen, at the latest.
        match verify(token, &KeySet::default(), policy, 0) {
            Err(Rejection::KidUnknown { .. } | Rejection::KidAmbiguous { .. }) => {}
            _ => return Ok(Arc::default()),
        }
        self.keys.keys(issuer, token.header().key_id()).await.map_err(ExchangeError::KeysUnavailable)
    }
}

/// An external JWT's one use is over.
pub(super) fn replayed(error: StoreError) -> ExchangeError {
    match error {
        StoreError::Conflict(Conflicting::Used) => ExchangeError::Rejected {
            reason: Reason::JwtReplayed,
            message: "a JWT may be used once here, but this one was used before; get a new one".to_owned(),
        },
        other => other.into(),
    }
}

fn policy(issuer: &IssuerConfig) -> Policy {
    Policy {
        audiences: issuer.audiences.clone(),
        algorithms: issuer.algorithms.clone(),
        leeway_seconds: issuer.leeway_seconds,
        max_lifetime_seconds: issuer.max_lifetime_seconds,
        ..Policy::for_issuer(issuer.issuer.as_str())
    }
}

/// A stranger's text, short and without what a terminal would obey.
fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}

/// The steps for a token of an issuer that is not configured: it is read, and that is all.
fn foreign(jwt: &str, reason: Reason, message: &str) -> Vec<CheckStep> {
    let read = trace(jwt, &KeySet::default(), &Policy::for_issuer(""), 0);
    let read = read.into_iter().take_while(|step| step.rule != "critical").map(CheckStep::from);
    let rest = RULES.into_iter().skip_while(|rule| *rule != "critical").map(|rule| {
        let is_issuer = rule == "issuer";
        CheckStep {
            rule,
            passed: is_issuer.then_some(false),
            code: is_issuer.then_some(reason.as_str()),
            detail: if is_issuer { message.to_owned() } else { String::new() },
        }
    });
    read.chain(rest).collect()
}

impl From<Step> for CheckStep {
    fn from(step: Step) -> Self {
        let (passed, code) = match &step.outcome {
            Outcome::Passed => (Some(true), None),
            Outcome::Failed(rejection) => (Some(false), Some(reasons::reason(rejection).as_str())),
            Outcome::NotReached => (None, None),
        };
        Self { rule: step.rule, passed, code, detail: step.detail }
    }
}
