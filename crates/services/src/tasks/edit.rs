//! Tasks that somebody thought of, and what changes about a task.

use chrono::{DateTime, Utc};
use contract::{
    Code,
    tasks::{CreateTask, EditTask, TaskView},
};
use domain::when;
use entity::{businesses::business, contacts::contact, messages::message, tasks::task};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, Set};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Kind, find, view};
use crate::{
    accounts, appointments, businesses, conversations,
    kernel::{
        Actor, Event, Permission, Principal, Result, Services, Tx,
        error::{field, long, not_found, problem, short},
        tx::Changed,
    },
};

/// A task by hand.
///
/// # Errors
/// `Invalid` for a title that is empty or over 200 characters, notes over 2,000, a time that can't be read, somebody who is no member, and
/// for a visit or text of another person; `NotFound` for a contact, visit or text; `NotAllowed`.
pub async fn create(s: &Services, actor: &Actor, cmd: CreateTask) -> Result<TaskView> {
    let mut tx = s.begin().await?;
    let id = Uuid::now_v7();
    insert(&mut tx, actor, id, format!("by_hand:{id}"), cmd).await?;
    finish(tx, actor, id).await
}

/// The same in a transaction that does more than that; the same `key` twice is one task.
///
/// # Errors
/// As `create`.
pub(crate) async fn create_within(tx: &mut Tx, actor: &Actor, key: String, cmd: CreateTask) -> Result<()> {
    let known = task::Entity::in_business(actor.business_id).filter(task::Column::DedupeKey.eq(&key));
    if known.one(&tx.db).await?.is_some() {
        return Ok(());
    }
    let id = Uuid::now_v7();
    insert(tx, actor, id, key, cmd).await?;
    tx.mark_changed(actor.business_id, Changed::Task(id));
    Ok(())
}

async fn insert(tx: &mut Tx, actor: &Actor, id: Uuid, key: String, cmd: CreateTask) -> Result<()> {
    actor.may(Permission::WriteTasks)?;
    let title = title(&cmd.title)?;
    let notes = notes(&cmd.notes.clone().unwrap_or_default())?;
    let business = businesses::of(tx, actor.business_id).await?;
    let due_at = due(&business, cmd.due_at.as_deref())?;
    let assignee_id = member(&tx.db, actor.business_id, cmd.assignee_id).await?;
    let contact_id = about(tx, actor.business_id, &cmd).await?;
    let conversation = match contact_id {
        Some(id) => conversations::of_contact(&tx.db, actor.business_id, id).await?,
        None => None,
    };
    let row = task::ActiveModel {
        id: Set(id),
        business_id: Set(actor.business_id),
        kind: Set(Kind::ByHand.as_str().to_owned()),
        title: Set(title),
        contact_id: Set(contact_id),
        conversation_id: Set(conversation.map(|c| c.id)),
        appointment_id: Set(cmd.appointment_id),
        message_id: Set(cmd.message_id),
        assignee_id: Set(assignee_id),
        dedupe_key: Set(key),
        notes: Set(notes),
        status: Set("open".to_owned()),
        due_at: Set(due_at),
        created_at: Set(tx.now),
        done_at: Set(None),
        done_by: Set(None),
    };
    let row = row.insert(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::TaskAdded(id),
        None::<()>,
        Some(facts(&row)),
    );
    Ok(())
}

/// Changes what is given. A task of any kind can get a time, somebody who looks after it, and notes.
///
/// # Errors
/// As `create`; `NotFound`; `Conflict` for one that is done.
pub async fn edit(s: &Services, actor: &Actor, id: Uuid, cmd: EditTask) -> Result<TaskView> {
    actor.may(Permission::WriteTasks)?;
    let mut tx = s.begin().await?;
    let business = businesses::of(&mut tx, actor.business_id).await?;
    let before = find(&tx.db, actor.business_id, id).await?;
    let mut row = before.clone().into_active_model();
    if let Some(text) = &cmd.title {
        row.title = Set(title(text)?);
    }
    if let Some(text) = &cmd.notes {
        row.notes = Set(notes(text)?);
    }
    if let Some(text) = &cmd.due_at {
        row.due_at = Set(due(&business, text.as_deref())?);
    }
    if let Some(account) = cmd.assignee_id {
        row.assignee_id = Set(member(&tx.db, actor.business_id, account).await?);
    }
    if before.status != "open" {
        return Err(problem(Code::Conflict, "This task is done. Undo that first."));
    }
    if !row.is_changed() {
        return view(s, &tx.db, actor.business_id, id).await;
    }
    let after = row.update(&tx.db).await?;
    if after == before {
        return view(s, &tx.db, actor.business_id, id).await;
    }
    let event = Event::TaskChanged(id);
    tx.record_change(
        actor.business_id,
        &actor.who,
        event,
        Some(facts(&before)),
        Some(facts(&after)),
    );
    finish(tx, actor, id).await
}

