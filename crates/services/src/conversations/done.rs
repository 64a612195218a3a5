//! What somebody did to conversations, kept so that it can be undone: what each was before and after.

use chrono::{DateTime, Utc};
use contract::conversations::{BatchState, BulkAction, ConversationAction};
use entity::conversations::{conversation, conversation_batch as batch, conversation_batch_row as entry};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::seen;
use crate::kernel::{Actor, Error, Result, Tx};

/// What an action may change about a conversation; what it does not touch is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<Row>,
    /// Whether whoever did it had seen it, and the text that was the last then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<(bool, Option<Uuid>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tagged: Option<bool>,
    /// When it became so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    pub assignee: Option<Uuid>,
    pub closed_at: Option<DateTime<Utc>>,
    pub snoozed_until: Option<DateTime<Utc>>,
    pub waiting_since: Option<DateTime<Utc>>,
}

impl Facts {
    pub(super) fn of(row: &conversation::Model) -> Self {
        let row = Row {
            assignee: row.assignee_id,
            closed_at: row.closed_at,
            snoozed_until: row.snoozed_until,
            waiting_since: row.waiting_since,
        };
        Self {
            row: Some(row),
            ..Self::default()
        }
    }
}

/// What was changed about a conversation.
pub(super) struct Changed {
    pub before: Facts,
    pub after: Facts,
}

impl Changed {
    pub(super) fn of(before: &conversation::Model, after: &conversation::Model, now: DateTime<Utc>) -> Self {
        Self {
            before: Facts::of(before),
            after: Facts {
                at: Some(now),
                ..Facts::of(after)
            },
        }
    }
}

/// Whether whoever does this had seen a conversation before and after, with the text that is its last.
pub(super) fn saw(row: &conversation::Model, before: bool, after: bool) -> Changed {
    let facts = |seen: bool| Facts {
        seen: Some((seen, row.last_inbound_id)),
        ..Facts::default()
    };
    Changed {
        before: facts(before),
        after: facts(after),
    }
}

/// A new batch; of this person here it is the last, and those before it can't be undone any more.
pub(super) async fn open(
    tx: &Tx,
    business_id: Uuid,
    account_id: Uuid,
    action: &BulkAction,
    as_of: Option<DateTime<Utc>>,
    state: BatchState,
) -> Result<Uuid> {
    let older = batch::Entity::in_business(business_id)
        .filter(batch::Column::AccountId.eq(account_id))
        .filter(batch::Column::State.is_in([BatchState::Done, BatchState::Undone].map(BatchState::as_str)));
    remove(&tx.db, older).await?;
    let id = Uuid::now_v7();
    let row = batch::ActiveModel {
        id: Set(id),
        business_id: Set(business_id),
        account_id: Set(account_id),
        action: Set(serde_json::to_string(action).map_err(|e| Error::broken(e.to_string()))?),
        as_of: Set(as_of),
        state: Set(state.as_str().to_owned()),
        created_at: Set(tx.now),
        changed_at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    Ok(id)
}

async fn remove(db: &impl ConnectionTrait, batches: Select<batch::Entity>) -> Result<()> {
    let ids = batches.select_only().column(batch::Column::Id).into_query();
    batch::Entity::delete_many()
        .filter(batch::Column::Id.in_subquery(ids))
        .exec(db)
        .await?;
    Ok(())
}

/// Something was done to one conversation by a person; whether that can be undone is theirs to say.
pub(super) async fn remember(tx: &Tx, actor: &Actor, id: Uuid, action: ConversationAction, changed: Changed) -> Result<()> {
    use ConversationAction as A;
    let Some(account_id) = seen::account(actor) else {
        return Ok(());
    };
    if matches!(action, A::MarkRead | A::MarkUnread | A::Reopen | A::NeedsReply) {
        return Ok(());
    }
    let batch_id = open(
        tx,
        actor.business_id,
        account_id,
        &BulkAction::Do(action),
        None,
        BatchState::Done,
    )
    .await?;
    let row = entry::ActiveModel {
        batch_id: Set(batch_id),
        conversation_id: Set(id),
        business_id: Set(actor.business_id),
        state: Set("done".to_owned()),
        reason: Set(None),
        before: Set(Some(json(&changed.before)?)),
        after: Set(Some(json(&changed.after)?)),
    };
    row.insert(&tx.db).await?;
    Ok(())
}

pub(super) fn json(facts: &Facts) -> Result<String> {
    serde_json::to_string(facts).map_err(|e| Error::broken(e.to_string()))
}
