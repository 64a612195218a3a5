//! What every operation may answer besides what it is for, so that the document tells of it and no operation has to: problems that are
//! found before its own work begins, and the type that all problems are sent as (RFC 9457).

use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, path::Operation};

const JSON: &str = "application/json";

/// What problems are sent as.
pub(super) const TYPE: &str = "application/problem+json";

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
    for item in document.paths.paths.values_mut() {
        if let Some(reads) = &mut item.get {
            tell(reads, &[]);
        }
        let sending = [&mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for sends in sending.into_iter().flatten() {
            tell(sends, &OF_WHAT_IS_SENT);
        }
    }
    document
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
