//! Points 4, 5 and 12: texts that come twice, at once, while nobody listens, or from somebody without a number.

use std::sync::Arc;

use chrono::Duration;
use futures::future::join_all;
use rstest::rstest;
use serde_json::Value;
use testkit::Backend;
use twilio_sim::InboundText;

use super::{ANN, BEN};
use crate::app::{INBOUND, NUMBER, TestApp, sid};

/// Posts a text with the token Twilio puts on each of its requests, the same on a retry.
async fn post(app: &TestApp, sid: &str, body: &str, token: &str) -> u16 {
    let request = app.signed(INBOUND, &app.text(sid, ANN, body));
    let answer = request
        .header("I-Twilio-Idempotency-Token", token)
        .send()
        .await
        .expect("an answer");
    answer.status().as_u16()
}

/// Bodies of all texts, oldest first.
async fn bodies(app: &TestApp) -> Vec<String> {
    let all = app.all("/messages").await;
    let body = |m: &Value| m["body"].as_str().unwrap_or_default().to_owned();
    all.iter().rev().map(body).collect()
}

#[rstest]
#[case::by_twilio_itself("a-token", "a-token")]
#[case::as_a_new_request("a-token", "another-token")]
#[tokio::test]
async fn a_text_that_twilio_hands_over_twice_is_one_text(
    #[case] first: &str,
    #[case] second: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    assert_eq!(post(&app, &sid(1), "Is there parking?", first).await, 200);
    assert_eq!(post(&app, &sid(1), "Is there parking?", second).await, 200);
    assert_eq!(bodies(&app).await, ["Is there parking?"]);
}

#[rstest]
#[tokio::test]
async fn two_equal_texts_a_second_apart_are_two_texts(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    assert_eq!(post(&app, &sid(1), "Hello?", "a-token").await, 200);
    app.clock().advance(Duration::seconds(1));
    assert_eq!(post(&app, &sid(2), "Hello?", "another-token").await, 200);
    assert_eq!(bodies(&app).await, ["Hello?", "Hello?"]);
}

