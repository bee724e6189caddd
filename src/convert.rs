//! Values in and out. The only file that knows what a JavaScript value looks like.

use crate::error;
use byoa_client::{
    Aborted, ClientError, Snapshot,
    json::{self, Value},
};
use byoa_protocol::{
    client::{ClientConfig, LogoutReason, SessionBinding, SignInWithExternalJwtArgs},
    profile,
};
use js_sys::{JSON, Number, Object, Promise, Reflect};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::RefCell;
use wasm_bindgen::{JsCast as _, prelude::JsValue};
use wasm_bindgen_futures::JsFuture;

/// A plain JavaScript value, as `JSON.parse` would make it; `undefined` for nothing. Takes one type only, so
/// that the code that converts is there once.
pub(crate) fn to_js(value: &Value) -> JsValue {
    match Converted(value).serialize(&Serializer::json_compatible()) {
        Ok(converted) if !converted.is_null() => converted,
        // Fails for maps whose keys are not text only, which a `Value` cannot have.
        _ => JsValue::UNDEFINED,
    }
}

/// A value on its way to JavaScript.
struct Converted<'v>(&'v Value);

impl Serialize for Converted<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            // Rounded by the host, as `JSON.parse` does: the tables for that are not downloaded.
            Value::Number(number) => serializer.serialize_f64(Number::parse_float(number.as_str())),
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Converted)),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, Converted(value))))
            }
        }
    }
}

/// The JavaScript object of the newest snapshot, so that it is the same one until it changes.
#[derive(Debug, Default)]
pub(crate) struct SnapshotCache {
    newest: RefCell<Option<(u64, JsValue)>>,
}

impl SnapshotCache {
    /// The object of this snapshot.
    pub(crate) fn get(&self, snapshot: &Snapshot) -> JsValue {
        if let Some((_, known)) = self.newest.borrow().as_ref().filter(|(of, _)| *of == snapshot.generation) {
            return known.clone();
        }
        let object = to_js(&snapshot.value.to_json());
        Object::freeze(object.unchecked_ref::<Object>());
        *self.newest.borrow_mut() = Some((snapshot.generation, object.clone()));
        object
    }
}

/// Reads the constructor's argument.
pub(crate) fn config(value: &JsValue) -> Result<ClientConfig, ClientError> {
    let members = Members::of(value, "the configuration")?;
    let environment_id = members.string("environmentId")?;
    let api_base_url = members.string("apiBaseUrl")?;
    let storage_key_suffix = members.optional("storageKeySuffix", "a string", JsValue::as_string)?;
    let request_timeout_ms = members.optional("requestTimeoutMs", "a whole number", milliseconds)?;
    let auto_refresh = members.optional("autoRefresh", "a boolean", JsValue::as_bool)?;
    let session_binding =
        members.optional("sessionBinding", "\"auto\", \"required\" or \"off\"", |value| {
            SessionBinding::of(&value.as_string()?)
        })?;
    Ok(ClientConfig {
        environment_id,
        api_base_url,
        storage_key_suffix,
        request_timeout_ms,
        auto_refresh,
        session_binding,
    })
}

/// Reads the argument of `signInWithExternalJwt`.
pub(crate) fn sign_in_args(value: &JsValue) -> Result<SignInWithExternalJwtArgs, ClientError> {
    let members = Members::of(value, "the argument of signInWithExternalJwt")?;
    let external_jwt = members.optional("externalJwt", "a string", JsValue::as_string)?;
    let external_user_id = members.optional("externalUserId", "a string", JsValue::as_string)?;
    Ok(SignInWithExternalJwtArgs { external_jwt, external_user_id })
}

/// Reads the promise that settles when the caller gives up.
pub(crate) fn aborted(value: &JsValue) -> Option<Aborted> {
    let promise = value.dyn_ref::<Promise>()?.clone();
    Some(Box::pin(async move { _ = JsFuture::from(promise).await }))
}

/// Reads the argument of `logout`.
pub(crate) fn logout_reason(value: &JsValue) -> Result<LogoutReason, ClientError> {
    if value.is_undefined() {
        return Ok(LogoutReason::UserIntent);
    }
    value.as_string().as_deref().and_then(LogoutReason::of).ok_or_else(|| {
        ClientError::invalid_argument("the argument of logout must be one of LogoutReason's words")
    })
}

/// Reads a text of an argument.
pub(crate) fn text(args: &JsValue, name: &str) -> Result<String, ClientError> {
    Members::of(args, "the argument")?.string(name)
}

/// Whether a member of an argument is `false`, and not only absent.
pub(crate) fn is_false(args: &JsValue, name: &str) -> bool {
    Members(args).get(name).is_ok_and(|value| value == JsValue::FALSE)
}

/// Reads the argument of `updateUser`.
pub(crate) fn user_fields(value: &JsValue) -> Result<json::Object, ClientError> {
    Members::of(value, "the argument of updateUser")?;
    let wrong = |why: &str, what: &str| {
        ClientError::invalid_argument(["the argument of updateUser ", why, what].concat())
    };
    let text = JSON::stringify(value).map_err(|thrown| wrong("is not JSON: ", &error::describe(&thrown)))?;
    let fields =
        json::read(&String::from(text)).ok_or_else(|| wrong("must be an object of plain JSON", ""))?;
    profile::user_fields(fields).map_err(|name| wrong("has a wrong type in its member ", &name))
}

struct Members<'a>(&'a JsValue);

impl<'a> Members<'a> {
    fn of(value: &'a JsValue, name: &str) -> Result<Self, ClientError> {
        if value.is_object() { Ok(Self(value)) } else { Err(wrong_type(name, "an object", value)) }
    }

    fn string(&self, name: &str) -> Result<String, ClientError> {
        let value = self.get(name)?;
        value.as_string().ok_or_else(|| wrong_type(name, "a string", &value))
    }

    fn optional<T>(
        &self,
        name: &str,
        expected: &str,
        read: fn(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, ClientError> {
        let value = self.get(name)?;
        if value.is_undefined() {
            return Ok(None);
        }
        read(&value).map(Some).ok_or_else(|| wrong_type(name, expected, &value))
    }

    fn get(&self, name: &str) -> Result<JsValue, ClientError> {
        Reflect::get(self.0, &JsValue::from_str(name))
            .map_err(|_| ClientError::invalid_argument([name, " cannot be read"].concat()))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
fn milliseconds(value: &JsValue) -> Option<u32> {
    value.as_f64().filter(|number| (0.0..=f64::from(i32::MAX)).contains(number)).map(|number| number as u32)
}

fn wrong_type(name: &str, expected: &str, found: &JsValue) -> ClientError {
    let found =
        if found.is_null() { "null".to_owned() } else { found.js_typeof().as_string().unwrap_or_default() };
    ClientError::invalid_argument([name, " must be ", expected, ", but is ", &found].concat())
}
