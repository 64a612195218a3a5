//! The audit trail, to be read: who changed what, when, and what it was before. It is written by `kernel::audit`, which listens to everything.

mod changes;

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, Utc};
use contract::{
    Page, Problem,
    audit::{AuditChoices, AuditQuery, AuditRow, LastChange},
};
use domain::{
    audit::{Area, title, without_id},
    when,
    zone::Zone,
};
use entity::{audit::audit_event, integrations::api_key};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    accounts, businesses, contacts,
    exports::{self, Block},
    integrations,
    kernel::{
        Actor, Event, Permission, Result, Services,
        paging::{self, Cursor, TimeCursor},
    },
    reports,
};

/// Rows of a file that are read at once.
const BLOCK: u64 = 200;

/// Days of which wrong passwords are told.
const FAILED_DAYS: i64 = 30;

/// Where a file goes on: after this moment and id.
pub type AfterMoment = (DateTime<Utc>, Uuid);

/// Which rows are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub who: Option<String>,
    pub area: Option<Area>,
    pub contact: Option<Uuid>,
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// A page of the trail, the latest first.
///
/// # Errors
/// `NotAllowed` for staff; `Malformed` for a filter, a cursor or a number of rows that is none.
pub async fn list(s: &Services, actor: &Actor, query: AuditQuery) -> Result<Page<AuditRow>> {
    actor.may(Permission::ReadAudit)?;
    let size = paging::size(query.limit)?;
    let after = TimeCursor::decode(query.cursor.as_deref())?;
    let wanted = wanted(s, actor, &query).await?;
    let found = rows(actor.business_id, &wanted, after.as_ref())
        .limit(size + 1)
        .all(s.read())
        .await?;
    let page = paging::page_of(size, found, |row| Cursor(row.at, row.id));
    Ok(Page {
        data: shown(s, actor.business_id, page.data).await?,
        next_cursor: page.next_cursor,
    })
}

/// A piece of the same for a file, which begins with its headings. That it is taken out is written down with the first one.
///
/// # Errors
/// As `list`.
pub async fn export(s: &Services, actor: &Actor, query: &AuditQuery, after: Option<AfterMoment>) -> Result<Block<AfterMoment>> {
    actor.may(Permission::ReadAudit)?;
    actor.may(Permission::ExportData)?;
    let wanted = wanted(s, actor, query).await?;
    let first = after.is_none();
    let mut file = exports::writer(first);
    if first {
        exports::line(&mut file, HEADINGS)?;
        let mut tx = s.begin().await?;
        tx.record(actor.business_id, &actor.who, Event::AuditExported);
        tx.commit().await?;
    }
    let after = after.map(|(at, id)| Cursor(at, id));
    let mut found = rows(actor.business_id, &wanted, after.as_ref())
        .limit(BLOCK + 1)
        .all(s.read())
        .await?;
    let more = found.len() as u64 > BLOCK;
    found.truncate(BLOCK as usize);
    let next = found.last().filter(|_| more).map(|row| (row.at, row.id));
    for row in shown(s, actor.business_id, found).await? {
        exports::line(&mut file, cells(&row).iter().map(String::as_str))?;
    }
    Ok(Block {
        lines: exports::lines(file)?,
        next,
    })
}

const HEADINGS: [&str; 9] = [
    "at",
    "by",
    "who",
    "title",
    "action",
    "entity_id",
    "contact_id",
    "contact_name",
    "changes",
];

fn cells(row: &AuditRow) -> [String; 9] {
    let changes: Vec<String> = row.changes.iter().map(changes::sentence).collect();
    [
        row.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        row.by.clone(),
        row.who.clone(),
        row.title.clone(),
        row.action.clone(),
        row.entity_id.to_string(),
        row.contact_id.map(|id| id.to_string()).unwrap_or_default(),
        row.contact_name.clone().unwrap_or_default(),
        changes.join("; "),
    ]
}

/// What the trail can be narrowed by: who works here, keys in use, and what changes are about.
///
/// # Errors
/// `NotAllowed` for staff.
pub async fn choices(s: &Services, actor: &Actor) -> Result<AuditChoices> {
    actor.may(Permission::ReadAudit)?;
    let people = accounts::members(s.read(), actor.business_id).await?;
    let mut who: Vec<(String, String)> = people.into_iter().map(|m| (m.account_id.to_string(), m.name)).collect();
    let keys = integrations::all_keys(s.read(), actor.business_id).await?;
    let key = |key: api_key::Model| (key.id.to_string(), format!("API key {}", key.name));
    who.extend(keys.into_iter().map(key));
    let hands = [
        ("customer", "Customers themselves"),
        ("system", "Showup by itself"),
        ("operator", "The operator of this server"),
    ];
    who.extend(hands.map(|(value, words)| (value.to_owned(), words.to_owned())));
    let business = businesses::get(s.read(), actor.business_id).await?;
    Ok(AuditChoices {
        who,
        what: Area::ALL
            .iter()
            .map(|area| (area.as_str().to_owned(), area.label().to_owned()))
            .collect(),
        failed_sign_ins: reports::failed_sign_ins(s, &business, FAILED_DAYS).await?,
    })
}

