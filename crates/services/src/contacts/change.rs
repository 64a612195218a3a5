//! Changing what is known of people, and what they agreed to outside a text.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use contract::{
    Code,
    contacts::{ChangeConsent, ContactView, PatchContact, RecordConsent, UpdateContact},
};
use domain::{
    consent::{Channel, Purpose, Source, State},
    words,
};
use entity::contacts::contact;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::{
    consent, decrypted, finish, hold, holder, locked_alone, offers,
    rows::{Typed, Valid, write},
    tags,
};
use crate::{
    businesses,
    kernel::{
        Actor, Event, Permission, Principal, Result, Services, Tx,
        error::{field, problem},
        tx::Changed,
    },
};

/// Most characters of evidence.
const EVIDENCE: usize = 500;

/// Changes what is known of a contact, all of it: what is not given is taken away.
///
/// # Errors
/// As `patch`.
pub async fn update(s: &Services, actor: &Actor, cmd: UpdateContact) -> Result<ContactView> {
    let patch = PatchContact {
        name: Some(cmd.name),
        phone: Some(cmd.phone),
        email: Some(cmd.email),
        time_zone: Some(cmd.time_zone),
        notes: Some(cmd.notes),
        ..PatchContact::default()
    };
    self::patch(s, actor, cmd.id, patch).await
}

/// Changes what is given, and nothing else.
///
/// # Errors
/// `Invalid` per field; `NotFound`; `Conflict` for a contact that was merged into another.
pub async fn patch(s: &Services, actor: &Actor, id: Uuid, cmd: PatchContact) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let wanted = cmd.tags.as_deref().map(tags::tidy).transpose()?;
    let mut tx = s.begin().await?;
    let row = locked_alone(&tx, actor.business_id, id).await?;
    let typed = Typed {
        name: cmd.name.as_deref().unwrap_or(&row.name),
        may_be_nameless: cmd.name.is_none(),
        phone: cmd.phone.as_deref().unwrap_or(&row.phone),
        known: Some(&row.phone),
        email: or_known(&cmd.email, row.email.as_deref()),
        time_zone: or_known(&cmd.time_zone, row.time_zone.as_deref()),
        notes: or_known(&cmd.notes, Some(&row.notes)),
    };
    let mut valid = Valid::check(&business, typed)?;
    if let Some(language) = &cmd.language {
        valid = valid.speaking(language.as_deref())?;
    }
    if let Some(blocked) = cmd.blocked.filter(|blocked| *blocked != row.blocked) {
        block(&mut tx, &actor.who, row.clone(), blocked).await?;
    }
    apply(&mut tx, actor, row, valid, wanted).await?;
    finish(tx, actor.business_id, id).await
}

/// What was given, else what is known.
fn or_known<'a>(given: &'a Option<Option<String>>, known: Option<&'a str>) -> Option<&'a str> {
    match given {
        Some(given) => given.as_deref(),
        None => known,
    }
}

/// Writes what is different, with what follows from another number; what was.
pub(super) async fn apply(
    tx: &mut Tx,
    actor: &Actor,
    row: contact::Model,
    valid: Valid,
    wanted: Option<BTreeSet<String>>,
) -> Result<Vec<&'static str>> {
    let number_changed = row.phone != valid.phone;
    let address_changed = row.email != valid.email;
    if number_changed {
        free(tx, &row, &valid.phone).await?;
    }
    let has = tags::of_one(&tx.db, row.id).await?;
    let (before, after) = difference(&row, &valid, &has, wanted.as_ref().unwrap_or(&has));
    let changed: Vec<&'static str> = after.keys().copied().collect();
    if changed.is_empty() {
        return Ok(changed);
    }
    let renamed = before.contains_key("name");
    let after_row = write(tx, row, valid).await?;
    if renamed {
        tags::renamed(tx, &after_row).await?;
    }
    if let Some(wanted) = wanted {
        tags::set(tx, &after_row, &wanted).await?;
    }
    if number_changed {
        ask_anew(tx, actor, &after_row).await?;
    }
    if address_changed {
        address_anew(tx, actor, &after_row).await?;
    }
    tx.mark_changed(actor.business_id, Changed::Contact(after_row.id));
    let event = Event::ContactChanged(after_row.id);
    tx.record_change(actor.business_id, &actor.who, event, Some(before), Some(after));
    Ok(changed)
}

type Facts = BTreeMap<&'static str, String>;

