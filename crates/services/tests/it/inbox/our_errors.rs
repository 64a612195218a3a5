//! Texts that an error of ours stands in the way of: none is lost, and a person is asked in the end.

use domain::consent::State;
use entity::messages::{message, receipt};
use rstest::rstest;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use services::{jobs, queue::Job, receiving};
use testkit::{Backend, World};

use super::ANN;

#[rstest]
#[tokio::test]
async fn an_error_of_ours_never_loses_a_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let db = w.s.db().connection();
    // The part that shows a text breaks; the receipt must still be kept.
    db.execute_unprepared("ALTER TABLE conversation RENAME TO conversation_away")
        .await
        .expect("broken");
    assert_eq!(w.text(ANN, "Are you open?").await, receiving::Received::Kept);
    let sid = receipt::Entity::find()
        .one(db)
        .await
        .expect("answers")
        .expect("kept")
        .provider_sid;
    jobs::perform(
        &w.s,
        Job::Receive {
            provider_sid: sid.clone(),
        },
    )
    .await
    .expect("fails quietly");
    db.execute_unprepared("ALTER TABLE conversation_away RENAME TO conversation")
        .await
        .expect("mended");
    assert_eq!(message::Entity::find().count(db).await.expect("count"), 0);
    jobs::perform(
        &w.s,
        Job::Receive {
            provider_sid: sid.clone(),
        },
    )
    .await
    .expect("works");
    jobs::perform(&w.s, Job::Receive { provider_sid: sid })
        .await
        .expect("a repeat does nothing");
    assert_eq!(w.thread(&ann).await.len(), 1);
    assert_eq!(w.last_message(&ann).await.body, "Are you open?");
}

#[rstest]
#[tokio::test]
async fn a_panic_of_ours_never_loses_a_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.clock.panic_next(1);
    assert_eq!(
        w.text(ANN, "Are you open?").await,
        receiving::Received::Done,
        "the second try worked"
    );
    w.clock.panic_next(2);
    assert_eq!(w.text(ANN, "On Sunday, too?").await, receiving::Received::Kept);
    let rows = receipt::Entity::find().all(w.s.db().connection()).await.expect("answers");
    let kept = rows.into_iter().find(|r| r.processed_at.is_none()).expect("one waits");
    let provider_sid = kept.provider_sid;
    jobs::perform(&w.s, Job::Receive { provider_sid }).await.expect("works");
    let said: Vec<String> = w.thread(&ann).await.into_iter().map(|m| m.body).collect();
    assert_eq!(said, ["Are you open?", "On Sunday, too?"]);
}

#[rstest]
#[tokio::test]
async fn what_can_never_be_shown_ends_as_a_task(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    db.execute_unprepared("ALTER TABLE conversation RENAME TO conversation_away")
        .await
        .expect("broken");
    w.text(ANN, "Are you open?").await;
    let sid = receipt::Entity::find()
        .one(db)
        .await
        .expect("answers")
        .expect("kept")
        .provider_sid;
    for _ in 0..6 {
        jobs::perform(
            &w.s,
            Job::Receive {
                provider_sid: sid.clone(),
            },
        )
        .await
        .expect("fails quietly");
    }
    let tasks = w.open_tasks().await;
    assert_eq!((tasks.len(), tasks[0].kind.as_str()), (1, "stuck_message"));
    assert!(tasks[0].title.contains(&sid));
}

/// It was acknowledged, so it counts, even while an error of ours keeps us from acting on it.
#[rstest]
#[tokio::test]
async fn a_stop_that_could_not_be_acted_on_holds_everything_until_it_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let db = w.s.db().connection();
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    db.execute_unprepared(&rename("conversation", "away")).await.expect("broken");
    assert_eq!(w.text(ANN, "Stop").await, receiving::Received::Kept);
    db.execute_unprepared(&rename("away", "conversation")).await.expect("mended");
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    let kept = receipt::Entity::find().one(db).await.expect("answers").expect("kept");
    let provider_sid = kept.provider_sid;
    jobs::perform(&w.s, Job::Receive { provider_sid }).await.expect("works");
    let shown = w.see_contact(&ann).await;
    assert_eq!((shown.consent.sms, shown.held_since), (State::OptedOut, None));
    assert_eq!(w.thread(&ann).await[0].status, "cancelled");
}
