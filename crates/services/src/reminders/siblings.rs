//! Several reminders of one appointment: the one that is closest to it counts.

use chrono::{DateTime, Utc};
use domain::reminders::{Kind, Skip};
use entity::reminders::reminder_request;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

use super::finish;
use crate::{
    kernel::{Result, Tx},
    outbox,
};

/// A reminder by hand stands for one that falls due so soon after it.
const BY_HAND: chrono::Duration = chrono::Duration::hours(1);

/// Hours before the appointment; none for one that a member asked for.
fn hours(request: &reminder_request::Model) -> Option<u16> {
    request.kind.parse::<Kind>().ok().and_then(Kind::hours)
}

pub(super) async fn siblings(
    db: &impl ConnectionTrait,
    request: &reminder_request::Model,
) -> Result<Vec<reminder_request::Model>> {
    let rows = reminder_request::Entity::in_business(request.business_id)
        .filter(reminder_request::Column::AppointmentId.eq(request.appointment_id))
        .filter(reminder_request::Column::Id.ne(request.id));
    Ok(rows.all(db).await?)
}

/// Another reminder of the same appointment, closer to it, is due too or has gone out: after a night or an outage only that one does.
/// So does one that a member asked for within the hour.
pub(super) fn later_kind_due(now: DateTime<Utc>, request: &reminder_request::Model, others: &[reminder_request::Model]) -> bool {
    let stands = |other: &reminder_request::Model| match other.status.as_str() {
        "planned" => other.due_at <= now,
        "queued" => true,
        "sent" => other.expires_at.is_some_and(|at| at > now),
        _ => false,
    };
    others.iter().any(|other| match hours(other) {
        Some(closer) => hours(request).is_some_and(|hours| closer < hours) && stands(other),
        // Unless it spoke of a time that the appointment no longer has.
        None => {
            let stands = matches!(other.status.as_str(), "queued" | "sent") && other.expires_at.is_some_and(|at| at > now);
            stands && other.due_at > now - BY_HAND
        }
    })
}

/// Other reminders of the same appointment whose text still waits, behind a limit or the budget or for another try, make way: else both
/// would go together.
pub(super) async fn replace_waiting(tx: &mut Tx, others: Vec<reminder_request::Model>) -> Result<()> {
    for other in others {
        let (business_id, message_id, why) = (other.business_id, other.message_id, Skip::LaterKindDue.label());
        // First the reminder, then its text: a text that is withdrawn under a live reminder asks for a call.
        if other.status == "queued" {
            finish(tx, other, "cancelled", Some(why)).await?;
        }
        if let Some(message_id) = message_id {
            outbox::cancel(tx, business_id, message_id, why).await?;
        }
    }
    Ok(())
}

/// Another reminder of the appointment has gone out, or is about to, since this one fell due: no use in trying this one again.
pub(super) async fn superseded(db: &impl ConnectionTrait, request: &reminder_request::Model) -> Result<bool> {
    let later = |other: &reminder_request::Model| other.due_at > request.due_at && other.message_id.is_some();
    Ok(siblings(db, request).await?.iter().any(later))
}