/// What is different, as it was and as it will be.
fn difference(row: &contact::Model, valid: &Valid, has: &BTreeSet<String>, wanted: &BTreeSet<String>) -> (Facts, Facts) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let list = |tags: &BTreeSet<String>| tags.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let language = valid.spoken().unwrap_or_else(|| row.language.clone());
    let all = [
        ("name", row.name.clone(), valid.name.clone()),
        ("phone", row.phone.clone(), valid.phone.clone()),
        ("email", text(&row.email), text(&valid.email)),
        ("time_zone", text(&row.time_zone), text(&valid.time_zone)),
        ("language", text(&row.language), text(&language)),
        ("notes", row.notes.clone(), valid.notes.clone()),
        ("tags", list(has), list(wanted)),
    ];
    let changed = all.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(name, before, after)| ((name, before), (name, after))).unzip()
}

/// Nobody else may have this number.
async fn free(tx: &Tx, row: &contact::Model, phone: &str) -> Result<()> {
    match holder(tx, row.business_id, phone).await? {
        None => Ok(()),
        Some(other) if other.id == row.id => Err(field("phone", "This is a further number of theirs already.")),
        Some(other) if other.name.is_empty() => Err(field("phone", "Somebody known by number only already has this number.")),
        Some(other) => Err(field("phone", format!("{} already has this number.", other.name))),
    }
}

/// Consent was given for the other number; this one has to be asked anew, or has said STOP before.
async fn ask_anew(tx: &mut Tx, actor: &Actor, row: &contact::Model) -> Result<()> {
    let suppressed = consent::suppressed_since(tx, row.business_id, &row.phone).await?.is_some();
    let change = consent::Change {
        contact: row,
        channel: Channel::Sms,
        state: if suppressed { State::OptedOut } else { State::Unknown },
        source: Source::Staff,
        by: &actor.who,
        evidence: "The phone number was changed",
        at: tx.now,
    };
    consent::record(tx, change).await?;
    tx.record(row.business_id, &actor.who, Event::PhoneChanged(Arc::new(row.clone())));
    Ok(())
}

/// The same for another e-mail address: who had agreed is asked anew, who had refused mails has refused them there, too.
async fn address_anew(tx: &mut Tx, actor: &Actor, row: &contact::Model) -> Result<()> {
    let suppressed = match &row.email {
        Some(email) => consent::suppressed_since(tx, row.business_id, email).await?.is_some(),
        None => false,
    };
    let known = consent::state_on(&tx.db, row.id, Channel::Email).await?;
    let state = if suppressed { State::OptedOut } else { State::Unknown };
    if known == state || known == State::OptedOut {
        return Ok(());
    }
    let change = consent::Change {
        contact: row,
        channel: Channel::Email,
        state,
        source: Source::Staff,
        by: &actor.who,
        evidence: "The e-mail address was changed",
        at: tx.now,
    };
    consent::record(tx, change).await
}

/// Blocks a contact (nothing is sent to them) or lifts the block.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Conflict` for a contact that was merged into another.
pub async fn set_blocked(s: &Services, actor: &Actor, id: Uuid, blocked: bool) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let mut tx = s.begin().await?;
    let row = locked_alone(&tx, actor.business_id, id).await?;
    block(&mut tx, &actor.who, row, blocked).await?;
    finish(tx, actor.business_id, id).await
}

async fn block(tx: &mut Tx, who: &Principal, row: contact::Model, blocked: bool) -> Result<()> {
    let (business_id, id, was) = (row.business_id, row.id, row.blocked);
    let mut row = row.into_active_model();
    row.blocked = Set(blocked);
    row.updated_at = Set(tx.now);
    let row = Arc::new(decrypted(tx.services(), row.update(&tx.db).await?).await?);
    let event = if blocked {
        Event::ContactBlocked(row)
    } else {
        Event::ContactUnblocked(row)
    };
    tx.mark_changed(business_id, Changed::Contact(id));
    tx.record_change(business_id, who, event, Some(was), Some(blocked));
    Ok(())
}

