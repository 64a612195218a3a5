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
#[tokio::test]
async fn a_stop_word_opts_out_at_once_and_kills_what_waits(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let words = [
        "STOP",
        " stop.",
        "\"Stop\"",
        "STOPALL",
        "opt out",
        "Opt-Out!",
        "OPTOUT",
        "Unsubscribe",
        "cancel",
        "End",
        "QUIT",
        "revoke",
    ];
    for (n, words) in words.into_iter().enumerate() {
        let contact = app.contact("Somebody", &phone(n)).await;
        let waiting = app.reply(&contact, "Hello").await;
        app.receives(&sid(n as u32), &phone(n), words).await;
        assert_eq!(app.consent(&contact).await, "opted_out", "{words}");
        let dead = app.message(&waiting["id"]).await;
        assert_eq!(dead["status"], "cancelled", "in the same transaction: {words}");
        assert!(dead["error"].is_string(), "and it says why");
        app.refused_reply(&contact).await;
    }
}

fn phone(n: usize) -> String {
    format!("+1415555{:04}", 1_000 + n)
}

#[rstest]
#[tokio::test]
async fn after_a_stop_neither_what_waited_nor_what_comes_due_goes_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.reply(&ann, "Hello").await;
    let appointment = app.appointment(&ann, 30).await;
    app.receives(&sid(1), ANN, "STOP").await;
    nothing_more_goes_out(&app).await;
    let seen = app.see_appointment(&appointment).await;
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
#[tokio::test]
async fn an_opt_out_in_other_words_holds_everything_until_a_person_decides(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let texts = [
        "Stop please",
        "STOP 12345",
        "take me off your list",
        "please do not text me again",
    ];
    for (n, words) in texts.into_iter().enumerate() {
        let contact = app.contact("Somebody", &phone(n)).await;
        app.reply(&contact, "Hello").await;
        app.appointment(&contact, 30).await;
        app.receives(&sid(n as u32), &phone(n), words).await;
        let asks = |t: &Value| t["kind"] == "opt_out" && t["contact_id"] == contact.as_str();
        let asked = app.open_tasks().await.iter().any(asks);
        assert!(asked || app.consent(&contact).await == "opted_out", "{words}");
    }
    nothing_more_goes_out(&app).await;
    for (n, words) in texts.into_iter().enumerate() {
        assert!(app.sim.creates_to(&phone(n)).is_empty(), "{words}");
    }
}

#[rstest]
#[tokio::test]
async fn a_text_that_only_contains_such_a_word_opts_nobody_out(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let texts = [
        "please don't stop by early",
        "Is that the stop after Main Street?",
        "Until the end of the month I am away",
        "Can you put me on the list?",
    ];
    for (n, words) in texts.into_iter().enumerate() {
        let contact = app.contact("Somebody", &phone(n)).await;
        app.reply(&contact, "Hello").await;
        app.receives(&sid(n as u32), &phone(n), words).await;
        assert_eq!(app.consent(&contact).await, "opted_in", "{words}");
    }
    assert!(!app.open_task_kinds().await.contains(&"opt_out".to_owned()));
    app.start_workers();
    for n in 0..texts.len() {
        app.until("their text", async || app.sim.sent_to(&phone(n)).first().map(|_| ()))
            .await;
    }
}

