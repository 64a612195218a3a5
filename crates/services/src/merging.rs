//! Two contacts that turn out to be one person, and the way back. What was the other one's moves to the kept one: texts, notes, visits, tasks.
//! The other row stays for its number, which is a further one of the kept from then on; texts that wait for it go on to it.
//!
//! It can be undone once: for 30 days, until either of them is merged again.

mod rows;
mod threads;
mod visits;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    contacts::{ContactQuery, ContactView, Merged},
    merging::{MergeContacts, MergePage, MergePreview, MergeSide},
};
use entity::contacts::{contact, contact_merge};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    contacts::{self, merge::Joined},
    conversations,
    kernel::{
        Actor, Error, Event, Permission, Principal, Result, Services, Tx,
        error::{not_found, problem},
        events::Recorded,
    },
    outbox, tasks,
};

/// How long a merge can be undone.
const UNDO: Duration = Duration::days(30);

/// Most texts of somebody who is merged into another: all of them move in one transaction.
const MOST_TEXTS: u64 = 20_000;

/// What the undoing needs.
#[derive(Serialize, Deserialize)]
struct Before {
    contact: Joined,
    /// Visits that got another number, with the one they had.
    codes: Vec<(Uuid, i32)>,
    thread: Option<threads::Before>,
}

/// Merges `other_id` into the contact.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Invalid` for one and the same; `Conflict` with what to do first, and for one that was merged already.
pub async fn merge(s: &Services, actor: &Actor, id: Uuid, cmd: MergeContacts) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let mut tx = s.begin().await?;
    let (kept, other) = contacts::merge::pair(&tx, actor.business_id, id, cmd.other_id).await?;
    join(&mut tx, actor, &kept, &other).await?;
    contacts::finish(tx, actor.business_id, kept.id).await
}

/// Who speaks where a message shows that two are one.
const WHATSAPP: Principal = Principal::System("WhatsApp");

/// A message told a number and the id that somebody else is known by: they are one person. An entry that is known by its id alone goes into
/// the other; about one that has a number of its own, which that id says nothing of, a person is asked.
pub(crate) async fn shown_to_be_one(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::SamePerson(kept, other) = one.event else { continue };
        let (kept, other) = match contacts::merge::pair(tx, one.business_id, kept, other).await {
            Ok(both) => both,
            // Somebody was faster.
            Err(Error::Problem(_)) => continue,
            Err(cause) => return Err(cause),
        };
        let actor = Actor {
            business_id: one.business_id,
            who: WHATSAPP,
        };
        let known_by_id = domain::phone::Address::of(&other.phone) == domain::phone::Address::Other;
        let joined = if known_by_id {
            join(tx, &actor, &kept, &other).await
        } else {
            ask_whether_one(tx, &kept, &other).await
        };
        match joined {
            Err(Error::Problem(why)) => tracing::warn!(contact = %kept.id, why = %why.detail, "two who are one stay apart"),
            other => other?,
        }
    }
    Ok(())
}

async fn ask_whether_one(tx: &mut Tx, kept: &contact::Model, other: &contact::Model) -> Result<()> {
    let task = tasks::New {
        business_id: kept.business_id,
        kind: tasks::Kind::Clarify,
        title: format!(
            "WhatsApp says that this person and {} are the same. If that is so, merge the two.",
            title(other)
        ),
        key: format!("same:{}:{}", kept.id, other.id),
        contact_id: Some(kept.id),
        conversation_id: None,
        appointment_id: None,
        message_id: None,
    };
    tasks::raise(tx, task).await
}

async fn join(tx: &mut Tx, actor: &Actor, kept: &contact::Model, other: &contact::Model) -> Result<()> {
    let plan = contacts::merge::plan(&tx.db, kept, other).await?;
    contacts::merge::fits(&tx.db, kept, other, &plan).await?;
    few_enough(&tx.db, other).await?;
    let codes = visits::codes(&tx.db, tx.now, kept, other).await?;
    let row = begin(tx, actor, kept, other).await?;
    let joined = contacts::merge::join(tx, actor, (kept, other), plan).await?;
    let silent = joined.silences();
    visits::renumber(tx, kept, &codes).await?;
    let thread = threads::join(tx, row.id, kept, other).await?;
    rows::move_over(tx, row.id, kept, other).await?;
    if silent {
        let why = "Nothing more is sent to them: the stricter word of two merged contacts counts.";
        outbox::withdraw_all(tx, kept.business_id, kept.id, None, why).await?;
    }
    let before = Before {
        contact: joined,
        codes: codes.into_iter().map(|code| (code.id, code.was)).collect(),
        thread,
    };
    end(tx, row, &before).await?;
    let names = (title(other), title(kept));
    tx.record_change(
        kept.business_id,
        &actor.who,
        Event::ContactMerged(kept.id, other.id),
        Some(names.0),
        Some(names.1),
    );
    Ok(())
}

