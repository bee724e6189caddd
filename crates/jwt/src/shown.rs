//! What a stranger wrote, made fit for a log line: short, and with nothing a terminal would obey.

use serde_json::Value;

/// The most characters of a found value that a message repeats.
const MAX_SHOWN: usize = 64;

/// `text` shortened, with everything escaped that is not printable ASCII: no look-alikes either, and no
/// tables of what is printable.
pub(crate) fn text(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == MAX_SHOWN {
            shown.push('…');
            break;
        }
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\0' => shown.push_str("\\0"),
            '\\' => shown.push_str("\\\\"),
            ' '..='~' => shown.push(character),
            _ => shown.extend(character.escape_unicode()),
        }
    }
    shown
}

/// A JSON value in the same way; a string without its quotes.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        other => text(&serde_json::to_string(other).unwrap_or_default()),
    }
}

/// Several values, separated by commas.
#[cfg(feature = "crypto")]
pub(crate) fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    text(&values.into_iter().collect::<Vec<_>>().join(", "))
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
