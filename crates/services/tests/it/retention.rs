//! What texts say is removed when its business keeps it no longer, and nothing else is.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    businesses::UpdateRetention,
    contacts::ContactView,
    conversations::{ConversationAction as Do, ConversationRow},
    messages::{MessageIds, MessageView},
    search::SearchQuery,
};
use entity::messages::{message, message_kept, receipt};
use rstest::rstest;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryOrder};
use services::{conversations, jobs, outbox, retention, search};
use testkit::{Backend, World};

use crate::notifications::person;

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

async fn keep(w: &World, days: &str, confirm: bool) -> services::Result<()> {
    let new = UpdateRetention {
        keep_days: days.to_owned(),
        confirm,
    };
    retention::choose(&w.s, &w.owner, new).await
}

async fn days(w: &World, days: i64) {
    w.clock.advance(Duration::days(days));
    jobs::tick(&w.s).await.expect("a tick");
}

/// Somebody asked about parking, was answered, and the answer arrived.
async fn answered(w: &World, name: &str, phone: &str) -> ContactView {
    let somebody = w.contact(name, phone).await;
    w.text(phone, "Is there parking?").await;
    w.clock.advance(Duration::minutes(1));
    w.reply(&somebody, "Yes, behind the house.").await.expect("sent");
    w.clock.advance(Duration::minutes(1));
    w.work().await;
    somebody
}

async fn bodies(w: &World, contact: &ContactView) -> Vec<String> {
    w.thread(contact).await.into_iter().map(|m| m.body).collect()
}

async fn row(w: &World, contact: &ContactView) -> ConversationRow {
    let all = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("the inbox");
    all.data
        .into_iter()
        .find(|row| row.contact_id == contact.id)
        .expect("a conversation")
}

async fn found(w: &World, words: &str) -> usize {
    let query = SearchQuery {
        q: Some(words.to_owned()),
        ..SearchQuery::default()
    };
    search::all(&w.s, &w.owner, query).await.expect("hits").messages.data.len()
}

#[rstest]
#[tokio::test]
async fn words_go_after_their_time_and_everything_else_stays(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = answered(&w, "Ann", ANN).await;
    let before: Vec<MessageView> = w.thread(&ann).await;
    days(&w, 1000).await;
    assert_eq!(bodies(&w, &ann).await[0], "Is there parking?", "for ever, if nobody chooses");
    keep(&w, "365", true).await.expect("kept");
    assert_eq!(found(&w, "parking").await, 1);
    days(&w, 0).await;
    let after = w.thread(&ann).await;
    assert_eq!(
        bodies(&w, &ann).await,
        ["Text removed after 1 year", "Text removed after 1 year"]
    );
    for (was, is) in before.into_iter().zip(after) {
        let body = is.body.clone();
        assert_eq!(
            MessageView {
                body,
                removed: true,
                ..was
            },
            is,
            "all but the words"
        );
    }
    assert_eq!(found(&w, "parking").await, 0);
    assert_eq!(row(&w, &ann).await.preview, "Text removed after 1 year");
    let db = w.s.db().connection();
    let stored = message::Entity::find().all(db).await.expect("rows");
    assert!(stored.iter().all(|m| m.body.is_empty()), "{stored:?}");
    let raw = receipt::Entity::find().one(db).await.expect("rows").expect("a receipt").raw;
    assert!(raw.len() < 80, "the webhook that brought it is not kept either: {raw}");
    // A repeat of it is known as before.
    let known = receipt::Entity::find().count(db).await.expect("a number");
    jobs::tick(&w.s).await.expect("a tick");
    assert_eq!((known, w.thread(&ann).await.len()), (1, 2));
}

#[rstest]
#[tokio::test]
async fn only_what_is_older_goes_and_the_next_when_its_time_comes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    keep(&w, "90", false).await.expect("nothing is lost by it");
    let ann = answered(&w, "Ann", ANN).await;
    days(&w, 50).await;
    let ben = answered(&w, "Ben", BEN).await;
    days(&w, 39).await;
    assert_eq!(bodies(&w, &ann).await[0], "Is there parking?");
    days(&w, 1).await;
    assert_eq!(bodies(&w, &ann).await, ["Text removed after 90 days"; 2]);
    assert_eq!(bodies(&w, &ben).await[0], "Is there parking?");
    assert_eq!(found(&w, "parking").await, 1);
    // For ever again: what is there stays from then on.
    keep(&w, "", false).await.expect("kept");
    days(&w, 500).await;
    assert_eq!(bodies(&w, &ben).await[0], "Is there parking?");
}

