//! A file is done, block after block: the rows of a block, what became of them and which block is next are one transaction. Whoever goes on
//! after a crash finds what is left, and nothing is done twice.

use std::{collections::BTreeMap, time::Duration as Pause};

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    imports::{ImportStatus, ImportView},
};
use domain::imports::{Kind, Outcome};
use entity::imports::{import, import_block as block, import_key as key, import_mapping as known};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockType, OnConflict},
};
use uuid::Uuid;

use super::{
    Became, OUTCOME, columns, find, kind, locked, mapping, may_bring, missing,
    rows::{Done, Work, remember},
    rows_of, seen, status, still_ready, view,
};
use crate::{
    accounts, integrations,
    kernel::{Actor, Error, Event, Principal, Result, Services, Tx, error::problem, queue::Job, tx::Changed},
};

/// Files with so few rows are done before the answer; others by a job.
const AT_ONCE: i32 = 200;

/// Blocks of one job, which is then followed by another, so that others have a turn.
const BLOCKS: usize = 40;

/// Between two blocks: texts and pages go first.
const PAUSE: Pause = Pause::from_millis(3);

/// A file that has stood still for so long is gone on with.
const SILENT: Duration = Duration::seconds(30);

/// How long a file is kept, with the rows that were refused.
const KEPT: Duration = Duration::days(30);
/// One that was never started, or has not come in whole.
const KEPT_UNUSED: Duration = Duration::days(2);

/// Mappings that are remembered of a business.
const MAPPINGS: u64 = 50;

/// Rows after which screens are told.
const TOLD: usize = 100 / super::BLOCK;

const GONE: &str = "Who asked for this does not work here any more, so it was stopped.";

/// Starts a file. With `dry_run` nothing is saved: the counts say what would be.
///
/// # Errors
/// `Invalid` where something has to be decided first; `Conflict` where it was started already; `NotFound`, `NotAllowed`.
pub async fn start(s: &Services, actor: &Actor, id: Uuid, dry_run: bool) -> Result<ImportView> {
    let before = seen(s, actor, id).await?;
    may_bring(actor, kind(&before)?)?;
    still_ready(&before)?;
    let columns = columns(s, &before).await?;
    let missing = missing(&before, &columns, &mapping(&before))?;
    if let Some(first) = missing.first() {
        return Err(decide(first, &missing));
    }
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    still_ready(&row)?;
    if row.has_header && !dry_run {
        remember_mapping(&tx, &row).await?;
    }
    let few = row.total <= AT_ONCE;
    let facts = (
        row.kind.clone(),
        row.file_name.clone(),
        row.total,
        row.consent.clone(),
        dry_run,
    );
    let mut row = row.into_active_model();
    row.status = Set(ImportStatus::Running.as_str().to_owned());
    row.dry_run = Set(dry_run);
    row.preview = Set(None);
    row.changed_at = Set(tx.now);
    row.update(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::ImportStarted(id),
        None::<()>,
        Some(facts),
    );
    tx.mark_changed(actor.business_id, Changed::Import(id));
    if !few {
        tx.enqueue(&Job::Import { import_id: id }, tx.now, None).await?;
    }
    tx.commit().await?;
    // Should this process die meanwhile, the tick finds it.
    if few {
        perform(s, id).await?;
    }
    view(find(&s.db().write, actor.business_id, id).await?)
}

/// Says all that is missing, and points at the first of it.
fn decide(first: &str, missing: &[String]) -> Error {
    let about = if first.contains("column") {
        "mapping"
    } else if first.contains("agreed") {
        "consent"
    } else {
        "date_order"
    };
    let mut problem = contract::Problem::field(about, first);
    problem.detail = missing.join(" ");
    problem.into()
}

