//! Reminders, from plan to phone. What customers answer is in `answers`.

use chrono::Duration;
use contract::{
    Code,
    appointments::{Act, AppointmentView, MoveAppointment, Status},
    contacts::UpdateContact,
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{appointments, contacts, jobs, reminders, sending};
use testkit::{Backend, Fault, FaultKind, World};

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
#[case::cancelled(Act::Cancel)]
#[case::completed(Act::Complete)]
#[case::no_show(Act::NoShow)]
#[tokio::test]
async fn an_appointment_that_is_gone_is_never_reminded_of(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] act: Act,
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
    let again = appointments::act(&w.s, &w.owner, appointment.id, Act::Reopen)
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
async fn a_reminder_that_waits_makes_way_for_the_next_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 72).await;
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET monthly_budget = 0")
        .await
        .expect("nothing left");
    for _ in 0..2 {
        w.clock.advance(Duration::hours(24));
        w.work().await;
    }
    assert!(w.phone_got(ANN).is_empty(), "the budget holds both");
    db.execute_unprepared("UPDATE business SET monthly_budget = NULL")
        .await
        .expect("no budget");
    w.clock.advance(Duration::hours(2));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    assert_eq!(
        states(&w.see_appointment(&appointment).await),
        [("48h", "cancelled"), ("24h", "sent")]
    );
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_reminder_by_hand_takes_the_place_of_one_that_waits_and_makes_way_itself(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 72).await;
    let db = w.s.db().connection();
    let budget = |most: &str| format!("UPDATE business SET monthly_budget = {most}");
    db.execute_unprepared(&budget("0")).await.expect("nothing left");
    w.clock.advance(Duration::hours(24));
    w.work().await;
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("queued");
    w.clock.advance(Duration::hours(24));
    w.work().await;
    db.execute_unprepared(&budget("NULL")).await.expect("no budget");
    w.clock.advance(Duration::hours(2));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    assert_eq!(
        states(&w.see_appointment(&appointment).await),
        [("48h", "cancelled"), ("manual", "cancelled"), ("24h", "sent")]
    );
}

/// Undelivered, to be tried again a day later: by then the next one has gone out.
#[rstest]
#[tokio::test]
async fn an_undelivered_reminder_is_not_tried_again_beside_the_next_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 72).await;
    w.clock.advance(Duration::hours(24));
    w.work().await;
    let first = w.last_message(&ann).await;
    let sid = first.provider_sid.clone().expect("accepted");
    w.status(&first, &sid, "undelivered", Some(30023)).await.expect("taken");
    assert!(w.last_message(&ann).await.status_words.contains("tried again"));
    w.clock.advance(Duration::hours(24));
    w.work().await;
    w.clock.advance(Duration::hours(4));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "each once");
    assert_eq!(
        states(&w.see_appointment(&appointment).await),
        [("48h", "failed"), ("24h", "sent")]
    );
    assert!(!w.thread(&ann).await[0].status_words.contains("tried again"));
}

#[rstest]
#[tokio::test]
async fn an_earlier_reminder_that_comes_late_does_not_follow_a_later_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (_, appointment) = w.reminded("Ann", ANN).await;
    w.clock.advance(Duration::hours(6));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2);
    let late = "UPDATE reminder_request SET status = 'planned' WHERE kind = '48h'";
    w.s.db()
        .connection()
        .execute_unprepared(late)
        .await
        .expect("as if it had rested");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2);
    assert_eq!(
        states(&w.see_appointment(&appointment).await),
        [("48h", "skipped"), ("24h", "sent")]
    );
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
async fn without_consent_the_reminder_is_skipped_with_its_reason_and_somebody_calls(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.text(ANN, "Hi, I'd like to come in").await;
    let people = services::contacts::list(&w.s, &w.owner, Default::default())
        .await
        .expect("list");
    let appointment = w.appointment(&people.data[0], 30).await;
    w.work().await;
    let seen = w.see_appointment(&appointment).await;
    assert_eq!(seen.reminders[0].status, "skipped");
    assert!(seen.reminders[0].reason.as_ref().is_some_and(|r| r.contains("not agreed")));
    assert_eq!(w.open_tasks().await[0].kind, "call");
    assert!(w.phone_got(ANN).is_empty());
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
    for act in [Act::Cancel, Act::Reopen] {
        appointments::act(&w.s, &w.owner, appointment.id, act).await.expect("done");
    }
    // Twilio was asked for less; the whole account gives it a moment.
    w.clock.advance(Duration::seconds(10));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    assert_eq!(states(&w.see_appointment(&appointment).await)[0], ("48h", "sent"));
}