fn title(row: &contact::Model) -> String {
    if row.name.is_empty() {
        "Somebody known by number only".to_owned()
    } else {
        row.name.clone()
    }
}

async fn begin(tx: &Tx, actor: &Actor, kept: &contact::Model, other: &contact::Model) -> Result<contact_merge::Model> {
    let thread = conversations::of_contact(&tx.db, other.business_id, other.id).await?;
    let row = contact_merge::Model {
        id: Uuid::now_v7(),
        business_id: kept.business_id,
        kept_id: kept.id,
        other_id: other.id,
        before: String::new(),
        merged_by: actor.author(),
        merged_at: tx.now,
        undone_at: None,
        conversation_id: thread.map(|thread| thread.id),
    };
    Ok(row.into_active_model().reset_all().insert(&tx.db).await?)
}

async fn end(tx: &Tx, row: contact_merge::Model, before: &Before) -> Result<()> {
    let json = serde_json::to_string(before).map_err(|e| Error::broken(e.to_string()))?;
    let mut row = row.into_active_model();
    row.before = Set(json);
    row.update(&tx.db).await?;
    Ok(())
}

async fn few_enough(db: &impl ConnectionTrait, other: &contact::Model) -> Result<()> {
    if u64::from(rows::texts(db, other, MOST_TEXTS + 1).await?) <= MOST_TEXTS {
        return Ok(());
    }
    let words = "This contact has more than 20,000 texts. Merge the other way round, so that this one is kept.";
    Err(problem(Code::Conflict, words))
}

/// Undoes the last merge into this contact: everything is whose it was. What was written to or from the other number since is the other
/// one's; what was booked, noted or changed since stays with the kept one.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Conflict` when there is nothing to undo any more.
pub async fn undo(s: &Services, actor: &Actor, id: Uuid) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let mut tx = s.begin().await?;
    let kept = contacts::view(s, &tx.db, actor.business_id, id).await?.id;
    // Read before the locks, to know whom to lock; read again under them.
    let found = last(&tx.db, actor.business_id, kept).await?.ok_or_else(nothing)?;
    let mut both = contacts::locked_all(&tx, &[found.kept_id, found.other_id]).await?;
    let mut take = |id: Uuid| both.iter().position(|row| row.id == id).map(|at| both.swap_remove(at));
    let (Some(kept), Some(other)) = (take(found.kept_id), take(found.other_id)) else {
        return Err(not_found("contact"));
    };
    let row = last(&tx.db, actor.business_id, kept.id)
        .await?
        .filter(|row| row.id == found.id);
    let row = row.filter(|row| may_undo(row, tx.now)).ok_or_else(nothing)?;
    if kept.merged_into.is_some() || other.merged_into != Some(kept.id) {
        return Err(nothing());
    }
    let before: Before = serde_json::from_str(&row.before).map_err(|e| Error::broken(e.to_string()))?;
    contacts::merge::part(&mut tx, actor, (&kept, &other), &before.contact).await?;
    threads::part(&mut tx, &row, &kept, &other, before.thread.as_ref()).await?;
    rows::move_back(&mut tx, row.id, &kept, &other).await?;
    visits::part(&mut tx, row.id, (&kept, &other), &before.codes).await?;
    let mut done = row.into_active_model();
    done.undone_at = Set(Some(tx.now));
    done.update(&tx.db).await?;
    let names = (title(&kept), title(&other));
    tx.record_change(
        kept.business_id,
        &actor.who,
        Event::MergeUndone(kept.id, other.id),
        Some(names.0),
        Some(names.1),
    );
    contacts::finish(tx, actor.business_id, kept.id).await
}

fn nothing() -> Error {
    problem(
        Code::Conflict,
        "There is no merge to undo any more: it can be undone once, for 30 days, until one of them is merged again.",
    )
}

fn may_undo(row: &contact_merge::Model, now: DateTime<Utc>) -> bool {
    row.undone_at.is_none() && now < row.merged_at + UNDO
}

/// The last merge into a contact, undone or not.
async fn last(db: &impl ConnectionTrait, business_id: Uuid, kept: Uuid) -> Result<Option<contact_merge::Model>> {
    Ok(merges_of(business_id, kept).one(db).await?)
}

pub(crate) fn merges_of(business_id: Uuid, kept: Uuid) -> sea_orm::Select<contact_merge::Entity> {
    contact_merge::Entity::in_business(business_id)
        .filter(contact_merge::Column::KeptId.eq(kept))
        .order_by_desc(contact_merge::Column::Id)
        .limit(1)
}

