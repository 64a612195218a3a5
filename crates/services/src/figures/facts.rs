//! Rows of texts and visits, read for what they count as.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::{appointments::Status as VisitStatus, businesses::OpeningHours};
use domain::{
    delivery::Status,
    figures::{Cells, Outcome, Review, Step, Text, Visit, What},
    hours::{self, Week},
    origin::Origin,
};
use entity::{
    appointments::appointment, messages::message, questions::question, reminders::reminder_request, reports::counted,
    reviews::review_request,
};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use super::{Fact, Key, quarter};
use crate::{
    businesses::{self, locations},
    kernel::{Error, Result, Tx},
    spend,
};

/// Of a text what it counts by: not its words.
#[derive(FromQueryResult)]
pub(super) struct TextRow {
    pub id: Uuid,
    pub direction: String,
    channel: String,
    origin: String,
    status: String,
    segments: i32,
    error_code: Option<i32>,
    appointment_id: Option<Uuid>,
    retry_at: Option<DateTime<Utc>>,
    price: Option<i64>,
    price_unit: Option<String>,
    price_final: bool,
    waited_since: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
}

pub(super) fn texts(select: Select<message::Entity>) -> Select<message::Entity> {
    use message::Column as C;
    select.select_only().columns([
        C::Id,
        C::Direction,
        C::Channel,
        C::Origin,
        C::Status,
        C::Segments,
        C::ErrorCode,
        C::AppointmentId,
        C::RetryAt,
        C::Price,
        C::PriceUnit,
        C::PriceFinal,
        C::WaitedSince,
        C::CreatedAt,
        C::SentAt,
        C::DeliveredAt,
    ])
}

/// As a row of `counted` tells it.
pub(super) fn told(row: &counted::Model) -> Result<Fact> {
    let broken = || Error::broken(format!("counted {}: what it counts as can't be read", row.id));
    let cells: Vec<(String, String, i64)> = serde_json::from_str(&row.cells).map_err(|_| broken())?;
    let cells: Option<Cells> = cells
        .into_iter()
        .map(|(what, sort, n)| Some(((what.parse::<What>().ok()?, sort), n)))
        .collect();
    Ok(Fact {
        key: Key {
            quarter: row.quarter,
            place: row.place,
            type_id: row.type_id,
            channel: row.channel.clone(),
            template: row.template.clone(),
        },
        cells: cells.ok_or_else(broken)?,
    })
}

/// Where and of what type visits are.
type Places = HashMap<Uuid, (Uuid, Uuid)>;

async fn places(tx: &Tx, business_id: Uuid, ids: Vec<Uuid>) -> Result<Places> {
    if ids.is_empty() {
        return Ok(Places::new());
    }
    let rows: Vec<(Uuid, Option<Uuid>, Option<Uuid>)> = appointment::Entity::these(business_id, ids)
        .select_only()
        .columns([
            appointment::Column::Id,
            appointment::Column::LocationId,
            appointment::Column::TypeId,
        ])
        .into_tuple()
        .all(&tx.db)
        .await?;
    let place =
        |(id, place, kind): (Uuid, Option<Uuid>, Option<Uuid>)| (id, (place.unwrap_or_default(), kind.unwrap_or_default()));
    Ok(rows.into_iter().map(place).collect())
}

/// When the places of a business are open.
async fn opening_hours(tx: &mut Tx, business_id: Uuid) -> Result<Vec<Week>> {
    let b = businesses::of(tx, business_id).await?;
    let places = locations::all(&tx.db, business_id).await?;
    let places = places.into_iter().filter(|place| place.archived_at.is_none());
    Ok(places
        .filter_map(|place| {
            let hours: OpeningHours = serde_json::from_str(&place.opening_hours).ok()?;
            Week::read(hours.days().map(|(_, day)| day), locations::zone(&b, Some(&place)))
        })
        .collect())
}

/// Whether somebody waited for this text, and nobody has counted for how long.
fn asks_for_hours(row: &TextRow, known: &HashMap<Uuid, Fact>) -> bool {
    let counted = known.get(&row.id).is_some_and(|fact| fact.counts(What::Response));
    row.waited_since.is_some() && row.sent_at.is_some() && row.origin == Origin::Reply.as_str() && !counted
}

/// What these texts count as. A text belongs to the place and the type that its visit had when it was first counted, and who waited for it
/// did so in the opening hours of that time: both may have changed since.
pub(super) async fn of_texts(
    tx: &mut Tx,
    business_id: Uuid,
    rows: Vec<TextRow>,
    known: &HashMap<Uuid, Fact>,
) -> Result<Vec<(Uuid, Fact)>> {
    let about = rows
        .iter()
        .filter(|row| !known.contains_key(&row.id))
        .filter_map(|row| row.appointment_id);
    let places = places(tx, business_id, about.collect()).await?;
    let hours = if rows.iter().any(|row| asks_for_hours(row, known)) {
        opening_hours(tx, business_id).await?
    } else {
        Vec::new()
    };
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let of_visit = row.appointment_id.and_then(|id| places.get(&id).copied()).unwrap_or_default();
        let (place, type_id) = known.get(&row.id).map_or(of_visit, |fact| (fact.key.place, fact.key.type_id));
        let key = Key {
            quarter: quarter(row.created_at),
            place,
            type_id,
            channel: row.channel.clone(),
            template: row.origin.clone(),
        };
        let cells = if row.direction == "inbound" {
            Cells::from([((What::Received, String::new()), 1)])
        } else {
            let hours = if asks_for_hours(&row, known) { hours.as_slice() } else { &[] };
            let mut cells = text(&row, hours).map_or_else(Cells::new, |text| text.cells());
            if let Some(fact) = known
                .get(&row.id)
                .filter(|fact| fact.counts(What::Response) && cells.keys().any(|(what, _)| *what == What::Response))
            {
                let counted = fact.cells.iter().filter(|((what, _), _)| *what == What::ResponseOpen);
                cells.extend(counted.map(|(cell, n)| (cell.clone(), *n)));
            }
            cells
        };
        facts.push((row.id, Fact { key, cells }));
    }
    Ok(facts)
}

