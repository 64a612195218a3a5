//! `/phones`: the customers' phones on a page. Works without JavaScript; with it, the page is live.

mod page;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::form::Form;
use crate::inbound::{self, InboundText};
use crate::pages;
use crate::shared::Shared;
use crate::words::is_phone;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/phones", get(show))
        .route("/phones/text", post(text))
        .route("/phones/faults", post(arm))
        .route("/phones/faults/clear", post(disarm))
}

async fn show(State(shared): State<Arc<Shared>>) -> Response {
    pages::answer(page::page(&shared.read(view::View::of)))
}

/// A text from a phone: `from`, `to`, and `quick` (a button) or `text`. Does not wait for the webhook.
async fn text(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let text = InboundText {
        from: form.get("from").unwrap_or_default().trim().to_owned(),
        to: form.get("to").unwrap_or_default().trim().to_owned(),
        body: form.filled("quick").or(form.get("text")).unwrap_or_default().to_owned(),
        ..InboundText::default()
    };
    if !is_phone(&text.from) || text.to.is_empty() || text.body.is_empty() {
        return (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response();
    }
    let message = inbound::receive(&shared, &text);
    let anchor = format!("/phones#{}", view::phone_id(&text.from));
    let sender = Arc::clone(&shared);
    shared.spawn(async move {
        inbound::deliver(&sender, &message, &text).await;
    });
    Redirect::to(&anchor).into_response()
}

async fn arm(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    page::FAULTS.arm(&shared, &Form::parse(&body), page::refusal)
}

async fn disarm(State(shared): State<Arc<Shared>>) -> Redirect {
    page::FAULTS.disarm(&shared)
}
