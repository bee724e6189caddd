//! The user as the API shows it.

use byoa_protocol::{
    claims::SCOPE_USER_BASIC,
    user::{JwtVerifiedCredential, SdkUser},
};

use crate::store::{CredentialKind, SessionRecord, User};

/// The user, seen from its session.
pub(super) fn sdk_user(user: &User, session: Option<&SessionRecord>, new_user: bool) -> SdkUser {
    SdkUser {
        id: user.id.to_string(),
        project_environment_id: user.environment_id.to_string(),
        verified_credentials: credentials(user),
        last_verified_credential_id: session.map(|session| session.signin_credential_id.to_string()),
        session_id: session.map(|session| session.id.to_string()),
        alias: user.alias.clone(),
        country: user.country.clone(),
        email: user.email.clone(),
        first_name: user.first_name.clone(),
        job_title: user.job_title.clone(),
        last_name: user.last_name.clone(),
        phone_number: user.phone_number.clone(),
        t_shirt_size: user.t_shirt_size.clone(),
        team: user.team.clone(),
        username: user.username.clone(),
        policies_consent: user.policies_consent,
        first_visit: Some(user.first_visit.rfc3339()),
        last_visit: Some(user.last_visit.rfc3339()),
        new_user: Some(new_user),
        metadata: user.metadata.clone(),
        scope: session.map(|_| SCOPE_USER_BASIC.to_owned()),
        missing_fields: Some(Vec::new()),
    }
}

/// The user, seen from nowhere.
pub(crate) fn plain_user(user: &User) -> SdkUser {
    SdkUser { new_user: None, missing_fields: None, ..sdk_user(user, None, false) }
}

/// How the user was recognised. Only the external identity signs in; an address vouches for nothing.
pub(crate) fn credentials(user: &User) -> Vec<JwtVerifiedCredential> {
    let shown = user.credentials.iter().map(|credential| JwtVerifiedCredential {
        id: credential.id.to_string(),
        format: credential.kind.as_str().to_owned(),
        public_identifier: Some(credential.identifier.clone()),
        email: (credential.kind == CredentialKind::Email).then(|| credential.identifier.clone()),
        sign_in_enabled: credential.kind == CredentialKind::ExternalUser,
        verified_at: Some(credential.verified_at.rfc3339()),
        last_selected_at: Some(credential.last_selected_at.rfc3339()),
    });
    shown.collect()
}
