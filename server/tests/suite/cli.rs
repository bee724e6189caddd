//! The program from its command line.

use super::common::{Finished, Program, client, run};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

const ID: &str = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// `env create` with what it needs, and `more`.
fn create(folder: &Path, more: &[&str]) -> Finished {
    let needed =
        ["env", "create", "--issuer", "https://issuer.example", "--jwks-url", "https://issuer.example/jwks"];
    run(folder, &[&needed[..], more].concat())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|problem| panic!("{problem} in {text}"))
}

/// Asserts that a command failed with this exit code and one line that has each of `words`.
fn assert_sentence(finished: &Finished, code: i32, words: &[&str]) {
    assert_eq!((finished.code, finished.out.as_str()), (Some(code), ""), "{finished:?}");
    let sentence = finished.err.trim_end();
    assert!(sentence.starts_with("error: ") && !sentence.contains('\n'), "{sentence}");
    for word in words {
        assert!(sentence.contains(word), "{word} in {sentence}");
    }
}

#[test]
fn an_environment_is_made_listed_shown_and_changed() {
    let folder = folder();
    let folder = folder.path();
    let origins = ["--allowed-origin", "https://a.example", "--allowed-origin", "https://b.example"];
    let more =
        ["--id", ID, "--audience", "byoa", "--cookie-name", "jwt", "--assume-email-verified", "--json"];
    let made = json(&create(folder, &[&origins[..], &more].concat()).ok());
    assert_eq!((&made["id"], &made["sessionAlg"]), (&ID.into(), &"ES256".into()));
    assert_eq!(made["allowedOrigins"], serde_json::json!(["https://a.example", "https://b.example"]));
    assert_eq!((&made["cookieName"], &made["assumeEmailVerified"]), (&"jwt".into(), &true.into()));

    assert!(run(folder, &["env", "list"]).ok().contains(ID));
    assert_eq!(json(&run(folder, &["env", "show", "--id", ID, "--json"]).ok()), made);
    let table = run(folder, &["env", "show", "--id", ID]).ok();
    assert!(
        table.contains("https://a.example, https://b.example") && table.contains("/api/v0/sdk/"),
        "{table}"
    );
    assert!(!table.to_lowercase().contains("key "), "{table}");

    let set =
        |more: &[&str]| json(&run(folder, &[&["env", "set", "--id", ID, "--json"], more].concat()).ok());
    assert_eq!(set(&["--audience", "other"])["audiences"], serde_json::json!(["other"]));
    let replaced = set(&["--allowed-origin", "https://c.example", "--audience", "", "--cookie-name", ""]);
    assert_eq!(replaced["allowedOrigins"], serde_json::json!(["https://c.example"]));
    assert_eq!((&replaced["audiences"], &replaced["cookieName"]), (&serde_json::json!([]), &Value::Null));
    assert_eq!(replaced["assumeEmailVerified"], Value::Bool(true), "what is not named stays");
    let turned = set(&["--assume-email-verified=false", "--session-alg", "RS256", "--allowed-origin", ""]);
    assert_eq!((&turned["assumeEmailVerified"], &turned["sessionAlg"]), (&false.into(), &"RS256".into()));
    assert_eq!(turned["allowedOrigins"], serde_json::json!([]));
}

