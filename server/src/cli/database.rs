//! Opening what the command works on.

use super::{CliError, Common};
use crate::config::{ConfigError, FileSettings};
use byoa_server::clock::SystemClock;
use byoa_server::store::{self, Store, Tables};
use std::path::Path;
use std::sync::Arc;

/// The database's URL: from the flag or variable, else from the file.
pub(super) fn url<'a>(common: &'a Common, file: &'a FileSettings) -> Result<&'a str, ConfigError> {
    common.database_url.as_deref().or(file.database_url.as_deref()).ok_or(ConfigError::NoDatabase)
}

/// Opens the store; makes the file where there is none.
///
/// A folder that does not exist is refused rather than made: a volume that is not mounted must not
/// become an empty database.
pub(super) async fn open(common: &Common, file: &FileSettings) -> Result<(String, Arc<dyn Store>), CliError> {
    open_with(common, file, Tables::Migrate).await
}

/// [`open`], and does about the tables what is asked for.
pub(super) async fn open_with(
    common: &Common,
    file: &FileSettings,
    tables: Tables,
) -> Result<(String, Arc<dyn Store>), CliError> {
    let url = url(common, file)?;
    if let Some(folder) = path(url).and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty())
        && !folder.is_dir()
    {
        return Err(CliError::Failed(format!(
            "the folder {} of the database does not exist; make it (mkdir -p), or mount it",
            folder.display()
        )));
    }
    Ok((url.to_owned(), store::open_with(url, tables).await?))
}

/// Opens the store for a command that has nothing to do on an empty one.
pub(super) async fn open_existing(common: &Common, file: &FileSettings) -> Result<Arc<dyn Store>, CliError> {
    let url = url(common, file)?;
    if let Some(path) = path(url).filter(|path| !path.exists()) {
        return Err(CliError::Failed(format!(
            "there is no database at {}; check --database-url, or make one with byoa-server env create",
            path.display()
        )));
    }
    Ok(open(common, file).await?.1)
}

/// The file that a `sqlite:` URL names.
fn path(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    path.split('?').next().filter(|path| !path.is_empty() && *path != ":memory:").map(Path::new)
}

/// The system's clock.
pub(super) fn clock() -> Arc<SystemClock> {
    Arc::new(SystemClock)
}

/// The URL as it may be printed: without a password.
pub(super) fn shown(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            // Fails only for URLs without a host, which have no password.
            let _ = parsed.set_password(Some("…"));
            parsed.to_string()
        }
        _ => url.to_owned(),
    }
}
