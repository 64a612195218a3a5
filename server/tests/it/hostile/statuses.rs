//! Points 1 and 2: callbacks that come in any order, again and again, too early, or about somebody else's message.

use std::sync::Arc;

use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Backend, Fault, FaultKind};

use super::{ANN, BEN};
use crate::app::{STATUS, TestApp, sid};

/// A text that Twilio has taken and will say nothing about; with its SID.
async fn silently_taken(app: &TestApp) -> (Value, String) {
    let ann = app.contact("Ann", ANN).await;
    taken(app, &ann).await
}

async fn taken(app: &TestApp, ann: &str) -> (Value, String) {
    app.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    let text = app.reply(ann, "Hello").await;
    let taken = app
        .until("Twilio has it", async || {
            Some(app.message(&text["id"]).await).filter(|m| m["provider_sid"].is_string())
        })
        .await;
    let sid = taken["provider_sid"].as_str().expect("a SID").to_owned();
    (taken, sid)
}

async fn tell(app: &TestApp, message: &Value, sid: &str, statuses: &[&str]) {
    for status in statuses {
        let answer = app.status_callback(message, sid, status).await;
        assert_eq!(answer, 204, "{status}: what Twilio says is always taken");
    }
}

#[rstest]
#[tokio::test]
async fn the_furthest_status_counts_not_the_latest(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let stories: [(&str, &[&str], &str); 12] = [
        (
            "a read receipt is not undone by a late sent",
            &["delivered", "read", "sent"],
            "read",
        ),
        ("nor by a late delivered", &["read", "delivered"], "read"),
        ("delivered is not undone by a late sent", &["delivered", "sent"], "delivered"),
        (
            "nor by a late queued",
            &["delivered", "queued", "sending", "accepted"],
            "delivered",
        ),
        (
            "nor by a spurious failure",
            &["sent", "delivered", "undelivered", "failed"],
            "delivered",
        ),
        (
            "a failure is not undone by a late sent",
            &["failed", "sent", "queued"],
            "failed",
        ),
        ("nor is undelivered", &["sent", "undelivered", "sent"], "undelivered"),
        ("of two failures the first stays", &["undelivered", "failed"], "undelivered"),
        (
            "what arrived after all is delivered",
            &["undelivered", "delivered"],
            "delivered",
        ),
        (
            "canceled is not undone by a late queued",
            &["canceled", "queued"],
            "cancelled",
        ),
        ("a word nobody knows changes nothing", &["sent", "teleported", "SENT"], "sent"),
        ("the ordinary way", &["queued", "sending", "sent", "delivered"], "delivered"),
    ];
    for (story, said, ends) in stories {
        let (text, sid) = taken(&app, &ann).await;
        tell(&app, &text, &sid, said).await;
        assert_eq!(app.message(&text["id"]).await["status"], ends, "{story}");
    }
    assert_eq!(app.sim.creates_to(ANN).len(), stories.len(), "nothing is sent again");
}

#[rstest]
#[tokio::test]
async fn the_same_callback_a_hundred_times_at_once_is_one_change(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Arc::new(TestApp::start(backend).await);
    let (text, sid) = silently_taken(&app).await;
    let repeat = |status: &'static str| {
        let calls = (0..100).map(|_| {
            let (app, text, sid) = (app.clone(), text.clone(), sid.clone());
            tokio::spawn(async move { app.status_callback(&text, &sid, status).await })
        });
        join_all(calls)
    };
    for answer in repeat("undelivered").await {
        assert_eq!(answer.expect("no panic"), 204, "a repeat is answered like the first");
    }
    assert_eq!(app.open_task_kinds().await.len(), 1, "one failure is one thing to do");
    for answer in repeat("delivered").await {
        assert_eq!(answer.expect("no panic"), 204);
    }
    assert_eq!(app.message(&text["id"]).await["status"], "delivered");
    assert_eq!(shown_as(&app, &text, "undelivered").await, 1, "screens hear of it once");
    assert_eq!(shown_as(&app, &text, "delivered").await, 1, "screens hear of it once");
}

/// How often screens were told that the message has this status.
async fn shown_as(app: &TestApp, text: &Value, status: &str) -> usize {
    app.sign_in().await;
    let mut stream = app
        .http
        .get(format!("{}/live?after=0", app.url))
        .send()
        .await
        .expect("a stream");
    let ends = "the last thing said";
    app.receives(&sid(1), BEN, ends).await;
    let mut seen = String::new();
    while !seen.contains(ends) {
        let chunk = stream.chunk().await.expect("the stream goes on").expect("the stream goes on");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    seen.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data:")?.trim()).ok())
        .filter(|event| event["type"] == "message" && event["data"]["id"] == text["id"] && event["data"]["status"] == status)
        .count()
}

#[rstest]
#[tokio::test]
async fn a_callback_that_overtakes_the_answer_to_our_call_counts(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    // Twilio has it at once, but its answer takes a while, and says "queued".
    app.sim.set_fault(Fault::new(FaultKind::Timeout).ms(1_500));
    app.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    let text = app.reply(&ann, "Hello").await;
    let sid = app
        .until("Twilio has it", async || Some(app.sim.sent_to(ANN).first()?.sid.clone()))
        .await;
    tell(&app, &text, &sid, &["delivered"]).await;
    assert_eq!(app.message(&text["id"]).await["status"], "delivered");
    app.until("our call is answered", async || app.sim.creates_to(ANN)[0].http)
        .await;
    app.a_tick_later().await;
    let settled = app.message(&text["id"]).await;
    assert_eq!(
        (settled["status"].as_str(), settled["provider_sid"].as_str()),
        (Some("delivered"), Some(sid.as_str()))
    );
}

#[rstest]
#[tokio::test]
async fn a_callback_for_a_sid_not_known_yet_waits_for_its_message(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::Timeout).ms(1_500));
    app.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    let text = app.reply(&ann, "Hello").await;
    let sid = app
        .until("Twilio has it", async || Some(app.sim.sent_to(ANN).first()?.sid.clone()))
        .await;
    // Without our id in the address, as for a number whose callback was set by hand in Twilio's console.
    let params = [
        ("MessageSid", sid.as_str()),
        ("AccountSid", app.sim.account_sid()),
        ("MessageStatus", "delivered"),
    ];
    let answer = app.signed(STATUS, &params).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 204);
    app.until_status(&text["id"], "delivered").await;
}

