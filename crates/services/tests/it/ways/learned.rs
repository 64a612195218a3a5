//! The order of ways: their business's, and what worked for them before.

use contract::{
    Code,
    businesses::Ways,
    contacts::{ContactChannels, ContactView},
};
use entity::contacts::contact_answers;
use rstest::rstest;
use sea_orm::{EntityTrait, QueryOrder, Set};
use services::{businesses::ways, contacts, visit_page};
use testkit::{Backend, World};

use super::{ANN, MAIL, ann, due, of_channel, prefers_mail, token};

fn wanted(channels: &[&str], learn: bool) -> Ways {
    Ways {
        channels: channels.iter().map(|word| (*word).to_owned()).collect(),
        learn,
        confirm_offers: false,
    }
}

async fn set(w: &World, channels: &[&str], learn: bool) {
    ways::set(&w.s, &w.owner, wanted(channels, learn)).await.expect("set");
}

/// As if they had been asked and had answered so often.
async fn answered(w: &World, contact: &ContactView, all: &[(&str, i32, i32)]) {
    let row = |(channel, answered, asked): &(&str, i32, i32)| contact_answers::ActiveModel {
        contact_id: Set(contact.id),
        channel: Set((*channel).to_owned()),
        business_id: Set(w.owner.business_id),
        asked: Set(*asked),
        answered: Set(*answered),
    };
    let rows = contact_answers::Entity::insert_many(all.iter().map(row));
    rows.exec_without_returning(w.s.db().connection()).await.expect("rows");
}

async fn counted(w: &World) -> Vec<(String, i32, i32)> {
    let rows = contact_answers::Entity::find().order_by_asc(contact_answers::Column::Channel);
    let rows = rows.all(w.s.db().connection()).await.expect("rows");
    rows.into_iter().map(|row| (row.channel, row.answered, row.asked)).collect()
}

#[rstest]
#[tokio::test]
async fn a_business_says_which_way_comes_first(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    assert_eq!(
        ways::get(&w.s, &w.owner).await.expect("read"),
        wanted(&["sms", "whatsapp", "email"], false)
    );
    for wrong in [&["pigeon"][..], &["sms", "sms"], &[]] {
        let refused = ways::set(&w.s, &w.owner, wanted(wrong, false))
            .await
            .expect_err("refused")
            .problem();
        assert_eq!(
            (refused.code, refused.fields[0].field.as_str()),
            (Code::Invalid, "channels"),
            "{wrong:?}"
        );
    }
    set(&w, &["email", "sms"], false).await;
    let ann = ann(&w).await;
    due(&w, &ann).await;
    w.work().await;
    assert_eq!((w.sim.mails_to(MAIL).len(), w.phone_got(ANN).len()), (1, 0));
    // What they have chosen themselves holds against it.
    let cmd = ContactChannels {
        primary: "sms".to_owned(),
        ..ContactChannels::default()
    };
    contacts::set_channels(&w.s, &w.owner, ann.id, cmd).await.expect("noted");
    due(&w, &ann).await;
    w.work().await;
    assert_eq!((w.sim.mails_to(MAIL).len(), w.phone_got(ANN).len()), (1, 1));
}

#[rstest]
#[tokio::test]
async fn what_somebody_answered_before_comes_first_where_that_is_wanted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    answered(&w, &ann, &[("sms", 1, 5), ("email", 4, 5)]).await;
    due(&w, &ann).await;
    w.work().await;
    assert_eq!(
        (w.sim.mails_to(MAIL).len(), w.phone_got(ANN).len()),
        (0, 1),
        "off, unless it is turned on"
    );
    assert_eq!(of_channel(&w, &ann, "sms").await.chosen_because, None);
    set(&w, &["sms", "email"], true).await;
    due(&w, &ann).await;
    w.work().await;
    assert_eq!((w.sim.mails_to(MAIL).len(), w.phone_got(ANN).len()), (1, 1));
    let why = of_channel(&w, &ann, "email").await.chosen_because;
    assert_eq!(why.as_deref(), Some("Answered 4 of 5 by e-mail."));
}

#[rstest]
#[tokio::test]
async fn questions_and_answers_are_counted_by_their_way(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    due(&w, &ann).await;
    w.work().await;
    w.text(ANN, "Y").await;
    w.text(ANN, "N").await;
    assert_eq!(
        counted(&w).await,
        [("sms".to_owned(), 1, 1)],
        "who changes their mind has answered once"
    );
    prefers_mail(&w, &ann).await;
    due(&w, &ann).await;
    w.work().await;
    let text = w.sim.mails_to(MAIL).remove(0).text.unwrap_or_default();
    assert_eq!(counted(&w).await, [("email".to_owned(), 0, 1), ("sms".to_owned(), 1, 1)]);
    visit_page::act(&w.s, &token(&text, "/v/"), visit_page::Act::Confirm)
        .await
        .expect("answered");
    assert_eq!(counted(&w).await, [("email".to_owned(), 1, 1), ("sms".to_owned(), 1, 1)]);
}
