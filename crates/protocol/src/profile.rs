//! The user in the browser: the server's object, handed on member by member without a type of its own for
//! each, as nothing but an app reads most of them.

use crate::{
    json::{Kind, Object, Shape, Value, text},
    user::FORMAT_EXTERNAL_USER,
};
use serde::{Serialize, Serializer};
use std::{fmt, rc::Rc};

/// The published SDK's own word where a server leaves the session's id out.
const NO_SESSION_ID: &str = "missing-sessionId";

/// [`JwtVerifiedCredential`](crate::user::JwtVerifiedCredential).
const CREDENTIAL: Shape = Shape {
    members: &[
        ("id", Kind::Text),
        ("format", Kind::Text),
        ("public_identifier", Kind::Text),
        ("email", Kind::Text),
        ("signInEnabled", Kind::Flag),
        ("verifiedAt", Kind::Text),
        ("lastSelectedAt", Kind::Text),
    ],
    required: &["id", "format"],
};

/// [`SdkUser`](crate::user::SdkUser).
const USER: Shape = Shape {
    members: &[
        ("id", Kind::Text),
        ("projectEnvironmentId", Kind::Text),
        ("verifiedCredentials", Kind::ListOf(&CREDENTIAL)),
        ("lastVerifiedCredentialId", Kind::Text),
        ("sessionId", Kind::Text),
        ("alias", Kind::Text),
        ("country", Kind::Text),
        ("email", Kind::Text),
        ("firstName", Kind::Text),
        ("jobTitle", Kind::Text),
        ("lastName", Kind::Text),
        ("phoneNumber", Kind::Text),
        ("tShirtSize", Kind::Text),
        ("team", Kind::Text),
        ("username", Kind::Text),
        ("policiesConsent", Kind::Flag),
        ("firstVisit", Kind::Text),
        ("lastVisit", Kind::Text),
        ("newUser", Kind::Flag),
        ("metadata", Kind::Object),
        ("scope", Kind::Text),
        ("missingFields", Kind::List),
    ],
    required: &["id", "projectEnvironmentId", "verifiedCredentials"],
};

/// [`UserFields`](crate::user::UserFields).
const FIELDS: Shape = Shape {
    members: &[
        ("alias", Kind::Text),
        ("country", Kind::Text),
        ("email", Kind::Text),
        ("firstName", Kind::Text),
        ("jobTitle", Kind::Text),
        ("lastName", Kind::Text),
        ("phoneNumber", Kind::Text),
        ("tShirtSize", Kind::Text),
        ("team", Kind::Text),
        ("username", Kind::Text),
        ("policiesConsent", Kind::Flag),
        ("metadata", Kind::Object),
    ],
    required: &[],
};

/// The [`UserFields`](crate::user::UserFields) among an object's members. The error is the name of one that
/// has a wrong type.
pub fn user_fields(given: Object) -> Result<Object, String> {
    FIELDS.read(given)
}

/// A signed-in user: an [`SdkUser`](crate::user::SdkUser) on the wire, a
/// [`UserProfile`](crate::client::UserProfile) for the app. Clones share it; `Debug` prints nothing of it.
#[derive(Clone, PartialEq)]
pub struct User(Rc<Object>);

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").finish_non_exhaustive()
    }
}

/// As apps see it. For what is declared to TypeScript and for tests; the browser's build uses
/// [`User::profile`].
impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let profile: Option<serde_json::Value> = serde_json::from_str(&self.profile().write()).ok();
        profile.serialize(serializer)
    }
}

impl User {
    /// Reads a user of the wire; `None` where a member is missing or of a wrong type.
    #[must_use]
    pub fn read(wire: Object) -> Option<Self> {
        USER.read(wire).ok().map(Rc::new).map(Self)
    }

    /// As it is on the wire.
    #[must_use]
    pub fn wire(&self) -> &Object {
        &self.0
    }

