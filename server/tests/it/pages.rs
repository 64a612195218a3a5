//! Pages as a browser without JavaScript gets them, and what guards them.

use std::sync::Arc;

use testkit::Backend;
use tokio::time::timeout;

use crate::app::{PATIENCE, TestApp};

/// The text of a page as a browser without JavaScript gets it.
pub async fn page(app: &TestApp, path: &str) -> String {
    let answer = app.http.get(format!("{}{path}", app.url)).send().await.expect("an answer");
    let html = answer.text().await.expect("a page");
    nests_well(&html);
    html
}

/// Browsers end a paragraph where a block begins, and then the script does not find what it expects.
fn nests_well(html: &str) {
    let paragraphs = html.split("<p").skip(1).filter(|rest| rest.starts_with([' ', '>']));
    for rest in paragraphs {
        let inside = rest.split("</p>").next().unwrap_or_default();
        for block in ["<form", "<div", "<section", "<ul", "<p>", "<h2"] {
            assert!(!inside.contains(block), "{block} in a paragraph: <p {inside}");
        }
    }
}

/// Where the form on `page` that calls the server function `name` posts to.
pub async fn server_function(app: &TestApp, page: &str, name: &str) -> String {
    let html = self::page(app, page).await;
    let start = html
        .find(&format!("action=\"/api/fn/{name}"))
        .unwrap_or_else(|| panic!("no form for {name} on {page}: {html}"))
        + 8;
    let end = html[start..].find('"').expect("the end of the attribute") + start;
    html[start..end].to_owned()
}

pub async fn post(app: &TestApp, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
    app.http
        .post(format!("{}{path}", app.url))
        .header("accept", "text/html")
        .form(form)
        .send()
        .await
        .expect("an answer")
}

#[tokio::test]
async fn pages_send_strangers_to_sign_in() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for page in [
        "/today",
        "/inbox",
        "/contacts",
        "/appointments",
        "/tasks",
        "/tasks/new",
        "/log",
        "/reports",
        "/settings",
        "/settings/calendar",
        "/settings/inbox",
        "/settings/numbers",
        "/settings/twilio",
        "/settings/quick-replies",
    ] {
        let response = app.http.get(format!("{}{page}", app.url)).send().await.expect("an answer");
        let to = response
            .headers()
            .get("location")
            .and_then(|l| l.to_str().ok())
            .unwrap_or_default();
        assert!(
            response.status().is_redirection() && to.starts_with("/signin"),
            "{page}: {} {to}",
            response.status()
        );
    }
}

/// While Leptos lists the routes of a server, no page of the whole process gets its data.
#[tokio::test]
async fn pages_are_answered_while_other_servers_of_the_process_start() {
    let app = Arc::new(TestApp::without_workers(Backend::Sqlite).await);
    let others = tokio::task::spawn_blocking({
        let app = app.clone();
        move || (0..500).for_each(|_| drop(app.second_router()))
    });
    while !others.is_finished() {
        let html = timeout(PATIENCE, page(&app, "/signin")).await;
        assert!(html.is_ok_and(|html| html.contains("Sign in")));
    }
}

/// The server writes the title last of all, when signals of another page may be the current ones of its thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_pages_at_once_show_each_their_own_person() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    crate::live::sign_in(&app).await;
    let mut people = Vec::new();
    for n in 0..20 {
        let name = format!("Person {n:02}");
        people.push((app.contact(&name, &format!("+141555501{n:02}")).await, name));
    }
    for _ in 0..25 {
        let asked = people.iter().map(|(id, name)| {
            let (app, people) = (&app, &people);
            async move {
                let answer = app
                    .http
                    .get(format!("{}/contacts/{id}", app.url))
                    .send()
                    .await
                    .expect("an answer");
                assert_eq!(answer.status().as_u16(), 200, "{name}");
                let html = answer.text().await.expect("a page");
                assert!(html.contains(&format!("<title>{name} · Showup</title>")), "{name}: {html}");
                let others = people.iter().filter(|(_, other)| other != name);
                assert!(
                    others.into_iter().all(|(_, other)| !html.contains(other.as_str())),
                    "{name}: {html}"
                );
            }
        });
        futures::future::join_all(asked).await;
    }
}

