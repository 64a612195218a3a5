//! What has changed since a program looked last.

use chrono::SecondsFormat;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::{TestApp, sid};

const ANN: &str = "+14155550171";

fn id(of: &Value) -> String {
    of["id"].as_str().expect("an id").to_owned()
}

/// Ids of what has changed since then, page by page of one.
async fn changed(app: &TestApp, list: &str, since: &str) -> Vec<String> {
    let rows = app.all(&format!("{list}?updated_since={since}&limit=1")).await;
    rows.iter().map(id).collect()
}

fn moment(app: &TestApp) -> String {
    app.s.now().to_rfc3339_opts(SecondsFormat::Micros, true)
}

async fn send(app: &TestApp, method: Method, path: &str, body: Value) {
    let request = app
        .http
        .request(method.clone(), format!("{}/api/v1{path}", app.url))
        .json(&body);
    let (status, answer) = app.api(request, &app.key).await;
    assert_eq!(status, 200, "{method} {path}: {answer}");
}

#[rstest]
#[tokio::test]
async fn what_has_changed_is_read_and_nothing_else(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let (mut visits, mut threads, mut tasks, mut entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for n in 0..3 {
        let person = app.contact(&format!("Person {n}"), &format!("+1415555017{n}")).await;
        visits.push(app.appointment(&person, 90 + n).await);
        threads.push(
            app.reply(&person, "Hello").await["conversation_id"]
                .as_str()
                .expect("an id")
                .to_owned(),
        );
        tasks.push(id(&app.post("/tasks", json!({ "title": format!("Task {n}") })).await.1));
        entries.push(id(&app.post("/waitlist", json!({ "contact_id": person })).await.1));
        app.clock().advance(chrono::Duration::seconds(1));
    }
    let lists = [
        ("/appointments", &visits),
        ("/conversations", &threads),
        ("/tasks", &tasks),
        ("/waitlist", &entries),
    ];
    for (list, all) in lists {
        assert_eq!(
            &changed(&app, list, "2025-01-01T00:00:00Z").await,
            all,
            "{list}: in the order of change"
        );
    }
    app.clock().advance(chrono::Duration::minutes(5));
    let since = moment(&app);
    for (list, _) in lists {
        assert_eq!(changed(&app, list, &since).await, [""; 0], "{list}: nothing yet");
    }
    // The second first: it is the one that changed first.
    for n in [1, 0] {
        send(
            &app,
            Method::PATCH,
            &format!("/appointments/{}", visits[n]),
            json!({ "notes": "New" }),
        )
        .await;
        send(&app, Method::POST, &format!("/conversations/{}/close", threads[n]), json!({})).await;
        send(&app, Method::POST, &format!("/tasks/{}/done", tasks[n]), json!({})).await;
        send(
            &app,
            Method::PATCH,
            &format!("/waitlist/{}", entries[n]),
            json!({ "priority": "urgent" }),
        )
        .await;
        app.clock().advance(chrono::Duration::seconds(1));
    }
    for (list, all) in lists {
        assert_eq!(changed(&app, list, &since).await, [all[1].clone(), all[0].clone()], "{list}");
    }
}

/// A visit looks otherwise when its reminder has left and when its customer answers; a conversation when somebody writes.
#[rstest]
#[tokio::test]
async fn what_happens_by_itself_is_a_change_too(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let visit = app.appointment(&ann, 30).await;
    app.clock().advance(chrono::Duration::minutes(1));
    let since = moment(&app);
    app.a_tick_later().await;
    assert_eq!(
        changed(&app, "/appointments", &since).await,
        std::slice::from_ref(&visit),
        "its reminder is on its way"
    );
    app.clock().advance(chrono::Duration::minutes(1));
    let since = moment(&app);
    app.receives(&sid(1), ANN, "N").await;
    assert_eq!(changed(&app, "/appointments", &since).await, [visit]);
    let (_, threads) = app.get("/conversations").await;
    assert_eq!(changed(&app, "/conversations", &since).await, [id(&threads["data"][0])]);
    let (_, tasks) = app.get("/tasks").await;
    assert_eq!(
        changed(&app, "/tasks", &since).await,
        [id(&tasks["data"][0])],
        "somebody is to find another time"
    );
}

#[rstest]
#[case("/appointments", "status=scheduled")]
#[case("/appointments", "from=2025-01-01")]
#[case("/conversations", "show=open")]
#[case("/conversations", "search=ann")]
#[case("/tasks", "status=done")]
#[case("/waitlist", "status=waiting")]
#[tokio::test]
async fn it_goes_alone_and_is_a_time(#[case] list: &str, #[case] other: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for query in [
        format!("updated_since=2025-01-01T00:00:00Z&{other}"),
        "updated_since=yesterday".to_owned(),
    ] {
        let (status, problem) = app.get(&format!("{list}?{query}")).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (400, &json!("/updated_since")),
            "{query}: {problem}"
        );
    }
    let (_, none) = app.get(&format!("{list}?updated_since=2025-01-01T00:00:00Z")).await;
    assert_eq!(none, json!({ "data": [], "next_cursor": null }));
    let other = app.another_key().await;
    let ann = app.contact("Ann", ANN).await;
    app.appointment(&ann, 48).await;
    app.reply(&ann, "Hello").await;
    app.post("/tasks", json!({ "title": "Send a map" })).await;
    app.post("/waitlist", json!({ "contact_id": ann })).await;
    let request = app
        .http
        .get(format!("{}/api/v1{list}?updated_since=2025-01-01T00:00:00Z", app.url));
    assert_eq!(
        app.api(request, &other).await.1["data"],
        json!([]),
        "nothing of another business"
    );
}
