//! Names of what may happen once. Hashes of what callers send, so that they have one length and no text of
//! a stranger is kept.

use aws_lc_rs::digest::{Context, SHA256};
use byoa_jwt::VerifiedClaims;
use data_encoding::BASE64URL_NOPAD;

use crate::{clock::UnixMillis, store::OneUse};

/// How far the clocks of our own nodes may differ: so much longer than anybody can use it a use is kept.
pub(super) const NODE_LEEWAY_SECONDS: u64 = 5;

/// The use of a verified external JWT of one issuer: by its `jti`, which the issuer answers for (RFC 7519
/// 4.1.7), or where it has none, by what is signed. Not by the signature: ECDSA has two for every one.
pub(super) fn external_jwt(claims: &VerifiedClaims, jwt: &str, leeway_seconds: u64) -> OneUse {
    let id = claims.token_id().filter(|id| !id.is_empty());
    let signed = jwt.rsplit_once('.').map_or(jwt, |(signed, _)| signed);
    let (kind, id) = id.map_or(("signed", signed), |id| ("jti", id));
    let end = claims.expires_at().saturating_add_unsigned(leeway_seconds + NODE_LEEWAY_SECONDS);
    OneUse { name: name("jwt", &[claims.issuer(), kind, id]), expires_at: UnixMillis::from_seconds(end) }
}

/// One name for one list of texts: no two lists share one.
pub(super) fn name(kind: &str, texts: &[&str]) -> String {
    let mut digest = Context::new(&SHA256);
    for text in texts {
        digest.update(&text.len().to_be_bytes());
        digest.update(text.as_bytes());
    }
    format!("{kind}:{}", BASE64URL_NOPAD.encode(digest.finish().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_do_not_meet() {
        let names =
            [name("a", &["b", "c"]), name("a", &["bc", ""]), name("a", &["bc"]), name("b", &["b", "c"])];
        for (index, one) in names.iter().enumerate() {
            assert!(names[index + 1..].iter().all(|other| other != one), "{one}");
        }
    }
}