/// How files with these headings are read from now on.
async fn remember_mapping(tx: &Tx, row: &import::Model) -> Result<()> {
    let of_business = || known::Entity::in_business(row.business_id);
    let old: Vec<DateTime<Utc>> = of_business()
        .select_only()
        .column(known::Column::UpdatedAt)
        .order_by_desc(known::Column::UpdatedAt)
        .offset(MAPPINGS)
        .limit(1)
        .into_tuple()
        .all(&tx.db)
        .await?;
    if let Some(oldest) = old.first() {
        known::Entity::delete_many()
            .filter(known::Column::BusinessId.eq(row.business_id))
            .filter(known::Column::UpdatedAt.lte(*oldest))
            .exec(&tx.db)
            .await?;
    }
    let now = known::ActiveModel {
        business_id: Set(row.business_id),
        kind: Set(row.kind.clone()),
        fingerprint: Set(row.fingerprint.clone()),
        mapping: Set(row.mapping.clone()),
        date_order: Set(row.date_order.clone()),
        updated_at: Set(tx.now),
    };
    use known::Column as C;
    let replace = OnConflict::columns([C::BusinessId, C::Kind, C::Fingerprint])
        .update_columns([C::Mapping, C::DateOrder, C::UpdatedAt])
        .to_owned();
    known::Entity::insert(now)
        .on_conflict(replace)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// Stops a file. What was saved until now stays, and is counted.
///
/// # Errors
/// `Conflict` for one that is over; `NotFound`, `NotAllowed`.
pub async fn cancel(s: &Services, actor: &Actor, id: Uuid) -> Result<ImportView> {
    let before = seen(s, actor, id).await?;
    may_bring(actor, kind(&before)?)?;
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    match status(&row)? {
        ImportStatus::Ready | ImportStatus::Running => {}
        ImportStatus::Cancelled => return view(row),
        _ => return Err(problem(Code::Conflict, "This import is over already.")),
    }
    end(&mut tx, &actor.who, row, ImportStatus::Cancelled, None).await?;
    tx.commit().await?;
    view(find(&s.db().write, actor.business_id, id).await?)
}

async fn end(tx: &mut Tx, by: &Principal, row: import::Model, becomes: ImportStatus, why: Option<&str>) -> Result<()> {
    let (business_id, id, counts) = (row.business_id, row.id, view(row.clone())?.rows);
    let event = match becomes {
        ImportStatus::Done => Event::ImportDone(id),
        _ => Event::ImportCancelled(id),
    };
    let mut row = row.into_active_model();
    row.status = Set(becomes.as_str().to_owned());
    row.problem = Set(why.map(str::to_owned));
    row.finished_at = Set(Some(tx.now));
    row.changed_at = Set(tx.now);
    row.update(&tx.db).await?;
    key::Entity::delete_many()
        .filter(key::Column::ImportId.eq(id))
        .exec(&tx.db)
        .await?;
    tx.record_change(business_id, by, event, None::<()>, Some(counts));
    tx.mark_changed(business_id, Changed::Import(id));
    Ok(())
}

/// Goes on with a file until it is done, or so much was done that others should have a turn.
///
/// # Errors
/// When the database does not answer; the next tick goes on with it.
pub(crate) async fn perform(s: &Services, import_id: Uuid) -> Result<()> {
    for _ in 0..BLOCKS {
        if !Box::pin(step(s, import_id)).await? {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    let mut tx = s.begin().await?;
    tx.enqueue(&Job::Import { import_id }, tx.now, None).await?;
    tx.commit().await
}

/// Stays with a file until it is over; for who has no workers, or does not want to wait for them. `say` hears how far it is.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(s: &Services, actor: &Actor, id: Uuid, mut say: impl FnMut(&ImportView)) -> Result<ImportView> {
    loop {
        for _ in 0..BLOCKS {
            if !Box::pin(step(s, id)).await? {
                return super::get(s, actor, id).await;
            }
        }
        say(&super::get(s, actor, id).await?);
    }
}

/// Whoever brought it, if they may still do what it does.
async fn brought_by(tx: &Tx, row: &import::Model) -> Result<Option<Actor>> {
    let actor = match (row.account_id, row.api_key_id) {
        (Some(account), _) => accounts::actor_on(&tx.db, account, row.business_id).await?,
        (None, Some(key)) => integrations::actor_on(&tx.db, key, row.business_id).await?,
        (None, None) => Some(Actor {
            business_id: row.business_id,
            who: Principal::Operator,
        }),
    };
    let kind: Kind = kind(row)?;
    Ok(actor.filter(|actor| may_bring(actor, kind).is_ok()))
}

/// A block in one transaction; whether there are more.
async fn step(s: &Services, import_id: Uuid) -> Result<bool> {
    let mut tx = s.begin().await?;
    // One at a time: whoever else is at work on it waits here, and finds what is left.
    let row = import::Entity::find_by_id(import_id)
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    let Some(row) = row else { return Ok(false) };
    if status(&row)? != ImportStatus::Running {
        return Ok(false);
    }
    let Some(actor) = brought_by(&tx, &row).await? else {
        end(&mut tx, &Principal::System("imports"), row, ImportStatus::Failed, Some(GONE)).await?;
        tx.commit().await?;
        return Ok(false);
    };
    let Some(next) = at(import_id, row.next_block).one(&tx.db).await? else {
        end(&mut tx, &actor.who, row, ImportStatus::Done, None).await?;
        tx.commit().await?;
        return Ok(false);
    };
    let done = work(s, &mut tx, &row, actor, &next).await?;
    let mut tx = if row.dry_run {
        // As if nothing had been done, but for what was found out.
        tx.db.rollback().await?;
        let again = s.begin().await?;
        let now = import::Entity::find_by_id(import_id)
            .lock(LockType::Update)
            .one(&again.db)
            .await?;
        // Somebody else has done this block between the two.
        if now.is_none_or(|now| now.status != row.status || now.next_block != row.next_block) {
            return Ok(true);
        }
        for one in &done {
            if let Some(key) = &one.key {
                remember(&again, import_id, key, one.number).await?;
            }
        }
        again
    } else {
        tx
    };
    let more = save(s, &mut tx, row, next, &done).await?;
    tx.commit().await?;
    Ok(more)
}

/// A block of a file.
pub(crate) fn at(import_id: Uuid, seq: i32) -> Select<block::Entity> {
    block::Entity::find()
        .filter(block::Column::ImportId.eq(import_id))
        .filter(block::Column::Seq.eq(seq))
}

/// What becomes of each row of a block.
pub(super) async fn work(
    s: &Services,
    tx: &mut Tx,
    row: &import::Model,
    actor: Actor,
    block: &block::Model,
) -> Result<Vec<Done>> {
    let rows = rows_of(s, block).await?;
    let work = Work::of(tx, row, actor).await?;
    work.reserve(tx, &rows).await?;
    let mut done = Vec::with_capacity(rows.len());
    for kept in &rows {
        done.push(Box::pin(work.row(tx, kept)).await?);
    }
    Ok(done)
}

/// Writes down what became of a block, and that the next one is next.
async fn save(s: &Services, tx: &mut Tx, row: import::Model, block: block::Model, done: &[Done]) -> Result<bool> {
    let became: Vec<Became> = done
        .iter()
        .filter(|one| !one.note.is_empty())
        .map(|one| Became {
            number: one.number,
            outcome: one.outcome.as_str().to_owned(),
            why: one.note.clone(),
        })
        .collect();
    let json = serde_json::to_string(&became).map_err(|e| Error::broken(e.to_string()))?;
    let count = |outcome| done.iter().filter(|one| one.outcome == outcome).count() as i32;
    let mut one = block.into_active_model();
    one.outcome = Set(Some(s.vault().seal(OUTCOME, &json)));
    one.refused = Set(count(Outcome::Refused));
    one.update(&tx.db).await?;
    let mut changed: BTreeMap<String, u32> = serde_json::from_str(&row.changed).unwrap_or_default();
    for field in done.iter().flat_map(|one| &one.changed) {
        *changed.entry((*field).to_owned()).or_default() += 1;
    }
    let (business_id, id, next, total) = (row.business_id, row.id, row.next_block + 1, row.total);
    let so_far = row.done + done.len() as i32;
    let counts = [
        (Outcome::Created, row.created),
        (Outcome::Updated, row.updated),
        (Outcome::Unchanged, row.unchanged),
        (Outcome::Duplicate, row.duplicate),
        (Outcome::Skipped, row.skipped),
        (Outcome::Refused, row.refused),
    ];
    let [created, updated, unchanged, duplicate, skipped, refused] = counts.map(|(outcome, n)| n + count(outcome));
    let mut row = row.into_active_model();
    row.next_block = Set(next);
    row.done = Set(so_far);
    row.created = Set(created);
    row.updated = Set(updated);
    row.unchanged = Set(unchanged);
    row.duplicate = Set(duplicate);
    row.skipped = Set(skipped);
    row.refused = Set(refused);
    row.changed = Set(serde_json::to_string(&changed).unwrap_or_default());
    row.changed_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    if so_far >= total {
        end(tx, &Principal::System("imports"), row, ImportStatus::Done, None).await?;
        return Ok(false);
    }
    if (next as usize).is_multiple_of(TOLD) {
        tx.mark_changed(business_id, Changed::Import(id));
    }
    Ok(true)
}

/// Files whose work has stood still. The state is a literal: SQLite uses an index over a part of the rows only if it can see that the query
/// asks for no others.
pub(crate) fn silent(now: DateTime<Utc>) -> Select<import::Entity> {
    import::Entity::find()
        .filter(Expr::cust("\"status\" = 'running'"))
        .filter(import::Column::ChangedAt.lte(now - SILENT))
        .limit(20)
}

/// Goes on with what stood still.
///
/// # Errors
/// When the database does not answer; the next tick tries again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    for row in silent(s.now()).all(s.read()).await? {
        let mut tx = s.begin().await?;
        let key = format!("import:{}:{}", row.id, tx.now.timestamp() / 30);
        tx.enqueue(&Job::Import { import_id: row.id }, tx.now, Some(&key)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Forgets files that nobody needs any more, with their rows.
///
/// # Errors
/// When the database does not answer.
pub async fn prune(s: &Services) -> Result<()> {
    let now = s.now();
    let old = import::Entity::find()
        .filter(import::Column::ChangedAt.lt(now - KEPT_UNUSED))
        .order_by_asc(import::Column::ChangedAt)
        .limit(100)
        .all(s.read())
        .await?;
    for row in old {
        let unused = matches!(status(&row), Ok(ImportStatus::Uploading | ImportStatus::Ready));
        if unused || row.changed_at < now - KEPT {
            let tx = s.begin().await?;
            import::Entity::delete_by_id(row.id).exec(&tx.db).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}
