//! Who is at a conversation: seen by colleagues, by nobody else, and forgotten when they fall silent.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    conversations::{ConversationQuery, Doing, Presence},
    live::LiveEvent,
};
use entity::conversations::presence as table;
use rstest::rstest;
use sea_orm::{EntityTrait, PaginatorTrait};
use services::{Actor, conversations, conversations::presence, live};
use testkit::{Backend, World, member};
use uuid::Uuid;

const ANN: &str = "+14155550101";

async fn person(w: &World, name: &str) -> Actor {
    let email = format!("{}@x.test", name.to_lowercase());
    let mut actor = member(&w.s, w.owner.business_id, Role::Staff, &email, "long enough word").await;
    if let services::Principal::Member { name: shown, .. } = &mut actor.who {
        name.clone_into(shown);
    }
    actor
}

async fn thread(w: &World, phone: &str) -> Uuid {
    w.contact("Somebody", phone).await;
    w.text(phone, "Is there parking?").await;
    let all = conversations::page(&w.s, &w.owner, ConversationQuery::default())
        .await
        .expect("all");
    all.data.into_iter().find(|row| row.phone == phone).expect("a thread").id
}

async fn say(w: &World, actor: &Actor, id: Uuid, doing: Doing) {
    presence::say(&w.s, actor, id, doing).await.expect("said");
}

/// How many are there, and how many of them write.
async fn there(w: &World, reader: &Actor, id: Uuid) -> (usize, usize) {
    let all = presence::now(&w.s, reader).await.expect("who is there");
    let people = all.into_iter().find(|one| one.conversation_id == id).map(|one| one.people);
    let people = people.unwrap_or_default();
    (people.len(), people.iter().filter(|one| one.writing).count())
}

/// What the stream has told of presence, in order: how many are there and how many write.
async fn told(w: &World, reader: &Actor) -> Vec<(usize, usize)> {
    let batch = live::after(&w.s, reader, 0).await.expect("the log");
    let of = |one: Presence| (one.people.len(), one.people.iter().filter(|p| p.writing).count());
    let presence = batch.events.into_iter().filter_map(|(_, event)| match event {
        LiveEvent::Presence(one) => Some(of(one)),
        _ => None,
    });
    presence.collect()
}

#[rstest]
#[tokio::test]
async fn a_colleague_is_seen_viewing_then_writing_then_gone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let id = thread(&w, ANN).await;
    let (maya, sam) = (person(&w, "Maya").await, person(&w, "Sam").await);
    say(&w, &maya, id, Doing::Viewing).await;
    assert_eq!(there(&w, &sam, id).await, (1, 0));
    say(&w, &maya, id, Doing::Writing).await;
    assert_eq!(there(&w, &sam, id).await, (1, 1));
    say(&w, &sam, id, Doing::Viewing).await;
    assert_eq!(there(&w, &sam, id).await, (2, 1));
    say(&w, &maya, id, Doing::Viewing).await;
    say(&w, &maya, id, Doing::Leaving).await;
    say(&w, &maya, id, Doing::Leaving).await;
    assert_eq!(told(&w, &sam).await, [(1, 0), (1, 1), (2, 1), (2, 0), (1, 0)]);
}

#[rstest]
#[tokio::test]
async fn a_heartbeat_is_no_news(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let id = thread(&w, ANN).await;
    let maya = person(&w, "Maya").await;
    for _ in 0..40 {
        say(&w, &maya, id, Doing::Viewing).await;
        w.clock.advance(Duration::seconds(15));
        presence::sweep(&w.s).await.expect("swept");
    }
    for _ in 0..40 {
        say(&w, &maya, id, Doing::Writing).await;
        w.clock.advance(Duration::seconds(3));
        presence::sweep(&w.s).await.expect("swept");
    }
    assert_eq!(
        told(&w, &maya).await,
        [(1, 0), (1, 1)],
        "ten minutes of looking and two of writing"
    );
    let rows = table::Entity::find().count(w.s.db().connection()).await.expect("counted");
    assert_eq!(rows, 1);
}

#[rstest]
#[tokio::test]
async fn who_falls_silent_stops_writing_after_5_seconds_and_is_gone_after_25(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let id = thread(&w, ANN).await;
    let (maya, sam) = (person(&w, "Maya").await, person(&w, "Sam").await);
    say(&w, &maya, id, Doing::Writing).await;
    w.clock.advance(Duration::seconds(4));
    presence::sweep(&w.s).await.expect("swept");
    assert_eq!(there(&w, &sam, id).await, (1, 1));
    w.clock.advance(Duration::seconds(1));
    // Another process may be the one that looks.
    presence::sweep(&w.another_process().await).await.expect("swept");
    assert_eq!(there(&w, &sam, id).await, (1, 0));
    w.clock.advance(Duration::seconds(19));
    presence::sweep(&w.s).await.expect("swept");
    assert_eq!(there(&w, &sam, id).await, (1, 0), "24 seconds");
    w.clock.advance(Duration::seconds(1));
    assert_eq!(
        there(&w, &sam, id).await,
        (0, 0),
        "nor is a page told of somebody who is about to be swept away"
    );
    presence::sweep(&w.s).await.expect("swept");
    presence::sweep(&w.s).await.expect("nothing is left to do");
    assert_eq!(told(&w, &sam).await, [(1, 1), (1, 0), (0, 0)]);

    say(&w, &maya, id, Doing::Viewing).await;
    assert_eq!(there(&w, &sam, id).await, (1, 0), "back again");
}

#[rstest]
#[tokio::test]
async fn another_business_sees_and_says_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let id = thread(&w, ANN).await;
    let maya = person(&w, "Maya").await;
    say(&w, &maya, id, Doing::Writing).await;
    let other = w.another_business().await;
    let gus = member(&w.s, other.business_id, Role::Owner, "gus@x.test", "long enough word").await;
    assert_eq!(there(&w, &gus, id).await, (0, 0));
    assert!(told(&w, &gus).await.is_empty());
    for doing in [Doing::Viewing, Doing::Writing, Doing::Leaving] {
        let refused = presence::say(&w.s, &gus, id, doing).await.expect_err("another's");
        assert_eq!(refused.problem().code, Code::NotFound);
    }
    assert_eq!(there(&w, &maya, id).await, (1, 1));
}

/// Somebody who opens everything is shown at what they opened last, so that the table is bounded by how many work here.
#[rstest]
#[tokio::test]
async fn one_person_is_at_twenty_conversations_at_most(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let maya = person(&w, "Maya").await;
    let mut ids = Vec::new();
    for n in 0..21 {
        ids.push(thread(&w, &format!("+141555502{n:02}")).await);
    }
    for id in &ids {
        say(&w, &maya, *id, Doing::Viewing).await;
        w.clock.advance(Duration::milliseconds(100));
    }
    let all = presence::now(&w.s, &w.owner).await.expect("who is there");
    assert_eq!(all.len(), 20);
    assert_eq!(there(&w, &w.owner, ids[0]).await, (0, 0));
    assert_eq!(there(&w, &w.owner, ids[20]).await, (1, 0));
}
