//! What has changed since a program looked last. When things of the kinds below did is written at the end of a transaction, while it has its
//! business's turn (`Tx::one_at_a_time`), so that none waits for another because of it and the order is that in which they commit. The rows
//! of other nouns say it themselves.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::{Page, Problem};
use domain::when;
use entity::live::last_change;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{
    error::Result,
    paging::{self, Cursor, TimeCursor},
    services::Services,
};

/// Rows in one statement.
const GROUP: usize = 400;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Appointment,
    Conversation,
    Task,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Appointment => "appointment",
            Self::Conversation => "conversation",
            Self::Task => "task",
        }
    }
}

/// Of these businesses, whose turn the transaction has.
pub(super) async fn write(
    db: &DatabaseTransaction,
    at: DateTime<Utc>,
    changed: impl Iterator<Item = (Uuid, Kind, Uuid)>,
) -> Result<()> {
    let row = |(business_id, kind, id): (Uuid, Kind, Uuid)| last_change::ActiveModel {
        id: Set(id),
        business_id: Set(business_id),
        kind: Set(kind.as_str().to_owned()),
        at: Set(at),
    };
    let rows: Vec<last_change::ActiveModel> = changed.map(row).collect();
    for some in rows.chunks(GROUP) {
        let newest = OnConflict::column(last_change::Column::Id)
            .update_column(last_change::Column::At)
            .to_owned();
        last_change::Entity::insert_many(some.to_vec())
            .on_conflict(newest)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// The moment that `updated_since` names; none: it is not asked for. `others`: filters that it goes without, and whether they are given.
///
/// # Errors
/// `Malformed` for what is no time, and beside another filter.
pub(crate) fn since(text: Option<&str>, others: &[(&str, bool)]) -> Result<Option<DateTime<Utc>>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if let Some((name, _)) = others.iter().find(|(_, given)| *given) {
        let words = format!("updated_since goes without {name}.");
        return Err(Problem::parameter("updated_since", words).into());
    }
    let at = when::instant(text).ok_or_else(|| {
        let words = "updated_since is a time like 2027-01-04T15:00:00Z.";
        Problem::parameter("updated_since", words)
    })?;
    Ok(Some(at))
}

/// Where a list of what has changed since then begins. Nil comes before every id: those of the very moment are among them.
pub(crate) fn beginning(since: DateTime<Utc>, cursor: Option<&str>) -> Result<TimeCursor> {
    Ok(TimeCursor::decode(cursor)?.unwrap_or(Cursor(since, Uuid::nil())))
}

/// What has changed after this moment and id, in this order.
pub(crate) fn after(business_id: Uuid, kind: Kind, here: &TimeCursor) -> Select<last_change::Entity> {
    let (at, id) = (last_change::Column::At, last_change::Column::Id);
    last_change::Entity::in_business(business_id)
        .filter(last_change::Column::Kind.eq(kind.as_str()))
        .filter(paging::beyond(at, id, here.0, here.1, false))
        .order_by_asc(at)
        .order_by_asc(id)
}

/// A page of the ids of what has changed since then.
pub(crate) async fn page(
    s: &Services,
    business_id: Uuid,
    kind: Kind,
    since: DateTime<Utc>,
    limit: Option<u64>,
    cursor: Option<&str>,
) -> Result<Page<Uuid>> {
    let size = paging::size(limit)?;
    let here = beginning(since, cursor)?;
    let rows = after(business_id, kind, &here).limit(size + 1).all(s.read()).await?;
    let page = paging::page_of(size, rows, |row| Cursor(row.at, row.id));
    Ok(Page {
        data: page.data.into_iter().map(|row| row.id).collect(),
        next_cursor: page.next_cursor,
    })
}

/// How they look now, in the order of their ids; what is gone meanwhile is left out.
pub(crate) fn shown<T>(ids: Page<Uuid>, views: Vec<T>, id: impl Fn(&T) -> Uuid) -> Page<T> {
    let mut views: HashMap<Uuid, T> = views.into_iter().map(|view| (id(&view), view)).collect();
    Page {
        data: ids.data.iter().filter_map(|id| views.remove(id)).collect(),
        next_cursor: ids.next_cursor,
    }
}
