//! Asking somebody to say themselves what another has said for them: by the way that it is about, with the address of their own page. By text
//! and on WhatsApp a Y is enough, if it can mean nothing else (`domain::reminders::which`).

use std::collections::HashMap;

use chrono::Duration;
use domain::{
    consent::{Channel, Purpose, Sending, Source, State, may_send_by},
    letters,
    origin::Origin,
    texts,
};
use entity::{contacts::contact, messages::message, questions::question};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    businesses, channels,
    channels::email::Letter,
    contacts::{self, consent},
    kernel::{Error, Event, Principal, Result, Tx, error::not_found, events::Recorded, tx::Objections},
    outbox::{self, New},
    preferences, questions,
};

/// How long a Y is heard. Their page is there for good.
const HEARD: Duration = Duration::days(3);

const DECIDED: &str = "They have said by now whether they want offers.";

/// Who may want offers is asked, once a day at most, if they may be written to at all; who can't be asked has not agreed.
pub(crate) async fn offers_to_confirm(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::OffersToConfirm(person, channel) = &one.event else {
            continue;
        };
        match ask(tx, person, *channel).await {
            Ok(()) => {}
            Err(Error::Problem(why)) => {
                tracing::info!(contact = %person.id, %channel, why = why.detail, "not asked about offers")
            }
            Err(cause) => return Err(cause),
        }
    }
    Ok(())
}

async fn ask(tx: &mut Tx, person: &contact::Model, channel: Channel) -> Result<()> {
    let agreed = consent::state_on(&tx.db, person.id, channel).await?;
    let silent = person.blocked || person.sample || person.held_since.is_some();
    // Who has not even agreed to hear of their visits is not asked for more.
    if silent || may_send_by(channel, agreed, Sending::Automatic).is_err() {
        return Ok(());
    }
    let business = businesses::of(tx, person.business_id).await?;
    let language = contacts::language::of(&business, person);
    let url = preferences::link::url(tx.services(), person.id).await?;
    let token = contacts::take_token(tx, person.clone()).await?;
    let (subject, body) = match channel {
        Channel::Sms | Channel::WhatsApp => {
            let others = questions::others_open(tx, business.id, person.id, &[person.id]).await?;
            let shown = u16::try_from(token).ok().filter(|_| others);
            let text = letters::confirm_offers_text(language, &business.name, shown);
            let text = businesses::language::as_sent(&business, text);
            (None, texts::with_link(&text, &url))
        }
        Channel::Email => {
            let written = letters::confirm_offers(language, &business.name);
            let letter = written.paragraphs.into_iter().fold(Letter::default(), Letter::paragraph);
            (
                Some(written.subject),
                letter.button(letters::confirm_offers_button(language), url).text(),
            )
        }
    };
    let id = Uuid::now_v7();
    let new = New {
        origin: Origin::Consent,
        origin_id: Some(id),
        channel,
        subject,
        body,
        correlation_id: Some(format!("offers:{}:{channel}:{}", person.id, tx.now.date_naive())),
        author: None,
        appointment_id: None,
        useful_until: None,
        time_zone: None,
        location_id: None,
        delay: None,
    };
    let asks = outbox::enqueue(tx, person, new).await?;
    // They were asked today already; a mail is answered on its page.
    if asks.origin_id != Some(id) || channel == Channel::Email {
        return Ok(());
    }
    let question = questions::New {
        business_id: person.business_id,
        contact_id: person.id,
        origin: Origin::Consent,
        origin_id: id,
        subject_id: person.id,
        token,
        at: tx.now + HEARD,
        time_zone: None,
        name: None,
        message_id: asks.id,
        expires_at: tx.now + HEARD,
    };
    questions::ask(tx, question).await
}

/// They have said it themselves: what they answered is kept with what they were asked, and a yes is thanked for.
pub(crate) async fn answered(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        if let Event::Answered(question, inbound) = &one.event
            && question.origin == Origin::Consent.as_str()
        {
            decide(tx, question, inbound).await?;
        }
    }
    Ok(())
}

async fn decide(tx: &mut Tx, question: &question::Model, inbound: &message::Model) -> Result<()> {
    let asked = message::Entity::these(question.business_id, [question.message_id]);
    let asked = asked.one(&tx.db).await?.ok_or_else(|| not_found("message"))?;
    let Some(channel) = channels::of(&asked) else { return Ok(()) };
    let contact = contacts::locked(tx, question.business_id, question.contact_id).await?;
    let state = if question.answer == Some(true) {
        State::OptedIn
    } else {
        State::OptedOut
    };
    let known = consent::all_of(&tx.db, &[contact.id]).await?;
    if known.get(&(contact.id, channel, Purpose::Promotional)) == Some(&state) {
        return Ok(());
    }
    let evidence = format!(
        "Answered \"{}\" ({}) to \"{}\"",
        inbound.body.chars().take(50).collect::<String>(),
        inbound.provider_sid.as_deref().unwrap_or_default(),
        asked.body
    );
    let change = consent::Change {
        contact: &contact,
        channel,
        state,
        source: Source::Wrote,
        by: &Principal::Customer,
        evidence: &evidence,
        at: inbound.created_at,
    };
    consent::record_offers(tx, change).await?;
    if state != State::OptedIn {
        return Ok(());
    }
    let business = businesses::of(tx, contact.business_id).await?;
    let thanks = letters::offers_confirmed(contacts::language::of(&business, &contact), &business.name);
    let thanks = businesses::language::as_sent(&business, thanks);
    outbox::respond(tx, &contact, inbound, "offers_confirmed", thanks).await
}

/// Why these are not wanted any more: whoever is asked has decided.
pub(crate) async fn still_wanted(db: &impl ConnectionTrait, waiting: &[&message::Model]) -> Result<Objections> {
    let people: Vec<Uuid> = waiting.iter().map(|m| m.contact_id).collect();
    let known: HashMap<_, State> = consent::all_of(db, &people).await?;
    let decided = |m: &message::Model| {
        let of = channels::of(m).and_then(|channel| known.get(&(m.contact_id, channel, Purpose::Promotional)));
        of == Some(&State::OptedIn)
    };
    let decided = waiting.iter().filter(|m| decided(m));
    Ok(decided.map(|m| (m.id, DECIDED.to_owned())).collect())
}
