//! From the verifier's rejections to the words on the wire: one match, without a default.

use byoa_jwt::Rejection;
use byoa_protocol::Reason;

use super::ExchangeError;

/// The reason that a rejection has on the wire.
#[must_use]
pub(super) const fn reason(rejection: &Rejection) -> Reason {
    match rejection {
        Rejection::Malformed { .. } => Reason::JwtMalformed,
        Rejection::TooLarge { .. } => Reason::JwtTooLarge,
        Rejection::HeaderInvalid { .. } => Reason::JwtHeaderInvalid,
        Rejection::PayloadInvalid { .. } => Reason::JwtPayloadInvalid,
        Rejection::DuplicateMember { .. } => Reason::JwtDuplicateMember,
        Rejection::AlgorithmMissing | Rejection::AlgorithmNotAllowed { .. } => Reason::JwtAlgNotAllowed,
        Rejection::AlgorithmMismatch { .. } => Reason::JwtAlgMismatch,
        Rejection::CritUnsupported { .. } => Reason::JwtCritUnsupported,
        Rejection::TypeNotAllowed { .. } => Reason::JwtTypNotAllowed,
        Rejection::KidInvalid { .. } => Reason::JwtKidInvalid,
        Rejection::KidUnknown { .. } => Reason::JwtKidUnknown,
        Rejection::KidAmbiguous { .. } => Reason::JwtKidAmbiguous,
        Rejection::KeyUnusable { .. } => Reason::JwtKeyUnusable,
        Rejection::SignatureInvalid => Reason::JwtSignatureInvalid,
        Rejection::IssuerMissing { .. } => Reason::JwtIssMissing,
        Rejection::IssuerMismatch { .. } => Reason::JwtIssMismatch,
        Rejection::SubjectMissing => Reason::JwtSubMissing,
        Rejection::SubjectInvalid { .. } => Reason::JwtSubInvalid,
        Rejection::ExpiryMissing => Reason::JwtExpMissing,
        Rejection::ExpiryInvalid { .. } => Reason::JwtExpInvalid,
        Rejection::Expired { .. } => Reason::JwtExpired,
        Rejection::NotYetValid { .. } => Reason::JwtNotYetValid,
        Rejection::IssuedInFuture { .. } => Reason::JwtIssuedInFuture,
        Rejection::TimeInvalid { .. } => Reason::JwtTimeInvalid,
        Rejection::LifetimeTooLong { .. } => Reason::JwtLifetimeTooLong,
        Rejection::AudienceMissing { .. } => Reason::JwtAudMissing,
        Rejection::AudienceInvalid { .. } => Reason::JwtAudInvalid,
        Rejection::AudienceMismatch { .. } => Reason::JwtAudMismatch,
    }
}

impl From<Rejection> for ExchangeError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected { reason: reason(&rejection), message: rejection.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use byoa_jwt::{KeyProblem, Part, Rejection};

    use super::reason;

    #[test]
    fn the_wire_says_what_the_verifier_says() {
        let text = String::new;
        let table = [
            (Rejection::Malformed { problem: text() }, "jwt_malformed"),
            (Rejection::TooLarge { found: 1 }, "jwt_too_large"),
            (Rejection::HeaderInvalid { problem: text() }, "jwt_header_invalid"),
            (Rejection::PayloadInvalid { problem: text() }, "jwt_payload_invalid"),
            (Rejection::DuplicateMember { part: Part::Header, name: text() }, "jwt_duplicate_member"),
            (Rejection::AlgorithmMissing, "jwt_alg_not_allowed"),
            (Rejection::AlgorithmNotAllowed { expected: text(), found: text() }, "jwt_alg_not_allowed"),
            (Rejection::AlgorithmMismatch { expected: text(), found: text() }, "jwt_alg_mismatch"),
            (Rejection::CritUnsupported { found: text() }, "jwt_crit_unsupported"),
            (
                Rejection::TypeNotAllowed { member: "typ", expected: text(), found: text() },
                "jwt_typ_not_allowed",
            ),
            (Rejection::KidInvalid { problem: text() }, "jwt_kid_invalid"),
            (Rejection::KidUnknown { known: text(), found: text() }, "jwt_kid_unknown"),
            (Rejection::KidAmbiguous { fitting: 2 }, "jwt_kid_ambiguous"),
            (Rejection::KeyUnusable { kid: text(), why: KeyProblem::Symmetric }, "jwt_key_unusable"),
            (Rejection::SignatureInvalid, "jwt_signature_invalid"),
            (Rejection::IssuerMissing { expected: text() }, "jwt_iss_missing"),
            (Rejection::IssuerMismatch { expected: text(), found: text() }, "jwt_iss_mismatch"),
            (Rejection::SubjectMissing, "jwt_sub_missing"),
            (Rejection::SubjectInvalid { problem: "" }, "jwt_sub_invalid"),
            (Rejection::ExpiryMissing, "jwt_exp_missing"),
            (Rejection::ExpiryInvalid { found: text(), problem: "" }, "jwt_exp_invalid"),
            (Rejection::Expired { expires_at: 1, now: 2, leeway_seconds: 0 }, "jwt_expired"),
            (Rejection::NotYetValid { not_before: 2, now: 1, leeway_seconds: 0 }, "jwt_not_yet_valid"),
            (Rejection::IssuedInFuture { issued_at: 2, now: 1, leeway_seconds: 0 }, "jwt_issued_in_future"),
            (Rejection::TimeInvalid { claim: "nbf", found: text(), problem: "" }, "jwt_time_invalid"),
            (Rejection::LifetimeTooLong { max_seconds: 1, found_seconds: 2 }, "jwt_lifetime_too_long"),
            (Rejection::AudienceMissing { expected: text() }, "jwt_aud_missing"),
            (Rejection::AudienceInvalid { expected: text(), found: text() }, "jwt_aud_invalid"),
            (Rejection::AudienceMismatch { expected: text(), found: text() }, "jwt_aud_mismatch"),
        ];
        for (rejection, code) in table {
            assert_eq!(reason(&rejection).as_str(), code, "{}", rejection.code());
        }
    }
}
