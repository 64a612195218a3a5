//! Who changed what: one row in the transaction of the change (law 8). What it was before and after may name numbers and addresses,
//! so both are sealed.

use entity::audit::audit_event;
use sea_orm::{ActiveModelTrait, Set};
use serde::Serialize;
use uuid::Uuid;

use crate::{Result, Tx};

/// A change worth remembering; `before` and `after` as JSON, either may be absent.
pub(crate) struct Change<'a, T: Serialize> {
    pub business_id: Uuid,
    pub actor: &'a str,
    pub action: &'a str,
    pub entity: &'a str,
    pub entity_id: Uuid,
    pub before: Option<T>,
    pub after: Option<T>,
}

pub(crate) async fn record<T: Serialize>(tx: &Tx, change: Change<'_, T>) -> Result<()> {
    let sealed = |field: &str, value: Option<T>| {
        let json = value.and_then(|v| serde_json::to_string(&v).ok())?;
        Some(tx.services().vault().seal(field, &json))
    };
    let row = audit_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(change.business_id),
        actor: Set(change.actor.to_owned()),
        action: Set(change.action.to_owned()),
        entity: Set(change.entity.to_owned()),
        entity_id: Set(change.entity_id),
        before: Set(sealed("audit_event.before", change.before)),
        after: Set(sealed("audit_event.after", change.after)),
        at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    Ok(())
}
