//! JSON in and out: one reader, one writer, one type of value. What is read is walked by hand, because code
//! that is generated for a type is many times as large, and a browser downloads it.

pub use byoa_protocol::json::{Object, Value, object, text, whole, write};

/// Reads one object, as strictly as a token: no member twice, nothing after it. `None` where it is none.
#[must_use]
pub fn read(text: &str) -> Option<Object> {
    byoa_json::read_object(text.as_bytes()).ok()
}
