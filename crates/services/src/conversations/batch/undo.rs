//! Taking a batch back, once: each conversation is as it was before, unless somebody or something has changed it since.

use chrono::{DateTime, Utc};
use contract::{
    Code,
    conversations::{BatchState, BatchView, BulkAction, ConversationAction},
};
use entity::conversations::{conversation, conversation_batch as batch, conversation_batch_row as entry};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Set, sea_query::LockType,
};
use uuid::Uuid;

use super::{AT_ONCE, KEPT, finish_later, perform, settle, view};
use crate::{
    contacts,
    conversations::{
        act,
        done::{Facts, Row},
        find, seen,
    },
    kernel::{Actor, Error, Event, Result, Services, Tx, error::problem, tx::Changed as Show},
};

const SINCE: &str = "changed since";

/// Takes back what this person did last to conversations, or this batch if it is the last.
///
/// # Errors
/// `Conflict` when there is nothing to take back: nothing was done, it is being done, or something newer was done since.
pub async fn undo(s: &Services, actor: &Actor, id: Option<Uuid>) -> Result<BatchView> {
    let conflict = |words: &str| problem(Code::Conflict, words);
    let nothing = || conflict("There is nothing to undo.");
    let account_id = seen::account(actor).ok_or_else(nothing)?;
    let mut tx = s.begin().await?;
    let found = super::newest(actor.business_id, account_id)
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    let last = found.filter(|row| row.created_at + KEPT > tx.now).ok_or_else(nothing)?;
    if id.is_some_and(|id| id != last.id) {
        return Err(conflict(
            "You have done something else since; only the last thing can be undone.",
        ));
    }
    match super::state_of(&last)? {
        BatchState::Done => {}
        BatchState::Undone => return Err(conflict("This was undone already.")),
        BatchState::Running | BatchState::Undoing => {
            return Err(conflict("This is still being done. Please wait until it is finished."));
        }
    }
    let action: BulkAction = serde_json::from_str(&last.action).map_err(|e| Error::broken(e.to_string()))?;
    super::allowed(actor, action)?;
    let id = last.id;
    let done = entry::Entity::in_business(actor.business_id)
        .filter(entry::Column::BatchId.eq(id))
        .filter(entry::Column::State.eq("done"));
    let many = done.count(&tx.db).await? as usize;
    let mut last = last.into_active_model();
    (last.state, last.changed_at) = (Set(BatchState::Undoing.as_str().to_owned()), Set(tx.now));
    let _: batch::Model = last.update(&tx.db).await?;
    finish_later(&mut tx, id, many).await?;
    tx.commit().await?;
    if many <= AT_ONCE {
        perform(s, id).await?;
    }
    view(&s.db().write, id).await
}

pub(super) async fn one(tx: &mut Tx, actor: &Actor, action: &BulkAction, row: entry::Model) -> Result<()> {
    let facts = |text: &Option<String>| -> Result<Facts> {
        let text = text.as_deref().unwrap_or("{}");
        serde_json::from_str(text).map_err(|e| Error::broken(e.to_string()))
    };
    let (before, after) = (facts(&row.before)?, facts(&row.after)?);
    let unchanged = (&before.row, &before.seen, &before.tagged) == (&after.row, &after.seen, &after.tagged);
    let done = if unchanged {
        Ok(true)
    } else {
        put_back(tx, actor, action, row.conversation_id, before, after).await
    };
    match done {
        Ok(true) => settle(tx, row, "undone", None).await,
        Ok(false) => settle(tx, row, "kept", Some(SINCE)).await,
        Err(Error::Problem(why)) => settle(tx, row, "kept", Some(&why.detail)).await,
        Err(cause) => Err(cause),
    }
}

/// Whether it was as it was left.
async fn put_back(tx: &mut Tx, actor: &Actor, action: &BulkAction, id: Uuid, before: Facts, after: Facts) -> Result<bool> {
    let row = find(&tx.db, actor.business_id, id).await?;
    if let (Some(old), Some(new)) = (before.row, after.row) {
        return if Facts::of(&row).row == Some(new) {
            restore(tx, actor, row, old, after.at).await.map(|()| true)
        } else {
            Ok(false)
        };
    }
    if let (Some((seen_before, _)), Some((seen_after, last))) = (before.seen, after.seen) {
        let seen_now = seen::has_seen(&tx.db, actor, &row).await?;
        if row.last_inbound_id != last || seen_now != seen_after {
            return Ok(false);
        }
        let back = if seen_before {
            ConversationAction::MarkRead
        } else {
            ConversationAction::MarkUnread
        };
        act::apply(tx, actor, id, back).await?;
        return Ok(true);
    }
    let (BulkAction::Tag(word) | BulkAction::Untag(word)) = action else {
        return Ok(true);
    };
    let person = contacts::locked(tx, actor.business_id, row.contact_id).await?;
    contacts::tags::change(tx, actor, &person, word, before.tagged == Some(true)).await
}

/// `at`: when it was changed; what followed from that then is taken back with it.
async fn restore(tx: &mut Tx, actor: &Actor, row: conversation::Model, old: Row, at: Option<DateTime<Utc>>) -> Result<()> {
    let (id, business_id) = (row.id, row.business_id);
    let event = Event::ConversationRestored {
        conversation: id,
        contact: row.contact_id,
        changed_at: at.unwrap_or(tx.now),
    };
    let mut row = row.into_active_model();
    row.assignee_id = Set(old.assignee);
    row.closed_at = Set(old.closed_at);
    row.snoozed_until = Set(old.snoozed_until);
    row.waiting_since = Set(old.waiting_since);
    row.touched_at = Set(Some(tx.now));
    row.update(&tx.db).await?;
    tx.record(business_id, &actor.who, event);
    tx.mark_changed(business_id, Show::Conversation(id));
    Ok(())
}
