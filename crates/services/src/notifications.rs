//! WHO SHOULD KNOW. What happens becomes a notification to each member who wants to hear of it, in the transaction of its cause (law 1):
//! a line in their list, a note to their devices, a mail. What goes out waits a moment: who has the conversation open reads it then, and
//! what was read is told nowhere else.
//!
//! A note to a device may be handed over twice where it is not known whether it was taken: a device shows one of a tag.

mod devices;
mod digest;
mod listen;
mod send;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use contract::{
    Code, Page,
    notifications::{Choices, NotificationView, NotificationsView},
};
use entity::notifications::{notification, notification_choice};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select, Set,
    sea_query::{Expr, LockType, OnConflict},
};
use uuid::Uuid;

use crate::{
    businesses::locations,
    channels, conversations,
    kernel::{
        Actor, Error, Permission, Principal, Result, Services,
        error::{field, not_found, problem},
        paging::{self, Cursor, TimeCursor},
        tx::Changed,
    },
};

pub use devices::{add_device, prepare, public_key, remove_device, send_test};
pub(crate) use devices::{members_removed, sessions_changed};
pub(crate) use listen::{ALERTS, collect, tell_of_alert, tell_of_breaker};
pub use send::{due as pushes_due, push_some, recover, tick};

/// Between a thing and what tells of it elsewhere: the time of a page that is open to say that it was seen.
const SOON: Duration = Duration::seconds(3);

/// How long a thing can be unread before a digest tells of it, in minutes.
const DIGEST: std::ops::RangeInclusive<u32> = 1..=1_440;

/// Notifications are kept so long.
const KEPT: Duration = Duration::days(30);

/// Unread ones are counted so far.
const COUNTED: u64 = 99;

/// What the person who looks was told, newest first, with everything they have chosen.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person; `Malformed` for a cursor that is none.
pub async fn page(s: &Services, actor: &Actor, cursor: Option<&str>) -> Result<NotificationsView> {
    actor.may(Permission::ReadMessages)?;
    let me = person(actor)?;
    let mut rows = latest(actor.business_id, me).limit(paging::PAGE + 1);
    if let Some(Cursor(at, id)) = TimeCursor::decode(cursor)? {
        rows = rows.filter(paging::beyond(
            notification::Column::CreatedAt,
            notification::Column::Id,
            at,
            id,
            true,
        ));
    }
    let page = paging::page(rows.all(s.read()).await?, |row| Cursor(row.created_at, row.id));
    Ok(NotificationsView {
        page: Page {
            data: words::views(s, s.read(), actor.business_id, page.data).await?,
            next_cursor: page.next_cursor,
        },
        unread: unread(s, actor).await?,
        choices: choices(s.read(), actor.business_id, me).await?,
        devices: devices::of(s, actor.business_id, me).await?,
        push_key: public_key(s).await?,
        mail_works: channels::mail_server(s).is_some(),
        places: places(s, actor).await?,
    })
}

/// The business's locations, by name.
async fn places(s: &Services, actor: &Actor) -> Result<Vec<(Uuid, String)>> {
    let all = locations::list(s, actor).await?.into_iter();
    Ok(all.map(|place| (place.id, place.name)).collect())
}

/// The account of a person; a key is told nothing.
fn person(actor: &Actor) -> Result<Uuid> {
    match actor.who {
        Principal::Member { account_id, .. } => Ok(account_id),
        _ => Err(problem(Code::SignInNeeded, "Please sign in.")),
    }
}

/// `in_app` is a literal: SQLite uses an index over a part of the rows only if it can see that the query asks for no others.
pub(crate) fn of(business_id: Uuid, account_id: Uuid) -> Select<notification::Entity> {
    notification::Entity::in_business(business_id)
        .filter(notification::Column::AccountId.eq(account_id))
        .filter(Expr::cust("\"in_app\""))
}

pub(crate) fn latest(business_id: Uuid, account_id: Uuid) -> Select<notification::Entity> {
    of(business_id, account_id)
        .order_by_desc(notification::Column::CreatedAt)
        .order_by_desc(notification::Column::Id)
}

/// What somebody has not seen yet, counted up to 99.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person.
pub async fn unread(s: &Services, actor: &Actor) -> Result<u32> {
    let ids: Vec<Uuid> = of(actor.business_id, person(actor)?)
        .filter(notification::Column::ReadAt.is_null())
        .select_only()
        .column(notification::Column::Id)
        .limit(COUNTED)
        .into_tuple()
        .all(s.read())
        .await?;
    Ok(ids.len() as u32)
}

/// Marks one as read, or all of them.
///
/// # Errors
/// `SignInNeeded`; `NotFound` for one that is not theirs.
pub async fn mark_read(s: &Services, actor: &Actor, one: Option<Uuid>) -> Result<()> {
    actor.may(Permission::ReadMessages)?;
    let me = person(actor)?;
    let mut tx = s.begin().await?;
    if let Some(id) = one {
        let found = notification::Entity::in_business(actor.business_id)
            .filter(notification::Column::Id.eq(id))
            .filter(notification::Column::AccountId.eq(me))
            .one(&tx.db)
            .await?;
        found.ok_or_else(|| not_found("notification"))?;
    }
    let mut read = notification::Entity::update_many()
        .col_expr(notification::Column::ReadAt, Expr::value(tx.now))
        .filter(notification::Column::BusinessId.eq(actor.business_id))
        .filter(notification::Column::AccountId.eq(me))
        .filter(notification::Column::ReadAt.is_null());
    read = match one {
        Some(id) => read.filter(notification::Column::Id.eq(id)),
        None => read.filter(Expr::cust("\"in_app\"")),
    };
    read.exec(&tx.db).await?;
    tx.mark_changed(actor.business_id, Changed::Notices);
    tx.commit().await
}

