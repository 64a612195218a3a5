//! Whether a number may text the US: read from Twilio now and then, overruled by what becomes of texts, asked before one leaves.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use domain::{
    phone::home_of,
    registration::{
        Answer, Campaign, Facts, Judgement, Kind, Observed, Verification, ask_again_after, is_unregistered, judge, overruled,
    },
};
use entity::{messages::message, numbers::number};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use twilio::ReadError;
use uuid::Uuid;

use super::{ACTIVE, shown};
use crate::{
    businesses,
    channels::connections::{Connection, Connections, patient},
    kernel::{Actor, Event, Permission, Principal, Result, Services, Tx, error::not_found, events::Recorded, queue::Job},
};

/// Numbers that are asked about in one tick.
const SOME: u64 = 20;

/// One that is being asked about is not asked about again meanwhile, nor if nothing comes of it.
const LEASE: Duration = Duration::minutes(5);

/// What was seen is written down so often at most: a thousand texts that arrive say what one says.
const SEEN_EVERY: Duration = Duration::hours(1);
const REFUSED_EVERY: Duration = Duration::minutes(1);

/// A text to be held back is looked at again after so long; sooner when the answer changes.
pub(crate) const LOOK: Duration = Duration::hours(1);

/// How a number stands now: what Twilio says, overruled by what was seen.
pub(crate) fn standing(row: &number::Model, now: DateTime<Utc>) -> Judgement {
    let kind = Kind::of(&row.phone);
    let reason = |or: &str| row.us_reason.clone().unwrap_or_else(|| or.to_owned());
    let said = match row.us_answer.as_deref().map(str::parse) {
        None => match kind {
            Kind::ShortCode | Kind::Whatsapp => judge(kind, None),
            _ => Judgement {
                answer: Answer::Unknown,
                reason: "Twilio was not asked yet.".to_owned(),
            },
        },
        Some(Ok(answer)) => Judgement {
            answer,
            reason: reason(""),
        },
        // Not waved through.
        Some(Err(_)) => Judgement {
            answer: Answer::No,
            reason: "How it is registered is stored in words that this version does not know.".to_owned(),
        },
    };
    overruled(said, seen(row), now)
}

fn seen(row: &number::Model) -> Observed {
    Observed {
        refused: row.us_refused_at.zip(row.us_refused_code),
        delivered: row.us_delivered_at,
    }
}

/// What Twilio says alone: what carriers refuse is held back by a breaker, which lets one text try whether that is over.
pub(crate) fn said(row: &number::Model, now: DateTime<Utc>) -> Judgement {
    let unseen = number::Model {
        us_refused_at: None,
        ..row.clone()
    };
    standing(&unseen, now)
}

/// Why a text from this number to this phone has to wait, if it has to.
pub(crate) fn holds_back(row: &number::Model, to: &str, now: DateTime<Utc>) -> Option<String> {
    let standing = said(row, now);
    if !standing.answer.holds_back() || !is_asked(&row.phone, to) {
        return None;
    }
    Some(format!("{} can’t text the US yet. {}", row.phone, standing.reason))
}

/// Why nobody should write to this phone from this number: it may not, and will not before somebody sees to it.
pub(crate) fn forbids(row: &number::Model, to: &str, now: DateTime<Utc>) -> Option<Judgement> {
    let standing = standing(row, now);
    (standing.answer == Answer::No && is_asked(&row.phone, to)).then_some(standing)
}

fn is_asked(from: &str, to: &str) -> bool {
    home_of(to).is_some_and(|country| Kind::of(from).is_asked_in(&country))
}

/// Asks about numbers whose time has come.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    let due = due(s.now()).limit(SOME).all(s.read()).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    for row in due {
        let at = row.us_next_at.map_or(0, |at| at.timestamp());
        number::Entity::update_many()
            .col_expr(number::Column::UsNextAt, Expr::value(tx.now + LEASE))
            .filter(number::Column::Id.eq(row.id))
            .exec(&tx.db)
            .await?;
        let key = format!("registration:{}:{at}", row.id);
        tx.enqueue(&Job::CheckRegistration { number_id: row.id }, tx.now, Some(&key))
            .await?;
    }
    tx.commit().await
}

