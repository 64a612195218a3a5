//! What an endpoint was told, page by page, and telling it once more.

use chrono::Duration;
use contract::{
    Code,
    webhooks::{ResendWebhooks, WebhookDeliveryQuery},
};
use entity::webhooks::{webhook_delivery, webhook_endpoint};
use rstest::rstest;
use sea_orm::{EntityTrait, PaginatorTrait};
use services::webhooks;
use testkit::{Backend, Receiver, Says, World};

use super::{ANN, BEN, deliver, hook, states, told};

#[rstest]
#[tokio::test]
async fn it_is_read_page_by_page_and_told_with_its_answers(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["*"], false).await;
    for _ in 0..5 {
        webhooks::test(&w.s, &w.owner, hook.id).await.expect("a test");
        w.clock.advance(Duration::seconds(1));
    }
    deliver(&w).await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let query = WebhookDeliveryQuery {
            cursor,
            limit: Some(2),
            ..Default::default()
        };
        let page = webhooks::deliveries(&w.s, &w.owner, hook.id, query).await.expect("a page");
        assert!(page.data.len() <= 2);
        seen.extend(page.data);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(
        seen.windows(2).all(|two| two[0].created_at > two[1].created_at),
        "newest first"
    );
    let one = &seen[0];
    assert_eq!((one.answer_status, one.answer_body.as_deref()), (Some(200), Some("so be it")));
    let detail = webhooks::delivery(&w.s, &w.owner, one.id).await.expect("one");
    let posted = receiver
        .calls()
        .into_iter()
        .find(|call| call.id == one.id.to_string())
        .expect("it came");
    assert_eq!(detail.body, posted.body, "to the letter");
    let failed = WebhookDeliveryQuery {
        status: Some("failed".to_owned()),
        ..Default::default()
    };
    assert!(
        webhooks::deliveries(&w.s, &w.owner, hook.id, failed)
            .await
            .expect("a page")
            .data
            .is_empty()
    );
    let wrong = WebhookDeliveryQuery {
        status: Some("eaten".to_owned()),
        ..Default::default()
    };
    assert!(webhooks::deliveries(&w.s, &w.owner, hook.id, wrong).await.is_err());
}

#[rstest]
#[tokio::test]
async fn one_is_posted_again_as_the_same(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    let one = told(&w, hook.id).await.remove(0);
    let again = webhooks::resend(&w.s, &w.owner, one.id).await.expect("again");
    assert_eq!((again.status.as_str(), again.next_at), ("waiting", Some(w.clock.now())));
    deliver(&w).await;
    let calls = receiver.take();
    assert_eq!((calls.len(), &calls[0].id), (2, &calls[1].id));
    let one = told(&w, hook.id).await.remove(0);
    assert_eq!((one.status.as_str(), one.attempts), ("delivered", 2));
    let garage = w.another_business().await;
    assert!(
        webhooks::resend(&w.s, &garage, one.id).await.is_err(),
        "nobody else's to repeat"
    );
}

#[rstest]
#[tokio::test]
async fn what_was_given_up_in_a_time_is_posted_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    w.clock.advance(Duration::hours(1));
    let noon = w.clock.now();
    // Gone, and so given up at once.
    receiver.say(Says::Status(410));
    w.contact("Ben", BEN).await;
    deliver(&w).await;
    assert_eq!(states(&w, hook.id).await, ["delivered", "failed"]);
    super::switch(&w, hook.id, true).await;
    receiver.say(Says::Status(200));
    receiver.take();
    let resend = async |since, until, delivered| {
        let cmd = ResendWebhooks { since, until, delivered };
        webhooks::resend_since(&w.s, &w.owner, hook.id, cmd)
            .await
            .map(|came| (came.resent, came.more))
    };
    w.clock.advance(Duration::hours(1));
    assert_eq!(resend(w.clock.now(), None, true).await.expect("none"), (0, false));
    assert_eq!(resend(noon, None, false).await.expect("what failed"), (1, false));
    deliver(&w).await;
    assert_eq!(states(&w, hook.id).await, ["delivered", "delivered"]);
    assert_eq!(receiver.take().len(), 1);
    let before = noon - Duration::minutes(1);
    assert_eq!(
        resend(noon - Duration::hours(2), Some(before), true)
            .await
            .expect("the first"),
        (1, false)
    );
    assert_eq!(
        resend(noon - Duration::hours(2), None, true)
            .await
            .expect("both but what waits"),
        (1, false)
    );
    deliver(&w).await;
    assert_eq!(receiver.take().len(), 2);
    assert!(resend(noon, Some(before), true).await.is_err(), "it ends before it begins");
}

#[rstest]
#[tokio::test]
async fn it_is_forgotten_after_thirty_days(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    w.clock.advance(Duration::days(29));
    w.contact("Ben", BEN).await;
    deliver(&w).await;
    webhooks::prune(&w.s).await.expect("removed");
    assert_eq!(states(&w, hook.id).await.len(), 2);
    w.clock.advance(Duration::days(2));
    webhooks::prune(&w.s).await.expect("removed");
    assert_eq!(states(&w, hook.id).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_removed_one_is_gone_at_once_and_its_rows_a_little_later(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    receiver.take();
    let told = told(&w, hook.id).await.remove(0);
    webhooks::remove(&w.s, &w.owner, hook.id).await.expect("removed");
    assert!(webhooks::list(&w.s, &w.owner).await.expect("a list").is_empty());
    let gone = webhooks::delivery(&w.s, &w.owner, told.id).await.expect_err("gone").problem();
    assert_eq!(gone.code, Code::NotFound);
    w.contact("Ben", BEN).await;
    deliver(&w).await;
    assert!(receiver.kinds().is_empty(), "it hears nothing any more");
    // Whoever had seen it before it was removed may still write what it would have been told.
    webhooks::prune(&w.s).await.expect("looked");
    assert_eq!(rows(&w).await, 2);
    w.clock.advance(Duration::minutes(11));
    webhooks::prune(&w.s).await.expect("removed");
    assert_eq!(rows(&w).await, 0);
}

/// Endpoints and deliveries that the database holds.
async fn rows(w: &World) -> u64 {
    let db = w.s.db().connection();
    let endpoints = webhook_endpoint::Entity::find().count(db).await.expect("counted");
    endpoints + webhook_delivery::Entity::find().count(db).await.expect("counted")
}
