//! What comes of texts that are tried, heard from what happens. Who is in no test that runs costs nothing here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use contract::appointments::Status as Visit;
use domain::{
    experiments::{Measure, State, Status},
    origin::Origin,
};
use entity::{
    appointments::appointment,
    experiments::{experiment, experiment_person},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    measure,
    people::{self, ARRIVES_WITHIN},
};
use crate::{
    appointments,
    kernel::{Event, Principal, Result, Tx, events::Recorded, queue::Job},
    templates,
};

/// Something has happened to people who may be in a test.
pub(crate) async fn happened(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let mut by_business: BTreeMap<Uuid, Vec<&Recorded>> = BTreeMap::new();
    for one in heard {
        by_business.entry(one.business_id).or_default().push(one);
    }
    for (business_id, heard) in by_business {
        if templates::are_tried(tx, business_id).await? {
            in_business(tx, business_id, &heard).await?;
        }
    }
    Ok(())
}

async fn in_business(tx: &mut Tx, business_id: Uuid, heard: &[&Recorded]) -> Result<()> {
    let tests = experiment::Entity::in_business(business_id)
        .filter(experiment::Column::Status.eq(Status::Running.as_str()))
        .all(&tx.db)
        .await?;
    let who: BTreeSet<Uuid> = heard.iter().filter_map(|one| person(&one.event)).collect();
    if tests.is_empty() || who.is_empty() {
        return Ok(());
    }
    let mut rows = experiment_person::Entity::find()
        .filter(experiment_person::Column::ExperimentId.is_in(tests.iter().map(|test| test.id)))
        .filter(experiment_person::Column::ContactId.is_in(who))
        .all(&tx.db)
        .await?;
    for one in heard {
        let about = person(&one.event);
        for row in rows.iter_mut().filter(|row| Some(row.contact_id) == about) {
            if let Some(test) = tests.iter().find(|test| test.id == row.experiment_id) {
                one_of(tx, test, row, one).await?;
            }
        }
    }
    Ok(())
}

/// Whom it has happened to.
fn person(event: &Event) -> Option<Uuid> {
    match event {
        Event::MessageSent(m)
        | Event::MessageDelivered(m)
        | Event::MessageArrived(m)
        | Event::MessageFailed(m, _)
        | Event::RetryEnded(m) => Some(m.contact_id),
        Event::Answered(question, _) | Event::AnsweredOnPage(question) => Some(question.contact_id),
        Event::ContactOptedOut(contact, _) => Some(contact.id),
        other => visit(other).map(|visit| visit.contact_id),
    }
}

fn visit(event: &Event) -> Option<&appointment::Model> {
    match event {
        Event::AppointmentConfirmed(visit)
        | Event::AppointmentDeclined(visit)
        | Event::AppointmentMoved(visit)
        | Event::AppointmentRestored(visit)
        | Event::AppointmentCancelled(visit)
        | Event::AppointmentEnded(visit)
        | Event::AppointmentReopened(visit) => Some(visit),
        _ => None,
    }
}

async fn one_of(tx: &mut Tx, test: &experiment::Model, row: &mut experiment_person::Model, one: &Recorded) -> Result<()> {
    let left = people::state(row)? != State::Waiting;
    if let Event::ContactOptedOut(_, channel) = &one.event {
        if left && channel.as_str() == test.channel && people::opted_out(tx, row).await? {
            // Whether that is harm is seen at once, and not in the middle of what they said.
            let key = format!("experiment:{}", row.id);
            let job = Job::Experiment { experiment_id: test.id };
            tx.enqueue(&job, tx.now, Some(&key)).await?;
        }
        return Ok(());
    }
    let now = Standing {
        measure: measure(test)?,
        state: people::state(row)?,
        due_at: row.due_at,
    };
    let then = match visit(&one.event) {
        Some(visit) if visit.id == row.subject_id => of_visit(&now, visit, one)?,
        Some(_) => return Ok(()),
        None => of_text(&now, row, &one.event, tx.now),
    };
    if let Some((state, due_at)) = then {
        people::become_(tx, row, state, due_at).await?;
    }
    Ok(())
}

