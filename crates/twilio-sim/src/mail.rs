//! E-mail: a mail server that delivers nothing, and `/mail`, which shows what it took.

mod page;
mod smtp;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::form::Form;
use crate::pages;
use crate::shared::Shared;

pub(crate) use smtp::listen;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/mail", get(show))
        .route("/mail/{seq}", get(open))
        .route("/mail/{seq}/html", get(html))
        .route("/mail/{seq}/source", get(source))
        .route("/mail/faults", post(arm))
        .route("/mail/faults/clear", post(disarm))
}

async fn show(State(shared): State<Arc<Shared>>) -> Response {
    pages::answer(page::page(&shared.read(|state| view::View::of(state, None)), false))
}

async fn open(State(shared): State<Arc<Shared>>, Path(seq): Path<u64>) -> Response {
    let view = shared.read(|state| view::View::of(state, Some(seq)));
    let status = if view.open.is_some() {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    (status, pages::answer(page::page(&view, true))).into_response()
}

/// What keeps a mail from doing anything on its own, in the frame and in a tab: it may show its styles and pictures it brings along, and a
/// link that somebody follows opens elsewhere.
const BOUND: [(HeaderName, &str); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
    ),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

async fn html(State(shared): State<Arc<Shared>>, Path(seq): Path<u64>) -> Response {
    match shared.read(|state| state.mail(seq)?.html.clone()) {
        // A mail program opens links in the browser, not in place of the mail.
        Some(html) => (BOUND, Html(format!("<!doctype html><base target=\"_blank\">{html}"))).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn source(State(shared): State<Arc<Shared>>, Path(seq): Path<u64>) -> Response {
    match shared.read(|state| Some(state.mail(seq)?.raw.clone())) {
        Some(raw) => (BOUND, [(CONTENT_TYPE, "text/plain; charset=utf-8")], raw).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn arm(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    page::FAULTS.arm(&shared, &Form::parse(&body), page::refusal)
}

async fn disarm(State(shared): State<Arc<Shared>>) -> Redirect {
    page::FAULTS.disarm(&shared)
}
