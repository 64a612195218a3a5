//! Marked visits are counted, each once: what it was counted as before is taken back first.

use contract::appointments::Status;
use domain::attendance::{self as rules, off};
use entity::{
    appointments::appointment,
    attendance::{attendance_day, attendance_sum, marked_visit},
};
use sea_orm::{
    ActiveModelTrait, EntityTrait, ExprTrait, Set,
    sea_query::{Expr, OnConflict},
};

use super::{ALL, CONTACT, Circumstances, Known, LEAD, TYPE, UNANSWERED};
use crate::{
    appointments, businesses, contacts,
    kernel::{Event, Result, Tx, events::Recorded},
};

const MILLION: f64 = 1_000_000.0;

/// Visits that were kept, missed, or are neither any more.
pub(crate) async fn appointments_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        if let Event::AppointmentEnded(visit) | Event::AppointmentReopened(visit) | Event::AppointmentRestored(visit) = &one.event
        {
            marked(tx, visit).await?;
        }
    }
    Ok(())
}

async fn marked(tx: &mut Tx, visit: &appointment::Model) -> Result<()> {
    let missed = match appointments::status(visit)? {
        Status::Completed => Some(false),
        Status::NoShow => Some(true),
        _ => None,
    };
    let before = marked_visit::Entity::find_by_id(visit.id).one(&tx.db).await?;
    if before.as_ref().map(|row| row.missed) == missed {
        return Ok(());
    }
    // Sums are of all customers: one transaction of a business after another, so that two never wait for each other.
    tx.take_turns("attendance_sum", [visit.business_id.to_string()]).await?;
    if let Some(before) = before {
        count(tx, &before, -1).await?;
        marked_visit::Entity::delete_by_id(visit.id).exec(&tx.db).await?;
    }
    let Some(missed) = missed else { return Ok(()) };
    let contact = contacts::locked(tx, visit.business_id, visit.contact_id).await?;
    if contact.sample {
        return Ok(());
    }
    let row = row(tx, visit, missed).await?;
    let row = row.insert(&tx.db).await?;
    count(tx, &row, 1).await
}

/// The guess is made of what was known before this visit, which is not counted yet.
async fn row(tx: &mut Tx, visit: &appointment::Model, missed: bool) -> Result<marked_visit::ActiveModel> {
    let business = businesses::of(tx, visit.business_id).await?;
    let zone = businesses::zone(&business);
    let circumstances = Circumstances::of(&tx.db, visit).await?;
    // What a file tells of the past proves nothing.
    let history = visit.created_at > visit.ends_at.unwrap_or(visit.starts_at + appointments::past::UNSAID);
    let guess = if history {
        None
    } else {
        Known::load(&tx.db, &business, visit, tx.now).await?.guess()
    };
    let millionths = |share: f64| (share * MILLION).round() as i32;
    Ok(marked_visit::ActiveModel {
        appointment_id: Set(visit.id),
        business_id: Set(visit.business_id),
        contact_id: Set(visit.contact_id),
        type_id: Set(visit.type_id),
        month: Set(rules::month(visit.starts_at, zone)),
        day: Set(tx.now.with_timezone(&zone).date_naive().to_string()),
        lead: Set(circumstances.lead.to_owned()),
        unanswered: Set(circumstances.unanswered),
        missed: Set(missed),
        guess: Set(guess.map(|(guess, _)| millionths(guess))),
        average: Set(guess.map(|(_, average)| millionths(average))),
    })
}

/// Adds what a visit counts for, or takes it away.
async fn count(tx: &Tx, row: &marked_visit::Model, by: i32) -> Result<()> {
    let kind = row.type_id.map(|id| id.to_string()).unwrap_or_default();
    let parts = [
        (ALL, String::new()),
        (CONTACT, row.contact_id.to_string()),
        (LEAD, row.lead.clone()),
        (TYPE, kind),
        (UNANSWERED, row.unanswered.to_string()),
    ];
    let missed = i32::from(row.missed) * by;
    let rows = parts.into_iter().map(|(about, part)| attendance_sum::ActiveModel {
        business_id: Set(row.business_id),
        about: Set(about.to_owned()),
        part: Set(part),
        month: Set(row.month.clone()),
        visits: Set(by),
        missed: Set(missed),
    });
    let more =
        |column: attendance_sum::Column, added: &'static str| Expr::col((attendance_sum::Entity, column)).add(Expr::cust(added));
    let key = [
        attendance_sum::Column::BusinessId,
        attendance_sum::Column::About,
        attendance_sum::Column::Part,
        attendance_sum::Column::Month,
    ];
    let add = OnConflict::columns(key)
        .value(
            attendance_sum::Column::Visits,
            more(attendance_sum::Column::Visits, "excluded.visits"),
        )
        .value(
            attendance_sum::Column::Missed,
            more(attendance_sum::Column::Missed, "excluded.missed"),
        )
        .to_owned();
    attendance_sum::Entity::insert_many(rows)
        .on_conflict(add)
        .exec_without_returning(&tx.db)
        .await?;
    measure(tx, row, by.into()).await
}

/// How far the guess was off, and the average.
async fn measure(tx: &Tx, row: &marked_visit::Model, by: i64) -> Result<()> {
    use attendance_day::Column;
    let (Some(guess), Some(average)) = (row.guess, row.average) else {
        return Ok(());
    };
    let share = |millionths: i32| f64::from(millionths) / MILLION;
    let new = attendance_day::ActiveModel {
        business_id: Set(row.business_id),
        day: Set(row.day.clone()),
        visits: Set(by),
        missed: Set(i64::from(row.missed) * by),
        ours: Set(off(share(guess), row.missed) * by),
        average: Set(off(share(average), row.missed) * by),
    };
    let more = |column: Column, added: &'static str| Expr::col((attendance_day::Entity, column)).add(Expr::cust(added));
    let add = OnConflict::columns([Column::BusinessId, Column::Day])
        .value(Column::Visits, more(Column::Visits, "excluded.visits"))
        .value(Column::Missed, more(Column::Missed, "excluded.missed"))
        .value(Column::Ours, more(Column::Ours, "excluded.ours"))
        .value(Column::Average, more(Column::Average, "excluded.average"))
        .to_owned();
    attendance_day::Entity::insert(new)
        .on_conflict(add)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}
