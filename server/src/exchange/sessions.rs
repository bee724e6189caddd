//! A session goes on, and ends.

use std::sync::Arc;

use byoa_protocol::{claims::SessionClaims, external_auth::VerifyResponse};
use uuid::Uuid;

use super::{
    AuthenticatedSession, DeviceProof, Exchange, ExchangeError, Named, Shown, Unauthorized,
    session_token::Issue,
};
use crate::{
    clock::UnixMillis,
    ids,
    store::{Refresh, Refreshed, SessionRecord, StoreError},
};

/// The most characters kept of why a session was ended.
const MAX_REASON_CHARACTERS: usize = 64;

impl Exchange {
    /// The session of the token that is shown, if the session is live, the token is its newest, and the key
    /// that it is bound to, if any, is proved.
    pub async fn authenticate<'r>(
        &self,
        environment: impl Into<Named>,
        shown: impl Into<Shown<'r>>,
    ) -> Result<AuthenticatedSession, ExchangeError> {
        let (live, _) = self.live_session(environment, &shown.into(), false).await?;
        if live.claims.jti != live.session.token_id.to_string() {
            return Err(Unauthorized::Superseded.into());
        }
        Ok(live)
    }

    /// The session of the token that is shown, if token and session are live; the token may have been
    /// replaced, and with `late` have ended. And whether a key was proved that the token is bound to.
    async fn live_session(
        &self,
        environment: impl Into<Named>,
        shown: &Shown<'_>,
        late: bool,
    ) -> Result<(AuthenticatedSession, bool), ExchangeError> {
        let environment = self.named(environment).await?;
        let claims = match self.read_live(&environment, shown.token).await {
            Err(ExchangeError::Unauthorized(Unauthorized::Expired)) if late => {
                Arc::new(self.read_signed(&environment, shown.token.unwrap_or_default()).await?)
            }
            claims => claims?,
        };
        let session = self.store.session(environment.id, session_id(&claims)?).await.map_err(ended)?;
        if session.revoked_at.is_some() || session.user_id.to_string() != claims.sub {
            return Err(Unauthorized::Ended.into());
        }
        let proven = self.check_binding(&environment, &claims, shown).await?;
        Ok((AuthenticatedSession { environment, claims, session }, proven))
    }

    /// The next token of the session whose token is shown. The session stays the same; the token before
    /// is good for nothing but this any more.
    ///
    /// Shown again within the grace, or with proof of the session's key, it gets the session's newest
    /// token: same id, same times; the next one, where that has ended as well. Shown again later without proof, it
    /// ends the session: two hold the token, and which of them is the user cannot be told.
    ///
    /// All of this holds for a token that has ended as well: a machine that slept goes on where it was, and a thief
    /// who waits for the end is found out no less. What goes on late has two bounds, the session's own end and
    /// [`ExchangeConfig::idle_limit`], counted from the end of its newest token.
    pub async fn refresh<'r>(
        &self,
        environment: impl Into<Named>,
        shown: impl Into<Shown<'r>>,
        device: DeviceProof,
    ) -> Result<VerifyResponse, ExchangeError> {
        let (live, dpop_proven) = self.live_session(environment, &shown.into(), true).await?;
        let AuthenticatedSession { environment, claims, session } = live;
        let now = self.clock.now();
        if now >= session.refresh_expires_at {
            return Err(Unauthorized::RefreshDeadline.into());
        }
        if session.expires_at <= now && now.since(session.expires_at) >= self.config.idle_limit {
            return Err(Unauthorized::Idle.into());
        }
        let proved_key = self.verify_device(&environment, device).await?;
        let key_proven = proved_key.is_some() && proved_key == session.origin.public_key;
        let end = now.plus(self.config.session_lifetime).min(session.refresh_expires_at).seconds();
        let step = Refresh {
            environment_id: environment.id,
            session_id: session.id,
            presented_token_id: claims.jti.parse().map_err(|_| Unauthorized::NotOurs)?,
            new_token_id: ids::unguessable(),
            now,
            expires_at: UnixMillis::from_seconds(end),
            grace: self.refresh_grace.get(),
            proven: dpop_proven || key_proven,
            late: claims.exp <= now.seconds(),
        };
        let mut session = self.step(&step).await?;
        // The answer with the newest token was lost, and it has ended since.
        if session.expires_at <= now && session.token_id != step.new_token_id {
            session =
                self.step(&Refresh { presented_token_id: session.token_id, late: true, ..step }).await?;
        }
        let user = self.store.user(environment.id, session.user_id).await.map_err(ended)?;
        self.issue(Issue {
            environment: &environment,
            token_id: session.token_id,
            session: &session,
            user: &user,
            now: session.refreshed_at,
            expires_at: session.expires_at.seconds(),
            new_user: false,
        })
        .await
    }

    async fn step(&self, step: &Refresh) -> Result<SessionRecord, ExchangeError> {
        match self.changing().refresh(step).await.map_err(ended)? {
            Refreshed::Live(session) => Ok(session),
            Refreshed::Reused(session) => {
                self.told();
                tracing::warn!(session = %session.id, "a replaced token came back; its session was ended");
                Err(Unauthorized::Reused.into())
            }
        }
    }

    /// Ends the session whose token is shown. A token that has expired or was replaced still ends its
    /// session, since whoever signs out means it; one that is absent or not ours ends nothing, and neither
    /// is an error. A bound token needs its proof here as well, or a thief could end the session; where
    /// that is missing, nothing ends and the caller is told. `reason` is kept, shortened. The session that
    /// was live until now.
    pub async fn revoke<'r>(
        &self,
        environment: impl Into<Named>,
        shown: impl Into<Shown<'r>>,
        reason: Option<&str>,
    ) -> Result<Option<Uuid>, ExchangeError> {
        let environment = self.named(environment).await?;
        let shown = shown.into();
        let claims = match self.read_signed(&environment, shown.token.unwrap_or_default()).await {
            Err(ExchangeError::Unauthorized(_)) => return Ok(None),
            claims => claims?,
        };
        let Ok(session) = session_id(&claims) else { return Ok(None) };
        self.check_binding(&environment, &claims, &shown).await?;
        let reason = kept_reason(reason.unwrap_or("user-intent"));
        let now = self.clock.now();
        let was_live = self.changing().revoke_session(environment.id, session, now, &reason).await?;
        if environment.has_webhooks {
            self.told();
        }
        Ok(was_live.then_some(session))
    }

    /// Ends every session that was opened until now, by a user or by everybody. How many. A sign-in that
    /// comes later is not touched, also where this waits for the database meanwhile.
    pub async fn revoke_sessions(
        &self,
        environment: Uuid,
        user: Option<Uuid>,
        reason: &str,
    ) -> Result<u64, ExchangeError> {
        let now = self.clock.now();
        let environment = self.environment(environment).await?;
        let reason = kept_reason(reason);
        let ended = self.changing().revoke_sessions(environment.id, user, now, &reason).await?;
        self.told();
        Ok(ended)
    }
}

/// A reason without what a terminal would obey, shortened.
fn kept_reason(reason: &str) -> String {
    reason.chars().filter(|character| !character.is_control()).take(MAX_REASON_CHARACTERS).collect()
}

fn session_id(claims: &SessionClaims) -> Result<Uuid, Unauthorized> {
    claims.sid.parse().map_err(|_| Unauthorized::NotOurs)
}

/// A session or a user that is not there any more has ended.
pub(super) fn ended(error: StoreError) -> ExchangeError {
    match error {
        StoreError::NotFound => Unauthorized::Ended.into(),
        other => other.into(),
    }
}
