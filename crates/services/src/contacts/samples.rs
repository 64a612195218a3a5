//! People who are nobody: to try things with. They are marked, nobody texts them, and they never agree to anything.

use entity::contacts::{consent, consent_event, contact, contact_merge, contact_tag};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use super::{
    decrypted, holder,
    rows::{Typed, Valid, fresh, sealed},
    search::Cache,
};
use crate::{
    businesses,
    kernel::{Event, Principal, Result, Services, Tx, tx::Changed},
};

/// More than there ever are.
const MOST: u64 = 50;

/// A business's examples. `sample` is a literal, so that the index over them alone is used.
pub(crate) fn samples(business_id: Uuid) -> Select<contact::Entity> {
    contact::Entity::in_business(business_id)
        .filter(Expr::cust("\"sample\""))
        .order_by_asc(contact::Column::Id)
        .limit(MOST)
}

/// Adds an example; none where somebody has the number already.
pub(crate) async fn add_sample(
    tx: &mut Tx,
    by: &Principal,
    business_id: Uuid,
    name: &str,
    phone: &str,
) -> Result<Option<contact::Model>> {
    if holder(tx, business_id, phone).await?.is_some() {
        return Ok(None);
    }
    let business = businesses::of(tx, business_id).await?;
    let typed = Typed {
        name,
        may_be_nameless: false,
        phone,
        known: None,
        email: None,
        time_zone: None,
        notes: Some("An example. Nobody is texted; it goes when the examples are removed."),
    };
    let row = contact::Model {
        sample: true,
        ..fresh(tx, business_id, Valid::check(&business, typed)?)
    };
    let new = sealed(tx.services().vault(), &row);
    contact::Entity::insert(new).exec_without_returning(&tx.db).await?;
    tx.mark_changed(business_id, Changed::Contact(row.id));
    tx.record_change(
        business_id,
        by,
        Event::ContactAdded(row.id),
        None::<()>,
        Some(row.name.clone()),
    );
    Ok(Some(row))
}

/// Those of these examples that something real has come to hang on: they agreed or refused, or are two who were merged.
pub(crate) async fn real(db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut real: Vec<Uuid> = consent_event::Entity::in_business(business_id)
        .filter(consent_event::Column::ContactId.is_in(ids.iter().copied()))
        .select_only()
        .column(consent_event::Column::ContactId)
        .limit(1_000)
        .into_tuple()
        .all(db)
        .await?;
    for id in ids {
        let merged = contact_merge::Entity::in_business(business_id)
            .filter(contact_merge::Column::KeptId.eq(*id))
            .limit(1);
        let led = contact::Entity::find_by_id(*id)
            .one(db)
            .await?
            .is_some_and(|row| row.merged_into.is_some());
        if led || merged.one(db).await?.is_some() {
            real.push(*id);
        }
    }
    Ok(real)
}

/// They are like everybody else from now on.
pub(crate) async fn keep_samples(tx: &mut Tx, business_id: Uuid, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    contact::Entity::update_many()
        .col_expr(contact::Column::Sample, Expr::value(false))
        .filter(contact::Column::Id.is_in(ids.iter().copied()))
        .filter(contact::Column::BusinessId.eq(business_id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Deletes these examples; nothing refers to them any more.
pub(crate) async fn delete_samples(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids = || ids.iter().copied();
    contact_tag::Entity::delete_many()
        .filter(contact_tag::Column::ContactId.is_in(ids()))
        .exec(&tx.db)
        .await?;
    consent::Entity::delete_many()
        .filter(consent::Column::ContactId.is_in(ids()))
        .exec(&tx.db)
        .await?;
    contact::Entity::delete_many()
        .filter(contact::Column::Id.is_in(ids()))
        .filter(Expr::cust("\"sample\""))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// What this process remembers of a business's people is read anew: some are gone.
pub(crate) fn forget(s: &Services, business_id: Uuid) {
    s.of::<Cache>().forget(business_id);
}

/// The examples, opened.
pub(crate) async fn all_samples(s: &Services, db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<contact::Model>> {
    let mut all = Vec::new();
    for row in samples(business_id).all(db).await? {
        all.push(decrypted(s, row).await?);
    }
    Ok(all)
}
