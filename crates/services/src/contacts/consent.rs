//! Consent: where a contact stands, and the ledger of how it came to that. Rows of one business form a chain of hashes.

mod verify;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use contract::contacts::{ConsentEventView, LedgerRow};
use domain::consent::{self as rules, Channel, LedgerEntry, Purpose, Source, State};
use entity::{
    businesses::business,
    contacts::{consent, consent_event, contact, suppression},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    Set,
    sea_query::{LockType, OnConflict},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::hold;
use crate::kernel::{Actor, Error, Event, Permission, Principal, Result, Services, Tx, tx::Changed};

pub use verify::{BrokenRow, verify};

/// The sealed column, as `vault::SEALED` calls it.
pub(super) const SUPPRESSED: &str = "suppression.phone";

/// Rows read at once.
const PAGE: u64 = 500;

/// Something that settles where a person stands on appointment texts.
#[derive(Clone)]
pub(crate) struct Change<'a> {
    pub contact: &'a contact::Model,
    pub channel: Channel,
    pub state: State,
    pub source: Source,
    pub by: &'a Principal,
    /// The exact text, message SID or what was said.
    pub evidence: &'a str,
    /// When it was said: for a text that came late, when it was written.
    pub at: DateTime<Utc>,
}

/// Writes the ledger row and the new state. Opting out covers every purpose, and kills in this transaction
/// all that waits to be sent to this person; opting in is for appointment texts only.
pub(crate) async fn record(tx: &mut Tx, change: Change<'_>) -> Result<()> {
    let number = &change.contact.phone;
    record_of(tx, &change, number).await
}

/// The same where it is one of their numbers that said it, perhaps a further one.
pub(crate) async fn record_of(tx: &mut Tx, change: &Change<'_>, number: &str) -> Result<()> {
    let purposes: &[Purpose] = match change.state {
        State::OptedOut => &[Purpose::Transactional, Purpose::Promotional],
        State::OptedIn | State::Unknown => &[Purpose::Transactional],
    };
    for purpose in purposes {
        append(tx, change, *purpose).await?;
    }
    let business_id = change.contact.business_id;
    let address = match change.channel {
        Channel::Sms | Channel::WhatsApp => Some(number),
        Channel::Email => change.contact.email.as_deref(),
    };
    if let Some(address) = address {
        remember(tx, business_id, change, address).await?;
    }
    let who = || Arc::new(change.contact.clone());
    match change.state {
        State::OptedOut => {
            let event = Event::ContactOptedOut(who(), change.channel);
            tx.record_change(business_id, change.by, event, None::<()>, Some(facts(change)));
        }
        State::OptedIn => {
            let event = Event::ContactOptedIn(who());
            tx.record_change(business_id, change.by, event, None::<()>, Some(facts(change)));
        }
        State::Unknown => {}
    }
    // What staff must decide about are texts.
    if change.state != State::Unknown && change.channel == Channel::Sms {
        hold::end(tx, change.contact, change.by).await?;
    }
    tx.mark_changed(business_id, Changed::Contact(change.contact.id));
    Ok(())
}

/// A word like STOP ends what is sent, not a way: what they had agreed to elsewhere ends, too. Where they have agreed to nothing there is
/// nothing to end, and a person may still write to them.
pub(crate) async fn stop_elsewhere(tx: &mut Tx, change: &Change<'_>) -> Result<()> {
    let known = all_of(&tx.db, &[change.contact.id]).await?;
    for channel in Channel::ALL.iter().copied().filter(|channel| *channel != change.channel) {
        let stands = |purpose| known.get(&(change.contact.id, channel, purpose)).copied().unwrap_or_default();
        let agreed = [Purpose::Transactional, Purpose::Promotional]
            .map(stands)
            .contains(&State::OptedIn);
        // On WhatsApp it is their number that says it; a STOP by text holds there by itself (`rules::standing`).
        let number = (channel, change.channel) == (Channel::Sms, Channel::WhatsApp);
        if agreed || (number && stands(Purpose::Transactional) == State::Unknown) {
            let there = Change {
                channel,
                ..change.clone()
            };
            record(tx, there).await?;
        }
    }
    Ok(())
}

