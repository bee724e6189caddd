//! When a request has to prove a key (RFC 9449), with which nonce, and what an answer says about the next proof.
//!
//! Makes no key and no signature: both are the port's, and where the key lives is too.

use crate::{
    ClientError, Secret, Session,
    ports::{Method, Proof, Response},
    settings::Announced,
};
use byoa_protocol::{
    ErrorCode,
    client::{SecurityLevel, SessionBinding},
    headers,
};
use std::cell::RefCell;

/// Headers of one request.
pub(crate) type Headers = Vec<(&'static str, Secret)>;

/// How often a request is sent again because its proof was not the one that the server wants: once for the
/// nonce, and once for the time.
pub(crate) const MAX_REPEATS: u8 = 2;

pub(crate) const AUTHORIZATION: &str = "authorization";

/// What a request has to prove.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// Nothing.
    Nothing,
    /// A key that a new session shall be bound to, or the device's, which signs a nonce from this URL.
    Key { binds: bool, device_nonce_url: Option<String> },
    /// The key of a session.
    Session { token: Secret, thumbprint: String },
}

impl Shown {
    /// What a session's requests have to prove.
    pub(crate) fn of(session: &Session) -> Self {
        match (&session.minified_jwt, &session.bound_to) {
            (Some(token), Some(thumbprint)) => {
                Self::Session { token: token.clone(), thumbprint: thumbprint.clone() }
            }
            _ => Self::Nothing,
        }
    }

    /// The headers of a request, where this proof was made for it.
    pub(crate) fn headers(&self, proof: Proof) -> Result<Headers, ClientError> {
        match self {
            Self::Nothing => Ok(vec![]),
            Self::Session { token, thumbprint } if *thumbprint == proof.thumbprint => {
                let authorization = Secret::new(["DPoP ", token.expose()].concat());
                Ok(vec![(AUTHORIZATION, authorization), (headers::DPOP, proof.proof)])
            }
            Self::Session { .. } if proof.is_stored => Err(ClientError::unauthorized(
                "the key that the session is bound to is not in this browser; sign in again",
            )),
            Self::Session { .. } => Err(ClientError::session_key_unavailable(
                "the browser does not open its key store now, and the session is bound to a key in it",
            )),
            Self::Key { binds, .. } => {
                let mut shown = vec![];
                if let Some([nonce, public_key, signature]) = proof.device {
                    shown.push((headers::SESSION_PUBLIC_KEY, public_key.clone()));
                    shown.push((headers::DEVICE_NONCE, nonce));
                    shown.push((headers::DEVICE_PUBLIC_KEY, public_key));
                    shown.push((headers::DEVICE_SIGNED_NONCE, signature));
                }
                shown.extend(binds.then_some((headers::DPOP, proof.proof)));
                Ok(shown)
            }
        }
    }
}

/// What this client has learnt about proofs.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    /// The newest nonce that the server gave.
    pub(crate) nonce: RefCell<Option<String>>,
    /// The key that is in this page's memory only.
    in_memory: RefCell<Option<String>>,
}

impl Proofs {
    /// Learns from a proof that was made.
    pub(crate) fn made(&self, proof: &Proof) {
        if !proof.is_stored {
            *self.in_memory.borrow_mut() = Some(proof.thumbprint.clone());
        }
    }

    /// Learns from an answer. `true` where the same request may do better with another proof.
    pub(crate) fn learn(&self, answer: &Response) -> bool {
        let Some(nonce) = answer.header(headers::DPOP_NONCE) else {
            return false;
        };
        *self.nonce.borrow_mut() = Some(nonce.to_owned());
        if answer.status != 401 {
            return false;
        }
        let error = ClientError::from_answer(answer);
        error.code == ErrorCode::UseDpopNonce.as_str()
            // The clock is set by this very answer; a proof is used up where the browser sent it twice.
            || matches!(error.reason.as_deref(), Some("dpop_iat_invalid" | "dpop_replayed"))
    }

    /// How a session with that token is protected.
    pub(crate) fn level(&self, bound_to: Option<&String>) -> SecurityLevel {
        match bound_to {
            None => SecurityLevel::Bearer,
            some if some == self.in_memory.borrow().as_ref() => SecurityLevel::Memory,
            Some(_) => SecurityLevel::Bound,
        }
    }
}

/// Whether a sign-in brings a proof.
pub(crate) fn binds(
    binding: SessionBinding,
    announced: Announced,
    has_keys: bool,
) -> Result<bool, ClientError> {
    let can = has_keys && announced.has(Announced::BOUND_KEYS) && !announced.has(Announced::SESSION_COOKIE);
    if binding == SessionBinding::Required && !can {
        return Err(ClientError::session_key_unavailable(
            "sessionBinding is \"required\", but the environment does not announce that it binds sessions to \
             keys, or keeps them in a cookie, or its settings could not be read",
        ));
    }
    Ok(can && binding != SessionBinding::Off)
}

/// Whether a sign-in that brought a proof failed for nothing but the proof.
pub(crate) fn is_of_the_proof(error: &ClientError) -> bool {
    let codes = [ErrorCode::InvalidDpopProof, ErrorCode::UseDpopNonce, ErrorCode::SessionKeyUnavailable];
    codes.iter().any(|code| error.code == code.as_str())
}

/// A session that was to be bound, and is not.
pub(crate) fn not_bound() -> ClientError {
    ClientError::session_key_unavailable(
        "sessionBinding is \"required\", but the server gave a session that is bound to no key",
    )
}

impl Method {
    /// As it stands in a request, and in a proof's `htm`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}
