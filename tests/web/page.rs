//! A page: the global functions that the edge uses, replaced by ones that a test scripts.

use byoa::ByoaClient;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast as _, prelude::*};
use wasm_bindgen_futures::JsFuture;

pub(crate) const ENVIRONMENT: &str = "11111111-2222-4333-8444-555555555555";
pub(crate) const OTHER_ENVIRONMENT: &str = "22222222-2222-4333-8444-555555555555";
pub(crate) const API_BASE: &str = "https://auth.example.com/api/v0";
pub(crate) const STORE_KEY: &str = "byoa:11111111-2222-4333-8444-555555555555:session";

#[wasm_bindgen(inline_js = r#"
const real = {
  fetch: globalThis.fetch,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  now: Date.now,
  monotonic: performance.now,
  reportError: globalThis.reportError,
  localStorage: Object.getOwnPropertyDescriptor(globalThis, 'localStorage'),
};
let answers, requests, reported, timers;

export function resetPage() {
  Object.defineProperty(globalThis, 'localStorage', real.localStorage);
  localStorage.clear();
  globalThis.setTimeout = real.setTimeout;
  globalThis.clearTimeout = real.clearTimeout;
  Date.now = real.now;
  performance.now = real.monotonic;
  answers = []; requests = []; reported = []; timers = [];
  globalThis.reportError = (error) => { reported.push(error); };
  globalThis.fetch = (request) => {
    // A server that announces nothing; tests of the settings are in crates/client.
    if (request.url.endsWith('/settings')) return Promise.resolve(new Response('', { status: 404 }));
    const seen = {
      method: request.method, url: request.url, credentials: request.credentials,
      redirect: request.redirect, cache: request.cache, signal: request.signal, headers: Object.fromEntries(request.headers),
    };
    requests.push(seen);
    const answer = answers.shift() ?? (() => Promise.reject(new TypeError('nothing scripted')));
    return request.text().then((body) => { seen.body = body; }).then(answer);
  };
}
export function answer(status, body) {
  answers.push(() => new Response(status === 204 ? null : body, { status }));
}
export function gated(status, body) {
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  answers.push(() => gate.then(() => new Response(body, { status })));
  return open;
}
export function rejectWith(value) { answers.push(() => Promise.reject(value)); }
export function resolveWith(value) { answers.push(() => value); }
export function replaceFetch(fetch) { globalThis.fetch = fetch; }
export function isAborted(index) { return requests[index].signal.aborted; }
/** A page that a test wakes, and a lock that it grants. */
export function hostPage() {
  const page = {
    visible: true, woken: [], locks: [], released: 0, ended: 0,
    isVisible: () => page.visible,
    watch: (wake) => { page.woken.push(wake); return () => { page.ended += 1; }; },
    lock: (name, waitMs) => {
      page.locks.push([name, waitMs]);
      return Promise.resolve(() => { page.released += 1; });
    },
  };
  return page;
}
export function turn() { return new Promise((resolve) => real.setTimeout.call(globalThis, resolve, 20)); }
export function requestsJson() { return JSON.stringify(requests); }
export function reportedErrors() { return reported; }
export function hideReportError() { globalThis.reportError = undefined; }
export function blockStorage() {
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true, get() { throw new DOMException('denied', 'SecurityError'); },
  });
}
export function replaceStorage(value) {
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, value });
}
export function stopTime() {
  let now = real.now();
  Date.now = () => now;
  const ahead = now - real.monotonic.call(performance);
  performance.now = () => now - ahead;
  globalThis.setTimeout = (run, delay) => { timers.push({ run, delay, live: true }); return timers.length; };
  globalThis.clearTimeout = (id) => { if (timers[id - 1]) timers[id - 1].live = false; };
  return (milliseconds) => { now += milliseconds; };
}
export function liveTimers() { return timers.filter((timer) => timer.live).map((timer) => timer.delay); }
export function fireTimers() {
  const due = timers.filter((timer) => timer.live);
  for (const timer of due) { timer.live = false; timer.run(); }
}
const part = (value) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
export function jwt(subject, seconds) {
  const claims = { iss: 'https://issuer.example.com', sub: subject, exp: Math.floor(Date.now() / 1000) + seconds };
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
}
export function session(subject, id, seconds) {
  return JSON.stringify({
    user: {
      id: `user-of-${subject}`, projectEnvironmentId: '11111111-2222-4333-8444-555555555555', sessionId: id,
      metadata: { plan: 'pro', deep: [1, null, { x: true }] },
      verifiedCredentials: [{ id: 'c', format: 'externalUser', public_identifier: subject, signInEnabled: true }],
    },
    expiresAt: Math.floor(Date.now() / 1000) + seconds, minifiedJwt: `${id}.mini.x`, jwt: `${id}.fat.x`,
  });
}
export function object(json) { return eval(`(${json})`); }
export function invoke(method, target, args) { return Reflect.apply(method, target, args); }
"#)]
extern "C" {
    #[wasm_bindgen(js_name = resetPage)]
    pub(crate) fn reset_page();
    #[wasm_bindgen(js_name = isAborted)]
    pub(crate) fn is_aborted(index: u32) -> bool;
    /// Lets the page do what it has to do.
    #[wasm_bindgen(js_name = turn)]
    pub(crate) fn turn_js() -> JsValue;
    #[wasm_bindgen(js_name = hostPage)]
    pub(crate) fn host_page() -> JsValue;
    pub(crate) fn answer(status: u16, body: &str);
    pub(crate) fn gated(status: u16, body: &str) -> Function;
    #[wasm_bindgen(js_name = rejectWith)]
    pub(crate) fn reject_with(value: &JsValue);
    #[wasm_bindgen(js_name = resolveWith)]
    pub(crate) fn resolve_with(value: &JsValue);
    #[wasm_bindgen(js_name = replaceFetch)]
    pub(crate) fn replace_fetch(fetch: &JsValue);
    #[wasm_bindgen(js_name = requestsJson)]
    fn requests_json() -> String;
    #[wasm_bindgen(js_name = reportedErrors)]
    pub(crate) fn reported_errors() -> Array;
    #[wasm_bindgen(js_name = hideReportError)]
    pub(crate) fn hide_report_error();
    #[wasm_bindgen(js_name = blockStorage)]
    pub(crate) fn block_storage();
    #[wasm_bindgen(js_name = replaceStorage)]
    pub(crate) fn replace_storage(value: &JsValue);
    #[wasm_bindgen(js_name = stopTime)]
    pub(crate) fn stop_time() -> Function;
    #[wasm_bindgen(js_name = liveTimers)]
    fn live_timers_js() -> Array;
    #[wasm_bindgen(js_name = fireTimers)]
    pub(crate) fn fire_timers();
    fn jwt(subject: &str, seconds: i32) -> String;
    pub(crate) fn session(subject: &str, id: &str, seconds: i32) -> String;
    /// A JavaScript expression's value.
    pub(crate) fn object(json: &str) -> JsValue;
    #[wasm_bindgen(catch)]
    fn invoke(method: &JsValue, target: &JsValue, args: &Array) -> Result<JsValue, JsValue>;
}

