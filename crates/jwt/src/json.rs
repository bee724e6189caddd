//! A JSON reader that refuses what two readers could read differently: a member name given twice, at
//! any depth (RFC 7515 4, RFC 7519 4), a byte order mark, invalid UTF-8 and lone surrogates.
//!
//! Depth is bounded by `serde_json`'s recursion limit, size by the caller.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why some bytes are not an acceptable JSON object. Never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// Not JSON, or not an object.
    Invalid(String),
    /// A member's name, shortened and escaped, that an object has twice.
    Duplicate(String),
}

/// Reads exactly one JSON object from `bytes`.
pub fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(JsonError::Invalid("it is not UTF-8".to_owned()));
    }
    let duplicate = RefCell::new(None);
    // From bytes as in jwt-compact: the browser's build then has one reader and not two.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Strict { duplicate: &duplicate }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match (read, duplicate.into_inner()) {
        (_, Some(name)) => Err(JsonError::Duplicate(crate::shown::text(&name))),
        (Ok(Value::Object(members)), None) => Ok(members),
        (Ok(_), None) => Err(JsonError::Invalid("it is JSON but not an object".to_owned())),
        (Err(error), None) => Err(JsonError::Invalid(
            ["it is not JSON from column ", &error.column().to_string(), " on"].concat(),
        )),
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    duplicate: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.contains_key(&name) {
                *self.duplicate.borrow_mut() = Some(name);
                return Err(A::Error::custom("duplicate member"));
            }
            let value = access.next_value_seed(self)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonError, read_object};

    #[test]
    fn refuses_a_name_given_twice_however_it_is_spelt_and_however_deep() {
        for text in [r#"{"a":1,"a":2}"#, r#"{"a":1,"\u0061":2}"#, r#"{"b":[{"a":1,"a":1}]}"#] {
            assert_eq!(read_object(text.as_bytes()), Err(JsonError::Duplicate("a".to_owned())), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_object() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
        for text in
            ["", "[]", "1", "{} {}", "{}x", "\u{feff}{}", r#"{"a":"\ud800"}"#, r#"{"a":1e400}"#, &deep]
        {
            assert!(matches!(read_object(text.as_bytes()), Err(JsonError::Invalid(_))), "{text:.20}");
        }
        assert!(read_object(b"{\"a\":\"\xff\"}").is_err());
        assert!(read_object(b" {\"a\" : [1, 2.5, null, true]} \n").is_ok());
    }
}
