//! An open conversation, and whether one may write.

use contract::{
    contacts::{ContactView, Hold},
    conversations::{Composer, Thread},
};
use domain::{
    consent::{Sending, may_send},
    phone::Address,
};
use entity::messages::message;
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    appointments, contacts, conversations,
    kernel::{
        Actor, Permission, Result, Services,
        paging::{self, Cursor, TimeCursor},
    },
    messages,
    outbox::sender,
    tasks,
};

/// An open conversation: the newest messages, or those before a cursor, and the person.
///
/// # Errors
/// `NotFound`, `Malformed` for a cursor that is none.
pub async fn thread(s: &Services, actor: &Actor, id: Uuid, before: Option<String>) -> Result<Thread> {
    actor.may(Permission::ReadMessages)?;
    let conversation = conversations::row(s, s.read(), actor.business_id, id).await?;
    let rows = messages::newest(actor.business_id, TimeCursor::decode(before.as_deref())?)
        .filter(message::Column::ConversationId.eq(id));
    let page = paging::page(rows.all(s.read()).await?, |row| Cursor(row.created_at, row.id));
    let contact = contacts::view(s, s.read(), actor.business_id, conversation.contact_id).await?;
    let sender = sender(s, s.read(), actor.business_id, Some(contact.id), None).await?;
    let hold = tasks::hold::of(s.read(), actor.business_id, &contact).await?;
    Ok(Thread {
        composer: composer(&contact, hold, sender.is_some()),
        messages: page.data.into_iter().rev().map(messages::shown).collect(),
        older: page.next_cursor,
        appointments: appointments::of_contact(s, s.read(), actor.business_id, contact.id).await?,
        tasks: tasks::of_contact(s, s.read(), actor.business_id, contact.id).await?,
        conversation,
        contact,
    })
}

/// Whether staff may write to this person, and what to do if not.
fn composer(contact: &ContactView, hold: Option<Hold>, sender: bool) -> Composer {
    let closed = |reason: &str, todo: &str| Composer::Closed {
        reason: reason.to_owned(),
        todo: todo.to_owned(),
    };
    if contact.blocked {
        return closed(contacts::BLOCKED, "Unblock them on their page to write again.");
    }
    if let Some(hold) = hold {
        return Composer::OnHold(hold);
    }
    if let Some(why) = Address::of(&contact.phone).objection() {
        return closed(why, "If they have a phone number, add it on their page.");
    }
    if let Err(reason) = may_send(contact.consent.sms, Sending::Reply) {
        return closed(reason, "Call them instead. They can text START to get texts again.");
    }
    if !sender {
        return closed(
            "There is no number to send from.",
            "Ask your administrator to add a Twilio number.",
        );
    }
    Composer::Open
}
