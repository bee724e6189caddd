//! What each setting of an environment may be.

use byoa_jwt::{Algorithm, KeyProblem, KeySet};
use byoa_protocol::{headers::SESSION_COOKIE, paths::API_BASE};
use url::Url;

use super::{EnvironmentError, invalid};
use crate::{
    exchange::STEP_UP_OPERATIONS,
    keys::{check_url, discovery_url},
    store::{IssuerConfig, KeySource},
};

/// The longest issuer and audience, in bytes.
const MAX_NAME_BYTES: usize = 1024;

/// The most audiences of one issuer.
const MAX_AUDIENCES: usize = 50;

/// The most seconds by which an issuer's clock may differ.
const MAX_LEEWAY_SECONDS: u64 = 300;

/// The most origins of one environment.
const MAX_ORIGINS: usize = 100;

pub(super) fn name(name: String) -> Result<String, EnvironmentError> {
    if matches!(name.as_str(), "sandbox" | "live") {
        Ok(name)
    } else {
        Err(invalid("name", "must be sandbox or live"))
    }
}

/// Compared byte for byte with `iss`, so what could only be a slip is refused.
pub(super) fn issuer(issuer: String) -> Result<String, EnvironmentError> {
    plain("issuer", &issuer)?;
    if issuer.is_empty() { Err(invalid("issuer", "must not be empty")) } else { Ok(issuer) }
}

pub(super) fn audience(audience: String) -> Result<Option<String>, EnvironmentError> {
    plain("audience", &audience)?;
    Ok(Some(audience).filter(|audience| !audience.is_empty()))
}

/// Each once; the empty one, which stands for none, is left out.
pub(super) fn audiences(audiences: &[String]) -> Result<Vec<String>, EnvironmentError> {
    if audiences.len() > MAX_AUDIENCES {
        return Err(invalid("audience", format!("may be given {MAX_AUDIENCES} times")));
    }
    let mut checked = Vec::new();
    for text in audiences {
        checked.extend(audience(text.clone())?.filter(|audience| !checked.contains(audience)));
    }
    Ok(checked)
}

/// At least one, each once.
pub(super) fn algorithms(algorithms: &[Algorithm]) -> Result<Vec<Algorithm>, EnvironmentError> {
    let mut checked = Vec::new();
    for algorithm in algorithms {
        if !checked.contains(algorithm) {
            checked.push(*algorithm);
        }
    }
    if checked.is_empty() { Err(invalid("algorithm", "must be given once at least")) } else { Ok(checked) }
}

/// RFC 7519 4.1.4: "usually no more than a few minutes".
pub(super) fn leeway(seconds: u64) -> Result<u64, EnvironmentError> {
    if seconds <= MAX_LEEWAY_SECONDS {
        Ok(seconds)
    } else {
        Err(invalid(
            "leeway",
            format!("may be {MAX_LEEWAY_SECONDS} seconds; an expired JWT passes for so long"),
        ))
    }
}

fn plain(setting: &'static str, text: &str) -> Result<(), EnvironmentError> {
    if text.len() > MAX_NAME_BYTES {
        Err(invalid(setting, format!("may have {MAX_NAME_BYTES} bytes")))
    } else if text.contains(char::is_control) {
        Err(invalid(setting, "must not have control characters"))
    } else if text.trim() != text {
        Err(invalid(setting, "must not begin or end with a space"))
    } else {
        Ok(())
    }
}

pub(super) fn jwks_url(text: &str, allow_private: bool) -> Result<Url, EnvironmentError> {
    let url: Url = text
        .parse()
        .map_err(|_| invalid("jwks-url", "must be an absolute URL such as https://issuer.example/jwks"))?;
    match check_url(&url, allow_private) {
        Ok(()) if text.len() <= MAX_NAME_BYTES * 2 => Ok(url),
        Ok(()) => Err(invalid("jwks-url", "is too long")),
        Err(refused) => Err(invalid("jwks-url", format!("is refused: {refused}"))),
    }
}

/// An issuer whose name says where its discovery document is.
pub(super) fn discovery(issuer: &str, allow_private: bool) -> Result<(), EnvironmentError> {
    let url = discovery_url(issuer).ok_or_else(|| {
        invalid("discovery", "needs an issuer that is a URL without ? and #; name its --jwks-url instead")
    })?;
    check_url(&url, allow_private).map_err(|refused| invalid("discovery", format!("is refused: {refused}")))
}

/// A JWK set that is kept as it is. A secret in it is refused, not kept: whoever reads it could sign.
pub(super) fn jwks(text: &str) -> Result<(), EnvironmentError> {
    let keys = KeySet::parse(text.as_bytes())
        .map_err(|error| invalid("jwks-file", format!("is refused: {error}")))?;
    let is_secret =
        |problem: &KeyProblem| matches!(problem, KeyProblem::Private { .. } | KeyProblem::Symmetric);
    if let Some(secret) = keys.unusable().iter().find(|key| is_secret(&key.why)) {
        return Err(invalid("jwks-file", format!("must hold public keys only, but of one: {}", secret.why)));
    }
    match (keys.usable_len(), keys.unusable().first()) {
        (0, Some(first)) => Err(invalid("jwks-file", format!("has no key that can be used: {}", first.why))),
        (0, None) => Err(invalid("jwks-file", "has no keys")),
        _ => Ok(()),
    }
}

/// One public key.
pub(super) fn pem(text: &str) -> Result<(), EnvironmentError> {
    KeySet::from_pem(text, None, None)
        .map(drop)
        .map_err(|error| invalid("pem-file", format!("is refused: {error}")))
}

