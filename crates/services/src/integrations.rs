//! API keys of the REST door.

use contract::Code;
use entity::integrations::api_key;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set, sea_query::Expr};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::kernel::{
    Actor, Event, Permission, Principal, Result, Services,
    error::{field, problem, short},
};

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
    let known: Vec<&str> = Permission::SCOPES.iter().map(|(text, _)| *text).collect();
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
        Some((row.name, row.scopes)),
    );
    tx.commit().await?;
    Ok(key)
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
    let scopes = Permission::SCOPES
        .into_iter()
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
