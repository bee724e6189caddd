//! `docs/openapi.json`, made from the handlers' own descriptions and the types of their bodies. A test: nothing
//! of it is in the program, which carries the file.

mod examples;
mod finish;
pub(super) mod headers;
pub(super) mod refused;
mod security;
mod tests;
mod words;

use super::{admin, docs, external_auth, health, nonces, sessions, settings, users};
use byoa_protocol::paths::{self, API_BASE, sdk};
use byoa_protocol::webhook::{WebhookEnvelope, WebhookSession};
use byoa_protocol::{ErrorBody, ErrorPayload};
use utoipa::OpenApi;
use utoipa::openapi::{InfoBuilder, License, Server, Tag};

/// What an environment offers to apps; their paths are below `/api/v0/sdk/{environmentId}`.
#[derive(OpenApi)]
#[openapi(paths(
    external_auth::sign_in,
    sessions::refresh,
    sessions::probe,
    sessions::revoke,
    users::show,
    users::update,
    users::delete,
    external_auth::verify,
    external_auth::check_step_up,
    settings::show,
    settings::jwks,
    nonces::one,
    nonces::several,
    health::of_environment,
))]
struct Sdk;

/// What is at the root.
#[derive(OpenApi)]
#[openapi(
    paths(health::live, health::ready, docs::document, docs::page),
    components(schemas(
        ErrorBody,
        ErrorPayload,
        WebhookEnvelope,
        WebhookSession,
        words::Code,
        words::Reason,
        words::DpopReason
    ))
)]
struct Root;

const TAGS: [(&str, &str); 9] = [
    ("Sign in", "An external JWT becomes a session."),
    ("Session", "A session goes on, is asked after, and ends."),
    ("User", "The signed-in user, by itself."),
    ("Step-up", "Proof that the user is still there, for what matters most."),
    ("Environment", "What anybody may know."),
    (
        "Admin: environments",
        "Environments, their issuers and keys, their other settings, and what happened in them.",
    ),
    ("Admin: users", "Users, also before their first sign-in, and their sessions."),
    ("Admin: webhooks", "Endpoints that are told of users and sessions, and what became of their messages."),
    ("Server", "Whether it lives, and this description."),
];

const ABOUT: &str = "Takes a JWT from an issuer you trust and hands out a session.

Every answer of 400 and above has the body `ErrorBody`: a sentence for people, a `code` for programs. Codes are never \
renamed or reused; a newer server may add some. A path that does not exist is 404 `not_found`, a method that a path does \
not know 405 `method_not_allowed`. `HEAD` works wherever `GET` does.

Members that are not listed are ignored by the operations of an environment, and refused by those of administrators. A \
member given twice is always refused, and so is a body without a length.

The longer story: docs/HTTP-API.md.";

/// The document.
fn document() -> utoipa::openapi::OpenApi {
    let mut document = Root::openapi();
    document = document
        .nest(format!("{API_BASE}{}", sdk("{environmentId}", "").trim_end_matches('/')), Sdk::openapi());
    document = document.nest(API_BASE, admin::Described::openapi());
    document.info = InfoBuilder::new()
        .title("byoa")
        .description(Some(ABOUT))
        .license(Some(License::new(env!("CARGO_PKG_LICENSE"))))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(TAGS.map(|(name, about)| tag(name, about)).into());
    let components = document.components.get_or_insert_default();
    components.examples = examples::all();
    security::add(components);
    let twin = finish::twin(&mut document, paths::JWKS, paths::JWKS_JSON);
    twin.operation_id = Some("publicKeysJson".to_owned());
    twin.summary = Some("Get the same keys under the usual file name.".to_owned());
    finish::exemplify(&mut document, "signIn", &examples::session());
    finish::finish(&mut document);
    document
}

/// The same as it is committed and served.
fn text() -> String {
    let text = document().to_pretty_json().expect("plain data");
    format!("{}\n", finish::without_links(&text))
}

fn tag(name: &str, about: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(about.to_owned());
    tag
}
