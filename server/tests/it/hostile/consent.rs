//! Point 6, and the STOP of point 8: whoever says stop hears nothing more, in whatever words and at whatever moment.
//!
//! The texts go past the simulator's own network, which would hold every message back by itself.

use std::sync::Arc;

use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Backend, Fault, FaultKind};

use super::{ANN, BEN};
use crate::app::{INBOUND, OTHER_NUMBER, TestApp, sid};

#[rstest]
#[case::plain("STOP")]
#[case::with_space_and_full_stop(" stop.")]
#[case::in_quotes("\"Stop\"")]
#[case::stopall("STOPALL")]
#[case::opt_out_in_two_words("opt out")]
#[case::opt_out_with_a_hyphen("Opt-Out!")]
#[case::optout("OPTOUT")]
#[case::unsubscribe("Unsubscribe")]
#[case::cancel("cancel")]
#[case::end("End")]
#[case::quit("QUIT")]
#[case::revoke("revoke")]
#[tokio::test]
async fn a_stop_word_opts_out_at_once_and_kills_what_waits(
    #[case] words: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let waiting = app.reply(&ann, "Hello").await;
    app.receives(&sid(1), ANN, words).await;
    assert_eq!(app.consent(&ann).await, "opted_out");
    let dead = app.message(&waiting["id"]).await;
    assert_eq!(dead["status"], "cancelled", "in the same transaction");
    assert!(dead["error"].is_string(), "and it says why");
    app.refused_reply(&ann).await;
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn after_a_stop_neither_what_waited_nor_what_comes_due_goes_out(#[case] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.reply(&ann, "Hello").await;
    let visit = app.visit(&ann, 30).await;
    app.receives(&sid(1), ANN, "STOP").await;
    nothing_more_goes_out(&app).await;
    let seen = app.see_visit(&visit).await;
    let due = seen["reminders"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|r| r["kind"] == "48h");
    assert!(
        due.is_some_and(|r| r["status"] == "skipped" && r["reason"].is_string()),
        "{seen}"
    );
    assert_eq!(app.open_task_kinds().await, ["call"], "whoever is not texted is called");
}

/// Workers run, Ben is served, Ann hears nothing.
async fn nothing_more_goes_out(app: &TestApp) {
    let before = app.sim.creates_to(ANN).len();
    app.start_workers();
    let ben = app.contact("Ben", BEN).await;
    app.reply(&ben, "Hello").await;
    app.until("Ben's text", async || app.sim.sent_to(BEN).first().map(|_| ()))
        .await;
    app.a_tick_later().await;
    assert_eq!(app.sim.creates_to(ANN).len(), before, "Twilio is not even asked");
}

#[rstest]
#[case::stop_please("Stop please")]
#[case::stop_and_a_number("STOP 12345")]
#[case::take_me_off("take me off your list")]
#[case::do_not_text("please do not text me again")]
#[tokio::test]
#[ignore = "until opt-outs in a person's own words are heard (CO5)"]
async fn an_opt_out_in_other_words_holds_everything_until_a_person_decides(
    #[case] words: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.reply(&ann, "Hello").await;
    app.visit(&ann, 30).await;
    app.receives(&sid(1), ANN, words).await;
    let asked = app.open_task_kinds().await.contains(&"possible_opt_out".to_owned());
    assert!(asked || app.consent(&ann).await == "opted_out");
    nothing_more_goes_out(&app).await;
}

#[rstest]
#[case::do_not_stop_by("please don't stop by early")]
#[case::stop_as_a_place("Is that the stop after Main Street?")]
#[case::end_of_a_sentence("Until the end of the month I am away")]
#[case::a_list("Can you put me on the list?")]
#[tokio::test]
async fn a_text_that_only_contains_such_a_word_opts_nobody_out(
    #[case] words: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.reply(&ann, "Hello").await;
    app.receives(&sid(1), ANN, words).await;
    assert_eq!(app.consent(&ann).await, "opted_in");
    assert!(!app.open_task_kinds().await.contains(&"possible_opt_out".to_owned()));
    app.start_workers();
    app.until("her text", async || app.sim.sent_to(ANN).first().map(|_| ())).await;
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn no_thanks_cancel_it_is_about_the_visit_and_for_a_person_to_read(#[case] backend: Backend) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let visit = app.visit(&ann, 30).await;
    app.until("the reminder", async || app.sim.sent_to(ANN).first().map(|_| ()))
        .await;
    // She is asked once for a Y or an N; writing the same again brings a person.
    app.receives(&sid(1), ANN, "no thanks, cancel it").await;
    app.receives(&sid(2), ANN, "no thanks, cancel it").await;
    assert_eq!(app.consent(&ann).await, "opted_in");
    let status = app.see_visit(&visit).await["status"].clone();
    assert!(
        status == "scheduled" || status == "reschedule_requested",
        "nobody cancels on a guess: {status}"
    );
    assert_eq!(app.open_tasks().await.len(), 1);
}

#[rstest]
#[case::start("START", "opted_in")]
#[case::unstop("unstop", "opted_in")]
#[case::yes_of_somebody_opted_out("YES", "opted_in")]
#[case::y_is_no_word_to_opt_in("Y", "opted_out")]
#[case::a_question("Are you open?", "opted_out")]
#[tokio::test]
async fn only_plain_words_opt_in_again(
    #[case] words: &str,
    #[case] becomes: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.receives(&sid(1), ANN, "STOP").await;
    app.receives(&sid(2), ANN, words).await;
    assert_eq!(app.consent(&ann).await, becomes);
    if becomes == "opted_in" {
        app.reply(&ann, "Welcome back").await;
        app.until("her text", async || app.sim.sent_to(ANN).first().map(|_| ())).await;
    } else {
        app.refused_reply(&ann).await;
        app.a_tick_later().await;
        assert!(app.sim.creates_to(ANN).is_empty(), "no polite correction either");
    }
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn what_twilio_itself_calls_a_stop_is_one_in_any_language(#[case] backend: Backend) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let (first, second) = (sid(1), sid(2));
    for (sid, body, kind, becomes) in [
        (&first, "Parar", "STOP", "opted_out"),
        (&second, "Iniciar", "START", "opted_in"),
    ] {
        let mut text = app.text(sid, ANN, body);
        text.push(("OptOutType", kind));
        let answer = app.signed(INBOUND, &text).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(app.consent(&ann).await, becomes);
    }
    app.a_tick_later().await;
    assert!(app.sim.creates_to(ANN).is_empty(), "Twilio has answered already");
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_late_repeat_of_an_old_stop_does_not_undo_a_start(#[case] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.receives(&sid(1), ANN, "STOP").await;
    app.receives(&sid(2), ANN, "START").await;
    app.receives(&sid(1), ANN, "STOP").await;
    assert_eq!(app.consent(&ann).await, "opted_in");
    app.receives(&sid(3), ANN, "STOP").await;
    app.receives(&sid(2), ANN, "START").await;
    assert_eq!(app.consent(&ann).await, "opted_out");
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_stop_while_a_text_waits_for_its_next_try_ends_it(#[case] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::RateLimit));
    let text = app.reply(&ann, "Hello").await;
    app.until("it waits", async || {
        let asked = app.sim.creates_to(ANN).len() == 1;
        (asked && app.message(&text["id"]).await["status"] == "queued").then_some(())
    })
    .await;
    app.receives(&sid(1), ANN, "STOP").await;
    assert_eq!(app.message(&text["id"]).await["status"], "cancelled");
    app.clock().advance(Duration::hours(1));
    app.a_tick_later().await;
    assert_eq!(app.sim.creates_to(ANN).len(), 1);
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_stop_while_the_call_is_in_the_air_leaves_that_text_and_no_other(#[case] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::StoreLate).ms(1_000));
    let first = app.reply(&ann, "In the air").await;
    app.until("it is in the air", async || app.sim.creates_to(ANN).first().map(|_| ()))
        .await;
    app.sim.set_fault(Fault::new(FaultKind::RateLimit));
    let second = app.reply(&ann, "Behind it").await;
    app.receives(&sid(1), ANN, "STOP").await;
    let allowed: Vec<Value> = handed_over(&app, &ann).await;
    app.until_status(&first["id"], "delivered").await;
    app.clock().advance(Duration::hours(1));
    app.a_tick_later().await;
    assert_eq!(app.message(&second["id"]).await["status"], "cancelled");
    assert_eq!(app.sim.sent_to(ANN).len(), 1);
    only_these_were_asked_for(&app, &allowed);
}

/// The contact's texts that are past the point where a STOP can hold them.
async fn handed_over(app: &TestApp, contact: &str) -> Vec<Value> {
    let texts = app.messages_of(contact).await;
    assert!(texts.iter().all(|m| m["status"] != "queued"), "a STOP leaves nothing waiting");
    texts.into_iter().filter(|m| m["status"] != "cancelled").collect()
}

fn only_these_were_asked_for(app: &TestApp, allowed: &[Value]) {
    for create in app.sim.creates_to(ANN) {
        let known = allowed
            .iter()
            .filter_map(|m| m["id"].as_str())
            .any(|id| create.status_callback.contains(id));
        assert!(known, "asked for after the STOP: {}", create.body);
    }
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_stop_in_the_middle_of_forty_texts_lets_none_go_after_it(#[case] backend: Backend) {
    let app = Arc::new(TestApp::start(backend).await);
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::Timeout).count(40).ms(50));
    let writer = {
        let (app, ann) = (app.clone(), ann.clone());
        tokio::spawn(async move {
            for n in 0..40 {
                app.post("/messages", json!({ "contact_id": ann, "body": format!("Text {n}") }))
                    .await;
            }
        })
    };
    app.until("some are out", async || (app.sim.creates_to(ANN).len() >= 5).then_some(()))
        .await;
    app.receives(&sid(1), ANN, "STOP").await;
    let allowed = handed_over(&app, &ann).await;
    writer.await.expect("no panic");
    app.a_tick_later().await;
    only_these_were_asked_for(&app, &allowed);
    let left: Vec<_> = app
        .messages_of(&ann)
        .await
        .into_iter()
        .filter(|m| m["status"] == "queued")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_stop_to_one_business_is_not_one_to_another(#[case] backend: Backend) {
    let app = TestApp::start(backend).await;
    let neighbour = app.neighbour().await;
    let ann = app.contact("Ann", ANN).await;
    let consent = json!({ "channel": "sms", "source": "booking" });
    let (_, hers) = app
        .post_as(
            &neighbour.key,
            "/contacts",
            json!({ "name": "Ann", "phone": ANN, "opt_in": consent }),
        )
        .await;
    app.receives(&sid(1), ANN, "STOP").await;
    assert_eq!(app.consent(&ann).await, "opted_out");
    let body = json!({ "contact_id": hers["id"], "body": "Your car is ready" });
    let (accepted, _) = app.post_as(&neighbour.key, "/messages", body).await;
    assert_eq!(accepted, 202);
    let text = app
        .until("the garage's text", async || app.sim.sent_to(ANN).first().cloned())
        .await;
    assert_eq!(text.from.as_deref(), Some(OTHER_NUMBER));
}
