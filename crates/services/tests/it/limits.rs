//! Limits and priorities: what is over a limit waits and says why; nothing is dropped, nothing starves. Here those of a business and hour.

mod account_rate;
mod automatic_answers;
mod breakers;
mod budget;
mod number_pace;

use chrono::Duration;
use contract::messages::LogQuery;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{Services, messages, pages, sending};
use testkit::{Backend, World};

const ANN: &str = "+14155550171";

fn phone(n: usize) -> String {
    format!("+1415555{:04}", 1000 + n)
}

async fn kinds(w: &World) -> Vec<String> {
    let shown = pages::notices::list(&w.s, &w.owner).await.expect("notices");
    shown.into_iter().map(|n| n.kind).collect()
}

#[rstest]
#[tokio::test]
async fn replies_are_first_but_reminders_do_not_starve(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let chatty = w.contact("Chatty", ANN).await;
    for n in 0..5 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    services::reminders::tick(&w.s).await.expect("fires");
    for n in 0..95 {
        w.reply(&chatty, &format!("Text {n}")).await.expect("queued");
    }
    // The hour has room for 100; all are due at once.
    w.work().await;
    let reminded = (0..5).filter(|n| !w.phone_got(&phone(*n)).is_empty()).count();
    assert_eq!((w.sim.messages().len(), reminded), (100, 5));
}

#[rstest]
#[tokio::test]
async fn several_workers_together_keep_to_the_limit(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..110 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
    }
    let workers = (0..4).map(|_| async {
        let s = Box::pin(w.another_process()).await;
        sending::send_due(&s).await.expect("sends")
    });
    let handed: usize = futures::future::join_all(workers).await.into_iter().sum();
    assert_eq!((handed, w.sim.messages().len()), (100, 100));
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 110);
}

#[rstest]
#[tokio::test]
async fn a_mornings_reminders_leave_room_for_an_answer(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 20")
        .await
        .expect("a low limit");
    for n in 0..25 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 18);
    let query = LogQuery {
        show: Some("waiting".to_owned()),
        ..LogQuery::default()
    };
    let waiting = messages::list(&w.s, &w.owner, query).await.expect("the log").data;
    let why = "the last 2 of this business's 20 texts an hour are kept for replies.";
    let held = waiting.iter().filter(|m| m.status_words.ends_with(why)).count();
    assert_eq!(held, 7, "{waiting:?}");
    let ann = w.contact("Ann", ANN).await;
    for _ in 0..3 {
        w.reply(&ann, "Hello").await.expect("queued");
    }
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "the last tenth is theirs, and no more");
}

/// Three processes on one database.
async fn three_processes(w: &World) -> Vec<Services> {
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(Box::pin(w.another_process()).await);
    }
    processes
}

/// All of them send what is due, at the same time; how many texts have left since the beginning.
async fn left_after_all_send(w: &World, processes: &[Services]) -> usize {
    let done = futures::future::join_all(processes.iter().map(sending::send_due)).await;
    for one in done {
        one.expect("sends");
    }
    w.sim.messages().len()
}
