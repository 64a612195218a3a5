//! Who runs the installation. They are members of no business by that; to look into one they say why, its owners hear of it, and nothing
//! can be changed meanwhile.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use contract::Code;
use domain::words;
use entity::{
    accounts::account,
    platform::{platform_event, platform_look},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, sea_query::Expr,
};
use uuid::Uuid;

use super::{EMAIL, normal_email};
use crate::kernel::{
    Actor, Event, Principal, Result, Services, Tx,
    error::{field, long, problem},
};

/// So long a look lasts, if it is not ended before.
pub const LOOK: Duration = Duration::hours(1);

/// Looks into one business that are shown.
const SHOWN: u64 = 10;

/// Somebody who runs the installation.
#[derive(Clone, Debug)]
pub struct Admin {
    pub account_id: Uuid,
    pub name: String,
}

impl Admin {
    pub(crate) fn principal(&self) -> Principal {
        Principal::Platform {
            account_id: self.account_id,
            name: self.name.clone(),
        }
    }

    /// Somebody who only looks into this business.
    pub fn actor(&self, business_id: Uuid) -> Actor {
        Actor {
            business_id,
            who: self.principal(),
        }
    }
}

/// The platform admin with this account.
///
/// # Errors
/// `NotFound` for everybody else: nobody need know that these pages are there.
pub async fn admin(s: &Services, account_id: Uuid) -> Result<Admin> {
    let found = account::Entity::find_by_id(account_id).one(s.read()).await?;
    found
        .and_then(running)
        .ok_or_else(|| problem(Code::NotFound, "This page does not exist."))
}

fn running(account: account::Model) -> Option<Admin> {
    account.platform_admin.then_some(Admin {
        account_id: account.id,
        name: account.name,
    })
}

/// Whether this person runs the installation.
pub async fn is_admin(s: &Services, account_id: Uuid) -> Result<bool> {
    let found = account::Entity::find_by_id(account_id).one(s.read()).await?;
    Ok(found.is_some_and(|account| account.platform_admin))
}

/// Says whether somebody runs the installation; true if that is new. For the command line alone.
///
/// # Errors
/// `NotFound` for an address without an account.
pub async fn set_admin(s: &Services, email: &str, is: bool) -> Result<bool> {
    let email = normal_email(email).ok_or_else(|| field("email", "This does not look like an e-mail address."))?;
    let tx = s.begin().await?;
    let found = account::Entity::find()
        .filter(account::Column::EmailKey.is_in(s.vault().indexes(EMAIL, &email)))
        .one(&tx.db)
        .await?;
    let found = found.ok_or_else(|| problem(Code::NotFound, "No account has this e-mail address."))?;
    account::Entity::update_many()
        .col_expr(account::Column::PlatformAdmin, Expr::value(is))
        .filter(account::Column::Id.eq(found.id))
        .exec(&tx.db)
        .await?;
    let action = if is { "platform_admin.made" } else { "platform_admin.revoked" };
    note(&tx, &Principal::Operator, action, None, Some(found.name)).await?;
    tx.commit().await?;
    Ok(found.platform_admin != is)
}

/// Begins to look into a business: its people are told, and why. Who looks into it already goes on with that look.
///
/// # Errors
/// `Invalid` without a reason.
pub(crate) async fn begin_look(s: &Services, admin: &Admin, business_id: Uuid, why: &str) -> Result<Uuid> {
    let why = long("why", why, 300)?;
    if words::is_blank(&why) {
        return Err(field("why", "Please say what for: the owners of the business read it."));
    }
    let mut tx = s.begin().await?;
    if let Some(open) = own_look(&tx.db, admin.account_id, business_id, tx.now).await? {
        tx.commit().await?;
        return Ok(open.id);
    }
    let (id, until) = (Uuid::now_v7(), tx.now + LOOK);
    let row = platform_look::ActiveModel {
        id: Set(id),
        account_id: Set(admin.account_id),
        business_id: Set(business_id),
        why: Set(why.clone()),
        began_at: Set(tx.now),
        ends_at: Set(until),
    };
    row.insert(&tx.db).await?;
    let event = Event::LookBegan {
        id,
        who: Arc::from(admin.name.as_str()),
        why: Arc::from(why.as_str()),
        until,
    };
    tx.record_change(business_id, &admin.principal(), event, None::<()>, Some((why, until)));
    tx.commit().await?;
    Ok(id)
}

/// Ends every look of theirs into a business, in whichever browser it was begun.
///
/// # Errors
/// When the database does not answer.
pub async fn end_look(s: &Services, admin: &Admin, business_id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    let ended = platform_look::Entity::update_many()
        .col_expr(platform_look::Column::EndsAt, Expr::value(tx.now))
        .filter(platform_look::Column::BusinessId.eq(business_id))
        .filter(platform_look::Column::AccountId.eq(admin.account_id))
        .filter(platform_look::Column::EndsAt.gt(tx.now))
        .exec_with_returning(&tx.db)
        .await?;
    for look in ended {
        tx.record(business_id, &admin.principal(), Event::LookEnded(look.id));
    }
    tx.commit().await
}

/// Looks into a business that are not over, with who looks.
pub(crate) async fn open_looks(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<platform_look::Model>> {
    let rows = platform_look::Entity::in_business(business_id)
        .filter(platform_look::Column::EndsAt.gt(now))
        .order_by_desc(platform_look::Column::EndsAt)
        .limit(SHOWN);
    Ok(rows.all(db).await?)
}

/// The look of this account into a business that is not over; of several the one that ends last.
pub(crate) async fn own_look(
    db: &impl ConnectionTrait,
    account_id: Uuid,
    business_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<platform_look::Model>> {
    let rows = platform_look::Entity::in_business(business_id)
        .filter(platform_look::Column::AccountId.eq(account_id))
        .filter(platform_look::Column::EndsAt.gt(now))
        .order_by_desc(platform_look::Column::EndsAt)
        .limit(1);
    Ok(rows.one(db).await?)
}

/// Whether somebody who runs the installation looks into a business just now.
///
/// # Errors
/// When the database does not answer.
pub async fn looks(s: &Services, account_id: Uuid, business_id: Uuid) -> Result<bool> {
    Ok(looker(s, account_id, business_id).await?.is_some())
}

/// The actor who looks into a business, while they do.
pub(super) async fn looker(s: &Services, account_id: Uuid, business_id: Uuid) -> Result<Option<Actor>> {
    if own_look(s.read(), account_id, business_id, s.now()).await?.is_none() {
        return Ok(None);
    }
    let found = account::Entity::find_by_id(account_id).one(s.read()).await?;
    Ok(found.and_then(running).map(|admin| admin.actor(business_id)))
}

/// Writes down who changed what for the installation.
pub(super) async fn note(tx: &Tx, by: &Principal, action: &str, before: Option<String>, after: Option<String>) -> Result<()> {
    let row = platform_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        actor: Set(by.label()),
        action: Set(action.to_owned()),
        before: Set(before),
        after: Set(after),
        at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    Ok(())
}
