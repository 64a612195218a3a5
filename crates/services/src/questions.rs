//! What is open to be answered by text, by whom, until when, under one row of numbers. Reminders ask through it; receiving matches answers
//! against it. A kind of question is an origin whose room hears `Answered`; nothing here knows which there are.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};
use domain::{
    consent::Channel,
    delivery::Status as Delivery,
    origin::Origin,
    reminders::{Pending, Which, which},
    texts::{Start, Visit},
    zone::Zone,
};
use entity::{
    businesses::business,
    contacts::{contact, contact_answers},
    messages::message,
    questions::question,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    businesses, contacts,
    kernel::{Event, Result, Tx, events::Recorded, tx::Changed},
};

/// How long after its time an answer is heard that is told to be late.
const HEARD_LATE: Duration = Duration::days(1);

/// Something to be asked.
pub(crate) struct New<'a> {
    pub business_id: Uuid,
    pub contact_id: Uuid,
    pub origin: Origin,
    pub origin_id: Uuid,
    pub subject_id: Uuid,
    pub token: i32,
    pub at: DateTime<Utc>,
    pub time_zone: Option<&'a str>,
    /// Whom it is about, where that is not the contact.
    pub name: Option<&'a str>,
    pub message_id: Uuid,
    pub expires_at: DateTime<Utc>,
}

/// The code by which answers to what was asked for this are known: whatever way it goes next, the one that is already out must do.
pub(crate) async fn token_of(tx: &Tx, business_id: Uuid, origin_id: Uuid) -> Result<Option<i32>> {
    let asked = question::Entity::in_business(business_id).filter(question::Column::OriginId.eq(origin_id));
    Ok(asked.one(&tx.db).await?.map(|row| row.token))
}

