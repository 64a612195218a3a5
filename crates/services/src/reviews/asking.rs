//! The clock looks at requests whose time has come: each is asked, waits, or is given up with the reason.

use chrono::{DateTime, Duration, Utc};
use contract::{appointments::Status as Visit, reviews::Status};
use domain::{
    consent::{Channel, Purpose},
    fallback,
    origin::Origin,
    reviews::{self as rules, OPENS_FOR, Platform, Rules},
    templates::{Kind, Values, Variable, Which},
    texts, when,
    zone::Zone,
};
use entity::{
    appointments::appointment,
    businesses::business,
    contacts::contact,
    reviews::{review_platform, review_request},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{
    rules::of,
    state::{NO_PLATFORM, NOT_KEPT, PHONE, STOPPED, skip as give_up},
};
use crate::{
    appointments,
    businesses::{self, locations},
    contacts::{self, hold},
    conversations,
    kernel::{Error, Result, Services, Tx, tx::Changed},
    outbox::{
        self,
        ways::{self, Way},
    },
    review_platforms,
    templates::{self, About},
};

/// Requests that one tick looks at.
const BATCH: u64 = 50;
/// How often somebody is looked at again whom staff must decide about.
const HELD_LOOK: Duration = Duration::hours(1);

/// Looks at the requests whose time has come.
///
/// # Errors
/// When the database does not answer; the next tick goes on.
pub async fn tick(s: &Services) -> Result<()> {
    let rows = due(s.now()).limit(BATCH).all(s.read()).await?;
    for row in rows {
        let id = row.id;
        // One that can't be looked at must not keep the others from being asked.
        if let Err(cause) = look(s, row).await {
            tracing::error!(request = %id, %cause, "a request for a review could not be looked at; it is tried again");
        }
    }
    Ok(())
}

/// The state is a literal, so that SQLite uses the index over those that are to be looked at.
fn due(now: DateTime<Utc>) -> Select<review_request::Entity> {
    review_request::Entity::find()
        .filter(Expr::cust("\"next_at\" IS NOT NULL"))
        .filter(review_request::Column::NextAt.lte(now))
        .order_by_asc(review_request::Column::NextAt)
}

/// What becomes of a request at this moment.
enum Decision {
    Ask(Box<Asked>),
    Wait(DateTime<Utc>, String),
    Skip(String),
}

/// All that its message is made of.
struct Asked {
    business: business::Model,
    platform: review_platform::Model,
    visit: Option<appointment::Model>,
    way: Way,
    rules: Rules,
    zone: Zone,
}

async fn look(s: &Services, seen: review_request::Model) -> Result<()> {
    let mut tx = s.begin().await?;
    let contact = contacts::locked(&tx, seen.business_id, seen.contact_id).await?;
    let row = review_request::Entity::these(seen.business_id, [seen.id])
        .filter(review_request::Column::NextAt.lte(tx.now))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    // Another worker has looked.
    let Some(row) = row else { return Ok(()) };
    match decide(&mut tx, &contact, &row).await? {
        Decision::Ask(asked) => write(&mut tx, &contact, row, *asked).await?,
        Decision::Wait(until, why) => {
            let mut row = row.into_active_model();
            row.next_at = Set(Some(until));
            row.reason = Set(Some(why));
            row.updated_at = Set(tx.now);
            row.update(&tx.db).await?;
        }
        Decision::Skip(why) => give_up(&mut tx, row, &why).await?,
    }
    tx.commit().await
}

/// None of this looks at how somebody felt, and nothing here may.
async fn decide(tx: &mut Tx, contact: &contact::Model, row: &review_request::Model) -> Result<Decision> {
    let skip = |why: &str| Ok(Decision::Skip(why.to_owned()));
    let rules = of(&tx.db, row.business_id).await?;
    if rules.stopped {
        return skip(STOPPED);
    }
    let visit = match row.appointment_id {
        Some(id) => Some(appointments::find(&tx.db, row.business_id, id).await?),
        None => None,
    };
    if let Some(visit) = &visit
        && row.source == "visit"
        && appointments::status(visit)? != Visit::Completed
    {
        return skip(NOT_KEPT);
    }
    let platform = review_platforms::find(&tx.db, row.business_id, row.platform_id).await?;
    let Some(platform) = platform.filter(|platform| platform.removed_at.is_none()) else {
        return skip(NO_PLATFORM);
    };
    if contact.blocked {
        return skip(contacts::BLOCKED);
    }
    if contact.sample {
        return skip(contacts::SAMPLE);
    }
    // Two of one number at the same moment find each other.
    tx.take_turns(PHONE, [format!("{}:{}", row.business_id, contact.phone)])
        .await?;
    if let Err(why) = rules::once_in_a_while(asked_last(tx, contact, row).await?, tx.now) {
        return skip(why);
    }
    if contact.held_since.is_some() {
        return Ok(match rules::waits_until(row.due_at, tx.now) {
            Some(until) => Decision::Wait(until.min(tx.now + HELD_LOOK), hold::REASON.to_owned()),
            None => Decision::Skip(hold::REASON.to_owned()),
        });
    }
    let business = businesses::of(tx, row.business_id).await?;
    if let Some(until) = waits_for_an_answer(tx, row).await? {
        let last = when::dated(row.due_at + rules::WAITS_AT_MOST, businesses::zone(&business));
        let why = format!("Waits until their conversation is answered; they are asked on {last} at the latest.");
        return Ok(Decision::Wait(until, why));
    }
    let place = locations::zone_of(&tx.db, &business, row.location_id).await?;
    let zone = contacts::own_zone(contact).unwrap_or(place);
    let opens = rules.open_from(tx.now, zone);
    if opens > tx.now {
        let why = format!("Goes out on {}.", when::dated(opens, businesses::zone(&business)));
        return Ok(Decision::Wait(opens, why));
    }
    Ok(match way(tx, contact, row, &platform).await? {
        Ok(way) => Decision::Ask(Box::new(Asked {
            business,
            platform,
            visit,
            way,
            rules,
            zone,
        })),
        Err(why) => Decision::Skip(why),
    })
}

/// The way by which they are asked; or why none.
pub(super) async fn way(
    tx: &mut Tx,
    contact: &contact::Model,
    row: &review_request::Model,
    platform: &review_platform::Model,
) -> Result<std::result::Result<Way, String>> {
    if review_platforms::kind(platform)? == Platform::Trustpilot {
        return ways::this(tx, contact, Channel::Email, row.location_id, Purpose::Promotional).await;
    }
    ways::choose(tx, contact, &intent(row), row.location_id, Purpose::Promotional).await
}

/// Until when it waits for their conversation, if that needs an answer.
async fn waits_for_an_answer(tx: &Tx, row: &review_request::Model) -> Result<Option<DateTime<Utc>>> {
    let thread = conversations::of_contact(&tx.db, row.business_id, row.contact_id).await?;
    if thread.is_none_or(|thread| thread.waiting_since.is_none()) {
        return Ok(None);
    }
    Ok(rules::waits_until(row.due_at, tx.now))
}

/// When this number was asked last, whoever it was filed under; one that is about to be counts as now.
async fn asked_last(tx: &Tx, contact: &contact::Model, row: &review_request::Model) -> Result<Option<DateTime<Utc>>> {
    use review_request::Column;
    let keys = tx.services().vault().indexes(PHONE, &contact.phone);
    let asked = [Status::Queued, Status::Sent, Status::Clicked].map(Status::as_str);
    let last = review_request::Entity::narrowed(row.business_id)
        .filter(Column::PhoneKey.is_in(keys))
        .filter(Column::AskedAt.gte(tx.now - rules::ONCE_IN))
        .filter(Column::Status.is_in(asked))
        .filter(Column::Id.ne(row.id))
        .order_by_desc(Column::AskedAt)
        .limit(1)
        .one(&tx.db)
        .await?;
    Ok(last.and_then(|last| last.asked_at))
}

/// What all ways of asking this have in common.
fn intent(row: &review_request::Model) -> String {
    format!("review:{}", row.id)
}

async fn write(tx: &mut Tx, contact: &contact::Model, row: review_request::Model, asked: Asked) -> Result<()> {
    let useful_until = asked.rules.open_until(tx.now, asked.zone);
    let about = About {
        visit: asked.visit.as_ref(),
        ..About::to(&asked.business, contact)
    };
    send(tx, row, about, (&asked.platform, asked.way, None), useful_until).await
}

/// Writes the message by one way; perhaps in the place of one that failed.
pub(super) async fn send(
    tx: &mut Tx,
    row: review_request::Model,
    about: About<'_>,
    (platform, way, instead_of): (&review_platform::Model, Way, Option<Uuid>),
    useful_until: DateTime<Utc>,
) -> Result<()> {
    let contact = about.contact.ok_or_else(|| Error::broken("a review request to nobody"))?;
    let (subject, body) = words(tx, &row, about, platform, way.channel).await?;
    let new = outbox::New {
        origin: Origin::Review,
        origin_id: Some(row.id),
        channel: way.channel,
        subject,
        body,
        correlation_id: Some(fallback::correlation(&intent(&row), way.channel)),
        author: None,
        appointment_id: None,
        useful_until: Some(useful_until),
        time_zone: about.visit.and_then(|visit| visit.time_zone.clone()),
        location_id: row.location_id,
        delay: None,
    };
    let message = outbox::enqueue(tx, contact, new).await?;
    ways::note(tx, &message, &way, instead_of).await?;
    let (now, vault) = (tx.now, tx.services().vault());
    let mut row = row.into_active_model();
    // It is another number, perhaps, than when this was planned.
    row.phone = Set(vault.seal(PHONE, &contact.phone));
    row.phone_key = Set(vault.index(PHONE, &contact.phone));
    row.status = Set(Status::Queued.as_str().to_owned());
    row.reason = Set(None);
    row.next_at = Set(None);
    row.message_id = Set(Some(message.id));
    row.channel = Set(Some(way.channel.as_str().to_owned()));
    // From here on this number counts as asked.
    row.asked_at = Set(Some(now));
    row.expires_at = Set(Some(now + OPENS_FOR));
    row.updated_at = Set(now);
    let row = row.update(&tx.db).await?;
    tx.mark_changed(row.business_id, Changed::ReviewRequest(row.id));
    Ok(())
}

/// What the customer reads; of a platform that invites by its own mail, what staff read of that.
async fn words(
    tx: &mut Tx,
    row: &review_request::Model,
    about: About<'_>,
    platform: &review_platform::Model,
    channel: Channel,
) -> Result<(Option<String>, String)> {
    let Some(contact) = about.contact else {
        return Err(Error::broken("a review request to nobody"));
    };
    if review_platforms::kind(platform)? == Platform::Trustpilot {
        let subject = format!("Invitation by {}", platform.name);
        let body = format!(
            "{} was asked to invite this customer to write a review, by its own mail.",
            platform.name
        );
        return Ok((Some(subject), body));
    }
    let language = contacts::language::of(about.business, contact);
    let mut known = match about.visit {
        Some(visit) => {
            let start = templates::start(&tx.db, about.business, contact, visit).await?;
            texts::one(language, &about.business.name, visit.for_name.as_deref(), start, None)
        }
        None => Values::default(),
    };
    known.set(
        Variable::Link,
        &format!("{}/r/{}", tx.services().settings().public_url, row.code),
    );
    match channel {
        Channel::Sms | Channel::WhatsApp => {
            let said = templates::say(tx, Which::sms(Kind::Review, language), about, known).await?;
            Ok((None, said.body))
        }
        Channel::Email => {
            let said = templates::say(tx, Which::mail(Kind::Review, language), about, known).await?;
            Ok((said.subject.clone(), said.letter().text()))
        }
    }
}
