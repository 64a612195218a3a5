//! API keys of the REST door.

pub mod repeats;
pub mod requests;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use contract::{
    Code,
    integrations::{ApiKeyView, CreateApiKey, KeyView},
};
use domain::{api_key as form, when};
use entity::integrations::api_key;
use ipnet::IpNet;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    Set, sea_query::Expr,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    businesses,
    kernel::{
        Actor, Event, Permission, Principal, Result, Services,
        error::{field, not_found, problem, short},
        paging, proxies,
    },
};

/// Most keys of one business: all of them are shown in one list.
const MOST: u64 = 100;

/// How long a key's "last used" may lag behind; a write per request would make every read a write.
const LAST_USED_STEP: chrono::Duration = chrono::Duration::minutes(1);

/// Most addresses and networks of one key.
const MOST_ADDRESSES: usize = 50;

/// Makes a key and returns it: the only time it is seen. `scopes` like `contacts:read`; empty means all.
///
/// # Errors
/// `NotAllowed` for staff and keys; `Invalid` for an unknown scope or an empty name.
pub async fn create_api_key(s: &Services, actor: &Actor, name: &str, scopes: &[String]) -> Result<String> {
    let cmd = CreateApiKey {
        name: name.to_owned(),
        scopes: scopes.to_vec(),
        ..CreateApiKey::default()
    };
    create(s, actor, cmd).await
}

/// The same with an end, and places where it opens.
///
/// # Errors
/// As `create_api_key`; `Invalid` for a day that is past and an address that is none.
pub async fn create(s: &Services, actor: &Actor, cmd: CreateApiKey) -> Result<String> {
    actor.may(Permission::ManageBusiness)?;
    let name = short("name", &cmd.name, 100)?;
    if name.is_empty() {
        return Err(field("name", "Give the key a name, so that you know later what uses it."));
    }
    let scopes = scopes(&cmd.scopes)?;
    let expires_at = expiry(s, cmd.expires_on.as_deref())?;
    let addresses = addresses(cmd.addresses.as_deref().unwrap_or_default())?;
    let key = form::make(rand::random::<u8>);
    if paging::count_to(&s.db().write, in_use(actor.business_id), api_key::Column::Id, MOST).await? >= MOST as u32 {
        let words = format!("There are {MOST} keys in use already. Please revoke one that nothing uses any more.");
        return Err(problem(Code::Conflict, words));
    }
    let row = api_key::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        name: Set(name),
        // So many random letters can't be guessed: a plain hash is enough and keeps every request fast.
        hash: Set(hash(&key)),
        scopes: Set(scopes),
        created_at: Set(s.now()),
        last_used_at: Set(None),
        revoked_at: Set(None),
        hint: Set(form::hint(&key)),
        created_by: Set(actor.author()),
        expires_at: Set(expires_at),
        addresses: Set(addresses),
        last_used_from: Set(None),
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

/// As they are stored; all of them where none is named.
fn scopes(wanted: &[String]) -> Result<String> {
    let known: Vec<&str> = Permission::scopes().map(|(text, _)| text).collect();
    if let Some(unknown) = wanted.iter().find(|scope| !known.contains(&scope.as_str())) {
        return Err(field(
            "scopes",
            format!("There is no scope \"{unknown}\". There are: {}.", known.join(", ")),
        ));
    }
    Ok(if wanted.is_empty() {
        known.join(" ")
    } else {
        wanted.join(" ")
    })
}

/// The end of a day, which is a day from now at least.
fn expiry(s: &Services, day: Option<&str>) -> Result<Option<DateTime<Utc>>> {
    let Some(day) = day.map(str::trim).filter(|day| !day.is_empty()) else {
        return Ok(None);
    };
    let day = when::date(day).ok_or_else(|| field("expires_on", "This is a day like 2027-01-31."))?;
    let end = day.succ_opt().map(|next| next.and_time(chrono::NaiveTime::MIN).and_utc());
    let end = end.filter(|end| *end > s.now());
    end.map(Some)
        .ok_or_else(|| field("expires_on", "This day is past. The key would open nothing."))
}

/// As they are stored: networks, each in its shortest form.
fn addresses(typed: &str) -> Result<String> {
    let words: Vec<&str> = typed
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    if words.len() > MOST_ADDRESSES {
        return Err(field("addresses", format!("At most {MOST_ADDRESSES} addresses, please.")));
    }
    let mut networks = Vec::with_capacity(words.len());
    for word in words {
        let network = proxies::network(word).ok_or_else(|| {
            let words = format!(
                "\"{word}\" is no address. Write it like 203.0.113.7, or a network like 203.0.113.0/24 or 2001:db8::/32."
            );
            field("addresses", words)
        })?;
        networks.push(network.to_string());
    }
    networks.dedup();
    Ok(networks.join(" "))
}

/// Whether a key opens where somebody knocks from.
fn opens_at(row: &api_key::Model, from: IpAddr) -> bool {
    let from = from.to_canonical();
    let mut networks = row.addresses.split(' ').filter(|network| !network.is_empty()).peekable();
    networks.peek().is_none() || networks.any(|network| network.parse::<IpNet>().is_ok_and(|network| network.contains(&from)))
}

/// What the audit trail keeps of it: never the key.
fn facts(row: &api_key::Model) -> Value {
    let mut facts = json!({ "name": row.name, "scopes": row.scopes });
    if !row.addresses.is_empty() {
        facts["addresses"] = json!(row.addresses);
    }
    if let Some(until) = row.expires_at {
        facts["expires_at"] = json!(until);
    }
    facts
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
        hint: row.hint,
        created_by: row.created_by,
        expires_at: row.expires_at,
        addresses: row
            .addresses
            .split(' ')
            .filter(|a| !a.is_empty())
            .map(str::to_owned)
            .collect(),
        last_used_from: row.last_used_from,
    }
}

