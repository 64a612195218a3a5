//! What is told of an event: which things it is about and how they stand; what they look like only to who asked for that.

use std::collections::{HashMap, HashSet};

use domain::{delivery::Status, origin::Origin, webhooks::EventType as T};
use entity::{
    appointments::appointment,
    contacts::contact,
    conversations::conversation,
    messages::message,
    reviews::review_request,
    waitlist::{offer, slot},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    appointments, contacts, conversations,
    kernel::{Event, Result, Tx, events::Recorded},
    messages, tasks, waitlist,
};

/// Larger ones some receivers do not take: what would be is told by its ids alone.
const LARGEST: usize = 20_000;

/// Something that has happened, as programs are told of it.
pub(super) struct News {
    pub business_id: Uuid,
    pub event: T,
    /// What is about one thing is told in order.
    pub about: Uuid,
    data: Map<String, Value>,
    of: Thing,
}

/// What an event is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Thing {
    Contact(Uuid),
    Appointment(Uuid),
    Message(Uuid),
    Conversation(Uuid),
    Slot(Uuid),
    Task(Uuid),
}

/// How the things that news are of look now.
pub(super) type Views = HashMap<Uuid, Map<String, Value>>;

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    timestamp: chrono::DateTime<chrono::Utc>,
    data: &'a Map<String, Value>,
}

/// A body by the standard's recommendation.
pub(super) fn body(event: &str, at: chrono::DateTime<chrono::Utc>, data: &Map<String, Value>) -> String {
    let body = Body {
        r#type: event,
        timestamp: at,
        data,
    };
    serde_json::to_string(&body).unwrap_or_default()
}

impl News {
    fn new(one: &Recorded, event: T, of: Thing, data: Value) -> Self {
        let Value::Object(mut data) = data else {
            unreachable!("an object")
        };
        let (about, name) = match of {
            Thing::Contact(id) => (id, "contact_id"),
            Thing::Appointment(id) => (id, "appointment_id"),
            Thing::Message(id) => (id, "message_id"),
            Thing::Conversation(id) => (id, "conversation_id"),
            Thing::Slot(id) => (id, "slot_id"),
            Thing::Task(id) => (id, "task_id"),
        };
        data.entry("id").or_insert(json!(about));
        data.insert(name.to_owned(), json!(about));
        Self {
            business_id: one.business_id,
            event,
            about,
            data,
            of,
        }
    }

    pub(super) fn thin(&self, at: chrono::DateTime<chrono::Utc>) -> String {
        body(self.event.as_str(), at, &self.data)
    }

    /// With what the thing looks like, as far as that fits.
    pub(super) fn full(&self, at: chrono::DateTime<chrono::Utc>, views: &Views) -> String {
        let Some(view) = views.get(&self.about) else {
            return self.thin(at);
        };
        let mut data = view.clone();
        data.extend(self.data.clone());
        let whole = body(self.event.as_str(), at, &data);
        if whole.len() <= LARGEST {
            return whole;
        }
        let mut data = self.data.clone();
        data.insert("too_large".to_owned(), json!(true));
        body(self.event.as_str(), at, &data)
    }
}

/// What programs are told of these events, in their order.
pub(super) async fn news(tx: &Tx, heard: &[&Recorded]) -> Result<Vec<News>> {
    let mut waiting = waiting(tx, heard).await?;
    let offers = offered(tx, heard).await?;
    let mut all = Vec::with_capacity(heard.len());
    for one in heard {
        all.extend(simple(one));
        match &one.event {
            Event::MessageReceived(m) => {
                // Of texts that came together the first one makes them wait.
                let begins = |row: &conversation::Model| row.waiting_since == Some(m.created_at);
                if waiting.get(&m.conversation_id).is_some_and(begins)
                    && let Some(row) = waiting.remove(&m.conversation_id)
                {
                    all.push(of_conversation(one, T::ConversationWaiting, &row));
                }
            }
            Event::MessageSent(m) => {
                let these = offers.iter().filter(|offer| offer.message_id == Some(m.id));
                all.extend(these.map(|offer| of_offer(one, offer)));
            }
            _ => {}
        }
    }
    Ok(all)
}

