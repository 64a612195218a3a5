//! A visit's reminders never go out together, nor beside one that was sent by hand.

use chrono::Duration;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{jobs, reminders, sending};
use testkit::{Backend, Fault, FaultKind, World};

use super::{ANN, states};

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
