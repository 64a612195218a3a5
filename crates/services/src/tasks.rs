//! Work for a person.

mod edit;
pub(crate) mod hold;
pub(crate) mod leaving;
pub(crate) mod list;
mod listen;

pub(crate) use edit::create_within;
pub use edit::{create, edit, get, take};
pub use hold::decide as decide_hold;
pub use list::list;
pub(crate) use list::open_count;
pub(crate) use listen::{appointments_changed, conversations_answered, conversations_restored, holds_changed, messages_failed};

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::{Code, tasks::TaskView};
use entity::{messages::message, tasks::task};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Set,
    sea_query::{OnConflict, SimpleExpr},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    accounts, contacts, conversations,
    kernel::{
        Actor, Event, Permission, Principal, Result, Services, Tx,
        error::{not_found, problem},
        tx::Changed,
    },
};

/// Who raises and settles what nobody does by hand.
const BY: Principal = Principal::System("tasks");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Reschedule,
    Call,
    Clarify,
    StuckMessage,
    UnclearMessage,
    OptOut,
    ClockChange,
    /// A text of the business's own could not be sent.
    Template,
    /// A calendar that is read needs a person.
    Calendar,
    /// A time is free and needs a person.
    Waitlist,
    /// Somebody thought of it.
    ByHand,
}

impl Kind {
    const ALL: [Kind; 11] = [
        Kind::Reschedule,
        Kind::Call,
        Kind::Clarify,
        Kind::StuckMessage,
        Kind::UnclearMessage,
        Kind::OptOut,
        Kind::ClockChange,
        Kind::Template,
        Kind::Calendar,
        Kind::Waitlist,
        Kind::ByHand,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Reschedule => "reschedule",
            Kind::Call => "call",
            Kind::Clarify => "clarify",
            Kind::StuckMessage => "stuck_message",
            Kind::UnclearMessage => "unclear_message",
            Kind::OptOut => "opt_out",
            Kind::ClockChange => "clock_change",
            Kind::Template => "template",
            Kind::Calendar => "calendar",
            Kind::Waitlist => "waitlist",
            Kind::ByHand => "by_hand",
        }
    }
}

/// A task to raise. The same `key` in one business is one task, however often its cause repeats.
pub(crate) struct New {
    pub business_id: Uuid,
    pub kind: Kind,
    pub title: String,
    pub key: String,
    pub contact_id: Option<Uuid>,
    pub conversation_id: Option<Uuid>,
    pub appointment_id: Option<Uuid>,
    pub message_id: Option<Uuid>,
}

/// Somebody should read this text and answer it.
pub(crate) fn clarify(inbound: &message::Model, title: String) -> New {
    New {
        business_id: inbound.business_id,
        kind: Kind::Clarify,
        title,
        key: format!("clarify:{}", inbound.id),
        contact_id: Some(inbound.contact_id),
        conversation_id: Some(inbound.conversation_id),
        appointment_id: None,
        message_id: Some(inbound.id),
    }
}

/// Asks a person to read a text. Who writes on while that is open adds nothing to do: it stands in the thread.
pub(crate) async fn ask_to_read(tx: &mut Tx, inbound: &message::Model, title: String) -> Result<()> {
    conversations::begin_waiting(tx, inbound).await?;
    let open = task::Entity::in_business(inbound.business_id)
        .filter(task::Column::ContactId.eq(inbound.contact_id))
        .filter(task::Column::Status.eq("open"))
        .filter(task::Column::Kind.eq(Kind::Clarify.as_str()))
        .limit(1)
        .one(&tx.db)
        .await?;
    if open.is_some() {
        return Ok(());
    }
    raise(tx, clarify(inbound, title)).await
}

/// Raises a task, once per key.
pub(crate) async fn raise(tx: &mut Tx, new: New) -> Result<()> {
    let id = Uuid::now_v7();
    let row = task::ActiveModel {
        id: Set(id),
        business_id: Set(new.business_id),
        kind: Set(new.kind.as_str().to_owned()),
        title: Set(new.title),
        contact_id: Set(new.contact_id),
        conversation_id: Set(new.conversation_id),
        appointment_id: Set(new.appointment_id),
        message_id: Set(new.message_id),
        assignee_id: Set(None),
        dedupe_key: Set(new.key),
        notes: Set(String::new()),
        status: Set("open".to_owned()),
        due_at: Set(None),
        created_at: Set(tx.now),
        done_at: Set(None),
        done_by: Set(None),
    };
    let once = OnConflict::columns([task::Column::BusinessId, task::Column::DedupeKey])
        .do_nothing()
        .to_owned();
    let added = task::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    if added > 0 {
        tx.record(new.business_id, &BY, Event::TaskRaised(id));
        tx.mark_changed(new.business_id, Changed::Task(id));
    }
    Ok(())
}

