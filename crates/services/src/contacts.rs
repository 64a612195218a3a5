//! Customers: create, find, change; what they agreed to is in `consent`. Numbers and addresses are sealed in the database; every row
//! that is loaded goes through `opened`, so outside this file a `contact::Model` holds them in plain.

mod batch;
mod booking;
mod change;
pub mod consent;
pub(crate) mod dead;
mod further;
pub(crate) mod hold;
mod import;
pub mod language;
pub(crate) mod merge;
pub(crate) mod offers;
mod proved;
mod query;
mod rows;
mod samples;
pub(crate) mod search;
pub(crate) mod tags;
pub(crate) mod whatsapp;
pub(crate) mod wishes;

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use chrono::{DateTime, Utc};
use contract::{
    Code,
    contacts::{ContactView, CreateContact, OptIn},
};
use domain::{
    consent::{self as rules, Channel, Purpose, Sending, State},
    words,
    zone::Zone,
};
use entity::{
    businesses::business,
    contacts::{consent as consent_row, contact},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, FromQueryResult, IntoActiveModel,
    JoinType, QueryFilter, QuerySelect, RelationDef, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use crate::{
    businesses,
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        batcher::Batcher,
        error::{field, not_found, problem},
        tx::Changed,
    },
};

use rows::{Typed, Valid, insert, write};

pub(crate) use batch::{known_or_new, locked_all, locked_if_free, locked_led};
use booking::opt_in_at;
pub(crate) use booking::{booked, by_name};
pub use change::{change_consent, patch, record_consent, set_blocked, update};
pub(crate) use further::{entries_of, merge_of_thread, merged_into, not_merged, reachable};
pub use import::batch;
pub(crate) use import::{FromFile, agree_to_mail, agree_to_offers, from_file, known, reserve};
pub(crate) use proved::{Said, proved};
#[cfg(test)]
pub(crate) use query::all;
pub use query::{get, list, people};
pub(crate) use query::{page_of_all, view, views_of};
pub(crate) use samples::{
    add_sample, all_samples, delete_samples, forget as forget_samples, keep_samples, real as real_samples, samples,
};
pub use wishes::set_channels;

/// The sealed columns, as `vault::SEALED` calls them.
const PHONE: &str = "contact.phone";
const EMAIL: &str = "contact.email";

/// Why nothing is sent to them, in the words that staff see.
pub(crate) const BLOCKED: &str = "This contact is blocked.";

/// Why nothing is sent to an example.
pub(crate) const SAMPLE: &str = "This person is an example: nobody is texted.";
pub(crate) const NUMBER_CHANGED: &str = "The phone number was changed.";

/// How often a merge can be met on the way to whom somebody is now: each is one that was committed meanwhile.
const MOST_LED: usize = 4;

/// Tokens in texts count up from here, per contact: three digits are easy to type and hard to confuse with a house number.
const FIRST_TOKEN: i32 = 101;

/// Adds a contact; with `opt_in` the consent goes into the ledger in the same transaction. A person known by number only
/// (they texted first) gets their name this way.
///
/// # Errors
/// `Invalid` per field; `Conflict` when somebody with a name has this number already.
pub async fn create(s: &Services, actor: &Actor, cmd: CreateContact) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let new = New::check(&business, &cmd)?;
    let mut tx = s.begin().await?;
    let row = match holder(&tx, actor.business_id, &new.valid.phone).await? {
        Some(row) if !row.name.is_empty() => {
            return Err(problem(Code::Conflict, format!("{} already has this number.", row.name)));
        }
        known => add(&mut tx, actor, known, new).await?,
    };
    finish(tx, actor.business_id, row.id).await
}

/// Somebody new, looked through.
struct New {
    valid: Valid,
    tags: Option<BTreeSet<String>>,
    opt_in: Option<OptIn>,
}

