//! The reader. It refuses what two readers could read differently: a member given twice at any depth, a byte
//! order mark, invalid UTF-8, lone surrogates, and numbers that no `f64` can hold.

use crate::{Number, Object, Value};

/// How deep lists and objects may lie in each other, the outermost counted.
pub const MAX_DEPTH: usize = 127;

/// Numbers of this power of ten and above are refused: some of them are no `f64`.
const MAX_MAGNITUDE: i64 = 308;

/// Why some bytes are not an acceptable JSON object. Never repeats a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON from that byte on.
    NotJson {
        /// The byte, counted from 1.
        at: usize,
    },
    /// JSON, but not an object.
    NotAnObject,
    /// An object has two members of that name.
    Duplicate {
        /// As it is in the text, however long.
        name: String,
    },
}

/// Reads exactly one JSON object (RFC 8259) from `bytes`.
pub fn read_object(bytes: &[u8]) -> Result<Object, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    let mut reader = Reader { text, at: 0, duplicate: None };
    let read = reader.value(MAX_DEPTH);
    reader.skip_space();
    if let Some(name) = reader.duplicate {
        return Err(JsonError::Duplicate { name });
    }
    match read {
        Some(value) if reader.at == text.len() => match value {
            Value::Object(object) => Ok(object),
            _ => Err(JsonError::NotAnObject),
        },
        _ => Err(JsonError::NotJson { at: reader.at + 1 }),
    }
}

/// Every method that fails leaves `at` where it does.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    duplicate: Option<String>,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip_space();
        match self.peek()? {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'"' => self.string().map(Value::String),
            b'n' => self.word("null", Value::Null),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            _ => self.number().map(Value::Number),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut object = Object::new();
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Some(Value::Object(object));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.skip_space();
            self.expect(b':')?;
            object.push(name, self.value(depth)?);
            self.skip_space();
            if self.take(b'}') {
                break;
            }
            self.expect(b',')?;
        }
        self.duplicate = twice(&object);
        self.duplicate.is_none().then_some(Value::Object(object))
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Some(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_space();
            if self.take(b']') {
                return Some(Value::Array(items));
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.expect(b'"')?;
        let mut string = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek()?, b'"' | b'\\' | ..=0x1f) {
                self.at += 1;
            }
            string.push_str(self.text.get(start..self.at)?);
            if self.take(b'"') {
                return Some(string);
            }
            self.expect(b'\\')?;
            string.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    // Not the second half of a pair either: that is no character.
                    return char::from_u32(unit);
                }
                self.expect(b'\\')?;
                self.expect(b'u')?;
                let low = self.hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                return char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + low);
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + char::from(self.peek()?).to_digit(16)?;
            self.at += 1;
        }
        Some(unit)
    }

    fn number(&mut self) -> Option<Number> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        let text = self.text.get(start..self.at)?;
        Number::magnitude(text).is_none_or(|power| power < MAX_MAGNITUDE).then(|| Number::new(text))
    }

    /// At least one.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        let found = self.text.get(self.at..)?.starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found.then_some(value)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }
}

/// A name that an object has twice. Sorted, because comparing each with each takes hours for an object of a
/// megabyte.
fn twice(object: &Object) -> Option<String> {
    let mut names: Vec<&str> = object.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].to_owned())
}
