//! A way that is broken is not hammered: texts wait, and one at a time shows whether it works again.

use chrono::Duration;
use rstest::rstest;
use services::{outbox, pages, reconcile, sending};
use testkit::{Backend, Fault, FaultKind, World};

use super::{ANN, kinds, phone};

#[rstest]
#[tokio::test]
async fn after_five_failures_in_a_row_texts_wait_and_one_tries_the_way_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorBefore).count(5));
    for n in 0..5 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
        w.work().await;
    }
    assert_eq!(kinds(&w).await, ["account_breaker"]);
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", "+14155550172").await;
    for person in [&ann, &ben] {
        w.reply(person, "Hello").await.expect("queued");
    }
    w.work().await;
    let held = w.last_message(&ann).await;
    assert!(
        held.status == "queued" && held.status_words.contains("tried again"),
        "{}: {}",
        held.status,
        held.status_words
    );
    assert!(w.sim.messages().is_empty(), "the breaker is open");
    // One call shows whether the way is free; the other text waits for what it says.
    w.clock.advance(Duration::seconds(31));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 1);
    assert!(kinds(&w).await.is_empty(), "it went through: closed again");
    w.clock.advance(Duration::seconds(11));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 2);
}

#[rstest]
#[tokio::test]
async fn refused_credentials_stop_everything_at_once_and_cost_no_text(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(20003).count(1));
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", "+14155550172").await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    w.reply(&ben, "Hello").await.expect("queued");
    w.work().await;
    for person in [&ann, &ben] {
        assert_eq!(w.last_message(person).await.status, "queued");
    }
    assert_eq!(kinds(&w).await, ["account_breaker"]);
    for _ in 0..4 {
        w.clock.advance(Duration::minutes(6));
        w.work().await;
    }
    assert_eq!(w.sim.messages().len(), 2, "put right, all of it leaves");
}

#[rstest]
#[tokio::test]
async fn a_number_that_may_not_send_stops_that_number_only(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let other = w.another_business().await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(30034).count(1));
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.last_message(&ann).await.status, "failed");
    assert_eq!(kinds(&w).await, ["sender_breaker"]);
    w.reply(&ann, "Hello again").await.expect("queued");
    w.work().await;
    assert_eq!(
        w.last_message(&ann).await.status,
        "queued",
        "it waits instead of being refused, too"
    );
    assert!(pages::notices::list(&w.s, &other).await.expect("notices").is_empty());
    // Put right at Twilio: one text shows it, and the number is free again.
    w.clock.advance(Duration::minutes(6));
    w.work().await;
    assert!(kinds(&w).await.is_empty());
    w.reply(&ann, "And again").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello again", "And again"]);
}

/// An unregistered number: Twilio takes each text, and the carriers refuse it.
#[rstest]
#[tokio::test]
async fn a_number_whose_texts_the_carriers_refuse_stops_until_one_gets_through(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let refused = async |text: &str| {
        w.reply(&ann, text).await.expect("queued");
        w.work().await;
        let m = w.last_message(&ann).await;
        let sid = m.provider_sid.clone().expect("taken");
        w.status(&m, &sid, "undelivered", Some(30034)).await.expect("heard");
    };
    refused("One").await;
    assert_eq!(kinds(&w).await, ["sender_breaker"]);
    w.reply(&ann, "Two").await.expect("queued");
    w.reply(&ann, "Three").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["One"], "the others wait");
    w.clock.advance(Duration::minutes(6));
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["One", "Two"], "one shows whether it works again");
    assert_eq!(kinds(&w).await, ["sender_breaker"], "that Twilio takes it shows nothing");
    let thread = w.thread(&ann).await;
    let two = thread.iter().find(|m| m.body == "Two").expect("it is there").clone();
    let sid = two.provider_sid.clone().expect("taken");
    w.status(&two, &sid, "undelivered", Some(30034)).await.expect("heard");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "it waits again, for longer");
    w.clock.advance(Duration::minutes(30));
    w.work().await;
    let thread = w.thread(&ann).await;
    let three = thread.iter().find(|m| m.body == "Three").expect("it is there").clone();
    let sid = three.provider_sid.clone().expect("taken");
    w.status(&three, &sid, "delivered", None).await.expect("heard");
    assert!(kinds(&w).await.is_empty(), "the network's word counts");
}

#[rstest]
#[tokio::test]
async fn while_twilio_is_out_of_reach_no_text_is_given_up(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    for _ in 0..20 {
        sending::send_due(&cut_off).await.expect("nobody there");
        w.clock.advance(Duration::minutes(30));
    }
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "queued", "{:?}", m.error);
    assert_eq!(kinds(&w).await, ["account_breaker"]);
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"], "ten hours later it leaves");
}

#[rstest]
#[tokio::test]
async fn a_day_without_twilio_ends_with_a_person(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    for _ in 0..27 {
        sending::send_due(&cut_off).await.expect("nobody there");
        w.clock.advance(Duration::hours(1));
    }
    assert_eq!(w.last_message(&ann).await.status, "failed");
    assert_eq!(w.open_tasks().await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn what_the_carriers_refuse_closes_by_twilios_log_where_no_callback_comes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "One").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("taken");
    w.status(&m, &sid, "undelivered", Some(30034)).await.expect("heard");
    assert_eq!(kinds(&w).await, ["sender_breaker"]);
    w.clock.advance(Duration::minutes(6));
    w.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    w.sim.set_delay(std::time::Duration::from_millis(1));
    w.reply(&ann, "Two").await.expect("queued");
    w.reply(&ann, "Three").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "one shows whether it works again");
    let patience = std::time::Duration::from_secs(180);
    let delivered = w.sim.wait_for(
        |sim| sim.messages().any(|m| m.body == "Two" && m.status == "delivered"),
        patience,
    );
    delivered.await.expect("it arrives");
    w.clock.advance(Duration::minutes(5));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "no other goes before the first is heard of");
    reconcile::sync(&w.s).await.expect("syncs");
    assert!(kinds(&w).await.is_empty(), "the network's word counts, however it comes");
    w.clock.advance(Duration::minutes(6));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 3);
}

#[rstest]
#[tokio::test]
async fn a_text_written_long_ago_waits_for_twilio_as_any_other(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21211));
    let m = w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.last_message(&ann).await.status, "failed");
    w.clock.advance(Duration::days(3));
    let ids = contract::messages::MessageIds { ids: vec![m.id] };
    outbox::retry(&w.s, &w.owner, ids).await.expect("again");
    for _ in 0..20 {
        sending::send_due(&cut_off).await.expect("nobody there");
        w.clock.advance(Duration::hours(1));
    }
    assert_eq!(w.last_message(&ann).await.status, "queued");
    for _ in 0..7 {
        sending::send_due(&cut_off).await.expect("nobody there");
        w.clock.advance(Duration::hours(1));
    }
    assert_eq!(w.last_message(&ann).await.status, "failed", "a day is enough");
}
