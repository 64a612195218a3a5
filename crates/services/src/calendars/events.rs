//! The events of a calendar as rows: which of them a reading brings, changes or misses, and whose they are.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use domain::calendars::{self as rules, Found};
use entity::{
    businesses::business,
    calendars::{
        calendar_event::{self, State},
        calendar_source,
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{PHONE, TITLE, reading::Occurrence};
use crate::{
    contacts,
    kernel::{Result, Services, Tx},
};

/// So long ago begins what is looked at.
pub(super) const BACK: Duration = Duration::days(1);
/// Events of a calendar that are known at once.
pub(super) const MOST: u64 = 6_000;
/// Events written in one transaction.
const GROUP: usize = 50;

/// Events of a calendar that are not long over.
pub(crate) fn ahead(business_id: Uuid, source_id: Uuid, from: DateTime<Utc>) -> Select<calendar_event::Entity> {
    calendar_event::Entity::narrowed(business_id)
        .filter(calendar_event::Column::SourceId.eq(source_id))
        .filter(calendar_event::Column::StartsAt.gte(from))
        .order_by_asc(calendar_event::Column::StartsAt)
        .order_by_asc(calendar_event::Column::Id)
}

/// Brings the events' rows up to what was read; how many are gone that should not all be gone.
pub(super) async fn take(
    s: &Services,
    source: &calendar_source::Model,
    business: &business::Model,
    read: &[Occurrence],
) -> Result<usize> {
    let now = s.now();
    let known = ahead(source.business_id, source.id, now - BACK)
        .limit(MOST)
        .all(s.read())
        .await?;
    let total = known.len();
    let Matched { pairs, new, missing } = matched(known, read);
    for some in pairs.chunks(GROUP) {
        let mut tx = s.begin().await?;
        for (row, one) in some {
            changed(&mut tx, source, business, row, one).await?;
        }
        tx.commit().await?;
    }
    for some in new.chunks(GROUP) {
        let tx = s.begin().await?;
        for one in some.iter().filter(|one| !one.is_off && !rules::is_nobodys(&one.title)) {
            added(&tx, source, business, one).await?;
        }
        tx.commit().await?;
    }
    let gone: Vec<Uuid> = missing.iter().filter(|row| row.starts_at > now).map(|row| row.id).collect();
    for some in gone.chunks(200) {
        let tx = s.begin().await?;
        calendar_event::Entity::update_many()
            .col_expr(calendar_event::Column::MissingSince, Expr::value(now))
            .filter(calendar_event::Column::BusinessId.eq(source.business_id))
            .filter(calendar_event::Column::Id.is_in(some.iter().copied()))
            .filter(calendar_event::Column::MissingSince.is_null())
            .exec(&tx.db)
            .await?;
        tx.commit().await?;
    }
    Ok(if rules::is_believed(total, gone.len(), read.len()) {
        0
    } else {
        gone.len()
    })
}

struct Matched<'a> {
    pairs: Vec<(calendar_event::Model, &'a Occurrence)>,
    new: Vec<&'a Occurrence>,
    missing: Vec<calendar_event::Model>,
}

/// Which row is which event. A series that begins at another hour has other times: those of the same day are the same appointment.
fn matched(known: Vec<calendar_event::Model>, read: &[Occurrence]) -> Matched<'_> {
    let key = |uid: &str, recurrence: &str| (uid.to_owned(), recurrence.to_owned());
    let mut by_key: HashMap<(String, String), &Occurrence> =
        read.iter().map(|one| (key(&one.uid, &one.recurrence), one)).collect();
    let (mut pairs, mut rest) = (Vec::new(), Vec::new());
    for row in known {
        match by_key.remove(&key(&row.uid, &row.recurrence)) {
            Some(one) => pairs.push((row, one)),
            None => rest.push(row),
        }
    }
    let mut by_day: BTreeMap<(String, chrono::NaiveDate), Vec<&Occurrence>> = BTreeMap::new();
    for one in by_key.into_values() {
        by_day
            .entry((one.uid.clone(), one.starts_at.date_naive()))
            .or_default()
            .push(one);
    }
    let mut missing = Vec::new();
    for row in rest {
        match by_day
            .get_mut(&(row.uid.clone(), row.starts_at.date_naive()))
            .and_then(Vec::pop)
        {
            Some(one) => pairs.push((row, one)),
            None => missing.push(row),
        }
    }
    let mut new: Vec<&Occurrence> = by_day.into_values().flatten().collect();
    new.sort_by_key(|one| one.starts_at);
    Matched { pairs, new, missing }
}

/// Who comes, by what an event says.
struct Whose {
    state: State,
    contact_id: Option<Uuid>,
    phone: Option<String>,
}

/// In this order: a number, what a person has said about the same title, the exact name. Nobody guesses between two.
async fn whose(tx: &Tx, source: &calendar_source::Model, business: &business::Model, one: &Occurrence) -> Result<Whose> {
    let nobody = Whose {
        state: State::NeedsNumber,
        contact_id: None,
        phone: None,
    };
    let texts = one.words.iter().map(String::as_str).chain([one.title.as_str()]);
    match rules::number_in(texts, &business.country) {
        Found::One(phone) => {
            let known = contacts::by_phone(tx.services(), &tx.db, source.business_id, &phone).await?;
            return Ok(Whose {
                state: State::Linked,
                contact_id: known.map(|known| known.id),
                phone: Some(phone),
            });
        }
        Found::Several => return Ok(nobody),
        Found::None => {}
    }
    if let Some(said) = remembered(tx, source, &one.title).await? {
        return Ok(said);
    }
    let by_name = contacts::by_name(&tx.db, source.business_id, &rules::name_in(&one.title)).await?;
    Ok(match by_name {
        Some(id) => Whose {
            state: State::Linked,
            contact_id: Some(id),
            phone: None,
        },
        None => nobody,
    })
}

/// What a person has said about this title in this calendar.
async fn remembered(tx: &Tx, source: &calendar_source::Model, title: &str) -> Result<Option<Whose>> {
    let title = rules::title_key(title);
    if title.is_empty() {
        return Ok(None);
    }
    let keys = tx.services().vault().indexes(TITLE, &title);
    let row = calendar_event::Entity::narrowed(source.business_id)
        .filter(calendar_event::Column::SourceId.eq(source.id))
        .filter(calendar_event::Column::TitleKey.is_in(keys))
        .filter(calendar_event::Column::Chosen.eq(true))
        .order_by_desc(calendar_event::Column::UpdatedAt)
        .limit(1)
        .one(&tx.db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Whose {
        state: row.state,
        contact_id: row.contact_id,
        phone: match &row.phone {
            Some(phone) => Some(tx.services().vault().open(PHONE, phone).await?),
            None => None,
        },
    }))
}

