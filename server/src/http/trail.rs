//! What a request leaves in the audit log.

use super::ApiError;
use super::client_info::ClientInfo;
use super::environment::Lookup;
use super::observe::RequestId;
use crate::AppState;
use crate::audit::Audit;
use crate::exchange::ExchangeError;
use crate::exchange::admin::AdminTokenRefused;
use crate::store::{AuditRecord, Environment};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use byoa_jwt::UnverifiedToken;
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

    /// What is written down where the session is opened.
    pub(super) fn signing_in(&self) -> Option<AuditRecord> {
        self.event("user.session.created", "user").map(|(_, event)| event)
    }

    /// A sign-in that was refused. Of a refused JWT the issuer that it selected and its `kid` are kept.
    pub(super) fn refused_sign_in(&self, environment: &Environment, jwt: Option<&str>, error: &ApiError) {
        self.refused("user.session.created", environment, jwt, error);
    }

    /// What is written down where an elevated token is made.
    pub(super) fn stepping_up(&self) -> Option<AuditRecord> {
        self.event("user.session.elevated", "user").map(|(_, event)| event)
    }

    /// A step-up that was refused.
    pub(super) fn refused_step_up(&self, environment: &Environment, jwt: Option<&str>, error: &ApiError) {
        self.refused("user.session.elevated", environment, jwt, error);
    }

    fn refused(&self, action: &str, environment: &Environment, jwt: Option<&str>, error: &ApiError) {
        let Some((audit, mut event)) = self.event(action, "user") else { return };
        (event.issuer, event.kid) = selected(environment, jwt);
        event.refused = Some(match error {
            ApiError::Exchange(ExchangeError::Rejected { reason, .. }) => reason.as_str().to_owned(),
            other => other.code().as_str().to_owned(),
        });
        audit.refused(event);
    }

    /// A call of the admin API without a good token; `known` is its id where it was one once.
    pub(super) fn refused_admin(&self, why: AdminTokenRefused, known: Option<Uuid>) {
        let actor = known.map_or_else(|| "admin".to_owned(), |id| format!("admin:{id}"));
        if let Some((audit, event)) = self.event("admin.authenticated", &actor) {
            let refused = Some(why.as_str().to_owned());
            audit.refused(AuditRecord { refused, ..event });
        }
    }

    /// What is written down where a session is ended by its user.
    pub(super) fn signing_out(&self) -> Option<AuditRecord> {
        self.event("user.session.revoked", "user").map(|(_, event)| event)
    }

    /// What is written down where a session goes on after its token's end, or ends since a replaced token of it
    /// came back.
    pub(super) fn refreshing(&self) -> Option<AuditRecord> {
        self.event("user.session.refreshed", "user").map(|(_, event)| event)
    }

    /// What is written down where a user removes itself.
    pub(super) fn deleting(&self) -> Option<AuditRecord> {
        self.event("user.deleted", "user").map(|(_, event)| event)
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
