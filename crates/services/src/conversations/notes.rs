//! Notes of staff in a thread, and what they have typed and not sent.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use contract::{
    conversations::{AddNote, Draft, DraftKind, NoteView},
    live::LiveEvent,
};
use domain::words::is_blank;
use entity::conversations::{conversation, draft, note};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Set, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{find, seen};
use crate::{
    contacts,
    kernel::{
        Actor, Event, Permission, Result, Services, Tx,
        error::{field, not_found},
        tx::Changed,
    },
};

const LONGEST: usize = 10_000;

/// Most notes shown beside a page of messages.
const MOST: u64 = 100;

/// Writes a note. The customer never sees it.
///
/// # Errors
/// `NotFound`; `Invalid` for an empty or overlong one.
pub async fn add(s: &Services, actor: &Actor, conversation_id: Uuid, cmd: AddNote) -> Result<NoteView> {
    actor.may(Permission::SendMessages)?;
    let body = domain::inbound::clean(&cmd.body).trim().to_owned();
    if is_blank(&body) {
        return Err(field(
            "body",
            "There is nothing to read in this note. Please write something.",
        ));
    }
    if body.chars().count() > LONGEST {
        return Err(field("body", "A note has at most 10,000 characters."));
    }
    let mut tx = s.begin().await?;
    let contact_id = find(&tx.db, actor.business_id, conversation_id).await?.contact_id;
    contacts::locked(&tx, actor.business_id, contact_id).await?;
    if let Some(before) = repeated(&tx.db, actor, conversation_id, cmd.id).await? {
        return Ok(shown(before));
    }
    let row = note::Model {
        id: Uuid::now_v7(),
        business_id: actor.business_id,
        conversation_id,
        contact_id,
        author_id: seen::account(actor),
        author: actor.author(),
        body,
        client_id: cmd.id,
        created_at: tx.now,
    };
    row.clone().into_active_model().reset_all().insert(&tx.db).await?;
    let mut thread = find(&tx.db, actor.business_id, conversation_id).await?.into_active_model();
    thread.last_human_at = Set(Some(tx.now));
    thread.update(&tx.db).await?;
    forget(&tx.db, actor, conversation_id).await?;
    tx.record(actor.business_id, &actor.who, Event::NoteAdded(Arc::new(row.clone())));
    let view = shown(row);
    tx.publish(actor.business_id, LiveEvent::Note(view.clone()));
    tx.mark_changed(actor.business_id, Changed::Conversation(conversation_id));
    tx.commit().await?;
    Ok(view)
}

/// The note that was written under this id before, if it was by the same person in the same thread.
async fn repeated(
    db: &impl ConnectionTrait,
    actor: &Actor,
    conversation_id: Uuid,
    id: Option<Uuid>,
) -> Result<Option<note::Model>> {
    let Some(id) = id else { return Ok(None) };
    let before = note::Entity::in_business(actor.business_id)
        .filter(note::Column::ClientId.eq(id))
        .one(db)
        .await?;
    match before {
        Some(row) if row.conversation_id != conversation_id || row.author_id != seen::account(actor) => {
            Err(field("id", "Another note has this id. Please give each its own."))
        }
        found => Ok(found),
    }
}

fn shown(row: note::Model) -> NoteView {
    NoteView {
        id: row.id,
        conversation_id: row.conversation_id,
        author: row.author,
        body: row.body,
        created_at: row.created_at,
    }
}

