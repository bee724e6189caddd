//! The nonce that the next proof of possession must repeat (RFC 9449 §8).

use super::environment::Lookup;
use super::error::Refusal;
use crate::AppState;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use byoa_protocol::{ErrorCode, headers};

/// The header that hands it out.
pub(super) const DPOP_NONCE: HeaderName = HeaderName::from_static(headers::DPOP_NONCE);

/// Gives a nonce to whoever sent a proof, and to whoever should have.
pub(super) async fn hand_out(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let lookup = request.extensions().get::<Lookup>().cloned();
    let has_proof = request.headers().contains_key(headers::DPOP);
    let mut response = next.run(request).await;
    let code = response.extensions().get::<Refusal>().map(|refusal| refusal.code);
    let needs_proof = matches!(code, Some(ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce));
    if let (Some(Lookup::Found(environment)), true) = (lookup, has_proof || needs_proof)
        && let Ok(nonce) = state.exchange.dpop_nonce(&environment)
        && let Ok(nonce) = HeaderValue::from_str(&nonce)
    {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    response
}
