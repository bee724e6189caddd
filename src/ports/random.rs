//! `crypto.getRandomValues`, for the ids of requests.

use byoa_client::ports::Random;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// The host's generator.
#[derive(Debug)]
pub(crate) struct WebCrypto;

impl Random for WebCrypto {
    fn fill(&self, bytes: &mut [u8]) {
        // A host without it gives dull ids, which only the server's log would notice.
        let _ = get_random_values(bytes);
    }
}
