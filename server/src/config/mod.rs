//! Where a setting comes from: the flag, else the `BYOA_…` variable, else the TOML file, else the default.
//!
//! clap reads the first two; this module adds the file and the defaults. Nothing here opens anything
//! but the configuration file and those of the master keys.

mod error;
mod file;
mod master_key;
mod operations;
mod regular;
mod settings;

pub(crate) use error::ConfigError;
pub(crate) use file::FileSettings;
pub(crate) use master_key::MasterKeyFlags;
pub(crate) use operations::{Operations, OperationsFlags};
pub(crate) use settings::{LogFormat, PublicUrl, SessionSeconds, Settings};
