//! Webhooks' secrets are sealed like the keys, and sign on while they are sealed anew.

use super::common::Server;
use super::crash::ID;
use super::sealing::{Place, assert_refused, master};
use super::webhook_program::Endpoint;
use byoa_server::exchange::environments::EnvironmentError;
use byoa_server::seal::{Label, Seal, SealError};
use byoa_server::store::KeptSecrets;
use serde_json::Value;
use uuid::Uuid;

fn parsed(text: &str) -> Uuid {
    text.parse().expect("an id")
}

impl Place {
    /// Makes a webhook to that URL; it as it was printed, with its secret.
    fn webhook(&self, url: &str, keys: &[&str]) -> Value {
        let create = ["webhook", "create", "--id", ID, "--url", url, "--allow-private-jwks", "--json"];
        serde_json::from_str(&self.run(&create, keys).ok()).expect("JSON")
    }

    fn on(&self, verb: &str, webhook: &Value, keys: &[&str]) -> String {
        let webhook = webhook["id"].as_str().expect("an id");
        self.run(&["webhook", verb, "--id", ID, "--webhook", webhook, "--json"], keys).ok()
    }

    /// The secret as it is kept.
    async fn kept_secret(&self, webhook: &Value) -> Vec<u8> {
        let id = parsed(webhook["id"].as_str().expect("an id"));
        self.store().await.webhook(parsed(ID), id).await.expect("there").secret.expose().clone()
    }
}

fn secret(webhook: &Value) -> &[u8] {
    webhook["secret"].as_str().expect("a secret").as_bytes()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn end(server: Server) -> String {
    server.signal("TERM");
    server.wait().1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_a_sealed_secret_is_in_the_database_and_it_signs() {
    for place in Place::each().await {
        let seal = Seal::under(master("a"), None);
        place.environment(&["a"]).await;
        let mut endpoint = Endpoint::open(true).await;
        let made = place.webhook(&endpoint.url, &["a"]);
        let rotated: Value = serde_json::from_str(&place.on("rotate-secret", &made, &["a"])).expect("JSON");
        let (kept, id) = (place.kept_secret(&made).await, parsed(made["id"].as_str().expect("an id")));
        let label = Label::webhook_secret(parsed(ID), &id);
        assert_eq!(seal.open(&label, &kept).expect("opens").expose(), secret(&rotated));
        let file = place.bytes();
        assert_eq!(holds(&file, &kept), place.schema.is_none(), "the file is what is looked into");
        for shown in [&made, &rotated] {
            // The middle: all of them begin alike.
            assert!(!holds(&file, &secret(shown)[20..36]) && !holds(&kept, &secret(shown)[20..36]));
        }
        let _server = place.serve(&["a"]);
        assert!(endpoint.next().await.is_signed_with(&rotated["secret"]), "the ping of the beginning");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_plain_is_sealed_and_sealed_anew_while_servers_deliver() {
    for place in Place::each().await {
        place.environment(&[]).await;
        let mut endpoint = Endpoint::open(true).await;
        let made = place.webhook(&endpoint.url, &[]);
        assert_eq!(place.kept_secret(&made).await, secret(&made), "plain");
        assert!(place.schema.is_some() || holds(&place.bytes(), secret(&made)));
        let late = place.serve(&["a"]);
        assert!(endpoint.next().await.is_signed_with(&made["secret"]));

        let said = place.run(&["keys", "seal"], &["a"]).ok();
        assert!(said.contains("sealed 3 of 3"), "{said}");
        assert!(place.kept_secret(&made).await.starts_with(b"byoa-sealed"));
        assert!(!holds(&place.bytes(), &secret(&made)[20..36]), "nothing of it is left in the file");
        place.on("ping", &made, &[]);
        assert!(endpoint.next().await.is_signed_with(&made["secret"]));

        let said = place.run(&["keys", "seal"], &["b", "a"]).ok();
        assert!(said.contains("sealed 3 of 3"), "{said}");
        place.on("ping", &made, &[]);
        late.logged(&["a webhook's secret cannot be used", &master("b").id().to_string()]);
        let waiting: Value = serde_json::from_str(&place.on("messages", &made, &[])).expect("JSON");
        assert_eq!((&waiting[0]["state"], waiting[0]["lastError"].is_null()), (&"pending".into(), true));
        // Another server has the key, and delivers what this one has given back.
        let ready = place.serve(&["b", "a"]);
        assert!(endpoint.next().await.is_signed_with(&made["secret"]));
        assert_eq!(end(late).matches("a webhook's secret cannot be used").count(), 1, "said once");
        assert!(!end(ready).contains("cannot be used"));
    }
}

/// Two webhooks of one environment, of which the second has the secret of the first.
async fn swapped(place: &Place) -> [Value; 2] {
    place.environment(&["a"]).await;
    let made = ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"].map(|url| place.webhook(url, &["a"]));
    let store = place.store().await;
    let environment = store.environment(parsed(ID)).await.expect("there");
    let foreign = place.kept_secret(&made[0]).await;
    let swap = KeptSecrets {
        environment_id: environment.id,
        revision: environment.revision,
        nonce_key: environment.nonce_key.clone(),
        signing_keys: Vec::new(),
        webhooks: vec![(parsed(made[1]["id"].as_str().expect("an id")), foreign.into())],
        updated_at: environment.updated_at,
    };
    store.replace_secrets(&swap).await.expect("replaced");
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_put_into_another_webhook_does_not_open_and_another_mends_it() {
    for place in Place::each().await {
        let made = swapped(&place).await;
        let operator = place.operator(&Seal::under(master("a"), None)).await;
        let refused = operator.check_seals().await.err();
        assert!(matches!(refused, Some(EnvironmentError::Sealed { cause: SealError::Altered, .. })));
        assert_refused(&place.refuses_to_serve(&["a"]), &[ID, "changed, or moved"]);
        assert_refused(&place.run(&["keys", "seal"], &["b", "a"]), &[ID, "changed, or moved"]);
        place.run(&["env", "export", "--id", ID, "--output", "env.jsonl"], &[]).ok();
        let import = ["env", "import", "env.jsonl", "--database-url", "sqlite://other.db"];
        assert_refused(&place.run(&import, &["a"]), &[ID, "changed, or moved", "nothing was imported"]);
        place.on("rotate-secret", &made[1], &["a"]);
        assert_eq!(operator.check_seals().await.expect("opens").secrets, 4);
    }
}
