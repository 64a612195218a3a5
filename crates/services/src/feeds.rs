//! Addresses at which staff read visits in calendars of their own. The secret in one is shown once and kept as a hash; an address ends when
//! it is revoked, and with its owner's membership.

mod read;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::{
    Code,
    feeds::{CreateFeed, Detail, FeedView, NewFeed},
};
use entity::{businesses::staff_label, feeds::feed};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set, sea_query::Expr,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    accounts,
    businesses::staff,
    kernel::{
        Actor, Event, Permission, Principal, Result, Services, Tx,
        error::{field, not_found, problem},
        events::Recorded,
        tokens::{hash, token},
    },
};

pub use read::{Feed, read};

/// Most addresses of one person, and those that a list shows.
const MOST: u64 = 20;
const SHOWN: u64 = 200;

/// The addresses of a member; for who manages the business, everybody's. The newest first.
///
/// # Errors
/// `NotAllowed` for anybody but members.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<FeedView>> {
    let account = member(actor)?;
    views(s, s.read(), actor, account).await
}

/// Makes an address and returns it: the only time it is seen.
///
/// # Errors
/// `NotAllowed` for anybody but members; `Invalid` for a label or a detail that is none; `Conflict` when there are 20 already.
pub async fn create(s: &Services, actor: &Actor, cmd: CreateFeed) -> Result<NewFeed> {
    let account = member(actor)?;
    let detail = Detail::find(&cmd.detail).ok_or_else(|| field("detail", "Please choose what your calendar may show."))?;
    let mut tx = s.begin().await?;
    let label = match cmd.staff_label_id.trim() {
        "" => None,
        id => Some(label(&tx.db, actor.business_id, id).await?),
    };
    let has = own(actor.business_id, account).count(&tx.db).await?;
    if has >= MOST {
        let words = format!("You have {MOST} addresses already. Revoke one that you do not use.");
        return Err(problem(Code::Conflict, words));
    }
    let secret = token();
    let row = feed::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        account_id: Set(account),
        staff_label_id: Set(label.as_ref().map(|label| label.id)),
        detail: Set(detail.as_str().to_owned()),
        // Too long to be guessed, so a plain hash is enough.
        hash: Set(hash(&secret)),
        created_at: Set(tx.now),
        revoked_at: Set(None),
    };
    let row = row.insert(&tx.db).await?;
    let facts = json!({ "visits_with": label.map(|label| label.name), "tells": row.detail });
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::FeedAdded(row.id),
        None::<()>,
        Some(facts),
    );
    let feeds = views(s, &tx.db, actor, account).await?;
    tx.commit().await?;
    Ok(NewFeed {
        url: format!("{}/feeds/{secret}.ics", s.settings().public_url),
        feeds,
    })
}

/// Ends an address: calendars that read it get nothing from now on.
///
/// # Errors
/// `NotFound` for one that is another one's, unless the actor manages the business; `NotAllowed`.
pub async fn revoke(s: &Services, actor: &Actor, id: Uuid) -> Result<Vec<FeedView>> {
    let account = member(actor)?;
    let mut tx = s.begin().await?;
    let row = feed::Entity::these(actor.business_id, [id]).one(&tx.db).await?;
    let row = row.filter(|row| row.account_id == account || manages(actor));
    let row = row.ok_or_else(|| not_found("address"))?;
    if row.revoked_at.is_none() {
        let mut row = row.into_active_model();
        row.revoked_at = Set(Some(tx.now));
        row.update(&tx.db).await?;
        tx.record(actor.business_id, &actor.who, Event::FeedRevoked(id));
    }
    let feeds = views(s, &tx.db, actor, account).await?;
    tx.commit().await?;
    Ok(feeds)
}

fn member(actor: &Actor) -> Result<Uuid> {
    actor.may(Permission::ReadAppointments)?;
    match actor.who {
        Principal::Member { account_id, .. } => Ok(account_id),
        _ => Err(problem(Code::NotAllowed, "Only members have calendars of their own.")),
    }
}

fn manages(actor: &Actor) -> bool {
    actor.may(Permission::ManageBusiness).is_ok()
}

fn own(business_id: Uuid, account: Uuid) -> Select<feed::Entity> {
    all(business_id).filter(feed::Column::AccountId.eq(account))
}

fn all(business_id: Uuid) -> Select<feed::Entity> {
    feed::Entity::in_business(business_id)
        .filter(feed::Column::RevokedAt.is_null())
        .order_by_desc(feed::Column::CreatedAt)
}

async fn views(s: &Services, db: &impl ConnectionTrait, actor: &Actor, account: Uuid) -> Result<Vec<FeedView>> {
    let rows = if manages(actor) {
        all(actor.business_id)
    } else {
        own(actor.business_id, account)
    };
    let rows = rows.limit(SHOWN).all(db).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let names = accounts::names(db, rows.iter().map(|row| row.account_id)).await?;
    let labels: HashMap<Uuid, String> = staff::list(s, actor)
        .await?
        .into_iter()
        .map(|label| (label.id, label.name))
        .collect();
    let view = |row: feed::Model| FeedView {
        id: row.id,
        owner: names.get(&row.account_id).cloned().unwrap_or_default(),
        staff_label: row.staff_label_id.and_then(|id| labels.get(&id).cloned()),
        detail: Detail::find(&row.detail).unwrap_or_default(),
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(view).collect())
}

async fn label(db: &impl ConnectionTrait, business_id: Uuid, id: &str) -> Result<staff_label::Model> {
    let unknown = || {
        field(
            "staff_label_id",
            "This staff label is not there any more. Please choose another.",
        )
    };
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let found = staff_label::Entity::these(business_id, [id]).one(db).await?;
    found.ok_or_else(unknown)
}

/// Who has left reads nothing any more, and not again by the same address should they come back; nor does who made one in somebody's name.
pub(crate) async fn members_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        match one.event {
            Event::MemberRemoved(account) => {
                feed::Entity::update_many()
                    .col_expr(feed::Column::RevokedAt, Expr::value(tx.now))
                    .filter(feed::Column::BusinessId.eq(one.business_id))
                    .filter(feed::Column::AccountId.eq(account))
                    .filter(feed::Column::RevokedAt.is_null())
                    .exec(&tx.db)
                    .await?;
            }
            Event::EmailTakenBack { account, since } => revoke_since(tx, one, account, since).await?,
            _ => {}
        }
    }
    Ok(())
}

async fn revoke_since(tx: &mut Tx, heard: &Recorded, account: Uuid, since: DateTime<Utc>) -> Result<()> {
    let made = own(heard.business_id, account).filter(feed::Column::CreatedAt.gte(since));
    for row in made.all(&tx.db).await? {
        let id = row.id;
        let mut row = row.into_active_model();
        row.revoked_at = Set(Some(tx.now));
        row.update(&tx.db).await?;
        tx.record(heard.business_id, &heard.by, Event::FeedRevoked(id));
    }
    Ok(())
}
