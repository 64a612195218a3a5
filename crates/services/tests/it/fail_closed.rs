//! What is stored and not understood (by a newer version, by hand, by a fault) is refused, never let through.

use entity::messages::message;
use rstest::rstest;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use services::sending;
use testkit::{Backend, World};

const ANN: &str = "+14155550101";
const BEN: &str = "+14155550102";

async fn change(w: &World, sql: &str) {
    let changed = w.s.db().connection().execute_unprepared(sql).await.expect("changed");
    assert!(changed.rows_affected() > 0, "nothing was changed by {sql}");
}

#[rstest]
#[case::a_campaign("campaign")]
#[case::nothing("")]
#[case::another_spelling("Reply")]
#[tokio::test]
async fn a_text_of_an_unknown_origin_is_never_sent_and_a_person_hears_of_it(
    #[case] made_up: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    w.reply(&ann, "How was it? Please tell us.").await.expect("stored");
    w.reply(&ben, "See you.").await.expect("stored");
    change(
        &w,
        &format!("UPDATE message SET origin = '{made_up}' WHERE contact_id = (SELECT id FROM contact WHERE name = 'Ann')"),
    )
    .await;
    w.work().await;

    assert_eq!(w.phone_got(ANN), Vec::<String>::new());
    assert_eq!(w.phone_got(BEN), ["See you."], "others go their way");
    let seen = w.last_message(&ann).await;
    assert_eq!(seen.status, "cancelled");
    let why = seen.error.expect("a reason");
    assert!(why.contains("does not know what kind of text"), "{why}");
    let open = w.open_tasks().await;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].contact_id, Some(ann.id));
}

#[rstest]
#[tokio::test]
async fn who_may_be_texted_is_not_guessed_from_a_consent_that_cannot_be_read(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Stored while all was well").await.expect("stored");
    change(&w, "UPDATE consent SET state = 'perhaps'").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN), Vec::<String>::new(), "nothing leaves");
    w.reply(&ann, "And another").await.expect_err("nor is anything taken on");
    assert_eq!(w.phone_got(ANN), Vec::<String>::new());
}

#[rstest]
#[tokio::test]
async fn a_breaker_that_cannot_be_read_is_not_taken_for_closed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let until = w.clock.now() + chrono::Duration::hours(1);
    let sql = format!(
        "INSERT INTO breaker (scope, state, failures, opened, until, why, by_callback, changed_at) \
         VALUES ('sender:{}', 'ajar', 0, 0, '{}', 'Somebody wrote this by hand.', false, '{}')",
        testkit::NUMBER,
        until.to_rfc3339(),
        w.clock.now().to_rfc3339()
    );
    change(&w, &sql).await;
    w.reply(&ann, "Hello").await.expect("stored");
    sending::send_due(&w.s).await.expect("looked");
    assert_eq!(w.phone_got(ANN), Vec::<String>::new());
    w.clock.set(until + chrono::Duration::seconds(1));
    w.work().await;
    assert_eq!(
        w.phone_got(ANN),
        ["Hello"],
        "one is let through to see, when its time has come"
    );
}

#[rstest]
#[tokio::test]
async fn a_state_of_a_message_that_is_not_known_is_left_alone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("stored");
    change(&w, "UPDATE message SET status = 'pondering'").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN), Vec::<String>::new());
    let kept = message::Entity::find()
        .filter(message::Column::Status.eq("pondering"))
        .one(w.s.db().connection())
        .await
        .expect("read");
    assert!(kept.is_some(), "nobody acts on it");
}
