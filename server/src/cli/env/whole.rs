//! What is to be imported, on the disk. An import holds the database for as long as it reads, and whoever writes
//! into a pipe may take his time.

use crate::cli::CliError;
use std::fs::File;
use std::io::{self, Seek as _};
use std::os::fd::AsFd as _;
use std::path::Path;

/// The file, or standard input for `-`; in a file without a name where it is not a regular one.
pub(super) fn open(path: &Path) -> Result<File, CliError> {
    let opened = if path.as_os_str() == "-" {
        io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::open(path)
    };
    let unusable =
        |cause: io::Error| CliError::Failed(format!("{} cannot be opened: {cause}", path.display()));
    let opened = opened.map_err(unusable)?;
    if opened.metadata().map_err(unusable)?.is_file() { Ok(opened) } else { kept(path, opened) }
}

/// A copy for its owner only, which is gone when it is closed.
fn kept(path: &Path, mut input: File) -> Result<File, CliError> {
    let folder = std::env::temp_dir();
    let failed = |cause: io::Error| {
        CliError::Failed(format!(
            "{} cannot be read to its end and kept in {}: {cause}; nothing was imported. TMPDIR names another folder",
            path.display(),
            folder.display()
        ))
    };
    let mut copy = tempfile::tempfile_in(&folder).map_err(failed)?;
    io::copy(&mut input, &mut copy).map_err(failed)?;
    copy.rewind().map_err(failed)?;
    Ok(copy)
}
