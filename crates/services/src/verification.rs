//! Whether a phone is somebody's who has no account here: a code is texted to it, and typed on the page that asked for it. Nobody learns
//! there whether a number is known. Whoever is texted is a contact, known by number only until the code was right: as who texts us first is,
//! and who gets a test.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};
use domain::{
    consent::{Channel, State},
    crowd::{Allowance, Crowd},
    language::Language,
    origin::Origin,
    phone::Address,
    templates::{Kind, Which},
    texts,
    verification::{self as rules, Sent, Standing},
};
use entity::{businesses::business, contacts::contact, messages::message, verifications::verification};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use crate::{
    businesses,
    contacts::{self, consent},
    kernel::{Error, Result, Services, Tx, paging, tokens, tx::Objections},
    outbox,
    templates::{self, About},
};

/// The sealed column, as `vault::SEALED` calls it.
const PHONE: &str = "verification.phone";

/// What codes are hashed for.
const CODE: &str = "verification.code";

/// Codes that one address may ask for; people of a clinic's waiting room share one.
const REQUESTS: Allowance = Allowance {
    at_once: 12,
    pause: Duration::minutes(5),
};

/// Wrong codes from one address.
const MISTAKES: Allowance = Allowance {
    at_once: 30,
    pause: Duration::minutes(1),
};

/// Where many ask at one business, so long until somebody looks again.
const BUSY: Duration = Duration::minutes(15);

/// Older ones are of no use and count for nothing any more.
const KEPT: Duration = Duration::days(2);

/// What addresses have asked for and mistaken of late. Each process counts for itself, and forgets when it ends; what counts for numbers and
/// businesses stands in the database.
pub(crate) struct Addresses {
    requests: Mutex<Crowd>,
    mistakes: Mutex<Crowd>,
}

impl Default for Addresses {
    fn default() -> Self {
        Self {
            requests: Mutex::new(Crowd::new(REQUESTS)),
            mistakes: Mutex::new(Crowd::new(MISTAKES)),
        }
    }
}

/// Nothing that could panic is done while it is held.
fn with<T>(crowd: &Mutex<Crowd>, work: impl FnOnce(&mut Crowd) -> T) -> T {
    work(&mut crowd.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Somebody wants a code.
pub(crate) struct Request<'a> {
    pub business: &'a business::Model,
    /// E.164.
    pub phone: &'a str,
    pub language: Language,
    /// What they agree to by typing the code, word for word as they read it.
    pub said: &'a str,
    /// Where they ask from.
    pub address: Option<IpAddr>,
}

/// Why there is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This business texts this number to nobody.
    Number,
    /// It can text nobody at all.
    NoSender,
    /// Too many were asked for: so long to wait.
    Wait(Duration),
}

/// Texts a code to a number, and gives what the page knows it by. The answer is the same whoever has the number, and whether or not a text
/// goes out: who opted out, is blocked or on hold gets none.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn begin(s: &Services, request: Request<'_>) -> Result<std::result::Result<String, Refusal>> {
    let (seen, now) = (s.of::<Addresses>(), s.now());
    if let Some(address) = request.address
        && let Some(wait) = with(&seen.requests, |crowd| crowd.must_wait(address, now))
    {
        return Ok(Err(Refusal::Wait(wait)));
    }
    let mut tx = s.begin().await?;
    tx.take_turns(PHONE, [request.phone.to_owned()]).await?;
    if let Some(refusal) = refusal(&tx, &request).await? {
        return Ok(Err(refusal));
    }
    let person = contacts::known_or_new(&mut tx, &[(request.business.id, request.phone)]).await?;
    let person = person.into_iter().next();
    let person = person.ok_or_else(|| Error::broken("somebody who was just noted is not there"))?;
    let (ticket, code) = (tokens::token(), rules::code(rand::random_range(0..rules::CODES)));
    let row = store(&tx, &request, &person, &ticket, &code).await?;
    // A further number of somebody is texted as itself.
    let person = contact::Model {
        phone: request.phone.to_owned(),
        ..person
    };
    if wants_texts(&tx, &person).await? {
        let known = texts::verification(&request.business.name, &code);
        let which = Which::sms(Kind::Verification, request.language);
        let said = templates::say(&mut tx, which, About::to(request.business, &person), known).await?;
        outbox::enqueue(&mut tx, &person, text(row.id, said.body)).await?;
    }
    tx.commit().await?;
    if let Some(address) = request.address {
        with(&seen.requests, |crowd| crowd.note(address, now));
    }
    Ok(Ok(ticket))
}