impl New {
    fn check(business: &business::Model, cmd: &CreateContact) -> Result<Self> {
        let typed = Typed {
            name: &cmd.name,
            may_be_nameless: false,
            phone: &cmd.phone,
            known: None,
            email: cmd.email.as_deref(),
            time_zone: cmd.time_zone.as_deref(),
            notes: cmd.notes.as_deref(),
        };
        let mut valid = Valid::check(business, typed)?;
        if cmd.language.is_some() {
            valid = valid.speaking(cmd.language.as_deref())?;
        }
        let channel = cmd.opt_in.as_ref().map(|opt_in| opt_in.channel.parse::<Channel>());
        match channel {
            Some(Err(_)) => {
                return Err(field(
                    "opt_in.channel",
                    "Consent can be given for the channel \"sms\" or \"email\".",
                ));
            }
            Some(Ok(Channel::Email)) if valid.email.is_none() => {
                return Err(field("opt_in.channel", "For consent to e-mails, give their address."));
            }
            _ => {}
        }
        // What is kept as evidence must say something.
        if cmd.opt_in.as_ref().is_some_and(|o| words::is_blank(&o.source)) {
            return Err(field("opt_in.source", "Say where they agreed, for example \"booking\"."));
        }
        let tags = cmd.tags.as_deref().map(tags::tidy).transpose()?;
        let opt_in = cmd.opt_in.clone();
        Ok(Self { valid, tags, opt_in })
    }
}

/// Adds somebody, or gives who is known by number only (they texted first) what is known of them now.
async fn add(tx: &mut Tx, actor: &Actor, known: Option<contact::Model>, new: New) -> Result<contact::Model> {
    let New { mut valid, tags, opt_in } = new;
    let row = match known {
        None => insert(tx, actor.business_id, valid).await?,
        Some(row) => {
            // Found by a further number of theirs, they keep the first one.
            valid.phone = row.phone.clone();
            let row = write(tx, row, valid).await?;
            tags::renamed(tx, &row).await?;
            row
        }
    };
    if let Some(tags) = tags {
        tags::set(tx, &row, &tags).await?;
    }
    if let Some(opt_in) = opt_in {
        opt_in_at(tx, actor, &row, &opt_in).await?;
    }
    tx.mark_changed(actor.business_id, Changed::Contact(row.id));
    let event = Event::ContactAdded(row.id);
    tx.record_change(actor.business_id, &actor.who, event, None::<()>, Some(row.name.clone()));
    Ok(row)
}

/// The row, locked until the transaction ends: consent, claims and answers of one contact happen one after another. Of a contact that was
/// merged into another it is the other's.
pub(crate) async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<contact::Model> {
    let mut row = locked_row(tx, business_id, id).await?;
    // While this waited for the lock, whoever they are may have been merged in turn.
    for _ in 0..MOST_LED {
        let Some(kept) = row.merged_into else { break };
        row = locked_row(tx, business_id, kept).await?;
    }
    Ok(row)
}

/// The same for somebody who is to be changed: one that was merged into another is refused.
async fn locked_alone(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<contact::Model> {
    let row = locked_row(tx, business_id, id).await?;
    not_merged(&row)?;
    Ok(row)
}

async fn locked_row(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<contact::Model> {
    let row = contact::Entity::in_business(business_id)
        .filter(contact::Column::Id.eq(id))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    decrypted(tx.services(), row.ok_or_else(|| not_found("contact"))?).await
}

/// What speaks for or against a message to somebody, as read in one statement: a row for each channel they have said something about.
#[derive(FromQueryResult)]
struct Standing {
    id: Uuid,
    business_id: Uuid,
    channel: Option<String>,
    state: Option<String>,
    blocked: bool,
    held_since: Option<DateTime<Utc>>,
    phone_key: String,
    email: Option<String>,
    merged_into: Option<Uuid>,
}

/// Somebody who is about to be written to.
pub(crate) struct Look {
    pub business_id: Uuid,
    pub contact_id: Uuid,
    pub channel: Channel,
    pub address: String,
    /// Of what is to be sent.
    pub sending: Sending,
}

pub(crate) type Looks = Batcher<Look, Result<Option<&'static str>>>;

/// Most people looked at in one statement.
const MOST_LOOKS: usize = 64;

/// Why nothing may be sent to this address of a contact now. Who asks at the same moment shares a statement, which begins once they have
/// asked: what it says is never older than the question.
pub(crate) async fn objection(s: &Services, look: Look) -> Result<Option<&'static str>> {
    let work = |group| async move { Box::pin(objections(s, group)).await };
    let done = s.of::<Looks>().run(look, MOST_LOOKS, work).await;
    done.unwrap_or_else(|| Err(Error::broken("the last look at this text broke off")))
}

async fn objections(s: &Services, group: Vec<Look>) -> Vec<Result<Option<&'static str>>> {
    let rows = match standings_now(s, &group).await {
        Ok(rows) => rows,
        Err(cause) => {
            let cause = cause.to_string();
            return group.iter().map(|_| Err(Error::Broken(cause.clone()))).collect();
        }
    };
    let mut answers = Vec::with_capacity(group.len());
    for look in group {
        let of_theirs = rows.get(&look.contact_id).map_or(&[][..], Vec::as_slice);
        answers.push(objection_of(s, &look, of_theirs).await);
    }
    answers
}

