//! Base64url as RFC 7515 2 wants it: no padding, no whitespace, one spelling for every value.

use base64ct::{Base64UrlUnpadded, Encoding};

/// Decodes `text`, or says what is wrong with it without repeating it.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| problem(text))
}

/// Encodes `bytes` without padding.
#[cfg(feature = "crypto")]
pub(crate) fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Which rule a refused text breaks: its alphabet, its length, or else the bits of its last character.
fn problem(text: &str) -> &'static str {
    let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !text.bytes().all(in_alphabet) {
        "it has a character outside the base64url alphabet (padding is one)"
    } else if text.len() % 4 == 1 {
        "its length is not possible in base64url"
    } else {
        "its last character carries stray bits, so it is not canonical"
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn one_spelling_for_every_value() {
        assert_eq!(decode(""), Ok(vec![]));
        assert_eq!(decode("_-8"), Ok(vec![0xff, 0xef]));
        for (text, word) in [
            ("QQ==", "alphabet"),
            ("Q Q", "alphabet"),
            ("+/8", "alphabet"),
            ("QUJDR", "length"),
            ("QR", "stray"),
            ("QUJ", "stray"),
        ] {
            assert!(decode(text).is_err_and(|problem| problem.contains(word)), "{text}");
        }
    }
}
