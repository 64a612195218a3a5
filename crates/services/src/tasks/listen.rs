//! What raises a task, or settles it, because of what happened elsewhere.

use entity::appointments::appointment;

use super::{Kind, New, raise, raise_anew, reopen_settled_at, settle, settle_of_contact};
use crate::{
    appointments::clocks,
    conversations,
    kernel::{Event, Principal, Result, Tx, events::Recorded},
    messages,
};

/// Who settles an appointment need not be told to call about it, nor to find another time; which time holds is a question until it is
/// decided, or the appointment is over.
pub(crate) async fn appointments_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let (appointment, settled): (_, &[Kind]) = match &one.event {
            Event::AppointmentMoved(a)
            | Event::AppointmentRestored(a)
            | Event::AppointmentCancelled(a)
            | Event::AppointmentEnded(a) => (a, &[Kind::Reschedule, Kind::Call, Kind::ClockChange]),
            Event::AppointmentConfirmed(a) | Event::AppointmentReopened(a) => (a, &[Kind::Reschedule, Kind::Call]),
            Event::AppointmentDeclined(a) => (a, &[Kind::Call]),
            Event::ClockDecided(a) => (a, &[Kind::ClockChange]),
            Event::ClockChanged(a) => {
                decide_time(tx, a).await?;
                continue;
            }
            _ => continue,
        };
        let by = match &one.by {
            Principal::Customer | Principal::CustomerPage => "the customer's answer".to_owned(),
            other => other.author(),
        };
        for kind in settled {
            settle(tx, appointment.business_id, appointment.id, *kind, &by).await?;
        }
    }
    Ok(())
}

async fn decide_time(tx: &mut Tx, appointment: &appointment::Model) -> Result<()> {
    let Some((title, key)) = clocks::question(appointment) else {
        return Ok(());
    };
    let conversation = conversations::of_contact(&tx.db, appointment.business_id, appointment.contact_id).await?;
    let task = New {
        business_id: appointment.business_id,
        kind: Kind::ClockChange,
        title,
        key,
        contact_id: Some(appointment.contact_id),
        conversation_id: conversation.map(|c| c.id),
        appointment_id: Some(appointment.id),
        message_id: None,
    };
    raise_anew(tx, task).await
}

/// Whether somebody asked for no more texts is a question until staff, or their own STOP or START, settles it.
pub(crate) async fn holds_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        match &one.event {
            Event::HoldBegan(inbound) => {
                let task = New {
                    business_id: one.business_id,
                    kind: Kind::OptOut,
                    title: "Did they ask for no more texts? Nothing goes out to them until you decide.".to_owned(),
                    key: format!("hold:{}", inbound.id),
                    contact_id: Some(inbound.contact_id),
                    conversation_id: Some(inbound.conversation_id),
                    appointment_id: None,
                    message_id: Some(inbound.id),
                };
                raise(tx, task).await?;
            }
            Event::HoldEnded(contact) => {
                settle_of_contact(tx, one.business_id, contact.id, Kind::OptOut, &one.by.author()).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// A text that did not arrive, and that nothing which made it sees to, is for a person.
pub(crate) async fn messages_failed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::MessageFailed(m, how) = &one.event else { continue };
        if messages::origin(m).is_some_and(|origin| origin.policy().owned) {
            continue;
        }
        let task = New {
            business_id: m.business_id,
            kind: Kind::StuckMessage,
            title: format!("A text did not arrive: {} {}", how.why, how.next_step),
            key: format!("failed:{}:{}", m.id, m.attempts),
            contact_id: Some(m.contact_id),
            conversation_id: Some(m.conversation_id),
            appointment_id: m.appointment_id,
            message_id: Some(m.id),
        };
        raise(tx, task).await?;
    }
    Ok(())
}

/// Who was said to need no answer, or whose conversation was closed, has been read.
pub(crate) async fn conversations_answered(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let (Event::ConversationAnswered(thread) | Event::ConversationClosed(thread)) = &one.event else {
            continue;
        };
        settle_of_contact(tx, one.business_id, thread.contact_id, Kind::Clarify, &one.by.author()).await?;
    }
    Ok(())
}

/// What was settled because a conversation was closed or needed no answer is open again when that was undone.
pub(crate) async fn conversations_restored(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        if let Event::ConversationRestored { contact, changed_at, .. } = one.event {
            reopen_settled_at(tx, one.business_id, contact, Kind::Clarify, changed_at).await?;
        }
    }
    Ok(())
}
