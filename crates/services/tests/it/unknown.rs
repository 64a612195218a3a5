//! A text whose outcome Twilio's log does not tell either: a person says what became of it.

mod late_news;

use chrono::Duration;
use contract::{
    Code,
    messages::{MessageIds, MessageView, SettleMessage},
};
use domain::consent::State;
use rstest::rstest;
use services::{Error, delivery, jobs, outbox, queue::Job, sending};
use testkit::{Backend, Fault, FaultKind, World};

const ANN: &str = "+14155550171";

fn say(m: &MessageView, arrived: bool) -> SettleMessage {
    SettleMessage {
        message_id: m.id,
        arrived,
    }
}

fn code(e: Error) -> Code {
    match e {
        Error::Problem(p) => p.code,
        other => panic!("{other:?}"),
    }
}

/// Lets the call for whatever waits end without an answer, and 15 minutes go by in which Twilio's log does not show it.
async fn stays_unclear(w: &World, fault: FaultKind) -> MessageView {
    w.sim.set_fault(Fault::new(fault));
    w.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    if fault == FaultKind::ErrorAfter {
        w.sim.set_fault(Fault::new(FaultKind::ListError).count(1_000));
    }
    sending::send_due(&w.s).await.expect("nobody knows");
    w.clock.advance(Duration::minutes(15));
    let ann = w.holder_of(ANN).await;
    let m = w.last_message(&ann).await;
    jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looks");
    let m = w.last_message(&ann).await;
    assert_eq!((m.status.as_str(), m.to_settle), ("unknown", true));
    m
}

async fn kinds(w: &World) -> Vec<String> {
    w.open_tasks().await.into_iter().map(|t| t.kind).collect()
}

#[rstest]
#[tokio::test]
async fn a_person_says_that_it_arrived(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorBefore).await;
    assert_eq!(kinds(&w).await, ["unclear_message"]);
    let settled = delivery::settle(&w.s, &w.owner, say(&m, true)).await.expect("said");
    assert_eq!((settled.status.as_str(), settled.to_settle), ("sent", false));
    assert!(w.open_tasks().await.is_empty(), "the question is answered");
    let again = delivery::settle(&w.s, &w.owner, say(&m, false))
        .await
        .expect_err("said twice");
    assert_eq!(code(again), Code::Conflict);
    w.clock.advance(Duration::days(2));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(w.sim.creates_to(ANN).len(), 1, "and it is left alone");
    assert_eq!(w.last_message(&ann).await.status, "sent");
}

#[rstest]
#[tokio::test]
async fn a_person_says_that_it_did_not_arrive_and_sends_it_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorBefore).await;
    let settled = delivery::settle(&w.s, &w.owner, say(&m, false)).await.expect("said");
    assert_eq!(settled.status, "failed");
    assert_eq!(settled.error.as_deref(), Some("Olga Owner says that it did not arrive."));
    assert!(w.open_tasks().await.is_empty(), "who says so need not be told");
    let ids = MessageIds { ids: vec![m.id] };
    assert_eq!(outbox::retry(&w.s, &w.owner, ids).await.expect("again").done, [m.id]);
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}

#[rstest]
#[tokio::test]
async fn nobody_is_heard_while_twilios_log_may_still_tell(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter));
    w.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    w.reply(&ann, "Hello").await.expect("queued");
    sending::send_due(&w.s).await.expect("nobody knows");
    let m = w.last_message(&ann).await;
    assert_eq!((m.status.as_str(), m.to_settle), ("unknown", false));
    let early = delivery::settle(&w.s, &w.owner, say(&m, false)).await.expect_err("too early");
    assert_eq!(code(early), Code::Conflict);
    assert_eq!(w.last_message(&ann).await.status, "unknown");
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn an_unclear_reminder_can_be_answered_or_somebody_calls(#[case] backend: Backend, #[values(true, false)] arrived: bool) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    services::reminders::send_now(&w.s, &w.owner, appointment.id)
        .await
        .expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorBefore).await;
    delivery::settle(&w.s, &w.owner, say(&m, arrived)).await.expect("said");
    if arrived {
        assert!(kinds(&w).await.is_empty());
        w.text(ANN, "Y").await;
        w.work().await;
        assert_eq!(w.see_appointment(&appointment).await.status.as_str(), "confirmed");
    } else {
        assert_eq!(kinds(&w).await, ["call"]);
    }
}

