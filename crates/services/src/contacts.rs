//! Customers: create, find, change; what they agreed to is in `consent`. Numbers and addresses are sealed in the database; every row
//! that is loaded goes through `opened`, so outside this file a `contact::Model` holds them in plain.

mod batch;
pub mod consent;
pub(crate) mod hold;
mod query;
mod rows;
pub(crate) mod search;

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use contract::{
    Code,
    contacts::{ContactView, CreateContact, RecordConsent, UpdateContact},
};
use domain::{
    consent::{Channel, Purpose, Source, State},
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
        Actor, Error, Event, Permission, Principal, Result, Services, Tx,
        batcher::Batcher,
        error::{field, not_found, problem},
        tx::Changed,
    },
};

use rows::{Valid, insert, write};

pub(crate) use batch::{known_or_new, locked_all, locked_if_free};
pub use query::{get, list};
pub(crate) use query::{view, views_of};

/// The sealed columns, as `vault::SEALED` calls them.
const PHONE: &str = "contact.phone";
const EMAIL: &str = "contact.email";

/// Why nothing is sent to them, in the words that staff see.
pub(crate) const BLOCKED: &str = "This contact is blocked.";
pub(crate) const NUMBER_CHANGED: &str = "The phone number was changed.";

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
    let valid = Valid::check(
        &business,
        &cmd.name,
        &cmd.phone,
        None,
        cmd.email.as_deref(),
        cmd.time_zone.as_deref(),
        cmd.notes.as_deref(),
    )?
    .speaking(cmd.language.as_deref())?;
    if cmd.opt_in.as_ref().is_some_and(|o| o.channel != "sms") {
        return Err(field("opt_in.channel", "Consent can be given for the channel \"sms\"."));
    }
    // What is kept as evidence must say something.
    if cmd.opt_in.as_ref().is_some_and(|o| words::is_blank(&o.source)) {
        return Err(field("opt_in.source", "Say where they agreed, for example \"booking\"."));
    }
    let mut tx = s.begin().await?;
    let row = match holder(&tx, actor.business_id, &valid.phone).await? {
        None => insert(&mut tx, actor.business_id, valid).await?,
        Some(row) if row.name.is_empty() => write(&tx, row, valid).await?,
        Some(row) => return Err(problem(Code::Conflict, format!("{} already has this number.", row.name))),
    };
    if let Some(opt_in) = &cmd.opt_in {
        let source = if matches!(actor.who, Principal::ApiKey { .. }) {
            Source::Api
        } else {
            Source::Booking
        };
        let evidence = format!("Number given at: {}", words::preview(&opt_in.source, 200));
        // Somebody who said STOP, or whom staff must decide about, is not opted in by a form they did not fill in.
        if consent::state(&tx.db, row.id).await? != State::OptedOut && row.held_since.is_none() {
            let change = consent::Change {
                contact: &row,
                channel: Channel::Sms,
                state: State::OptedIn,
                source,
                by: &actor.who,
                evidence: &evidence,
                at: tx.now,
            };
            consent::record(&mut tx, change).await?;
        }
    }
    tx.mark_changed(actor.business_id, Changed::Contact(row.id));
    let (id, event) = (row.id, Event::ContactAdded(row.id));
    tx.record_change(actor.business_id, &actor.who, event, None::<()>, Some(row.name));
    finish(tx, actor.business_id, id).await
}

/// Changes what is known of a contact.
///
/// # Errors
/// As `create`, and `NotFound`.
pub async fn update(s: &Services, actor: &Actor, cmd: UpdateContact) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, cmd.id).await?;
    let valid = Valid::check(
        &business,
        &cmd.name,
        &cmd.phone,
        Some(&row.phone),
        cmd.email.as_deref(),
        cmd.time_zone.as_deref(),
        cmd.notes.as_deref(),
    )?;
    if let Some(other) = holder(&tx, actor.business_id, &valid.phone)
        .await?
        .filter(|other| other.id != row.id)
    {
        let who = if other.name.is_empty() {
            "Somebody known by number only".to_owned()
        } else {
            other.name
        };
        return Err(field("phone", format!("{who} already has this number.")));
    }
    let number_changed = row.phone != valid.phone;
    let before = (row.name.clone(), row.email.clone(), row.time_zone.clone());
    let after = write(&tx, row, valid).await?;
    if number_changed {
        // Consent was given for the other number; this one has to be asked anew, or has said STOP before.
        let suppressed = consent::suppressed_since(&tx, actor.business_id, &after.phone)
            .await?
            .is_some();
        let change = consent::Change {
            contact: &after,
            channel: Channel::Sms,
            state: if suppressed { State::OptedOut } else { State::Unknown },
            source: Source::Staff,
            by: &actor.who,
            evidence: "The phone number was changed",
            at: tx.now,
        };
        consent::record(&mut tx, change).await?;
        tx.record(actor.business_id, &actor.who, Event::PhoneChanged(Arc::new(after.clone())));
    }
    tx.mark_changed(actor.business_id, Changed::Contact(after.id));
    let now = (after.name, after.email, after.time_zone);
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::ContactChanged(after.id),
        Some(before),
        Some(now),
    );
    finish(tx, actor.business_id, cmd.id).await
}

