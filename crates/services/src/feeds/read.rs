//! What a calendar reads at such an address: visits from 30 days ago to 180 days ahead. Reading it changes nothing.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use contract::{appointments::Status, feeds::Detail};
use domain::ics::{self, Entry};
use entity::{
    appointments::appointment,
    businesses::{appointment_type, location, staff_label},
    contacts::contact,
    feeds::feed,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    accounts, appointments,
    appointments::in_calendars,
    businesses::{self, locations, types},
    contacts,
    kernel::{Result, Services, tokens::hash},
};

/// So far back and ahead, and so long a cancelled visit is shown as cancelled.
const BACK: Duration = Duration::days(30);
const AHEAD: Duration = Duration::days(180);

/// Most visits of one calendar: with all that is said of one, a megabyte holds them. What is near goes before what is past.
const MOST: u64 = 1_500;

/// Longer than this no calendar is; some programs refuse longer ones.
const LONGEST: usize = 1_000_000;

/// A calendar as it is now.
#[derive(Debug)]
pub struct Feed {
    pub text: String,
    /// Changes when, and only when, the text does.
    pub tag: String,
    /// When anything in it was last changed.
    pub modified_at: DateTime<Utc>,
}

/// The calendar behind an address; none where there is none, or none any more.
///
/// # Errors
/// When the database does not answer.
pub async fn read(s: &Services, secret: &str) -> Result<Option<Feed>> {
    let db = s.read();
    let row = feed::Entity::find()
        .filter(feed::Column::Hash.eq(hash(secret)))
        .filter(feed::Column::RevokedAt.is_null())
        .one(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    // Who has left reads nothing any more.
    if !accounts::is_member(db, row.business_id, row.account_id).await? {
        return Ok(None);
    }
    let label = match row.staff_label_id {
        Some(id) => staff_label::Entity::these(row.business_id, [id]).one(db).await?,
        None => None,
    };
    if row.staff_label_id.is_some() && label.is_none() {
        return Ok(None);
    }
    let found = Found::read(s, db, &row, label.as_ref()).await?;
    let business = businesses::get(db, row.business_id).await?;
    let name = match &label {
        Some(label) => format!("{} · {}", label.name, business.name),
        None => business.name.clone(),
    };
    let detail = Detail::find(&row.detail).unwrap_or_default();
    let mut entries = Vec::with_capacity(found.visits.len());
    for visit in &found.visits {
        entries.push(found.entry(s, visit, detail)?);
    }
    let mut text = ics::feed(&name, businesses::zone(&business).name(), &entries);
    while text.len() > LONGEST {
        entries.truncate(entries.len() * 3 / 4);
        text = ics::feed(&name, businesses::zone(&business).name(), &entries);
    }
    Ok(Some(Feed {
        tag: hash(&text).chars().take(32).collect(),
        modified_at: found.modified_at,
        text,
    }))
}

/// What stands in a calendar.
struct Found {
    visits: Vec<appointment::Model>,
    people: HashMap<Uuid, contact::Model>,
    types: HashMap<Uuid, appointment_type::Model>,
    places: HashMap<Uuid, location::Model>,
    country: String,
    modified_at: DateTime<Utc>,
}

impl Found {
    async fn read(
        s: &Services,
        db: &impl ConnectionTrait,
        row: &feed::Model,
        label: Option<&staff_label::Model>,
    ) -> Result<Self> {
        let (business_id, now) = (row.business_id, s.now());
        let label = label.map(|label| label.name.as_str());
        let mut visits = ahead(business_id, label, now).limit(MOST).all(db).await?;
        let room = MOST - visits.len() as u64;
        visits.extend(behind(business_id, label, now).limit(room).all(db).await?);
        let gone = |visit: &appointment::Model| visit.cancelled_at.is_some_and(|at| at <= now - BACK);
        // What has left the calendar by itself has changed it, too.
        let left = visits
            .iter()
            .filter(|visit| gone(visit))
            .filter_map(|visit| visit.cancelled_at)
            .max();
        let mut modified_at = row.created_at.max(left.map_or(row.created_at, |at| at + BACK));
        visits.retain(|visit| !gone(visit));
        let last = outside(business_id, label, now).one(db).await?;
        modified_at = modified_at.max(last.map_or(modified_at, |visit| visit.starts_at + BACK));
        let ids = |id: fn(&appointment::Model) -> Option<Uuid>| {
            let each: BTreeSet<Uuid> = visits.iter().filter_map(id).collect();
            each.into_iter().collect::<Vec<_>>()
        };
        let found = Self {
            people: contacts::many(s, db, business_id, ids(|v| Some(v.contact_id))).await?,
            types: types::several(db, business_id, ids(|v| v.type_id)).await?,
            places: locations::several(db, business_id, ids(|v| v.location_id)).await?,
            country: businesses::get(db, business_id).await?.country,
            modified_at,
            visits,
        };
        let changed = found.changed(modified_at);
        Ok(Self {
            modified_at: changed,
            ..found
        })
    }

    fn changed(&self, at_least: DateTime<Utc>) -> DateTime<Utc> {
        let visits = self.visits.iter().flat_map(|v| [v.updated_at, v.starts_at - AHEAD]);
        let people = self.people.values().map(|c| c.updated_at);
        let others = self.types.values().map(|t| t.updated_at);
        let places = self.places.values().map(|l| l.updated_at);
        visits.chain(people).chain(others).chain(places).fold(at_least, DateTime::max)
    }

    fn entry(&self, s: &Services, visit: &appointment::Model, detail: Detail) -> Result<Entry> {
        let status = appointments::status(visit)?;
        let kind = visit
            .type_id
            .and_then(|id| self.types.get(&id))
            .map(|kind| kind.name.as_str());
        let place = visit.location_id.and_then(|id| self.places.get(&id));
        let mut lines = vec![status.label().to_owned()];
        if detail != Detail::Initials {
            lines.extend(kind.map(str::to_owned));
            lines.extend(Some(visit.staff_label.clone()).filter(|label| !label.is_empty()));
        }
        let person = self.people.get(&visit.contact_id);
        if detail == Detail::NameAndPhone {
            lines.extend(person.map(|c| domain::phone::display(&c.phone, &self.country)));
        }
        Ok(Entry {
            uid: in_calendars::uid(s, visit.id),
            revised_at: visit.updated_at,
            revision: u32::try_from(visit.revision).unwrap_or_default(),
            starts_at: visit.starts_at,
            ends_at: visit.ends_at,
            sure: in_calendars::sure(status),
            title: title(visit, person, detail, status),
            place: place.map(|place| place.name.clone()).unwrap_or_default(),
            description: lines.join("\n"),
            url: None,
            alarm: None,
        })
    }
}

/// Who comes, as far as the calendar may tell.
fn title(visit: &appointment::Model, person: Option<&contact::Model>, detail: Detail, status: Status) -> String {
    let name = person.map(|c| c.name.as_str()).unwrap_or_default();
    let who = match (&visit.for_name, detail) {
        (for_name, Detail::Initials) => ics::initials(for_name.as_deref().unwrap_or(name)),
        (Some(for_name), _) if name.is_empty() => for_name.clone(),
        (Some(for_name), _) => format!("{for_name} ({name})"),
        (None, _) => name.to_owned(),
    };
    let who = if who.is_empty() { "Visit".to_owned() } else { who };
    match status {
        // Not every calendar shows what is cancelled in another way.
        Status::Cancelled => format!("Cancelled: {who}"),
        Status::NoShow => format!("No-show: {who}"),
        _ => who,
    }
}

/// Of everybody, or with one label.
fn of_label(rows: Select<appointment::Entity>, label: Option<&str>) -> Select<appointment::Entity> {
    match label {
        Some(label) => rows.filter(appointment::Column::StaffLabel.eq(label)),
        None => rows,
    }
}

/// From yesterday on, the soonest first.
pub(crate) fn ahead(business_id: Uuid, label: Option<&str>, now: DateTime<Utc>) -> Select<appointment::Entity> {
    let start = appointment::Column::StartsAt;
    let rows = appointment::Entity::in_business(business_id)
        .filter(start.gte(now - Duration::days(1)))
        .filter(start.lt(now + AHEAD));
    ordered(of_label(rows, label), Order::Asc)
}

/// Before that, the latest first.
pub(crate) fn behind(business_id: Uuid, label: Option<&str>, now: DateTime<Utc>) -> Select<appointment::Entity> {
    let start = appointment::Column::StartsAt;
    let rows = appointment::Entity::in_business(business_id)
        .filter(start.gte(now - BACK))
        .filter(start.lt(now - Duration::days(1)));
    ordered(of_label(rows, label), Order::Desc)
}

/// The last one that has left it.
fn outside(business_id: Uuid, label: Option<&str>, now: DateTime<Utc>) -> Select<appointment::Entity> {
    let rows = appointment::Entity::in_business(business_id)
        .filter(appointment::Column::StartsAt.lt(now - BACK))
        .filter(appointment::Column::StartsAt.gte(now - BACK * 2));
    ordered(of_label(rows, label), Order::Desc).limit(1)
}

fn ordered(rows: Select<appointment::Entity>, order: Order) -> Select<appointment::Entity> {
    rows.order_by(appointment::Column::StartsAt, order.clone())
        .order_by(appointment::Column::Id, order)
}
