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
