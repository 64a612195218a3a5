//! Who is who on WhatsApp: by number, by an id that means them to one business, or by both.

use chrono::Duration;
use contract::contacts::ContactQuery;
use rstest::rstest;
use services::contacts;
use testkit::{Backend, World};

use super::{ANN, CHAT, chat, post, replies, world, writes};

const ID: &str = "whatsapp:US.13491208655302741918";

async fn everybody(w: &World) -> Vec<contract::contacts::ContactView> {
    contacts::list(&w.s, &w.owner, ContactQuery::default())
        .await
        .expect("contacts")
        .data
}

#[rstest]
#[tokio::test]
async fn somebody_without_a_number_is_a_person_who_is_answered(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let mut form = chat(&w, ID, "Hi");
    form.details.external_user_id = Some(ID.to_owned());
    form.profile_name = Some("Ann the great".to_owned());
    post(&w, &form).await;
    writes(&w, ID, "Are you there?").await;
    let all = everybody(&w).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].name, "", "nobody is known by what they call themselves");
    replies(&w, &all[0], "We are").await.expect("the window is open");
    w.work().await;
    let sent = w.sim.sent_to(ID);
    assert_eq!(sent.len(), 1, "without a plus");
    assert_eq!(sent[0].body, "We are");
    let cmd = contract::messages::SendMessage {
        contact_id: all[0].id,
        body: "By text?".to_owned(),
        channel: Some("sms".to_owned()),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    services::outbox::send(&w.s, &w.owner, cmd)
        .await
        .expect_err("there is no number");
}

#[rstest]
#[tokio::test]
async fn who_shows_their_number_later_stays_the_same_person(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    writes(&w, ID, "Hi").await;
    let mut both = chat(&w, CHAT, "It is me");
    both.details.external_user_id = Some(ID.to_owned());
    post(&w, &both).await;
    let all = everybody(&w).await;
    assert_eq!(
        (all.len(), all[0].phone.as_str()),
        (1, ANN),
        "the number takes the place of the id"
    );
    assert_eq!(w.thread(&all[0]).await.len(), 2);
    w.clock.advance(Duration::seconds(5));
    writes(&w, ID, "Without a number again").await;
    assert_eq!(everybody(&w).await.len(), 1);
    assert_eq!(w.thread(&all[0]).await.len(), 3);
    replies(&w, &all[0], "Hello").await.expect("open");
    w.work().await;
    assert_eq!(w.phone_got(ID), ["Hello"], "answered where they wrote last");
}

#[rstest]
#[tokio::test]
async fn two_entries_that_one_message_shows_to_be_one_are_merged(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let ann = w.contact("Ann", ANN).await;
    writes(&w, ID, "Hi, it is Ann").await;
    assert_eq!(everybody(&w).await.len(), 2, "nothing says yet that they are one");
    let mut both = chat(&w, CHAT, "With my number now");
    both.details.external_user_id = Some(ID.to_owned());
    post(&w, &both).await;
    let all = everybody(&w).await;
    assert_eq!(all.iter().map(|c| c.id).collect::<Vec<_>>(), [ann.id]);
    assert_eq!(w.thread(&ann).await.len(), 2, "one thread with all that was said");
    w.clock.advance(Duration::seconds(5));
    writes(&w, ID, "And again").await;
    assert_eq!(w.thread(&ann).await.len(), 3);
    replies(&w, &ann, "Hello Ann").await.expect("open");
    w.work().await;
    assert_eq!(w.phone_got(ID), ["Hello Ann"]);
    writes(&w, ID, "STOP").await;
    w.work().await;
    w.text(ANN, "hello").await;
    replies(&w, &ann, "Hi")
        .await
        .expect_err("a STOP by one address is the person's");
}
