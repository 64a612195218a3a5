//! One set of migrations for both databases, and back.

mod upgrade;

use migration::{Migrator, MigratorTrait};
use rstest::rstest;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use services::Db;
use testkit::{Backend, TestDb};

/// As versions before 0015 recorded what they had applied.
const EARLIER_NAMES: [&str; 14] = [
    "m20261120_000001_foundation",
    "m20261120_000002_engine",
    "m20261120_000003_sealed",
    "m20261120_000004_waiting",
    "m20261120_000005_late",
    "m20261121_000006_confirmed",
    "m20261125_000007_locations",
    "m20261125_000008_accounts",
    "m20261128_000009_country",
    "m20261128_000010_zones",
    "m20261128_000011_pace_and_keys",
    "m20261128_000012_automatic",
    "m20261128_000013_route",
    "m20261128_000014_retries",
];

#[rstest]
#[tokio::test]
async fn up_down_and_up_again_is_the_same(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test = TestDb::empty(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    migration::up(db.connection()).await.expect("up");
    let first = schema(&db).await;
    Migrator::down(db.connection(), None).await.expect("down");
    let ours = |line: &&String| line.contains("message");
    assert_eq!(schema(&db).await.iter().find(ours), None, "down removes the tables");
    migration::up(db.connection()).await.expect("up again");
    assert_eq!(schema(&db).await, first);
    migration::up(db.connection()).await.expect("a second time changes nothing");
    assert_eq!(schema(&db).await, first);
}

#[rstest]
#[tokio::test]
async fn what_was_applied_under_an_earlier_name_is_known(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test = TestDb::empty(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    let all = Migrator::migrations();
    Migrator::up(db.connection(), Some(EARLIER_NAMES.len() as u32))
        .await
        .expect("as it was before 0015");
    for (migration, earlier) in all.iter().zip(EARLIER_NAMES) {
        let sql = format!(
            "UPDATE seaql_migrations SET version = '{earlier}' WHERE version = '{}'",
            migration.name()
        );
        db.connection().execute_unprepared(&sql).await.expect("renamed");
    }
    let lacking = migration::missing(db.connection()).await.expect("counted");
    assert_eq!(lacking, all.len() - EARLIER_NAMES.len(), "whoever only looks knows them too");
    migration::up(db.connection()).await.expect("up");
    assert_eq!(migration::missing(db.connection()).await, Ok(0));
    let names: Vec<&str> = all.iter().map(|migration| migration.name()).collect();
    assert_eq!(texts(&db, "SELECT version FROM seaql_migrations ORDER BY 1").await, names);
}

#[rstest]
#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_half_done(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test = TestDb::empty(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    let run = async |sql: &str| db.connection().execute_unprepared(sql).await.expect("done");
    Migrator::up(db.connection(), Some(1)).await.expect("the first tables");
    run("CREATE TABLE breaker (id integer)").await;
    let before = schema(&db).await;
    migration::up(db.connection())
        .await
        .expect_err("0002 makes a table of that name, after much else");
    assert_eq!(schema(&db).await, before);
    run("DROP TABLE breaker").await;
    migration::up(db.connection()).await.expect("it goes on where it was");
}

#[test]
fn every_file_belongs_to_a_migration() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migration/sql");
    let files = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|file| file.expect("a file").file_name());
    let stem = |file: std::ffi::OsString| file.to_string_lossy().split('.').next().unwrap_or_default().to_owned();
    let stems: std::collections::BTreeSet<String> = files.map(stem).collect();
    let names = Migrator::migrations();
    let names: Vec<&str> = names.iter().map(|migration| migration.name()).collect();
    assert_eq!(stems.iter().collect::<Vec<_>>(), names);
}

/// Every table with its columns, indexes and constraints, one a line.
async fn schema(db: &Db) -> Vec<String> {
    let sql = match db.connection().get_database_backend() {
        DbBackend::Postgres => {
            "SELECT table_name || '.' || column_name || ' ' || ordinal_position || ' ' || data_type || ' ' || is_nullable
               || ' ' || coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public'
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
               WHERE connamespace = 'public'::regnamespace
             ORDER BY 1"
        }
        // Renaming a table puts its name in quotes, which mean nothing.
        _ => "SELECT type || ' ' || name || ' ' || replace(coalesce(sql, ''), '\"', '') FROM sqlite_master ORDER BY 1",
    };
    texts(db, sql).await
}

/// The first column of what `sql` finds.
async fn texts(db: &Db, sql: &str) -> Vec<String> {
    let backend = db.connection().get_database_backend();
    let rows = db.connection().query_all_raw(Statement::from_string(backend, sql)).await;
    let text = |row: &sea_orm::QueryResult| row.try_get_by_index(0).expect("a text");
    rows.expect("rows").iter().map(text).collect()
}

#[tokio::test]
async fn sqlite_keeps_every_commit_and_acknowledges_jobs_without_scanning() {
    let test = TestDb::new(Backend::Sqlite).await;
    let db = Db::connect(&test.url).await.expect("opens");
    let one = async |sql: &str| {
        let row = db
            .connection()
            .query_one_raw(Statement::from_string(DbBackend::Sqlite, sql))
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