/// By the contact that was asked about. Of one that was merged into another meanwhile it is the other's: what was meant for the one is
/// sent by what the other has said.
async fn standings_now(s: &Services, group: &[Look]) -> Result<HashMap<Uuid, Vec<Standing>>> {
    let mut rows = standings(s, group.iter().map(|look| look.contact_id)).await?;
    let merged = rows.iter().filter_map(|(id, rows)| Some((*id, rows.first()?.merged_into?)));
    let merged: Vec<(Uuid, Uuid)> = merged.collect();
    if merged.is_empty() {
        return Ok(rows);
    }
    for (asked, kept) in merged {
        let theirs = standings(s, std::iter::once(kept)).await?.remove(&kept).unwrap_or_default();
        rows.insert(asked, theirs);
    }
    Ok(rows)
}

async fn objection_of(s: &Services, look: &Look, rows: &[Standing]) -> Result<Option<&'static str>> {
    let Some(anyone) = rows.first().filter(|row| row.business_id == look.business_id) else {
        return Ok(Some("This contact does not exist any more."));
    };
    let said = |channel: Channel| {
        let of = rows.iter().find(|row| row.channel.as_deref() == Some(channel.as_str()));
        of.and_then(|row| row.state.as_deref()).map(consent::read)
    };
    let state = rules::standing(look.channel, said(look.channel), said(Channel::Sms).unwrap_or_default());
    let same_address = match look.channel {
        Channel::Sms => {
            s.vault().indexes(PHONE, &look.address).contains(&anyone.phone_key)
                || reachable(s, s.read(), &[anyone.id])
                    .await?
                    .contains(&(anyone.id, look.address.clone()))
        }
        Channel::WhatsApp => whatsapp::is_address_of(s, anyone.id, &anyone.phone_key, &look.address).await?,
        Channel::Email => match &anyone.email {
            Some(sealed) => s.vault().open(EMAIL, sealed).await? == look.address,
            None => false,
        },
    };
    Ok(match state {
        State::OptedOut if look.sending != Sending::Goodbye => Some("The customer opted out."),
        _ if anyone.blocked => Some(BLOCKED),
        _ if anyone.held_since.is_some() => Some(hold::REASON),
        _ if !same_address => Some(changed(look.channel)),
        _ => None,
    })
}

/// Why what was meant for another address is not sent.
pub(crate) fn changed(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => NUMBER_CHANGED,
        Channel::WhatsApp => "Their address on WhatsApp was changed.",
        Channel::Email => "The e-mail address was changed.",
    }
}

/// Where they are written to on this channel.
pub(crate) fn address(contact: &contact::Model, channel: Channel) -> Option<Cow<'_, str>> {
    match channel {
        Channel::Sms => Some(contact.phone.as_str().into()),
        Channel::WhatsApp => domain::whatsapp::address_of(&contact.phone).map(Cow::from),
        Channel::Email => contact.email.as_deref().map(Cow::from),
    }
}

