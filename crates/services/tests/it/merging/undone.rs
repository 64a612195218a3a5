//! One merge at a time, and the way back.

use chrono::Duration;
use contract::{Code, contacts::PatchContact};
use rstest::rstest;
use services::{contacts, pages};
use testkit::{Backend, World};

use super::{ANN, ANNE, both, merge, refused, undo, with_histories};

#[rstest]
#[tokio::test]
async fn of_two_at_the_same_moment_one_is_done(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = with_histories(&w).await;
    let (one, other) = futures::join!(merge(&w, &ann, &anne), merge(&w, &anne, &ann));
    assert_eq!(one.is_ok(), other.is_err(), "{one:?} {other:?}");
    let lost = one.err().or(other.err()).expect("the second one");
    assert_eq!(lost.problem().code, Code::Conflict, "{lost:?}");
    // And the same one twice, as by a double click.
    let kept = w.see_contact(&ann).await;
    let (one, other) = futures::join!(undo(&w, &kept), undo(&w, &kept));
    assert_eq!(one.is_ok(), other.is_err(), "undone once: {one:?} {other:?}");
    let lost = one.err().or(other.err()).expect("the second one");
    assert_eq!(lost.problem().code, Code::Conflict, "{lost:?}");
    assert_ne!(
        w.see_contact(&ann).await.id,
        w.see_contact(&anne).await.id,
        "they are two again"
    );
}

#[rstest]
#[tokio::test]
async fn it_is_undone_once_within_thirty_days_and_until_the_next(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    let ben = w.contact("Ben", "+14155550173").await;
    merge(&w, &ann, &anne).await.expect("merged");
    undo(&w, &ann).await.expect("undone");
    assert!(refused(undo(&w, &ann).await).contains("no merge to undo"));
    merge(&w, &ann, &anne).await.expect("merged again");
    // The next merge of either ends it; its own undo gives the chance back.
    merge(&w, &ben, &ann).await.expect("both are Ben");
    assert_eq!(w.see_contact(&anne).await.id, ben.id, "of Anne's number, too");
    assert_eq!(w.holder_of(ANNE).await.id, ben.id);
    undo(&w, &ben).await.expect("undone");
    assert_eq!(w.holder_of(ANNE).await.id, ann.id);
    w.clock.advance(Duration::days(30));
    assert!(refused(undo(&w, &ann).await).contains("30 days"));
    let page = pages::contact::page(&w.s, &w.owner, ann.id).await.expect("page");
    assert_eq!(page.merged, None, "the screen does not offer it");
}

#[rstest]
#[tokio::test]
async fn what_was_done_since_is_not_undone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = with_histories(&w).await;
    merge(&w, &ann, &anne).await.expect("merged");
    let patch = PatchContact {
        notes: Some(Some("One note for both".to_owned())),
        ..PatchContact::default()
    };
    contacts::patch(&w.s, &w.owner, ann.id, patch).await.expect("changed");
    let visit = w.appointment(&ann, 500).await;
    w.reply(&ann, "Written since").await.expect("queued");
    w.text(ANN, "Thank you!").await;
    undo(&w, &ann).await.expect("undone");
    let (ann, anne) = (w.see_contact(&ann).await, w.see_contact(&anne).await);
    assert_eq!((ann.notes.as_str(), anne.notes.as_str()), ("One note for both", "Has a dog"));
    assert_eq!(w.see_appointment(&visit).await.contact_id, ann.id);
    let last: Vec<_> = w.thread(&ann).await.into_iter().rev().take(2).map(|m| m.body).collect();
    assert_eq!(last, ["Thank you!", "Written since"]);
    let hers: Vec<_> = w.thread(&anne).await.into_iter().map(|m| m.body).collect();
    assert!(
        hers.len() == 3 && hers.contains(&"Can I come earlier?".to_owned()),
        "{hers:?}"
    );
}
