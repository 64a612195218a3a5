//! Places appointments happen at.

use std::collections::{HashMap, HashSet};

use contract::{
    Code,
    appointment_types::Arrange,
    businesses::{LocationView, OpeningHours, SaveLocation},
};
use domain::zone::Zone;
use entity::{
    businesses::{business, location},
    numbers::number,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, sea_query::Expr,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Place, arranged};
use crate::kernel::{
    Actor, Error, Event, Permission, Principal, Result, Services, Tx,
    error::{field, not_found, problem, short},
};

/// Most locations of one business: all of them are shown in one list.
const MOST: u64 = 200;

/// All locations of the actor's business in their order.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<LocationView>> {
    actor.may(Permission::ReadAppointments)?;
    let rows = in_order(s.read(), actor.business_id).await?;
    let ids: Vec<Uuid> = rows.iter().filter_map(|l| l.number_id).collect();
    let numbers = number::Entity::in_business(actor.business_id)
        .filter(number::Column::Id.is_in(ids))
        .all(s.read())
        .await?;
    let phones: HashMap<Uuid, String> = numbers.into_iter().map(|n| (n.id, n.phone)).collect();
    let country = super::get(s.read(), actor.business_id).await?.country;
    let shown = rows.into_iter().map(|l| {
        let number = l.number_id.and_then(|id| phones.get(&id).cloned());
        view(l, number, &country)
    });
    Ok(shown.collect())
}

/// Adds a location, or changes the one with this id. Texts that are stored already keep the number they have.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field; `NotFound`; `Conflict` when there are 200 already.
pub async fn save(s: &Services, actor: &Actor, id: Option<Uuid>, cmd: SaveLocation) -> Result<LocationView> {
    actor.may(Permission::WriteLocations)?;
    let name = short("name", &cmd.name, 60)?;
    if name.is_empty() {
        return Err(field("name", "Please give the location a name, like Main Street."));
    }
    let address = short("address", &cmd.address, 200)?;
    let time_zone = Some(cmd.time_zone.trim().to_owned()).filter(|zone| !zone.is_empty());
    if time_zone.as_deref().is_some_and(|zone| Zone::named(zone).is_none()) {
        return Err(field(
            "time_zone",
            "This is not a time zone we know. Examples: Europe/Stockholm, America/New_York.",
        ));
    }
    let opening_hours = hours_of(&cmd.opening_hours)?;
    let mut tx = s.begin().await?;
    let business = super::get(&tx.db, actor.business_id).await?;
    let country = business.country.clone();
    let number = own_number(&tx, actor.business_id, &cmd.number, &country).await?;
    let before = match id {
        Some(id) => Some(
            find(&tx.db, actor.business_id, id)
                .await?
                .ok_or_else(|| not_found("location"))?,
        ),
        None => None,
    };
    let (adds, was) = (before.is_none(), before.as_ref().map(facts));
    let showed = before.as_ref().map(|before| zone(&business, Some(before)));
    let mut row = match before {
        Some(before) => before.into_active_model(),
        None => new(&tx, actor.business_id).await?,
    };
    row.name = Set(name);
    row.address = Set(address);
    row.number_id = Set(number.as_ref().map(|n| n.id));
    row.time_zone = Set(time_zone);
    row.opening_hours = Set(opening_hours);
    row.updated_at = Set(tx.now);
    let written = if adds {
        row.insert(&tx.db).await
    } else {
        row.update(&tx.db).await
    };
    let after = written.map_err(|e| match Error::from(e) {
        e if e.is_duplicate() => field("name", "Another location has this name already."),
        e => e,
    })?;
    let event = if adds {
        Event::LocationAdded(after.id)
    } else {
        Event::LocationChanged(after.id)
    };
    tx.record_change(actor.business_id, &actor.who, event, was, Some(facts(&after)));
    let shows = zone(&business, Some(&after));
    if showed.is_some_and(|showed| showed != shows) {
        let location = Some(after.id);
        tx.record(actor.business_id, &actor.who, Event::ZoneChanged { location });
    }
    tx.commit().await?;
    Ok(view(after, number.map(|n| n.phone), &country))
}

