//! `localStorage`, whose very getter throws where the browser blocks it.

use byoa_client::ports::{Store, StoreError};
use js_sys::Reflect;
use wasm_bindgen::{JsCast as _, prelude::JsValue};
use web_sys::Storage;

/// The origin's storage, looked up anew for every access: settings change while a page is open.
#[derive(Debug)]
pub(crate) struct LocalStorage;

impl Store for LocalStorage {
    fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        storage()?.get_item(key).map_err(refused)
    }

    fn set(&self, key: &str, value: &str) -> Result<(), StoreError> {
        storage()?.set_item(key, value).map_err(refused)
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        storage()?.remove_item(key).map_err(refused)
    }
}

/// From the global object, which is not a window in a worker.
fn storage() -> Result<Storage, StoreError> {
    let found = Reflect::get(&js_sys::global(), &JsValue::from_str("localStorage")).map_err(refused)?;
    if found.is_object() { Ok(found.unchecked_into()) } else { Err(StoreError) }
}

fn refused<T>(_: T) -> StoreError {
    StoreError
}
