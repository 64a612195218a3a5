//! What happens elsewhere and concerns reminders: their appointments change, their messages leave, arrive, fail or are taken back. And
//! whether a reminder that waits to be sent is still wanted.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::appointments::Status as AppointmentStatus;
use domain::origin::Origin;
use entity::{appointments::appointment, messages::message, reminders::reminder_request};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set, sea_query::Expr};
use uuid::Uuid;

use super::{
    Stop, finish, firing::by_another_way, is_of_another_time, moved, needs_call, of_message, plan, sent, siblings::superseded,
    stop,
};
use crate::{
    appointments::{self, clocks},
    businesses, contacts,
    kernel::{Event, Principal, Result, Tx, events::Recorded, tx::Objections},
    messages,
    outbox::ways,
    questions,
};

/// Reminders of a time that no longer is are taken back, those of the new one planned.
pub(crate) async fn appointments_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        match &one.event {
            Event::AppointmentBooked(a) => plan_of(tx, a).await?,
            // One that is reopened because its customer is not there yet may have been answered.
            Event::AppointmentReopened(a) if appointments::status(a)? == AppointmentStatus::Scheduled => plan_of(tx, a).await?,
            Event::AppointmentMoved(a) => {
                stop(tx, a, Stop::Superseded("The visit was moved.")).await?;
                // Who presses a button may have pressed too soon; a program has not.
                match one.by {
                    Principal::ApiKey { .. } => plan_of(tx, a).await?,
                    _ => moved::plan(tx, a).await?,
                }
            }
            Event::AppointmentChanged {
                visit,
                told_otherwise: true,
            } => moved::otherwise(tx, visit).await?,
            Event::AppointmentRestored(a) => {
                stop(tx, a, Stop::Superseded("The change of the visit was undone.")).await?;
                moved::restore(tx, a).await?;
            }
            Event::AppointmentConfirmed(a) | Event::AppointmentDeclined(a) => {
                let why = match one.by {
                    Principal::Customer | Principal::CustomerPage => "The customer has answered.",
                    _ => "Confirmed by staff.",
                };
                stop(tx, a, Stop::Answered(why)).await?;
            }
            Event::AppointmentCancelled(a) => stop(tx, a, Stop::Superseded("The visit was cancelled.")).await?,
            Event::AppointmentEnded(a) => stop(tx, a, Stop::Superseded("The visit is over.")).await?,
            Event::AppointmentArrived(a) => stop(tx, a, Stop::Answered("The customer is there.")).await?,
            Event::ClockChanged(a) => stop(tx, a, Stop::Answered(clocks::UNDECIDED)).await?,
            // Who has answered, or whose appointment is over, is not reminded.
            Event::ClockDecided(a) if appointments::status(a)? == AppointmentStatus::Scheduled => plan_of(tx, a).await?,
            _ => {}
        }
    }
    Ok(())
}

async fn plan_of(tx: &mut Tx, appointment: &appointment::Model) -> Result<()> {
    let business = businesses::of(tx, appointment.business_id).await?;
    let contact = contacts::locked(tx, appointment.business_id, appointment.contact_id).await?;
    plan(tx, &business, &contact, appointment).await
}

/// What became of reminders' messages.
pub(crate) async fn messages_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        match &one.event {
            Event::MessageSent(m) => sent(tx, m, None).await?,
            Event::MessageDelivered(m) => sent(tx, m, Some("the network")).await?,
            Event::MessageArrived(m) => sent(tx, m, Some(&one.by.author())).await?,
            Event::MessageFailed(m, how) => Box::pin(failed(tx, m, &how.why)).await?,
            Event::MessageWithdrawn(m) => withdrawn(tx, m, m.error.as_deref().unwrap_or_default()).await?,
            _ => {}
        }
    }
    Ok(())
}

/// Why reminders that wait to be sent, or are about to be, are not wanted any more: their appointment is not what they say.
pub(crate) async fn still_wanted(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    waiting: &[&message::Model],
) -> Result<Objections> {
    let ids = waiting.iter().map(|m| m.id);
    let requests = reminder_request::Entity::find().filter(reminder_request::Column::MessageId.is_in(ids));
    let requests = requests.all(db).await?;
    let ids = requests.iter().map(|r| r.appointment_id);
    let found = appointment::Entity::find().filter(appointment::Column::Id.is_in(ids));
    let found: HashMap<Uuid, appointment::Model> = found.all(db).await?.into_iter().map(|a| (a.id, a)).collect();
    let mut objections = Objections::new();
    for m in waiting {
        let of_text = |r: &&reminder_request::Model| r.message_id == Some(m.id) && r.business_id == m.business_id;
        let told: Vec<&reminder_request::Model> = requests.iter().filter(of_text).collect();
        let mut why = told.is_empty().then_some(GONE);
        for request in told {
            let about = found.get(&request.appointment_id).filter(|a| a.business_id == m.business_id);
            why = match (why, about) {
                (Some(why), _) => Some(why),
                (None, Some(about)) => objection(db, now, m, request, about).await?,
                (None, None) => Some(GONE),
            };
        }
        if let Some(why) = why {
            objections.insert(m.id, why.to_owned());
        }
    }
    Ok(objections)
}

