//! What every operation may answer besides what it is for, so that the document tells of it and no operation has to: problems that are
//! found before its own work begins, and the type that all problems are sent as (RFC 9457).

use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, path::Operation, path::PathItem};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// Each with what it says; what an operation says of it itself stands.
const OF_ALL: [(&str, &str); 5] = [
    ("400", "The request could not be read"),
    ("401", "No key, or none that is known"),
    ("403", "The key may not do this, or its business is suspended"),
    ("413", "More than is taken at once"),
    ("429", "Too many requests; the header Retry-After says when to come back"),
];

/// Of operations to which something is told: parameters, a body.
const OF_WHAT_IS_ASKED: [(&str, &str); 2] = [
    ("404", "This business has nothing of that id"),
    ("422", "Something in it can't be taken; `fields` says what"),
];

/// The document with its problems.
pub(super) fn told(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            tell(operation);
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

fn tell(operation: &mut Operation) {
    let asks = operation.parameters.as_ref().is_some_and(|all| !all.is_empty()) || operation.request_body.is_some();
    let responses = &mut operation.responses.responses;
    let asked = asks.then_some(OF_WHAT_IS_ASKED).into_iter().flatten();
    for (status, words) in OF_ALL.into_iter().chain(asked) {
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(words)));
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
        {
            let content = std::mem::take(&mut response.content).into_iter();
            let kind = |kind: String| if kind == JSON { PROBLEM.to_owned() } else { kind };
            response.content = content.map(|(of, what)| (kind(of), what)).collect();
        }
    }
}

fn problem(words: &str) -> Response {
    let mut response = Response::new(words);
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    response.content.insert(PROBLEM.to_owned(), RefOr::T(content));
    response
}
