//! What customers answer to a reminder, and which appointment it is about.

mod stop_words;
mod wording;

use chrono::Duration;
use contract::{
    appointments::{MoveAppointment, Status},
    tasks::TaskView,
};
use rstest::rstest;
use services::{appointments, jobs, queue::Job, reconcile, reminders, sending};
use testkit::{Backend, Fault, FaultKind, NUMBER, World};

use crate::reminders::states;

const ANN: &str = "+14155550171";

#[rstest]
#[tokio::test]
async fn y_confirms_and_ends_the_reminders(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    assert_eq!(states(&appointment), [("48h", "sent"), ("24h", "planned")]);
    w.text(ANN, " y. ").await;
    let appointment = w.see_appointment(&appointment).await;
    assert_eq!(appointment.status, Status::Confirmed);
    assert_eq!(states(&appointment), [("48h", "yes"), ("24h", "cancelled")]);
    w.clock.advance(Duration::hours(8));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1, "no more reminders, and no answer to the answer");
    assert!(w.open_tasks().await.is_empty());
    assert_eq!(w.thread(&ann).await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn n_asks_for_another_time_and_makes_a_task(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, appointment) = w.reminded("Ann", ANN).await;
    w.text(ANN, "N").await;
    let seen = w.see_appointment(&appointment).await;
    assert_eq!(
        (seen.status, states(&seen)),
        (Status::RescheduleRequested, vec![("48h", "no"), ("24h", "cancelled")])
    );
    let tasks = w.open_tasks().await;
    assert_eq!(
        (tasks.len(), tasks[0].kind.as_str(), tasks[0].appointment_id),
        (1, "reschedule", Some(appointment.id))
    );
    let later = MoveAppointment {
        starts_at: "2027-01-11T10:00".to_owned(),
        ..Default::default()
    };
    let moved = appointments::reschedule(&w.s, &w.owner, appointment.id, later)
        .await
        .expect("moved");
    assert_eq!(moved.status, Status::Scheduled);
    assert!(w.open_tasks().await.is_empty(), "moving the visit settles the task");
}

#[rstest]
#[tokio::test]
async fn people_may_repeat_themselves_and_change_their_mind(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, appointment) = w.reminded("Ann", ANN).await;
    for (text, status) in [
        ("Y", Status::Confirmed),
        ("yes!", Status::Confirmed),
        ("no", Status::RescheduleRequested),
        ("Y", Status::Confirmed),
    ] {
        w.text(ANN, text).await;
        assert_eq!(w.see_appointment(&appointment).await.status, status, "after {text}");
    }
    assert!(w.open_tasks().await.is_empty(), "the last yes settled the no");
}

#[rstest]
#[tokio::test]
async fn with_two_appointments_pending_the_token_decides(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, first) = w.reminded("Ann", ANN).await;
    let second = w.appointment(&ann, 31).await;
    w.work().await;
    let texts = w.phone_got(ANN);
    assert!(!texts[0].contains("Y101"), "alone it needs no token");
    assert!(texts[1].contains("Y102"), "{}", texts[1]);
    w.text(ANN, "y 102").await;
    assert_eq!(w.see_appointment(&second).await.status, Status::Confirmed);
    assert_eq!(w.see_appointment(&first).await.status, Status::Scheduled);
}

#[rstest]
#[tokio::test]
async fn a_bare_y_to_two_appointments_is_asked_about_once_and_never_guessed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, first) = w.reminded("Ann", ANN).await;
    let second = w.appointment(&ann, 31).await;
    w.work().await;
    w.text(ANN, "Y").await;
    w.work().await;
    let asked = w.phone_got(ANN).pop().expect("a question");
    assert!(asked.contains("Y101") && asked.contains("Y102"), "{asked}");
    w.text(ANN, "Y").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 3, "asked once");
    assert_eq!(w.open_tasks().await[0].kind, "clarify");
    for appointment in [&first, &second] {
        assert_eq!(w.see_appointment(appointment).await.status, Status::Scheduled);
    }
    w.text(ANN, "Y101").await;
    w.text(ANN, "N102").await;
    assert_eq!(w.see_appointment(&first).await.status, Status::Confirmed);
    assert_eq!(w.see_appointment(&second).await.status, Status::RescheduleRequested);
}

