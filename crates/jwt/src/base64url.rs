//! Base64url as RFC 7515 2 wants it: no padding, no whitespace, one spelling for every value.

#[cfg(feature = "crypto")]
use base64ct::{Base64UrlUnpadded, Encoding};

/// Decodes `text`, or says what is wrong with it without repeating it. A quarter of base64ct's code, and not in
/// constant time: what is decoded here is no secret key.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.bytes() {
        let six = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return Err(problem(text)),
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    let stray = bits & ((1 << count) - 1);
    if text.len() % 4 == 1 || stray != 0 { Err(problem(text)) } else { Ok(bytes) }
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
    use base64ct::{Base64UrlUnpadded, Encoding};

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

    #[test]
    fn the_decoder_says_what_base64ct_says() {
        let letters = *b"AQgwBR-_z09=+/ .";
        let mut texts = vec![String::new()];
        for length in 0..6 {
            let longer: Vec<_> = texts
                .iter()
                .filter(|text| text.len() == length)
                .flat_map(|text| letters.iter().map(move |letter| format!("{text}{}", char::from(*letter))))
                .collect();
            if length < 4 {
                texts.extend(longer);
            } else {
                texts.extend(longer.into_iter().step_by(7));
            }
        }
        texts.push("ä".to_owned());
        assert!(texts.len() > 100_000);
        for text in texts {
            assert_eq!(decode(&text).ok(), Base64UrlUnpadded::decode_vec(&text).ok(), "{text}");
        }
    }
}
