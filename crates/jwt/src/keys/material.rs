//! The numbers of a public key, checked and handed to aws-lc. Knows no JSON and no DER.

use aws_lc_rs::signature::{
    self as aws, EcdsaVerificationAlgorithm, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents,
};

use crate::{Algorithm, KeyProblem, MAX_RSA_BITS, MIN_RSA_BITS};

/// A public key as numbers, big-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { point: Vec<u8> },
    P384 { point: Vec<u8> },
    Ed25519 { point: Vec<u8> },
}

impl Material {
    /// What a key of this type can do at all.
    pub(super) const fn algorithms(&self) -> &'static [Algorithm] {
        use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        match self {
            Self::Rsa { .. } => &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512],
            Self::P256 { .. } => &[Es256],
            Self::P384 { .. } => &[Es384],
            Self::Ed25519 { .. } => &[EdDsa],
        }
    }

    /// Parses the key once for each of `algorithms`, which must be among [`Self::algorithms`].
    pub(super) fn parse(
        &self,
        algorithms: &[Algorithm],
    ) -> Result<Vec<(Algorithm, ParsedPublicKey)>, KeyProblem> {
        if let Self::Rsa { modulus, exponent } = self {
            check_rsa(modulus, exponent)?;
        }
        algorithms.iter().map(|algorithm| Ok((*algorithm, self.parse_for(*algorithm)?))).collect()
    }

    fn parse_for(&self, algorithm: Algorithm) -> Result<ParsedPublicKey, KeyProblem> {
        match self {
            Self::Rsa { modulus, exponent } => {
                let components =
                    RsaPublicKeyComponents { n: without_zeros(modulus), e: without_zeros(exponent) };
                rsa_parameters(algorithm)
                    .and_then(|parameters| components.to_parsed_public_key(parameters).ok())
                    .ok_or(KeyProblem::RsaModulus)
            }
            Self::P256 { point } => parse_point(&aws::ECDSA_P256_SHA256_FIXED, point),
            Self::P384 { point } => parse_point(&aws::ECDSA_P384_SHA384_FIXED, point),
            Self::Ed25519 { point } => {
                ParsedPublicKey::new(&aws::ED25519, point).map_err(|_| KeyProblem::NotOnCurve)
            }
        }
    }
}

/// The uncompressed point (SEC 1 2.3.3) of two coordinates of the field's full size.
pub(super) fn uncompressed(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

fn parse_point(
    curve: &'static EcdsaVerificationAlgorithm,
    point: &[u8],
) -> Result<ParsedPublicKey, KeyProblem> {
    ParsedPublicKey::new(curve, point).map_err(|_| KeyProblem::NotOnCurve)
}

const fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &aws::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &aws::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &aws::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &aws::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &aws::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &aws::RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => return None,
    })
}

/// Sizes are checked before aws-lc sees the numbers, because cost grows with them.
fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), KeyProblem> {
    let bits = bit_length(modulus);
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
        return Err(KeyProblem::RsaSize { bits });
    }
    if modulus.last().is_none_or(|byte| byte % 2 == 0) {
        return Err(KeyProblem::RsaModulus);
    }
    let exponent = without_zeros(exponent);
    let is_one = exponent == [1];
    let is_odd = exponent.last().is_some_and(|byte| byte % 2 == 1);
    if is_one || !is_odd || exponent.len() > 4 {
        return Err(KeyProblem::RsaExponent);
    }
    Ok(())
}

fn bit_length(number: &[u8]) -> usize {
    let number = without_zeros(number);
    let leading = number.first().map_or(0, |byte| byte.leading_zeros() as usize);
    number.len() * 8 - leading
}

/// RFC 7518 6.3.1.1 warns of libraries that write a leading zero; the number is the same.
fn without_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{bit_length, check_rsa};
    use crate::KeyProblem;

    #[test]
    fn counts_bits_of_the_number_not_of_its_spelling() {
        assert_eq!(bit_length(&[]), 0);
        assert_eq!(bit_length(&[0, 0]), 0);
        assert_eq!(bit_length(&[0, 1]), 1);
        assert_eq!(bit_length(&[0x80, 0]), 16);
    }

    #[test]
    fn bounds_modulus_and_exponent() {
        let modulus = [0xff; 256];
        assert_eq!(check_rsa(&modulus, &[1, 0, 1]), Ok(()));
        assert_eq!(check_rsa(&modulus, &[3]), Ok(()));
        assert_eq!(check_rsa(&modulus, &[0, 1, 0, 1]), Ok(()));
        for exponent in [&[][..], &[0], &[1], &[2], &[0, 1], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
            assert_eq!(check_rsa(&modulus, exponent), Err(KeyProblem::RsaExponent), "{exponent:?}");
        }
        let mut short = modulus;
        short[0] = 0x7f;
        assert_eq!(check_rsa(&short, &[3]), Err(KeyProblem::RsaSize { bits: 2047 }));
        assert_eq!(check_rsa(&[0xff; 1024], &[3]), Ok(()));
        assert_eq!(check_rsa(&[0xff; 1025], &[3]), Err(KeyProblem::RsaSize { bits: 8200 }));
        let mut even = modulus;
        even[255] = 2;
        assert_eq!(check_rsa(&even, &[3]), Err(KeyProblem::RsaModulus));
    }
}
