//! What a browser says of a token is what the server says.

use crate::common::{NOW, claims, header, sign, sign_text, valid_token, with};
use byoa_jwt::{CLOCK_LEEWAY_SECONDS, Rejection, TokenPreview, UnverifiedToken, is_past};
use serde_json::{Value, json};

/// A name given twice may be found before or after something else that is wrong with the same JSON.
fn family(code: &'static str) -> &'static str {
    if matches!(code, "duplicate_member" | "header_invalid" | "payload_invalid") { "json" } else { code }
}

/// Holds the two against each other over one token, and says whether they accept it.
pub(crate) fn agree(text: &str) -> bool {
    let code = |error: &Rejection| family(error.code());
    let full = UnverifiedToken::parse(text);
    let small = TokenPreview::parse(text);
    assert_eq!(small.as_ref().err().map(code), full.as_ref().err().map(code), "{text}");
    let (Ok(full), Ok(small)) = (full, small) else {
        return false;
    };
    assert_eq!(small.required_subject(), full.claims().required_subject(), "{text}");
    let (ours, theirs) = (small.required_expiry(), full.claims().required_expiry());
    assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{text}");
    assert_eq!(ours.err().as_ref().map(code), theirs.err().as_ref().map(code), "{text}");
    true
}

#[test]
fn the_corpus_gets_the_same_answers() {
    let lines = include_str!("../data/corpus_open.jsonl").lines();
    let accepted = lines.filter(|line| {
        let line: Value = serde_json::from_str(line).expect("a corpus line");
        agree(line["jwt"].as_str().expect("a token"))
    });
    let count = accepted.count();
    assert!((50..200).contains(&count), "{count} are well-formed");
}

#[test]
fn every_member_of_every_type_gets_the_same_answers() {
    let deep =
        |depth: usize| serde_json::from_str::<Value>(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let thumbprint = |length: usize| data_encoding::BASE64URL_NOPAD.encode(&vec![b'x'; length]);
    let mut values = vec![
        json!(true),
        json!(""),
        json!(" \t\u{a0}\u{2003}"),
        json!("x"),
        json!("json"),
        json!("JSON"),
        json!("a\u{0}b\u{9f}"),
        json!("ä€😀"),
        json!("x".repeat(255)),
        json!("x".repeat(256)),
        json!("x".repeat(1025)),
        json!(0),
        json!(-0.0),
        json!(-1),
        json!(-0.5),
        json!(1.5),
        json!(NOW),
        json!(NOW * 1000),
        json!(253_402_300_799.5),
        json!(9.9e9),
        json!(1e15),
        json!(1e300),
        json!(i64::MIN),
        json!(u64::MAX),
        json!([]),
        json!({"a": [1, {"b": null}]}),
        deep(125).expect("JSON"),
    ];
    for length in [0, 19, 20, 21, 31, 32, 33, 40] {
        for padding in ["", "=", "==", "===", "!"] {
            values.push(json!(thumbprint(length) + padding));
        }
    }
    values.push(json!(data_encoding::BASE64URL_NOPAD.encode(&[0xff; 40])));
    values.push(json!("lDpwLQbzRZmu4fjajvn3KWAx1pl"));
    let members =
        ["alg", "typ", "cty", "kid", "b64", "crit", "jku", "x5u", "x5t", "x5t#S256", "jwk", "x5c", "other"];
    let mut accepted = 0;
    for value in &values {
        for name in members {
            accepted += usize::from(agree(&sign(&with(header(), name, value.clone()), &claims())));
        }
        for name in ["sub", "exp", "iss", "iat", "jti", "aud", "other"] {
            accepted += usize::from(agree(&sign(&header(), &with(claims(), name, value.clone()))));
        }
    }
    for name in members {
        agree(&sign(&with(header(), name, Value::Null), &claims()));
        let null = header().to_string().replacen('{', &format!("{{\"{name}\":null,"), 1);
        agree(&sign_text(null.as_bytes(), claims().to_string().as_bytes()));
    }
    agree(&sign(&header(), &with(claims(), "sub", Value::Null)));
    agree(&sign(&header(), &with(claims(), "exp", Value::Null)));
    assert!(accepted > 500, "{accepted}");
}

#[test]
fn json_that_readers_differ_about_gets_the_same_answers() {
    let good = claims().to_string();
    for text in [
        "",
        "null",
        "[]",
        "{",
        "{}x",
        "{} ",
        " {}",
        "\u{feff}{}",
        "{\"a\":1,}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":1e400}",
        "{\"a\":-}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"a\":\"\\ud83d\\ude00\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":{\"b\":1,\"\\u0062\":2}}",
        "{\"a\":[{\"b\":1},{\"b\":1}]}",
        "{\"a\":NaN}",
        "{\"a\":1}\0",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":/**/1}",
        "{\"sub\":\"a\",\"exp\":1e9}",
        "{\"exp\":1700000000.001}",
        "{\"exp\":17e8}",
        "{\"exp\":1.7E+9}",
        "{\"exp\":170000000000e-2}",
        "{\"exp\":-0}",
        "{\"exp\":-0.0}",
        "{\"exp\":0e99}",
    ] {
        agree(&sign_text(header().to_string().as_bytes(), text.as_bytes()));
        agree(&sign_text(text.as_bytes(), good.as_bytes()));
    }
    agree(&sign_text(b"{\"alg\":\"ES256\",\"a\":\"\xff\"}", good.as_bytes()));
    agree(&sign_text(header().to_string().as_bytes(), b"{\"a\":\"\xc0\x80\"}"));
}

#[test]
fn shapes_get_the_same_answers() {
    let token = valid_token();
    assert!(agree(&token));
    let parts: Vec<_> = token.split('.').collect();
    for text in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        "....".to_owned(),
        parts[..2].join("."),
        format!("{token}."),
        format!("{token}="),
        format!(" {token}"),
        format!("{token}\n"),
        format!("Bearer {token}"),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        token.replace('.', ".."),
        "x".repeat(16 * 1024 + 1),
        "x".repeat(16 * 1024),
    ] {
        agree(&text);
    }
}

#[test]
fn a_token_is_past_from_the_end_of_the_leeway_on() {
    let leeway = i64::try_from(CLOCK_LEEWAY_SECONDS).expect("a minute");
    assert!(!is_past(NOW, NOW - 1) && !is_past(NOW, NOW) && !is_past(NOW, NOW + leeway - 1));
    assert!(is_past(NOW, NOW + leeway) && is_past(NOW, NOW + leeway + 1) && is_past(1, NOW));
    assert!(!is_past(253_402_300_799, NOW) && is_past(i64::MAX, NOW) && is_past(NOW, i64::MAX));
    assert!(!is_past(NOW, -1));
}