/// What was asked for this the last time, and answered perhaps, is over: the same is about to be asked once more, by another code.
pub(crate) async fn clear(tx: &Tx, business_id: Uuid, origin_id: Uuid, token: i32) -> Result<()> {
    question::Entity::update_many()
        .col_expr(question::Column::Token, Expr::value(token))
        .col_expr(question::Column::Answer, Expr::value(None::<bool>))
        .col_expr(question::Column::AnsweredAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(question::Column::AnsweredBy, Expr::value(None::<Uuid>))
        .col_expr(question::Column::CorrectedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(question::Column::CreatedAt, Expr::value(tx.now))
        .filter(question::Column::BusinessId.eq(business_id))
        .filter(question::Column::OriginId.eq(origin_id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// From now on this can be answered. Asked by another way, it is the same question.
pub(crate) async fn ask(tx: &Tx, new: New<'_>) -> Result<()> {
    let row = question::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(new.business_id),
        contact_id: Set(new.contact_id),
        origin: Set(new.origin.as_str().to_owned()),
        origin_id: Set(new.origin_id),
        subject_id: Set(new.subject_id),
        token: Set(new.token),
        at: Set(new.at),
        time_zone: Set(new.time_zone.map(str::to_owned)),
        name: Set(new.name.map(str::to_owned)),
        message_id: Set(new.message_id),
        expires_at: Set(new.expires_at),
        answer: Set(None),
        answered_at: Set(None),
        answered_by: Set(None),
        corrected_at: Set(None),
        created_at: Set(tx.now),
    };
    let again = OnConflict::column(question::Column::OriginId)
        .update_columns([
            question::Column::TimeZone,
            question::Column::Name,
            question::Column::MessageId,
            question::Column::ExpiresAt,
        ])
        .to_owned();
    question::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// These can't be answered after `until` any more: now, if what they asked is not the question any longer.
pub(crate) async fn set_expiry(tx: &Tx, business_id: Uuid, origins: &[Uuid], until: DateTime<Utc>) -> Result<()> {
    if origins.is_empty() {
        return Ok(());
    }
    question::Entity::update_many()
        .col_expr(question::Column::ExpiresAt, Expr::value(until))
        .filter(question::Column::BusinessId.eq(business_id))
        .filter(question::Column::OriginId.is_in(origins.iter().copied()))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Questions that people (business, contact) can still answer.
pub(crate) fn open_of(now: DateTime<Utc>, people: impl Iterator<Item = (Uuid, Uuid)>) -> Select<question::Entity> {
    let (businesses, contacts): (BTreeSet<Uuid>, Vec<Uuid>) = people.unzip();
    question::Entity::find()
        .filter(question::Column::BusinessId.is_in(businesses))
        .filter(question::Column::ContactId.is_in(contacts))
        .filter(question::Column::ExpiresAt.gt(now))
}

/// What several people have been asked.
pub(crate) struct Asked {
    /// Who may answer something: what is open, or what was until a while ago.
    pub people: HashSet<Uuid>,
    /// What those questions came from that are heard late: their rows are locked before the first answer is taken.
    pub heard_late: Vec<question::Model>,
}

/// Those of several contacts who have been asked something that they may still answer.
pub(crate) async fn asked(tx: &Tx, people: &[contact::Model]) -> Result<Asked> {
    let recent = open_of(tx.now - HEARD_LATE, people.iter().map(|p| (p.business_id, p.id)))
        .all(&tx.db)
        .await?;
    let open: Vec<question::Model> = recent
        .into_iter()
        .filter(|q| q.expires_at > tx.now || is_heard_late(q))
        .collect();
    let asked = asked_at(tx, &open).await?;
    let waiting = || open.iter().filter(|q| asked.contains_key(&q.id));
    Ok(Asked {
        people: waiting().map(|q| q.contact_id).collect(),
        heard_late: waiting().filter(|q| is_heard_late(q)).cloned().collect(),
    })
}

fn is_heard_late(question: &question::Model) -> bool {
    question.origin.parse::<Origin>().is_ok_and(Origin::is_heard_late)
}

/// Whether a letter alone is meant for whatever else waits for an answer.
pub(crate) fn gives_way(question: &question::Model) -> bool {
    question.origin.parse::<Origin>().is_ok_and(Origin::gives_way)
}

/// What somebody answers late by a text, if it was asked before that: the latest of its kind, by its number or by what was quoted where
/// they said so.
pub(crate) async fn lapsed(
    tx: &Tx,
    contact: &contact::Model,
    inbound: &message::Model,
    token: Option<u16>,
    quoted: Option<Uuid>,
) -> Result<Option<Open>> {
    let mut rows = open_of(tx.now - HEARD_LATE, std::iter::once((contact.business_id, contact.id)))
        .filter(question::Column::ExpiresAt.lte(tx.now))
        .order_by_desc(question::Column::CreatedAt)
        .limit(50)
        .all(&tx.db)
        .await?;
    rows.retain(|q| {
        is_heard_late(q)
            && token.is_none_or(|token| q.token == i32::from(token))
            && quoted.is_none_or(|text| q.message_id == text)
    });
    let asked = asked_at(tx, &rows).await?;
    let open = rows.into_iter().filter_map(|question| {
        let asked_at = *asked.get(&question.id)?;
        (asked_at <= inbound.created_at + Duration::seconds(1)).then_some(Open { question, asked_at })
    });
    Ok(open.take(1).next())
}

/// When each of these was asked; those whose text has not left are left out: who was not asked yet can't answer. What goes another way in
/// the place of one that failed was asked when that one left: it may have arrived, and been answered, nevertheless.
async fn asked_at(tx: &Tx, questions: &[question::Model]) -> Result<HashMap<Uuid, DateTime<Utc>>> {
    let mut all = HashMap::new();
    // By the message that is looked at, the one that asks now.
    let mut looked: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for q in questions {
        looked.entry(q.message_id).or_default().push(q.id);
    }
    for _ in Channel::ALL {
        if looked.is_empty() {
            break;
        }
        let rows = left(tx, looked.keys().copied()).await?;
        let mut before: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for (id, text) in rows {
            let of = looked.remove(&id).unwrap_or_default();
            if let Some(first) = text.instead_of {
                before.entry(first).or_default().extend(&of);
            }
            let Some(at) = text.at else { continue };
            for question in of {
                let known = all.entry(question).or_insert(at);
                *known = std::cmp::min(*known, at);
            }
        }
        looked = before;
    }
    Ok(all)
}

/// A text that asks: when it left, if it has, and the one in whose place it goes.
struct Asking {
    at: Option<DateTime<Utc>>,
    instead_of: Option<Uuid>,
}

async fn left(tx: &Tx, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, Asking>> {
    type Text = (
        Uuid,
        String,
        i32,
        DateTime<Utc>,
        Option<DateTime<Utc>>,
        Option<DateTime<Utc>>,
        Option<Uuid>,
    );
    let texts: Vec<Text> = message::Entity::find()
        .filter(message::Column::Id.is_in(ids))
        .select_only()
        .columns([
            message::Column::Id,
            message::Column::Status,
            message::Column::Retries,
            message::Column::CreatedAt,
            message::Column::ClaimedAt,
            message::Column::SentAt,
            message::Column::FallbackOf,
        ])
        .into_tuple()
        .all(&tx.db)
        .await?;
    let asking = texts
        .into_iter()
        .filter_map(|(id, status, tries, created_at, claimed_at, sent_at, instead_of)| {
            let status: Delivery = status.parse().ok()?;
            let never = sent_at.is_none() && (status == Delivery::Queued || status == Delivery::Cancelled || status.is_failure());
            // One that was tried again was first asked before that.
            let at = if tries > 0 { Some(created_at) } else { claimed_at };
            let at = (!never).then_some(at.unwrap_or(created_at));
            Some((id, Asking { at, instead_of }))
        });
    Ok(asking.collect())
}

/// What one message asked is asked by another one.
pub(crate) async fn asked_instead(tx: &Tx, m: &message::Model, other: &message::Model) -> Result<()> {
    question::Entity::update_many()
        .col_expr(question::Column::MessageId, Expr::value(other.id))
        .filter(question::Column::BusinessId.eq(m.business_id))
        .filter(question::Column::MessageId.eq(m.id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// A question, and when it was asked.
pub(crate) struct Open {
    pub question: question::Model,
    pub asked_at: DateTime<Utc>,
}

/// What a contact can answer by `inbound`, the soonest first, of each subject the newest.
pub(crate) async fn waiting(tx: &Tx, contact: &contact::Model, inbound: &message::Model) -> Result<Vec<Open>> {
    let rows = open_of(tx.now, std::iter::once((contact.business_id, contact.id)))
        .order_by_desc(question::Column::CreatedAt)
        .limit(50)
        .all(&tx.db)
        .await?;
    let asked = asked_at(tx, &rows).await?;
    let mut open: Vec<Open> = Vec::new();
    for question in rows {
        let Some(asked_at) = asked.get(&question.id).copied() else {
            continue;
        };
        // An answer that comes late is older than what was asked since. Twilio's log knows whole seconds.
        let asked_later = asked_at > inbound.created_at + Duration::seconds(1);
        if !asked_later && open.iter().all(|one| one.question.subject_id != question.subject_id) {
            open.push(Open { question, asked_at });
        }
    }
    open.sort_by_key(|one| one.question.at);
    Ok(open)
}

/// What a text asked this contact about.
pub(crate) async fn asked_by(tx: &Tx, contact: &contact::Model, message_id: Uuid) -> Result<Vec<Uuid>> {
    let about = question::Entity::in_business(contact.business_id)
        .filter(question::Column::ContactId.eq(contact.id))
        .filter(question::Column::MessageId.eq(message_id))
        .select_only()
        .column(question::Column::SubjectId);
    Ok(about.into_tuple().all(&tx.db).await?)
}

/// Which of these an answer means, by their places.
pub(crate) fn meant(token: Option<u16>, open: &[Open]) -> Which {
    let last = open.iter().map(|one| one.asked_at).max();
    let pending: Vec<Pending<Uuid>> = open
        .iter()
        .map(|one| Pending {
            token: one.question.token as u16,
            text: one.question.message_id,
            answered: one.question.answer,
            gives_way: gives_way(&one.question),
            asked_last: Some(one.asked_at) == last,
        })
        .collect();
    which(token, &pending)
}

/// The answer is noted; whoever asked hears of it by the event that receiving records. `inbound`: the text that gave it, if a text did.
pub(crate) async fn answer(
    tx: &Tx,
    question: question::Model,
    inbound: Option<&message::Model>,
    yes: bool,
) -> Result<question::Model> {
    if question.answer.is_none() {
        count_answer(tx, &question).await?;
    }
    let mut row = question.into_active_model();
    row.answer = Set(Some(yes));
    row.answered_at = Set(Some(tx.now));
    row.answered_by = Set(inbound.map(|m| m.id));
    Ok(row.update(&tx.db).await?)
}

/// Messages that ask have left: by which ways people were asked is remembered.
pub(crate) async fn messages_sent(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::MessageSent(m) = &one.event else { continue };
        let asks = question::Entity::in_business(m.business_id)
            .filter(question::Column::MessageId.eq(m.id))
            .count(&tx.db)
            .await?;
        if asks > 0 {
            add(
                tx,
                m.business_id,
                m.contact_id,
                &m.channel,
                (i32::try_from(asks).unwrap_or(1), 0),
            )
            .await?;
        }
    }
    Ok(())
}

/// Counts questions and answers of somebody by one way.
async fn add(tx: &Tx, business_id: Uuid, contact_id: Uuid, channel: &str, (asked, answered): (i32, i32)) -> Result<()> {
    let row = contact_answers::ActiveModel {
        contact_id: Set(contact_id),
        channel: Set(channel.to_owned()),
        business_id: Set(business_id),
        asked: Set(asked),
        answered: Set(answered),
    };
    let more = |column, n: i32| Expr::col((contact_answers::Entity, column)).add(n);
    let key = [contact_answers::Column::ContactId, contact_answers::Column::Channel];
    let add = OnConflict::columns(key)
        .value(contact_answers::Column::Asked, more(contact_answers::Column::Asked, asked))
        .value(
            contact_answers::Column::Answered,
            more(contact_answers::Column::Answered, answered),
        )
        .to_owned();
    contact_answers::Entity::insert(row)
        .on_conflict(add)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// The first answer to a question counts for the way by which it was asked last.
async fn count_answer(tx: &Tx, question: &question::Model) -> Result<()> {
    let asked = message::Entity::these(question.business_id, [question.message_id])
        .one(&tx.db)
        .await?;
    match asked {
        Some(m) => add(tx, question.business_id, question.contact_id, &m.channel, (0, 1)).await,
        None => Ok(()),
    }
}

/// The answer about one subject that did not come by text: those who were asked about it by text have answered that, too.
pub(crate) async fn answer_about(tx: &Tx, contact: &contact::Model, subject_id: Uuid, yes: bool) -> Result<Vec<question::Model>> {
    let open = open_of(tx.now, std::iter::once((contact.business_id, contact.id)))
        .filter(question::Column::SubjectId.eq(subject_id))
        .order_by_desc(question::Column::CreatedAt)
        .limit(50)
        .all(&tx.db)
        .await?;
    let asked = asked_at(tx, &open).await?;
    let mut answered = Vec::new();
    for question in open {
        if asked.contains_key(&question.id) {
            answered.push(answer(tx, question, None, yes).await?);
        }
    }
    Ok(answered)
}

/// What was asked on behalf of this was answered on its page.
pub(crate) async fn answer_of(tx: &Tx, business_id: Uuid, origin_id: Uuid, yes: bool) -> Result<()> {
    if let Some(question) = of_origin(tx, business_id, origin_id).await?
        && question.answer.is_none()
    {
        answer(tx, question, None, yes).await?;
    }
    Ok(())
}

/// What was asked on behalf of this.
pub(crate) async fn of_origin(tx: &Tx, business_id: Uuid, origin_id: Uuid) -> Result<Option<question::Model>> {
    let rows = question::Entity::in_business(business_id).filter(question::Column::OriginId.eq(origin_id));
    Ok(rows.one(&tx.db).await?)
}

/// True for the first time these need a correction; from then on false.
pub(crate) async fn take_correction(tx: &mut Tx, open: &[Open]) -> Result<bool> {
    if open.iter().all(|one| one.question.corrected_at.is_some()) {
        return Ok(false);
    }
    question::Entity::update_many()
        .col_expr(question::Column::CorrectedAt, Expr::value(tx.now))
        .filter(question::Column::Id.is_in(open.iter().map(|one| one.question.id)))
        .exec(&tx.db)
        .await?;
    for one in open.iter().filter(|one| one.question.origin == Origin::Reminder.as_str()) {
        tx.mark_changed(one.question.business_id, Changed::Appointment(one.question.subject_id));
    }
    Ok(true)
}

/// Several as a text to this contact lists them.
pub(crate) fn visits(business: &business::Model, contact: &contact::Model, open: &[Open]) -> Vec<Visit> {
    let visit = |one: &Open| {
        let place = one.question.time_zone.as_deref().and_then(Zone::named);
        let place = place.unwrap_or_else(|| businesses::zone(business));
        let start = Start {
            at: one.question.at,
            place,
            customer: contacts::own_zone(contact).unwrap_or(place),
        };
        Visit {
            start,
            name: one.question.name.clone(),
            token: one.question.token as u16,
        }
    };
    open.iter().filter(|one| !gives_way(&one.question)).map(visit).collect()
}

/// Whether a contact waits to answer something else than these: then a bare letter would be a riddle.
pub(crate) async fn others_open(tx: &Tx, business_id: Uuid, contact_id: Uuid, subjects: &[Uuid]) -> Result<bool> {
    let other = open_of(tx.now, std::iter::once((business_id, contact_id)))
        .filter(question::Column::SubjectId.is_not_in(subjects.iter().copied()))
        .filter(question::Column::Answer.is_null())
        // A letter alone is not taken for an answer to that.
        .filter(question::Column::Origin.ne(Origin::Consent.as_str()))
        .limit(1)
        .one(&tx.db)
        .await?;
    Ok(other.is_some())
}
