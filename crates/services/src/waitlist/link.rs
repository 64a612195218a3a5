//! The links with which somebody leaves a waitlist. As with visits none is stored: each is signed, for its entry.

use domain::visit_page::{Standing, Token};
use entity::waitlist::waitlist_entry;
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