/// What the event tells by itself.
fn simple(one: &Recorded) -> Option<News> {
    use Event as E;
    Some(match &one.event {
        E::ContactAdded(id) => of_contact(one, T::ContactCreated, *id),
        E::ContactChanged(id) => of_contact(one, T::ContactUpdated, *id),
        E::ContactBlocked(c) | E::ContactUnblocked(c) => of_contact(one, T::ContactUpdated, c.id),
        E::ContactMerged(id, other) => News::new(
            one,
            T::ContactMerged,
            Thing::Contact(*id),
            json!({ "merged_id": other, "undone": false }),
        ),
        E::MergeUndone(id, other) => News::new(
            one,
            T::ContactMerged,
            Thing::Contact(*id),
            json!({ "merged_id": other, "undone": true }),
        ),
        E::ContactOptedOut(c, channel) => of_consent(one, c, json!({ "channel": channel.as_str(), "state": "opted_out" })),
        E::ContactOptedIn(c) => of_consent(one, c, json!({ "state": "opted_in" })),
        E::OffersDecided(id) => News::new(one, T::ConsentChanged, Thing::Contact(*id), json!({ "purpose": "offers" })),
        E::AppointmentBooked(a) => of_visit(one, T::AppointmentCreated, a),
        E::AppointmentMoved(a) => of_visit(one, T::AppointmentMoved, a),
        E::AppointmentChanged { visit: a, .. }
        | E::AppointmentRestored(a)
        | E::AppointmentReopened(a)
        | E::AppointmentEdited(a) => of_visit(one, T::AppointmentUpdated, a),
        E::AppointmentConfirmed(a) => of_visit(one, T::AppointmentConfirmed, a),
        E::AppointmentDeclined(a) => of_visit(one, T::AppointmentRescheduleRequested, a),
        E::AppointmentCancelled(a) => of_visit(one, T::AppointmentCancelled, a),
        E::AppointmentArrived(a) => of_visit(one, T::AppointmentArrived, a),
        E::AppointmentEnded(a) if a.status == "no_show" => of_visit(one, T::AppointmentNoShow, a),
        E::AppointmentEnded(a) => of_visit(one, T::AppointmentCompleted, a),
        E::MessageReceived(m) => of_text(one, T::MessageReceived, m),
        E::MessageOnItsWay(m) => of_text(one, T::MessageSent, m),
        E::MessageDelivered(m) | E::MessageArrived(m) => of_text(one, T::MessageDelivered, m),
        E::MessageFailed(m, how) if !how.retrying => of_text(one, T::MessageFailed, m),
        E::RetryEnded(m) => of_text(one, T::MessageFailed, m),
        E::ConversationClosed(c) => of_conversation(one, T::ConversationClosed, c),
        E::ConversationReopened(c) if c.waiting_since.is_some() => of_conversation(one, T::ConversationWaiting, c),
        E::SlotTaken(slot) if is_of_list(slot) => of_slot(one, T::WaitlistTaken, slot),
        E::SlotEnded(slot) if is_of_list(slot) => of_slot(one, T::WaitlistExpired, slot),
        E::ReviewAsked(r) => of_review(one, T::ReviewRequested, r),
        E::ReviewOpened(r) => of_review(one, T::ReviewClicked, r),
        E::TaskAdded(id) | E::TaskRaised(id) => News::new(one, T::TaskCreated, Thing::Task(*id), json!({ "status": "open" })),
        E::TaskDone(id) | E::TaskSettled(id) => News::new(one, T::TaskDone, Thing::Task(*id), json!({ "status": "done" })),
        _ => return None,
    })
}

fn of_review(one: &Recorded, event: T, request: &review_request::Model) -> News {
    let data = json!({ "review_request_id": request.id, "status": request.status, "appointment_id": request.appointment_id });
    News::new(one, event, Thing::Contact(request.contact_id), data)
}

fn of_contact(one: &Recorded, event: T, id: Uuid) -> News {
    News::new(one, event, Thing::Contact(id), json!({}))
}

fn of_consent(one: &Recorded, contact: &contact::Model, how: Value) -> News {
    News::new(one, T::ConsentChanged, Thing::Contact(contact.id), how)
}

fn of_visit(one: &Recorded, event: T, visit: &appointment::Model) -> News {
    let data = json!({
        "contact_id": visit.contact_id,
        "status": visit.status,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "location_id": visit.location_id,
        "type_id": visit.type_id,
    });
    News::new(one, event, Thing::Appointment(visit.id), data)
}

fn of_text(one: &Recorded, event: T, text: &message::Model) -> News {
    let data = json!({
        "contact_id": text.contact_id,
        "conversation_id": text.conversation_id,
        "direction": text.direction,
        "status": messages::status(text).public(),
        "error_code": text.error_code,
    });
    News::new(one, event, Thing::Message(text.id), data)
}

