//! Reminders: planned with the appointment, fired when due, settled by the answer.

mod answers;
mod families;
mod firing;
mod listen;
mod moved;
mod preview;
pub(crate) mod replan;
mod siblings;

use chrono::{DateTime, Duration, Utc};
use domain::{
    origin::Origin,
    reminders::{Kind, Plan, Planned, WINDOW_DAYS, correlation_id},
    zone::Zone,
};
use entity::{
    appointments::appointment, businesses::business, contacts::contact, messages::message, reminders::reminder_request,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, Set};
use uuid::Uuid;

use crate::{
    appointments::{self, clocks},
    businesses::{self, types},
    contacts, conversations,
    kernel::{Result, Tx, tx::Changed},
    messages, outbox, questions, tasks,
};

pub(crate) use answers::{answered, answered_on_page, perhaps_meant};
#[cfg(test)]
pub(crate) use firing::due;
pub use firing::{send_now, send_on_whatsapp, tick};
pub(crate) use listen::{appointments_changed, messages_changed, still_wanted};
pub use preview::preview;
pub use replan::tick as replan_some;

/// Whether a visit was asked about and not confirmed by an answer.
pub(crate) async fn unanswered(db: &impl ConnectionTrait, business_id: Uuid, visit: Uuid) -> Result<bool> {
    let rows = reminder_request::Entity::in_business(business_id)
        .filter(reminder_request::Column::AppointmentId.eq(visit))
        .filter(reminder_request::Column::Status.is_in(["sent", "yes"]))
        .all(db)
        .await?;
    let is = |status: &str| rows.iter().any(|row| row.status == status);
    Ok(is("sent") && !is("yes"))
}

/// Why an appointment's open reminders end.
pub(crate) enum Stop<'a> {
    /// The appointment was answered: nothing more is sent, but the customer may still change their mind by text.
    Answered(&'a str),
    /// The appointment is another one now, or gone: an answer to these texts means nothing any more.
    Superseded(&'a str),
}

/// The zone a contact is in when an appointment of theirs is near: who has no zone of their own is taken to be where it is.
pub(crate) fn zone_of(business: &business::Model, contact: &contact::Model, appointment: &appointment::Model) -> Zone {
    let place = || appointment.time_zone.as_deref().and_then(Zone::named);
    contacts::own_zone(contact)
        .or_else(place)
        .unwrap_or_else(|| businesses::zone(business))
}

/// Plans the reminders of an appointment as it stands now; none while it is not decided which time that is. A reminder that this very time
/// had before is taken up again, never sent twice.
pub(crate) async fn plan(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    appointment: &appointment::Model,
) -> Result<()> {
    // Nobody is reminded of an example.
    if clocks::undecided(appointment) || contact.sample {
        return Ok(());
    }
    for item in planned(tx, business, contact, appointment).await? {
        save_planned(tx, appointment, item).await?;
    }
    tx.mark_changed(appointment.business_id, Changed::Appointment(appointment.id));
    Ok(())
}

/// What an appointment is to be reminded of by, as its type says, else the business.
async fn planned(
    tx: &Tx,
    business: &business::Model,
    contact: &contact::Model,
    appointment: &appointment::Model,
) -> Result<Vec<Planned>> {
    let kind = match appointment.type_id {
        Some(id) => types::find(&tx.db, business.id, id).await?,
        None => None,
    };
    Ok(domain::reminders::plan(
        tx.now,
        appointment.starts_at,
        &types::cadence(business, kind.as_ref()),
        zone_of(business, contact, appointment),
        businesses::quiet_for(business, &contact.phone),
    ))
}

async fn save_planned(tx: &mut Tx, appointment: &appointment::Model, item: Planned) -> Result<()> {
    let (due_at, status, reason) = match item.plan {
        Plan::Due(at) => (at, "planned", None),
        Plan::Skipped(why) => (item.nominal, "skipped", Some(why.label().to_owned())),
        Plan::NeedsPerson => (
            item.nominal,
            "skipped",
            Some("Quiet hours last until the visit; please call.".to_owned()),
        ),
    };
    if matches!(item.plan, Plan::NeedsPerson) {
        needs_call(tx, appointment, "Quiet hours leave no time to text a reminder.").await?;
    }
    let row = Row {
        kind: item.kind,
        nominal: item.nominal,
        due_at,
        status,
        reason,
    };
    save(tx, appointment, row).await.map(drop)
}

pub(crate) struct Row<'a> {
    pub kind: Kind,
    /// The moment the cadence asks for; with kind and appointment it is the reminder's identity.
    pub nominal: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    pub status: &'a str,
    pub reason: Option<String>,
}