async fn added(tx: &Tx, source: &calendar_source::Model, business: &business::Model, one: &Occurrence) -> Result<()> {
    let whose = whose(tx, source, business, one).await?;
    let vault = tx.services().vault();
    let row = calendar_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(source.business_id),
        source_id: Set(source.id),
        uid: Set(one.uid.clone()),
        recurrence: Set(one.recurrence.clone()),
        title: Set(vault.seal(TITLE, &one.title)),
        title_key: Set(Some(vault.index(TITLE, &rules::title_key(&one.title)))),
        starts_at: Set(one.starts_at),
        ends_at: Set(one.ends_at),
        state: Set(whose.state),
        contact_id: Set(whose.contact_id),
        phone: Set(whose.phone.map(|phone| vault.seal(PHONE, &phone))),
        chosen: Set(false),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    let once = OnConflict::columns([
        calendar_event::Column::SourceId,
        calendar_event::Column::Uid,
        calendar_event::Column::Recurrence,
    ])
    .do_nothing()
    .to_owned();
    calendar_event::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// An event that is known, as it is now. What a person has said of whose it is stays, as long as its title does.
async fn changed(
    tx: &mut Tx,
    source: &calendar_source::Model,
    business: &business::Model,
    row: &calendar_event::Model,
    one: &Occurrence,
) -> Result<()> {
    let vault = tx.services().vault();
    let title = vault.open(TITLE, &row.title).await?;
    let same = title == one.title;
    let off = one.is_off || rules::is_nobodys(&one.title);
    let mut next = row.clone().into_active_model();
    if off && !row.chosen {
        next.state = Set(State::Ignored);
    } else if off {
        next.state = Set(State::Ignored);
        next.chosen = Set(false);
    } else if !row.chosen || !same {
        let whose = whose(tx, source, business, one).await?;
        let vault = tx.services().vault();
        let before = match &row.phone {
            Some(phone) => Some(vault.open(PHONE, phone).await?),
            None => None,
        };
        next.chosen = Set(false);
        next.state = Set(whose.state);
        if before != whose.phone {
            next.phone = Set(whose.phone.as_ref().map(|phone| vault.seal(PHONE, phone)));
        }
        next.contact_id = Set(whose.contact_id);
    }
    if !same {
        let vault = tx.services().vault();
        next.title = Set(vault.seal(TITLE, &one.title));
        next.title_key = Set(Some(vault.index(TITLE, &rules::title_key(&one.title))));
    }
    next.recurrence = Set(one.recurrence.clone());
    next.starts_at = Set(one.starts_at);
    next.ends_at = Set(one.ends_at);
    next.missing_since = Set(None);
    if is_same(row, &next) {
        return Ok(());
    }
    next.updated_at = Set(tx.now);
    match next.update(&tx.db).await {
        Ok(_) | Err(sea_orm::DbErr::RecordNotUpdated) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}

fn is_same(row: &calendar_event::Model, next: &calendar_event::ActiveModel) -> bool {
    let now = (
        next.state.as_ref(),
        next.contact_id.as_ref(),
        next.phone.as_ref(),
        next.title.as_ref(),
        next.recurrence.as_ref(),
        next.starts_at.as_ref(),
        next.ends_at.as_ref(),
        next.missing_since.as_ref(),
        next.chosen.as_ref(),
    );
    now == (
        &row.state,
        &row.contact_id,
        &row.phone,
        &row.title,
        &row.recurrence,
        &row.starts_at,
        &row.ends_at,
        &row.missing_since,
        &row.chosen,
    )
}
