//! API keys of the REST door.

use contract::{Code, integrations::ApiKeyView};
use entity::integrations::api_key;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    Set, sea_query::Expr,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::kernel::{
    Actor, Event, Permission, Principal, Result, Services,
    error::{field, not_found, problem, short},
    paging,
};

/// Most keys of one business: all of them are shown in one list.
const MOST: u64 = 100;

/// How long a key's "last used" may lag behind; a write per request would make every read a write.
const LAST_USED_STEP: chrono::Duration = chrono::Duration::minutes(1);

/// Makes a key and returns it: the only time it is seen. `scopes` like `contacts:read`; empty means all.
///
/// # Errors
/// `NotAllowed` for staff and keys; `Invalid` for an unknown scope or an empty name.
pub async fn create_api_key(s: &Services, actor: &Actor, name: &str, scopes: &[String]) -> Result<String> {
    actor.may(Permission::ManageBusiness)?;
    let name = short("name", name, 100)?;
    if name.is_empty() {
        return Err(field("name", "Give the key a name, so that you know later what uses it."));
    }
    let known: Vec<&str> = Permission::scopes().map(|(text, _)| text).collect();
    if let Some(unknown) = scopes.iter().find(|scope| !known.contains(&scope.as_str())) {
        return Err(field(
            "scopes",
            format!("There is no scope \"{unknown}\". There are: {}.", known.join(", ")),
        ));
    }
    let scopes = if scopes.is_empty() {
        known.join(" ")
    } else {
        scopes.join(" ")
    };
    // 32 random bytes: guessing is hopeless, so a plain hash is enough and keeps every request fast.
    let key = format!("showup_{}", hex::encode(rand::random::<[u8; 32]>()));
    if paging::count_to(&s.db().write, in_use(actor.business_id), api_key::Column::Id, MOST).await? >= MOST as u32 {
        let words = format!("There are {MOST} keys in use already. Please revoke one that nothing uses any more.");
        return Err(problem(Code::Conflict, words));
    }
    let row = api_key::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        name: Set(name),
        hash: Set(hash(&key)),
        scopes: Set(scopes),
        created_at: Set(s.now()),
        last_used_at: Set(None),
        revoked_at: Set(None),
    };
    let mut tx = s.begin().await?;
    let row = row.insert(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::ApiKeyCreated(row.id),
        None::<()>,
        Some(facts(&row)),
    );
    tx.commit().await?;
    Ok(key)
}

/// What the audit trail keeps of it: never the key.
fn facts(row: &api_key::Model) -> Value {
    json!({ "name": row.name, "scopes": row.scopes })
}

/// Keys of the actor's business that open something, the newest first.
///
/// # Errors
/// `NotAllowed` for staff and keys.
pub async fn list_api_keys(s: &Services, actor: &Actor) -> Result<Vec<ApiKeyView>> {
    actor.may(Permission::ManageBusiness)?;
    Ok(open_keys(s.read(), actor.business_id).await?.into_iter().map(view).collect())
}

/// All that were ever made, the newest first, at most 500.
pub(crate) async fn all_keys(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<api_key::Model>> {
    let rows = api_key::Entity::in_business(business_id)
        .order_by_desc(api_key::Column::CreatedAt)
        .limit(500);
    Ok(rows.all(db).await?)
}

fn in_use(business_id: Uuid) -> Select<api_key::Entity> {
    api_key::Entity::in_business(business_id).filter(api_key::Column::RevokedAt.is_null())
}

async fn open_keys(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<api_key::Model>> {
    let rows = in_use(business_id)
        .order_by_desc(api_key::Column::CreatedAt)
        .order_by_desc(api_key::Column::Id)
        .limit(MOST);
    Ok(rows.all(db).await?)
}

/// Ends a key: what uses it is shut out from now on.
///
/// # Errors
/// `NotAllowed` for staff and keys; `NotFound` for one that is another business's, or revoked already.
pub async fn revoke_api_key(s: &Services, actor: &Actor, id: Uuid) -> Result<Vec<ApiKeyView>> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    let row = in_use(actor.business_id)
        .filter(api_key::Column::Id.eq(id))
        .one(&tx.db)
        .await?;
    let row = row.ok_or_else(|| not_found("key in use"))?;
    let was = facts(&row);
    let mut row = row.into_active_model();
    row.revoked_at = Set(Some(tx.now));
    row.update(&tx.db).await?;
    tx.record_change(actor.business_id, &actor.who, Event::ApiKeyRevoked(id), Some(was), None::<()>);
    let left = open_keys(&tx.db, actor.business_id).await?;
    tx.commit().await?;
    Ok(left.into_iter().map(view).collect())
}

fn view(row: api_key::Model) -> ApiKeyView {
    ApiKeyView {
        id: row.id,
        name: row.name,
        scopes: row.scopes.split(' ').map(str::to_owned).collect(),
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    }
}

/// The same for somebody who ticks what it may do: nothing ticked is a mistake.
///
/// # Errors
/// As `create_api_key`; `Invalid` without a scope.
pub async fn create_scoped_key(s: &Services, actor: &Actor, name: &str, scopes: &[String]) -> Result<String> {
    actor.may(Permission::ManageBusiness)?;
    if scopes.is_empty() {
        return Err(field(
            "scopes",
            "Please tick what the key may do: without anything it opens nothing.",
        ));
    }
    create_api_key(s, actor, name, scopes).await
}

fn hash(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// The actor behind a Bearer key.
///
/// # Errors
/// `SignInNeeded` for a key that is unknown or revoked.
pub async fn actor(s: &Services, key: &str) -> Result<Actor> {
    let row = api_key::Entity::find()
        .filter(api_key::Column::Hash.eq(hash(key)))
        .filter(api_key::Column::RevokedAt.is_null())
        .one(s.read())
        .await?;
    let row = row.ok_or_else(|| problem(Code::SignInNeeded, "This API key is not known or was revoked."))?;
    let now = s.now();
    if row.last_used_at.is_none_or(|at| now - at > LAST_USED_STEP) {
        api_key::Entity::update_many()
            .col_expr(api_key::Column::LastUsedAt, Expr::value(now))
            .filter(api_key::Column::Id.eq(row.id))
            .exec(&s.db().write)
            .await?;
    }
    Ok(holder(row))
}

/// The same for what a key has asked for before; none if it was revoked since.
pub(crate) async fn actor_on(db: &impl ConnectionTrait, id: Uuid, business_id: Uuid) -> Result<Option<Actor>> {
    let row = api_key::Entity::in_business(business_id)
        .filter(api_key::Column::Id.eq(id))
        .filter(api_key::Column::RevokedAt.is_null())
        .one(db)
        .await?;
    Ok(row.map(holder))
}

fn holder(row: api_key::Model) -> Actor {
    let granted: Vec<&str> = row.scopes.split(' ').collect();
    let scopes = Permission::scopes()
        .filter(|(text, _)| granted.contains(text))
        .map(|(_, p)| p)
        .collect();
    Actor {
        business_id: row.business_id,
        who: Principal::ApiKey {
            id: row.id,
            name: row.name,
            scopes,
        },
    }
}
