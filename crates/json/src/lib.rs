//! JSON as a value: one type, one strict reader, one writer.
//!
//! For the browser, where every kilobyte is downloaded: no code per type, no table of powers of ten. The
//! server reads with `serde_json`; tests hold the two against each other. Nothing here knows what a value
//! means, and nothing may depend on anything.

mod number;
mod object;
mod read;
mod value;
mod write;

pub use number::Number;
pub use object::Object;
pub use read::{JsonError, MAX_DEPTH, read_object};
pub use value::Value;
