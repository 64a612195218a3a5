//! What every operation may answer besides what it is for, so that the document tells of it and no operation has to: problems that are
//! found before its own work begins, and the type that all problems are sent as (RFC 9457).

use contract::Problem;
use serde::Serialize;
use utoipa::openapi::{
    Content, OpenApi, Ref, RefOr, Required, Response,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::{ObjectBuilder, Schema, Type},
};

const JSON: &str = "application/json";

/// What problems are sent as.
pub(super) const TYPE: &str = "application/problem+json";

/// A problem as it is sent.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    /// Where it is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<&'a str>,
    #[serde(flatten)]
    pub problem: &'a Problem,
}

/// Each with what it says; what an operation says of it itself stands.
const OF_ALL: [(&str, &str); 4] = [
    ("400", "The request could not be read"),
    ("401", "No key, or none that is known"),
    ("403", "The key has no scope for this"),
    ("429", "Too often; come back later"),
];

/// Of operations that are told something: parameters, a body.
const OF_WHAT_IS_ASKED: [(&str, &str); 2] = [
    ("404", "This business has nothing of that id"),
    ("422", "Something in it can't be taken; `fields` says what"),
];

/// Of operations that read a body, if only to see that there is nothing in it.
const OF_WHAT_IS_SENT: [(&str, &str); 2] = [("413", "More than is taken at once"), OF_WHAT_IS_ASKED[1]];

/// The document with its problems.
pub(super) fn told(mut document: OpenApi) -> OpenApi {
    whole(&mut document);
    for item in document.paths.paths.values_mut() {
        if let Some(reads) = &mut item.get {
            tell(reads, &[]);
        }
        let sending = [&mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for sends in sending.into_iter().flatten() {
            tell(sends, &OF_WHAT_IS_SENT);
        }
        if let Some(posts) = &mut item.post {
            posts.parameters.get_or_insert_default().push(RefOr::T(repeat()));
        }
    }
    document
}

/// What every POST may bring along.
fn repeat() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Up to 255 letters. The same again within 24 hours, with the same body, is done once and answered as the first time, with \
             `Idempotent-Replayed: true`.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(255))))
        .build()
}

/// What every problem has besides what it says itself.
fn whole(document: &mut OpenApi) {
    let schemas = document.components.as_mut().map(|components| &mut components.schemas);
    if let Some(RefOr::T(Schema::Object(problem))) = schemas.and_then(|all| all.get_mut("Problem")) {
        let text = |words: &str| {
            let text = ObjectBuilder::new().schema_type(Type::String).description(Some(words));
            RefOr::T(Schema::Object(text.build()))
        };
        problem.properties.insert("type".to_owned(), text("Where it is explained."));
        problem
            .properties
            .insert("instance".to_owned(), text("The id of the request: `X-Request-Id`."));
        problem.required.push("type".to_owned());
    }
}

fn tell(operation: &mut Operation, sent: &[(&str, &str)]) {
    let asks = operation.parameters.as_ref().is_some_and(|all| !all.is_empty()) || operation.request_body.is_some();
    let asked: &[(&str, &str)] = if asks { &OF_WHAT_IS_ASKED } else { &[] };
    let responses = &mut operation.responses.responses;
    for (status, words) in OF_ALL.iter().chain(asked).chain(sent) {
        responses
            .entry((*status).to_owned())
            .or_insert_with(|| RefOr::T(problem(words)));
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
        {
            let content = std::mem::take(&mut response.content).into_iter();
            let kind = |kind: String| if kind == JSON { TYPE.to_owned() } else { kind };
            response.content = content.map(|(of, what)| (kind(of), what)).collect();
        }
    }
}

fn problem(words: &str) -> Response {
    let mut response = Response::new(words);
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    response.content.insert(TYPE.to_owned(), RefOr::T(content));
    response
}
