//! Request headers that operations read, beyond those of HTTP.

use byoa_protocol::headers;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::{IntoParams, PartialSchema as _};

macro_rules! groups {
    ($($(#[doc = $about:literal])+ $name:ident: $($header:ident = $text:literal),+;)+) => {
        $(
            $(#[doc = $about])+
            pub(in crate::http) struct $name;

            impl IntoParams for $name {
                fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                    vec![$(header(headers::$header, $text)),+]
                }
            }
        )+
    };
}

groups! {
    /// A sign-in that is to be bound to a key by a proof.
    Proof:
        DPOP = "A proof of possession (RFC 9449): the session is then bound to its key, and each call needs another one.";
    /// The key that the session is bound to.
    SessionKey:
        SESSION_PUBLIC_KEY = "The session's key, a compressed P-256 point in 66 lower-case hex digits; the body's counts before it.";
    /// What a device proves. All three or none.
    Device:
        DEVICE_NONCE = "A nonce of `nonce` or `nonces`, which is used up.",
        DEVICE_PUBLIC_KEY = "The device's key, a compressed P-256 point in hex.",
        DEVICE_SIGNED_NONCE = "ECDSA signature (r‖s, in hex) of the nonce's UTF-8 bytes by the device's key.";
    /// What the answer need not have.
    Preference:
        PREFER = "`return=minimal` (RFC 7240): an answer without the identity token `jwt`.";
    /// What a step-up gave.
    Elevated:
        ELEVATED_ACCESS_TOKEN = "The token of `externalAuth/verify`, where the environment asks for one.";
    /// Why the session ends.
    Logout:
        LOGOUT_REASON = "Why the session ends, for the log; 64 characters are kept.";
    /// Who signs in, as far as it says.
    Sdk:
        SDK_VERSION = "Name and version of the calling SDK, such as `ClientSDK/1.27.1`; in the session token.";
}

fn header(name: &str, about: &str) -> Parameter {
    let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header);
    header.description(Some(about)).schema(Some(String::schema())).build()
}
