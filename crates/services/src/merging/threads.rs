//! Two threads as one, with what everybody had seen and typed in them, and apart again. The thread that is merged away is gone; who has its
//! address is led on by `contact_merge`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{merge, words};
use entity::{
    accounts::member,
    contacts::{contact, contact_merge},
    conversations::{conversation, conversation_seen, draft, note, presence},
    messages::message,
    notifications::notification,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType, OnConflict},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{MOST_TEXTS, rows};
use crate::{
    conversations,
    kernel::{Result, Tx, tx::Changed},
    messages::{self, LATE, THEIRS},
};

/// How a thread stands; its last message is read again where it is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    id: Uuid,
    last_human_at: Option<DateTime<Utc>>,
    last_inbound_id: Option<Uuid>,
    waiting_since: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    snoozed_until: Option<DateTime<Utc>>,
    assignee_id: Option<Uuid>,
    #[serde(default)]
    replied_by: Option<Uuid>,
    #[serde(default)]
    touched_at: Option<DateTime<Utc>>,
    unread: i32,
    created_at: DateTime<Utc>,
}

impl State {
    fn of(row: &conversation::Model) -> Self {
        Self {
            id: row.id,
            last_human_at: row.last_human_at,
            last_inbound_id: row.last_inbound_id,
            waiting_since: row.waiting_since,
            closed_at: row.closed_at,
            snoozed_until: row.snoozed_until,
            assignee_id: row.assignee_id,
            replied_by: row.replied_by,
            touched_at: row.touched_at,
            unread: row.unread,
            created_at: row.created_at,
        }
    }

    fn row(self, whose: &contact::Model) -> conversation::Model {
        conversation::Model {
            id: self.id,
            business_id: whose.business_id,
            contact_id: whose.id,
            last_message_id: None,
            preview: String::new(),
            last_at: self.created_at,
            last_direction: "outbound".to_owned(),
            last_status: String::new(),
            last_human_at: self.last_human_at,
            last_inbound_id: self.last_inbound_id,
            waiting_since: self.waiting_since,
            closed_at: self.closed_at,
            snoozed_until: self.snoozed_until,
            assignee_id: self.assignee_id,
            replied_by: self.replied_by,
            touched_at: self.touched_at,
            unread: self.unread,
            created_at: self.created_at,
        }
    }
}

/// How far members had seen a thread, by account.
type Seen = BTreeMap<Uuid, Uuid>;

/// What the undoing needs.
#[derive(Serialize, Deserialize)]
pub(super) struct Before {
    /// None: it was begun by the merge.
    kept: Option<State>,
    other: State,
    merged: State,
    seen_of_kept: Seen,
    seen_of_other: Seen,
    seen_of_merged: Seen,
    /// Whose drafts were moved as they were.
    drafts: BTreeSet<Uuid>,
}

/// Moves what stands in the other one's thread into the kept one's; none if they had no thread.
pub(super) async fn join(tx: &mut Tx, merge: Uuid, kept: &contact::Model, other: &contact::Model) -> Result<Option<Before>> {
    let business_id = kept.business_id;
    let Some(theirs) = conversations::of_contact(&tx.db, business_id, other.id).await? else {
        return Ok(None);
    };
    // Nobody may begin a draft in it meanwhile.
    conversation::Entity::these(business_id, [theirs.id])
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    let known = conversations::of_contact(&tx.db, business_id, kept.id).await?;
    let thread = conversations::get_or_begin(tx, business_id, kept.id).await?;
    remember(tx, merge, business_id, theirs.id).await?;
    give(tx, merge, kept.id, thread.id).await?;
    let drafts = move_drafts(tx, theirs.id, thread.id).await?;
    let (seen_of_kept, seen_of_other) = (seen_in(tx, thread.id).await?, seen_in(tx, theirs.id).await?);
    let seen_of_merged = seen_in_both(tx, (&thread, &seen_of_kept), (&theirs, &seen_of_other)).await?;
    see(tx, business_id, thread.id, &seen_of_merged).await?;
    conversation_seen::Entity::delete_many()
        .filter(conversation_seen::Column::ConversationId.eq(theirs.id))
        .exec(&tx.db)
        .await?;
    let both = joined(&thread, &theirs);
    delete(tx, theirs.id).await?;
    both.clone().into_active_model().reset_all().update(&tx.db).await?;
    tx.mark_changed(business_id, Changed::Conversation(both.id));
    Ok(Some(Before {
        kept: known.as_ref().map(State::of),
        other: State::of(&theirs),
        merged: State::of(&both),
        seen_of_kept,
        seen_of_other,
        seen_of_merged,
        drafts,
    }))
}

