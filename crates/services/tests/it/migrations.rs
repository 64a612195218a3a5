//! One set of migrations for both databases, and back.

use migration::{Migrator, MigratorTrait};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use services::Db;
use testkit::{Backend, TestDb};

#[rstest]
#[tokio::test]
async fn up_down_and_up_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test = TestDb::empty(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    migration::up(db.connection()).await.expect("up");
    Migrator::down(db.connection(), None).await.expect("down");
    assert!(
        db.connection().execute_unprepared("SELECT 1 FROM message").await.is_err(),
        "down removes the tables"
    );
    migration::up(db.connection()).await.expect("up again");
    migration::up(db.connection()).await.expect("a second time changes nothing");
}

#[tokio::test]
async fn sqlite_keeps_every_commit_and_acknowledges_jobs_without_scanning() {
    let test = TestDb::new(Backend::Sqlite).await;
    let db = Db::connect(&test.url).await.expect("opens");
    let one = async |sql: &str| {
        let row = db
            .connection()
            .query_one_raw(Statement::from_string(sea_orm::DbBackend::Sqlite, sql))
            .await;
        row.expect("answers").expect("a row")
    };
    // 2 is FULL: apalis' own set-up would have switched this off.
    assert_eq!(one("PRAGMA synchronous").await.try_get_by_index::<i64>(0), Ok(2));
    assert_eq!(
        one("PRAGMA journal_mode").await.try_get_by_index::<String>(0),
        Ok("wal".to_owned())
    );
    let index = one("SELECT count(*) FROM sqlite_master WHERE name = 'LIdx'").await;
    assert_eq!(
        index.try_get_by_index::<i64>(0),
        Ok(0),
        "with this index every acknowledged job is scanned"
    );
}
