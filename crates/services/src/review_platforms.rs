//! Where customers write reviews: pages of a business, or of one of its locations. The address of one is sealed: that of Trustpilot opens a
//! mailbox which turns every mail into an invitation.

use contract::reviews::{AddPlatform, Platform, PlatformView};
use domain::reviews::{Parts, fits, warning};
use entity::reviews::{review_platform, review_request};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::{
    businesses::locations,
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::{field, not_found, problem, short},
    },
};

/// The sealed column, as `vault::SEALED` calls it.
const ADDRESS: &str = "review_platform.address";
/// Platforms of one business.
pub(crate) const MOST: u64 = 50;
const LONGEST_NAME: usize = 80;
const LONGEST_ADDRESS: usize = 500;

/// Those of the actor's business, the oldest first.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<PlatformView>> {
    actor.may(Permission::ReadReviews)?;
    let rows = in_use(actor.business_id).all(s.read()).await?;
    views(s, s.read(), actor.business_id, rows).await
}

/// Adds one.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field; `Conflict` where there are fifty.
pub async fn add(s: &Services, actor: &Actor, cmd: AddPlatform) -> Result<PlatformView> {
    actor.may(Permission::WriteReviews)?;
    let kind = cmd.kind.parse::<Platform>();
    let kind = kind.map_err(|_| field("kind", "The kind is \"google\", \"trustpilot\" or \"custom\"."))?;
    let name = short("name", &cmd.name, LONGEST_NAME)?;
    if name.is_empty() {
        return Err(field("name", "Please give it a name, for example \"Google\"."));
    }
    let address = address(kind, &cmd.url)?;
    let tx = s.begin().await?;
    let location_id = locations::chosen(&tx.db, actor.business_id, cmd.location_id).await?;
    if in_use(actor.business_id).all(&tx.db).await?.len() as u64 >= MOST {
        let words = format!("There are {MOST} platforms already. Please remove one first.");
        return Err(problem(contract::Code::Conflict, words));
    }
    let row = review_platform::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        kind: Set(kind.as_str().to_owned()),
        name: Set(name),
        address: Set(s.vault().seal(ADDRESS, &address)),
        location_id: Set(location_id),
        created_at: Set(tx.now),
        removed_at: Set(None),
    };
    let row = row.insert(&tx.db).await?;
    record(tx, actor, row, Event::ReviewPlatformAdded).await
}

/// Nobody is sent there any more; links that were sent there say so.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`.
pub async fn remove(s: &Services, actor: &Actor, id: Uuid) -> Result<PlatformView> {
    actor.may(Permission::WriteReviews)?;
    let tx = s.begin().await?;
    let row = find(&tx.db, actor.business_id, id).await?;
    let row = row
        .filter(|row| row.removed_at.is_none())
        .ok_or_else(|| not_found("platform"))?;
    let mut row = row.into_active_model();
    row.removed_at = Set(Some(tx.now));
    let row = row.update(&tx.db).await?;
    record(tx, actor, row, Event::ReviewPlatformRemoved).await
}

async fn record(mut tx: Tx, actor: &Actor, row: review_platform::Model, event: fn(Uuid) -> Event) -> Result<PlatformView> {
    let s = tx.services().clone();
    let (id, facts) = (row.id, json!({ "name": row.name, "kind": row.kind }));
    let shown = views(&s, &tx.db, actor.business_id, vec![row]).await?.pop();
    let (before, after) = match event(id) {
        Event::ReviewPlatformRemoved(_) => (Some(facts), None),
        _ => (None, Some(facts)),
    };
    tx.record_change(actor.business_id, &actor.who, event(id), before, after);
    tx.commit().await?;
    shown.ok_or_else(|| not_found("platform"))
}

/// An address as it is kept.
fn address(kind: Platform, typed: &str) -> Result<String> {
    let typed = short("url", typed, LONGEST_ADDRESS)?;
    let typed = typed.strip_prefix("mailto:").unwrap_or(&typed);
    let link = Url::parse(typed).ok().filter(|url| url.scheme() == "https");
    let plain = link
        .as_ref()
        .filter(|url| url.username().is_empty() && url.password().is_none() && url.port().is_none());
    let parts = plain.map(parts);
    let typed = typed.to_lowercase();
    fits(kind, &typed, parts).map_err(|why| field("url", why))?;
    Ok(plain.map_or(typed, ToString::to_string))
}

