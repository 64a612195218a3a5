//! Automatic answers: three an hour to one person, a quarter of the business's hour, and a person who looks.

use chrono::Duration;
use contract::tasks::TaskView;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{numbers, tasks};
use testkit::{Backend, NUMBER, World};

use super::{ANN, phone};

async fn of_kind(w: &World, kind: &str) -> Vec<TaskView> {
    w.open_tasks().await.into_iter().filter(|t| t.kind == kind).collect()
}

#[rstest]
#[tokio::test]
async fn a_phone_that_asks_for_help_all_day_gets_three_answers_an_hour_and_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for n in 0..120 {
        w.text(ANN, if n % 2 == 0 { "HELP" } else { "info" }).await;
    }
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 3);
    let asked = of_kind(&w, "clarify").await;
    assert_eq!((asked.len(), asked[0].contact_id), (1, Some(w.holder_of(ANN).await.id)));
    let ben = w.contact("Ben", "+14155550172").await;
    w.reply(&ben, "See you soon").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got("+14155550172"), ["See you soon"], "nobody waits for it");
    // Looked at, and it goes on: the next hour has three answers again, and only then a person is asked again.
    tasks::set_done(&w.s, &w.owner, asked[0].id, true).await.expect("done");
    w.text(ANN, "HELP").await;
    assert!(w.open_tasks().await.is_empty());
    w.clock.advance(Duration::minutes(61));
    for _ in 0..5 {
        w.text(ANN, "HELP").await;
    }
    w.work().await;
    assert_eq!((w.phone_got(ANN).len(), of_kind(&w, "clarify").await.len()), (6, 1));
}

#[rstest]
#[tokio::test]
async fn texts_that_come_together_get_three_answers_too(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.contact("Ann", ANN).await;
    let texts = (0..120).map(|_| w.text(ANN, "HELP"));
    futures::future::join_all(texts).await;
    w.work().await;
    assert_eq!((w.phone_got(ANN).len(), w.open_tasks().await.len()), (3, 1));
}

#[rstest]
#[tokio::test]
async fn answers_of_every_kind_count_together_and_a_stop_after_them_is_a_stop(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    for text in ["HELP", "Can I bring my dog?", "HELP", "HELP", "HELP"] {
        w.text(ANN, text).await;
    }
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 4, "the reminder and three answers");
    let other = w.contact("Ben", "+14155550172").await;
    w.text("+14155550172", "HELP").await;
    w.work().await;
    assert_eq!(w.thread(&other).await.len(), 2, "another phone is another phone");
    w.text(ANN, "STOP").await;
    assert_eq!(w.see_contact(&ann).await.consent.sms.as_str(), "opted_out");
}

#[rstest]
#[tokio::test]
async fn many_phones_that_ask_for_help_leave_three_quarters_of_the_hour_to_others(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_rate(&w.s, NUMBER, 1000).await.expect("set");
    for n in 0..60 {
        w.text(&phone(n), "HELP").await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 25, "a quarter of a hundred");
    let waiting = w.last_message(&w.holder_of(&phone(59)).await).await;
    let why = "Waits until Mon, Jan 4 at 11:00 AM: 25 of this business's 100 texts an hour may be automatic answers.";
    assert_eq!(waiting.status_words, why);
    let chatty = w.contact("Chatty", ANN).await;
    for n in 0..70 {
        w.reply(&chatty, &format!("Text {n}")).await.expect("queued");
    }
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 70);
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 25 + 70 + 25, "the next hour has a quarter of its own");
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 60 + 70, "nothing is dropped");
}

#[rstest]
#[tokio::test]
async fn on_a_morning_full_of_reminders_help_is_answered_and_staff_keep_the_last_of_the_hour(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_rate(&w.s, NUMBER, 1000).await.expect("set");
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 20")
        .await
        .expect("a low limit");
    for n in 0..20 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 18);
    for n in 0..3 {
        w.text(&phone(n), "HELP").await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 19, "half of what is kept");
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}
