//! What the installation itself looks like, for `showup doctor` and its page: facts alone; what they mean is said there. Nothing is changed, and
//! each look is bounded, so that it may run beside a server under load.

use chrono::{DateTime, Duration, Utc};
use domain::consent::GENESIS;
use entity::{
    accounts::account,
    businesses::business,
    contacts::{consent_event, contact},
    messages::message,
    notifications::push_key,
    numbers::number,
    reminders::reminder_request,
    selftest::self_test,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Statement, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    channels::{
        breakers,
        connections::{Connections, patient},
    },
    kernel::{Db, Result, Services, paging::count_to},
};

/// Counted up to so many; more is as bad.
const COUNTED: u64 = 1_000;

/// Businesses whose ledgers' ends are looked at, and accounts that are asked.
const BUSINESSES: u64 = 500;
const ACCOUNTS: usize = 50;

/// A call takes 30 seconds at most.
const STUCK: Duration = Duration::minutes(5);

/// How long a text may wait that nothing holds back, and a reminder that is due.
const LATE: Duration = Duration::minutes(2);

/// What the database says of itself.
pub struct DatabaseFacts {
    /// `SQLite 3.51.0` or `PostgreSQL 17.2`.
    pub version: String,
    /// What its own check found wrong; none where it found nothing, or was not made.
    pub damage: Option<String>,
}

/// Asks the database for its version, and an SQLite file for its health.
///
/// # Errors
/// When it does not answer.
pub async fn database(db: &Db) -> Result<DatabaseFacts> {
    let read = &db.read;
    let ask = async |sql: &str, name: &str| -> Result<String> {
        let row = read
            .query_one_raw(Statement::from_string(read.get_database_backend(), sql))
            .await?;
        Ok(row.and_then(|row| row.try_get::<String>("", name).ok()).unwrap_or_default())
    };
    if db.is_postgres() {
        let version = ask("SELECT current_setting('server_version') AS version", "version").await?;
        return Ok(DatabaseFacts {
            version: format!("PostgreSQL {version}"),
            damage: None,
        });
    }
    let version = ask("SELECT sqlite_version() AS version", "version").await?;
    let found = ask("PRAGMA quick_check(1)", "quick_check").await?;
    Ok(DatabaseFacts {
        version: format!("SQLite {version}"),
        damage: (found != "ok").then_some(found),
    })
}

/// Opens a row of each kind that is sealed; how many were there.
///
/// # Errors
/// When one can't be opened: the key is another one.
pub async fn open_some(s: &Services) -> Result<usize> {
    let mut opened = 0;
    if let Some(row) = account::Entity::find().limit(1).one(s.read()).await? {
        s.vault().open("account.email", &row.email).await?;
        opened += 1;
    }
    if let Some(row) = contact::Entity::find().limit(1).one(s.read()).await? {
        s.vault().open("contact.phone", &row.phone).await?;
        opened += 1;
    }
    Ok(opened)
}

/// How the outbox stands.
#[derive(Debug, Default)]
pub struct QueueFacts {
    /// Since when the oldest text waits that nothing holds back.
    pub oldest: Option<DateTime<Utc>>,
    /// Texts that are being called for and were not heard of any more.
    pub stuck: u32,
    /// Texts of which it is not known whether they left.
    pub unknown: u32,
    /// Reminders that are due and did not become texts.
    pub overdue: u32,
}

/// Texts of one priority that wait and that nothing holds back. State and priority are literals, for the index over those that wait.
pub(crate) fn waiting(priority: i32, before: DateTime<Utc>) -> Select<message::Entity> {
    message::Entity::find()
        .filter(Expr::cust(format!("\"status\" = 'queued' AND \"priority\" = {priority}")))
        .filter(message::Column::NotBefore.lt(before))
        .order_by_asc(message::Column::NotBefore)
        .limit(1)
}

pub(crate) fn stuck(before: DateTime<Utc>) -> Select<message::Entity> {
    message::Entity::find()
        .filter(Expr::cust("\"status\" = 'sending'"))
        .filter(message::Column::ClaimedAt.lt(before))
}

pub(crate) fn unknown() -> Select<message::Entity> {
    message::Entity::find().filter(Expr::cust("\"status\" = 'unknown'"))
}

pub(crate) fn overdue(before: DateTime<Utc>) -> Select<reminder_request::Entity> {
    reminder_request::Entity::find()
        .filter(Expr::cust("\"status\" = 'planned'"))
        .filter(reminder_request::Column::DueAt.lt(before))
}