fn parts(url: &Url) -> Parts<'_> {
    Parts {
        host: url.host_str().unwrap_or_default(),
        path: url.path(),
        query: url.query(),
    }
}

fn in_use(business_id: Uuid) -> Select<review_platform::Entity> {
    review_platform::Entity::in_business(business_id)
        .filter(review_platform::Column::RemovedAt.is_null())
        .order_by_asc(review_platform::Column::CreatedAt)
        .order_by_asc(review_platform::Column::Id)
        .limit(MOST)
}

/// One of a business, in use or not.
pub(crate) async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<Option<review_platform::Model>> {
    Ok(review_platform::Entity::these(business_id, [id]).one(db).await?)
}

/// Several of a business, in use or not.
pub(crate) async fn several(db: &impl ConnectionTrait, business_id: Uuid, ids: Vec<Uuid>) -> Result<Vec<review_platform::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(review_platform::Entity::these(business_id, ids).all(db).await?)
}

/// Where whoever was at this location is sent: to the oldest of its platforms, else to that of the business, all of them to the same one.
/// `asked`: the id or the kind of one, if one is asked for.
pub(crate) async fn of(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    location_id: Option<Uuid>,
    asked: Option<&str>,
) -> Result<Option<review_platform::Model>> {
    let mut rows = in_use(business_id).all(db).await?;
    if let Some(asked) = asked {
        let id = asked.parse::<Uuid>().ok();
        rows.retain(|row| row.kind == asked || Some(row.id) == id);
    }
    let of_place = |place: Option<Uuid>| rows.iter().find(|row| row.location_id == place).cloned();
    let there = location_id.and_then(|id| of_place(Some(id)));
    // Who names one means it, wherever it is.
    let named = || rows.first().cloned().filter(|_| asked.is_some());
    Ok(there.or_else(|| of_place(None)).or_else(named))
}

/// Where a link leads; none where it leads nowhere any more.
pub(crate) async fn link(s: &Services, row: &review_platform::Model) -> Result<Option<String>> {
    if row.removed_at.is_some() || kind(row)? == Platform::Trustpilot {
        return Ok(None);
    }
    Ok(Some(s.vault().open(ADDRESS, &row.address).await?))
}

/// The mailbox that invites whoever this request is about; none where the platform has a link instead.
pub(crate) async fn mailbox(s: &Services, business_id: Uuid, request: Uuid) -> Result<Option<String>> {
    let request = review_request::Entity::these(business_id, [request]).one(s.read()).await?;
    let Some(request) = request else { return Ok(None) };
    match find(s.read(), business_id, request.platform_id).await? {
        Some(row) if kind(&row)? == Platform::Trustpilot => Ok(Some(s.vault().open(ADDRESS, &row.address).await?)),
        _ => Ok(None),
    }
}

pub(crate) fn kind(row: &review_platform::Model) -> Result<Platform> {
    row.kind
        .parse()
        .map_err(|_| Error::broken("a review platform of an unknown kind"))
}

async fn views(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    rows: Vec<review_platform::Model>,
) -> Result<Vec<PlatformView>> {
    let places = locations::several(db, business_id, rows.iter().filter_map(|row| row.location_id).collect()).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let kind = kind(&row)?;
        let address = s.vault().open(ADDRESS, &row.address).await?;
        let host = Url::parse(&address).ok().and_then(|url| url.host_str().map(str::to_owned));
        shown.push(PlatformView {
            id: row.id,
            kind,
            name: row.name,
            warning: host.and_then(|host| warning(kind, &host)).map(str::to_owned),
            url: (kind != Platform::Trustpilot).then_some(address),
            location_name: row.location_id.and_then(|id| places.get(&id)).map(|place| place.name.clone()),
            location_id: row.location_id,
            created_at: row.created_at,
        });
    }
    Ok(shown)
}
