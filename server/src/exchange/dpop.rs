//! Proofs of possession (RFC 9449): a token that is bound to a key opens nothing without a proof, made for
//! this very request, once, with a nonce of ours in it.

use byoa_jwt::{Algorithm, DpopPolicy, DpopRejection, VerifiedProof, verify_dpop};
use byoa_protocol::claims::{Confirmation, SessionClaims};

use super::{Exchange, ExchangeError, RequestProof, Scheme, Shown, nonce::Purpose, once};
use crate::{clock::UnixMillis, store::Environment};

/// How far a proof's time may be from ours.
const MAX_AGE_SECONDS: u64 = 300;

const MISSING: &str = "the session token is bound to a key; send one proof of it in the header DPoP";
const BEARER: &str =
    "the session token is bound to a key; send it as `Authorization: DPoP …` with a proof in the header DPoP";
const UNBOUND: &str = "the session token is bound to no key; send it as `Authorization: Bearer …`";
const REPLAYED: &str =
    "the DPoP proof was used before; make one proof, with a jti of its own, for each request";
const NO_NONCE: &str = "the DPoP proof must have a nonce; repeat this answer's DPoP-Nonce in a new proof";
const STALE_NONCE: &str =
    "the DPoP proof's nonce is not ours, or too old; repeat this answer's DPoP-Nonce in a new proof";

impl Exchange {
    /// A nonce that proofs may repeat for some minutes.
    pub fn dpop_nonce(&self, environment: &Environment) -> Result<String, ExchangeError> {
        Ok(self.nonces_of(environment)?.make(Purpose::Dpop, self.clock.now()))
    }

    /// What proofs may be signed with.
    #[must_use]
    pub const fn dpop_algorithms() -> &'static [Algorithm] {
        &Algorithm::ALL
    }

    /// Whether the holder of the token has proved the key that it is bound to: `false` where it is bound to
    /// none, and an error where a proof is needed and not there or not good. Uses the proof up.
    pub(super) async fn check_binding(
        &self,
        environment: &Environment,
        claims: &SessionClaims,
        shown: &Shown<'_>,
    ) -> Result<bool, ExchangeError> {
        let jkt = match (&claims.cnf, shown.scheme) {
            // A proof that nothing asks for is not looked at.
            (None, Scheme::Bearer | Scheme::Cookie) => return Ok(false),
            (None, Scheme::Dpop) => return Err(refused("dpop_token_unbound", UNBOUND)),
            (Some(_), Scheme::Bearer) => return Err(refused("dpop_scheme_missing", BEARER)),
            (Some(Confirmation { jkt }), Scheme::Dpop | Scheme::Cookie) => jkt,
        };
        let request = shown.request.filter(|request| request.proof.is_some());
        let request = request.ok_or_else(|| refused("dpop_proof_missing", MISSING))?;
        if let Some(proof) = self.verify_proof(environment, request, shown.token, Some(jkt))? {
            self.use_proof(environment, &proof).await?;
        }
        Ok(true)
    }

    /// The proof that came with the request, verified but not used up; none where none came.
    pub(super) fn verify_proof(
        &self,
        environment: &Environment,
        request: &RequestProof,
        access_token: Option<&str>,
        expected_jkt: Option<&str>,
    ) -> Result<Option<VerifiedProof>, ExchangeError> {
        let Some(proof) = &request.proof else { return Ok(None) };
        let policy = DpopPolicy {
            method: &request.method,
            url: &request.url,
            access_token,
            expected_jkt,
            max_age_seconds: MAX_AGE_SECONDS,
            algorithms: Self::dpop_algorithms(),
        };
        let now = self.clock.now();
        let proof = verify_dpop(proof, &policy, now.seconds())?;
        let nonces = self.nonces_of(environment)?;
        match proof.nonce.as_deref().map(|found| nonces.ends_at(Purpose::Dpop, found, now)) {
            Some(Some(_)) => Ok(Some(proof)),
            Some(None) => Err(stale("dpop_nonce_unknown", STALE_NONCE)),
            None => Err(stale("dpop_nonce_missing", NO_NONCE)),
        }
    }

    /// Uses a verified proof up, for all nodes. Last of all checks, so that only who may call can fill the
    /// store.
    pub(super) async fn use_proof(
        &self,
        environment: &Environment,
        proof: &VerifiedProof,
    ) -> Result<(), ExchangeError> {
        let name = once::name("dpop", &[&proof.jkt, &proof.jti]);
        let end = proof.issued_at.saturating_add_unsigned(MAX_AGE_SECONDS + once::NODE_LEEWAY_SECONDS + 1);
        if self.store.use_nonce(environment.id, &name, UnixMillis::from_seconds(end)).await? {
            Ok(())
        } else {
            Err(refused("dpop_replayed", REPLAYED))
        }
    }
}

fn refused(reason: &'static str, message: &str) -> ExchangeError {
    ExchangeError::ProofRefused { reason, message: message.to_owned() }
}

fn stale(reason: &'static str, message: &'static str) -> ExchangeError {
    ExchangeError::ProofNonce { reason, message }
}

impl From<DpopRejection> for ExchangeError {
    fn from(rejection: DpopRejection) -> Self {
        Self::ProofRefused { reason: rejection.code(), message: rejection.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use byoa_jwt::DpopRejection;
    use byoa_protocol::dpop::DPOP_REASONS;

    #[test]
    fn every_rejection_of_a_proof_is_a_documented_reason() {
        for code in DpopRejection::CODES {
            assert!(DPOP_REASONS.iter().any(|(reason, _)| *reason == code), "{code}");
        }
    }
}