/// Staff write down what a person agreed to or refused outside a text.
///
/// # Errors
/// `Invalid` without evidence.
pub async fn record_consent(s: &Services, actor: &Actor, cmd: RecordConsent) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let evidence = words::lines(&cmd.evidence);
    if evidence.is_empty() || evidence.chars().count() > EVIDENCE {
        return Err(field(
            "evidence",
            "Write down how they told you, for example \"said so on the phone\", up to 500 characters.",
        ));
    }
    let mut tx = s.begin().await?;
    let row = locked_alone(&tx, actor.business_id, cmd.contact_id).await?;
    if cmd.state == State::Unknown {
        return Err(field("state", "Choose whether they agreed or refused."));
    }
    let change = consent::Change {
        contact: &row,
        channel: Channel::Sms,
        state: cmd.state,
        source: Source::Staff,
        by: &actor.who,
        evidence: &evidence,
        at: tx.now,
    };
    consent::record(&mut tx, change).await?;
    finish(tx, actor.business_id, cmd.contact_id).await
}

/// The same on any channel and for any purpose, by whoever may write contacts.
///
/// # Errors
/// `Invalid` for an opt-in without evidence and for words that are none; `Conflict` for an opt-in of somebody who said STOP themselves,
/// or whom staff must decide about.
pub async fn change_consent(s: &Services, actor: &Actor, id: Uuid, cmd: ChangeConsent) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let channel = channel(&cmd.channel)?;
    let purpose = cmd.purpose.parse::<Purpose>();
    let purpose = purpose.map_err(|_| field("purpose", "The purpose is \"transactional\" or \"promotional\"."))?;
    let state = match cmd.state.parse() {
        Ok(state @ (State::OptedIn | State::OptedOut)) => state,
        _ => return Err(field("state", "The state is \"opted_in\" or \"opted_out\".")),
    };
    let evidence = words::lines(cmd.evidence.as_deref().unwrap_or_default());
    if evidence.chars().count() > EVIDENCE {
        return Err(field("evidence", "Evidence has up to 500 characters."));
    }
    let (source, otherwise) = match actor.who {
        Principal::ApiKey { .. } => (Source::Api, "Told by another system"),
        _ => (Source::Staff, "Told by staff"),
    };
    if evidence.is_empty() && state == State::OptedIn {
        let words = "An opt-in needs evidence: their words, or what they signed, and when.";
        return Err(field("evidence", words));
    }
    let mut tx = s.begin().await?;
    let row = locked_alone(&tx, actor.business_id, id).await?;
    if state == State::OptedIn {
        may_opt_in(&tx, &row, channel).await?;
    }
    let change = consent::Change {
        contact: &row,
        channel,
        state,
        source,
        by: &actor.who,
        evidence: if evidence.is_empty() { otherwise } else { &evidence },
        at: tx.now,
    };
    match purpose {
        Purpose::Transactional => consent::record(&mut tx, change).await?,
        Purpose::Promotional => offers::said(&mut tx, change).await?,
    }
    finish(tx, actor.business_id, id).await
}

fn channel(word: &str) -> Result<Channel> {
    word.parse()
        .map_err(|_| field("channel", "The channel is \"sms\", \"whatsapp\" or \"email\"."))
}

/// What somebody said themselves is theirs to take back.
async fn may_opt_in(tx: &Tx, row: &contact::Model, channel: Channel) -> Result<()> {
    if channel == Channel::Sms && row.held_since.is_some() {
        return Err(problem(Code::Conflict, hold::REASON));
    }
    if super::address(row, channel).is_none() {
        let words = match channel {
            Channel::Email => "No e-mail address of this person is known.",
            Channel::Sms | Channel::WhatsApp => "This person has no number that could be written to.",
        };
        return Err(field("channel", words));
    }
    if consent::state_on(&tx.db, row.id, channel).await? != State::OptedOut {
        return Ok(());
    }
    let last = consent::last_refusal(&tx.db, row, channel).await?;
    let source = last.and_then(|row| row.source.parse().ok());
    let words = match source {
        Some(Source::Staff | Source::Api | Source::Import | Source::Booking | Source::Wrote | Source::WaitlistForm) => {
            return Ok(());
        }
        Some(Source::PreferencePage) => "They refused on their own page. Only they can take that back, there.",
        Some(Source::ProviderBlock) if channel == Channel::Email => {
            "They complained to their mail provider about our mail. Only they can take that back, on their own page."
        }
        Some(Source::ProviderBlock) => {
            "They said STOP to this number: the network refuses our texts. Only they can take that back, by texting START."
        }
        // One that nobody here can read is one that nobody here may undo.
        Some(Source::Keyword) | None => "They texted STOP. Only they can take that back, by texting START.",
    };
    Err(problem(Code::Conflict, words))
}
