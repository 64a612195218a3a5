//! The numbers of a business, as its people and programs see them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::numbers::{NumberView, NumbersView, PathView, PlaceView};
use domain::registration::Kind;
use entity::{businesses::location, numbers::number};
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{ACTIVE, MOST, registration, release, requests, shown, whatsapp};
use crate::{
    businesses::{self, locations},
    channels::connections,
    kernel::{Actor, Permission, Result, Services},
};

/// The numbers of the actor's business, the default first, those that were released last.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<NumberView>> {
    actor.may(Permission::ReadNumbers)?;
    let country = businesses::get(s.read(), actor.business_id).await?.country;
    let places = locations::all(s.read(), actor.business_id).await?;
    let rows = rows(s.read(), actor.business_id).await?;
    Ok(rows.into_iter().map(|row| view(row, &places, &country, s.now())).collect())
}

async fn rows(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<number::Model>> {
    let rows = number::Entity::in_business(business_id)
        .order_by_asc(number::Column::Status)
        .order_by_desc(number::Column::IsDefault)
        .order_by_asc(number::Column::CreatedAt)
        .limit(MOST);
    Ok(rows.all(db).await?)
}

/// Numbers, requests for more, and which texts leave from which; `releasing`: the one that somebody thinks of releasing.
///
/// # Errors
/// `NotAllowed`; `NotFound` for a number that is not there, or released already.
pub async fn page(s: &Services, actor: &Actor, releasing: Option<Uuid>) -> Result<NumbersView> {
    let numbers = list(s, actor).await?;
    let country = businesses::get(s.read(), actor.business_id).await?.country;
    let shared = connections::shared(s, actor.business_id).map(|phone| shown(phone, &country));
    let mut places = locations::all(s.read(), actor.business_id).await?;
    places.retain(|place| place.archived_at.is_none());
    places.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(NumbersView {
        senders: whatsapp::list(s, actor.business_id).await?,
        requests: requests::list(s, actor).await?,
        paths: paths(&numbers, &places, shared.as_deref()),
        shared,
        numbers,
        places: places.into_iter().map(place).collect(),
        releasing: match releasing {
            Some(id) => Some(release::ahead(s, actor, id).await?),
            None => None,
        },
    })
}

fn place(row: location::Model) -> PlaceView {
    PlaceView {
        id: row.id,
        name: row.name,
        number_id: row.number_id,
    }
}

/// Which texts leave from where, as `outbox::sender` decides it.
fn paths(numbers: &[NumberView], places: &[location::Model], shared: Option<&str>) -> Vec<PathView> {
    let texting: Vec<&NumberView> = numbers
        .iter()
        .filter(|n| n.status == ACTIVE && n.kind != Kind::Whatsapp.as_str())
        .collect();
    let names: HashMap<Uuid, &str> = places.iter().map(|place| (place.id, place.name.as_str())).collect();
    let mut paths = Vec::new();
    for number in &texting {
        for name in number.location_ids.iter().filter_map(|id| names.get(id)) {
            paths.push(PathView {
                what: format!("Texts about visits at {name}"),
                from: number.phone_display.clone(),
            });
        }
    }
    paths.sort_by(|a, b| a.what.cmp(&b.what));
    if texting.len() > 1 {
        paths.push(PathView {
            what: "Everything else to people who were texted before".to_owned(),
            from: "the number they know".to_owned(),
        });
    }
    let usual = texting
        .first()
        .map(|n| n.phone_display.clone())
        .or_else(|| shared.map(str::to_owned));
    if let Some(from) = usual {
        paths.push(PathView {
            what: if texting.len() > 1 {
                "Texts to everybody else"
            } else {
                "Everything else"
            }
            .to_owned(),
            from,
        });
    }
    paths
}

fn view(row: number::Model, places: &[location::Model], country: &str, now: DateTime<Utc>) -> NumberView {
    let standing = registration::standing(&row, now);
    NumberView {
        phone_display: shown(&row.phone, country),
        kind: Kind::of(&row.phone).as_str().to_owned(),
        location_ids: places
            .iter()
            .filter(|place| place.number_id == Some(row.id))
            .map(|place| place.id)
            .collect(),
        may_send_to_us: standing.answer.as_str().to_owned(),
        may_send_to_us_reason: standing.reason,
        may_send_to_us_since: row.us_since,
        id: row.id,
        phone: row.phone,
        status: row.status,
        is_default: row.is_default,
        help_by: row.help_by,
        start_by: row.start_by,
        created_at: row.created_at,
        released_at: row.released_at,
    }
}