/// None: of a state or an origin that this version does not know. Nobody can say what it counts as, and that keeps nothing from going on.
fn text(row: &TextRow, hours: &[Week]) -> Option<Text> {
    Some(Text {
        status: row.status.parse::<Status>().ok()?,
        origin: row.origin.parse::<Origin>().ok()?,
        retrying: row.retry_at.is_some(),
        sent: row.sent_at.is_some(),
        delivered: row.delivered_at.is_some(),
        delivering: row
            .sent_at
            .zip(row.delivered_at)
            .map(|(left, arrived)| (arrived - left).num_seconds()),
        code: row.error_code,
        segments: row.segments.into(),
        price: row.price.filter(|_| row.price_unit.as_deref() == Some(spend::UNIT)),
        price_is_final: row.price_final,
        about_visit: row.appointment_id.is_some(),
        written_at: row.created_at,
        waited_since: row.waited_since,
        waited_open: row
            .waited_since
            .and_then(|since| hours::open_seconds(hours, since, row.created_at)),
    })
}

/// What these visits count as.
pub(super) async fn of_visits(tx: &Tx, business_id: Uuid, rows: Vec<appointment::Model>) -> Result<Vec<(Uuid, Fact)>> {
    let mut steps = steps(tx, business_id, rows.iter().map(|row| row.id).collect()).await?;
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let steps = steps.remove(&row.id).unwrap_or_default();
        let status: VisitStatus = row
            .status
            .parse()
            .map_err(|()| Error::broken("a visit with an unknown status"))?;
        let outcome = match status {
            VisitStatus::Scheduled | VisitStatus::Confirmed | VisitStatus::RescheduleRequested => Outcome::Open,
            VisitStatus::Completed => Outcome::Kept,
            VisitStatus::NoShow => Outcome::Missed,
            VisitStatus::Cancelled => Outcome::Cancelled,
        };
        let last = steps.iter().max_by_key(|step| step.sent_at);
        let key = Key {
            quarter: quarter(row.starts_at),
            place: row.location_id.unwrap_or_default(),
            type_id: row.type_id.unwrap_or_default(),
            channel: last.map(|step| step.channel.clone()).unwrap_or_default(),
            template: String::new(),
        };
        let visit = Visit {
            outcome,
            starts_at: row.starts_at,
            cancelled_at: row.cancelled_at,
            steps,
        };
        let cells = visit.cells();
        facts.push((row.id, Fact { key, cells }));
    }
    Ok(facts)
}

/// What these requests for reviews count as.
pub(super) fn of_reviews(rows: Vec<review_request::Model>) -> Result<Vec<(Uuid, Fact)>> {
    let fact = |row: review_request::Model| {
        let review = Review {
            status: row
                .status
                .parse()
                .map_err(|_| Error::broken("a review request of an unknown status"))?,
            reason: row.reason,
            opened: row.opened_at.is_some(),
            people: row.clicks.into(),
            machines: row.machines.into(),
        };
        let key = Key {
            quarter: quarter(row.created_at),
            place: row.location_id.unwrap_or_default(),
            type_id: Uuid::nil(),
            channel: row.channel.unwrap_or_default(),
            template: row.platform_id.to_string(),
        };
        Ok((
            row.id,
            Fact {
                key,
                cells: review.cells(),
            },
        ))
    };
    rows.into_iter().map(fact).collect()
}

/// The reminders of visits that have left, and their answers.
async fn steps(tx: &Tx, business_id: Uuid, visits: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<Step>>> {
    if visits.is_empty() {
        return Ok(HashMap::new());
    }
    let sent: Vec<reminder_request::Model> = reminder_request::Entity::in_business(business_id)
        .filter(reminder_request::Column::AppointmentId.is_in(visits))
        .filter(reminder_request::Column::SentAt.is_not_null())
        .all(&tx.db)
        .await?;
    if sent.is_empty() {
        return Ok(HashMap::new());
    }
    let asked: Vec<question::Model> = question::Entity::find()
        .filter(question::Column::OriginId.is_in(sent.iter().map(|row| row.id)))
        .all(&tx.db)
        .await?;
    let asked: HashMap<Uuid, question::Model> = asked
        .into_iter()
        .filter(|row| row.business_id == business_id)
        .map(|row| (row.origin_id, row))
        .collect();
    let channels = channels(tx, business_id, sent.iter().filter_map(|row| row.message_id).collect()).await?;
    let mut steps: HashMap<Uuid, Vec<Step>> = HashMap::new();
    for row in sent {
        let Some(sent_at) = row.sent_at else { continue };
        let question = asked.get(&row.id);
        let channel = row.message_id.and_then(|id| channels.get(&id)).cloned();
        steps.entry(row.appointment_id).or_default().push(Step {
            kind: row.kind,
            channel: channel.unwrap_or_default(),
            sent_at,
            answer: question.and_then(|q| Some((q.answer?, q.answered_at?))),
            corrected: question.is_some_and(|q| q.corrected_at.is_some()),
        });
    }
    Ok(steps)
}

async fn channels(tx: &Tx, business_id: Uuid, ids: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, String)> = message::Entity::these(business_id, ids)
        .select_only()
        .columns([message::Column::Id, message::Column::Channel])
        .into_tuple()
        .all(&tx.db)
        .await?;
    Ok(rows.into_iter().collect())
}
