//! JSON that is no token: key sets, read strictly with `serde_json`, and the values in which the server's rules
//! look at a token that [`byoa_json`] has read.
//!
//! Refused is what two readers could read differently: a member name given twice, at any depth (RFC 7515 4,
//! RFC 7519 4), a byte order mark, invalid UTF-8 and lone surrogates. Depth is bounded by `serde_json`'s
//! recursion limit, size by the caller.

#[cfg(any(feature = "crypto", test))]
pub(crate) use strict::{JsonError, read_object};

use serde_json::{Map, Number, Value};

/// What was read, as a value of `serde_json`.
pub(crate) fn members(object: byoa_json::Object) -> Map<String, Value> {
    object.into_iter().map(|(name, value)| (name, convert(value))).collect()
}

fn convert(value: byoa_json::Value) -> Value {
    match value {
        byoa_json::Value::Null => Value::Null,
        byoa_json::Value::Bool(flag) => Value::Bool(flag),
        // The reader lets no number pass that is beyond an `f64`.
        byoa_json::Value::Number(number) => {
            serde_json::from_str::<Number>(number.as_str()).map_or(Value::Null, Value::Number)
        }
        byoa_json::Value::String(text) => Value::String(text),
        byoa_json::Value::Array(items) => Value::Array(items.into_iter().map(convert).collect()),
        byoa_json::Value::Object(object) => Value::Object(members(object)),
    }
}

#[cfg(any(feature = "crypto", test))]
mod strict {
    use std::{cell::RefCell, fmt};

    use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
    use serde_json::{Map, Number, Value};

    /// Why some bytes are not an acceptable JSON object. Never repeats a value.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) enum JsonError {
        /// Not JSON, or not an object.
        Invalid(String),
        /// A member's name, shortened and escaped, that an object has twice.
        Duplicate(String),
    }

    /// Reads exactly one JSON object from `bytes`.
    pub(crate) fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
        if std::str::from_utf8(bytes).is_err() {
            return Err(JsonError::Invalid("it is not UTF-8".to_owned()));
        }
        let duplicate = RefCell::new(None);
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
}

#[cfg(test)]
mod tests {
    use super::{JsonError, members, read_object};
    use serde_json::Value;

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

    /// The reader of tokens and this one, over one text: the same verdict, and the same value.
    fn hold(text: &[u8]) -> bool {
        let tokens = byoa_json::read_object(text);
        let other = read_object(text);
        let shown = String::from_utf8_lossy(text);
        match (tokens, other) {
            (Ok(ours), Ok(theirs)) => {
                assert_eq!(members(ours), theirs, "{shown}");
                true
            }
            // Which of two faults is met first makes no difference.
            (Err(_), Err(_)) => false,
            (ours, theirs) => panic!("{shown}: {ours:?}, but {theirs:?}"),
        }
    }

    #[test]
    fn the_reader_of_tokens_reads_the_corpus_alike() {
        let mut accepted = 0;
        for line in include_str!("../tests/data/corpus_open.jsonl").lines() {
            accepted += usize::from(hold(line.as_bytes()));
            let line: Value = serde_json::from_str(line).expect("a corpus line");
            for part in line["jwt"].as_str().expect("a token").split('.') {
                if let Ok(bytes) = crate::base64url::decode(part) {
                    accepted += usize::from(hold(&bytes));
                }
            }
        }
        assert!(accepted > 500, "{accepted}");
    }

    #[test]
    fn the_reader_of_tokens_reads_odd_texts_alike() {
        let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        for text in [
            "",
            "{}",
            " {} ",
            "{}x",
            "{} {}",
            "[]",
            "1",
            "\u{feff}{}",
            r#"{"a":1}"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            "{'a':1}",
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":.1}"#,
            r#"{"a":+1}"#,
            r#"{"a":-}"#,
            r#"{"a":-0}"#,
            r#"{"a":1e5}"#,
            r#"{"a":1E-5}"#,
            r#"{"a":1e400}"#,
            r#"{"a":-1e400}"#,
            r#"{"a":0e999}"#,
            r#"{"a":1e-999}"#,
            r#"{"a":18446744073709551615}"#,
            r#"{"a":18446744073709551616}"#,
            r#"{"a":-9223372036854775809}"#,
            r#"{"a":9007199254740993}"#,
            r#"{"a":0.1}"#,
            r#"{"a":NaN}"#,
            r#"{"a":Infinity}"#,
            r#"{"a":tru}"#,
            r#"{"a":nulll}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\u00e9\n\/"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\ud800\ud800"}"#,
            r#"{"a":"\udc00"}"#,
            r#"{"a":"\ud83d\ude00"}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12g4"}"#,
            "{\"a\":\"\n\"}",
            "{\"a\":\"\u{7f}\"}",
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":[{"a":1,"a":1}]}"#,
            r#"{"b":[{"a":1},{"a":1}]}"#,
            r#"{"a":1,"A":2}"#,
            r#"{"a"}"#,
            r#"{"a":}"#,
            "{1:1}",
            "{\"a\":1}\0",
            "{\"a\":1\u{a0}}",
            "{\"a\":/**/1}",
            &deep(126),
            &deep(127),
            &deep(5000),
        ] {
            hold(text.as_bytes());
        }
        for bytes in [
            &b"{\"a\":\"\xff\"}"[..],
            b"{\"a\":\"\xc0\x80\"}",
            b"{\"a\":\"\xed\xa0\x80\"}",
            b"\xef\xbb\xbf{}",
        ] {
            assert!(!hold(bytes));
        }
    }

    /// Xorshift: the same numbers every time, which is all that is wanted of it.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % limit as u64).expect("a small number")
        }

        fn value(&mut self, depth: usize) -> String {
            const SCALARS: [&str; 12] = [
                "null",
                "true",
                "0",
                "-1",
                "12.5",
                "1e3",
                "1700000000.25",
                "123456789012345678901",
                "\"\"",
                "\"ab\"",
                r#""\u0041\ud83d\ude00""#,
                "\"é\"",
            ];
            match self.below(if depth == 0 { 3 } else { 5 }) {
                0..3 => SCALARS[self.below(SCALARS.len())].to_owned(),
                3 => {
                    let items: Vec<_> = (0..self.below(4)).map(|_| self.value(depth - 1)).collect();
                    format!("[{}]", items.join(", "))
                }
                _ => self.object(depth - 1),
            }
        }

        /// With one name out of five, so that some are given twice.
        fn object(&mut self, depth: usize) -> String {
            let members: Vec<_> = (0..self.below(4))
                .map(|_| {
                    format!("\"{}\": {}", ["a", "b", "c", "\\u0061", "é"][self.below(5)], self.value(depth))
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
    }

    #[test]
    fn the_reader_of_tokens_reads_random_and_damaged_texts_alike() {
        const BYTES: &[u8] = b"\"\\,:{}[]01eE.+-u \n\0a\x7f\xc3\xa9";
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let (mut whole, mut damaged) = (0, 0);
        for _ in 0..40_000 {
            let mut text = numbers.object(4).into_bytes();
            whole += usize::from(hold(&text));
            for _ in 0..=numbers.below(3) {
                let at = numbers.below(text.len() + 1);
                let byte = BYTES[numbers.below(BYTES.len())];
                match numbers.below(3) {
                    0 => text.insert(at, byte),
                    1 if at < text.len() => drop(text.remove(at)),
                    _ if at < text.len() => text[at] = byte,
                    _ => text.push(byte),
                }
            }
            damaged += usize::from(hold(&text));
        }
        assert!(whole > 10_000 && damaged > 1_000, "{whole} {damaged}");
    }
}
