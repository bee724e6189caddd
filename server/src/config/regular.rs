//! Files that a setting names: regular ones, of a length that can be meant. Whoever opens a pipe waits until
//! somebody writes into it, and a device may have no end.

use std::fs::{self, File, Metadata};
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// A regular file that is open, and what is known of it.
pub(super) struct Regular {
    file: File,
    pub(super) metadata: Metadata,
}

impl Regular {
    /// Looks before it opens, since opening a pipe is what waits.
    pub(super) fn open(path: &Path) -> Result<Self> {
        check(&fs::metadata(path)?)?;
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        check(&metadata)?;
        Ok(Self { file, metadata })
    }

    /// All of it, which may be `most` bytes.
    pub(super) fn read(self, most: usize) -> Result<String> {
        let mut bytes = Vec::new();
        self.file.take(most as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > most {
            return Err(Error::new(ErrorKind::FileTooLarge, format!("it is longer than {most} bytes")));
        }
        String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
    }
}

fn check(metadata: &Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file"))
}