#[test]
fn issuers_are_added_listed_changed_and_removed() {
    let folder = folder();
    let folder = folder.path();
    create(folder, &["--id", ID]).ok();
    let issuer = |verb: &str, more: &[&str]| {
        run(folder, &[&["env", "issuer", verb, "--id", ID, "--json"], more].concat())
    };
    let other = ["--issuer", "https://other.example"];
    let more = ["--jwks-url", "https://other.example/jwks", "--audience", "a", "--audience", "b"];
    let rules = ["--algorithm", "RS256", "--algorithm", "EdDSA", "--leeway", "5", "--max-lifetime", "600"];
    let made = json(&issuer("add", &[&other[..], &more, &rules].concat()).ok());
    let expected = serde_json::json!({
        "issuer": "https://other.example", "keys": "jwks-url", "jwksUrl": "https://other.example/jwks",
        "audiences": ["a", "b"], "algorithms": ["RS256", "EdDSA"], "leewaySeconds": 5, "maxLifetimeSeconds": 600,
    });
    assert_eq!((made["issuers"].as_array().map(Vec::len), &made["issuers"][1]), (Some(2), &expected));
    assert_eq!(made["issuer"], "https://issuer.example");
    assert_sentence(&issuer("add", &[&other[..], &more].concat()), 2, &["trusted already", "issuer set"]);
    let set = json(&issuer("set", &[&other[..], &["--max-lifetime", "0", "--audience", ""]].concat()).ok());
    assert_eq!(set["issuers"][1]["maxLifetimeSeconds"], Value::Null);
    assert_eq!(
        (&set["issuers"][1]["audiences"], &set["issuers"][1]["leewaySeconds"]),
        (&serde_json::json!([]), &5.into())
    );
    let table = run(folder, &["env", "show", "--id", ID]).ok();
    assert!(table.contains("https://other.example/jwks") && table.contains("RS256, EdDSA"), "{table}");
    assert!(run(folder, &["env", "list"]).ok().contains("and 1 more"));
    assert_eq!(
        json(&run(folder, &["env", "issuer", "list", "--id", ID, "--json"]).ok())[1],
        set["issuers"][1]
    );
    assert_sentence(&run(folder, &["env", "set", "--id", ID, "--audience", "x"]), 2, &["env issuer set"]);
    let left = json(&issuer("remove", &other).ok());
    assert_eq!(left["issuers"].as_array().map(Vec::len), Some(1));
    assert_sentence(&issuer("remove", &other), 2, &["issuer list"]);
}

#[test]
fn an_environment_begins_with_keys_from_wherever_they_are() {
    let folder = folder();
    let folder = folder.path();
    let (pem, jwks) = (
        crate::common::pem(),
        serde_json::json!({ "keys": [crate::common::public_jwk("k", serde_json::json!({}))] }),
    );
    std::fs::write(folder.join("key.pem"), &pem).expect("written");
    std::fs::write(folder.join("keys.json"), jwks.to_string()).expect("written");
    let make = |more: &[&str]| {
        run(folder, &[&["env", "create", "--issuer", "https://issuer.example", "--json"], more].concat())
    };
    for (source, kind) in [
        (&["--discovery"][..], "discovery"),
        (&["--jwks-file", "keys.json"], "jwks-file"),
        (&["--pem-file", "key.pem"], "pem-file"),
        (&["--jwks-url", "https://issuer.example/jwks"], "jwks-url"),
    ] {
        let shown = json(&make(source).ok());
        assert_eq!(shown["issuers"][0]["keys"], kind);
    }
    assert_sentence(&make(&[]), 2, &["--jwks-url", "--discovery", "--jwks-file", "--pem-file"]);
    assert_sentence(&make(&["--jwks-file", "key.pem"]), 2, &["jwks-file"]);
    assert_sentence(&make(&["--pem-file", "none"]), 2, &["none", "cannot read"]);
    let both = make(&["--discovery", "--pem-file", "key.pem"]);
    assert!(both.code == Some(2) && both.err.contains("cannot be used with"), "{both:?}");
    assert_eq!(json(&run(folder, &["env", "list", "--json"]).ok()).as_array().map(Vec::len), Some(4));

    create(folder, &["--id", ID]).ok();
    let set = json(&run(folder, &["env", "set", "--id", ID, "--pem-file", "key.pem", "--json"]).ok());
    assert_eq!((&set["issuers"][0]["keys"], &set["jwksUrl"]), (&"pem-file".into(), &Value::Null));
}

