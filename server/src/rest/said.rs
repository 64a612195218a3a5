//! What a request says, read strictly: what is not known is refused by name, because whoever wrote it expects that something comes of it.
//! Parameters of the query string are those of the document, for every operation, so none has to think of it; bodies say their fields
//! themselves (`deny_unknown_fields`).

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, MatchedPath, Path, Query, Request, rejection::BytesRejection},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
};
use contract::{Code, Problem};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;
use serde_path_to_error::Segment;
use services::Actor;
use url::form_urlencoded;
use utoipa::openapi::{PathItem, RefOr, path::ParameterIn};
use uuid::Uuid;

use super::ApiError;
use crate::AppState;

/// Who asks, as operations find it in the request.
#[derive(Clone)]
pub(super) struct Caller(pub Actor);

/// Who holds the key of this request. It asks for nothing that its operation does not know.
pub(crate) struct ApiKeyActor(pub Actor);

impl FromRequestParts<AppState> for ApiKeyActor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().cloned();
        let Caller(actor) = caller.ok_or_else(|| Problem::new(Code::SignInNeeded, HOW))?;
        known_only(parts)?;
        Ok(Self(actor))
    }
}

/// How a key is sent.
const HOW: &str = "Send your API key as \"Authorization: Bearer <key>\".";

/// The key that a request was sent with.
pub(super) fn key(parts: &Parts) -> Result<&str, Problem> {
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let key = given
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, key) = key.ok_or_else(|| Problem::new(Code::SignInNeeded, HOW))?;
    Ok(key.trim())
}

/// Of two of them nobody can tell which is meant, and what stands before us may have taken the other one.
pub(super) fn once_each(headers: &HeaderMap) -> Result<(), Problem> {
    let twice = [header::AUTHORIZATION, header::CONTENT_TYPE]
        .into_iter()
        .find(|name| headers.get_all(name).iter().nth(1).is_some());
    twice.map_or(Ok(()), |name| {
        let words = format!("The header \"{name}\" is there more than once. Please send it once.");
        Err(Problem::new(Code::Malformed, words))
    })
}

/// Addresses are kept in logs and histories, where a key has no place.
pub(super) fn no_key_in(query: &str) -> Result<(), Problem> {
    let names = ["key", "apikey", "token", "accesstoken", "authorization", "bearer"];
    let is_key = |name: &str, value: &str| {
        let name = name.replace(['_', '-'], "").to_ascii_lowercase();
        names.contains(&name.as_str()) || value.starts_with("showup_")
    };
    if form_urlencoded::parse(query.as_bytes()).any(|(name, value)| is_key(&name, &value)) {
        let words = "A key in an address is not taken, because addresses are kept in logs. Send it as the header \"Authorization: Bearer <key>\".";
        return Err(Problem::new(Code::SignInNeeded, words));
    }
    Ok(())
}

/// The parameters of each operation's query string, by method and path.
static PARAMETERS: LazyLock<HashMap<(Method, String), BTreeSet<String>>> = LazyLock::new(|| {
    let paths = super::openapi().paths.paths.into_iter();
    paths
        .flat_map(|(path, item)| operations(item).map(move |(method, known)| ((method, path.clone()), known)))
        .collect()
});

fn operations(item: PathItem) -> impl Iterator<Item = (Method, BTreeSet<String>)> {
    let all = [
        (Method::GET, item.get),
        (Method::POST, item.post),
        (Method::PUT, item.put),
        (Method::PATCH, item.patch),
        (Method::DELETE, item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| {
        let parameters = operation?.parameters.unwrap_or_default().into_iter();
        let query = parameters.filter_map(|parameter| match parameter {
            RefOr::T(p) if p.parameter_in == ParameterIn::Query => Some(p.name),
            _ => None,
        });
        Some((method, query.collect()))
    })
}

fn known_only(parts: &Parts) -> Result<(), Problem> {
    let query = parts.uri.query().unwrap_or_default();
    if query.is_empty() {
        return Ok(());
    }
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let path = path.strip_prefix("/api/v1").unwrap_or(path).to_owned();
    // What is asked of a list can be asked about it, too.
    let method = if parts.method == Method::HEAD {
        Method::GET
    } else {
        parts.method.clone()
    };
    let none = BTreeSet::new();
    let known = PARAMETERS.get(&(method, path)).unwrap_or(&none);
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    names.find(|name| !known.contains(name.as_ref())).map_or(Ok(()), |name| {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        Err(Problem::parameter(&name, nothing_called("parameter", &name, &known)))
    })
}

fn nothing_called(what: &str, name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        format!("There is no {what} \"{name}\" here; there is none at all.")
    } else {
        format!("There is no {what} \"{name}\" here. There are: {}.", known.join(", "))
    }
}

/// A JSON body; what can't be read is said as a problem.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(|e| unreadable(&e))?;
        if !is_json {
            let words = "Send the body as JSON, with the header \"Content-Type: application/json\".";
            return Err(Problem::new(Code::Malformed, words).into());
        }
        Ok(Self(read(&bytes)?))
    }
}

/// No body, or an object without fields.
pub(crate) struct NoBody;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl FromRequest<AppState> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|e| unreadable(&e))?;
        if !bytes.trim_ascii().is_empty() {
            read::<Nothing>(&bytes)?;
        }
        Ok(Self)
    }
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Code::TooLarge, "The body is larger than 256 kB.")
    } else {
        Problem::new(Code::Malformed, rejection.body_text())
    }
}

/// A JSON object as `T`.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A list would be taken for the fields in their order.
    if bytes.trim_ascii().starts_with(b"[") {
        return Err(Problem::new(
            Code::Invalid,
            "The body is a list. Send an object, with the names of its fields.",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(not_a_command)?;
    json.end()
        .map_err(|e| Problem::new(Code::Malformed, format!("The body is not JSON: {e}.")))?;
    Ok(value)
}

/// Says what is wrong with a body, and where.
fn not_a_command(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let mut path: Vec<String> = error.path().iter().filter_map(step).collect();
    let error = error.into_inner();
    if error.classify() != Category::Data {
        return Problem::new(Code::Malformed, format!("The body is not JSON: {error}."));
    }
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    // serde says it in words only: "unknown field `a`, expected `b` or `c`".
    let quoted: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    let words = if said.starts_with("unknown field") {
        nothing_called("field", quoted.first().unwrap_or(&""), quoted.get(1..).unwrap_or_default())
    } else if let (true, Some(name)) = (said.starts_with("missing field"), quoted.first()) {
        path.push((*name).to_owned());
        format!("The field \"{name}\" is missing.")
    } else {
        format!("This can't be read: {said}.")
    };
    if path.is_empty() {
        return Problem::new(Code::Invalid, words);
    }
    Problem::field(&path.join("."), words)
}

fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// A query string.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Query(value) = Query::<T>::from_request_parts(parts, state).await.map_err(|rejection| {
            let text = rejection.body_text();
            let said = text.split_once(": ").map_or(text.as_str(), |(_, said)| said);
            let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            match said.split_once(": ").filter(|(before, _)| name(before)) {
                Some((name, said)) => Problem::parameter(name, format!("{name} can't be read: {said}.")),
                None => Problem::new(Code::Malformed, format!("The query string can't be read: {said}.")),
            }
        })?;
        Ok(Self(value))
    }
}

/// The id in a path. One that is no id can't be anybody's.
pub(crate) struct Id(pub Uuid);

impl FromRequestParts<AppState> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        match Path::<Uuid>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Problem::new(Code::NotFound, "This is not an id that we gave out.").into()),
        }
    }
}