/// Somebody has a conversation before their eyes: it is read, and so is everything they were told of it.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn look_at(s: &Services, actor: &Actor, conversation_id: Uuid) -> Result<()> {
    conversations::mark_read(s, actor, conversation_id).await?;
    let Ok(me) = person(actor) else { return Ok(()) };
    let open = || {
        notification::Column::ConversationId
            .eq(conversation_id)
            .and(notification::Column::AccountId.eq(me))
            .and(notification::Column::ReadAt.is_null())
    };
    // Looked at first: most of the time there is nothing to write.
    let some = notification::Entity::in_business(actor.business_id)
        .filter(open())
        .limit(1)
        .one(s.read())
        .await?;
    if some.is_none() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    notification::Entity::update_many()
        .col_expr(notification::Column::ReadAt, Expr::value(tx.now))
        .filter(notification::Column::BusinessId.eq(actor.business_id))
        .filter(open())
        .exec(&tx.db)
        .await?;
    tx.mark_changed(actor.business_id, Changed::Notices);
    tx.commit().await
}

/// A device of this person has shown what they were told: no mail has to follow. Saying so twice, or late, is harmless.
///
/// # Errors
/// `SignInNeeded`; `NotFound` for one that is not theirs.
pub async fn shown(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::ReadMessages)?;
    let me = person(actor)?;
    let tx = s.begin().await?;
    let found = notification::Entity::in_business(actor.business_id)
        .filter(notification::Column::Id.eq(id))
        .filter(notification::Column::AccountId.eq(me))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let found = found.ok_or_else(|| not_found("notification"))?;
    if found.shown_at.is_none() {
        let (mail_at, if_missed) = (found.mail_at, found.if_missed);
        let mut row = found.into_active_model();
        row.shown_at = Set(Some(tx.now));
        // A mail that they asked for comes all the same.
        row.mail_at = Set(mail_at.filter(|_| !if_missed));
        row.update(&tx.db).await?;
    }
    tx.commit().await
}

/// Keeps how somebody wants to hear of things.
///
/// # Errors
/// `SignInNeeded`; `Invalid` for a time that is out of range.
pub async fn choose(s: &Services, actor: &Actor, new: Choices) -> Result<()> {
    actor.may(Permission::ReadMessages)?;
    let me = person(actor)?;
    if !DIGEST.contains(&new.digest_minutes) {
        return Err(field("digest_minutes", "Please give a number of minutes from 1 to 1,440."));
    }
    let known = places(s, actor).await?;
    if new.places.iter().any(|id| known.iter().all(|(known, _)| known != id)) {
        return Err(field("places", "One of these locations is not of this business."));
    }
    let row = notification_choice::ActiveModel {
        business_id: Set(actor.business_id),
        account_id: Set(me),
        choices: Set(serde_json::to_string(&new).map_err(|e| Error::broken(e.to_string()))?),
        updated_at: Set(s.now()),
    };
    let anew = OnConflict::columns([
        notification_choice::Column::BusinessId,
        notification_choice::Column::AccountId,
    ])
    .update_columns([notification_choice::Column::Choices, notification_choice::Column::UpdatedAt])
    .to_owned();
    notification_choice::Entity::insert(row)
        .on_conflict(anew)
        .exec_without_returning(&s.db().write)
        .await?;
    Ok(())
}

async fn choices(db: &impl ConnectionTrait, business_id: Uuid, account_id: Uuid) -> Result<Choices> {
    let row = notification_choice::Entity::find_by_id((business_id, account_id))
        .one(db)
        .await?;
    Ok(row.map(|row| read(&row)).unwrap_or_default())
}

/// What another version wrote and this one can't read is as usual.
fn read(row: &notification_choice::Model) -> Choices {
    serde_json::from_str(&row.choices).unwrap_or_default()
}

/// Who does not want mails of alerts.
pub(crate) async fn without_alert_mails(db: &impl ConnectionTrait, business_id: Uuid) -> Result<BTreeSet<Uuid>> {
    let all = all_choices(db, business_id).await?;
    let without = all.into_iter().filter(|(_, choices)| !choices.alert_mails);
    Ok(without.map(|(account, _)| account).collect())
}

/// What everybody of a business has chosen who has chosen anything.
async fn all_choices(db: &impl ConnectionTrait, business_id: Uuid) -> Result<BTreeMap<Uuid, Choices>> {
    let rows = notification_choice::Entity::in_business(business_id)
        .limit(500)
        .all(db)
        .await?;
    Ok(rows.iter().map(|row| (row.account_id, read(row))).collect())
}

/// One notification, for whoever it is for.
///
/// # Errors
/// `NotFound`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<NotificationView> {
    let row = notification::Entity::in_business(actor.business_id)
        .filter(notification::Column::Id.eq(id))
        .filter(notification::Column::AccountId.eq(person(actor)?))
        .one(s.read())
        .await?;
    let row = row.ok_or_else(|| not_found("notification"))?;
    let mut views = words::views(s, s.read(), actor.business_id, vec![row]).await?;
    views.pop().ok_or_else(|| not_found("notification"))
}

/// Forgets what is long past.
///
/// # Errors
/// When the database does not answer; the next round tries again.
pub async fn prune(s: &Services) -> Result<()> {
    send::prune(s).await?;
    notification::Entity::delete_many()
        .filter(notification::Column::CreatedAt.lt(s.now() - KEPT))
        .exec(&s.db().write)
        .await?;
    Ok(())
}
