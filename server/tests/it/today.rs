//! Tasks at the doors, and the page after signing in: by key, and by forms that a browser without a script posts.

use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Backend, Fault, FaultKind};

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";

async fn patch(app: &TestApp, key: &str, path: &str, body: Value) -> (u16, Value) {
    let request = app.http.patch(format!("{}/api/v1{path}", app.url)).json(&body);
    app.api(request, key).await
}

#[rstest]
#[tokio::test]
async fn a_task_is_made_changed_done_and_taken_back_by_key(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let visit = app.appointment(&ann, 50).await;
    let new = json!({"title": "Order the crown", "appointment_id": visit, "due_at": "2099-01-05T15:00:00Z", "notes": "Shade A2"});
    let (status, task) = app.post("/tasks", new).await;
    assert_eq!(
        (status, &task["kind"], &task["contact_id"]),
        (201, &json!("by_hand"), &json!(ann)),
        "{task}"
    );
    assert_eq!(
        (&task["due_at"], &task["phone"]),
        (&json!("2099-01-05T15:00:00Z"), &json!(ANN)),
        "{task}"
    );
    let address = format!("/tasks/{}", task["id"].as_str().expect("an id"));
    assert_eq!(app.get(&address).await, (200, task));

    let (status, task) = patch(
        &app,
        &app.key,
        &address,
        json!({"due_at": null, "title": "Order both crowns"}),
    )
    .await;
    assert_eq!(
        (status, &task["due_at"], &task["title"], &task["notes"]),
        (200, &Value::Null, &json!("Order both crowns"), &json!("Shade A2")),
        "what is not given stays"
    );
    let (status, task) = app.post(&format!("{address}/done"), json!({})).await;
    assert_eq!((status, &task["status"]), (200, &json!("done")), "{task}");
    let (status, problem) = patch(&app, &app.key, &address, json!({"title": "Too late"})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")), "{problem}");
    assert!(app.open_tasks().await.is_empty());
    let (status, task) = app.post(&format!("{address}/reopen"), json!({})).await;
    assert_eq!((status, &task["status"]), (200, &json!("open")), "{task}");

    let neighbour = app.neighbour().await;
    for (status, _) in [
        app.post_as(&neighbour.key, &format!("{address}/done"), json!({})).await,
        patch(&app, &neighbour.key, &address, json!({"title": "Mine"})).await,
        app.post_as(&neighbour.key, "/tasks", json!({"title": "x", "appointment_id": visit}))
            .await,
    ] {
        assert_eq!(status, 404, "another business's");
    }
    let reader = app.key_with(&["tasks:read"]).await;
    let (status, _) = app.post_as(&reader, "/tasks", json!({"title": "x"})).await;
    assert_eq!(status, 403, "who may only read");
}

#[tokio::test]
async fn what_is_wrong_with_a_task_is_said_by_its_field() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for (body, pointer) in [
        (json!({"title": " "}), "/title"),
        (json!({"title": "x", "due_at": "someday"}), "/due_at"),
        (
            json!({"title": "x", "assignee_id": "01a1f907-bfd3-7325-b220-08dca0ab4dcc"}),
            "/assignee_id",
        ),
        (json!({"title": "x", "notes": "x".repeat(2001)}), "/notes"),
    ] {
        let (status, problem) = app.post("/tasks", body).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{problem}"
        );
    }
    let (status, problem) = app.post("/tasks", json!({"title": "x", "urgent": true})).await;
    assert_eq!(status, 422, "an unknown field: {problem}");
    for query in [
        "assignee=everybody",
        "kind=calls",
        "assignee=me",
        "status=done&overdue=true",
        "overdue=maybe",
    ] {
        let (status, problem) = app.get(&format!("/tasks?{query}")).await;
        assert_eq!(status, 400, "{query}: {problem}");
    }
}

#[tokio::test]
async fn signing_in_leads_to_today() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let home = app.http.get(format!("{}/", app.url)).send().await.expect("an answer");
    assert_eq!(home.headers()["location"], "/today");
    let manifest = app
        .http
        .get(format!("{}/manifest.webmanifest", app.url))
        .send()
        .await
        .expect("an answer");
    if manifest.status().is_success() {
        assert!(manifest.text().await.expect("a manifest").contains("\"/today\""));
    }
    assert!(page(&app, "/today").await.contains("Nothing needs you now"));
}

