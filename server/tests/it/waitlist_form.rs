//! The form of a waitlist over HTTP: no account, no script, no cookie.

use reqwest::{Response, StatusCode, header};
use rstest::rstest;
use services::{Actor, Principal, sending, waitlist_form};
use testkit::Backend;

use crate::app::TestApp;

const ANN: &str = "+14155550171";

/// A phone's browser: no cookies, no redirects followed.
fn phone() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

async fn switch(app: &TestApp, on: bool) {
    let operator = Actor {
        business_id: app.business_id,
        who: Principal::Operator,
    };
    waitlist_form::switch(&app.s, &operator, on).await.expect("switched");
}

async fn get(app: &TestApp, path: &str) -> (StatusCode, String) {
    let answer = phone().get(format!("{}{path}", app.url)).send().await.expect("an answer");
    guarded(&answer);
    (answer.status(), answer.text().await.expect("a page"))
}

async fn press(app: &TestApp, path: &str, form: &[(&str, &str)]) -> Response {
    let sent = phone().post(format!("{}{path}", app.url)).form(form).send();
    let answer = sent.await.expect("an answer");
    guarded(&answer);
    answer
}

async fn pressed(app: &TestApp, path: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
    let answer = press(app, path, form).await;
    (answer.status(), answer.text().await.expect("a page"))
}

/// What goes for every answer here.
fn guarded(answer: &Response) {
    let text = |name: &str| {
        answer
            .headers()
            .get(name)
            .map(|v| v.to_str().expect("text"))
            .unwrap_or_default()
    };
    assert_eq!(text("referrer-policy"), "no-referrer");
    assert!(text("x-robots-tag").contains("noindex"));
    assert!(text("content-security-policy").starts_with("default-src 'none'"));
    assert!(!text("content-security-policy").contains("script-src"));
    assert!(answer.headers().get(header::SET_COOKIE).is_none(), "nobody is followed");
}

fn form(phone: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("lang", "en"),
        ("name", "Ann <Lee>"),
        ("phone", phone),
        ("part", "morning"),
        ("part", "evening"),
        ("day", "mon"),
        ("notice", "180"),
        ("notes", "\nTwo lines,\n\"quoted\" & <b>bold</b>"),
        ("agree", "yes"),
    ]
}

