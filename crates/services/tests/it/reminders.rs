//! Reminders, from plan to phone. What customers answer is in `answers`.

mod calls;
mod one_at_a_time;

use chrono::Duration;
use contract::{
    Code,
    appointments::{AppointmentAction, AppointmentView, MoveAppointment, Status},
    contacts::UpdateContact,
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{appointments, contacts, jobs, reminders};
use testkit::{Backend, World};

const ANN: &str = "+14155550171";
const BOB: &str = "+14155550172";
const CID: &str = "+14155550173";

/// Each reminder of an appointment: which, and what became of it.
pub(crate) fn states(appointment: &AppointmentView) -> Vec<(&str, &str)> {
    appointment
        .reminders
        .iter()
        .map(|r| (r.kind.as_str(), r.status.as_str()))
        .collect()
}

#[rstest]
#[tokio::test]
async fn two_reminders_go_out_at_their_time_and_only_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 72).await;
    assert_eq!(states(&appointment), [("48h", "planned"), ("24h", "planned")]);
    w.work().await;
    assert!(w.phone_got(ANN).is_empty(), "not before their time");
    w.clock.advance(Duration::hours(24));
    w.work().await;
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    w.clock.advance(Duration::hours(24));
    w.work().await;
    let texts = w.phone_got(ANN);
    assert_eq!(texts.len(), 2);
    assert_eq!(
        texts[1],
        "Bright Dental: reminder of your visit on Thu, Jan 7 at 10:00 AM. Reply Y to confirm or N if you need another time. Reply STOP to opt out."
    );
}

#[rstest]
#[tokio::test]
async fn moving_an_appointment_takes_its_reminders_along(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, appointment) = w.reminded("Ann", ANN).await;
    let later = MoveAppointment {
        starts_at: (appointment.starts_at + Duration::days(7)).to_rfc3339(),
        ..Default::default()
    };
    let moved = appointments::reschedule(&w.s, &w.owner, appointment.id, later)
        .await
        .expect("moved");
    assert_eq!(
        states(&moved),
        [("48h", "sent"), ("24h", "cancelled"), ("48h", "planned"), ("24h", "planned")]
    );
    w.text(ANN, "Y").await;
    assert_eq!(
        w.see_appointment(&appointment).await.status,
        Status::Scheduled,
        "the yes was to another time"
    );
    assert_eq!(w.open_tasks().await[0].kind, "clarify");
    let back = MoveAppointment {
        starts_at: appointment.starts_at.to_rfc3339(),
        ..Default::default()
    };
    let back = appointments::reschedule(&w.s, &w.owner, appointment.id, back)
        .await
        .expect("moved back");
    assert_eq!(
        states(&back)[..2],
        [("48h", "sent"), ("24h", "planned")],
        "what was texted stands, and is not texted twice"
    );
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
}

#[rstest]
#[case::cancelled(AppointmentAction::Cancel)]
#[tokio::test]
async fn an_appointment_that_is_gone_is_never_reminded_of(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] act: AppointmentAction,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    // Already fired, not yet handed over.
    reminders::tick(&w.s).await.expect("fires");
    appointments::act(&w.s, &w.owner, appointment.id, act).await.expect("done");
    w.clock.advance(Duration::hours(7));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    let again = appointments::act(&w.s, &w.owner, appointment.id, AppointmentAction::Reopen)
        .await
        .expect("undone");
    assert_eq!(again.status, Status::Scheduled);
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1, "undo brings the reminders back");
}

#[rstest]
#[tokio::test]
async fn everything_that_is_due_goes_out_at_one_tick(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..105 {
        let somebody = w.contact("Somebody", &format!("+1415555{n:04}")).await;
        w.appointment(&somebody, 30).await;
    }
    assert_eq!(reminders::tick(&w.s).await.expect("fires"), 105, "more than one look takes");
    assert_eq!(reminders::tick(&w.s).await.expect("nothing is left"), 0);
}

