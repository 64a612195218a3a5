//! The audit trail at the doors: the page without a script, the file, the API.

use serde_json::json;
use testkit::Backend;

use crate::{
    app::{TestApp, sign_in},
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";

#[tokio::test]
async fn the_page_tells_who_changed_what_and_is_narrowed_by_its_form() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let save = server_function(&app, "/settings/limits", "update_limits").await;
    post(&app, &save, &[("monthly_budget", "25"), ("hourly_limit", "500")]).await;
    let html = page(&app, "/settings/limits").await;
    assert!(html.contains("Saved.") && html.contains("Last changed by"), "{html}");
    let html = page(&app, "/settings/audit").await;
    for part in [
        "Limits of texts changed",
        "Texts an hour",
        "1000",
        "500",
        "$25",
        "Olga",
        "Signed in",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let html = page(&app, "/settings/audit?what=sign_ins").await;
    assert!(
        html.contains("Signed in") && !html.contains("Limits of texts changed") && html.contains("Wrong passwords"),
        "{html}"
    );
    app.contact("Ann", ANN).await;
    app.contact("Anne", "+14155550172").await;
    let html = page(&app, "/settings/audit?person=Anne").await;
    assert!(
        html.contains("Contact added") && html.contains("Only what is about Anne.") && !html.contains("Signed in"),
        "{html}"
    );
    let html = page(&app, "/settings/audit?person=Ann").await;
    assert!(html.contains("Several people may be meant."), "{html}");
    let html = page(&app, "/settings/audit?person=Nobody").await;
    assert!(html.contains("Nobody was found by that."), "{html}");
    let html = page(&app, "/settings/audit?from=soon").await;
    assert!(html.contains("from is a date like"), "{html}");
}

#[tokio::test]
async fn the_file_has_the_filters_of_the_page_and_is_noted_itself() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    app.contact("Ann", ANN).await;
    let get = async |path: &str| {
        let answer = app.http.get(format!("{}{path}", app.url)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    let (status, text) = get("/settings/audit.csv?what=contacts").await;
    assert!(
        status == 200 && text.contains("contact.created") && !text.contains("session.started"),
        "{text}"
    );
    let (_, text) = get("/settings/audit.csv").await;
    assert!(text.contains("audit.exported") && text.contains("session.started"), "{text}");
    assert_eq!(get("/settings/audit.csv?nonsense=1").await.0, 400);
    assert_eq!(get("/settings/audit.csv?what=weather").await.0, 400);
}

#[tokio::test]
async fn the_api_gives_pages_to_a_key_with_the_scope() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.contact("Ann", ANN).await;
    let (status, page) = app.get("/audit?what=contacts&limit=1").await;
    assert_eq!(
        (status, page["data"][0]["action"].as_str()),
        (200, Some("contact.created")),
        "{page}"
    );
    assert_eq!(page["data"][0]["contact_name"], "Ann");
    assert_eq!(page["next_cursor"], json!(null));
    let reader = app.key_with(&["audit:read"]).await;
    let request = || app.http.get(format!("{}/api/v1/audit", app.url));
    assert_eq!(app.api(request(), &reader).await.0, 200);
    let other = app.key_with(&["contacts:read"]).await;
    assert_eq!(app.api(request(), &other).await.0, 403);
    let (status, problem) = app.get("/audit?what=weather").await;
    assert_eq!(
        (status, problem["errors"][0]["pointer"].as_str()),
        (400, Some("/what")),
        "{problem}"
    );
}

#[tokio::test]
async fn a_key_is_made_with_what_it_may_shown_once_and_revoked_with_nothing_but_forms() {
    const PAGE: &str = "/settings/keys";
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let make = server_function(&app, PAGE, "create_api_key").await;
    post(&app, &make, &[("name", "Website")]).await;
    let html = page(&app, PAGE).await;
    assert!(
        html.contains("Please tick what the key may do") && html.contains("value=\"Website\""),
        "{html}"
    );
    let made = post(
        &app,
        &make,
        &[("name", "Website"), ("scopes[]", "contacts:read"), ("scopes[]", "audit:read")],
    )
    .await;
    assert_eq!(made.headers()["location"], PAGE);
    let html = page(&app, PAGE).await;
    let shown = html
        .split("showup_")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .expect("the key");
    let key = format!("showup_{shown}");
    assert!(!page(&app, PAGE).await.contains(&key), "it is shown once");
    let request = |path: &str| app.http.get(format!("{}/api/v1{path}", app.url));
    assert_eq!(app.api(request("/contacts"), &key).await.0, 200);
    assert_eq!(app.api(request("/tasks"), &key).await.0, 403);
    let html = page(&app, PAGE).await;
    let id = html
        .split("Website")
        .find_map(|part| part.split("name=\"id\" value=\"").nth(1))
        .and_then(|rest| rest.split('"').next())
        .expect("an id")
        .to_owned();
    let revoke = server_function(&app, PAGE, "revoke_api_key").await;
    post(&app, &revoke, &[("id", &id)]).await;
    assert_eq!(app.api(request("/contacts"), &key).await.0, 401);
    let html = page(&app, "/settings/audit?what=keys").await;
    assert!(
        html.contains("API key revoked") && html.contains("API key made") && !html.contains(&key),
        "{html}"
    );
}

#[tokio::test]
async fn what_staff_may_not_is_not_offered_and_refused_when_tried() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    services::accounts::add_member(
        &app.s,
        app.business_id,
        contract::accounts::Role::Staff,
        "Sam",
        "sam@x.test",
        "a long password",
    )
    .await
    .expect("a member");
    app.sign_in().await;
    let save = server_function(&app, "/settings/limits", "update_limits").await;
    sign_in(&app.http, &app.url, "sam@x.test", "a long password").await;
    let html = page(&app, "/settings").await;
    for offered in ["/settings/business", "/settings/hours", "/settings/own", "/notifications"] {
        assert!(html.contains(&format!("href=\"{offered}\"")), "{offered}: {html}");
    }
    for hidden in [
        "/settings/audit",
        "/settings/keys",
        "/settings/people",
        "/settings/twilio",
        "/settings/self-test",
    ] {
        assert!(!html.contains(&format!("href=\"{hidden}\"")), "{hidden}: {html}");
    }
    let html = page(&app, "/settings/limits").await;
    assert!(
        html.contains("Only owners and admins change these.") && !html.contains("Save limits"),
        "{html}"
    );
    assert!(!html.contains("Last changed by"), "{html}");
    let html = page(&app, "/settings/audit").await;
    assert!(
        html.contains("Only an owner or admin of this business may do that."),
        "{html}"
    );
    let answer = app
        .http
        .post(format!("{}{save}", app.url))
        .form(&[("monthly_budget", ""), ("hourly_limit", "5")])
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 403);
    for list in ["/contacts", "/appointments", "/log"] {
        let html = page(&app, list).await;
        assert!(!html.contains(&format!("{list}.csv")), "{list} offers no file");
    }
}