fn of_conversation(one: &Recorded, event: T, row: &conversation::Model) -> News {
    let status = match (row.closed_at, row.snoozed_until) {
        (Some(_), _) => "closed",
        (None, Some(_)) => "snoozed",
        (None, None) => "open",
    };
    let data = json!({ "contact_id": row.contact_id, "status": status, "waiting_since": row.waiting_since });
    News::new(one, event, Thing::Conversation(row.id), data)
}

fn of_slot(one: &Recorded, event: T, row: &slot::Model) -> News {
    let data = json!({ "status": row.status, "starts_at": row.starts_at, "appointment_id": row.appointment_id });
    News::new(one, event, Thing::Slot(row.id), data)
}

fn of_offer(one: &Recorded, row: &offer::Model) -> News {
    let data = json!({
        "offer_id": row.id,
        "entry_id": row.entry_id,
        "contact_id": row.contact_id,
        "expires_at": row.expires_at,
    });
    News::new(one, T::WaitlistOffered, Thing::Slot(row.slot_id), data)
}

/// Times that one person was offered for their visit are no free times of the list.
fn is_of_list(slot: &slot::Model) -> bool {
    slot.purpose == "waitlist"
}

/// The conversations of texts that came in, as they are now.
async fn waiting(tx: &Tx, heard: &[&Recorded]) -> Result<HashMap<Uuid, conversation::Model>> {
    let mut ids: HashMap<Uuid, HashSet<Uuid>> = HashMap::new();
    for one in heard {
        if let Event::MessageReceived(m) = &one.event {
            ids.entry(one.business_id).or_default().insert(m.conversation_id);
        }
    }
    let mut found = HashMap::new();
    for (business_id, ids) in ids {
        let rows = conversation::Entity::these(business_id, ids).all(&tx.db).await?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(found)
}

/// Offers of a free time whose texts have left.
async fn offered(tx: &Tx, heard: &[&Recorded]) -> Result<Vec<offer::Model>> {
    let texts = heard.iter().filter_map(|one| match &one.event {
        Event::MessageSent(m) if messages::is_of(m, Origin::Offer) && messages::status(m) != Status::Failed => Some(m.id),
        _ => None,
    });
    let texts: Vec<Uuid> = texts.collect();
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let offers = offer::Entity::find()
        .filter(offer::Column::MessageId.is_in(texts))
        .filter(offer::Column::TimesId.is_null());
    Ok(offers.all(&tx.db).await?)
}

/// How the things of these look now, each kind read at once.
pub(super) async fn views(tx: &Tx, business_id: Uuid, news: &[&News]) -> Result<Views> {
    let s = tx.services();
    let ids = |pick: fn(Thing) -> Option<Uuid>| -> Vec<Uuid> {
        let all: HashSet<Uuid> = news.iter().filter_map(|one| pick(one.of)).collect();
        all.into_iter().collect()
    };
    let mut found = Views::new();
    let some = ids(|of| if let Thing::Contact(id) = of { Some(id) } else { None });
    if !some.is_empty() {
        keep(&mut found, contacts::views_of(s, &tx.db, business_id, &some).await?, |view| {
            view.id
        });
    }
    let some = ids(|of| if let Thing::Appointment(id) = of { Some(id) } else { None });
    if !some.is_empty() {
        keep(
            &mut found,
            appointments::views_of(s, &tx.db, business_id, &some).await?,
            |view| view.id,
        );
    }
    let some = ids(|of| if let Thing::Message(id) = of { Some(id) } else { None });
    if !some.is_empty() {
        keep(&mut found, messages::views(&tx.db, business_id, &some).await?, |view| view.id);
    }
    let some = ids(|of| if let Thing::Conversation(id) = of { Some(id) } else { None });
    if !some.is_empty() {
        keep(
            &mut found,
            conversations::rows(s, &tx.db, business_id, &some).await?,
            |view| view.id,
        );
    }
    let some = ids(|of| if let Thing::Slot(id) = of { Some(id) } else { None });
    if !some.is_empty() {
        keep(&mut found, waitlist::views_of(s, &tx.db, business_id, &some).await?, |view| {
            view.id
        });
    }
    let some = ids(|of| if let Thing::Task(id) = of { Some(id) } else { None });
    if !some.is_empty() {
        keep(&mut found, tasks::views_of(s, &tx.db, business_id, &some).await?, |view| {
            view.id
        });
    }
    Ok(found)
}

fn keep<V: Serialize>(found: &mut Views, views: Vec<V>, id: impl Fn(&V) -> Uuid) {
    for view in views {
        if let Ok(Value::Object(fields)) = serde_json::to_value(&view) {
            found.insert(id(&view), fields);
        }
    }
}