async fn save(tx: &Tx, appointment: &appointment::Model, row: Row<'_>) -> Result<reminder_request::Model> {
    let correlation = correlation_id(&appointment.id.to_string(), row.kind, row.nominal);
    let before = reminder_request::Entity::in_business(appointment.business_id)
        .filter(reminder_request::Column::CorrelationId.eq(&correlation))
        .one(&tx.db)
        .await?;
    if let Some(before) = before {
        return revive(tx, appointment, before, row).await;
    }
    let new = reminder_request::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(appointment.business_id),
        appointment_id: Set(appointment.id),
        contact_id: Set(appointment.contact_id),
        kind: Set(row.kind.to_string()),
        due_at: Set(row.due_at),
        status: Set(row.status.to_owned()),
        reason: Set(row.reason),
        correlation_id: Set(correlation),
        message_id: Set(None),
        sent_at: Set(None),
        expires_at: Set(Some(appointment.starts_at)),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    Ok(new.insert(&tx.db).await?)
}

/// The appointment came back to a time it had: what was texted then can be answered again, the rest is planned anew.
async fn revive(
    tx: &Tx,
    appointment: &appointment::Model,
    before: reminder_request::Model,
    row: Row<'_>,
) -> Result<reminder_request::Model> {
    let (sent_at, status) = (before.sent_at, before.status.clone());
    let mut again = before.into_active_model();
    again.updated_at = Set(tx.now);
    if let Some(sent_at) = sent_at {
        again.expires_at = Set(Some(answerable_until(appointment.starts_at, sent_at)));
        if status == "cancelled" {
            again.status = Set("sent".to_owned());
            again.reason = Set(None);
        }
    } else {
        again.status = Set(row.status.to_owned());
        again.reason = Set(row.reason);
        again.due_at = Set(row.due_at);
        again.expires_at = Set(Some(appointment.starts_at));
    }
    let row = again.update(&tx.db).await?;
    if let Some(until) = row.expires_at {
        questions::set_expiry(tx, row.business_id, &[row.id], until).await?;
    }
    Ok(row)
}

/// An answer counts for 14 days after the text, and until the appointment.
fn answerable_until(starts_at: DateTime<Utc>, sent_at: DateTime<Utc>) -> DateTime<Utc> {
    std::cmp::min(starts_at, sent_at + Duration::days(WINDOW_DAYS))
}

/// Ends every open reminder of an appointment and kills their texts that still wait. What was sent or answered stays as it was; superseded,
/// it can't be answered any more.
pub(crate) async fn stop(tx: &mut Tx, appointment: &appointment::Model, why: Stop<'_>) -> Result<()> {
    let (reason, superseded) = match why {
        Stop::Answered(reason) => (reason, false),
        Stop::Superseded(reason) => (reason, true),
    };
    let rows = reminder_request::Entity::in_business(appointment.business_id)
        .filter(reminder_request::Column::AppointmentId.eq(appointment.id))
        .filter(reminder_request::Column::Status.is_in(["planned", "queued", "sent", "yes", "no", "failed"]))
        .all(&tx.db)
        .await?;
    for row in rows {
        let waiting = matches!(row.status.as_str(), "planned" | "queued");
        if superseded {
            let mut row = row.clone().into_active_model();
            row.expires_at = Set(Some(tx.now));
            let row = row.update(&tx.db).await?;
            questions::set_expiry(tx, row.business_id, &[row.id], tx.now).await?;
        }
        if waiting {
            take_back(tx, row, reason).await?;
        }
    }
    tx.mark_changed(appointment.business_id, Changed::Appointment(appointment.id));
    Ok(())
}

/// Takes a reminder back that has not left, and its text.
async fn take_back(tx: &mut Tx, row: reminder_request::Model, reason: &str) -> Result<()> {
    let (business_id, message_id) = (row.business_id, row.message_id);
    // First the reminder, then its text: a text that is withdrawn under a live reminder asks for a call.
    finish(tx, row, "cancelled", Some(reason)).await?;
    if let Some(message_id) = message_id {
        outbox::cancel(tx, business_id, message_id, reason).await?;
    }
    Ok(())
}

