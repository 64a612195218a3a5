//! `/senders`: the WhatsApp senders, and how they are. Works without JavaScript.

mod page;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::form::Form;
use crate::pages;
use crate::shared::Shared;
use crate::whatsapp::{SenderState, SimOfflineReason};
use crate::words::is_phone;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/senders", get(show))
        .route("/senders/new", post(add))
        .route("/senders/state", post(change))
}

async fn show(State(shared): State<Arc<Shared>>) -> Response {
    pages::answer(shared.read(|state| page::page(state.whatsapp.senders(), state.now(), &shared.account_sid)))
}

/// A sender that was made in the console: `phone`, and perhaps the `account`.
async fn add(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let phone = form.get("phone").unwrap_or_default().trim().to_owned();
    let account = form.filled("account").map_or(shared.account_sid.as_str(), str::trim);
    if !is_phone(&phone) || shared.read(|state| state.token(account).is_none()) {
        return (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response();
    }
    shared.write(|state| {
        let now = state.now();
        state.whatsapp.add_sender(account, &phone, "ONLINE", now)
    });
    Redirect::to("/senders").into_response()
}

/// How a sender is from now on: `sender_id`, `status`, `quality`, `limit`, `sandbox` (the word that joins it), `name` (what becomes of the one
/// that was asked for), and, if it is off, `code` and `reason`.
async fn change(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let text = |name: &str| form.filled(name).map(|text| text.trim().to_owned());
    let is_off = text("status").is_some_and(|status| status == "OFFLINE");
    let reason = text("code").filter(|_| is_off).map(|code| SimOfflineReason {
        message: text("reason").unwrap_or_else(|| code.parse().map_or_else(|_| code.clone(), twilio::errors::describe)),
        code,
    });
    let state = SenderState {
        status: text("status"),
        quality_rating: text("quality"),
        messaging_limit: text("limit"),
        offline_reasons: reason.map(|reason| vec![reason]),
        name: text("name"),
        // An empty one ends it; a form without the field leaves it.
        sandbox: form.get("sandbox").map(|word| word.trim().to_owned()),
    };
    let sender_id = text("sender_id").unwrap_or_default();
    match shared.write(|all| all.whatsapp.set_sender(&sender_id, state)) {
        Some(sender) => Redirect::to(&format!("/senders#{}", sender.sid)).into_response(),
        None => (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response(),
    }
}
