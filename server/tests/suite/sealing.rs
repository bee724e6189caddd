//! Secrets in the database are sealed under a master key that it does not have.

use super::common::{Finished, ISSUER, Program, Server, client};
use super::crash::{ID, issuer, token};
use byoa_server::clock::SystemClock;
use byoa_server::exchange::environments::{EnvironmentError, EnvironmentSettings, Environments, Resealed};
use byoa_server::seal::{Label, MasterKey, Seal, SealError};
use byoa_server::store::{self, KeptSecrets, Store};
use byoa_server::testing::PostgresSchema;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

const SQLITE: &str = "sqlite://byoa.db";

/// What each test runs over: SQLite in a folder, and PostgreSQL in a schema.
pub(super) struct Place {
    folder: TempDir,
    pub(super) schema: Option<PostgresSchema>,
}

impl Place {
    pub(super) async fn each() -> [Self; 2] {
        let folder = || tempfile::tempdir().expect("a folder");
        [
            Self { folder: folder(), schema: None },
            Self { folder: folder(), schema: Some(PostgresSchema::make().await) },
        ]
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn url(&self) -> &str {
        self.schema.as_ref().map_or(SQLITE, PostgresSchema::url)
    }

    /// The store, in this process.
    pub(super) async fn store(&self) -> Arc<dyn Store> {
        let url = match &self.schema {
            Some(schema) => schema.url().to_owned(),
            None => format!("sqlite://{}/byoa.db", self.path().display()),
        };
        store::open(&url).await.expect("a store")
    }

    /// The use cases of an operator who has that master key.
    pub(super) async fn operator(&self, seal: &Seal) -> Environments {
        Environments::new(self.store().await, Arc::new(SystemClock), true, None).with_seal(seal.clone())
    }

    /// A file with the master key of that letter.
    fn key(&self, letter: &str) -> String {
        let path = self.path().join(format!("{letter}.key"));
        std::fs::write(&path, format!("{}\n", letter.repeat(64))).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        path.display().to_string()
    }

    fn program(&self, arguments: &[&str], keys: &[&str]) -> Program {
        let flags = ["--master-key-file", "--old-master-key-file"];
        let keys: Vec<_> = keys.iter().map(|letter| self.key(letter)).collect();
        let mut all = arguments.to_vec();
        for (flag, key) in flags.into_iter().zip(&keys) {
            all.extend([flag, key.as_str()]);
        }
        Program::new(self.path(), &all).env("BYOA_DATABASE_URL", self.url())
    }

    /// Runs a command with the master keys of these letters: the current one, and the one before.
    pub(super) fn run(&self, arguments: &[&str], keys: &[&str]) -> Finished {
        self.program(arguments, keys).finish("")
    }

    pub(super) fn serve(&self, keys: &[&str]) -> Server {
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--public-url",
            "http://127.0.0.1:3333",
            "--allow-private-jwks",
            "--no-rate-limit",
        ];
        self.program(&arguments, keys).serve()
    }

    pub(super) fn refuses_to_serve(&self, keys: &[&str]) -> Finished {
        self.run(&["serve", "--listen", "127.0.0.1:0"], keys)
    }

    pub(super) async fn environment(&self, keys: &[&str]) {
        let jwks = issuer().await;
        let create =
            ["env", "create", "--id", ID, "--issuer", ISSUER, "--jwks-url", &jwks, "--allow-private-jwks"];
        self.run(&create, keys).ok();
    }

    /// Every byte that the database has in files here.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let files = ["byoa.db", "byoa.db-wal"];
        files.iter().flat_map(|name| std::fs::read(self.path().join(name)).unwrap_or_default()).collect()
    }
}

/// The master key of that letter.
pub(super) fn master(letter: &str) -> MasterKey {
    letter.repeat(64).parse().expect("a master key")
}

fn id() -> Uuid {
    ID.parse().expect("an id")
}

