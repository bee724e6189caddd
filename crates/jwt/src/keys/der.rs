//! Just enough DER to read a `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7). Strict, without recursion.

/// Takes one element with `tag` off the front: (content, rest).
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, input) = input.split_first()?;
    let (&first, input) = input.split_first()?;
    let (length, input) = match first {
        0..=0x7f => (usize::from(first), input),
        0x81 => {
            input.split_first().map(|(&one, rest)| (usize::from(one), rest)).filter(|(n, _)| *n > 0x7f)?
        }
        0x82 => {
            let (two, rest) = input.split_first_chunk::<2>()?;
            Some((usize::from(u16::from_be_bytes(*two)), rest)).filter(|(n, _)| *n > 0xff)?
        }
        _ => return None,
    };
    (found == tag).then_some(())?;
    input.split_at_checked(length)
}

/// The content of the only element in `input`.
fn only(input: &[u8], tag: u8) -> Option<&[u8]> {
    element(input, tag).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// (content of the `AlgorithmIdentifier`, key bits) of a `SubjectPublicKeyInfo`.
pub(super) fn public_key_info(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (algorithm, rest) = element(only(input, SEQUENCE)?, SEQUENCE)?;
    let (unused_bits, key) = only(rest, BIT_STRING)?.split_first()?;
    (*unused_bits == 0).then_some((algorithm, key))
}

/// (modulus, exponent) of an `RSAPublicKey` (RFC 8017 A.1.1).
pub(super) fn rsa_public_key(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (modulus, rest) = element(only(input, SEQUENCE)?, INTEGER)?;
    Some((positive(modulus)?, positive(only(rest, INTEGER)?)?))
}

fn positive(integer: &[u8]) -> Option<&[u8]> {
    integer.first().filter(|byte| **byte < 0x80).map(|_| integer)
}

#[cfg(test)]
mod tests {
    use super::{element, public_key_info, rsa_public_key};

    #[test]
    fn reads_a_public_key_info_and_nothing_beside_it() {
        let good = [0x30, 7, 0x30, 1, 5, 0x03, 2, 0, 9];
        assert_eq!(public_key_info(&good), Some((&[5][..], &[9][..])));
        for at in 0..good.len() {
            assert_eq!(public_key_info(&good[..at]), None);
        }
        assert_eq!(public_key_info(&[&good[..], &[0]].concat()), None);
        assert_eq!(public_key_info(&[0x30, 7, 0x30, 1, 5, 0x03, 2, 1, 9]), None);
    }

    #[test]
    fn refuses_negative_numbers_and_long_ways_to_write_a_length() {
        assert_eq!(rsa_public_key(&[0x30, 6, 2, 1, 7, 2, 1, 3]), Some((&[7][..], &[3][..])));
        assert_eq!(rsa_public_key(&[0x30, 6, 2, 1, 0x87, 2, 1, 3]), None);
        assert_eq!(rsa_public_key(&[0x30, 5, 2, 0, 2, 1, 3]), None);
        assert_eq!(element(&[2, 0x81, 1, 7], 2), None);
        assert_eq!(element(&[2, 0x82, 0, 1, 7], 2), None);
        assert_eq!(element(&[2, 0x80, 7, 0, 0], 2), None);
        assert_eq!(element(&[2, 1, 7], 3), None);
    }
}