#[rstest]
#[tokio::test]
async fn one_that_cannot_be_fired_keeps_nobody_waiting(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for (name, phone) in [("Ann", ANN), ("Bob", BOB), ("Cid", CID)] {
        let somebody = w.contact(name, phone).await;
        w.appointment(&somebody, 30).await;
    }
    let appointments = |set: &str, of: &str| {
        let sql = format!(
            "UPDATE appointment SET status = '{set}' WHERE contact_id IN (SELECT id FROM contact WHERE name = 'Bob') AND status = '{of}'"
        );
        let db = w.s.db().connection().clone();
        async move { db.execute_unprepared(&sql).await.expect("changed").rows_affected() }
    };
    assert_eq!(appointments("of a newer version", "scheduled").await, 1);
    w.work().await;
    assert_eq!([ANN, BOB, CID].map(|phone| w.phone_got(phone).len()), [1, 0, 1]);
    w.clock.advance(Duration::minutes(1));
    w.work().await;
    assert_eq!(w.open_tasks().await.len(), 1, "at the second failure a person hears of it");
    assert_eq!(appointments("scheduled", "of a newer version").await, 1);
    w.work().await;
    assert!(w.phone_got(BOB).is_empty(), "it rests for a minute");
    w.clock.advance(Duration::minutes(1));
    w.work().await;
    assert_eq!(w.phone_got(BOB).len(), 1);
}

#[rstest]
#[tokio::test]
async fn nobody_is_woken_up(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.appointment(&ann, 30).await;
    // The worker was down until 22:30 in New York.
    w.clock.advance(Duration::hours(12) + Duration::minutes(30));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    w.clock.advance(Duration::hours(9) + Duration::minutes(31));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_reminder_can_be_sent_by_hand_even_at_night_but_never_against_consent(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 200).await;
    w.clock.advance(Duration::hours(13));
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("sent");
    reminders::send_now(&w.s, &w.owner, appointment.id)
        .await
        .expect("a second click is harmless");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Confirmed);
    w.text(ANN, "STOP").await;
    let refused = reminders::send_now(&w.s, &w.owner, appointment.id)
        .await
        .expect_err("not after STOP");
    assert_eq!(refused.problem().code, Code::MayNotSend);
}

#[rstest]
#[tokio::test]
async fn a_reminder_that_was_waiting_when_its_appointment_was_cancelled_goes_out_after_undo(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    w.sim.set_fault(testkit::Fault::new(testkit::FaultKind::RateLimit));
    w.work().await;
    for act in [AppointmentAction::Cancel, AppointmentAction::Reopen] {
        appointments::act(&w.s, &w.owner, appointment.id, act).await.expect("done");
    }
    // Twilio was asked for less; the whole account gives it a moment.
    w.clock.advance(Duration::seconds(10));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    assert_eq!(states(&w.see_appointment(&appointment).await)[0], ("48h", "sent"));
}

/// The night is the customer's, and they have moved: what was planned for New York's morning waits for theirs.
#[rstest]
#[tokio::test]
async fn who_has_moved_to_another_zone_is_not_woken_up(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    // 09:30 in New York, two days before the appointment; in Honolulu it is night.
    w.clock.set("2027-01-05T12:00:00Z".parse().expect("an instant"));
    w.appointment(&ann, 50).await;
    let cmd = UpdateContact {
        id: ann.id,
        name: "Ann".to_owned(),
        phone: ANN.to_owned(),
        email: None,
        time_zone: Some("Pacific/Honolulu".to_owned()),
        notes: None,
    };
    contacts::update(&w.s, &w.owner, cmd).await.expect("moved");
    w.clock.set("2027-01-05T14:30:00Z".parse().expect("an instant"));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty(), "they sleep");
    w.clock.set("2027-01-05T18:05:00Z".parse().expect("an instant"));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
}

/// "Tomorrow at ten" was not delivered, and now it is on Friday: a second try would be wrong.
#[rstest]
#[tokio::test]
async fn an_undelivered_reminder_is_not_tried_again_with_a_time_that_has_passed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    let first = w.last_message(&ann).await;
    let sid = first.provider_sid.clone().expect("accepted");
    w.status(&first, &sid, "undelivered", Some(30003)).await.expect("taken");
    let cmd = MoveAppointment {
        starts_at: (appointment.starts_at + Duration::hours(100)).to_rfc3339(),
        ..Default::default()
    };
    appointments::reschedule(&w.s, &w.owner, appointment.id, cmd)
        .await
        .expect("moved");
    w.clock.advance(Duration::minutes(12));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    assert_eq!(w.last_message(&ann).await.status, "undelivered");
}

/// A phone that is switched on after the appointment has begun need not hear of it.
#[rstest]
#[tokio::test]
async fn a_reminder_is_not_worth_delivering_once_its_appointment_has_begun(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 2).await;
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("queued");
    w.work().await;
    w.reply(&ann, "Any questions?").await.expect("queued");
    w.work().await;
    let worth: Vec<Option<u32>> = w.sim.creates_to(ANN).iter().map(|c| c.validity_period).collect();
    assert_eq!(worth, [Some(2 * 3600), None]);
}