#[test]
fn signing_keys_are_listed_rotated_and_retired() {
    let folder = folder();
    create(folder.path(), &["--id", ID]).ok();
    let keys = |verb: &str, more: &[&str]| {
        run(folder.path(), &[&["keys", verb, "--id", ID, "--json"], more].concat())
    };
    let first = json(&keys("list", &[]).ok())[0]["kid"].as_str().expect("a kid").to_owned();
    assert_sentence(&keys("retire", &["--kid", &first]), 2, &[&first, "keys rotate"]);
    let both = json(&keys("rotate", &[]).ok());
    assert_eq!((both.as_array().map(Vec::len), &both[1]["kid"]), (Some(2), &first.as_str().into()));
    assert_eq!(both[0]["retiredAt"], Value::Null);
    assert!(both[1]["publishedUntil"].is_string() && !both.to_string().contains("\"d\""), "{both}");
    assert!(run(folder.path(), &["keys", "list", "--id", ID]).ok().contains("retired, published until"));
    assert_eq!(json(&keys("retire", &["--kid", &first]).ok()).as_array().map(Vec::len), Some(1));
    assert_sentence(&keys("retire", &["--kid", &first]), 2, &[&first, "keys list"]);
}

#[test]
fn an_id_is_made_up_where_none_is_given() {
    let folder = folder();
    let first = json(&create(folder.path(), &["--json"]).ok());
    let second = json(&create(folder.path(), &["--json"]).ok());
    assert_ne!(first["id"], second["id"]);
    assert_eq!(first["id"].as_str().map(str::len), Some(36));
}

#[test]
fn refused_settings_say_which_and_what_to_do() {
    let folder = folder();
    create(folder.path(), &["--id", ID]).ok();
    assert_sentence(&create(folder.path(), &["--id", ID]), 1, &[ID, "exists already", "env set"]);
    assert_sentence(
        &create(folder.path(), &["--allowed-origin", "https://a.example/"]),
        2,
        &["allowed-origin"],
    );
    assert_sentence(&create(folder.path(), &["--allowed-origin", "*"]), 2, &["allowed-origin", "wildcards"]);
    assert_sentence(&create(folder.path(), &["--cookie-name", "a b"]), 2, &["cookie-name"]);
    let other = "11111111-2222-4333-8444-555555555555";
    assert_sentence(&run(folder.path(), &["env", "show", "--id", other]), 1, &[other, "env create"]);
    let private = ["env", "set", "--id", ID, "--jwks-url", "http://127.0.0.1:9/jwks"];
    assert_sentence(&run(folder.path(), &private), 2, &["jwks-url", "--allow-private-jwks"]);
    run(folder.path(), &[&private[..], &["--allow-private-jwks"]].concat()).ok();
}

#[test]
fn a_database_that_is_missing_is_said_in_one_sentence() {
    let folder = folder();
    let without = Program::new(folder.path(), &["env", "list"]).finish("");
    assert_sentence(&without, 2, &["--database-url", "BYOA_DATABASE_URL"]);
    assert_sentence(&run(folder.path(), &["env", "list"]), 1, &["no database at byoa.db", "env create"]);
    let at = |url: &str| Program::new(folder.path(), &["serve", "--database-url", url]).finish("");
    assert_sentence(&at("sqlite://not/there/byoa.db"), 1, &["not/there", "mkdir -p"]);
    assert_sentence(&at("mysql://localhost/byoa"), 1, &["mysql", "sqlite://"]);
    assert!(!folder.path().join("not").exists(), "a folder is never made");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left behind");
}

