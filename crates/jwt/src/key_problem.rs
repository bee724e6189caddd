//! Why a published key is not used. One such key never spoils its set.

use thiserror::Error;

/// Why a key of a JWK set cannot verify tokens. Found values are shortened and escaped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// The entry of `keys` is not a JSON object.
    #[error("the entry is not a JSON object")]
    NotAnObject,
    /// `kid` is not a string (RFC 7517 4.5).
    #[error("its kid is not a string")]
    KidInvalid,
    /// A required member is absent.
    #[error("its member {name} is missing")]
    MemberMissing {
        /// The member.
        name: &'static str,
    },
    /// A member has the wrong type, length or encoding.
    #[error("its member {name} is invalid: {problem}")]
    MemberInvalid {
        /// The member.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A key type nobody here knows.
    #[error("its key type {found} is not supported; use RSA, EC or OKP")]
    TypeUnsupported {
        /// The `kty`.
        found: String,
    },
    /// A curve nobody here knows.
    #[error("its curve {found} is not supported; use P-256, P-384 or Ed25519")]
    CurveUnsupported {
        /// The `crv`.
        found: String,
    },
    /// `kty: oct`: whoever can verify with it can also sign.
    #[error("it is a symmetric key, which would let every verifier sign; publish an asymmetric one")]
    Symmetric,
    /// The private half is published with it, so everyone can sign.
    #[error("it publishes its private member {name}; withdraw the key and publish the public half only")]
    Private {
        /// The first private member found.
        name: &'static str,
    },
    /// `use` is not `sig` (RFC 7517 4.2).
    #[error("its use is {found}, not sig")]
    UseNotSignature {
        /// The `use`.
        found: String,
    },
    /// `key_ops` does not contain `verify` (RFC 7517 4.3).
    #[error("its key_ops do not include verify")]
    OperationsWithoutVerify,
    /// `alg` names an algorithm that does not exist here.
    #[error("its algorithm {found} is not supported")]
    AlgorithmUnsupported {
        /// The `alg`.
        found: String,
    },
    /// `alg` names an algorithm that this type of key cannot do.
    #[error("its algorithm {found} does not fit its key type or curve")]
    AlgorithmUnfit {
        /// The `alg`.
        found: String,
    },
    /// The modulus is too short or too long.
    #[error("its RSA modulus has {bits} bits; use {} to {}", crate::MIN_RSA_BITS, crate::MAX_RSA_BITS)]
    RsaSize {
        /// The modulus' length.
        bits: usize,
    },
    /// The modulus is even, so it is no product of two odd primes.
    #[error("its RSA modulus is even")]
    RsaModulus,
    /// The public exponent is below 3, even, or above 32 bits.
    #[error("its RSA exponent is not an odd number from 3 to 4294967295; use 65537")]
    RsaExponent,
    /// The coordinates are not a point of the curve.
    #[error("it is not a point on its curve")]
    NotOnCurve,
}
