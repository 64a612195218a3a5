//! What somebody was offered stands in their thread, with what became of it.

use chrono::Duration;
use contract::{
    accounts::Role,
    contacts::ContactView,
    conversations::{Place, Thread},
    waitlist::{CreateSlot, OfferStatus},
};
use rstest::rstest;
use services::{Actor, pages};
use testkit::{Backend, World, member};

use super::{ANN, BEN, after, free, settle, times::offered, waits};

async fn thread(w: &World, actor: &Actor, of: &ContactView) -> Thread {
    let id = w.last_message(of).await.conversation_id;
    pages::thread::thread(&w.s, actor, id, Place::Newest).await.expect("a thread")
}

#[rstest]
#[tokio::test]
async fn several_times_are_one_line_and_say_which_was_taken(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "long enough word").await;
    let (ann, visit) = w.reminded("Ann", ANN).await;
    w.text(ANN, "N").await;
    w.clock.advance(Duration::minutes(1));
    let times = offered(&w, visit.id).await;
    settle(&w).await;
    let seen = thread(&w, &olga, &ann).await;
    assert_eq!(seen.offered.len(), 1);
    let line = &seen.offered[0];
    assert_eq!((line.id, line.status(), line.times.len()), (times.id, OfferStatus::Sent, 3));
    assert_eq!(line.open_until(), Some(w.clock.now() + Duration::minutes(30)));
    let text = seen
        .messages
        .iter()
        .find(|m| m.body.contains("other times"))
        .expect("the text");
    assert!(text.created_at <= line.at, "it stands behind its text");
    w.text(ANN, "2").await;
    settle(&w).await;
    let line = thread(&w, &olga, &ann).await.offered.remove(0);
    let taken = line.taken().map(|time| time.starts_at);
    assert_eq!((line.status(), taken), (OfferStatus::Taken, Some(times.slots[1].starts_at)));
}

#[rstest]
#[tokio::test]
async fn an_offer_of_the_waitlist_says_how_it_ended(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "long enough word").await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    waits(&w, &ann).await;
    w.clock.advance(Duration::minutes(1));
    waits(&w, &ben).await;
    free(&w, 30, CreateSlot::default()).await;
    settle(&w).await;
    let of = async |who: &ContactView| {
        let lines = thread(&w, &olga, who).await.offered;
        lines.iter().map(contract::waitlist::Offered::status).collect::<Vec<_>>()
    };
    assert_eq!(of(&ann).await, [OfferStatus::Sent]);
    after(&w, Duration::minutes(30)).await;
    assert_eq!(of(&ann).await, [OfferStatus::Expired]);
    assert_eq!(of(&ben).await, [OfferStatus::Sent], "each thread has its own");
    w.text(BEN, "N").await;
    settle(&w).await;
    assert_eq!(of(&ben).await, [OfferStatus::Declined]);
}
