//! What an operation may refuse with: groups of codes, named after the part of a request that they are about.

use super::examples::{self, Kind};
use byoa_protocol::ErrorCode;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ArrayItems, Schema};
use utoipa::openapi::{
    ArrayBuilder, ContentBuilder, Header, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
};
use utoipa::{IntoResponses, PartialSchema as _};

/// Codes that go together.
pub(in crate::http) trait Codes {
    /// Each of them.
    fn codes() -> Vec<ErrorCode>;

    /// Whose sentences they come with.
    fn kinds() -> Vec<Kind>;
}

macro_rules! groups {
    ($($(#[doc = $about:literal])+ $name:ident $(of $kind:ident)?: $($code:ident),+;)+) => {
        $(
            $(#[doc = $about])+
            pub(in crate::http) struct $name;

            impl Codes for $name {
                fn codes() -> Vec<ErrorCode> {
                    vec![$(ErrorCode::$code),+]
                }

                fn kinds() -> Vec<Kind> {
                    vec![$(Kind::$kind)?]
                }
            }
        )+
    };
}

groups! {
    /// Every request: one with two lengths, a fault of ours, a store that does not answer.
    Anything: BadRequest, InternalServerError, ServiceUnavailable;
    /// The environment of the path, and how often its operations may be called.
    Environment: NotFound, TooManyRequests;
    /// A JSON body.
    Body of Body: BadRequest, RequestTimeout, PayloadTooLarge, UnsupportedMediaType;
    /// The page that calls, where it matters which.
    Page: Forbidden;
    /// A session that is gone on with.
    Idle: SessionIdle;
    /// A session's token, and the proof that it may need.
    Session: Unauthorized, InvalidDpopProof, UseDpopNonce;
    /// A proof of possession without a token.
    Proof: InvalidDpopProof, UseDpopNonce;
    /// An external JWT.
    ExternalJwt: InvalidExternalAuth, IssuerKeysUnavailable;
    /// The keys of an issuer.
    IssuerKeys: IssuerKeysUnavailable;
    /// The session's key.
    SessionKey: InvalidSessionPublicKey;
    /// What a device proves.
    Device: InvalidDeviceNonce;
    /// An elevated token.
    StepUp: StepUpRequired;
    /// The scopes of a step-up.
    Scopes: InvalidScopes;
    /// A user's fields.
    Profile: InvalidUpdate, InvalidUsername, UsernameAlreadyExists, MetadataSizeExceeded;
    /// An administrator's token, and how often it may call.
    Admin of Admin: Unauthorized, Forbidden, TooManyRequests;
    /// What the path names, besides an environment of the SDK.
    Named: NotFound;
    /// Settings of an environment, its issuers and its keys.
    Settings of Settings: InvalidUpdate;
    /// Settings of a webhook.
    Endpoint of Endpoint: InvalidUpdate;
}

macro_rules! together {
    ($($name:ident)+) => {
        impl<$($name: Codes),+> Codes for ($($name,)+) {
            fn codes() -> Vec<ErrorCode> {
                [$($name::codes()),+].concat()
            }

            fn kinds() -> Vec<Kind> {
                [$($name::kinds()),+].concat()
            }
        }
    };
}

impl Codes for () {
    fn codes() -> Vec<ErrorCode> {
        Vec::new()
    }

    fn kinds() -> Vec<Kind> {
        Vec::new()
    }
}
together!(A);
together!(A B);
together!(A B C);
together!(A B C D);
together!(A B C D E);
together!(A B C D E F);
together!(A B C D E F G);

/// The answers of 400 and above of an operation: those of the groups, and those of every request.
pub(in crate::http) struct Refused<T>(PhantomData<T>);

impl<T: Codes> IntoResponses for Refused<T> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let codes = [T::codes(), Anything::codes()].concat();
        let mut by_status = BTreeMap::<u16, Vec<ErrorCode>>::new();
        // In the order of the documentation, each once.
        for code in ErrorCode::ALL.iter().filter(|code| codes.contains(code)) {
            by_status.entry(code.status().unwrap_or(500)).or_default().push(*code);
        }
        let kinds = T::kinds();
        let answer = |(status, codes): (u16, Vec<_>)| (status.to_string(), response(status, &codes, &kinds));
        by_status.into_iter().map(answer).collect()
    }
}

fn response(status: u16, codes: &[ErrorCode], kinds: &[Kind]) -> RefOr<Response> {
    let spoken = codes.iter().map(|code| (code, examples::Spoken::of(*code, kinds)));
    let lines = spoken.clone().map(|(code, spoken)| format!("- `{}`: {}", code.as_str(), spoken.when));
    let lines = lines.collect::<Vec<_>>();
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("ErrorBody"))
        .item(ObjectBuilder::new().property("code", words(codes)).required("code"));
    let schema = reasons(codes).into_iter().fold(schema, |schema, name| schema.item(first_is(name)));
    let mut content = ContentBuilder::new().schema(Some(Schema::AllOf(schema.build()))).build();
    content.examples = spoken.map(|(_, spoken)| (spoken.name(), spoken.reference())).collect();
    let mut response =
        ResponseBuilder::new().description(lines.join("\n")).content("application/json", content);
    if let Some((name, header)) = companion(status) {
        response = response.header(name, header);
    }
    if codes.contains(&ErrorCode::UseDpopNonce) {
        let about = "The nonce for the next proof, to whoever sent one or should have.";
        let header = HeaderBuilder::new().schema(Some(String::schema())).description(Some(about));
        response = response.header("DPoP-Nonce", header.build());
    }
    response.build().into()
}

fn words(codes: &[ErrorCode]) -> RefOr<Schema> {
    let words = codes.iter().map(|code| code.as_str());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

/// The closed sets that the first of `additionalMessages` is from, where it is from one.
fn reasons(codes: &[ErrorCode]) -> Option<&'static str> {
    codes.iter().find_map(|code| match code {
        ErrorCode::InvalidExternalAuth => Some("Reason"),
        ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce => Some("DpopReason"),
        _ => None,
    })
}

fn first_is(set: &str) -> Schema {
    let first = AllOfBuilder::new().item(Ref::from_schema_name(set)).build();
    let messages = ArrayBuilder::new().items(ArrayItems::RefOrSchema(Box::new(String::schema())));
    let messages = messages.prefix_items([Schema::AllOf(first)]);
    let payload = ObjectBuilder::new().property("additionalMessages", messages);
    ObjectBuilder::new().property("payload", payload).into()
}

/// The header that comes with every answer of the status.
fn companion(status: u16) -> Option<(&'static str, Header)> {
    let (name, about) = match status {
        401 => ("WWW-Authenticate", "`Bearer`, or `DPoP error=\"…\"` where a proof is the matter."),
        408 => ("Connection", "`close`."),
        429 | 503 => ("Retry-After", "Seconds after which to try again."),
        _ => return None,
    };
    let header = HeaderBuilder::new().schema(Some(String::schema())).description(Some(about));
    Some((name, header.build()))
}
