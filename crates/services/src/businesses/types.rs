//! Types of appointments: how long one takes, what it costs, and how it is reminded of.

use std::collections::HashMap;

use contract::{
    Code,
    appointment_types::{AppointmentTypeView, Arrange, COLOURS, EditAppointmentType, SaveAppointmentType},
};
use domain::{prices, reminders::Kind};
use entity::businesses::{appointment_type, business};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, sea_query::LockType,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Place, arranged, may_manage};
use crate::kernel::{
    Actor, Error, Event, Permission, Result, Services, Tx,
    error::{field, not_found, problem, short},
};

/// Most types of one business: all of them are shown in one list.
const MOST: u64 = 200;
const MINUTES: std::ops::RangeInclusive<i32> = 5..=24 * 60;
/// Hours before a visit: two weeks, as far as an answer counts.
const LONGEST: u16 = 14 * 24;
const MOST_REMINDERS: usize = 5;
const RECALL: std::ops::RangeInclusive<i32> = 1..=60;
/// In micro-units.
const HIGHEST_PRICE: i64 = 1_000_000 * 1_000_000;

/// All types of the actor's business in their order, those that are put away among them.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<AppointmentTypeView>> {
    actor.may(Permission::ReadAppointments)?;
    Ok(all(s.read(), actor.business_id).await?.into_iter().map(view).collect())
}

