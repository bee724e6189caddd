//! Proofs of possession (RFC 9449 4.3): a token that a client signs with a key of its own, for one
//! request. Nothing here remembers anything or knows an HTTP library: whether a nonce is ours and whether
//! a `jti` was used are questions for the caller.

mod rejection;
mod target;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use crate::{
    Algorithm, Header, MAX_PROOF_BYTES, MAX_PROOF_ID_BYTES, MAX_PROOF_NONCE_BYTES, Rejection,
    UnverifiedClaims, UnverifiedToken, VerifyingKey, base64url, keys, numeric_date, shown, thumbprint,
};
pub use rejection::DpopRejection;

/// The only `typ` of a proof, compared byte for byte: no prefix, no other case.
const TYPE: &str = "dpop+jwt";

/// What one request expects of its proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DpopPolicy<'a> {
    /// The request's method, which `htm` must be byte for byte (methods are case-sensitive).
    pub method: &'a str,
    /// The request's absolute URL as the client knows it, so behind a proxy the public one. Query and
    /// fragment are not compared. One that is no `http` or `https` URL matches no proof.
    pub url: &'a str,
    /// The access token that comes with the request; its hash must then be `ath`. `None`: the request
    /// has none, and `ath` is not looked at.
    pub access_token: Option<&'a str>,
    /// The thumbprint of the key that must sign, from the token's `cnf.jkt`. `None`: any key, for the
    /// request that binds one.
    pub expected_jkt: Option<&'a str>,
    /// How far `iat` may be from now, in seconds, on either side.
    pub max_age_seconds: u64,
    /// The acceptable algorithms; every [`Algorithm`] is asymmetric.
    pub algorithms: &'a [Algorithm],
}

/// A proof that passed every rule. Only [`verify_dpop`] makes one.
///
/// It is worth nothing until the caller has seen that [`Self::jti`] was not used before with
/// [`Self::jkt`], remembering it until `issued_at + max_age_seconds`, and that [`Self::nonce`] is one of
/// its own where it asks for one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedProof {
    /// The thumbprint of the key that signed (RFC 7638).
    pub jkt: String,
    /// The proof's name: 1 to [`MAX_PROOF_ID_BYTES`] bytes without control characters.
    pub jti: String,
    /// The server's nonce that the client repeats (RFC 9449 8), of 1 to [`MAX_PROOF_NONCE_BYTES`]
    /// characters.
    pub nonce: Option<String>,
    /// `iat` in seconds since 1970, a fraction rounded up.
    pub issued_at: i64,
}

/// Verifies `proof` for the request that `policy` describes, at `now_unix_seconds`, by the key that it
/// brings along.
///
/// Answers with the first rule that fails. As with [`verify`](crate::verify()), cheap rules come first and
/// the signature comes before all claims.
pub fn verify_dpop(
    proof: &str,
    policy: &DpopPolicy<'_>,
    now_unix_seconds: i64,
) -> Result<VerifiedProof, DpopRejection> {
    if proof.len() > MAX_PROOF_BYTES {
        return Err(DpopRejection::TooLarge { found: proof.len() });
    }
    let token = UnverifiedToken::parse(proof).map_err(|rejection| refuse(rejection, policy))?;
    let (algorithm, jwk) = check_header(token.header(), policy)?;
    let key = keys::read_jwk(jwk).map_err(|why| DpopRejection::KeyInvalid { why })?;
    let jkt = thumbprint(jwk).map_err(|why| DpopRejection::KeyInvalid { why })?;
    check_thumbprint(&jkt, policy)?;
    check_signature(&token, &key, algorithm, policy)?;

    let claims = token.claims();
    check_method(claims, policy)?;
    check_url(claims, policy)?;
    check_access_token(claims, policy)?;
    let issued_at = check_issued_at(claims, policy, now_unix_seconds)?;
    Ok(VerifiedProof { jkt, jti: check_id(claims)?, nonce: check_nonce(claims)?, issued_at })
}

/// What the parser refuses, in a proof's words.
fn refuse(rejection: Rejection, policy: &DpopPolicy<'_>) -> DpopRejection {
    match rejection {
        Rejection::DuplicateMember { part, name } => DpopRejection::DuplicateMember { part, name },
        Rejection::AlgorithmMissing => refuse_algorithm(None, policy),
        Rejection::TooLarge { found } => DpopRejection::TooLarge { found },
        Rejection::Malformed { problem }
        | Rejection::HeaderInvalid { problem }
        | Rejection::PayloadInvalid { problem }
        | Rejection::KidInvalid { problem } => DpopRejection::Malformed { problem },
        Rejection::TypeNotAllowed { member, found, .. } => {
            DpopRejection::Malformed { problem: format!("its {member} is {found}") }
        }
        other => DpopRejection::Malformed { problem: other.code().to_owned() },
    }
}

/// RFC 9449 4.3, rules 4, 5 and the first half of 6.
fn check_header<'h>(
    header: &'h Header,
    policy: &DpopPolicy<'_>,
) -> Result<(Algorithm, &'h Value), DpopRejection> {
    header.check_critical().map_err(|_| DpopRejection::CritUnsupported)?;
    if header.token_type() != Some(TYPE) {
        return Err(DpopRejection::TypeInvalid {
            found: header.token_type().map_or_else(|| "absent".to_owned(), shown::text),
        });
    }
    let name = header.algorithm();
    let allowed = |algorithm: &Algorithm| policy.algorithms.contains(algorithm);
    let algorithm = name.parse().ok().filter(allowed).ok_or_else(|| refuse_algorithm(Some(name), policy))?;
    Ok((algorithm, header.get("jwk").ok_or(DpopRejection::KeyMissing)?))
}

