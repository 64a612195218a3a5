//! The slice of Twilio's REST API that is imitated, in its shapes (twilio.md 3.5).

mod create;
mod errors;
mod list;
mod shapes;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::form::Form;
use crate::shared::Shared;
use crate::state::{Direction, SimMessage};
use errors::ApiError;

pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/2010-04-01/Accounts/{account}", get(account))
        .route(
            "/2010-04-01/Accounts/{account}/Messages.json",
            get(list::messages).post(create::create),
        )
        .route("/2010-04-01/Accounts/{account}/Messages/{sid}", get(fetch).post(update))
        .route("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json", get(list::numbers))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), authenticate))
}

/// Basic auth with the account's SID and token, for that account's resources only.
async fn authenticate(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if !is_authentic(&shared, &request) {
        return ApiError::authenticate().into_response();
    }
    let account = request.uri().path().split('/').nth(3).map(|s| s.trim_end_matches(".json"));
    if account != Some(shared.account_sid.as_str()) {
        return ApiError::not_found(request.uri().path()).into_response();
    }
    next.run(request).await
}

fn is_authentic(shared: &Shared, request: &Request) -> bool {
    let expected = STANDARD.encode(format!("{}:{}", shared.account_sid, shared.auth_token));
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.and_then(|value| value.strip_prefix("Basic ")) == Some(expected.as_str())
}

async fn account(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shapes::account(&shared.account_sid))
}

async fn fetch(State(shared): State<Arc<Shared>>, Path((_, file)): Path<(String, String)>) -> Result<Json<Value>, ApiError> {
    let message = find(&shared, &file)?;
    Ok(Json(shapes::message(&shared.account_sid, &message)))
}

fn find(shared: &Shared, file: &str) -> Result<SimMessage, ApiError> {
    let sid = file.trim_end_matches(".json");
    let message = shared.read(|state| state.message(sid).filter(|m| m.direction != Direction::Network).cloned());
    message.ok_or_else(|| ApiError::not_found(&format!("/2010-04-01/Accounts/{}/Messages/{file}", shared.account_sid)))
}

/// `Body=` redacts, `Status=canceled` cancels what has not gone out.
async fn update(
    State(shared): State<Arc<Shared>>,
    Path((_, file)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let sid = find(&shared, &file)?.sid;
    let form = Form::parse(&body);
    if form.get("Status") == Some("canceled") {
        cancel(&shared, &sid)?;
    }
    if form.get("Body").is_some() {
        redact(&shared, &sid)?;
    }
    let message = find(&shared, &file)?;
    Ok(Json(shapes::message(&shared.account_sid, &message)))
}

fn cancel(shared: &Shared, sid: &str) -> Result<(), ApiError> {
    shared.write(|state| match state.message(sid).map(|m| m.status.as_str()) {
        Some("queued" | "accepted" | "scheduled") => {
            state.update(sid, |m| m.status = "canceled".into());
            Ok(())
        }
        _ => Err(ApiError::bad_request(30409, "This message cannot be canceled")),
    })
}

fn redact(shared: &Shared, sid: &str) -> Result<(), ApiError> {
    shared.write(|state| match state.message(sid).map(|m| m.status.as_str()) {
        Some("queued" | "accepted" | "sending") => Err(ApiError::bad_request(
            20009,
            "Cannot update this resource before it is complete",
        )),
        _ => {
            state.update(sid, |m| m.body.clear());
            Ok(())
        }
    })
}
