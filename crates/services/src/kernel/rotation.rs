//! CHANGING KEYS while the server runs. A data key is
//!
//! 1. *next*: every process learns it and finds by it; nobody seals with it, so nobody misses what another has written;
//! 2. *primary*: it seals;
//! 3. *old*: what it sealed is sealed anew, row by row;
//! 4. *spent*: nothing refers to it. It is kept for an hour, should a process that stood still write with it yet, and then dropped.
//!
//! Each step stands in the database, so that a rotation that was killed goes on where it was. An upgrade from a version that stored
//! plain text is the same from step 3: the migration leaves an old "key" of the name `plain`.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use entity::vault::data_key;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryResult,
    QuerySelect, Set, Value,
    sea_query::{Alias, Expr, LockBehavior, LockType, Order, Query, SelectStatement, SimpleExpr, UpdateStatement},
};
use uuid::Uuid;

use super::{
    error::{Error, Result},
    services::Services,
    vault::{Column, Key, PLAIN, REFRESH, SEALED, State, VERSION, add, rows},
};

/// Rows sealed anew in one transaction: over in some ten milliseconds, so that nobody waits long for their lock.
const BATCH: u64 = 200;

/// How long a spent key is kept.
const KEPT: chrono::Duration = chrono::Duration::hours(1);

/// Makes a new data key the one that is used and seals everything with it, or goes on with a rotation that was interrupted. Data keys
/// wrapped with `SHOWUP_SECRET_KEY_PREVIOUS` are wrapped with the current secret. `wait` is longer than every process needs to hear
/// of a change (`REFRESH`); `say` is told how it goes. False: some values could not be decrypted, and their key was kept.
///
/// # Errors
/// When the database does not answer. Running it again goes on.
pub async fn rotate(s: &Services, wait: Duration, mut say: impl FnMut(String)) -> Result<bool> {
    let wrapped = rewrap(s).await?;
    if wrapped > 0 {
        say(format!("{wrapped} data keys are wrapped with the current secret now."));
    }
    let unfinished = in_state(s, State::Next).await?.len() + in_state(s, State::Old).await?.len();
    if unfinished == 0 {
        add(&s.db().write, &s.vault().master, State::Next, s.now()).await?;
        say("A new data key was made. Waiting until every process knows it.".to_owned());
    } else {
        say("Going on with a rotation that was interrupted.".to_owned());
    }
    if !in_state(s, State::Next).await?.is_empty() {
        tokio::time::sleep(wait).await;
        promote(s).await?;
        say("It is in use. Waiting until every process uses it.".to_owned());
    }
    tokio::time::sleep(wait).await;
    s.vault().refresh().await?;
    let whole = finish(s, &mut say).await?;
    drop_spent(s).await?;
    Ok(whole)
}

/// Finishes a rotation that was left behind, and drops keys that have been spent for long enough.
///
/// # Errors
/// When the database does not answer.
pub async fn prune(s: &Services) -> Result<()> {
    if !in_state(s, State::Old).await?.is_empty() {
        finish(s, |_| {}).await?;
    }
    drop_spent(s).await
}

/// Seals what an earlier version has left in plain. Before anything is served: numbers are looked up by blind index alone.
pub(crate) async fn upgrade(s: &Services) -> Result<()> {
    if !in_state(s, State::Old).await?.iter().any(|id| id == PLAIN) {
        return Ok(());
    }
    tracing::info!("encrypting the phone numbers and e-mail addresses in the database; this happens once");
    if finish(s, |line| tracing::info!("{line}")).await? && !s.db().is_postgres() {
        // What was overwritten is still in the file's free pages and in its log.
        for sql in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            if let Err(cause) = s.db().write.execute_unprepared(sql).await {
                tracing::warn!(%cause, "parts of the old plain data may still be in the database file; run VACUUM");
            }
        }
    }
    Ok(())
}

