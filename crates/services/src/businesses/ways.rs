//! By which ways customers are told of their visits, where they have not said themselves what they would like.

use contract::businesses::Ways;
use domain::{consent::Channel, fallback};
use entity::businesses::business;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use crate::kernel::{Actor, Event, Permission, Result, Services, error::field};

/// How that stands.
///
/// # Errors
/// `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor) -> Result<Ways> {
    actor.may(Permission::ReadAppointments)?;
    Ok(of(&super::get(s.read(), actor.business_id).await?))
}

/// Changes that; what has been written already goes the way it was written for.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for ways that are none, that are there twice, or for no way at all.
pub async fn set(s: &Services, actor: &Actor, wanted: Ways) -> Result<Ways> {
    actor.may(Permission::ManageBusiness)?;
    let channels = valid(&wanted)?;
    let mut tx = s.begin().await?;
    let before = super::locked(&tx, actor.business_id).await?;
    let was = of(&before);
    if was == wanted {
        return Ok(was);
    }
    let mut row = before.into_active_model();
    row.channels = Set(fallback::words(&channels));
    row.learn_channels = Set(wanted.learn);
    row.confirm_offers = Set(wanted.confirm_offers);
    let is = of(&row.update(&tx.db).await?);
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::RemindersChanged,
        Some(was),
        Some(is.clone()),
    );
    tx.commit().await?;
    Ok(is)
}

fn valid(wanted: &Ways) -> Result<Vec<Channel>> {
    let mut channels = Vec::new();
    for word in &wanted.channels {
        let channel: Channel = word
            .parse()
            .map_err(|_| field("channels", "A way is \"sms\" or \"email\"."))?;
        if channels.contains(&channel) {
            return Err(field("channels", "Each way can be given once."));
        }
        channels.push(channel);
    }
    if channels.is_empty() {
        return Err(field("channels", "Please choose at least one way."));
    }
    Ok(channels)
}

fn of(b: &business::Model) -> Ways {
    let channels = fallback::order(None, &b.channels);
    Ways {
        channels: channels.iter().map(|channel| channel.as_str().to_owned()).collect(),
        learn: b.learn_channels,
        confirm_offers: b.confirm_offers,
    }
}
