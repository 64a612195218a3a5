//! Giving a number up. Texts that wait to leave from it leave from the usual one instead; what comes to it is still taken in.

use std::sync::Arc;

use contract::{Code, numbers::ReleaseView};
use entity::{messages::message, numbers::number};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{ACTIVE, RELEASED, WHATSAPP, active, no_default, shown};
use crate::{
    appointments,
    businesses::{self, locations},
    channels::connections,
    kernel::{
        Actor, Event, Permission, Result, Services,
        error::{not_found, problem},
    },
    messages::WAITING,
};

/// What would happen if this number were released.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound` for a number that is not there, or released already.
pub async fn ahead(s: &Services, actor: &Actor, id: Uuid) -> Result<ReleaseView> {
    actor.may(Permission::ManageBusiness)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let row = number::Entity::these(actor.business_id, [id])
        .filter(number::Column::Status.eq(ACTIVE))
        .one(s.read())
        .await?;
    let row = row.ok_or_else(|| not_found("number"))?;
    let waiting = message::Entity::in_business(actor.business_id)
        .filter(Expr::cust(WAITING))
        .filter(message::Column::Ours.eq(&row.phone))
        .count(s.read())
        .await?;
    let places = locations::all(s.read(), actor.business_id).await?;
    let places = places.into_iter().filter(|place| place.number_id == Some(id));
    let instead = instead(s, s.read(), &row).await?;
    Ok(ReleaseView {
        id,
        phone_display: shown(&row.phone, &business.country),
        waiting,
        locations: places.map(|place| place.name).collect(),
        instead: instead.map(|phone| shown(&phone, &business.country)),
        visits_ahead: appointments::any_ahead(s.read(), actor.business_id, s.now()).await?,
    })
}

/// The number that texts leave from once this one is gone.
async fn instead(s: &Services, db: &impl ConnectionTrait, gone: &number::Model) -> Result<Option<String>> {
    let others = active(db, gone.business_id)
        .await?
        .into_iter()
        .filter(|other| other.id != gone.id);
    let shared = || connections::shared(s, gone.business_id).map(str::to_owned);
    Ok(others.map(|other| other.phone).next().or_else(shared))
}

/// Gives a number up. The last one that texts can leave from goes only if that is said: `though_last`.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`; `Conflict` for the last one while visits are ahead.
pub async fn release(s: &Services, actor: &Actor, id: Uuid, though_last: bool) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    let found = number::Entity::these(actor.business_id, [id])
        .filter(number::Column::Status.eq(ACTIVE))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let row = found.ok_or_else(|| not_found("number"))?;
    let is_text = !row.phone.starts_with(WHATSAPP);
    let instead = instead(s, &tx.db, &row).await?;
    if is_text && instead.is_none() && !though_last && appointments::any_ahead(&tx.db, actor.business_id, tx.now).await? {
        let why = "This is the last number, and visits are still ahead: nobody would be reminded. Add another number first, or say that \
                   it is to go all the same.";
        return Err(problem(Code::Conflict, why));
    }
    for place in locations::all(&tx.db, actor.business_id).await? {
        if place.number_id == Some(id) {
            locations::give_number(&mut tx, actor.business_id, &actor.who, place.id, None).await?;
        }
    }
    let (phone, was_default) = (row.phone.clone(), row.is_default);
    let mut row = row.into_active_model();
    row.status = Set(RELEASED.to_owned());
    row.is_default = Set(false);
    row.released_at = Set(Some(tx.now));
    row.us_next_at = Set(None);
    row.update(&tx.db).await?;
    if was_default && let Some(next) = active(&tx.db, actor.business_id).await?.into_iter().next() {
        no_default(&tx, actor.business_id).await?;
        let id = next.id;
        let mut next = next.into_active_model();
        next.is_default = Set(true);
        next.update(&tx.db).await?;
        let event = Event::NumberChanged(id);
        tx.record_change(
            actor.business_id,
            &actor.who,
            event,
            Some("not the default"),
            Some("the default"),
        );
    }
    let event = Event::NumberReleased {
        number: id,
        phone: Arc::from(phone.as_str()),
    };
    tx.record_change(actor.business_id, &actor.who, event, Some(&phone), None::<()>);
    tx.commit().await
}
