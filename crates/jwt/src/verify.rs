//! The rules that need a policy, in the order of [`RULES`](crate::RULES): what the header may say, which
//! key, the signature, and only then the claims.

use serde_json::Value;

use crate::{
    Algorithm, KeySet, Policy, Rejection, UnverifiedClaims, UnverifiedToken, VerifiedClaims, VerifyingKey,
    rules::{Observer, Unobserved},
    shown,
};

/// Verifies `token` for one issuer: its header, its signature by one of `keys`, and its claims under
/// `policy` at `now_unix_seconds`.
///
/// Answers with the first rule that fails. The signature comes before all claims, so somebody without a
/// key learns nothing about what the claims should have been.
pub fn verify(
    token: &UnverifiedToken<'_>,
    keys: &KeySet,
    policy: &Policy,
    now_unix_seconds: i64,
) -> Result<VerifiedClaims, Rejection> {
    verify_observed(token, keys, policy, now_unix_seconds, &mut Unobserved)
}

/// Verifies the header and the signature only, for tokens that are not about a user, such as `DPoP`
/// proofs (RFC 9449 4.3). The policy's issuer, audience and times are not looked at, and the claims stay
/// unverified: the caller has its own rules for them.
pub fn verify_signature<'t>(
    token: &'t UnverifiedToken<'_>,
    keys: &KeySet,
    policy: &Policy,
) -> Result<&'t UnverifiedClaims, Rejection> {
    check_signature(token, keys, policy, &mut Unobserved)?;
    Ok(token.claims())
}

pub(crate) fn verify_observed(
    token: &UnverifiedToken<'_>,
    keys: &KeySet,
    policy: &Policy,
    now: i64,
    observer: &mut impl Observer,
) -> Result<VerifiedClaims, Rejection> {
    let (algorithm, key) = check_signature(token, keys, policy, observer)?;
    let claims = token.claims();

    let issuer = check_issuer(claims, policy)?;
    observer.passed("issuer", || shown::text(issuer));
    check_audience(claims, policy)?;
    observer.passed("audience", || format!("{} configured", policy.audiences.len()));
    let subject = claims.required_subject()?;
    observer.passed("subject", || format!("{} bytes", subject.len()));
    let expires_at = check_expiry(claims, policy, now)?;
    observer.passed("expiry", || format!("{} s left", expires_at.saturating_sub(now)));
    let not_before = check_not_before(claims, policy, now)?;
    observer.passed("not_before", || if not_before.is_some() { "reached" } else { "absent" }.to_owned());
    let issued_at = check_issued_at(claims, policy, now)?;
    observer.passed("issued_at", || if issued_at.is_some() { "past" } else { "absent" }.to_owned());
    let lifetime = check_lifetime(policy, issued_at.unwrap_or(now), expires_at)?;
    observer.passed("lifetime", || format!("{lifetime} s"));
    check_token_id(claims)?;
    observer
        .passed("token_id", || if claims.get("jti").is_some() { "a string" } else { "absent" }.to_owned());

    Ok(VerifiedClaims {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        expires_at,
        not_before,
        issued_at,
        algorithm,
        key_id: key.kid().map(str::to_owned),
        claims: claims.clone(),
    })
}

fn check_signature<'k>(
    token: &UnverifiedToken<'_>,
    keys: &'k KeySet,
    policy: &Policy,
    observer: &mut impl Observer,
) -> Result<(Algorithm, &'k VerifyingKey), Rejection> {
    let header = token.header();
    header.check_critical()?;
    observer.passed("critical", || "no critical extension".to_owned());
    if !policy.types.accept(header.token_type()) {
        return Err(Rejection::TypeNotAllowed {
            member: "typ",
            expected: policy.types.describe(),
            found: header.token_type().map_or_else(|| "absent".to_owned(), shown::text),
        });
    }
    observer.passed("type", || header.token_type().map_or_else(|| "no typ".to_owned(), shown::text));
    let algorithm = check_algorithm(header.algorithm(), policy)?;
    observer.passed("algorithm", || algorithm.to_string());
    let key = keys.select(header.key_id(), algorithm)?;
    observer.passed("key", || key.kid().map_or_else(|| "the only one that fits".to_owned(), shown::text));
    key.verify(algorithm, token.signed_bytes(), token.signature())?;
    observer.passed("signature", || format!("{} bytes", token.signature().len()));
    Ok((algorithm, key))
}