/// Who changed the business in this way last; none if nobody has.
///
/// # Errors
/// `NotAllowed` for staff.
pub async fn last_change(s: &Services, actor: &Actor, actions: &[&str]) -> Result<Option<LastChange>> {
    actor.may(Permission::ReadAudit)?;
    if actions.is_empty() {
        return Ok(None);
    }
    let last = of_business(actor.business_id, actions).one(s.read()).await?;
    Ok(last.map(|row| LastChange {
        by: hand(&row),
        at: row.at,
    }))
}

pub(crate) fn of_business(business_id: Uuid, actions: &[&str]) -> Select<audit_event::Entity> {
    use audit_event::Column;
    audit_event::Entity::in_business(business_id)
        .filter(Column::EntityId.eq(business_id))
        .filter(Column::Action.is_in(actions.iter().copied()))
        .order_by_desc(Column::At)
        .limit(1)
}

async fn wanted(s: &Services, actor: &Actor, query: &AuditQuery) -> Result<Wanted> {
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let wrong = |name: &str, words: &str| Problem::parameter(name, words.to_owned());
    let who = given(&query.who);
    if let Some(who) = &who
        && !["operator", "customer", "system"].contains(&who.as_str())
        && who.parse::<Uuid>().is_err()
    {
        let words = "who is the id of a member's account or of an API key, or \"operator\", \"customer\" or \"system\".";
        return Err(wrong("who", words).into());
    }
    let area = given(&query.what).map(|what| {
        let all: Vec<&str> = Area::ALL.iter().map(|area| area.as_str()).collect();
        let words = format!("what is one of {}.", all.join(", "));
        what.parse::<Area>().map_err(|_| wrong("what", &words))
    });
    let contact = given(&query.contact_id).map(|id| {
        let words = "contact_id is the id of a contact.";
        id.parse::<Uuid>().map_err(|_| wrong("contact_id", words))
    });
    let zone = businesses::zone(&businesses::get(s.read(), actor.business_id).await?);
    let day = |name: &str, text: &Option<String>| -> Result<Option<NaiveDate>> {
        let words = format!("{name} is a date like 2027-01-31.");
        let day = given(text).map(|text| when::date(&text).ok_or_else(|| wrong(name, &words)));
        Ok(day.transpose()?)
    };
    Ok(Wanted {
        who,
        area: area.transpose()?,
        contact: contact.transpose()?,
        from: day("from", &query.from)?.map(|day| midnight(day, zone)),
        until: day("to", &query.to)?
            .and_then(|day| day.checked_add_days(Days::new(1)))
            .map(|day| midnight(day, zone)),
    })
}

fn midnight(day: NaiveDate, zone: Zone) -> DateTime<Utc> {
    when::local_to_utc(day.and_time(NaiveTime::MIN), zone)
}

/// Rows of the trail before a moment, the latest first: each of the filters begins an index that is in this order.
pub(crate) fn rows(business_id: Uuid, wanted: &Wanted, before: Option<&TimeCursor>) -> Select<audit_event::Entity> {
    use audit_event::Column;
    let mut rows = audit_event::Entity::in_business(business_id)
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id);
    if let Some(who) = &wanted.who {
        rows = rows.filter(Column::Who.eq(who));
    }
    if let Some(area) = wanted.area {
        rows = rows.filter(Column::Area.eq(area.as_str()));
    }
    if let Some(contact) = wanted.contact {
        rows = rows.filter(Column::ContactId.eq(contact));
    }
    if let Some(from) = wanted.from {
        rows = rows.filter(Column::At.gte(from));
    }
    if let Some(until) = wanted.until {
        rows = rows.filter(Column::At.lt(until));
    }
    if let Some(Cursor(at, id)) = before {
        rows = rows.filter(paging::beyond(Column::At, Column::Id, *at, *id, true));
    }
    rows
}

async fn shown(s: &Services, business_id: Uuid, rows: Vec<audit_event::Model>) -> Result<Vec<AuditRow>> {
    let mut ids: Vec<Uuid> = rows.iter().filter_map(|row| row.contact_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = match ids.is_empty() {
        true => HashMap::new(),
        false => contacts::labels(s, s.read(), business_id, ids).await?,
    };
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let changes = changes::of(s, &row).await?;
        let (by, title) = (hand(&row), title(&row.action));
        all.push(AuditRow {
            id: row.id,
            at: row.at,
            by,
            title,
            contact_name: row
                .contact_id
                .and_then(|id| people.get(&id))
                .map(|person| person.name.clone()),
            who: row.who,
            action: row.action,
            what: row.area,
            entity: row.entity,
            entity_id: row.entity_id,
            contact_id: row.contact_id,
            changes,
        });
    }
    Ok(all)
}

/// What somebody was called, without the id that stands behind it.
fn hand(row: &audit_event::Model) -> String {
    without_id(&row.actor).to_owned()
}
