//! What the provider says about a message after taking it. Every event is a row; the state only goes forward (law 4).

use contract::Code;
use domain::delivery::{Advance, Status, advance};
use entity::messages::{message, message_event};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use twilio::{errors, forms};
use uuid::Uuid;

use super::{locked, sending, told};
use crate::{Result, Services, Tx, error::problem, reminders};

/// A status callback. `message_id` is ours, from the callback's own URL: it binds the SID even when the answer to our call was lost.
/// A callback for a SID nobody knows yet is kept until the message turns up.
///
/// # Errors
/// `NotFound` when the id is unknown, or belongs to a message with another SID, number or account.
pub async fn status_changed(s: &Services, message_id: Option<Uuid>, form: &forms::Status) -> Result<()> {
    let mut tx = s.begin().await?;
    let Some(id) = find(&tx, message_id, form).await? else {
        if message_id.is_some() {
            return Err(problem(Code::NotFound, "There is no such message."));
        }
        keep(&tx, None, form).await?;
        return tx.commit().await;
    };
    let Some((_, row)) = locked(&tx, id).await? else {
        return Err(problem(Code::NotFound, "There is no such message."));
    };
    if !belongs(&row, form) {
        tracing::warn!(message = %id, sid = %form.message_sid, "status callback does not fit the message it names");
        return Err(problem(Code::NotFound, "There is no such message."));
    }
    keep(&tx, Some(&row), form).await?;
    let row = bind(&tx, row, form).await?;
    follow(&mut tx, row, &form.message_status, form.error_code).await?;
    tx.commit().await
}

async fn find(tx: &Tx, message_id: Option<Uuid>, form: &forms::Status) -> Result<Option<Uuid>> {
    if message_id.is_some() {
        let row = message::Entity::find_by_id(message_id.unwrap_or_default())
            .one(&tx.db)
            .await?;
        return Ok(row.map(|r| r.id));
    }
    let row = message::Entity::find()
        .filter(message::Column::ProviderSid.eq(&form.message_sid))
        .one(&tx.db)
        .await?;
    Ok(row.map(|r| r.id))
}

/// The callback is about this message: same SID where we know it, same account, same addresses, and ours to send.
fn belongs(row: &message::Model, form: &forms::Status) -> bool {
    let same = |known: Option<&String>, said: &String| known.is_none_or(|k| k == said);
    row.direction == "outbound"
        && row.attempts > 0
        && same(row.provider_sid.as_ref(), &form.message_sid)
        && same(row.account_sid.as_ref(), &form.account_sid)
        && form.to.as_ref().is_none_or(|to| to == &row.to_addr)
}

async fn keep(tx: &Tx, row: Option<&message::Model>, form: &forms::Status) -> Result<()> {
    let event = message_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(row.map(|r| r.business_id)),
        message_id: Set(row.map(|r| r.id)),
        provider_sid: Set(form.message_sid.clone()),
        status: Set(form.message_status.chars().take(40).collect()),
        error_code: Set(form.error_code),
        source: Set("callback".to_owned()),
        at: Set(tx.now),
    };
    event.insert(&tx.db).await?;
    Ok(())
}

async fn bind(tx: &Tx, row: message::Model, form: &forms::Status) -> Result<message::Model> {
    if row.provider_sid.is_some() {
        return Ok(row);
    }
    let mut row = row.into_active_model();
    row.provider_sid = Set(Some(form.message_sid.clone()));
    row.account_sid = Set(Some(form.account_sid.clone()));
    row.sent_at = Set(Some(tx.now));
    Ok(row.update(&tx.db).await?)
}

/// Moves a message forward by what was said, and lets the rest of the house know.
async fn follow(tx: &mut Tx, row: message::Model, said: &str, code: Option<i32>) -> Result<()> {
    let Some(event) = Status::from_twilio(said) else {
        tracing::warn!(message = %row.id, status = said, "unknown status from the provider; kept, not acted on");
        return Ok(());
    };
    let current: Status = row.status.parse().unwrap_or(Status::Unknown);
    let next = match advance(current, event) {
        Advance::Stays => return Ok(()),
        Advance::Moves(next) => next,
        Advance::Anomaly(next) => {
            tracing::warn!(message = %row.id, from = %current.as_str(), to = %next.as_str(), "the provider changed its mind");
            next
        }
    };
    if next.is_failure() {
        let words = code.map_or_else(|| "The network did not deliver it.".to_owned(), errors::describe);
        let contact = crate::contacts::locked(tx, row.business_id, row.contact_id).await?;
        return sending::failed(tx, &contact, row, next, code, &words).await;
    }
    let arrived = matches!(next, Status::Delivered | Status::Read);
    let mut changed = row.into_active_model();
    changed.status = Set(next.as_str().to_owned());
    changed.wait_reason = Set(None);
    changed.error_code = Set(None);
    changed.error = Set(None);
    if arrived {
        changed.delivered_at = Set(Some(tx.now));
    }
    let row = changed.update(&tx.db).await?;
    reminders::sent(tx, &row).await?;
    told(tx, &row).await
}

/// Events that came before we knew whose SID it was.
pub(super) async fn adopt(tx: &mut Tx, id: Uuid, sid: &str) -> Result<()> {
    let early = message_event::Entity::find()
        .filter(message_event::Column::ProviderSid.eq(sid))
        .filter(message_event::Column::MessageId.is_null())
        .limit(50)
        .all(&tx.db)
        .await?;
    for event in early {
        let Some(row) = message::Entity::find_by_id(id).one(&tx.db).await? else {
            return Ok(());
        };
        let (said, code) = (event.status.clone(), event.error_code);
        let mut event = event.into_active_model();
        event.message_id = Set(Some(id));
        event.business_id = Set(Some(row.business_id));
        event.update(&tx.db).await?;
        follow(tx, row, &said, code).await?;
    }
    Ok(())
}
