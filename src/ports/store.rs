//! The host object's storage, or `localStorage`, whose very getter throws where the browser blocks it.

use super::host::{Host, StorageHost};
use byoa_client::ports::{Store, StoreError};
use byoa_protocol::client::StorageKind;
use js_sys::Reflect;
use wasm_bindgen::{JsCast as _, prelude::JsValue};

/// A storage of the host object, or the origin's, looked up anew for every access: settings change while
/// a page is open.
#[derive(Debug)]
pub(crate) struct HostStore(JsValue);

impl HostStore {
    pub(crate) fn of(host: &Host) -> Self {
        Self(host.storage())
    }

    /// From the global object, which is not a window in a worker.
    fn storage(&self) -> Result<StorageHost, StoreError> {
        let found = if self.0.is_object() {
            self.0.clone()
        } else {
            Reflect::get(&js_sys::global(), &JsValue::from_str("localStorage")).map_err(refused)?
        };
        if found.is_object() { Ok(found.unchecked_into()) } else { Err(StoreError) }
    }
}

impl Store for HostStore {
    fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.storage()?.get_item(key).map_err(refused)
    }

    fn set(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.storage()?.set_item(key, value).map_err(refused)
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.storage()?.remove_item(key).map_err(refused)
    }

    fn kind(&self) -> StorageKind {
        if !self.0.is_object() {
            return StorageKind::Local;
        }
        match self.0.unchecked_ref::<StorageHost>().kind().as_deref() {
            Some("local") => StorageKind::Local,
            Some("session") => StorageKind::Session,
            Some("memory") => StorageKind::Memory,
            _ => StorageKind::Custom,
        }
    }
}

fn refused<T>(_: T) -> StoreError {
    StoreError
}
