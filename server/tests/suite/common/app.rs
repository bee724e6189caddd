//! The router in process, over a database of its own and a clock that stands.

use super::contract;
use super::token::{AUDIENCE, ISSUER, JWKS_URL, NOW, Token, key_set};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use byoa_server::clock::UnixMillis;
use byoa_server::exchange::admin::Admin;
use byoa_server::exchange::environments::{EnvironmentSettings, Environments};
use byoa_server::exchange::{Exchange, ExchangeConfig};
use byoa_server::keys::{FetchJwks, FetchedJwks, KeySetUnavailable, KeySets};
use byoa_server::store::{self, Store};
use byoa_server::testing::ManualClock;
use byoa_server::{AppState, router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tower::ServiceExt as _;
use url::Url;
use uuid::Uuid;

/// Where the app says that browsers reach it.
pub(crate) const PUBLIC_URL: &str = "https://auth.example.com";
/// The page that may sign in.
pub(crate) const ORIGIN: &str = "https://app.example.com";

/// Issuers without a network: what each URL answers, and which were asked for. An unlisted URL cannot be
/// reached.
#[derive(Debug, Default)]
pub(crate) struct Issuers {
    answers: Mutex<HashMap<String, Vec<u8>>>,
    asked: Mutex<Vec<String>>,
}

impl Issuers {
    /// From now on `url` answers with `keys`.
    pub(crate) fn publish(&self, url: &str, keys: &Value) {
        self.answers.lock().expect("lock").insert(url.to_owned(), keys.to_string().into_bytes());
    }

    /// From now on `url` cannot be reached.
    pub(crate) fn withdraw(&self, url: &str) {
        self.answers.lock().expect("lock").remove(url);
    }

    /// Every URL that was asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("lock").clone()
    }
}

#[async_trait]
impl FetchJwks for Issuers {
    async fn fetch(&self, url: &Url) -> Result<FetchedJwks, KeySetUnavailable> {
        self.asked.lock().expect("lock").push(url.to_string());
        let known = self.answers.lock().expect("lock").get(url.as_str()).cloned();
        known.map(|body| FetchedJwks { body, fresh_for: None }).ok_or(KeySetUnavailable::Unreachable)
    }
}

/// The app and what it stands on.
pub(crate) struct TestApp {
    pub(crate) router: Router,
    pub(crate) state: AppState,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) environments: Environments,
    pub(crate) environment: Uuid,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) issuers: Arc<Issuers>,
    folder: TempDir,
}

impl TestApp {
    /// An app with one environment that trusts [`ISSUER`].
    pub(crate) async fn start() -> Self {
        Self::with(EnvironmentSettings::default()).await
    }

    /// The same, its environment changed by `change`.
    pub(crate) async fn with(change: EnvironmentSettings) -> Self {
        Self::over(change, None, |store| store).await
    }

    /// The same, with another fetcher of key sets than [`Issuers`] and with the store that `wrap` makes of it.
    pub(crate) async fn over(
        change: EnvironmentSettings,
        fetcher: Option<Arc<dyn FetchJwks>>,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/byoa.db", folder.path().display());
        let store = wrap(store::open(&url).await.expect("a store"));
        Self::of(store, folder, change, fetcher).await
    }

    /// The same as [`Self::start`] over that database.
    pub(crate) async fn on(database_url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store::open(database_url).await.expect("a store");
        Self::of(store, folder, EnvironmentSettings::default(), None).await
    }