/// The status is a literal, so that SQLite uses the index over active ones.
pub(crate) fn due(now: DateTime<Utc>) -> sea_orm::Select<number::Entity> {
    number::Entity::find()
        .filter(Expr::cust("\"status\" = 'active'"))
        .filter(number::Column::UsNextAt.lte(now))
        .order_by_asc(number::Column::UsNextAt)
}

/// Asks Twilio about one number now.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`.
pub async fn check_now(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let row = number::Entity::these(actor.business_id, [id]).one(s.read()).await?;
    let row = row.filter(|row| row.status == ACTIVE).ok_or_else(|| not_found("number"))?;
    check(s, row.id).await
}

/// Asks Twilio how a number is registered, and writes down what it says.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn check(s: &Services, id: Uuid) -> Result<()> {
    let Some(row) = number::Entity::find_by_id(id)
        .one(s.read())
        .await?
        .filter(|row| row.status == ACTIVE)
    else {
        return Ok(());
    };
    let kind = Kind::of(&row.phone);
    let asked = match kind {
        Kind::Local | Kind::TollFree => match s.of::<Connections>().of(row.business_id) {
            Some(account) => Asked::of(&account, kind, &row.phone).await,
            None => Asked::Unreadable("No Twilio account is connected.".to_owned()),
        },
        _ => Asked::Read(None, Facts::default()),
    };
    write(s, row, kind, asked).await
}

/// What came of asking.
enum Asked {
    /// With its SID at Twilio.
    Read(Option<String>, Facts),
    /// The account does not have it.
    Missing,
    Unreadable(String),
}

impl Asked {
    async fn of(account: &Connection, kind: Kind, phone: &str) -> Self {
        match facts(account, kind, phone).await {
            Ok(Some((sid, facts))) => Self::Read(Some(sid), facts),
            Ok(None) => Self::Missing,
            Err(cause) => {
                tracing::warn!(%cause, "how a number is registered can't be read");
                Self::Unreadable(super::requests::unreadable(&cause).problem().detail)
            }
        }
    }
}

async fn facts(account: &Connection, kind: Kind, phone: &str) -> std::result::Result<Option<(String, Facts)>, ReadError> {
    let client = account.client();
    let Some(owned) = patient(|| client.owned(phone)).await? else {
        return Ok(None);
    };
    let mut facts = Facts::default();
    if kind == Kind::TollFree {
        let found = patient(|| client.verification(&owned.sid)).await?;
        facts.verification = found.map(|v| Verification {
            status: v.status,
            why: v.why,
        });
        return Ok(Some((owned.sid, facts)));
    }
    for service in patient(|| client.services_of(&owned.sid)).await? {
        let campaign = patient(|| client.campaign(&service.sid)).await?;
        facts.services.push(campaign.map(|c| Campaign {
            status: c.status,
            why: c.why,
            mock: c.mock,
            brand: c.brand,
        }));
    }
    Ok(Some((owned.sid, facts)))
}