#[tokio::test]
async fn sign_in_and_out_with_nothing_but_forms() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let path = server_function(&app, "/signin", "sign_in").await;
    let wrong = post(
        &app,
        &path,
        &[("email", "olga@x.test"), ("password", "a wrong password"), ("next", "/inbox")],
    )
    .await;
    assert!(wrong.status().is_redirection());
    let page = page(&app, "/signin").await;
    assert!(
        page.contains("do not match") && page.contains("value=\"olga@x.test\""),
        "the reason, and what was typed"
    );
    assert!(!page.contains("a wrong password"));

    let right = post(
        &app,
        &path,
        &[("email", "olga@x.test"), ("password", "a long password"), ("next", "/inbox")],
    )
    .await;
    let cookie = right.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let inbox = app.http.get(format!("{}/inbox", app.url)).send().await.expect("an answer");
    assert_eq!(inbox.status().as_u16(), 200);
    let policy = inbox.headers()["content-security-policy"]
        .to_str()
        .expect("a policy")
        .to_owned();
    assert!(
        policy.contains("script-src 'self' 'nonce-") && !policy.contains("unsafe-inline"),
        "{policy}"
    );
    assert_eq!(
        (
            inbox.headers()["x-content-type-options"].to_str().ok(),
            inbox.headers()["cache-control"].to_str().ok()
        ),
        (Some("nosniff"), Some("no-store"))
    );

    let out = server_function(&app, "/inbox", "sign_out").await;
    post(&app, &out, &[]).await;
    assert!(
        app.http
            .get(format!("{}/inbox", app.url))
            .send()
            .await
            .expect("an answer")
            .status()
            .is_redirection()
    );
}

#[tokio::test]
async fn an_unknown_address_is_answered_like_a_wrong_password() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let path = server_function(&app, "/signin", "sign_in").await;
    post(
        &app,
        &path,
        &[
            ("email", "nobody@x.test"),
            ("password", "a long password"),
            ("next", "/inbox"),
        ],
    )
    .await;
    let page = page(&app, "/signin").await;
    assert!(page.contains("E-mail and password do not match an account."));
}

#[tokio::test]
async fn a_form_on_another_site_can_do_nothing_here() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let path = server_function(&app, "/signin", "sign_in").await;
    let from_elsewhere = app
        .http
        .post(format!("{}{path}", app.url))
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site")
        .form(&[("email", "olga@x.test"), ("password", "a long password"), ("next", "/inbox")]);
    assert_eq!(from_elsewhere.send().await.expect("an answer").status().as_u16(), 403);
}

#[tokio::test]
async fn health_is_open_and_says_little() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(
            app.http
                .get(format!("{}{path}", app.url))
                .send()
                .await
                .expect("an answer")
                .status()
                .as_u16(),
            200
        );
    }
}

/// A page that is drawn twice on its way out comes with the data of both drawings, and its script with either must find what it sees.
#[tokio::test]
async fn what_comes_with_a_page_is_what_it_was_drawn_with() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    for path in [
        "/today",
        "/inbox",
        "/contacts",
        "/appointments",
        "/appointments/new",
        "/tasks",
        "/tasks/new",
        "/log",
        "/reports",
        "/settings/business",
        "/settings/reminders",
        "/settings/audit",
    ] {
        for _ in 0..40 {
            let html = page(&app, path).await;
            let data = html.matches("__RESOLVED_RESOURCES[").count();
            assert!(data > 1, "{path} comes with its data");
            assert!(!html.contains(r#"{\"Err\""#), "{path} comes with an error: {html}");
        }
    }
}