#[rstest]
#[tokio::test]
async fn no_thanks_cancel_it_is_about_the_appointment_and_for_a_person_to_read(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 30).await;
    app.until("the reminder", async || app.sim.sent_to(ANN).first().map(|_| ()))
        .await;
    // She is asked once for a Y or an N; writing the same again brings a person.
    app.receives(&sid(1), ANN, "no thanks, cancel it").await;
    app.receives(&sid(2), ANN, "no thanks, cancel it").await;
    assert_eq!(app.consent(&ann).await, "opted_in");
    let status = app.see_appointment(&appointment).await["status"].clone();
    assert!(
        status == "scheduled" || status == "reschedule_requested",
        "nobody cancels on a guess: {status}"
    );
    assert_eq!(app.open_tasks().await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn only_plain_words_opt_in_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let texts = [
        ("START", "opted_in"),
        ("unstop", "opted_in"),
        ("YES", "opted_in"),
        ("Y", "opted_out"),
        ("Are you open?", "opted_out"),
    ];
    for (n, (words, becomes)) in texts.iter().enumerate() {
        let contact = app.contact("Somebody", &phone(n)).await;
        app.receives(&sid(2 * n as u32), &phone(n), "STOP").await;
        app.receives(&sid(2 * n as u32 + 1), &phone(n), words).await;
        assert_eq!(app.consent(&contact).await, *becomes, "{words}");
        if *becomes == "opted_in" {
            app.reply(&contact, "Welcome back").await;
            app.until("their text", async || app.sim.sent_to(&phone(n)).first().map(|_| ()))
                .await;
        } else {
            app.refused_reply(&contact).await;
        }
    }
    app.a_tick_later().await;
    assert_eq!(
        app.sim.look(|state| state.creates().count()),
        3,
        "no polite correction to the others either"
    );
}

#[rstest]
#[tokio::test]
async fn what_twilio_itself_calls_a_stop_is_one_in_any_language(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
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
#[tokio::test]
async fn a_late_repeat_of_an_old_stop_does_not_undo_a_start(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
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
#[tokio::test]
async fn a_stop_while_a_text_waits_for_its_next_try_ends_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
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
#[tokio::test]
async fn a_stop_while_the_call_is_in_the_air_leaves_that_text_and_no_other(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
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
    let past = Past::of(&app, &ann).await;
    app.until_status(&first["id"], "delivered").await;
    app.clock().advance(Duration::hours(1));
    app.a_tick_later().await;
    app.until_status(&second["id"], "cancelled").await;
    assert_eq!(app.sim.sent_to(ANN).len(), 1);
    past.holds(&app);
}

/// What a STOP that was just acknowledged can't hold back: calls that were made, and texts whose call is in the air.
struct Past {
    calls: usize,
    in_the_air: Vec<Value>,
}

impl Past {
    async fn of(app: &TestApp, contact: &str) -> Self {
        // In this order: what is in the air at the first look may have been called for and refused by the second.
        let mut in_the_air = app.messages_of(contact).await;
        let calls = app.sim.creates_to(ANN);
        let was_refused = |m: &Value| {
            let id = m["id"].as_str().unwrap_or_default();
            calls.iter().any(|c| c.was_refused() && c.status_callback.contains(id))
        };
        // A refusal that was heard after the STOP puts a text back for a moment; it is not asked for again.
        let waits = in_the_air.iter().find(|m| m["status"] == "queued" && !was_refused(m));
        assert_eq!(waits, None, "a STOP leaves nothing waiting");
        in_the_air.retain(|m| m["status"] != "cancelled" && m["status"] != "queued");
        Self {
            calls: calls.len(),
            in_the_air,
        }
    }

    fn holds(&self, app: &TestApp) {
        for create in app.sim.creates_to(ANN).iter().skip(self.calls) {
            let mut ids = self.in_the_air.iter().filter_map(|m| m["id"].as_str());
            assert!(
                ids.any(|id| create.status_callback.contains(id)),
                "asked for after the STOP: {}",
                create.body
            );
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_stop_in_the_middle_of_forty_texts_lets_none_go_after_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
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
    let past = Past::of(&app, &ann).await;
    writer.await.expect("no panic");
    app.a_tick_later().await;
    past.holds(&app);
    let left: Vec<_> = app
        .messages_of(&ann)
        .await
        .into_iter()
        .filter(|m| m["status"] == "queued")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[rstest]
#[tokio::test]
async fn a_stop_to_one_business_is_not_one_to_another(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
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