async fn write(s: &Services, seen: number::Model, kind: Kind, asked: Asked) -> Result<()> {
    let mut tx = s.begin().await?;
    let found = number::Entity::find_by_id(seen.id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let Some(row) = found.filter(|row| row.status == ACTIVE) else {
        return tx.commit().await;
    };
    let (sid, judgement) = match asked {
        Asked::Read(sid, facts) => (sid, judge(kind, Some(&facts))),
        Asked::Missing => (
            None,
            Judgement {
                answer: Answer::Unknown,
                reason: "This Twilio account does not have the number.".to_owned(),
            },
        ),
        // What was known still holds: that Twilio does not answer is no news about the number.
        Asked::Unreadable(_) if row.us_answer.is_some() => {
            let mut row = row.into_active_model();
            row.us_next_at = Set(Some(tx.now + ask_again_after(Answer::Unknown)));
            row.update(&tx.db).await?;
            return tx.commit().await;
        }
        Asked::Unreadable(reason) => (
            None,
            Judgement {
                answer: Answer::Unknown,
                reason,
            },
        ),
    };
    let changed = row.us_answer.as_deref() != Some(judgement.answer.as_str());
    if changed {
        changed_to(&mut tx, &row, &judgement).await?;
    }
    let since = if changed { Some(tx.now) } else { row.us_since };
    let mut row = row.into_active_model();
    row.us_answer = Set(Some(judgement.answer.as_str().to_owned()));
    row.us_reason = Set(Some(judgement.reason));
    row.us_since = Set(since);
    row.us_checked_at = Set(Some(tx.now));
    row.us_next_at = Set(Some(tx.now + ask_again_after(judgement.answer)));
    if let Some(sid) = sid {
        row.provider_sid = Set(Some(sid));
    }
    row.update(&tx.db).await?;
    tx.commit().await
}

/// What waits for it is looked at anew, and the business is told.
async fn changed_to(tx: &mut Tx, row: &number::Model, judgement: &Judgement) -> Result<()> {
    let country = businesses::of(tx, row.business_id).await?.country;
    let phone = shown(&row.phone, &country);
    let was_held = row
        .us_answer
        .as_deref()
        .map(str::parse)
        .is_some_and(|was| was.is_ok_and(Answer::holds_back));
    // That all is in order is no news, unless it was not before.
    let news = match judgement.answer {
        Answer::No | Answer::Wait => format!("Texts to the US from {phone} wait. {}", judgement.reason),
        Answer::Yes | Answer::Probably | Answer::Unknown if was_held => format!("Texts to the US can leave from {phone} again."),
        Answer::Yes | Answer::Probably | Answer::Unknown => String::new(),
    };
    let event = Event::RegistrationChanged {
        number: row.id,
        news: news.into(),
    };
    tx.record(row.business_id, &Principal::System("Twilio"), event);
    Ok(())
}

/// What became of texts tells how their numbers are registered.
pub(crate) async fn messages_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let mut refused: BTreeMap<(Uuid, String), i32> = BTreeMap::new();
    let mut arrived: BTreeMap<(Uuid, String), ()> = BTreeMap::new();
    for one in heard {
        match &one.event {
            Event::MessageFailed(m, _) => {
                if let Some(code) = m.error_code.filter(|code| is_unregistered(*code)) {
                    refused.insert((m.business_id, m.ours.clone()), code);
                }
            }
            Event::MessageDelivered(m) if tells(m) => {
                arrived.insert((m.business_id, m.ours.clone()), ());
            }
            _ => {}
        }
    }
    for ((business_id, phone), code) in refused {
        was_refused(tx, business_id, &phone, code).await?;
    }
    for (business_id, phone) in arrived.into_keys() {
        has_arrived(tx, business_id, &phone).await?;
    }
    Ok(())
}

/// Whether the way of this text went by a registration.
fn tells(m: &message::Model) -> bool {
    m.ours.starts_with('+') && m.theirs.starts_with('+') && is_asked(&m.ours, &m.theirs)
}

async fn was_refused(tx: &mut Tx, business_id: Uuid, phone: &str, code: i32) -> Result<()> {
    let Some(row) = row(tx, business_id, phone).await? else {
        return Ok(());
    };
    if row.us_refused_at.is_some_and(|at| tx.now - at < REFUSED_EVERY) && row.us_refused_code == Some(code) {
        return Ok(());
    }
    let mut row = row.into_active_model();
    row.us_refused_at = Set(Some(tx.now));
    row.us_refused_code = Set(Some(code));
    // What Twilio says of it now may be something else than before.
    row.us_next_at = Set(Some(tx.now));
    row.update(&tx.db).await?;
    Ok(())
}

async fn has_arrived(tx: &mut Tx, business_id: Uuid, phone: &str) -> Result<()> {
    let Some(row) = row(tx, business_id, phone).await? else {
        return Ok(());
    };
    let refused_since = row
        .us_refused_at
        .is_some_and(|at| row.us_delivered_at.is_none_or(|seen| seen <= at));
    if !refused_since && row.us_delivered_at.is_some_and(|at| tx.now - at < SEEN_EVERY) {
        return Ok(());
    }
    let mut row = row.into_active_model();
    row.us_delivered_at = Set(Some(tx.now));
    row.update(&tx.db).await?;
    Ok(())
}

async fn row(tx: &Tx, business_id: Uuid, phone: &str) -> Result<Option<number::Model>> {
    let row = super::by_phone(&tx.db, business_id, phone).await?;
    Ok(row.filter(|row| row.status == ACTIVE))
}

/// Why the business's own number forbids texts to this phone, if it does; the number that it would leave from is given.
pub(crate) async fn objection(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    from: &str,
    to: &str,
    now: DateTime<Utc>,
) -> Result<Option<Judgement>> {
    let row = super::by_phone(db, business_id, from).await?;
    Ok(row.and_then(|row| forbids(&row, to, now)))
}
