//! The slice of Twilio's REST API that is imitated, in its shapes (docs/twilio.md §5).

mod compose;
mod contents;
mod create;
mod errors;
mod hosts;
mod list;
mod look;
mod messaging;
mod numbers;
mod senders;
mod shapes;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::faults::FaultKind;
use crate::form::Form;
use crate::shared::Shared;
use crate::state::{Direction, SimMessage};
use errors::ApiError;

pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/2010-04-01/Accounts/{account}", get(look::account))
        .route("/2010-04-01/Accounts/{account}/Balance.json", get(look::balance))
        .route(
            "/2010-04-01/Accounts/{account}/Messages.json",
            get(list::messages).post(create::create),
        )
        .route("/2010-04-01/Accounts/{account}/Messages/{sid}", get(fetch).post(update))
        .route(
            "/2010-04-01/Accounts/{account}/AvailablePhoneNumbers/{country}/{shelf}",
            get(numbers::available),
        )
        .route(
            "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json",
            get(list::numbers).post(numbers::buy),
        )
        .route(
            "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}",
            get(numbers::fetch).post(numbers::update).delete(numbers::release),
        )
        .route("/v1/Services", get(messaging::services))
        .route("/v1/Services/{sid}", post(messaging::update))
        .route("/v1/Services/{sid}/PhoneNumbers", get(messaging::numbers_of))
        .route("/v1/Services/{sid}/PhoneNumbers/{number}", get(messaging::number))
        .route("/v1/Messaging/GeoPermissions", get(look::countries))
        .route("/v1/Alerts", get(look::alerts))
        .route("/v1/Services/{sid}/Compliance/Usa2p", get(messaging::campaigns))
        .route("/v1/a2p/BrandRegistrations/{sid}", get(messaging::brand))
        .route("/v1/Tollfree/Verifications", get(messaging::verifications))
        .merge(whatsapp())
        .layer(middleware::from_fn_with_state(Arc::clone(shared), authenticate))
}

/// What is about WhatsApp alone.
fn whatsapp() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/Content", get(contents::list).post(contents::create))
        .route(
            "/v1/Content/{sid}",
            get(contents::fetch).put(contents::update).delete(contents::delete),
        )
        .route("/v1/Content/{sid}/ApprovalRequests", get(contents::approval))
        .route("/v1/Content/{sid}/ApprovalRequests/{channel}", post(contents::submit))
        .route("/v1/ContentAndApprovals", get(contents::with_approvals))
        .route("/v2/Channels/Senders", get(senders::list).post(senders::create))
        .route(
            "/v2/Channels/Senders/{sid}",
            get(senders::fetch).post(senders::update).delete(senders::delete),
        )
        .route("/v3/Indicators/Typing.json", post(senders::typing))
}

/// The account that asks.
#[derive(Clone)]
struct Caller(String);

/// Basic auth with an account's SID and token, for that account's resources only, or, at `api` alone, for those of its parts.
async fn authenticate(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let Some((mut caller, by_key)) = caller(&shared, &request) else {
        return ApiError::authenticate().into_response();
    };
    // The other hosts' addresses name no account: it is the caller's.
    let account = path.split('/').nth(3).map(|s| s.trim_end_matches(".json"));
    let named = path.starts_with("/2010-04-01/");
    if let Some(account) = account.filter(|account| named && *account != caller.0) {
        if shared.read(|state| state.numbers.parent(account) != Some(caller.0.as_str())) {
            return ApiError::not_found(path).into_response();
        }
        caller = Caller(account.to_owned());
    }
    // An ordinary API key may not look at accounts.
    if by_key && named && path.split('/').count() == 4 {
        return ApiError::authenticate().into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Who asks, and whether by an API key.
fn caller(shared: &Shared, request: &Request) -> Option<(Caller, bool)> {
    let given = request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let given = String::from_utf8(STANDARD.decode(given).ok()?).ok()?;
    let (sid, token) = given.split_once(':')?;
    shared.read(|state| match state.numbers.key(sid, token) {
        Some(account) => Some((Caller(account.to_owned()), true)),
        None => (state.token(sid) == Some(token)).then(|| (Caller(sid.to_owned()), false)),
    })
}

async fn fetch(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path((_, file)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    too_many_readings(&shared)?;
    Ok(Json(shapes::message(&find(&shared, &caller, &file)?)))
}

/// The fault of who reads too much.
fn too_many_readings(shared: &Shared) -> Result<(), ApiError> {
    let fault = shared.write(|state| state.take_reading_fault(FaultKind::ReadRateLimit));
    fault.map_or(Ok(()), |f| Err(ApiError::too_many(f.ms.map(|ms| ms.div_ceil(1000)))))
}

fn find(shared: &Shared, Caller(account): &Caller, file: &str) -> Result<SimMessage, ApiError> {
    let sid = file.trim_end_matches(".json");
    let theirs = |m: &&SimMessage| m.direction != Direction::Network && m.account_sid == *account;
    let message = shared.read(|state| state.message(sid).filter(theirs).cloned());
    message.ok_or_else(|| ApiError::not_found(&format!("/2010-04-01/Accounts/{account}/Messages/{file}")))
}

/// `Body=` redacts, `Status=canceled` cancels what has not gone out.
async fn update(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path((_, file)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let sid = find(&shared, &caller, &file)?.sid;
    let form = Form::parse(&body);
    if form.get("Status") == Some("canceled") {
        cancel(&shared, &sid)?;
    }
    if form.get("Body").is_some() {
        redact(&shared, &sid)?;
    }
    Ok(Json(shapes::message(&find(&shared, &caller, &file)?)))
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