/// Every secret of the environment as it is kept, with where it belongs.
async fn kept(store: &dyn Store) -> Vec<(String, Vec<u8>)> {
    let environment = store.environment(id()).await.expect("there");
    let keys = store.signing_keys(id()).await.expect("keys");
    let keys = keys.into_iter().map(|key| (key.kid, key.pkcs8.expose().clone()));
    [(String::new(), environment.nonce_key.expose().clone())].into_iter().chain(keys).collect()
}

/// The same as they are.
async fn opened(store: &dyn Store, seal: &Seal) -> Vec<Vec<u8>> {
    let open = |(kid, kept): (String, Vec<u8>)| {
        let label = if kid.is_empty() { Label::nonce_key(id()) } else { Label::signing_key(id(), &kid) };
        seal.open(&label, &kept).expect("opens").expose().clone()
    };
    kept(store).await.into_iter().map(open).collect()
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    // The middle of a key: DER begins alike in all of them.
    let middle = &secret[secret.len() / 2 - 8..secret.len() / 2 + 8];
    bytes.windows(middle.len()).any(|window| window == middle)
}

async fn sign_in(server: &Server) -> (u16, Value) {
    let request = client()
        .post(format!("{}/api/v0/sdk/{ID}/externalAuth/signin", server.url))
        .header("content-type", "application/json")
        .body(serde_json::json!({ "jwt": token(1) }).to_string());
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON"))
}

async fn probe(server: &Server, session: &Value) -> u16 {
    let token = session["minifiedJwt"].as_str().expect("a token");
    let request = client().get(format!("{}/api/v0/sdk/{ID}/session", server.url)).bearer_auth(token);
    request.send().await.expect("an answer").status().as_u16()
}

async fn status(server: &Server, path: &str) -> u16 {
    client().get(format!("{}{path}", server.url)).send().await.expect("an answer").status().as_u16()
}