pub(crate) async fn all(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<appointment_type::Model>> {
    let rows = appointment_type::Entity::in_business(business_id)
        .order_by_asc(appointment_type::Column::Position)
        .order_by_asc(appointment_type::Column::Name)
        .limit(MOST);
    Ok(rows.all(db).await?)
}

/// Adds a type.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field; `Conflict` when there are 200 already.
pub async fn create(s: &Services, actor: &Actor, cmd: SaveAppointmentType) -> Result<AppointmentTypeView> {
    may_manage(actor)?;
    let mut tx = s.begin().await?;
    let position = appointment_type::Entity::in_business(actor.business_id).count(&tx.db).await?;
    if position >= MOST {
        return Err(problem(
            Code::Conflict,
            format!("A business has at most {MOST} types of visits."),
        ));
    }
    let mut row = appointment_type::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        position: Set(position as i32),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    fill(&mut row, cmd)?;
    let after = row.insert(&tx.db).await.map_err(name_is_taken)?;
    let event = Event::AppointmentTypeAdded(after.id);
    tx.record_change(actor.business_id, &actor.who, event, None::<Value>, Some(facts(&after)));
    tx.commit().await?;
    Ok(view(after))
}

/// Changes a type, puts it away or brings it back. Where its reminders become other ones, those of its visits to come that have not been
/// sent are planned anew, some at a time (`reminders::replan`).
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field; `NotFound`.
pub async fn edit(s: &Services, actor: &Actor, id: Uuid, cmd: EditAppointmentType) -> Result<AppointmentTypeView> {
    may_manage(actor)?;
    let mut tx = s.begin().await?;
    let before = locked(&tx, actor.business_id, id).await?;
    let archived = cmd.archived;
    let now = view(before.clone());
    let full = SaveAppointmentType {
        name: cmd.name.unwrap_or(now.name),
        minutes: cmd.minutes.unwrap_or(now.minutes),
        price: cmd.price.unwrap_or(now.price),
        colour: Some(cmd.colour.unwrap_or(now.colour)),
        reminders: cmd.reminders.unwrap_or(now.reminders),
        cadence: cmd.cadence.unwrap_or(now.cadence),
        recall_months: cmd.recall_months.unwrap_or(now.recall_months),
    };
    let mut row = before.clone().into_active_model();
    fill(&mut row, full)?;
    if let Some(archived) = archived {
        row.archived_at = Set(archived.then(|| before.archived_at.unwrap_or(tx.now)));
    }
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await.map_err(name_is_taken)?;
    let after = if reminders_of(&before) == reminders_of(&after) {
        after
    } else {
        // From here on: what lies before has begun.
        let mut row = after.into_active_model();
        row.replan_at = Set(Some(tx.now));
        row.replan_id = Set(Some(Uuid::nil()));
        row.update(&tx.db).await?
    };
    changed(&mut tx, actor, &before, &after);
    tx.commit().await?;
    Ok(view(after))
}

/// Puts a type away, brings it back, or moves it up or down in lists.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`.
pub async fn arrange(s: &Services, actor: &Actor, id: Uuid, what: Arrange) -> Result<Vec<AppointmentTypeView>> {
    may_manage(actor)?;
    let mut tx = s.begin().await?;
    let before = locked(&tx, actor.business_id, id).await?;
    match what {
        Arrange::Archive | Arrange::Unarchive => {
            let archive = what == Arrange::Archive;
            let mut row = before.clone().into_active_model();
            row.archived_at = Set(archive.then(|| before.archived_at.unwrap_or(tx.now)));
            row.updated_at = Set(tx.now);
            let after = row.update(&tx.db).await?;
            changed(&mut tx, actor, &before, &after);
        }
        Arrange::Up | Arrange::Down => {
            let all = all(&tx.db, actor.business_id).await?;
            let places: Vec<Place> = all.iter().map(|row| (row.id, row.position)).collect();
            for (id, position) in arranged(&places, id, what == Arrange::Up) {
                appointment_type::Entity::update_many()
                    .col_expr(appointment_type::Column::Position, sea_orm::sea_query::Expr::value(position))
                    .filter(appointment_type::Column::BusinessId.eq(actor.business_id))
                    .filter(appointment_type::Column::Id.eq(id))
                    .exec(&tx.db)
                    .await?;
            }
        }
    }
    let all = all(&tx.db, actor.business_id).await?;
    tx.commit().await?;
    Ok(all.into_iter().map(view).collect())
}

fn changed(tx: &mut Tx, actor: &Actor, before: &appointment_type::Model, after: &appointment_type::Model) {
    let event = Event::AppointmentTypeChanged(after.id);
    tx.record_change(actor.business_id, &actor.who, event, Some(facts(before)), Some(facts(after)));
}

fn name_is_taken(e: sea_orm::DbErr) -> Error {
    match Error::from(e) {
        e if e.is_duplicate() => field("name", "Another type has this name already."),
        e => e,
    }
}

/// What was typed, checked.
fn fill(row: &mut appointment_type::ActiveModel, cmd: SaveAppointmentType) -> Result<()> {
    let name = short("name", &cmd.name, 60)?;
    if name.is_empty() {
        return Err(field("name", "Please give the type a name, like Cleaning."));
    }
    if !MINUTES.contains(&cmd.minutes) {
        return Err(field("minutes", "Please give how long it takes in minutes, from 5 to 1440."));
    }
    if cmd.recall_months.is_some_and(|months| !RECALL.contains(&months)) {
        return Err(field(
            "recall_months",
            "Please give a number of months from 1 to 60, or leave it empty.",
        ));
    }
    row.name = Set(name);
    row.minutes = Set(cmd.minutes);
    row.price = Set(cmd.price.as_ref().map(|price| micros(&price.to_string())).transpose()?);
    row.colour = Set(colour(&cmd.colour.unwrap_or_default())?);
    row.reminders = Set(cmd.reminders);
    row.cadence = Set(cmd.cadence.map(|all| hours(&all)).transpose()?);
    row.recall_months = Set(cmd.recall_months);
    Ok(())
}

fn micros(price: &str) -> Result<i64> {
    let amount = prices::parse_dollars(price).filter(|amount| (0..=HIGHEST_PRICE).contains(amount) && amount % 10_000 == 0);
    amount.ok_or_else(|| field("price", "Please give a price like 80 or 79.50, up to 1,000,000."))
}

/// A colour of the list, or none.
///
/// # Errors
/// `Invalid` for any other.
pub(super) fn colour(typed: &str) -> Result<String> {
    let typed = typed.trim();
    if typed.is_empty() || COLOURS.contains(&typed) {
        return Ok(typed.to_owned());
    }
    Err(field("colour", format!("Please choose one of {}.", COLOURS.join(", "))))
}

/// `48h`, `24h` as they are kept: `48,24`.
pub(super) fn hours(all: &[String]) -> Result<String> {
    let say = "Please give one to five times before the visit, from 1h to 336h, like 48h and 24h. For none at all switch reminders off.";
    let read = |text: &String| {
        let kind: Kind = text.trim().to_lowercase().parse().ok()?;
        kind.hours().filter(|hours| (1..=LONGEST).contains(hours))
    };
    let mut hours: Vec<u16> = all
        .iter()
        .map(read)
        .collect::<Option<_>>()
        .ok_or_else(|| field("cadence", say))?;
    hours.sort_unstable_by(|a, b| b.cmp(a));
    hours.dedup();
    if !(1..=MOST_REMINDERS).contains(&hours.len()) {
        return Err(field("cadence", say));
    }
    Ok(hours.iter().map(u16::to_string).collect::<Vec<_>>().join(","))
}

fn reminders_of(row: &appointment_type::Model) -> (bool, Option<&str>) {
    (row.reminders, row.cadence.as_deref())
}

/// Hours before an appointment of this type, or of none, at which reminders go out; none if it is not reminded of.
pub(crate) fn cadence(business: &business::Model, kind: Option<&appointment_type::Model>) -> Vec<u16> {
    match kind {
        Some(kind) if !kind.reminders => Vec::new(),
        Some(appointment_type::Model {
            cadence: Some(cadence), ..
        }) => super::hours(cadence),
        _ => super::hours(&business.cadence),
    }
}

async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<appointment_type::Model> {
    let row = appointment_type::Entity::these(business_id, [id])
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    row.ok_or_else(|| not_found("type of visit"))
}

/// The type that a new appointment is to be of.
///
/// # Errors
/// `Invalid` for an id that is none of this business's, and for one that is put away.
pub(crate) async fn chosen(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    id: Option<Uuid>,
) -> Result<Option<appointment_type::Model>> {
    let Some(id) = id else { return Ok(None) };
    // A change of it waits for this booking, which then is among those whose reminders it plans anew.
    let found = appointment_type::Entity::these(business_id, [id])
        .lock(LockType::Share)
        .one(db)
        .await?;
    let found = found.ok_or_else(|| field("type_id", "There is no such type of visit. Please choose another one."))?;
    if found.archived_at.is_some() {
        return Err(field(
            "type_id",
            format!("{} is not offered any more. Please choose another type.", found.name),
        ));
    }
    Ok(Some(found))
}

pub(crate) async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<Option<appointment_type::Model>> {
    Ok(appointment_type::Entity::these(business_id, [id]).one(db).await?)
}

/// Several types by their ids.
pub(crate) async fn several(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, appointment_type::Model>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = appointment_type::Entity::these(business_id, ids).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// What the audit trail keeps of it.
fn facts(t: &appointment_type::Model) -> Value {
    json!({
        "name": t.name,
        "minutes": t.minutes,
        "price": t.price.and_then(amount),
        "reminders": t.reminders,
        "hours_before": t.cadence,
        "due_again_after_months": t.recall_months,
        "archived": t.archived_at.is_some(),
    })
}

fn view(row: appointment_type::Model) -> AppointmentTypeView {
    let words = |cadence: String| {
        super::hours(&cadence)
            .into_iter()
            .map(|h| Kind::from_hours(h).to_string())
            .collect()
    };
    AppointmentTypeView {
        id: row.id,
        name: row.name,
        minutes: row.minutes,
        price: row.price.and_then(amount),
        colour: row.colour,
        reminders: row.reminders,
        cadence: row.cadence.map(words),
        recall_months: row.recall_months,
        archived: row.archived_at.is_some(),
    }
}

/// A whole number where it is one.
fn amount(micros: i64) -> Option<serde_json::Number> {
    if micros % 1_000_000 == 0 {
        Some((micros / 1_000_000).into())
    } else {
        serde_json::Number::from_f64(micros as f64 / 1e6)
    }
}
