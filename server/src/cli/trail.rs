//! What the command line leaves in the audit log.

use super::{CliError, database};
use byoa_server::audit::event;
use byoa_server::clock::Clock as _;
use byoa_server::store::{AuditRecord, Store};
use uuid::Uuid;

/// Writes down what was done, before it is said.
pub(super) async fn done(
    store: &dyn Store,
    action: &str,
    environment: Option<Uuid>,
    complete: impl FnOnce(&mut AuditRecord),
) -> Result<(), CliError> {
    let event = event(database::clock().now(), action, "cli");
    let mut event = AuditRecord { environment_id: environment, ..event };
    complete(&mut event);
    let written = store.append_audit(&[event]).await;
    written.map_err(|cause| {
        CliError::Failed(format!("it is done, but cannot be written to the audit log: {cause}"))
    })
}