/// Operations that know what to do with an elevated token, each once.
pub(super) fn step_up(scopes: Vec<String>) -> Result<Vec<String>, EnvironmentError> {
    let mut checked = Vec::new();
    for scope in scopes {
        if !STEP_UP_OPERATIONS.contains(&scope.as_str()) {
            return Err(invalid("step-up", format!("must be of {}", STEP_UP_OPERATIONS.join(", "))));
        }
        if !checked.contains(&scope) {
            checked.push(scope);
        }
    }
    Ok(checked)
}

/// Exact origins as browsers write them, each once.
pub(super) fn origins(origins: Vec<String>) -> Result<Vec<String>, EnvironmentError> {
    if origins.len() > MAX_ORIGINS {
        return Err(invalid("allowed-origin", format!("may be given {MAX_ORIGINS} times")));
    }
    let mut checked = Vec::with_capacity(origins.len());
    for text in origins {
        origin(&text)?;
        if !checked.contains(&text) {
            checked.push(text);
        }
    }
    Ok(checked)
}

fn origin(text: &str) -> Result<(), EnvironmentError> {
    let refuse = |problem: &str| {
        Err(invalid(
            "allowed-origin",
            format!("must be an exact origin such as https://app.example:8443; {problem}"),
        ))
    };
    if text.contains('*') {
        return refuse("wildcards are not supported, name each origin");
    }
    let Ok(url) = text.parse::<Url>() else { return refuse("this is none") };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("leave the user out");
    }
    let canonical = match url.scheme() {
        "http" | "https" => url.origin().ascii_serialization(),
        // Apps in a shell of their own: capacitor://localhost, chrome-extension://….
        scheme => match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{scheme}://{host}:{port}"),
            (Some(host), None) if !host.is_empty() => format!("{scheme}://{host}"),
            _ => return refuse("this is none"),
        },
    };
    if canonical == text { Ok(()) } else { refuse(&format!("a browser writes {canonical}")) }
}

/// A cookie's name is a token (RFC 6265 4.1.1, RFC 9110 5.6.2).
pub(super) fn cookie_name(name: String) -> Result<Option<String>, EnvironmentError> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name == SESSION_COOKIE {
        Err(invalid("cookie-name", format!("must not be {SESSION_COOKIE}, which is the session's own")))
    } else if name.len() <= 255 && name.bytes().all(is_fit) {
        Ok(Some(name).filter(|name| !name.is_empty()))
    } else {
        Err(invalid("cookie-name", "must be letters, digits and !#$%&'*+-.^_`|~, 255 at most"))
    }
}

/// An environment that trusts its own session tokens, or another's here, would let a session renew itself
/// for ever. Also where our own URL is not known, what is spelt like ours is refused.
pub(super) fn not_ourselves(issuer: &IssuerConfig, public_url: Option<&Url>) -> Result<(), EnvironmentError> {
    let id = issuer.environment_id.to_string();
    let ours = "must not be this server's own: a session would renew itself for ever";
    let is_own_issuer = match public_url {
        Some(url) => issuer.issuer.starts_with(&format!("{}/", host_and_port(url))),
        None => false,
    };
    if is_own_issuer || (issuer.issuer.ends_with(&format!("/{id}")) && !issuer.issuer.contains("://")) {
        return Err(invalid("issuer", ours));
    }
    let KeySource::JwksUrl(url) = &issuer.keys else { return Ok(()) };
    let is_own_host = public_url.is_some_and(|own| {
        own.host() == url.host() && own.port_or_known_default() == url.port_or_known_default()
    });
    let is_own_path = url.path().starts_with(&format!("{API_BASE}/sdk/"));
    if is_own_path && (is_own_host || url.path().contains(&id)) {
        return Err(invalid("jwks-url", ours));
    }
    Ok(())
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::{audience, cookie_name, issuer, jwks_url, name, origin};

    #[test]
    fn origins_are_exact() {
        for good in [
            "https://app.example",
            "http://localhost:5173",
            "https://[::1]:8443",
            "capacitor://localhost",
            "chrome-extension://abcdefgh",
        ] {
            assert!(origin(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "https://*.example",
            "app.example",
            "https://app.example/",
            "https://app.example/path",
            "null",
            "https://APP.example",
            "https://app.example:443",
            "https://user@app.example",
            "https://app.example?x",
            "https://app.example#x",
            "file:///x",
            "data:x",
            " https://app.example",
            "https://ümlaut.example",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_hold_nothing_that_could_only_be_a_slip() {
        assert!(issuer("https://issuer.example/".to_owned()).is_ok());
        assert!(issuer("any constant".to_owned()).is_ok());
        for bad in ["", " x", "x\n", "a\0b", &"x".repeat(1025)] {
            assert!(issuer(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert_eq!(audience(String::new()).unwrap(), None);
        assert!(audience("a\r".to_owned()).is_err());
        assert_eq!(cookie_name("__Host-jwt".to_owned()).unwrap().as_deref(), Some("__Host-jwt"));
        assert_eq!(cookie_name(String::new()).unwrap(), None);
        for bad in ["a b", "a=b", "a;b", "é"] {
            assert!(cookie_name(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(name("live".to_owned()).is_ok() && name("prod".to_owned()).is_err());
    }

    #[test]
    fn key_urls_are_public_https_unless_allowed() {
        assert!(jwks_url("https://issuer.example/jwks", false).is_ok());
        for private in ["http://issuer.example/jwks", "https://127.0.0.1/jwks", "https://localhost:4000/jwks"]
        {
            assert!(jwks_url(private, false).is_err(), "{private}");
            assert!(jwks_url(private, true).is_ok(), "{private}");
        }
        for bad in
            ["jwks", "/jwks", "ftp://a/b", "https://u:p@issuer.example/", "https://issuer.example/#x", ""]
        {
            assert!(jwks_url(bad, true).is_err(), "{bad}");
        }
    }
}
