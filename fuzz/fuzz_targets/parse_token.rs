//! Any text to the token parser. What it accepts must be a token to `base64`, `tinyjson` and
//! `jsonwebtoken` too, and say the same to them.
//!
//! An input that begins with `r` is the text itself; any other is header, payload and signature between
//! NULs, which are encoded first, so that mutations reach the JSON.
#![no_main]

use byoa_fuzz::{json, oracle, part, same};
use byoa_jwt::{MAX_TOKEN_BYTES, UnverifiedToken};
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;
use tinyjson::JsonValue;

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((mode, rest)) = input.split_first() else { return Corpus::Reject };
    let text = if *mode == b'r' {
        let Ok(text) = std::str::from_utf8(rest) else { return Corpus::Reject };
        text.to_owned()
    } else {
        let parts: Vec<_> = rest.split(|byte| *byte == 0).map(|part| BASE64URL_NOPAD.encode(part)).collect();
        parts.join(".")
    };
    let Ok(token) = UnverifiedToken::parse(&text) else { return Corpus::Keep };

    let (header, claims) = (token.header(), token.claims());
    let _ = (claims.required_subject(), claims.required_expiry(), claims.issuer(), format!("{token:?}"));

    assert!(text.len() <= MAX_TOKEN_BYTES);
    let parts: Vec<_> = text.split('.').map(|text| part(text).expect("base64url to both")).collect();
    let [header_bytes, payload_bytes, _] = &parts[..] else { panic!("{} parts", parts.len()) };

    let Some(JsonValue::Object(theirs)) = json(header_bytes) else { panic!("the header is no JSON object") };
    for (name, theirs) in &theirs {
        assert!(header.get(name).is_some_and(|ours| same(ours, theirs)), "header member {name:?}");
    }
    let theirs = json(payload_bytes).expect("JSON to both");
    assert!(same(&Value::from(claims.members().clone()), &theirs), "claims");

    match jsonwebtoken::decode_header(&text) {
        Ok(theirs) => {
            assert_eq!(theirs.kid.as_deref(), header.key_id());
            assert_eq!(theirs.typ.as_deref(), header.token_type());
            assert_eq!(format!("{:?}", theirs.alg), header.algorithm());
        }
        Err(error) => assert!(oracle::is_known_to_parse(&error, header), "parsed, but the oracle: {error}"),
    }
    Corpus::Keep
});