#[rstest]
#[tokio::test]
async fn a_callback_settles_a_text_whose_answer_was_lost(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::ResetAfter));
    app.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    let text = app.reply(&ann, "Hello").await;
    app.until_status(&text["id"], "unknown").await;
    let sid = app.sim.sent_to(ANN)[0].sid.clone();
    tell(&app, &text, &sid, &["sent"]).await;
    let settled = app.message(&text["id"]).await;
    assert_eq!(
        (settled["status"].as_str(), settled["provider_sid"].as_str()),
        (Some("sent"), Some(sid.as_str()))
    );
    assert_eq!(app.sim.creates_to(ANN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_signed_callback_changes_only_the_message_it_is_about(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let (text, own) = silently_taken(&app).await;
    let neighbour = app.neighbour().await;
    let (_, ben) = app.post_as(&neighbour.key, "/contacts", with_consent("Ben", BEN)).await;
    app.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    let body = json!({ "contact_id": ben["id"], "body": "Your car is ready" });
    let (_, theirs) = app.post_as(&neighbour.key, "/messages", body).await;
    app.until("Twilio has both, and we know", async || {
        let texts = crate::app::list_all(&app.http, &app.url, &neighbour.key, "/messages").await;
        texts[0]["provider_sid"].is_string().then_some(())
    })
    .await;

    // Signed, but with a SID, a number or an account that isn't this message's.
    let stranger = sid(99);
    assert_eq!(
        app.status_callback(&theirs, &own, "delivered").await,
        404,
        "the SID of another business's text"
    );
    assert_eq!(
        app.status_callback(&text, &stranger, "failed").await,
        404,
        "a SID nobody knows"
    );
    let to_ben = [("To", BEN)];
    assert_eq!(
        app.status_callback_with(&text, &own, "failed", &to_ben).await,
        404,
        "sent to somebody else"
    );
    let no_message = json!({ "id": "01a1f907-bfd3-7325-b220-08dca0ab4dcc" });
    assert_eq!(
        app.status_callback(&no_message, &own, "failed").await,
        404,
        "a message that never was"
    );
    let path = format!("{STATUS}?message_id={}", text["id"].as_str().expect("an id"));
    let account = format!("AC{}", "9".repeat(32));
    let params = [
        ("MessageSid", own.as_str()),
        ("AccountSid", account.as_str()),
        ("MessageStatus", "failed"),
    ];
    let foreign = app.signed(&path, &params).send().await.expect("an answer");
    assert_eq!(foreign.status().as_u16(), 403, "another account");

    for (key, id) in [(&app.key, &text["id"]), (&neighbour.key, &theirs["id"])] {
        let all = crate::app::list_all(&app.http, &app.url, key, "/messages").await;
        let status = all.iter().find(|m| m["id"] == *id).map(|m| m["status"].clone());
        assert_eq!(status, Some(json!("sending")), "nothing was changed");
    }
}

#[rstest]
#[tokio::test]
async fn while_our_call_is_in_the_air_a_callback_with_another_messages_sid_is_refused_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (_, own) = silently_taken(&app).await;
    let ben = app.contact("Ben", BEN).await;
    app.sim.set_fault(Fault::new(FaultKind::Timeout).ms(1_500));
    app.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    let text = app.reply(&ben, "Hello").await;
    let sid = app
        .until("it is in the air", async || Some(app.sim.sent_to(BEN).first()?.sid.clone()))
        .await;
    assert_eq!(app.status_callback(&text, &own, "failed").await, 404);
    tell(&app, &text, &sid, &["delivered"]).await;
    assert_eq!(app.message(&text["id"]).await["provider_sid"], sid.as_str());
}

fn with_consent(name: &str, phone: &str) -> Value {
    json!({ "name": name, "phone": phone, "opt_in": { "channel": "sms", "source": "booking" } })
}

#[rstest]
#[tokio::test]
async fn a_text_that_did_not_arrive_says_why_and_asks_for_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (text, sid) = silently_taken(&app).await;
    app.status_callback_with(&text, &sid, "undelivered", &[("ErrorCode", "30005")])
        .await;
    let failed = app.message(&text["id"]).await;
    assert_eq!(
        (failed["status"].as_str(), failed["error_code"].as_i64()),
        (Some("undelivered"), Some(30005))
    );
    assert!(
        failed["error"].as_str().is_some_and(|words| words.len() > 10),
        "in plain words: {failed}"
    );
    assert_eq!(app.open_tasks().await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_text_that_twilio_never_reports_on_is_not_shown_as_being_sent_for_ever(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let (text, _) = silently_taken(&app).await;
    app.until("Twilio's log says so", async || {
        (app.sim.sent_to(ANN)[0].status == "delivered").then_some(())
    })
    .await;
    app.as_time_goes_by(chrono::Duration::minutes(10), "delivered", async || {
        (app.message(&text["id"]).await["status"] == "delivered").then_some(())
    })
    .await;
}
