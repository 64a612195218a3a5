//! `/health/live`: the process runs. `/health/ready`: it can do its work. `/health/here` and `/health/drip` show how the way in is.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response, Sse, sse},
};
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use services::{Services, selftest};

pub async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

pub async fn ready(State(s): State<Services>) -> (StatusCode, Json<Value>) {
    match s.db().ping().await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ok", "database": "ok" }))),
        Err(cause) => {
            tracing::error!(%cause, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(json!({ "status": "unavailable", "database": "away" })),
            )
        }
    }
}

/// `GET /health/here/{nonce}`: whether who answers at the public address is this installation, and by which name it was asked.
pub async fn here(State(s): State<Services>, Path(nonce): Path<String>, headers: HeaderMap) -> Response {
    let Some(instance) = selftest::here(&s, &nonce) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    Json(json!({ "instance": instance, "host": host.unwrap_or_default() })).into_response()
}

/// Time between the two events of `drip`.
const DRIP: Duration = Duration::from_secs(2);

/// `GET /health/drip/{nonce}`: an event, and another one after two seconds. Where something on the way keeps events back, the first one
/// comes with the second.
pub async fn drip(State(s): State<Services>, Path(nonce): Path<String>) -> Response {
    let Some(instance) = selftest::here(&s, &nonce) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
    (unbuffered, Sse::new(two(instance))).into_response()
}

fn two(instance: String) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    let first = stream::iter([Ok(sse::Event::default().event("first").data(instance))]);
    let second = stream::once(async {
        tokio::time::sleep(DRIP).await;
        Ok(sse::Event::default().event("second").data("done"))
    });
    first.chain(second)
}
