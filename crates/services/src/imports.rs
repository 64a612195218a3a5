//! Files that people bring: contacts and visits. A file is read while it comes in and kept as blocks of rows; then somebody looks at how it
//! would be read (`preview`) and starts it; a job does block after block (`run`), each in one transaction with its progress.

mod options;
mod preview;
mod rows;
mod run;
mod upload;

use contract::{
    Code, Page,
    imports::{ImportColumn, ImportPage, ImportRows, ImportStatus, ImportView, PreviewRow},
};
use domain::imports::{Column, Consent, Field, Kind, Reading, dates, dates::Known};
use entity::imports::{import, import_block as block};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LockType},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    businesses,
    exports::{self, Block},
    kernel::{
        Actor, Error, Permission, Result, Services, Tx,
        error::{field, not_found, problem},
        paging::{self, Cursor, TimeCursor},
    },
};

pub use options::{Wishes, begin, set as decide};
pub use preview::look;
#[cfg(test)]
pub(crate) use run::{at as block_at, silent};
pub use run::{cancel, finish, prune, start};
pub(crate) use run::{perform, tick};
pub use upload::{MOST_BYTES, Upload, whole};

/// The sealed columns, as `vault::SEALED` calls them.
const COLUMNS: &str = "import.columns";
const PREVIEW: &str = "import.preview";
const ROWS: &str = "import_block.rows";
const OUTCOME: &str = "import_block.outcome";

/// Rows of a block, which is one transaction: others wait for it.
pub(crate) const BLOCK: usize = 25;

/// Rows of a file that are shown.
const SHOWN: usize = 20;

/// A row as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "n")]
    number: u32,
    #[serde(rename = "c")]
    cells: Vec<String>,
    #[serde(rename = "l", default, skip_serializing_if = "std::ops::Not::not")]
    too_long: bool,
}

/// What became of a row, where that is worth a word.
#[derive(Clone, Serialize, Deserialize)]
struct Became {
    #[serde(rename = "n")]
    number: u32,
    #[serde(rename = "o")]
    outcome: String,
    #[serde(rename = "w")]
    why: String,
}

/// The kind of a file, from what was asked.
///
/// # Errors
/// `Invalid` for one that is none.
fn kind_named(word: &str) -> Result<Kind> {
    word.parse()
        .map_err(|_| field("kind", "The kind is \"contacts\" or \"appointments\"."))
}

fn kind(row: &import::Model) -> Result<Kind> {
    row.kind.parse().map_err(|_| Error::broken("an import of an unknown kind"))
}

fn status(row: &import::Model) -> Result<ImportStatus> {
    row.status
        .parse()
        .map_err(|()| Error::broken("an import with an unknown status"))
}

/// Who brings a file must be allowed all that is written by it.
fn may_bring(actor: &Actor, kind: Kind) -> Result<()> {
    actor.may(Permission::WriteContacts)?;
    match kind {
        Kind::Contacts => Ok(()),
        Kind::Appointments => actor.may(Permission::WriteAppointments),
    }
}