/// What was sent so far.
pub(crate) fn requests() -> serde_json::Value {
    serde_json::from_str(&requests_json()).expect("JSON")
}

/// Delays of the timers that are set, in milliseconds.
pub(crate) fn live_timers() -> Vec<f64> {
    live_timers_js().iter().filter_map(|delay| delay.as_f64()).collect()
}

/// The client as JavaScript has it: every call goes through the glue.
pub(crate) struct JsClient(pub(crate) JsValue);

impl JsClient {
    /// On a fresh page.
    pub(crate) fn new() -> Self {
        reset_page();
        Self::of(ENVIRONMENT)
    }

    /// On the page as it is, started.
    pub(crate) fn of(environment: &str) -> Self {
        Self::with(environment, false, &JsValue::UNDEFINED)
    }

    /// With a host object, and a session that is kept alive or not.
    pub(crate) fn with(environment: &str, auto_refresh: bool, host: &JsValue) -> Self {
        let config = format!(
            "{{ environmentId: '{environment}', apiBaseUrl: '{API_BASE}', autoRefresh: {auto_refresh} }}"
        );
        let client = ByoaClient::new(&object(&config), host).expect("a client");
        let client = Self(client.into());
        client.call("start", &[]);
        client
    }

    pub(crate) fn call(&self, method: &str, args: &[JsValue]) -> JsValue {
        let args: Array = args.iter().cloned().collect();
        invoke(&member(&self.0, method), &self.0, &args).expect("does not throw")
    }

    /// Adds a listener and gives the function that takes it off.
    pub(crate) fn listen(&self, method: &str, recorder: &Recorder) -> JsValue {
        self.call(method, std::slice::from_ref(&recorder.function))
    }

    /// What a promise-giving method settles to.
    pub(crate) async fn ask(&self, method: &str, args: &[JsValue]) -> Result<JsValue, JsValue> {
        settled(&self.call(method, args)).await
    }

    /// Starts a sign-in; the method is taken off its object, as apps do.
    pub(crate) fn begin_sign_in(&self, args: &JsValue) -> JsValue {
        let method = member(&self.call("externalAuth", &[]), "signInWithExternalJwt");
        invoke(&method, &JsValue::UNDEFINED, &Array::of1(args)).expect("does not throw")
    }

    pub(crate) async fn sign_in(&self) -> Result<JsValue, JsValue> {
        settled(&self.begin_sign_in(&good_args())).await
    }

    pub(crate) fn status(&self) -> String {
        text(&self.call("getSnapshot", &[]), "status")
    }
}

/// A page on which somebody is signed in with session `s1`.
pub(crate) async fn signed_in() -> JsClient {
    let client = JsClient::new();
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("signs in");
    client
}

/// What a good sign-in is called with.
pub(crate) fn good_args() -> JsValue {
    let args = Object::new();
    Reflect::set(&args, &"externalJwt".into(), &jwt("ada", 300).into()).expect("sets");
    Reflect::set(&args, &"externalUserId".into(), &"ada".into()).expect("sets");
    args.into()
}

pub(crate) async fn settled(promise: &JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(promise.clone().dyn_into::<Promise>().expect("a promise")).await
}

pub(crate) fn member(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).expect("readable")
}

pub(crate) fn text(of: &JsValue, name: &str) -> String {
    member(of, name).as_string().unwrap_or_else(|| panic!("{name} is no string"))
}

/// What is stored under a key.
pub(crate) fn stored(key: &str) -> Option<String> {
    let storage = Reflect::get(&js_sys::global(), &"localStorage".into()).expect("open");
    storage.unchecked_into::<web_sys::Storage>().get_item(key).expect("readable")
}

/// A listener and what it was called with.
pub(crate) struct Recorder {
    pub(crate) function: JsValue,
    pub(crate) calls: Array,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let calls = Array::new();
        let push = Function::new_with_args("calls", "return (value) => { calls.push(value); }");
        let function = push.call1(&JsValue::UNDEFINED, &calls).expect("a function");
        Self { function, calls }
    }

    /// The `type` of each event so far.
    pub(crate) fn types(&self) -> Vec<String> {
        self.calls.iter().map(|event| text(&event, "type")).collect()
    }
}