/// What the audit trail keeps beside the ledger, which has the evidence.
fn facts(change: &Change<'_>) -> Value {
    json!({ "channel": change.channel.as_str(), "state": change.state.as_str(), "source": change.source.as_str() })
}

/// The same for offers and review requests alone: appointment texts stay as they are.
pub(crate) async fn record_offers(tx: &mut Tx, change: Change<'_>) -> Result<()> {
    append(tx, &change, Purpose::Promotional).await?;
    let (business_id, event) = (change.contact.business_id, Event::OffersDecided(change.contact.id));
    tx.record_change(business_id, change.by, event, None::<()>, Some(facts(&change)));
    tx.mark_changed(change.contact.business_id, Changed::Contact(change.contact.id));
    Ok(())
}

/// The row with which somebody opted out of a channel the last time.
pub(super) async fn last_refusal(
    db: &impl ConnectionTrait,
    contact: &contact::Model,
    channel: Channel,
) -> Result<Option<consent_event::Model>> {
    let last = consent_event::Entity::in_business(contact.business_id)
        .filter(consent_event::Column::ContactId.eq(contact.id))
        .filter(consent_event::Column::Channel.eq(channel.as_str()))
        .filter(consent_event::Column::Purpose.eq(Purpose::Transactional.as_str()))
        .filter(consent_event::Column::State.eq(State::OptedOut.as_str()))
        .order_by_desc(consent_event::Column::Seq)
        .limit(1);
    Ok(last.one(db).await?)
}

/// What follows for one of two entries from their being one, or from their coming apart again. No number said anything, so none is
/// remembered, and it is no news to count.
pub(super) async fn follow(tx: &mut Tx, change: &Change<'_>, purpose: Purpose) -> Result<()> {
    append(tx, change, purpose).await?;
    tx.mark_changed(change.contact.business_id, Changed::Contact(change.contact.id));
    Ok(())
}

/// Where people stand for every channel and purpose that something is known of.
pub(crate) async fn all_of(db: &impl ConnectionTrait, contacts: &[Uuid]) -> Result<HashMap<(Uuid, Channel, Purpose), State>> {
    let rows = consent::Entity::find()
        .filter(consent::Column::ContactId.is_in(contacts.iter().copied()))
        .all(db)
        .await?;
    let known = rows.into_iter().filter_map(|row| {
        let key = (row.contact_id, row.channel.parse().ok()?, row.purpose.parse().ok()?);
        Some((key, read(&row.state)))
    });
    Ok(known.collect())
}

/// How long the ledger of a business is.
pub(super) async fn ledger_seq(tx: &Tx, business_id: Uuid) -> Result<i64> {
    let head = business::Entity::find_by_id(business_id).one(&tx.db).await?;
    Ok(head.map_or(0, |head| head.ledger_seq))
}

/// Whether anything was said of this after that row of the ledger.
pub(super) async fn said_since(tx: &Tx, contact: &contact::Model, of: (Channel, Purpose), seq: i64) -> Result<bool> {
    let later = consent_event::Entity::in_business(contact.business_id)
        .filter(consent_event::Column::ContactId.eq(contact.id))
        .filter(consent_event::Column::Seq.gt(seq))
        .filter(consent_event::Column::Channel.eq(of.0.as_str()))
        .filter(consent_event::Column::Purpose.eq(of.1.as_str()))
        .limit(1);
    Ok(later.one(&tx.db).await?.is_some())
}