/// Twilio took it, the answer was lost, and it failed while nobody here heard of it.
#[rstest]
#[tokio::test]
async fn a_failure_that_only_twilios_log_tells_of_is_one_like_any_other(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter));
    w.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    w.sim.set_fault(Fault::new(FaultKind::AsyncFail).code(21610));
    w.sim.set_delay(std::time::Duration::from_millis(1));
    w.reply(&ann, "Hello").await.expect("queued");
    sending::send_due(&w.s).await.expect("nobody knows");
    let m = w.last_message(&ann).await;
    w.clock.advance(Duration::hours(2));
    let patience = std::time::Duration::from_secs(180);
    let failed = w
        .sim
        .wait_for(|sim| sim.messages().any(|m| m.error_code == Some(21610)), patience);
    failed.await.expect("it fails");
    jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looks");
    let m = w.last_message(&ann).await;
    assert!(["failed", "undelivered"].contains(&m.status.as_str()), "{}", m.status);
    assert_eq!(m.error_code, Some(21610));
    assert!(m.error.is_some(), "plain words");
    assert_eq!(kinds(&w).await, ["stuck_message"]);
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
}

#[rstest]
#[tokio::test]
async fn what_becomes_unclear_again_is_asked_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.contact("Ann", ANN).await;
    let ann = w.holder_of(ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorBefore).await;
    delivery::settle(&w.s, &w.owner, say(&m, false)).await.expect("said");
    let ids = MessageIds { ids: vec![m.id] };
    outbox::retry(&w.s, &w.owner, ids).await.expect("again");
    stays_unclear(&w, FaultKind::ErrorBefore).await;
    assert_eq!(kinds(&w).await, ["unclear_message"]);
}

#[rstest]
#[tokio::test]
async fn a_reminder_by_hand_to_the_old_time_does_not_stand_for_one_to_the_new(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 5).await;
    services::reminders::send_now(&w.s, &w.owner, appointment.id)
        .await
        .expect("queued");
    w.work().await;
    let to = |hours: i64, minutes: i64| contract::appointments::MoveAppointment {
        starts_at: (w.clock.now() + Duration::hours(hours) + Duration::minutes(minutes)).to_rfc3339(),
        tell: Some(false),
        ..Default::default()
    };
    services::appointments::reschedule(&w.s, &w.owner, appointment.id, to(24, 30))
        .await
        .expect("moved");
    w.clock.advance(Duration::minutes(31));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "the new time has a reminder of its own");
    // And a second one by hand, in the very minute of a move, is about the new time.
    services::reminders::send_now(&w.s, &w.owner, appointment.id)
        .await
        .expect("queued");
    w.work().await;
    w.clock.advance(Duration::seconds(5));
    services::appointments::reschedule(&w.s, &w.owner, appointment.id, to(60, 0))
        .await
        .expect("moved");
    w.clock.advance(Duration::seconds(5));
    services::reminders::send_now(&w.s, &w.owner, appointment.id)
        .await
        .expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 4, "{:?}", w.phone_got(ANN));
}

/// A day without Twilio, and a person tries again: one more missed connection is not the end of it.
#[rstest]
#[tokio::test]
async fn what_was_given_up_after_a_day_has_another_day_when_it_is_sent_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    for _ in 0..400 {
        sending::send_due(&cut_off).await.expect("nobody there");
        if w.last_message(&ann).await.status == "failed" {
            break;
        }
        w.clock.advance(Duration::minutes(6));
    }
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "failed", "given up after a day");
    let ids = MessageIds { ids: vec![m.id] };
    outbox::retry(&w.s, &w.owner, ids).await.expect("again");
    w.clock.advance(Duration::minutes(10));
    sending::send_due(&cut_off).await.expect("nobody there");
    assert_eq!(w.last_message(&ann).await.status, "queued", "it is tried again");
    w.clock.advance(Duration::minutes(10));
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}

#[rstest]
#[tokio::test]
async fn a_reminder_that_is_known_to_have_left_only_after_its_appointment_began_has_left(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    w.clock.set(appointment.starts_at - Duration::minutes(2));
    services::reminders::send_now(&w.s, &w.owner, appointment.id)
        .await
        .expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorBefore).await;
    delivery::settle(&w.s, &w.owner, say(&m, true)).await.expect("said");
    let seen = w.see_appointment(&appointment).await;
    let manual = seen.reminders.iter().find(|r| r.kind == "manual").expect("one by hand");
    assert_eq!(manual.status, "sent");
}
