//! What can be wrong with the configuration, each as one sentence with its mend.

use byoa_server::seal::MasterKeyInvalid;
use std::path::PathBuf;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file is not there or not readable.
    #[error("cannot read the configuration file {}: {cause}; check --config or BYOA_CONFIG", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file is not TOML, or a value has the wrong type.
    #[error("the configuration file {} {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, as a clause.
        problem: String,
    },
    /// A key that does not exist.
    #[error("the configuration file {} has the unknown key {key:?}; {hint}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The nearest name, or all names.
        hint: String,
    },
    /// No database is named anywhere.
    #[error(
        "no database is named; pass --database-url sqlite://byoa.db, set BYOA_DATABASE_URL, or write \
         database-url into the configuration file"
    )]
    NoDatabase,
    /// A master key is given as a file and as a variable.
    #[error(
        "a master key is given twice, in {variable} and in the file {}; leave one of them out", path.display()
    )]
    MasterKeyTwice {
        /// The variable.
        variable: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The file of a master key cannot be read.
    #[error("cannot read the master key in {}: {cause}; check {flag}", path.display())]
    MasterKeyUnreadable {
        /// The file.
        path: PathBuf,
        /// Where it is named.
        flag: &'static str,
        /// Why.
        cause: std::io::Error,
    },
    /// Others than its owner may read the file of a master key, or write it.
    #[error(
        "the master key in {} is open to others (mode {mode:04o}); run chmod 600 on it, and make a new key if \
         somebody may have read this one", path.display()
    )]
    MasterKeyOpen {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// What is given is no master key.
    #[error("the master key in {0} must be {1}")]
    MasterKeyInvalid(String, MasterKeyInvalid),
    /// The old master key comes without the one that takes its place.
    #[error(
        "an old master key is given and no current one; pass the current one with --master-key-file or \
         BYOA_MASTER_KEY"
    )]
    OldMasterKeyAlone,
    /// What is given to listen on is not an address.
    #[error(
        "cannot listen on {text:?}, which {setting} says: write an IP address and a port, such as \
         127.0.0.1:3333 or [::]:3333"
    )]
    Listen {
        /// Which: `listen` or `metrics-listen`.
        setting: &'static str,
        /// What was given.
        text: String,
    },
    /// `--public-url` is not an origin.
    #[error(
        "the public URL {url:?} {problem}; write the scheme and host that browsers use, such as https://auth.example.com"
    )]
    PublicUrl {
        /// What was given.
        url: String,
        /// What is wrong, as a clause.
        problem: &'static str,
    },
    /// `--refresh-grace` is longer than it may be.
    #[error(
        "the refresh grace may be 300 seconds, but is {0}; a replaced token opens the session for so long"
    )]
    RefreshGrace(u64),
    /// How long tokens or sessions live is out of bounds.
    #[error("the setting {setting} is {seconds} s, but must be from 1 to {most} s")]
    SessionTime {
        /// Which.
        setting: &'static str,
        /// What was given.
        seconds: u64,
        /// The most that it may be.
        most: u64,
    },
    /// No public URL, and none can be guessed.
    #[error(
        "the server listens on {0}, which is not loopback, so its public URL cannot be guessed; pass \
         --public-url https://auth.example.com or set BYOA_PUBLIC_URL"
    )]
    NoPublicUrl(std::net::SocketAddr),
    /// A quota cannot be read.
    #[error("the setting {setting} is {text:?}; {cause}")]
    Quotas {
        /// Which.
        setting: &'static str,
        /// What was given.
        text: String,
        /// What it must be.
        cause: byoa_server::limits::QuotasInvalid,
    },
    /// `--trusted-proxy` is not a network.
    #[error("the trusted proxy {0:?} is not a network; write an address or a network such as 10.0.0.0/8")]
    TrustedProxy(String),
    /// `log-format` in the file is not one of the two.
    #[error("the log format {0:?} does not exist; write pretty or json")]
    LogFormat(String),
}
