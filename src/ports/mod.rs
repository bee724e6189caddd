//! The client's ports, filled with the browser's own. Each file is one of them, and nothing else here may
//! reach for the ambient thing.

mod clock;
mod host;
mod keys;
mod page;
mod random;
mod store;
mod tasks;
mod timer;
mod transport;

use byoa_client::ports::Ports;
use std::rc::Rc;
use wasm_bindgen::{JsCast as _, prelude::JsValue};

/// The browser's and the host object's. Nothing is touched before it is used, so that a client can be
/// made anywhere.
pub(crate) fn browser(host: &JsValue) -> Ports {
    let given = if host.is_object() { host.clone() } else { js_sys::Object::new().into() };
    let host: host::Host = given.unchecked_into();
    Ports {
        transport: Rc::new(transport::Fetch),
        store: Rc::new(store::HostStore::of(&host)),
        clock: Rc::new(clock::BrowserClock),
        timer: Rc::new(timer::BrowserTimer),
        random: Rc::new(random::WebCrypto),
        tasks: Rc::new(tasks::Microtasks),
        page: Rc::new(page::HostPage::of(&host)),
        keys: host.has_keys().is_function().then(|| Rc::new(keys::HostKeys(host)) as _),
    }
}
