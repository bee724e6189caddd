//! `POST externalAuth/signin`: an external JWT for a session. `POST externalAuth/verify` and
//! `POST stepUp/check`: an elevated token for the session.

use super::bearer::Bearer;
use super::body::{Json, RequestBody};
use super::client_info::{Device, Proof, text, wants_identity};
use super::environment::{InEnvironment, allows};
#[cfg(test)]
use super::openapi::{
    headers as read,
    refused::{self, Refused},
};
use super::trail::Trail;
use super::{
    ApiError,
    cookies::{self, cookie},
};
use crate::AppState;
use crate::exchange::SignInInput;
use crate::store::Environment;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header::ORIGIN};
use byoa_protocol::external_auth::{
    ExternalAuthAssertionResponse, ExternalAuthSigninRequest, StepUpCheckRequest, StepUpCheckResponse,
    VerifyResponse,
};
use byoa_protocol::headers::SESSION_PUBLIC_KEY;

impl RequestBody for ExternalAuthSigninRequest {
    const SHAPE: &'static str = r#"{"jwt": "…"} with strings as values"#;
}

/// Sign in with an external JWT.
///
/// A JWT in the body counts before one in the environment's cookie; one in the query never does.
///
/// A request whose `Origin` is not one of the environment's is refused, also with a good JWT; one without
/// `Origin`, of a backend or a phone, is not.
// A bearer call carries no ambient authority, so that CORS alone would do for it. A browser that says that the
// page is a foreign one is refused nevertheless: the sign-in would be for nobody.
#[cfg_attr(test, utoipa::path(post, path = "/externalAuth/signin", tag = "Sign in", operation_id = "signIn",
    params(read::SessionKey, read::Device, read::Proof, read::Sdk, read::Preference),
    request_body(content = ExternalAuthSigninRequest, example = json!({ "jwt": "eyJhbGciOiJSUzI1NiIs…" })),
    responses(
        (status = 200, body = VerifyResponse, description = "The session. Where it lives in a cookie, that is set and both tokens are left out.", headers(("Set-Cookie" = String, description = "`DYNAMIC_JWT_TOKEN`, where the environment keeps sessions in a cookie."))),
        Refused<(refused::Environment, refused::Body, refused::Page, refused::Proof, refused::ExternalJwt, refused::SessionKey, refused::Device)>
    )))]
pub(super) async fn sign_in(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    trail: Trail,
    Device(device): Device,
    Proof(request): Proof,
    headers: HeaderMap,
    Json(body): Json<ExternalAuthSigninRequest>,
) -> Result<(HeaderMap, axum::Json<VerifyResponse>), ApiError> {
    let checked = named_page(&environment, &headers);
    let jwt = match checked.and_then(|()| external_jwt(&environment, &headers, body.jwt)) {
        Ok(jwt) => jwt,
        Err(refused) => {
            trail.refused_sign_in(&environment, None, &refused);
            return Err(refused);
        }
    };
    let seen = jwt.clone();
    let session_public_key = body.session_public_key;
    let session_public_key_header = text(&headers, SESSION_PUBLIC_KEY);
    let caller = trail.caller();
    let exchange =
        state.exchange.recording(trail.signing_in()).with_identity(wants_identity(&environment, &headers));
    let input = SignInInput { jwt, session_public_key, session_public_key_header, device, request, caller };
    let signed_in = exchange.sign_in(&environment, input).await;
    let mut answer = signed_in.map_err(|cause| {
        let refused = ApiError::from(cause);
        trail.refused_sign_in(&environment, seen.as_deref(), &refused);
        refused
    })?;
    Ok((cookies::keep(&environment, state.exchange.idle_limit(), &mut answer), axum::Json(answer)))
}

/// Get an elevated token for a fresh external JWT of the signed-in user.
///
/// The JWT names the scopes in `scope`, has a `jti`, and is used up.
#[cfg_attr(test, utoipa::path(post, path = "/externalAuth/verify", tag = "Step-up", operation_id = "stepUp",
    request_body(content = ExternalAuthSigninRequest, example = json!({ "jwt": "eyJhbGciOiJSUzI1NiIs…" })),
    responses(
        (status = 200, body = ExternalAuthAssertionResponse, description = "The elevated token."),
        Refused<(refused::Environment, refused::Body, refused::Page, refused::Session, refused::ExternalJwt, refused::Scopes)>
    ),
    security(("session" = []), ("dpop" = [], "dpopProof" = []), ("cookie" = []))))]
pub(super) async fn verify(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    trail: Trail,
    headers: HeaderMap,
    Json(body): Json<ExternalAuthSigninRequest>,
) -> Result<axum::Json<ExternalAuthAssertionResponse>, ApiError> {
    let jwt = external_jwt(&environment, &headers, body.jwt)?;
    let seen = jwt.clone();
    let elevated =
        state.exchange.recording(trail.stepping_up()).step_up(&environment, bearer.shown(), jwt).await;
    let elevated = elevated.map_err(|cause| {
        let refused = ApiError::from(cause);
        trail.refused_step_up(&environment, seen.as_deref(), &refused);
        refused
    })?;
    Ok(axum::Json(elevated))
}

impl RequestBody for StepUpCheckRequest {
    const SHAPE: &'static str = r#"{"scope": "user:update"}"#;
}

/// Ask whether an operation needs an elevated token that is not there.
///
/// Nothing is used up. A token whose one use is over does not count.
#[cfg_attr(test, utoipa::path(post, path = "/stepUp/check", tag = "Step-up", operation_id = "checkStepUp",
    params(read::Elevated),
    request_body(content = StepUpCheckRequest, example = json!({ "scope": "user:update" })),
    responses(
        (status = 200, body = StepUpCheckResponse, description = "Whether one is needed, and how to get it."),
        Refused<(refused::Environment, refused::Body, refused::Page, refused::Session, refused::Scopes)>
    ),
    security(("session" = []), ("dpop" = [], "dpopProof" = []), ("cookie" = []))))]
pub(super) async fn check_step_up(
    State(state): State<AppState>,
    InEnvironment(environment): InEnvironment,
    bearer: Bearer,
    Json(body): Json<StepUpCheckRequest>,
) -> Result<axum::Json<StepUpCheckResponse>, ApiError> {
    Ok(axum::Json(state.exchange.check_step_up(&environment, bearer.shown(), &body.scope).await?))
}

/// A sign-in that sets the session's cookie must say which page it is for: one that could sign its visitor in
/// as somebody else would see what is done under that name.
fn named_page(environment: &Environment, headers: &HeaderMap) -> Result<(), ApiError> {
    if environment.session_cookie && !headers.contains_key(ORIGIN) {
        return Err(ApiError::OriginMissing);
    }
    Ok(())
}

/// The external JWT of a request, from a page that may call.
fn external_jwt(
    environment: &Environment,
    headers: &HeaderMap,
    in_body: Option<String>,
) -> Result<Option<String>, ApiError> {
    let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes);
    if origin.is_some_and(|origin| !allows(environment, origin)) {
        return Err(ApiError::ForeignOrigin);
    }
    match in_body {
        Some(jwt) => Ok(Some(jwt)),
        None => from_cookie(environment, headers),
    }
}

/// The JWT of the environment's cookie. A cookie is sent whoever asks, so only a request whose browser
/// names the page may use it; which page, the caller has checked.
fn from_cookie(environment: &Environment, headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let name = environment.cookie_name.as_deref();
    match name.and_then(|name| cookie(headers, name)) {
        Some(_) if !headers.contains_key(ORIGIN) => Err(ApiError::OriginMissing),
        jwt => Ok(jwt.map(str::to_owned)),
    }
}
