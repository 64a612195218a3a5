//! E-mail: a mail server that delivers nothing, and `/mail`, which shows what it took.

mod page;
mod reports;
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

use crate::faults::{Fault, FaultKind};
use crate::form::Form;
use crate::mailbox::SimMail;
use crate::pages;
use crate::shared::Shared;

pub(crate) use reports::{Report, report};
pub(crate) use smtp::listen;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/mail", get(show))
        .route("/mail/{seq}", get(open))
        .route("/mail/{seq}/html", get(html))
        .route("/mail/{seq}/source", get(source))
        .route("/mail/{seq}/report", post(send_report))
        .route("/mail/{seq}/unsubscribe", post(unsubscribe))
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

/// What comes back about a mail: `kind`, and perhaps `status`.
async fn send_report(State(shared): State<Arc<Shared>>, Path(seq): Path<u64>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let kind = match form.get("kind") {
        Some("bounce") => FaultKind::MailBounce,
        Some("delay") => FaultKind::MailDelay,
        Some("complaint") => FaultKind::MailComplaint,
        _ => return (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response(),
    };
    let mut fault = Fault::new(kind);
    fault.status = form.filled("status").map(|status| status.trim().to_owned());
    let what = match kind {
        FaultKind::MailBounce => "It came back",
        FaultKind::MailDelay => "It was said to be late",
        _ => "Its reader complained",
    };
    let words = match reports::report(&shared, seq, &Report::of(&fault)).await {
        Some(_) => format!("{what}."),
        None => "Nothing comes back: this mail names nobody to tell.".to_owned(),
    };
    shared.write(|state| state.note_mail(seq, words));
    Redirect::to(&format!("/mail/{seq}")).into_response()
}

/// What a mail program does when somebody presses its own button (RFC 8058): one POST, whose answer nobody sees.
async fn unsubscribe(State(shared): State<Arc<Shared>>, Path(seq): Path<u64>) -> Response {
    let Some(url) = shared.read(|state| state.mail(seq).and_then(one_click)) else {
        return (StatusCode::BAD_REQUEST, Html(page::refusal())).into_response();
    };
    let answer = shared.http.post(&url).form(&[("List-Unsubscribe", "One-Click")]).send().await;
    let words = match answer {
        Ok(answer) => format!("One click to unsubscribe was answered {}.", answer.status().as_u16()),
        Err(error) => format!("One click to unsubscribe was not answered: {}.", error.without_url()),
    };
    shared.write(|state| state.note_mail(seq, words));
    Redirect::to(&format!("/mail/{seq}")).into_response()
}

/// Where one click is posted, if the mail offers that.
fn one_click(mail: &SimMail) -> Option<String> {
    let offered = mail.header("List-Unsubscribe-Post")?;
    if !offered.eq_ignore_ascii_case("List-Unsubscribe=One-Click") {
        return None;
    }
    let all = mail.header("List-Unsubscribe")?.split(',');
    let mut urls = all.map(|one| one.trim().trim_start_matches('<').trim_end_matches('>'));
    urls.find(|url| url.starts_with("https://") || url.starts_with("http://"))
        .map(str::to_owned)
}

async fn arm(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    page::FAULTS.arm(&shared, &Form::parse(&body), page::refusal)
}

async fn disarm(State(shared): State<Arc<Shared>>) -> Redirect {
    page::FAULTS.disarm(&shared)
}
