//! The reader and the writer, held against `serde_json`, which the server reads with.

use byoa_json::{JsonError, MAX_DEPTH, Number, Object, Value, read_object};

/// Takes what `read_object` does not: any value, inside of an object.
fn read(text: &str) -> Option<Value> {
    read_object(format!("{{\"v\":{text}}}").as_bytes()).ok()?.remove("v")
}

/// What the other reader makes of a text; `None` where it is refused.
fn theirs(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}

fn retold(value: &Value) -> Option<serde_json::Value> {
    theirs(&value.write())
}

#[test]
fn reads_what_serde_json_reads() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "10",
        "-1",
        "1.5",
        "0.0",
        "1e5",
        "1E+5",
        "1e-5",
        "-1.25e3",
        "9007199254740993",
        "18446744073709551616",
        "0e999999999999",
        "1e-999999999999",
        "1e307",
        r#""""#,
        r#""a""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\u00e9\u20ac""#,
        r#""\ud83d\ude00""#,
        "\"é€😀\u{7f}\u{2028}\"",
        r#""\u0000""#,
        "[]",
        "[ ]",
        "[1]",
        "[1 , 2]",
        "{}",
        "{ }",
        r#"{"a":1}"#,
        r#"{ "a" : [ { } ] , "b" : "" }"#,
        r#"{"__proto__":1,"":2}"#,
    ] {
        let ours = read(text).expect(text);
        assert_eq!(retold(&ours), theirs(text), "{text}");
    }
}

#[test]
fn refuses_what_serde_json_refuses() {
    for text in [
        "",
        " ",
        "nul",
        "nulls",
        "True",
        "NaN",
        "Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "1_0",
        "1e400",
        "-1e999999999999",
        "'a'",
        "\"",
        "\"a",
        "\"\n\"",
        "\"\u{1f}\"",
        r#""\x""#,
        r#""\u12""#,
        r#""\u+123""#,
        r#""\ud800""#,
        r#""\ud800\u0041""#,
        r#""\ud800a""#,
        r#""\udc00""#,
        r#""\udc00\ud800""#,
        r#""\ud800\ud800""#,
        "[",
        "]",
        "[,]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "}",
        "{,}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        "{a:1}",
        "{1:1}",
        r#"{"a":1 "b":2}"#,
        r#"{"a"::1}"#,
        "/**/1",
        "1//",
        "\u{feff}1",
        "\u{a0}1",
        "\u{b}1",
        "1}",
        "1]",
        "1,1",
    ] {
        assert_eq!(read(text), None, "{text}");
        assert_eq!(theirs(text), None, "{text}");
    }
}

#[test]
fn only_one_object_is_an_object() {
    for (text, error) in [
        ("[]", JsonError::NotAnObject),
        ("\"a\"", JsonError::NotAnObject),
        ("", JsonError::NotJson { at: 1 }),
        ("{} {}", JsonError::NotJson { at: 4 }),
        ("{\"a\":tru}", JsonError::NotJson { at: 6 }),
        ("\u{feff}{}", JsonError::NotJson { at: 1 }),
    ] {
        assert_eq!(read_object(text.as_bytes()), Err(error), "{text}");
    }
    assert_eq!(read_object(b"{\"a\":\"\xff\"}"), Err(JsonError::NotUtf8));
    assert!(read_object(b" \t\r\n{} \t\r\n").is_ok_and(|object| object.is_empty()));
}

