//! What holds for every operation and every schema, put in once.

use crate::http::observe::X_REQUEST_ID;
use axum::http::StatusCode;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::PartialSchema as _;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, KnownFormat, Schema, SchemaType};
use utoipa::openapi::{ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, SchemaFormat, Type};

const REQUEST_ID: &str = "X-Request-Id";

/// What the parts of a path are. Those that are called ids are UUIDs.
const PATH_PARTS: [(&str, &str); 7] = [
    ("environmentId", "The environment."),
    ("userId", "The user."),
    ("sessionId", "The session; `sid` of its tokens."),
    ("webhookId", "The webhook."),
    ("messageId", "The message."),
    ("kid", "The key; `kid` of the tokens that it signed."),
    ("iss", "The issuer; `iss` of its JWTs, percent-encoded, `/` as `%2F`."),
];

/// Describes the operation at the path that ends in `name` once more, as served at `other` too.
pub(super) fn twin<'d>(document: &'d mut OpenApi, name: &str, other: &str) -> &'d mut Operation {
    let paths = &mut document.paths.paths;
    let index = paths.keys().position(|path| path.ends_with(&format!("/{name}"))).expect("described");
    let (path, item) = paths.get_index(index).expect("there");
    let (path, item) = (format!("{}{other}", path.trim_end_matches(name)), item.clone());
    paths.shift_insert(index + 1, path, item);
    let (_, item) = paths.get_index_mut(index + 1).expect("put there");
    operations(item).next().expect("an operation")
}

/// Shows what an operation answers when all is well.
pub(super) fn exemplify(document: &mut OpenApi, operation_id: &str, example: &Value) {
    let mut all = document.paths.paths.values_mut().flat_map(operations);
    let named = all.find(|operation| operation.operation_id.as_deref() == Some(operation_id));
    let Some(RefOr::T(answer)) = named.and_then(|operation| operation.responses.responses.get_mut("200"))
    else {
        panic!("no {operation_id}")
    };
    for content in answer.content.values_mut() {
        if let RefOr::T(content) = content {
            content.example = Some(example.clone());
        }
    }
}

/// Puts in what the descriptions leave out because it is the same everywhere.
pub(super) fn finish(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            operation.parameters.get_or_insert_default().splice(0..0, parts(path));
            complete(operation);
        }
    }
    let mut refusals = BTreeMap::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        share_refusals(operation, &mut refusals);
    }
    let components = document.components.get_or_insert_default();
    components.responses = refusals;
    let id = HeaderBuilder::new().schema(Some(String::schema()));
    let about = "The caller's `x-request-id` or `x-dyn-request-id` where it is a decent one, else a new one; also in the log.";
    components.headers.insert(REQUEST_ID.to_owned(), id.description(Some(about)).build().into());
    for schema in components.schemas.values_mut() {
        absent_not_null(schema);
    }
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, put, delete, patch, .. } = item;
    [get, post, put, delete, patch].into_iter().flatten()
}

fn parts(path: &str) -> Vec<RefOr<Parameter>> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let part = |name: &str| {
        let (_, about) = PATH_PARTS.iter().find(|(known, _)| *known == name).expect("a part of PATH_PARTS");
        let uuid = name.ends_with("Id").then_some(SchemaFormat::KnownFormat(KnownFormat::Uuid));
        let schema = ObjectBuilder::new().schema_type(Type::String).format(uuid);
        let part =
            ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        part.description(Some(*about)).schema(Some(schema)).build().into()
    };
    names.map(part).collect()
}

fn complete(operation: &mut Operation) {
    if operation.parameters.as_ref().is_some_and(Vec::is_empty) {
        operation.parameters = None;
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
            let reason = status.and_then(|status| status.canonical_reason()).expect("a status");
            reason.clone_into(&mut response.description);
        }
        assert_eq!(X_REQUEST_ID, REQUEST_ID);
        let id = Ref::new(format!("#/components/headers/{REQUEST_ID}"));
        response.headers.insert(REQUEST_ID.to_owned(), RefOr::Ref(id));
    }
}

/// Moves the operation's refusals to where others can share them, named after their codes.
fn share_refusals(operation: &mut Operation, shared: &mut BTreeMap<String, RefOr<Response>>) {
    for (status, response) in &mut operation.responses.responses {
        if status.as_str() >= "400"
            && let RefOr::T(refusal) = &*response
        {
            let codes = refusal.content.values().filter_map(|content| match content {
                RefOr::T(content) => Some(content.examples.keys().cloned()),
                RefOr::Ref(_) => None,
            });
            let name = codes.flatten().collect::<Vec<_>>().join(".");
            let reference = RefOr::Ref(Ref::new(format!("#/components/responses/{name}")));
            shared.insert(name, std::mem::replace(response, reference));
        }
    }
}

/// An optional member is left out and never `null`, so a schema that makes it optional does not allow `null`.
fn absent_not_null(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            for (name, member) in &mut object.properties {
                if !object.required.contains(name) {
                    not_null(member);
                }
                absent_not_null(member);
            }
            if let Some(AdditionalProperties::RefOr(member)) = object.additional_properties.as_deref_mut() {
                absent_not_null(member);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                absent_not_null(items);
            }
        }
        Schema::AllOf(all) => all.items.iter_mut().for_each(absent_not_null),
        _ => {}
    }
}

fn not_null(member: &mut RefOr<Schema>) {
    let RefOr::T(schema) = member else { return };
    match schema {
        Schema::Object(object) => without_null(&mut object.schema_type),
        Schema::Array(array) => without_null(&mut array.schema_type),
        Schema::OneOf(one) => {
            let is_null = |item: &RefOr<Schema>| matches!(item, RefOr::T(Schema::Object(object)) if matches!(object.schema_type, SchemaType::Type(Type::Null)));
            one.items.retain(|item| !is_null(item));
            if let [only] = one.items.as_slice() {
                *member = described(only.clone(), one.description.take());
            }
        }
        _ => {}
    }
}

fn described(schema: RefOr<Schema>, about: Option<String>) -> RefOr<Schema> {
    match (schema, about) {
        (RefOr::Ref(mut reference), Some(about)) => {
            reference.description = about;
            reference.into()
        }
        (schema, _) => schema,
    }
}

fn without_null(types: &mut SchemaType) {
    if let SchemaType::Array(several) = types {
        several.retain(|one| *one != Type::Null);
        if let [only] = several.as_slice() {
            *types = SchemaType::Type(only.clone());
        }
    }
}

/// Names in the code's own notation (a backquoted word in brackets, with or without where it leads) as words.
pub(super) fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split("[`");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (word, rest) = part.split_once("`]").expect("a name in brackets");
        let rest =
            rest.strip_prefix('(').and_then(|target| target.split_once(')')).map_or(rest, |(_, rest)| rest);
        plain.extend(["`", word, "`", rest]);
    }
    plain
}

#[test]
fn links_of_the_code_become_words() {
    assert_eq!(without_links("a [`B`] (c) [`D`](e::D) [f]"), "a `B` (c) `D` [f]");
}
