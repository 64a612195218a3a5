//! Triggers, as programs call them that know nothing but addresses.

use rstest::rstest;
use serde_json::json;
use testkit::Backend;

use crate::app::TestApp;

const ANN: &str = "+14155550171";

#[rstest]
#[tokio::test]
async fn a_text_is_triggered_by_body_or_by_address(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let (status, sent) = app.post("/trigger/recall", json!({ "to": ANN, "reference": "7" })).await;
    assert_eq!(
        (status, &sent["contact_id"], &sent["repeated"]),
        (202, &json!(ann), &json!(false)),
        "{sent}"
    );
    let url = |query: &str| format!("{}/api/v1/trigger/recall?{query}", app.url);
    let (status, same) = app.api(app.http.post(url("to=%2B14155550171&reference=7")), &app.key).await;
    assert_eq!(
        (status, &same["id"], &same["repeated"]),
        (202, &sent["id"], &json!(true)),
        "{same}"
    );
    let (status, got) = app.api(app.http.get(url("to=4155550171&reference=8")), &app.key).await;
    assert_eq!((status, &got["repeated"]), (202, &json!(false)), "{got}");
    assert_eq!(app.messages_of(&ann).await.len(), 2);
    let (status, answer) = app.api(app.http.get(url("reference=9")), &app.key).await;
    assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!("/to")), "{answer}");
}

/// Previews, scanners and browsers that fetch ahead follow every link: only a key that was made for it sends by one.
#[rstest]
#[tokio::test]
async fn a_get_sends_nothing_unless_its_key_says_so(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let url = format!("{}/api/v1/trigger/recall?to=%2B14155550171", app.url);
    let sends = app.key_with(&["messages:send"]).await;
    let (status, answer) = app.api(app.http.get(&url), &sends).await;
    assert_eq!(status, 405, "{answer}");
    assert!(
        answer["detail"].as_str().is_some_and(|words| words.contains("trigger:get")),
        "{answer}"
    );
    let gets = app.key_with(&["trigger:get"]).await;
    assert_eq!(app.api(app.http.get(&url), &gets).await.0, 403, "it may send nothing at all");
    assert_eq!(app.http.get(&url).send().await.expect("an answer").status(), 401);
    let both = app.key_with(&["messages:send", "trigger:get"]).await;
    let head = app.http.head(&url).bearer_auth(&both).send().await.expect("an answer");
    assert_eq!(head.status(), 405, "who asks for the head alone sends nothing");
    assert!(app.messages_of(&ann).await.is_empty());
    assert_eq!(app.api(app.http.get(&url), &both).await.0, 202);
    assert_eq!(app.messages_of(&ann).await.len(), 1);
}
