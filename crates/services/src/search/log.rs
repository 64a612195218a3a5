//! The message log: searched, sorted, and as a file.

use contract::{
    Code, Page,
    messages::LogRow,
    search::{LogFound, LogSearch},
};
use entity::messages::message;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use super::{
    asked,
    hits::{self, Said},
    terms,
};
use crate::{
    contacts,
    kernel::{
        Actor, Event, Permission, Result, Services,
        error::problem,
        paging::{self, Cursor, PAGE, TimeCursor},
    },
    messages,
};

/// Rows of a file that are read at once.
const BLOCK: u64 = 100;

/// A page of the message log, newest first unless asked otherwise.
///
/// # Errors
/// `Malformed` for a cursor, view or order that is none.
pub async fn log(s: &Services, actor: &Actor, query: LogSearch) -> Result<LogFound> {
    page(s, actor, query, PAGE).await
}

/// A block of the same for a file. That it is taken out is written down with the first one.
///
/// # Errors
/// As `log`.
pub async fn export(s: &Services, actor: &Actor, query: LogSearch) -> Result<Page<LogRow>> {
    actor.may(Permission::ExportData)?;
    let first = query.cursor.is_none();
    let asked = format!(
        "{} {}",
        query.show.as_deref().unwrap_or("all"),
        query.q.as_deref().unwrap_or_default()
    );
    let block = page(s, actor, query, BLOCK).await?.page;
    if first {
        let mut tx = s.begin().await?;
        tx.record_change(
            actor.business_id,
            &actor.who,
            Event::LogExported,
            None::<()>,
            Some(asked.trim()),
        );
        tx.commit().await?;
    }
    Ok(block)
}

async fn page(s: &Services, actor: &Actor, query: LogSearch, size: u64) -> Result<LogFound> {
    actor.may(Permission::ReadMessages)?;
    let cursor = TimeCursor::decode(query.cursor.as_deref())?;
    let shown = match query.show.as_deref() {
        None | Some("" | "all") => None,
        Some("waiting") => Some(messages::WAITING),
        Some("trouble") => Some(messages::TROUBLE),
        Some(_) => return Err(problem(Code::Malformed, "show is \"waiting\", \"trouble\" or nothing.")),
    };
    let oldest = match query.sort.as_deref() {
        None | Some("" | "newest") => false,
        Some("oldest") => true,
        Some(_) => return Err(problem(Code::Malformed, "sort is \"oldest\" or \"newest\".")),
    };
    let mut asked = asked(s, actor, query.q.as_deref().unwrap_or_default()).await?;
    let rows = if asked.search.terms.is_empty() {
        let rows = all(actor.business_id, shown, oldest, cursor)
            .limit(size + 1)
            .all(s.read())
            .await?;
        paging::page_of(size, rows, |row| Cursor(row.created_at, row.id))
    } else {
        if oldest {
            asked
                .search
                .notes
                .push("What is searched for is listed newest first.".to_owned());
        }
        if let Some(shown) = shown {
            asked.narrow.message = asked.narrow.message.clone().add(Expr::cust(shown));
        }
        asked.of_texts = true;
        // A note is no message.
        asked.narrow.note = None;
        let found = hits::page(s, actor.business_id, &asked, cursor, size as usize).await?;
        Page {
            data: found.data.into_iter().filter_map(Said::message).collect(),
            next_cursor: found.next_cursor,
        }
    };
    Ok(LogFound {
        page: Page {
            data: named(s, actor.business_id, rows.data).await?,
            next_cursor: rows.next_cursor,
        },
        terms: terms(&asked.search),
        notes: asked.search.notes,
    })
}

/// Messages of a business in their order.
pub(crate) fn all(
    business_id: Uuid,
    shown: Option<&'static str>,
    oldest: bool,
    after: Option<TimeCursor>,
) -> Select<message::Entity> {
    let (at, id) = (message::Column::CreatedAt, message::Column::Id);
    let mut rows = message::Entity::in_business(business_id);
    rows = if oldest {
        rows.order_by_asc(at).order_by_asc(id)
    } else {
        rows.order_by_desc(at).order_by_desc(id)
    };
    if let Some(shown) = shown {
        rows = rows.filter(Expr::cust(shown));
    }
    if let Some(Cursor(t, i)) = after {
        rows = rows.filter(paging::beyond(at, id, t, i, !oldest));
    }
    rows
}

async fn named(s: &Services, business_id: Uuid, rows: Vec<message::Model>) -> Result<Vec<LogRow>> {
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.contact_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = contacts::labels(s, s.read(), business_id, ids).await?;
    let rows = rows.into_iter().map(|row| LogRow {
        contact_name: people
            .get(&row.contact_id)
            .map(|person| person.name.clone())
            .unwrap_or_default(),
        message: messages::shown(row),
    });
    Ok(rows.collect())
}
