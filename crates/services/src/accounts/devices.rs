//! Browsers in which somebody has signed in before, or set a new password by a link. Each is known by a random word of its own in a cookie,
//! of which the hash is kept. It opens nothing; it says that this is no stranger's browser, and for some time that it need not be asked for
//! a code.
//!
//! A browser that several people use holds a word for each: a word that somebody else has planted there is never made somebody's.

use chrono::{DateTime, Duration, Utc};
use contract::security::TrustedDevice;
use domain::{browser, second_factor::TRUSTED_DAYS};
use entity::accounts::device;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Caller, SessionStart, own};
use crate::kernel::{Actor, Event, Principal, Result, Services, Tx, error::not_found};

/// Words that one browser's cookie holds at most.
const WORDS: usize = 5;

/// Devices of one account; the one that was seen longest ago makes room.
const MOST: u64 = 50;

/// Letters of a word: two random ids.
const LENGTH: usize = 64;

fn hash(word: &str) -> String {
    hex::encode(Sha256::digest(word.as_bytes()))
}

fn words(cookie: Option<&str>) -> Vec<&str> {
    let each = cookie.unwrap_or_default().split('.');
    each.filter(|word| word.len() == LENGTH && word.bytes().all(|c| c.is_ascii_hexdigit()))
        .take(WORDS)
        .collect()
}

/// The device of this account that the caller's browser is, if it is one.
pub(super) async fn known(db: &impl ConnectionTrait, account_id: Uuid, caller: &Caller) -> Result<Option<device::Model>> {
    let mut hashes: Vec<String> = words(caller.device.as_deref()).into_iter().map(hash).collect();
    if hashes.is_empty() {
        // As many statements whoever asks.
        hashes.push(String::new());
    }
    let found = device::Entity::find()
        .filter(device::Column::AccountId.eq(account_id))
        .filter(device::Column::Hash.is_in(hashes));
    Ok(found.one(db).await?)
}

/// Somebody has signed in here. What the browser's cookie is to hold from now on.
pub(super) async fn signed_in(tx: &mut Tx, start: SessionStart, caller: &Caller, trust: bool) -> Result<String> {
    let account_id = start.account_id;
    let until = trust.then(|| tx.now + Duration::days(TRUSTED_DAYS));
    let agent = browser::kept(&caller.user_agent);
    if let Some(row) = known(&tx.db, account_id, caller).await? {
        let trusted_until = until.or(row.trusted_until);
        let mut row = row.into_active_model();
        row.user_agent = Set(agent);
        row.seen_at = Set(tx.now);
        row.trusted_until = Set(trusted_until);
        row.by_link = Set(false);
        row.update(&tx.db).await?;
        return Ok(words(caller.device.as_deref()).join("."));
    }
    let new = add(tx, account_id, caller, |row| row.trusted_until = Set(until)).await?;
    // The first of all is where they have signed up, or whom they were before devices were known.
    if let Some(business_id) = start.business_id.filter(|_| new.others) {
        let event = Event::DeviceAdded {
            account: account_id,
            device: new.id,
            words: browser::words(&agent),
        };
        let by = Principal::System("sign-in");
        tx.record_change(business_id, &by, event, None::<()>, Some(browser::words(&agent)));
    }
    Ok(new.cookie)
}

/// Somebody has come by a link from a mail and set a new password: this is their browser, whoever guesses elsewhere. Nobody has signed in
/// here, so codes are guessed at as in any other. What the browser's cookie is to hold from now on.
pub(super) async fn came_by_link(tx: &Tx, account_id: Uuid, caller: &Caller) -> Result<String> {
    if known(&tx.db, account_id, caller).await?.is_some() {
        return Ok(words(caller.device.as_deref()).join("."));
    }
    Ok(add(tx, account_id, caller, |row| row.by_link = Set(true)).await?.cookie)
}

struct Added {
    id: Uuid,
    /// Whether there were others before.
    others: bool,
    cookie: String,
}

