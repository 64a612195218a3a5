//! What live streams show anew, and how that looks now.

use contract::live::LiveEvent;
use entity::conversations::conversation;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::{
    appointments, businesses, contacts, conversations, imports,
    kernel::{
        Event, Result, Tx,
        events::Recorded,
        tx::{BoxFuture, Changed},
    },
    messages, pages, tasks, waitlist,
};

/// What an event changes on screens beside the row that its owner has marked.
pub(crate) async fn mark(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        match &one.event {
            Event::BusinessChanged
            | Event::SendingChanged { .. }
            | Event::AccountChanged
            | Event::NumberAssigned(_)
            | Event::NumberChanged(_)
            | Event::NumberReleased { .. }
            | Event::NumberConfigured(_)
            | Event::TwinChanged(_)
            | Event::NumberRequested(_)
            | Event::NumberRequestChanged(_)
            | Event::NumberRequestDecided(_)
            | Event::RegistrationChanged { .. }
            | Event::BusinessSuspended { .. }
            | Event::BusinessResumed
            | Event::LookBegan { .. }
            | Event::LookEnded(_)
            | Event::SelfTestChanged
            | Event::WebhookChanged(_)
            | Event::WebhookRemoved(_)
            | Event::WebhookDisabled { .. } => {
                tx.mark_changed(one.business_id, Changed::Notices);
            }
            Event::ContactAdded(id) => tx.mark_changed(one.business_id, Changed::Contact(*id)),
            Event::ContactOptedIn(contact) => tx.mark_changed(one.business_id, Changed::Contact(contact.id)),
            Event::RetryEnded(message) => tx.mark_changed(one.business_id, Changed::Message(message.id)),
            _ => {}
        }
    }
    Ok(())
}

/// The things a business's streams should show anew, as they are now; kind by kind, each kind read at once.
pub(crate) fn views<'a>(tx: &'a mut Tx, business_id: Uuid, changed: &'a [Changed]) -> BoxFuture<'a, Vec<LiveEvent>> {
    Box::pin(async move {
        let ids = |pick: fn(Changed) -> Option<Uuid>| changed.iter().filter_map(|t| pick(*t)).collect::<Vec<_>>();
        let s = &tx.services().clone();
        let mut events = Vec::with_capacity(changed.len());
        let some = ids(|t| if let Changed::Message(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            let shown = messages::views(&tx.db, business_id, &some).await?;
            events.extend(shown.into_iter().map(LiveEvent::Message));
        }
        let people = ids(|t| if let Changed::Contact(id) = t { Some(id) } else { None });
        let mut some = ids(|t| if let Changed::Conversation(id) = t { Some(id) } else { None });
        some.extend(conversations_of(tx, business_id, &people).await?);
        if !some.is_empty() {
            let shown = conversations::rows(s, &tx.db, business_id, &some).await?;
            events.extend(shown.into_iter().map(LiveEvent::Conversation));
        }
        if !people.is_empty() {
            let shown = contacts::views_of(s, &tx.db, business_id, &people).await?;
            events.extend(shown.into_iter().map(LiveEvent::Contact));
        }
        let some = ids(|t| if let Changed::Appointment(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            let shown = appointments::views_of(s, &tx.db, business_id, &some).await?;
            events.extend(shown.into_iter().map(LiveEvent::Appointment));
        }
        let some = ids(|t| if let Changed::Task(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            let shown = tasks::views_of(s, &tx.db, business_id, &some).await?;
            events.extend(shown.into_iter().map(LiveEvent::Task));
        }
        let some = ids(|t| if let Changed::Slot(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            let shown = waitlist::views_of(s, &tx.db, business_id, &some).await?;
            events.extend(shown.into_iter().map(LiveEvent::Slot));
        }
        let some = ids(|t| if let Changed::Import(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            let shown = imports::views_of(&tx.db, business_id, &some).await?;
            events.extend(shown.into_iter().map(LiveEvent::Import));
        }
        let some = ids(|t| if let Changed::Presence(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            let shown = conversations::presence::of(&tx.db, business_id, &some, tx.now).await?;
            events.extend(shown.into_iter().map(LiveEvent::Presence));
        }
        if changed.contains(&Changed::Notices) {
            let business = businesses::of(tx, business_id).await?;
            events.push(LiveEvent::Notices(pages::notices::of(s, &tx.db, &business).await?));
        }
        Ok(events)
    })
}

/// A person's row in the inbox shows who they are.
async fn conversations_of(tx: &Tx, business_id: Uuid, people: &[Uuid]) -> Result<Vec<Uuid>> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let rows = conversation::Entity::narrowed(business_id).filter(conversation::Column::ContactId.is_in(people.iter().copied()));
    Ok(rows
        .select_only()
        .column(conversation::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?)
}
