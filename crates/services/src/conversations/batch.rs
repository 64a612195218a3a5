//! Many conversations at once, as a batch: what each was before and after is kept, so that it can be undone once (`undo`). What somebody does
//! to one conversation is a batch of one. Of many, the first are done at once and the rest by a job, which any process can go on with.

mod undo;

pub use undo::undo;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    conversations::{BatchState, BatchView, BulkAction, Chosen, ConversationAction},
};
use entity::conversations::{conversation, conversation_batch as batch, conversation_batch_row as entry};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{
    act,
    done::{Changed, Facts, json, open},
    find, seen,
    views::{AT_MOST, View},
};
use crate::{
    accounts, contacts,
    kernel::{
        Actor, Error, Permission, Result, Services, Tx,
        error::{field, not_found, problem},
        queue::Job,
    },
};

/// So many are done before the answer; the rest by a job.
const AT_ONCE: usize = 200;

/// Conversations in one transaction: others wait for it.
const CHUNK: u64 = 20;

/// Transactions of one job, which is then followed by another.
const CHUNKS: usize = 100;

/// How long the last batch can be undone.
const KEPT: Duration = Duration::hours(24);

/// A job that has been silent for so long is begun again.
const SILENT: Duration = Duration::seconds(30);

const GONE: &str = "who asked for it does not work here any more";

/// Does this to all of them; more than two hundred are gone on with in the background, see `last`.
///
/// # Errors
/// `Invalid` for none, for more than 10,000, and for a tag that is none; `NotAllowed`.
pub async fn begin(s: &Services, actor: &Actor, chosen: Chosen, action: BulkAction) -> Result<BatchView> {
    let action = allowed(actor, action)?;
    let account_id = seen::account(actor).ok_or_else(|| problem(Code::NotAllowed, "Only a person can do this."))?;
    let as_of = match &chosen {
        Chosen::View { as_of, .. } | Chosen::Filtered { as_of, .. } => Some(*as_of),
        Chosen::These(_) => None,
    };
    let ids = ids(s, actor, chosen).await?;
    let mut tx = s.begin().await?;
    let id = open(&tx, actor.business_id, account_id, &action, as_of, BatchState::Running).await?;
    let rows = ids.iter().map(|conversation_id| entry::ActiveModel {
        batch_id: Set(id),
        conversation_id: Set(*conversation_id),
        business_id: Set(actor.business_id),
        state: Set("todo".to_owned()),
        reason: Set(None),
        before: Set(None),
        after: Set(None),
    });
    let rows: Vec<entry::ActiveModel> = rows.collect();
    for some in rows.chunks(500) {
        entry::Entity::insert_many(some.to_vec())
            .exec_without_returning(&tx.db)
            .await?;
    }
    finish_later(&mut tx, id, ids.len()).await?;
    tx.commit().await?;
    if ids.len() <= AT_ONCE {
        perform(s, id).await?;
    }
    view(&s.db().write, id).await
}

async fn finish_later(tx: &mut Tx, batch_id: Uuid, many: usize) -> Result<()> {
    // Few are done by who asked; should that process die meanwhile, the tick finds them.
    if many > AT_ONCE {
        tx.enqueue(&Job::Batch { batch_id }, tx.now, None).await?;
    }
    Ok(())
}

/// The action with its words tidied.
fn allowed(actor: &Actor, action: BulkAction) -> Result<BulkAction> {
    let tidy = |typed: String| {
        let tags = contacts::tags::tidy(&[typed])?;
        tags.into_iter()
            .next()
            .ok_or_else(|| field("tag", "Please give the word of the tag."))
    };
    Ok(match action {
        BulkAction::Do(action) => {
            act::allowed(actor, action)?;
            BulkAction::Do(action)
        }
        BulkAction::Tag(tag) => {
            actor.may(Permission::WriteContacts)?;
            BulkAction::Tag(tidy(tag)?)
        }
        BulkAction::Untag(tag) => {
            actor.may(Permission::WriteContacts)?;
            BulkAction::Untag(tidy(tag)?)
        }
    })
}

async fn ids(s: &Services, actor: &Actor, chosen: Chosen) -> Result<Vec<Uuid>> {
    let ids = match chosen {
        Chosen::These(mut ids) | Chosen::Filtered { mut ids, .. } => {
            ids.sort();
            ids.dedup();
            ids
        }
        Chosen::View { show, .. } => {
            let view = View::named(show.as_deref(), actor)?;
            view.ids(s, actor.business_id, AT_MOST + 1).await?
        }
    };
    if ids.is_empty() {
        return Err(problem(Code::Invalid, "Nothing was chosen. Tick the conversations first."));
    }
    if ids.len() as u64 > AT_MOST {
        let words = "These are more than 10,000 conversations. Nothing was done; please choose fewer, in a narrower view.";
        return Err(problem(Code::Invalid, words));
    }
    Ok(ids)
}

