//! What a stranger wrote, made fit for a log line: short, and with nothing a terminal would obey.

use serde_json::Value;

/// The most characters of a found value that a message repeats.
const MAX_SHOWN: usize = 64;

/// `text` shortened, with control and unprintable characters escaped.
pub(crate) fn text(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).flat_map(escape).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// A JSON value in the same way; a string without its quotes.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        other => text(&other.to_string()),
    }
}

/// Several values, separated by commas.
#[cfg(feature = "crypto")]
pub(crate) fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    text(&values.into_iter().collect::<Vec<_>>().join(", "))
}

fn escape(character: char) -> Box<dyn Iterator<Item = char>> {
    if matches!(character, '"' | '\'') {
        Box::new(std::iter::once(character))
    } else {
        Box::new(character.escape_debug())
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        assert_eq!(text("a\r\nb\u{1b}[31m\u{202e}\0"), "a\\r\\nb\\u{1b}[31m\\u{202e}\\0");
    }

    #[test]
    fn shortens_long_values() {
        assert_eq!(text(&"x".repeat(65)).chars().count(), 65);
        assert!(text(&"x".repeat(65)).ends_with('…'));
    }
}