#[test]
fn a_name_given_twice_is_refused_however_it_is_spelt_and_however_deep() {
    for text in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"b":2,"\u0061":2}"#,
        r#"{"b":[{"a":1,"a":1}]}"#,
        r#"{"b":{"a":1,"a":1}}"#,
    ] {
        assert_eq!(
            read_object(text.as_bytes()),
            Err(JsonError::Duplicate { name: "a".to_owned() }),
            "{text}"
        );
    }
    assert!(read_object(r#"{"a":{"a":[{"a":1},{"a":1}]},"A":1}"#.as_bytes()).is_ok());
}

#[test]
fn nesting_is_bounded_where_serde_json_bounds_it() {
    let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    for depth in [1, 2, MAX_DEPTH - 1, MAX_DEPTH] {
        assert!(read_object(nested(depth).as_bytes()).is_ok() && theirs(&nested(depth)).is_some(), "{depth}");
    }
    for depth in [MAX_DEPTH + 1, MAX_DEPTH + 2, 100_000] {
        assert!(
            read_object(nested(depth).as_bytes()).is_err() && theirs(&nested(depth)).is_none(),
            "{depth}"
        );
    }
}

#[test]
fn an_object_of_a_megabyte_is_not_compared_each_with_each() {
    let members: Vec<_> = (0..100_000).map(|number| format!("\"{number}\":0")).collect();
    let text = format!("{{{}}}", members.join(","));
    assert_eq!(read_object(text.as_bytes()).expect("an object").len(), 100_000);
}

#[test]
fn whole_numbers_are_whole() {
    for (text, expected) in [
        ("0", Some(0)),
        ("-0", Some(0)),
        ("9223372036854775807", Some(i64::MAX)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("9223372036854775808", None),
        ("-9223372036854775809", None),
        ("1.0", None),
        ("1e2", None),
        ("1e0", None),
    ] {
        assert_eq!(read(text).expect(text).as_i64(), expected, "{text}");
    }
}

fn number(text: &str) -> Number {
    let Some(Value::Number(number)) = read(text) else { panic!("{text}") };
    number
}

#[test]
fn rounding_up_is_that_of_a_float() {
    let wholes = ["0", "1", "7", "10", "99", "100", "1700000000", "253402300799", "99999999999"];
    let fractions = ["", ".0", ".5", ".000", ".001", ".25", ".999999"];
    let exponents = ["", "e0", "e1", "E+2", "e3", "e-1", "e-2", "e-9", "e-20", "e12"];
    for whole in wholes {
        for fraction in fractions {
            for exponent in exponents {
                let text = format!("{whole}{fraction}{exponent}");
                let float: f64 = text.parse().expect("a number");
                if float < 1e15 {
                    #[expect(clippy::cast_possible_truncation, reason = "below 1e15")]
                    let expected = float.ceil() as i64;
                    assert_eq!(number(&text).ceil(), Some(expected), "{text}");
                    let negative = number(&format!("-{text}"));
                    assert_eq!(
                        (negative.is_negative(), negative.ceil().is_some()),
                        (float > 0.0, float == 0.0),
                        "{text}"
                    );
                }
            }
        }
    }
    assert_eq!(number("1e18").ceil(), None);
    assert_eq!(number("999999999999999999").ceil(), Some(999_999_999_999_999_999));
    assert_eq!(number("1e-400").ceil(), Some(1));
}

/// A generator of numbers, the same ones in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn value(&mut self, depth: usize) -> String {
        let scalars = [
            "null",
            "true",
            "false",
            "0",
            "-1",
            "12.50",
            "1e3",
            "-0.1E-7",
            "123456789012345678901234567890",
            "\"\"",
            "\"a b\"",
            r#""\u0041\n\ud83d\ude00""#,
            "\"ü\"",
        ];
        match self.roll(if depth == 0 { 3 } else { 5 }) {
            0..3 => scalars[self.roll(scalars.len())].to_owned(),
            3 => format!(
                "[{}]",
                (0..self.roll(4)).map(|_| self.value(depth - 1)).collect::<Vec<_>>().join(", ")
            ),
            _ => {
                let members = (0..self.roll(4)).map(|at| format!("\"k{at}\" :{}", self.value(depth - 1)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        }
    }
}

#[test]
fn random_documents_and_damaged_ones_are_judged_alike() {
    let mut dice = Dice(7);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let whole = dice.value(4);
        assert_eq!(read(&whole).as_ref().and_then(retold), theirs(&whole), "{whole}");
        let mut damaged: Vec<char> = whole.chars().collect();
        let pieces =
            ['"', '\\', ',', ':', '{', '}', '[', ']', '0', '1', 'e', '.', '-', 'u', ' ', '\n', 'a', '\u{0}'];
        for _ in 0..=dice.roll(2) {
            let at = dice.roll(damaged.len());
            match dice.roll(3) {
                0 => damaged[at] = pieces[dice.roll(pieces.len())],
                1 => damaged.insert(at, pieces[dice.roll(pieces.len())]),
                _ => drop((damaged.len() > 1).then(|| damaged.remove(at))),
            }
        }
        let text: String = damaged.into_iter().collect();
        let object = format!("{{\"v\":{text}}}");
        match read_object(object.as_bytes()) {
            Ok(ours) => {
                accepted += 1;
                assert_eq!(retold(&Value::Object(ours)), theirs(&object), "{text}");
            }
            // serde_json's own value keeps the last of two.
            Err(JsonError::Duplicate { .. }) => {}
            Err(_) => {
                refused += 1;
                assert_eq!(theirs(&object), None, "{text}");
            }
        }
    }
    assert!(accepted > 1000 && refused > 1000, "{accepted} {refused}");
}

#[test]
fn members_keep_their_order_and_equal_in_any() {
    let read = |text: &str| read_object(text.as_bytes()).expect(text);
    let mut object = read(r#"{"b":1,"a":2}"#);
    assert_eq!(object, read(r#"{"a":2,"b":1}"#));
    assert_ne!(object, read(r#"{"a":2}"#));
    assert_ne!(object, read(r#"{"a":2,"c":1}"#));
    object.insert("b".to_owned(), "x\u{1}\"\\é\n".into());
    object.insert("c".to_owned(), Value::from(None::<i64>));
    object.insert("d".to_owned(), true.into());
    assert_eq!(
        Value::Object(object.clone()).write(),
        r#"{"b":"x\u0001\"\\é\u000a","a":2,"c":null,"d":true}"#
    );
    assert_eq!(object.remove("a").and_then(|value| value.as_i64()), Some(2));
    assert_eq!(object.remove("a"), None);
    assert_eq!((object.len(), object.contains_key("d"), Object::new().is_empty()), (3, true, true));
}
