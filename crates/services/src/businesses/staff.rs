//! Labels for who appointments are with. An appointment keeps its label as text, so that one can go out of use.

use contract::{
    Code,
    appointment_types::{Arrange, SaveStaffLabel, StaffLabelView},
};
use entity::{appointments::appointment, businesses::staff_label};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
    sea_query::{Expr, LockType, OnConflict},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Place, arranged, may_manage, types::colour};
use crate::kernel::{
    Actor, Error, Event, Permission, Result, Services, Tx,
    error::{field, not_found, problem, short},
};

/// Most labels of one business: all of them are shown in one list.
const MOST: u64 = 200;
pub(crate) const LONGEST: usize = 100;

/// All staff labels of the actor's business in their order, those that are put away among them.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<StaffLabelView>> {
    actor.may(Permission::ReadAppointments)?;
    Ok(rows(s.read(), actor.business_id).await?.into_iter().map(view).collect())
}

async fn rows(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<staff_label::Model>> {
    let rows = staff_label::Entity::in_business(business_id)
        .order_by_asc(staff_label::Column::Position)
        .order_by_asc(staff_label::Column::Name)
        .limit(MOST);
    Ok(rows.all(db).await?)
}

/// Adds a staff label, or changes the one with this id. Visits to come follow a new name; those that have begun keep the old one.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field; `NotFound`; `Conflict` when there are 200 already.
pub async fn save(s: &Services, actor: &Actor, id: Option<Uuid>, cmd: SaveStaffLabel) -> Result<StaffLabelView> {
    may_manage(actor)?;
    let name = short("name", &cmd.name, LONGEST)?;
    if name.is_empty() {
        return Err(field("name", "Please give a name, like Ana or Chair 2."));
    }
    let colour = colour(&cmd.colour)?;
    let mut tx = s.begin().await?;
    let before = match id {
        Some(id) => Some(locked(&tx, actor.business_id, id).await?),
        None => None,
    };
    let mut row = match &before {
        Some(before) => before.clone().into_active_model(),
        None => new(&tx, actor.business_id).await?,
    };
    row.name = Set(name);
    row.colour = Set(colour);
    row.updated_at = Set(tx.now);
    let written = if before.is_some() {
        row.update(&tx.db).await
    } else {
        row.insert(&tx.db).await
    };
    let after = written.map_err(|e| match Error::from(e) {
        e if e.is_duplicate() => field("name", "Another staff label has this name already."),
        e => e,
    })?;
    if let Some(before) = before.as_ref().filter(|before| before.name != after.name) {
        rename(&tx, before, &after.name).await?;
    }
    let event = match before {
        Some(_) => Event::StaffLabelChanged(after.id),
        None => Event::StaffLabelAdded(after.id),
    };
    tx.record_change(
        actor.business_id,
        &actor.who,
        event,
        before.as_ref().map(facts),
        Some(facts(&after)),
    );
    tx.commit().await?;
    Ok(view(after))
}

/// Visits to come, which are bounded by how far ahead one can be booked, follow the name.
async fn rename(tx: &Tx, before: &staff_label::Model, name: &str) -> Result<()> {
    appointment::Entity::update_many()
        .col_expr(appointment::Column::StaffLabel, Expr::value(name))
        .filter(appointment::Column::BusinessId.eq(before.business_id))
        .filter(appointment::Column::StartsAt.gte(tx.now))
        .filter(appointment::Column::StaffLabel.eq(&before.name))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn new(tx: &Tx, business_id: Uuid) -> Result<staff_label::ActiveModel> {
    let position = staff_label::Entity::in_business(business_id).count(&tx.db).await?;
    if position >= MOST {
        return Err(problem(
            Code::Conflict,
            format!("A business has at most {MOST} staff labels."),
        ));
    }
    Ok(staff_label::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        position: Set(position as i32),
        created_at: Set(tx.now),
        ..Default::default()
    })
}

/// Puts a staff label away, brings it back, or moves it up or down in lists.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`.
pub async fn arrange(s: &Services, actor: &Actor, id: Uuid, what: Arrange) -> Result<Vec<StaffLabelView>> {
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
            let event = Event::StaffLabelChanged(id);
            tx.record_change(
                actor.business_id,
                &actor.who,
                event,
                Some(facts(&before)),
                Some(facts(&after)),
            );
        }
        Arrange::Up | Arrange::Down => {
            let all = rows(&tx.db, actor.business_id).await?;
            let places: Vec<Place> = all.iter().map(|row| (row.id, row.position)).collect();
            for (id, position) in arranged(&places, id, what == Arrange::Up) {
                staff_label::Entity::update_many()
                    .col_expr(staff_label::Column::Position, Expr::value(position))
                    .filter(staff_label::Column::BusinessId.eq(actor.business_id))
                    .filter(staff_label::Column::Id.eq(id))
                    .exec(&tx.db)
                    .await?;
            }
        }
    }
    let all = rows(&tx.db, actor.business_id).await?;
    tx.commit().await?;
    Ok(all.into_iter().map(view).collect())
}

/// The label that a new appointment is to have. One that is not known yet is added to the list.
///
/// # Errors
/// `Invalid` for one that is put away, and for a new one when there are 200 already.
pub(crate) async fn chosen(tx: &Tx, business_id: Uuid, typed: &str) -> Result<String> {
    let name = short("staff_label", typed, LONGEST)?;
    if name.is_empty() {
        return Ok(name);
    }
    let known = staff_label::Entity::in_business(business_id)
        .filter(staff_label::Column::Name.eq(&name))
        .one(&tx.db)
        .await?;
    match known {
        Some(known) if known.archived_at.is_some() => Err(field(
            "staff_label",
            format!("{name} is not offered any more. Please choose somebody else."),
        )),
        Some(_) => Ok(name),
        None => {
            let mut row = new(tx, business_id)
                .await
                .map_err(|e| field("staff_label", e.problem().detail))?;
            row.name = Set(name.clone());
            row.colour = Set(String::new());
            row.updated_at = Set(tx.now);
            // Somebody else may book the first visit with it at this moment.
            let known = OnConflict::columns([staff_label::Column::BusinessId, staff_label::Column::Name])
                .do_nothing()
                .to_owned();
            staff_label::Entity::insert(row)
                .on_conflict(known)
                .exec_without_returning(&tx.db)
                .await?;
            Ok(name)
        }
    }
}

async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<staff_label::Model> {
    let row = staff_label::Entity::these(business_id, [id])
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    row.ok_or_else(|| not_found("staff label"))
}

/// What the audit trail keeps of it.
fn facts(row: &staff_label::Model) -> Value {
    json!({ "name": row.name, "colour": row.colour, "archived": row.archived_at.is_some() })
}

fn view(row: staff_label::Model) -> StaffLabelView {
    StaffLabelView {
        id: row.id,
        name: row.name,
        colour: row.colour,
        archived: row.archived_at.is_some(),
    }
}
