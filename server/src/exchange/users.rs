//! The signed-in user looks at itself, changes and goes.

use byoa_protocol::scopes::{USER_DELETE, USER_UPDATE};
use byoa_protocol::user::{NextView, SdkUser, UpdateSelfResponse, UserFields};
use serde_json::Value;
use uuid::Uuid;

use super::{
    AuthenticatedSession, Exchange, ExchangeError, MAX_METADATA_BYTES, Named, Shown, Unauthorized, email,
    profile, session_token::Issue, sessions::ended, step_up::spent, text,
};
use crate::store::{Conflicting, StoreError, UserChange};

/// The most levels of arrays and objects in the metadata, itself included. Whatever reads metadata, with other
/// levels around it, must be able to: readers of JSON stop at 128, and some at less.
const MAX_METADATA_LEVELS: usize = 32;

impl Exchange {
    /// The signed-in user.
    pub async fn current_user<'r>(
        &self,
        environment: impl Into<Named>,
        shown: impl Into<Shown<'r>>,
    ) -> Result<SdkUser, ExchangeError> {
        let AuthenticatedSession { environment, session, .. } = self.authenticate(environment, shown).await?;
        let user = self.store.user(environment.id, session.user_id).await.map_err(ended)?;
        Ok(profile::sdk_user(&user, Some(&session), false))
    }

    /// Changes the signed-in user, and states the session's token anew with the changed profile: the
    /// published client takes its token from this answer. It is the newest one, also where a refresh has come
    /// in between, and ends when that does.
    pub async fn update_user<'r>(
        &self,
        environment: impl Into<Named>,
        shown: impl Into<Shown<'r>>,
        fields: UserFields,
    ) -> Result<UpdateSelfResponse, ExchangeError> {
        let shown = shown.into();
        let live = self.authenticate(environment, shown).await?;
        let change = change(fields)?;
        let one_use = self.require_step_up(&live, shown.elevated, USER_UPDATE).await?;
        let change = UserChange { one_use, ..change };
        let AuthenticatedSession { environment, session, .. } = live;
        let now = self.clock.now();
        let user =
            self.store.update_user(environment.id, session.user_id, &change, now).await.map_err(|error| {
                match error {
                    StoreError::Conflict(Conflicting::Username) => ExchangeError::UsernameTaken,
                    other => spent(other),
                }
            })?;
        self.told();
        let session = self.store.session(environment.id, session.id).await.map_err(ended)?;
        if session.revoked_at.is_some() {
            return Err(Unauthorized::Ended.into());
        }
        let session = self
            .issue(Issue {
                environment: &environment,
                session: &session,
                user: &user,
                token_id: session.token_id,
                now,
                expires_at: session.expires_at.seconds(),
                new_user: false,
            })
            .await?;
        Ok(UpdateSelfResponse { session, next_view: NextView::Done })
    }

    /// Removes the signed-in user and all its sessions. The user that was.
    pub async fn delete_user<'r>(
        &self,
        environment: impl Into<Named>,
        shown: impl Into<Shown<'r>>,
    ) -> Result<Uuid, ExchangeError> {
        let shown = shown.into();
        let live = self.authenticate(environment, shown).await?;
        let one_use = self.require_step_up(&live, shown.elevated, USER_DELETE).await?;
        let user = live.session.user_id;
        let now = self.clock.now();
        let store = self.changing();
        store.delete_user(live.environment.id, user, one_use.as_ref(), now).await.map_err(spent)?;
        self.told();
        Ok(user)
    }
}

pub(super) fn change(fields: UserFields) -> Result<UserChange, ExchangeError> {
    let metadata = fields.metadata;
    if metadata
        .as_ref()
        .is_some_and(|metadata| serde_json::json!(metadata).to_string().len() > MAX_METADATA_BYTES)
    {
        return Err(ExchangeError::MetadataTooLarge);
    }
    if metadata
        .as_ref()
        .is_some_and(|metadata| metadata.values().any(|value| !is_within(value, MAX_METADATA_LEVELS - 1)))
    {
        let sentence = format!("metadata may be nested {MAX_METADATA_LEVELS} levels deep");
        return Err(ExchangeError::InvalidUpdate(sentence));
    }
    let is_country =
        |country: &str| country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    Ok(UserChange {
        email: field("email", fields.email, "must be an e-mail address", email::is_address)?,
        alias: any("alias", fields.alias)?,
        first_name: any("firstName", fields.first_name)?,
        last_name: any("lastName", fields.last_name)?,
        job_title: any("jobTitle", fields.job_title)?,
        phone_number: any("phoneNumber", fields.phone_number)?,
        t_shirt_size: any("tShirtSize", fields.t_shirt_size)?,
        team: any("team", fields.team)?,
        country: field("country", fields.country, "must be two letters A to Z (ISO 3166-1)", is_country)?,
        username: username(fields.username)?,
        policies_consent: fields.policies_consent,
        metadata,
        one_use: None,
    })
}

