//! How an event is shown.

use std::net::IpAddr;

use serde::Serialize;
use uuid::Uuid;

use crate::store::AuditRecord;

/// An event as the API and the command line show it. What is not known is `null`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct AuditEvent {
    /// Its id, which sorts by time.
    pub id: Uuid,
    /// Where it happened; `null`: in the server as a whole.
    #[cfg_attr(test, schema(required))]
    pub environment_id: Option<Uuid>,
    /// RFC 3339, milliseconds, UTC.
    pub at: String,
    /// What, as `resource.action`.
    pub action: String,
    /// Why it was refused, as a code or reason; `null`: it was done.
    #[cfg_attr(test, schema(required))]
    pub refused: Option<String>,
    /// Who: `user`, `admin:` and the token's id, `admin` without a token that ever was one, `cli`, or `server`.
    pub actor: String,
    /// Whom it is about.
    #[cfg_attr(test, schema(required))]
    pub user_id: Option<Uuid>,
    /// Which session it is about.
    #[cfg_attr(test, schema(required))]
    pub session_id: Option<Uuid>,
    /// The configured issuer that the external JWT selected, or that was changed.
    #[cfg_attr(test, schema(required))]
    pub issuer: Option<String>,
    /// The external JWT's `kid`, escaped; or that of the signing key which was changed.
    #[cfg_attr(test, schema(required))]
    pub kid: Option<String>,
    /// The request.
    #[cfg_attr(test, schema(required))]
    pub request_id: Option<String>,
    /// The caller's address.
    #[cfg_attr(test, schema(required, value_type = Option<String>))]
    pub ip_address: Option<IpAddr>,
    /// The caller's browser.
    #[cfg_attr(test, schema(required))]
    pub user_agent: Option<String>,
    /// More, in words of the server.
    #[cfg_attr(test, schema(required))]
    pub detail: Option<String>,
}

impl From<&AuditRecord> for AuditEvent {
    fn from(event: &AuditRecord) -> Self {
        Self {
            id: event.id,
            environment_id: event.environment_id,
            at: event.at.rfc3339(),
            action: event.action.clone(),
            refused: event.refused.clone(),
            actor: event.actor.clone(),
            user_id: event.user_id,
            session_id: event.session_id,
            issuer: event.issuer.clone(),
            kid: event.kid.clone(),
            request_id: event.request_id.clone(),
            ip_address: event.ip,
            user_agent: event.user_agent.clone(),
            detail: event.detail.clone(),
        }
    }
}
