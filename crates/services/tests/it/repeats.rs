//! That a request was done and what it does stand or fall together, whichever process is asked.

use contract::{
    Code,
    tasks::{CreateTask, TaskQuery},
};
use rstest::rstest;
use services::{
    integrations::{
        self,
        repeats::{self, Answer, Before},
    },
    once::Once,
    tasks,
};
use testkit::{Backend, World};
use uuid::Uuid;

async fn key(w: &World) -> Uuid {
    integrations::create_api_key(&w.s, &w.owner, "Website", &[])
        .await
        .expect("a key");
    integrations::list_api_keys(&w.s, &w.owner).await.expect("keys")[0].id
}

fn to_do(title: &str) -> CreateTask {
    CreateTask {
        title: title.to_owned(),
        ..CreateTask::default()
    }
}

async fn how_many(w: &World) -> usize {
    tasks::list(&w.s, &w.owner, TaskQuery::default())
        .await
        .expect("tasks")
        .data
        .len()
}

#[rstest]
#[tokio::test]
async fn what_a_request_does_and_that_it_was_done_are_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let key = key(&w).await;
    // As another process would know it: nothing but the name is the same.
    let again = || Once::new(w.owner.business_id, key, "the same".to_owned());
    let refused = again().scope(tasks::create(&w.s, &w.owner, to_do(""))).await;
    assert_eq!(refused.expect_err("refused").problem().code, Code::Invalid);
    assert_eq!(repeats::before(&w.s, &again()).await.expect("looked"), Before::Nothing);

    let first = again();
    let task = first
        .scope(tasks::create(&w.s, &w.owner, to_do("Call Ann")))
        .await
        .expect("done");
    assert!(first.is_done());
    // The process dies here, before anybody heard of it.
    let seen = repeats::before(&w.s, &again()).await.expect("looked");
    // Another process on PostgreSQL may be at it still.
    assert_eq!(seen == Before::AtWork, backend == Backend::Postgres, "{seen:?}");
    let twice = again().scope(tasks::create(&w.s, &w.owner, to_do("Call Ann"))).await;
    let problem = twice.expect_err("not twice").problem();
    assert_eq!((problem.code, problem.retry_after), (Code::Conflict, Some(1)));
    assert_eq!(how_many(&w).await, 1);
    w.clock.advance(chrono::Duration::minutes(2));
    assert_eq!(
        repeats::before(&w.s, &again()).await.expect("looked"),
        Before::Done(Some(task.id))
    );

    let answer = Answer {
        status: 201,
        content_type: "application/json".to_owned(),
        text: "{\"phone\":\"+14155550171\"}".to_owned(),
    };
    first.reads(b"{}");
    repeats::keep(&w.s, &first, &answer).await.expect("kept");
    let body = first.body();
    let known = repeats::before(&w.s, &again()).await.expect("looked");
    assert_eq!(known, Before::Answered { answer, body });
    let other = Once::new(w.owner.business_id, key, "another".to_owned());
    assert_eq!(repeats::before(&w.s, &other).await.expect("looked"), Before::Nothing);
}

#[rstest]
#[tokio::test]
async fn of_two_processes_at_once_one_does_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let key = key(&w).await;
    let all = (0..12).map(|_| {
        let once = Once::new(w.owner.business_id, key, "the same".to_owned());
        let w = &w;
        async move { once.scope(tasks::create(&w.s, &w.owner, to_do("Call Ann"))).await.is_ok() }
    });
    let done = futures::future::join_all(all).await;
    assert_eq!(done.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(how_many(&w).await, 1);
}