/// Where somebody stands, and in what.
struct Standing {
    measure: Measure,
    state: State,
    due_at: DateTime<Utc>,
}

type Then = Option<(State, DateTime<Utc>)>;

/// What a text's fate, or an answer to it, makes of it.
fn of_text(now: &Standing, row: &experiment_person::Model, event: &Event, at: DateTime<Utc>) -> Then {
    let (delivery, known) = (
        now.measure == Measure::Delivered,
        matches!(now.state, State::Hit | State::Miss | State::Out),
    );
    match event {
        Event::MessageSent(m) if m.id == row.message_id && now.state == State::Waiting => {
            let due_at = match m.origin.parse() {
                _ if delivery => at + ARRIVES_WITHIN,
                // An offer is held as long from when it left as was planned from when it was written.
                Ok(Origin::Offer) => now.due_at + (at - m.created_at),
                _ => now.due_at,
            };
            Some((State::Given, due_at))
        }
        Event::MessageDelivered(m) | Event::MessageArrived(m) if m.id == row.message_id && delivery && !known => {
            Some((State::Hit, now.due_at))
        }
        Event::MessageFailed(m, how) if m.id == row.message_id && delivery && now.state == State::Given && !how.retrying => {
            Some((State::Miss, now.due_at))
        }
        Event::RetryEnded(m) if m.id == row.message_id && delivery && now.state == State::Given => {
            Some((State::Miss, now.due_at))
        }
        Event::Answered(question, _) | Event::AnsweredOnPage(question)
            if question.subject_id == row.subject_id && now.measure == Measure::Answered && now.state == State::Given =>
        {
            Some((State::Hit, now.due_at))
        }
        _ => None,
    }
}

/// What becomes of the visit that it was about makes of it.
fn of_visit(now: &Standing, visit: &appointment::Model, one: &Recorded) -> Result<Then> {
    let by_customer = matches!(one.by, Principal::Customer | Principal::CustomerPage);
    let answered = matches!(one.event, Event::AppointmentConfirmed(_) | Event::AppointmentDeclined(_)) && by_customer;
    let hit = match now.measure {
        Measure::Confirmed => answered && matches!(one.event, Event::AppointmentConfirmed(_)),
        Measure::Answered => answered,
        Measure::Missed => return missed(now, visit),
        Measure::Delivered => return Ok(None),
    };
    if hit && now.state == State::Given {
        return Ok(Some((State::Hit, now.due_at)));
    }
    if matches!(one.event, Event::AppointmentCancelled(_)) && now.state == State::Given {
        // Who cancels by themselves has answered; whose visit staff cancel could not answer any more.
        let state = match (now.measure, by_customer) {
            (Measure::Answered, true) => State::Hit,
            (_, true) => State::Miss,
            (_, false) => State::Out,
        };
        return Ok(Some((state, now.due_at)));
    }
    let moved = matches!(one.event, Event::AppointmentMoved(_) | Event::AppointmentRestored(_));
    let later = people::due(now.measure, visit.starts_at);
    Ok((moved && now.state == State::Given).then_some((State::Given, later)))
}

/// Staff may take back what they said of a visit.
fn missed(now: &Standing, visit: &appointment::Model) -> Result<Then> {
    if now.state == State::Waiting {
        return Ok(None);
    }
    let state = match appointments::status(visit)? {
        Visit::NoShow => State::Hit,
        Visit::Completed => State::Miss,
        Visit::Cancelled => State::Out,
        Visit::Scheduled | Visit::Confirmed | Visit::RescheduleRequested => State::Given,
    };
    Ok(Some((state, people::due(Measure::Missed, visit.starts_at))))
}
