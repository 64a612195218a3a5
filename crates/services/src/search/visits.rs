//! Visits that a search finds: of people who are called so, and with such words in their notes or staff label.

use std::cmp::Reverse;

use contract::appointments::AppointmentView;
use domain::search::{Search, What};
use entity::appointments::appointment;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::narrow::{self, Narrow};
use crate::{
    appointments, businesses, contacts,
    kernel::{Result, Services},
};

/// Visits that are looked at for their own words, the latest first: those in the book, and some years of a small business.
const MOST_LOOKED_AT: u64 = 1_000;

/// The latest visits that match, and whether there are more. Without words, a place or a time no visit is meant.
pub(super) async fn find(
    s: &Services,
    business_id: Uuid,
    search: &Search,
    narrow: &Narrow,
    most: usize,
) -> Result<(Vec<AppointmentView>, bool)> {
    let timed = search.terms.iter().any(|term| matches!(term.what, What::Time(..)));
    let worded = search.texts().next().is_some();
    if !(worded || timed || narrow.places.is_some()) {
        return Ok(Default::default());
    }
    let mut found: Vec<appointment::Model> = Vec::new();
    if worded {
        let country = businesses::get(s.read(), business_id).await?.country;
        let texts = search.texts().map(|text| text.text.as_str());
        let people = contacts::search::with_all(s, business_id, texts, domain::phone::trunk(&country)).await?;
        let theirs = appointment::Column::ContactId.is_in(people.into_iter().map(|(_, id)| id));
        found = bounded(business_id, search, narrow)
            .filter(theirs)
            .limit(most as u64 + 1)
            .all(s.read())
            .await?;
        let some = bounded(business_id, search, narrow)
            .limit(MOST_LOOKED_AT)
            .all(s.read())
            .await?;
        let said = |row: &appointment::Model| search.is_said_in(&format!("{} {}", row.staff_label, row.notes));
        found.extend(some.into_iter().filter(said));
    } else {
        found.extend(
            bounded(business_id, search, narrow)
                .limit(most as u64 + 1)
                .all(s.read())
                .await?,
        );
    }
    found.sort_by_key(|visit| Reverse((visit.starts_at, visit.id)));
    found.dedup_by_key(|row| row.id);
    let whose: Vec<Uuid> = found.iter().map(|row| row.contact_id).collect();
    let meant = narrow::people(s, business_id, narrow, &whose).await?;
    found.retain(|row| meant.contains(&row.contact_id));
    let more = found.len() > most;
    found.truncate(most);
    let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
    let mut views = appointments::views_of(s, s.read(), business_id, &ids).await?;
    views.sort_by_key(|visit| Reverse((visit.starts_at, visit.id)));
    Ok((views, more))
}

/// The business's visits at the places and in the time asked for, latest first.
fn bounded(business_id: Uuid, search: &Search, narrow: &Narrow) -> Select<appointment::Entity> {
    let (from, until) = search.time();
    let mut rows = appointment::Entity::in_business(business_id)
        .order_by_desc(appointment::Column::StartsAt)
        .order_by_desc(appointment::Column::Id);
    if let Some(from) = from {
        rows = rows.filter(appointment::Column::StartsAt.gte(from));
    }
    if let Some(until) = until {
        rows = rows.filter(appointment::Column::StartsAt.lt(until));
    }
    if let Some(places) = &narrow.places {
        rows = rows.filter(appointment::Column::LocationId.is_in(places.iter().copied()));
    }
    rows
}
