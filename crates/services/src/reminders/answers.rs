//! What a customer's Y, N or anything else does. Nothing is guessed.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};
use contract::appointments::Status;
use domain::{
    delivery::Status as Delivery,
    inbound::{begins_like_an_answer, words},
    origin::Origin,
    reminders::{Pending, Which, which},
    texts::{self, Start},
    when,
};
use entity::{
    appointments::appointment, businesses::business, contacts::contact, messages::message, reminders::reminder_request,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set};
use uuid::Uuid;

use super::{Stop, finish, stop};
use crate::{
    appointments,
    businesses::{self, locations},
    conversations,
    kernel::{Principal, Result, Tx},
    outbox, tasks,
};

/// An appointment that was asked about and can still be answered, with its newest request.
struct Asked {
    appointment: appointment::Model,
    request: reminder_request::Model,
}

/// Those of several contacts who have been asked something they can still answer.
pub(crate) async fn asked(tx: &Tx, people: &[contact::Model]) -> Result<HashSet<Uuid>> {
    let rows = asked_of(tx.now, people.iter().map(|p| (p.business_id, p.id)))
        .all(&tx.db)
        .await?;
    let waiting = still_waiting(tx, &rows).await?;
    let asked = rows.into_iter().filter(|r| !waiting.contains(&r.id)).map(|r| r.contact_id);
    Ok(asked.collect())
}

