//! What a request leaves in the audit log.

use super::ApiError;
use super::client_info::ClientInfo;
use super::environment::Lookup;
use super::observe::RequestId;
use crate::AppState;
use crate::audit::Audit;
use crate::exchange::ExchangeError;
use crate::exchange::admin::AdminTokenRefused;
use crate::store::{AuditRecord, Environment, REFRESH_REUSE};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use byoa_jwt::UnverifiedToken;
use byoa_protocol::external_auth::VerifyResponse;
use std::convert::Infallible;
use uuid::Uuid;

/// The most characters kept of a stranger's text.
const MAX_SHOWN: usize = 64;

/// The events of one request: where and from whom it came is known already.
#[derive(Debug)]
pub(super) struct Trail {
    audit: Option<Audit>,
    environment_id: Option<Uuid>,
    request_id: Option<String>,
    caller: crate::exchange::Caller,
}

impl FromRequestParts<AppState> for Trail {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let ClientInfo(caller) = ClientInfo::from_request_parts(parts, state).await?;
        let environment_id = match parts.extensions.get::<Lookup>() {
            Some(Lookup::Found(environment)) => Some(environment.id),
            _ => None,
        };
        let request_id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone());
        Ok(Self { audit: state.audit.clone(), environment_id, request_id, caller })
    }
}

impl Trail {
    /// Who is calling.
    pub(super) fn caller(&self) -> crate::exchange::Caller {
        self.caller.clone()
    }

    /// An event of this request, for completing; `None` where nothing is audited.
    fn event(&self, action: &str, actor: &str) -> Option<(&Audit, AuditRecord)> {
        let audit = self.audit.as_ref()?;
        let event = AuditRecord {
            environment_id: self.environment_id,
            request_id: self.request_id.clone(),
            ip: self.caller.ip,
            user_agent: self.caller.user_agent.clone(),
            ..audit.event(action, actor)
        };
        Some((audit, event))
    }

    /// A sign-in, done or refused. Of a refused JWT the issuer that it selected and its `kid` are kept.
    pub(super) async fn signed_in(
        &self,
        environment: &Environment,
        jwt: Option<&str>,
        outcome: &Result<VerifyResponse, ApiError>,
    ) {
        let Some((audit, mut event)) = self.event("user.session.created", "user") else { return };
        match outcome {
            Ok(session) => {
                event.user_id = session.user.id.parse().ok();
                event.session_id = session.user.session_id.as_deref().and_then(|id| id.parse().ok());
                event.issuer = match environment.issuers.as_slice() {
                    // It is the one that the JWT was verified for, and nothing need be read again.
                    [only] => Some(only.issuer.clone()),
                    _ => selected(environment, jwt).0,
                };
            }
            Err(error) => {
                (event.issuer, event.kid) = selected(environment, jwt);
                event.refused = Some(match error {
                    ApiError::Exchange(ExchangeError::Rejected { reason, .. }) => reason.as_str().to_owned(),
                    other => other.code().as_str().to_owned(),
                });
            }
        }
        audit.record(event).await;
    }

    /// A sign-in that was refused before its JWT was looked at.
    pub(super) async fn refused_sign_in(&self, error: &ApiError) {
        if let Some((audit, event)) = self.event("user.session.created", "user") {
            let refused = Some(error.code().as_str().to_owned());
            audit.record(AuditRecord { refused, ..event }).await;
        }
    }

    /// A call of the admin API without a good token; `known` is its id where it was one once.
    pub(super) async fn refused_admin(&self, why: AdminTokenRefused, known: Option<Uuid>) {
        let actor = known.map_or_else(|| "admin".to_owned(), |id| format!("admin:{id}"));
        if let Some((audit, event)) = self.event("admin.authenticated", &actor) {
            let refused = Some(why.as_str().to_owned());
            audit.record(AuditRecord { refused, ..event }).await;
        }
    }

    /// A session's end, by its user.
    pub(super) async fn revoked(&self, session: Uuid) {
        if let Some((audit, event)) = self.event("user.session.revoked", "user") {
            audit.record(AuditRecord { session_id: Some(session), ..event }).await;
        }
    }

    /// A session's end, since a replaced token of it came back.
    pub(super) async fn reused(&self, session: Uuid, user: Uuid) {
        if let Some((audit, event)) = self.event("user.session.revoked", "server") {
            let detail = Some(REFRESH_REUSE.to_owned());
            let event = AuditRecord { session_id: Some(session), user_id: Some(user), detail, ..event };
            audit.record(event).await;
        }
    }

    /// A user's end, by itself.
    pub(super) async fn deleted(&self, user: Uuid) {
        if let Some((audit, event)) = self.event("user.deleted", "user") {
            audit.record(AuditRecord { user_id: Some(user), ..event }).await;
        }
    }
}

/// The configured issuer that a JWT names, and the JWT's `kid`, where either can be read.
fn selected(environment: &Environment, jwt: Option<&str>) -> (Option<String>, Option<String>) {
    let Some(Ok(token)) = jwt.map(UnverifiedToken::parse) else { return (None, None) };
    let named = token.claims().issuer();
    let known = environment.issuers.iter().find(|issuer| Some(issuer.issuer.as_str()) == named);
    (known.map(|issuer| issuer.issuer.clone()), token.header().key_id().map(shown))
}

/// A stranger's text, short and without what a terminal would obey.
fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect()
}
