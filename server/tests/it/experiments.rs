//! Tests of two texts, as other programs and browsers without scripts plan, start and end them.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

const OTHER: &str = "Will you come on {{ date }} at {{ time }}? Y{{ token }} or N{{ token }}. STOP to opt out.";

fn plan() -> Value {
    json!({"kind": "reminder", "channel": "sms", "language": "en", "body": OTHER, "measure": "confirmed", "usual_percent": 60,
        "worth_percent": 70})
}

#[rstest]
#[tokio::test]
async fn a_test_is_planned_started_read_and_ended(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let (status, test) = app.post("/experiments", plan()).await;
    assert_eq!(
        (status, &test["needed"], &test["status"]),
        (201, &json!(353), &json!("planned")),
        "{test}"
    );
    let path = format!("/experiments/{}", test["id"].as_str().expect("an id"));
    let (status, twice) = app.post("/experiments", plan()).await;
    assert_eq!((status, &twice["code"]), (409, &json!("conflict")), "{twice}");

    let (status, started) = app.post(&format!("{path}/start"), json!({})).await;
    assert_eq!(
        (status, &started["status"], &started["enrolling"]),
        (200, &json!("running"), &json!(true)),
        "{started}"
    );
    let (_, read) = app.get(&path).await;
    assert_eq!(
        (&read["standing"], &read["winner"]),
        (&json!("Too early, 0 %"), &Value::Null),
        "{read}"
    );
    assert_eq!(read["arms"][1]["body"], OTHER);
    assert_eq!(read["arms"][0]["rate"], Value::Null, "of nobody");
    let own = app.http.put(format!("{}/api/v1/templates/reminder/sms/en", app.url));
    let (status, refused) = app
        .api(
            own.json(&json!({"body": "On {{ date }} at {{ time }}, Y{{ token }}?"})),
            &app.key,
        )
        .await;
    assert_eq!((status, &refused["code"]), (409, &json!("conflict")), "{refused}");
    assert_eq!(app.post(&format!("{path}/adopt"), json!({})).await.0, 409);

    let (status, ended) = app.post(&format!("{path}/stop"), json!({})).await;
    assert_eq!((status, &ended["status"]), (200, &json!("stopped")), "{ended}");
    assert_eq!(app.post(&format!("{path}/stop"), json!({})).await.0, 409);
    assert_eq!(app.post(&format!("{path}/start"), json!({})).await.0, 409);
    let (_, all) = app.get("/experiments?limit=1").await;
    assert_eq!(all["data"].as_array().map(Vec::len), Some(1), "{all}");
    assert_eq!(app.get(&format!("/experiments/{}", uuid::Uuid::nil())).await.0, 404);

    let (_, trail) = app.get("/audit?what=settings").await;
    let actions: Vec<&str> = trail["data"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["action"].as_str())
        .collect();
    for action in ["experiment.created", "experiment.started", "experiment.ended"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_at_its_field() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for (field, value) in [
        ("kind", json!("opted_out")),
        ("channel", json!("whatsapp")),
        ("language", json!("de")),
        ("measure", json!("clicked")),
        ("usual_percent", json!(-1)),
        ("worth_percent", json!(50)),
        ("body", json!("Reply CANCEL")),
    ] {
        let mut wrong = plan();
        wrong[field] = value;
        let (status, problem) = app.post("/experiments", wrong).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(format!("/{field}"))),
            "{problem}"
        );
    }
    assert_eq!(app.get("/experiments?limit=0").await.0, 400);
    assert_eq!(app.get("/experiments?lmit=1").await.0, 400);
}

#[tokio::test]
async fn a_browser_without_scripts_plans_starts_and_ends_a_test() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let html = page(&app, "/settings/templates/tests").await;
    assert!(html.contains("No tests yet"), "{html}");
    let html = page(&app, "/settings/templates?kind=reminder&channel=sms&language=en").await;
    assert!(html.contains("Try another text"), "{html}");
    let planning = "/settings/templates/tests/new?kind=reminder&channel=sms&language=en";
    let path = server_function(&app, planning, "plan_experiment").await;
    let form = |worth: &'static str| {
        [
            ("kind", "reminder"),
            ("channel", "sms"),
            ("language", "en"),
            ("body", OTHER),
            ("measure", "confirmed"),
            ("usual_percent", "60"),
            ("worth_percent", worth),
        ]
    };
    post(&app, &path, &form("ten")).await;
    let html = page(&app, planning).await;
    assert!(html.contains("Please give a number from 0 to 100."), "{html}");
    assert!(html.contains("Will you come on"), "what was typed stays: {html}");
    post(&app, &path, &form("70")).await;
    let (_, all) = app.get("/experiments").await;
    let id = all["data"][0]["id"].as_str().expect("planned").to_owned();
    let one = format!("/settings/templates/tests/{id}");
    let html = page(&app, &one).await;
    assert!(html.contains("It takes 353 people for each text."), "{html}");
    let start = server_function(&app, &one, "start_experiment").await;
    post(&app, &start, &[("id", &id)]).await;
    let html = page(&app, &one).await;
    assert!(
        html.contains("Too early, 0 %") && html.contains("Nobody is counted yet."),
        "{html}"
    );
    let html = page(&app, planning).await;
    assert!(html.contains("This text is being tried already"), "{html}");
    let stop = server_function(&app, &one, "stop_experiment").await;
    post(&app, &stop, &[("id", &id)]).await;
    let html = page(&app, &one).await;
    assert!(html.contains("Nothing can be said of the two texts."), "{html}");
    let html = page(&app, "/settings/templates/tests").await;
    assert!(html.contains("Ended early"), "{html}");
}
