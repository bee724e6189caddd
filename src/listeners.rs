//! Functions that want to know. None of them can hurt the client or one another.

use js_sys::Function;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{
    closure::Closure,
    prelude::{JsValue, wasm_bindgen},
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = reportError)]
    fn report_error(error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(error: &JsValue);
}

/// Listeners in the order in which they came. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listeners {
    list: Rc<RefCell<Vec<Rc<Function>>>>,
}

impl Listeners {
    /// Adds one and gives the function that takes it off again. The same function may be added twice.
    pub(crate) fn add(&self, listener: Function) -> JsValue {
        let listener = Rc::new(listener);
        self.list.borrow_mut().push(Rc::clone(&listener));
        let list = Rc::downgrade(&self.list);
        let remove = move || {
            if let Some(list) = list.upgrade() {
                list.borrow_mut().retain(|known| !Rc::ptr_eq(known, &listener));
            }
        };
        Closure::<dyn Fn()>::new(remove).into_js_value()
    }

    /// Calls every listener that is there now and not taken off by an earlier one. What one throws is
    /// reported as an uncaught error would be, and the rest still run.
    pub(crate) fn call(&self, argument: &JsValue) {
        let now = self.list.borrow().clone();
        for listener in now {
            let is_there = self.list.borrow().iter().any(|known| Rc::ptr_eq(known, &listener));
            if !is_there {
                continue;
            }
            if let Err(thrown) = listener.call1(&JsValue::UNDEFINED, argument) {
                report_error(&thrown).unwrap_or_else(|_| console_error(&thrown));
            }
        }
    }
}
