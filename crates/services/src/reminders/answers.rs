//! What an answer to a reminder does to its appointment.

use contract::appointments::Status;
use domain::{origin::Origin, when};
use entity::{appointments::appointment, contacts::contact, messages::message, questions::question, reminders::reminder_request};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Stop, finish, stop};
use crate::{
    appointments,
    businesses::{self, locations},
    conversations,
    kernel::{Event, Principal, Result, Tx, events::Recorded},
    tasks,
};

/// Questions about appointments that were answered: the appointment is confirmed, or another time is looked for.
pub(crate) async fn answered(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        if let Event::Answered(question, inbound) = &one.event
            && [Origin::Reminder, Origin::Moved]
                .map(Origin::as_str)
                .contains(&question.origin.as_str())
        {
            apply(tx, question, inbound).await?;
        }
    }
    Ok(())
}

async fn apply(tx: &mut Tx, question: &question::Model, inbound: &message::Model) -> Result<()> {
    let yes = question.answer == Some(true);
    let appointment = appointments::find(&tx.db, question.business_id, question.subject_id).await?;
    let becomes = if yes { Status::Confirmed } else { Status::RescheduleRequested };
    let appointment = if appointments::status(&appointment)? == becomes {
        appointment
    } else {
        appointments::set_status(tx, &Principal::Customer, &appointment, becomes).await?
    };
    stop(tx, &appointment, Stop::Answered("The customer has answered.")).await?;
    let request = reminder_request::Entity::in_business(question.business_id)
        .filter(reminder_request::Column::Id.eq(question.origin_id))
        .one(&tx.db)
        .await?;
    if let Some(request) = request {
        finish(tx, request, if yes { "yes" } else { "no" }, None).await?;
    }
    let by = "the customer's answer";
    tasks::settle(tx, appointment.business_id, appointment.id, tasks::Kind::Call, by).await?;
    if yes {
        return tasks::settle(tx, appointment.business_id, appointment.id, tasks::Kind::Reschedule, by).await;
    }
    let task = tasks::New {
        business_id: appointment.business_id,
        kind: tasks::Kind::Reschedule,
        title: "Find another time: the customer answered that this one does not work.".to_owned(),
        key: format!("reschedule:{}:{}", appointment.id, inbound.id),
        contact_id: Some(appointment.contact_id),
        conversation_id: Some(inbound.conversation_id),
        appointment_id: Some(appointment.id),
        message_id: Some(inbound.id),
    };
    tasks::raise(tx, task).await
}

/// A word that ends all texts but may have been meant for an appointment that lies ahead (CANCEL, say): a person calls, because texts don't
/// reach them any more. Once for each appointment and time. `inbound` is none where the text is another business's.
pub(crate) async fn perhaps_meant(
    tx: &mut Tx,
    contact: &contact::Model,
    inbound: Option<&message::Model>,
    word: &str,
) -> Result<()> {
    let open = [Status::Scheduled, Status::Confirmed, Status::RescheduleRequested].map(Status::as_str);
    let ahead = appointment::Entity::in_business(contact.business_id)
        .filter(appointment::Column::ContactId.eq(contact.id))
        .filter(appointment::Column::StartsAt.gt(tx.now))
        .filter(appointment::Column::Status.is_in(open))
        .order_by_asc(appointment::Column::StartsAt)
        .limit(1);
    let Some(appointment) = ahead.one(&tx.db).await? else {
        return Ok(());
    };
    let business = businesses::of(tx, contact.business_id).await?;
    let place = locations::zone_of(&tx.db, &business, appointment.location_id).await?;
    let conversation = conversations::of_contact(&tx.db, contact.business_id, contact.id).await?;
    let task = tasks::New {
        business_id: contact.business_id,
        kind: tasks::Kind::Call,
        title: format!(
            "They texted {}, which ended all texts to them. Perhaps they meant their visit on {}: please call and ask.",
            word.trim().to_uppercase().chars().take(20).collect::<String>(),
            when::dated(appointment.starts_at, place)
        ),
        key: format!("meant:{}:{}", appointment.id, appointment.starts_at.timestamp()),
        contact_id: Some(contact.id),
        conversation_id: conversation.map(|c| c.id),
        appointment_id: Some(appointment.id),
        message_id: inbound.map(|m| m.id),
    };
    tasks::raise(tx, task).await
}
