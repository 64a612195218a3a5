//! Point 7: a letter that may mean one of several appointments, one that was moved, or one that is over. Nothing is guessed.

use chrono::Duration;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use super::ANN;
use crate::{
    app::{INBOUND, NUMBER, OTHER_NUMBER, TestApp, sid},
    pages::{post, server_function},
};

/// Waits until Ann's phone has so many texts, and gives the last.
async fn texts(app: &TestApp, count: usize) -> String {
    app.until("the text", async || {
        let sent = app.sim.sent_to(ANN);
        (sent.len() >= count).then(|| sent[count - 1].body.clone())
    })
    .await
}

async fn status(app: &TestApp, appointment: &str) -> String {
    app.see_appointment(appointment).await["status"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Waits until it is written down that a reminder of this appointment has left; a clock that jumps before would make its outcome unclear.
async fn known_to_be_sent(app: &TestApp, appointment: &str) {
    app.until("known to be sent", async || {
        let seen = app.see_appointment(appointment).await;
        let mut reminders = seen["reminders"].as_array().into_iter().flatten();
        reminders.any(|r| r["status"] == "sent").then_some(())
    })
    .await;
}

/// Ann, with an appointment tomorrow of which she was reminded.
async fn reminded(app: &TestApp) -> (String, String) {
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 30).await;
    texts(app, 1).await;
    known_to_be_sent(app, &appointment).await;
    (ann, appointment)
}

/// The codes in a text, such as Y101.
fn codes(text: &str, letter: char) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| {
            word.strip_prefix(letter)
                .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        })
        .map(str::to_owned)
        .collect()
}

#[rstest]
#[tokio::test]
async fn a_plain_answer_counts_however_it_is_spelled(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let answers = [
        ("Yes!!", "confirmed"),
        ("👍", "confirmed"),
        ("👍🏽", "confirmed"),
        ("y.", "confirmed"),
        (" Y \n", "confirmed"),
        ("Ｙ", "confirmed"),
        ("ja", "confirmed"),
        ("sí", "confirmed"),
        ("N", "reschedule_requested"),
        ("Nope.", "reschedule_requested"),
        ("👎", "reschedule_requested"),
        ("yes?", "scheduled"),
        ("Y is it so early", "scheduled"),
        ("Yes thank you!", "confirmed"),
        ("👍👍", "confirmed"),
        ("Yes\n-- \nMaya Lopez", "confirmed"),
        ("No sorry, I can't make it", "reschedule_requested"),
        ("Yes but can I come at 4?", "scheduled"),
        ("No problem, see you then", "scheduled"),
    ];
    let mut appointments = Vec::new();
    for n in 0..answers.len() {
        let contact = app.contact("Somebody", &phone(n)).await;
        appointments.push(app.appointment(&contact, 30).await);
    }
    for (n, (words, becomes)) in answers.iter().enumerate() {
        app.until("reminded", async || app.sim.sent_to(&phone(n)).first().map(|_| ()))
            .await;
        app.receives(&sid(n as u32), &phone(n), words).await;
        let seen = app.see_appointment(&appointments[n]).await;
        assert_eq!(seen["status"], *becomes, "{words}");
        let reminders = seen["reminders"].as_array().into_iter().flatten();
        let planned = reminders.filter(|r| r["status"] == "planned").count();
        assert_eq!(
            planned,
            usize::from(*becomes == "scheduled"),
            "an answer ends further reminders: {words}"
        );
    }
}

fn phone(n: usize) -> String {
    format!("+1415555{:04}", 1_000 + n)
}

#[rstest]
#[tokio::test]
async fn with_two_appointments_a_bare_y_asks_which_once_and_a_code_decides(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (ann, first) = reminded(&app).await;
    let second = app.appointment(&ann, 40).await;
    texts(&app, 2).await;
    app.receives(&sid(1), ANN, "Y").await;
    let question = texts(&app, 3).await;
    assert_eq!(
        (status(&app, &first).await.as_str(), status(&app, &second).await.as_str()),
        ("scheduled", "scheduled")
    );
    let codes = codes(&question, 'Y');
    assert_eq!(codes.len(), 2, "{question}");

    // Asked once; after that a person reads.
    app.receives(&sid(2), ANN, "Y").await;
    assert_eq!(app.open_task_kinds().await, ["clarify"]);
    app.receives(&sid(3), ANN, &codes[1].to_lowercase()).await;
    assert_eq!(
        (status(&app, &first).await.as_str(), status(&app, &second).await.as_str()),
        ("scheduled", "confirmed")
    );
    // Now one is left, so the letter is enough.
    app.receives(&sid(4), ANN, "N").await;
    assert_eq!(status(&app, &first).await, "reschedule_requested");
    assert_eq!(app.sim.sent_to(ANN).len(), 3, "two reminders and one question");
}

