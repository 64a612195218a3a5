//! An open conversation, and whether one may write.

use chrono::{DateTime, NaiveTime, Utc};
use contract::{
    contacts::{ContactView, Hold},
    conversations::{Composer, OnWhatsApp, Place, ReadyWording, Thread},
};
use domain::{
    consent::{Channel, Sending, may_send},
    later::MOST,
    phone::Address,
    registration::Judgement,
    templates::Kind,
    whatsapp::{Go, what_may_go},
    when,
};
use entity::{businesses::business, messages::message};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    accounts, appointments, businesses, contacts, conversations,
    kernel::{
        Actor, Error, Permission, Result, Services,
        paging::{Cursor, PAGE, TimeCursor},
    },
    messages,
    numbers::{self, registration},
    outbox::{held, sender},
    tasks,
    templates::{self, About},
    twins, waitlist,
};

/// Messages that are shown after the one somebody has come for.
const AFTER: u64 = 20;

/// An open conversation: a page of its messages, and the person. Of one that was merged into another it is the other.
///
/// # Errors
/// `NotFound`, also for a message that is not in this conversation.
pub async fn thread(s: &Services, actor: &Actor, id: Uuid, place: Place) -> Result<Thread> {
    actor.may(Permission::ReadMessages)?;
    let mut conversation = match conversations::row(s, s.read(), actor.business_id, id).await {
        // It says where it is now.
        Err(Error::Problem(gone)) => {
            let now = gone.conflicts_with.ok_or(Error::Problem(gone))?;
            conversations::row(s, s.read(), actor.business_id, now).await?
        }
        found => found?,
    };
    let id = conversation.id;
    conversations::for_reader(s.read(), actor, std::slice::from_mut(&mut conversation)).await?;
    let first_unread = match conversation.unread {
        0 => None,
        _ => conversations::first_unread(s.read(), actor, id).await?,
    };
    let page = page(s, actor.business_id, id, place).await?;
    let contact = contacts::view(s, s.read(), actor.business_id, conversation.contact_id).await?;
    let sender = sender(s, s.read(), actor.business_id, Some(contact.id), None).await?;
    let forbidden = match &sender {
        Some(from) => registration::objection(s.read(), actor.business_id, from, &contact.phone, s.now()).await?,
        None => None,
    };
    let business = businesses::get(s.read(), actor.business_id).await?;
    let whatsapp = on_whatsapp(s, &business, &contact).await?;
    let not_there = businesses::sending::not_texted(&business, &contact.phone);
    let hold = tasks::hold::of(s.read(), actor.business_id, &contact).await?;
    let offered = match actor.may(Permission::ReadWaitlist) {
        Ok(()) => waitlist::offered(s.read(), actor.business_id, contact.id, page.since, page.until).await?,
        Err(_) => Vec::new(),
    };
    Ok(Thread {
        offered,
        notes: conversations::notes::between(s.read(), id, page.since, page.until).await?,
        draft: conversations::notes::draft(s.read(), actor, id).await?,
        members: accounts::members(s.read(), actor.business_id).await?,
        composer: match &whatsapp {
            Some((whatsapp, _)) => composer_on_whatsapp(&contact, hold, whatsapp, s.now()),
            None => composer(&contact, hold, sender.is_some(), not_there, forbidden),
        },
        sender: match &whatsapp {
            Some((_, sender)) => Some(sender.clone()),
            None => sender.map(|phone| domain::phone::display(&phone, &business.country)),
        },
        whatsapp: whatsapp.map(|(whatsapp, _)| whatsapp),
        messages: page.rows.into_iter().map(messages::shown).collect(),
        older: page.older,
        newer: page.newer,
        sought: page.sought,
        first_unread,
        appointments: appointments::of_contact(s, s.read(), actor.business_id, contact.id).await?,
        tasks: tasks::of_contact(s, s.read(), actor.business_id, contact.id).await?,
        conversation,
        contact,
    })
}

