//! `/templates`: what was handed in to WhatsApp, and somebody who decides about it. Works without JavaScript.

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
use crate::whatsapp::{ReviewPace, Verdict};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/templates", get(show))
        .route("/templates/say", post(say))
        .route("/templates/pace", post(pace))
}

async fn show(State(shared): State<Arc<Shared>>) -> Response {
    pages::answer(page::page(&shared.read(page::View::of)))
}

/// What WhatsApp says of a template: `sid`, `status`, and perhaps `reason`, `category` and `language`.
async fn say(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let text = |name: &str| form.filled(name).unwrap_or_default().to_owned();
    let status = text("status");
    let reason = text("reason");
    let verdict = Verdict {
        rejection_reason: match (status.as_str(), reason.is_empty()) {
            ("rejected", true) => "INVALID_FORMAT. The template does not follow the rules.".to_owned(),
            ("rejected", false) => reason,
            _ => String::new(),
        },
        status,
        category: form.filled("category").map(str::to_owned),
        language: form.filled("language").map(|code| code.trim().to_owned()),
    };
    let sid = text("sid");
    if verdict.status.is_empty() || !shared.write(|state| state.whatsapp.say(&sid, &verdict)) {
        return (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response();
    }
    Redirect::to(&format!("/templates#{sid}")).into_response()
}

/// How fast templates are looked at: `by_itself`, `pending_after`, `decided_after`, `category`.
async fn pace(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let number = |name: &str| form.get(name).and_then(|n| n.trim().parse().ok());
    let (Some(pending_after), Some(decided_after)) = (number("pending_after"), number("decided_after")) else {
        return (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response();
    };
    let pace = ReviewPace {
        by_itself: form.filled("by_itself").is_some(),
        pending_after,
        decided_after,
        category: form.filled("category").map(str::to_owned),
    };
    shared.write(|state| state.whatsapp.pace = pace);
    Redirect::to("/templates").into_response()
}
