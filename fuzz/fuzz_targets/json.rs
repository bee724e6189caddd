//! Any bytes to the reader of tokens' JSON. It must say what `serde_json` says, and read the same; only a
//! member given twice, which `serde_json` takes, and numbers at the edge of `f64` are refused besides.
#![no_main]

use byoa_json::{JsonError, Value, read_object};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let theirs = serde_json::from_slice::<serde_json::Value>(input);
    match read_object(input) {
        Ok(object) => {
            let text = Value::Object(object).write();
            let retold: serde_json::Value = serde_json::from_str(&text).expect("what we write is JSON");
            assert_eq!(retold, theirs.expect("JSON to both"));
        }
        Err(JsonError::Duplicate { .. }) => {}
        Err(JsonError::NotAnObject) => assert!(!theirs.expect("JSON to both").is_object()),
        Err(JsonError::NotUtf8 | JsonError::NotJson { .. }) => {
            let may_be_huge = input.len() > 300 || input.iter().any(|byte| matches!(byte, b'e' | b'E'));
            assert!(theirs.is_err() || may_be_huge, "refused what is JSON");
        }
    }
});
