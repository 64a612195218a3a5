//! `/health/live`: the process runs. `/health/ready`: it can do its work.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};
use services::Services;

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
