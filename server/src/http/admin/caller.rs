//! Who calls the admin API, and what they leave in the audit log.

use crate::AppState;
use crate::audit::Audit;
use crate::exchange::Scheme;
use crate::exchange::admin::{Admin, AdminTokenJudged, AdminTokenRefused, Administrator};
use crate::exchange::admin_scopes::AdminScope;
use crate::http::ApiError;
use crate::http::address::ClientAddress;
use crate::http::bearer::Bearer;
use crate::http::client_info::ClientInfo;
use crate::http::limit::too_many;
use crate::http::observe::RequestId;
use crate::http::trail::Trail;
use crate::store::AuditRecord;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use uuid::Uuid;

/// An administrator whose token is good. What it may do, [`Self::may`] says.
pub(super) struct Caller {
    pub(super) admin: Admin,
    administrator: Administrator,
    audit: Option<Audit>,
    event: AuditRecordBase,
}

struct AuditRecordBase {
    request_id: Option<String>,
    caller: crate::exchange::Caller,
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let admin = state.admin.clone().ok_or(ApiError::UnknownPath)?;
        let limits = state.limits.get();
        let address = parts.extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address);
        let over = |over| too_many(state, over);
        if let Some(limits) = &limits {
            // Also with a good token: otherwise there would be no end of trying.
            limits.may_show_admin_token(address).map_err(over)?;
        }
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let shown = bearer.shown();
        let judged = match shown.token.filter(|_| shown.scheme == Scheme::Bearer) {
            Some(token) => admin.authenticate(token).await?,
            None => AdminTokenJudged::Refused(AdminTokenRefused::Missing, None),
        };
        let administrator = match judged {
            AdminTokenJudged::Good(administrator) => administrator,
            AdminTokenJudged::Refused(why, known) => {
                let Ok(trail) = Trail::from_request_parts(parts, state).await;
                trail.refused_admin(why, known);
                if let Some(limits) = &limits {
                    limits.refused_admin(address).map_err(over)?;
                }
                let is_missing = why == AdminTokenRefused::Missing;
                return Err(if is_missing { ApiError::NoAdminToken } else { ApiError::BadAdminToken });
            }
        };
        if let Some(limits) = &limits {
            limits.admit_admin(administrator.token_id).map_err(over)?;
        }
        let Ok(ClientInfo(caller)) = ClientInfo::from_request_parts(parts, state).await;
        let request_id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone());
        let event = AuditRecordBase { request_id, caller };
        Ok(Self { admin, administrator, audit: state.audit.clone(), event })
    }
}

impl Caller {
    /// Whether the token may do this there; 403 otherwise, whether or not there is such an environment.
    pub(super) fn may(&self, scope: AdminScope, environment: Option<Uuid>) -> Result<(), ApiError> {
        let allowed = self.administrator.scopes.allow(scope, environment);
        if allowed { Ok(()) } else { Err(ApiError::AdminForbidden) }
    }

    /// The one environment that the token is for.
    pub(super) fn environment(&self) -> Option<Uuid> {
        self.administrator.scopes.environment()
    }

    /// The use cases, which write what they change into the audit log, with the change.
    pub(super) fn recording(&self, action: &str, environment: Uuid) -> Admin {
        self.recording_with(action, environment, |_| ())
    }

    /// The same, with more of what the log is to say.
    pub(super) fn recording_with(
        &self,
        action: &str,
        environment: Uuid,
        complete: impl FnOnce(&mut AuditRecord),
    ) -> Admin {
        let Some(audit) = &self.audit else { return self.admin.clone() };
        let mut event = AuditRecord {
            environment_id: Some(environment),
            request_id: self.event.request_id.clone(),
            ip: self.event.caller.ip,
            user_agent: self.event.caller.user_agent.clone(),
            ..audit.event(action, &format!("admin:{}", self.administrator.token_id))
        };
        complete(&mut event);
        self.admin.recording(&event)
    }
}
