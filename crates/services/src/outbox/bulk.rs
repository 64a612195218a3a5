//! What a member does to many messages at once: try again what failed, take back what still waits.

use std::sync::Arc;

use contract::{
    Code,
    messages::{BulkResult, MessageIds, MessageView, Skipped},
};
use domain::{consent::Channel, delivery::Status, origin::Origin};
use entity::{appointments::appointment, contacts::contact, messages::message};
use uuid::Uuid;

use super::{
    held,
    sender::{sender, whatsapp},
    view,
    write::may_write,
};
use crate::{
    channels::{self, email::Email},
    contacts::{self, consent},
    delivery::{
        retry as retries,
        state::{self, Again},
    },
    kernel::{
        Actor, Error, Event, Permission, Principal, Result, Services, Tx,
        error::{not_found, problem},
    },
    messages::{self, locked},
    tasks,
};

/// Most messages in one go.
const MOST: usize = 200;

/// Sends again what failed, was not delivered or was cancelled, each with a new try and today's rules. One whose outcome is unclear is
/// not sent again here: it may have arrived.
///
/// # Errors
/// `Invalid` for none or more than 200; what can't be sent again is in the answer, with the reason.
pub async fn retry(s: &Services, actor: &Actor, cmd: MessageIds) -> Result<BulkResult> {
    each(s, actor, cmd, Action::Retry).await
}

/// Takes back texts that still wait, also for another try.
///
/// # Errors
/// `Invalid` for none or more than 200; what is on its way already is in the answer.
pub async fn cancel_many(s: &Services, actor: &Actor, cmd: MessageIds) -> Result<BulkResult> {
    each(s, actor, cmd, Action::Cancel).await
}

#[derive(Clone, Copy)]
enum Action {
    Retry,
    Cancel,
}

async fn each(s: &Services, actor: &Actor, cmd: MessageIds, action: Action) -> Result<BulkResult> {
    actor.may(Permission::SendMessages)?;
    let mut ids = cmd.ids;
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Err(problem(
            Code::Invalid,
            "Nothing was chosen. Tick the texts first, then press the button.",
        ));
    }
    if ids.len() > MOST {
        return Err(problem(Code::Invalid, "Please choose at most 200 messages."));
    }
    let mut acted = BulkResult::default();
    for id in ids {
        match one(s, actor, id, action).await {
            Ok(()) => acted.done.push(id),
            Err(Error::Problem(p)) => acted.not_done.push(Skipped { id, reason: p.detail }),
            Err(e) => return Err(e),
        }
    }
    Ok(acted)
}

/// The same to one text, which is then as it is shown.
///
/// # Errors
/// Why it can't be sent again.
pub async fn retry_one(s: &Services, actor: &Actor, id: Uuid) -> Result<MessageView> {
    actor.may(Permission::SendMessages)?;
    one(s, actor, id, Action::Retry).await?;
    view(s, actor, id).await
}

/// Takes one text back that still waits; it is then as it is shown.
///
/// # Errors
/// `NotFound`; `Conflict` when it does not wait any more.
pub async fn cancel_one(s: &Services, actor: &Actor, id: Uuid) -> Result<MessageView> {
    actor.may(Permission::SendMessages)?;
    one(s, actor, id, Action::Cancel).await?;
    view(s, actor, id).await
}

async fn one(s: &Services, actor: &Actor, id: Uuid, action: Action) -> Result<()> {
    let mut tx = s.begin().await?;
    let found = locked(&tx, actor.business_id, id).await?;
    let Some((person, row)) = found.filter(|(_, m)| m.direction == "outbound") else {
        return Err(not_found("message"));
    };
    let state = messages::status(&row);
    match action {
        Action::Cancel if state == Status::Queued && messages::is_of(&row, Origin::Reply) => {
            held::take_back(&mut tx, row, "Cancelled by staff.").await?;
        }
        Action::Cancel if state == Status::Queued => state::withdraw(&mut tx, row, "Cancelled by staff.").await?,
        Action::Cancel if row.retry_at.is_some() => state::end_retry(&mut tx, row).await?,
        Action::Cancel => return Err(problem(Code::Conflict, "It does not wait any more.")),
        Action::Retry if state.is_failure() || state == Status::Cancelled => {
            let channel = channels::of(&row).unwrap_or_default();
            let state = consent::state_on(&tx.db, person.id, channel).await?;
            may_write(&mut tx, actor, &person, channel, state).await?;
            again(&mut tx, &actor.who, row.clone(), channel, &person).await?;
            // What was to be done about it is done; should it fail once more, that is another task.
            tasks::settle_of_message(&mut tx, &row, tasks::Kind::StuckMessage, &actor.author()).await?;
        }
        Action::Retry if state == Status::Unknown => {
            let why = "It is not known whether it was sent; sending it again could text the customer twice.";
            return Err(problem(Code::Conflict, why));
        }
        Action::Retry => {
            return Err(problem(
                Code::Conflict,
                "Only what failed or was cancelled can be sent again.",
            ));
        }
    }
    tx.commit().await
}

/// Where the visit is that a text is about: that decides the number it leaves from.
async fn place_of(tx: &Tx, m: &message::Model) -> Result<Option<Uuid>> {
    let Some(id) = m.appointment_id else { return Ok(None) };
    let visit = appointment::Entity::these(m.business_id, [id]).one(&tx.db).await?;
    Ok(visit.and_then(|visit| visit.location_id))
}

/// Back into the outbox, as if new. The SID of the try that failed stays with its attempt.
async fn again(tx: &mut Tx, by: &Principal, m: message::Model, channel: Channel, person: &contact::Model) -> Result<()> {
    if messages::is_of(&m, Origin::Reminder) {
        let why = "A reminder is sent again from its visit: \"Send reminder now\".";
        return Err(problem(Code::Conflict, why));
    }
    if messages::is_of(&m, Origin::Moved) {
        let why = "What tells of a move is not sent again: send a reminder from the visit, which says its time.";
        return Err(problem(Code::Conflict, why));
    }
    if messages::is_of(&m, Origin::Offer) {
        let why = "An offer is not sent again: ask the person anew from the free time on the waitlist.";
        return Err(problem(Code::Conflict, why));
    }
    if messages::is_of(&m, Origin::Consent) {
        let why = "Who did not hear of it is asked anew when somebody says once more that they want offers.";
        return Err(problem(Code::Conflict, why));
    }
    if m.removed_after.is_some() {
        let why = "What it said is not kept any more, so it can't be sent again. Please write it anew.";
        return Err(problem(Code::Conflict, why));
    }
    retries::remember_own_sid(tx, &m).await?;
    let address = || contacts::address(person, channel).unwrap_or_default().into_owned();
    let way = match channel {
        Channel::Sms => {
            let place = place_of(tx, &m).await?;
            let from = sender(tx.services(), &tx.db, m.business_id, Some(m.contact_id), place).await?;
            from.map(|from| (from, address()))
        }
        Channel::WhatsApp => whatsapp(tx.services(), &tx.db, person).await?,
        Channel::Email => channels::mail_server(tx.services()).map(|server| (Email::from(server), address())),
    };
    let Some((from, phone)) = way else {
        return Err(problem(Code::MayNotSend, "There is no number to send from."));
    };
    if m.retry_at.is_some() {
        // The machine's own second try won't come to an end that counts this failure.
        tx.record(m.business_id, by, Event::RetryEnded(Arc::new(m.clone())));
    }
    state::requeue(tx, m, Again::Asked { from, phone: &phone }).await.map(drop)
}
