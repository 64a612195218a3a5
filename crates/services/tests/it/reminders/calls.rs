//! Reminders that don't arrive: somebody calls, while it helps.

use chrono::Duration;
use contract::appointments::AppointmentAction;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{appointments, reminders};
use testkit::{Backend, World};

use super::ANN;

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
    appointments::act(&w.s, &w.owner, appointment.id, AppointmentAction::Confirm)
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
    appointments::act(&w.s, &w.owner, appointment.id, AppointmentAction::Confirm)
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