#[rstest]
#[tokio::test]
async fn fifty_first_texts_of_a_stranger_at_once_are_one_conversation_with_fifty_texts(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Arc::new(TestApp::without_workers(backend).await);
    let texts = (0..50).map(|n| {
        let app = app.clone();
        tokio::spawn(async move { post(&app, &sid(n), &format!("Text {n}"), "t").await })
    });
    for answer in join_all(texts).await {
        assert_eq!(answer.expect("no panic"), 200);
    }
    // One that our own logic could not place in the crowd is placed a moment later.
    app.start_workers();
    app.until("all are shown", async || (bodies(&app).await.len() == 50).then_some(()))
        .await;
    let mut shown = bodies(&app).await;
    shown.sort();
    shown.dedup();
    assert_eq!(shown.len(), 50, "each of them once");
    assert_eq!(app.all("/conversations").await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn whatever_is_in_a_text_it_is_taken_and_shown(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let texts = [
        String::new(),
        "Hello\u{0} there".to_owned(),
        "👩‍👩‍👧‍👦🇸🇪".to_owned(),
        "\u{202e}olleH".to_owned(),
        "👋".repeat(1_600),
        "<script>alert(1)</script>".to_owned(),
        "'); DROP TABLE message; --".to_owned(),
    ];
    for (n, body) in texts.iter().enumerate() {
        app.receives(&sid(n as u32), ANN, body).await;
    }
    let shown = texts.map(|body| {
        if body.is_empty() {
            "(empty)".to_owned()
        } else {
            body.replace('\u{0}', "")
        }
    });
    assert_eq!(bodies(&app).await, shown);
    assert_eq!(app.all("/conversations").await.len(), 1);
}

/// A text that Twilio has but could not hand over, because nobody was there.
async fn missed(app: &TestApp, from: &str, body: &str) -> String {
    app.sim.set_inbound_url(None);
    let sid = app.sim.inbound(from, NUMBER, body).await;
    app.sim.set_inbound_url(Some(format!("{}{INBOUND}", app.url)));
    sid
}

#[rstest]
#[tokio::test]
async fn what_came_while_we_were_down_appears_once_and_in_its_place(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.sim.inbound(ANN, NUMBER, "First").await;
    app.clock().advance(Duration::minutes(5));
    missed(&app, ANN, "While you were away").await;
    app.clock().advance(Duration::minutes(5));
    app.sim.inbound(ANN, NUMBER, "Last").await;
    app.start_workers();
    app.as_time_goes_by(Duration::minutes(1), "synced in", async || {
        (bodies(&app).await.len() == 3).then_some(())
    })
    .await;
    assert_eq!(bodies(&app).await, ["First", "While you were away", "Last"]);
    for _ in 0..3 {
        app.clock().advance(Duration::minutes(30));
        app.a_tick_later().await;
    }
    assert_eq!(bodies(&app).await.len(), 3, "the next syncs find nothing new");
}

#[rstest]
#[tokio::test]
async fn a_text_that_was_swept_in_and_is_handed_over_after_all_is_one_text(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let sid = missed(&app, ANN, "While you were away").await;
    app.as_time_goes_by(Duration::minutes(1), "synced in", async || {
        (!bodies(&app).await.is_empty()).then_some(())
    })
    .await;
    let late = InboundText {
        from: ANN.to_owned(),
        to: NUMBER.to_owned(),
        body: "While you were away".to_owned(),
        message_sid: Some(sid),
        times: Some(10),
        ..InboundText::default()
    };
    app.sim.send_text(late).await;
    assert_eq!(bodies(&app).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_stop_that_came_while_we_were_down_applies_to_what_still_waits(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let workers = app.start_workers();
    // It waits: Twilio wants it slower.
    app.sim
        .set_fault(twilio_sim::Fault::new(twilio_sim::FaultKind::RateLimit).ms(3_600_000).to(ANN));
    let text = app.reply(&ann, "Hello").await;
    app.until("asked once", async || (app.sim.creates_to(ANN).len() == 1).then_some(()))
        .await;
    missed(&app, ANN, "STOP").await;
    app.as_time_goes_by(Duration::minutes(1), "opted out", async || {
        (app.consent(&ann).await == "opted_out").then_some(())
    })
    .await;
    assert_eq!(app.message(&text["id"]).await["status"], "cancelled");
    app.clock().advance(Duration::hours(2));
    app.a_tick_later().await;
    assert_eq!(app.sim.creates_to(ANN).len(), 1, "not even asked again");
    workers.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_whatsapp_user_without_a_number_is_visible_or_refused_and_harms_nobody(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (first, second) = (sid(1), sid(2));
    let mut text = app.text(&first, "whatsapp:US.13491208655302741918", "Y");
    text.push(("ExternalUserId", "whatsapp:ID.13491208655302741918"));
    text.push(("ProfileName", "Ann"));
    let answer = app.signed(INBOUND, &text).send().await.expect("an answer");
    let (status, seen) = (answer.status().as_u16(), app.all("/messages").await.len());
    let tasks = app.open_tasks().await.len();
    assert!(
        (status == 200 && seen + tasks > 0) || ((400..500).contains(&status) && seen + tasks == 0),
        "visible work, or a clear refusal that leaves nothing: {status}, {seen} texts, {tasks} tasks"
    );
    app.receives(&second, BEN, "Hello").await;
    let ben = app
        .all("/messages")
        .await
        .into_iter()
        .find(|m| m["provider_sid"] == second.as_str());
    assert!(ben.is_some(), "others are served as ever");
}

#[rstest]
#[tokio::test]
async fn help_from_one_phone_a_hundred_times_keeps_no_reply_waiting(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Arc::new(TestApp::start(backend).await);
    app.contact("Ann", ANN).await;
    let texts = (0..120).map(|n| {
        let app = app.clone();
        // On a slow machine some of the crowd get a 503, and ask again as Twilio does.
        tokio::spawn(async move { while post(&app, &sid(n), "HELP", "t").await != 200 {} })
    });
    for answer in join_all(texts).await {
        answer.expect("no panic");
    }
    let ben = app.contact("Ben", BEN).await;
    app.reply(&ben, "See you at 3").await;
    app.until("the reply has left", async || (app.sim.sent_to(BEN).len() == 1).then_some(()))
        .await;
    app.until("the answers have left", async || {
        (app.sim.sent_to(ANN).len() >= 3).then_some(())
    })
    .await;
    // In the crowd the first texts of a new number may have been kept for another try.
    app.until("all are shown", async || (bodies(&app).await.len() > 120 + 3).then_some(()))
        .await;
    assert_eq!((bodies(&app).await.len(), app.sim.sent_to(ANN).len()), (120 + 3 + 1, 3));
    assert_eq!(app.open_task_kinds().await, ["clarify"]);
}

#[rstest]
#[case::short_code("68849")]
#[case::name("SUPPORT")]
#[tokio::test]
async fn a_machine_that_writes_is_a_conversation_and_is_never_written_to(
    #[case] sender: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    for (n, body) in ["HELP", "Y", "Reply HELP for help"].into_iter().enumerate() {
        app.receives(&sid(n as u32), sender, body).await;
    }
    let row = app.all("/conversations").await.remove(0);
    assert_eq!((&row["name"], &row["unread"]), (&Value::from(sender), &Value::from(3)));
    let text = serde_json::json!({ "contact_id": row["contact_id"], "body": "Who are you?" });
    let (status, refused) = app.post("/messages", text).await;
    assert_eq!((status, &refused["code"]), (409, &Value::from("may_not_send")), "{refused}");
    app.receives(&sid(10), ANN, "HELP").await;
    app.until("others are answered", async || {
        (!app.sim.sent_to(ANN).is_empty()).then_some(())
    })
    .await;
    assert!(app.sim.sent_to(sender).is_empty());
    assert!(app.open_tasks().await.is_empty());
}