/// The last merge into a contact, while it can be undone.
pub(crate) async fn undoable(s: &Services, business_id: Uuid, kept: Uuid) -> Result<Option<Merged>> {
    let row = last(s.read(), business_id, kept).await?.filter(|row| may_undo(row, s.now()));
    let Some(row) = row else { return Ok(None) };
    let mut names = contacts::labels(s, s.read(), business_id, vec![row.other_id]).await?;
    Ok(names.remove(&row.other_id).map(|other| Merged {
        with: other.name,
        at: row.merged_at,
        until: row.merged_at + UNDO,
    }))
}

/// What a merge would do.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Invalid` for one and the same; `Conflict` for one that was merged already.
pub async fn preview(s: &Services, actor: &Actor, id: Uuid, asked: MergeContacts) -> Result<MergePreview> {
    for permission in [Permission::WriteContacts, Permission::ReadContacts] {
        actor.may(permission)?;
    }
    let (kept, other) = contacts::merge::pair_of(s, actor.business_id, id, asked.other_id).await?;
    let plan = contacts::merge::plan(s.read(), &kept, &other).await?;
    let refused = match objections(s, &kept, &other, &plan).await {
        Ok(()) => None,
        Err(Error::Problem(why)) => Some(why.detail),
        Err(cause) => return Err(cause),
    };
    let (of_kept, of_other) = (side(s, &kept).await?, side(s, &other).await?);
    Ok(MergePreview {
        result: contacts::merge::shown(s, &kept, &other, &plan).await?,
        warnings: warnings(&of_kept, &of_other, plan.silences()),
        kept: of_kept,
        other: of_other,
        refused,
    })
}

async fn objections(s: &Services, kept: &contact::Model, other: &contact::Model, plan: &Joined) -> Result<()> {
    contacts::merge::fits(s.read(), kept, other, plan).await?;
    few_enough(s.read(), other).await?;
    visits::codes(s.read(), s.now(), kept, other).await.map(drop)
}

fn warnings(kept: &MergeSide, other: &MergeSide, silent: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    let waiting = kept.waiting + other.waiting;
    if silent && waiting > 0 {
        warnings.push(format!(
            "{waiting} texts that wait are cancelled, as they want none any more. Undo does not bring them back."
        ));
    } else if other.waiting > 0 {
        warnings.push(format!(
            "{} texts that wait still go to {}.",
            other.waiting, other.contact.phone_display
        ));
    }
    if silent && !(kept.contact.blocked || kept.contact.consent.sms == domain::consent::State::OptedOut) {
        warnings.push("They get no texts any more: one of the two has said so.".to_owned());
    }
    warnings.push(format!("From now on texts go to {}.", kept.contact.phone_display));
    if let (Some(stays), Some(goes)) = (&kept.contact.email, &other.contact.email)
        && stays != goes
    {
        warnings.push(format!(
            "E-mail goes to {stays}. {goes} is not used any more; Undo brings it back."
        ));
    }
    warnings
}

async fn side(s: &Services, who: &contact::Model) -> Result<MergeSide> {
    let db = s.read();
    Ok(MergeSide {
        contact: contacts::view(s, db, who.business_id, who.id).await?,
        appointments: rows::appointments(db, who, MOST_TEXTS).await?,
        messages: rows::texts(db, who, MOST_TEXTS).await?,
        waiting: rows::waiting(db, who, MOST_TEXTS).await?,
        notes: rows::notes(db, who, MOST_TEXTS).await?,
        open_tasks: rows::open_tasks(db, who, MOST_TEXTS).await?,
    })
}

/// The screen on which two are merged: who it could be, or what would become of them. Nothing searched for: those of the same name.
///
/// # Errors
/// As `preview`.
pub async fn page(s: &Services, actor: &Actor, id: Uuid, q: Option<String>, other: Option<Uuid>) -> Result<MergePage> {
    actor.may(Permission::WriteContacts)?;
    let contact = contacts::get(s, actor, id).await?;
    if let Some(other_id) = other {
        return Ok(MergePage {
            preview: Some(preview(s, actor, contact.id, MergeContacts { other_id }).await?),
            candidates: Vec::new(),
            contact,
        });
    }
    let search = q.filter(|q| !q.trim().is_empty()).unwrap_or_else(|| contact.name.clone());
    let query = ContactQuery {
        search: Some(search),
        limit: Some(20),
        ..ContactQuery::default()
    };
    let mut candidates = contacts::list(s, actor, query).await?.data;
    candidates.retain(|candidate| candidate.id != contact.id);
    Ok(MergePage {
        contact,
        candidates,
        preview: None,
    })
}
