//! Why an external JWT was refused: one closed set, one table, the source of `docs/ERRORS.md`.

macro_rules! reasons {
    ($($(#[doc = $rule:literal])+ $variant:ident = $code:literal, mend: $mend:literal;)+) => {
        /// The rule that an external JWT broke. Travels in `payload.additionalMessages[0]`.
        ///
        /// Codes are never renamed or reused; a newer server may send one that this list lacks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[doc = $rule])+ $variant,)+
        }

        impl Reason {
            /// Every reason, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The rule that was broken.
            #[must_use]
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$variant => concat!($($rule),+).trim_ascii(),)+ }
            }

            /// What to change so that it holds.
            #[must_use]
            pub const fn mend(self) -> &'static str {
                match self { $(Self::$variant => $mend,)+ }
            }
        }
    };
}

reasons! {
    /// A JWT is required, in the body or in the environment's cookie.
    JwtMissing = "jwt_missing", mend: "Send the JWT as `jwt`, or set the environment's cookie name and the cookie.";
    /// A JWT is three base64url parts without padding, joined by dots.
    JwtMalformed = "jwt_malformed", mend: "Send the compact form exactly as your backend made it, without `Bearer`, spaces or line ends.";
    /// A JWT is at most 16 KiB long.
    JwtTooLarge = "jwt_too_large", mend: "Issue a small JWT for this exchange; put large data elsewhere.";
    /// The header is one JSON object whose members have the types of RFC 7515.
    JwtHeaderInvalid = "jwt_header_invalid", mend: "Use a JWT library on the issuing side; do not build the header by hand.";
    /// The payload is one JSON object.
    JwtPayloadInvalid = "jwt_payload_invalid", mend: "Use a JWT library on the issuing side; do not build the payload by hand.";
    /// No member occurs twice in the header or the claims.
    JwtDuplicateMember = "jwt_duplicate_member", mend: "Emit every member once; two readers may see different values.";
    /// The algorithm is one of the issuer's allowed ones; never `none`, never HMAC.
    JwtAlgNotAllowed = "jwt_alg_not_allowed", mend: "Sign with RS256, ES256, EdDSA or another algorithm that the issuer is configured for.";
    /// The algorithm is the one that the chosen key is for.
    JwtAlgMismatch = "jwt_alg_mismatch", mend: "Sign with the algorithm that the published key names, or publish a key for this one.";
    /// Nothing is marked critical, and the payload is encoded.
    JwtCritUnsupported = "jwt_crit_unsupported", mend: "Leave `crit` and `b64` out of the header.";
    /// The token's type is a plain JWT.
    JwtTypNotAllowed = "jwt_typ_not_allowed", mend: "Leave `typ` out or set it to `JWT`; do not send a token made for something else.";
    /// A key id is a string.
    JwtKidInvalid = "jwt_kid_invalid", mend: "Set `kid` to the string that the key set publishes.";
    /// The key id names a key of the issuer's key set.
    JwtKidUnknown = "jwt_kid_unknown", mend: "Publish the signing key at the issuer's JWKS URL before signing with it.";
    /// Exactly one key of the key set fits the token.
    JwtKidAmbiguous = "jwt_kid_ambiguous", mend: "Put the key's `kid` into the token's header.";
    /// The named key may be used for verifying signatures and is strong enough.
    JwtKeyUnusable = "jwt_key_unusable", mend: "Publish an RSA key of 2048 to 8192 bits, a P-256 or P-384 key, or an Ed25519 key, with `use` absent or `sig`.";
    /// The signature is the key's, over exactly these bytes.
    JwtSignatureInvalid = "jwt_signature_invalid", mend: "Sign with the private half of the published key; a proxy must not rewrite the token.";
    /// The issuer is named.
    JwtIssMissing = "jwt_iss_missing", mend: "Set `iss` to the issuer that the environment trusts.";
    /// The issuer is one that the environment trusts, byte for byte.
    JwtIssMismatch = "jwt_iss_mismatch", mend: "Make `iss` and the environment's issuer the same string; a trailing slash counts.";
    /// The subject is there.
    JwtSubMissing = "jwt_sub_missing", mend: "Set `sub` to your stable id of the user.";
    /// The subject is a string of 1 to 255 bytes with something to read in it.
    JwtSubInvalid = "jwt_sub_invalid", mend: "Set `sub` to a string (not a number) of at most 255 bytes without control characters.";
    /// The expiry is there.
    JwtExpMissing = "jwt_exp_missing", mend: "Set `exp`; minutes are enough for an exchange.";
    /// The expiry is a number of seconds since 1970.
    JwtExpInvalid = "jwt_exp_invalid", mend: "Set `exp` to a JSON number in seconds, not milliseconds and not a string.";
    /// The token has not expired (60 s of leeway unless configured otherwise).
    JwtExpired = "jwt_expired", mend: "Get a fresh JWT right before signing in; check the issuing machine's clock.";
    /// The token's time has come (`nbf`, with the same leeway).
    JwtNotYetValid = "jwt_not_yet_valid", mend: "Check the issuing machine's clock, or set `nbf` to the time of issue.";
    /// The token was not issued in the future (`iat`, with the same leeway).
    JwtIssuedInFuture = "jwt_issued_in_future", mend: "Check the issuing machine's clock.";
    /// `nbf` and `iat`, where present, are numbers of seconds since 1970.
    JwtTimeInvalid = "jwt_time_invalid", mend: "Write `nbf` and `iat` as JSON numbers in seconds.";
    /// The token lives no longer than the issuer's configured maximum (`exp` − `iat`).
    JwtLifetimeTooLong = "jwt_lifetime_too_long", mend: "Issue a JWT of minutes for the exchange, or raise the issuer's maximum lifetime.";
    /// A step-up JWT has an id of 1 to 255 bytes.
    JwtJtiMissing = "jwt_jti_missing", mend: "Set `jti` to a fresh random string in every JWT for a step-up.";
    /// The audience is named where the environment asks for one.
    JwtAudMissing = "jwt_aud_missing", mend: "Set `aud` to the audience that the environment is configured for.";
    /// The audience is a string or a list of strings.
    JwtAudInvalid = "jwt_aud_invalid", mend: "Set `aud` to a string or an array of strings.";
    /// The audience contains the one that the environment is configured for.
    JwtAudMismatch = "jwt_aud_mismatch", mend: "Issue a JWT for this exchange with the configured `aud`; an access token for another API is refused on purpose.";
    /// The token has not been exchanged before, where the environment forbids it.
    JwtReplayed = "jwt_replayed", mend: "Ask your backend for a new JWT for every sign-in.";
    /// `externalUserId` is the token's `sub`; in a step-up, the `sub` is the signed-in user's.
    ExternalUserMismatch = "external_user_mismatch", mend: "Pass the `sub` of the very JWT you pass; check that the user did not change in between.";
    /// The environment accepts external JWTs.
    ExternalAuthDisabled = "external_auth_disabled", mend: "Configure an issuer: `byoa-server env set --id … --issuer … --jwks-url …`.";
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use std::collections::HashSet;

    #[test]
    fn codes_are_distinct_snake_case_words() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for code in codes {
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code}");
        }
    }
}