fn refuse_algorithm(found: Option<&str>, policy: &DpopPolicy<'_>) -> DpopRejection {
    DpopRejection::AlgorithmNotAllowed {
        expected: shown::list(policy.algorithms.iter().map(|algorithm| algorithm.as_str())),
        found: found.map_or_else(|| "absent".to_owned(), shown::text),
    }
}

/// RFC 9449 4.3, the second half of rule 12. Before the signature, because it is cheaper and the client
/// knows its own key.
fn check_thumbprint(jkt: &str, policy: &DpopPolicy<'_>) -> Result<(), DpopRejection> {
    match policy.expected_jkt {
        Some(expected) if expected != jkt => {
            Err(DpopRejection::KeyMismatch { expected: shown::text(expected), found: jkt.to_owned() })
        }
        _ => Ok(()),
    }
}

/// RFC 9449 4.3, rule 6. A `kid` beside the key means nothing here.
fn check_signature(
    token: &UnverifiedToken<'_>,
    key: &VerifyingKey,
    algorithm: Algorithm,
    policy: &DpopPolicy<'_>,
) -> Result<(), DpopRejection> {
    key.verify(algorithm, token.signed_bytes(), token.signature()).map_err(|rejection| match rejection {
        Rejection::AlgorithmMismatch { expected, found } => {
            DpopRejection::AlgorithmMismatch { expected, found }
        }
        Rejection::SignatureInvalid => DpopRejection::SignatureInvalid,
        other => refuse(other, policy),
    })
}

/// RFC 9449 4.3, rule 8.
fn check_method(claims: &UnverifiedClaims, policy: &DpopPolicy<'_>) -> Result<(), DpopRejection> {
    match claims.get("htm") {
        Some(Value::String(method)) if method == policy.method => Ok(()),
        found => Err(DpopRejection::MethodMismatch {
            expected: shown::text(policy.method),
            found: describe(found),
        }),
    }
}

/// RFC 9449 4.3, rule 9.
fn check_url(claims: &UnverifiedClaims, policy: &DpopPolicy<'_>) -> Result<(), DpopRejection> {
    let found = claims.get("htu");
    let matches = found.and_then(Value::as_str).is_some_and(|found| target::same(found, policy.url));
    if matches {
        return Ok(());
    }
    let found = match found {
        Some(Value::String(url)) => shown::text(target::without_query(url)),
        other => describe(other),
    };
    let expected = shown::text(target::without_query(policy.url));
    Err(DpopRejection::UrlMismatch { expected, found })
}

/// RFC 9449 4.3, the first half of rule 12, and 4.2: the hash is over the token's ASCII.
fn check_access_token(claims: &UnverifiedClaims, policy: &DpopPolicy<'_>) -> Result<(), DpopRejection> {
    let Some(access_token) = policy.access_token else { return Ok(()) };
    let expected = base64url::encode(digest(&SHA256, access_token.as_bytes()).as_ref());
    match claims.get("ath") {
        Some(Value::String(found)) if *found == expected => Ok(()),
        Some(Value::String(_)) => Err(DpopRejection::AccessTokenMismatch { problem: "is of another token" }),
        Some(_) => Err(DpopRejection::AccessTokenMismatch { problem: "is not a string" }),
        None => Err(DpopRejection::AccessTokenMismatch { problem: "is missing" }),
    }
}

/// RFC 9449 4.3, rule 11.
fn check_issued_at(
    claims: &UnverifiedClaims,
    policy: &DpopPolicy<'_>,
    now: i64,
) -> Result<i64, DpopRejection> {
    let found = claims.get("iat");
    let refuse = |problem: &str| DpopRejection::IssuedAtInvalid {
        max_age_seconds: policy.max_age_seconds,
        now,
        found: describe(found),
        problem: problem.to_owned(),
    };
    let issued_at = numeric_date::read(found.ok_or_else(|| refuse("it is missing"))?).map_err(refuse)?;
    if now.saturating_sub_unsigned(policy.max_age_seconds) > issued_at {
        return Err(refuse("it is too old"));
    }
    if now.saturating_add_unsigned(policy.max_age_seconds) < issued_at {
        return Err(refuse("it is to come"));
    }
    Ok(issued_at)
}

/// RFC 9449 4.2. Bounded, and fit for a database, because the caller has to keep it.
fn check_id(claims: &UnverifiedClaims) -> Result<String, DpopRejection> {
    let refuse = |problem| Err(DpopRejection::IdInvalid { problem });
    match claims.get("jti") {
        Some(Value::String(id)) if id.is_empty() => refuse("is empty"),
        Some(Value::String(id)) if id.len() > MAX_PROOF_ID_BYTES => refuse("is longer"),
        Some(Value::String(id)) if id.contains(char::is_control) => refuse("has control characters"),
        Some(Value::String(id)) => Ok(id.clone()),
        Some(_) => refuse("is not a string"),
        None => refuse("is missing"),
    }
}

/// RFC 9449 8.1: `nonce = 1*NQCHAR`.
fn check_nonce(claims: &UnverifiedClaims) -> Result<Option<String>, DpopRejection> {
    let refuse = |problem| Err(DpopRejection::NonceInvalid { problem });
    let is_ours = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    match claims.get("nonce") {
        None => Ok(None),
        Some(Value::String(nonce)) if nonce.is_empty() => refuse("is empty"),
        Some(Value::String(nonce)) if nonce.len() > MAX_PROOF_NONCE_BYTES => refuse("is longer"),
        Some(Value::String(nonce)) if nonce.bytes().all(is_ours) => Ok(Some(nonce.clone())),
        Some(Value::String(_)) => refuse("has characters that no nonce has"),
        Some(_) => refuse("is not a string"),
    }
}

fn describe(found: Option<&Value>) -> String {
    found.map_or_else(|| "absent".to_owned(), shown::value)
}