#[test]
fn flags_come_before_variables_and_variables_before_the_file() {
    let folder = folder();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("byoa.toml", "database-url = 'sqlite://file.db'\nlisten = '127.0.0.1:0'\nlog-format = 'json'\n");
    let made = |name: &str| folder.path().join(name).exists();
    let token = ["admin-token", "create", "--name", "x"];
    Program::new(folder.path(), &token).env("BYOA_CONFIG", "byoa.toml").finish("").ok();
    assert!(made("file.db"));
    let with_variable = |arguments: &[&str]| {
        Program::new(folder.path(), arguments)
            .env("BYOA_DATABASE_URL", "sqlite://variable.db")
            .finish("")
            .ok()
    };
    with_variable(&[&token[..], &["--config", "byoa.toml"]].concat());
    assert!(made("variable.db") && !made("flag.db"));
    with_variable(&[&token[..], &["--config", "byoa.toml", "--database-url", "sqlite://flag.db"]].concat());
    assert!(made("flag.db"));

    let served = Program::new(folder.path(), &["--config", "byoa.toml", "serve"]).serve();
    assert!(served.line.contains("database sqlite://file.db"), "{}", served.line);
    served.signal("TERM");
    let (code, log) = served.wait();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn a_configuration_file_is_read_strictly() {
    let folder = folder();
    let with = |text: &str| {
        std::fs::write(folder.path().join("byoa.toml"), text).expect("written");
        run(folder.path(), &["--config", "byoa.toml", "env", "list"])
    };
    assert_sentence(&with("databse-url = 'x'"), 2, &["databse-url", "did you mean database-url?"]);
    assert_sentence(&with("listen = 1"), 2, &["line 1"]);
    assert_sentence(&with("listen = "), 2, &["line 1"]);
    assert_sentence(&with("log-format = 'xml'"), 2, &["xml", "pretty or json"]);
    let missing = run(folder.path(), &["--config", "none.toml", "env", "list"]);
    assert_sentence(&missing, 2, &["none.toml", "BYOA_CONFIG"]);
}

#[test]
fn help_teaches() {
    let folder = folder();
    let help = |arguments: &[&str]| {
        let wrapped = Program::new(folder.path(), arguments).finish("").ok();
        wrapped.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let whole = help(&["--help"]);
    for word in
        ["Examples:", "env create", "BYOA_DATABASE_URL", "TOML", "Exit codes", "check-jwt", "admin-token"]
    {
        assert!(whole.contains(word), "{word} in {whole}");
    }
    let serve = help(&["serve", "--help"]);
    for word in ["BYOA_LISTEN", "127.0.0.1:3333", "BYOA_PUBLIC_URL", "--allow-private-jwks", "SIGTERM"] {
        assert!(serve.contains(word), "{word} in {serve}");
    }
    assert!(help(&["env", "set", "--help"]).contains("replaces the whole list"));
    assert!(help(&["check-jwt", "--help"]).contains("history"));
    let unknown = Program::new(folder.path(), &["env", "crate"]).finish("");
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("create"), "{}", unknown.err);
}

#[cfg(unix)]
#[test]
fn a_database_that_others_can_read_is_told_with_its_mend() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let file = folder.path().join("byoa.db");
    let set_mode =
        |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("set");
    let made = create(folder.path(), &[]);
    assert_eq!((made.code, made.err.contains("chmod")), (Some(0), false), "ours is its owner's alone");
    set_mode(0o644);
    let told = run(folder.path(), &["env", "list"]);
    assert!(told.err.contains("WARN") && told.err.contains("chmod 600 byoa.db"), "{}", told.err);
    assert_eq!(told.code, Some(0));
    set_mode(0o600);
    assert_eq!(run(folder.path(), &["env", "list"]).err, "");
}

#[test]
fn an_admin_token_is_shown_once_and_kept_as_a_hash() {
    let folder = folder();
    let made = run(folder.path(), &["admin-token", "create", "--name", "tests"]);
    assert!(made.err.contains("not shown again"), "{}", made.err);
    let token = made.ok().trim().to_owned();
    assert!(token.starts_with("byoa_admin_") && token.len() > 50, "{token}");
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        kept.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    let secret = token.trim_start_matches("byoa_admin_").as_bytes();
    assert!(!kept.windows(secret.len()).any(|window| window == secret), "only the hash is kept");
    assert_sentence(&run(folder.path(), &["admin-token", "create", "--name", " "]), 2, &["--name"]);
}

