//! The one place where a failure becomes a JavaScript `Error`.

use byoa_client::ClientError;
use js_sys::{Error, Reflect};
use wasm_bindgen::{JsCast as _, prelude::JsValue};

/// An `Error` with `name`, `code`, `reason`, `status`, `retryable` and `requestId`; what is absent is `undefined`.
pub(crate) fn to_js(failure: &ClientError) -> JsValue {
    let error = Error::new(&failure.message);
    error.set_name(failure.name());
    let text = |text: &str| JsValue::from_str(text);
    let members = [
        ("code", text(&failure.code)),
        ("reason", failure.reason.as_deref().map_or(JsValue::UNDEFINED, text)),
        ("status", failure.status.map_or(JsValue::UNDEFINED, JsValue::from)),
        ("retryable", JsValue::from_bool(failure.retryable)),
        ("requestId", failure.request_id.as_deref().map_or(JsValue::UNDEFINED, text)),
    ];
    for (name, value) in members {
        // Setting a member of a fresh object cannot fail.
        let _ = Reflect::set(&error, &text(name), &value);
    }
    error.into()
}

/// One line about whatever JavaScript threw: an error's message, a string, or else its type.
pub(crate) fn describe(thrown: &JsValue) -> String {
    let message = thrown.dyn_ref::<Error>().map(|error| String::from(error.message()));
    message
        .or_else(|| thrown.as_string())
        .unwrap_or_else(|| thrown.js_typeof().as_string().unwrap_or_default())
}
