//! An account's rate: a limit that is set, and what Twilio's own answers teach.

use chrono::Duration;
use entity::messages::account_rate_limit;
use rstest::rstest;
use sea_orm::{ConnectionTrait, EntityTrait};
use services::{numbers, outbox, sending};
use testkit::{Backend, Fault, FaultKind, World};

use super::{ANN, kinds, left_after_all_send, phone, three_processes};

#[rstest]
#[tokio::test]
async fn the_account_sends_no_faster_than_its_limit_from_several_workers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::with_account_limit(backend, 10).await;
    for n in 0..40 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
    }
    let mut sent = Vec::new();
    for _ in 0..5 {
        let workers = (0..3).map(|_| async {
            let s = Box::pin(w.another_process()).await;
            sending::send_due(&s).await.expect("sends")
        });
        futures::future::join_all(workers).await;
        sent.push(w.sim.messages().len());
        w.clock.advance(Duration::seconds(1));
    }
    // A second's worth may run ahead.
    let at_most = |second: usize| 11 + 10 * second;
    let too_fast = sent.iter().enumerate().find(|(second, sent)| **sent > at_most(*second));
    assert_eq!(too_fast, None, "{sent:?}");
    assert!(sent[0] >= 10 && sent.last() == Some(&40), "{sent:?}");
}

#[rstest]
#[tokio::test]
async fn when_twilio_says_slower_the_whole_account_rests(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", "+14155550172").await;
    w.sim.set_fault(Fault::new(FaultKind::RateLimit).ms(30_000).count(1));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    w.reply(&ben, "Hello").await.expect("queued");
    w.work().await;
    let held = w.last_message(&ben).await;
    assert!(held.status_words.contains("takes no more"), "{}", held.status_words);
    assert!(w.sim.messages().is_empty());
    w.clock.advance(Duration::seconds(31));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 2);
}

/// What was learned of the installation's account; none while it is free.
async fn learned(w: &World) -> Option<account_rate_limit::Model> {
    account_rate_limit::Entity::find()
        .one(w.s.db().connection())
        .await
        .expect("answers")
}

#[rstest]
#[tokio::test]
async fn after_three_times_too_fast_a_reply_leaves_within_seconds_and_before_reminders(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for n in 0..3 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    services::reminders::tick(&w.s).await.expect("fires");
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_rate(w.sim.account_sid(), Some(0));
    w.reply(&ann, "Yes, at nine").await.expect("queued");
    let refused = || w.sim.look(|sim| sim.creates().filter(|c| c.http == Some(429)).count());
    w.work().await;
    let at_once = refused();
    for seconds in [2, 3] {
        w.clock.advance(Duration::seconds(seconds));
        w.work().await;
    }
    assert_eq!(refused(), at_once + 2, "one call tries, whatever waits");
    w.sim.set_rate(w.sim.account_sid(), None);
    let mut seconds = 0;
    while w.phone_got(ANN).is_empty() {
        w.clock.advance(Duration::seconds(1));
        w.work().await;
        seconds += 1;
        assert!(seconds <= 8, "it waits still: {}", w.last_message(&ann).await.status_words);
    }
    let first = w.sim.messages().remove(0);
    assert_eq!(first.to, ANN, "replies first");
    for _ in 0..6 {
        w.clock.advance(Duration::seconds(1));
        w.work().await;
    }
    assert_eq!(w.sim.messages().len(), 4, "nothing is dropped");
    assert!(kinds(&w).await.is_empty(), "no breaker opens for it");
}

