//! Users and sessions on the command line.

use super::common::{ISSUER, run};
use super::crash::ID;
use serde_json::Value;
use sqlx::SqlitePool;
use std::path::Path;

const KEYS: &str = "https://issuer.example.com/keys";
const NOBODY: &str = "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b12";

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// An environment with one user, whose id is returned.
fn with_user(folder: &Path) -> String {
    let environment = ["env", "create", "--id", ID, "--issuer", ISSUER, "--jwks-url", KEYS];
    run(folder, &environment).ok();
    let create =
        ["user", "create", "--id", ID, "--external-user-id", "user-42", "--profile", r#"{"alias": "Ada"}"#];
    let made = json(&run(folder, &create).ok());
    assert_eq!(
        (&made["alias"], &made["verifiedCredentials"][0]["public_identifier"]),
        (&"Ada".into(), &"user-42".into())
    );
    made["id"].as_str().expect("an id").to_owned()
}

/// Two sessions of the user, past every interface.
async fn open_sessions(folder: &Path) {
    let pool =
        SqlitePool::connect(&format!("sqlite://{}/byoa.db", folder.display())).await.expect("the database");
    for id in ["x'01010101010101010101010101010101'", "x'02020202020202020202020202020202'"] {
        let text = format!(
            "INSERT INTO sessions (id, environment_id, user_id, signin_credential_id, audience, generation, token_id,
                created_at, refreshed_at, expires_at, refresh_expires_at)
             SELECT {id}, environment_id, user_id, id, 'https://app.example.com', 0, {id}, 1, 1, 2, 9e15
             FROM credentials"
        );
        sqlx::query(sqlx::AssertSqlSafe(text)).execute(&pool).await.expect("done");
    }
}

#[tokio::test]
async fn the_command_line_makes_shows_changes_and_removes_users() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let user = with_user(folder);
    let one = |verb: &str, more: &[&str]| {
        run(folder, &[&["user", verb, "--id", ID, "--user", &user], more].concat())
    };
    let changed = json(&one("set", &["--profile", r#"{"team": "research", "alias": ""}"#]).ok());
    assert_eq!((&changed["team"], &changed["alias"]), (&"research".into(), &Value::Null));
    assert_eq!(json(&one("show", &[]).ok())["team"], "research");
    let listed = run(folder, &["user", "list", "--id", ID, "--filter", "user-42"]).ok();
    assert!(listed.contains(&user) && listed.contains("user-42"), "{listed}");
    let again = run(folder, &["user", "create", "--id", ID, "--external-user-id", "user-42"]);
    assert!(again.code == Some(1) && again.err.contains("exists already"), "{again:?}");
    let bad = one("set", &["--profile", "{\"country\": \"Atlantis\"}"]);
    assert!(bad.code == Some(1) && bad.err.contains("country"), "{bad:?}");
    let unread = one("set", &["--profile", "Ada"]);
    assert!(unread.code == Some(2) && unread.err.contains("not JSON"), "{unread:?}");
    assert!(run(folder, &["user", "list", "--id", NOBODY]).err.contains("no such environment"));
    let lost = one("set", &["--profile", r#"{"allias": "Ada"}"#]);
    assert!(lost.code == Some(2) && lost.err.contains("allias"), "{lost:?}");
    let file = folder.join("users.json");
    let import = |text: &str, more: &[&str]| {
        std::fs::write(&file, text).expect("written");
        run(folder, &[&["user", "import", "--id", ID, "users.json"], more].concat())
    };
    let two = r#"[{"externalUserId": "user-42", "team": "ops"}, {"externalUserId": "user-43"}]"#;
    assert!(import(two, &[]).err.contains("exists already"));
    assert!(import(two, &["--upsert"]).ok().contains("user-43"));
    assert_eq!(json(&one("show", &[]).ok())["team"], "ops");
    assert!(import(r#"[{"alias": "Ada"}]"#, &[]).err.contains("user 1 of users.json"));
    assert!(import("{}", &[]).err.contains("JSON array"));
    assert!(import("[]", &[]).err.contains("1 to 50"));
    one("delete", &[]).ok();
    let gone = one("show", &[]);
    assert!(gone.code == Some(1) && gone.err.contains("user list"), "{gone:?}");
    let log = run(folder, &["audit", "list", "--id", ID]).ok();
    for event in ["user.created", "user.updated", "user.deleted"] {
        assert!(log.contains(event), "{event} in {log}");
    }
}

#[tokio::test]
async fn the_command_line_shows_and_ends_sessions() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let user = with_user(folder);
    open_sessions(folder).await;
    let list = |more: &[&str]| {
        json(&run(folder, &[&["session", "list", "--id", ID, "--user", &user, "--json"], more].concat()).ok())
    };
    assert_eq!(list(&[])["count"], 2);
    let first = "01010101-0101-0101-0101-010101010101";
    let ended = json(&run(folder, &["session", "revoke", "--id", ID, "--session", first]).ok());
    assert!(ended["revokedAt"].is_string(), "{ended}");
    assert_eq!(
        (&list(&["--revoked"])["count"], &list(&["--revoked=false"])["count"]),
        (&1.into(), &1.into())
    );
    let unknown = run(folder, &["session", "revoke", "--id", ID, "--session", NOBODY]);
    assert!(unknown.code == Some(1) && unknown.err.contains("session list"), "{unknown:?}");
    let whose = run(folder, &["session", "revoke-all", "--id", ID]);
    assert!(whose.code == Some(2) && whose.err.contains("--user"), "{whose:?}");
    let all = run(folder, &["session", "revoke-all", "--id", ID, "--everybody"]).ok();
    assert!(all.contains("ended 1 session"), "{all}");
    assert_eq!(list(&["--revoked=false"])["count"], 0);
}