/// Those that visits can still be at, in their order.
pub(crate) async fn in_use(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<location::Model>> {
    let mut rows = in_order(db, business_id).await?;
    rows.retain(|row| row.archived_at.is_none());
    Ok(rows)
}

async fn in_order(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<location::Model>> {
    let rows = location::Entity::in_business(business_id)
        .order_by_asc(location::Column::Position)
        .order_by_asc(location::Column::Name)
        .limit(MOST);
    Ok(rows.all(db).await?)
}

async fn new(tx: &Tx, business_id: Uuid) -> Result<location::ActiveModel> {
    let position = location::Entity::in_business(business_id).count(&tx.db).await?;
    if position >= MOST {
        return Err(problem(Code::Conflict, format!("A business has at most {MOST} locations.")));
    }
    Ok(location::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        position: Set(position as i32),
        created_at: Set(tx.now),
        ..Default::default()
    })
}

/// What the audit trail keeps of it.
fn facts(l: &location::Model) -> Value {
    json!({
        "name": l.name,
        "address": l.address,
        "number_id": l.number_id,
        "time_zone": l.time_zone,
        "opening_hours": l.opening_hours,
        "archived": l.archived_at.is_some(),
    })
}

/// Opening hours as they are kept; empty if they are not said of any day.
fn hours_of(typed: &OpeningHours) -> Result<String> {
    let tidy = |(day, text): (&str, &str)| {
        domain::hours::tidy(text).ok_or_else(|| {
            let name = format!("opening_hours.{day}");
            field(&name, "Please write hours like 9:00-12:00, 13:30-17:00; empty is closed.")
        })
    };
    let [mon, tue, wed, thu, fri, sat, sun] = typed.days().map(tidy);
    let hours = OpeningHours {
        mon: mon?,
        tue: tue?,
        wed: wed?,
        thu: thu?,
        fri: fri?,
        sat: sat?,
        sun: sun?,
    };
    if hours == OpeningHours::default() {
        return Ok(String::new());
    }
    serde_json::to_string(&hours).map_err(|e| Error::broken(e.to_string()))
}

/// Puts a location away, brings it back, or moves it up or down in lists. Visits that are there stay there, and their texts leave as before.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`.
pub async fn arrange(s: &Services, actor: &Actor, id: Uuid, what: Arrange) -> Result<Vec<LocationView>> {
    actor.may(Permission::WriteLocations)?;
    // What there is then is told.
    actor.may(Permission::ReadAppointments)?;
    let mut tx = s.begin().await?;
    let before = find(&tx.db, actor.business_id, id)
        .await?
        .ok_or_else(|| not_found("location"))?;
    match what {
        Arrange::Archive | Arrange::Unarchive => {
            let archive = what == Arrange::Archive;
            if before.archived_at.is_some() != archive {
                put_away(&mut tx, actor, before, archive).await?;
            }
        }
        Arrange::Up | Arrange::Down => {
            let all = in_order(&tx.db, actor.business_id).await?;
            let places: Vec<Place> = all.iter().map(|row| (row.id, row.position)).collect();
            for (id, position) in arranged(&places, id, what == Arrange::Up) {
                location::Entity::update_many()
                    .col_expr(location::Column::Position, Expr::value(position))
                    .filter(location::Column::BusinessId.eq(actor.business_id))
                    .filter(location::Column::Id.eq(id))
                    .exec(&tx.db)
                    .await?;
            }
        }
    }
    tx.commit().await?;
    list(s, actor).await
}

async fn put_away(tx: &mut Tx, actor: &Actor, before: location::Model, archive: bool) -> Result<()> {
    let mut row = before.clone().into_active_model();
    row.archived_at = Set(archive.then_some(tx.now));
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    let event = Event::LocationChanged(after.id);
    tx.record_change(
        actor.business_id,
        &actor.who,
        event,
        Some(facts(&before)),
        Some(facts(&after)),
    );
    Ok(())
}

/// The business's own active number that was typed, if one was.
async fn own_number(tx: &Tx, business_id: Uuid, typed: &str, country: &str) -> Result<Option<number::Model>> {
    if domain::words::is_blank(typed) {
        return Ok(None);
    }
    let phone = domain::phone::parse(typed, country).map_err(|e| field("number", e.to_string()))?;
    let row = number::Entity::in_business(business_id)
        // E.164, so that a WhatsApp sender is none of them.
        .filter(number::Column::Phone.eq(phone))
        .filter(number::Column::Status.eq("active"))
        .one(&tx.db)
        .await?;
    let row = row.ok_or_else(|| {
        field(
            "number",
            "This is not one of your business's numbers. Leave it empty if there is none.",
        )
    })?;
    Ok(Some(row))
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<Option<location::Model>> {
    Ok(location::Entity::these(business_id, [id]).one(db).await?)
}

/// The location an appointment is to happen at.
///
/// # Errors
/// `Invalid` for an id that is none of this business's, and for one that is put away.
pub(crate) async fn chosen(db: &impl ConnectionTrait, business_id: Uuid, id: Option<Uuid>) -> Result<Option<Uuid>> {
    let Some(id) = id else { return Ok(None) };
    let found = find(db, business_id, id).await?;
    let found = found.ok_or_else(|| field("location_id", "There is no such location. Please choose another one."))?;
    if found.archived_at.is_some() {
        return Err(field(
            "location_id",
            format!("{} is not in use any more. Please choose another location.", found.name),
        ));
    }
    Ok(Some(found.id))
}

/// From now on the texts about this location's appointments leave from this number, or from the usual one.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn give_number(tx: &mut Tx, business_id: Uuid, by: &Principal, id: Uuid, number_id: Option<Uuid>) -> Result<()> {
    let before = find(&tx.db, business_id, id).await?.ok_or_else(|| not_found("location"))?;
    if before.number_id == number_id {
        return Ok(());
    }
    let was = facts(&before);
    let mut row = before.into_active_model();
    row.number_id = Set(number_id);
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    tx.record_change(business_id, by, Event::LocationChanged(id), Some(was), Some(facts(&after)));
    Ok(())
}

/// The number that a location's appointments are texted from, if it has one.
pub(crate) async fn number(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<Option<Uuid>> {
    Ok(find(db, business_id, id).await?.and_then(|l| l.number_id))
}

/// Several locations by their ids.
pub(crate) async fn several(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, location::Model>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = location::Entity::these(business_id, ids).all(db).await?;
    Ok(rows.into_iter().map(|l| (l.id, l)).collect())
}

/// All locations of a business, those that are put away among them.
pub(crate) async fn all(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<location::Model>> {
    Ok(location::Entity::in_business(business_id).limit(MOST).all(db).await?)
}

/// The locations that have a zone of their own.
pub(crate) async fn with_zones(db: &impl ConnectionTrait, business_id: Uuid) -> Result<HashSet<Uuid>> {
    let rows = location::Entity::in_business(business_id)
        .filter(location::Column::TimeZone.is_not_null())
        .limit(MOST)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|l| l.id).collect())
}

/// The zone of the place where something happens: the location's, else the business's.
pub(crate) fn zone(business: &business::Model, location: Option<&location::Model>) -> Zone {
    let own = location.and_then(|l| l.time_zone.as_deref());
    own.and_then(Zone::named).unwrap_or_else(|| super::zone(business))
}

/// The same for the id of a location.
pub(crate) async fn zone_of(db: &impl ConnectionTrait, business: &business::Model, id: Option<Uuid>) -> Result<Zone> {
    let location = match id {
        Some(id) => find(db, business.id, id).await?,
        None => None,
    };
    Ok(zone(business, location.as_ref()))
}

fn view(row: location::Model, number: Option<String>, country: &str) -> LocationView {
    LocationView {
        id: row.id,
        name: row.name,
        address: row.address,
        number_display: number.as_deref().map(|number| domain::phone::display(number, country)),
        number,
        time_zone: row.time_zone,
        opening_hours: serde_json::from_str(&row.opening_hours).ok(),
        archived: row.archived_at.is_some(),
    }
}