fn joined(kept: &conversation::Model, other: &conversation::Model) -> conversation::Model {
    let how = |row: &conversation::Model| merge::Thread {
        waiting_since: row.waiting_since,
        closed_at: row.closed_at,
        snoozed_until: row.snoozed_until,
    };
    // One that nothing was ever said in says nothing.
    let how = match (kept.last_message_id, other.last_message_id) {
        (None, Some(_)) => how(other),
        (Some(_), None) => how(kept),
        _ => merge::thread(how(kept), how(other)),
    };
    let later = match (kept.last_message_id, other.last_message_id) {
        (Some(_), Some(_)) if other.last_at > kept.last_at => other,
        (None, Some(_)) => other,
        _ => kept,
    };
    conversation::Model {
        id: kept.id,
        contact_id: kept.contact_id,
        last_human_at: kept.last_human_at.max(other.last_human_at),
        last_inbound_id: kept.last_inbound_id.max(other.last_inbound_id),
        waiting_since: how.waiting_since,
        closed_at: how.closed_at,
        snoozed_until: how.snoozed_until,
        assignee_id: kept.assignee_id.or(other.assignee_id),
        replied_by: later.replied_by.or(kept.replied_by).or(other.replied_by),
        touched_at: kept.touched_at.max(other.touched_at),
        unread: kept.unread + other.unread,
        created_at: kept.created_at.min(other.created_at),
        ..later.clone()
    }
}

async fn remember(tx: &Tx, merge: Uuid, business_id: Uuid, thread: Uuid) -> Result<()> {
    let texts = message::Entity::in_business(business_id).filter(message::Column::ConversationId.eq(thread));
    rows::remember(tx, merge, rows::MESSAGE, message::Column::Id, texts).await?;
    let notes = note::Entity::find().filter(note::Column::ConversationId.eq(thread));
    rows::remember(tx, merge, rows::NOTE, note::Column::Id, notes).await?;
    // What was read leads nowhere anew; its link is led on.
    let unread = notification::Entity::find()
        .filter(notification::Column::ConversationId.eq(thread))
        .filter(Expr::cust("\"read_at\" IS NULL"));
    rows::remember(tx, merge, rows::NOTIFICATION, notification::Column::Id, unread).await
}

