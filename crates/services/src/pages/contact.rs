//! A contact's page, and everything that happened to a person.

use chrono::{DateTime, Utc};
use contract::{
    Page, PageQuery,
    contacts::{ContactPage, TimelineRow},
};
use domain::{audit::without_id, language::Language, texts::Start, zone::Zone};
use entity::{audit::audit_event, contacts::consent_event, conversations::note, messages::message};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    appointments, businesses,
    contacts::{self, tags},
    conversations,
    kernel::{
        Actor, Permission, Result, Services, audit,
        paging::{self, Cursor, TimeCursor},
    },
    merging, messages, tasks,
};

/// A contact's page. Of somebody who was merged into another it is the other's.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn page(s: &Services, actor: &Actor, id: Uuid) -> Result<ContactPage> {
    page_before(s, actor, id, None).await
}

/// The same with what happened before this cursor.
///
/// # Errors
/// As `page`; `Malformed` for a cursor that is none.
pub async fn page_before(s: &Services, actor: &Actor, id: Uuid, cursor: Option<&str>) -> Result<ContactPage> {
    actor.may(Permission::ReadContacts)?;
    let contact = contacts::view(s, s.read(), actor.business_id, id).await?;
    let id = contact.id;
    let before = TimeCursor::decode(cursor)?;
    Ok(ContactPage {
        merged: merging::undoable(s, actor.business_id, id).await?,
        hold: tasks::hold::of(s.read(), actor.business_id, &contact).await?,
        ledger: contacts::consent::ledger(s.read(), actor.business_id, &contacts::entries_of(s.read(), id).await?).await?,
        appointments: appointments::of_contact(s, s.read(), actor.business_id, id).await?,
        conversation_id: conversations::of_contact(s.read(), actor.business_id, id)
            .await?
            .map(|c| c.id),
        timeline: rows(s, actor.business_id, id, paging::PAGE, before).await?,
        tags: tags::used(s.read(), actor.business_id).await?,
        contact,
    })
}

/// Everything that happened between a person and the business, the latest first: texts, appointments, consent, notes, and who changed what.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Malformed` for a cursor or a number of rows that is none.
pub async fn timeline(s: &Services, actor: &Actor, id: Uuid, query: PageQuery) -> Result<Page<TimelineRow>> {
    actor.may(Permission::ReadContacts)?;
    actor.may(Permission::ReadMessages)?;
    let size = paging::size(query.limit)?;
    let before = TimeCursor::decode(query.cursor.as_deref())?;
    let id = contacts::view(s, s.read(), actor.business_id, id).await?.id;
    rows(s, actor.business_id, id, size, before).await
}

/// As many rows of each kind as may be on the page, then the latest of them: what it costs does not grow with the history.
async fn rows(s: &Services, business_id: Uuid, id: Uuid, size: u64, before: Option<TimeCursor>) -> Result<Page<TimelineRow>> {
    let (db, before) = (s.read(), before.as_ref());
    let zone = businesses::zone(&businesses::get(db, business_id).await?);
    let mut rows = Vec::new();
    // What was said and changed under the names that were merged into this one is theirs.
    for id in contacts::entries_of(db, id).await? {
        let said = said_of(business_id, id, before).limit(size + 1).all(db).await?;
        rows.extend(said.into_iter().map(of_consent));
        for change in changes_of(business_id, id, before).limit(size + 1).all(db).await? {
            let more = detail(s, &change, zone).await?;
            rows.push(TimelineRow {
                detail: more,
                ..of_change(change)
            });
        }
    }
    if let Some(thread) = conversations::of_contact(db, business_id, id).await? {
        let texts = texts_of(business_id, thread.id, before).limit(size + 1).all(db).await?;
        rows.extend(texts.into_iter().map(messages::shown).map(of_message));
        let notes = notes_of(thread.id, before).limit(size + 1).all(db).await?;
        rows.extend(notes.into_iter().map(of_note));
    }
    rows.sort_unstable_by_key(|row: &TimelineRow| std::cmp::Reverse((row.at, row.id)));
    Ok(paging::page_of(size, rows, |row| Cursor(row.at, row.id)))
}

pub(crate) fn texts_of(business_id: Uuid, conversation_id: Uuid, before: Option<&TimeCursor>) -> Select<message::Entity> {
    messages::newest(business_id, before.map(|c| Cursor(c.0, c.1))).filter(message::Column::ConversationId.eq(conversation_id))
}

pub(crate) fn said_of(business_id: Uuid, id: Uuid, before: Option<&TimeCursor>) -> Select<consent_event::Entity> {
    use consent_event::Column;
    let rows = consent_event::Entity::in_business(business_id).filter(Column::ContactId.eq(id));
    let rows = rows.order_by_desc(Column::At).order_by_desc(Column::Id);
    match before {
        Some(Cursor(at, i)) => rows.filter(paging::beyond(Column::At, Column::Id, *at, *i, true)),
        None => rows,
    }
}

pub(crate) fn changes_of(business_id: Uuid, id: Uuid, before: Option<&TimeCursor>) -> Select<audit_event::Entity> {
    use audit_event::Column;
    let rows = audit_event::Entity::in_business(business_id).filter(Column::ContactId.eq(id));
    // What they agreed to and refused stands in the ledger, which the timeline shows with its evidence.
    let rows = rows.filter(Column::Action.is_not_in(["consent.opted_in", "consent.opted_out", "consent.offers"]));
    let rows = rows.order_by_desc(Column::At).order_by_desc(Column::Id);
    match before {
        Some(Cursor(at, i)) => rows.filter(paging::beyond(Column::At, Column::Id, *at, *i, true)),
        None => rows,
    }
}