#[expect(clippy::option_option, reason = "the shape of the store's change")]
fn any(name: &str, value: Option<String>) -> Result<Option<Option<String>>, ExchangeError> {
    field(name, value, "", |_| true)
}

#[expect(clippy::option_option, reason = "the shape of the store's change")]
fn username(value: Option<String>) -> Result<Option<Option<String>>, ExchangeError> {
    match value.as_deref().and_then(text::username_problem) {
        Some(problem) => Err(ExchangeError::InvalidUsername(problem)),
        None => Ok(value.map(|name| Some(name).filter(|name| !name.is_empty()))),
    }
}

/// One field: left out stays, empty clears, anything else must be fit. The sentence never repeats it.
#[expect(clippy::option_option, reason = "the shape of the store's change")]
fn field(
    name: &str,
    value: Option<String>,
    rule: &str,
    is_fit: impl Fn(&str) -> bool,
) -> Result<Option<Option<String>>, ExchangeError> {
    let problem = match &value {
        None => return Ok(None),
        Some(text) if text.is_empty() => return Ok(Some(None)),
        Some(text) => match text::problem(text) {
            Some(problem) => problem,
            None if !is_fit(text) => rule,
            None => return Ok(Some(value)),
        },
    };
    Err(ExchangeError::InvalidUpdate(format!("{name} {problem}")))
}

/// Whether a value has at most so many levels of arrays and objects.
fn is_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| is_within(item, levels - 1)),
        Value::Object(members) => levels > 0 && members.values().all(|item| is_within(item, levels - 1)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use byoa_protocol::user::UserFields;
    use serde_json::{Value, json};

    use super::{ExchangeError, change};

    fn fields(value: Value) -> UserFields {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn fields_are_left_cleared_or_set() {
        let change =
            change(fields(json!({"alias": "", "country": "DE", "username": "Ann", "unknown": 1}))).unwrap();
        assert_eq!(change.alias, Some(None));
        assert_eq!(change.country, Some(Some("DE".to_owned())));
        assert_eq!(change.team, None);
    }

    #[test]
    fn fields_out_of_bounds_are_refused_by_name() {
        let long = "x".repeat(256);
        for (name, value) in [
            ("alias", long.as_str()),
            ("team", "a\u{0}b"),
            ("firstName", "a\nb"),
            ("country", "de"),
            ("country", "DEU"),
            ("country", "D1"),
            ("email", "nobody"),
            ("email", "a@b@c"),
            ("jobTitle", "a\u{2028}b"),
            ("lastName", "\u{202e}nna"),
        ] {
            match change(fields(json!({name: value}))) {
                Err(ExchangeError::InvalidUpdate(sentence)) => {
                    assert!(sentence.starts_with(name), "{sentence}");
                    assert!(!sentence.contains(value), "{sentence}");
                }
                other => panic!("{name} {value:?}: {other:?}"),
            }
        }
        assert!(change(fields(json!({"alias": "é".repeat(255)}))).is_ok());
    }

    #[test]
    fn a_username_that_is_not_seen_whole_is_refused_with_its_own_error() {
        for bad in [" ann", "an\u{200b}n", "a\0", "\u{202e}nna", &"x".repeat(256)] {
            let refused = change(fields(json!({"username": bad})));
            assert!(matches!(refused, Err(ExchangeError::InvalidUsername(_))), "{bad:?} {refused:?}");
        }
        assert_eq!(change(fields(json!({"username": ""}))).unwrap().username, Some(None));
        assert_eq!(change(fields(json!({}))).unwrap().username, None);
    }

    #[test]
    fn metadata_is_nested_so_deep_that_every_reader_can_follow() {
        let nested = |levels: usize| {
            let value = (1..levels).fold(json!(1), |inner, _| json!([inner]));
            change(fields(json!({"metadata": {"a": value}})))
        };
        assert!(nested(32).is_ok());
        for levels in [33, 120] {
            match nested(levels) {
                Err(ExchangeError::InvalidUpdate(sentence)) => {
                    assert!(sentence.contains("32 levels"), "{sentence}");
                }
                other => panic!("{levels}: {other:?}"),
            }
        }
    }

    #[test]
    fn metadata_has_a_limit() {
        let metadata = |length: usize| fields(json!({"metadata": {"a": "x".repeat(length)}}));
        assert!(change(metadata(16 * 1024 - 8)).is_ok());
        assert!(matches!(change(metadata(16 * 1024 - 7)), Err(ExchangeError::MetadataTooLarge)));
    }
}
