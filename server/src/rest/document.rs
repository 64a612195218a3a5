//! What the document of the API says of every operation, so that no operation has to: a short headline, a name of its own, the scopes that
//! its key needs, an example of its body, and its problems.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, PathItem},
    schema::Schema,
    security::SecurityRequirement,
};

use super::{problems, scopes};

/// By the name of what is sent; `Problem`: what is answered.
static EXAMPLES: LazyLock<BTreeMap<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).expect("examples are JSON"));

/// The document as it is given out.
pub(super) fn finished(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            headline(operation);
            name(operation);
            say_scopes(operation, scopes::of(method, path));
            show_example(operation);
        }
    }
    let mut document = problems::told(document);
    let schemas = document.components.as_mut().map(|components| &mut components.schemas);
    if let Some(RefOr::T(Schema::Object(problem))) = schemas.and_then(|all| all.get_mut("Problem")) {
        problem.examples = EXAMPLES.get("Problem").cloned().into_iter().collect();
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The first sentence is what lists show; the rest is what it says when it is looked at.
fn headline(operation: &mut Operation) {
    let said = operation.summary.take().unwrap_or_default();
    let (first, rest) = said.split_once(". ").unwrap_or((&said, ""));
    let more = operation.description.take().unwrap_or_default();
    let paragraphs: Vec<&str> = [rest, more.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
    operation.description = Some(paragraphs.join("\n\n")).filter(|text| !text.is_empty());
    operation.summary = Some(first.trim_end_matches('.').to_owned());
}

/// Functions of several rooms are called alike, and what is generated from this must not be.
fn name(operation: &mut Operation) {
    let room = operation.tags.iter().flatten().next().map(|tag| tag.replace('-', "_"));
    let function = operation.operation_id.take().unwrap_or_default();
    operation.operation_id = Some(format!("{}_{function}", room.unwrap_or_default()));
}

fn say_scopes(operation: &mut Operation, scopes: Option<&'static str>) {
    let Some(scopes) = scopes else { return };
    let ways = scopes::ways(scopes);
    let shown: Vec<String> = ways
        .iter()
        .map(|way| way.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(" and "))
        .collect();
    let line = if scopes.is_empty() {
        "Any key may.".to_owned()
    } else {
        format!("The key needs {}.", shown.join(" or "))
    };
    let said = operation.description.take().map(|text| format!("{text}\n\n"));
    operation.description = Some(format!("{}{line}", said.unwrap_or_default()));
    operation.security = Some(ways.into_iter().map(|way| SecurityRequirement::new("key", way)).collect());
}

fn show_example(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    for content in body.content.values_mut() {
        if let RefOr::T(content) = content
            && let Some(RefOr::Ref(schema)) = &content.schema
        {
            let name = schema.ref_location.rsplit('/').next().unwrap_or_default();
            content.example = EXAMPLES.get(name).cloned();
        }
    }
}