    async fn of(
        store: Arc<dyn Store>,
        folder: TempDir,
        change: EnvironmentSettings,
        fetcher: Option<Arc<dyn FetchJwks>>,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(UnixMillis::from_seconds(NOW)));
        let issuers = Arc::new(Issuers::default());
        issuers.publish(JWKS_URL, &key_set());
        let public_url: Url = PUBLIC_URL.parse().expect("a URL");
        let keys = KeySets::new(fetcher.unwrap_or_else(|| issuers.clone()), clock.clone());
        let exchange =
            Exchange::new(store.clone(), keys, clock.clone(), ExchangeConfig::new(public_url.clone()));
        let environments = Environments::new(store.clone(), clock.clone(), false, Some(public_url));
        let admin = Admin::new(exchange.clone(), environments.clone());
        let state = AppState::new(exchange).with_admin(admin);
        let router = router(state.clone());
        let environment = Uuid::from_u128(0x0198_b0a5_6f3e_7c3d_8a5e_3f1f_6f9d_2b11);
        let app = Self { router, state, store, environments, environment, clock, issuers, folder };
        app.create(environment, change).await;
        app
    }

    /// The same app with its state changed.
    pub(crate) fn changed(mut self, change: impl FnOnce(AppState) -> AppState) -> Self {
        self.state = change(self.state);
        self.router = router(self.state.clone());
        self
    }

    /// Makes another environment; what `change` leaves open is as in the first one.
    pub(crate) async fn create(&self, id: Uuid, change: EnvironmentSettings) {
        let settings = EnvironmentSettings {
            issuer: change.issuer.or_else(|| Some(ISSUER.to_owned())),
            jwks_url: change.jwks_url.or_else(|| Some(JWKS_URL.to_owned())),
            audience: change.audience.or_else(|| Some(AUDIENCE.to_owned())),
            allowed_origins: change.allowed_origins.or_else(|| Some(vec![ORIGIN.to_owned()])),
            ..change
        };
        self.environments.create(id, settings).await.expect("an environment");
    }

    /// The path of an operation.
    pub(crate) fn path(&self, operation: &str) -> String {
        format!("/api/v0/sdk/{}/{operation}", self.environment)
    }

    /// Answers one request, as `docs/openapi.json` says.
    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        assert_eq!(contract::fault(&method, &path, &answer), None);
        answer
    }

    /// Signs in at another environment.
    pub(crate) async fn sign_in_at(&self, environment: Uuid, jwt: &str) -> Answer {
        let path = format!("/api/v0/sdk/{environment}/externalAuth/signin");
        let body = Body::from(json!({ "jwt": jwt }).to_string());
        self.call(post(&path).body(body).expect("a request")).await
    }

    /// Runs `statement` on the database itself, past every interface.
    pub(crate) async fn database(&self, statement: &'static str) {
        let url = format!("sqlite://{}/byoa.db", self.folder.path().display());
        let pool = sqlx::SqlitePool::connect(&url).await.expect("the database");
        sqlx::query(statement).execute(&pool).await.expect("done");
    }

    /// Signs in with `body`.
    pub(crate) async fn sign_in_with(&self, body: &Value) -> Answer {
        self.call(
            post(&self.path("externalAuth/signin")).body(Body::from(body.to_string())).expect("a request"),
        )
        .await
    }

    /// Signs in with a JWT.
    pub(crate) async fn sign_in(&self, jwt: &str) -> Answer {
        self.sign_in_with(&json!({ "jwt": jwt })).await
    }

    /// Signs the good token's user in; the answer's body.
    pub(crate) async fn session(&self) -> Value {
        let answer = self.sign_in(&Token::good().build()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }

    /// Calls an operation with a bearer token and, as the published client does, an empty JSON body.
    pub(crate) async fn with_bearer(&self, method: Method, operation: &str, token: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(self.path(operation))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        self.call(request.body(Body::empty()).expect("a request")).await
    }

    /// How many rows the users' and sessions' tables have, past every interface.
    pub(crate) async fn rows(&self) -> (i64, i64) {
        let url = format!("sqlite://{}/byoa.db?mode=ro", self.folder.path().display());
        let pool = sqlx::SqlitePool::connect(&url).await.expect("the database");
        let count = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions)";
        sqlx::query_as(count).fetch_one(&pool).await.expect("two numbers")
    }
}

/// A `GET` from no page.
pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

/// A `POST` of JSON from the allowed page.
pub(crate) fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path).header(header::CONTENT_TYPE, "application/json").header(header::ORIGIN, ORIGIN)
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|problem| panic!("{problem} in {:?}", self.text()))
    }

    /// The header as text, where it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body's `code`.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The reason of a rejection.
    pub(crate) fn reason(&self) -> String {
        self.json()["payload"]["additionalMessages"][0].as_str().unwrap_or_default().to_owned()
    }
}
