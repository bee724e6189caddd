//! The writer: no space, no line end, everything that is not ASCII as it is.

use crate::Value;
use std::fmt;

impl Value {
    /// The text of the value.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = String::new();
        write(&mut text, self);
        text
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write())
    }
}

fn write(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(number.as_str()),
        Value::String(string) => write_string(text, string),
        Value::Array(items) => {
            let mut before = '[';
            for item in items {
                text.push(before);
                write(text, item);
                before = ',';
            }
            text.push_str(if before == '[' { "[]" } else { "]" });
        }
        Value::Object(members) => {
            let mut before = '{';
            for (name, member) in members {
                text.push(before);
                write_string(text, name);
                text.push(':');
                write(text, member);
                before = ',';
            }
            text.push_str(if before == '{' { "{}" } else { "}" });
        }
    }
}

fn write_string(text: &mut String, string: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    text.push('"');
    for character in string.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\0'..='\u{1f}' => {
                text.push_str("\\u00");
                let code = character as usize;
                text.extend([HEX[code >> 4], HEX[code & 15]]);
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}
