//! People on WhatsApp: by their number, by an id that means them to one business only, or by both; and until when they may be written to
//! freely. Nobody is known by what they call themselves there.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::{
    consent::Channel,
    whatsapp::{self, known_by},
};
use entity::{
    contacts::{contact, contact_address},
    whatsapp::whatsapp_window,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{PHONE, by_phone, entries_of, further::merged_into, locked, rows::taken, turn};
use crate::kernel::{Result, Services, Tx, tx::Changed};

/// The sealed column, as `vault::SEALED` calls it.
const ADDRESS: &str = "contact_address.address";

/// Most addresses of one person that are looked at.
const MOST: u64 = 50;

/// Where a message came from.
#[derive(Clone, Copy)]
pub(crate) struct From<'a> {
    pub business_id: Uuid,
    pub address: &'a str,
    /// The id that means them to this business, if it was told beside their number.
    pub other: Option<&'a str>,
}

/// What somebody is known by in this business who wrote from there. Who was known by an id alone and shows their number now is known by that
/// from now on.
pub(crate) async fn person(tx: &mut Tx, from: From<'_>) -> Result<String> {
    let known = known_by(from.address);
    if known == from.address {
        let holder = holder(tx, from.business_id, from.address).await?;
        return Ok(holder.map_or_else(|| known.to_owned(), |who| who.phone));
    }
    let Some(other) = from.other.filter(|other| whatsapp::is_address(other)) else {
        return Ok(known.to_owned());
    };
    let by_id = holder(tx, from.business_id, other).await?;
    let nameless = by_id.filter(|who| who.phone == other);
    if let Some(who) = nameless {
        show_number(tx, who, known).await?;
    }
    Ok(known.to_owned())
}

/// Whoever wrote from this address before.
async fn holder(tx: &Tx, business_id: Uuid, address: &str) -> Result<Option<contact::Model>> {
    let s = tx.services();
    let row = by_address(tx, business_id, address).await?;
    let Some(row) = row else {
        return by_phone(s, &tx.db, business_id, address).await;
    };
    Ok(Some(locked(tx, business_id, row.contact_id).await?))
}

async fn by_address(tx: &Tx, business_id: Uuid, address: &str) -> Result<Option<contact_address::Model>> {
    let keys = tx.services().vault().indexes(ADDRESS, address);
    let row = contact_address::Entity::in_business(business_id)
        .filter(contact_address::Column::Channel.eq(Channel::WhatsApp.as_str()))
        .filter(contact_address::Column::AddressKey.is_in(keys))
        .one(&tx.db)
        .await?;
    Ok(row)
}

/// The number takes the place of the id, unless it is somebody's already.
async fn show_number(tx: &mut Tx, who: contact::Model, number: &str) -> Result<()> {
    tx.take_turns(PHONE, [turn(who.business_id, number)]).await?;
    if by_phone(tx.services(), &tx.db, who.business_id, number).await?.is_some() {
        return Ok(());
    }
    let vault = tx.services().vault();
    let (key, sealed) = (vault.index(PHONE, number), vault.seal(PHONE, number));
    let (id, business_id) = (who.id, who.business_id);
    let mut row = who.into_active_model();
    row.phone_key = Set(Some(key));
    row.phone = Set(sealed);
    row.updated_at = Set(tx.now);
    row.update(&tx.db).await.map_err(taken)?;
    tx.mark_changed(business_id, Changed::Contact(id));
    Ok(())
}

/// They wrote at this moment from there to this sender: their addresses are theirs, and it may write freely for a day. Somebody else to whom
/// one of the addresses belongs is the same person; the caller holds the contact's lock.
pub(crate) async fn wrote(
    tx: &Tx,
    who: &contact::Model,
    from: From<'_>,
    sender: &str,
    at: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let mut same = None;
    let other = from
        .other
        .filter(|other| whatsapp::is_address(other) && *other != from.address);
    for address in std::iter::once(from.address).chain(other) {
        let row = match by_address(tx, who.business_id, address).await? {
            Some(row) => {
                if row.contact_id != who.id && !entries_of(&tx.db, who.id).await?.contains(&row.contact_id) {
                    same = Some(row.contact_id);
                }
                row
            }
            // They are answered where they wrote from; what was told beside it comes after that.
            None if address != from.address => add(tx, who, address, at - Duration::seconds(1)).await?,
            None => add(tx, who, address, at).await?,
        };
        let id = row.id;
        if row.seen_at < at && address == from.address {
            let mut row = row.into_active_model();
            row.seen_at = Set(at);
            row.update(&tx.db).await?;
        }
        open_window(tx, who.business_id, id, sender, whatsapp::window(at)).await?;
    }
    Ok(same)
}

async fn add(tx: &Tx, who: &contact::Model, address: &str, at: DateTime<Utc>) -> Result<contact_address::Model> {
    let vault = tx.services().vault();
    let row = contact_address::Model {
        id: Uuid::now_v7(),
        business_id: who.business_id,
        contact_id: who.id,
        channel: Channel::WhatsApp.as_str().to_owned(),
        address: vault.seal(ADDRESS, address),
        address_key: vault.index(ADDRESS, address),
        created_at: tx.now,
        seen_at: at,
    };
    Ok(row.into_active_model().reset_all().insert(&tx.db).await?)
}