/// The value of a hidden field.
fn hidden(html: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = html.split_once(&mark).unwrap_or_else(|| panic!("no {name}\n{html}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

async fn code(app: &TestApp, phone: &str) -> String {
    Box::pin(sending::send_due(&app.s)).await.expect("texts go out");
    let text = app.sim.sent_to(phone).pop().expect("a text").body;
    let digits = text.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 6);
    digits.unwrap_or_else(|| panic!("no code: {text}")).to_owned()
}

/// Somebody joins; the secret part of their link.
pub async fn on_the_list(app: &TestApp, phone: &str) -> String {
    switch(app, true).await;
    let mut fields = form(phone);
    let (status, html) = pressed(app, "/w/bright-dental/ask", &fields).await;
    assert_eq!(status, 200, "{html}");
    let (ticket, code) = (hidden(&html, "ticket"), code(app, phone).await);
    fields.extend([("ticket", ticket.as_str()), ("code", code.as_str())]);
    let answer = press(app, "/w/bright-dental/code", &fields).await;
    assert_eq!(answer.status(), 303, "{:?}", answer.text().await);
    let place = answer.headers()["location"].to_str().expect("text").to_owned();
    place.strip_prefix("/l/").expect("their place").to_owned()
}

#[rstest]
#[tokio::test]
async fn a_phone_joins_and_leaves(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    assert_eq!(get(&app, "/w/bright-dental").await.0, 404, "off until it is switched on");
    switch(&app, true).await;
    let (status, html) = get(&app, "/w/bright-dental").await;
    assert_eq!(status, 200);
    assert!(html.len() < 50_000 && !html.contains("<script"), "{} bytes", html.len());
    for part in [
        "<html lang=\"en\" dir=\"ltr\">",
        "name=\"viewport\"",
        "href=\"/w/form.css\"",
        "Bright Dental",
        "<label for=\"phone\">",
        "autocomplete=\"tel\"",
        "I agree that Bright Dental texts me when a time opens",
        "hreflang=\"es\"",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    let (_, spanish) = get(&app, "/w/bright-dental?lang=es").await;
    assert!(
        spanish.contains("<html lang=\"es\"") && spanish.contains("lista de espera"),
        "{spanish}"
    );

    let token = on_the_list(&app, ANN).await;
    let page = format!("/l/{token}");
    let (status, html) = get(&app, &page).await;
    assert!(status == 200 && html.contains("You’re on the waitlist"), "{status} {html}");
    assert!(
        !html.contains("Lee") && !html.contains("0171"),
        "no more is told than must be"
    );
    assert_eq!(press(&app, &format!("{page}/leave"), &[]).await.status(), 303);
    let (_, html) = get(&app, &page).await;
    assert!(
        html.contains("You’re not on the waitlist") && html.contains("href=\"/w/bright-dental?lang=en\""),
        "{html}"
    );
    let (_, known) = app.get("/contacts?search=Ann").await;
    assert_eq!(known["data"][0]["name"], "Ann <Lee>");
    assert!(known["data"][0]["phone_verified_at"].is_string(), "{known}");
}

#[tokio::test]
async fn what_was_typed_is_there_when_something_is_wrong() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    switch(&app, true).await;
    let mut fields = form("soon");
    fields.retain(|(name, _)| *name != "agree");
    let (status, html) = pressed(&app, "/w/bright-dental/ask", &fields).await;
    assert_eq!(status, 422);
    for part in [
        "role=\"alert\"",
        "href=\"#phone\"",
        "href=\"#agree\"",
        "aria-describedby=\"phone-error\"",
        "value=\"Ann &lt;Lee&gt;\"",
        "value=\"soon\"",
        "value=\"morning\" checked",
        "value=\"mon\" checked",
        "value=\"180\" selected",
        "Two lines,\n&quot;quoted&quot; &amp; &lt;b&gt;bold&lt;/b&gt;",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("value=\"tue\" checked") && !html.contains("<b>"), "{html}");

    // In the second step, too, and back.
    let (_, html) = pressed(&app, "/w/bright-dental/ask", &form(ANN)).await;
    let ticket = hidden(&html, "ticket");
    assert!(
        html.contains("inputmode=\"numeric\"") && html.contains("autocomplete=\"one-time-code\""),
        "{html}"
    );
    let mut fields = form(ANN);
    fields.extend([("ticket", ticket.as_str()), ("code", "000")]);
    let (status, html) = pressed(&app, "/w/bright-dental/code", &fields).await;
    assert!(
        status == 422 && html.contains("aria-describedby=\"code-error\""),
        "{status} {html}"
    );
    assert_eq!(hidden(&html, "ticket"), ticket);
    assert_eq!(hidden(&html, "name"), "Ann &lt;Lee&gt;");
    let (status, html) = pressed(&app, "/w/bright-dental/change", &form(ANN)).await;
    assert!(status == 200 && html.contains("value=\"evening\" checked"), "{status} {html}");
    assert!(!html.contains("role=\"alert\""), "{html}");
    // A second code within the minute is not sent, and nothing that was typed is lost.
    let (status, html) = pressed(&app, "/w/bright-dental/ask", &form(ANN)).await;
    assert!(
        status == 422 && html.contains("wait a minute") && html.contains("value=\"mon\" checked"),
        "{status} {html}"
    );
    app.clock().advance(chrono::Duration::minutes(1));
    assert_eq!(pressed(&app, "/w/bright-dental/ask", &form(ANN)).await.0, 200);
}

#[tokio::test]
async fn the_page_is_the_same_whoever_has_the_number() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    switch(&app, true).await;
    app.contact("Ben", "+14155550172").await;
    app.contact("Cleo", "+14155550173").await;
    app.receives(&crate::app::sid(1), "+14155550173", "STOP").await;
    let mut pages = std::collections::BTreeSet::new();
    for phone in [ANN, "+14155550172", "+14155550173"] {
        let (status, html) = pressed(&app, "/w/bright-dental/ask", &form(phone)).await;
        let ticket = hidden(&html, "ticket");
        pages.insert((status.as_u16(), html.replace(&ticket, "…").replace(phone, "…")));
    }
    assert_eq!(pages.len(), 1, "{pages:#?}");
}

#[tokio::test]
async fn what_the_page_did_not_send_is_refused() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    switch(&app, true).await;
    let with = |more: (&'static str, &'static str)| {
        let mut fields = form(ANN);
        fields.push(more);
        fields
    };
    assert_eq!(
        press(&app, "/w/bright-dental/ask", &with(("admin", "yes"))).await.status(),
        422
    );
    let many: Vec<(&str, &str)> = (0..200).map(|_| ("type", "x")).collect();
    assert_eq!(press(&app, "/w/bright-dental/ask", &many).await.status(), 422);
    let long = "x".repeat(20 * 1024);
    assert_eq!(press(&app, "/w/bright-dental/ask", &[("notes", &long)]).await.status(), 413);
    assert_eq!(press(&app, "/w/nobody/ask", &form(ANN)).await.status(), 404);
    assert_eq!(press(&app, "/l/0123456789abcdefghijkl/leave", &[]).await.status(), 404);
    let token = on_the_list(&app, "+14155550174").await;
    let leave = format!("/l/{token}/leave");
    assert_eq!(press(&app, &leave, &[("all", "yes")]).await.status(), 422);
    // Another site's form.
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        for path in ["/w/bright-dental/ask", &leave] {
            let foreign = phone()
                .post(format!("{}{path}", app.url))
                .header(name, value)
                .form(&form(ANN))
                .send();
            assert_eq!(foreign.await.expect("an answer").status(), 403, "{path} {name}");
        }
    }
    assert!(get(&app, &format!("/l/{token}")).await.1.contains("You’re on the waitlist"));
    assert!(app.sim.sent_to(ANN).is_empty());
}
