//! The TOML file. Its keys are the flags' names without the dashes; a key that no flag has is refused.

use super::ConfigError;
use super::regular::Regular;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The longest file: many times what every key takes.
const MAX_BYTES: usize = 1024 * 1024;

/// What the configuration file may set.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct FileSettings {
    pub(crate) listen: Option<String>,
    pub(crate) public_url: Option<String>,
    pub(crate) database_url: Option<String>,
    pub(crate) master_key_file: Option<PathBuf>,
    pub(crate) old_master_key_file: Option<PathBuf>,
    pub(crate) allow_private_jwks: Option<bool>,
    pub(crate) refresh_grace: Option<u64>,
    pub(crate) session_lifetime: Option<u64>,
    pub(crate) refresh_window: Option<u64>,
    pub(crate) idle_limit: Option<u64>,
    pub(crate) log_format: Option<String>,
    pub(crate) log: Option<String>,
    pub(crate) no_rate_limit: Option<bool>,
    pub(crate) rate_limit_address: Option<String>,
    pub(crate) rate_limit_sign_in: Option<String>,
    pub(crate) rate_limit_environment: Option<String>,
    pub(crate) rate_limit_admin: Option<String>,
    pub(crate) rate_limit_admin_refused: Option<String>,
    pub(crate) trusted_proxy: Option<Vec<String>>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) max_connections_per_address: Option<usize>,
    pub(crate) metrics_listen: Option<String>,
    pub(crate) audit_retention: Option<u32>,
    pub(crate) no_docs: Option<bool>,
}

/// Every key, for the refusal of others.
const KEYS: &[&str] = &[
    "listen",
    "public-url",
    "database-url",
    "master-key-file",
    "old-master-key-file",
    "allow-private-jwks",
    "refresh-grace",
    "session-lifetime",
    "refresh-window",
    "idle-limit",
    "log-format",
    "log",
    "no-rate-limit",
    "rate-limit-address",
    "rate-limit-sign-in",
    "rate-limit-environment",
    "rate-limit-admin",
    "rate-limit-admin-refused",
    "trusted-proxy",
    "max-connections",
    "max-connections-per-address",
    "metrics-listen",
    "audit-retention",
    "no-docs",
];

impl FileSettings {
    /// Reads `path`; without one, everything is unset. It blocks for as long as the disk takes.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = Regular::open(path)
            .and_then(|opened| opened.read(MAX_BYTES))
            .map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let invalid = |problem: &toml::de::Error| {
            let line = problem.span().map(|span| text[..span.start].lines().count().max(1));
            let place = line.map_or_else(String::new, |line| format!("at line {line}"));
            let problem = format!("cannot be used {place}: {}", problem.message().replace('\n', ", "));
            ConfigError::Invalid { path: path.to_owned(), problem }
        };
        let table: toml::Table = text.parse().map_err(|problem| invalid(&problem))?;
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let hint = nearest(key, KEYS).map_or_else(
                || format!("the keys are {}", KEYS.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            return Err(ConfigError::UnknownKey { path: path.to_owned(), key: key.clone(), hint });
        }
        toml::from_str(text).map_err(|problem| match wrong_type(&table) {
            Some(key) => {
                let line = problem.span().map_or(1, |span| text[..span.start].lines().count().max(1));
                let problem =
                    format!("cannot be used at line {line}: write {key} as in {key} = {}", example(key));
                ConfigError::Invalid { path: path.to_owned(), problem }
            }
            None => invalid(&problem),
        })
    }
}

/// The first key whose value is of another type than the setting.
fn wrong_type(table: &toml::Table) -> Option<&str> {
    let alone = |key: &String, value: &toml::Value| toml::Table::from_iter([(key.clone(), value.clone())]);
    let mut wrong = table.iter().filter(|(key, value)| alone(key, value).try_into::<FileSettings>().is_err());
    wrong.next().map(|(key, _)| key.as_str())
}

/// A value that the key takes.
fn example(key: &str) -> &'static str {
    match key {
        "listen" | "metrics-listen" => "\"127.0.0.1:3333\"",
        "public-url" => "\"https://auth.example.com\"",
        "database-url" => "\"sqlite://byoa.db\"",
        "allow-private-jwks" | "no-rate-limit" | "no-docs" => "true",
        "refresh-grace" => "30",
        "session-lifetime" => "7200",
        "refresh-window" | "idle-limit" => "2592000",
        "log-format" => "\"json\"",
        "log" => "\"info\"",
        "trusted-proxy" => "[\"10.0.0.0/8\"]",
        "max-connections" => "8192",
        "max-connections-per-address" => "512",
        "audit-retention" => "90",
        key if key.starts_with("rate-limit-") => "\"60/10s,250/1m\"",
        _ => "\"/etc/byoa/master.key\"",
    }
}

