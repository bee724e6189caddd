//! Why a proof of possession (RFC 9449) was refused.

/// Each reason and its rule. Reasons are never renamed or reused.
pub const DPOP_REASONS: &[(&str, &str)] = &[
    ("dpop_proof_missing", "A token that is bound to a key comes with one proof, in the header `DPoP`."),
    ("dpop_scheme_missing", "A token that is bound to a key comes as `Authorization: DPoP …`."),
    ("dpop_token_unbound", "A token that is bound to no key comes as `Authorization: Bearer …`."),
    ("dpop_too_large", "A proof is at most 8 KiB long."),
    ("dpop_malformed", "There is one proof, and it is one JWT."),
    ("dpop_duplicate_member", "No member occurs twice in a proof."),
    ("dpop_crit_unsupported", "A proof needs no extensions."),
    ("dpop_typ_invalid", "A proof's `typ` is `dpop+jwt`."),
    ("dpop_alg_not_allowed", "A proof's algorithm is one that the settings list."),
    ("dpop_alg_mismatch", "A proof's algorithm fits its key."),
    ("dpop_key_missing", "A proof brings its public key as `jwk`."),
    ("dpop_key_invalid", "A proof's key is a public one that is strong enough."),
    ("dpop_key_mismatch", "A proof is signed by the key that the token is bound to."),
    ("dpop_signature_invalid", "A proof is signed by the key that it brings."),
    ("dpop_htm_mismatch", "A proof names the request's method."),
    ("dpop_htu_mismatch", "A proof names the request's URL, as the public URL has it, without its query."),
    ("dpop_ath_mismatch", "A proof names the hash of the token that it comes with."),
    ("dpop_iat_invalid", "A proof was made within five minutes of now."),
    ("dpop_jti_invalid", "A proof has an id of 1 to 128 bytes."),
    ("dpop_replayed", "A proof is used once."),
    ("dpop_nonce_invalid", "A proof's nonce is a string that a server could have given out."),
    ("dpop_nonce_missing", "A proof repeats a nonce of this server."),
    ("dpop_nonce_unknown", "A proof's nonce is this environment's, and not older than five minutes."),
];