/// This number takes its STOP back. Whether its person is texted is another matter: texts go to their first number.
pub(crate) async fn lift(tx: &Tx, business_id: Uuid, number: &str) -> Result<()> {
    let these = suppression::Column::PhoneKey.is_in(tx.services().vault().indexes(SUPPRESSED, number));
    suppression::Entity::delete_many()
        .filter(suppression::Column::BusinessId.eq(business_id))
        .filter(these)
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// A STOP belongs to the number or address, whoever it is filed under later; only an opt-in lifts it.
async fn remember(tx: &Tx, business_id: Uuid, change: &Change<'_>, phone: &str) -> Result<()> {
    match change.state {
        // Looked up first, for the row may stand there under another key. The lock on the ledger's head is held: nobody else adds it.
        State::OptedOut if suppressed_since(tx, business_id, phone).await?.is_some() => {}
        State::OptedOut => {
            let vault = tx.services().vault();
            let row = suppression::ActiveModel {
                business_id: Set(business_id),
                phone_key: Set(vault.index(SUPPRESSED, phone)),
                phone: Set(vault.seal(SUPPRESSED, phone)),
                since: Set(change.at),
            };
            suppression::Entity::insert(row).exec_without_returning(&tx.db).await?;
        }
        State::OptedIn => lift(tx, business_id, phone).await?,
        State::Unknown => {}
    }
    Ok(())
}

/// Since when this number has said STOP to this business, perhaps while it was filed under somebody else.
pub(crate) async fn suppressed_since(tx: &Tx, business_id: Uuid, phone: &str) -> Result<Option<DateTime<Utc>>> {
    let these = suppression::Column::PhoneKey.is_in(tx.services().vault().indexes(SUPPRESSED, phone));
    let row = suppression::Entity::in_business(business_id)
        .filter(these)
        .one(&tx.db)
        .await?;
    Ok(row.map(|r| r.since))
}

/// Those of these contacts whose number or address has said STOP to their business before, on which channel, and since when.
pub(super) async fn suppressed<'a>(
    tx: &Tx,
    people: &'a [contact::Model],
) -> Result<Vec<(&'a contact::Model, Channel, DateTime<Utc>)>> {
    // Several people may have one address.
    let mut by_key: BTreeMap<(Uuid, String), Vec<(&contact::Model, Channel)>> = BTreeMap::new();
    for person in people {
        for channel in Channel::ALL.iter().copied() {
            // Who has said it by text has said it on WhatsApp, too.
            let address = match channel {
                Channel::WhatsApp => None,
                _ => super::address(person, channel),
            };
            let Some(address) = address else { continue };
            for key in tx.services().vault().indexes(SUPPRESSED, &address) {
                by_key.entry((person.business_id, key)).or_default().push((person, channel));
            }
        }
    }
    let businesses: BTreeSet<Uuid> = people.iter().map(|p| p.business_id).collect();
    let keys = by_key.keys().map(|(_, key)| key.as_str());
    let rows = suppression::Entity::find()
        .filter(suppression::Column::BusinessId.is_in(businesses))
        .filter(suppression::Column::PhoneKey.is_in(keys))
        .all(&tx.db)
        .await?;
    let mut found = Vec::new();
    for row in rows {
        let theirs = by_key.get(&(row.business_id, row.phone_key)).map_or(&[][..], Vec::as_slice);
        found.extend(theirs.iter().map(|(person, channel)| (*person, *channel, row.since)));
    }
    Ok(found)
}

async fn append(tx: &Tx, change: &Change<'_>, purpose: Purpose) -> Result<()> {
    let (business_id, contact_id) = (change.contact.business_id, change.contact.id);
    // The head of the chain; the lock makes the chain a line.
    let head = business::Entity::find_by_id(business_id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let head = head.ok_or_else(|| Error::broken("a contact without a business"))?;
    let (evidence, actor) = (domain::inbound::clean(change.evidence), change.by.label());
    let entry = LedgerEntry {
        business_id: &business_id.to_string(),
        seq: head.ledger_seq + 1,
        contact_id: &contact_id.to_string(),
        channel: change.channel,
        purpose,
        state: change.state,
        source: change.source,
        actor: &actor,
        evidence: &evidence,
        at: change.at,
    };
    let hash = entry.hash(&head.ledger_hash);
    let row = consent_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        seq: Set(head.ledger_seq + 1),
        contact_id: Set(contact_id),
        channel: Set(change.channel.as_str().to_owned()),
        purpose: Set(purpose.as_str().to_owned()),
        state: Set(change.state.as_str().to_owned()),
        source: Set(change.source.as_str().to_owned()),
        actor: Set(actor.clone()),
        evidence: Set(evidence.clone()),
        at: Set(change.at),
        prev_hash: Set(head.ledger_hash.clone()),
        hash: Set(hash.clone()),
    };
    row.insert(&tx.db).await?;
    let mut head = head.into_active_model();
    head.ledger_seq = Set(entry.seq);
    head.ledger_hash = Set(hash);
    head.update(&tx.db).await?;
    set(tx, business_id, contact_id, (change.channel, purpose), change.state).await
}

