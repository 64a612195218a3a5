//! Consent: where a contact stands, and the ledger of how it came to that. Rows of one business form a chain of hashes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use contract::contacts::{ConsentEventView, LedgerRow};
use domain::consent::{Channel, LedgerEntry, Purpose, Source, State};
use entity::{
    businesses::business,
    contacts::{consent, consent_event, contact, suppression},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select, Set,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use super::hold;
use crate::kernel::{Actor, Error, Event, Permission, Principal, Result, Services, Tx, tx::Changed};

/// The sealed column, as `vault::SEALED` calls it.
const SUPPRESSED: &str = "suppression.phone";

/// Rows read at once.
const PAGE: u64 = 500;

/// Something that settles where a person stands on appointment texts.
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
    let purposes: &[Purpose] = match change.state {
        State::OptedOut => &[Purpose::Transactional, Purpose::Promotional],
        State::OptedIn | State::Unknown => &[Purpose::Transactional],
    };
    for purpose in purposes {
        append(tx, &change, *purpose).await?;
    }
    let business_id = change.contact.business_id;
    if change.channel == Channel::Sms {
        remember(tx, business_id, &change).await?;
    }
    let who = || Arc::new(change.contact.clone());
    match change.state {
        State::OptedOut => tx.record(business_id, change.by, Event::ContactOptedOut(who(), change.channel)),
        State::OptedIn => tx.record(business_id, change.by, Event::ContactOptedIn(who())),
        State::Unknown => {}
    }
    // What staff must decide about are texts.
    if change.state != State::Unknown && change.channel == Channel::Sms {
        hold::end(tx, change.contact, change.by).await?;
    }
    tx.mark_changed(business_id, Changed::Contact(change.contact.id));
    Ok(())
}