/// A browser that was not known, by a word of its own.
async fn add(tx: &Tx, account_id: Uuid, caller: &Caller, but: impl FnOnce(&mut device::ActiveModel)) -> Result<Added> {
    let others = all(&tx.db, account_id).await?;
    let word = [(); 2].map(|()| Uuid::new_v4().simple().to_string()).concat();
    let mut row = device::ActiveModel {
        id: Set(Uuid::now_v7()),
        account_id: Set(account_id),
        hash: Set(hash(&word)),
        user_agent: Set(browser::kept(&caller.user_agent)),
        created_at: Set(tx.now),
        seen_at: Set(tx.now),
        trusted_until: Set(None),
        by_link: Set(false),
    };
    but(&mut row);
    let row = row.insert(&tx.db).await?;
    if others.len() as u64 >= MOST
        && let Some(oldest) = others.last()
    {
        device::Entity::delete_by_id(oldest.id).exec(&tx.db).await?;
    }
    let before = words(caller.device.as_deref());
    let kept = before.iter().take(WORDS - 1).copied();
    Ok(Added {
        id: row.id,
        others: !others.is_empty(),
        cookie: std::iter::once(word.as_str()).chain(kept).collect::<Vec<_>>().join("."),
    })
}

/// An account's devices, the one seen last first.
async fn all(db: &impl ConnectionTrait, account_id: Uuid) -> Result<Vec<device::Model>> {
    let rows = device::Entity::find()
        .filter(device::Column::AccountId.eq(account_id))
        .order_by_desc(device::Column::SeenAt)
        .limit(MOST);
    Ok(rows.all(db).await?)
}

/// Those that are not asked for a code now.
pub(super) async fn trusted(s: &Services, db: &impl ConnectionTrait, account_id: Uuid) -> Result<Vec<TrustedDevice>> {
    let rows = all(db, account_id).await?.into_iter();
    let views = rows.filter_map(|row| {
        let trusted_until = row.trusted_until.filter(|until| *until > s.now())?;
        Some(TrustedDevice {
            id: row.id,
            device: browser::words(&row.user_agent),
            trusted_until,
        })
    });
    Ok(views.collect())
}

/// Nobody's device is trusted any more.
pub(super) async fn forget_trust(tx: &Tx, account_id: Uuid) -> Result<()> {
    let none: Option<DateTime<Utc>> = None;
    device::Entity::update_many()
        .col_expr(device::Column::TrustedUntil, sea_orm::sea_query::Expr::value(none))
        .filter(device::Column::AccountId.eq(account_id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Those that came in since then are strangers'.
pub(super) async fn forget_since(tx: &Tx, account_id: Uuid, since: DateTime<Utc>) -> Result<()> {
    device::Entity::delete_many()
        .filter(device::Column::AccountId.eq(account_id))
        .filter(device::Column::CreatedAt.gte(since))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// This device is a stranger's again: it is asked for a code, and its next sign-in is told by mail.
///
/// # Errors
/// `NotFound` for one that is not the actor's; `SignInNeeded`.
pub(super) async fn revoke(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    let account_id = own(actor)?;
    let mut tx = s.begin().await?;
    let row = device::Entity::find_by_id(id).one(&tx.db).await?;
    let row = row
        .filter(|row| row.account_id == account_id)
        .ok_or_else(|| not_found("device"))?;
    device::Entity::delete_by_id(row.id).exec(&tx.db).await?;
    let said = browser::words(&row.user_agent);
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::DeviceRevoked(account_id),
        Some(said),
        None::<()>,
    );
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_holds_five_words_at_most_and_nothing_else() {
        let word = "a".repeat(LENGTH);
        let many = [word.as_str(); 9].join(".");
        assert_eq!(words(Some(&many)).len(), WORDS);
        for none in ["", "x", "../..", &"z".repeat(LENGTH), &"a".repeat(LENGTH + 1)] {
            assert!(words(Some(none)).is_empty(), "{none}");
        }
        assert!(words(None).is_empty());
    }
}
