//! The user as the API shows it, and what a user may change.

use crate::external_auth::VerifyResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

macro_rules! optional_fields {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$head:meta])* pub $head_field:ident: $head_type:ty,)* }
     optional { $($(#[$fmeta:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[serde(rename_all = "camelCase")]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name {
            $($(#[$head])* pub $head_field: $head_type,)*
            $(
                $(#[$fmeta])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[cfg_attr(feature = "ts", ts(optional))]
                pub $field: Option<$type>,
            )+
        }
    };
}
pub(crate) use optional_fields;

optional_fields! {
    /// The user as the server shows it.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct SdkUser {
        /// UUID of the user, stable for this issuer and subject.
        pub id: String,
        /// UUID of the environment.
        pub project_environment_id: String,
        /// How the user was recognised: the external identity, and a verified e-mail where there is one.
        pub verified_credentials: Vec<JwtVerifiedCredential>,
    }
    optional {
        /// Credential that was used last.
        last_verified_credential_id: String,
        /// UUID of the session.
        session_id: String,
        /// Display name.
        alias: String,
        /// ISO 3166-1 alpha-2.
        country: String,
        /// E-mail address; verified only where a credential of format `email` says so.
        email: String,
        /// Given name.
        first_name: String,
        /// Title.
        job_title: String,
        /// Family name.
        last_name: String,
        /// Phone number; not verified.
        phone_number: String,
        /// T-shirt size.
        t_shirt_size: String,
        /// Team.
        team: String,
        /// Unique in the environment.
        username: String,
        /// Whether the policies were accepted.
        policies_consent: bool,
        /// RFC 3339, milliseconds, UTC.
        first_visit: String,
        /// RFC 3339, milliseconds, UTC.
        last_visit: String,
        /// Created by this very sign-in.
        new_user: bool,
        /// The app's own data, 16 KiB of JSON at most.
        metadata: Map<String, Value>,
        /// Space separated; `user:basic` for a fully signed-in user.
        scope: String,
        /// Profile fields that the environment requires and the user lacks.
        missing_fields: Vec<Value>,
    }
}

impl SdkUser {
    /// The external JWT's `sub`: the app's own id of this user.
    #[must_use]
    pub fn external_user_id(&self) -> Option<&str> {
        let external = |c: &&JwtVerifiedCredential| c.format == FORMAT_EXTERNAL_USER;
        self.verified_credentials.iter().find(external)?.public_identifier.as_deref()
    }
}

/// One way in which the user was recognised. Member names are mixed case on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct JwtVerifiedCredential {
    /// UUID.
    pub id: String,
    /// What kind of credential: [`FORMAT_EXTERNAL_USER`], [`FORMAT_EMAIL`], or another server's kind.
    #[cfg_attr(feature = "ts", ts(type = "\"externalUser\" | \"email\" | (string & {})"))]
    pub format: String,
    /// For `externalUser`: the external JWT's `sub`. For `email`: the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub public_identifier: Option<String>,
    /// The address, where the format is `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub email: Option<String>,
    /// Whether it may be used to sign in.
    #[serde(rename = "signInEnabled", default)]
    #[cfg_attr(feature = "ts", ts(rename = "signInEnabled"))]
    pub sign_in_enabled: bool,
    /// RFC 3339, milliseconds, UTC.
    #[serde(rename = "verifiedAt", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(rename = "verifiedAt", optional))]
    pub verified_at: Option<String>,
    /// RFC 3339, milliseconds, UTC.
    #[serde(rename = "lastSelectedAt", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(rename = "lastSelectedAt", optional))]
    pub last_selected_at: Option<String>,
}

/// [`JwtVerifiedCredential::format`] of the external identity itself.
pub const FORMAT_EXTERNAL_USER: &str = "externalUser";
/// [`JwtVerifiedCredential::format`] of an e-mail address that the issuer vouches for.
pub const FORMAT_EMAIL: &str = "email";

optional_fields! {
    /// Body of `PUT users`: what a user may change about itself. A member left out stays as it is;
    /// an empty string clears it. Members that are not listed are ignored.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct UserFields {}
    optional {
        /// Display name.
        alias: String,
        /// ISO 3166-1 alpha-2.
        country: String,
        /// E-mail address; never verified by this call.
        email: String,
        /// Given name.
        first_name: String,
        /// Title.
        job_title: String,
        /// Family name.
        last_name: String,
        /// Phone number; never verified by this call.
        phone_number: String,
        /// T-shirt size.
        t_shirt_size: String,
        /// Team.
        team: String,
        /// Unique in the environment.
        username: String,
        /// Whether the policies are accepted.
        policies_consent: bool,
        /// Replaces the whole metadata, 16 KiB of JSON at most.
        metadata: Map<String, Value>,
    }
}

/// Answer of `PUT users`: a whole [`VerifyResponse`], or the published client drops its token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UpdateSelfResponse {
    /// The session with the changed user.
    #[serde(flatten)]
    pub session: VerifyResponse,
    /// What the user has to do next.
    pub next_view: NextView,
}

/// What the user has to do after an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NextView {
    /// Nothing.
    Done,
}
