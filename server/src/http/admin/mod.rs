//! The admin API: the same paths as the original's, under `/api/v0`. Every handler asks its
//! [`caller::Caller`] for a scope in an environment before it does anything.

mod audit;
mod caller;
mod environments;
mod issuers;
mod keys;
mod query;
#[cfg(test)]
mod schemas;
mod sessions;
mod users;
mod view;
mod webhooks;

use crate::AppState;
use axum::Router;
use axum::routing::{delete, get, post, put};
use byoa_protocol::paths::API_BASE;

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    let table = [
        ("/environments", get(environments::list).post(environments::create)),
        ("/environments/{environment_id}", get(environments::show).put(environments::update)),
        (
            "/environments/{environment_id}/externalAuth",
            get(environments::external_auth).put(environments::put_external_auth),
        ),
        ("/environments/{environment_id}/externalJwt/check", post(environments::check)),
        ("/environments/{environment_id}/keys", get(keys::list).post(keys::rotate)),
        ("/environments/{environment_id}/keys/{kid}", delete(keys::retire)),
        ("/environments/{environment_id}/issuers", get(issuers::list).post(issuers::add)),
        ("/environments/{environment_id}/issuers/{iss}", put(issuers::set).delete(issuers::remove)),
        ("/environments/{environment_id}/auditLog", get(audit::list)),
        ("/environments/{environment_id}/users", get(users::list).post(users::create)),
        ("/environments/{environment_id}/users/bulk", post(users::bulk)),
        ("/environments/{environment_id}/users/sessions/revoke", post(sessions::revoke_all)),
        (
            "/environments/{environment_id}/users/{user_id}",
            get(users::show).put(users::update).delete(users::delete),
        ),
        ("/environments/{environment_id}/users/{user_id}/sessions", get(sessions::list)),
        ("/environments/{environment_id}/users/{user_id}/sessions/revoke", post(sessions::revoke_of_user)),
        ("/users/{user_id}/sessions/{session_id}", get(sessions::show)),
        ("/sessions/{session_id}/revoke", put(sessions::revoke)),
        ("/environments/{environment_id}/webhooks", get(webhooks::list).post(webhooks::create)),
        (
            "/environments/{environment_id}/webhooks/{webhook_id}",
            get(webhooks::show).put(webhooks::update).delete(webhooks::delete),
        ),
        ("/environments/{environment_id}/webhooks/{webhook_id}/secret", post(webhooks::rotate_secret)),
        ("/environments/{environment_id}/webhooks/{webhook_id}/ping", post(webhooks::ping)),
        ("/environments/{environment_id}/webhooks/{webhook_id}/messages", get(webhooks::messages)),
        (
            "/environments/{environment_id}/webhooks/{webhook_id}/messages/{message_id}/redeliver",
            post(webhooks::redeliver),
        ),
    ];
    let add = |router: Router<AppState>, (path, methods)| router.route(&format!("{API_BASE}{path}"), methods);
    table.into_iter().fold(Router::new(), add)
}

/// What the document says of each.
#[cfg(test)]
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    environments::list,
    environments::create,
    environments::show,
    environments::update,
    environments::external_auth,
    environments::put_external_auth,
    environments::check,
    keys::list,
    keys::rotate,
    keys::retire,
    issuers::list,
    issuers::add,
    issuers::set,
    issuers::remove,
    audit::list,
    users::list,
    users::create,
    users::bulk,
    users::show,
    users::update,
    users::delete,
    sessions::list,
    sessions::show,
    sessions::revoke,
    sessions::revoke_of_user,
    sessions::revoke_all,
    webhooks::list,
    webhooks::create,
    webhooks::show,
    webhooks::update,
    webhooks::delete,
    webhooks::rotate_secret,
    webhooks::ping,
    webhooks::messages,
    webhooks::redeliver,
))]
pub(super) struct Described;