#[test]
fn an_environment_that_is_not_there_is_said_and_not_taken_for_an_empty_one() {
    let folder = folder();
    create(folder.path(), &["--id", ID]).ok();
    let other = "11111111-2222-4333-8444-555555555555";
    let token = ["admin-token", "create", "--name", "x", "--environment", other];
    assert_sentence(&run(folder.path(), &token), 1, &["no environment", other]);
    assert_eq!(run(folder.path(), &["admin-token", "list"]).ok().matches("admin").count(), 2, "none yet");
    assert_sentence(&run(folder.path(), &["audit", "list", "--id", other]), 1, &["no environment", other]);
    assert!(run(folder.path(), &["audit", "list", "--id", ID]).ok().contains("environment.created"));
}

#[test]
fn a_change_of_nothing_is_said_and_leaves_no_trace() {
    let folder = folder();
    create(folder.path(), &["--id", ID]).ok();
    let events = || run(folder.path(), &["audit", "list", "--id", ID]).ok();
    let (before, set) = (events(), run(folder.path(), &["env", "set", "--id", ID]));
    assert!(set.code == Some(0) && set.err.contains("nothing to change") && set.out.contains(ID), "{set:?}");
    assert_eq!(events(), before);
}

mod serving {
    use super::*;

    fn serve(folder: &Path, more: &[&str]) -> Program {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        Program::new(folder, &arguments).env("BYOA_DATABASE_URL", "sqlite://byoa.db")
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_its_own_flag() {
        let folder = folder();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("its address").to_string();
        let metrics = serve(folder.path(), &["--metrics-listen", &address]).finish("");
        assert_sentence(&metrics, 1, &[&address, "another port with --metrics-listen"]);
        let listen = ["serve", "--listen", &address, "--database-url", "sqlite://byoa.db"];
        let listen = Program::new(folder.path(), &listen).finish("");
        assert_sentence(&listen, 1, &[&address, "another port with --listen"]);
    }

    #[test]
    fn says_where_it_listens_and_that_nobody_can_sign_in_yet() {
        let folder = folder();
        let server = serve(folder.path(), &[]).serve();
        assert!(server.line.contains(&format!("public URL {}", server.url)), "{}", server.line);
        assert!(server.line.ends_with("0 environments"), "{}", server.line);
        server.signal("INT");
        let (code, log) = server.wait();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("no environment") && log.contains("env create"), "{log}");
    }

    #[test]
    fn a_port_in_use_is_one_sentence() {
        let folder = folder();
        let server = serve(folder.path(), &[]).serve();
        let address = server.url.trim_start_matches("http://");
        let second = run(folder.path(), &["serve", "--listen", address]);
        assert_sentence(&second, 1, &[address, "another program listens there", "--listen"]);
    }

    #[test]
    fn what_cannot_be_served_is_one_sentence() {
        let folder = folder();
        assert_sentence(
            &run(folder.path(), &["serve", "--listen", "localhost"]),
            2,
            &["localhost", "127.0.0.1:3333"],
        );
        assert_sentence(&run(folder.path(), &["serve", "--listen", "0.0.0.0:0"]), 2, &["--public-url"]);
        assert_sentence(
            &run(folder.path(), &["serve", "--public-url", "auth.example.com"]),
            2,
            &["https://"],
        );
    }

    #[tokio::test]
    async fn a_change_from_the_command_line_is_seen_at_once() {
        let folder = folder();
        let server = serve(folder.path(), &["--public-url", "https://auth.example.com"]).serve();
        let url = format!("{}/api/v0/sdk/{ID}/settings", server.url);
        assert_eq!(client().get(&url).send().await.expect("an answer").status(), 404);
        create(folder.path(), &["--id", ID]).ok();
        let settings = client().get(&url).send().await.expect("an answer").text().await.expect("a body");
        assert_eq!(json(&settings)["security"]["externalAuth"]["iss"], "https://issuer.example");
        run(folder.path(), &["env", "set", "--id", ID, "--issuer", "https://other.example"]).ok();
        let settings = client().get(&url).send().await.expect("an answer").text().await.expect("a body");
        assert_eq!(json(&settings)["security"]["externalAuth"]["iss"], "https://other.example");
    }

