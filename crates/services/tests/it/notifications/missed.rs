//! What went to somebody's devices and was shown on none of them is told by one mail.

use chrono::Duration;
use contract::{
    Code,
    notifications::{Choice, Choices, Kind, Mail},
};
use rstest::rstest;
use services::{Services, notifications};
use std::collections::BTreeMap;
use testkit::{Backend, World};
use uuid::Uuid;

use super::{
    ANN, choose, person,
    pushes::{push, sam_listens},
    service::{Browser, PushService},
    thread,
};

/// Ann writes, and it goes to Sam's device; as what.
async fn told(w: &World, service: &PushService, browser: &Browser, text: &str) -> Uuid {
    w.text(ANN, text).await;
    w.clock.advance(Duration::seconds(4));
    push(w).await;
    let taken = service.taken();
    assert_eq!(taken.len(), 1);
    browser.reads(&taken[0]).id.expect("what it is about")
}

/// So many minutes later; how many mails Sam has by then.
async fn mails(w: &World, s: &Services, minutes: i64) -> usize {
    w.clock.advance(Duration::minutes(minutes));
    for _ in 0..2 {
        notifications::tick(s).await.expect("looked");
        w.post().await;
    }
    w.sim.mails_to("sam@x.test").len()
}

#[rstest]
#[tokio::test]
async fn what_no_device_has_shown_is_told_by_mail_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (_, browser) = sam_listens(&w, &service).await;
    told(&w, &service, &browser, "My knee hurts").await;
    assert_eq!(mails(&w, &w.s, 9).await, 0, "there is still time");
    // A restart forgets nothing, and two processes write one.
    let (other, third) = (w.another_process().await, w.another_process().await);
    w.clock.advance(Duration::minutes(1));
    let (a, b) = tokio::join!(notifications::tick(&other), notifications::tick(&third));
    a.expect("looked");
    b.expect("looked");
    assert_eq!(mails(&w, &other, 1).await, 1);
    assert_eq!(mails(&w, &w.s, 60).await, 1, "at most once");
    let mail = w.sim.mails_to("sam@x.test").remove(0);
    assert_eq!(mail.subject, "Bright Dental: Ann wrote");
    assert!(!mail.text.unwrap_or_default().contains("knee"));
}

#[rstest]
#[tokio::test]
async fn what_was_shown_or_read_needs_no_mail(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, browser) = sam_listens(&w, &service).await;
    let id = told(&w, &service, &browser, "One").await;
    // Only who was told can say so.
    let olga = person(&w, contract::accounts::Role::Owner, "Olga").await;
    let garage = w.another_business().await;
    for stranger in [&olga, &garage] {
        let refused = notifications::shown(&w.s, stranger, id).await.expect_err("not theirs");
        assert_eq!(refused.problem().code, Code::NotFound);
    }
    for _ in 0..2 {
        notifications::shown(&w.s, &sam, id).await.expect("written down");
    }
    assert_eq!(
        mails(&w, &w.s, 60).await,
        0,
        "he has seen it on his phone, though he has not read it"
    );
    told(&w, &service, &browser, "Two").await;
    notifications::look_at(&w.s, &sam, thread(&w).await).await.expect("seen");
    assert_eq!(mails(&w, &w.s, 60).await, 0);
}

#[rstest]
#[tokio::test]
async fn who_wants_none_or_has_no_device_gets_none(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, browser) = sam_listens(&w, &service).await;
    person(&w, contract::accounts::Role::Owner, "Olga").await;
    let none = Choices {
        mail_if_missed: false,
        ..Choices::default()
    };
    notifications::choose(&w.s, &sam, none).await.expect("kept");
    told(&w, &service, &browser, "One").await;
    assert_eq!(mails(&w, &w.s, 60).await, 0);
    assert_eq!(w.sim.mails_to("olga@x.test").len(), 0, "nothing went to a device of hers");
}

#[rstest]
#[tokio::test]
async fn a_digest_does_not_bring_it_early_and_a_mail_that_was_asked_for_comes_anyway(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, browser) = sam_listens(&w, &service).await;
    let id = thread_of_sam(&w, &sam).await;
    notifications::look_at(&w.s, &sam, id).await.expect("seen");
    let at_once = Choice {
        app: true,
        push: true,
        mail: Mail::AtOnce,
    };
    choose(&w, &sam, Kind::Mention, at_once).await;
    told(&w, &service, &browser, "Hello?").await;
    let note = contract::conversations::AddNote {
        body: "@sam, please".to_owned(),
        id: None,
    };
    let olga = person(&w, contract::accounts::Role::Owner, "Olga").await;
    services::conversations::notes::add(&w.s, &olga, id, note)
        .await
        .expect("noted");
    assert_eq!(mails(&w, &w.s, 1).await, 1);
    let mail = w.sim.mails_to("sam@x.test").remove(0);
    assert_eq!(
        mail.subject, "Bright Dental: A note about Ann names you",
        "and of nothing else"
    );
    assert_eq!(mails(&w, &w.s, 10).await, 2);
    let choices = Choices {
        of: BTreeMap::from([(Kind::Unassigned, at_once)]),
        ..Choices::default()
    };
    notifications::choose(&w.s, &sam, choices).await.expect("kept");
    w.text(ANN, "Still there?").await;
    w.clock.advance(Duration::seconds(4));
    push(&w).await;
    let note = browser.reads(&service.taken().pop().expect("a note"));
    notifications::shown(&w.s, &sam, note.id.expect("an id"))
        .await
        .expect("written down");
    assert_eq!(mails(&w, &w.s, 1).await, 3);
}

async fn thread_of_sam(w: &World, sam: &services::Actor) -> Uuid {
    w.text(ANN, "Hello").await;
    let id = thread(w).await;
    notifications::look_at(&w.s, sam, id).await.expect("seen");
    id
}
