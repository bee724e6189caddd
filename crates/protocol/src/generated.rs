//! Files that are made from this crate and committed: this test writes none, it fails where they differ.
//! `BYOA_WRITE_GENERATED=1 cargo test -p byoa-protocol --features ts` writes them.

use crate::{ErrorCode, Reason, dpop::DPOP_REASONS};
use std::fmt::Write as _;
use std::{env, fs, path::Path};

fn check(relative: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(relative);
    if env::var_os("BYOA_WRITE_GENERATED").is_some() {
        fs::create_dir_all(path.parent().expect("below the root")).expect("writable tree");
        fs::write(&path, expected).expect("writable tree");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{relative} is not what crates/protocol generates; run \
         `BYOA_WRITE_GENERATED=1 cargo test -p byoa-protocol --features ts` and commit it"
    );
}

#[test]
fn errors_page_is_current() {
    let mut page = String::from(
        "<!-- Generated from crates/protocol; do not edit. -->\n\n# Errors\n\n\
         Every answer of 400 and above has the body `{ error, code, payload? }`: a sentence for people, a code \
         for programs. In JavaScript each becomes an `Error` with `name`, `code`, `reason`, `status`, `retryable` and \
         `requestId`. Codes are never renamed or reused; newer servers may add some.\n\n\
         ## Codes\n\n| code | status | retryable | when |\n|---|---|---|---|\n",
    );
    for code in ErrorCode::ALL {
        let status = code.status().map_or_else(|| "none".to_owned(), |status| status.to_string());
        let retryable = if code.retryable() { "yes" } else { "no" };
        let _ = writeln!(page, "| `{}` | {status} | {retryable} | {} |", code.as_str(), code.when());
    }
    page.push_str(
        "\n## Reasons of `invalid_external_auth`\n\n\
         The first entry of `payload.additionalMessages`; `error.reason` in JavaScript.\n\n\
         | reason | the rule it breaks | how to mend it |\n|---|---|---|\n",
    );
    for reason in Reason::ALL {
        let _ = writeln!(page, "| `{}` | {} | {} |", reason.as_str(), reason.rule(), reason.mend());
    }
    page.push_str(
        "\n## Reasons of `invalid_dpop_proof` and `use_dpop_nonce`\n\n\
         Likewise the first entry of `payload.additionalMessages`.\n\n| reason | the rule it breaks |\n|---|---|\n",
    );
    for (reason, rule) in DPOP_REASONS {
        let _ = writeln!(page, "| `{reason}` | {rule} |");
    }
    check("docs/ERRORS.md", &page);
}

#[cfg(feature = "ts")]
#[test]
fn typescript_declarations_are_current() {
    use crate::{claims, client, user};
    use ts_rs::{Config, TS};

    fn declaration<T: TS>(config: &Config) -> String {
        let docs = T::docs().unwrap_or_default();
        format!("{docs}export {}\n\n", T::decl(config))
    }

    let config = Config::default();
    let mut file = String::from("// Generated from crates/protocol; do not edit.\n\n");
    file.push_str("/** Whatever JSON can say. */\n");
    file.push_str("export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };\n\n");
    for text in [
        declaration::<claims::Confirmation>(&config),
        declaration::<claims::SessionClaims>(&config),
        declaration::<user::JwtVerifiedCredential>(&config),
        declaration::<user::UserFields>(&config),
        declaration::<client::SessionBinding>(&config),
        declaration::<client::ClientConfig>(&config),
        declaration::<client::SignInWithExternalJwtArgs>(&config),
        declaration::<client::UserProfile>(&config),
        declaration::<client::LogoutReason>(&config),
        declaration::<client::LogoutResult>(&config),
        declaration::<client::SecurityLevel>(&config),
        declaration::<client::Security>(&config),
        declaration::<client::StorageKind>(&config),
        declaration::<client::SessionTimeline>(&config),
        declaration::<client::ClientSnapshot>(&config),
        declaration::<client::ClientEvent>(&config),
    ] {
        file.push_str(&text);
    }
    let union = |name: &str, words: Vec<&str>| {
        let words: Vec<_> = words.iter().map(|word| format!("  | \"{word}\"")).collect();
        format!("export type {name} =\n{};\n\n", words.join("\n"))
    };
    file.push_str("/** What went wrong; docs/ERRORS.md says when. */\n");
    file.push_str(&union("ErrorCode", ErrorCode::ALL.iter().map(|code| code.as_str()).collect()));
    file.push_str("/** The rule that a refused external JWT broke; docs/ERRORS.md says how to mend it. */\n");
    file.push_str(&union("Reason", Reason::ALL.iter().map(|reason| reason.as_str()).collect()));
    check("pkg-template/src/generated/wire.ts", file.trim_end());

    let mut codes = String::from(
        "// Generated from crates/protocol; do not edit.\n\n\
         /** The status that each code is answered with, and whether trying again may help; the client's own have no status. */\n\
         export const CODES: Readonly<Record<string, { readonly status?: number; readonly retryable: boolean }>> = {\n",
    );
    for code in ErrorCode::ALL {
        let status = code.status().map(|status| format!("status: {status}, ")).unwrap_or_default();
        let _ = writeln!(codes, "  {}: {{ {status}retryable: {} }},", code.as_str(), code.retryable());
    }
    codes.push_str("};\n");
    check("pkg-template/src/testing/codes.ts", &codes);
}