    #[tokio::test]
    async fn logs_have_no_query_and_no_token() {
        let folder = folder();
        let server = serve(folder.path(), &["--log-format", "json", "--log", "trace"]).serve();
        create(folder.path(), &["--id", ID]).ok();
        let base = format!("{}/api/v0/sdk/{ID}", server.url);
        let client = client();
        let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
        for request in [
            client.get(format!("{base}/settings?jwt={secret}")),
            client.get(format!("{}/api/v0/{secret}", server.url)),
            client.get(format!("{base}/session")).bearer_auth(format!("a.{secret}.c")),
            client
                .post(format!("{base}/externalAuth/signin"))
                .header("content-type", "application/json")
                .header("cookie", format!("jwt={secret}"))
                .body(format!("{{\"jwt\":\"a.{secret}.c\"}}")),
        ] {
            request.send().await.expect("an answer");
        }
        server.signal("TERM");
        let (code, log) = server.wait();
        assert_eq!(code, Some(0));
        assert!(!log.contains(secret), "{log}");
        assert!(log.contains(&format!("\"environment\":\"{ID}\"")) && !log.contains('\u{1b}'), "{log}");
        assert!(
            log.contains("\"reason\":\"jwt_")
                && log.contains("\"path\":\"/api/v0/sdk/{environment_id}/settings\"")
        );
    }

    #[test]
    fn check_jwt_tells_rule_by_rule() {
        use crate::common::Token;
        let folder = folder();
        create(folder.path(), &["--id", ID]).ok();
        let check = |arguments: &[&str], input: &str| {
            let arguments = [&["check-jwt", "--id", ID], arguments].concat();
            Program::new(folder.path(), &arguments).env("BYOA_DATABASE_URL", "sqlite://byoa.db").finish(input)
        };
        let unsigned = Token::good().header("alg", "none").build();
        for finished in
            [check(&["-"], &format!("{unsigned}\n")), check(&[], &unsigned), check(&[&unsigned], "")]
        {
            assert_eq!(finished.code, Some(1), "{finished:?}");
            assert!(finished.out.contains("✓ shape") && finished.out.contains("✗ "), "{finished:?}");
            assert!(finished.out.contains("jwt_alg_not_allowed"), "{finished:?}");
            assert!(!finished.out.contains(unsigned.split('.').nth(1).expect("claims")), "{finished:?}");
        }
        let steps = json(&check(&["--json"], "junk").out);
        assert_eq!(steps[1]["reason"], "jwt_malformed");
        let nowhere =
            Program::new(folder.path(), &["check-jwt", "--id", "11111111-2222-4333-8444-555555555555"])
                .env("BYOA_DATABASE_URL", "sqlite://byoa.db")
                .finish("x");
        assert_sentence(&nowhere, 1, &["no such environment"]);
    }
}

#[test]
fn a_server_that_logs_json_writes_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments =
        ["--log-format", "json", "serve", "--listen", "127.0.0.1:0", "--public-url", "http://a.example"];
    let program = Program::new(folder.path(), &arguments).env("BYOA_DATABASE_URL", "sqlite://byoa.db");
    let server = program.serve();
    let listening = json(&server.line);
    assert!(
        listening["message"].as_str().is_some_and(|text| text.starts_with("listening on http://")),
        "{listening}"
    );
    server.logged(&["no environment"]);
    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0));
    let levels: Vec<_> =
        log.lines().map(|line| json(line)["level"].as_str().expect("a level").to_owned()).collect();
    assert!(
        levels.iter().filter(|level| *level == "WARN").count() >= 2,
        "plain HTTP, and no master key: {log}"
    );
}