/// Those whose text has not left: who was not asked yet can't answer.
async fn still_waiting(tx: &Tx, requests: &[reminder_request::Model]) -> Result<HashSet<Uuid>> {
    let queued = requests.iter().filter(|r| r.status == "queued");
    let by_text: HashMap<Uuid, Uuid> = queued.filter_map(|r| Some((r.message_id?, r.id))).collect();
    if by_text.is_empty() {
        return Ok(HashSet::new());
    }
    let waiting: Vec<Uuid> = message::Entity::find()
        .filter(message::Column::Id.is_in(by_text.keys().copied()))
        .filter(message::Column::Status.eq(Delivery::Queued.as_str()))
        .select_only()
        .column(message::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    Ok(waiting.iter().filter_map(|text| by_text.get(text).copied()).collect())
}

/// Requests that people (business, contact) can still answer.
pub(crate) fn asked_of(now: DateTime<Utc>, people: impl Iterator<Item = (Uuid, Uuid)>) -> Select<reminder_request::Entity> {
    let (businesses, contacts): (BTreeSet<Uuid>, Vec<Uuid>) = people.unzip();
    reminder_request::Entity::find()
        .filter(reminder_request::Column::BusinessId.is_in(businesses))
        .filter(reminder_request::Column::ContactId.is_in(contacts))
        .filter(reminder_request::Column::ExpiresAt.gt(now))
        .filter(reminder_request::Column::Status.is_in(["queued", "sent", "failed"]))
}

/// What a customer answered.
pub(crate) struct Said {
    pub yes: bool,
    /// It says no more than "ok" or a thumb.
    pub vague: bool,
    /// The number behind the letter.
    pub token: Option<u16>,
    /// The appointment of the text they quoted; it decides by itself.
    pub appointment: Option<Uuid>,
}

/// Applies a Y or N. The contact is locked by the caller.
pub(crate) async fn answer(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    inbound: &message::Model,
    said: Said,
) -> Result<()> {
    let mut asked = waiting(tx, contact, inbound).await?;
    let Said { yes, token, .. } = said;
    if let Some(appointment) = said.appointment {
        asked.retain(|a| a.appointment.id == appointment);
    }
    let pending: Vec<Pending> = asked
        .iter()
        .enumerate()
        .map(|(i, a)| Pending {
            appointment: i,
            token: a.appointment.token as u16,
            answered: answered(&a.request),
        })
        .collect();
    match which(token, &pending) {
        Which::This(i) if i < asked.len() => {
            let asked = asked.swap_remove(i);
            if perhaps_to_staff(tx, inbound, &asked, &said).await? {
                let title = "They answered, but perhaps what was written to them last and not the reminder. Please read.";
                return clarify(tx, inbound, title.to_owned()).await;
            }
            apply(tx, inbound, asked, yes).await
        }
        Which::AskWhich => ask_which(tx, business, contact, inbound, asked).await,
        _ => {
            let what = if yes { "Answered yes" } else { "Answered no" };
            clarify(tx, inbound, format!("{what}, but no visit is waiting for that answer.")).await
        }
    }
}

fn answered(request: &reminder_request::Model) -> Option<bool> {
    match request.status.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// Whether this may be an answer to what a person wrote to them meanwhile: an "ok" since we asked, or anything that would turn round
/// what they have answered ("N", "Does Tuesday at 3 suit you?", "Yes").
async fn perhaps_to_staff(tx: &Tx, inbound: &message::Model, asked: &Asked, said: &Said) -> Result<bool> {
    if said.token.is_some() || said.appointment.is_some() {
        return Ok(false);
    }
    let request = &asked.request;
    let since = match answered(request) {
        Some(yes) if yes != said.yes => request.updated_at,
        None if said.vague => request.sent_at.unwrap_or(request.updated_at),
        _ => return Ok(false),
    };
    let written = message::Entity::in_business(inbound.business_id)
        .filter(message::Column::ConversationId.eq(inbound.conversation_id))
        .filter(message::Column::CreatedAt.gt(since))
        .filter(message::Column::CreatedAt.lte(inbound.created_at))
        .filter(message::Column::Origin.eq(Origin::Reply.as_str()))
        .filter(message::Column::Status.is_not_in([Delivery::Queued.as_str(), Delivery::Cancelled.as_str()]))
        .limit(1)
        .one(&tx.db)
        .await?;
    Ok(written.is_some())
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

/// The appointments of a contact that `inbound` can be an answer about, soonest first.
async fn waiting(tx: &Tx, contact: &contact::Model, inbound: &message::Model) -> Result<Vec<Asked>> {
    let rows = reminder_request::Entity::in_business(contact.business_id)
        .filter(reminder_request::Column::ContactId.eq(contact.id))
        .filter(reminder_request::Column::ExpiresAt.gt(tx.now))
        .filter(reminder_request::Column::Status.is_in(["queued", "sent", "yes", "no", "failed"]))
        .order_by_desc(reminder_request::Column::DueAt)
        .limit(50)
        .all(&tx.db)
        .await?;
    let waiting = still_waiting(tx, &rows).await?;
    let mut asked: Vec<Asked> = Vec::new();
    for request in rows.into_iter().filter(|r| !waiting.contains(&r.id)) {
        // Reported as undelivered, but perhaps read all the same: who was never texted can't answer.
        let never_texted = request.status == "failed" && request.sent_at.is_none();
        // An answer that comes late is older than what was asked since. Twilio's log knows whole seconds.
        let asked_at = request.sent_at.unwrap_or(request.updated_at);
        let asked_later = asked_at > inbound.created_at + Duration::seconds(1);
        if never_texted || asked.iter().any(|a| a.appointment.id == request.appointment_id) || asked_later {
            continue;
        }
        let appointment = appointments::find(&tx.db, contact.business_id, request.appointment_id).await?;
        if appointments::status(&appointment)?.is_open() && appointment.starts_at > tx.now {
            asked.push(Asked { appointment, request });
        }
    }
    asked.sort_by_key(|a| a.appointment.starts_at);
    Ok(asked)
}

async fn apply(tx: &mut Tx, inbound: &message::Model, asked: Asked, yes: bool) -> Result<()> {
    let becomes = if yes { Status::Confirmed } else { Status::RescheduleRequested };
    let appointment = if appointments::status(&asked.appointment)? == becomes {
        asked.appointment
    } else {
        appointments::set_status(tx, &Principal::Customer, &asked.appointment, becomes).await?
    };
    stop(tx, &appointment, Stop::Answered("The customer has answered.")).await?;
    finish(tx, asked.request, if yes { "yes" } else { "no" }, None).await?;
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

/// Several appointments wait: ask once which one is meant, after that a person reads.
async fn ask_which(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    inbound: &message::Model,
    asked: Vec<Asked>,
) -> Result<()> {
    if !take_correction(tx, &asked).await? {
        return clarify(tx, inbound, "Answered without saying which visit is meant.".to_owned()).await;
    }
    let body = texts::ask_which(&business.name, &starts(tx, business, contact, &asked).await?);
    outbox::respond(tx, contact, inbound, "correction", body).await
}

/// Several appointments as a text lists them.
async fn starts(tx: &Tx, business: &business::Model, contact: &contact::Model, asked: &[Asked]) -> Result<Vec<(Start, u16)>> {
    let mut starts = Vec::with_capacity(asked.len());
    for a in asked {
        starts.push((
            super::start(&tx.db, business, contact, &a.appointment).await?,
            a.appointment.token as u16,
        ));
    }
    Ok(starts)
}

/// A text that is neither Y, N nor a keyword: one polite correction per request, then a person reads. Who began to answer said what they
/// want, in words that a person must read at once.
pub(crate) async fn other(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    inbound: &message::Model,
) -> Result<()> {
    let mut asked = waiting(tx, contact, inbound).await?;
    asked.retain(|a| answered(&a.request).is_none());
    if asked.is_empty() {
        return Ok(());
    }
    if begins_like_an_answer(words(&inbound.body)) {
        let title = "Their answer is not plainly a yes or a no. Please read and answer.";
        return clarify(tx, inbound, title.to_owned()).await;
    }
    if !take_correction(tx, &asked).await? {
        return clarify(
            tx,
            inbound,
            "Wrote something other than Y or N. Please read and answer.".to_owned(),
        )
        .await;
    }
    let body = match asked.as_slice() {
        [_] => texts::correction(&business.name),
        several => texts::ask_which(&business.name, &starts(tx, business, contact, several).await?),
    };
    outbox::respond(tx, contact, inbound, "correction", body).await
}

/// True for the first time these requests need a correction; from then on false.
async fn take_correction(tx: &Tx, asked: &[Asked]) -> Result<bool> {
    if asked.iter().all(|a| a.request.corrected_at.is_some()) {
        return Ok(false);
    }
    for a in asked {
        let mut request = a.request.clone().into_active_model();
        request.corrected_at = Set(Some(tx.now));
        request.update(&tx.db).await?;
    }
    Ok(true)
}

async fn clarify(tx: &mut Tx, inbound: &message::Model, title: String) -> Result<()> {
    tasks::ask_to_read(tx, inbound, title).await
}
