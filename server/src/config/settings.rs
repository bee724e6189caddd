//! The settings of `serve`, resolved and checked.

use super::{ConfigError, FileSettings};
use byoa_server::exchange::{DEFAULT_REFRESH_GRACE, DEFAULT_REFRESH_WINDOW, DEFAULT_SESSION_LIFETIME};
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

/// Address that `serve` listens on where none is given.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:3333";

/// The longest grace.
const MAX_REFRESH_GRACE: Duration = Duration::from_mins(5);

/// The longest life of a token: for so long a signing key is published after it was replaced.
const MAX_SESSION_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// The longest life of a session.
const MAX_REFRESH_WINDOW: Duration = Duration::from_hours(365 * 24);

/// Everything that `serve` needs to know.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) allow_private_jwks: bool,
    pub(crate) refresh_grace: Duration,
    pub(crate) sessions: SessionTimes,
}

/// How long tokens and sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionTimes {
    /// A token.
    pub(crate) lifetime: Duration,
    /// A session.
    pub(crate) window: Duration,
    /// A session after its token's end.
    pub(crate) idle: Duration,
}

/// The same as somebody gives them, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SessionSeconds {
    pub(crate) lifetime: Option<u64>,
    pub(crate) window: Option<u64>,
    pub(crate) idle: Option<u64>,
}

impl SessionTimes {
    fn resolve(flags: SessionSeconds, file: &FileSettings) -> Result<Self, ConfigError> {
        let within = |setting, seconds: Option<u64>, most: Duration, default| match seconds {
            None => Ok(default),
            Some(seconds) if (1..=most.as_secs()).contains(&seconds) => Ok(Duration::from_secs(seconds)),
            Some(seconds) => Err(ConfigError::SessionTime { setting, seconds, most: most.as_secs() }),
        };
        let lifetime = flags.lifetime.or(file.session_lifetime);
        let lifetime = within("session-lifetime", lifetime, MAX_SESSION_LIFETIME, DEFAULT_SESSION_LIFETIME)?;
        let window = flags.window.or(file.refresh_window);
        let window = within("refresh-window", window, MAX_REFRESH_WINDOW, DEFAULT_REFRESH_WINDOW)?;
        let idle = within("idle-limit", flags.idle.or(file.idle_limit), MAX_REFRESH_WINDOW, window)?;
        Ok(Self { lifetime, window, idle })
    }
}

impl Settings {
    /// Takes each setting from the flag or variable, else from the file, else the default.
    pub(crate) fn resolve(
        listen: Option<&str>,
        public_url: Option<&str>,
        allow_private_jwks: Option<bool>,
        refresh_grace: Option<u64>,
        sessions: SessionSeconds,
        file: &FileSettings,
    ) -> Result<Self, ConfigError> {
        let listen = listen.or(file.listen.as_deref()).unwrap_or(DEFAULT_LISTEN);
        let public_url = public_url.or(file.public_url.as_deref());
        Ok(Self {
            listen: listen
                .parse()
                .map_err(|_| ConfigError::Listen { setting: "listen", text: listen.to_owned() })?,
            public_url: public_url.map(str::parse).transpose()?,
            allow_private_jwks: allow_private_jwks.or(file.allow_private_jwks).unwrap_or(false),
            refresh_grace: grace(refresh_grace.or(file.refresh_grace))?,
            sessions: SessionTimes::resolve(sessions, file)?,
        })
    }
}

/// A replaced token is a second key to the session, so the time that it still opens something is bounded.
fn grace(seconds: Option<u64>) -> Result<Duration, ConfigError> {
    match seconds.map(Duration::from_secs) {
        None => Ok(DEFAULT_REFRESH_GRACE),
        Some(grace) if grace <= MAX_REFRESH_GRACE => Ok(grace),
        Some(grace) => Err(ConfigError::RefreshGrace(grace.as_secs())),
    }
}

/// The origin under which browsers reach the server: scheme, host and, where unusual, port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl(url::Url);

impl PublicUrl {
    /// The URL that browsers on this machine can use; only loopback can be guessed.
    pub(crate) fn for_loopback(address: SocketAddr) -> Result<Self, ConfigError> {
        if !address.ip().is_loopback() {
            return Err(ConfigError::NoPublicUrl(address));
        }
        format!("http://{address}").parse()
    }

    /// The URL itself.
    pub(crate) fn url(&self) -> &url::Url {
        &self.0
    }

