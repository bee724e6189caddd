//! Who else on this machine can read or write the database. A file that we make is its owner's alone; one
//! that was copied or restored may not be.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// What `ls -l` shows for group and others, of reading and writing.
const OTHERS: u32 = 0o066;

/// Warns where the database or a file beside it is open to others, and names the mend.
pub(super) fn tell(database: &Path) {
    let open = open_to_others(database);
    if !open.is_empty() {
        let files: Vec<_> = open.iter().map(|path| path.display().to_string()).collect();
        let files = files.join(" ");
        tracing::warn!(
            "others on this machine can read the private keys in the database; run: chmod 600 {files}"
        );
    }
}

/// Those of the database's files that others can read or write. `SQLite` gives those that it makes beside
/// the database the mode that the database has then.
fn open_to_others(database: &Path) -> Vec<PathBuf> {
    let beside = |suffix: &str| {
        let mut name = OsString::from(database);
        name.push(suffix);
        PathBuf::from(name)
    };
    let is_open = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & OTHERS != 0)
    };
    ["", "-wal", "-shm", "-journal"].into_iter().map(beside).filter(is_open).collect()
}

#[cfg(test)]
mod tests {
    use super::open_to_others;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn each_file_is_judged_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let names = |database: &str| {
            let open = open_to_others(&path(database));
            open.iter().map(|path| path.file_name().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for (name, mode) in
            [("a.db", 0o600), ("a.db-wal", 0o600), ("b.db", 0o640), ("b.db-wal", 0o604), ("b.db-shm", 0o620)]
        {
            fs::write(path(name), "").unwrap();
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        assert!(names("a.db").is_empty());
        assert_eq!(names("b.db"), ["b.db", "b.db-wal", "b.db-shm"]);
        assert!(names("none.db").is_empty());
    }
}
