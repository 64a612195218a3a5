//! The two databases, seen from outside: SQL as text, no entities.

use std::{path::Path, str::FromStr};

use anyhow::Context;
use sqlx::{
    AssertSqlSafe, PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::machine::Process;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Backend::Sqlite => "SQLite",
            Backend::Postgres => "PostgreSQL",
        }
    }
}

#[derive(Clone)]
pub enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Runs one expression for either database.
macro_rules! either {
    ($db:expr, $pool:ident => $run:expr) => {
        match $db {
            Db::Sqlite($pool) => $run,
            Db::Postgres($pool) => $run,
        }
    };
}

impl Db {
    /// Opens a database with the durability the product uses: on SQLite WAL and `synchronous=FULL`.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        if url.starts_with("postgres") {
            let pool = PgPoolOptions::new().max_connections(64).connect(url).await?;
            return Ok(Db::Postgres(pool));
        }
        let options = SqliteConnectOptions::from_str(url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(std::time::Duration::from_secs(60));
        Ok(Db::Sqlite(
            SqlitePoolOptions::new().max_connections(2).connect_with(options).await?,
        ))
    }

    /// A fresh, empty database in `directory`, or beside the one that `server` names.
    pub async fn create(backend: Backend, directory: &Path, server: Option<&str>, name: &str) -> anyhow::Result<String> {
        if backend == Backend::Sqlite {
            return Ok(format!("sqlite://{}/{name}.db?mode=rwc", directory.display()));
        }
        let server = server.context("PostgreSQL is given by TEST_DATABASE_URL; run script/bench, which sets one up")?;
        let admin = PgPool::connect(server).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&admin)
            .await?;
        admin.close().await;
        let (base, _) = server.rsplit_once('/').context("TEST_DATABASE_URL names no database")?;
        Ok(format!("{base}/{name}"))
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self, Db::Postgres(_))
    }

    pub async fn run(&self, sql: &str) -> anyhow::Result<()> {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        either!(self, pool => statement.execute(pool).await.map(|_| ())).with_context(|| sql.to_owned())
    }

    pub async fn number(&self, sql: &str) -> anyhow::Result<i64> {
        let statement = AssertSqlSafe(sql.to_owned());
        either!(self, pool => sqlx::query_scalar(statement).fetch_one(pool).await).with_context(|| sql.to_owned())
    }

    pub async fn texts(&self, sql: &str) -> anyhow::Result<Vec<String>> {
        let statement = AssertSqlSafe(sql.to_owned());
        either!(self, pool => sqlx::query_scalar(statement).fetch_all(pool).await).with_context(|| sql.to_owned())
    }

    /// An id column as lower-case hexadecimal digits.
    pub fn hex(&self, column: &str) -> String {
        if self.is_postgres() {
            format!("replace({column}::text, '-', '')")
        } else {
            format!("lower(hex({column}))")
        }
    }

    pub async fn columns(&self, table: &str) -> anyhow::Result<Vec<String>> {
        self.texts(&if self.is_postgres() {
            format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
            )
        } else {
            format!("SELECT name FROM pragma_table_info('{table}')")
        })
        .await
    }

    /// Seconds of processor time that PostgreSQL's processes have used; SQLite has none of its own.
    pub async fn processor(&self) -> anyhow::Result<f64> {
        if !self.is_postgres() {
            return Ok(0.0);
        }
        let ours = self.number("SELECT pg_backend_pid()::bigint").await?;
        let postmaster = Process::of(u32::try_from(ours)?)?.parent;
        let master = Process::of(postmaster)?;
        let ids = std::fs::read_dir("/proc")?.flatten();
        let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        // One that has ended meanwhile is in its parent's.
        let children = ids.filter_map(|id| Process::of(id).ok()).filter(|p| p.parent == postmaster);
        Ok(master.used + master.ended + children.map(|p| p.used).sum::<f64>())
    }

    /// Rows in all tables, the queue's too.
    pub async fn rows(&self) -> anyhow::Result<i64> {
        let tables = self
            .texts(if self.is_postgres() {
                "SELECT table_schema || '.' || table_name FROM information_schema.tables \
                 WHERE table_schema IN ('public', 'apalis') AND table_type = 'BASE TABLE'"
            } else {
                // Not what an index for searching is made of.
                "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
            })
            .await?;
        let counts: Vec<String> = tables.iter().map(|t| format!("(SELECT count(*) FROM {t})")).collect();
        self.number(&format!("SELECT {}", counts.join(" + "))).await
    }

    pub async fn close(&self) {
        either!(self, pool => pool.close().await)
    }
}
