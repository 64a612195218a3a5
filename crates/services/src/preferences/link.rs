//! The link by which somebody says how they are reached. None is stored: each is signed, for its person alone, and never ends.

use domain::visit_page::Token;
use entity::contacts::contact;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    appointments::link::{self, Signs},
    kernel::{Result, Services},
};

/// People added within one millisecond, of whom a link may be one's: more than a computer can add.
const MOST: u64 = 200;

/// The address of somebody's page.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn url(s: &Services, contact: Uuid) -> Result<String> {
    let token = Token::of_person(link::key(s, Signs::People).await?, contact.as_u128());
    Ok(format!("{}/u/{token}", s.settings().public_url))
}

/// Whose link it is: business and contact.
pub(super) async fn open(s: &Services, db: &impl ConnectionTrait, token: &str) -> Result<Option<(Uuid, Uuid)>> {
    let Some(token) = Token::read(token) else { return Ok(None) };
    let key = link::key(s, Signs::People).await?;
    let rows: Vec<(Uuid, Uuid)> = near(&token)
        .select_only()
        .columns([contact::Column::BusinessId, contact::Column::Id])
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().find(|(_, id)| token.is_of_person(key, id.as_u128())))
}

/// People that a link may be one's.
pub(crate) fn near(token: &Token) -> Select<contact::Entity> {
    let (first, last) = token.ids();
    contact::Entity::find()
        .filter(contact::Column::Id.between(Uuid::from_u128(first), Uuid::from_u128(last)))
        .limit(MOST)
}
