//! Base64url as RFC 7515 2 wants it: no padding, no whitespace, one spelling for every value.

use data_encoding::{BASE64URL_NOPAD, DecodeKind};

/// Decodes `text`, or says what is wrong with it without repeating it.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|error| match error.kind {
        DecodeKind::Length => "its length is not possible in base64url",
        DecodeKind::Symbol => "it has a character outside the base64url alphabet (padding is one)",
        DecodeKind::Trailing => "its last character carries stray bits, so it is not canonical",
        DecodeKind::Padding => "it is padded",
    })
}

/// Encodes `bytes` without padding.
#[cfg(feature = "crypto")]
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
