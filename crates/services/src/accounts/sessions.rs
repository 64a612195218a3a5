//! Rows behind browser sessions. The id itself never reaches the database: who can read the table can't take a session over.

use chrono::{DateTime, Duration, Utc};
use contract::security::SessionView;
use domain::browser;
use entity::accounts::{account, session};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::own;
use crate::kernel::{Actor, Event, Principal, Result, Services, Tx, error::not_found, events::Sessions};

/// When a session was last seen is written down so often at most: looking at pages costs no writing.
const SEEN_EVERY: Duration = Duration::minutes(15);

/// Most sessions that a list shows.
const SHOWN: u64 = 100;

/// What forms leave for the next page, recovery codes among it, is sealed, as `vault::SEALED` says.
const DATA: &str = "session.data";

fn key(id: &[u8]) -> String {
    hex::encode(Sha256::digest(id))
}

/// What a session holds.
pub struct Kept<'a> {
    pub data: String,
    pub expires_at: DateTime<Utc>,
    /// Who has signed in, all the way.
    pub account_id: Option<Uuid>,
    pub user_agent: &'a str,
}

/// A new session.
pub async fn create(s: &Services, id: &[u8], kept: Kept<'_>) -> Result<()> {
    let row = session::ActiveModel {
        id_hash: Set(key(id)),
        data: Set(s.vault().seal(DATA, &kept.data)),
        expires_at: Set(kept.expires_at),
        id: Set(Some(Uuid::now_v7())),
        account_id: Set(kept.account_id),
        user_agent: Set(browser::kept(kept.user_agent)),
        created_at: Set(Some(s.now())),
        seen_at: Set(Some(s.now())),
    };
    session::Entity::insert(row).exec_without_returning(&s.db().write).await?;
    Ok(())
}