    /// A member of the wire's that is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        text(&self.0, name)
    }

    /// The external JWT's `sub`, once for each credential that has one.
    pub fn external_user_ids(&self) -> impl Iterator<Item = &str> {
        let credentials = self.0.get("verifiedCredentials").and_then(Value::as_array);
        credentials.into_iter().flatten().filter_map(Value::as_object).filter_map(|credential| {
            let is_external = text(credential, "format") == Some(FORMAT_EXTERNAL_USER);
            text(credential, "public_identifier").filter(|_| is_external)
        })
    }

    /// As apps see it.
    #[must_use]
    pub fn profile(&self) -> Value {
        let mut profile = Object::new();
        profile.insert("sessionId".to_owned(), NO_SESSION_ID.into());
        for (name, value) in &*self.0 {
            let name = match name.as_str() {
                "id" => "userId",
                "projectEnvironmentId" => "environmentId",
                other => other,
            };
            profile.insert(name.to_owned(), value.clone());
        }
        if let Some(Value::Array(credentials)) = profile.get_mut("verifiedCredentials") {
            for credential in credentials.iter_mut().filter_map(Value::as_object_mut) {
                if !credential.contains_key("signInEnabled") {
                    credential.insert("signInEnabled".to_owned(), Value::Bool(false));
                }
            }
        }
        if let Some(id) = self.external_user_ids().next() {
            profile.insert("externalUserId".to_owned(), id.into());
        }
        Value::Object(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::UserProfile,
        user::{JwtVerifiedCredential, SdkUser, UserFields},
    };
    use byoa_json::read_object;
    use serde_json::{Value, from_value, json, to_value};

    fn full() -> Value {
        let text = |name: &str| Value::String(name.to_owned());
        let credential = json!({
            "id": "c", "format": "externalUser", "public_identifier": "ada", "email": "e", "signInEnabled": true,
            "verifiedAt": "v", "lastSelectedAt": "l"
        });
        let mut user: Members =
            USER.members.iter().map(|(name, _)| ((*name).to_owned(), text(name))).collect();
        for (name, value) in [
            ("verifiedCredentials", json!([credential])),
            ("policiesConsent", json!(true)),
            ("newUser", json!(false)),
            ("metadata", json!({"a": [1.5, null, {"b": "c"}]})),
            ("missingFields", json!([{"name": "email"}])),
        ] {
            user.insert(name.to_owned(), value);
        }
        Value::Object(user)
    }

    type Members = serde_json::Map<String, Value>;

    fn members(value: Value) -> Members {
        if let Value::Object(members) = value { members } else { panic!("an object") }
    }

    fn ours(members: &Members) -> Object {
        read_object(serde_json::to_string(members).expect("JSON").as_bytes()).expect("an object")
    }

    fn theirs(object: Object) -> Value {
        serde_json::from_str(&crate::json::Value::Object(object).write()).expect("JSON")
    }

    /// Every member of every shape with a value of every type: the tables accept, refuse and keep what the
    /// types of `user.rs` do.
    #[test]
    fn the_tables_are_the_types() {
        let values =
            [json!(null), json!(true), json!("x"), json!(1), json!({"a": 1}), json!([]), json!([{"a": 1}])];
        for (name, _) in USER.members {
            for value in &values {
                let mut user = members(full());
                user.insert((*name).to_owned(), value.clone());
                let by_type = from_value::<SdkUser>(Value::Object(user.clone())).ok();
                let by_table = User::read(ours(&user)).map(|user| theirs(user.wire().clone()));
                assert_eq!(by_table, by_type.map(|user| to_value(user).expect("JSON")), "{name}: {value}");
            }
        }
        for (name, kind) in FIELDS.members {
            for value in &values {
                let fields = members(json!({ *name: value, "unknown": 1 }));
                let by_type = from_value::<UserFields>(Value::Object(fields.clone())).ok();
                let by_table = user_fields(ours(&fields)).ok().map(theirs);
                assert_eq!(
                    by_table,
                    by_type.map(|fields| to_value(fields).expect("JSON")),
                    "{kind:?}: {value}"
                );
            }
        }
        for (name, _) in CREDENTIAL.members {
            for value in values.iter().filter(|value| !value.is_null()) {
                let mut credential = members(full()["verifiedCredentials"][0].clone());
                credential.insert((*name).to_owned(), value.clone());
                let by_type = from_value::<JwtVerifiedCredential>(Value::Object(credential.clone())).ok();
                let by_table = CREDENTIAL.read(ours(&credential)).ok().map(theirs);
                assert_eq!(by_table, by_type.map(|one| to_value(one).expect("JSON")), "{name}: {value}");
            }
        }
    }

    #[test]
    fn the_tables_have_every_member_of_the_types() {
        let full_user: SdkUser = from_value(full()).expect("a user");
        assert_eq!(to_value(&full_user).expect("JSON"), full());
        let count = format!("{full_user:?}").matches("Some(").count() + USER.required.len();
        assert_eq!(count - 4, USER.members.len(), "four are the credential's own");
        assert!(!format!("{full_user:?}").contains("None"));
        let fields: Members =
            FIELDS.members.iter().map(|(name, _)| ((*name).to_owned(), full()[*name].clone())).collect();
        let fields: UserFields = from_value(Value::Object(fields)).expect("fields");
        assert!(!format!("{fields:?}").contains("None"));
    }

    #[test]
    fn a_profile_is_the_typed_one() {
        let sparse = json!({"id": "i", "projectEnvironmentId": "e", "verifiedCredentials": [{"id": "c", "format": "email"}]});
        for user in [full(), sparse] {
            let typed = UserProfile::from(from_value::<SdkUser>(user.clone()).expect("a user"));
            let ours = User::read(ours(&members(user))).expect("a user");
            assert_eq!(to_value(ours).expect("JSON"), to_value(typed).expect("JSON"));
        }
    }

    #[test]
    fn what_is_required_is_required() {
        for name in USER.required {
            let mut user = members(full());
            user.remove(*name);
            assert_eq!(User::read(ours(&user)), None, "{name}");
        }
        assert_eq!(user_fields(ours(&members(json!({"email": 1})))), Err("email".to_owned()));
    }
}