/// The notes of a thread between two moments, the oldest first; of very many the latest.
pub(crate) async fn between(
    db: &impl ConnectionTrait,
    conversation_id: Uuid,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<Vec<NoteView>> {
    let mut rows = note::Entity::find()
        .filter(note::Column::ConversationId.eq(conversation_id))
        .order_by_desc(note::Column::CreatedAt)
        .order_by_desc(note::Column::Id)
        .limit(MOST);
    if let Some(from) = from {
        rows = rows.filter(note::Column::CreatedAt.gte(from));
    }
    if let Some(to) = to {
        rows = rows.filter(note::Column::CreatedAt.lt(to));
    }
    let mut notes: Vec<NoteView> = rows.all(db).await?.into_iter().map(shown).collect();
    notes.reverse();
    Ok(notes)
}

/// When a note of this conversation was written.
pub(crate) async fn at(db: &impl ConnectionTrait, business_id: Uuid, conversation_id: Uuid, id: Uuid) -> Result<DateTime<Utc>> {
    let row = note::Entity::these(business_id, [id])
        .filter(note::Column::ConversationId.eq(conversation_id))
        .one(db)
        .await?;
    Ok(row.ok_or_else(|| not_found("message"))?.created_at)
}

/// The conversation with this person and the time that a note stands at.
pub(crate) async fn place(db: &impl ConnectionTrait, contact_id: Uuid, id: Uuid) -> Result<Option<(Uuid, DateTime<Utc>)>> {
    let found = note::Entity::find_by_id(id)
        .filter(note::Column::ContactId.eq(contact_id))
        .one(db)
        .await?;
    Ok(found.map(|note| (note.conversation_id, note.created_at)))
}

/// Whether somebody else wrote a note in this thread after that message was stored.
pub(crate) async fn newer_than(
    db: &impl ConnectionTrait,
    actor: &Actor,
    conversation_id: Uuid,
    message_id: Uuid,
) -> Result<bool> {
    let newer = note::Entity::find()
        .filter(note::Column::ConversationId.eq(conversation_id))
        .filter(note::Column::Id.gt(message_id))
        .filter(note::Column::Author.ne(actor.author()))
        .limit(1);
    Ok(newer.one(db).await?.is_some())
}

/// Keeps what somebody has typed; nothing typed: nothing kept.
///
/// # Errors
/// `NotFound`; `Invalid` for an overlong one.
pub async fn save_draft(s: &Services, actor: &Actor, conversation_id: Uuid, new: Draft) -> Result<()> {
    actor.may(Permission::SendMessages)?;
    find(s.read(), actor.business_id, conversation_id).await?;
    let Some(account_id) = seen::account(actor) else {
        return Ok(());
    };
    if is_blank(&new.body) {
        return forget(&s.db().write, actor, conversation_id).await;
    }
    if new.body.chars().count() > LONGEST {
        return Err(field("body", "This is more than 10,000 characters."));
    }
    let kind = if new.kind == DraftKind::Note { "note" } else { "reply" };
    let whose = (account_id, conversation_id, actor.business_id);
    keep(&s.db().write, whose, kind, new.body, s.now()).await
}

async fn keep(
    db: &impl ConnectionTrait,
    (account_id, conversation_id, business_id): (Uuid, Uuid, Uuid),
    kind: &str,
    body: String,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = draft::ActiveModel {
        account_id: Set(account_id),
        conversation_id: Set(conversation_id),
        business_id: Set(business_id),
        kind: Set(kind.to_owned()),
        body: Set(body),
        updated_at: Set(now),
    };
    let anew = OnConflict::columns([draft::Column::AccountId, draft::Column::ConversationId])
        .update_columns([draft::Column::Kind, draft::Column::Body, draft::Column::UpdatedAt])
        .to_owned();
    draft::Entity::insert(row)
        .on_conflict(anew)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// It was sent, or is wanted no more.
pub(crate) async fn forget(db: &impl ConnectionTrait, actor: &Actor, conversation_id: Uuid) -> Result<()> {
    if let Some(account_id) = seen::account(actor) {
        draft::Entity::delete_by_id((account_id, conversation_id)).exec(db).await?;
    }
    Ok(())
}

/// What a reply said that was taken back is its writer's draft again, before what they have typed since. A note they are writing stays.
pub(crate) async fn put_back(tx: &Tx, actor: &Actor, conversation_id: Uuid, body: String) -> Result<()> {
    let Some(account_id) = seen::account(actor) else {
        return Ok(());
    };
    let typed = draft(&tx.db, actor, conversation_id).await?;
    let body = match typed {
        Some(Draft {
            kind: DraftKind::Note, ..
        }) => return Ok(()),
        Some(typed) if !is_blank(&typed.body) && typed.body != body => format!("{body}\n{}", typed.body),
        _ => body,
    };
    keep(
        &tx.db,
        (account_id, conversation_id, actor.business_id),
        "reply",
        body,
        tx.now,
    )
    .await
}

/// Replies by these to these people are stored: what was kept of them while they were typed is no draft any more.
pub(crate) async fn sent(tx: &Tx, written: impl IntoIterator<Item = (&Actor, Uuid)>) -> Result<()> {
    let mut by_account: BTreeMap<(Uuid, Uuid), Vec<Uuid>> = BTreeMap::new();
    for (actor, contact_id) in written {
        if let Some(account_id) = seen::account(actor) {
            by_account
                .entry((actor.business_id, account_id))
                .or_default()
                .push(contact_id);
        }
    }
    for ((business_id, account_id), people) in by_account {
        let theirs = conversation::Entity::in_business(business_id)
            .filter(conversation::Column::ContactId.is_in(people))
            .select_only()
            .column(conversation::Column::Id)
            .into_query();
        draft::Entity::delete_many()
            .filter(draft::Column::AccountId.eq(account_id))
            .filter(draft::Column::ConversationId.in_subquery(theirs))
            .filter(draft::Column::Kind.eq("reply"))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

/// What this reader has typed here.
pub(crate) async fn draft(db: &impl ConnectionTrait, actor: &Actor, conversation_id: Uuid) -> Result<Option<Draft>> {
    let Some(account_id) = seen::account(actor) else {
        return Ok(None);
    };
    let row = draft::Entity::find_by_id((account_id, conversation_id)).one(db).await?;
    Ok(row.map(|row| Draft {
        kind: if row.kind == "note" {
            DraftKind::Note
        } else {
            DraftKind::Reply
        },
        body: row.body,
    }))
}