/// Staff write down what a person agreed to or refused outside a text.
///
/// # Errors
/// `Invalid` without evidence.
pub async fn record_consent(s: &Services, actor: &Actor, cmd: RecordConsent) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let evidence = words::lines(&cmd.evidence);
    if evidence.is_empty() || evidence.chars().count() > 500 {
        return Err(field(
            "evidence",
            "Write down how they told you, for example \"said so on the phone\", up to 500 characters.",
        ));
    }
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, cmd.contact_id).await?;
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

/// Blocks a contact (nothing is sent to them) or lifts the block.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn set_blocked(s: &Services, actor: &Actor, id: Uuid, blocked: bool) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    let was = row.blocked;
    let mut row = row.into_active_model();
    row.blocked = Set(blocked);
    let row = Arc::new(opened(s, row.update(&tx.db).await?).await?);
    let event = if blocked {
        Event::ContactBlocked(row)
    } else {
        Event::ContactUnblocked(row)
    };
    tx.mark_changed(actor.business_id, Changed::Contact(id));
    tx.record_change(actor.business_id, &actor.who, event, Some(was), Some(blocked));
    finish(tx, actor.business_id, id).await
}

/// The row, locked until the transaction ends: consent, claims and answers of one contact happen one after another.
pub(crate) async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<contact::Model> {
    let row = contact::Entity::in_business(business_id)
        .filter(contact::Column::Id.eq(id))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    opened(tx.services(), row.ok_or_else(|| not_found("contact"))?).await
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
}

/// Somebody who is about to be written to.
pub(crate) struct Look {
    pub business_id: Uuid,
    pub contact_id: Uuid,
    pub channel: Channel,
    pub address: String,
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
    let rows = match standings(s, group.iter().map(|look| look.contact_id)).await {
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

async fn objection_of(s: &Services, look: &Look, rows: &[Standing]) -> Result<Option<&'static str>> {
    let Some(anyone) = rows.first().filter(|row| row.business_id == look.business_id) else {
        return Ok(Some("This contact does not exist any more."));
    };
    let said = rows.iter().find(|row| row.channel.as_deref() == Some(look.channel.as_str()));
    let state = said
        .and_then(|row| row.state.as_deref())
        .map_or(State::Unknown, consent::read);
    let same_address = match look.channel {
        Channel::Sms => s.vault().indexes(PHONE, &look.address).contains(&anyone.phone_key),
        Channel::Email => match &anyone.email {
            Some(sealed) => s.vault().open(EMAIL, sealed).await? == look.address,
            None => false,
        },
    };
    Ok(match state {
        State::OptedOut => Some("The customer opted out."),
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
        Channel::Email => "The e-mail address was changed.",
    }
}

/// Where they are written to on this channel.
pub(crate) fn address(contact: &contact::Model, channel: Channel) -> Option<&str> {
    match channel {
        Channel::Sms => Some(&contact.phone),
        Channel::Email => contact.email.as_deref(),
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
        people.insert(row.id, opened(s, row).await?);
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
async fn opened(s: &Services, mut row: contact::Model) -> Result<contact::Model> {
    row.phone = s.vault().open(PHONE, &row.phone).await?;
    // Names that were stored before they were tidied up.
    row.name = words::line(&row.name);
    if let Some(email) = &row.email {
        row.email = Some(s.vault().open(EMAIL, email).await?);
    }
    Ok(row)
}

async fn by_phone(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, phone: &str) -> Result<Option<contact::Model>> {
    let keys = s.vault().indexes(PHONE, phone);
    let row = contact::Entity::find().filter(with_keys(business_id, keys)).one(db).await?;
    match row {
        Some(row) => opened(s, row).await.map(Some),
        None => Ok(None),
    }
}

/// Contacts of a business by the blind indexes of numbers.
pub(crate) fn with_keys(business_id: Uuid, keys: impl IntoIterator<Item = String>) -> Condition {
    Condition::all()
        .add(contact::Column::BusinessId.eq(business_id))
        .add(contact::Column::PhoneKey.is_in(keys))
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