pub(crate) fn notes_of(conversation_id: Uuid, before: Option<&TimeCursor>) -> Select<note::Entity> {
    use note::Column;
    let rows = note::Entity::find().filter(Column::ConversationId.eq(conversation_id));
    let rows = rows.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    match before {
        Some(Cursor(at, i)) => rows.filter(paging::beyond(Column::CreatedAt, Column::Id, *at, *i, true)),
        None => rows,
    }
}

pub(super) fn row(id: Uuid, at: DateTime<Utc>, kind: &str, event: String, title: &str, by: String) -> TimelineRow {
    TimelineRow {
        id,
        at,
        kind: kind.to_owned(),
        event,
        title: title.to_owned(),
        detail: None,
        reason: None,
        by: without_id(&by).to_owned(),
        appointment_id: None,
        message_id: None,
        status: None,
        channel: None,
    }
}

pub(super) fn of_message(m: contract::messages::MessageView) -> TimelineRow {
    let inbound = m.direction == contract::messages::Direction::Inbound;
    let (event, title) = match (inbound, m.status.as_str()) {
        (true, _) => ("message.inbound", "They wrote"),
        (false, "cancelled") => ("message.cancelled", "Not sent"),
        (false, "failed" | "undelivered") => ("message.failed", "Did not arrive"),
        (false, "unknown") => ("message.outbound", "We wrote; not known whether it arrived"),
        (false, "queued") => ("message.outbound", "Waits to be sent"),
        (false, _) => ("message.outbound", "We wrote"),
    };
    let by = match (inbound, m.author) {
        (true, _) => "customer".to_owned(),
        (false, Some(author)) => author,
        (false, None) => "Showup".to_owned(),
    };
    TimelineRow {
        detail: Some(m.body),
        reason: m.error,
        message_id: Some(m.id),
        status: Some(m.status),
        ..row(m.id, m.created_at, "message", event.to_owned(), title, by)
    }
}

fn of_consent(r: consent_event::Model) -> TimelineRow {
    let offers = r.purpose == "promotional";
    let title = match (r.state.as_str(), offers) {
        ("opted_in", false) => "Agreed to appointment messages",
        ("opted_in", true) => "Agreed to offers",
        ("opted_out", false) => "Refused appointment messages",
        ("opted_out", true) => "Refused offers",
        _ => "Has to be asked anew",
    };
    TimelineRow {
        detail: Some(r.evidence),
        channel: Some(r.channel),
        ..row(r.id, r.at, "consent", format!("consent.{}", r.state), title, r.actor)
    }
}

fn of_note(n: note::Model) -> TimelineRow {
    TimelineRow {
        detail: Some(n.body),
        ..row(n.id, n.created_at, "note", "note.added".to_owned(), "Note", n.author)
    }
}

pub(super) fn of_change(r: audit_event::Model) -> TimelineRow {
    let title = match r.action.as_str() {
        "appointment.created" => "Appointment booked",
        "appointment.moved" => "Appointment moved",
        "appointment.updated" | "appointment.status" => "Appointment changed",
        "appointment.restored" => "A change of an appointment was undone",
        "appointment.arrived" => "Arrived",
        "appointment.clock_decided" => "The time of an appointment was made sure of",
        "contact.created" => "Added",
        "contact.updated" => "Details changed",
        "contact.blocked" => "Blocked or unblocked",
        "contact.hold_decided" => "It was decided whether texts go on",
        "contact.consent_exported" => "Consent history downloaded",
        "contact.phone_verified" => "They proved that the number is theirs",
        "contact.merged" => "Merged with another entry of theirs",
        "contact.merge_undone" => "The merge was undone",
        "conversation.assigned" => "Conversation assigned",
        "conversation.closed" => "Conversation closed",
        "conversation.reopened" => "Conversation opened again",
        "conversation.snoozed" => "Conversation put aside",
        "conversation.answered" => "It was said that no answer is needed",
        "conversation.restored" => "What was done with the conversation was undone",
        "message.settled" => "It was said whether a text arrived",
        _ => "Changed",
    };
    TimelineRow {
        appointment_id: (r.entity == "appointment").then_some(r.entity_id),
        message_id: (r.entity == "message").then_some(r.entity_id),
        ..row(
            r.id,
            r.at,
            match r.entity.as_str() {
                kind @ ("appointment" | "conversation" | "message") => kind,
                _ => "contact",
            },
            r.action,
            title,
            r.actor,
        )
    }
}

/// To whom a conversation was given, until when it was put aside, whom somebody was merged with.
async fn detail(s: &Services, r: &audit_event::Model, zone: Zone) -> Result<Option<String>> {
    let (field, stored) = match r.action.as_str() {
        "contact.merged" => (audit::BEFORE, &r.before),
        "conversation.assigned" | "conversation.snoozed" | "message.settled" | "contact.merge_undone" => (audit::AFTER, &r.after),
        _ => return Ok(None),
    };
    let Some(stored) = stored else { return Ok(None) };
    let said: String = serde_json::from_str(&s.vault().open(field, stored).await?).unwrap_or_default();
    Ok(match r.action.as_str() {
        "conversation.assigned" if said.is_empty() => Some("To nobody".to_owned()),
        "conversation.assigned" => Some(format!("To {said}")),
        "conversation.snoozed" => match said.parse() {
            Ok(at) => {
                let until = Start {
                    at,
                    place: zone,
                    customer: zone,
                };
                Some(format!("Until {}", until.short(Language::English)))
            }
            Err(_) => None,
        },
        "message.settled" if said == "sent" => Some("It arrived.".to_owned()),
        "message.settled" => Some("It did not arrive.".to_owned()),
        _ => Some(said).filter(|said| !said.is_empty()),
    })
}
