//! What an external JWT says about an e-mail address, and what an address may look like.

use byoa_jwt::VerifiedClaims;
use serde_json::Value;

use crate::store::EmailClaim;

/// The longest address, in bytes (RFC 5321 4.5.3.1.3, without the brackets).
const MAX_EMAIL_BYTES: usize = 254;

/// Both spellings of the claim: the documented one, and that of `OpenID` Connect.
const VERIFIED_CLAIMS: [&str; 2] = ["emailVerified", "email_verified"];

/// Reads the address and whether the issuer vouches for it. Only a boolean says so; an explicit `false`
/// in either spelling wins, and with `assume_verified` a token that has neither vouches.
pub(super) fn email_claim(claims: &VerifiedClaims, assume_verified: bool) -> EmailClaim {
    judge(|name| claims.get(name), assume_verified)
}

fn judge<'v>(get: impl Fn(&str) -> Option<&'v Value>, assume_verified: bool) -> EmailClaim {
    let Some(address) = get("email").and_then(Value::as_str).filter(|address| is_address(address)) else {
        return EmailClaim::Absent;
    };
    let words = VERIFIED_CLAIMS.map(get);
    if words.contains(&Some(&Value::Bool(false))) {
        return EmailClaim::Unverified(address.to_owned());
    }
    let vouched = match words {
        [None, None] => assume_verified,
        // What is neither true nor false is no word of an issuer that means it.
        words => words.into_iter().flatten().all(|word| *word == Value::Bool(true)),
    };
    if vouched { EmailClaim::Verified(address.to_owned()) } else { EmailClaim::Absent }
}

/// Whether a text can be an address: one `@` with something on both sides, and nothing that would break
/// out of a mail header or look like another address.
pub(super) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    text.len() <= MAX_EMAIL_BYTES
        && !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && !domain.starts_with(['.', '-'])
        && !domain.ends_with(['.', '-'])
        && !text.contains(is_unfit)
}

fn is_unfit(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '"' | '\\')
        // Invisible, or turning the direction of what follows.
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{EmailClaim, is_address, judge};

    #[test]
    fn only_a_boolean_true_and_no_false_vouch() {
        let verified = EmailClaim::Verified("a@b.example".to_owned());
        let unverified = EmailClaim::Unverified("a@b.example".to_owned());
        let absent = EmailClaim::Absent;
        for (claims, plain, assuming) in [
            (json!({}), &absent, &verified),
            (json!({"emailVerified": true}), &verified, &verified),
            (json!({"email_verified": true}), &verified, &verified),
            (json!({"emailVerified": true, "email_verified": true}), &verified, &verified),
            (json!({"emailVerified": false}), &unverified, &unverified),
            (json!({"email_verified": false}), &unverified, &unverified),
            (json!({"emailVerified": true, "email_verified": false}), &unverified, &unverified),
            (json!({"emailVerified": false, "email_verified": true}), &unverified, &unverified),
            (json!({"emailVerified": "true"}), &absent, &absent),
            (json!({"email_verified": 1}), &absent, &absent),
            (json!({"email_verified": null}), &absent, &absent),
            (json!({"emailVerified": true, "email_verified": "false"}), &absent, &absent),
            (json!({"EmailVerified": true}), &absent, &verified),
        ] {
            let mut with_address = claims.clone();
            with_address["email"] = json!("a@b.example");
            assert_eq!(&judge(|name| with_address.get(name), false), plain, "{claims}");
            assert_eq!(&judge(|name| with_address.get(name), true), assuming, "{claims} assuming");
            assert_eq!(
                judge(|name| claims.get(name), true),
                EmailClaim::Absent,
                "{claims} without an address"
            );
        }
    }

    #[test]
    fn an_address_is_sane_or_ignored() {
        let long = format!("{}@b.example", "a".repeat(250));
        for bad in [
            "",
            "@",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a b@c.example",
            "a@b.example\n",
            "a@b.example\r\nBcc: x@y",
            "a@.b",
            "a@b.",
            "a@-b",
            "<a@b.example>",
            "a@b.example,c@d.example",
            "\u{202e}a@b.example",
            "a\u{200b}@b.example",
            "a\0@b.example",
            &long,
        ] {
            assert!(!is_address(bad), "{bad:?}");
            let claim = json!(bad);
            assert_eq!(judge(|name| (name == "email").then_some(&claim), true), EmailClaim::Absent);
        }
        for good in ["a@b", "a.b+c@d.example", "o'neil@e.example", "użytkownik@przykład.example"] {
            assert!(is_address(good), "{good:?}");
        }
        for no_text in [json!(1), json!(["a@b.example"]), json!(null), json!({"a": 1})] {
            assert_eq!(judge(|name| (name == "email").then_some(&no_text), true), EmailClaim::Absent);
        }
    }
}
