//! The first steps of a business: where it stands is read off what is there, a row each, so that nobody has to tick anything.

use contract::setup::{Guide, Step};
use entity::{appointments::appointment, businesses::business, contacts::contact, reminders::reminder_request};
use sea_orm::{EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef, Select, sea_query::Expr};
use uuid::Uuid;

use crate::{
    businesses,
    channels::connections::{self, Connections},
    kernel::{Actor, Permission, Result, Services},
    numbers, samples,
};

/// Where the actor's business stands.
///
/// # Errors
/// `NotAllowed`.
pub async fn guide(s: &Services, actor: &Actor) -> Result<Guide> {
    for needed in [
        Permission::ReadMessages,
        Permission::ReadAppointments,
        Permission::ReadContacts,
    ] {
        actor.may(needed)?;
    }
    let b = businesses::get(s.read(), actor.business_id).await?;
    let own_number = !numbers::active(s.read(), b.id).await?.is_empty();
    let reminded = was_reminded(s, &b).await?;
    let steps = vec![
        step(
            "business",
            "Your business",
            "/settings",
            // A browser without a script tells no zone at the sign-up.
            !b.country.is_empty() && !b.contact_line.is_empty() && b.time_zone != "UTC",
            "Its name, time zone and country are known.",
            "Say which time zone and country it is in: visits and numbers are read by them.",
        ),
        step(
            "twilio",
            "Twilio",
            "/settings/twilio",
            s.of::<Connections>().of(b.id).is_some(),
            "A Twilio account is connected.",
            "Connect a Twilio account: texts leave through it.",
        ),
        step(
            "number",
            "A number",
            "/settings/numbers",
            own_number || connections::shared(s, b.id).is_some(),
            if own_number {
                "There is a number to text from."
            } else {
                "Texts leave from a number that this installation shares. Ask for one of your own: only there can strangers write to you."
            },
            "Ask for a number, or add one that you own at Twilio.",
        ),
        step(
            "contact",
            "First contact",
            "/contacts/new",
            reminded || has_contact(s, &b).await?,
            "Somebody is in your contacts.",
            "Add somebody: yourself, for a start, with your own phone.",
        ),
        step(
            "visit",
            "First visit",
            "/appointments/new",
            reminded || has_visit(s, &b).await?,
            "A visit is booked.",
            "Book a visit for them, tomorrow or later.",
        ),
        step(
            "reminder",
            "First reminder",
            "/appointments",
            reminded,
            "A reminder went out.",
            "Open the visit and press Remind now, or wait for its time.",
        ),
    ];
    Ok(Guide {
        steps,
        hidden: b.guide_hidden_at.is_some(),
        samples: samples::count(s.read(), b.id).await?,
    })
}

fn step(key: &str, title: &str, href: &str, done: bool, is: &str, todo: &str) -> Step {
    Step {
        key: key.to_owned(),
        title: title.to_owned(),
        words: if done { is } else { todo }.to_owned(),
        href: href.to_owned(),
        done,
    }
}

/// Somebody real. Examples are a handful, so it is found within as many rows.
async fn has_contact(s: &Services, b: &business::Model) -> Result<bool> {
    let found = contact::Entity::in_business(b.id)
        .filter(Expr::cust("NOT \"sample\""))
        .limit(1);
    Ok(found.one(s.read()).await?.is_some())
}

async fn has_visit(s: &Services, b: &business::Model) -> Result<bool> {
    let of_somebody = RelationDef::from(
        appointment::Entity::belongs_to(contact::Entity)
            .from(appointment::Column::ContactId)
            .to(contact::Column::Id),
    );
    let found = appointment::Entity::in_business(b.id)
        .join(JoinType::InnerJoin, of_somebody)
        .filter(Expr::cust("NOT \"contact\".\"sample\""))
        .limit(1);
    Ok(found.one(s.read()).await?.is_some())
}

/// Reminders of a business that left; the index over those is asked.
pub(crate) fn reminded(business_id: Uuid) -> Select<reminder_request::Entity> {
    reminder_request::Entity::in_business(business_id)
        .filter(Expr::cust("\"sent_at\" IS NOT NULL"))
        .order_by_asc(reminder_request::Column::Id)
        .limit(1)
}

async fn was_reminded(s: &Services, b: &business::Model) -> Result<bool> {
    Ok(reminded(b.id).one(s.read()).await?.is_some())
}
