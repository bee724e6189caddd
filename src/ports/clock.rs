//! `Date.now()` and `performance.now()`.

use byoa_client::ports::Clock;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The machine's clocks, of which the first may be wrong.
#[derive(Debug)]
pub(crate) struct BrowserClock;

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and fractions do not matter")]
impl Clock for BrowserClock {
    #[expect(clippy::disallowed_methods, reason = "this is the file that all time comes from")]
    fn now_ms(&self) -> i64 {
        js_sys::Date::now() as i64
    }

    fn monotonic_ms(&self) -> i64 {
        performance_now() as i64
    }
}