/// Changes a session. One that is gone stays gone: a page still loading must not bring a signed-out session back.
pub async fn save(s: &Services, id: &[u8], kept: Kept<'_>) -> Result<()> {
    session::Entity::update_many()
        .col_expr(session::Column::Data, Expr::value(s.vault().seal(DATA, &kept.data)))
        .col_expr(session::Column::ExpiresAt, Expr::value(kept.expires_at))
        .col_expr(session::Column::AccountId, Expr::value(kept.account_id))
        .col_expr(session::Column::UserAgent, Expr::value(browser::kept(kept.user_agent)))
        .filter(session::Column::IdHash.eq(key(id)))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// The data of a session that has not expired, and when it will. It is seen by being asked for.
pub async fn load(s: &Services, id: &[u8]) -> Result<Option<(String, DateTime<Utc>)>> {
    let row = session::Entity::find_by_id(key(id))
        .filter(session::Column::ExpiresAt.gt(s.now()))
        .one(s.read())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let late = s.now() - SEEN_EVERY;
    if row.account_id.is_some() && row.seen_at.is_none_or(|seen| seen <= late) {
        seen(s, &row.id_hash, late).await?;
    }
    Ok(Some((s.vault().open(DATA, &row.data).await?, row.expires_at)))
}

async fn seen(s: &Services, key: &str, late: DateTime<Utc>) -> Result<()> {
    let before = session::Column::SeenAt.is_null().or(session::Column::SeenAt.lte(late));
    session::Entity::update_many()
        .col_expr(session::Column::SeenAt, Expr::value(s.now()))
        .filter(session::Column::IdHash.eq(key))
        .filter(before)
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// Whether this session still is one of this account: it may have been revoked a moment ago.
pub async fn is_signed_in(s: &Services, id: &[u8], account_id: Uuid) -> Result<bool> {
    let row = session::Entity::find_by_id(key(id))
        .filter(session::Column::ExpiresAt.gt(s.now()))
        .one(s.read())
        .await?;
    Ok(row.is_some_and(|row| row.account_id == Some(account_id)))
}

/// By what this session of this account is kept; none: it has ended. It does not end before the transaction does.
pub(crate) async fn held(tx: &Tx, id: &[u8], account_id: Uuid) -> Result<Option<String>> {
    let row = session::Entity::find_by_id(key(id))
        .filter(session::Column::AccountId.eq(account_id))
        .filter(session::Column::ExpiresAt.gt(tx.now))
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    Ok(row.map(|row| row.id_hash))
}

/// Ends a session: its person signs out, or gets another one. Nothing is sent to its browser any more.
pub async fn delete(s: &Services, id: &[u8]) -> Result<()> {
    let mut tx = s.begin().await?;
    let found = session::Entity::find_by_id(key(id))
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    if let Some(row) = found {
        session::Entity::delete_by_id(row.id_hash.as_str()).exec(&tx.db).await?;
        if let Some(account_id) = row.account_id {
            changed(&mut tx, account_id, Sessions::Ended(row.id_hash));
        }
    }
    tx.commit().await?;
    // Its streams look whether they may go on.
    s.live().notify();
    Ok(())
}

/// Removes what has expired.
pub async fn prune(s: &Services) -> Result<()> {
    session::Entity::delete_many()
        .filter(session::Column::ExpiresAt.lte(s.now()))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// What a session says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub account_id: Uuid,
    /// None: whoever it is has no business to work in.
    pub business_id: Option<Uuid>,
}

/// The account of a session. Asked on every request.
pub async fn account(s: &Services, claim: Claim) -> Result<Option<account::Model>> {
    Ok(account::Entity::find_by_id(claim.account_id).one(s.read()).await?)
}

/// The actor of a session: somebody who still works in its business.
pub async fn actor(s: &Services, claim: Claim) -> Result<Option<Actor>> {
    match claim.business_id {
        Some(business_id) => super::actor(s, claim.account_id, business_id).await,
        None => Ok(None),
    }
}

/// Where an account is signed in, the browser seen last first, but the one that asks before all.
pub(super) async fn list(s: &Services, account_id: Uuid, current: Option<&[u8]>) -> Result<Vec<SessionView>> {
    let rows = session::Entity::find()
        .filter(session::Column::AccountId.eq(account_id))
        .filter(session::Column::ExpiresAt.gt(s.now()))
        .order_by_desc(session::Column::SeenAt)
        .limit(SHOWN)
        .all(s.read())
        .await?;
    let current = current.map(key);
    let views = rows.into_iter().filter_map(|row| {
        Some(SessionView {
            id: row.id?,
            device: browser::words(&row.user_agent),
            created_at: row.created_at?,
            seen_at: row.seen_at?,
            this: current.as_ref() == Some(&row.id_hash),
        })
    });
    let mut views: Vec<SessionView> = views.collect();
    views.sort_by_key(|view| !view.this);
    Ok(views)
}

/// Signs one of the actor's browsers out, at its next request and at its live stream.
///
/// # Errors
/// `NotFound` for a session that is another one's or over; `SignInNeeded`.
pub(super) async fn revoke(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    let account_id = own(actor)?;
    let mut tx = s.begin().await?;
    let found = session::Entity::find()
        .filter(session::Column::AccountId.eq(account_id))
        .filter(session::Column::Id.eq(id))
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    let row = found.ok_or_else(|| not_found("session"))?;
    session::Entity::delete_by_id(row.id_hash.as_str()).exec(&tx.db).await?;
    changed(&mut tx, account_id, Sessions::Ended(row.id_hash));
    tx.record(actor.business_id, &actor.who, Event::SessionsRevoked(account_id));
    tx.commit().await?;
    s.live().notify();
    Ok(())
}

/// Signs out all of the actor's browsers but the one that asks.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person.
pub(super) async fn revoke_others(s: &Services, actor: &Actor, current: Option<&[u8]>) -> Result<()> {
    let account_id = own(actor)?;
    let mut tx = s.begin().await?;
    if end_all(&mut tx, account_id, current).await? > 0 {
        tx.record(actor.business_id, &actor.who, Event::SessionsRevoked(account_id));
    }
    tx.commit().await?;
    s.live().notify();
    Ok(())
}

/// Ends an account's sessions but this one, and what is sent to their browsers; how many those were. Whoever calls it wakes the live
/// streams after the commit.
pub(super) async fn end_all(tx: &mut Tx, account_id: Uuid, current: Option<&[u8]>) -> Result<u64> {
    let current = current.map(key);
    let mut ended = session::Entity::delete_many().filter(session::Column::AccountId.eq(account_id));
    if let Some(current) = &current {
        ended = ended.filter(session::Column::IdHash.ne(current.as_str()));
    }
    let ended = ended.exec(&tx.db).await?.rows_affected;
    changed(tx, account_id, Sessions::OthersEnded(current));
    Ok(ended)
}

/// This session is about to get another id. Its browser goes on as before.
pub(super) fn renewing(tx: &mut Tx, account_id: Uuid, current: &[u8]) {
    changed(tx, account_id, Sessions::Renewing(key(current)));
}

/// A session has got the id `now`, after a new password.
///
/// # Errors
/// When the database does not answer.
pub async fn renewed(s: &Services, account_id: Uuid, now: &[u8]) -> Result<()> {
    let mut tx = s.begin().await?;
    if let Some(hash) = held(&tx, now, account_id).await? {
        changed(&mut tx, account_id, Sessions::Renewed(hash));
    }
    tx.commit().await
}

fn changed(tx: &mut Tx, account: Uuid, how: Sessions) {
    // No business's event, as a letter to a person is none.
    let by = Principal::System("accounts");
    tx.record(Uuid::nil(), &by, Event::SessionsChanged { account, how });
}
