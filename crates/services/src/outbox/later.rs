//! What is done with texts that wait by the will of who wrote them: a member's reply for the seconds in which it can be taken back, and what
//! was written for later. The row is there from the first moment; whether it may go is asked when its time has come, like of any other.

use chrono::{DateTime, Utc};
use contract::{
    Code,
    messages::{ChangeLater, MessageView},
};
use domain::{
    consent::Channel,
    delivery::Status,
    later::{Delay, check},
    origin::Origin,
    when,
};
use entity::{contacts::contact, messages::message};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::{
    enqueue::cost_of,
    held::{held, is, take_back},
    view,
    write::{may_write, readable},
};
use crate::{
    businesses, channels,
    contacts::consent,
    conversations,
    delivery::delay::{self, Held},
    kernel::{
        Actor, Permission, Result, Services, Tx,
        error::{field, not_found, problem},
    },
    messages::{self, locked},
};

/// Takes a reply back that has not gone out: what it said is the writer's draft again, and the customer waits as before.
///
/// # Errors
/// `NotFound`; `Conflict` once it is on its way.
pub async fn undo(s: &Services, actor: &Actor, id: Uuid) -> Result<MessageView> {
    actor.may(Permission::SendMessages)?;
    let mut tx = s.begin().await?;
    let (_, row) = reply(&tx, actor, id).await?;
    if !is(&row, Delay::TakenBack) {
        if messages::status(&row) != Status::Queued {
            return Err(problem(Code::Conflict, "It is on its way already and can't be taken back."));
        }
        let (conversation_id, body) = (row.conversation_id, row.body.clone());
        take_back(&mut tx, row, &format!("Taken back by {} before it was sent.", actor.author())).await?;
        conversations::notes::put_back(&tx, actor, conversation_id, body).await?;
    }
    tx.commit().await?;
    view(s, actor, id).await
}

/// Another text and another time for one that was written for later. Who changes one that was paused has seen why.
///
/// # Errors
/// `NotFound`; `Conflict` when it does not wait any more; `Invalid` with the field; `MayNotSend` with the reason.
pub async fn change(s: &Services, actor: &Actor, id: Uuid, new: ChangeLater) -> Result<MessageView> {
    let (mut tx, person, row) = scheduled(s, actor, id).await?;
    let mut body = readable(actor, &new.body)?;
    check(new.send_at, tx.now).map_err(|why| field("send_at", why))?;
    let channel = channels::of(&row).unwrap_or_default();
    if channel == Channel::Sms {
        let business = businesses::of(&mut tx, person.business_id).await?;
        body = businesses::language::as_sent(&business, body);
    }
    let (segments, price) = cost_of(&tx, channel, &body, &row.theirs).await?;
    let held = held(&mut tx, person.business_id, Some((Delay::Later, new.send_at))).await?;
    let mut row = row.into_active_model();
    (row.body, row.segments, row.price) = (Set(body), Set(segments), Set(Some(price)));
    write(tx, row, held).await?;
    view(s, actor, id).await
}

/// When a text is to go out, as somebody has typed or chosen it: a moment, or what the clock of the business shows then; at once for nothing.
///
/// # Errors
/// `Invalid` for what is no time.
pub async fn time_of(s: &Services, actor: &Actor, typed: &str) -> Result<Option<DateTime<Utc>>> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    if let Some(at) = when::instant(typed) {
        return Ok(Some(at));
    }
    let local =
        when::local(typed).ok_or_else(|| field("send_at", "Please give a date and a time, for example 2027-01-05T15:00."))?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    Ok(Some(when::local_to_utc(local, businesses::zone(&business))))
}

/// What was written for later goes out now.
///
/// # Errors
/// As `change`.
pub async fn send_now(s: &Services, actor: &Actor, id: Uuid) -> Result<MessageView> {
    let (tx, _, row) = scheduled(s, actor, id).await?;
    let held = at_once(&tx);
    write(tx, row.into_active_model(), held).await?;
    view(s, actor, id).await
}

/// What was paused goes out although the customer wrote: at its time, or now if that is past.
///
/// # Errors
/// As `change`.
pub async fn resume(s: &Services, actor: &Actor, id: Uuid) -> Result<MessageView> {
    let (mut tx, person, row) = scheduled(s, actor, id).await?;
    let held = match row.send_at.filter(|at| *at > tx.now) {
        Some(at) => held(&mut tx, person.business_id, Some((Delay::Later, at))).await?,
        None => at_once(&tx),
    };
    write(tx, row.into_active_model(), held).await?;
    view(s, actor, id).await
}

fn at_once(tx: &Tx) -> Held {
    Held {
        delay: Some(Delay::Later),
        send_at: Some(tx.now),
        ..Held::not(tx.now)
    }
}

/// A text that waits for its time, and its contact's lock.
async fn scheduled(s: &Services, actor: &Actor, id: Uuid) -> Result<(Tx, contact::Model, message::Model)> {
    actor.may(Permission::SendMessages)?;
    let mut tx = s.begin().await?;
    let (person, row) = reply(&tx, actor, id).await?;
    if messages::status(&row) != Status::Queued || row.send_at.is_none() {
        return Err(problem(Code::Conflict, "It does not wait for its time any more."));
    }
    let channel = channels::of(&row).unwrap_or_default();
    let state = consent::state_on(&tx.db, person.id, channel).await?;
    may_write(&mut tx, actor, &person, channel, state).await?;
    Ok((tx, person, row))
}

async fn reply(tx: &Tx, actor: &Actor, id: Uuid) -> Result<(contact::Model, message::Model)> {
    let found = locked(tx, actor.business_id, id).await?;
    found
        .filter(|(_, row)| messages::is_of(row, Origin::Reply))
        .ok_or_else(|| not_found("message"))
}

async fn write(mut tx: Tx, mut row: message::ActiveModel, held: Held) -> Result<()> {
    delay::hold(&mut row, held);
    let row = row.update(&tx.db).await?;
    messages::changed(&mut tx, &row).await?;
    tx.send_soon();
    tx.commit().await
}
