//! Visits for staff's own calendars, at an address that nobody guesses.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use services::{
    Services,
    feeds::{self, Feed},
};

/// `/feeds/….ics`. Calendar programs ask again and again, and mostly nothing has changed.
pub async fn read(State(s): State<Services>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(secret) = file.strip_suffix(".ics") else {
        return nowhere();
    };
    let mut response = match feeds::read(&s, secret).await {
        Ok(Some(feed)) => calendar(feed, &headers),
        Ok(None) => nowhere(),
        Err(cause) => {
            tracing::error!(%cause, "a calendar could not be read");
            (StatusCode::INTERNAL_SERVER_ERROR, "Please try again later.\n").into_response()
        }
    };
    let mut set = |name: HeaderName, value: &'static str| response.headers_mut().insert(name, HeaderValue::from_static(value));
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive");
    response
}

fn calendar(feed: Feed, asked: &HeaderMap) -> Response {
    // Whole seconds, for that is all that HTTP knows: rounded up, or what changed within the same second would be missed.
    let seconds = feed.modified_at.timestamp() + i64::from(feed.modified_at.timestamp_subsec_nanos() > 0);
    let modified = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or(feed.modified_at);
    // Weak: compressed and not it is the same calendar.
    let tag = format!("W/\"{}\"", feed.tag);
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()),
        (header::ETAG, tag.clone()),
        (
            header::LAST_MODIFIED,
            modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        ),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::VARY, "accept-encoding".to_owned()),
    ];
    if is_known(asked, &tag, modified) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, feed.text).into_response()
}

/// Whether whoever asks has this one already. The tag decides where there is one (RFC 9110, 13.2.2).
fn is_known(asked: &HeaderMap, tag: &str, modified: DateTime<Utc>) -> bool {
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    match text(header::IF_NONE_MATCH) {
        Some(tags) => tags.split(',').any(|one| one.trim() == "*" || bare(one) == bare(tag)),
        None => text(header::IF_MODIFIED_SINCE)
            .and_then(domain::when::mail_date)
            .is_some_and(|since| modified <= since),
    }
}

fn nowhere() -> Response {
    (StatusCode::NOT_FOUND, "There is no calendar at this address.\n").into_response()
}

/// For whoever knocks too often.
pub fn busy() -> Response {
    (StatusCode::TOO_MANY_REQUESTS, "Please try again in a minute.\n").into_response()
}