/// Messages that follow one another, oldest first.
struct Messages {
    rows: Vec<message::Model>,
    older: Option<Uuid>,
    newer: Option<Uuid>,
    sought: Option<Uuid>,
    /// Notes that stand between them are of this time.
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

async fn page(s: &Services, business_id: Uuid, id: Uuid, place: Place) -> Result<Messages> {
    let said = async |said| at(s, business_id, id, said).await;
    match place {
        Place::Newest => up_to(s, business_id, id, None, None).await,
        Place::Before(message) => up_to(s, business_id, id, Some(said(message).await?), None).await,
        Place::After(message) => following(s, business_id, id, said(message).await?).await,
        Place::At(message) => around(s, business_id, id, said(message).await?).await,
        Place::On(day) => {
            let zone = businesses::zone(&businesses::get(s.read(), business_id).await?);
            let morning = when::local_to_utc(day.and_time(NaiveTime::MIN), zone);
            let first = messages::after(business_id, id, Cursor(morning, Uuid::nil())).limit(1);
            match first.one(s.read()).await? {
                Some(row) => around(s, business_id, id, Cursor(row.created_at, row.id)).await,
                None => up_to(s, business_id, id, None, None).await,
            }
        }
    }
}

/// The last messages before one, or of all.
async fn up_to(s: &Services, business_id: Uuid, id: Uuid, before: Option<TimeCursor>, sought: Option<Uuid>) -> Result<Messages> {
    let until = before.as_ref().map(|Cursor(at, _)| *at);
    let rows = messages::newest(business_id, before).filter(message::Column::ConversationId.eq(id));
    let mut rows = rows.all(s.read()).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    rows.reverse();
    let oldest = rows.first().filter(|_| more).map(|row| (row.id, row.created_at));
    let newer = rows.last().filter(|_| until.is_some()).map(|row| row.id);
    if until.is_none() {
        rows.extend(written_for_later(s, business_id, id, &rows).await?);
    }
    Ok(Messages {
        rows,
        older: oldest.map(|(id, _)| id),
        newer,
        sought,
        since: oldest.map(|(_, at)| at),
        until,
    })
}

/// The first messages after one.
async fn following(s: &Services, business_id: Uuid, id: Uuid, after: TimeCursor) -> Result<Messages> {
    let since = after.0;
    let rows = messages::after(business_id, id, after).limit(PAGE + 1);
    let mut rows = rows.all(s.read()).await?;
    let next = rows.get(PAGE as usize).map(|row| row.created_at);
    rows.truncate(PAGE as usize);
    Ok(Messages {
        older: rows.first().map(|row| row.id),
        newer: rows.last().filter(|_| next.is_some()).map(|row| row.id),
        rows,
        sought: None,
        since: Some(since),
        until: next,
    })
}

/// A message or note with what came before it and some of what came after.
async fn around(s: &Services, business_id: Uuid, id: Uuid, Cursor(at, said): TimeCursor) -> Result<Messages> {
    let after = messages::after(business_id, id, Cursor(at, said)).limit(AFTER + 1);
    let rows = after.all(s.read()).await?;
    let end = rows.get(AFTER as usize).map(|row| Cursor(row.created_at, row.id));
    up_to(s, business_id, id, end, Some(said)).await
}

/// Where a message or note stands.
async fn at(s: &Services, business_id: Uuid, conversation_id: Uuid, said: Uuid) -> Result<TimeCursor> {
    let message = message::Entity::these(business_id, [said])
        .filter(message::Column::ConversationId.eq(conversation_id))
        .one(s.read())
        .await?;
    let at = match message {
        Some(row) => row.created_at,
        None => conversations::notes::at(s.read(), business_id, conversation_id, said).await?,
    };
    Ok(Cursor(at, said))
}

/// What was written before all of the newest page and goes out, or went out, after its beginning.
async fn written_for_later(
    s: &Services,
    business_id: Uuid,
    conversation_id: Uuid,
    page: &[message::Model],
) -> Result<Vec<message::Model>> {
    let Some(oldest) = page.first() else { return Ok(Vec::new()) };
    let rows = held::of_conversation(business_id, conversation_id)
        .filter(
            Condition::any()
                .add(message::Column::SendAt.gte(oldest.created_at))
                .add(Expr::cust(messages::WAITING)),
        )
        .filter(message::Column::CreatedAt.lt(oldest.created_at))
        .order_by_desc(message::Column::SendAt)
        .limit(2 * MOST as u64);
    Ok(rows.all(s.read()).await?)
}

/// How a reply goes out on WhatsApp, and from where; none where they wrote otherwise last.
async fn on_whatsapp(s: &Services, business: &business::Model, contact: &ContactView) -> Result<Option<(OnWhatsApp, String)>> {
    let senders = numbers::whatsapp::active(s.read(), business.id).await?;
    let Some(first) = senders.first() else { return Ok(None) };
    if messages::last_channel(s.read(), business.id, contact.id).await? != Some(Channel::WhatsApp) {
        return Ok(None);
    }
    let person = contacts::many(s, s.read(), business.id, vec![contact.id])
        .await?
        .remove(&contact.id);
    let Some(person) = person else { return Ok(None) };
    let way = contacts::whatsapp::way_to(s, s.read(), &person).await?;
    let from = way.as_ref().and_then(|way| way.from.as_deref()).unwrap_or(&first.phone);
    let shown = domain::phone::display(domain::whatsapp::known_by(from), &business.country);
    let mut wordings = Vec::new();
    if let Some(visit) = appointments::next_of(s.read(), business.id, contact.id, s.now()).await? {
        let start = templates::start(s.read(), business, &person, &visit).await?;
        let about = About {
            visit: Some(&visit),
            ..About::to(business, &person)
        };
        let words = twins::preview(s, Kind::Reminder, about, start).await?;
        wordings.extend(words.map(|words| ReadyWording {
            kind: "reminder".to_owned(),
            appointment_id: visit.id,
            words,
        }));
    }
    let on = OnWhatsApp {
        until: way.and_then(|way| way.until).filter(|until| *until > s.now()),
        wordings,
    };
    Ok(Some((on, format!("WhatsApp {shown}"))))
}

fn composer_on_whatsapp(contact: &ContactView, hold: Option<Hold>, on: &OnWhatsApp, now: DateTime<Utc>) -> Composer {
    let closed = |reason: &str, next_step: &str| Composer::Closed {
        reason: reason.to_owned(),
        next_step: next_step.to_owned(),
    };
    if contact.blocked {
        return closed(contacts::BLOCKED, "Unblock them on their page to write again.");
    }
    if let Some(hold) = hold {
        return Composer::OnHold(hold);
    }
    if may_send(contact.consent.whatsapp, Sending::Reply).is_err() {
        let reason = "This person has opted out of messages on WhatsApp.";
        return closed(reason, "Call them instead. They can write START to get messages again.");
    }
    match what_may_go(now, on.until, None) {
        Go::Nothing(why) if on.wordings.is_empty() => closed(why, "Call them, or wait until they write again."),
        Go::Nothing(why) => closed(why, "Send one below, or wait until they write again."),
        Go::Text | Go::Template => Composer::Open,
    }
}

/// Whether staff may write to this person, and what to do if not.
/// `not_there`: the business does not text this phone's country. `forbidden`: the number that it would leave from may not text this phone.
fn composer(
    contact: &ContactView,
    hold: Option<Hold>,
    sender: bool,
    not_there: Option<String>,
    forbidden: Option<Judgement>,
) -> Composer {
    let closed = |reason: &str, next_step: &str| Composer::Closed {
        reason: reason.to_owned(),
        next_step: next_step.to_owned(),
    };
    if contact.blocked {
        return closed(contacts::BLOCKED, "Unblock them on their page to write again.");
    }
    if let Some(hold) = hold {
        return Composer::OnHold(hold);
    }
    if let Some(why) = Address::of(&contact.phone).objection() {
        return closed(why, "If they have a phone number, add it on their page.");
    }
    if let Some(why) = not_there {
        return closed(
            &why,
            &format!("Call them instead. {}", businesses::sending::COUNTRIES_CHANGED),
        );
    }
    if let Err(reason) = may_send(contact.consent.sms, Sending::Reply) {
        return closed(reason, "Call them instead. They can text START to get texts again.");
    }
    if !sender {
        return closed(
            "There is no number to send from.",
            "Add one in Settings under Numbers, or ask an owner or admin to.",
        );
    }
    if let Some(forbidden) = forbidden {
        return closed(
            &format!("Texts to the US can't leave from your number. {}", forbidden.reason),
            "Call them instead.",
        );
    }
    Composer::Open
}
