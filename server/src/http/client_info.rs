//! Who is calling, as far as a caller says.

use super::address::ClientAddress;
use crate::AppState;
use crate::exchange::{Caller, DeviceProof, RequestProof};
use crate::store::Environment;
use axum::extract::FromRequestParts;
use axum::http::{
    HeaderMap,
    header::{ORIGIN, USER_AGENT},
    request::Parts,
};
use byoa_protocol::headers::{self, PREFER};
use std::convert::Infallible;

/// The longest header value that is kept of what a caller says about itself, in characters.
const MAX_KEPT: usize = 256;

/// What the request says about its sender. Nothing of it is proof of anything, except that a browser
/// does not let a page choose its `Origin`.
#[derive(Debug)]
pub(super) struct ClientInfo(pub(super) Caller);

impl<S: Send + Sync> FromRequestParts<S> for ClientInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>();
        Ok(Self(Caller {
            origin: kept(&parts.headers, ORIGIN.as_str()),
            sdk_version: kept(&parts.headers, headers::SDK_VERSION),
            ip: address.map(|ClientAddress(address)| *address),
            user_agent: kept(&parts.headers, USER_AGENT.as_str()),
        }))
    }
}

/// The header's visible text, cut at [`MAX_KEPT`].
fn kept(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.chars().take(MAX_KEPT).collect()).filter(|kept: &String| !kept.is_empty())
}

/// What a device proves with its three headers.
#[derive(Debug)]
pub(super) struct Device(pub(super) DeviceProof);

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(DeviceProof {
            nonce: text(&parts.headers, headers::DEVICE_NONCE),
            public_key: text(&parts.headers, headers::DEVICE_PUBLIC_KEY),
            signature: text(&parts.headers, headers::DEVICE_SIGNED_NONCE),
        }))
    }
}

/// The request and its proof of possession.
#[derive(Debug)]
pub(super) struct Proof(pub(super) RequestProof);

impl FromRequestParts<AppState> for Proof {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let mut proofs = parts.headers.get_all(headers::DPOP).iter();
        let proof = match (proofs.next(), proofs.next()) {
            (None, _) => None,
            (Some(_), None) => text(&parts.headers, headers::DPOP),
            // RFC 9449 §4.3, rule 1: not more than one.
            (Some(_), Some(_)) => Some(String::new()),
        };
        let origin = state.exchange.public_url().origin().ascii_serialization();
        let url = format!("{origin}{}", parts.uri.path());
        Ok(Self(RequestProof { proof, method: parts.method.as_str().to_owned(), url }))
    }
}

/// What was preferred and is done.
const MINIMAL: &str = "return=minimal";

/// Whether the answer is to have an identity token beside the bearer: where neither the caller prefers to have none
/// (RFC 7240) nor it would be taken out again, since the session lives in a cookie.
pub(super) fn wants_identity(environment: &Environment, headers: &HeaderMap) -> bool {
    !environment.session_cookie && !prefers_minimal(headers)
}

fn prefers_minimal(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(PREFER).iter().filter_map(|line| line.to_str().ok());
    let mut preferences = lines.flat_map(|line| line.split([',', ';'])).map(str::trim);
    preferences.any(|preference| preference.eq_ignore_ascii_case(MINIMAL))
}

/// The header, whole; bytes that are no text are replaced, so that the use case refuses them.
pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, Request};

    #[test]
    fn a_preference_is_found_among_others() {
        let prefers = |lines: &[&'static str]| {
            let lines = lines
                .iter()
                .map(|line| (axum::http::HeaderName::from_static(PREFER), HeaderValue::from_static(line)));
            prefers_minimal(&lines.collect())
        };
        for good in [
            &["return=minimal"][..],
            &["Return=Minimal; foo"],
            &["wait=5, return=minimal"],
            &["a", "return=minimal"],
        ] {
            assert!(prefers(good), "{good:?}");
        }
        for other in [&[][..], &["return=representation"], &["minimal"], &["areturn=minimal"]] {
            assert!(!prefers(other), "{other:?}");
        }
    }

    #[tokio::test]
    async fn keeps_what_is_printable_and_short() {
        let request = Request::builder()
            .header("origin", "https://app.example")
            .header("x-dyn-version", "v".repeat(1000))
            .header("user-agent", b"\xff\xfe".as_slice())
            .extension(ClientAddress("10.0.0.1".parse().expect("address")))
            .body(())
            .expect("request");
        let (mut parts, ()) = request.into_parts();
        let ClientInfo(info) = ClientInfo::from_request_parts(&mut parts, &()).await.expect("never fails");
        assert_eq!(info.origin.as_deref(), Some("https://app.example"));
        assert_eq!(info.sdk_version.map(|kept| kept.len()), Some(MAX_KEPT));
        assert_eq!((info.user_agent, info.ip), (None, Some("10.0.0.1".parse().expect("address"))));
    }
}
