//! An external JWT becomes a session.

use byoa_protocol::{Reason, external_auth::VerifyResponse};

use super::{
    Caller, Exchange, ExchangeConfig, ExchangeError, Named, SignInInput, email::email_claim,
    external::replayed, session_key::session_key, session_token::Issue,
};
use crate::{
    clock::UnixMillis,
    ids,
    store::{ReplayPolicy, SessionOrigin, SignIn},
};

/// The least that a session lives which comes from a JWT in its leeway.
const LEEWAY_SESSION_SECONDS: i64 = 60;

/// The most characters kept of what a caller says about itself.
const MAX_CALLER_CHARACTERS: usize = 255;

impl Exchange {
    /// Verifies an external JWT, finds or makes its user and opens a session. The store is not asked about
    /// users before the JWT, the session key and the device's proof are good.
    ///
    /// Where a JWT may be used once, its use is spent in the transaction that opens the session: of many at
    /// once on many nodes one succeeds, and a sign-in that fails leaves the JWT as it was.
    pub async fn sign_in(
        &self,
        environment: impl Into<Named>,
        input: SignInInput,
    ) -> Result<VerifyResponse, ExchangeError> {
        let environment = self.named(environment).await?;
        let jwt = input.jwt.filter(|jwt| !jwt.is_empty()).ok_or_else(|| ExchangeError::Rejected {
            reason: Reason::JwtMissing,
            message: "a JWT must be sent as `jwt`, or in the environment's cookie, but there is none"
                .to_owned(),
        })?;
        // Cheaper than the JWT, and the first proof of a client only asks for a nonce.
        let proof = self.verify_proof(&environment, &input.request, None, None)?;
        let claims = self.verify_external(&environment, &jwt).await?;
        let public_key = session_key(input.session_public_key, input.session_public_key_header)?;
        self.verify_device(&environment, input.device).await?;
        if let Some(proof) = &proof {
            self.use_proof(&environment, proof).await?;
        }
        let dpop_jkt = proof.map(|proof| proof.jkt);

        let now = self.clock.now();
        let one_use =
            (environment.replay == ReplayPolicy::Once).then(|| Self::use_of(&environment, &claims, &jwt));
        let expires_at = expiry(&self.config, claims.expires_at(), now);
        let signed_in = self
            .changing_with(|event| event.issuer = Some(claims.issuer().to_owned()))
            .sign_in(&SignIn {
                environment_id: environment.id,
                issuer: claims.issuer().to_owned(),
                subject: claims.subject().to_owned(),
                email: email_claim(&claims, environment.assume_email_verified),
                new_user_id: ids::sortable(now),
                new_external_credential_id: ids::sortable(now),
                new_email_credential_id: ids::sortable(now),
                session_id: ids::unguessable(),
                token_id: ids::unguessable(),
                origin: origin(&self.config, input.caller, public_key, dpop_jkt),
                one_use,
                tell: environment.has_webhooks,
                now,
                expires_at: UnixMillis::from_seconds(expires_at),
                refresh_expires_at: now.plus(self.config.refresh_window),
            })
            .await
            .map_err(replayed)?;
        if environment.has_webhooks {
            self.told();
        }
        self.issue(Issue {
            environment: &environment,
            session: &signed_in.session,
            user: &signed_in.user,
            token_id: signed_in.session.token_id,
            now,
            expires_at,
            new_user: signed_in.new_user,
        })
        .await
    }
}

/// When the first token ends: not after the external JWT. One that has just ended is accepted within the
/// leeway because the clocks differ, and then its `exp` says nothing about how long it meant to last;
/// a session that is over before it begins would help nobody, so it gets one minute.
fn expiry(config: &ExchangeConfig, external: i64, now: UnixMillis) -> i64 {
    let now = now.seconds();
    let own = now.saturating_add_unsigned(config.session_lifetime.as_secs());
    if external > now { own.min(external) } else { own.min(now + LEEWAY_SESSION_SECONDS) }
}

fn origin(
    config: &ExchangeConfig,
    caller: Caller,
    public_key: Option<String>,
    dpop_jkt: Option<String>,
) -> SessionOrigin {
    let audience = caller.origin.filter(|origin| is_origin(origin));
    SessionOrigin {
        audience: audience.unwrap_or_else(|| config.public_url.origin().ascii_serialization()),
        public_key,
        dpop_jkt,
        sdk_version: caller.sdk_version.as_deref().and_then(kept),
        ip: caller.ip,
        user_agent: caller.user_agent.as_deref().and_then(kept),
    }
}

/// Whether a text is an origin as a browser writes it; `null` is none. Whether its page may call is for
/// the transport, which knows what a browser enforces.
fn is_origin(text: &str) -> bool {
    let is_plain =
        |character: char| character.is_ascii_graphic() && !matches!(character, '/' | '?' | '#' | '@' | '*');
    text.len() <= MAX_CALLER_CHARACTERS
        && text.split_once("://").is_some_and(|(scheme, rest)| {
            !scheme.is_empty() && !rest.is_empty() && rest.chars().all(is_plain)
        })
}

fn kept(text: &str) -> Option<String> {
    let kept: String =
        text.chars().filter(|character| !character.is_control()).take(MAX_CALLER_CHARACTERS).collect();
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::{ExchangeConfig, UnixMillis, expiry, is_origin};

    #[test]
    fn a_session_ends_with_its_jwt_and_is_never_over_before_it_begins() {
        let config = ExchangeConfig::new("https://auth.example".parse().unwrap());
        let now = UnixMillis(1_000_000_999);
        for (external, expected) in [
            (1_000_000 + 7_200, 1_000_000 + 7_200),
            (1_000_000 + 7_201, 1_000_000 + 7_200),
            (i64::MAX, 1_000_000 + 7_200),
            (1_000_000 + 300, 1_000_000 + 300),
            (1_000_000 + 1, 1_000_000 + 1),
            (1_000_000, 1_000_000 + 60),
            (1_000_000 - 59, 1_000_000 + 60),
        ] {
            assert_eq!(expiry(&config, external, now), expected, "{external}");
        }
    }

    #[test]
    fn an_audience_is_an_origin() {
        for good in
            ["https://app.example", "http://localhost:5173", "capacitor://localhost", "https://[::1]:3"]
        {
            assert!(is_origin(good), "{good}");
        }
        for bad in
            ["null", "", "https://", "app.example", "https://a/b", "https://a b", "https://*", "https://a@b"]
        {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
