//! Who changed what: one row in the transaction of the change (law 8). It listens to everything, so that no noun can forget it. What it was
//! before and after may name numbers and addresses, so both are sealed.

use domain::audit::Area;
use entity::audit::audit_event;
use sea_orm::{EntityTrait, Set};
use uuid::Uuid;

use super::{error::Result, events::Recorded, tx::Tx};

/// The sealed columns, as `vault::SEALED` calls them.
pub(crate) const BEFORE: &str = "audit_event.before";
pub(crate) const AFTER: &str = "audit_event.after";

/// Writes what the audit trail keeps of these events.
pub(crate) async fn write(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let vault = tx.services().vault();
    let sealed = |field: &str, json: &Option<String>| json.as_ref().map(|json| vault.seal(field, json));
    let rows = heard.iter().filter_map(|one| {
        let (action, entity, id) = one.event.audited().ok()?;
        Some(audit_event::ActiveModel {
            id: Set(Uuid::now_v7()),
            business_id: Set(one.business_id),
            actor: Set(one.by.label()),
            who: Set(one.by.hand()),
            area: Set(Area::of(action).as_str().to_owned()),
            action: Set(action.to_owned()),
            entity: Set(entity.to_owned()),
            entity_id: Set(id.unwrap_or(one.business_id)),
            contact_id: Set(one.event.customer()),
            before: Set(sealed(BEFORE, &one.before)),
            after: Set(sealed(AFTER, &one.after)),
            at: Set(tx.now),
        })
    });
    let rows: Vec<_> = rows.collect();
    for some in rows.chunks(100) {
        audit_event::Entity::insert_many(some.to_vec())
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::audit::{Area, title};

    /// Every action of the table in `events`, from its own text, so that none is forgotten.
    fn actions() -> Vec<&'static str> {
        let table = include_str!("events.rs");
        let lines = table.split("=> (\"").skip(1);
        let all: Vec<&str> = lines.filter_map(|rest| rest.split('"').next()).collect();
        assert!(all.contains(&"member.added") && all.len() > 60, "{all:?}");
        all
    }

    #[test]
    fn every_action_stands_where_people_look_for_it_and_has_words() {
        for action in actions() {
            assert_ne!(Area::of(action), Area::Other, "{action} has no place; see domain::audit");
            assert!(!title(action).contains(['.', '_']), "{action}");
        }
    }
}