async fn set(tx: &Tx, business_id: Uuid, contact_id: Uuid, (channel, purpose): (Channel, Purpose), state: State) -> Result<()> {
    let row = consent::ActiveModel {
        contact_id: Set(contact_id),
        channel: Set(channel.as_str().to_owned()),
        purpose: Set(purpose.as_str().to_owned()),
        business_id: Set(business_id),
        state: Set(state.as_str().to_owned()),
        updated_at: Set(tx.now),
    };
    let key = [consent::Column::ContactId, consent::Column::Channel, consent::Column::Purpose];
    let replace = OnConflict::columns(key)
        .update_columns([consent::Column::State, consent::Column::UpdatedAt])
        .to_owned();
    consent::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// Where a contact stands on appointment texts.
pub(crate) async fn state(db: &impl ConnectionTrait, contact_id: Uuid) -> Result<State> {
    state_on(db, contact_id, Channel::Sms).await
}

/// The same on one channel.
pub(crate) async fn state_on(db: &impl ConnectionTrait, contact_id: Uuid, channel: Channel) -> Result<State> {
    let said = async |channel: Channel| {
        let purpose = Purpose::Transactional.as_str().to_owned();
        let row = consent::Entity::find_by_id((contact_id, channel.as_str().to_owned(), purpose));
        Result::Ok(row.one(db).await?.map(|row| read(&row.state)))
    };
    match said(channel).await? {
        Some(said) if said != State::Unknown => Ok(said),
        unsaid if channel == Channel::WhatsApp => {
            let of_texts = said(Channel::Sms).await?.unwrap_or_default();
            Ok(rules::standing(channel, unsaid, of_texts))
        }
        unsaid => Ok(unsaid.unwrap_or_default()),
    }
}

/// A stored state. What can't be read is taken for a STOP: nothing leaves until somebody has looked.
pub(crate) fn read(stored: &str) -> State {
    stored.parse().unwrap_or_else(|_| {
        tracing::error!(stored, "a state of consent that this version does not know: nothing is sent");
        State::OptedOut
    })
}

/// Where contacts stand on appointment texts, whichever business they are customers of; those without a row are left out.
pub(crate) async fn states_of(db: &impl ConnectionTrait, contacts: &[Uuid]) -> Result<HashMap<Uuid, State>> {
    stand(db, consent::Entity::find(), contacts).await
}

/// The same on every channel, by contact and channel.
pub(crate) async fn on_channels(db: &impl ConnectionTrait, contacts: &[Uuid]) -> Result<HashMap<(Uuid, Channel), State>> {
    let rows = consent::Entity::find()
        .filter(consent::Column::ContactId.is_in(contacts.iter().copied()))
        .filter(consent::Column::Purpose.eq(Purpose::Transactional.as_str()))
        .all(db)
        .await?;
    // A channel that this version does not know is nobody's to send by.
    let known = rows
        .into_iter()
        .filter_map(|r| Some(((r.contact_id, r.channel.parse().ok()?), read(&r.state))));
    let mut states: HashMap<(Uuid, Channel), State> = known.collect();
    for id in contacts {
        let said = |channel| states.get(&(*id, channel)).copied();
        let of_texts = said(Channel::Sms).unwrap_or_default();
        let stands = rules::standing(Channel::WhatsApp, said(Channel::WhatsApp), of_texts);
        if stands != State::Unknown {
            states.insert((*id, Channel::WhatsApp), stands);
        }
    }
    Ok(states)
}

/// The same for contacts of one business.
pub(crate) async fn states(db: &impl ConnectionTrait, business_id: Uuid, contacts: &[Uuid]) -> Result<HashMap<Uuid, State>> {
    stand(db, consent::Entity::in_business(business_id), contacts).await
}

async fn stand(db: &impl ConnectionTrait, rows: Select<consent::Entity>, contacts: &[Uuid]) -> Result<HashMap<Uuid, State>> {
    if contacts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = rows
        .filter(consent::Column::ContactId.is_in(contacts.iter().copied()))
        .filter(consent::Column::Channel.eq(Channel::Sms.as_str()))
        .filter(consent::Column::Purpose.eq(Purpose::Transactional.as_str()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|r| (r.contact_id, read(&r.state))).collect())
}

/// The last word on a contact's appointment texts, if it was said after `then`. What was said of e-mails since is no word on texts.
pub(crate) async fn since(tx: &Tx, contact: &contact::Model, then: DateTime<Utc>) -> Result<Option<consent_event::Model>> {
    let last = consent_event::Entity::in_business(contact.business_id)
        .filter(consent_event::Column::ContactId.eq(contact.id))
        .filter(consent_event::Column::Channel.eq(Channel::Sms.as_str()))
        .filter(consent_event::Column::Purpose.eq(Purpose::Transactional.as_str()))
        .order_by_desc(consent_event::Column::Seq)
        .limit(1)
        .one(&tx.db)
        .await?;
    Ok(last.filter(|row| row.at > then))
}

/// Rows of a ledger that are shown.
const LEDGER: u64 = 100;

/// The ledger of a person's entries, newest first, at most 100 rows.
pub(crate) async fn ledger(db: &impl ConnectionTrait, business_id: Uuid, entries: &[Uuid]) -> Result<Vec<ConsentEventView>> {
    let mut rows = Vec::new();
    // One by one: for several at once all of the business's ledger would be looked through.
    for entry in entries {
        let of_entry = consent_event::Entity::in_business(business_id)
            .filter(consent_event::Column::ContactId.eq(*entry))
            .order_by_desc(consent_event::Column::Seq)
            .limit(LEDGER);
        rows.extend(of_entry.all(db).await?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
    rows.truncate(LEDGER as usize);
    Ok(rows
        .into_iter()
        .map(|r| ConsentEventView {
            at: r.at,
            channel: r.channel,
            purpose: r.purpose,
            state: read(&r.state),
            source: r.source,
            actor: domain::audit::without_id(&r.actor).to_owned(),
            evidence: r.evidence,
        })
        .collect())
}

/// All of a contact's ledger, oldest first, for a file. That it was taken out is written down.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn export(s: &Services, actor: &Actor, contact_id: Uuid) -> Result<Vec<LedgerRow>> {
    actor.may(Permission::ReadContacts)?;
    let business_id = actor.business_id;
    super::view(s, s.read(), business_id, contact_id).await?;
    let mut all: Vec<LedgerRow> = Vec::new();
    loop {
        let rows = consent_event::Entity::in_business(business_id)
            .filter(consent_event::Column::ContactId.eq(contact_id))
            .filter(consent_event::Column::Seq.gt(all.last().map_or(0, |row| row.seq)))
            .order_by_asc(consent_event::Column::Seq)
            .limit(PAGE)
            .all(s.read())
            .await?;
        if rows.is_empty() {
            break;
        }
        all.extend(rows.into_iter().map(|r| LedgerRow {
            seq: r.seq,
            at: r.at,
            channel: r.channel,
            purpose: r.purpose,
            state: r.state,
            source: r.source,
            actor: r.actor,
            evidence: r.evidence,
            prev_hash: r.prev_hash,
            hash: r.hash,
        }));
    }
    let mut tx = s.begin().await?;
    let rows = format!("{} rows", all.len());
    tx.record_change(
        business_id,
        &actor.who,
        Event::ConsentExported(contact_id),
        None::<()>,
        Some(rows),
    );
    tx.commit().await?;
    Ok(all)
}
