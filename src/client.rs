//! The class that JavaScript sees.

use crate::{
    convert::{self, SnapshotCache},
    error, external_auth,
    listeners::Listeners,
    ports,
};
use byoa_client::{Client, ClientError, Config, Notice, extra::Extra, json::Value};
use byoa_protocol::profile::User;
use js_sys::{Function, Promise};
use std::{
    cell::OnceCell,
    future::{Future, ready},
    pin::Pin,
};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// A client of one environment. Keep it for as long as it is needed: when it is freed or collected, it is
/// closed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ByoaClient {
    client: Client,
    changes: Listeners,
    events: Listeners,
    snapshot: SnapshotCache,
    external_auth: OnceCell<JsValue>,
}

#[wasm_bindgen]
impl ByoaClient {
    /// Makes a client; nothing is read or sent before `start()`. Throws an `InvalidArgumentError` where the
    /// configuration cannot be used.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "ClientConfig")] config: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CoreHost")] host: &JsValue,
    ) -> Result<Self, JsValue> {
        let config = convert::config(config).and_then(|config| Config::new(&config));
        let config = config.map_err(|failure| error::to_js(&failure))?;
        let (changes, events) = (Listeners::default(), Listeners::default());
        let client = Client::new(config, ports::browser(host), observer(&changes, &events));
        let (snapshot, external_auth) = (SnapshotCache::default(), OnceCell::new());
        Ok(Self { client, changes, events, snapshot, external_auth })
    }

    /// Restores the stored session, without a network call, and gives the snapshot. A second call changes
    /// nothing.
    #[wasm_bindgen(unchecked_return_type = "ClientSnapshot")]
    pub fn start(&self) -> JsValue {
        self.client.start();
        self.get_snapshot()
    }

    /// What the client knows now: the same frozen object until something changes.
    #[wasm_bindgen(js_name = getSnapshot, unchecked_return_type = "ClientSnapshot")]
    pub fn get_snapshot(&self) -> JsValue {
        self.snapshot.get(&self.client.snapshot())
    }

    /// Calls the listener after every change of the snapshot, until the returned function is called.
    #[wasm_bindgen(unchecked_return_type = "() => void")]
    pub fn subscribe(
        &self,
        #[wasm_bindgen(unchecked_param_type = "() => void")] listener: Function,
    ) -> JsValue {
        self.changes.add(listener)
    }

    /// Calls the listener with every event, until the returned function is called.
    #[wasm_bindgen(js_name = onEvent, unchecked_return_type = "() => void")]
    pub fn on_event(
        &self,
        #[wasm_bindgen(unchecked_param_type = "(event: ClientEvent) => void")] listener: Function,
    ) -> JsValue {
        self.events.add(listener)
    }

    /// The object for signing in; the same one every time.
    #[wasm_bindgen(js_name = externalAuth, unchecked_return_type = "ExternalAuth")]
    pub fn external_auth(&self) -> JsValue {
        self.external_auth.get_or_init(|| external_auth::object(&self.client)).clone()
    }

    /// Signs out: here at once, then on the server. Rejects only a reason that is none.
    #[wasm_bindgen(unchecked_return_type = "Promise<LogoutResult>")]
    pub fn logout(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "LogoutReason")] reason: &JsValue,
    ) -> Promise {
        let begun = convert::logout_reason(reason).map(|reason| self.client.logout_because(reason));
        settle(async move { Ok(begun?.await.to_json()) })
    }

    /// Gets new tokens for the session. Calls at the same time share one request.
    #[wasm_bindgen(unchecked_return_type = "Promise<UserProfile>")]
    pub fn refresh(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "Aborted")] aborted: &JsValue,
    ) -> Promise {
        settle_user(self.client.refresh(convert::aborted(aborted)))
    }

    /// Reads the user from the server.
    #[wasm_bindgen(js_name = refreshUser, unchecked_return_type = "Promise<UserProfile>")]
    pub fn refresh_user(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "Aborted")] aborted: &JsValue,
    ) -> Promise {
        settle_user(self.client.refresh_user(convert::aborted(aborted)))
    }

    /// Changes the user's own fields.
    #[wasm_bindgen(js_name = updateUser, unchecked_return_type = "Promise<UserProfile>")]
    pub fn update_user(
        &self,
        #[wasm_bindgen(unchecked_param_type = "UserFields")] fields: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "Aborted")] aborted: &JsValue,
    ) -> Promise {
        let aborted = convert::aborted(aborted);
        let begun = convert::user_fields(fields).map(|fields| self.client.update_user(fields, aborted));
        settle_user(async move { begun?.await })
    }

    /// Deletes the user and ends the session.
    #[wasm_bindgen(js_name = deleteUser, unchecked_return_type = "Promise<void>")]
    pub fn delete_user(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "Aborted")] aborted: &JsValue,
    ) -> Promise {
        let deletion = self.client.delete_user(convert::aborted(aborted));
        settle(async move { deletion.await.map(|()| Value::Null) })
    }

    /// Exchanges a fresh external JWT of the signed-in user for an elevated token, and keeps that for the
    /// operation that it is for.
    #[wasm_bindgen(js_name = requestElevatedToken, unchecked_return_type = "Promise<ElevatedToken>")]
    pub fn request_elevated_token(
        &self,
        #[wasm_bindgen(unchecked_param_type = "{ externalJwt: string }")] args: &JsValue,
    ) -> Promise {
        self.extra(convert::text(args, "externalJwt").map(|external_jwt| Extra::Elevate { external_jwt }))
    }

    /// An elevated token with this scope, where one is held; one for a single use once.
    #[must_use]
    #[wasm_bindgen(js_name = getElevatedAccessToken)]
    pub fn get_elevated_access_token(
        &self,
        #[wasm_bindgen(unchecked_param_type = "{ scope: string; consume?: boolean }")] args: &JsValue,
    ) -> Option<String> {
        let scope = convert::text(args, "scope").ok()?;
        let token = self.client.elevated_token(&scope, !convert::is_false(args, "consume"))?;
        Some(token.expose().to_owned())
    }

    /// Whether an operation needs an elevated token that is not held.
    #[wasm_bindgen(js_name = checkStepUp, unchecked_return_type = "Promise<StepUpCheckResponse>")]
    pub fn check_step_up(
        &self,
        #[wasm_bindgen(unchecked_param_type = "{ scope: string }")] args: &JsValue,
    ) -> Promise {
        self.extra(convert::text(args, "scope").map(|scope| Extra::CheckStepUp { scope }))
    }

    /// What the environment announces.
    #[wasm_bindgen(unchecked_return_type = "Promise<AnnouncedSettings>")]
    pub fn settings(&self) -> Promise {
        self.extra(Ok(Extra::Settings))
    }

    /// What shows the session to the app's own backend.
    #[wasm_bindgen(unchecked_return_type = "Promise<Authorization>")]
    pub fn authorize(
        &self,
        #[wasm_bindgen(unchecked_param_type = "{ method: string; url: string; nonce?: string }")]
        args: &JsValue,
    ) -> Promise {
        let text = |name| convert::text(args, name);
        self.extra(
            text("method").and_then(|method| {
                Ok(Extra::Authorize { method, url: text("url")?, nonce: text("nonce").ok() })
            }),
        )
    }

    fn extra(&self, extra: Result<Extra, ClientError>) -> Promise {
        settle_boxed(match extra {
            Ok(extra) => self.client.extra(extra),
            Err(error) => Box::pin(ready(Err(error))),
        })
    }

    /// The session token with the whole profile in its claims, while the session lasts.
    #[must_use]
    #[wasm_bindgen(js_name = getAuthToken)]
    pub fn get_auth_token(&self) -> Option<String> {
        self.client.token().map(|token| token.expose().to_owned())
    }

    /// The small session token, for the `Authorization` header of your own backend, while the session lasts.
    #[must_use]
    #[wasm_bindgen(js_name = getMinAuthToken)]
    pub fn get_min_auth_token(&self) -> Option<String> {
        self.client.minified_token().map(|token| token.expose().to_owned())
    }

    /// The session's times; never a token.
    #[wasm_bindgen(unchecked_return_type = "SessionTimeline")]
    pub fn inspect(&self) -> JsValue {
        convert::to_js(&self.client.inspect().to_json())
    }

    /// Ends the client without signing out: the session stays stored. Promises on their way reject with
    /// code `superseded`.
    pub fn close(&self) {
        self.client.close();
    }
}

impl Drop for ByoaClient {
    fn drop(&mut self) {
        self.client.close();
    }
}

fn observer(changes: &Listeners, events: &Listeners) -> impl Fn(&Notice) + 'static {
    let (changes, events) = (changes.clone(), events.clone());
    move |notice| match notice {
        Notice::Changed => changes.call(&JsValue::UNDEFINED),
        Notice::Event(event) => events.call(&convert::to_js(&event.to_json())),
    }
}

/// A promise for a user.
pub(crate) fn settle_user(answer: impl Future<Output = Result<User, ClientError>> + 'static) -> Promise {
    settle(async move { answer.await.map(|user| user.profile()) })
}

/// A promise for what the client answers.
fn settle(answer: impl Future<Output = Result<Value, ClientError>> + 'static) -> Promise {
    settle_boxed(Box::pin(answer))
}

/// Takes one type only, so that the machinery of a promise is there once and not for every method.
fn settle_boxed(answer: Pin<Box<dyn Future<Output = Result<Value, ClientError>>>>) -> Promise {
    wasm_bindgen_futures::future_to_promise(async move {
        answer.await.map(|value| convert::to_js(&value)).map_err(|failure| error::to_js(&failure))
    })
}
