//! What staff do with a conversation as a whole: give it to somebody, close it, put it aside, say that it needs no answer.

use std::sync::Arc;

use chrono::Duration;
use contract::{
    Code,
    conversations::{ConversationAction, ConversationRow},
};
use domain::snooze::UNTIL_THEY_ANSWER;
use entity::{conversations::conversation, messages::message};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Select, Set, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    done::{self, Changed},
    find, seen,
};
use crate::{
    accounts, contacts,
    kernel::{
        Actor, Event, Permission, Result, Services, Tx,
        error::{field, not_found, problem},
        tx::Changed as Show,
    },
};

/// The furthest that one can be put aside.
const LONGEST: Duration = Duration::days(730);

/// Does this to a conversation; doing it twice is harmless.
///
/// # Errors
/// `NotFound`; `Invalid` for a time that is past or too far, or somebody who does not work here.
pub async fn act(s: &Services, actor: &Actor, id: Uuid, action: ConversationAction) -> Result<ConversationRow> {
    allowed(actor, action)?;
    let mut tx = s.begin().await?;
    if let Some(changed) = apply(&mut tx, actor, id, action).await? {
        done::remember(&tx, actor, id, action, changed).await?;
    }
    tx.commit().await?;
    let mut rows = super::rows(s, &s.db().write, actor.business_id, &[id]).await?;
    seen::for_reader(&s.db().write, actor, &mut rows).await?;
    rows.pop().ok_or_else(|| not_found("conversation"))
}

/// A conversation as it is now.
///
/// # Errors
/// `NotAllowed`, `NotFound`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<ConversationRow> {
    actor.may(Permission::ReadMessages)?;
    let mut row = super::row(s, s.read(), actor.business_id, id).await?;
    seen::for_reader(s.read(), actor, std::slice::from_mut(&mut row)).await?;
    Ok(row)
}

pub(crate) fn allowed(actor: &Actor, action: ConversationAction) -> Result<()> {
    actor.may(match action {
        ConversationAction::MarkRead | ConversationAction::MarkUnread => Permission::ReadMessages,
        _ => Permission::SendMessages,
    })
}

/// The same in a transaction that does more than that, and is not undone by itself.
pub(crate) async fn act_within(tx: &mut Tx, actor: &Actor, id: Uuid, action: ConversationAction) -> Result<()> {
    apply(tx, actor, id, action).await.map(drop)
}

/// What it changed. The contact's lock is taken here.
pub(super) async fn apply(tx: &mut Tx, actor: &Actor, id: Uuid, action: ConversationAction) -> Result<Option<Changed>> {
    let business_id = actor.business_id;
    let contact_id = find(&tx.db, business_id, id).await?.contact_id;
    // Texts that come in write the same row under this lock.
    contacts::locked(tx, business_id, contact_id).await?;
    let row = find(&tx.db, business_id, id).await?;
    let mut new = row.clone().into_active_model();
    // To whom, or until when.
    let mut after: Option<String> = None;
    let event: fn(Arc<conversation::Model>) -> Event = match action {
        ConversationAction::MarkRead | ConversationAction::MarkUnread => {
            let read = action == ConversationAction::MarkRead;
            let before = seen::has_seen(&tx.db, actor, &row).await?;
            seen::mark(tx, &row, seen::account(actor), read).await?;
            return Ok(Some(done::saw(&row, before, read)));
        }
        ConversationAction::Assign { account_id } => {
            if let Some(account_id) = account_id
                && !accounts::is_member(&tx.db, business_id, account_id).await?
            {
                return Err(field("account_id", "Nobody with this id works in this business."));
            }
            new.assignee_id = Set(account_id);
            after = Some(match account_id {
                Some(id) => accounts::names(&tx.db, [id]).await?.remove(&id).unwrap_or_default(),
                None => String::new(),
            });
            Event::ConversationAssigned
        }
        ConversationAction::Close => {
            new.closed_at = Set(row.closed_at.or(Some(tx.now)));
            new.snoozed_until = Set(None);
            new.waiting_since = Set(None);
            Event::ConversationClosed
        }
        ConversationAction::Reopen => {
            (new.closed_at, new.snoozed_until) = (Set(None), Set(None));
            Event::ConversationReopened
        }
        ConversationAction::Snooze { until } => {
            if until <= tx.now {
                return Err(field("until", "This time is past. Please choose one in the future."));
            }
            if until > tx.now + LONGEST && until != UNTIL_THEY_ANSWER {
                return Err(field(
                    "until",
                    "This is more than two years away. Please choose an earlier time.",
                ));
            }
            (new.closed_at, new.snoozed_until) = (Set(None), Set(Some(until)));
            after = Some(until.to_rfc3339());
            Event::ConversationSnoozed
        }
        ConversationAction::NoReplyNeeded => {
            new.waiting_since = Set(None);
            Event::ConversationAnswered
        }
        ConversationAction::NeedsReply => {
            new.waiting_since = Set(Some(last_inbound_at(tx, &row).await?));
            Event::ConversationReopened
        }
    };
    new.touched_at = Set(Some(tx.now));
    let new = Arc::new(new.update(&tx.db).await?);
    tx.record_change(business_id, &actor.who, event(new.clone()), None::<()>, after);
    tx.mark_changed(business_id, Show::Conversation(id));
    Ok(Some(Changed::of(&row, &new, tx.now)))
}

async fn last_inbound_at(tx: &Tx, row: &conversation::Model) -> Result<chrono::DateTime<chrono::Utc>> {
    let last = match row.last_inbound_id {
        Some(id) => {
            message::Entity::in_business(row.business_id)
                .filter(message::Column::Id.eq(id))
                .one(&tx.db)
                .await?
        }
        None => None,
    };
    let last = last.ok_or_else(|| problem(Code::Conflict, "They have not written anything yet."))?;
    Ok(last.created_at)
}

/// Conversations that were put aside until now.
pub(crate) fn due(now: chrono::DateTime<chrono::Utc>) -> Select<conversation::Entity> {
    conversation::Entity::find()
        .filter(Expr::cust("\"snoozed_until\" IS NOT NULL"))
        .filter(conversation::Column::SnoozedUntil.lte(now))
        .limit(200)
}

/// Brings back what was put aside until now.
///
/// # Errors
/// When the database does not answer; the next tick tries again.
pub(crate) async fn wake(s: &Services) -> Result<()> {
    let ids: Vec<Uuid> = due(s.now())
        .select_only()
        .column(conversation::Column::Id)
        .into_tuple()
        .all(s.read())
        .await?;
    if ids.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    let none: Option<chrono::DateTime<chrono::Utc>> = None;
    let woken = conversation::Entity::update_many()
        .col_expr(conversation::Column::SnoozedUntil, Expr::value(none))
        .col_expr(conversation::Column::TouchedAt, Expr::value(tx.now))
        .filter(conversation::Column::Id.is_in(ids))
        .filter(conversation::Column::SnoozedUntil.lte(tx.now))
        .exec_with_returning(&tx.db)
        .await?;
    for row in woken {
        tx.mark_changed(row.business_id, Show::Conversation(row.id));
    }
    tx.commit().await
}
