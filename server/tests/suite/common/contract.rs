//! `docs/openapi.json`, held against every answer of the app in process.

use super::app::Answer;
use axum::http::Method;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

/// The committed document.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("a JSON document")
});

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// What an answer says that the document does not; `None` where it keeps to it. Paths that are not described
/// may only be unknown; that they are not served, the unit tests say.
pub(crate) fn fault(method: &Method, path: &str, answer: &Answer) -> Option<String> {
    let (template, item) = described(path)?;
    let is_head = method == Method::HEAD;
    let method = if is_head { "get".to_owned() } else { method.as_str().to_ascii_lowercase() };
    let Some(operation) = item.get(&method) else {
        // A preflight is CORS' business.
        let is_fine = method == "options" || [405, 400].contains(&answer.status.as_u16());
        return (!is_fine).then(|| format!("{method} {template} is answered with {}", answer.status));
    };
    let place = format!("{method} {template} {}", answer.status.as_u16());
    let Some(response) = operation["responses"].get(answer.status.as_str()).map(resolved) else {
        return Some(format!("{place} is not described: {}", answer.text()));
    };
    if is_head {
        return None;
    }
    let Some(content) = response["content"].as_object() else {
        return (!answer.body.is_empty()).then(|| format!("{place} has a body"));
    };
    let sent = answer.header("content-type").unwrap_or_default();
    let Some((kind, content)) = content.iter().find(|(kind, _)| sent.starts_with(kind.as_str())) else {
        return Some(format!("{place} is sent as {sent:?}"));
    };
    if kind != "application/json" {
        return None;
    }
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON, since it says so");
    let problems = problems(&place, &content["schema"], &body);
    (!problems.is_empty()).then(|| format!("{place}: {problems:?} in {body}"))
}

/// What a reference leads to.
fn resolved(described: &'static Value) -> &'static Value {
    let Some(reference) = described["$ref"].as_str() else { return described };
    DOCUMENT.pointer(reference.trim_start_matches('#')).expect("a reference within the document")
}

/// What is wrong with `value` by `schema`, which is kept under `name`.
pub(crate) fn problems(name: &str, schema: &Value, value: &Value) -> Vec<String> {
    let mut validators = VALIDATORS.lock().expect("lock");
    let validator = validators.entry(name.to_owned()).or_insert_with(|| Arc::new(validator(schema))).clone();
    drop(validators);
    validator.iter_errors(value).map(|problem| format!("{}: {problem}", problem.instance_path())).collect()
}

/// The schema as a document of its own, so that its references lead somewhere.
fn validator(schema: &Value) -> Validator {
    let mut root: Map<String, Value> = schema.as_object().expect("a schema").clone();
    root.insert("components".to_owned(), json!({ "schemas": DOCUMENT["components"]["schemas"] }));
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(&Value::Object(root)).expect("a valid schema")
}

/// The described path that `path` is an instance of: the one with the fewest open parts.
fn described(path: &str) -> Option<(&'static str, &'static Value)> {
    let parts: Vec<_> = path.split('/').collect();
    let fits = |template: &str| {
        let open = |part: &str| part.starts_with('{');
        let template: Vec<_> = template.split('/').collect();
        let pairs = || template.iter().zip(&parts);
        let all = template.len() == parts.len() && pairs().all(|(known, part)| open(known) || known == part);
        all.then(|| template.iter().filter(|part| open(part)).count())
    };
    let items = DOCUMENT["paths"].as_object().expect("paths").iter();
    let fitting = items.filter_map(|(template, item)| Some((fits(template)?, template.as_str(), item)));
    fitting.min_by_key(|(open, ..)| *open).map(|(_, template, item)| (template, item))
}
