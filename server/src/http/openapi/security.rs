//! The ways to say who calls.

use byoa_protocol::headers::{DPOP, SESSION_COOKIE};
use utoipa::openapi::Components;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

/// Adds them; operations name them.
pub(super) fn add(components: &mut Components) {
    let bearer = |format: &str, about: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format);
        SecurityScheme::Http(scheme.description(Some(about)).build())
    };
    let value = ApiKeyValue::with_description;
    let schemes = [
        ("session", bearer("JWT", "`minifiedJwt` of a sign-in or refresh: the newest token of its session.")),
        (
            "dpop",
            SecurityScheme::ApiKey(ApiKey::Header(value(
                "Authorization",
                "`DPoP` and the session token, where the session is bound to a key (RFC 9449 7.1). Needs `dpopProof`.",
            ))),
        ),
        (
            "dpopProof",
            SecurityScheme::ApiKey(ApiKey::Header(value(
                DPOP,
                "A proof made for this request: `htm`, `htu`, `iat`, a fresh `jti`, `ath` and the `nonce` of the latest \
                 `DPoP-Nonce`. Used once.",
            ))),
        ),
        (
            "cookie",
            SecurityScheme::ApiKey(ApiKey::Cookie(value(
                SESSION_COOKIE,
                "The session token, where the environment keeps sessions in a cookie. Calls that change anything also \
                 need an `Origin` of the environment's list.",
            ))),
        ),
        (
            "admin",
            bearer(
                "byoa_admin_…",
                "A token of `byoa-server admin-token create`. An operation lists the scope that it asks for; `admin` is \
                 all of them, and `environment:{id}` keeps a token to one environment.",
            ),
        ),
    ];
    let schemes = schemes.map(|(name, scheme)| (name.to_owned(), scheme.into()));
    components.security_schemes.extend(schemes);
}
