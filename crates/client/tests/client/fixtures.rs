//! One good JWT, one good answer; each test bends one thing.

use byoa_protocol::{
    client::{SignInWithExternalJwtArgs, UserProfile},
    json::Object,
    profile::User,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

pub(crate) const ENVIRONMENT: &str = "11111111-2222-4333-8444-555555555555";
pub(crate) const API_BASE: &str = "https://auth.example.com/api/v0";
pub(crate) const STORE_KEY: &str = "byoa:11111111-2222-4333-8444-555555555555:session";

pub(crate) const ENDED_KEY: &str = "byoa:11111111-2222-4333-8444-555555555555:ended";
pub(crate) const ASIDE_KEY: &str = "byoa:11111111-2222-4333-8444-555555555555:aside";

/// The time at which every test starts, in milliseconds and in seconds.
pub(crate) const START_MS: i64 = 1_800_000_000_000;
pub(crate) const START: i64 = START_MS / 1000;

/// How long the session of [`session`] lasts, in seconds.
pub(crate) const LIFETIME: i64 = 7200;

pub(crate) const USER_ID: &str = "99999999-aaaa-4bbb-8ccc-dddddddddddd";
pub(crate) const SUBJECT: &str = "user-42";

pub(crate) const MINIFIED: &str = "eyJtaW5p.eyJmaWVk.c2VjcmV0LW1pbmk";
pub(crate) const FAT: &str = "eyJmYXQ.eyJmYXQ.c2VjcmV0LWZhdA";

/// The body of an answer that refuses the session.
pub(crate) const REFUSAL: &str = r#"{"error":"the session is over","code":"unauthorized"}"#;

pub(crate) fn claims() -> Value {
    json!({"iss": "https://issuer.example.com", "sub": SUBJECT, "exp": START + 300, "iat": START})
}

/// A JWT in form; nobody here can check its signature.
pub(crate) fn jwt(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}.{}", part(header), part(claims), BASE64URL_NOPAD.encode(b"external-signature"))
}

pub(crate) fn external_jwt(claims: &Value) -> String {
    jwt(&json!({"alg": "RS256", "kid": "k1"}), claims)
}

pub(crate) fn args() -> SignInWithExternalJwtArgs {
    SignInWithExternalJwtArgs {
        external_jwt: Some(external_jwt(&claims())),
        external_user_id: Some(SUBJECT.to_owned()),
    }
}

pub(crate) fn user() -> Value {
    json!({
        "id": USER_ID,
        "projectEnvironmentId": ENVIRONMENT,
        "sessionId": "session-1",
        "email": "ada@example.com",
        "verifiedCredentials": [
            {"id": "c1", "format": "externalUser", "public_identifier": SUBJECT, "signInEnabled": true}
        ]
    })
}

/// A good answer to a sign-in.
pub(crate) fn session() -> Value {
    json!({"user": user(), "expiresAt": START + LIFETIME, "minifiedJwt": MINIFIED, "jwt": FAT})
}

/// The same with one member changed, by JSON pointer; `null` takes it out.
pub(crate) fn bent(mut value: Value, pointer: &str, to: Value) -> Value {
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    let object = value.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object there");
    if to.is_null() {
        object.remove(member);
    } else {
        object.insert(member.to_owned(), to);
    }
    value
}

/// An object, for what takes one.
pub(crate) fn object(value: &Value) -> Object {
    byoa_client::json::read(&value.to_string()).expect("an object")
}

/// The profile with a type for every member.
pub(crate) fn profile(user: &User) -> UserProfile {
    serde_json::from_str(&user.profile().write()).expect("a profile")
}