/// Raises a task whose cause is new: one of the same `key` that was done is open again.
pub(crate) async fn raise_anew(tx: &mut Tx, new: New) -> Result<()> {
    let now = tx.now;
    raise_unless_done_since(tx, new, now).await
}

/// The same, but what was done after `since` stays done: its cause may well go on for a while.
pub(crate) async fn raise_unless_done_since(tx: &mut Tx, new: New, since: DateTime<Utc>) -> Result<()> {
    let done = task::Entity::in_business(new.business_id)
        .filter(task::Column::DedupeKey.eq(&new.key))
        .filter(task::Column::Status.eq("done"))
        .one(&tx.db)
        .await?;
    let Some(row) = done else {
        return raise(tx, new).await;
    };
    if row.done_at.is_some_and(|at| at > since) {
        return Ok(());
    }
    let id = row.id;
    let mut row = row.into_active_model();
    row.status = Set("open".to_owned());
    row.title = Set(new.title);
    row.created_at = Set(tx.now);
    row.done_at = Set(None);
    row.done_by = Set(None);
    row.update(&tx.db).await?;
    tx.record(new.business_id, &BY, Event::TaskRaised(id));
    tx.mark_changed(new.business_id, Changed::Task(id));
    Ok(())
}

/// Closes the open tasks of an appointment that its change has settled.
pub(crate) async fn settle(tx: &mut Tx, business_id: Uuid, appointment_id: Uuid, kind: Kind, by: &str) -> Result<()> {
    let about = task::Column::AppointmentId.eq(appointment_id);
    settle_where(tx, business_id, about, kind, by).await
}

/// Closes the open tasks of one kind about a contact.
pub(crate) async fn settle_of_contact(tx: &mut Tx, business_id: Uuid, contact_id: Uuid, kind: Kind, by: &str) -> Result<()> {
    let about = task::Column::ContactId.eq(contact_id);
    settle_where(tx, business_id, about, kind, by).await
}

/// Closes the open task of this key.
pub(crate) async fn settle_key(tx: &mut Tx, business_id: Uuid, key: &str, kind: Kind, by: &str) -> Result<()> {
    settle_where(tx, business_id, task::Column::DedupeKey.eq(key), kind, by).await
}

/// Closes the open tasks of one kind about a text.
pub(crate) async fn settle_of_message(tx: &mut Tx, m: &message::Model, kind: Kind, by: &str) -> Result<()> {
    let about = task::Column::ContactId.eq(m.contact_id).and(task::Column::MessageId.eq(m.id));
    settle_where(tx, m.business_id, about, kind, by).await
}

async fn settle_where(tx: &mut Tx, business_id: Uuid, about: SimpleExpr, kind: Kind, by: &str) -> Result<()> {
    let open = task::Entity::in_business(business_id)
        .filter(about)
        .filter(task::Column::Kind.eq(kind.as_str()))
        .filter(task::Column::Status.eq("open"))
        .limit(20)
        .all(&tx.db)
        .await?;
    for row in open {
        let id = row.id;
        set_status(tx, row, true, by).await?;
        tx.record(business_id, &BY, Event::TaskSettled(id));
        tx.mark_changed(business_id, Changed::Task(id));
    }
    Ok(())
}

async fn set_status(tx: &Tx, row: task::Model, done: bool, by: &str) -> Result<()> {
    let mut row = row.into_active_model();
    row.status = Set(if done { "done" } else { "open" }.to_owned());
    row.done_at = Set(done.then_some(tx.now));
    row.done_by = Set(done.then(|| by.to_owned()));
    row.update(&tx.db).await?;
    Ok(())
}

/// A reply that settled tasks of its person was taken back: they are open again.
pub(crate) async fn reopen_settled(tx: &mut Tx, reply: &message::Model, kind: Kind) -> Result<()> {
    reopen_settled_at(tx, reply.business_id, reply.contact_id, kind, reply.created_at).await
}

/// What settled these tasks of a person at that moment was undone.
pub(crate) async fn reopen_settled_at(
    tx: &mut Tx,
    business_id: Uuid,
    contact_id: Uuid,
    kind: Kind,
    at: DateTime<Utc>,
) -> Result<()> {
    let settled = task::Entity::in_business(business_id)
        .filter(task::Column::ContactId.eq(contact_id))
        .filter(task::Column::Kind.eq(kind.as_str()))
        .filter(task::Column::Status.eq("done"))
        .filter(task::Column::DoneAt.eq(at))
        .limit(20)
        .all(&tx.db)
        .await?;
    for row in settled {
        let id = row.id;
        set_status(tx, row, false, "").await?;
        tx.mark_changed(business_id, Changed::Task(id));
    }
    Ok(())
}