#[rstest]
#[tokio::test]
async fn what_is_still_open_is_left_alone_until_it_is_not(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    keep(&w, "90", false).await.expect("kept");
    // Ann waits for an answer.
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Is there parking?").await;
    // Ben wants no more texts, perhaps: somebody has to decide.
    let ben = w.contact("Ben", BEN).await;
    w.text(BEN, "please take me off your list").await;
    days(&w, 100).await;
    assert_eq!(bodies(&w, &ann).await, ["Is there parking?"]);
    assert_eq!(bodies(&w, &ben).await, ["please take me off your list"]);
    conversations::act(&w.s, &w.owner, row(&w, &ann).await.id, Do::NoReplyNeeded)
        .await
        .expect("done");
    days(&w, 1).await;
    days(&w, 1).await;
    assert_eq!(bodies(&w, &ann).await, ["Text removed after 90 days"]);
    assert_eq!(bodies(&w, &ben).await, ["please take me off your list"]);
    let kept = message_kept::Entity::find().count(w.s.db().connection()).await;
    assert_eq!(kept.expect("a number"), 1);
}

#[rstest]
#[tokio::test]
async fn a_long_history_is_done_in_steps_each_of_which_may_be_the_last(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = answered(&w, "Ann", ANN).await;
    let db = w.s.db().connection();
    let one = message::Entity::find()
        .order_by_desc(message::Column::CreatedAt)
        .one(db)
        .await
        .expect("rows")
        .expect("a message");
    for n in 0..12 {
        let more = (0..100).map(|k| {
            let id = uuid::Uuid::now_v7();
            let more = message::Model {
                id,
                correlation_id: Some(id.to_string()),
                provider_sid: None,
                created_at: one.created_at + Duration::seconds(n * 100 + k),
                ..one.clone()
            };
            more.into_active_model().reset_all()
        });
        message::Entity::insert_many(more)
            .exec_without_returning(db)
            .await
            .expect("stored");
    }
    w.clock.advance(Duration::days(400));
    let asked = keep(&w, "365", false).await.expect_err("refused").problem();
    let words = asked.for_field("confirm").unwrap_or_default().to_owned();
    assert!(words.contains("1202 texts"), "{words}");
    keep(&w, "365", true).await.expect("kept");
    jobs::tick(&w.s).await.expect("a tick");
    let rows = message::Entity::find().all(db).await.expect("rows");
    assert!(rows.iter().all(|m| m.removed_after == Some(365)), "all of them");
    assert_eq!(found(&w, "behind").await, 0);
    assert_eq!(row(&w, &ann).await.contact_id, ann.id);
}

#[rstest]
#[tokio::test]
async fn what_was_removed_is_not_sent_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let written = w.reply(&ann, "See you at ten").await.expect("stored");
    outbox::cancel_one(&w.s, &w.owner, written.id).await.expect("taken back");
    days(&w, 100).await;
    keep(&w, "90", true).await.expect("kept");
    days(&w, 0).await;
    let again = MessageIds { ids: vec![written.id] };
    let done = outbox::retry(&w.s, &w.owner, again).await.expect("an answer");
    assert!(done.not_done[0].reason.contains("not kept any more"), "{done:?}");
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
}

#[rstest]
#[tokio::test]
async fn it_is_for_owners_and_admins_and_one_of_four(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = person(&w, Role::Staff, "Sam").await;
    let new = UpdateRetention {
        keep_days: "90".to_owned(),
        confirm: true,
    };
    let refused = retention::choose(&w.s, &sam, new).await.expect_err("refused");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    assert_eq!(
        retention::view(&w.s, &sam).await.expect_err("refused").problem().code,
        Code::NotAllowed
    );
    let refused = keep(&w, "91", true).await.expect_err("refused").problem();
    assert!(refused.for_field("keep_days").is_some());
    keep(&w, "730", false).await.expect("kept");
    assert_eq!(retention::view(&w.s, &w.owner).await.expect("shown").keep_days, Some(730));
}