#[track_caller]
pub(super) fn assert_refused(finished: &Finished, words: &[&str]) {
    assert!(finished.code != Some(0) && finished.out.is_empty(), "{finished:?}");
    for word in words {
        assert!(finished.err.contains(word), "{word} in {finished:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_a_sealed_key_is_in_the_database() {
    for place in Place::each().await {
        let seal = Seal::under(master("a"), None);
        place.environment(&["a"]).await;
        place.run(&["keys", "rotate", "--id", ID], &["a"]).ok();
        let store = place.store().await;
        let (kept, opened) = (kept(store.as_ref()).await, opened(store.as_ref(), &seal).await);
        assert_eq!(kept.len(), 3, "the nonces' key and two that sign");
        let file = place.bytes();
        for ((kid, kept), secret) in kept.iter().zip(&opened) {
            assert!(kept.starts_with(b"byoa-sealed") && !holds(kept, secret), "{kid}");
            assert!(!holds(&file, secret), "{kid}");
            assert_eq!(holds(&file, kept), place.schema.is_none(), "the file is what is looked into");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_plain_is_sealed_while_servers_run() {
    for place in Place::each().await {
        place.environment(&[]).await;
        let store = place.store().await;
        let plain = opened(store.as_ref(), &Seal::default()).await;
        let file = place.bytes();
        assert!(place.schema.is_some() || plain.iter().all(|secret| holds(&file, secret)));
        let mut without = place.serve(&[]);
        let (_, session) = sign_in(&without).await;
        without.kill();
        assert!(without.wait().1.contains("--master-key-file"));

        let server = place.serve(&["a"]);
        assert_refused(&place.run(&["keys", "seal"], &[]), &["--master-key-file"]);
        let said = place.run(&["keys", "seal"], &["a"]).ok();
        assert!(said.contains("sealed 2 of 2") && said.contains(&master("a").id().to_string()), "{said}");
        assert!(place.run(&["keys", "seal"], &["a"]).ok().contains("sealed 0 of 2"));
        let file = place.bytes();
        assert!(!plain.iter().any(|secret| holds(&file, secret)), "nothing of them is left in the file");
        assert_eq!((probe(&server, &session).await, sign_in(&server).await.0), (204, 200));
        assert_eq!(status(&server, "/readyz").await, 200);
        let seal = Seal::under(master("a"), None);
        assert_eq!(opened(store.as_ref(), &seal).await, plain, "the same keys, otherwise kept");
        server.signal("TERM");
        let (_, log) = server.wait();
        assert!(log.contains("2 of 2 secrets") && log.contains("keys seal"), "{log}");
        let again = place.serve(&["a"]);
        assert_eq!(probe(&again, &session).await, 204);
        again.signal("TERM");
        assert!(!again.wait().1.contains("warning"), "nothing to warn of any more");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_right_master_key_nothing_starts_and_no_key_is_made() {
    let (right, wrong) = (master("a").id().to_string(), master("b").id().to_string());
    for place in Place::each().await {
        place.environment(&["a"]).await;
        let before = kept(place.store().await.as_ref()).await;
        assert_refused(&place.refuses_to_serve(&[]), &[ID, &right, "--master-key-file"]);
        assert_refused(&place.refuses_to_serve(&["b"]), &[ID, &right, &wrong, "--old-master-key-file"]);
        let rotate = ["keys", "rotate", "--id", ID];
        let algorithm = ["env", "set", "--id", ID, "--session-alg", "RS256"];
        let create = ["env", "create", "--issuer", ISSUER, "--jwks-url", "https://issuer.example/jwks"];
        let listen = ["webhook", "create", "--id", ID, "--url", "https://app.example/hook"];
        let secret = ["webhook", "rotate-secret", "--id", ID, "--webhook", ID];
        for command in [&rotate[..], &algorithm, &create, &listen, &secret, &["keys", "seal"]] {
            for keys in [&[][..], &["b"]] {
                assert_refused(&place.run(command, keys), &["master-key-file"]);
            }
        }
        assert_eq!(kept(place.store().await.as_ref()).await, before);
        assert_eq!(place.run(&["env", "list", "--json"], &[]).ok().matches("\"id\"").count(), 1);
        place.run(&["env", "set", "--id", ID, "--audience", "x"], &[]).ok();
        place.run(&rotate, &["a"]).ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_is_made_beside_one_whose_master_key_is_not_there() {
    let (old, new) = (master("a").id().to_string(), master("b").id().to_string());
    for place in Place::each().await {
        place.environment(&["a"]).await;
        let rotate = ["keys", "rotate", "--id", ID];
        place.run(&rotate, &["b", "a"]).ok();
        let before = kept(place.store().await.as_ref()).await;
        // The nonces' key opens with this one, the key that signs does not.
        let first = format!("pass the file of {new} with --master-key-file");
        let moving = format!("moved from {new} to {old}, pass it with --old-master-key-file");
        for command in [&rotate[..], &["env", "set", "--id", ID, "--session-alg", "RS256"]] {
            assert_refused(&place.run(command, &["a"]), &["a secret of the environment", &first, &moving]);
        }
        assert_eq!(kept(place.store().await.as_ref()).await, before);
        place.run(&rotate, &["b", "a"]).ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_changes_while_servers_run() {
    for place in Place::each().await {
        place.environment(&["a"]).await;
        let (late, ready) = (place.serve(&["a"]), place.serve(&["b", "a"]));
        let (_, session) = sign_in(&late).await;
        assert_eq!((probe(&ready, &session).await, sign_in(&ready).await.0), (204, 200));

        let said = place.run(&["keys", "seal"], &["b", "a"]).ok();
        assert!(said.contains("sealed 2 of 2"), "{said}");
        assert_eq!((probe(&ready, &session).await, sign_in(&ready).await.0), (204, 200));
        assert_eq!(status(&ready, "/readyz").await, 200);

        // A server that was not given the new one says that it cannot, and not that the session is bad.
        assert_eq!(status(&late, "/readyz").await, 200, "nobody has asked it for the environment since");
        assert_eq!((probe(&late, &session).await, sign_in(&late).await.0), (503, 503));
        let base = format!("/api/v0/sdk/{ID}");
        for path in ["/nonces", "/.well-known/jwks"] {
            assert_eq!(status(&late, &format!("{base}{path}")).await, 503, "{path}");
        }
        assert_eq!(status(&late, "/readyz").await, 503);
        assert_eq!(status(&late, "/healthz").await, 200);
        place.run(&["keys", "seal"], &["a", "b"]).ok();
        assert_eq!((status(&late, "/readyz").await, probe(&late, &session).await), (200, 204));
        place.run(&["keys", "seal"], &["b", "a"]).ok();
        assert_refused(&place.refuses_to_serve(&["a"]), &["--old-master-key-file"]);
        assert_eq!(probe(&place.serve(&["b"]), &session).await, 204);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_environment_moves_with_its_seals_to_where_the_master_key_is() {
    let [from, to] = Place::each().await;
    from.environment(&["a"]).await;
    let mut server = from.serve(&["a"]);
    let (_, session) = sign_in(&server).await;
    server.kill();
    let dump = from.run(&["env", "export", "--id", ID], &[]).ok();
    for (_, secret) in kept(from.store().await.as_ref()).await {
        assert!(dump.contains(&data_encoding::HEXLOWER.encode(&secret)), "as they are kept");
    }
    let file = from.path().join("env.jsonl").display().to_string();
    std::fs::write(&file, &dump).expect("written");
    for (keys, word) in [(&[][..], "--master-key-file"), (&["b"], "--old-master-key-file")] {
        let refused = to.run(&["env", "import", &file], keys);
        assert_refused(&refused, &[ID, word, "nothing was imported"]);
    }
    let bent = dump.replace("\"kid\":\"", "\"kid\":\"x");
    std::fs::write(from.path().join("bent.jsonl"), bent).expect("written");
    let bent = from.path().join("bent.jsonl").display().to_string();
    assert_refused(&to.run(&["env", "import", &bent], &["a"]), &["changed, or moved"]);
    assert!(!to.run(&["env", "list"], &[]).ok().contains(ID));
    to.run(&["env", "import", &file], &["a"]).ok();
    assert_eq!(probe(&to.serve(&["a"]), &session).await, 204);
    to.run(&["keys", "seal"], &["b", "a"]).ok();
    assert_eq!(probe(&to.serve(&["b"]), &session).await, 204);
}

#[tokio::test]
async fn a_seal_that_is_put_into_another_row_does_not_open() {
    for place in Place::each().await {
        let seal = Seal::under(master("a"), None);
        let operator = place.operator(&seal).await;
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for id in [one, other] {
            let settings = EnvironmentSettings {
                issuer: Some(ISSUER.to_owned()),
                jwks_url: Some("https://issuer.example/jwks".to_owned()),
                ..EnvironmentSettings::default()
            };
            operator.create(id, settings).await.expect("made");
        }
        let store = place.store().await;
        let environment = store.environment(one).await.expect("there");
        let own = store.signing_keys(one).await.expect("keys").remove(0);
        let foreign = store.signing_keys(other).await.expect("keys").remove(0);
        let foreign_nonces = store.environment(other).await.expect("there").nonce_key.clone();
        let honest = KeptSecrets {
            environment_id: one,
            revision: environment.revision,
            nonce_key: environment.nonce_key.clone(),
            signing_keys: vec![(own.kid.clone(), own.pkcs8.clone())],
            webhooks: Vec::new(),
            updated_at: environment.updated_at,
        };
        let swaps = [
            KeptSecrets { signing_keys: vec![(own.kid.clone(), foreign.pkcs8.clone())], ..honest.clone() },
            KeptSecrets { nonce_key: foreign_nonces, ..honest.clone() },
            KeptSecrets { nonce_key: own.pkcs8.clone(), ..honest.clone() },
            honest,
        ];
        for (revision, swap) in (environment.revision..).zip(&swaps) {
            store.replace_secrets(&KeptSecrets { revision, ..swap.clone() }).await.expect("replaced");
            let is_honest = revision == environment.revision + 3;
            match operator.check_seals().await {
                Ok(state) => assert!(is_honest && state.secrets == 4 && state.outdated == 0),
                Err(EnvironmentError::Sealed { environment, cause: SealError::Altered }) => {
                    assert!(!is_honest && environment == one);
                }
                Err(error) => panic!("{error}"),
            }
            assert_eq!(operator.seal_all().await.is_ok(), is_honest);
        }
        assert_eq!(operator.seal_all().await.ok(), Some(Resealed { secrets: 4, changed: 0 }));
    }
}

#[test]
fn a_master_key_that_cannot_be_used_is_one_sentence() {
    let place = Place { folder: tempfile::tempdir().expect("a folder"), schema: None };
    let write = |name: &str, text: &str, mode: u32| {
        let path = place.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("its mode");
    };
    let good = "0123456789abcdef".repeat(4);
    write("good", &good, 0o400);
    write("open", &good, 0o644);
    write("short", "0123", 0o600);
    write("empty", "", 0o600);
    write("long", &good.repeat(17), 0o600);
    write("byoa.toml", "master-key-file = 'short'", 0o600);
    let pipe = std::process::Command::new("mkfifo").arg(place.path().join("pipe")).status();
    assert!(pipe.expect("mkfifo").success());
    let make = ["env", "create", "--issuer", ISSUER, "--jwks-url", "https://issuer.example/jwks"];
    let run = |more: &[&str], variables: &[(&str, &str)]| {
        let program = Program::new(place.path(), &[&make[..], more].concat());
        let program = program.env("BYOA_DATABASE_URL", SQLITE);
        variables.iter().fold(program, |program, (name, value)| program.env(name, value)).finish("")
    };
    let (file, variable) = ("--master-key-file", "BYOA_MASTER_KEY");
    for (arguments, variables, words) in [
        (&[file, "none"][..], &[][..], &["cannot read", "none", file][..]),
        (&[file, "open"], &[], &["open to others (mode 0644)", "chmod 600"]),
        (&[file, "pipe"], &[], &["pipe", "it is not a regular file", file]),
        (&["--config", "pipe"], &[], &["pipe", "it is not a regular file", "--config"]),
        (&[file, "long"], &[], &["long", "it is longer than 1024 bytes"]),
        (&[file, "short"], &[], &["short", "openssl rand -base64 32"]),
        (&[file, "empty"], &[], &["32 bytes"]),
        (&[], &[(variable, "0123")], &[variable, "32 bytes"]),
        (&[], &[("BYOA_MASTER_KEY_FILE", "short")], &["short"]),
        (&["--config", "byoa.toml"], &[], &["short", "32 bytes"]),
        (&[file, "good"], &[(variable, &*good)], &["twice", variable, "good"]),
        (&["--old-master-key-file", "good"], &[], &["no current one", file]),
        (&[], &[("BYOA_OLD_MASTER_KEY", &*good)], &["no current one"]),
    ] {
        let finished = run(arguments, variables);
        assert_eq!((finished.code, finished.out.as_str()), (Some(2), ""), "{arguments:?}: {finished:?}");
        assert!(finished.err.starts_with("error: ") && finished.err.lines().count() == 1, "{finished:?}");
        assert!(!finished.err.contains(&good) && !finished.err.contains("0123"), "{finished:?}");
        for word in words {
            assert!(finished.err.contains(word), "{word} in {finished:?}");
        }
    }
    run(&[file, "good"], &[]).ok();
    run(&[], &[(variable, &good)]).ok();
    run(&["--config", "byoa.toml", file, "good"], &[]).ok();
}
