//! A device's proof that it holds a key: one of our nonces, signed. Optional; what is there must hold.

use super::{DeviceProof, Exchange, ExchangeError, nonce::Purpose, session_key::CallerKey};
use crate::store::Environment;

const PARTIAL: &str = "the device's nonce, public key and signature come together or not at all";
const KEY: &str = "the device's public key must be a compressed P-256 point in 66 lower-case hex digits";
const NONCE: &str = "the device's nonce is not ours, or is older than 24 hours; get new ones from `nonces`";
const SIGNATURE: &str = "the device's signature must be r and s over the nonce's bytes, in 128 hex digits";
const USED: &str = "the device's nonce was used before; take another from `nonces`";

impl Exchange {
    /// Verifies what is there, and uses the nonce up: the key that was proved, or none where no proof came.
    /// `x-dynamic-device-*` carry it.
    pub(super) async fn verify_device(
        &self,
        environment: &Environment,
        proof: DeviceProof,
    ) -> Result<Option<String>, ExchangeError> {
        let refuse = |why| Err(ExchangeError::InvalidDeviceNonce(why));
        let (nonce, public_key, signature) = match (proof.nonce, proof.public_key, proof.signature) {
            (None, None, None) => return Ok(None),
            (Some(nonce), Some(public_key), Some(signature)) => (nonce, public_key, signature),
            _ => return refuse(PARTIAL),
        };
        let Some(key) = CallerKey::read(&public_key) else { return refuse(KEY) };
        let nonces = self.nonces_of(environment)?;
        let Some(end) = nonces.ends_at(Purpose::Device, &nonce, self.clock.now()) else {
            return refuse(NONCE);
        };
        if !key.has_signed(nonce.as_bytes(), &signature) {
            return refuse(SIGNATURE);
        }
        // Last, so that only the holder of the key can use a nonce up.
        if !self.store.use_nonce(environment.id, &nonce, end).await? {
            return refuse(USED);
        }
        Ok(Some(public_key))
    }
}
