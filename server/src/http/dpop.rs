//! The nonce that the next proof of possession must repeat (RFC 9449 §8).

use super::environment::Lookup;
use super::error::Refusal;
use crate::AppState;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use byoa_protocol::{ErrorCode, headers};

/// The header that hands it out.
pub(super) const DPOP_NONCE: HeaderName = HeaderName::from_static(headers::DPOP_NONCE);

/// What a request says about proofs, for after it was answered.
#[derive(Debug)]
pub(super) struct Asked {
    lookup: Option<Lookup>,
    has_proof: bool,
}

impl Asked {
    /// Of this request.
    pub(super) fn of(request: &Request) -> Self {
        let lookup = request.extensions().get::<Lookup>().cloned();
        Self { lookup, has_proof: request.headers().contains_key(headers::DPOP) }
    }

    /// Gives a nonce to whoever sent a proof, and to whoever should have.
    pub(super) fn hand_out(self, state: &AppState, response: &mut Response) {
        let code = response.extensions().get::<Refusal>().map(|refusal| refusal.code);
        let needs_proof = matches!(code, Some(ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce));
        if let (Some(Lookup::Found(environment)), true) = (self.lookup, self.has_proof || needs_proof)
            && let Ok(nonce) = state.exchange.dpop_nonce(&environment)
            && let Ok(nonce) = HeaderValue::from_str(&nonce)
        {
            response.headers_mut().insert(DPOP_NONCE, nonce);
        }
    }
}
