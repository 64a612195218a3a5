//! What programs are told of the API, to be read by people: what each problem means, and what keys are like. Plain HTML, the same for
//! everybody.

use std::fmt::Write as _;

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use contract::Code;
use domain::{api_key::PATTERN, permissions::Permission};

use crate::visit_page::html::{STYLE, document, esc};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the `type` of a problem leads.
pub async fn problems() -> Response {
    let mut body = String::from(
        "<header><p class=\"business\">Showup API</p><h1>Problems</h1></header>\n\
         <p>What does not work is answered as <code>application/problem+json</code> (RFC 9457): <code>type</code> leads here, \
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
    page("Problems of the API", &body)
}

/// What keys look like, what they may, and how often.
pub async fn keys() -> Response {
    let mut body = format!(
        "<header><p class=\"business\">Showup API</p><h1>Keys</h1></header>\n\
         <section class=\"card\"><h2>What a key looks like</h2>\
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
    page("Keys of the API", &body)
}

fn page(title: &str, body: &str) -> Response {
    let mut response = Html(document("en", title, STYLE, body)).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
