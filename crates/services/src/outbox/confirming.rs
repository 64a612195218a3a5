//! Asking somebody to say themselves what another has said for them: by the way that it is about, with the address of their own page.

use domain::{
    consent::{Channel, Sending, may_send_by},
    letters,
    origin::Origin,
    texts,
};
use entity::contacts::contact;

use super::enqueue::{New, enqueue};
use crate::{
    businesses,
    channels::email::Letter,
    contacts::{self, consent},
    kernel::{Error, Event, Result, Tx, events::Recorded},
    preferences,
};

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
    let (subject, body) = match channel {
        Channel::Sms | Channel::WhatsApp => {
            let text = letters::confirm_offers_text(language, &business.name);
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
    let new = New {
        origin: Origin::Automatic,
        origin_id: None,
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
    enqueue(tx, person, new).await.map(drop)
}
