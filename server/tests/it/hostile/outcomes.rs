//! Point 3: answers to our calls that are lost, torn, late, false or no. One text on the phone, whatever happens; and never a second call
//! unless Twilio provably refused the first.

use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Backend, Fault, FaultKind};

use super::ANN;
use crate::app::TestApp;

/// An hour is more than any wait between two tries, and less than it takes to go to bed.
const STEP: Duration = Duration::seconds(40);

/// How often Twilio was asked to send, and how many texts the phone got.
fn asked_and_got(app: &TestApp) -> (usize, usize) {
    (app.sim.creates_to(ANN).len(), app.sim.sent_to(ANN).len())
}

fn silent() -> Fault {
    Fault::new(FaultKind::NoCallbacks)
}

#[rstest]
#[case::accepted_but_cut_off_before_the_answer(FaultKind::ResetAfter)]
#[case::accepted_but_cut_off_in_the_answer(FaultKind::TornAnswer)]
#[case::accepted_but_called_an_error(FaultKind::ErrorAfter)]
#[tokio::test]
async fn what_was_sent_without_our_knowing_is_found_in_twilios_log(
    #[case] fault: FaultKind,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(fault));
    app.sim.set_fault(silent());
    let text = app.reply(&ann, "Hello").await;
    let found = app
        .as_time_goes_by(STEP, "found in the log", async || {
            Some(app.message(&text["id"]).await).filter(|m| m["provider_sid"].is_string())
        })
        .await;
    assert_eq!(found["provider_sid"], app.sim.sent_to(ANN)[0].sid.as_str());
    assert_ne!(found["status"], "unknown");
    assert_eq!(asked_and_got(&app), (1, 1));
}

#[rstest]
#[case::called_an_error(FaultKind::ErrorBefore)]
#[case::kept_waiting_then_called_an_error(FaultKind::TimeoutBefore)]
#[tokio::test]
async fn what_was_not_sent_without_our_knowing_is_a_persons_to_decide(
    #[case] fault: FaultKind,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(fault).ms(300));
    let text = app.reply(&ann, "Hello").await;
    let task = until_asked(&app).await;
    assert_eq!(task["contact_id"], ann.as_str());
    assert_eq!(app.message(&text["id"]).await["status"], "unknown");
    app.clock().advance(Duration::hours(30));
    app.a_tick_later().await;
    assert_eq!(asked_and_got(&app), (1, 0), "never sent again on a guess");
    assert_eq!(app.open_tasks().await.len(), 1, "and asked about once");
}

async fn until_asked(app: &TestApp) -> Value {
    let asked = app.as_time_goes_by(STEP, "a person is asked", async || {
        app.open_tasks().await.into_iter().find(|t| t["kind"] == "unclear_message")
    });
    asked.await
}

#[rstest]
#[case::arrived(true)]
#[case::did_not_arrive(false)]
#[tokio::test]
async fn a_person_says_what_became_of_it(#[case] arrived: bool, #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::ErrorBefore));
    let text = app.reply(&ann, "Hello").await;
    let word = json!({ "message_id": text["id"], "arrived": arrived });
    app.until_status(&text["id"], "unknown").await;
    let settle = async |key: &str| {
        let request = app.http.post(format!("{}/api/v1/messages/settle", app.url)).json(&word);
        app.api(request, key).await
    };
    let (status, why) = settle(&app.key).await;
    assert_eq!(status, 409, "Twilio's log may still tell: {why}");
    until_asked(&app).await;
    assert_eq!(settle(&app.another_key().await).await.0, 404);
    assert_eq!(settle(&app.key_with(&["messages:read"]).await).await.0, 403);
    let (status, settled) = settle(&app.key).await;
    assert_eq!((status, &settled["to_settle"]), (200, &Value::Bool(false)));
    assert!(app.open_tasks().await.is_empty());
    assert_eq!(settle(&app.key).await.0, 409, "only once");
    if arrived {
        app.clock().advance(Duration::hours(30));
        app.a_tick_later().await;
        assert_eq!(app.message(&text["id"]).await["status"], "sent");
        assert_eq!(asked_and_got(&app), (1, 0));
    } else {
        assert_eq!(settled["status"], "failed");
        app.post("/messages/retry", json!({ "ids": [text["id"]] })).await;
        app.until_status(&text["id"], "delivered").await;
        assert_eq!(asked_and_got(&app), (2, 1));
    }
}

#[rstest]
#[tokio::test]
async fn while_twilios_log_is_out_of_reach_nothing_is_sent_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::ListError).count(1_000));
    app.sim.set_fault(Fault::new(FaultKind::ErrorAfter));
    app.sim.set_fault(silent());
    let text = app.reply(&ann, "Hello").await;
    app.until_status(&text["id"], "unknown").await;
    for _ in 0..4 {
        app.clock().advance(Duration::minutes(2));
        app.a_tick_later().await;
        assert_eq!(app.message(&text["id"]).await["status"], "unknown");
    }
    app.sim.clear_faults();
    app.as_time_goes_by(STEP, "found", async || {
        Some(app.message(&text["id"]).await).filter(|m| m["provider_sid"].is_string())
    })
    .await;
    assert_eq!(asked_and_got(&app), (1, 1));
}

