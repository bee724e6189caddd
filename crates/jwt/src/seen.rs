//! What the rules ask of a JSON value, whichever reader made it: the server reads with `serde_json`, the
//! browser with the small reader of `byoa-json`. One set of rules for both.

use crate::{numeric_date, shown};

/// A JSON value.
pub(crate) trait Seen {
    /// The text, where it is a string.
    fn text(&self) -> Option<&str>;
    /// Whether it is `true` or `false`.
    fn is_flag(&self) -> bool;
    /// Whether it is `null`.
    fn is_nothing(&self) -> bool;
    /// A `NumericDate` in whole seconds, or what is wrong with it.
    fn seconds(&self) -> Result<i64, &'static str>;
    /// Fit for a log line.
    fn shown(&self) -> String;
}

/// A JSON object.
pub(crate) trait Members {
    /// Of its members.
    type Value: Seen;
    /// The member of that very name.
    fn member(&self, name: &str) -> Option<&Self::Value>;
}

impl Seen for serde_json::Value {
    fn text(&self) -> Option<&str> {
        self.as_str()
    }

    fn is_flag(&self) -> bool {
        self.is_boolean()
    }

    fn is_nothing(&self) -> bool {
        self.is_null()
    }

    fn seconds(&self) -> Result<i64, &'static str> {
        numeric_date::read(self)
    }

    fn shown(&self) -> String {
        shown::value(self)
    }
}

impl Members for serde_json::Map<String, serde_json::Value> {
    type Value = serde_json::Value;

    fn member(&self, name: &str) -> Option<&serde_json::Value> {
        self.get(name)
    }
}

impl Seen for byoa_json::Value {
    fn text(&self) -> Option<&str> {
        self.as_str()
    }

    fn is_flag(&self) -> bool {
        self.is_boolean()
    }

    fn is_nothing(&self) -> bool {
        self.is_null()
    }

    fn seconds(&self) -> Result<i64, &'static str> {
        match self {
            Self::Number(number) => numeric_date::read_written(number),
            _ => Err(numeric_date::NO_NUMBER),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::String(string) => shown::text(string),
            other => shown::text(&other.write()),
        }
    }
}

impl Members for byoa_json::Object {
    type Value = byoa_json::Value;

    fn member(&self, name: &str) -> Option<&byoa_json::Value> {
        self.get(name)
    }
}
