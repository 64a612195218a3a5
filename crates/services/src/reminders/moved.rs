//! Reminders of an appointment that was changed, and of one whose change was undone.

use contract::appointments::Status;
use domain::{
    moves::TELL_AFTER,
    reminders::{Plan, Planned, correlation_id},
};
use entity::{appointments::appointment, contacts::contact, reminders::reminder_request};
use sea_orm::{ColumnTrait, QueryFilter};

use super::{Row, planned, revive, save, save_planned, take_back};
use crate::{
    appointments::{self, change, clocks},
    businesses, contacts,
    kernel::{Result, Tx, tx::Changed},
};

const TOLD: &str = "The text about the new time takes its place.";
const OTHERWISE: &str = "The visit was changed.";

/// Plans the reminders of the new time. One that would go out at once waits as long as the move can be a slip; where its customer is told of
/// the move, there is nothing left for it to say.
pub(super) async fn plan(tx: &mut Tx, visit: &appointment::Model) -> Result<()> {
    if clocks::undecided(visit) {
        return Ok(());
    }
    let told = change::is_told(&tx.db, visit).await?;
    let soon = tx.now + TELL_AFTER;
    for item in of(tx, visit).await? {
        match item.plan {
            Plan::Due(at) if at < soon => {
                let row = Row {
                    kind: item.kind,
                    nominal: item.nominal,
                    due_at: if told { item.nominal } else { soon },
                    status: if told { "skipped" } else { "planned" },
                    reason: told.then(|| TOLD.to_owned()),
                };
                save(tx, visit, row).await?;
            }
            _ => save_planned(tx, visit, item).await?,
        }
    }
    tx.mark_changed(visit.business_id, Changed::Appointment(visit.id));
    Ok(())
}

/// It is as it was: who had not answered is reminded as before, and who had may still change their mind.
pub(super) async fn restore(tx: &mut Tx, visit: &appointment::Model) -> Result<()> {
    if appointments::status(visit)? == Status::Scheduled {
        let (business, contact) = whose(tx, visit).await?;
        return super::plan(tx, &business, &contact, visit).await;
    }
    let there = all(tx, visit).await?;
    for item in of(tx, visit).await? {
        let correlation = correlation_id(&visit.id.to_string(), item.kind, item.nominal);
        let left = there
            .iter()
            .find(|row| row.correlation_id == correlation && row.sent_at.is_some());
        if let Some(before) = left.cloned() {
            let row = Row {
                kind: item.kind,
                nominal: item.nominal,
                due_at: before.due_at,
                status: "sent",
                reason: None,
            };
            revive(tx, visit, before, row).await?;
        }
    }
    tx.mark_changed(visit.business_id, Changed::Appointment(visit.id));
    Ok(())
}

/// Its texts say other things now, or leave at other times or from elsewhere: those that wait are written anew. A moment that has passed is
/// not made up for, and who has answered is not asked again.
pub(super) async fn otherwise(tx: &mut Tx, visit: &appointment::Model) -> Result<()> {
    if appointments::status(visit)? != Status::Scheduled || visit.starts_at <= tx.now || clocks::undecided(visit) {
        return Ok(());
    }
    let there = all(tx, visit).await?;
    let waits = |row: &&reminder_request::Model| matches!(row.status.as_str(), "planned" | "queued");
    for row in there.iter().filter(waits) {
        take_back(tx, row.clone(), OTHERWISE).await?;
    }
    for item in of(tx, visit).await? {
        let correlation = correlation_id(&visit.id.to_string(), item.kind, item.nominal);
        let before = there.iter().find(|row| row.correlation_id == correlation);
        if before.map_or(item.nominal > tx.now, |row| waits(&row)) {
            save_planned(tx, visit, item).await?;
        }
    }
    tx.mark_changed(visit.business_id, Changed::Appointment(visit.id));
    Ok(())
}

async fn of(tx: &mut Tx, visit: &appointment::Model) -> Result<Vec<Planned>> {
    let (business, contact) = whose(tx, visit).await?;
    planned(tx, &business, &contact, visit).await
}

async fn whose(tx: &mut Tx, visit: &appointment::Model) -> Result<(entity::businesses::business::Model, contact::Model)> {
    let business = businesses::of(tx, visit.business_id).await?;
    let contact = contacts::locked(tx, visit.business_id, visit.contact_id).await?;
    Ok((business, contact))
}

async fn all(tx: &Tx, visit: &appointment::Model) -> Result<Vec<reminder_request::Model>> {
    let rows = reminder_request::Entity::in_business(visit.business_id)
        .filter(reminder_request::Column::AppointmentId.eq(visit.id))
        .all(&tx.db)
        .await?;
    Ok(rows)
}