/// It is never closed by a message that came late.
async fn open_window(tx: &Tx, business_id: Uuid, address_id: Uuid, sender: &str, until: DateTime<Utc>) -> Result<()> {
    let row = whatsapp_window::ActiveModel {
        address_id: Set(address_id),
        sender: Set(sender.to_owned()),
        business_id: Set(business_id),
        until: Set(until),
    };
    let key = [whatsapp_window::Column::AddressId, whatsapp_window::Column::Sender];
    let later = Expr::case(
        Expr::cust("excluded.until > whatsapp_window.until"),
        Expr::cust("excluded.until"),
    )
    .finally(Expr::col((whatsapp_window::Entity, whatsapp_window::Column::Until)));
    let longest = OnConflict::columns(key)
        .value(whatsapp_window::Column::Until, later)
        .to_owned();
    whatsapp_window::Entity::insert(row)
        .on_conflict(longest)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// WhatsApp says that the window of this address is closed: it knows better.
pub(crate) async fn close_window(tx: &Tx, contact_id: Uuid, address: &str, sender: &str) -> Result<()> {
    let keys = tx.services().vault().indexes(ADDRESS, address);
    let entries = entries_of(&tx.db, contact_id).await?;
    let ids: Vec<Uuid> = contact_address::Entity::find()
        .filter(contact_address::Column::ContactId.is_in(entries))
        .filter(contact_address::Column::AddressKey.is_in(keys))
        .select_only()
        .column(contact_address::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    if ids.is_empty() {
        return Ok(());
    }
    whatsapp_window::Entity::update_many()
        .col_expr(whatsapp_window::Column::Until, Expr::value(tx.now))
        .filter(whatsapp_window::Column::AddressId.is_in(ids))
        .filter(whatsapp_window::Column::Sender.eq(sender))
        .filter(whatsapp_window::Column::Until.gt(tx.now))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// An address of somebody, and the senders that may write there freely, each until when.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub address: String,
    pub windows: HashMap<String, DateTime<Utc>>,
}

/// Where these people wrote from, the latest first, by person.
pub(crate) async fn places(s: &Services, db: &impl ConnectionTrait, people: &[Uuid]) -> Result<HashMap<Uuid, Vec<Place>>> {
    let mut of: HashMap<Uuid, Vec<Place>> = HashMap::new();
    if people.is_empty() {
        return Ok(of);
    }
    let mut whose: HashMap<Uuid, Uuid> = people.iter().map(|id| (*id, *id)).collect();
    let merged = merged_into(people)
        .select_only()
        .columns([contact::Column::Id, contact::Column::MergedInto])
        .into_tuple::<(Uuid, Option<Uuid>)>()
        .all(db)
        .await?;
    whose.extend(merged.into_iter().filter_map(|(id, kept)| Some((id, kept?))));
    let rows = contact_address::Entity::find()
        .filter(contact_address::Column::ContactId.is_in(whose.keys().copied()))
        .filter(contact_address::Column::Channel.eq(Channel::WhatsApp.as_str()))
        .order_by_desc(contact_address::Column::SeenAt)
        .order_by_desc(contact_address::Column::Id)
        .limit(MOST * people.len() as u64)
        .all(db)
        .await?;
    if rows.is_empty() {
        return Ok(of);
    }
    let mut windows: HashMap<Uuid, HashMap<String, DateTime<Utc>>> = HashMap::new();
    let open = whatsapp_window::Entity::find().filter(whatsapp_window::Column::AddressId.is_in(rows.iter().map(|row| row.id)));
    for row in open.all(db).await? {
        windows.entry(row.address_id).or_default().insert(row.sender, row.until);
    }
    for row in rows {
        let Some(person) = whose.get(&row.contact_id) else { continue };
        let place = Place {
            address: s.vault().open(ADDRESS, &row.address).await?,
            windows: windows.remove(&row.id).unwrap_or_default(),
        };
        of.entry(*person).or_default().push(place);
    }
    Ok(of)
}

/// Whether messages may go to this address of theirs: they wrote from it, or it is their number's.
pub(crate) fn is_theirs(who: &contact::Model, places: &[Place], address: &str) -> bool {
    super::address(who, Channel::WhatsApp).as_deref() == Some(address) || places.iter().any(|place| place.address == address)
}

/// The same for somebody of whom only the key of their number is known.
pub(super) async fn is_address_of(s: &Services, id: Uuid, phone_key: &str, address: &str) -> Result<bool> {
    if s.vault().indexes(PHONE, known_by(address)).iter().any(|key| key == phone_key) {
        return Ok(true);
    }
    let places = places(s, s.read(), &[id]).await?;
    Ok(places.values().flatten().any(|place| place.address == address))
}

/// Where to write to somebody now: the address that they wrote from last, and the sender that they wrote to there; else their number's.
pub(crate) struct Way {
    pub to: String,
    /// None: they never wrote.
    pub from: Option<String>,
    /// Until when they may be written to freely.
    pub until: Option<DateTime<Utc>>,
}

pub(crate) async fn way_to(s: &Services, db: &impl ConnectionTrait, who: &contact::Model) -> Result<Option<Way>> {
    let places = places(s, db, &[who.id]).await?.remove(&who.id).unwrap_or_default();
    Ok(way(who, &places))
}

pub(crate) fn way(who: &contact::Model, places: &[Place]) -> Option<Way> {
    if let Some(place) = places.first() {
        let last = place.windows.iter().max_by_key(|(sender, until)| (**until, *sender));
        return Some(Way {
            to: place.address.clone(),
            from: last.map(|(sender, _)| sender.clone()),
            until: last.map(|(_, until)| *until),
        });
    }
    let to = super::address(who, Channel::WhatsApp)?.into_owned();
    Some(Way {
        to,
        from: None,
        until: None,
    })
}
