//! Browsers that take notifications, and the keys by which their push services know this installation.

use chrono::{DateTime, Utc};
use contract::{
    Code,
    notifications::{AddDevice, DeviceView},
};
use domain::{delivery::Status, when};
use entity::notifications::{push, push_device, push_key};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::person;
use crate::{
    accounts, businesses,
    channels::push::{Keys, Push, keys_of, new_keys, valid},
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::{field, not_found, problem, short},
        events::{Recorded, Sessions},
        tx::Changed,
    },
};

/// As `vault::SEALED` calls them.
pub(super) const ENDPOINT: &str = "push_device.endpoint";
pub(super) const AUTH: &str = "push_device.auth";
const SECRET: &str = "push_key.secret";

/// The one pair there is.
const VAPID: &str = "vapid";

/// Most devices of one person in one business.
const MOST: u64 = 20;

/// Makes the installation's keys, the first time it starts.
///
/// # Errors
/// When the database does not answer.
pub async fn prepare(s: &Services) -> Result<()> {
    if push_key::Entity::find_by_id(VAPID).one(s.read()).await?.is_some() {
        return Ok(());
    }
    let keys = new_keys();
    let row = push_key::ActiveModel {
        id: Set(VAPID.to_owned()),
        secret: Set(s.vault().seal(SECRET, secrecy::ExposeSecret::expose_secret(&keys.secret))),
        public: Set(keys.public),
        created_at: Set(s.now()),
    };
    // Two processes may start for the first time: one pair is made.
    let once = OnConflict::column(push_key::Column::Id).do_nothing().to_owned();
    push_key::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(&s.db().write)
        .await?;
    Ok(())
}

async fn stored(s: &Services) -> Result<push_key::Model> {
    let found = push_key::Entity::find_by_id(VAPID).one(&s.db().write).await?;
    found.ok_or_else(|| Error::broken("the keys for push services are missing"))
}

pub(super) async fn keys(s: &Services) -> Result<Keys> {
    let row = stored(s).await?;
    Ok(Keys {
        secret: s.vault().open(SECRET, &row.secret).await?.into(),
        public: row.public,
    })
}

/// By which push services know this installation: an uncompressed point in base64url.
///
/// # Errors
/// When the database does not answer.
pub async fn public_key(s: &Services) -> Result<String> {
    Ok(stored(s).await?.public)
}

/// From now on this browser takes notifications for whoever asks. One that took them for somebody else does so no more.
/// `session` is the id of the session that asks, with which it ends.
///
/// # Errors
/// `SignInNeeded`; `Invalid` for an address or keys that are none, and for more than 20 devices.
pub async fn add_device(s: &Services, actor: &Actor, session: Option<&[u8]>, new: AddDevice) -> Result<Uuid> {
    actor.may(Permission::ReadMessages)?;
    let me = person(actor)?;
    let url = valid(&new.endpoint, s.of::<Push>().strictness).map_err(|why| field("endpoint", why))?;
    if keys_of(&new.p256dh, &new.auth).is_none() {
        return Err(field("p256dh", "The keys of this browser could not be read."));
    }
    let endpoint: String = url.into();
    let name = short("name", &new.name, 100)?;
    let name = if name.is_empty() { "A browser".to_owned() } else { name };
    let tx = s.begin().await?;
    let session_hash = match session {
        Some(id) => accounts::sessions::held(&tx, id, me).await?,
        None => None,
    };
    let signed_out = session.is_some() && session_hash.is_none();
    if signed_out || !accounts::is_member(&tx.db, actor.business_id, me).await? {
        return Err(problem(Code::SignInNeeded, "Please sign in."));
    }
    tx.take_turns(ENDPOINT, [endpoint.clone()]).await?;
    let vault = s.vault();
    let known = push_device::Entity::find()
        .filter(push_device::Column::EndpointKey.is_in(vault.indexes(ENDPOINT, &endpoint)))
        .one(&tx.db)
        .await?;
    let there = push_device::Entity::in_business(actor.business_id)
        .filter(push_device::Column::AccountId.eq(me))
        .count(&tx.db)
        .await?;
    if known.is_none() && there >= MOST {
        return Err(problem(
            Code::Invalid,
            "You have 20 devices already. Please remove one that you no longer use.",
        ));
    }
    let row = push_device::Model {
        id: known.as_ref().map_or_else(Uuid::now_v7, |row| row.id),
        business_id: actor.business_id,
        account_id: me,
        name,
        endpoint: vault.seal(ENDPOINT, &endpoint),
        endpoint_key: vault.index(ENDPOINT, &endpoint),
        p256dh: new.p256dh,
        auth: vault.seal(AUTH, &new.auth),
        created_at: known.as_ref().map_or(tx.now, |row| row.created_at),
        succeeded_at: known.as_ref().and_then(|row| row.succeeded_at),
        failed_at: None,
        why: None,
        gone_at: None,
        session_hash,
    };
    let id = row.id;
    let is_new = known.is_none();
    let row = row.into_active_model().reset_all();
    if is_new {
        row.insert(&tx.db).await?;
    } else {
        row.update(&tx.db).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Sends nothing more to one of one's own devices.
///
/// # Errors
/// `NotFound`.
pub async fn remove_device(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    let me = person(actor)?;
    let removed = push_device::Entity::delete_many()
        .filter(push_device::Column::BusinessId.eq(actor.business_id))
        .filter(push_device::Column::AccountId.eq(me))
        .filter(push_device::Column::Id.eq(id))
        .exec(&s.db().write)
        .await?;
    if removed.rows_affected == 0 {
        return Err(not_found("device"));
    }
    Ok(())
}

/// The devices of who has left are told nothing more of the business, nor again should they come back.
pub(crate) async fn members_removed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::MemberRemoved(account) = one.event else { continue };
        push_device::Entity::delete_many()
            .filter(push_device::Column::BusinessId.eq(one.business_id))
            .filter(push_device::Column::AccountId.eq(account))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

/// Nothing more is sent to a browser that is signed out; one whose session gets another id goes on.
pub(crate) async fn sessions_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::SessionsChanged { account, how } = &one.event else {
            continue;
        };
        let hash = push_device::Column::SessionHash;
        match how {
            Sessions::Ended(ended) => forget(tx, *account, hash.eq(ended.as_str())).await?,
            // Whose session is not known goes, too.
            Sessions::OthersEnded(Some(but)) => forget(tx, *account, hash.is_null().or(hash.ne(but.as_str()))).await?,
            Sessions::OthersEnded(None) => forget(tx, *account, push_device::Column::AccountId.eq(*account)).await?,
            // Of no session till then, or it would end with the one before.
            Sessions::Renewing(from) => move_over(tx, *account, hash.eq(from.as_str()), None).await?,
            Sessions::Renewed(to) => move_over(tx, *account, hash.is_null(), Some(to.clone())).await?,
        }
    }
    Ok(())
}

