//! How a file is to be read: which column holds what, which number of a date is the day, what its people agreed to.

use std::collections::BTreeMap;

use contract::imports::{ImportOptions, ImportPage, ImportStatus, ImportView};
use domain::imports::{
    Consent, Field,
    dates::{Known, Order},
    headers::normal,
};
use entity::imports::import;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use uuid::Uuid;

use super::{columns, kind, locked, mapping, may_bring, no_decision, order_of, page, preview, run, seen, still_ready};
use crate::kernel::{Actor, Result, Services, error::field};

/// Decides how a file is read, and looks at it anew.
///
/// # Errors
/// `Invalid` for what is no field, order or decision; `Conflict` once it was started; `NotFound`, `NotAllowed`.
pub async fn set(s: &Services, actor: &Actor, id: Uuid, options: ImportOptions) -> Result<ImportPage> {
    write(s, actor, id, options).await?;
    preview::look(s, actor, id).await?;
    page(s, actor, id).await
}

async fn write(s: &Services, actor: &Actor, id: Uuid, options: ImportOptions) -> Result<()> {
    let before = seen(s, actor, id).await?;
    let file_kind = kind(&before)?;
    may_bring(actor, file_kind)?;
    still_ready(&before)?;
    let columns = columns(s, &before).await?;
    let mut now = mapping(&before);
    let mut row = before.into_active_model();
    if let Some(words) = options.fields {
        let fields = fields(&words, columns.len(), Field::of(file_kind))?;
        now.clone_from(&fields);
        let words: Vec<&str> = fields.iter().map(|field| field.map_or("", Field::as_str)).collect();
        row.mapping = Set(serde_json::to_string(&words).unwrap_or_default());
    }
    let said = options.date_order.as_deref().map(str::trim).filter(|order| !order.is_empty());
    let order = match (said, order_of(&columns, &now)) {
        (Some(said), _) => Some(
            said.parse()
                .map_err(|_| field("date_order", "The order of dates is \"dmy\" or \"mdy\"."))?,
        ),
        (None, Known::Order(shown)) => Some(shown),
        (None, Known::Ask(_) | Known::Clear) => None,
    };
    if let Some(order) = order {
        let order: Order = order;
        row.date_order = Set(Some(order.as_str().to_owned()));
    }
    if let Some(consent) = options
        .consent
        .as_deref()
        .map(str::trim)
        .filter(|consent| !consent.is_empty())
    {
        let consent: Consent = consent.parse().map_err(|_| no_decision())?;
        row.consent = Set(Some(consent.as_str().to_owned()));
    }
    if let Some(include) = options.include_past {
        row.include_past = Set(include);
    }
    let tx = s.begin().await?;
    still_ready(&locked(&tx, actor.business_id, id).await?)?;
    row.changed_at = Set(tx.now);
    row.update(&tx.db).await?;
    tx.commit().await
}

/// A field for each column.
///
/// # Errors
/// `Invalid` for a word that is none, for two columns that hold the same, and for more of them than there are columns.
fn fields(words: &[String], columns: usize, allowed: &[Field]) -> Result<Vec<Option<Field>>> {
    if words.len() > columns {
        return Err(field("mapping", format!("This file has {columns} columns only.")));
    }
    let mut fields = Vec::with_capacity(columns);
    for word in words {
        let word = word.trim();
        let named = match word {
            "" | "ignore" => None,
            word => Some(named(word, allowed)?),
        };
        if named.is_some() && fields.contains(&named) {
            let label = named.map_or("", Field::label);
            return Err(field(
                "mapping",
                format!("Two columns are chosen for \"{label}\". Please choose one of them."),
            ));
        }
        fields.push(named);
    }
    fields.resize(columns, None);
    Ok(fields)
}

fn named(word: &str, allowed: &[Field]) -> Result<Field> {
    let known = word.parse().ok().filter(|field| allowed.contains(field));
    known.ok_or_else(|| {
        let all: Vec<&str> = allowed.iter().map(|field| field.as_str()).collect();
        field(
            "mapping",
            format!("There is no field \"{word}\". There are: {}.", all.join(", ")),
        )
    })
}

/// How a program wants a file to be read.
pub struct Wishes {
    /// A field for each heading; those that are not named are guessed.
    pub mapping: Option<BTreeMap<String, String>>,
    pub date_order: Option<String>,
    pub consent: Option<String>,
    pub include_past: bool,
    pub dry_run: bool,
}

/// Decides all of it at once, and starts. A file that says nothing of consent leaves it as it is. One that can't be started is not kept.
///
/// # Errors
/// `Invalid` where something has to be decided first.
pub async fn begin(s: &Services, actor: &Actor, id: Uuid, wishes: Wishes) -> Result<ImportView> {
    let begun = begin_as(s, actor, id, wishes).await;
    if begun.is_err() {
        let tx = s.begin().await?;
        import::Entity::delete_many()
            .filter(import::Column::Id.eq(id))
            .filter(import::Column::BusinessId.eq(actor.business_id))
            .filter(import::Column::Status.eq(ImportStatus::Ready.as_str()))
            .exec(&tx.db)
            .await?;
        tx.commit().await?;
    }
    begun
}

async fn begin_as(s: &Services, actor: &Actor, id: Uuid, wishes: Wishes) -> Result<ImportView> {
    let fields = match &wishes.mapping {
        Some(said) => Some(by_headings(s, actor, id, said).await?),
        None => None,
    };
    let before = seen(s, actor, id).await?;
    let says_consent = match &fields {
        Some(fields) => fields.iter().any(|field| field == Field::Consent.as_str()),
        None => before.consent.is_some(),
    };
    let otherwise = if says_consent { Consent::Column } else { Consent::Unknown };
    let options = ImportOptions {
        fields,
        date_order: wishes.date_order,
        consent: Some(wishes.consent.unwrap_or_else(|| otherwise.as_str().to_owned())),
        include_past: Some(wishes.include_past),
    };
    write(s, actor, id, options).await?;
    run::start(s, actor, id, wishes.dry_run).await
}

/// The fields of a file's columns as a program names them, heading by heading (or field by field); those it does not name stay as guessed.
///
/// # Errors
/// `Invalid` for a heading that the file does not have, and for what is no field.
async fn by_headings(s: &Services, actor: &Actor, id: Uuid, said: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let row = seen(s, actor, id).await?;
    let allowed = Field::of(kind(&row)?);
    let columns = columns(s, &row).await?;
    let mut fields: Vec<String> = serde_json::from_str(&row.mapping).unwrap_or_default();
    fields.resize(columns.len(), String::new());
    let at = |heading: &str| columns.iter().position(|column| normal(&column.header) == normal(heading));
    for (heading, word) in said {
        // {"phone": "Cell"} is understood as well as {"Cell": "phone"}.
        let (at, word) = match (at(heading), at(word)) {
            (Some(at), _) if word.is_empty() || word == "ignore" || named(word, allowed).is_ok() => (at, word.clone()),
            (_, Some(at)) if named(heading, allowed).is_ok() => (at, heading.clone()),
            (Some(_), _) => return Err(named(word, allowed).map_or_else(|e| e, |_| no_decision())),
            _ => return Err(field("mapping", format!("This file has no column \"{heading}\"."))),
        };
        // What was guessed of another column gives way.
        for field in fields.iter_mut().filter(|field| **field == word) {
            field.clear();
        }
        if let Some(field) = fields.get_mut(at) {
            *field = if word == "ignore" { String::new() } else { word };
        }
    }
    Ok(fields)
}