/// Goes on with a batch, forwards or back, until it is finished or so much was done that others should have a turn.
///
/// # Errors
/// When the database does not answer; the next tick goes on with it.
pub(crate) async fn perform(s: &Services, batch_id: Uuid) -> Result<()> {
    for _ in 0..CHUNKS {
        if !Box::pin(step(s, batch_id)).await? {
            return Ok(());
        }
    }
    let mut tx = s.begin().await?;
    tx.enqueue(&Job::Batch { batch_id }, tx.now, None).await?;
    tx.commit().await
}

/// A few of them in one transaction; whether there are more.
async fn step(s: &Services, batch_id: Uuid) -> Result<bool> {
    let mut tx = s.begin().await?;
    // One at a time: whoever else is at work on it waits here, and finds what is left.
    let header = batch::Entity::find_by_id(batch_id).lock(LockType::Update).one(&tx.db).await?;
    let Some(header) = header else { return Ok(false) };
    let undoing = match state_of(&header)? {
        BatchState::Running => false,
        BatchState::Undoing => true,
        BatchState::Done | BatchState::Undone => return Ok(false),
    };
    let rows = entry::Entity::in_business(header.business_id)
        .filter(entry::Column::BatchId.eq(batch_id))
        .filter(entry::Column::State.eq(if undoing { "done" } else { "todo" }))
        .order_by_asc(entry::Column::ConversationId)
        .limit(CHUNK)
        .all(&tx.db)
        .await?;
    let more = rows.len() as u64 == CHUNK;
    let actor = accounts::actor_on(&tx.db, header.account_id, header.business_id).await?;
    lock_people(&tx, header.business_id, &rows).await?;
    let action: BulkAction = serde_json::from_str(&header.action).map_err(|e| Error::broken(e.to_string()))?;
    for row in rows {
        match &actor {
            Some(actor) if undoing => undo::one(&mut tx, actor, &action, row).await?,
            Some(actor) => one(&mut tx, actor, &action, header.as_of, row).await?,
            None => settle(&tx, row, if undoing { "kept" } else { "not" }, Some(GONE)).await?,
        }
    }
    let mut header = header.into_active_model();
    header.changed_at = Set(tx.now);
    if !more {
        let end = if undoing { BatchState::Undone } else { BatchState::Done };
        header.state = Set(end.as_str().to_owned());
    }
    header.update(&tx.db).await?;
    tx.commit().await?;
    Ok(more)
}

/// In one order, so that two who deal with the same people never wait for each other.
async fn lock_people(tx: &Tx, business_id: Uuid, rows: &[entry::Model]) -> Result<()> {
    let people: Vec<Uuid> = conversation::Entity::these(business_id, rows.iter().map(|row| row.conversation_id))
        .select_only()
        .column(conversation::Column::ContactId)
        .into_tuple()
        .all(&tx.db)
        .await?;
    contacts::locked_all(tx, &people).await.map(drop)
}

async fn one(tx: &mut Tx, actor: &Actor, action: &BulkAction, as_of: Option<DateTime<Utc>>, row: entry::Model) -> Result<()> {
    let done = match newer(tx, actor, action, as_of, row.conversation_id).await {
        Ok(()) => change(tx, actor, action, row.conversation_id).await,
        refused => refused.map(|()| None),
    };
    match done {
        Ok(changed) => {
            let mut row = row.into_active_model();
            if let Some(changed) = changed {
                row.before = Set(Some(json(&changed.before)?));
                row.after = Set(Some(json(&changed.after)?));
            }
            row.state = Set("done".to_owned());
            row.update(&tx.db).await?;
            Ok(())
        }
        Err(Error::Problem(why)) => settle(tx, row, "not", Some(&why.detail)).await,
        Err(cause) => Err(cause),
    }
}

/// What nobody had seen when all of a view was chosen is not closed with it.
async fn newer(tx: &Tx, actor: &Actor, action: &BulkAction, as_of: Option<DateTime<Utc>>, id: Uuid) -> Result<()> {
    use ConversationAction as A;
    let hides = matches!(
        action,
        BulkAction::Do(A::Close | A::NoReplyNeeded | A::Snooze { .. } | A::MarkRead)
    );
    let Some(as_of) = as_of.filter(|_| hides) else { return Ok(()) };
    let last = find(&tx.db, actor.business_id, id).await?.last_inbound_id;
    let stored = last.and_then(|id| id.get_timestamp()).map(|at| at.to_unix());
    let stored = stored.map(|(seconds, nanos)| i128::from(seconds) * 1_000 + i128::from(nanos / 1_000_000));
    // What was stored in the very millisecond may not have been counted.
    if stored.is_some_and(|at| at >= i128::from(as_of.timestamp_millis())) {
        return Err(problem(Code::Conflict, "has a new message"));
    }
    Ok(())
}

