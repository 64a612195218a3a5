//! Further numbers of people: those of contacts that were merged into them. A merged contact's row keeps its number, so nobody else can
//! take it, and whoever looks for it finds the person it belongs to now.

use std::collections::{HashMap, HashSet};

use contract::Problem;
use entity::contacts::{contact, contact_merge, suppression};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{consent::SUPPRESSED, decrypted};
use crate::kernel::{Result, Services};

/// The contacts that were merged into these.
pub(crate) fn merged_into(people: &[Uuid]) -> Select<contact::Entity> {
    contact::Entity::find()
        .filter(contact::Column::MergedInto.is_in(people.iter().copied()))
        .order_by_asc(contact::Column::Id)
}

/// The further numbers of several people, by person.
pub(super) async fn of(s: &Services, db: &impl ConnectionTrait, people: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>> {
    let mut of: HashMap<Uuid, Vec<String>> = HashMap::new();
    if people.is_empty() {
        return Ok(of);
    }
    for row in merged_into(people).all(db).await? {
        if let Some(kept) = row.merged_into {
            of.entry(kept).or_default().push(decrypted(s, row).await?.phone);
        }
    }
    Ok(of)
}

/// Those further numbers of these people that texts may go to: none that has said STOP itself.
pub(crate) async fn reachable(s: &Services, db: &impl ConnectionTrait, people: &[Uuid]) -> Result<HashSet<(Uuid, String)>> {
    let mut numbers = HashSet::new();
    for row in merged_into(people).all(db).await? {
        let Some(kept) = row.merged_into else { continue };
        let row = decrypted(s, row).await?;
        let keys = s.vault().indexes(SUPPRESSED, &row.phone);
        let stopped = suppression::Entity::in_business(row.business_id)
            .filter(suppression::Column::PhoneKey.is_in(keys))
            .one(db)
            .await?;
        if stopped.is_none() {
            numbers.insert((kept, row.phone));
        }
    }
    Ok(numbers)
}

/// A contact that staff or a program may change: one that was merged is none any more.
///
/// # Errors
/// `Conflict` with the id of whom they are now.
pub(crate) fn not_merged(row: &contact::Model) -> Result<()> {
    match row.merged_into {
        None => Ok(()),
        Some(kept) => Err(Problem::with(kept, MERGED).into()),
    }
}

/// What who addresses a merged contact is told.
const MERGED: &str = "This contact was merged into another one. Please go on there.";

/// Whose thread it is now that this one was merged into.
pub(crate) async fn merge_of_thread(db: &impl ConnectionTrait, business_id: Uuid, conversation_id: Uuid) -> Result<Option<Uuid>> {
    let merge = contact_merge::Entity::in_business(business_id)
        .filter(contact_merge::Column::ConversationId.eq(conversation_id))
        .filter(contact_merge::Column::UndoneAt.is_null())
        .one(db)
        .await?;
    let Some(merge) = merge else { return Ok(None) };
    let kept = contact::Entity::these(business_id, [merge.kept_id]).one(db).await?;
    Ok(kept.map(|kept| kept.merged_into.unwrap_or(kept.id)))
}

/// The entries under which a person stands: their own, and those that were merged into it.
pub(crate) async fn entries_of(db: &impl ConnectionTrait, person: Uuid) -> Result<Vec<Uuid>> {
    let others: Vec<Uuid> = merged_into(&[person])
        .select_only()
        .column(contact::Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(std::iter::once(person).chain(others).collect())
}