/// The name that is most like `word`, where one is like it at all.
fn nearest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let likeness = |name: &&'n str| (strsim::jaro_winkler(word, name), *name);
    let best = names.iter().map(likeness).max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > 0.7).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        FileSettings::parse(Path::new("byoa.toml"), text).expect_err("refused").to_string()
    }

    #[test]
    fn reads_every_key() {
        let text = "listen = '127.0.0.1:1'\npublic-url = 'http://a'\ndatabase-url = 'sqlite://a'\n\
                    allow-private-jwks = true\nrefresh-grace = 5\nsession-lifetime = 60\nrefresh-window = 600\nidle-limit = 300\nlog-format = 'json'\nlog = 'debug'\n\
                    no-rate-limit = true\nrate-limit-address = '1/s'\nrate-limit-sign-in = '1/s'\n\
                    rate-limit-environment = '1/s'\nrate-limit-admin = '1/s'\n\
                    rate-limit-admin-refused = '1/s'\ntrusted-proxy = ['10.0.0.0/8']\n\
                    max-connections = 9\nmax-connections-per-address = 3\n\
                    metrics-listen = '127.0.0.1:2'\naudit-retention = 30\nmaster-key-file = 'a'\n\
                    old-master-key-file = 'b'\nno-docs = true\n";
        let file = FileSettings::parse(Path::new("byoa.toml"), text).expect("valid");
        assert_eq!(file.listen.as_deref(), Some("127.0.0.1:1"));
        assert_eq!((file.allow_private_jwks, file.log.as_deref()), (Some(true), Some("debug")));
        assert_eq!(text.lines().count(), KEYS.len());
    }

    #[test]
    fn names_the_key_that_was_meant() {
        assert_eq!(
            refusal("databse_url = 'x'"),
            "the configuration file byoa.toml has the unknown key \"databse_url\"; did you mean database-url?"
        );
        let all = "the keys are listen, public-url, database-url, master-key-file, old-master-key-file, \
                   allow-private-jwks, refresh-grace, session-lifetime, refresh-window, idle-limit, log-format, log, ";
        assert!(refusal("zzz = 1").contains(all));
    }

    #[test]
    fn reads_regular_files_of_a_length_that_can_be_meant() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("byoa.toml");
        let refused = |path: &Path| FileSettings::read(Some(path)).expect_err("refused").to_string();
        for (bytes, sentence) in [
            (vec![b'#'; MAX_BYTES + 1], "it is longer than 1048576 bytes"),
            (vec![b'#', 0xff], "it is not UTF-8"),
        ] {
            std::fs::write(&path, bytes).expect("written");
            assert!(refused(&path).contains(sentence), "{}", refused(&path));
        }
        std::fs::write(&path, vec![b'#'; MAX_BYTES]).expect("written");
        FileSettings::read(Some(&path)).expect("just short enough");
        for other in [folder.path(), Path::new("/dev/zero")] {
            assert!(refused(other).contains("it is not a regular file"), "{}", refused(other));
        }
    }

    #[test]
    fn says_where_the_file_is_wrong() {
        let sentence = refusal("listen = '127.0.0.1:1'\nallow-private-jwks = 'yes'");
        assert!(
            sentence.starts_with("the configuration file byoa.toml cannot be used at line 2: "),
            "{sentence}"
        );
        assert!(refusal("listen = ").contains("at line 1"));
        assert!(sentence.ends_with("write allow-private-jwks as in allow-private-jwks = true"), "{sentence}");
        let proxy = refusal("trusted-proxy = '127.0.0.1'");
        assert!(
            proxy.ends_with("at line 1: write trusted-proxy as in trusted-proxy = [\"10.0.0.0/8\"]"),
            "{proxy}"
        );
        let few = refusal("no-docs = true\nmax-connections = 'x'");
        assert!(few.contains("at line 2: write max-connections as in max-connections = 8192"), "{few}");
    }

    #[test]
    fn the_example_of_every_key_can_be_written() {
        for key in KEYS {
            let text = format!("{key} = {}", example(key));
            FileSettings::parse(Path::new("byoa.toml"), &text).expect(key);
        }
    }
}