#[rstest]
#[tokio::test]
async fn two_equal_texts_whose_answers_were_lost_are_told_apart(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::ResetAfter).count(2));
    app.sim.set_fault(silent().count(2));
    app.reply(&ann, "Hello").await;
    app.reply(&ann, "Hello").await;
    let both = app
        .as_time_goes_by(STEP, "both found", async || {
            let texts = app.messages_of(&ann).await;
            texts.iter().all(|m| m["provider_sid"].is_string()).then_some(texts)
        })
        .await;
    assert_ne!(both[0]["provider_sid"], both[1]["provider_sid"]);
    assert_eq!(asked_and_got(&app), (2, 2));
}

#[rstest]
#[case::told_to_slow_down(Fault::new(FaultKind::RateLimit))]
#[case::told_to_slow_down_and_for_how_long(Fault::new(FaultKind::RateLimit).ms(30_000))]
#[case::the_senders_queue_is_full(Fault::new(FaultKind::Refuse).code(21611))]
#[tokio::test]
async fn what_was_provably_not_taken_is_tried_again_until_it_is(
    #[case] fault: Fault,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(fault.count(2));
    let text = app.reply(&ann, "Hello").await;
    // A queue that is full takes hours to drain.
    app.as_time_goes_by(Duration::minutes(4), "delivered", async || {
        Some(app.message(&text["id"]).await).filter(|m| m["status"] == "delivered")
    })
    .await;
    assert_eq!(asked_and_got(&app), (3, 1));
}

#[rstest]
#[tokio::test]
async fn what_is_never_taken_ends_as_failed_and_in_a_persons_hands(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::RateLimit).count(1_000));
    let began = app.s.now();
    let text = app.reply(&ann, "Hello").await;
    let failed = app
        .as_time_goes_by(Duration::minutes(20), "given up", async || {
            Some(app.message(&text["id"]).await).filter(|m| m["status"] == "failed")
        })
        .await;
    assert!(failed["error"].is_string());
    assert_eq!(app.open_task_kinds().await, ["stuck_message"]);
    let tries = app.sim.creates_to(ANN).len();
    assert!(
        app.s.now() - began >= Duration::hours(24),
        "pace is no reason to give up before a day is over"
    );
    app.clock().advance(Duration::hours(2));
    app.a_tick_later().await;
    assert_eq!(asked_and_got(&app), (tries, 0));
}

#[rstest]
#[case::at_once(Fault::new(FaultKind::Refuse).code(21610))]
#[case::later(Fault::new(FaultKind::AsyncFail).code(21610))]
#[tokio::test]
async fn who_blocked_us_at_twilio_is_opted_out_here_too(
    #[case] fault: Fault,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(fault);
    let text = app.reply(&ann, "Hello").await;
    let failed = app.until_status(&text["id"], "failed").await;
    assert_eq!(failed["error_code"], 21610);
    assert_eq!(app.consent(&ann).await, "opted_out");
    app.refused_reply(&ann).await;
    app.a_tick_later().await;
    assert_eq!(app.sim.creates_to(ANN).len(), 1, "not tried again");
}

#[rstest]
#[case::refused_at_once(Fault::new(FaultKind::Refuse).code(21211), "failed")]
#[case::failed_later(Fault::new(FaultKind::AsyncFail).code(30034), "failed")]
#[case::undelivered_later(Fault::new(FaultKind::AsyncFail).code(30006), "undelivered")]
#[tokio::test]
async fn what_will_never_work_is_said_once_and_not_tried_again(
    #[case] fault: Fault,
    #[case] ends: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(fault);
    let text = app.reply(&ann, "Hello").await;
    let failed: Value = app.until_status(&text["id"], ends).await;
    assert!(failed["error"].is_string() && failed["error_code"].is_i64(), "{failed}");
    assert_eq!(app.open_tasks().await.len(), 1);
    app.a_tick_later().await;
    assert_eq!(app.sim.creates_to(ANN).len(), 1);
}

/// Twilio knows some 1,900 codes and makes new ones; no table of ours has them all.
#[rstest]
#[case::refused_at_once(FaultKind::Refuse)]
#[case::reported_later(FaultKind::AsyncFail)]
#[tokio::test]
async fn an_error_that_nobody_knows_is_a_persons_to_judge_and_never_tried_again(
    #[case] kind: FaultKind,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(kind).code(39_999));
    let text = app.reply(&ann, "Hello").await;
    let failed = app.until_status(&text["id"], "failed").await;
    assert_eq!(
        (&failed["error_code"], &failed["error"]),
        (&json!(39_999), &json!("Twilio error 39999"))
    );
    let tasks = app.open_tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(
        (&tasks[0]["kind"], &tasks[0]["contact_id"]),
        (&json!("stuck_message"), &json!(ann))
    );
    assert!(
        tasks[0]["title"].as_str().is_some_and(|title| title.contains("39999")),
        "{tasks:?}"
    );
    // Longer than any pause between two tries.
    for hours in [1, 30] {
        app.clock().advance(Duration::hours(hours));
        app.a_tick_later().await;
    }
    assert_eq!(app.sim.creates_to(ANN).len(), 1, "not tried again");
    assert_eq!(app.message(&text["id"]).await["status"], "failed");
    assert_eq!(app.open_tasks().await.len(), 1, "and asked about once");
    // It speaks of that text alone: neither the person nor the number is given up.
    assert_eq!(app.consent(&ann).await, "opted_in");
    let next = app.reply(&ann, "Are you there?").await;
    app.until_status(&next["id"], "delivered").await;
}
