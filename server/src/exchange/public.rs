//! What anybody may ask an environment: its settings, its public keys, a nonce.

use byoa_protocol::{
    jwks::JwksResponse,
    settings::{
        AuthSettings, DpopSettings, ExternalAuthSettings, JwtDuration, ProjectSettings, SdkSettings,
        SecuritySettings,
    },
};
use serde_json::json;

use super::{
    CheckStep, Exchange, ExchangeError, MAX_NONCES, Named,
    nonce::{self, Purpose},
};
use crate::store::{Environment, KeySource};

/// The version of the API in which operations may need a step-up.
const API_WITH_STEP_UP: &str = "2026_04_01";

/// The version of the API in which no operation needs a step-up.
const API_WITHOUT_STEP_UP: &str = "2026_01_01";

impl Exchange {
    /// `count` nonces, at least one and [`MAX_NONCES`] at most, each good for one use within 24 hours.
    pub async fn nonces(
        &self,
        environment: impl Into<Named>,
        count: usize,
    ) -> Result<Vec<String>, ExchangeError> {
        let environment = self.named(environment).await?;
        let now = self.clock.now();
        Ok((0..count.clamp(1, MAX_NONCES)).map(|_| nonce::make(&environment, Purpose::Device, now)).collect())
    }

    /// What the environment tells the world about itself.
    pub async fn settings(&self, environment: impl Into<Named>) -> Result<ProjectSettings, ExchangeError> {
        let environment = self.named(environment).await?;
        Ok(ProjectSettings {
            environment_name: environment.name.clone(),
            chains: Vec::new(),
            kyc: Vec::new(),
            providers: Vec::new(),
            networks: Vec::new(),
            design: json!({}),
            general: json!({}),
            privacy: json!({}),
            sdk: SdkSettings { min_api_version: min_api_version(&environment).to_owned() },
            security: SecuritySettings {
                jwt_duration: duration(self.config.session_lifetime.as_secs()),
                auth: AuthSettings { storage: vec![storage(&environment).to_owned()] },
                device_registration_required: false,
                dpop: Some(dpop()),
                external_auth: external_auth(&environment),
            },
        })
    }

    /// The environment's public keys.
    pub async fn jwks(&self, environment: impl Into<Named>) -> Result<JwksResponse, ExchangeError> {
        let environment = self.named(environment).await?;
        Ok(self.signing.of(&environment).await?.jwks(self.clock.now()))
    }

    /// What each rule says about an external JWT. Signs nobody in.
    pub async fn check_jwt(
        &self,
        environment: impl Into<Named>,
        jwt: &str,
    ) -> Result<Vec<CheckStep>, ExchangeError> {
        let environment = self.named(environment).await?;
        self.trace_external(&environment, jwt).await
    }
}

const fn storage(environment: &Environment) -> &'static str {
    if environment.session_cookie { "cookie" } else { "localstorage" }
}

fn dpop() -> DpopSettings {
    let algorithms = Exchange::dpop_algorithms().iter().map(|algorithm| algorithm.as_str().to_owned());
    DpopSettings { supported: true, nonce_required: true, algorithms: algorithms.collect() }
}

const fn min_api_version(environment: &Environment) -> &'static str {
    if environment.step_up.is_empty() { API_WITHOUT_STEP_UP } else { API_WITH_STEP_UP }
}

pub(crate) fn external_auth(environment: &Environment) -> Option<ExternalAuthSettings> {
    let issuer = environment.issuers.first()?;
    let jwks_url = match &issuer.keys {
        KeySource::JwksUrl(url) => Some(url.to_string()),
        _ => None,
    };
    Some(ExternalAuthSettings {
        enabled: true,
        iss: Some(issuer.issuer.clone()),
        jwks_url,
        aud: issuer.audiences.first().cloned(),
        cookie_name: environment.cookie_name.clone(),
        assume_email_verified: environment.assume_email_verified,
    })
}

/// In the largest unit that says it exactly; less than a minute is rounded up to one.
fn duration(seconds: u64) -> JwtDuration {
    let units = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    let fitting = units.into_iter().find(|(size, _)| seconds > 0 && seconds.is_multiple_of(*size));
    let (size, unit) = fitting.unwrap_or((60, "minutes"));
    JwtDuration { amount: seconds.div_ceil(size).max(1), unit: unit.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_said_in_the_largest_unit() {
        for (seconds, amount, unit) in [
            (7_200, 2, "hours"),
            (5_400, 90, "minutes"),
            (172_800, 2, "days"),
            (1, 1, "minutes"),
            (61, 2, "minutes"),
        ] {
            let said = duration(seconds);
            assert_eq!((said.amount, said.unit.as_str()), (amount, unit));
        }
    }
}