/// What does not depend on who has the number: whether it can be texted, how often it is, whichever business asks, and how much a business
/// spends on whoever asks.
async fn refusal(tx: &Tx, request: &Request<'_>) -> Result<Option<Refusal>> {
    let abroad = businesses::sending::not_texted(request.business, request.phone).is_some();
    if abroad || Address::of(request.phone).objection().is_some() {
        return Ok(Some(Refusal::Number));
    }
    let sender = outbox::sender(tx.services(), &tx.db, request.business.id, None, None).await?;
    if sender.is_none() {
        return Ok(Some(Refusal::NoSender));
    }
    let keys = tx.services().vault().indexes(PHONE, request.phone);
    let before: Vec<DateTime<Utc>> = of_phone(keys, tx.now - rules::DAY)
        .select_only()
        .column(verification::Column::CreatedAt)
        .into_tuple()
        .all(&tx.db)
        .await?;
    if let Err(at) = rules::may_ask(&before, tx.now) {
        return Ok(Some(Refusal::Wait(at - tx.now)));
    }
    for (within, most) in rules::OF_A_BUSINESS {
        let rows = of_business(request.business.id, tx.now - within);
        if u64::from(paging::count_to(&tx.db, rows, verification::Column::Id, most).await?) >= most {
            return Ok(Some(Refusal::Wait(BUSY)));
        }
    }
    Ok(None)
}

/// The latest codes that went to a number since, at any business.
pub(crate) fn of_phone(keys: Vec<String>, since: DateTime<Utc>) -> Select<verification::Entity> {
    verification::Entity::find()
        .filter(verification::Column::PhoneKey.is_in(keys))
        .filter(verification::Column::CreatedAt.gt(since))
        .order_by_desc(verification::Column::CreatedAt)
        .limit(rules::A_DAY as u64)
}

/// Codes that were asked for at a business since.
pub(crate) fn of_business(business_id: Uuid, since: DateTime<Utc>) -> Select<verification::Entity> {
    verification::Entity::in_business(business_id).filter(verification::Column::CreatedAt.gt(since))
}

async fn store(tx: &Tx, request: &Request<'_>, person: &contact::Model, ticket: &str, code: &str) -> Result<verification::Model> {
    let (id, vault) = (Uuid::now_v7(), tx.services().vault());
    verification::Entity::delete_many()
        .filter(verification::Column::BusinessId.eq(request.business.id))
        .filter(verification::Column::CreatedAt.lt(tx.now - KEPT))
        .exec(&tx.db)
        .await?;
    let row = verification::Model {
        id,
        business_id: request.business.id,
        contact_id: person.id,
        phone: vault.seal(PHONE, request.phone),
        phone_key: vault.index(PHONE, request.phone),
        ticket: tokens::hash(ticket),
        code: vault.index(CODE, &of_row(id, code)),
        said: request.said.to_owned(),
        tries: 0,
        used_for: None,
        created_at: tx.now,
    };
    let new = row.clone().into_active_model().reset_all();
    verification::Entity::insert(new).exec_without_returning(&tx.db).await?;
    Ok(row)
}

/// The same code of two rows has two hashes.
fn of_row(id: Uuid, code: &str) -> String {
    format!("{id} {code}")
}

async fn wants_texts(tx: &Tx, person: &contact::Model) -> Result<bool> {
    let open = !(person.blocked || person.sample || person.held_since.is_some());
    Ok(open && consent::state(&tx.db, person.id).await? != State::OptedOut)
}

fn text(id: Uuid, body: String) -> outbox::New {
    outbox::New {
        origin: Origin::Verification,
        origin_id: Some(id),
        channel: Channel::Sms,
        subject: None,
        body,
        correlation_id: Some(format!("verification:{id}")),
        author: None,
        appointment_id: None,
        useful_until: None,
        time_zone: None,
        location_id: None,
        delay: None,
    }
}

/// What came of typing a code.
pub(crate) enum Checked {
    /// It was right, and whose phone it is.
    Right(Box<Proved>),
    /// It was right before, and this came of it.
    Again(Uuid),
    /// So many tries are left.
    Wrong(i32),
    /// Its time is over, or there is no such code, or the number is somebody else's by now.
    Over,
    /// It was tried too often, or too much was tried from this address.
    Spent,
}