#[rstest]
#[tokio::test]
async fn today_is_worked_through_without_a_script(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.appointment(&ann, 1).await;
    app.receives("SM00000000000000000000000000000001", ANN, "Is there parking?")
        .await;
    app.clock().advance(Duration::hours(2));
    app.sign_in().await;
    let shown = page(&app, "/today").await;
    for words in [
        "Waiting for an answer",
        "Is there parking?",
        "No reply needed",
        "Came",
        "No-show",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }

    let waits = app.get("/conversations?show=needs_answer").await.1["data"][0]["id"].clone();
    let act = server_function(&app, "/today", "act_on_conversation").await;
    let form = [
        ("id", waits.as_str().expect("an id")),
        ("action", "no_reply_needed"),
        ("account_id", ""),
        ("until", ""),
        ("back", "/today"),
    ];
    let answer = post(&app, &act, &form).await;
    assert_eq!(answer.headers()["location"], "/today");
    assert!(!page(&app, "/today").await.contains("Is there parking?"));

    let visit = app.all("/tasks").await;
    assert!(visit.iter().all(|task| task["kind"] == "clarify"), "{visit:?}");
}

#[rstest]
#[tokio::test]
async fn a_task_by_hand_is_taken_kept_when_it_is_unclear_and_done_without_a_script(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    app.sign_in().await;
    let make = server_function(&app, "/tasks/new", "create_task").await;
    let form = [
        ("title", "Water the plants"),
        ("due_at", ""),
        ("assignee_id", ""),
        ("notes", ""),
    ];
    assert_eq!(post(&app, &make, &form).await.headers()["location"], "/tasks");
    let task = app
        .open_tasks()
        .await
        .into_iter()
        .find(|task| task["kind"] == "by_hand")
        .expect("made");
    let id = task["id"].as_str().expect("an id");
    assert!(page(&app, "/today").await.contains("Water the plants"));
    let take = server_function(&app, "/today", "take_task").await;
    assert_eq!(
        post(&app, &take, &[("id", id), ("back", "/today")]).await.headers()["location"],
        "/today"
    );
    assert!(page(&app, "/tasks?assignee=me").await.contains("Water the plants"));
    let edit = server_function(&app, &format!("/tasks/{id}"), "edit_task").await;
    let form = [
        ("id", id),
        ("title", ""),
        ("due_at", ""),
        ("assignee_id", ""),
        ("notes", "Two cans"),
    ];
    let back = post(&app, &edit, &form).await.headers()["location"]
        .to_str()
        .expect("a path")
        .to_owned();
    let again = page(&app, &back).await;
    assert!(
        again.contains("Please say what is to be done.") && again.contains("Two cans"),
        "{again}"
    );
    let done = server_function(&app, "/today", "set_task_done").await;
    let back = format!("/today?done={id}");
    let form = [("id", id), ("done", "true"), ("back", &back)];
    assert_eq!(post(&app, &done, &form).await.headers()["location"], back.as_str());
    let offered = page(&app, &back).await;
    assert!(
        offered.contains("Task done.") && offered.contains("Undo"),
        "it can be taken back"
    );
}

#[tokio::test]
async fn a_text_that_did_not_arrive_is_sent_again_from_today() {
    let app = TestApp::start(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::Refuse).code(30006).count(1));
    let text = app.reply(&ann, "We are open on Monday.").await;
    app.until_status(&text["id"], "failed").await;
    app.sign_in().await;
    let shown = page(&app, "/today").await;
    assert!(
        shown.contains("Did not arrive") && shown.contains("We are open on Monday."),
        "{shown}"
    );
    let again = server_function(&app, "/today", "send_again").await;
    let form = [("id", text["id"].as_str().expect("an id"))];
    assert_eq!(post(&app, &again, &form).await.headers()["location"], "/today");
    app.until_status(&text["id"], "delivered").await;
    assert!(app.open_tasks().await.is_empty());
}