/// In one business a number is one contact's, because nobody can tell by a letter who of a family typed it: the second is refused, and
/// their appointments stand on the one card.
#[rstest]
#[tokio::test]
async fn a_family_that_shares_a_phone_is_one_contact_and_its_y_is_asked_about(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (ann, hers) = reminded(&app).await;
    let ben = json!({ "name": "Ben", "phone": ANN, "opt_in": { "channel": "sms", "source": "booking" } });
    let (refused, problem) = app.post("/contacts", ben).await;
    assert_eq!((refused, problem["code"].as_str()), (409, Some("conflict")), "{problem}");
    assert_eq!(
        problem["detail"], "Ann already has this number.",
        "staff are told whose it is"
    );
    let starts_at = app.s.now() + Duration::hours(40);
    let appointment = json!({ "contact_id": ann, "starts_at": starts_at.to_rfc3339(), "notes": "For Ben" });
    let (created, appointment) = app.post("/appointments", appointment).await;
    assert_eq!(created, 201, "{appointment}");
    let his = appointment["id"].as_str().expect("an id").to_owned();
    texts(&app, 2).await;
    known_to_be_sent(&app, &his).await;
    // Whose appointment the phone's owner means nobody knows.
    app.receives(&sid(1), ANN, "Y").await;
    let question = texts(&app, 3).await;
    assert_eq!(
        (status(&app, &hers).await.as_str(), status(&app, &his).await.as_str()),
        ("scheduled", "scheduled")
    );
    let codes = codes(&question, 'Y');
    assert_eq!(codes.len(), 2, "{question}");
    // The appointments are told in their order, his last.
    app.receives(&sid(2), ANN, &codes[1]).await;
    assert_eq!(
        (status(&app, &hers).await.as_str(), status(&app, &his).await.as_str()),
        ("scheduled", "confirmed")
    );
    assert_eq!(app.messages_of(&ann).await.len(), 5, "all of it in one thread");
    assert!(app.open_tasks().await.is_empty(), "and nothing is left to a person");
}

#[rstest]
#[tokio::test]
async fn a_code_that_is_nobodys_confirms_nothing_and_brings_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (_, appointment) = reminded(&app).await;
    app.receives(&sid(1), ANN, "Y987").await;
    assert_eq!(status(&app, &appointment).await, "scheduled");
    assert_eq!(app.open_task_kinds().await, ["clarify"]);
}

#[rstest]
#[tokio::test]
async fn a_y_to_a_time_that_was_moved_does_not_confirm_the_new_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (_, appointment) = reminded(&app).await;
    let (moved, _) = app.move_appointment(&appointment, app.s.now() + Duration::hours(200)).await;
    assert_eq!(moved, 200);
    app.receives(&sid(1), ANN, "Y").await;
    assert_eq!(status(&app, &appointment).await, "scheduled");
    assert_eq!(app.open_task_kinds().await, ["clarify"]);
}

#[rstest]
#[tokio::test]
async fn a_y_after_the_appointment_began_confirms_nothing_and_brings_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let (_, appointment) = reminded(&app).await;
    app.clock().advance(Duration::hours(31));
    app.receives(&sid(1), ANN, "Y").await;
    assert_eq!(status(&app, &appointment).await, "scheduled");
    assert_eq!(app.open_task_kinds().await, ["clarify"]);
}

#[rstest]
#[tokio::test]
async fn a_y_more_than_fourteen_days_after_the_question_confirms_nothing_and_brings_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    app.sign_in().await;
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 30 * 24).await;
    let page = format!("/appointments/{appointment}");
    let door = server_function(&app, &page, "remind_now").await;
    assert!(
        post(&app, &door, &[("id", &appointment), ("back", &page)])
            .await
            .status()
            .is_redirection()
    );
    texts(&app, 1).await;
    known_to_be_sent(&app, &appointment).await;
    app.clock().advance(Duration::days(14) + Duration::minutes(1));
    app.receives(&sid(1), ANN, "Y").await;
    assert_eq!(status(&app, &appointment).await, "scheduled");
    assert_eq!(app.open_task_kinds().await, ["clarify"]);
}

