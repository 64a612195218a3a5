//! A POST with an `Idempotency-Key` is done once, however often it comes: whoever repeats it hears what the first was answered.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use contract::{Code, Problem};
use futures::StreamExt;
use services::{
    Services,
    integrations::repeats::{self, Answer, Before},
    once::Once,
};
use tower::ServiceExt;
use uuid::Uuid;

use super::{ApiError, Caller, REPEAT, REPLAYED};

/// An answer of ours is far smaller; what is larger is no JSON.
const MOST: usize = 32 * 1024 * 1024;

/// More than any request may send.
const MOST_SENT: usize = 128 * 1024 * 1024;

/// Requests that are at work in this process.
#[derive(Clone)]
pub(super) struct Repeats {
    at_work: Arc<Mutex<HashSet<String>>>,
    /// The operations themselves, to look at what came of one.
    operations: Router,
}

/// One of them, for as long as it lives.
struct AtWork(Repeats, String);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.lock(|all| all.remove(&self.1));
    }
}

/// What makes two requests of one key the same; none: it may not be repeated.
pub(super) fn name(request: &Request) -> Result<Option<String>, Problem> {
    let mut given = request.headers().get_all(REPEAT).iter();
    let Some(key) = given.next() else { return Ok(None) };
    let fits = (1..=255).contains(&key.len()) && key.as_bytes().iter().all(|b| (b' '..=b'~').contains(b));
    if given.next().is_some() || !fits {
        let words = "An Idempotency-Key is one header of 1 to 255 visible letters, a new one for each thing that is to be done.";
        return Err(Problem::new(Code::Malformed, words));
    }
    let key = key.to_str().unwrap_or_default();
    // What is to be done stands in the query string, too.
    let of = format!("{} {}\n{key}", request.method(), request.uri());
    Ok(Some(services::once::hash(&of)))
}

impl Repeats {
    fn lock<T>(&self, work: impl FnOnce(&mut HashSet<String>) -> T) -> T {
        work(&mut self.at_work.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn new(operations: Router) -> Self {
        Self {
            at_work: Arc::default(),
            operations,
        }
    }

    fn enter(&self, once: &Once) -> Option<AtWork> {
        let name = once.whole_name();
        self.lock(|all| all.insert(name.clone())).then(|| AtWork(self.clone(), name))
    }

    pub async fn serve(&self, s: &Services, once: Once, request: Request, next: Next) -> Response {
        let mut known = repeats::before(s, &once).await;
        let mut at_work = None;
        if !matches!(known, Ok(Before::Answered { .. })) {
            at_work = self.enter(&once);
            if at_work.is_none() {
                return ApiError::from(services::once::at_work()).into_response();
            }
            // Whoever was at it may have ended between the two.
            known = repeats::before(s, &once).await;
        }
        match known {
            Ok(Before::Nothing) => {}
            Ok(Before::Answered { answer, body }) => return again(&once, answer, &body, request.into_body()).await,
            Ok(Before::AtWork) => return ApiError::from(services::once::at_work()).into_response(),
            Ok(Before::Done(made)) => return self.as_it_is_now(request, made).await,
            Err(cause) => return ApiError::from(cause).into_response(),
        }
        // In a task of its own: whoever asks may hang up, and will ask again what came of it.
        let s = s.clone();
        let done = tokio::spawn(async move {
            let _at_work = at_work;
            let response = once.scope(next.run(request)).await;
            keep(&s, &once, response).await
        });
        done.await.unwrap_or_else(|cause| {
            tracing::error!(%cause, "a request that may be repeated broke off");
            let words = "This did not work because of a fault on our side. Please try again.";
            ApiError::from(Problem::new(Code::Internal, words)).into_response()
        })
    }
}

impl Repeats {
    /// The answer was lost with the process that was about to give it: what came of it is shown as it is now.
    async fn as_it_is_now(&self, request: Request, made: Option<Uuid>) -> Response {
        let lost = || {
            let words =
                "This request was done, but the server stopped before it could keep what it answered. Look at what came of it.";
            ApiError::from(Problem::new(Code::Conflict, words)).into_response()
        };
        let (Some((path, status)), Some(caller)) = (place(request.uri().path(), made), request.extensions().get::<Caller>())
        else {
            return lost();
        };
        let mut look = Request::new(Body::empty());
        let Ok(uri) = path.parse() else { return lost() };
        *look.uri_mut() = uri;
        look.extensions_mut().insert(caller.clone());
        let mut found = match self.operations.clone().oneshot(look).await {
            Ok(found) if found.status() == StatusCode::OK => found,
            _ => return lost(),
        };
        *found.status_mut() = status;
        found.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        found
    }
}

/// What is done with one thing, and answered with it as it is then.
const WITH_ONE: [&str; 18] = [
    "add",
    "archive",
    "arrive",
    "assign",
    "book",
    "cancel",
    "cancel-lost",
    "clock",
    "close",
    "complete",
    "confirm",
    "done",
    "needs-reply",
    "no-reply-needed",
    "no-show",
    "reopen",
    "snooze",
    "start",
];

/// Where that is to be seen which a POST to `path` has made or changed, and the status it answers.
fn place(path: &str, made: Option<Uuid>) -> Option<(String, StatusCode)> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (parts.as_slice(), made) {
        // What is seen there is not what was answered: a secret that is told once, and a request that is found by its reference.
        (["webhook-endpoints" | "review-requests"], _) => None,
        (["messages"], Some(id)) => Some((format!("/messages/{id}"), StatusCode::ACCEPTED)),
        ([noun], Some(id)) => Some((format!("/{noun}/{id}"), StatusCode::CREATED)),
        ([noun, id, verb], _) if WITH_ONE.contains(verb) => Some((format!("/{noun}/{id}"), StatusCode::OK)),
        _ => None,
    }
}

/// The first answer, to whoever asks the very same.
async fn again(once: &Once, answer: Answer, body: &str, sent: Body) -> Response {
    let (mut pieces, mut read) = (sent.into_data_stream(), 0);
    // Reading it is what makes its hash; more than any request may have is another body.
    while read < MOST_SENT
        && let Some(Ok(piece)) = pieces.next().await
    {
        read += piece.len();
    }
    if once.body() != body {
        let words =
            "This Idempotency-Key was used for a request with another body. Use a new one for each thing that is to be done.";
        return ApiError::from(Problem::new(Code::Invalid, words)).into_response();
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    // A problem says where it is explained and which request this is, as every other does.
    if !status.is_success()
        && let Ok(problem) = serde_json::from_str::<Problem>(&answer.text)
    {
        let mut response = ApiError::from(problem).into_response();
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        return response;
    }
    let mut response = (status, answer.text).into_response();
    if let Ok(kind) = HeaderValue::from_str(&answer.content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// What was refused before anything was done may be asked again, and is looked at anew.
async fn keep(s: &Services, once: &Once, response: Response) -> Response {
    if !response.status().is_success() && !once.is_done() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MOST).await else {
        tracing::error!("an answer was too large to be kept");
        return ApiError::from(Problem::new(Code::Internal, "This was done, but its answer was lost.")).into_response();
    };
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let answer = Answer {
        status: parts.status.as_u16(),
        content_type: kind.unwrap_or_default().to_owned(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    };
    if let Err(cause) = repeats::keep(s, once, &answer).await {
        tracing::error!(%cause, "the answer to a request that may be repeated was not kept");
    }
    Response::from_parts(parts, bytes.into())
}