/// The same for somebody who ticks what it may do: nothing ticked is a mistake.
///
/// # Errors
/// As `create_api_key`; `Invalid` without a scope, for a day that is past and an address that is none.
pub async fn create_scoped_key(s: &Services, actor: &Actor, cmd: CreateApiKey) -> Result<String> {
    actor.may(Permission::ManageBusiness)?;
    if cmd.scopes.is_empty() {
        return Err(field(
            "scopes",
            "Please tick what the key may do: without anything it opens nothing.",
        ));
    }
    create(s, actor, cmd).await
}

/// What a program may know of the key it holds.
///
/// # Errors
/// `NotAllowed` for everybody who holds none.
pub async fn me(s: &Services, actor: &Actor) -> Result<KeyView> {
    let Principal::ApiKey { id, .. } = actor.who else {
        return Err(problem(Code::NotAllowed, "Only a program with a key may ask that."));
    };
    let row = api_key::Entity::in_business(actor.business_id)
        .filter(api_key::Column::Id.eq(id))
        .one(s.read())
        .await?;
    let row = row.ok_or_else(|| not_found("key"))?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let key = view(row);
    Ok(KeyView {
        id: key.id,
        name: key.name,
        business: contract::integrations::OfBusiness {
            id: business.id,
            name: business.name,
            slug: business.slug,
            time_zone: business.time_zone,
        },
        scopes: key.scopes,
        created_at: key.created_at,
        expires_at: key.expires_at,
    })
}

fn hash(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// The actor behind a Bearer key that is used from somewhere.
///
/// # Errors
/// `SignInNeeded` for a key that is none, unknown, revoked or expired; `NotAllowed` where it may not be used from there.
pub async fn actor(s: &Services, key: &str, from: IpAddr) -> Result<Actor> {
    let unknown = || problem(Code::SignInNeeded, "This API key is not known or was revoked.");
    if !form::is_one(key) {
        return Err(unknown());
    }
    let row = api_key::Entity::find()
        .filter(api_key::Column::Hash.eq(hash(key)))
        .filter(api_key::Column::RevokedAt.is_null())
        .one(s.read())
        .await?;
    let row = row.ok_or_else(unknown)?;
    let now = s.now();
    if row.expires_at.is_some_and(|until| until <= now) {
        return Err(problem(
            Code::SignInNeeded,
            "This API key has expired. Please make a new one.",
        ));
    }
    if !opens_at(&row, from) {
        let words = format!("This API key does not open from {from}. Its list of addresses is in Settings, under API keys.");
        return Err(problem(Code::NotAllowed, words));
    }
    if row.last_used_at.is_none_or(|at| now - at > LAST_USED_STEP) {
        api_key::Entity::update_many()
            .col_expr(api_key::Column::LastUsedAt, Expr::value(now))
            .col_expr(api_key::Column::LastUsedFrom, Expr::value(from.to_canonical().to_string()))
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
    // What it asked for while it was good is finished, though it has expired since.
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
