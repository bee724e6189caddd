//! The master key, and the one before: each from a file, or from a variable that holds the key itself. There
//! is no flag for the key itself: whoever lists processes would read it.

use super::regular::Regular;
use super::{ConfigError, FileSettings};
use byoa_server::seal::{MasterKey, Seal};
use byoa_server::secret::Secret;
use std::path::Path;

/// More than any spelling of a key takes.
const MAX_FILE_BYTES: usize = 1024;

/// Where one of the two is named.
struct Place {
    flag: &'static str,
    variable: &'static str,
}

const CURRENT: Place = Place { flag: "--master-key-file", variable: "BYOA_MASTER_KEY" };
const OLD: Place = Place { flag: "--old-master-key-file", variable: "BYOA_OLD_MASTER_KEY" };

/// What the flags, or the variables of the same name, say; and the configuration file, once it is asked.
#[derive(Debug, Default)]
pub(crate) struct MasterKeyFlags<'a> {
    pub(crate) current: Option<&'a Path>,
    pub(crate) old: Option<&'a Path>,
}

impl<'a> MasterKeyFlags<'a> {
    /// Each file from its flag, else from the configuration file.
    pub(crate) fn or(self, file: &'a FileSettings) -> Self {
        Self {
            current: self.current.or(file.master_key_file.as_deref()),
            old: self.old.or(file.old_master_key_file.as_deref()),
        }
    }

    /// What seals and opens.
    pub(crate) fn resolve(&self) -> Result<Seal, ConfigError> {
        let current = CURRENT.read(self.current)?;
        let old = OLD.read(self.old)?;
        match (current, old) {
            (Some(current), old) => Ok(Seal::under(current, old)),
            (None, None) => Ok(Seal::default()),
            (None, Some(_)) => Err(ConfigError::OldMasterKeyAlone),
        }
    }
}

impl Place {
    fn read(&self, file: Option<&Path>) -> Result<Option<MasterKey>, ConfigError> {
        let variable = std::env::var_os(self.variable);
        match (file, variable) {
            (None, None) => Ok(None),
            (Some(path), None) => self.read_file(path).map(Some),
            (Some(path), Some(_)) => {
                Err(ConfigError::MasterKeyTwice { variable: self.variable, path: path.to_owned() })
            }
            (None, Some(text)) => {
                let text = Secret::new(text.into_string().unwrap_or_default());
                parse(&text, self.variable.to_owned()).map(Some)
            }
        }
    }

    fn read_file(&self, path: &Path) -> Result<MasterKey, ConfigError> {
        let unreadable =
            |cause| ConfigError::MasterKeyUnreadable { path: path.to_owned(), flag: self.flag, cause };
        let opened = Regular::open(path).map_err(unreadable)?;
        check_mode(path, &opened.metadata)?;
        let text = Secret::new(opened.read(MAX_FILE_BYTES).map_err(unreadable)?);
        parse(&text, path.display().to_string())
    }
}

fn parse(text: &Secret<String>, place: String) -> Result<MasterKey, ConfigError> {
    text.expose().parse().map_err(|problem| ConfigError::MasterKeyInvalid(place, problem))
}

/// For its owner alone; one that belongs to root may be read by its group as well, which is how secrets are
/// mounted into containers.
#[cfg(unix)]
fn check_mode(path: &Path, file: &std::fs::Metadata) -> Result<(), ConfigError> {
    use std::os::unix::fs::MetadataExt as _;
    let forbidden = if file.uid() == 0 { 0o037 } else { 0o077 };
    if file.mode() & forbidden == 0 {
        Ok(())
    } else {
        Err(ConfigError::MasterKeyOpen { path: path.to_owned(), mode: file.mode() & 0o7777 })
    }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &std::fs::Metadata) -> Result<(), ConfigError> {
    Ok(())
}
