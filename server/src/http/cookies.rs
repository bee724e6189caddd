//! Request cookies (RFC 6265 §4.2), as far as this server reads any.

use axum::http::{HeaderMap, header::COOKIE};

/// The value of the cookie `name`; none where it is absent, empty, or there twice with two values,
/// since then nobody can say which of them the page meant.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut found = None;
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    for (key, value) in pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('=')) {
        if key.trim() == name {
            let value = value.trim().trim_matches('"');
            if found.is_some_and(|earlier| earlier != value) {
                return None;
            }
            found = Some(value);
        }
    }
    found.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::cookie;
    use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

    fn read(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        cookie(&headers, "jwt").map(str::to_owned)
    }

    #[test]
    fn finds_exactly_the_named_cookie() {
        assert_eq!(read(&["a=1; jwt=x.y.z; b=2"]).as_deref(), Some("x.y.z"));
        assert_eq!(read(&["a=1", "jwt=\"x\""]).as_deref(), Some("x"));
        assert_eq!(read(&["xjwt=1; jwtx=2; JWT=3"]), None);
        assert_eq!(read(&["jwt="]), None);
        assert_eq!(read(&["jwt=1; jwt=2"]), None);
        assert_eq!(read(&["jwt=1", "jwt=1"]).as_deref(), Some("1"));
        assert_eq!(read(&[]), None);
    }
}
