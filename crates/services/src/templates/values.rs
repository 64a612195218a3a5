//! What stands in the place of variables: looked up only where a text asks for it.

use domain::{
    templates::{Values, Variable, uses},
    texts::{Start, first_name},
};
use entity::{appointments::appointment, businesses::business, contacts::contact};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::About;
use crate::{
    appointments::link,
    businesses::{locations, types},
    contacts,
    kernel::{Result, Services},
};

/// When an appointment begins, as its texts say it. Who has no zone of their own is taken to be where the appointment is.
pub(crate) async fn start(
    db: &impl ConnectionTrait,
    business: &business::Model,
    contact: &contact::Model,
    appointment: &appointment::Model,
) -> Result<Start> {
    let place = locations::zone_of(db, business, appointment.location_id).await?;
    Ok(Start {
        at: appointment.starts_at,
        place,
        customer: contacts::own_zone(contact).unwrap_or(place),
    })
}

/// Fills what these texts ask for and nobody has said yet.
pub(crate) async fn look_up(
    s: &Services,
    db: &impl ConnectionTrait,
    about: About<'_>,
    texts: &[Option<&str>],
    values: &mut Values,
) -> Result<()> {
    let asked = |variable: Variable, values: &Values| {
        values.get(variable).is_empty() && texts.iter().flatten().any(|text| uses(text, variable))
    };
    if asked(Variable::Business, values) {
        values.set(Variable::Business, &about.business.name);
    }
    if asked(Variable::Contact, values) {
        values.set(Variable::Contact, about.business.contact_line.trim().trim_end_matches('.'));
    }
    if let Some(contact) = about.contact.filter(|_| asked(Variable::Name, values)) {
        values.set(Variable::Name, first_name(&contact.name));
    }
    if let Some(visit) = about.visit {
        if asked(Variable::ForName, values) {
            let name = visit.for_name.as_deref().map(first_name);
            values.set(Variable::ForName, name.unwrap_or_default());
        }
        if asked(Variable::Link, values) {
            values.set(Variable::Link, &link::url(s, visit).await?);
        }
    }
    let Some(place) = about.place() else { return Ok(()) };
    if asked(Variable::Staff, values) {
        values.set(Variable::Staff, place.staff);
    }
    if let Some(id) = place.location_id.filter(|_| asked(Variable::Location, values)) {
        let found = locations::several(db, about.business.id, vec![id]).await?;
        values.set(Variable::Location, found.get(&id).map_or("", |place| place.name.as_str()));
    }
    let (name, cost) = (asked(Variable::Type, values), asked(Variable::Price, values));
    if let Some(id) = place.type_id.filter(|_| name || cost)
        && let Some(found) = types::find(db, about.business.id, id).await?
    {
        if name {
            values.set(Variable::Type, &found.name);
        }
        values.set(Variable::Price, &found.price.map(price).unwrap_or_default());
    }
    Ok(())
}

/// What visits and free times have in common.
struct Place<'a> {
    type_id: Option<Uuid>,
    location_id: Option<Uuid>,
    staff: &'a str,
}

impl<'a> About<'a> {
    fn place(self) -> Option<Place<'a>> {
        let of_visit = self.visit.map(|visit| Place {
            type_id: visit.type_id,
            location_id: visit.location_id,
            staff: &visit.staff_label,
        });
        let of_slot = || {
            self.slot.map(|slot| Place {
                type_id: slot.type_id,
                location_id: slot.location_id,
                staff: &slot.staff_label,
            })
        };
        of_visit.or_else(of_slot)
    }
}

/// Of micro-units: "80", "79.50".
fn price(micros: i64) -> String {
    let hundredths = (micros + 5_000) / 10_000;
    match hundredths % 100 {
        0 => (hundredths / 100).to_string(),
        rest => format!("{}.{rest:02}", hundredths / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_a_number_that_people_write() {
        for (micros, written) in [(80_000_000, "80"), (79_500_000, "79.50"), (1_005_000, "1.01"), (0, "0")] {
            assert_eq!(price(micros), written);
        }
    }
}
