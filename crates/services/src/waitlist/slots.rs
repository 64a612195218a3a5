//! Times that are free: opened by hand or by what happened to a visit, shown on a board, given up.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use contract::waitlist::{Board, CreateSlot, Figures, Mode, SlotStatus, SlotView};
use domain::waitlist::Plan;
use entity::{businesses::business, waitlist::slot};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType, OnConflict},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    reading::length,
    rules,
    view::{slot_views, views_of},
};
use crate::{
    appointments,
    businesses::{self, locations, staff, types},
    kernel::{
        Actor, Event, Permission, Principal, Result, Services, Tx,
        counters::{Counter, Free},
        error::{field, not_found},
        queue::Job,
        tx::Changed,
    },
    reports,
};

/// Slots in one column of the board.
const COLUMN: u64 = 50;
/// Free times on one page of a calendar.
const MOST_SHOWN: u64 = 200;
/// How long ended ones are on it.
const ENDED: Duration = Duration::days(7);
/// What its figures are of.
const FIGURES_DAYS: i64 = 30;

/// A slot to be opened.
pub(super) struct New {
    pub business_id: Uuid,
    pub purpose: &'static str,
    pub starts_at: DateTime<Utc>,
    pub minutes: i32,
    pub type_id: Option<Uuid>,
    pub location_id: Option<Uuid>,
    pub staff_label: String,
    pub plan: Plan,
    pub lead: Duration,
    pub source: &'static str,
    pub from_id: Option<Uuid>,
    pub chain_id: Option<Uuid>,
    /// The same key in one business is the same slot.
    pub key: String,
}

/// Opens a time by hand: it is offered to who waits for one like it.
///
/// # Errors
/// `Invalid` per field.
pub async fn create(s: &Services, actor: &Actor, cmd: CreateSlot) -> Result<SlotView> {
    actor.may(Permission::WriteWaitlist)?;
    let mut tx = s.begin().await?;
    let business = businesses::get(&tx.db, actor.business_id).await?;
    let location_id = locations::chosen(&tx.db, actor.business_id, cmd.location_id).await?;
    let kind = types::chosen(&tx.db, actor.business_id, cmd.type_id).await?;
    let staff_label = staff::chosen(&tx, actor.business_id, &cmd.staff_label.unwrap_or_default()).await?;
    let zone = locations::zone_of(&tx.db, &business, location_id).await?;
    let starts_at = appointments::time_ahead(&tx, zone, &cmd.starts_at)?;
    let rules = rules::of(&tx.db, actor.business_id).await?;
    let mut plan = match cmd.mode {
        Some(mode) => rules.of(mode),
        None => rules.plan(starts_at - tx.now),
    };
    if let Some(minutes) = cmd.hold_minutes {
        if !(1..=24 * 60).contains(&minutes) {
            return Err(field("hold_minutes", "Please give 1 minute to 24 hours."));
        }
        plan.hold_minutes = minutes;
    }
    if let Some(size) = cmd.group_size {
        if !(1..=50).contains(&size) {
            return Err(field("group_size", "Please give 1 to 50 people."));
        }
        plan.group_size = if plan.mode == Mode::OneByOne { 1 } else { size };
    }
    let id = Uuid::now_v7();
    let new = New {
        business_id: actor.business_id,
        purpose: WAITLIST,
        starts_at,
        minutes: length(cmd.minutes)?,
        type_id: kind.map(|kind| kind.id),
        location_id,
        staff_label,
        plan,
        lead: Duration::minutes(rules.lead.into()),
        source: "hand",
        from_id: None,
        chain_id: None,
        key: format!("hand:{id}"),
    };
    let slot = open(&mut tx, &actor.who, new).await?;
    let slot = slot.ok_or_else(|| not_found("slot"))?;
    finish(tx, actor.business_id, slot.id).await
}

/// What most slots are for.
pub(super) const WAITLIST: &str = "waitlist";
/// What the rest of a visit says of where it comes from, whose customer has not come.
pub(super) const NO_SHOW: &str = "no_show";

