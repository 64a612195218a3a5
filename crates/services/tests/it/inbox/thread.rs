//! A long thread: its pages follow one another both ways, and lead to a day and to what is new.

use chrono::{Duration, NaiveDate};
use contract::{
    Code,
    accounts::Role,
    businesses::UpdateBusiness,
    conversations::{AddNote, Place, Thread},
};
use rstest::rstest;
use services::{Actor, businesses, conversations, pages};
use testkit::{Backend, World, member};
use uuid::Uuid;

use super::ANN;

/// A thread with `texts` of Ann, one a minute, and a note after each tenth.
async fn long_thread(w: &World, by: &Actor, texts: u32) -> Uuid {
    let mut id = None;
    for n in 0..texts {
        w.clock.advance(Duration::minutes(1));
        w.text(ANN, &format!("Text {n}")).await;
        let list = || conversations::page(&w.s, by, Default::default());
        if id.is_none() {
            id = Some(list().await.expect("a list").data[0].id);
        }
        if let Some(id) = id.filter(|_| n % 10 == 9) {
            w.clock.advance(Duration::seconds(10));
            let note = AddNote {
                id: None,
                body: format!("Note {n}"),
            };
            conversations::notes::add(&w.s, by, id, note).await.expect("noted");
        }
    }
    id.expect("a thread")
}

async fn open(w: &World, actor: &Actor, id: Uuid, place: Place) -> Thread {
    pages::thread::thread(&w.s, actor, id, place).await.expect("a thread")
}

/// What stands in a page, in its order.
fn lines(thread: &Thread) -> Vec<String> {
    let messages = thread.messages.iter().map(|m| (m.created_at, m.body.clone()));
    let mut lines: Vec<_> = messages
        .chain(thread.notes.iter().map(|n| (n.created_at, n.body.clone())))
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

fn expected(texts: u32) -> Vec<String> {
    let note = |n: u32| (n % 10 == 9).then(|| format!("Note {n}"));
    (0..texts)
        .flat_map(|n| std::iter::once(format!("Text {n}")).chain(note(n)))
        .collect()
}

async fn owner(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "long enough word").await
}

#[rstest]
#[tokio::test]
async fn pages_follow_one_another_both_ways(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = owner(&w).await;
    let id = long_thread(&w, &olga, 120).await;
    let (mut back, mut place) = (Vec::new(), Place::Newest);
    loop {
        let page = open(&w, &olga, id, place).await;
        back.splice(0..0, lines(&page));
        assert_eq!(page.newer.is_some(), place != Place::Newest);
        match page.older {
            Some(older) => place = Place::Before(older),
            None => break,
        }
    }
    assert_eq!(back, expected(120), "nothing is lost or twice on the way back");

    let first = open(&w, &olga, id, place).await;
    let (mut on, mut after) = (lines(&first), first.newer);
    while let Some(newer) = after {
        let page = open(&w, &olga, id, Place::After(newer)).await;
        assert!(page.older.is_some());
        let new: Vec<String> = lines(&page).into_iter().filter(|line| !on.contains(line)).collect();
        on.extend(new);
        after = page.newer;
    }
    assert_eq!(on, expected(120), "nor on the way on");

    let elsewhere = pages::thread::thread(&w.s, &olga, id, Place::After(id)).await;
    assert_eq!(elsewhere.expect_err("no such message").problem().code, Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn a_day_is_the_days_of_the_business(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = owner(&w).await;
    let in_tokyo = UpdateBusiness {
        country: String::new(),
        name: "Kaori".to_owned(),
        contact_line: "Call us.".to_owned(),
        time_zone: "Asia/Tokyo".to_owned(),
    };
    businesses::update(&w.s, &olga, in_tokyo).await.expect("moved");
    let id = long_thread(&w, &olga, 30).await;
    w.clock.advance(Duration::days(1));
    w.text(ANN, "The day after").await;
    let zone = domain::zone::Zone::named("Asia/Tokyo").expect("a zone");
    let there = w.s.now().with_timezone(&zone).date_naive();
    for _ in 0..60 {
        w.clock.advance(Duration::days(1));
        w.text(ANN, "Later").await;
    }
    let on = async |day: NaiveDate| {
        let page = open(&w, &olga, id, Place::On(day)).await;
        let sought = page.messages.iter().find(|m| Some(m.id) == page.sought);
        sought.map(|m| m.body.clone())
    };
    assert_eq!(on(there).await.as_deref(), Some("The day after"));
    assert_eq!(
        on(there - Duration::days(400)).await.as_deref(),
        Some("Text 0"),
        "before all: the first"
    );
    assert_eq!(on(there + Duration::days(400)).await, None, "after all: the newest");
    let newest = open(&w, &olga, id, Place::On(there + Duration::days(400))).await;
    assert!(newest.newer.is_none());
}

#[rstest]
#[tokio::test]
async fn the_first_unread_is_each_readers_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = owner(&w).await;
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    let id = long_thread(&w, &olga, 3).await;
    let first = async |actor: &Actor| {
        let thread = open(&w, actor, id, Place::Newest).await;
        let message = thread.messages.iter().find(|m| Some(m.id) == thread.first_unread);
        message.map(|m| m.body.clone())
    };
    assert_eq!(first(&olga).await.as_deref(), Some("Text 0"));
    conversations::mark_read(&w.s, &olga, id).await.expect("read");
    assert_eq!(first(&olga).await, None);
    w.clock.advance(Duration::minutes(1));
    w.text(ANN, "Are you there?").await;
    w.text(ANN, "Hello?").await;
    assert_eq!(first(&olga).await.as_deref(), Some("Are you there?"));
    assert_eq!(first(&sam).await.as_deref(), Some("Text 0"));
}
