//! By which way something goes to somebody, and which is next when one is known to have failed. The rule is `domain::fallback`; whoever has
//! something to say words it for the way that is chosen here.

use domain::{
    choice::{self, Answers},
    consent::{Channel, Purpose, Sending, may_offer_by, may_send_by},
    delivery::Status,
    fallback::{self, Fate, Next},
    outcome::Class,
};
use entity::{
    businesses::business,
    contacts::{contact, contact_answers},
    messages::message,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::sender::{sender, whatsapp};
use crate::{
    businesses, channels,
    contacts::{consent, dead, offers},
    delivery::{self, state},
    kernel::{Result, Tx, tx::Objections},
    messages, numbers,
};

/// A way that something goes, and why this one, where that was learned.
#[derive(Clone)]
pub(crate) struct Way {
    pub channel: Channel,
    pub because: Option<String>,
}

/// Which way something goes; or why none, in words for staff. `intent` names what is to be said: said before, and not known to have failed,
/// it stays on the way that it took.
pub(crate) async fn choose(
    tx: &mut Tx,
    contact: &contact::Model,
    intent: &str,
    location: Option<Uuid>,
    purpose: Purpose,
) -> Result<std::result::Result<Way, String>> {
    wished(tx, contact, intent, location, purpose, None).await
}

/// The same where one way is wished for this alone: it comes first, if it is open.
pub(crate) async fn wished(
    tx: &mut Tx,
    contact: &contact::Model,
    intent: &str,
    location: Option<Uuid>,
    purpose: Purpose,
    wish: Option<Channel>,
) -> Result<std::result::Result<Way, String>> {
    let business = businesses::of(tx, contact.business_id).await?;
    let before = messages_of(&tx.db, contact.business_id, intent).await?;
    let tried: Vec<(Channel, Fate)> = before.iter().filter_map(|m| Some((channels::of(m)?, fate(m)))).collect();
    if let Some((channel, _)) = tried.iter().find(|(_, fate)| *fate == Fate::Open).copied() {
        let because = None;
        let way = Way { channel, because };
        return Ok(objection(tx, contact, channel, location, purpose).await?.map_or(Ok(way), Err));
    }
    let mut order = fallback::order(contact.channels.as_deref(), &business.channels);
    if let Some(wish) = wish {
        order.retain(|way| *way != wish);
        order.insert(0, wish);
    }
    let mut open = Vec::new();
    let mut why = None;
    for channel in order.iter().copied() {
        match objection(tx, contact, channel, location, purpose).await? {
            None => open.push(channel),
            Some(objection) => why = why.or(Some(objection)),
        }
    }
    let because = match wish {
        Some(_) => None,
        None => learned(tx, &business, contact, &mut open).await?,
    };
    let next = fallback::next(&open, |_| true, &tried, true);
    Ok(match next {
        Next::By(channel) => Ok(Way {
            channel,
            because: because.filter(|_| open.first() == Some(&channel)),
        }),
        _ => Err(why.unwrap_or_else(|| "It failed every way that is open.".to_owned())),
    })
}

/// Whether a business has any way at all to write to somebody.
pub(crate) async fn any(tx: &Tx, business_id: Uuid, location: Option<Uuid>) -> Result<bool> {
    let services = tx.services();
    Ok(channels::mail_server(services).is_some()
        || sender(services, &tx.db, business_id, None, location).await?.is_some()
        || !numbers::whatsapp::active(&tx.db, business_id).await?.is_empty())
}

/// This way, whatever the order of ways is; or why not.
pub(crate) async fn this(
    tx: &Tx,
    contact: &contact::Model,
    channel: Channel,
    location: Option<Uuid>,
    purpose: Purpose,
) -> Result<std::result::Result<Way, String>> {
    let way = Way { channel, because: None };
    Ok(objection(tx, contact, channel, location, purpose).await?.map_or(Ok(way), Err))
}

/// The way in place of one that has just failed; none if nothing more is tried. What would be tried again by itself is not any more.
pub(crate) async fn instead(
    tx: &mut Tx,
    contact: &contact::Model,
    failed: &message::Model,
    location: Option<Uuid>,
) -> Result<Option<Way>> {
    let Some((intent, _)) = intent_of(failed) else {
        return Ok(None);
    };
    // Of an origin that is not known nothing goes another way.
    let Some(purpose) = messages::origin(failed).map(|origin| origin.policy().purpose) else {
        return Ok(None);
    };
    let business = businesses::of(tx, contact.business_id).await?;
    let before = messages_of(&tx.db, contact.business_id, &intent).await?;
    let mut tried = Vec::with_capacity(before.len());
    for m in &before {
        let Some(channel) = channels::of(m) else { continue };
        tried.push((channel, if m.id == failed.id { after_failure(m) } else { fate(m) }));
    }
    let useful = failed.useful_until.is_none_or(|until| until > tx.now);
    let order = fallback::order(contact.channels.as_deref(), &business.channels);
    let mut open = Vec::new();
    for channel in order.iter().copied() {
        if objection(tx, contact, channel, location, purpose).await?.is_none() {
            open.push(channel);
        }
    }
    let Next::By(channel) = fallback::next(&order, |way| open.contains(&way), &tried, useful) else {
        return Ok(None);
    };
    if contact.blocked || contact.held_since.is_some() {
        return Ok(None);
    }
    // The network's own second try of it would be a second message.
    if let Some(row) = before.into_iter().find(|m| m.id == failed.id && m.retry_at.is_some()) {
        state::end_retry(tx, row).await?;
    }
    metrics::counter!("showup_messages_total", "step" => "fallback").increment(1);
    tracing::info!(message = %failed.id, step = "fallback", to = %channel, "goes another way");
    Ok(Some(Way { channel, because: None }))
}

/// Notes at a message how it came to its way.
pub(crate) async fn note(tx: &Tx, message: &message::Model, way: &Way, fallback_of: Option<Uuid>) -> Result<()> {
    if way.because.is_none() && fallback_of.is_none() {
        return Ok(());
    }
    message::Entity::update_many()
        .col_expr(message::Column::FallbackOf, Expr::value(fallback_of))
        .col_expr(message::Column::ChosenBecause, Expr::value(way.because.clone()))
        .filter(message::Column::Id.eq(message.id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// The message in whose place this one goes, if that has arrived after all.
pub(crate) async fn arrived_before(db: &impl ConnectionTrait, m: &message::Model) -> Result<Option<message::Model>> {
    let mut seen = m.fallback_of;
    for _ in Channel::ALL {
        let Some(id) = seen else { break };
        let first = message::Entity::these(m.business_id, [id]).one(db).await?;
        match first {
            Some(first) if !messages::status(&first).is_failure() => return Ok(Some(first)),
            Some(first) => seen = first.fallback_of,
            None => break,
        }
    }
    Ok(None)
}

/// Why those of these that go in another's place are not wanted any more: that has arrived, or may.
pub(crate) async fn objections(db: &impl ConnectionTrait, waiting: &[&message::Model]) -> Result<Objections> {
    let mut objections = Objections::new();
    for m in waiting.iter().filter(|m| m.fallback_of.is_some()) {
        if arrived_before(db, m).await?.is_some() {
            objections.insert(m.id, ARRIVED.to_owned());
        }
    }
    Ok(objections)
}

const ARRIVED: &str = "It arrived the way it went first after all.";

/// What a message says, as all of its ways call it, and its own way.
fn intent_of(m: &message::Model) -> Option<(String, Channel)> {
    let (channel, correlation) = (channels::of(m)?, m.correlation_id.as_deref()?);
    Some((fallback::intent(correlation, channel).to_owned(), channel))
}

/// The messages that this is, of each way at most one.
async fn messages_of(db: &impl ConnectionTrait, business_id: Uuid, intent: &str) -> Result<Vec<message::Model>> {
    let names = Channel::ALL.iter().map(|way| fallback::correlation(intent, *way));
    let rows = message::Entity::in_business(business_id).filter(message::Column::CorrelationId.is_in(names));
    Ok(rows.all(db).await?)
}

fn fate(m: &message::Model) -> Fate {
    if m.retry_at.is_some() {
        return Fate::Open;
    }
    after_failure(m)
}

/// The same where nothing more is tried by itself.
fn after_failure(m: &message::Model) -> Fate {
    match messages::status(m) {
        Status::Cancelled => Fate::Withdrawn,
        status if status.is_failure() => {
            let opted_out = m.error_code.is_some() && channels::failure(m, m.error_code, "").class == Class::OptedOut;
            if opted_out { Fate::OptedOut } else { Fate::Failed }
        }
        _ => Fate::Open,
    }
}

/// Why a machine can't write to this contact by this way, if so. The claim asks all of this again.
async fn objection(
    tx: &Tx,
    contact: &contact::Model,
    channel: Channel,
    location: Option<Uuid>,
    purpose: Purpose,
) -> Result<Option<String>> {
    let services = tx.services().clone();
    let state = consent::state_on(&tx.db, contact.id, channel).await?;
    if channel == Channel::Email && contact.email.is_none() {
        return Ok(Some("No e-mail address of this person is known.".to_owned()));
    }
    let may = match purpose {
        Purpose::Transactional => may_send_by(channel, state, Sending::Automatic),
        Purpose::Promotional => may_offer_by(channel, state, offers::on(&tx.db, contact.id, channel).await?),
    };
    if let Err(reason) = may {
        return Ok(Some(reason.to_owned()));
    }
    if purpose == Purpose::Promotional && channel == Channel::WhatsApp {
        return Ok(Some("There is no approved text for that on WhatsApp.".to_owned()));
    }
    match channel {
        Channel::Sms => {
            if let Some(why) = delivery::unreachable(tx, contact).await? {
                return Ok(Some(why));
            }
            let from = sender(&services, &tx.db, contact.business_id, Some(contact.id), location).await?;
            Ok(from.is_none().then(|| "There is no number to send from.".to_owned()))
        }
        Channel::WhatsApp => {
            let way = whatsapp(&services, &tx.db, contact).await?;
            Ok(way.is_none().then(|| "There is no way to them on WhatsApp.".to_owned()))
        }
        Channel::Email if channels::mail_server(&services).is_none() => {
            Ok(Some("E-mail is not set up on this installation.".to_owned()))
        }
        Channel::Email => {
            let address = contact.email.as_deref().unwrap_or_default();
            let dead = dead::find(&services, &tx.db, contact.business_id, address).await?;
            Ok(dead.map(|_| "Mail to this address comes back: nobody has it.".to_owned()))
        }
    }
}

/// What worked for somebody before is put first, where their business wants that and they have not said themselves what they would like.
async fn learned(
    tx: &Tx,
    business: &business::Model,
    contact: &contact::Model,
    open: &mut Vec<Channel>,
) -> Result<Option<String>> {
    if !business.learn_channels || contact.channels.is_some() || open.len() < 2 {
        return Ok(None);
    }
    let known = answers_of(&tx.db, business.id, contact.id).await?;
    let Some(best) = choice::better(open, &known) else {
        return Ok(None);
    };
    open.retain(|way| *way != best.way);
    open.insert(0, best.way);
    Ok(Some(choice::reason(best.answered, best.asked, by(best.way))))
}

/// In a sentence.
fn by(way: Channel) -> &'static str {
    match way {
        Channel::Sms => "by text message",
        Channel::WhatsApp => "on WhatsApp",
        Channel::Email => "by e-mail",
    }
}

/// How often somebody was asked by each way, and has answered.
pub(crate) async fn answers_of(db: &impl ConnectionTrait, business_id: Uuid, contact: Uuid) -> Result<Vec<Answers<Channel>>> {
    let rows = contact_answers::Entity::in_business(business_id).filter(contact_answers::Column::ContactId.eq(contact));
    let read = |row: contact_answers::Model| {
        Some(Answers {
            way: row.channel.parse().ok()?,
            asked: u32::try_from(row.asked).unwrap_or_default(),
            answered: u32::try_from(row.answered).unwrap_or_default(),
        })
    };
    Ok(rows.all(db).await?.into_iter().filter_map(read).collect())
}