#[rstest]
#[tokio::test]
async fn a_reminder_withdrawn_at_the_last_moment_asks_for_a_call(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    // 07:30 tomorrow; the text is ready at 20:59 and Twilio is busy until quiet hours have begun.
    w.clock.set("2027-01-05T01:59:00Z".parse().expect("an instant"));
    w.appointment(&ann, 10).await;
    w.sim
        .set_fault(testkit::Fault::new(testkit::FaultKind::RateLimit).ms(120_000));
    w.work().await;
    w.clock.advance(Duration::minutes(3));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    w.clock.advance(Duration::hours(11));
    w.work().await;
    let shown = w.last_message(&ann).await;
    assert!(
        w.phone_got(ANN).is_empty(),
        "not at night, and not after the visit: {shown:?}"
    );
    assert_eq!(w.open_tasks().await[0].kind, "call");
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

#[rstest]
#[tokio::test]
async fn a_reminder_by_hand_stands_for_one_that_is_due_right_after_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 72).await;
    w.clock.advance(Duration::hours(24) - Duration::minutes(5));
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("queued");
    w.work().await;
    w.clock.advance(Duration::minutes(5));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    w.clock.advance(Duration::hours(24));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2);
    assert_eq!(
        states(&w.see_appointment(&appointment).await),
        [("manual", "sent"), ("48h", "skipped"), ("24h", "sent")]
    );
}

#[rstest]
#[tokio::test]
async fn a_reminder_by_hand_that_stays_unclear_does_not_silence_the_next_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    w.sim.set_fault(Fault::new(FaultKind::TimeoutBefore).ms(20_000));
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("queued");
    sending::send_due(&w.s).await.expect("nobody knows");
    assert_eq!(w.last_message(&ann).await.status, "unknown");
    w.clock.advance(Duration::hours(6));
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

#[rstest]
#[tokio::test]
async fn a_reminder_that_could_only_leave_after_its_appointment_is_given_up_while_somebody_can_call(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET monthly_budget = 0")
        .await
        .expect("nothing left");
    w.appointment(&ann, 26).await;
    w.clock.advance(Duration::hours(2));
    w.work().await;
    assert_eq!(w.last_message(&ann).await.status, "queued");
    w.clock.advance(Duration::minutes(23 * 60 + 30));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    assert_eq!(w.last_message(&ann).await.status, "cancelled");
    assert_eq!(w.open_tasks().await[0].kind, "call");
}

/// The first was undelivered, and staff have called; the second is undelivered, too.
#[rstest]
#[tokio::test]
async fn each_reminder_that_fails_asks_for_a_call(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    let undelivered = async || {
        let m = w.last_message(&ann).await;
        let sid = m.provider_sid.clone().expect("taken");
        w.status(&m, &sid, "undelivered", Some(30007)).await.expect("heard");
    };
    undelivered().await;
    let task = w.open_tasks().await.remove(0);
    services::tasks::set_done(&w.s, &w.owner, task.id, true)
        .await
        .expect("called");
    w.clock.advance(Duration::hours(6) + Duration::minutes(1));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2);
    undelivered().await;
    let open = w.open_tasks().await;
    assert_eq!((open.len(), open[0].kind.as_str()), (1, "call"));
    // Staff reach the customer: nothing is left to do.
    appointments::act(&w.s, &w.owner, appointment.id, Act::Confirm)
        .await
        .expect("confirmed");
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_late_failure_of_a_settled_appointment_calls_for_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    let m = w.last_message(&ann).await;
    appointments::act(&w.s, &w.owner, appointment.id, Act::Confirm)
        .await
        .expect("confirmed");
    let sid = m.provider_sid.clone().expect("taken");
    w.status(&m, &sid, "undelivered", Some(30006)).await.expect("heard");
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_landline_gets_no_second_reminder_but_a_call(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("taken");
    w.status(&m, &sid, "undelivered", Some(30006)).await.expect("heard");
    let task = w.open_tasks().await.remove(0);
    services::tasks::set_done(&w.s, &w.owner, task.id, true)
        .await
        .expect("called");
    w.clock.advance(Duration::hours(6) + Duration::minutes(1));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    let open = w.open_tasks().await;
    assert_eq!((open.len(), open[0].kind.as_str()), (1, "call"));
    assert!(open[0].title.contains("could not reach this number"), "{}", open[0].title);
}

/// Whether they opted out is not decided before the appointment: then somebody has to call.
#[rstest]
#[tokio::test]
async fn a_reminder_of_somebody_on_hold_does_not_outlive_its_appointment_in_silence(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.appointment(&ann, 30).await;
    reminders::tick(&w.s).await.expect("due");
    w.text(ANN, "take me off your list").await;
    for _ in 0..31 {
        w.work().await;
        w.clock.advance(Duration::hours(1));
    }
    assert!(w.phone_got(ANN).is_empty());
    let open = w.open_tasks().await;
    assert!(open.iter().any(|t| t.kind == "call"), "{open:?}");
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