/// Whoever asks looks after it from now on.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person; else as `edit`.
pub async fn take(s: &Services, actor: &Actor, id: Uuid) -> Result<TaskView> {
    let Principal::Member { account_id, .. } = actor.who else {
        return Err(problem(Code::SignInNeeded, "Please sign in."));
    };
    let change = EditTask {
        assignee_id: Some(Some(account_id)),
        ..EditTask::default()
    };
    edit(s, actor, id, change).await
}

/// One task.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<TaskView> {
    actor.may(Permission::ReadTasks)?;
    view(s, s.read(), actor.business_id, id).await
}

pub(super) async fn finish(mut tx: Tx, actor: &Actor, id: Uuid) -> Result<TaskView> {
    tx.mark_changed(actor.business_id, Changed::Task(id));
    tx.settle().await?;
    let shown = view(tx.services(), &tx.db, actor.business_id, id).await?;
    tx.commit().await?;
    Ok(shown)
}

/// What the audit keeps of a task.
fn facts(row: &task::Model) -> Value {
    json!({ "title": row.title, "due_at": row.due_at, "assignee_id": row.assignee_id, "notes": row.notes })
}

fn title(text: &str) -> Result<String> {
    let title = short("title", text, 200)?;
    if title.is_empty() {
        return Err(field("title", "Please say what is to be done."));
    }
    Ok(title)
}

fn notes(text: &str) -> Result<String> {
    long("notes", text, 2000)
}

/// Reads a time: RFC 3339, or a local time by the clock of the business. One that is past is fine: it may well be late already.
fn due(business: &business::Model, text: Option<&str>) -> Result<Option<DateTime<Utc>>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let local = || when::local(text).map(|local| when::local_to_utc(local, businesses::zone(business)));
    let at = when::instant(text).or_else(local);
    let at = at.ok_or_else(|| field("due_at", "Please give a date and a time, for example 2027-01-05T15:00."))?;
    // Whole seconds, as all times that people enter.
    Ok(Some(DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)))
}

async fn member(db: &impl ConnectionTrait, business_id: Uuid, account: Option<Uuid>) -> Result<Option<Uuid>> {
    let Some(account) = account else { return Ok(None) };
    if !accounts::is_member(db, business_id, account).await? {
        return Err(field("assignee_id", "Please choose somebody who works in this business."));
    }
    Ok(Some(account))
}

/// The person whom a task is about: of the visit or the text, if it is about one.
async fn about(tx: &Tx, business_id: Uuid, cmd: &CreateTask) -> Result<Option<Uuid>> {
    let mut person = cmd.contact_id;
    if let Some(id) = person {
        let found = contact::Entity::in_business(business_id).filter(contact::Column::Id.eq(id));
        found.one(&tx.db).await?.ok_or_else(|| not_found("contact"))?;
    }
    if let Some(id) = cmd.appointment_id {
        let visit = appointments::find(&tx.db, business_id, id).await?;
        person = Some(same("appointment_id", "visit", person, visit.contact_id)?);
    }
    if let Some(id) = cmd.message_id {
        let found = message::Entity::in_business(business_id).filter(message::Column::Id.eq(id));
        let text = found.one(&tx.db).await?.ok_or_else(|| not_found("message"))?;
        person = Some(same("message_id", "message", person, text.contact_id)?);
    }
    Ok(person)
}

fn same(name: &str, what: &str, person: Option<Uuid>, whose: Uuid) -> Result<Uuid> {
    match person {
        Some(other) if other != whose => Err(field(name, format!("This {what} is another person's."))),
        _ => Ok(whose),
    }
}