    /// Whether others can read what passes: plain HTTP to somewhere else than this machine.
    pub(crate) fn is_exposed(&self) -> bool {
        let loopback = match self.0.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        };
        self.0.scheme() == "http" && !loopback
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for PublicUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let refused = |problem| ConfigError::PublicUrl { url: text.to_owned(), problem };
        let url = url::Url::parse(text).map_err(|_| refused("is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("names a user"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refused("has more than a scheme and a host"));
        }
        Ok(Self(url))
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// One line of text per event.
    Pretty,
    /// One JSON object per event.
    Json,
}

impl LogFormat {
    /// The flag's or variable's choice, else the file's, else `pretty`.
    pub(crate) fn resolve(flag: Option<Self>, file: &FileSettings) -> Result<Self, ConfigError> {
        match (flag, file.log_format.as_deref()) {
            (Some(format), _) => Ok(format),
            (None, None | Some("pretty")) => Ok(Self::Pretty),
            (None, Some("json")) => Ok(Self::Json),
            (None, Some(other)) => Err(ConfigError::LogFormat(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_before_the_file_and_the_file_before_defaults() {
        let file = FileSettings {
            listen: Some("127.0.0.1:1".to_owned()),
            allow_private_jwks: Some(true),
            ..FileSettings::default()
        };
        let resolved = Settings::resolve(
            Some("127.0.0.1:2"),
            None,
            Some(false),
            Some(0),
            SessionSeconds::default(),
            &file,
        )
        .expect("valid");
        assert_eq!((resolved.listen.port(), resolved.allow_private_jwks), (2, false));
        assert_eq!(resolved.refresh_grace, Duration::ZERO);
        let resolved =
            Settings::resolve(None, None, None, None, SessionSeconds::default(), &file).expect("valid");
        assert_eq!((resolved.listen.port(), resolved.allow_private_jwks), (1, true));
        let resolved =
            Settings::resolve(None, None, None, None, SessionSeconds::default(), &FileSettings::default())
                .expect("valid");
        assert_eq!(
            (resolved.listen.to_string().as_str(), resolved.allow_private_jwks),
            (DEFAULT_LISTEN, false)
        );
        assert_eq!(resolved.refresh_grace, DEFAULT_REFRESH_GRACE);
        assert!(
            Settings::resolve(
                None,
                None,
                None,
                Some(301),
                SessionSeconds::default(),
                &FileSettings::default()
            )
            .is_err()
        );
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for good in ["https://auth.example.com", "http://127.0.0.1:3333", "https://auth.example.com/"] {
            let url: PublicUrl = good.parse().expect(good);
            assert_eq!(url.to_string(), good.trim_end_matches('/'));
        }
        for bad in
            ["auth.example.com", "ftp://a", "https://a/b", "https://a/?x", "https://u:p@a", "https://a/#f"]
        {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_loopback_can_be_guessed() {
        let loopback = "[::1]:80".parse().expect("address");
        assert_eq!(PublicUrl::for_loopback(loopback).expect("loopback").to_string(), "http://[::1]");
        assert!(PublicUrl::for_loopback("0.0.0.0:80".parse().expect("address")).is_err());
    }

    #[test]
    fn plain_http_is_exposed_unless_it_stays_on_this_machine() {
        for (url, exposed) in
            [("http://a.example", true), ("https://a.example", false), ("http://localhost:1", false)]
        {
            assert_eq!(url.parse::<PublicUrl>().expect(url).is_exposed(), exposed, "{url}");
        }
    }

    #[test]
    fn sessions_live_as_long_as_is_said_within_bounds() {
        let file = FileSettings { session_lifetime: Some(60), ..FileSettings::default() };
        let given =
            |lifetime, window, idle| SessionTimes::resolve(SessionSeconds { lifetime, window, idle }, &file);
        let (second, minute) = (Duration::from_secs(1), Duration::from_mins(1));
        let all = |lifetime, window, idle| SessionTimes { lifetime, window, idle };
        assert_eq!(given(Some(1), Some(60), None).expect("valid"), all(second, minute, minute));
        assert_eq!(given(None, Some(60), Some(1)).expect("valid"), all(minute, minute, second));
        for (lifetime, window, idle) in [
            (Some(0), None, None),
            (Some(604_801), None, None),
            (None, Some(0), None),
            (None, None, Some(31_536_001)),
        ] {
            assert!(given(lifetime, window, idle).is_err());
        }
    }
}
