//! Customers: create, find, change; what they agreed to is in `consent`. Numbers and addresses are sealed in the database; every row
//! that is loaded goes through `opened`, so outside this file a `contact::Model` holds them in plain.

mod batch;
pub mod consent;
pub(crate) mod hold;
mod query;
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
    accounts, businesses,
    kernel::{
        Actor, Error, Event, Permission, Principal, Result, Services, Tx,
        batcher::Batcher,
        error::{field, not_found, problem},
        tx::Changed,
        vault::Vault,
    },
};

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

/// What speaks for or against a text to somebody, as read in one statement.
#[derive(FromQueryResult)]
struct Standing {
    id: Uuid,
    business_id: Uuid,
    state: Option<String>,
    blocked: bool,
    held_since: Option<DateTime<Utc>>,
    phone_key: String,
}

impl Standing {
    fn objection(&self, s: &Services, phone: &str) -> Option<&'static str> {
        match self.state.as_deref().map(consent::read) {
            Some(State::OptedOut) => Some("The customer opted out."),
            _ if self.blocked => Some(BLOCKED),
            _ if self.held_since.is_some() => Some(hold::REASON),
            _ if !s.vault().indexes(PHONE, phone).contains(&self.phone_key) => Some(NUMBER_CHANGED),
            _ => None,
        }
    }
}

/// Somebody who is about to be texted: business, contact and number.
type Look = (Uuid, Uuid, String);
pub(crate) type Looks = Batcher<Look, Result<Option<&'static str>>>;

/// Most people looked at in one statement.
const MOST_LOOKS: usize = 64;

/// Why nothing may be sent to this number of a contact now. Who asks at the same moment shares a statement, which begins once they have
/// asked: what it says is never older than the question.
pub(crate) async fn objection(s: &Services, business_id: Uuid, id: Uuid, phone: &str) -> Result<Option<&'static str>> {
    let work = |group| async move { Box::pin(objections(s, group)).await };
    let look = (business_id, id, phone.to_owned());
    let done = s.of::<Looks>().run(look, MOST_LOOKS, work).await;
    done.unwrap_or_else(|| Err(Error::broken("the last look at this text broke off")))
}

async fn objections(s: &Services, group: Vec<Look>) -> Vec<Result<Option<&'static str>>> {
    let standings = match standings(s, group.iter().map(|(_, id, _)| *id)).await {
        Ok(standings) => standings,
        Err(cause) => {
            let cause = cause.to_string();
            return group.iter().map(|_| Err(Error::Broken(cause.clone()))).collect();
        }
    };
    let answer = |(business_id, id, phone): &Look| {
        let standing = standings.get(id).filter(|row| row.business_id == *business_id);
        Ok(standing.map_or(Some("This contact does not exist any more."), |row| row.objection(s, phone)))
    };
    group.iter().map(answer).collect()
}