#[rstest]
#[case::cancelled("cancel", "cancelled")]
#[case::over("complete", "completed")]
#[tokio::test]
async fn a_y_to_a_closed_appointment_does_not_open_it_again(
    #[case] act: &str,
    #[case] remains: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    app.sign_in().await;
    let (_, appointment) = reminded(&app).await;
    if act == "complete" {
        // Nobody has come before it has begun.
        app.clock().advance(Duration::hours(30) + Duration::minutes(1));
    }
    app.post(&format!("/appointments/{appointment}/{act}"), json!({})).await;
    app.receives(&sid(1), ANN, "Y").await;
    assert_eq!(status(&app, &appointment).await, remains);
    assert_eq!(app.open_task_kinds().await, ["clarify"]);
}

#[rstest]
#[tokio::test]
async fn a_changed_mind_counts_but_a_late_repeat_of_the_old_text_does_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (_, appointment) = reminded(&app).await;
    app.receives(&sid(1), ANN, "Y").await;
    app.receives(&sid(2), ANN, "N").await;
    assert_eq!(status(&app, &appointment).await, "reschedule_requested");
    app.receives(&sid(1), ANN, "Y").await;
    assert_eq!(
        status(&app, &appointment).await,
        "reschedule_requested",
        "that Y was said before the N"
    );
    assert_eq!(app.open_task_kinds().await, ["reschedule"]);
    app.receives(&sid(3), ANN, "Y").await;
    assert_eq!(status(&app, &appointment).await, "confirmed");
    assert!(app.open_tasks().await.is_empty(), "nothing is left to do");
}

#[rstest]
#[tokio::test]
async fn y_and_n_in_the_same_moment_end_in_one_of_the_two_with_its_work(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (_, appointment) = reminded(&app).await;
    let (first, second) = (sid(1), sid(2));
    tokio::join!(app.receives(&first, ANN, "Y"), app.receives(&second, ANN, "N"));
    let tasks = app.open_task_kinds().await;
    match status(&app, &appointment).await.as_str() {
        "confirmed" => assert!(tasks.is_empty(), "{tasks:?}"),
        "reschedule_requested" => assert_eq!(tasks, ["reschedule"]),
        other => panic!("{other}"),
    }
}

#[rstest]
#[tokio::test]
async fn a_phone_known_to_two_businesses_answers_the_one_it_writes_to(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let neighbour = app.neighbour().await;
    let (_, appointment) = reminded(&app).await;
    // To the garage's number, which has asked nothing.
    let first = sid(1);
    let mut text = app.text(&first, ANN, "Y");
    text.iter_mut()
        .filter(|(name, _)| *name == "To")
        .for_each(|to| to.1 = OTHER_NUMBER);
    let answer = app.signed(INBOUND, &text).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(status(&app, &appointment).await, "scheduled");
    let theirs = crate::app::list_all(&app.http, &app.url, &neighbour.key, "/messages").await;
    assert_eq!(theirs.len(), 1);
    app.receives(&sid(2), ANN, "Y").await;
    assert_eq!(status(&app, &appointment).await, "confirmed");
}

#[rstest]
#[tokio::test]
async fn a_button_under_an_old_reminder_means_the_appointment_of_that_reminder(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (ann, first) = reminded(&app).await;
    let second = app.appointment(&ann, 40).await;
    texts(&app, 2).await;
    let asked: Vec<Value> = app.messages_of(&ann).await;
    let about = |appointment: &str| {
        let of = |m: &&Value| m["correlation_id"].as_str().is_some_and(|id| id.starts_with(appointment));
        asked.iter().find(of).expect("its reminder")["provider_sid"]
            .as_str()
            .expect("a SID")
            .to_owned()
    };
    let quoted = about(&first);
    let tap = sid(1);
    let mut text = app.text(&tap, ANN, "Confirm");
    text.push(("ButtonText", "Confirm"));
    text.push(("OriginalRepliedMessageSid", &quoted));
    text.push(("OriginalRepliedMessageSender", NUMBER));
    let answer = app.signed(INBOUND, &text).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(
        (status(&app, &first).await.as_str(), status(&app, &second).await.as_str()),
        ("confirmed", "scheduled")
    );
}
