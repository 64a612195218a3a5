//! The message log's two levers: try again what failed, and take back what still waits.

use contract::{
    Code, Page,
    messages::{BulkResult, LogQuery, LogRow, MessageIds, Skipped},
};
use domain::delivery::Status;
use entity::messages::message;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{WAITING, address_to, locked, resend, told, withdraw, write::may_write};
use crate::{
    Actor, Error, Permission, Result, Services, Tx, businesses, contacts, contacts::consent, conversations, error::problem,
    numbers, reports::Counter, tx::Changed,
};

/// Most messages in one go.
const MOST: usize = 200;

/// The message log with the people in it.
///
/// # Errors
/// As `messages::list`.
pub async fn log(s: &Services, actor: &Actor, query: LogQuery) -> Result<Page<LogRow>> {
    let page = super::list(s, actor, query).await?;
    let country = businesses::get(s.read(), actor.business_id).await?.country;
    let mut ids: Vec<Uuid> = page.data.iter().map(|m| m.contact_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = contacts::many(s, s.read(), actor.business_id, ids).await?;
    let name = |id: &Uuid| match people.get(id) {
        Some(person) if person.name.is_empty() => domain::phone::display(&person.phone, &country),
        Some(person) => person.name.clone(),
        None => String::new(),
    };
    let rows = page.data.into_iter().map(|message| LogRow {
        contact_name: name(&message.contact_id),
        message,
    });
    Ok(Page {
        data: rows.collect(),
        next_cursor: page.next_cursor,
    })
}

/// Sends again what failed, was not delivered or was cancelled, each with a new try and today's rules. One whose outcome is unclear is
/// not sent again here: it may have arrived.
///
/// # Errors
/// `Invalid` for none or more than 200; what can't be sent again is in the answer, with the reason.
pub async fn retry(s: &Services, actor: &Actor, cmd: MessageIds) -> Result<BulkResult> {
    each(s, actor, cmd, Act::Retry).await
}

/// Takes back texts that still wait, also for another try.
///
/// # Errors
/// `Invalid` for none or more than 200; what is on its way already is in the answer.
pub async fn cancel_many(s: &Services, actor: &Actor, cmd: MessageIds) -> Result<BulkResult> {
    each(s, actor, cmd, Act::Cancel).await
}

#[derive(Clone, Copy)]
enum Act {
    Retry,
    Cancel,
}

async fn each(s: &Services, actor: &Actor, cmd: MessageIds, act: Act) -> Result<BulkResult> {
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
        match one(s, actor, id, act).await {
            Ok(()) => acted.done.push(id),
            Err(Error::Problem(p)) => acted.not_done.push(Skipped { id, reason: p.detail }),
            Err(e) => return Err(e),
        }
    }
    Ok(acted)
}

async fn one(s: &Services, actor: &Actor, id: Uuid, act: Act) -> Result<()> {
    let mut tx = s.begin().await?;
    let found = locked(&tx, id).await?.filter(|(_, m)| m.business_id == actor.business_id);
    let Some((person, row)) = found.filter(|(_, m)| m.direction == "outbound") else {
        return Err(crate::error::not_found("message"));
    };
    let state: Status = row.status.parse().unwrap_or(Status::Unknown);
    match act {
        Act::Cancel if state == Status::Queued => withdraw(&mut tx, row, "Cancelled by staff.").await?,
        Act::Cancel if row.resend_at.is_some() => resend::give_up(&mut tx, row).await?,
        Act::Cancel => return Err(problem(Code::Conflict, "It does not wait any more.")),
        Act::Retry if state.is_failure() || state == Status::Cancelled => {
            let state = consent::state(&tx.db, person.id).await?;
            may_write(&tx, actor, &person, state).await?;
            again(&mut tx, row, &person.phone).await?;
        }
        Act::Retry if state == Status::Unknown => {
            let why = "It is not known whether it was sent; sending it again could text the customer twice.";
            return Err(problem(Code::Conflict, why));
        }
        Act::Retry => {
            return Err(problem(
                Code::Conflict,
                "Only what failed or was cancelled can be sent again.",
            ));
        }
    }
    tx.commit().await
}

/// Back into the outbox, as if new. The SID of the try that failed stays with its attempt.
async fn again(tx: &mut Tx, m: message::Model, phone: &str) -> Result<()> {
    if m.reminder_id.is_some() {
        let why = "A reminder is sent again from its visit: \"Send reminder now\".";
        return Err(problem(Code::Conflict, why));
    }
    resend::remember_own_sid(tx, &m).await?;
    let resends = if m.provider_sid.is_some() {
        m.resends.max(1)
    } else {
        m.resends
    };
    let from = numbers::sender(tx.services(), &tx.db, m.business_id, Some(m.contact_id), None).await?;
    let Some(from) = from else {
        return Err(problem(Code::MayNotSend, "There is no number to send from."));
    };
    if m.resend_at.is_some() {
        // The machine's own second try won't come to an end that counts this failure.
        tx.count(m.business_id, Counter::Failed);
    }
    let mut row = m.into_active_model();
    row.ours = Set(from);
    row.status = Set(Status::Queued.as_str().to_owned());
    row.provider_sid = Set(None);
    row.error = Set(None);
    row.error_code = Set(None);
    row.resend_at = Set(None);
    row.resends = Set(resends);
    row.not_before = Set(tx.now);
    row.wait_reason = Set(None);
    address_to(tx, &mut row, phone);
    let row = row.update(&tx.db).await?;
    tx.send_soon();
    told(tx, &row).await
}

/// What waits is looked at again at once: something that held it back is over.
pub(crate) async fn look_again(tx: &mut Tx, business_id: Uuid, contact_id: Option<Uuid>) -> Result<()> {
    let mut waiting = message::Entity::in_business(business_id)
        .filter(Expr::cust(WAITING))
        .filter(message::Column::WaitReason.is_not_null())
        // Who waits for a turn at its sender has it then; who has had it may go.
        .filter(sea_orm::ExprTrait::or(
            message::Column::SlotAt.is_null(),
            message::Column::SlotAt.lte(tx.now),
        ));
    if let Some(contact_id) = contact_id {
        let Some(thread) = conversations::of_contact(&tx.db, business_id, contact_id).await? else {
            return Ok(());
        };
        waiting = waiting.filter(message::Column::ConversationId.eq(thread.id));
    }
    // The rest follows with the hour at the latest.
    let rows = waiting.lock(LockType::NoKeyUpdate).limit(1000).all(&tx.db).await?;
    if rows.is_empty() {
        return Ok(());
    }
    for m in &rows {
        tx.mark_changed(m.business_id, Changed::Message(m.id));
    }
    message::Entity::update_many()
        .col_expr(message::Column::NotBefore, Expr::value(tx.now))
        .filter(message::Column::Id.is_in(rows.iter().map(|m| m.id)))
        .exec(&tx.db)
        .await?;
    tx.send_soon();
    Ok(())
}
