//! Replies that can be taken back, texts for later, and many conversations at once: as a browser without scripts posts them, and by the API.

use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};
use services::sending;
use testkit::Backend;

use crate::{
    app::{TestApp, sid},
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";
const BOB: &str = "+14155550172";

async fn sends(app: &TestApp) {
    sending::send_due(&app.s).await.expect("the outbox works");
}

/// The thread with who has this name, and its contact.
async fn thread(app: &TestApp, name: &str) -> (String, String) {
    let rows = app.get("/conversations").await.1["data"].as_array().expect("rows").clone();
    let row = rows.into_iter().find(|row| row["name"] == name).expect("a conversation");
    let text = |field: &str| row[field].as_str().expect("an id").to_owned();
    (text("id"), text("contact_id"))
}

/// Posts the reply form of Ann's thread; the page it leads to.
async fn replies(app: &TestApp, body: &str, more: &[(&str, &str)]) -> String {
    let (conversation, contact) = thread(app, "Ann").await;
    let path = format!("/inbox/{conversation}");
    let reply = server_function(app, &path, "reply").await;
    let correlation = format!("{body}{more:?}");
    let mut form = vec![
        ("conversation_id", conversation.as_str()),
        ("contact_id", contact.as_str()),
        ("correlation_id", correlation.as_str()),
        ("body", body),
    ];
    form.extend(more);
    assert_eq!(post(app, &reply, &form).await.headers()["location"], path.as_str());
    page(app, &path).await
}

/// Presses a button of a text that waits; the page it leads to.
async fn presses(app: &TestApp, message: &Value, action: &str) -> String {
    let (conversation, _) = thread(app, "Ann").await;
    let path = format!("/inbox/{conversation}");
    let act = server_function(app, &path, "act_on_held").await;
    let id = message["id"].as_str().expect("an id");
    let form = [("id", id), ("action", action), ("back", path.as_str())];
    assert_eq!(post(app, &act, &form).await.headers()["location"], path.as_str());
    page(app, &path).await
}

async fn last(app: &TestApp) -> Value {
    let (_, contact) = thread(app, "Ann").await;
    let url = format!("/messages?contact_id={contact}&limit=1");
    app.get(&url).await.1["data"][0].clone()
}

async fn ann_asks(backend: Backend) -> TestApp {
    let app = TestApp::with_clock(backend).await;
    app.contact("Ann", ANN).await;
    app.receives(&sid(1), ANN, "Is there parking?").await;
    app.sign_in().await;
    app
}

#[rstest]
#[tokio::test]
async fn a_reply_is_taken_back_without_a_script(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = ann_asks(backend).await;
    let html = replies(&app, "Too soon", &[]).await;
    assert!(
        html.contains("it can still be taken back") && html.contains(">Undo<"),
        "{html}"
    );
    let html = presses(&app, &last(&app).await, "undo").await;
    assert!(html.contains("Taken back by Olga before it was sent."), "{html}");
    let composer = html.split("id=\"reply-body\"").nth(1).expect("a composer");
    assert!(
        composer
            .split("</textarea>")
            .next()
            .is_some_and(|text| text.ends_with("Too soon")),
        "{composer}"
    );
    app.clock().advance(Duration::minutes(1));
    sends(&app).await;
    assert!(app.sim.sent_to(ANN).is_empty());

    // Each person decides how long; then there is nothing to take back.
    let set = server_function(&app, "/settings/own", "set_undo_seconds").await;
    post(&app, &set, &[("undo_seconds", "7")]).await;
    assert!(
        page(&app, "/settings/own")
            .await
            .contains("A reply can be held for 0, 5 or 10 seconds.")
    );
    post(&app, &set, &[("undo_seconds", "0")]).await;
    let html = replies(&app, "At once", &[]).await;
    assert!(!html.contains("can still be taken back"), "{html}");
    let sent = last(&app).await;
    sends(&app).await;
    let html = presses_refused(&app, &sent).await;
    assert!(html.contains("on its way already"), "{html}");
    assert_eq!(app.sim.sent_to(ANN).len(), 1);
}

/// The button is gone, but another page may have it still.
async fn presses_refused(app: &TestApp, message: &Value) -> String {
    let html = replies(app, "Another for later", &[("send_at", "2025-03-01T12:00:00Z")]).await;
    assert!(html.contains("Scheduled"), "{html}");
    presses(app, message, "undo").await
}

#[rstest]
#[tokio::test]
async fn a_text_is_written_for_later_changed_and_paused_without_a_script(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = ann_asks(backend).await;
    let html = replies(&app, "Nothing chosen", &[("send_at", "pick"), ("send_local", "")]).await;
    assert!(html.contains("Please choose a date and a time first."), "{html}");
    let html = replies(&app, "Gone by", &[("send_at", "pick"), ("send_local", "2020-01-01T09:00")]).await;
    assert!(html.contains("This time is past") && html.contains("Gone by"), "{html}");
    // By the clock of the business, which is in New York.
    let html = replies(&app, "See you", &[("send_at", "pick"), ("send_local", "2025-01-07T09:00")]).await;
    assert!(
        html.contains("Scheduled for Tue, Jan 7 at 9:00 AM.") && html.contains("By the clock of America/New_York"),
        "{html}"
    );
    let waits = last(&app).await;
    assert_eq!(
        (&waits["status"], &waits["send_at"]),
        (&json!("queued"), &json!("2025-01-07T14:00:00Z"))
    );

    let (conversation, _) = thread(&app, "Ann").await;
    let path = format!("/inbox/{conversation}");
    let change = server_function(&app, &path, "change_later").await;
    let id = waits["id"].as_str().expect("an id");
    let form = [
        ("id", id),
        ("body", "See you soon"),
        ("send_at", "2025-01-07T10:30"),
        ("back", path.as_str()),
    ];
    post(&app, &change, &form).await;
    let html = page(&app, &path).await;
    assert!(
        html.contains("See you soon") && html.contains("Tue, Jan 7 at 10:30 AM."),
        "{html}"
    );

    app.receives(&sid(2), ANN, "I can't come").await;
    let html = page(&app, &path).await;
    assert!(
        html.contains("Paused, because the customer wrote.") && html.contains("Send anyway"),
        "{html}"
    );
    app.clock().advance(Duration::days(3));
    sends(&app).await;
    assert!(app.sim.sent_to(ANN).is_empty());
    presses(&app, &waits, "resume").await;
    sends(&app).await;
    assert_eq!(app.sim.sent_to(ANN)[0].body, "See you soon");
}

#[rstest]
#[tokio::test]
async fn a_program_sends_later_and_is_never_held(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.reply(&ann, "At once").await;
    sends(&app).await;
    assert_eq!(app.sim.sent_to(ANN).len(), 1, "a program has not pressed too soon");
    let send = async |at: Value| {
        app.post("/messages", json!({"contact_id": ann, "body": "Later", "send_at": at}))
            .await
    };
    for wrong in [json!("2024-01-01T00:00:00Z"), json!("2099-01-01T00:00:00Z")] {
        let (status, problem) = send(wrong).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!("/send_at")),
            "{problem}"
        );
    }
    for unreadable in [json!("tomorrow"), json!(5), json!("9999999-01-01T00:00:00Z")] {
        let (status, problem) = send(unreadable).await;
        assert!(status == 422 || status == 400, "{status}: {problem}");
    }
    let (status, waits) = send(json!("2025-01-07T14:00:00Z")).await;
    assert_eq!((status, &waits["send_at"]), (202, &json!("2025-01-07T14:00:00Z")));
    let listed = app.get(&format!("/messages?contact_id={ann}&show=waiting")).await.1;
    assert_eq!(listed["data"][0]["status_words"], "Scheduled for Tue, Jan 7 at 9:00 AM.");
    let neighbour = app.neighbour().await;
    let ids = json!({"ids": [waits["id"]]});
    let (_, theirs) = app.post_as(&neighbour.key, "/messages/cancel", ids.clone()).await;
    assert_eq!(theirs["done"], json!([]));
    let (status, done) = app.post("/messages/cancel", ids).await;
    assert_eq!((status, &done["done"]), (200, &json!([waits["id"]])));
    app.clock().advance(Duration::days(3));
    sends(&app).await;
    assert_eq!(app.sim.sent_to(ANN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn many_are_closed_and_opened_again_without_a_script(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = ann_asks(backend).await;
    app.contact("Bob", BOB).await;
    app.receives(&sid(2), BOB, "Do you take cards?").await;
    let html = page(&app, "/inbox").await;
    assert!(
        html.contains("Select Ann") && html.contains("Select all in this view"),
        "{html}"
    );
    let act = server_function(&app, "/inbox", "act_on_many").await;
    let ((ann, _), (bob, _)) = (thread(&app, "Ann").await, thread(&app, "Bob").await);
    let both = |action: &'static str| {
        [
            ("ids[]", ann.clone()),
            ("ids[]", bob.clone()),
            ("action", action.to_owned()),
            ("tag", "regular".to_owned()),
            ("show", String::new()),
            ("back", "/inbox".to_owned()),
        ]
    };
    let does = async |action: &'static str| {
        let form = both(action);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(post(&app, &act, &form).await.headers()["location"], "/inbox");
        page(&app, "/inbox").await
    };
    let waiting = async || {
        app.get("/conversations?show=needs_answer").await.1["data"]
            .as_array()
            .expect("rows")
            .len()
    };
    assert!(does("tag").await.contains("2 tagged “regular”"));
    assert!(does("mark_read").await.contains("2 marked as read"));
    assert!(does("snooze 2025-01-07T14:00:00Z").await.contains("2 snoozed"));
    assert!(
        does("snooze 2020-01-07T14:00:00Z")
            .await
            .contains("0 snoozed · 2 not (This time is past.")
    );
    assert!(does("eat").await.contains("was not understood"));
    assert!(does("close").await.contains("2 closed"));
    assert_eq!(waiting().await, 0);
    let html = page(&app, "/inbox").await;
    let undo = server_function(&app, "/inbox", "undo_batch").await;
    let id = html
        .split(&format!("action=\"{undo}"))
        .nth(1)
        .and_then(|rest| rest.split("name=\"id\" value=\"").nth(1));
    let id = id.and_then(|rest| rest.split('"').next()).expect("the batch").to_owned();
    post(&app, &undo, &[("id", &id), ("back", "/inbox")]).await;
    assert!(page(&app, "/inbox").await.contains("2 put back"));
    post(&app, &undo, &[("id", &id), ("back", "/inbox")]).await;
    assert!(page(&app, "/inbox").await.contains("This was undone already."));

    // All of a view is a step of its own that says how many they are.
    let html = page(&app, "/inbox?show=snoozed&all=1").await;
    assert!(html.contains("All 2 in this view are selected."), "{html}");
    let as_of = html
        .split("name=\"as_of\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let as_of = as_of.expect("the moment").replace("&#x2B;", "+").replace("&#43;", "+");
    let form = [
        ("action", "reopen"),
        ("tag", ""),
        ("show", "snoozed"),
        ("as_of", as_of.as_str()),
        ("back", "/inbox?show=snoozed"),
    ];
    post(&app, &act, &form).await;
    assert!(page(&app, "/inbox").await.contains("2 opened again"));
}