async fn standings(s: &Services, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, Vec<Standing>>> {
    let stand: RelationDef = contact::Entity::belongs_to(consent_row::Entity)
        .from(contact::Column::Id)
        .to(consent_row::Column::ContactId)
        .on_condition(|_, consent| {
            let messages = Expr::col((consent, consent_row::Column::Purpose)).eq(Purpose::Transactional.as_str());
            Condition::all().add(messages)
        })
        .into();
    // One statement: what it says of a person is true at one moment.
    let rows = contact::Entity::find()
        .join(JoinType::LeftJoin, stand)
        .filter(contact::Column::Id.is_in(ids))
        .select_only()
        .columns([consent_row::Column::Channel, consent_row::Column::State])
        .columns([
            contact::Column::Id,
            contact::Column::BusinessId,
            contact::Column::Blocked,
            contact::Column::HeldSince,
            contact::Column::PhoneKey,
            contact::Column::Email,
            contact::Column::MergedInto,
        ])
        .into_model::<Standing>()
        .all(s.read())
        .await?;
    let mut of: HashMap<Uuid, Vec<Standing>> = HashMap::new();
    for row in rows {
        of.entry(row.id).or_default().push(row);
    }
    Ok(of)
}

/// The zone a contact sleeps in: their own, else the business's.
pub(crate) fn zone(business: &business::Model, contact: &contact::Model) -> Zone {
    own_zone(contact).unwrap_or_else(|| businesses::zone(business))
}

/// The one that is known of themselves.
pub(crate) fn own_zone(contact: &contact::Model) -> Option<Zone> {
    contact.time_zone.as_deref().and_then(Zone::named)
}

/// Several contacts of one business by id; those that are not there are left out.
pub(crate) async fn many(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, contact::Model>> {
    let mut people = HashMap::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(people);
    }
    let rows = contact::Entity::these(business_id, ids).all(db).await?;
    for row in rows {
        people.insert(row.id, decrypted(s, row).await?);
    }
    Ok(people)
}

/// Somebody as a row about something else names them.
pub(crate) struct Label {
    /// The name, or the number of those known by nothing else.
    pub name: String,
    pub phone: String,
    pub phone_display: String,
}

pub(crate) async fn labels(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Label>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let country = businesses::get(db, business_id).await?.country;
    let people = many(s, db, business_id, ids).await?.into_values();
    let label = |c: contact::Model| {
        let phone_display = domain::phone::display(&c.phone, &country);
        let name = if c.name.is_empty() { phone_display.clone() } else { c.name };
        Label {
            name,
            phone: c.phone,
            phone_display,
        }
    };
    Ok(people.map(|c| (c.id, label(c))).collect())
}

/// Takes the contact's next token for an appointment: 101 to 999, then from the start.
pub(crate) async fn take_token(tx: &Tx, row: contact::Model) -> Result<i32> {
    let token = row.next_token;
    let mut row = row.into_active_model();
    row.next_token = Set(if token >= 999 { FIRST_TOKEN } else { token + 1 });
    row.update(&tx.db).await?;
    Ok(token)
}

/// A row as it is stored, made readable. Written back by way of `into_active_model` it stays as it was: only what is `Set` is written.
async fn decrypted(s: &Services, mut row: contact::Model) -> Result<contact::Model> {
    row.phone = s.vault().open(PHONE, &row.phone).await?;
    // Names that were stored before they were tidied up.
    row.name = words::line(&row.name);
    if let Some(email) = &row.email {
        row.email = Some(s.vault().open(EMAIL, email).await?);
    }
    Ok(row)
}

pub(crate) async fn by_phone(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    phone: &str,
) -> Result<Option<contact::Model>> {
    let keys = s.vault().indexes(PHONE, phone);
    let row = contact::Entity::find().filter(with_keys(business_id, keys)).one(db).await?;
    let row = match row.as_ref().and_then(|row| row.merged_into) {
        Some(kept) => contact::Entity::these(business_id, [kept]).one(db).await?,
        None => row,
    };
    match row {
        Some(row) => decrypted(s, row).await.map(Some),
        None => Ok(None),
    }
}

/// Contacts of a business by the blind indexes of numbers.
pub(crate) fn with_keys(business_id: Uuid, keys: impl IntoIterator<Item = String>) -> Condition {
    Condition::all()
        .add(contact::Column::BusinessId.eq(business_id))
        .add(contact::Column::PhoneKey.is_in(keys))
}

/// Whether this is one of their numbers; a further one counts.
pub(crate) async fn has_number(tx: &Tx, person: &contact::Model, number: &str) -> Result<bool> {
    if person.phone == number {
        return Ok(true);
    }
    let found = by_phone(tx.services(), &tx.db, person.business_id, number).await?;
    Ok(found.is_some_and(|found| found.id == person.id))
}

/// Who has this number. If it is nobody, nobody else can take it until this transaction ends.
async fn holder(tx: &Tx, business_id: Uuid, phone: &str) -> Result<Option<contact::Model>> {
    let s = tx.services();
    if let Some(row) = by_phone(s, &tx.db, business_id, phone).await? {
        return Ok(Some(row));
    }
    tx.take_turns(PHONE, [turn(business_id, phone)]).await?;
    by_phone(s, &tx.db, business_id, phone).await
}

/// What those wait for each other by who want to give somebody this number.
fn turn(business_id: Uuid, phone: &str) -> String {
    format!("{business_id} {phone}")
}

pub(crate) async fn finish(mut tx: Tx, business_id: Uuid, id: Uuid) -> Result<ContactView> {
    tx.settle().await?;
    let shown = view(tx.services(), &tx.db, business_id, id).await?;
    tx.commit().await?;
    Ok(shown)
}