async fn change(tx: &mut Tx, actor: &Actor, action: &BulkAction, id: Uuid) -> Result<Option<Changed>> {
    let tag = match action {
        BulkAction::Do(action) => return act::apply(tx, actor, id, *action).await,
        BulkAction::Tag(_) => true,
        BulkAction::Untag(_) => false,
    };
    let (BulkAction::Tag(word) | BulkAction::Untag(word)) = action else {
        return Ok(None);
    };
    let contact_id = find(&tx.db, actor.business_id, id).await?.contact_id;
    let person = contacts::locked(tx, actor.business_id, contact_id).await?;
    let changed = contacts::tags::change(tx, actor, &person, word, tag).await?;
    let tagged = |tagged: bool| Facts {
        tagged: Some(tagged),
        ..Facts::default()
    };
    Ok(changed.then(|| Changed {
        before: tagged(!tag),
        after: tagged(tag),
    }))
}

async fn settle(tx: &Tx, row: entry::Model, state: &str, reason: Option<&str>) -> Result<()> {
    let mut row = row.into_active_model();
    row.state = Set(state.to_owned());
    row.reason = Set(reason.map(str::to_owned));
    row.update(&tx.db).await?;
    Ok(())
}

/// What this person did last to conversations, while it can be undone or is being done.
///
/// # Errors
/// When the database does not answer.
pub async fn last(s: &Services, actor: &Actor) -> Result<Option<BatchView>> {
    let Some(account_id) = seen::account(actor) else {
        return Ok(None);
    };
    match newest(actor.business_id, account_id).one(s.read()).await? {
        Some(row) if row.created_at + KEPT > s.now() => Ok(Some(view(s.read(), row.id).await?)),
        _ => Ok(None),
    }
}

pub(crate) fn newest(business_id: Uuid, account_id: Uuid) -> Select<batch::Entity> {
    batch::Entity::in_business(business_id)
        .filter(batch::Column::AccountId.eq(account_id))
        .order_by_desc(batch::Column::CreatedAt)
        .order_by_desc(batch::Column::Id)
        .limit(1)
}

/// # Errors
/// `Internal` for a state that is not known.
fn state_of(row: &batch::Model) -> Result<BatchState> {
    let unknown = |()| Error::broken(format!("a batch in the state {:?}", row.state));
    row.state.parse().map_err(unknown)
}

async fn view(db: &impl ConnectionTrait, id: Uuid) -> Result<BatchView> {
    let row = batch::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| not_found("batch"))?;
    let counted: Vec<(String, Option<String>, i64)> = entry::Entity::in_business(row.business_id)
        .filter(entry::Column::BatchId.eq(id))
        .select_only()
        .column(entry::Column::State)
        .column(entry::Column::Reason)
        .column_as(Expr::cust("COUNT(*)"), "n")
        .group_by(entry::Column::State)
        .group_by(entry::Column::Reason)
        .into_tuple()
        .all(db)
        .await?;
    let state = state_of(&row)?;
    let back = matches!(state, BatchState::Undoing | BatchState::Undone);
    let (finished, refused) = if back { ("undone", "kept") } else { ("done", "not") };
    let (mut total, mut done, mut not_done) = (0, 0, BTreeMap::<String, u32>::new());
    for (state, reason, n) in counted {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        // What was never done is not to be undone.
        if back && state == "not" {
            continue;
        }
        total += n;
        if state == finished {
            done += n;
        } else if state == refused {
            *not_done.entry(reason.unwrap_or_default()).or_default() += n;
        }
    }
    Ok(BatchView {
        id,
        action: serde_json::from_str(&row.action).map_err(|e| Error::broken(e.to_string()))?,
        state,
        total,
        done,
        not_done: not_done.into_iter().map(|(why, n)| (n, why)).collect(),
        at: row.created_at,
    })
}

/// Batches whose work has stood still.
pub(crate) fn silent(now: DateTime<Utc>) -> Select<batch::Entity> {
    batch::Entity::find()
        .filter(Expr::cust("\"state\" IN ('running', 'undoing')"))
        .filter(batch::Column::ChangedAt.lte(now - SILENT))
        .limit(20)
}

/// Goes on with what stood still, and forgets what can't be undone any more.
///
/// # Errors
/// When the database does not answer; the next tick tries again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    for row in silent(s.now()).all(s.read()).await? {
        let mut tx = s.begin().await?;
        let key = format!("batch:{}:{}", row.id, tx.now.timestamp() / 30);
        tx.enqueue(&Job::Batch { batch_id: row.id }, tx.now, Some(&key)).await?;
        tx.commit().await?;
    }
    Ok(())
}
