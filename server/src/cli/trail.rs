//! What the command line leaves in the audit log.

use super::database;
use byoa_server::clock::Clock as _;
use byoa_server::store::AuditRecord;
use uuid::Uuid;

/// What is written down with what is about to be done.
pub(super) fn event(action: &str, environment: Option<Uuid>) -> AuditRecord {
    let event = byoa_server::audit::event(database::clock().now(), action, "cli");
    AuditRecord { environment_id: environment, ..event }
}
