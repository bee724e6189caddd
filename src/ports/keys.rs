//! The host's keys: a module of the package that is loaded when a key is needed first.

use super::host::Host;
use crate::error::describe;
use byoa_client::{
    Secret,
    ports::{Keys, KeysError, Proof, ProofAsk},
};
use js_sys::Array;
use wasm_bindgen::prelude::JsValue;
use wasm_bindgen_futures::JsFuture;

/// `CoreHost.keys`.
#[derive(Debug)]
pub(crate) struct HostKeys(pub(crate) Host);

#[async_trait::async_trait(?Send)]
impl Keys for HostKeys {
    async fn prove(&self, ask: ProofAsk<'_>) -> Result<Proof, KeysError> {
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a double")]
        let issued_at = ask.issued_at as f64;
        let proof = self.0.keys(
            ask.environment_id,
            ask.method,
            ask.url,
            issued_at,
            ask.nonce,
            ask.token,
            ask.thumbprint,
            ask.device_nonce_url,
        );
        let made = match proof {
            Ok(promise) => JsFuture::from(promise).await,
            Err(thrown) => Err(thrown),
        };
        made.map(|made| proof_of(&made)).map_err(|thrown| KeysError(describe(&thrown)))
    }
}

/// `[proof, level, thumbprint, deviceNonce?, publicKey?, deviceSignature?]`
fn proof_of(made: &JsValue) -> Proof {
    let parts: Vec<String> = Array::from(made).iter().filter_map(|part| part.as_string()).collect();
    let mut parts = parts.into_iter();
    let mut next = || parts.next().unwrap_or_default();
    let (proof, level, thumbprint) = (Secret::new(next()), next(), next());
    let device = [next(), next(), next()];
    let device = device.iter().all(|part| !part.is_empty()).then(|| device.map(Secret::new));
    Proof { proof, thumbprint, is_stored: level == "bound", device }
}
