//! `setTimeout`, which in its plain form fires at once for a delay over 24 days.

use super::clock::BrowserClock;
use byoa_client::ports::{Alarm, Clock as _, Timer};
use js_sys::Function;
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};
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
    fn wake_at(&self, deadline_ms: i64, wake: Box<dyn FnOnce()>) -> Box<dyn Alarm> {
        let wakeup = Rc::new(Wakeup {
            deadline_ms,
            wake: Cell::new(Some(wake)),
            handle: RefCell::new(JsValue::UNDEFINED),
            tick: OnceCell::new(),
        });
        let weak = Rc::downgrade(&wakeup);
        let tick = move || _ = weak.upgrade().as_ref().map(Wakeup::tick);
        // Set once, here.
        let _ = wakeup.tick.set(Closure::new(tick));
        wakeup.arm();
        Box::new(Armed(wakeup))
    }
}

struct Wakeup {
    deadline_ms: i64,
    wake: Cell<Option<Box<dyn FnOnce()>>>,
    handle: RefCell<JsValue>,
    tick: OnceCell<Closure<dyn FnMut()>>,
}

/// The one strong handle; the host's timer has a weak one.
struct Armed(#[expect(dead_code, reason = "held for its drop")] Rc<Wakeup>);

impl Alarm for Armed {}

impl Wakeup {
    /// Sets the host's timer for the rest of the time, or for as much of it as it takes.
    fn arm(&self) {
        let rest = (self.deadline_ms - BrowserClock.now_ms()).max(0);
        let delay_ms = i32::try_from(rest).unwrap_or(i32::MAX);
        if let Some(tick) = self.tick.get() {
            let handle = set_timeout(tick.as_ref().unchecked_ref(), delay_ms);
            *self.handle.borrow_mut() = handle.unwrap_or_default();
        }
    }

    fn tick(self: &Rc<Self>) {
        if BrowserClock.now_ms() < self.deadline_ms {
            return self.arm();
        }
        if let Some(wake) = self.wake.take() {
            wake();
        }
    }
}

impl Drop for Wakeup {
    fn drop(&mut self) {
        let _ = clear_timeout(&self.handle.borrow());
    }
}
