//! What texts say is removed when it is older than its business wants to keep it: the words, and what was made of them (the index of words,
//! the line in the inbox, the webhook that brought them). The message stays with its states, times and prices. What is still open is passed
//! over and looked at again a day later.
//!
//! Each business is looked at once an hour, from where the last look ended, so many texts in one transaction.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code, FieldError, Problem,
    businesses::{RetentionView, UpdateRetention},
};
use domain::{consent::Channel, delivery::Status, retention};
use entity::{
    businesses::business,
    contacts::contact,
    conversations::conversation,
    messages::{message, message_kept},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set, sea_query::Expr};
use uuid::Uuid;

use crate::{
    businesses::{self, keeping},
    contacts, conversations,
    kernel::{
        Actor, Permission, Result, Services, Tx,
        error::field,
        paging::{self, Cursor, TimeCursor},
    },
    messages, receiving, twins,
};

/// Texts in one transaction.
const BATCH: u64 = 500;

/// Transactions of one business before others have a turn.
const GOES: usize = 10;

/// Texts are counted so far before somebody is asked whether they are to be removed.
const MOST_COUNTED: u64 = 10_000;

/// What was passed over is looked at again after so long.
const OPEN_LOOK: Duration = Duration::days(1);

/// How long the actor's business keeps what texts say.
///
/// # Errors
/// `NotAllowed` for staff.
pub async fn view(s: &Services, actor: &Actor) -> Result<RetentionView> {
    actor.may(Permission::ManageBusiness)?;
    let b = businesses::get(&s.db().write, actor.business_id).await?;
    Ok(RetentionView { keep_days: b.keep_days })
}

/// Chooses that. What would be lost by it is said first, and has to be confirmed.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for another time than those to choose from, and at `confirm` if words would be removed and nobody has
/// said that they may be.
pub async fn choose(s: &Services, actor: &Actor, cmd: UpdateRetention) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let days = retention::read(&cmd.keep_days);
    let days = days.ok_or_else(|| field("keep_days", "Please choose one of the four."))?;
    let mut tx = s.begin().await?;
    let before = keeping::to_change(&tx, actor).await?;
    if retention::is_shorter(days, before.keep_days) && !cmd.confirm {
        let lost = lost(&tx, &before, days).await?;
        if lost > 0 {
            return Err(unconfirmed(lost));
        }
    }
    keeping::choose(&mut tx, actor, before, days).await?;
    tx.commit().await
}

/// How many texts would lose their words, counted up to [`MOST_COUNTED`].
async fn lost(tx: &Tx, b: &business::Model, days: Option<i32>) -> Result<u32> {
    let Some(days) = days else { return Ok(0) };
    let rows = older(b.id, tx.now - Duration::days(days.into()), keeping::reached(b));
    paging::count_to(&tx.db, rows, message::Column::Id, MOST_COUNTED).await
}

fn unconfirmed(lost: u32) -> crate::kernel::Error {
    let texts = match lost {
        1 => "1 text".to_owned(),
        lost if u64::from(lost) == MOST_COUNTED => "10,000 texts or more".to_owned(),
        lost => format!("{lost} texts"),
    };
    Problem {
        fields: vec![FieldError {
            field: "confirm".to_owned(),
            message: format!("This removes the words of {texts} for good. Tick the box if you want that, then save once more."),
        }],
        ..Problem::new(Code::Invalid, "Some fields need another look.")
    }
    .into()
}

/// Removes what has become old in every business whose hour is over.
///
/// # Errors
/// When the database does not answer; the next hour looks again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    for business in keeping::due(s.now()).all(s.read()).await? {
        let tx = s.begin().await?;
        let ours = keeping::take_turn(&tx, business.id).await?;
        tx.commit().await?;
        if ours {
            turn(s, business.id).await?;
        }
    }
    Ok(())
}

async fn turn(s: &Services, id: Uuid) -> Result<()> {
    for _ in 0..GOES {
        if !remove_some(s, id).await? {
            return Ok(());
        }
    }
    let tx = s.begin().await?;
    keeping::go_on(&tx, id).await?;
    tx.commit().await
}

/// A batch; whether there may be more.
async fn remove_some(s: &Services, id: Uuid) -> Result<bool> {
    let tx = s.begin().await?;
    let business = businesses::get(&tx.db, id).await?;
    let Some(days) = business.keep_days else { return Ok(false) };
    let bound = tx.now - Duration::days(days.into());
    let old = older(id, bound, keeping::reached(&business)).limit(BATCH).all(&tx.db).await?;
    let again = passed_over(id, tx.now).limit(BATCH).all(&tx.db).await?;
    let more = [old.len(), again.len()].contains(&(BATCH as usize));
    let reached = old.last().map(|last| Cursor(last.created_at, last.id));
    let mut ids: Vec<Uuid> = again.into_iter().map(|kept| kept.message_id).collect();
    ids.extend(old.iter().map(|row| row.id));
    if ids.is_empty() {
        return Ok(false);
    }
    let (open, done) = sorted(&tx, id, &ids).await?;
    remove(&tx, id, days, &done).await?;
    // Also those of messages that are gone.
    message_kept::Entity::delete_many()
        .filter(message_kept::Column::BusinessId.eq(id))
        .filter(message_kept::Column::MessageId.is_in(ids))
        .exec(&tx.db)
        .await?;
    keep(&tx, open).await?;
    if let Some(here) = reached
        && !keeping::reach(&tx, id, days, &here).await?
    {
        // Somebody has just chosen otherwise: nothing of this happens.
        return Ok(false);
    }
    tx.commit().await?;
    Ok(more)
}

