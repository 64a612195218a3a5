//! Keys that change while everybody works.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use contract::{Code, accounts::Role};
use domain::consent::State;
use entity::contacts::contact;
use rstest::rstest;
use sea_orm::EntityTrait;
use services::{Actor, Services, accounts, contacts, rotation};
use testkit::{Backend, World};

use super::{ANN, BEN, changed, find, keys, left_behind, life, new, rotate, run};

/// Learns of keys like a server does, only more often.
fn keep_fresh(s: &Services) -> tokio::task::JoinHandle<()> {
    let s = s.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            rotation::refresh(&s).await.expect("refreshed");
        }
    })
}

/// Adds people and changes their numbers, reads them back and finds them; returns how many.
fn work(s: &Services, actor: &Actor, first: usize, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<usize> {
    let (s, actor, stop) = (s.clone(), actor.clone(), stop.clone());
    tokio::spawn(async move {
        let mut n = first;
        while !stop.load(Ordering::SeqCst) {
            let (phone, other) = (format!("+1415555{n:04}"), format!("+1212555{n:04}"));
            let name = format!("Person {n}");
            let made = contacts::create(&s, &actor, new(&name, &phone, Some(&format!("p{n}@x.test"))))
                .await
                .expect("created");
            let twice = contacts::create(&s, &actor, new("Twice", &phone, None))
                .await
                .expect_err("nobody twice");
            assert_eq!(twice.problem().code, Code::Conflict);
            contacts::update(&s, &actor, changed(&made, &other)).await.expect("changed");
            assert_eq!(contacts::get(&s, &actor, made.id).await.expect("read").phone, other);
            assert_eq!(find(&s, &actor, &other[4..]).await, [name.as_str()]);
            assert_eq!(find(&s, &actor, &format!("p{n}@x")).await, [name.as_str()]);
            n += 1;
        }
        n - first
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_change_while_two_processes_work_even_if_the_change_is_killed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (other, operator) = (w.another_process().await, w.another_process().await);
    life(&w).await;
    let stop = Arc::new(AtomicBool::new(false));
    let fresh = [keep_fresh(&w.s), keep_fresh(&other)];
    let workers = [work(&w.s, &w.owner, 1000, &stop), work(&other, &w.owner, 2000, &stop)];

    let wait = Duration::from_millis(200);
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let s = operator.clone();
    let killed = tokio::spawn(async move { rotation::rotate(&s, wait, |line| drop(said.send(line))).await });
    while let Some(line) = heard.recv().await {
        // The first column is done, the others are not.
        if line.starts_with("contact.phone") {
            break;
        }
    }
    killed.abort();
    assert!(killed.await.expect_err("killed").is_cancelled());
    let states: Vec<String> = keys(w.s.db()).await.into_iter().map(|key| key.state).collect();
    assert!(states.contains(&"old".to_owned()), "{states:?}");
    assert_ne!(left_behind(w.s.db()).await.len(), 0, "it was killed half way");

    let after_kill = w.another_process().await;
    let mut lines = Vec::new();
    let whole = rotation::rotate(&after_kill, wait, |line| lines.push(line))
        .await
        .expect("goes on");
    assert!(whole && lines[0].contains("interrupted"), "{lines:?}");
    stop.store(true, Ordering::SeqCst);
    let mut made = 2;
    for worker in workers {
        let n = worker.await.expect("no panic");
        assert!(n > 0);
        made += n;
    }
    fresh.iter().for_each(|f| f.abort());
    assert_eq!(left_behind(w.s.db()).await, Vec::<String>::new());
    let rows = contact::Entity::find().all(w.s.db().connection()).await.expect("rows");
    assert_eq!(rows.len(), made, "nobody lost, nobody twice");
}

/// A change of keys that got as far as making one.
async fn begin(w: &World) {
    let operator = w.another_process().await;
    let begun = tokio::spawn(async move { rotation::rotate(&operator, Duration::from_secs(60), |_| {}).await });
    while keys(w.s.db()).await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Time enough to do what should wait for a minute.
    tokio::time::sleep(Duration::from_millis(200)).await;
    begun.abort();
}

#[rstest]
#[tokio::test]
async fn a_new_key_is_not_used_before_everybody_knows_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    begin(&w).await;
    // This process knows the new key from the start, `w.s` has not heard of it.
    let other = w.another_process().await;
    contacts::create(&other, &w.owner, new("Ann", ANN, None))
        .await
        .expect("created");
    let twice = contacts::create(&w.s, &w.owner, new("Twice", ANN, None))
        .await
        .expect_err("known");
    assert_eq!(twice.problem().code, Code::Conflict);
    assert_eq!(find(&w.s, &w.owner, ANN).await, ["Ann"]);
}

/// Two processes that use different keys for a moment.
async fn two_keys(w: &World) -> Services {
    let other = w.another_process().await;
    begin(w).await;
    rotation::refresh(&w.s).await.expect("knows the next key");
    run(w.s.db(), "UPDATE data_key SET state = 'old' WHERE state = 'primary'").await;
    run(w.s.db(), "UPDATE data_key SET state = 'primary' WHERE state = 'next'").await;
    rotation::refresh(&other).await.expect("uses the next key");
    other
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_processes_use_different_keys_a_number_and_an_address_are_still_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let other = two_keys(&w).await;
    for n in 0..25 {
        let create = |s: &Services| {
            let (s, actor, cmd) = (s.clone(), w.owner.clone(), new("Ann", &format!("+14155551{n:03}"), None));
            tokio::spawn(async move { contacts::create(&s, &actor, cmd).await })
        };
        let both = [create(&w.s), create(&other)];
        let mut made = 0;
        for one in both {
            made += usize::from(one.await.expect("no panic").is_ok());
        }
        assert_eq!(made, 1, "number {n}");
    }
    let join = |s: &Services| {
        let (s, business) = (s.clone(), w.owner.business_id);
        tokio::spawn(async move { accounts::add_member(&s, business, Role::Staff, "Sam", "sam@x.test", "a long password").await })
    };
    let (one, two) = (join(&w.s), join(&other));
    let (one, two) = (one.await.expect("no panic").is_ok(), two.await.expect("no panic").is_ok());
    assert!(one != two, "one account per address");
    // Sealed with one key, asked about with the other, both ways.
    w.text(ANN, "STOP").await;
    assert_eq!(
        contacts::create(&other, &w.owner, new("Ann", ANN, None))
            .await
            .expect("named")
            .consent
            .sms,
        State::OptedOut
    );
    assert_eq!(find(&other, &w.owner, ANN).await, ["Ann"]);
    contacts::create(&other, &w.owner, new("Ben", BEN, None))
        .await
        .expect("created");
    assert_eq!(find(&w.s, &w.owner, BEN).await, ["Ben"]);
}

#[rstest]
#[tokio::test]
async fn a_process_that_stood_still_loses_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let asleep = w.another_process().await;
    let ann = w.contact("Ann", ANN).await;
    assert!(rotate(&w.s).await);
    let seen = contacts::get(&asleep, &w.owner, ann.id)
        .await
        .expect("fetches the key it does not know");
    assert_eq!(seen.phone, ANN);
    let asleep = w.another_process().await;
    assert!(rotate(&w.s).await);
    // Written with a key that is spent.
    let ben = contacts::create(&asleep, &w.owner, new("Ben", BEN, None))
        .await
        .expect("created");
    assert_eq!(
        left_behind(w.s.db()).await.len(),
        4,
        "his number, its index, the audit and the event"
    );
    for _ in 0..2 {
        w.clock.advance(chrono::Duration::hours(2));
        rotation::prune(&w.s).await.expect("synced");
    }
    assert_eq!(keys(w.s.db()).await.len(), 1);
    assert_eq!(w.see_contact(&ben).await.phone, BEN);
    assert_eq!(left_behind(w.s.db()).await, Vec::<String>::new());
}
