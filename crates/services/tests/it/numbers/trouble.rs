//! Accounts in trouble, too fast or left behind: each one's own, and no other waits for it.

use chrono::Duration;
use rstest::rstest;
use secrecy::SecretString;
use services::{Actor, jobs, numbers, pages, queue::Job, reconcile};
use testkit::{Backend, Fault, FaultKind, NUMBER, World};

use super::{ANN, BEN, OWN, TOKEN, connect, customer, garage, see, write};

#[rstest]
#[tokio::test]
async fn trouble_with_one_account_keeps_no_other_waiting(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let garage = garage(&w).await;
    let (ann, cid) = (w.contact("Ann", ANN).await, customer(&w, &garage, BEN).await);
    w.sim.close_account(OWN);
    let m = write(&w.s, &garage, &cid, "Your car is ready").await;
    w.work().await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
    assert_eq!(see(&w, &garage, &m).await.status, "queued", "it waits, it is not lost");
    let kinds = async |actor: &Actor| -> Vec<String> {
        let notices = pages::notices::list(&w.s, actor).await.expect("banners");
        notices.into_iter().map(|n| n.kind).collect()
    };
    assert_eq!(kinds(&garage).await, ["account_breaker"]);
    assert!(kinds(&w.owner).await.is_empty());
    // The new token is given, and what waited goes.
    w.sim.set_account(OWN, "a-new-token");
    numbers::accounts::connect(&w.s, &garage, OWN, SecretString::from("a-new-token"))
        .await
        .expect("connected");
    assert!(kinds(&garage).await.is_empty());
    w.work().await;
    assert_eq!(w.phone_got(BEN), ["Your car is ready"]);
}

#[rstest]
#[tokio::test]
async fn an_account_that_is_told_to_slow_down_slows_no_other(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let garage = garage(&w).await;
    let (ann, cid) = (w.contact("Ann", ANN).await, customer(&w, &garage, BEN).await);
    w.sim.set_fault(Fault::new(FaultKind::RateLimit).to(BEN).ms(30_000));
    write(&w.s, &garage, &cid, "Your car is ready").await;
    w.work().await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!((w.phone_got(ANN).len(), w.phone_got(BEN).len()), (1, 0));
    w.clock.advance(Duration::minutes(1));
    w.work().await;
    assert_eq!(w.phone_got(BEN).len(), 1);
}

/// They have left an account that is suspended; what becomes of texts that were handed to it says nothing about their own.
#[rstest]
#[tokio::test]
async fn late_trouble_of_the_account_before_is_not_trouble_of_the_new_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let garage = w.another_business().await;
    let cid = customer(&w, &garage, BEN).await;
    let m = write(&w.s, &garage, &cid, "Your car is ready").await;
    w.work().await;
    w.sim.set_account(OWN, TOKEN);
    connect(&w.s, &garage).await.expect("connected");
    let sid = see(&w, &garage, &m).await.provider_sid.expect("sent");
    w.status(&m, &sid, "undelivered", Some(30002)).await.expect("heard");
    assert!(pages::notices::list(&w.s, &garage).await.expect("banners").is_empty());
    assert_eq!(
        pages::notices::list(&w.s, &w.owner).await.expect("banners").len(),
        1,
        "it is the installation's"
    );
}

/// Who reads too fast waits a moment, too; that is no failure.
#[rstest]
#[tokio::test]
async fn who_reads_too_fast_waits_and_reads_on(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    w.clock.advance(Duration::minutes(1));
    w.sim.inbound(ANN, NUMBER, "STOP").await;
    w.sim.set_fault(Fault::new(FaultKind::ReadRateLimit).count(2));
    let synced = reconcile::sync(&w.s).await.expect("read after a moment");
    assert_eq!(synced.brought_in, 1);
    let ben = w.contact("Ben", BEN).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter));
    w.reply(&ben, "Hello").await.expect("queued");
    w.work().await;
    w.sim.set_fault(Fault::new(FaultKind::ReadRateLimit));
    let m = w.last_message(&ben).await;
    jobs::perform(&w.s, Job::Resolve { message_id: m.id })
        .await
        .expect("looked up");
    assert!(w.last_message(&ben).await.provider_sid.is_some());
    // More patience than that is not to be had in one go.
    w.sim.set_fault(Fault::new(FaultKind::ReadRateLimit).ms(60_000));
    reconcile::sync(&w.s).await.expect_err("Twilio asks for a minute");
    reconcile::sync(&w.s).await.expect("the next look reads on");
}

/// Four answers that reading was too fast are too many for one account, which gives up; two accounts that read side by side share them.
#[rstest]
#[tokio::test]
async fn accounts_that_read_too_fast_wait_at_the_same_time(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    garage(&w).await;
    reconcile::sync(&w.s).await.expect("begins");
    w.clock.advance(Duration::minutes(1));
    w.sim.inbound(ANN, NUMBER, "STOP").await;
    w.sim.set_fault(Fault::new(FaultKind::ReadRateLimit).count(4));
    let synced = reconcile::sync(&w.s).await.expect("each log is read after a moment");
    assert_eq!(synced.brought_in, 1);
}