#[rstest]
#[tokio::test]
async fn an_accounts_rate_goes_down_and_comes_up_again_for_all_workers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 1000")
        .await
        .expect("no other limit is met");
    let processes = three_processes(&w).await;
    w.sim.set_rate(w.sim.account_sid(), Some(5));
    for n in 0..40 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
    }
    left_after_all_send(&w, &processes).await;
    let slowed = learned(&w).await.expect("it was too fast");
    assert_eq!((slowed.per_1000_s, slowed.refused), (Some(1_000), 1));
    let calls = || w.sim.look(|sim| sim.creates().count());
    let before = calls();
    assert_eq!(left_after_all_send(&w, &processes).await, w.sim.messages().len());
    assert_eq!(calls(), before, "while it rests nobody calls");
    let (mut fastest, mut seconds) = (0, 0);
    while w.sim.messages().len() < 40 {
        w.clock.advance(Duration::seconds(1));
        left_after_all_send(&w, &processes).await;
        fastest = fastest.max(learned(&w).await.and_then(|a| a.per_1000_s).unwrap_or_default());
        seconds += 1;
        assert!(seconds < 90, "{} of 40 have left", w.sim.messages().len());
    }
    assert!(fastest >= 2_000, "it comes up again: {fastest}");
    let refused = w.sim.look(|sim| sim.creates().filter(|c| c.http == Some(429)).count());
    assert!(refused < 80, "it does not hammer: {refused} refused");
    // Free: what is sent goes well, and the rate grows until nothing is left of it.
    w.sim.set_rate(w.sim.account_sid(), None);
    let ann = w.contact("Ann", ANN).await;
    for _ in 0..600 {
        if learned(&w).await.is_none() {
            break;
        }
        w.reply(&ann, "Hello").await.expect("queued");
        w.clock.advance(Duration::seconds(3));
        w.work().await;
    }
    assert_eq!(learned(&w).await, None);
}

/// A crowd that waits for one account is in nobody else's way.
#[rstest]
#[tokio::test]
async fn what_waits_for_one_account_keeps_no_other_waiting(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let garage = w.another_business().await;
    w.sim.set_account("AC11111111111111111111111111111111", "the-garage-token");
    let token = "the-garage-token".to_owned().into();
    numbers::accounts::connect(&w.s, &garage, "AC11111111111111111111111111111111", token)
        .await
        .expect("connected");
    w.sim.set_rate(w.sim.account_sid(), Some(0));
    for n in 0..80 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
    }
    for _ in 0..3 {
        w.work().await;
        w.clock.advance(Duration::seconds(20));
    }
    let opt_in = contract::contacts::OptIn {
        channel: "sms".to_owned(),
        source: "booking".to_owned(),
    };
    let cmd = contract::contacts::CreateContact {
        name: "Cid".to_owned(),
        phone: ANN.to_owned(),
        opt_in: Some(opt_in),
        ..Default::default()
    };
    let cid = services::contacts::create(&w.s, &garage, cmd).await.expect("a contact");
    let cmd = contract::messages::SendMessage {
        channel: None,
        contact_id: cid.id,
        body: "Your car is ready".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    outbox::send(&w.s, &garage, cmd).await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Your car is ready"]);
}

/// An answer that Twilio did not take for its pace leaves its place among the automatic ones, too.
#[rstest]
#[tokio::test]
async fn an_answer_that_was_too_fast_keeps_no_other_from_the_share_of_answers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 20")
        .await
        .expect("five answers an hour");
    w.sim.set_rate(w.sim.account_sid(), Some(0));
    w.text(&phone(0), "HELP").await;
    for _ in 0..8 {
        w.work().await;
        w.clock.advance(Duration::seconds(10));
    }
    w.sim.set_rate(w.sim.account_sid(), None);
    for n in 1..5 {
        w.text(&phone(n), "HELP").await;
    }
    for _ in 0..30 {
        w.work().await;
        w.clock.advance(Duration::seconds(10));
    }
    assert_eq!(
        w.sim.messages().iter().filter(|m| m.body.contains("STOP")).count(),
        5,
        "all within the hour"
    );
}

/// An account that takes nothing is asked again and again, but an answer of yesterday answers nothing.
#[rstest]
#[tokio::test]
async fn an_answer_that_an_account_keeps_waiting_for_a_day_is_given_up(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.sim.set_rate(w.sim.account_sid(), Some(0));
    w.text(ANN, "HELP").await;
    for _ in 0..25 {
        w.work().await;
        w.clock.advance(Duration::hours(1));
    }
    w.work().await;
    w.sim.set_rate(w.sim.account_sid(), None);
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.last_message(&w.holder_of(ANN).await).await.status, "cancelled");
    assert!(w.phone_got(ANN).is_empty());
}
