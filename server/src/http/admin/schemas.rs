//! Schemas of bodies that serde does not derive.

use crate::exchange::admin::{PROFILE_FIELDS, ProfileFields, UserDescription};
use byoa_protocol::user::UserFields;
use std::borrow::Cow;
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema};
use utoipa::openapi::{ObjectBuilder, RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

/// The members of [`UserFields`] and no others.
fn fields(about: &str) -> Object {
    let RefOr::T(Schema::Object(mut fields)) = UserFields::schema() else {
        unreachable!("a struct is an object")
    };
    fields.description = Some(about.to_owned());
    fields.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    fields
}

impl PartialSchema for ProfileFields {
    fn schema() -> RefOr<Schema> {
        let about = "A change of a user. A member left out stays as it is; an empty string clears it.";
        Schema::Object(fields(about)).into()
    }
}

impl ToSchema for ProfileFields {
    fn name() -> Cow<'static, str> {
        "UserChange".into()
    }
}

impl PartialSchema for UserDescription {
    fn schema() -> RefOr<Schema> {
        let text = |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
        let id = text("`sub` of its external JWTs, 1 to 255 bytes.");
        let issuer = text("Their `iss`, of the environment's issuers. The first one where it is left out.");
        let mut user = fields("A user to make.");
        user.properties.insert("externalUserId".to_owned(), id.into());
        user.properties.insert("iss".to_owned(), issuer.into());
        user.required.push("externalUserId".to_owned());
        Schema::Object(user).into()
    }
}

impl ToSchema for UserDescription {
    fn name() -> Cow<'static, str> {
        "NewUser".into()
    }
}

#[test]
fn an_administrator_may_set_what_a_user_may_set() {
    assert_eq!(fields("").properties.keys().collect::<Vec<_>>(), PROFILE_FIELDS.iter().collect::<Vec<_>>());
}
