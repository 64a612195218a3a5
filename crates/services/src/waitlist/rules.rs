//! How a business offers times.

use domain::waitlist::Rules;
use entity::waitlist::waitlist_rules;
use sea_orm::{ConnectionTrait, EntityTrait, Set, sea_query::OnConflict};
use uuid::Uuid;

use crate::kernel::{Actor, Error, Event, Permission, Result, Services, error::field};

/// How the actor's business offers times.
///
/// # Errors
/// `NotAllowed`.
pub async fn rules(s: &Services, actor: &Actor) -> Result<Rules> {
    actor.may(Permission::ReadWaitlist)?;
    of(s.read(), actor.business_id).await
}

/// Changes that; slots that are open already go on as they began.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field.
pub async fn change_rules(s: &Services, actor: &Actor, wanted: Rules) -> Result<Rules> {
    actor.may(Permission::ManageBusiness)?;
    if let Some((name, words)) = wanted.wrong().first() {
        return Err(field(name, *words));
    }
    let mut tx = s.begin().await?;
    let was = of(&tx.db, actor.business_id).await?;
    if was == wanted {
        return Ok(was);
    }
    let row = waitlist_rules::ActiveModel {
        business_id: Set(actor.business_id),
        rules: Set(serde_json::to_string(&wanted).map_err(|e| Error::broken(e.to_string()))?),
        updated_at: Set(tx.now),
    };
    let again = OnConflict::column(waitlist_rules::Column::BusinessId)
        .update_columns([waitlist_rules::Column::Rules, waitlist_rules::Column::UpdatedAt])
        .to_owned();
    waitlist_rules::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(&tx.db)
        .await?;
    let event = Event::WaitlistRulesChanged;
    tx.record_change(actor.business_id, &actor.who, event, Some(was), Some(wanted.clone()));
    tx.commit().await?;
    Ok(wanted)
}

pub(super) async fn of(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Rules> {
    let row = waitlist_rules::Entity::find_by_id(business_id).one(db).await?;
    let Some(row) = row else { return Ok(Rules::default()) };
    serde_json::from_str(&row.rules).map_err(|e| Error::broken(format!("the waitlist's rules: {e}")))
}
