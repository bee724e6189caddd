//! The client's ports, filled with the browser's own. Each file is one of them, and nothing else here may
//! reach for the ambient thing.

mod clock;
mod random;
mod store;
mod tasks;
mod timer;
mod transport;

use byoa_client::ports::Ports;
use std::rc::Rc;

/// The browser's. Nothing is touched before it is used, so that a client can be made anywhere.
pub(crate) fn browser() -> Ports {
    Ports {
        transport: Rc::new(transport::Fetch),
        store: Rc::new(store::LocalStorage),
        clock: Rc::new(clock::BrowserClock),
        timer: Rc::new(timer::BrowserTimer),
        random: Rc::new(random::WebCrypto),
        tasks: Rc::new(tasks::Microtasks),
    }
}