fn check_algorithm(name: &str, policy: &Policy) -> Result<Algorithm, Rejection> {
    name.parse().ok().filter(|algorithm| policy.algorithms.contains(algorithm)).ok_or_else(|| {
        Rejection::AlgorithmNotAllowed {
            expected: shown::list(policy.algorithms.iter().map(|algorithm| algorithm.as_str())),
            found: shown::text(name),
        }
    })
}

/// RFC 8725 3.8: byte for byte, without any normalisation.
fn check_issuer<'c>(claims: &'c UnverifiedClaims, policy: &Policy) -> Result<&'c str, Rejection> {
    let expected = || shown::text(&policy.issuer);
    let found = claims.get("iss").ok_or_else(|| Rejection::IssuerMissing { expected: expected() })?;
    match found {
        Value::String(issuer) if *issuer == policy.issuer && !issuer.is_empty() => Ok(issuer),
        _ => Err(Rejection::IssuerMismatch { expected: expected(), found: shown::value(found) }),
    }
}

/// RFC 7519 4.1.3, when an audience is configured.
fn check_audience(claims: &UnverifiedClaims, policy: &Policy) -> Result<(), Rejection> {
    if policy.audiences.is_empty() {
        return Ok(());
    }
    let expected = || shown::list(policy.audiences.iter().map(String::as_str));
    let value = claims.get("aud").ok_or_else(|| Rejection::AudienceMissing { expected: expected() })?;
    let found = match value {
        Value::String(one) => Some(vec![one.as_str()]),
        Value::Array(many) => many.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let found = found
        .ok_or_else(|| Rejection::AudienceInvalid { expected: expected(), found: shown::value(value) })?;
    if found.iter().any(|audience| policy.audiences.iter().any(|own| own == audience)) {
        Ok(())
    } else {
        Err(Rejection::AudienceMismatch { expected: expected(), found: shown::value(value) })
    }
}

/// RFC 7519 4.1.4: refused "on or after" that time.
fn check_expiry(claims: &UnverifiedClaims, policy: &Policy, now: i64) -> Result<i64, Rejection> {
    let expires_at = claims.required_expiry()?;
    if now >= expires_at.saturating_add_unsigned(policy.leeway_seconds) {
        return Err(Rejection::Expired { expires_at, now, leeway_seconds: policy.leeway_seconds });
    }
    Ok(expires_at)
}

/// RFC 7519 4.1.5: refused before that time.
fn check_not_before(claims: &UnverifiedClaims, policy: &Policy, now: i64) -> Result<Option<i64>, Rejection> {
    let time = claims.optional_time("nbf")?;
    match time {
        Some(not_before) if now.saturating_add_unsigned(policy.leeway_seconds) < not_before => {
            Err(Rejection::NotYetValid { not_before, now, leeway_seconds: policy.leeway_seconds })
        }
        _ => Ok(time),
    }
}

fn check_issued_at(claims: &UnverifiedClaims, policy: &Policy, now: i64) -> Result<Option<i64>, Rejection> {
    let time = claims.optional_time("iat")?;
    match time {
        Some(issued_at) if now.saturating_add_unsigned(policy.leeway_seconds) < issued_at => {
            Err(Rejection::IssuedInFuture { issued_at, now, leeway_seconds: policy.leeway_seconds })
        }
        _ => Ok(time),
    }
}

fn check_lifetime(policy: &Policy, start: i64, expires_at: i64) -> Result<u64, Rejection> {
    let found_seconds = u64::try_from(expires_at.saturating_sub(start)).unwrap_or(0);
    match policy.max_lifetime_seconds {
        Some(max_seconds) if found_seconds > max_seconds => {
            Err(Rejection::LifetimeTooLong { max_seconds, found_seconds })
        }
        _ => Ok(found_seconds),
    }
}

/// RFC 7519 4.1.7. Read as absent, a number here would slip past whoever remembers used tokens.
fn check_token_id(claims: &UnverifiedClaims) -> Result<(), Rejection> {
    match claims.get("jti") {
        None | Some(Value::String(_)) => Ok(()),
        Some(_) => Err(Rejection::PayloadInvalid { problem: "its jti is not a string".to_owned() }),
    }
}
