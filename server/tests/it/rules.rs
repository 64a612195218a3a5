//! What happens to conversations by itself, at its doors: chosen in a form without a script, by who manages the business alone.

use testkit::Backend;

use crate::{
    app::{TestApp, sid},
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550181";
const PAGE: &str = "/settings/inbox";

#[rstest::rstest]
#[tokio::test]
async fn rules_are_chosen_without_a_script_and_hold(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    assert!(page(&app, "/settings").await.contains("href=\"/settings/inbox\""));
    let html = page(&app, PAGE).await;
    assert!(html.contains("value=\"14\"") && html.contains("Nobody is away."), "{html}");
    let save = server_function(&app, PAGE, "update_inbox_rules").await;
    let wrong = [("assign", "round_robin"), ("close_after_days", "400")];
    assert_eq!(post(&app, &save, &wrong).await.status(), 302);
    let html = page(&app, PAGE).await;
    assert!(
        html.contains("Please give a whole number of days from 1 to 365") && html.contains("value=\"400\""),
        "{html}"
    );
    post(&app, &save, &[("assign", "round_robin"), ("close_after_days", "")]).await;
    let html = page(&app, PAGE).await;
    assert!(html.contains("Saved."), "{html}");

    app.contact("Ann", ANN).await;
    app.receives(&sid(1), ANN, "Is there parking?").await;
    let row = app.all("/conversations").await.remove(0);
    assert!(row["assignee"].is_string(), "{row}");
}

#[tokio::test]
async fn who_is_away_says_so_in_a_form_and_everybody_sees_it() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let rules = server_function(&app, PAGE, "update_inbox_rules").await;
    post(&app, &rules, &[("assign", "round_robin"), ("close_after_days", "")]).await;
    assert!(page(&app, "/notifications").await.contains("I’m away"));
    let switch = server_function(&app, "/notifications", "set_away").await;
    assert_eq!(post(&app, &switch, &[("away", "true")]).await.status(), 302);
    let html = page(&app, "/notifications").await;
    assert!(html.contains("I’m back") && html.contains("You are away"), "{html}");
    assert!(page(&app, PAGE).await.contains("Away just now: "));
    app.contact("Ann", ANN).await;
    app.receives(&sid(1), ANN, "Is there parking?").await;
    let row = app.all("/conversations").await.remove(0);
    assert!(row["assignee"].is_null(), "{row}");
    post(&app, &switch, &[("away", "false")]).await;
    app.receives(&sid(2), ANN, "Hello?").await;
    let row = app.all("/conversations").await.remove(0);
    assert!(row["assignee"].is_string(), "{row}");
}

#[tokio::test]
async fn a_device_says_that_it_has_shown_something() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let shown = |body: serde_json::Value| {
        let call = app.http.post(format!("{}/push/shown", app.url)).json(&body).send();
        async move { call.await.expect("an answer").status().as_u16() }
    };
    let nobodys = uuid::Uuid::now_v7();
    assert_eq!(shown(serde_json::json!({ "id": nobodys })).await, 401);
    app.sign_in().await;
    assert_eq!(shown(serde_json::json!({ "id": nobodys })).await, 404);
    assert_eq!(shown(serde_json::json!({ "id": nobodys, "more": 1 })).await, 422);
    app.contact("Ann", ANN).await;
    app.receives(&sid(1), ANN, "Is there parking?").await;
    let row = <entity::notifications::notification::Entity as sea_orm::EntityTrait>::find()
        .one(app.s.db().connection())
        .await;
    let id = row.expect("rows").expect("a notification").id;
    assert_eq!(shown(serde_json::json!({ "id": id })).await, 204);
    let other_site = app
        .http
        .post(format!("{}/push/shown", app.url))
        .header("sec-fetch-site", "cross-site");
    let refused = other_site
        .json(&serde_json::json!({ "id": id }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(refused.status(), 403, "only pages of this site");
    assert!(
        app.http
            .get(format!("{}/push/shown", app.url))
            .send()
            .await
            .expect("an answer")
            .status()
            .is_client_error()
    );
}
