//! `setTimeout`.

use byoa_client::ports::{Alarm, Timer};
use js_sys::Function;
use wasm_bindgen::{
    JsCast as _,
    closure::Closure,
    prelude::{JsValue, wasm_bindgen},
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = setTimeout)]
    fn set_timeout(handler: &Function, delay_ms: i32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = clearTimeout)]
    fn clear_timeout(handle: &JsValue) -> Result<(), JsValue>;
}

/// The host's timer; also a worker's.
#[derive(Debug)]
pub(crate) struct BrowserTimer;

impl Timer for BrowserTimer {
    fn wake_after(&self, delay_ms: i64, wake: Box<dyn FnOnce()>) -> Box<dyn Alarm> {
        let mut wake = Some(wake);
        // A callback may drop the alarm, and with it the closure that runs: it lives on until it returns.
        let tick = Closure::<dyn FnMut()>::new(move || {
            if let Some(wake) = wake.take() {
                wake();
            }
        });
        // A longer delay would be none at all (HTML, "timers": a signed 32-bit number).
        let delay_ms = i32::try_from(delay_ms).unwrap_or(i32::MAX);
        let handle = set_timeout(tick.as_ref().unchecked_ref(), delay_ms).unwrap_or_default();
        Box::new(Timeout { handle, _tick: tick })
    }
}

struct Timeout {
    handle: JsValue,
    _tick: Closure<dyn FnMut()>,
}

impl Alarm for Timeout {}

impl Drop for Timeout {
    fn drop(&mut self) {
        let _ = clear_timeout(&self.handle);
    }
}
