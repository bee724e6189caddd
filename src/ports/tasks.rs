//! Work that nobody waits for.

use byoa_client::ports::Tasks;
use std::{future::Future, pin::Pin};

/// The host's microtasks.
#[derive(Debug)]
pub(crate) struct Microtasks;

impl Tasks for Microtasks {
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()>>>) {
        wasm_bindgen_futures::spawn_local(task);
    }
}
