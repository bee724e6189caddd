//! What the targets share: the second reading of base64url and JSON, by implementations that
//! `byoa-jwt` does not use. Decides nothing itself; a target panics when the readings differ.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tinyjson::JsonValue;

pub mod forge;
pub mod oracle;

/// The bytes of one part of a token, when the `base64` crate reads it and would write it the same.
#[must_use]
pub fn part(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| URL_SAFE_NO_PAD.encode(bytes) == text)
}

/// One JSON text as `tinyjson` reads it, when no object in it has a name twice.
#[must_use]
pub fn json(bytes: &[u8]) -> Option<JsonValue> {
    let value: JsonValue = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    (members_in(&value) == members_written(bytes)).then_some(value)
}

fn members_in(value: &JsonValue) -> usize {
    match value {
        JsonValue::Array(values) => values.iter().map(members_in).sum(),
        JsonValue::Object(members) => members.len() + members.values().map(members_in).sum::<usize>(),
        _ => 0,
    }
}

/// Colons outside strings, of which well-formed JSON has one for each member. No reader that is at hand
/// minds a name given twice, so it is counted.
fn members_written(json: &[u8]) -> usize {
    let (mut colons, mut in_string, mut bytes) = (0, false, json.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => drop(bytes.next()),
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    colons
}

/// Whether both readers saw the same value. Numbers may differ by rounding in the last places.
#[must_use]
pub fn same(ours: &Value, theirs: &JsonValue) -> bool {
    match (ours, theirs) {
        (Value::Null, JsonValue::Null) => true,
        (Value::Bool(one), JsonValue::Boolean(other)) => one == other,
        (Value::String(one), JsonValue::String(other)) => one == other,
        (Value::Number(one), JsonValue::Number(other)) => {
            one.as_f64().is_some_and(|one| (one - other).abs() <= other.abs() * 1e-12)
        }
        (Value::Array(one), JsonValue::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), JsonValue::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => false,
    }
}