async fn rewrap(s: &Services) -> Result<usize> {
    let mut wrapped = 0;
    for row in rows(&s.db().write).await?.into_iter().filter(|row| row.id != PLAIN) {
        let (key, previous) = s.vault().master.unwrap(&row)?;
        if !previous {
            continue;
        }
        let new = s.vault().master.wrap(&row.id, &key);
        let mut row = row.into_active_model();
        row.wrapped = Set(new);
        data_key::Entity::update(row).exec(&s.db().write).await?;
        wrapped += 1;
    }
    Ok(wrapped)
}

async fn promote(s: &Services) -> Result<()> {
    let tx = s.db().begin().await?;
    let next = data_key::Entity::find()
        .filter(data_key::Column::State.eq(State::Next.as_str()))
        .lock_exclusive()
        .one(&tx)
        .await?;
    if let Some(next) = next {
        let primary = data_key::Column::State.eq(State::Primary.as_str());
        set_state(&tx, primary, State::Old, s.now()).await?;
        set_state(&tx, data_key::Column::Id.eq(next.id), State::Primary, s.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn set_state(db: &impl ConnectionTrait, which: SimpleExpr, state: State, now: DateTime<Utc>) -> Result<()> {
    data_key::Entity::update_many()
        .col_expr(data_key::Column::State, Expr::value(state.as_str()))
        .col_expr(data_key::Column::Since, Expr::value(now))
        .filter(which)
        .exec(db)
        .await?;
    Ok(())
}

async fn in_state(s: &Services, state: State) -> Result<Vec<String>> {
    let keys = rows(&s.db().write).await?;
    let keys = keys.into_iter().filter(|row| row.state == state.as_str());
    Ok(keys.map(|row| row.id).collect())
}

/// Old keys become spent once everything is sealed with the primary one. False: not everything could be.
async fn finish(s: &Services, mut say: impl FnMut(String)) -> Result<bool> {
    let old = in_state(s, State::Old).await?;
    let broken = reseal(s, &mut say).await?;
    if broken > 0 {
        say(format!(
            "{broken} values could not be opened; the log names them. Their key is kept."
        ));
        return Ok(false);
    }
    set_state(&s.db().write, data_key::Column::Id.is_in(old), State::Spent, s.now()).await?;
    Ok(true)
}

async fn drop_spent(s: &Services) -> Result<()> {
    for row in rows(&s.db().write).await? {
        if row.state != State::Spent.as_str() || row.since > s.now() - KEPT {
            continue;
        }
        if !any(s, |column| column.sealed_with(&row.id)).await? {
            data_key::Entity::delete_by_id(&row.id).exec(&s.db().write).await?;
        } else if reseal(s, |_| {}).await? == 0 {
            tracing::warn!(key = row.id, "something was written with a spent data key; sealed anew");
        }
    }
    Ok(())
}

/// Seals everything that is not sealed with the primary key; returns how many values could not be opened.
async fn reseal(s: &Services, mut say: impl FnMut(String)) -> Result<usize> {
    loop {
        let mut broken = 0;
        for column in SEALED {
            broken += pass(s, column, &mut say).await?;
        }
        let primary = s.vault().primary();
        if broken > 0 || !any(s, |column| column.sealed_with(&primary).not()).await? {
            return Ok(broken);
        }
        // Some rows were locked by others just then.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Once through a table, in the order of its key.
async fn pass(s: &Services, column: &Column, mut say: impl FnMut(String)) -> Result<usize> {
    let (mut after, mut done, mut broken) = (None, 0, 0);
    loop {
        let began = Instant::now();
        let tx = s.db().begin().await?;
        let batch = tx.query_all(&column.select(&s.vault().primary(), after.as_deref())).await?;
        for row in &batch {
            match one(s, &tx, column, row).await {
                Ok(()) => done += 1,
                Err(Error::Broken(cause)) => {
                    tracing::error!(cause, key = ?column.key_of(row)?, "not encrypted anew");
                    broken += 1;
                }
                Err(other) => return Err(other),
            }
        }
        tx.commit().await?;
        if done > 0 && (batch.len() as u64) < BATCH || done % (50 * BATCH) == BATCH {
            say(format!("{}: {done} values encrypted", column.field));
        }
        let Some(last) = batch.last().filter(|_| batch.len() as u64 == BATCH) else {
            return Ok(broken);
        };
        after = Some(column.key_of(last)?);
        // SQLite has one writer: others shall get at least every other turn.
        tokio::time::sleep(began.elapsed()).await;
    }
}

async fn one(s: &Services, tx: &DatabaseTransaction, column: &Column, row: &QueryResult) -> Result<()> {
    let stored: String = row.try_get("", column.name())?;
    let text = s.vault().open(column.field, &stored).await?;
    let mut update = column.update(column.key_of(row)?);
    update.value(Alias::new(column.name()), s.vault().seal(column.field, &text));
    if let Some(index) = column.index {
        update.value(Alias::new(index), s.vault().index(column.field, &text));
    }
    tx.execute(&update).await?;
    Ok(())
}

async fn any(s: &Services, which: impl Fn(&Column) -> SimpleExpr) -> Result<bool> {
    for column in SEALED {
        let found = Query::select()
            .expr(Expr::val(1))
            .from(Alias::new(column.table()))
            .and_where(which(column))
            .limit(1)
            .to_owned();
        if s.db().write.query_one(&found).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Column {
    fn table(&self) -> &'static str {
        self.field.split_once('.').map_or(self.field, |(table, _)| table)
    }

    fn name(&self) -> &'static str {
        self.field.split_once('.').map_or(self.field, |(_, column)| column)
    }

    fn sealed_with(&self, id: &str) -> SimpleExpr {
        Expr::col(Alias::new(self.name())).like(format!("{VERSION}.{id}.%"))
    }

    /// The next rows not sealed with the primary key. Those that somebody else has locked are left for the next pass: who waits for
    /// no lock is in nobody's deadlock.
    fn select(&self, primary: &str, after: Option<&[Value]>) -> SelectStatement {
        let mut select = Query::select();
        select.from(Alias::new(self.table()));
        for key in self.key {
            select
                .column(Alias::new(key.name()))
                .order_by(Alias::new(key.name()), Order::Asc);
        }
        if !self.key.iter().any(|key| key.name() == self.name()) {
            select.column(Alias::new(self.name()));
        }
        if let Some(after) = after {
            let here = Expr::tuple(self.key.iter().map(|key| Expr::col(Alias::new(key.name()))));
            select.and_where(here.gt(Expr::tuple(after.iter().cloned().map(Expr::value))));
        }
        select
            .and_where(self.sealed_with(primary).not())
            .limit(BATCH)
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .to_owned()
    }

    /// Changes this row, which `select` has locked.
    fn update(&self, key: Vec<Value>) -> UpdateStatement {
        let mut update = Query::update();
        update.table(Alias::new(self.table()));
        for (column, value) in self.key.iter().zip(key) {
            update.and_where(Expr::col(Alias::new(column.name())).eq(value));
        }
        update
    }

    fn key_of(&self, row: &QueryResult) -> Result<Vec<Value>> {
        let value = |key: &Key| -> Result<Value> {
            Ok(match *key {
                Key::Uuid(name) => row.try_get::<Uuid>("", name)?.into(),
                Key::Serial(name) => row.try_get::<i64>("", name)?.into(),
                Key::Text(name) => row.try_get::<String>("", name)?.into(),
            })
        };
        self.key.iter().map(value).collect()
    }
}

impl Key {
    fn name(self) -> &'static str {
        match self {
            Key::Uuid(name) | Key::Serial(name) | Key::Text(name) => name,
        }
    }
}

/// Looks for keys that another process has made or dropped.
///
/// # Errors
/// When the database does not answer, or a new key is wrapped with a secret this process does not have.
pub async fn refresh(s: &Services) -> Result<()> {
    s.vault().refresh().await
}

/// Refreshes for ever, and every ten minutes drops keys that are done with; every process that serves or works runs this once.
pub async fn keep_fresh(s: &Services) {
    for round in 1_u64.. {
        tokio::time::sleep(REFRESH).await;
        if let Err(cause) = s.vault().refresh().await {
            tracing::error!(%cause, "data keys could not be read; going on with those known");
        }
        if round.is_multiple_of(300)
            && let Err(cause) = prune(s).await
        {
            tracing::error!(%cause, "old data keys could not be looked through; trying again later");
        }
    }
}
