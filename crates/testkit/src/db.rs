use std::path::PathBuf;

use sea_orm::ConnectionTrait;
use services::Db;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Every service test runs on both (law 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// An empty, migrated database of a test's own.
pub struct TestDb {
    pub url: String,
    _directory: Option<tempfile::TempDir>,
}

/// A migrated file that is copied, so that a test does not migrate.
static SQLITE: OnceCell<PathBuf> = OnceCell::const_new();
/// The name of a migrated database that is used as a template.
static POSTGRES: OnceCell<String> = OnceCell::const_new();
/// PostgreSQL copies a template for one at a time.
static COPYING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

impl TestDb {
    pub async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::sqlite().await,
            Backend::Postgres => Self::postgres().await,
        }
    }

    async fn sqlite() -> Self {
        let template = SQLITE
            .get_or_init(|| async {
                let path = std::env::temp_dir().join(format!("showup-template-{}.db", Uuid::now_v7().simple()));
                migrate(&format!("sqlite://{}?mode=rwc", path.display())).await;
                path
            })
            .await;
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("test.db");
        std::fs::copy(template, &file).expect("the template can be copied");
        Self {
            url: format!("sqlite://{}?mode=rwc", file.display()),
            _directory: Some(directory),
        }
    }

    async fn postgres() -> Self {
        let template = POSTGRES
            .get_or_init(|| async {
                let name = format!("template_{}", Uuid::now_v7().simple());
                execute(&format!("CREATE DATABASE {name}")).await;
                migrate(&named(&name)).await;
                name
            })
            .await;
        let name = format!("test_{}", Uuid::now_v7().simple());
        let _turn = COPYING.lock().await;
        execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self {
            url: named(&name),
            _directory: None,
        }
    }

    /// A database without tables.
    pub async fn empty(backend: Backend) -> Self {
        if backend == Backend::Sqlite {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let url = format!("sqlite://{}?mode=rwc", directory.path().join("empty.db").display());
            return Self {
                url,
                _directory: Some(directory),
            };
        }
        let name = format!("empty_{}", Uuid::now_v7().simple());
        execute(&format!("CREATE DATABASE {name}")).await;
        Self {
            url: named(&name),
            _directory: None,
        }
    }
}

/// A PostgreSQL server that tests may make databases on. `script/test` starts one; `script/with-postgres` does it for any command.
fn server() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told where PostgreSQL is by their environment"
    )]
    std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL is not set: run this through script/with-postgres")
}

fn named(database: &str) -> String {
    let server = server();
    let (base, _) = server.rsplit_once('/').expect("TEST_DATABASE_URL ends with /database");
    format!("{base}/{database}")
}

async fn execute(sql: &str) {
    let db = Db::connect(&server()).await.expect("PostgreSQL answers");
    db.connection().execute_unprepared(sql).await.expect("the statement works");
    db.close().await;
}

async fn migrate(url: &str) {
    let db = Db::connect(url).await.expect("the database opens");
    migration::up(db.connection()).await.expect("migrations work");
    db.close().await;
}
