//! What JavaScript hands in beside the configuration: `CoreHost` in the package's `core.ts`.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The host object; anything else is one without members.
    #[derive(Clone, Debug)]
    pub(crate) type Host;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn storage(this: &Host) -> JsValue;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn page(this: &Host) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = keys)]
    pub(crate) fn has_keys(this: &Host) -> JsValue;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn keys(
        this: &Host,
        environment_id: &str,
        method: &str,
        url: &str,
        issued_at: f64,
        nonce: Option<&str>,
        token: Option<&str>,
        thumbprint: Option<&str>,
        device_nonce_url: Option<&str>,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn log(this: &Host) -> JsValue;

    #[derive(Debug)]
    pub(crate) type PageHost;

    #[wasm_bindgen(method, js_name = isVisible)]
    pub(crate) fn is_visible(this: &PageHost) -> bool;

    #[wasm_bindgen(method)]
    pub(crate) fn watch(this: &PageHost, wake: &Function) -> Function;

    #[wasm_bindgen(method)]
    pub(crate) fn lock(this: &PageHost, name: &str, wait_ms: i32) -> Promise;

    #[derive(Debug)]
    pub(crate) type StorageHost;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn kind(this: &StorageHost) -> Option<String>;

    #[wasm_bindgen(method, catch, js_name = getItem)]
    pub(crate) fn get_item(this: &StorageHost, key: &str) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setItem)]
    pub(crate) fn set_item(this: &StorageHost, key: &str, value: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = removeItem)]
    pub(crate) fn remove_item(this: &StorageHost, key: &str) -> Result<(), JsValue>;
}
