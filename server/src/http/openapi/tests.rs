//! The committed document is the code's, and the code's is what is served.

use super::text;
use crate::clock::SystemClock;
use crate::exchange::admin::Admin;
use crate::exchange::environments::Environments;
use crate::exchange::{Exchange, ExchangeConfig};
use crate::keys::{FetchPolicy, HttpFetcher, KeySets};
use crate::{AppState, router, store};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::ALLOW;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::{env, fs, path::Path};
use tower::ServiceExt as _;

/// Parts of the page that `GET /docs` is.
const PARTS_OF_THE_PAGE: [&str; 2] = ["get /docs/page.css", "get /docs/page.js"];

async fn app() -> (Router, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = store::open(&format!("sqlite://{}/byoa.db", folder.path().display())).await.unwrap();
    let clock = Arc::new(SystemClock);
    let fetcher = Arc::new(HttpFetcher::new(FetchPolicy { allow_private: false }).unwrap());
    let config = ExchangeConfig::new("https://auth.example.com".parse().unwrap());
    let exchange = Exchange::new(store.clone(), KeySets::new(fetcher, clock.clone()), clock.clone(), config);
    let admin = Admin::new(exchange.clone(), Environments::new(store, clock, false, None));
    (router(AppState::new(exchange).with_admin(admin)), folder)
}

/// Every path of a router, as its own `Debug` lists them.
fn paths(router: &Router) -> BTreeSet<String> {
    let text = format!("{router:?}");
    let (text, _fallback) = text.split_once("fallback_router").unwrap();
    let quoted = text.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
    quoted.filter(|path| !path.contains("__private")).map(str::to_owned).collect()
}

/// `method path` of everything that is served. Which methods a path has, it says in `Allow`.
async fn served() -> BTreeSet<String> {
    let (router, _folder) = app().await;
    let mut all = BTreeSet::new();
    for path in paths(&router) {
        let uri = path.replace("{environment_id}", "0198b0a5-6f3e-7c3d-8a5e-3f1f6f9d2b11");
        let request = Request::builder().method("PROPFIND").uri(uri.replace(['{', '}'], ""));
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let allowed = answer.headers().get(ALLOW).unwrap_or_else(|| panic!("{path} allows nothing"));
        let methods = allowed.to_str().unwrap().split(',').filter(|method| *method != "HEAD");
        all.extend(methods.map(|method| format!("{} {path}", method.to_lowercase())));
    }
    all
}

/// `method path` of everything that is described, the parts of the path spelt as the routes spell them.
fn described(document: &Value) -> BTreeSet<String> {
    let items = document["paths"].as_object().unwrap();
    let operations = items.iter().flat_map(|(path, item)| {
        let path = path.split('/').map(as_routed).collect::<Vec<_>>().join("/");
        item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
    });
    operations.collect()
}

/// `{environmentId}` as `{environment_id}`.
fn as_routed(part: &str) -> String {
    if !part.starts_with('{') {
        return part.to_owned();
    }
    let snake =
        |c: char| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.to_string() };
    part.chars().map(snake).collect()
}

#[test]
fn the_committed_document_is_generated_from_this_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    if env::var_os("BYOA_WRITE_GENERATED").is_some() {
        fs::write(&path, text()).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == text(),
        "docs/openapi.json is not what the code generates; run \
         `BYOA_WRITE_GENERATED=1 cargo test -p byoa-server --lib openapi` and commit it"
    );
}

#[tokio::test]
async fn what_is_served_is_described_and_nothing_else() {
    let mut served = served().await;
    for part in PARTS_OF_THE_PAGE {
        assert!(served.remove(part), "{part} is not served");
    }
    assert_eq!(described(&serde_json::from_str(&text()).unwrap()), served);
}

#[tokio::test]
async fn a_route_that_nobody_describes_is_found() {
    let route = |path: &str| Router::<()>::new().route(path, axum::routing::put(async || ()));
    let (router, _folder) = app().await;
    assert_eq!(paths(&router.clone().merge(route("/new/{id}"))).len(), paths(&router).len() + 1);
}

#[test]
fn everything_has_a_name_a_sentence_and_a_known_tag() {
    let document: Value = serde_json::from_str(&text()).unwrap();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{place} has another's name");
            assert!(
                operation["summary"].as_str().is_some_and(|text| text.ends_with('.')),
                "{place}: {operation}"
            );
            assert!(tags.contains(&&operation["tags"][0]), "{place}: {}", operation["tags"]);
            assert!(!is_json(&operation["requestBody"]) || has_example(&operation["requestBody"]), "{place}");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string() || schema["allOf"].is_array(), "{name}: {schema}");
    }
}

fn is_json(body: &Value) -> bool {
    body["content"]["application/json"].is_object()
}

fn has_example(body: &Value) -> bool {
    body["content"]["application/json"]["example"].is_object()
}
