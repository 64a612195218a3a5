//! What we rely on of apalis, on both databases: it pops what our own INSERT wrote, in time, and a restart does not stumble.

use std::time::Duration;

use chrono::Duration as Span;
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use services::queue::{Job, enqueue};
use testkit::Backend;
use uuid::Uuid;

use crate::app::TestApp;

/// Those of these tests alone: the clock on the wall brings others, like the self-test of the night.
async fn counted(app: &TestApp, status: &str) -> i64 {
    let (table, ours) = if app.s.db().is_postgres() {
        ("apalis.jobs", "position('\"resolve\"'::bytea in job) > 0")
    } else {
        ("Jobs", "instr(CAST(job AS TEXT), '\"resolve\"') > 0")
    };
    let db = app.s.db().connection();
    let sql = format!("SELECT count(*) FROM {table} WHERE status = '{status}' AND {ours}");
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("answers")
        .expect("a row");
    row.try_get_by_index(0).expect("a number")
}

fn a_job() -> Job {
    // A message that does not exist: the job finds nothing to do and is done.
    Job::Resolve {
        message_id: Uuid::now_v7(),
    }
}

#[rstest]
#[tokio::test]
async fn real_apalis_pops_what_our_insert_wrote(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let db = app.s.db().connection();
    for _ in 0..40 {
        enqueue(db, &a_job(), app.s.now(), None).await.expect("written");
    }
    enqueue(db, &a_job(), app.s.now() + Span::hours(1), None)
        .await
        .expect("written");
    app.start_workers();
    app.until("all due jobs done", async || {
        (counted(&app, "Done").await == 40).then_some(())
    })
    .await;
    assert_eq!(counted(&app, "Pending").await, 1, "what is due later waits");
}

#[rstest]
#[tokio::test]
async fn a_job_of_a_newer_version_does_not_stop_the_others(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let db = app.s.db().connection();
    enqueue(db, &a_job(), app.s.now(), None).await.expect("written");
    let strange = if app.s.db().is_postgres() {
        "UPDATE apalis.jobs SET job = '{\"job\":\"of a newer version\"}'"
    } else {
        "UPDATE Jobs SET job = CAST('{\"job\":\"of a newer version\"}' AS BLOB)"
    };
    db.execute_unprepared(strange).await.expect("changed");
    app.start_workers();
    for _ in 0..5 {
        enqueue(db, &a_job(), app.s.now(), None).await.expect("written");
    }
    app.until("the others", async || (counted(&app, "Done").await >= 5).then_some(()))
        .await;
}

#[rstest]
#[tokio::test]
async fn the_same_key_is_the_same_job(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    for _ in 0..3 {
        enqueue(app.s.db().connection(), &a_job(), app.s.now(), Some("only-once"))
            .await
            .expect("harmless");
    }
    assert_eq!(counted(&app, "Pending").await, 1);
}

#[rstest]
#[tokio::test]
async fn workers_of_a_process_that_starts_again_work_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    // Three starts on one database within a second: equal worker names would be refused by apalis.
    for _ in 0..3 {
        app.start_workers();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    enqueue(app.s.db().connection(), &a_job(), app.s.now(), None)
        .await
        .expect("written");
    app.until("done", async || (counted(&app, "Done").await == 1).then_some(()))
        .await;
}

#[rstest]
#[tokio::test]
async fn a_committed_job_is_picked_up_at_once_not_at_the_next_heartbeat(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", "+14155550171").await;
    let began = std::time::Instant::now();
    for n in 1..=5 {
        app.post(
            "/messages",
            serde_json::json!({ "contact_id": ann, "body": format!("Hello {n}") }),
        )
        .await;
        app.until("sent", async || (app.sim.sent_to("+14155550171").len() == n).then_some(()))
            .await;
    }
    assert!(
        began.elapsed() < Duration::from_secs(120),
        "apalis' own default would be 30 s for each"
    );
}