/// Marks a task done, or open again. Doing it twice changes nothing.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Conflict` for a question that is settled by its answer only: is this person opting out, did this arrive?
pub async fn set_done(s: &Services, actor: &Actor, id: Uuid, done: bool) -> Result<TaskView> {
    actor.may(Permission::WriteTasks)?;
    let mut tx = s.begin().await?;
    let row = find(&tx.db, actor.business_id, id).await?;
    if (row.status == "done") == done {
        return view(s, &tx.db, actor.business_id, id).await;
    }
    may_settle(&row, done)?;
    let before = row.status.clone();
    set_status(&tx, row, done, &actor.author()).await?;
    let (event, after) = if done {
        (Event::TaskDone(id), "done")
    } else {
        (Event::TaskReopened(id), "open")
    };
    let facts = |state: &str| json!({ "state": state });
    tx.record_change(actor.business_id, &actor.who, event, Some(facts(&before)), Some(facts(after)));
    edit::finish(tx, actor, id).await
}

/// Those of these tasks that somebody is to do, and who.
pub(crate) async fn assigned(db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<(task::Model, Uuid)>> {
    let rows = task::Entity::these(business_id, ids.iter().copied()).all(db).await?;
    Ok(rows
        .into_iter()
        .filter(|row| row.status == "open")
        .filter_map(|row| row.assignee_id.map(|who| (row, who)))
        .collect())
}

/// A question must not be forgotten, and one that was answered is not asked again. Its answer closes the task; nothing else does.
fn may_settle(row: &task::Model, done: bool) -> Result<()> {
    let next_step = match row.kind.as_str() {
        kind if kind == Kind::OptOut.as_str() => "Please decide first: keep texting, or opt them out.",
        kind if kind == Kind::UnclearMessage.as_str() => "Please say first whether the text arrived.",
        kind if kind == Kind::ClockChange.as_str() => "Please decide first which time of the visit holds.",
        _ => return Ok(()),
    };
    match (row.status == "open", done) {
        (true, true) => Err(problem(Code::Conflict, next_step)),
        (false, false) => Err(problem(Code::Conflict, "This was decided; there is nothing left to do.")),
        _ => Ok(()),
    }
}

/// The open tasks about one contact, newest first, at most 20.
pub(crate) async fn of_contact(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    contact_id: Uuid,
) -> Result<Vec<TaskView>> {
    let rows = task::Entity::in_business(business_id)
        .filter(task::Column::ContactId.eq(contact_id))
        .filter(task::Column::Status.eq("open"))
        .order_by_desc(task::Column::CreatedAt)
        .limit(20)
        .all(db)
        .await?;
    views(s, db, business_id, rows).await
}

pub(crate) async fn view(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<TaskView> {
    let row = find(db, business_id, id).await?;
    views(s, db, business_id, vec![row])
        .await?
        .pop()
        .ok_or_else(|| not_found("task"))
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<task::Model> {
    let row = task::Entity::in_business(business_id)
        .filter(task::Column::Id.eq(id))
        .one(db)
        .await?;
    row.ok_or_else(|| not_found("task"))
}

/// Several tasks as they are now, in no particular order.
pub(crate) async fn views_of(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<TaskView>> {
    let rows = task::Entity::these(business_id, ids.iter().copied()).all(db).await?;
    views(s, db, business_id, rows).await
}

async fn views(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, rows: Vec<task::Model>) -> Result<Vec<TaskView>> {
    let ids = rows.iter().filter_map(|r| r.contact_id).collect();
    let people = contacts::labels(s, db, business_id, ids).await?;
    let assignees: Vec<Uuid> = rows.iter().filter_map(|r| r.assignee_id).collect();
    let members = if assignees.is_empty() {
        HashMap::new()
    } else {
        accounts::names(db, assignees).await?
    };
    let shown = rows.into_iter().map(|r| {
        let person = r.contact_id.and_then(|id| people.get(&id));
        TaskView {
            id: r.id,
            kind: r.kind,
            title: r.title,
            contact_name: person.map(|p| p.name.clone()),
            phone: person.map(|p| p.phone.clone()),
            phone_display: person.map(|p| p.phone_display.clone()),
            contact_id: r.contact_id,
            conversation_id: r.conversation_id,
            appointment_id: r.appointment_id,
            message_id: r.message_id,
            assignee_name: r.assignee_id.and_then(|id| members.get(&id).cloned()),
            assignee_id: r.assignee_id,
            notes: r.notes,
            status: r.status,
            created_at: r.created_at,
            due_at: r.due_at,
            done_at: r.done_at,
            done_by: r.done_by,
        }
    });
    Ok(shown.collect())
}
