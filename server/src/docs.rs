//! What programs are told of the API, to be read by people: what can be asked and tried (`reference`), how a job is done (`recipes`), what
//! keys are like, what each problem means, and what has changed. Plain HTML, the same for everybody.

mod recipes;
mod reference;

use std::fmt::Write as _;

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use contract::Code;
use domain::{api_key::PATTERN, permissions::Permission};

use crate::visit_page::html::{document, esc};

pub use recipes::show as recipes;
pub use reference::{file as reference_file, show as reference, to_it as to_reference};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const STYLE: &str = "/docs/page.css";

/// The pages, each with what it is good for.
const PAGES: [(&str, &str, &str); 6] = [
    (
        "/docs/api/",
        "Reference",
        "Everything that can be asked, to be tried with your own key.",
    ),
    (
        "/docs/recipes",
        "Recipes",
        "Six jobs in curl, JavaScript and Python, which are run by our tests.",
    ),
    (
        "/docs/keys",
        "Keys",
        "What keys look like, what they may, how often, and how to send a thing once.",
    ),
    (
        "/docs/problems",
        "Problems",
        "What each error means, and what to do about it.",
    ),
    ("/docs/changelog", "Changes", "What has changed, and what may."),
    (
        "/api/v1/openapi.json",
        "OpenAPI",
        "All of it for programs: clients are generated from it.",
    ),
];

/// What has changed, the latest first. What is here only grew: `server/api/v1.json` holds it to that.
const CHANGES: [(&str, &[&str]); 1] = [(
    "30 November 2026",
    &[
        "Version 1 of the API, under /api/v1.",
        "All lists answer {\"data\": […], \"next_cursor\": …}: those of locations, notices and days as well.",
        "Appointments, tasks, conversations and entries of the waitlist can be asked for by updated_since, as contacts can.",
    ],
)];

pub async fn style() -> Response {
    let css = concat!(include_str!("visit_page/page.css"), include_str!("docs/page.css"));
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
}

/// Where to begin.
pub async fn index() -> Response {
    let mut body = String::from(
        "<p>JSON under <code>/api/v1</code>, with a key as <code>Authorization: Bearer</code>. Keys are made in \
         <a href=\"/settings/keys\">Settings → API keys</a>, where what they have asked can be read, too. What happens is told to \
         programs by <a href=\"/settings/webhooks\">webhooks</a>, signed by Standard Webhooks.</p>\n",
    );
    for (path, name, words) in PAGES {
        let _ = writeln!(
            body,
            "<section class=\"card\"><h2><a href=\"{path}\">{name}</a></h2><p>{words}</p></section>"
        );
    }
    page("API", &body)
}

/// What has changed.
pub async fn changelog() -> Response {
    let mut body = String::from(
        "<p>Within <code>/api/v1</code> nothing is renamed, removed or asked for that was not before. Addresses, parameters, fields, words \
         in lists of words and kinds of events are added without a new version: please pass over what you don’t know.</p>\n",
    );
    for (day, changes) in CHANGES {
        let _ = write!(body, "<section class=\"card\"><h2>{day}</h2><ul>");
        for change in changes {
            let _ = write!(body, "<li>{}</li>", esc(change));
        }
        body.push_str("</ul></section>\n");
    }
    page("Changes", &body)
}

/// Where the `type` of a problem leads.
pub async fn problems() -> Response {
    let mut body = String::from(
        "<p>What does not work is answered as <code>application/problem+json</code> (RFC 9457): <code>type</code> leads here, \
         <code>code</code> is for programs, <code>detail</code> for people, <code>errors</code> points at what is wrong, and \
         <code>instance</code> is the id of the request, which is in the header <code>X-Request-Id</code> and in the log, too.</p>\n",
    );
    for code in Code::ALL {
        let _ = writeln!(
            body,
            "<section class=\"card\" id=\"{}\"><h2>{}</h2><p><code>{}</code> · HTTP {}</p><p>{}</p></section>",
            code.anchor(),
            esc(code.title()),
            code.as_str(),
            code.status(),
            esc(code.explained()),
        );
    }
    page("Problems", &body)
}

/// What keys look like, what they may, and how often.
pub async fn keys() -> Response {
    let mut body = format!(
        "<section class=\"card\"><h2>What a key looks like</h2>\
         <p><code id=\"pattern\">{}</code></p>\
         <p>The last six letters are a checksum (CRC-32 of what is before them, to the base of 62 with the letters 0–9, A–Z, a–z), so \
         that scanners for secrets take little else for a key. Keys that were made before there was a checksum, \
         <code>showup_[0-9a-f]{{64}}</code>, open as ever until they are revoked.</p>\
         <p>Send it as the header <code>Authorization: Bearer</code>. In an address it is refused. A key that is revoked opens nothing \
         from the same moment on, in every process.</p></section>\n\
         <section class=\"card\"><h2>How often</h2><p><code>RateLimit-Policy</code> says how many requests a key may make in how many \
         seconds, <code>RateLimit</code> what is left. Too many are answered 429 with <code>Retry-After</code>.</p></section>\n\
         <section class=\"card\"><h2>Once, however often it is sent</h2><p>Every POST takes an <code>Idempotency-Key</code> of up to 255 \
         letters. Sent again within 24 hours, the first answer comes back with <code>Idempotent-Replayed: true</code>; with another \
         body it is 422; while the first is at work, 409 with <code>Retry-After</code>. What was refused is not kept.</p></section>\n\
         <section class=\"card\"><h2>What a key may</h2><ul>",
        esc(PATTERN),
    );
    for (scope, _) in Permission::scopes() {
        let _ = write!(body, "<li><code>{}</code></li>", esc(scope));
    }
    body.push_str("</ul></section>\n");
    page("Keys", &body)
}

/// A page with the way to all others.
fn page(name: &str, content: &str) -> Response {
    let mut body = format!(
        "<header><p class=\"business\"><a href=\"/docs\">Showup API</a></p><h1>{name}</h1></header>\n<nav aria-label=\"API\"><ul>"
    );
    for (path, other, _) in PAGES {
        let current = if other == name { " aria-current=\"page\"" } else { "" };
        let _ = write!(body, "<li><a href=\"{path}\"{current}>{other}</a></li>");
    }
    let _ = write!(body, "</ul></nav>\n{content}");
    with_policy(
        Html(document("en", &format!("{name} · Showup API"), STYLE, &body)).into_response(),
        POLICY,
    )
}

fn with_policy(mut response: Response, policy: &'static str) -> Response {
    let policy = HeaderValue::from_static(policy);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
