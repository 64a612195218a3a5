//! From hit to hit, and searching one conversation.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    conversations::AddNote,
    search::{HitAt, HitPlace, SearchPage, SearchQuery},
};
use rstest::rstest;
use services::{conversations, search};
use testkit::{Backend, World, member};
use uuid::Uuid;

use super::{ANN, find, two_people};

async fn place(w: &World, q: &str, at: HitAt) -> HitPlace {
    search::place(&w.s, &w.owner, q, None, at.message_id)
        .await
        .expect("its place")
}

#[rstest]
#[tokio::test]
async fn each_hit_knows_its_neighbours(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    two_people(&w).await;
    w.text(ANN, "No parking, thank you").await;
    let found = find(&w, "parking").await.messages.data;
    let hits: Vec<HitAt> = found
        .iter()
        .map(|hit| HitAt {
            conversation_id: hit.conversation_id,
            message_id: hit.message_id,
        })
        .collect();
    assert_eq!(hits.len(), 3);
    for (n, hit) in hits.iter().enumerate() {
        let here = place(&w, "parking", *hit).await;
        assert_eq!((here.number, here.more), (Some((n as u32 + 1, 3)), false));
        assert_eq!(here.previous, n.checked_sub(1).map(|before| hits[before]));
        assert_eq!(here.next, hits.get(n + 1).copied());
    }
    // A text that the search does not find (any more) leads on to the next that it does.
    let other = place(&w, "late", hits[0]).await;
    assert_eq!((other.number, other.previous), (None, None));
    assert!(other.next.is_some_and(|next| next.conversation_id != hits[0].conversation_id));
    // Another business sees neither the text nor what is beside it.
    let other = w.another_business().await;
    let there = search::place(&w.s, &other, "parking", None, hits[0].message_id)
        .await
        .expect("asked");
    assert_eq!(there, HitPlace::default());
}

async fn within(w: &World, q: &str, conversation: Uuid) -> SearchPage {
    let query = SearchQuery {
        q: Some(q.to_owned()),
        within: Some(conversation),
        ..SearchQuery::default()
    };
    search::all(&w.s, &w.owner, query).await.expect("searched")
}

fn lines(page: SearchPage) -> Vec<String> {
    page.messages.data.into_iter().map(|hit| hit.snippet.text).collect()
}

#[rstest]
#[tokio::test]
async fn one_conversation_is_searched_by_words_and_days(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    two_people(&w).await;
    w.clock.advance(Duration::days(1));
    w.text(ANN, "Which parking space?").await;
    let found = find(&w, "parking").await.messages.data;
    let thread = found[0].conversation_id;
    let note = AddNote {
        body: "Prefers the parking at the back".to_owned(),
        id: None,
    };
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    conversations::notes::add(&w.s, &sam, thread, note).await.expect("noted");
    let all = within(&w, "", thread).await;
    assert_eq!(all.within.as_deref(), Some("Ann Ortiz"));
    let (note, new) = ("Prefers the parking at the back", "Which parking space?");
    let (ours, first) = ("Yes: parking is behind the house.", "Is there PARKING near the appointment?");
    let mut newest = lines(all);
    newest[..2].sort_unstable();
    assert_eq!(newest, [note, new, ours, first], "all of it, newest first");
    assert_eq!(lines(within(&w, "house", thread).await), [ours]);
    assert_eq!(lines(within(&w, "parking -house on:yesterday", thread).await), [first]);
    assert_eq!(lines(within(&w, "before:today", thread).await), [ours, first]);
    assert_eq!(lines(within(&w, "from:customer", thread).await), [new, first]);
    assert_eq!(
        lines(within(&w, "late", thread).await),
        [""; 0],
        "that is said in another one"
    );
    let other = w.another_business().await;
    let query = SearchQuery {
        within: Some(thread),
        ..SearchQuery::default()
    };
    let refused = search::all(&w.s, &other, query).await.expect_err("it is not theirs");
    assert_eq!(refused.problem().code, Code::NotFound);
}
