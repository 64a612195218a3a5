//! What a customer reads of times that are offered to them.

use chrono::{DateTime, Duration, Utc};
use contract::waitlist::OfferTimes;
use domain::{
    consent::{Channel, Purpose},
    templates::{Kind, Values, Which},
    texts,
    zone::Zone,
};
use entity::{appointments::appointment, businesses::business, contacts::contact};
use uuid::Uuid;

use super::held::{FEW, HOLD};
use crate::{
    appointments,
    businesses::{self, locations},
    contacts,
    kernel::{
        Actor, Permission, Result, Services,
        error::{field, not_found},
    },
    outbox::ways,
    templates::{self, About},
    waitlist::offering::start,
};

/// The text that these times would go out in if they were offered now. Nothing is kept.
///
/// # Errors
/// `NotAllowed`; `NotFound`; `Invalid` for times that can't be read.
pub async fn preview(s: &Services, actor: &Actor, appointment_id: Uuid, cmd: OfferTimes) -> Result<String> {
    actor.may(Permission::WriteAppointments)?;
    if !FEW.contains(&cmd.starts.len()) {
        return Err(field("starts", "Please give two or three times."));
    }
    let read: std::result::Result<Vec<DateTime<Utc>>, _> = cmd.starts.iter().map(|at| at.parse()).collect();
    let starts = read.map_err(|_| field("starts", "Please give each as a date and a time in UTC."))?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let visit = appointments::find(s.read(), actor.business_id, appointment_id).await?;
    let mut people = contacts::many(s, s.read(), actor.business_id, vec![visit.contact_id]).await?;
    let person = people.remove(&visit.contact_id).ok_or_else(|| not_found("visit"))?;
    let zone = locations::zone_of(s.read(), &business, visit.location_id).await?;
    let until = s.now() + Duration::minutes(HOLD.into());
    let known = known(&business, (&person, &visit), zone, &starts, until);
    // The way that it would go now; nothing of this is kept.
    let mut tx = s.begin().await?;
    let way = ways::choose(&mut tx, &person, "times", visit.location_id, Purpose::Transactional).await?;
    let language = contacts::language::of(&business, &person);
    let which = match way.map(|way| way.channel) {
        Ok(Channel::Email) => Which::mail(Kind::OfferTimes, language),
        Ok(Channel::Sms | Channel::WhatsApp) | Err(_) => Which::sms(Kind::OfferTimes, language),
    };
    let said = templates::shown(s, &tx.db, which, about(&business, &person, &visit), known).await?;
    Ok(said.body)
}

pub(super) fn about<'a>(business: &'a business::Model, contact: &'a contact::Model, visit: &'a appointment::Model) -> About<'a> {
    About {
        visit: Some(visit),
        ..About::to(business, contact)
    }
}

pub(super) fn known(
    business: &business::Model,
    (contact, visit): (&contact::Model, &appointment::Model),
    zone: Zone,
    starts: &[DateTime<Utc>],
    until: DateTime<Utc>,
) -> Values {
    let told: Vec<texts::Start> = starts.iter().map(|at| start(*at, zone, contact)).collect();
    let until = start(until, zone, contact);
    let language = contacts::language::of(business, contact);
    texts::times(language, &business.name, visit.for_name.as_deref(), &told, until)
}