async fn forget(tx: &Tx, account_id: Uuid, which: Expr) -> Result<()> {
    push_device::Entity::delete_many()
        .filter(push_device::Column::AccountId.eq(account_id))
        .filter(which)
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn move_over(tx: &Tx, account_id: Uuid, which: Expr, to: Option<String>) -> Result<()> {
    push_device::Entity::update_many()
        .col_expr(push_device::Column::SessionHash, Expr::value(to))
        .filter(push_device::Column::AccountId.eq(account_id))
        .filter(which)
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Sends a test to every device of whoever asks; to how many.
///
/// # Errors
/// `Conflict` where there is none, or while the last test is on its way.
pub async fn send_test(s: &Services, actor: &Actor) -> Result<usize> {
    actor.may(Permission::ReadMessages)?;
    let me = person(actor)?;
    let mut tx = s.begin().await?;
    let devices = working(actor.business_id, me).all(&tx.db).await?;
    if devices.is_empty() {
        let why = "None of your devices takes notifications yet. Turn them on first, on each device.";
        return Err(problem(Code::Conflict, why));
    }
    let ids = devices.iter().map(|device| device.id);
    let on_its_way = push::Entity::find()
        .filter(push::Column::DeviceId.is_in(ids))
        .filter(push::Column::NotificationId.is_null())
        .filter(push::Column::Status.is_in([Status::Queued.as_str(), Status::Sending.as_str()]))
        .one(&tx.db)
        .await?;
    if on_its_way.is_some() {
        return Err(problem(
            Code::Conflict,
            "The last test is still on its way. Please wait a moment.",
        ));
    }
    let rows = devices.iter().map(|device| note(device, None, tx.now));
    push::Entity::insert_many(rows).exec_without_returning(&tx.db).await?;
    tx.mark_changed(actor.business_id, Changed::Notices);
    tx.commit().await?;
    Ok(devices.len())
}

/// A note to one device; a test where it is about nothing.
pub(super) fn note(device: &push_device::Model, about: Option<Uuid>, now: DateTime<Utc>) -> push::ActiveModel {
    push::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(device.business_id),
        account_id: Set(device.account_id),
        device_id: Set(device.id),
        notification_id: Set(about),
        status: Set(Status::Queued.as_str().to_owned()),
        attempts: Set(0),
        not_before: Set(now),
        claimed_at: Set(None),
        why: Set(None),
        created_at: Set(now),
        changed_at: Set(now),
    }
}

/// Those devices of somebody that are not known to be gone.
pub(super) fn working(business_id: Uuid, account_id: Uuid) -> sea_orm::Select<push_device::Entity> {
    all(business_id, account_id).filter(push_device::Column::GoneAt.is_null())
}

fn all(business_id: Uuid, account_id: Uuid) -> sea_orm::Select<push_device::Entity> {
    push_device::Entity::in_business(business_id)
        .filter(push_device::Column::AccountId.eq(account_id))
        .order_by_asc(push_device::Column::CreatedAt)
        .limit(MOST)
}

/// Somebody's devices, and how each stands.
pub(super) async fn of(s: &Services, business_id: Uuid, account_id: Uuid) -> Result<Vec<DeviceView>> {
    let rows = all(business_id, account_id).all(s.read()).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let zone = businesses::zone(&businesses::get(s.read(), business_id).await?);
    let at = |moment| when::inline(moment, s.now(), zone);
    let view = |row: push_device::Model| {
        let reached = match row.succeeded_at {
            Some(moment) => format!("Last reached {}.", at(moment)),
            None => "Not reached yet.".to_owned(),
        };
        let why = row.why.unwrap_or_default();
        let state = match (row.gone_at, row.failed_at) {
            (Some(moment), _) => format!(
                "Removed {}: this browser no longer takes notifications. Turn them on there again if you want them.",
                at(moment)
            ),
            (None, Some(moment)) => format!("{reached} Not reached {}: {why}", at(moment)),
            (None, None) => reached,
        };
        DeviceView {
            id: row.id,
            name: row.name,
            state,
            gone: row.gone_at.is_some(),
            failing: row.failed_at.is_some(),
        }
    };
    Ok(rows.into_iter().map(view).collect())
}
