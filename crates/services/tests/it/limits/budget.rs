//! The month's budget: what it holds back, what may go beyond it, and who hears of it.

use chrono::Duration;
use entity::businesses::business;
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use testkit::{Backend, Fault, FaultKind, World};

use super::{ANN, kinds, phone};

async fn budget(w: &World, micros: i64) {
    business::Entity::update_many()
        .col_expr(business::Column::MonthlyBudget, Expr::value(micros))
        .filter(business::Column::Id.eq(w.owner.business_id))
        .exec(w.s.db().connection())
        .await
        .expect("set");
}

#[rstest]
#[tokio::test]
async fn with_the_budget_used_up_reminders_wait_and_replies_still_go(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    services::set_price(&w.s, "us", 10_000).await.expect("set");
    budget(&w, 20_000).await;
    for n in 0..3 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
        w.work().await;
        let expected: &[&str] = if n == 0 { &[] } else { &["budget_used"] };
        assert_eq!(kinds(&w).await, expected, "after {}", n + 1);
    }
    assert_eq!(w.sim.messages().len(), 2);
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
    budget(&w, 1_000_000).await;
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 4, "with a higher budget it leaves");
}

#[rstest]
#[tokio::test]
async fn at_four_fifths_of_the_budget_staff_are_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    services::set_price(&w.s, "US", 10_000).await.expect("set");
    budget(&w, 50_000).await;
    let ann = w.contact("Ann", ANN).await;
    for _ in 0..4 {
        assert!(kinds(&w).await.is_empty());
        w.reply(&ann, "Hello").await.expect("queued");
        w.work().await;
    }
    assert_eq!(kinds(&w).await, ["budget_alert"]);
}

#[rstest]
#[tokio::test]
async fn what_twilio_did_not_take_is_not_charged(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    services::set_price(&w.s, "US", 10_000).await.expect("set");
    budget(&w, 12_000).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21211).count(1));
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert!(kinds(&w).await.is_empty(), "refused, so free");
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(kinds(&w).await, ["budget_used"], "what is left is not enough for a text");
}

#[rstest]
#[tokio::test]
async fn help_is_answered_beyond_the_budget_up_to_a_tenth_of_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    services::set_price(&w.s, "US", 10_000).await.expect("set");
    budget(&w, 100_000).await;
    let ann = w.contact("Ann", ANN).await;
    for n in 0..10 {
        w.reply(&ann, &format!("Text {n}")).await.expect("queued");
    }
    w.work().await;
    for n in 0..3 {
        w.text(&phone(n), "HELP").await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 11, "ten replies, and one answer for the last tenth");
    let held = w.last_message(&w.holder_of(&phone(2)).await).await;
    assert!(held.status_words.contains("budget"), "{}", held.status_words);
    for _ in 0..25 {
        w.clock.advance(Duration::hours(1));
        w.work().await;
    }
    let given_up = w.last_message(&w.holder_of(&phone(2)).await).await;
    assert_eq!(given_up.status, "cancelled", "a month later it would answer nothing");
    assert!(
        given_up
            .error
            .is_some_and(|why| why.starts_with("It could not leave within a day."))
    );
    w.reply(&ann, "Staff may write on").await.expect("queued");
    w.work().await;
    assert_eq!(w.sim.messages().len(), 12);
}
