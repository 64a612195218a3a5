//! What every request to the API passes: its key, how often the key may ask, what it repeats, and the log.

mod log;
mod repeats;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use contract::{Code, Problem};
use domain::quota::{Bucket, Left, WINDOW};
use services::{Actor, Principal, Services, appointments, cursors::Seal, integrations, once::Once};
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    ApiError, problems,
    said::{self, Caller},
};
use log::{Heard, Log};
use repeats::Repeats;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const REPEAT: HeaderName = HeaderName::from_static("idempotency-key");
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Buckets of keys that are remembered before those that are full are forgotten.
const MOST_BUCKETS: usize = 10_000;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Door {
    services: Services,
    buckets: Arc<Mutex<HashMap<Uuid, Bucket>>>,
    repeats: Repeats,
    log: Log,
}

impl Door {
    /// `operations`: what lies behind it.
    pub fn new(services: Services, operations: Router) -> Self {
        Self {
            buckets: Arc::default(),
            repeats: Repeats::new(operations),
            log: Log::new(services.clone()),
            services,
        }
    }

    fn take(&self, key: Uuid) -> Left {
        let now = self.services.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_BUCKETS {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        buckets
            .entry(key)
            .or_default()
            .take(now, self.services.settings().api_per_minute)
    }
}

/// Lets a request in.
pub(super) async fn pass(State(door): State<Door>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let (mut parts, body) = request.into_parts();
    let (actor, key) = match known(&door, &parts).await {
        Ok(known) => known,
        Err(refused) => return refused.into_response(),
    };
    let left = door.take(key);
    let (body, heard) = log::hear(body);
    let mut response = if left.allowed {
        parts.extensions.insert(Caller(actor.clone()));
        let request = Request::from_parts(parts.clone(), body);
        serve(&door, &actor, key, request, next, &heard).await
    } else {
        too_often(left).into_response()
    };
    tell_limits(&door, &mut response, left);
    let line = log::Asked {
        actor: &actor,
        key,
        parts: &parts,
        heard: &heard,
        took: begun.elapsed(),
    };
    if left.noted {
        door.log.write(&door.services, line, &response);
    }
    response
}

async fn known(door: &Door, parts: &Parts) -> Result<(Actor, Uuid), ApiError> {
    said::once_each(&parts.headers)?;
    said::no_key_in(parts.uri.query().unwrap_or_default())?;
    let from = app::ssr::address(&parts.headers, &parts.extensions);
    let actor = integrations::actor(&door.services, said::key(parts)?, from).await?;
    match actor.who {
        Principal::ApiKey { id, .. } => Ok((actor, id)),
        _ => Err(Problem::new(Code::SignInNeeded, "This is no key of a program.").into()),
    }
}

fn too_often(left: Left) -> ApiError {
    let seconds = left.seconds;
    Problem {
        retry_after: Some(u16::try_from(seconds).unwrap_or(u16::MAX)),
        ..Problem::new(
            Code::TooMany,
            format!("This key asks too often. It may again in {seconds} s; the header RateLimit says what is left."),
        )
    }
    .into()
}

/// draft-ietf-httpapi-ratelimit-headers-10
fn tell_limits(door: &Door, response: &mut Response, left: Left) {
    let (most, window) = (door.services.settings().api_per_minute, WINDOW.num_seconds());
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&format!("\"default\";q={most};w={window}")) {
        headers.insert(POLICY, policy);
    }
    if let Ok(limit) = HeaderValue::from_str(&format!("\"default\";r={};t={}", left.remaining, left.seconds)) {
        headers.insert(LIMIT, limit);
    }
}

/// Lists in what they give out and take; what is sent twice, once.
async fn serve(door: &Door, actor: &Actor, key: Uuid, request: Request, next: Next, heard: &Heard) -> Response {
    match request.method().clone() {
        Method::GET | Method::HEAD => {
            let of = list(actor, &request);
            match appointments::link::of_cursors(&door.services).await {
                Ok(key) => Seal::new(key, of).scope(next.run(request)).await,
                Err(cause) => ApiError::from(cause).into_response(),
            }
        }
        Method::POST => match repeats::name(&request) {
            Ok(Some(name)) => {
                let once = Once::new(actor.business_id, key, name);
                heard.also(once.clone());
                door.repeats.serve(&door.services, once, request, next).await
            }
            Ok(None) => next.run(request).await,
            Err(problem) => ApiError::from(problem).into_response(),
        },
        _ => next.run(request).await,
    }
}

/// The list that is asked for, with its filters, of this business alone.
fn list(actor: &Actor, request: &Request) -> String {
    let query = request.uri().query().unwrap_or_default();
    let mut filters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| !["cursor", "limit"].contains(&name.as_ref()))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    filters.sort();
    // What stands in the path is a filter, too.
    format!("{} {} {filters:?}", actor.business_id, request.uri().path())
}

/// Whether a request's own id may be kept: letters that stand in every log.
pub(crate) fn is_request_id(value: &HeaderValue) -> bool {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || b"-_.:".contains(b);
    (1..=128).contains(&value.len()) && value.as_bytes().iter().all(fits)
}

/// Problems of the API say where they are explained and which request it was.
pub(super) async fn explain(State(s): State<Services>, request: Request, next: Next) -> Response {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let id = id.unwrap_or_default().to_owned();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let told = problems::Told {
        kind: format!("{}{}", s.settings().public_url, problem.code.page()),
        instance: Some(id.as_str()).filter(|id| !id.is_empty()),
        problem: &problem,
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = serde_json::to_vec(&told).unwrap_or_default();
    debug_assert_eq!(parts.headers[header::CONTENT_TYPE], problems::TYPE);
    Response::from_parts(parts, body.into())
}