/// A STOP belongs to the number, whoever it is filed under later; only an opt-in lifts it.
async fn remember(tx: &Tx, business_id: Uuid, change: &Change<'_>) -> Result<()> {
    let phone = &change.contact.phone;
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
        State::OptedIn => {
            let these = suppression::Column::PhoneKey.is_in(tx.services().vault().indexes(SUPPRESSED, phone));
            suppression::Entity::delete_many()
                .filter(suppression::Column::BusinessId.eq(business_id))
                .filter(these)
                .exec(&tx.db)
                .await?;
        }
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

/// Those of these contacts whose number has said STOP to their business before, and since when.
pub(super) async fn suppressed<'a>(tx: &Tx, people: &'a [contact::Model]) -> Result<Vec<(&'a contact::Model, DateTime<Utc>)>> {
    let mut by_key: BTreeMap<(Uuid, String), &contact::Model> = BTreeMap::new();
    for person in people {
        let keys = tx.services().vault().indexes(SUPPRESSED, &person.phone);
        by_key.extend(keys.into_iter().map(|key| ((person.business_id, key), person)));
    }
    let businesses: BTreeSet<Uuid> = people.iter().map(|p| p.business_id).collect();
    let keys = by_key.keys().map(|(_, key)| key.as_str());
    let rows = suppression::Entity::find()
        .filter(suppression::Column::BusinessId.is_in(businesses))
        .filter(suppression::Column::PhoneKey.is_in(keys))
        .all(&tx.db)
        .await?;
    let found = rows.into_iter().filter_map(|row| {
        let person = by_key.get(&(row.business_id, row.phone_key))?;
        Some((*person, row.since))
    });
    Ok(found.collect())
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
    let key = (
        contact_id,
        channel.as_str().to_owned(),
        Purpose::Transactional.as_str().to_owned(),
    );
    let row = consent::Entity::find_by_id(key).one(db).await?;
    Ok(row.map_or(State::Unknown, |r| read(&r.state)))
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
    Ok(known.collect())
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

/// The last word on a contact's appointment texts, if it was said after `then`.
pub(crate) async fn since(tx: &Tx, contact: &contact::Model, then: DateTime<Utc>) -> Result<Option<consent_event::Model>> {
    let last = consent_event::Entity::in_business(contact.business_id)
        .filter(consent_event::Column::ContactId.eq(contact.id))
        .filter(consent_event::Column::Purpose.eq(Purpose::Transactional.as_str()))
        .order_by_desc(consent_event::Column::Seq)
        .limit(1)
        .one(&tx.db)
        .await?;
    Ok(last.filter(|row| row.at > then))
}

/// A contact's ledger, newest first, at most 100 rows.
pub(crate) async fn ledger(db: &impl ConnectionTrait, business_id: Uuid, contact_id: Uuid) -> Result<Vec<ConsentEventView>> {
    let rows = consent_event::Entity::in_business(business_id)
        .filter(consent_event::Column::ContactId.eq(contact_id))
        .order_by_desc(consent_event::Column::Seq)
        .limit(100)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|r| ConsentEventView {
            at: r.at,
            purpose: r.purpose,
            state: read(&r.state),
            source: r.source,
            actor: r.actor,
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

/// The first row of a ledger that is not what it was when it was written, or that does not say what the state beside it says.
#[derive(Debug, PartialEq, Eq)]
pub struct BrokenRow {
    pub business: String,
    pub seq: i64,
    pub what: &'static str,
}

/// Where people stand by the ledger alone: its last row for each contact, channel and purpose.
type Stand = HashMap<(Uuid, String, String), (i64, String)>;

/// Recomputes the chain of every business, in order, and compares where people stand with what it says; `Ok(rows checked)` or the first
/// broken row. It reads a snapshot, so texts may come in meanwhile. Whoever can write the whole database can forge a whole chain; this
/// finds what was changed by hand.
///
/// # Errors
/// Only when the database does not answer.
pub async fn verify(s: &Services) -> Result<std::result::Result<u64, BrokenRow>> {
    let snapshot = s.db().snapshot().await?;
    let mut checked = 0;
    for b in business::Entity::find()
        .order_by_asc(business::Column::Id)
        .all(&snapshot)
        .await?
    {
        let found = match walk(&snapshot, &b).await? {
            Ok(stand) => {
                checked += b.ledger_seq.max(0) as u64;
                compare(&snapshot, &b, stand).await?
            }
            Err(broken) => Some(broken),
        };
        if let Some((seq, what)) = found {
            let business = b.slug;
            return Ok(Err(BrokenRow { business, seq, what }));
        }
    }
    Ok(Ok(checked))
}

async fn walk(db: &DatabaseTransaction, b: &business::Model) -> Result<std::result::Result<Stand, (i64, &'static str)>> {
    let (mut seq, mut hash) = (0, domain::consent::GENESIS.to_owned());
    let mut stand = Stand::new();
    loop {
        let rows = consent_event::Entity::in_business(b.id)
            .filter(consent_event::Column::Seq.gt(seq))
            .order_by_asc(consent_event::Column::Seq)
            .limit(PAGE)
            .all(db)
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if row.seq != seq + 1 {
                return Ok(Err((seq + 1, "is missing")));
            }
            if row.prev_hash != hash || recompute(&row).as_deref() != Some(row.hash.as_str()) {
                return Ok(Err((row.seq, "was changed")));
            }
            (seq, hash) = (row.seq, row.hash);
            stand.insert((row.contact_id, row.channel, row.purpose), (seq, row.state));
        }
    }
    if (seq, &hash) != (b.ledger_seq, &b.ledger_hash) {
        return Ok(Err((seq + 1, "is missing at the end")));
    }
    Ok(Ok(stand))
}

/// What sending goes by is the state, not the ledger: it must be what the ledger's last word is.
async fn compare(db: &DatabaseTransaction, b: &business::Model, mut stand: Stand) -> Result<Option<(i64, &'static str)>> {
    let mut after = Uuid::nil();
    loop {
        let people: Vec<Uuid> = contact::Entity::in_business(b.id)
            .filter(contact::Column::Id.gt(after))
            .order_by_asc(contact::Column::Id)
            .limit(PAGE)
            .select_only()
            .column(contact::Column::Id)
            .into_tuple()
            .all(db)
            .await?;
        let Some(last) = people.last() else { break };
        after = *last;
        let rows = consent::Entity::find().filter(consent::Column::ContactId.is_in(people));
        for row in rows.all(db).await? {
            match stand.remove(&(row.contact_id, row.channel, row.purpose)) {
                Some((_, state)) if state == row.state => {}
                Some((seq, _)) => return Ok(Some((seq, "is not what the contact's consent says"))),
                None => return Ok(Some((b.ledger_seq + 1, "is missing: a contact's consent has no row"))),
            }
        }
    }
    let gone = stand.into_values().map(|(seq, _)| seq).min();
    Ok(gone.map(|seq| (seq, "says more than the contact's consent")))
}

fn recompute(row: &consent_event::Model) -> Option<String> {
    let entry = LedgerEntry {
        business_id: &row.business_id.to_string(),
        seq: row.seq,
        contact_id: &row.contact_id.to_string(),
        channel: row.channel.parse().ok()?,
        purpose: row.purpose.parse().ok()?,
        state: row.state.parse().ok()?,
        source: row.source.parse().ok()?,
        actor: &row.actor,
        evidence: &row.evidence,
        at: row.at,
    };
    Some(entry.hash(&row.prev_hash))
}
