//! What the cryptography of one sign-in costs with nothing around it: keys parsed once, no HTTP, no JSON.

use crate::{plan::CryptoCost, process};
use aws_lc_rs::{
    error::Unspecified,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use std::time::Instant;

/// As long as header and payload of an ordinary token.
const MESSAGE: [u8; 480] = [b'e'; 480];

/// Measures each operation for a third of the time, on this thread.
pub(crate) fn measure(seconds: f64) -> Result<CryptoCost, Unspecified> {
    let random = SystemRandom::new();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let rsa_public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, rsa.public_key().as_ref())?;
    let mut rsa_signature = vec![0; rsa.public_modulus_len()];
    rsa.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut rsa_signature)?;

    let ecdsa = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let ecdsa_public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, ecdsa.public_key().as_ref())?;
    let ecdsa_signature = ecdsa.sign(&random, &MESSAGE)?;

    let third = seconds / 3.0;
    Ok(CryptoCost {
        rs256_verify: micros(third, || rsa_public.verify_sig(&MESSAGE, &rsa_signature))?,
        es256_verify: micros(third, || ecdsa_public.verify_sig(&MESSAGE, ecdsa_signature.as_ref()))?,
        es256_sign: micros(third, || ecdsa.sign(&random, &MESSAGE).map(|_| ()))?,
    })
}

/// Mean processor time of one call, in microseconds.
fn micros(seconds: f64, mut once: impl FnMut() -> Result<(), Unspecified>) -> Result<f64, Unspecified> {
    const BATCH: u32 = 200;
    for _ in 0..BATCH {
        once()?;
    }
    let clock = Instant::now();
    let before = process::thread_nanos();
    let mut calls = 0.0;
    while clock.elapsed().as_secs_f64() < seconds {
        for _ in 0..BATCH {
            once()?;
        }
        calls += f64::from(BATCH);
    }
    let wall = clock.elapsed().as_secs_f64() * 1e6;
    let spent =
        before.zip(process::thread_nanos()).map_or(wall, |(before, after)| nanos(after - before) / 1e3);
    Ok(spent / calls)
}

/// Exact below half a second per 2^-22; far finer than what is measured.
#[expect(clippy::cast_precision_loss, reason = "2^53 ns are a hundred days")]
fn nanos(nanos: u64) -> f64 {
    nanos as f64
}