#[rstest]
#[tokio::test]
async fn anything_else_is_corrected_once_then_a_person_reads(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, appointment) = w.reminded("Ann", ANN).await;
    w.text(ANN, "Can I bring my dog? 🐶").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2);
    assert!(w.phone_got(ANN)[1].contains("reply Y to confirm"));
    assert!(w.open_tasks().await.is_empty());
    w.text(ANN, "He is very quiet").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "one correction");
    assert_eq!(w.open_tasks().await.len(), 1);
    w.text(ANN, "Y").await;
    assert_eq!(
        w.see_appointment(&appointment).await.status,
        Status::Confirmed,
        "the answer still counts"
    );
}

#[rstest]
#[tokio::test]
async fn an_answer_that_fits_no_appointment_becomes_work_for_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.text("+14155550199", "Y").await;
    assert_eq!(w.open_tasks().await[0].kind, "clarify");
    let (_, appointment) = w.reminded("Ann", ANN).await;
    w.clock.set(appointment.starts_at + Duration::minutes(1));
    w.text(ANN, "Y").await;
    assert_eq!(
        w.see_appointment(&appointment).await.status,
        Status::Scheduled,
        "an answer after the visit confirms nothing"
    );
    assert_eq!(w.open_tasks().await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_reminder_reported_as_undelivered_can_still_be_answered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("accepted");
    w.status(&m, &sid, "undelivered", Some(30008)).await.expect("taken");
    assert_eq!(w.open_tasks().await[0].kind, "call");
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Confirmed);
    assert!(w.open_tasks().await.is_empty(), "nobody needs to call any more");
}

#[rstest]
#[tokio::test]
async fn an_answer_counts_for_fourteen_days(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30 * 24).await;
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("queued");
    w.work().await;
    w.clock.advance(Duration::days(14) + Duration::minutes(1));
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Scheduled);
    assert_eq!(w.open_tasks().await[0].kind, "clarify");
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("asked anew");
    w.work().await;
    w.clock.advance(Duration::days(13));
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Confirmed);
}

/// The reminder left, we could not write that down, and the answer came before we knew.
#[rstest]
#[tokio::test]
async fn an_answer_counts_from_when_the_reminder_left_not_from_when_we_knew(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    w.sim.set_fault(Fault::new(FaultKind::ResetAfter));
    w.work().await;
    assert_eq!(w.last_message(&ann).await.status, "unknown");
    w.clock.advance(Duration::seconds(40));
    w.sim.inbound(ANN, NUMBER, "Y").await;
    w.clock.advance(Duration::seconds(30));
    jobs::tick(&w.s).await.expect("ticks");
    let id = w.last_message(&ann).await.id;
    jobs::perform(&w.s, Job::Resolve { message_id: id })
        .await
        .expect("found in the log");
    assert!(w.last_message(&ann).await.provider_sid.is_some());
    reconcile::sync(&w.s).await.expect("syncs");
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Confirmed);
}

/// A breaker, a limit or the budget holds the text back: the customer does not know of it.
#[rstest]
#[tokio::test]
async fn who_was_not_asked_yet_does_not_answer(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    reminders::tick(&w.s).await.expect("due");
    sending::send_due(&cut_off).await.expect("nobody there");
    assert_eq!(w.last_message(&ann).await.status, "queued");
    w.text(ANN, "Can I park there?").await;
    w.text(ANN, "Y").await;
    let bodies: Vec<String> = w.thread(&ann).await.into_iter().map(|m| m.body).collect();
    assert!(!bodies.iter().any(|b| b.contains("did not understand")), "{bodies:?}");
    assert_eq!(w.see_appointment(&appointment).await.status.as_str(), "scheduled");
    assert!(w.open_tasks().await.iter().all(|t| t.kind == "clarify"), "a person reads it");
}

async fn of_kind(w: &World, kind: &str) -> Vec<TaskView> {
    w.open_tasks().await.into_iter().filter(|t| t.kind == kind).collect()
}