/// Opens a slot, once per key; none where it is there already.
pub(super) async fn open(tx: &mut Tx, by: &Principal, new: New) -> Result<Option<slot::Model>> {
    let staff_only = new.plan.mode == Mode::StaffOnly;
    // Whom staff call can come until it begins.
    let stops_at = if staff_only { new.starts_at } else { new.starts_at - new.lead };
    let row = slot::Model {
        id: Uuid::now_v7(),
        business_id: new.business_id,
        purpose: new.purpose.to_owned(),
        starts_at: new.starts_at,
        minutes: new.minutes,
        type_id: new.type_id,
        location_id: new.location_id,
        staff_label: new.staff_label,
        mode: new.plan.mode.as_str().to_owned(),
        hold_minutes: new.plan.hold_minutes,
        group_size: new.plan.group_size,
        status: SlotStatus::Open.as_str().to_owned(),
        source: new.source.to_owned(),
        from_id: new.from_id,
        chain_id: new.chain_id,
        dedupe_key: new.key,
        appointment_id: None,
        taken_at: None,
        taken_by: None,
        stops_at,
        next_at: Some(tx.now),
        waits_until: None,
        wait_reason: None,
        created_at: tx.now,
        updated_at: tx.now,
    };
    let once = OnConflict::columns([slot::Column::BusinessId, slot::Column::DedupeKey])
        .do_nothing()
        .to_owned();
    let added = slot::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    if added == 0 {
        return Ok(None);
    }
    if row.purpose == WAITLIST {
        tx.count(row.business_id, Counter::Waitlist(new.plan.mode, Free::Slots));
    }
    tx.mark_changed(row.business_id, Changed::Slot(row.id));
    let event = Event::SlotOpened(Arc::new(row.clone()));
    tx.record_change(row.business_id, by, event, None::<()>, Some(facts(&row)));
    look_soon(tx, row.id).await?;
    Ok(Some(row))
}

/// One slot with its offers.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn get_slot(s: &Services, actor: &Actor, id: Uuid) -> Result<SlotView> {
    actor.may(Permission::ReadWaitlist)?;
    view(s, s.read(), actor.business_id, id).await
}

/// Slots by how they stand: those that are free, the soonest first, and those that ended within a week, the latest first; 50 of each.
///
/// # Errors
/// `NotAllowed`.
pub async fn board(s: &Services, actor: &Actor) -> Result<Board> {
    actor.may(Permission::ReadWaitlist)?;
    let (db, business_id) = (s.read(), actor.business_id);
    let mut board = Board::default();
    let business = businesses::get(db, business_id).await?;
    board.figures = figures(s, &business).await?;
    for (status, column) in [
        (SlotStatus::Open, &mut board.open),
        (SlotStatus::Offering, &mut board.offering),
        (SlotStatus::Taken, &mut board.taken),
        (SlotStatus::Expired, &mut board.expired),
    ] {
        let rows = column_of(business_id, status, s.now()).all(db).await?;
        *column = slot_views(s, db, business_id, rows).await?;
    }
    Ok(board)
}

/// What was counted in the last 30 days.
async fn figures(s: &Services, business: &business::Model) -> Result<Figures> {
    let all: Vec<Counter> = Mode::ALL
        .iter()
        .flat_map(|mode| Free::ALL.map(|what| Counter::Waitlist(*mode, what)))
        .collect();
    let sums = reports::sums(s.read(), business, s.now(), &all, FIGURES_DAYS).await?;
    let sum = |wanted: Free| -> i64 {
        let of_kind = sums
            .iter()
            .filter(|(counter, _)| matches!(counter, Counter::Waitlist(_, what) if *what == wanted));
        of_kind.map(|(_, n)| n).sum()
    };
    Ok(Figures {
        slots: sum(Free::Slots),
        filled: sum(Free::Filled),
        offers: sum(Free::Offers),
        answers: sum(Free::Answers),
        seconds_to_fill: sum(Free::Seconds),
    })
}

/// The states are literals: SQLite uses an index over a part of the rows only if it can see that the query asks for no others.
pub(crate) fn column_of(business_id: Uuid, status: SlotStatus, now: DateTime<Utc>) -> sea_orm::Select<slot::Entity> {
    let those = if status.is_free() {
        "\"status\" IN ('open', 'offering')"
    } else {
        "\"status\" IN ('taken', 'expired')"
    };
    let rows = slot::Entity::in_business(business_id)
        .filter(Expr::cust(those))
        .filter(slot::Column::Status.eq(status.as_str()))
        .filter(slot::Column::Purpose.eq(WAITLIST))
        .limit(COLUMN);
    if status.is_free() {
        rows.order_by_asc(slot::Column::StartsAt)
    } else {
        rows.filter(slot::Column::UpdatedAt.gt(now - ENDED))
            .order_by_desc(slot::Column::UpdatedAt)
    }
}