/// What was written before `bound` and was not seen to yet, oldest first.
pub(crate) fn older(business_id: Uuid, bound: DateTime<Utc>, reached: Option<TimeCursor>) -> Select<message::Entity> {
    let (at, id) = (message::Column::CreatedAt, message::Column::Id);
    let rows = message::Entity::in_business(business_id)
        .filter(at.lt(bound))
        .order_by_asc(at)
        .order_by_asc(id);
    match reached {
        Some(Cursor(t, i)) => rows.filter(paging::beyond(at, id, t, i, false)),
        None => rows,
    }
}

/// What was open when it was seen to, and is to be looked at again by now.
pub(crate) fn passed_over(business_id: Uuid, now: DateTime<Utc>) -> Select<message_kept::Entity> {
    message_kept::Entity::in_business(business_id)
        .filter(message_kept::Column::LookAt.lte(now))
        .order_by_asc(message_kept::Column::LookAt)
}

/// Which of these are still open, and which are not; under their people's locks, so that it stays so.
async fn sorted(tx: &Tx, business_id: Uuid, ids: &[Uuid]) -> Result<(Vec<message::Model>, Vec<message::Model>)> {
    let of = || message::Entity::these(business_id, ids.iter().copied());
    let whose: Vec<Uuid> = of()
        .select_only()
        .column(message::Column::ContactId)
        .distinct()
        .into_tuple()
        .all(&tx.db)
        .await?;
    let people = contacts::locked_all(tx, &whose).await?;
    let people: HashMap<Uuid, contact::Model> = people.into_iter().map(|person| (person.id, person)).collect();
    let rows = of().all(&tx.db).await?;
    let threads = conversations::these(tx, rows.iter().map(|row| row.conversation_id)).await?;
    let is_open = |row: &message::Model| is_open(row, people.get(&row.contact_id), threads.get(&row.conversation_id));
    Ok(rows.into_iter().partition(is_open))
}

/// Whether something is still to become of it, or a person has to read it.
fn is_open(m: &message::Model, person: Option<&contact::Model>, thread: Option<&conversation::Model>) -> bool {
    let under_way = match m.status.parse() {
        Ok(Status::Queued | Status::Sending | Status::Unknown) => true,
        Ok(_) => m.retry_at.is_some(),
        // What another version wrote is left alone.
        Err(_) => true,
    };
    // What put them on hold may have been written some time before that.
    let held = person
        .and_then(|person| person.held_since)
        .map(|since| since - messages::LATE);
    let waits = thread.and_then(|thread| thread.waiting_since);
    under_way || [held, waits].into_iter().flatten().any(|since| since <= m.created_at)
}

/// Takes the words out of these.
async fn remove(tx: &Tx, business_id: Uuid, days: i32, rows: &[message::Model]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids = || rows.iter().map(|row| row.id);
    // The index of words follows the body.
    message::Entity::update_many()
        .col_expr(message::Column::Body, Expr::value(""))
        .col_expr(message::Column::Subject, Expr::value(Option::<String>::None))
        .col_expr(message::Column::RemovedAfter, Expr::value(days))
        .filter(message::Column::BusinessId.eq(business_id))
        .filter(message::Column::Id.is_in(ids()))
        .exec(&tx.db)
        .await?;
    let threads: HashSet<Uuid> = rows.iter().map(|row| row.conversation_id).collect();
    conversation::Entity::update_many()
        .col_expr(conversation::Column::Preview, Expr::value(retention::in_its_place(days)))
        .filter(conversation::Column::BusinessId.eq(business_id))
        .filter(conversation::Column::Id.is_in(threads))
        .filter(conversation::Column::LastMessageId.is_in(ids()))
        .exec(&tx.db)
        .await?;
    let outbound = rows
        .iter()
        .filter(|row| row.direction == "outbound" && row.channel == Channel::WhatsApp.as_str());
    twins::forget(tx, &outbound.map(|row| row.id).collect::<Vec<_>>()).await?;
    let inbound = rows.iter().filter(|row| row.direction == "inbound");
    receiving::forget(tx, business_id, inbound.filter_map(|row| row.provider_sid.as_deref())).await
}

/// They are looked at again.
async fn keep(tx: &Tx, open: Vec<message::Model>) -> Result<()> {
    if open.is_empty() {
        return Ok(());
    }
    let rows = open.into_iter().map(|row| message_kept::ActiveModel {
        message_id: Set(row.id),
        business_id: Set(row.business_id),
        look_at: Set(tx.now + OPEN_LOOK),
    });
    message_kept::Entity::insert_many(rows).exec_without_returning(&tx.db).await?;
    Ok(())
}
