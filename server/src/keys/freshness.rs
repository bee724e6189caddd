//! How long an HTTP answer says that it holds (RFC 9111 4.2.1).

use std::time::Duration;

/// Reads `Cache-Control` and `Age`. `None` where nothing is said; zero where keeping it is forbidden.
pub(super) fn fresh_for(cache_control: Option<&str>, age: Option<&str>) -> Option<Duration> {
    let directives = cache_control?.split(',').map(|directive| directive.trim().to_ascii_lowercase());
    let mut max_age = None;
    for directive in directives {
        let (name, value) = directive.split_once('=').unwrap_or((&directive, ""));
        match name.trim() {
            "no-store" | "no-cache" => return Some(Duration::ZERO),
            "max-age" => max_age = value.trim().trim_matches('"').parse::<u64>().ok(),
            _ => {}
        }
    }
    let age = age.and_then(|age| age.trim().parse::<u64>().ok()).unwrap_or(0);
    max_age.map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::fresh_for;

    #[test]
    fn reads_what_answers_say() {
        for (cache_control, age, seconds) in [
            (None, None, None),
            (Some("public"), None, None),
            (Some("max-age=300"), None, Some(300)),
            (Some("public, Max-Age=300 , must-revalidate"), Some("100"), Some(200)),
            (Some("max-age=\"60\""), Some("x"), Some(60)),
            (Some("max-age=10"), Some("100"), Some(0)),
            (Some("max-age=-1"), None, None),
            (Some("max-age=99999999999999999999"), None, None),
            (Some("max-age=300, no-store"), None, Some(0)),
            (Some("no-cache"), None, Some(0)),
        ] {
            assert_eq!(
                fresh_for(cache_control, age),
                seconds.map(Duration::from_secs),
                "{cache_control:?} {age:?}"
            );
        }
    }
}
