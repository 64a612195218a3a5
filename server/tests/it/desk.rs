//! What another system does with conversations: give them away, close them, put them aside, note something, answer what it has read.

use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::TestApp;

const ANN: &str = "+14155550171";

async fn shown(app: &TestApp, view: &str) -> Vec<Value> {
    let (status, page) = app.get(&format!("/conversations?show={view}")).await;
    assert_eq!(status, 200, "{page}");
    page["data"].as_array().expect("rows").clone()
}

async fn ann_asks(app: &TestApp) -> String {
    app.receives("SM00000000000000000000000000000001", ANN, "Is there parking?")
        .await;
    let rows = shown(app, "needs_answer").await;
    assert_eq!((rows.len(), &rows[0]["needs_answer"]), (1, &json!(true)), "{rows:?}");
    rows[0]["id"].as_str().expect("an id").to_owned()
}

#[rstest]
#[tokio::test]
async fn a_conversation_is_closed_opened_and_put_aside(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let id = ann_asks(&app).await;
    let act = async |what: &str, body: Value| app.post(&format!("/conversations/{id}/{what}"), body).await;

    let (status, row) = act("no-reply-needed", json!({})).await;
    assert_eq!(
        (status, &row["needs_answer"], &row["waiting_since"]),
        (200, &json!(false), &Value::Null)
    );
    assert!(shown(&app, "needs_answer").await.is_empty());

    let (status, row) = act("snooze", json!({"until": "2099-01-01T00:00:00Z"})).await;
    assert_eq!((status, &row["code"]), (422, &json!("invalid")), "more than two years: {row}");
    let (status, row) = act("snooze", json!({"until": "2001-01-01T00:00:00Z"})).await;
    assert_eq!((status, &row["errors"][0]["pointer"]), (422, &json!("/until")), "past: {row}");
    let tomorrow = (app.s.now() + chrono::Duration::days(1)).to_rfc3339();
    let (status, row) = act("snooze", json!({"until": tomorrow})).await;
    assert_eq!((status, &row["status"]), (200, &json!("snoozed")), "{row}");
    assert_eq!((shown(&app, "snoozed").await.len(), shown(&app, "open").await.len()), (1, 0));

    let (status, row) = act("close", json!({})).await;
    assert_eq!((status, &row["status"]), (200, &json!("closed")), "{row}");
    let (status, row) = act("reopen", json!({})).await;
    assert_eq!((status, &row["status"]), (200, &json!("open")), "{row}");
    act("close", json!({})).await;
    app.receives("SM00000000000000000000000000000002", ANN, "And how far is it?")
        .await;
    assert_eq!(
        shown(&app, "needs_answer").await[0]["status"],
        "open",
        "whatever they write opens it"
    );

    let (status, problem) = app.get("/conversations?show=everything").await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (400, &json!("/show")),
        "{problem}"
    );
}

#[rstest]
#[tokio::test]
async fn a_conversation_is_given_to_who_works_here(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let id = ann_asks(&app).await;
    let assign = async |body: Value| app.post(&format!("/conversations/{id}/assign"), body).await;
    let (status, problem) = assign(json!({})).await;
    assert_eq!(status, 422, "nobody is named: {problem}");
    let (status, problem) = assign(json!({"account_id": "01a1f907-bfd3-7325-b220-08dca0ab4dcc"})).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/account_id")),
        "{problem}"
    );
    let (status, row) = assign(json!({"account_id": null})).await;
    assert_eq!((status, &row["assignee"]), (200, &Value::Null), "{row}");

    let neighbour = app.neighbour().await;
    let (status, _) = app
        .post_as(&neighbour.key, &format!("/conversations/{id}/close"), json!({}))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "another business's");
    let reader = app.key_with(&["messages:read"]).await;
    let (status, _) = app.post_as(&reader, &format!("/conversations/{id}/close"), json!({})).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "who may only read");
}

#[rstest]
#[tokio::test]
async fn a_reply_says_what_it_has_seen(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let id = ann_asks(&app).await;
    let contact = shown(&app, "needs_answer").await[0]["contact_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let seen = app.messages_of(&contact).await[0]["id"].clone();
    app.receives("SM00000000000000000000000000000002", ANN, "Never mind, found it.")
        .await;
    let reply = json!({"contact_id": contact, "body": "Behind the house", "after_message_id": seen});
    let (status, problem) = app.post("/messages", reply).await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")), "{problem}");
    let sent = app.messages_of(&contact).await;
    assert!(
        sent.iter().all(|m| m["direction"] == "inbound"),
        "nothing was stored: {sent:?}"
    );

    let (status, note) = app
        .post(&format!("/conversations/{id}/notes"), json!({"body": "She has found it."}))
        .await;
    assert_eq!((status, &note["body"]), (201, &json!("She has found it.")), "{note}");
    let (status, problem) = app
        .post(&format!("/conversations/{id}/notes"), json!({"body": "x".repeat(100_000)}))
        .await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/body")),
        "{problem}"
    );
}
