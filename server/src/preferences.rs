//! The page where a customer says how they are reached, opened by a link without an account: plain HTML that needs no script. What changes
//! something is posted, from this page or, for mail, by the button of a mail program (RFC 8058).

mod html;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use services::{
    Services,
    preferences::{self, Act},
};

use crate::visit_page::{broken, fields, nowhere, refused};

/// The page.
pub async fn show(State(s): State<Services>, Path(token): Path<String>) -> Response {
    page(&s, &token, StatusCode::OK).await
}

async fn page(s: &Services, token: &str, status: StatusCode) -> Response {
    match preferences::open(s, token).await {
        Ok(Some(page)) => (status, Html(html::page(token, &page))).into_response(),
        Ok(None) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// `POST /u/<token>`: mail ends. Answered at once and in place: whoever posts it for somebody follows nothing.
pub async fn unsubscribe(State(s): State<Services>, Path(token): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_one_click(&headers, &body) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    }
    match preferences::act(&s, &token, Act::StopEmails { one_click: true }).await {
        Ok(true) => (StatusCode::OK, "You get no more e-mails.\n").into_response(),
        Ok(false) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// As a form of either kind.
fn is_one_click(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        let text = String::from_utf8_lossy(body);
        return text.contains("name=\"List-Unsubscribe\"") && text.contains("One-Click");
    }
    let [asked] = fields(body, ["List-Unsubscribe"]).unwrap_or_default();
    asked.as_deref() == Some("One-Click")
}

pub async fn emails(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    let wanted = wanted(&body).map(|wanted| {
        if wanted {
            Act::StartEmails
        } else {
            Act::StopEmails { one_click: false }
        }
    });
    act(&s, &token, wanted).await
}

pub async fn texts(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    act(&s, &token, wanted(&body).filter(|wanted| !wanted).map(|_| Act::StopTexts)).await
}

pub async fn offers(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    act(&s, &token, wanted(&body).map(Act::Offers)).await
}

pub async fn everything(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    let wanted = wanted(&body).filter(|wanted| !wanted);
    act(&s, &token, wanted.map(|_| Act::StopEverything)).await
}

pub async fn prefer(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    let wanted = fields(&body, ["language", "channel"]).map(|[language, channel]| Act::Prefer { language, channel });
    act(&s, &token, wanted).await
}

/// Yes or no, said by a button; none for anything else.
fn wanted(body: &[u8]) -> Option<bool> {
    let [wanted] = fields(body, ["wanted"])?;
    match wanted.as_deref() {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        _ => None,
    }
}

async fn act(s: &Services, token: &str, wanted: Option<Act>) -> Response {
    let Some(wanted) = wanted else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    };
    match preferences::act(s, token, wanted).await {
        // Loading that page again does nothing again.
        Ok(true) => Redirect::to(&format!("/u/{token}")).into_response(),
        Ok(false) => nowhere(),
        Err(cause) if cause.is_internal() => broken(&cause),
        Err(_) => page(s, token, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}