/// Gives what was moved to this person and thread.
async fn give(tx: &Tx, merge: Uuid, to: Uuid, thread: Uuid) -> Result<()> {
    message::Entity::update_many()
        .col_expr(message::Column::ContactId, Expr::value(to))
        .col_expr(message::Column::ConversationId, Expr::value(thread))
        .filter(message::Column::Id.in_subquery(rows::moved(merge, rows::MESSAGE)))
        .exec(&tx.db)
        .await?;
    note::Entity::update_many()
        .col_expr(note::Column::ContactId, Expr::value(to))
        .col_expr(note::Column::ConversationId, Expr::value(thread))
        .filter(note::Column::Id.in_subquery(rows::moved(merge, rows::NOTE)))
        .exec(&tx.db)
        .await?;
    notification::Entity::update_many()
        .col_expr(notification::Column::ContactId, Expr::value(to))
        .col_expr(notification::Column::ConversationId, Expr::value(thread))
        .filter(notification::Column::Id.in_subquery(rows::moved(merge, rows::NOTIFICATION)))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// What was typed and not sent: whoever has typed in both threads finds both texts. Those whose draft was moved as it was.
async fn move_drafts(tx: &Tx, from: Uuid, to: Uuid) -> Result<BTreeSet<Uuid>> {
    let of = |thread: Uuid| {
        draft::Entity::find()
            .filter(draft::Column::ConversationId.eq(thread))
            .all(&tx.db)
    };
    let known: HashMap<Uuid, draft::Model> = of(to).await?.into_iter().map(|row| (row.account_id, row)).collect();
    let mut moved = BTreeSet::new();
    for row in of(from).await? {
        let body = match known.get(&row.account_id) {
            Some(here) => format!("{}\n\n{}", here.body, row.body),
            None => {
                moved.insert(row.account_id);
                row.body.clone()
            }
        };
        draft::Entity::delete_by_id((row.account_id, from)).exec(&tx.db).await?;
        let row = draft::Model {
            conversation_id: to,
            body,
            ..row
        };
        let key = [draft::Column::AccountId, draft::Column::ConversationId];
        draft::Entity::insert(row.into_active_model().reset_all())
            .on_conflict(OnConflict::columns(key).update_column(draft::Column::Body).to_owned())
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(moved)
}

async fn seen_in(tx: &Tx, thread: Uuid) -> Result<Seen> {
    let rows = conversation_seen::Entity::find().filter(conversation_seen::Column::ConversationId.eq(thread));
    Ok(rows
        .all(&tx.db)
        .await?
        .into_iter()
        .map(|row| (row.account_id, row.message_id))
        .collect())
}

async fn seen_in_both(tx: &Tx, kept: (&conversation::Model, &Seen), other: (&conversation::Model, &Seen)) -> Result<Seen> {
    let members = member::Entity::in_business(kept.0.business_id).all(&tx.db).await?;
    let rest: HashMap<Uuid, Option<Uuid>> = members.into_iter().map(|m| (m.account_id, m.seen_message_id)).collect();
    let accounts: BTreeSet<Uuid> = kept.1.keys().chain(other.1.keys()).copied().collect();
    let both = accounts.into_iter().map(|account| {
        let until = |(thread, seen): (&conversation::Model, &Seen)| {
            let own = seen.get(&account).copied();
            let until = own.or_else(|| rest.get(&account).copied().flatten()).unwrap_or_default();
            (until, thread.last_inbound_id)
        };
        (account, merge::seen(until(kept), until(other)))
    });
    Ok(both.collect())
}

async fn see(tx: &Tx, business_id: Uuid, conversation_id: Uuid, seen: &Seen) -> Result<()> {
    for (account_id, message_id) in seen {
        let row = conversation_seen::Model {
            account_id: *account_id,
            conversation_id,
            business_id,
            message_id: *message_id,
        };
        let key = [
            conversation_seen::Column::AccountId,
            conversation_seen::Column::ConversationId,
        ];
        let anew = OnConflict::columns(key)
            .update_column(conversation_seen::Column::MessageId)
            .to_owned();
        conversation_seen::Entity::insert(row.into_active_model().reset_all())
            .on_conflict(anew)
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(())
}

/// Two threads again: what stood in the other's, and what was written to or from their number since.
pub(super) async fn part(
    tx: &mut Tx,
    merge: &contact_merge::Model,
    kept: &contact::Model,
    other: &contact::Model,
    before: Option<&Before>,
) -> Result<()> {
    let Some(now) = conversations::of_contact(&tx.db, kept.business_id, kept.id).await? else {
        return Ok(());
    };
    let since = since(tx, merge, now.id).await?;
    let keys = tx.services().vault().indexes(THEIRS, &other.phone);
    let is_theirs = |m: &message::Model| m.theirs_key.as_ref().is_some_and(|key| keys.contains(key));
    let (theirs, ours): (Vec<message::Model>, Vec<message::Model>) = since.into_iter().partition(is_theirs);
    if before.is_none() && theirs.is_empty() {
        return Ok(());
    }
    let state = before.map_or_else(|| fresh(tx.now), |before| before.other.clone());
    let mut thread = taken_in(state.row(other), &theirs, &now);
    thread.clone().into_active_model().reset_all().insert(&tx.db).await?;
    for some in theirs.chunks(500) {
        let these = message::Entity::these(kept.business_id, some.iter().map(|m| m.id));
        rows::remember(tx, merge.id, rows::MESSAGE, message::Column::Id, these).await?;
    }
    give(tx, merge.id, other.id, thread.id).await?;
    if let Some(before) = before {
        give_back_drafts(tx, before, now.id, thread.id).await?;
        see_again(tx, before, &now, thread.id).await?;
    }
    ends_with(tx, &mut thread).await?;
    save(tx, thread).await?;
    let Some(mut thread) = kept_again(&now, before, &ours, kept) else {
        return save_last(tx, now).await;
    };
    ends_with(tx, &mut thread).await?;
    let begun = before.is_some_and(|before| before.kept.is_none());
    if begun && thread.last_message_id.is_none() && is_empty(tx, thread.id).await? {
        return forget(tx, thread.id).await;
    }
    save(tx, thread).await
}

fn fresh(now: DateTime<Utc>) -> State {
    State {
        id: Uuid::now_v7(),
        last_human_at: None,
        last_inbound_id: None,
        waiting_since: None,
        closed_at: None,
        snoozed_until: None,
        assignee_id: None,
        replied_by: None,
        touched_at: None,
        unread: 0,
        created_at: now,
    }
}

/// Messages of the thread that came after the merge, in the order in which they were stored.
async fn since(tx: &Tx, merge: &contact_merge::Model, thread: Uuid) -> Result<Vec<message::Model>> {
    // With a greater id than that of the merge a text that was brought in late may be that much older.
    Ok(message::Entity::in_business(merge.business_id)
        .filter(message::Column::ConversationId.eq(thread))
        .filter(message::Column::CreatedAt.gte(merge.merged_at - LATE))
        .filter(message::Column::Id.gt(merge.id))
        .order_by_asc(message::Column::Id)
        .limit(MOST_TEXTS)
        .all(&tx.db)
        .await?)
}

/// With what came since. Where nobody waits now, somebody has answered or a machine has understood.
fn taken_in(mut row: conversation::Model, since: &[message::Model], now: &conversation::Model) -> conversation::Model {
    for m in since {
        conversations::take_in(&mut row, m, now.waiting_since.is_none());
    }
    if now.unread == 0 {
        row.unread = 0;
    }
    row
}

/// The kept one's thread as it was, but for what came, and what staff did, since; none if it was not another one.
fn kept_again(
    now: &conversation::Model,
    before: Option<&Before>,
    since: &[message::Model],
    kept: &contact::Model,
) -> Option<conversation::Model> {
    let before = before?;
    let merged = &before.merged;
    let was = before.kept.clone().unwrap_or_else(|| State {
        id: now.id,
        ..fresh(now.created_at)
    });
    let mut row = taken_in(was.row(kept), since, now);
    if now.closed_at != merged.closed_at {
        row.closed_at = now.closed_at;
    }
    if now.snoozed_until != merged.snoozed_until {
        row.snoozed_until = now.snoozed_until;
    }
    if now.assignee_id != merged.assignee_id {
        row.assignee_id = now.assignee_id;
    }
    if now.replied_by != merged.replied_by {
        row.replied_by = now.replied_by;
    }
    row.touched_at = row.touched_at.max(now.touched_at);
    if now.waiting_since.is_none() {
        row.waiting_since = None;
    }
    Some(row)
}

/// The last message that stands in it now.
async fn ends_with(tx: &Tx, row: &mut conversation::Model) -> Result<()> {
    let last = messages::newest(row.business_id, None)
        .filter(message::Column::ConversationId.eq(row.id))
        .limit(1);
    match last.one(&tx.db).await? {
        Some(last) => {
            row.last_message_id = Some(last.id);
            row.preview = words::preview(&messages::said(&last), 120);
            row.last_at = last.created_at;
            row.last_direction = last.direction;
            row.last_status = last.status;
        }
        None => {
            row.last_message_id = None;
            row.preview = String::new();
            row.last_at = row.created_at;
            row.last_status = String::new();
        }
    }
    Ok(())
}

async fn save_last(tx: &mut Tx, mut row: conversation::Model) -> Result<()> {
    ends_with(tx, &mut row).await?;
    save(tx, row).await
}

async fn save(tx: &mut Tx, row: conversation::Model) -> Result<()> {
    tx.mark_changed(row.business_id, Changed::Conversation(row.id));
    row.into_active_model().reset_all().update(&tx.db).await?;
    Ok(())
}

async fn is_empty(tx: &Tx, thread: Uuid) -> Result<bool> {
    let note = note::Entity::find().filter(note::Column::ConversationId.eq(thread)).limit(1);
    Ok(note.one(&tx.db).await?.is_none())
}

/// It was begun by the merge, and nothing stands in it.
async fn forget(tx: &Tx, thread: Uuid) -> Result<()> {
    draft::Entity::delete_many()
        .filter(draft::Column::ConversationId.eq(thread))
        .exec(&tx.db)
        .await?;
    conversation_seen::Entity::delete_many()
        .filter(conversation_seen::Column::ConversationId.eq(thread))
        .exec(&tx.db)
        .await?;
    delete(tx, thread).await
}

/// Who has it before their eyes is in nobody's way.
async fn delete(tx: &Tx, thread: Uuid) -> Result<()> {
    presence::Entity::delete_many()
        .filter(presence::Column::ConversationId.eq(thread))
        .exec(&tx.db)
        .await?;
    conversation::Entity::delete_by_id(thread).exec(&tx.db).await?;
    Ok(())
}

async fn give_back_drafts(tx: &Tx, before: &Before, from: Uuid, to: Uuid) -> Result<()> {
    draft::Entity::update_many()
        .col_expr(draft::Column::ConversationId, Expr::value(to))
        .filter(draft::Column::ConversationId.eq(from))
        .filter(draft::Column::AccountId.is_in(before.drafts.iter().copied()))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Who has not looked since has seen what they had seen; who has, has seen both.
async fn see_again(tx: &Tx, before: &Before, now: &conversation::Model, other: Uuid) -> Result<()> {
    let current = seen_in(tx, now.id).await?;
    let mut theirs = before.seen_of_other.clone();
    let mut ours = Seen::new();
    for (account, until) in &current {
        if before.seen_of_merged.get(account) != Some(until) {
            theirs.insert(*account, *until);
            ours.insert(*account, *until);
        } else if let Some(was) = before.seen_of_kept.get(account) {
            ours.insert(*account, *was);
        }
    }
    conversation_seen::Entity::delete_many()
        .filter(conversation_seen::Column::ConversationId.eq(now.id))
        .exec(&tx.db)
        .await?;
    see(tx, now.business_id, now.id, &ours).await?;
    see(tx, now.business_id, other, &theirs).await
}
