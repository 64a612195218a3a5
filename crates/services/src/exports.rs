//! Contacts and visits as files to take away. What is taken out is brought in again without changing anything: the headings are those that an
//! import reads, and no cell is a formula to a spreadsheet.

use std::{borrow::Cow, collections::HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use contract::{appointments::AppointmentView, contacts::ContactView};
pub use domain::imports::harmless;
use domain::phone::Address;
use entity::appointments::appointment;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    appointments, contacts,
    kernel::{
        Actor, Error, Event, Permission, Result, Services,
        paging::{Cursor, TimeCursor},
    },
};

/// Rows that are read at once.
const BLOCK: u64 = 200;

/// A piece of a file, and where the next one begins.
pub struct Block<K> {
    pub lines: Vec<u8>,
    pub next: Option<K>,
}

/// Where a file of contacts goes on: after this name and id.
pub type AfterName = (String, Uuid);
/// Where one of visits goes on: after this start and id.
pub type AfterStart = (DateTime<Utc>, Uuid);

/// All contacts of the actor's business, in the order of names, but for machines that have written. With the first piece, which begins with the
/// headings, it is written down that they were taken out.
///
/// # Errors
/// `NotAllowed`.
pub async fn contacts(s: &Services, actor: &Actor, after: Option<AfterName>) -> Result<Block<AfterName>> {
    actor.may(Permission::ReadContacts)?;
    actor.may(Permission::ExportData)?;
    let first = after.is_none();
    let mut file = writer(first);
    if first {
        taken_out(s, actor, Event::ContactsExported).await?;
        let headings = [
            "name",
            "phone",
            "email",
            "time_zone",
            "language",
            "tags",
            "notes",
            "consent",
            "blocked",
            "created_at",
        ];
        line(&mut file, headings)?;
    }
    let (page, next) = contacts::page_of_all(s, actor.business_id, after, BLOCK).await?;
    for one in &page {
        if Address::of(&one.phone) == Address::Number {
            line(&mut file, contact(one).iter().map(String::as_str))?;
        }
    }
    Ok(Block {
        lines: lines(file)?,
        next,
    })
}

fn contact(one: &ContactView) -> [String; 10] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        one.name.clone(),
        one.phone.clone(),
        text(&one.email),
        text(&one.time_zone),
        text(&one.language),
        one.tags.join(", "),
        one.notes.clone(),
        one.consent.sms.as_str().to_owned(),
        if one.blocked { "yes" } else { "no" }.to_owned(),
        one.created_at.to_rfc3339_opts(SecondsFormat::Secs, true),
    ]
}

/// All visits of the actor's business, by when they begin; else as `contacts`.
///
/// # Errors
/// `NotAllowed`.
pub async fn appointments(s: &Services, actor: &Actor, after: Option<AfterStart>) -> Result<Block<AfterStart>> {
    for needed in [Permission::ReadAppointments, Permission::ReadContacts, Permission::ExportData] {
        actor.may(needed)?;
    }
    let first = after.is_none();
    let mut file = writer(first);
    if first {
        taken_out(s, actor, Event::AppointmentsExported).await?;
        let headings = [
            "id",
            "external_id",
            "name",
            "phone",
            "for_name",
            "starts_at",
            "ends_at",
            "type",
            "location",
            "staff_label",
            "status",
            "notes",
            "time_zone",
            "created_by",
        ];
        line(&mut file, headings)?;
    }
    let rows = visits(actor.business_id, after.map(|(at, id)| Cursor(at, id)))
        .limit(BLOCK)
        .all(s.read())
        .await?;
    let next = rows
        .last()
        .filter(|_| rows.len() as u64 == BLOCK)
        .map(|row| (row.starts_at, row.id));
    let external: HashMap<Uuid, String> = rows
        .iter()
        .filter_map(|row| Some((row.id, row.external_id.clone()?)))
        .collect();
    let shown = appointments::views_in_order(s, actor.business_id, rows).await?;
    for one in &shown {
        let external = external.get(&one.id).map_or("", String::as_str);
        line(&mut file, appointment(one, external).iter().map(String::as_str))?;
    }
    Ok(Block {
        lines: lines(file)?,
        next,
    })
}

/// Visits by when they begin.
pub(crate) fn visits(business_id: Uuid, after: Option<TimeCursor>) -> Select<appointment::Entity> {
    let (start, id) = (appointment::Column::StartsAt, appointment::Column::Id);
    let rows = appointment::Entity::in_business(business_id)
        .order_by_asc(start)
        .order_by_asc(id);
    match after {
        Some(Cursor(at, i)) => rows.filter(crate::kernel::paging::beyond(start, id, at, i, false)),
        None => rows,
    }
}

fn appointment(one: &AppointmentView, external_id: &str) -> [String; 14] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let is_named = one.contact_name != one.phone_display;
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    [
        one.id.to_string(),
        external_id.to_owned(),
        if is_named { one.contact_name.clone() } else { String::new() },
        one.phone.clone(),
        text(&one.for_name),
        time(one.starts_at),
        one.ends_at.map(time).unwrap_or_default(),
        text(&one.type_name),
        one.location.as_ref().map(|place| place.name.clone()).unwrap_or_default(),
        one.staff_label.clone(),
        one.status.as_str().to_owned(),
        one.notes.clone(),
        one.time_zone.clone(),
        text(&one.source),
    ]
}

/// Who took it, and when.
async fn taken_out(s: &Services, actor: &Actor, event: Event) -> Result<()> {
    let mut tx = s.begin().await?;
    tx.record(actor.business_id, &actor.who, event);
    tx.commit().await
}

/// A file's lines as they are written. Spreadsheets take a file for their country's old letters unless it begins with a mark.
pub(crate) type Lines = csv::Writer<Vec<u8>>;

pub(crate) fn writer(begins: bool) -> Lines {
    let mark = if begins { "\u{feff}" } else { "" };
    csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(mark.as_bytes().to_vec())
}

/// Telephone numbers stay as they are: they begin with a plus, and digits alone are no formula that does anything.
pub(crate) fn line<'a>(file: &mut Lines, cells: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let cells = cells.into_iter().map(|cell| {
        if domain::phone::is_e164(cell) {
            cell.into()
        } else {
            harmless(cell)
        }
    });
    let cells: Vec<Cow<'_, str>> = cells.collect();
    file.write_record(cells.iter().map(|cell| cell.as_bytes()))
        .map_err(|e| Error::broken(format!("csv: {e}")))
}

pub(crate) fn lines(file: Lines) -> Result<Vec<u8>> {
    file.into_inner()
        .map_err(|e| Error::broken(format!("csv: {}", e.into_error())))
}