/// Who may bring one may see what became of it.
fn may_see(actor: &Actor, kind: Kind) -> Result<()> {
    let reads = match kind {
        Kind::Contacts => actor.may(Permission::ReadContacts),
        Kind::Appointments => actor
            .may(Permission::ReadAppointments)
            .and_then(|()| actor.may(Permission::ReadContacts)),
    };
    reads.or_else(|_| may_bring(actor, kind))
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<import::Model> {
    let row = import::Entity::these(business_id, [id]).one(db).await?;
    row.ok_or_else(|| not_found("import"))
}

/// The row, locked until the transaction ends.
async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<import::Model> {
    let row = import::Entity::these(business_id, [id])
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    row.ok_or_else(|| not_found("import"))
}

/// One that the actor may see.
async fn seen(s: &Services, actor: &Actor, id: Uuid) -> Result<import::Model> {
    let row = find(s.read(), actor.business_id, id).await?;
    may_see(actor, kind(&row)?)?;
    Ok(row)
}

fn view(row: import::Model) -> Result<ImportView> {
    let count = |n: i32| u32::try_from(n).unwrap_or_default();
    Ok(ImportView {
        status: status(&row)?,
        id: row.id,
        kind: row.kind,
        file_name: row.file_name,
        dry_run: row.dry_run,
        total: count(row.total),
        done: count(row.done),
        rows: ImportRows {
            created: count(row.created),
            updated: count(row.updated),
            unchanged: count(row.unchanged),
            duplicate: count(row.duplicate),
            skipped: count(row.skipped),
            refused: count(row.refused),
        },
        changed: serde_json::from_str(&row.changed).unwrap_or_default(),
        encoding: row.encoding,
        delimiter: row.delimiter,
        has_header: row.has_header,
        problem: row.problem,
        by: row.by_name,
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}

/// Several as they are now.
pub(crate) async fn views_of(db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<ImportView>> {
    let rows = import::Entity::these(business_id, ids.iter().copied()).all(db).await?;
    rows.into_iter().map(view).collect()
}

/// One import.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<ImportView> {
    view(seen(s, actor, id).await?)
}

/// Imports of the actor's business, the latest first.
///
/// # Errors
/// `NotAllowed`; `Malformed` for a cursor that is none.
pub async fn list(s: &Services, actor: &Actor, cursor: Option<&str>, limit: Option<u64>) -> Result<Page<ImportView>> {
    may_see(actor, Kind::Contacts)?;
    let (after, size) = (TimeCursor::decode(cursor)?, paging::size(limit)?);
    let rows = latest(actor.business_id, after).limit(size + 1).all(s.read()).await?;
    let page = paging::page_of(size, rows, |row| Cursor(row.created_at, row.id));
    let data: Result<Vec<ImportView>> = page.data.into_iter().map(view).collect();
    Ok(Page {
        data: data?,
        next_cursor: page.next_cursor,
    })
}

pub(crate) fn latest(business_id: Uuid, after: Option<TimeCursor>) -> Select<import::Entity> {
    let (at, id) = (import::Column::CreatedAt, import::Column::Id);
    let rows = import::Entity::in_business(business_id).order_by_desc(at).order_by_desc(id);
    match after {
        Some(Cursor(t, i)) => rows.filter(paging::beyond(at, id, t, i, true)),
        None => rows,
    }
}

/// The screen of one import.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn page(s: &Services, actor: &Actor, id: Uuid) -> Result<ImportPage> {
    let row = seen(s, actor, id).await?;
    let columns = columns(s, &row).await?;
    let fields = mapping(&row);
    let preview = match &row.preview {
        Some(sealed) => serde_json::from_str(&s.vault().open(PREVIEW, sealed).await?).ok(),
        None => None,
    };
    let named = |field: &Option<Field>| field.map(|f| f.as_str().to_owned()).unwrap_or_default();
    let choices = Field::of(kind(&row)?).iter();
    let (missing, question) = (missing(&row, &columns, &fields)?, question(&columns, &fields));
    Ok(ImportPage {
        fields: choices.map(|f| (f.as_str().to_owned(), f.label().to_owned())).collect(),
        columns: columns
            .into_iter()
            .zip(&fields)
            .map(|(column, field)| ImportColumn {
                header: column.header,
                samples: column.samples,
                field: named(field),
            })
            .collect(),
        date_order: row.date_order.clone().unwrap_or_default(),
        date_question: question,
        consent: row.consent.clone().unwrap_or_default(),
        include_past: row.include_past,
        missing,
        preview,
        refused: first_refused(s, &row).await?,
        import: view(row)?,
    })
}

async fn columns(s: &Services, row: &import::Model) -> Result<Vec<Column>> {
    let json = s.vault().open(COLUMNS, &row.columns).await?;
    serde_json::from_str(&json).map_err(|e| Error::broken(e.to_string()))
}

fn mapping(row: &import::Model) -> Vec<Option<Field>> {
    fields_of(&row.mapping)
}

/// A stored mapping.
fn fields_of(json: &str) -> Vec<Option<Field>> {
    let words: Vec<String> = serde_json::from_str(json).unwrap_or_default();
    words.iter().map(|word| word.parse().ok()).collect()
}

/// How its rows are read.
async fn reading(db: &impl ConnectionTrait, row: &import::Model) -> Result<Reading> {
    Ok(Reading {
        columns: mapping(row),
        order: row.date_order.as_deref().and_then(|order| order.parse().ok()),
        country: businesses::get(db, row.business_id).await?.country,
    })
}

/// Which of a date's numbers is the day: what the columns with dates show, or a question.
fn order_of(columns: &[Column], fields: &[Option<Field>]) -> Known {
    let dated = columns
        .iter()
        .zip(fields)
        .filter(|(_, field)| matches!(field, Some(Field::StartsAt | Field::Date | Field::EndsAt)));
    let all: Vec<Known> = dated.map(|(column, _)| column.dates.known()).collect();
    // What one column shows goes for a file.
    let order = all.iter().find(|known| matches!(known, Known::Order(_)));
    let ask = all.iter().find(|known| matches!(known, Known::Ask(_)));
    order.or(ask).cloned().unwrap_or(Known::Clear)
}

fn question(columns: &[Column], fields: &[Option<Field>]) -> Option<String> {
    match order_of(columns, fields) {
        Known::Ask(example) => Some(dates::question(&example)),
        Known::Order(_) | Known::Clear => None,
    }
}

/// What has to be decided before it can start.
fn missing(row: &import::Model, columns: &[Column], fields: &[Option<Field>]) -> Result<Vec<String>> {
    let has = |field| fields.contains(&Some(field));
    let mut missing = Vec::new();
    if !has(Field::Phone) && !has(Field::ExternalId) && !has(Field::Id) {
        let words = "Choose which column holds the phone numbers.";
        missing.push(if row.has_header {
            words.to_owned()
        } else {
            format!("No headings were found in the first row of this file. {words}")
        });
    }
    if kind(row)? == Kind::Appointments && !has(Field::StartsAt) && !has(Field::Date) {
        missing.push("Choose which column says when the visits are.".to_owned());
    }
    if row.date_order.is_none() {
        missing.extend(question(columns, fields));
    }
    match row.consent.as_deref().map(str::parse) {
        Some(Ok(Consent::Column)) if !has(Field::Consent) => {
            missing.push("Choose which column says whether they agreed to texts.".to_owned());
        }
        Some(Ok(_)) => {}
        _ => missing.push("Decide what these people have agreed to.".to_owned()),
    }
    Ok(missing)
}

async fn first_refused(s: &Services, row: &import::Model) -> Result<Vec<PreviewRow>> {
    let mut first = Vec::new();
    for one in refused_blocks(row.id, -1).all(s.read()).await? {
        for (kept, why) in refused_of(s, &one).await? {
            let words = kept
                .cells
                .iter()
                .filter(|cell| !cell.is_empty())
                .take(4)
                .map(|cell| domain::words::preview(cell, 40));
            first.push(PreviewRow {
                number: kept.number,
                outcome: "refused".to_owned(),
                words: words.collect::<Vec<_>>().join(" · "),
                note: why,
            });
        }
        if first.len() >= SHOWN {
            break;
        }
    }
    first.truncate(SHOWN);
    Ok(first)
}

/// Blocks that are read at once for a file.
const AT_ONCE: u64 = 20;

/// Blocks with rows that were refused. The condition is a literal: SQLite uses an index over a part of the rows only if it can see that the
/// query asks for no others.
pub(crate) fn refused_blocks(import_id: Uuid, after: i32) -> Select<block::Entity> {
    block::Entity::find()
        .filter(block::Column::ImportId.eq(import_id))
        .filter(block::Column::Seq.gt(after))
        .filter(Expr::cust("\"refused\" > 0"))
        .order_by_asc(block::Column::Seq)
        .limit(AT_ONCE)
}

async fn rows_of(s: &Services, row: &block::Model) -> Result<Vec<Kept>> {
    let json = s.vault().open(ROWS, &row.rows).await?;
    serde_json::from_str(&json).map_err(|e| Error::broken(e.to_string()))
}

async fn refused_of(s: &Services, row: &block::Model) -> Result<Vec<(Kept, String)>> {
    let Some(sealed) = &row.outcome else { return Ok(Vec::new()) };
    let json = s.vault().open(OUTCOME, sealed).await?;
    let became: Vec<Became> = serde_json::from_str(&json).map_err(|e| Error::broken(e.to_string()))?;
    let why = |number: u32| became.iter().find(|one| one.number == number && one.outcome == "refused");
    let rows = rows_of(s, row).await?;
    Ok(rows
        .into_iter()
        .filter_map(|kept| Some((why(kept.number)?.why.clone(), kept)))
        .map(|(why, kept)| (kept, why))
        .collect())
}

/// The rows that were refused, as they came, each with the reason in a column of its own; the first block begins with the headings.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn refused(s: &Services, actor: &Actor, id: Uuid, after: Option<i32>) -> Result<Block<i32>> {
    let row = seen(s, actor, id).await?;
    let mut file = exports::writer(after.is_none());
    let columns = columns(s, &row).await?;
    if after.is_none() {
        let headings = columns.iter().map(|column| column.header.as_str()).chain(["reason"]);
        exports::line(&mut file, headings)?;
    }
    let blocks = refused_blocks(id, after.unwrap_or(-1)).all(s.read()).await?;
    for one in &blocks {
        for (kept, why) in refused_of(s, one).await? {
            let cells = (0..columns.len()).map(|at| kept.cells.get(at).map_or("", String::as_str));
            exports::line(&mut file, cells.chain([why.as_str()]))?;
        }
    }
    let next = blocks.last().filter(|_| blocks.len() as u64 == AT_ONCE).map(|one| one.seq);
    Ok(Block {
        lines: exports::lines(file)?,
        next,
    })
}

/// A decision that is none.
fn no_decision() -> Error {
    field("consent", "The consent is \"booked\", \"unknown\" or \"column\".")
}

/// What has begun can't be decided any more.
fn still_ready(row: &import::Model) -> Result<()> {
    match status(row)? {
        ImportStatus::Ready => Ok(()),
        ImportStatus::Uploading => Err(problem(
            Code::Conflict,
            "This file has not come in whole. Please upload it again.",
        )),
        _ => Err(problem(Code::Conflict, "This import was started already.")),
    }
}
