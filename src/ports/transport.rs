//! `fetch`. Requests are built and answers are read with gloo-net, but neither sent nor awaited with it:
//! it panics on a rejection that is not an `Error`, and an app may have wrapped `fetch`.

use crate::error::describe;
use byoa_client::ports::{
    MAX_BODY_BYTES, Method, READ_HEADERS, Request, Response, Transport, TransportError,
};
use gloo_net::http::{Headers, Method as GlooMethod, RequestBuilder};
use js_sys::{JsString, Promise};
use wasm_bindgen::{
    JsCast as _,
    prelude::{JsValue, wasm_bindgen},
};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, RequestCache, RequestCredentials, RequestRedirect};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(request: &web_sys::Request) -> Result<Promise, JsValue>;
}

/// The host's `fetch`.
#[derive(Debug)]
pub(crate) struct Fetch;

#[async_trait::async_trait(?Send)]
impl Transport for Fetch {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let ending = Ending(AbortController::new().map_err(unreachable)?);
        let built = build(&request, &ending.0.signal())?;
        // The tokens in it are overwritten now, not when the answer comes.
        drop(request);
        read(answer(built).await?).await
    }
}

/// Ends the request when nobody waits for it any more. The signal is our own: a caller's could be aborted
/// with whatever the caller likes.
struct Ending(AbortController);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The whole answer, unless it is too large to be one of ours; a large one stays outside of wasm.
async fn read(answer: web_sys::Response) -> Result<Response, TransportError> {
    let headers = Headers::from_raw(answer.headers());
    let status = answer.status();
    if is_redirect(status) {
        return Err(TransportError::Unreachable("a redirect was answered, which is not followed".to_owned()));
    }
    if headers.get("content-length").and_then(|length| length.parse().ok()).is_some_and(is_too_large) {
        return Err(TransportError::TooLarge { status });
    }
    let body = settled(answer.text().map_err(unreachable)?).await?;
    let body = body.dyn_into::<JsString>().unwrap_or_default();
    if is_too_large(body.length() as usize) {
        return Err(TransportError::TooLarge { status });
    }
    let headers = READ_HEADERS.iter().filter_map(|name| Some((*name, headers.get(name)?))).collect();
    Ok(Response { status, headers, body: body.into() })
}

/// A browser hides where a redirect leads: it has no status.
fn is_redirect(status: u16) -> bool {
    status == 0 || (300..400).contains(&status)
}

/// Without cookies unless they are what the request is for, without the cache, and without following a redirect,
/// which would repeat the token to whatever host it names.
fn build(request: &Request, signal: &AbortSignal) -> Result<web_sys::Request, TransportError> {
    let builder = RequestBuilder::new(&request.url)
        .method(method(request.method))
        .credentials(if request.cookies { RequestCredentials::Include } else { RequestCredentials::Omit })
        .cache(RequestCache::NoStore)
        // Not `error`, which Cloudflare's runtime refuses to take.
        .redirect(RequestRedirect::Manual)
        .abort_signal(Some(signal));
    let builder =
        request.headers.iter().fold(builder, |builder, (name, value)| builder.header(name, value.expose()));
    let built = match &request.body {
        Some(body) => builder.body(body.expose()),
        None => builder.build(),
    };
    built.map(web_sys::Request::from).map_err(|failure| TransportError::Unreachable(failure.to_string()))
}

async fn answer(request: web_sys::Request) -> Result<web_sys::Response, TransportError> {
    let answer = settled(fetch(&request).map_err(unreachable)?).await?;
    answer.dyn_into().map_err(|_| TransportError::Unreachable("fetch gave no Response".to_owned()))
}

async fn settled(promise: Promise) -> Result<JsValue, TransportError> {
    JsFuture::from(promise).await.map_err(unreachable)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreachable(thrown: JsValue) -> TransportError {
    TransportError::Unreachable(describe(&thrown))
}

const fn is_too_large(length: usize) -> bool {
    length > MAX_BODY_BYTES
}

const fn method(method: Method) -> GlooMethod {
    match method {
        Method::Get => GlooMethod::GET,
        Method::Post => GlooMethod::POST,
        Method::Put => GlooMethod::PUT,
        Method::Delete => GlooMethod::DELETE,
    }
}
