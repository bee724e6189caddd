//! Users and profiles as administrators describe them, to the API and on the command line alike.

use byoa_protocol::user::UserFields;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::{Map, Value};

/// The members of [`UserFields`].
pub(crate) const PROFILE_FIELDS: [&str; 12] = [
    "alias",
    "country",
    "email",
    "firstName",
    "jobTitle",
    "lastName",
    "phoneNumber",
    "tShirtSize",
    "team",
    "username",
    "policiesConsent",
    "metadata",
];

/// Profile fields, and nothing else: what is misspelt would be lost without a word.
#[derive(Clone, Debug, Default)]
pub struct ProfileFields(pub UserFields);

impl<'de> Deserialize<'de> for ProfileFields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let members = Map::deserialize(from)?;
        if let Some(unknown) = members.keys().find(|key| !PROFILE_FIELDS.contains(&key.as_str())) {
            return Err(D::Error::unknown_field(unknown, &PROFILE_FIELDS));
        }
        serde_json::from_value(Value::Object(members)).map(Self).map_err(|_| D::Error::custom("a wrong type"))
    }
}

/// A user to make, as an administrator describes it.
#[derive(Clone, Debug, Default)]
pub struct UserDescription {
    /// `sub` of its external JWTs.
    pub external_user_id: String,
    /// Their `iss`. `None`: the environment's first issuer.
    pub issuer: Option<String>,
    /// Its profile.
    pub fields: UserFields,
}

impl<'de> Deserialize<'de> for UserDescription {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(from)?;
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(D::Error::custom("a wrong type")),
        };
        let external_user_id =
            members.remove("externalUserId").ok_or_else(|| D::Error::missing_field("externalUserId"));
        let external_user_id = text(external_user_id?)?;
        let issuer = members.remove("iss").map(text).transpose()?;
        if let Some(unknown) = members.keys().find(|key| !PROFILE_FIELDS.contains(&key.as_str())) {
            return Err(D::Error::unknown_field(unknown, &PROFILE_FIELDS));
        }
        let fields = serde_json::from_value::<ProfileFields>(Value::Object(members));
        let ProfileFields(fields) = fields.map_err(|_| D::Error::custom("a wrong type"))?;
        Ok(Self { external_user_id, issuer, fields })
    }
}
