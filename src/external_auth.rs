//! The object for signing in, whose method works without the object: apps take it off.

use crate::{client::settle_user, convert};
use byoa_client::Client;
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::{closure::Closure, prelude::JsValue};

/// `{ signInWithExternalJwt }`, frozen.
pub(crate) fn object(client: &Client) -> JsValue {
    let client = client.clone();
    let method =
        Closure::<dyn Fn(JsValue, JsValue) -> Promise>::new(move |args: JsValue, aborted: JsValue| {
            sign_in(&client, &args, &aborted)
        });
    let object = Object::new();
    // Setting a member of a fresh object cannot fail.
    let _ = Reflect::set(&object, &JsValue::from_str("signInWithExternalJwt"), &method.into_js_value());
    Object::freeze(&object).into()
}

fn sign_in(client: &Client, args: &JsValue, aborted: &JsValue) -> Promise {
    let aborted = convert::aborted(aborted);
    let begun = convert::sign_in_args(args).map(|args| client.sign_in_with_external_jwt(args, aborted));
    settle_user(async move { begun?.await })
}