/// Times between two moments that somebody can still have, the soonest first.
pub(crate) fn free_between(business_id: Uuid, from: DateTime<Utc>, until: DateTime<Utc>) -> sea_orm::Select<slot::Entity> {
    slot::Entity::in_business(business_id)
        .filter(Expr::cust("\"status\" IN ('open', 'offering')"))
        .filter(slot::Column::StartsAt.gte(from))
        .filter(slot::Column::StartsAt.lt(until))
        .order_by_asc(slot::Column::StartsAt)
        .limit(MOST_SHOWN)
}

/// These slots with their offers.
pub(crate) async fn views(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    rows: sea_orm::Select<slot::Entity>,
) -> Result<Vec<SlotView>> {
    slot_views(s, db, business_id, rows.all(db).await?).await
}

/// Gives a time up: nobody is asked any more, and who has been is told if they answer. Doing it twice changes nothing.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn close(s: &Services, actor: &Actor, id: Uuid) -> Result<SlotView> {
    actor.may(Permission::WriteWaitlist)?;
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    end(&mut tx, &actor.who, row, SlotStatus::Closed).await?;
    finish(tx, actor.business_id, id).await
}

/// Nobody can have it any more. The caller holds its lock.
pub(super) async fn end(tx: &mut Tx, by: &Principal, before: slot::Model, becomes: SlotStatus) -> Result<()> {
    if !status(&before).is_free() {
        return Ok(());
    }
    let was = facts(&before);
    let mut row = before.into_active_model();
    row.status = Set(becomes.as_str().to_owned());
    // Texts that wait are taken back then, and who held it is told.
    row.next_at = Set(Some(tx.now));
    row.waits_until = Set(None);
    row.wait_reason = Set(None);
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    tx.mark_changed(after.business_id, Changed::Slot(after.id));
    let event = Event::SlotEnded(Arc::new(after.clone()));
    tx.record_change(after.business_id, by, event, Some(was), Some(facts(&after)));
    look_soon(tx, after.id).await
}

/// Somebody looks at this slot as soon as this transaction stands.
pub(super) async fn look_soon(tx: &mut Tx, id: Uuid) -> Result<()> {
    let (now, key) = (tx.now, format!("slot:{id}:{}", tx.now.timestamp_micros()));
    tx.enqueue(&Job::Waitlist { slot_id: id }, now, Some(&key)).await
}

/// Several slots, locked until the transaction ends, in the order of their ids; people are locked before.
pub(super) async fn locked_all(tx: &Tx, business_id: Uuid, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<slot::Model>> {
    let ids: BTreeSet<Uuid> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = slot::Entity::these(business_id, ids)
        .order_by_asc(slot::Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(rows.all(&tx.db).await?)
}

/// How a slot stands; one of a state that this version does not know is nobody's to have.
pub(super) fn status(row: &slot::Model) -> SlotStatus {
    row.status.parse().unwrap_or(SlotStatus::Closed)
}

pub(super) fn mode(row: &slot::Model) -> Mode {
    row.mode.parse().unwrap_or(Mode::StaffOnly)
}

/// The row, locked until the transaction ends; people are locked before.
pub(super) async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<slot::Model> {
    let row = slot::Entity::these(business_id, [id])
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    row.ok_or_else(|| not_found("slot"))
}

pub(super) async fn view(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<SlotView> {
    let shown = views_of(s, db, business_id, &[id]).await?.pop();
    shown.ok_or_else(|| not_found("slot"))
}

pub(super) async fn finish(mut tx: Tx, business_id: Uuid, id: Uuid) -> Result<SlotView> {
    tx.settle().await?;
    let services = tx.services().clone();
    let shown = view(&services, &tx.db, business_id, id).await?;
    tx.commit().await?;
    Ok(shown)
}

/// What the audit trail keeps of it.
pub(super) fn facts(row: &slot::Model) -> Value {
    json!({
        "status": row.status, "starts_at": row.starts_at, "minutes": row.minutes, "staff_label": row.staff_label,
        "mode": row.mode, "source": row.source, "taken_by": row.taken_by,
    })
}
