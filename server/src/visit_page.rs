//! The page of a visit for its customer, who has a link and no account: plain HTML that needs no script. What changes something is posted,
//! from this page alone.

pub mod html;

use axum::{
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::visit_page::{ENGLISH, SPANISH, Words};
use services::{
    Services,
    visit_page::{self, Act, Opened},
};
use url::{Url, form_urlencoded};

/// What the page may load: its style from here, and nothing else from anywhere.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The page.
pub async fn show(State(s): State<Services>, Path(token): Path<String>) -> Response {
    page(&s, &token, StatusCode::OK, &html::Typed::default()).await
}

async fn page(s: &Services, token: &str, status: StatusCode, typed: &html::Typed) -> Response {
    match visit_page::open(s, token).await {
        Ok(Opened::There(page)) => (status, Html(html::visit(token, &page, typed))).into_response(),
        Ok(Opened::Gone) => gone(),
        Ok(Opened::Nothing) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// The visit as a calendar file.
pub async fn calendar(State(s): State<Services>, Path(token): Path<String>) -> Response {
    match visit_page::calendar_file(&s, &token).await {
        Ok(Opened::There(file)) => {
            let headers = [
                (header::CONTENT_TYPE, "text/calendar; charset=utf-8; method=PUBLISH"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"visit.ics\""),
            ];
            (headers, file).into_response()
        }
        Ok(Opened::Gone) => gone(),
        Ok(Opened::Nothing) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// How the page looks. It holds nothing of anybody's.
pub async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, include_str!("visit_page/page.css"))
}

/// What was posted, by name; none where anything is there that is not known, or is there twice. A button alone posts nothing.
pub(crate) fn fields<const N: usize>(body: &[u8], known: [&str; N]) -> Option<[Option<String>; N]> {
    let mut found = [const { None }; N];
    for (name, value) in form_urlencoded::parse(body) {
        let at = known.iter().position(|one| *one == name)?;
        let place = found.get_mut(at).filter(|place| place.is_none())?;
        *place = Some(value.into_owned());
    }
    Some(found)
}

pub async fn confirm(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    act(&s, &token, fields(&body, []).map(|[]| Act::Confirm)).await
}

pub async fn another_time(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    let wanted = fields(&body, ["note"]).map(|[note]| Act::AnotherTime(note.unwrap_or_default()));
    act(&s, &token, wanted).await
}

pub async fn cancel(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    act(&s, &token, fields(&body, []).map(|[]| Act::Cancel)).await
}

pub async fn stop_texts(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    act(&s, &token, fields(&body, []).map(|[]| Act::StopTexts)).await
}

pub async fn prefer(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    let wanted = fields(&body, ["language", "channel"]).map(|[language, channel]| Act::Prefer { language, channel });
    act(&s, &token, wanted).await
}

async fn act(s: &Services, token: &str, wanted: Option<Act>) -> Response {
    let Some(wanted) = wanted else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    };
    let typed = match &wanted {
        Act::AnotherTime(note) => Some(note.clone()),
        _ => None,
    };
    match visit_page::act(s, token, wanted).await {
        // Loading that page again does nothing again.
        Ok(Opened::There(true)) => Redirect::to(&format!("/v/{token}")).into_response(),
        Ok(Opened::There(false)) => page(s, token, StatusCode::FORBIDDEN, &html::Typed::default()).await,
        Ok(Opened::Gone) => gone(),
        Ok(Opened::Nothing) => nowhere(),
        Err(cause) if cause.is_internal() => broken(&cause),
        Err(_) => {
            let typed = html::Typed { note: typed };
            page(s, token, StatusCode::UNPROCESSABLE_ENTITY, &typed).await
        }
    }
}

/// What goes for everything here: no other site's forms, no trace of the address elsewhere, no search engine.
pub async fn guard(State(s): State<Services>, request: Request, next: Next) -> Response {
    let foreign = !matches!(*request.method(), Method::GET | Method::HEAD) && is_foreign(request.headers(), &s);
    let mut response = if foreign {
        refused(StatusCode::FORBIDDEN)
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive");
    response
}

/// Whether a form was posted from somewhere else. Browsers say where from in one of two ways; under our own policy of telling no address,
/// some say that it is nowhere (`null`), and then the address itself, which nobody else knows, has to do.
fn is_foreign(headers: &HeaderMap, s: &Services) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, None | Some("null")) => false,
        (None, Some(origin)) => {
            let ours = Url::parse(&s.settings().public_url).map(|url| url.origin().ascii_serialization());
            let host = text(header::HOST).unwrap_or_default();
            let there = origin.split_once("://").map(|(_, host)| host);
            ours.ok().as_deref() != Some(origin) && there != Some(host)
        }
    }
}

fn gone() -> Response {
    said(StatusCode::GONE, |words| (words.gone, words.gone_hint))
}

pub fn nowhere() -> Response {
    said(StatusCode::NOT_FOUND, |words| (words.nowhere, words.nowhere_hint))
}

pub fn refused(status: StatusCode) -> Response {
    said(status, |words| (words.refused, words.refused_hint))
}

/// For whoever knocks too often.
pub fn busy() -> Response {
    said(StatusCode::TOO_MANY_REQUESTS, |words| (words.busy, words.busy_hint))
}

pub fn broken(cause: &services::Error) -> Response {
    tracing::error!(%cause, "the page of a visit failed");
    said(StatusCode::INTERNAL_SERVER_ERROR, |words| (words.broken, words.broken_hint))
}

/// A page about no visit: whose language nobody knows.
fn said(status: StatusCode, what: fn(&Words) -> (&'static str, &'static str)) -> Response {
    (
        status,
        Html(html::said([&ENGLISH, &SPANISH].map(|words| (words, what(words))))),
    )
        .into_response()
}