/// A phone that is whose it is said to be.
pub(crate) struct Proved {
    row: verification::Model,
    /// Locked.
    pub contact: contact::Model,
    pub phone: String,
    pub said: String,
}

/// Tries a code. Whatever comes of it, the transaction has to be committed: a wrong one counts.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn check(
    tx: &mut Tx,
    business_id: Uuid,
    (ticket, typed): (&str, &str),
    address: Option<IpAddr>,
) -> Result<Checked> {
    let s = tx.services().clone();
    let seen = s.of::<Addresses>();
    if let Some(address) = address
        && with(&seen.mistakes, |crowd| crowd.must_wait(address, tx.now)).is_some()
    {
        return Ok(Checked::Spent);
    }
    let mistaken = || {
        if let Some(address) = address {
            with(&seen.mistakes, |crowd| crowd.note(address, tx.now));
        }
    };
    let Some(row) = locked(tx, business_id, ticket).await? else {
        mistaken();
        return Ok(Checked::Over);
    };
    let sent = Sent {
        at: row.created_at,
        tries: row.tries,
    };
    match sent.standing(tx.now) {
        Standing::Over => return Ok(Checked::Over),
        Standing::Spent => return Ok(Checked::Spent),
        Standing::Open => {}
    }
    // What can't be a code is a slip of the finger, and costs nothing.
    let Some(code) = rules::read(typed) else {
        return Ok(Checked::Wrong(sent.left()));
    };
    if !s.vault().indexes(CODE, &of_row(row.id, &code)).contains(&row.code) {
        mistaken();
        let left = Sent {
            tries: row.tries + 1,
            ..sent
        };
        count_try(tx, row.id).await?;
        return Ok(if left.left() == 0 {
            Checked::Spent
        } else {
            Checked::Wrong(left.left())
        });
    }
    match row.used_for {
        Some(id) => Ok(Checked::Again(id)),
        None => proved(tx, row).await,
    }
}

async fn locked(tx: &Tx, business_id: Uuid, ticket: &str) -> Result<Option<verification::Model>> {
    let row = verification::Entity::find()
        .filter(verification::Column::Ticket.eq(tokens::hash(ticket)))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    Ok(row.filter(|row| row.business_id == business_id))
}

async fn count_try(tx: &Tx, id: Uuid) -> Result<()> {
    verification::Entity::update_many()
        .col_expr(
            verification::Column::Tries,
            sea_orm::ExprTrait::add(Expr::col(verification::Column::Tries), 1),
        )
        .filter(verification::Column::Id.eq(id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn proved(tx: &Tx, row: verification::Model) -> Result<Checked> {
    let phone = tx.services().vault().open(PHONE, &row.phone).await?;
    let contact = contacts::locked(tx, row.business_id, row.contact_id).await?;
    if !contacts::has_number(tx, &contact, &phone).await? {
        return Ok(Checked::Over);
    }
    let said = row.said.clone();
    Ok(Checked::Right(Box::new(Proved {
        row,
        contact,
        phone,
        said,
    })))
}

/// The code is used up, for this.
pub(crate) async fn used(tx: &Tx, proved: Proved, id: Uuid) -> Result<()> {
    let mut row = proved.row.into_active_model();
    row.used_for = Set(Some(id));
    row.update(&tx.db).await?;
    Ok(())
}

/// Why codes that wait to be sent are of no use any more.
pub(crate) async fn still_wanted(db: &impl ConnectionTrait, waiting: &[&message::Model]) -> Result<Objections> {
    let ids: Vec<Uuid> = waiting.iter().filter_map(|m| m.origin_id).collect();
    let open: Vec<Uuid> = if ids.is_empty() {
        Vec::new()
    } else {
        let rows = verification::Entity::find().filter(verification::Column::Id.is_in(ids));
        let rows = rows.all(db).await?;
        rows.into_iter()
            .filter(|row| row.used_for.is_none())
            .map(|row| row.id)
            .collect()
    };
    let gone = waiting.iter().filter(|m| m.origin_id.is_none_or(|id| !open.contains(&id)));
    Ok(gone.map(|m| (m.id, "This code is not needed any more.".to_owned())).collect())
}
