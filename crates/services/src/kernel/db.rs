//! Connections. SQLite: one writer, several readers, WAL, every commit synced to disk. PostgreSQL: one pool for all.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};

use super::error::{Error, Result};

/// The database, seen as what it is used for.
#[derive(Clone)]
pub struct Db {
    pub(crate) read: DatabaseConnection,
    pub(crate) write: DatabaseConnection,
    /// Reads, and is refused by the database itself whatever it tries to write.
    looking: DatabaseConnection,
    queue: QueuePool,
}

/// The pool the queue's workers fetch from; their own, so that a busy queue never keeps a page waiting.
#[derive(Clone)]
pub enum QueuePool {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

impl Db {
    /// Opens `url` (`sqlite://…` or `postgres://…`); creates the directory of a SQLite file.
    ///
    /// # Errors
    /// When the file can't be opened or the server can't be reached.
    pub async fn connect(url: &str) -> Result<Self> {
        if Self::is_shared(url) {
            Self::postgres(url).await
        } else {
            Self::sqlite(url).await
        }
    }

    /// Where an installation on this database keeps files of its own: beside an SQLite file, else in `data`.
    pub fn directory(url: &str) -> PathBuf {
        let options = Some(url).filter(|url| !Self::is_shared(url));
        let options = options.and_then(|url| SqliteConnectOptions::from_str(url).ok());
        let beside = options.and_then(|o| o.get_filename().parent().map(Path::to_owned));
        beside.filter(|d| !d.as_os_str().is_empty()).unwrap_or_else(|| "data".into())
    }

    async fn postgres(url: &str) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(10))
            .connect(url)
            .await?;
        let queue = PgPoolOptions::new()
            .max_connections(6)
            .acquire_timeout(Duration::from_secs(10))
            .connect(url)
            .await?;
        let options = PgConnectOptions::from_str(url)?.options([("default_transaction_read_only", "on")]);
        // Opened when somebody looks for the first time.
        let looking = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(10))
            .connect_lazy_with(options);
        let db = DatabaseConnection::from(pool);
        Ok(Self {
            looking: looking.into(),
            read: db.clone(),
            write: db,
            queue: QueuePool::Postgres(queue),
        })
    }

    async fn sqlite(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(15))
            .foreign_keys(true)
            .pragma("temp_store", "memory")
            // The log is folded into the file every 40 MB instead of every 4: under load each folding costs a pause.
            .pragma("wal_autocheckpoint", "10000");
        make_directory(&options)?;
        let pool = |size: u32, options: SqliteConnectOptions| -> sqlx::Result<SqlitePool> {
            Ok(SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(Duration::from_secs(20))
                .connect_lazy_with(options))
        };
        // 2 MB, SQLite's own choice, do not hold the upper pages of our indexes: the writer would read them anew for every row.
        let write = pool(1, options.clone().pragma("cache_size", "-32000"))?;
        // Opened first: it creates the file and switches it to WAL before a reader looks.
        drop(write.acquire().await?);
        let read = pool(4, options.clone().pragma("query_only", "on").pragma("cache_size", "-8000"))?;
        let queue = pool(2, options)?;
        let read = DatabaseConnection::from(read);
        Ok(Self {
            // Those that read are told to.
            looking: read.clone(),
            read,
            write: write.into(),
            queue: QueuePool::Sqlite(queue),
        })
    }

    /// Whether there is a database to open; of a server only opening it tells.
    #[must_use]
    pub fn exists(url: &str) -> bool {
        let file = Some(url)
            .filter(|url| !Self::is_shared(url))
            .map(SqliteConnectOptions::from_str);
        file.is_none_or(|options| options.is_ok_and(|o| o.get_filename().exists()))
    }

    /// Whether several processes may share the database at `url`: a server, and not a file.
    #[must_use]
    pub fn is_shared(url: &str) -> bool {
        url.starts_with("postgres")
    }

    /// SQLite: makes this process the only one that serves this file, for as long as the returned lock lives. None: another does.
    ///
    /// # Errors
    /// When the lock's file can't be made.
    pub fn claim_file(url: &str) -> Result<Option<std::fs::File>> {
        let options = SqliteConnectOptions::from_str(url)?;
        let mut path = options.get_filename().as_os_str().to_owned();
        make_directory(&options)?;
        path.push(".lock");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path);
        let file = file.map_err(sqlx::Error::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(cause)) => Err(sqlx::Error::Io(cause).into()),
        }
    }

    /// Everything as it is now, for reading at leisure while others write.
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction> {
        // SQLite's readers see one state from their first look on, PostgreSQL's must ask for it.
        let isolation = self.is_postgres().then_some(IsolationLevel::RepeatableRead);
        Ok(self.read.begin_with_config(isolation, None).await?)
    }

    pub fn is_postgres(&self) -> bool {
        self.read.get_database_backend() == DbBackend::Postgres
    }

    pub fn queue_pool(&self) -> &QueuePool {
        &self.queue
    }

    /// The same for reading alone: the database itself refuses whatever is written.
    pub(crate) fn shut(&self) -> Self {
        Self {
            read: self.looking.clone(),
            write: self.looking.clone(),
            ..self.clone()
        }
    }

    /// For migrations and operators' tools.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.write
    }

    /// One cheap round trip; for readiness.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.read.ping().await?)
    }

    /// A transaction that may read first and write later. IMMEDIATE on SQLite: a deferred one that turns into a writer fails at once
    /// when another has written meanwhile.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        // In a task of its own: sqlx's begin is not safe to break off, and whoever asks may hang up. Then the transaction is begun to its
        // end and rolled back, and its connection is as good as before.
        let write = self.write.clone();
        let begun = tokio::spawn(async move { write.begin_with_options(options).await }).await;
        begun.map_err(|e| Error::broken(e.to_string()))?.map_err(Error::from)
    }

    /// Closes every pool; SQLite folds its log into the file.
    pub async fn close(&self) {
        match &self.queue {
            QueuePool::Sqlite(p) => p.close().await,
            QueuePool::Postgres(p) => p.close().await,
        }
        // `read` and `write` are the same pool on PostgreSQL; closing twice is harmless.
        let _ = self.read.clone().close().await;
        let _ = self.write.clone().close().await;
        let _ = self.looking.clone().close().await;
    }
}

/// `($1::uuid, $2::text), ($3, $4)`: a list of values, of `rows` rows. The first row's types are written out, because PostgreSQL takes
/// those of a list from there.
pub(crate) fn places(backend: DbBackend, types: &[&str], rows: usize) -> String {
    let postgres = backend == DbBackend::Postgres;
    let place = |row: usize, (at, kind): (usize, &&str)| match (postgres, row) {
        (true, 0) => format!("${}::{kind}", at + 1),
        (true, _) => format!("${}", row * types.len() + at + 1),
        (false, _) => "?".to_owned(),
    };
    let row = |row: usize| {
        let places: Vec<String> = types.iter().enumerate().map(|one| place(row, one)).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Where the file will lie.
fn make_directory(options: &SqliteConnectOptions) -> Result<()> {
    if let Some(directory) = options.get_filename().parent().filter(|d| *d != Path::new("")) {
        std::fs::create_dir_all(directory).map_err(sqlx::Error::Io)?;
    }
    Ok(())
}
