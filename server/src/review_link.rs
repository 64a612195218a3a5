//! Short links to where reviews are written. Opening one changes nothing but a count, and leads on at once; previews and scanners are counted
//! apart, for they are nobody who wants to write.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use domain::visit_page::{ENGLISH, SPANISH};
use services::{
    Services,
    reviews::{self, Opened},
};

use crate::visit_page::{self, html};

/// How browsers say that they fetch ahead of anybody's wish.
const AHEAD: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// Leads to the page behind a link.
pub async fn open(State(s): State<Services>, Path(code): Path<String>, method: Method, headers: HeaderMap) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ahead = AHEAD.iter().filter_map(|name| text(name));
    let ahead = ahead
        .map(str::to_ascii_lowercase)
        .any(|said| said.contains("prefetch") || said.contains("preview"));
    match reviews::open(&s, &code, method == Method::HEAD, ahead, text("user-agent")).await {
        Ok(Opened::To(link)) => (StatusCode::FOUND, [(header::LOCATION, link)]).into_response(),
        Ok(Opened::Ended { business, contact_line }) => (
            StatusCode::GONE,
            Html(html::ended(&business, &contact_line, [&ENGLISH, &SPANISH])),
        )
            .into_response(),
        Ok(Opened::Nothing) => visit_page::nowhere(),
        Err(cause) => visit_page::broken(&cause),
    }
}
