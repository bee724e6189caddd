//! A session goes on, and ends.

use byoa_protocol::{claims::SessionClaims, external_auth::VerifyResponse};
use uuid::Uuid;

use super::{AuthenticatedSession, DeviceProof, Exchange, ExchangeError, Unauthorized, session_token::Issue};
use crate::{
    clock::UnixMillis,
    ids,
    store::{Refresh, Refreshed, StoreError},
};

/// The most characters kept of why a session was ended.
const MAX_REASON_CHARACTERS: usize = 64;

impl Exchange {
    /// The session that `bearer` is for, if the session is live and the token is its newest.
    pub async fn authenticate(
        &self,
        environment: Uuid,
        bearer: Option<&str>,
    ) -> Result<AuthenticatedSession, ExchangeError> {
        let live = self.live_session(environment, bearer).await?;
        if live.claims.jti != live.session.token_id.to_string() {
            return Err(Unauthorized::Superseded.into());
        }
        Ok(live)
    }

    /// The session that `bearer` is for, if token and session are live; the token may have been replaced.
    async fn live_session(
        &self,
        environment: Uuid,
        bearer: Option<&str>,
    ) -> Result<AuthenticatedSession, ExchangeError> {
        let environment = self.environment(environment).await?;
        let claims = self.read_live(&environment, bearer).await?;
        let session = self.store.session(environment.id, session_id(&claims)?).await.map_err(ended)?;
        if session.revoked_at.is_some() || session.user_id.to_string() != claims.sub {
            return Err(Unauthorized::Ended.into());
        }
        Ok(AuthenticatedSession { environment, claims, session })
    }

    /// The next token of the session that `bearer` is for. The session stays the same; the token before
    /// is good for nothing but this any more.
    ///
    /// Shown again within the grace, or with proof of the session's key, it gets the session's newest
    /// token: same id, same times. Shown again later without proof, it ends the session: two hold the
    /// token, and which of them is the user cannot be told.
    pub async fn refresh(
        &self,
        environment: Uuid,
        bearer: Option<&str>,
        device: DeviceProof,
    ) -> Result<VerifyResponse, ExchangeError> {
        let AuthenticatedSession { environment, claims, session } =
            self.live_session(environment, bearer).await?;
        let now = self.clock.now();
        if now >= session.refresh_expires_at {
            return Err(Unauthorized::RefreshDeadline.into());
        }
        let proved_key = self.verify_device(&environment, device).await?;
        let proven = proved_key.is_some() && proved_key == session.origin.public_key;
        let end = now.plus(self.config.session_lifetime).min(session.refresh_expires_at).seconds();
        let refreshed = self
            .store
            .refresh(&Refresh {
                environment_id: environment.id,
                session_id: session.id,
                presented_token_id: claims.jti.parse().map_err(|_| Unauthorized::NotOurs)?,
                new_token_id: ids::unguessable(),
                now,
                expires_at: UnixMillis::from_seconds(end),
                grace: self.config.refresh_grace,
                proven,
            })
            .await
            .map_err(ended)?;
        let session = match refreshed {
            Refreshed::Live(session) => session,
            Refreshed::Reused(session) => {
                tracing::warn!(session = %session.id, "a replaced token came back; its session was ended");
                return Err(Unauthorized::Reused.into());
            }
        };
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

    /// Ends the session that `bearer` is for. A token that has expired or was replaced still ends its
    /// session, since whoever signs out means it; one that is absent or not ours ends nothing, and neither
    /// is an error. `reason` is kept, shortened.
    pub async fn revoke(
        &self,
        environment: Uuid,
        bearer: Option<&str>,
        reason: Option<&str>,
    ) -> Result<(), ExchangeError> {
        let environment = self.environment(environment).await?;
        let claims = match self.read_signed(&environment, bearer.unwrap_or_default()).await {
            Err(ExchangeError::Unauthorized(_)) => return Ok(()),
            claims => claims?,
        };
        let Ok(session) = session_id(&claims) else { return Ok(()) };
        let reason = reason.unwrap_or("user-intent").chars().filter(|character| !character.is_control());
        let reason: String = reason.take(MAX_REASON_CHARACTERS).collect();
        self.store.revoke_session(environment.id, session, self.clock.now(), &reason).await?;
        Ok(())
    }
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
