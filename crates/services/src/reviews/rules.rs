//! How a business asks for reviews.

use contract::reviews::ReviewSettings;
use domain::reviews::Rules;
use entity::reviews::review_rules;
use sea_orm::{ConnectionTrait, EntityTrait, Set, sea_query::OnConflict};
use uuid::Uuid;

use crate::{
    businesses::types,
    kernel::{Actor, Error, Event, Permission, Result, Services, error::field},
    review_platforms,
};

/// How the actor's business asks, and where customers are sent.
///
/// # Errors
/// `NotAllowed`.
pub async fn settings(s: &Services, actor: &Actor) -> Result<ReviewSettings> {
    actor.may(Permission::ReadReviews)?;
    Ok(ReviewSettings {
        rules: of(s.read(), actor.business_id).await?,
        platforms: review_platforms::list(s, actor).await?,
    })
}

/// Changes how it asks. Requests that are planned keep their time; stopped, none of them goes out.
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
    let ids: Vec<Option<Uuid>> = wanted.by_type.iter().map(|one| one.type_id.parse().ok()).collect();
    let known = types::several(&tx.db, actor.business_id, ids.iter().flatten().copied().collect()).await?;
    if ids.iter().any(|id| id.is_none_or(|id| !known.contains_key(&id))) {
        return Err(field("by_type", "There is no such type of visit. Please choose another one."));
    }
    let row = review_rules::ActiveModel {
        business_id: Set(actor.business_id),
        rules: Set(serde_json::to_string(&wanted).map_err(|e| Error::broken(e.to_string()))?),
        updated_at: Set(tx.now),
    };
    let again = OnConflict::column(review_rules::Column::BusinessId)
        .update_columns([review_rules::Column::Rules, review_rules::Column::UpdatedAt])
        .to_owned();
    review_rules::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(&tx.db)
        .await?;
    let event = Event::ReviewRulesChanged;
    tx.record_change(actor.business_id, &actor.who, event, Some(was), Some(wanted.clone()));
    tx.commit().await?;
    Ok(wanted)
}

pub(super) async fn of(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Rules> {
    let row = review_rules::Entity::find_by_id(business_id).one(db).await?;
    let Some(row) = row else { return Ok(Rules::default()) };
    serde_json::from_str(&row.rules).map_err(|e| Error::broken(format!("the rules of reviews: {e}")))
}