/// Sets a reminder's state and tells the appointment's watchers.
pub(crate) async fn finish(tx: &mut Tx, row: reminder_request::Model, status: &str, reason: Option<&str>) -> Result<()> {
    let (id, business_id, appointment_id) = (row.id, row.business_id, row.appointment_id);
    step(id, status, reason);
    let mut row = row.into_active_model();
    row.status = Set(status.to_owned());
    row.reason = Set(reason.map(str::to_owned));
    row.updated_at = Set(tx.now);
    row.update(&tx.db).await?;
    tx.mark_changed(business_id, Changed::Appointment(appointment_id));
    Ok(())
}

fn step(id: Uuid, step: &str, why: Option<&str>) {
    metrics::counter!("showup_reminders_total", "step" => step.to_owned()).increment(1);
    tracing::info!(reminder = %id, step, why, "reminder");
}

async fn needs_call(tx: &mut Tx, appointment: &appointment::Model, reason: &str) -> Result<()> {
    let conversation = conversations::of_contact(&tx.db, appointment.business_id, appointment.contact_id).await?;
    let task = tasks::New {
        business_id: appointment.business_id,
        kind: tasks::Kind::Call,
        title: format!("Call about the visit: the reminder did not arrive. {reason}"),
        key: call_key(appointment),
        contact_id: Some(appointment.contact_id),
        conversation_id: conversation.map(|c| c.id),
        appointment_id: Some(appointment.id),
        message_id: None,
    };
    tasks::raise_anew(tx, task).await
}

/// One task for each time that an appointment has.
fn call_key(appointment: &appointment::Model) -> String {
    format!("call:{}:{}", appointment.id, appointment.starts_at.timestamp())
}

/// The provider has taken a reminder's text: it can be answered for 14 days, or until the appointment. `arrived`: who says that it reached
/// the customer, perhaps after it was given up.
async fn sent(tx: &mut Tx, m: &message::Model, arrived: Option<&str>) -> Result<()> {
    for row in of_message(tx, m).await? {
        one_sent(tx, m, row, arrived).await?;
    }
    Ok(())
}

async fn one_sent(tx: &mut Tx, m: &message::Model, row: reminder_request::Model, arrived: Option<&str>) -> Result<()> {
    let after_all = arrived.filter(|_| row.status == "failed");
    if !(row.status == "queued" || after_all.is_some() || (row.status == "cancelled" && row.sent_at.is_none())) {
        return Ok(());
    }
    // Superseded while it was on its way, or before that was known: it keeps its state, and what was sent is remembered.
    let superseded = row.status == "cancelled" || (row.status == "failed" && is_of_another_time(&row, tx.now));
    let (business_id, appointment_id) = (row.business_id, row.appointment_id);
    // Not when we heard of it: an answer may have come before that.
    let sent_at = row.sent_at.or(m.claimed_at).unwrap_or(tx.now);
    let appointment = appointments::find(&tx.db, business_id, appointment_id).await?;
    let mut row = row.into_active_model();
    row.sent_at = Set(Some(sent_at));
    row.updated_at = Set(tx.now);
    if !superseded {
        row.status = Set("sent".to_owned());
        row.reason = Set(None);
        row.expires_at = Set(Some(answerable_until(appointment.starts_at, sent_at)));
    }
    let row = row.update(&tx.db).await?;
    if let Some(until) = row.expires_at.filter(|_| !superseded) {
        questions::set_expiry(tx, business_id, &[row.id], until).await?;
    }
    if let Some(by) = after_all.filter(|_| !superseded) {
        tasks::settle_key(tx, business_id, &call_key(&appointment), tasks::Kind::Call, by).await?;
    }
    tx.mark_changed(business_id, Changed::Appointment(appointment_id));
    Ok(())
}

/// Its appointment was moved, is over or gone: what becomes of this reminder is no news of the appointment as it stands now.
fn is_of_another_time(row: &reminder_request::Model, now: DateTime<Utc>) -> bool {
    row.expires_at.is_some_and(|at| at <= now)
}

/// The reminders that a text is: one, or those of a family's appointments that are close together.
async fn of_message(tx: &Tx, m: &message::Model) -> Result<Vec<reminder_request::Model>> {
    if !messages::is_of(m, Origin::Reminder) {
        return Ok(Vec::new());
    }
    let rows = reminder_request::Entity::in_business(m.business_id)
        .filter(reminder_request::Column::MessageId.eq(m.id))
        .order_by_asc(reminder_request::Column::Id);
    Ok(rows.all(&tx.db).await?)
}
