//! The links with which somebody leaves a waitlist, and those with which they answer what they were offered. As with visits none is stored:
//! each is signed, for its entry or its offer.

use domain::visit_page::{Standing, Token};
use entity::waitlist::{offer, waitlist_entry};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    appointments::link::{Signs, key},
    kernel::{Result, Services},
};

/// Entries made within one millisecond, of which a link may be one's.
const MOST: u64 = 200;

/// The secret part of an entry's link.
pub(crate) async fn token(s: &Services, entry: Uuid, revision: i32) -> Result<String> {
    let token = Token::new(key(s, Signs::Lists).await?, entry.as_u128(), revision);
    Ok(token.to_string())
}

/// Its address.
pub(crate) async fn url(s: &Services, entry: Uuid, revision: i32) -> Result<String> {
    Ok(format!("{}/l/{}", s.settings().public_url, token(s, entry, revision).await?))
}

/// The entry of a link, whichever business's it is: the link alone says so.
pub(crate) async fn find(s: &Services, db: &impl ConnectionTrait, token: &str) -> Result<Option<waitlist_entry::Model>> {
    let Some(token) = Token::read(token) else {
        return Ok(None);
    };
    let key = key(s, Signs::Lists).await?;
    let rows = near(&token).all(db).await?;
    let fits = |row: &waitlist_entry::Model| token.standing(key, row.id.as_u128(), row.link_revision) == Standing::Good;
    Ok(rows.into_iter().find(fits))
}

/// Entries that a link may be one's.
pub(crate) fn near(token: &Token) -> Select<waitlist_entry::Entity> {
    let (first, last) = token.ids();
    waitlist_entry::Entity::find()
        .filter(waitlist_entry::Column::Id.between(Uuid::from_u128(first), Uuid::from_u128(last)))
        .limit(MOST)
}

/// The address of the page of an offer; of several times that of the first.
pub(crate) async fn offer_url(s: &Services, offer: Uuid) -> Result<String> {
    let token = Token::of_offer(key(s, Signs::Lists).await?, offer.as_u128());
    Ok(format!("{}/o/{token}", s.settings().public_url))
}

/// The offer of a link, whichever business's it is.
pub(crate) async fn find_offer(s: &Services, db: &impl ConnectionTrait, token: &str) -> Result<Option<offer::Model>> {
    let Some(token) = Token::read(token) else {
        return Ok(None);
    };
    let key = key(s, Signs::Lists).await?;
    let rows = offers_near(&token).all(db).await?;
    Ok(rows.into_iter().find(|row| token.is_of_offer(key, row.id.as_u128())))
}

/// Offers that a link may be one's.
pub(crate) fn offers_near(token: &Token) -> Select<offer::Entity> {
    let (first, last) = token.ids();
    offer::Entity::find()
        .filter(offer::Column::Id.between(Uuid::from_u128(first), Uuid::from_u128(last)))
        .limit(MOST)
}