const GONE: &str = "The visit is not open any more.";

async fn objection(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    m: &message::Model,
    request: &reminder_request::Model,
    about: &appointment::Model,
) -> Result<Option<&'static str>> {
    let status = appointments::status(about).ok();
    let tried_before = m.retries > 0 || messages::status(m).is_failure();
    let stands = if tried_before {
        // Taken once and not delivered: it makes sense only while nobody has settled the appointment by other means.
        let of_this_time = request.expires_at.is_some_and(|at| at > now);
        status == Some(AppointmentStatus::Scheduled) && of_this_time && matches!(request.status.as_str(), "sent" | "failed")
    } else {
        status.is_some_and(AppointmentStatus::is_open) && request.status == "queued"
    };
    Ok(if !stands {
        Some(GONE)
    } else if clocks::undecided(about) {
        Some(clocks::UNDECIDED)
    } else if tried_before && superseded(db, request).await? {
        Some("A later reminder has gone out.")
    } else {
        None
    })
}

/// A reminder's message did not reach anybody: the same goes another way. Where none is left the appointment shows it, and somebody should
/// call.
async fn failed(tx: &mut Tx, m: &message::Model, reason: &str) -> Result<()> {
    let mut standing = Vec::new();
    for row in of_message(tx, m).await? {
        if !matches!(row.status.as_str(), "queued" | "sent") {
            continue;
        }
        let appointment = appointments::find(&tx.db, m.business_id, row.appointment_id).await?;
        let old = is_of_another_time(&row, tx.now);
        // News of a time that the appointment no longer has, or of one that somebody has settled or that is over, calls for nothing.
        if !old && appointment.starts_at > tx.now && appointments::status(&appointment)? == AppointmentStatus::Scheduled {
            standing.push((appointment, row));
        } else {
            finish(tx, row, "failed", Some(reason)).await?;
        }
    }
    if standing.is_empty() || by_another_way(tx, m, &standing).await? {
        return Ok(());
    }
    for (appointment, row) in standing {
        finish(tx, row, "failed", Some(reason)).await?;
        needs_call(tx, &appointment, reason).await?;
    }
    Ok(())
}

/// What went in another's place is not needed: that has arrived after all, and it is what was asked by.
async fn not_needed(tx: &mut Tx, m: &message::Model, first: &message::Model) -> Result<()> {
    reminder_request::Entity::update_many()
        .col_expr(reminder_request::Column::MessageId, Expr::value(first.id))
        .filter(reminder_request::Column::BusinessId.eq(m.business_id))
        .filter(reminder_request::Column::MessageId.eq(m.id))
        .exec(&tx.db)
        .await?;
    questions::asked_instead(tx, m, first).await?;
    sent(tx, first, Some("the network")).await
}

/// A reminder's text was withdrawn before it was handed over. If one of several appointments that it told of is another one now, the others
/// are told anew, without it. Else, if the appointment still stands, somebody should call.
async fn withdrawn(tx: &mut Tx, m: &message::Model, reason: &str) -> Result<()> {
    if let Some(first) = ways::arrived_before(&tx.db, m)
        .await?
        .filter(|_| messages::is_of(m, Origin::Reminder))
    {
        return not_needed(tx, m, &first).await;
    }
    let rows = of_message(tx, m).await?;
    let mut standing = Vec::new();
    let mut one_is_gone = false;
    for row in rows {
        let appointment = appointments::find(&tx.db, m.business_id, row.appointment_id).await?;
        let stands = appointment.starts_at > tx.now && appointments::status(&appointment)?.is_open();
        if row.status == "queued" && stands {
            standing.push((row, appointment));
            continue;
        }
        one_is_gone = true;
        if row.status == "queued" {
            finish(tx, row, "cancelled", Some(reason)).await?;
        }
    }
    for (row, appointment) in standing {
        if one_is_gone {
            again(tx, row).await?;
        } else {
            finish(tx, row, "cancelled", Some(reason)).await?;
            needs_call(tx, &appointment, reason).await?;
        }
    }
    Ok(())
}

/// Its text has not left and never will: it is due once more.
async fn again(tx: &Tx, row: reminder_request::Model) -> Result<()> {
    let mut row = row.into_active_model();
    row.status = Set("planned".to_owned());
    row.message_id = Set(None);
    row.due_at = Set(tx.now);
    row.updated_at = Set(tx.now);
    row.update(&tx.db).await?;
    Ok(())
}
