//! `/phones`: the customers' phones on a page. Works without JavaScript; with it, the page is live.

mod page;
mod view;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures::{Stream, StreamExt as _, stream};
use serde_json::Value;
use tokio::time::sleep;

use crate::faults::Fault;
use crate::form::Form;
use crate::inbound::{self, InboundText};
use crate::shared::Shared;
use crate::words::is_phone;

/// Changes that follow each other faster are told together.
const GATHER: Duration = Duration::from_millis(120);

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/phones") }))
        .route("/phones", get(show))
        .route("/phones/events", get(events))
        .route("/phones/text", post(text))
        .route("/phones/faults", post(arm))
        .route("/phones/faults/clear", post(disarm))
        .route(
            "/phones/style.css",
            get(file("text/css; charset=utf-8", include_str!("phones/style.css"))),
        )
        .route(
            "/phones/script.js",
            get(file("text/javascript; charset=utf-8", include_str!("phones/script.js"))),
        )
}

/// A file that is always asked for anew, so that a rebuilt simulator shows its own.
fn file(kind: &'static str, content: &'static str) -> ([(HeaderName, &'static str); 2], &'static str) {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], content)
}

async fn show(State(shared): State<Arc<Shared>>) -> Response {
    let view = shared.read(view::View::of);
    (
        [(CONTENT_SECURITY_POLICY, "default-src 'self'; img-src 'self' data:")],
        Html(page::page(&view)),
    )
        .into_response()
}

/// One `change` event whenever something changed.
async fn events(State(shared): State<Arc<Shared>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = stream::unfold(shared.watch(), |mut changes| async move {
        changes.changed().await.ok()?;
        sleep(GATHER).await;
        let number = *changes.borrow_and_update();
        Some((Ok(Event::default().event("change").data(number.to_string())), changes))
    });
    Sse::new(changes.take_until(Box::pin(shared.closed()))).keep_alive(KeepAlive::default())
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
    match fault(&Form::parse(&body)) {
        Some(fault) => {
            shared.write(|state| state.arm(fault));
            Redirect::to("/phones").into_response()
        }
        None => (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response(),
    }
}

fn fault(form: &Form) -> Option<Fault> {
    let kind = serde_json::from_value(Value::String(form.get("kind")?.to_owned())).ok()?;
    Some(Fault {
        kind,
        count: number(form, "count").unwrap_or(1),
        to: form.filled("to").map(|to| to.trim().to_owned()),
        code: number(form, "code"),
        ms: number(form, "ms"),
        times: number(form, "times"),
    })
}

fn number<T: std::str::FromStr>(form: &Form, name: &str) -> Option<T> {
    form.get(name)?.trim().parse().ok()
}

async fn disarm(State(shared): State<Arc<Shared>>) -> Redirect {
    shared.write(crate::state::State::disarm);
    Redirect::to("/phones")
}
