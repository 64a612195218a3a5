//! What an answer to a reminder does to its appointment.

use contract::appointments::Status;
use domain::{origin::Origin, when};
use entity::{appointments::appointment, contacts::contact, messages::message, questions::question, reminders::reminder_request};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{Stop, finish, stop};
use crate::{
    appointments,
    businesses::{self, locations},
    conversations,
    kernel::{Event, Principal, Result, Tx, events::Recorded},
    questions, tasks,
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
    let appointment = appointments::find(&tx.db, question.business_id, question.subject_id).await?;
    let given = Given {
        by: Principal::Customer,
        yes: question.answer == Some(true),
        reminders: vec![question.origin_id],
        why: "the customer answered that this one does not work.".to_owned(),
        key: inbound.id.to_string(),
        conversation_id: Some(inbound.conversation_id),
        message_id: Some(inbound.id),
    };
    take(tx, &appointment, given).await
}

/// The customer has answered on the page of their visit, which they may do before anybody has asked. The same becomes of it as of an answer
/// by text. The caller holds the locks of both and has seen that it can be answered.
pub(crate) async fn answered_on_page(
    tx: &mut Tx,
    contact: &contact::Model,
    appointment: &appointment::Model,
    yes: bool,
    note: &str,
) -> Result<()> {
    let questions = questions::answer_about(tx, contact, appointment.id, yes).await?;
    let conversation = conversations::of_contact(&tx.db, appointment.business_id, contact.id).await?;
    let asked = "the customer asked for one on the page of their visit.";
    let given = Given {
        by: Principal::CustomerPage,
        yes,
        reminders: questions
            .iter()
            .filter(|q| q.origin == Origin::Reminder.as_str())
            .map(|q| q.origin_id)
            .collect(),
        why: match note {
            "" => asked.to_owned(),
            note => format!("{asked} They wrote: {note}"),
        },
        // Once for each time that they change their mind.
        key: format!("page:{}", appointment.revision),
        conversation_id: conversation.map(|c| c.id),
        message_id: None,
    };
    take(tx, appointment, given).await
}

/// An answer, whichever way it came.
struct Given {
    by: Principal,
    yes: bool,
    /// Those that asked.
    reminders: Vec<Uuid>,
    /// What is to be done if this time does not suit, and what tells it from the same of another answer.
    why: String,
    key: String,
    conversation_id: Option<Uuid>,
    message_id: Option<Uuid>,
}

async fn take(tx: &mut Tx, appointment: &appointment::Model, given: Given) -> Result<()> {
    let yes = given.yes;
    let becomes = if yes { Status::Confirmed } else { Status::RescheduleRequested };
    let appointment = if appointments::status(appointment)? == becomes {
        appointment.clone()
    } else {
        appointments::set_status(tx, &given.by, appointment, becomes).await?
    };
    stop(tx, &appointment, Stop::Answered("The customer has answered.")).await?;
    for id in given.reminders {
        let request = reminder_request::Entity::in_business(appointment.business_id)
            .filter(reminder_request::Column::Id.eq(id))
            .one(&tx.db)
            .await?;
        if let Some(request) = request {
            finish(tx, request, if yes { "yes" } else { "no" }, None).await?;
        }
    }
    let by = "the customer's answer";
    tasks::settle(tx, appointment.business_id, appointment.id, tasks::Kind::Call, by).await?;
    if yes {
        return tasks::settle(tx, appointment.business_id, appointment.id, tasks::Kind::Reschedule, by).await;
    }
    let task = tasks::New {
        business_id: appointment.business_id,
        kind: tasks::Kind::Reschedule,
        title: format!("{}: {}", another_time(&appointment), given.why),
        key: format!("reschedule:{}:{}", appointment.id, given.key),
        contact_id: Some(appointment.contact_id),
        conversation_id: given.conversation_id,
        appointment_id: Some(appointment.id),
        message_id: given.message_id,
    };
    tasks::raise(tx, task).await
}

/// What to do about a no.
fn another_time(appointment: &appointment::Model) -> &'static str {
    if appointment.source == Some(appointment::Source::Calendar) {
        "Find another time and move it in your calendar"
    } else {
        "Find another time"
    }
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