/// How the outbox stands now.
///
/// # Errors
/// When the database does not answer.
pub async fn queue(s: &Services) -> Result<QueueFacts> {
    let now = s.now();
    let mut oldest: Option<DateTime<Utc>> = None;
    for priority in 0..3 {
        if let Some(m) = waiting(priority, now - LATE).one(s.read()).await? {
            oldest = Some(oldest.map_or(m.not_before, |known| known.min(m.not_before)));
        }
    }
    Ok(QueueFacts {
        oldest,
        stuck: count_to(s.read(), stuck(now - STUCK), message::Column::Id, COUNTED).await?,
        unknown: count_to(s.read(), unknown(), message::Column::Id, COUNTED).await?,
        overdue: count_to(s.read(), overdue(now - LATE), reminder_request::Column::Id, COUNTED).await?,
    })
}

/// What holds texts back: whose and why.
///
/// # Errors
/// When the database does not answer.
pub async fn open_breakers(s: &Services) -> Result<Vec<(String, String)>> {
    breakers::all_open(s.read()).await
}

/// Businesses whose ledger's last row is not what the business says it is, by name, and how many were looked at. The whole chain is for
/// `admin verify-ledger`.
///
/// # Errors
/// When the database does not answer.
pub async fn ledger_heads(s: &Services) -> Result<(Vec<String>, usize)> {
    let all = business::Entity::find()
        .order_by_desc(business::Column::CreatedAt)
        .limit(BUSINESSES)
        .all(s.read())
        .await?;
    let mut broken = Vec::new();
    for b in &all {
        let last = consent_event::Entity::in_business(b.id)
            .order_by_desc(consent_event::Column::Seq)
            .limit(1)
            .one(s.read())
            .await?;
        let head = last.map_or((0, GENESIS.to_owned()), |row| (row.seq, row.hash));
        if head != (b.ledger_seq, b.ledger_hash.clone()) {
            broken.push(b.slug.clone());
        }
    }
    Ok((broken, all.len()))
}

/// How a Twilio account answers.
pub struct AccountFacts {
    pub sid: String,
    /// The slug of the business it belongs to; none: the installation's.
    pub business: Option<String>,
    /// `active`, or why not.
    pub status: std::result::Result<String, String>,
}

/// Asks Twilio how each account is, the installation's first; at most 50.
///
/// # Errors
/// When the database does not answer.
pub async fn accounts(s: &Services) -> Result<Vec<AccountFacts>> {
    let mut facts = Vec::new();
    for connection in s.of::<Connections>().all().into_iter().take(ACCOUNTS) {
        let business = match connection.owner() {
            Some(id) => business::Entity::find_by_id(id).one(s.read()).await?.map(|b| b.slug),
            None => None,
        };
        let said = patient(|| connection.client().look().account()).await;
        facts.push(AccountFacts {
            sid: connection.sid().to_owned(),
            business,
            status: said.map(|account| account.status).map_err(|cause| cause.to_string()),
        });
    }
    Ok(facts)
}

/// Businesses whose last self-test fails, by name (at most 20), of so many that were tested.
///
/// # Errors
/// When the database does not answer.
pub async fn self_tests(s: &Services) -> Result<(Vec<String>, usize)> {
    let rows = self_test::Entity::find()
        .filter(self_test::Column::FinishedAt.is_not_null())
        .order_by_asc(self_test::Column::NextAt)
        .limit(COUNTED)
        .all(s.read())
        .await?;
    let failing: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.failing > 0)
        .map(|row| row.business_id)
        .take(20)
        .collect();
    let mut names = Vec::new();
    for id in failing {
        names.extend(business::Entity::find_by_id(id).one(s.read()).await?.map(|b| b.slug));
    }
    Ok((names, rows.len()))
}

/// Businesses that are suspended.
///
/// # Errors
/// When the database does not answer.
pub async fn suspended(s: &Services) -> Result<u32> {
    let found = business::Entity::find().filter(business::Column::SuspendedAt.is_not_null());
    count_to(s.read(), found, business::Column::Id, COUNTED).await
}

/// Whether the keys that browsers are pushed to with are there.
///
/// # Errors
/// When the database does not answer.
pub async fn has_push_key(s: &Services) -> Result<bool> {
    Ok(push_key::Entity::find().limit(1).one(s.read()).await?.is_some())
}

/// How much there is, roughly, for a bundle: names of tables and rows, counted up to 1,000.
///
/// # Errors
/// When the database does not answer.
pub async fn sizes(s: &Services) -> Result<Vec<(&'static str, u32)>> {
    Ok(vec![
        (
            "businesses",
            count_to(s.read(), business::Entity::find(), business::Column::Id, COUNTED).await?,
        ),
        (
            "people who sign in",
            count_to(s.read(), account::Entity::find(), account::Column::Id, COUNTED).await?,
        ),
        (
            "numbers",
            count_to(s.read(), number::Entity::find(), number::Column::Id, COUNTED).await?,
        ),
        (
            "contacts",
            count_to(s.read(), contact::Entity::find(), contact::Column::Id, COUNTED).await?,
        ),
        (
            "messages",
            count_to(s.read(), message::Entity::find(), message::Column::Id, COUNTED).await?,
        ),
    ])
}
