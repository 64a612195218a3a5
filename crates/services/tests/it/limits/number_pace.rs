//! Each number's own pace: texts get turns, one worker's like another's.

use chrono::Duration;
use contract::messages::LogQuery;
use entity::{messages::message, numbers::number};
use rstest::rstest;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use services::{messages, numbers};
use testkit::{Backend, NUMBER, World};

use super::{ANN, left_after_all_send, phone, three_processes};

#[rstest]
#[tokio::test]
async fn reminders_leave_at_their_numbers_pace_and_say_when_their_turn_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_rate(&w.s, NUMBER, 1).await.expect("set");
    // A minute's worth may run ahead; the rest gets turns, one a second.
    for n in 0..70 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    w.work().await;
    let sent = w.sim.messages().len();
    assert!((60..=62).contains(&sent), "{sent} at once");
    let waiting = message::Entity::in_business(w.owner.business_id)
        .filter(message::Column::Status.eq("queued"))
        .all(w.s.db().connection())
        .await
        .expect("messages");
    let why = waiting[0].wait_reason.clone().unwrap_or_default();
    assert!(why.contains("turn") && why.contains("10:00 AM"), "{why}");
    for _ in 0..12 {
        w.clock.advance(Duration::seconds(1));
        w.work().await;
    }
    assert_eq!(w.sim.messages().len(), 70, "nothing is dropped");
}

#[rstest]
#[tokio::test]
async fn an_answer_to_a_customer_overtakes_reminders_that_wait_for_their_turn(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for n in 0..80 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    w.work().await;
    assert!(w.sim.messages().len() < 80, "some wait");
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Yes, you can park there.").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Yes, you can park there."]);
}

#[rstest]
#[tokio::test]
async fn a_pace_can_be_set_for_a_number(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    numbers::set_rate(&w.s, NUMBER, 30).await.expect("set");
    assert!(numbers::set_rate(&w.s, NUMBER, 0).await.is_err());
    assert!(numbers::set_rate(&w.s, "+15005550019", 5).await.is_err(), "nobody's");
    let row = number::Entity::in_business(w.owner.business_id)
        .one(w.s.db().connection())
        .await
        .expect("answers");
    assert_eq!(row.and_then(|n| n.per_second), Some(30));
}

/// The turns of what waits, in seconds from now, the next one first.
async fn turns(w: &World) -> Vec<i64> {
    let rows = message::Entity::in_business(w.owner.business_id)
        .filter(message::Column::Status.eq("queued"))
        .all(w.s.db().connection())
        .await
        .expect("messages");
    let mut turns: Vec<i64> = rows.iter().map(|m| (m.not_before - w.clock.now()).num_seconds()).collect();
    turns.sort_unstable();
    turns
}

/// What staff read beside the texts that wait.
async fn why_they_wait(w: &World) -> Vec<String> {
    let query = LogQuery {
        show: Some("waiting".to_owned()),
        ..LogQuery::default()
    };
    let waiting = messages::list(&w.s, &w.owner, query).await.expect("the log").data;
    waiting.into_iter().map(|m| m.status_words).collect()
}

#[rstest]
#[tokio::test]
async fn reminders_from_several_workers_together_keep_to_their_numbers_pace(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_rate(&w.s, NUMBER, 1).await.expect("set");
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 1000")
        .await
        .expect("no other limit is met");
    for n in 0..90 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    services::reminders::tick(&w.s).await.expect("fires");
    let processes = three_processes(&w).await;
    // A minute's worth runs ahead, and the one whose turn is now.
    let at_once = left_after_all_send(&w, &processes).await;
    assert_eq!(at_once, 61);
    assert_eq!(
        turns(&w).await,
        (1..=29).collect::<Vec<i64>>(),
        "each has a turn of its own, whichever worker gave it"
    );
    let why = why_they_wait(&w).await;
    let told = "Waits for its turn on Mon, Jan 4 at 10:00 AM: text parts this number sends a second: 1.";
    assert!(why.len() == 29 && why.iter().all(|words| words == told), "{why:?}");
    for second in 1..=20 {
        w.clock.advance(Duration::seconds(1));
        let left = left_after_all_send(&w, &processes).await;
        assert_eq!(left, at_once + second, "after {second} seconds");
    }
    w.clock.advance(Duration::seconds(9));
    assert_eq!(left_after_all_send(&w, &processes).await, 90, "nothing is dropped");
}

/// Twilio queues ten hours for a sender, and who answers a customer should not wait for a machine: replies are handed over up to three
/// hours ahead of the pace. What is beyond that waits with us.
#[rstest]
#[tokio::test]
async fn replies_from_several_workers_run_three_hours_ahead_of_their_numbers_pace_and_no_further(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_rate(&w.s, NUMBER, 1).await.expect("set");
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 1000")
        .await
        .expect("no other limit is met");
    // As long as a text may be, so that three hours' worth of parts are some two hundred texts.
    let long = "😀".repeat(1_600);
    let parts = domain::segments::count(&long).count as usize;
    let ahead = 3 * 60 * 60;
    let expected = ahead / parts + 1;
    let processes = three_processes(&w).await;
    for n in 0..expected + 5 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, &long).await.expect("queued");
        // Not all in one heap, which a busy machine could not call for within the client's two seconds.
        if n % 40 == 39 {
            left_after_all_send(&w, &processes).await;
        }
    }
    let at_once = left_after_all_send(&w, &processes).await;
    assert_eq!(at_once, expected, "of {parts} parts each");
    let own: Vec<i64> = (at_once..at_once + 5).map(|n| (n * parts) as i64 - ahead as i64).collect();
    assert_eq!(turns(&w).await, own, "each has a turn of its own, whichever worker gave it");
    let why = why_they_wait(&w).await;
    let told = |words: &String| words.starts_with("Waits for its turn on Mon, Jan 4 at 10:0") && words.ends_with("a second: 1.");
    assert!(why.len() == 5 && why.iter().all(told), "{why:?}");
    for text in 1..=5 {
        w.clock.advance(Duration::seconds(parts as i64));
        let left = left_after_all_send(&w, &processes).await;
        assert_eq!(left, at_once + text, "one in {parts} seconds");
    }
}

/// What was held for an hour by one limit still keeps to the pace of its number afterwards: 60 text parts at once, then one a second.
#[rstest]
#[tokio::test]
async fn what_a_limit_held_does_not_leave_all_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    let three_parts =
        "UPDATE business SET hourly_limit = 22, name = 'Bright Dental 😀 at the Long and Winding Road, Upper Floor'";
    db.execute_unprepared(three_parts).await.expect("a low limit");
    let phones: Vec<String> = (0..60).map(|n| format!("+1415555{n:04}")).collect();
    for phone in &phones {
        let somebody = w.contact("Somebody", phone).await;
        w.appointment(&somebody, 30).await;
    }
    let sent = || phones.iter().map(|phone| w.phone_got(phone).len()).sum::<usize>();
    // Each gets a turn, and at its turn finds the hour's limit used up.
    for _ in 0..50 {
        w.work().await;
        w.clock.advance(Duration::seconds(3));
    }
    assert_eq!(sent(), 20, "the rest is kept for replies");
    db.execute_unprepared("UPDATE business SET hourly_limit = 100")
        .await
        .expect("a high limit");
    w.clock.advance(Duration::hours(1));
    w.work().await;
    let at_once = sent() - 22;
    assert!((1..=21).contains(&at_once), "{at_once} went at once");
    for _ in 0..30 {
        w.clock.advance(Duration::seconds(3));
        w.work().await;
    }
    assert_eq!(sent(), 60);
}
