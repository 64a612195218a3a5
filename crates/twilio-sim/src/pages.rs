//! What the pages have in common: their frame, their style and script, and the news that something changed.

pub(crate) mod faults;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use futures::{Stream, StreamExt as _, stream};
use tokio::time::sleep;

use crate::shared::Shared;

/// Changes that follow each other faster are told together.
const GATHER: Duration = Duration::from_millis(120);

/// The pages: where each is, and its name.
const PAGES: [(&str, &str); 4] = [
    ("/phones", "Phones"),
    ("/templates", "Templates"),
    ("/senders", "Senders"),
    ("/mail", "Mail"),
];

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/phones") }))
        .route("/pages/events", get(events))
        .route(
            "/pages/style.css",
            get(file("text/css; charset=utf-8", include_str!("pages/style.css"))),
        )
        .route(
            "/pages/script.js",
            get(file("text/javascript; charset=utf-8", include_str!("pages/script.js"))),
        )
}

/// A file that is always asked for anew, so that a rebuilt simulator shows its own.
fn file(kind: &'static str, content: &'static str) -> ([(HeaderName, &'static str); 2], &'static str) {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], content)
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

/// A page that runs and loads nothing but its own.
pub(crate) fn answer(html: String) -> Response {
    let policy = "default-src 'self'; img-src 'self' data:";
    ([(CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

/// The frame of a page.
pub(crate) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{} · Twilio simulator</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/pages/style.css\">\
         <script src=\"/pages/script.js\" defer></script></head><body>{body}</body></html>",
        escape(title)
    )
}

/// The links to all pages, of which `here` is the one shown.
pub(crate) fn links(here: &str) -> String {
    let link = |(at, name): &(&str, &str)| {
        let current = if *at == here { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"{at}\"{current}>{name}</a>")
    };
    let links: String = PAGES.iter().map(link).collect();
    format!("<nav class=\"pages\" aria-label=\"Pages\">{links}</nav>")
}

/// Text made safe for HTML, inside elements and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_leaves_nothing_that_html_would_read() {
        assert_eq!(
            escape("<a href='x'>\"&\"</a>"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;"
        );
    }
}