async fn standings(s: &Services, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, Standing>> {
    let stand: RelationDef = contact::Entity::belongs_to(consent_row::Entity)
        .from(contact::Column::Id)
        .to(consent_row::Column::ContactId)
        .on_condition(|_, consent| {
            let sms = Expr::col((consent.clone(), consent_row::Column::Channel)).eq(Channel::Sms.as_str());
            let texts = Expr::col((consent, consent_row::Column::Purpose)).eq(Purpose::Transactional.as_str());
            Condition::all().add(sms).add(texts)
        })
        .into();
    // One statement: what it says of a person is true at one moment.
    let rows = contact::Entity::find()
        .join(JoinType::LeftJoin, stand)
        .filter(contact::Column::Id.is_in(ids))
        .select_only()
        .column(consent_row::Column::State)
        .columns([
            contact::Column::Id,
            contact::Column::BusinessId,
            contact::Column::Blocked,
            contact::Column::HeldSince,
            contact::Column::PhoneKey,
        ])
        .into_model::<Standing>()
        .all(s.read())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
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

/// What was typed, made sure of.
struct Valid {
    name: String,
    phone: String,
    email: Option<String>,
    time_zone: Option<String>,
    /// None: not said; what is known stays.
    language: Option<String>,
    notes: String,
}

impl Valid {
    /// Somebody known by number only.
    fn stranger(phone: &str) -> Self {
        Self {
            name: String::new(),
            phone: phone.to_owned(),
            email: None,
            time_zone: None,
            language: None,
            notes: String::new(),
        }
    }

    /// With the language they are to be texted in.
    fn speaking(mut self, language: Option<&str>) -> Result<Self> {
        let given = language.map(str::trim).filter(|l| !l.is_empty());
        let parts = |l: &str| {
            l.len() <= 35
                && l.split('-')
                    .all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
        };
        if given.is_some_and(|l| !parts(l)) {
            return Err(field("language", "Please give a language like en or pt-BR."));
        }
        self.language = given.map(str::to_owned);
        Ok(self)
    }

    /// `known`: the number that stands already. A short code that wrote is none that could be typed, and stays as it is.
    fn check(
        b: &business::Model,
        name: &str,
        phone: &str,
        known: Option<&str>,
        email: Option<&str>,
        zone: Option<&str>,
        notes: Option<&str>,
    ) -> Result<Self> {
        let given = |text: Option<&str>| text.map(words::lines).filter(|t| !t.is_empty());
        let mut wrong = contract::Problem::new(Code::Invalid, "Some fields need another look.");
        let mut mark = |name: &str, message: String| {
            wrong.fields.push(contract::FieldError {
                field: name.into(),
                message,
            })
        };
        let name = words::line(name);
        if name.is_empty() || name.chars().count() > 100 {
            mark("name", "Please give a name, up to 100 characters.".into());
        }
        let same = known.filter(|known| *known == phone.trim()).map(str::to_owned);
        let phone = same.unwrap_or_else(|| {
            domain::phone::parse(phone, &b.country).unwrap_or_else(|e| {
                mark("phone", e.to_string());
                String::new()
            })
        });
        let email = given(email);
        let normal = email.as_deref().and_then(accounts::normal_email);
        if email.is_some() && normal.is_none() {
            mark("email", "This does not look like an e-mail address.".into());
        }
        let time_zone = given(zone);
        if time_zone.as_deref().is_some_and(|z| Zone::named(z).is_none()) {
            mark(
                "time_zone",
                "This is not a time zone we know. Example: America/New_York.".into(),
            );
        }
        let notes = given(notes).unwrap_or_default();
        if notes.chars().count() > 2000 {
            mark("notes", "Notes can have up to 2,000 characters.".into());
        }
        if wrong.fields.is_empty() {
            Ok(Self {
                name,
                phone,
                email: normal,
                time_zone,
                language: None,
                notes,
            })
        } else {
            Err(wrong.into())
        }
    }

    /// Puts it into a row, sealed where it must be.
    fn fill(self, vault: &Vault, row: &mut contact::ActiveModel) {
        row.search = Set(self.name.to_lowercase());
        row.name = Set(self.name);
        row.phone_key = Set(Some(vault.index(PHONE, &self.phone)));
        row.phone = Set(vault.seal(PHONE, &self.phone));
        row.email = Set(self.email.map(|email| vault.seal(EMAIL, &email)));
        row.time_zone = Set(self.time_zone);
        if let Some(language) = self.language {
            row.language = Set(Some(language));
        }
        row.notes = Set(self.notes);
    }
}

/// Two people added with one number at the same moment: the second gets the answer it would have got a moment later.
fn taken(e: sea_orm::DbErr) -> Error {
    let e = Error::from(e);
    if e.is_duplicate() {
        problem(Code::Conflict, "Somebody already has this number.")
    } else {
        e
    }
}

/// A contact to be, in plain.
fn fresh(tx: &Tx, business_id: Uuid, v: Valid) -> contact::Model {
    contact::Model {
        id: Uuid::now_v7(),
        business_id,
        search: v.name.to_lowercase(),
        name: v.name,
        phone: v.phone,
        phone_key: None,
        email: v.email,
        time_zone: v.time_zone,
        language: v.language,
        notes: v.notes,
        blocked: false,
        held_since: None,
        next_token: FIRST_TOKEN,
        created_at: tx.now,
        updated_at: tx.now,
    }
}

/// A row as it is written.
fn sealed(vault: &Vault, row: &contact::Model) -> contact::ActiveModel {
    let mut stored = row.clone().into_active_model().reset_all();
    stored.phone_key = Set(Some(vault.index(PHONE, &row.phone)));
    stored.phone = Set(vault.seal(PHONE, &row.phone));
    stored.email = Set(row.email.as_deref().map(|email| vault.seal(EMAIL, email)));
    stored
}

async fn insert(tx: &mut Tx, business_id: Uuid, v: Valid) -> Result<contact::Model> {
    let row = fresh(tx, business_id, v);
    let new = sealed(tx.services().vault(), &row);
    contact::Entity::insert(new)
        .exec_without_returning(&tx.db)
        .await
        .map_err(taken)?;
    stopped_before(tx, std::slice::from_ref(&row)).await?;
    Ok(row)
}

/// A STOP belongs to the number: those of these new contacts whose number has said it are opted out from the start.
async fn stopped_before(tx: &mut Tx, new: &[contact::Model]) -> Result<()> {
    for (row, since) in consent::suppressed(tx, new).await? {
        let evidence = "This number said STOP before";
        let change = consent::Change {
            contact: row,
            state: State::OptedOut,
            source: Source::Keyword,
            by: &Principal::Customer,
            evidence,
            at: since,
        };
        consent::record(tx, change).await?;
    }
    Ok(())
}

async fn write(tx: &Tx, row: contact::Model, v: Valid) -> Result<contact::Model> {
    let mut row = row.into_active_model();
    v.fill(tx.services().vault(), &mut row);
    row.updated_at = Set(tx.now);
    opened(tx.services(), row.update(&tx.db).await.map_err(taken)?).await
}
