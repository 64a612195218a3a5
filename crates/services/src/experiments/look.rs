//! What is to become of tests that run: looked at every minute, and at once when somebody opts out.

use chrono::Duration;
use contract::experiments::Status;
use domain::experiments::{Arm, Measure, Next, Standing, State, next};
use entity::experiments::{experiment, experiment_person};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{facts, locked, measure, people, view, which};
use crate::{
    kernel::{Error, Event, Principal, Result, Services, Tx},
    tasks,
};

const EVERY: Duration = Duration::minutes(1);
/// Tests looked at per tick.
const BATCH: u64 = 100;
/// More steps than there are to take at once.
const STEPS: usize = 3;

/// Who ends a test.
const BY: Principal = Principal::System("The test itself");

/// Looks at those whose turn it is.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub async fn tick(s: &Services) -> Result<()> {
    let due: Vec<Uuid> = due(s.now())
        .select_only()
        .column(experiment::Column::Id)
        .into_tuple()
        .all(s.read())
        .await?;
    for id in due {
        // One that can't be looked at must not keep the others waiting.
        if let Err(cause) = look(s, id).await {
            tracing::error!(experiment = %id, %cause, "a test of two texts could not be looked at; it is tried again");
            put_off(s, id).await?;
        }
    }
    Ok(())
}

/// The status is a literal: SQLite uses an index over a part of the rows only if it can see that the query asks for no others.
pub(crate) fn due(now: chrono::DateTime<chrono::Utc>) -> Select<experiment::Entity> {
    experiment::Entity::find()
        .filter(Expr::cust("\"status\" = 'running'"))
        .filter(experiment::Column::LookAt.lte(now))
        .order_by_asc(experiment::Column::LookAt)
        .limit(BATCH)
}

/// Counts those whose time is over, and does what is to be done. Safe to call any number of times.
///
/// # Errors
/// When the database does not answer.
pub async fn look(s: &Services, id: Uuid) -> Result<()> {
    let running = || experiment::Entity::find_by_id(id).filter(experiment::Column::Status.eq(Status::Running.as_str()));
    let Some(test) = running().one(&s.db().write).await? else {
        return Ok(());
    };
    time_is_over(s, &test).await?;
    let (a, b) = view::tallies(&view::arms(&s.db().write, &test).await?)?;
    if next(view::needed(&test), test.enrolling, a, b) != Next::GoOn {
        go_on(s, &test).await?;
    }
    put_off(s, id).await
}

async fn put_off(s: &Services, id: Uuid) -> Result<()> {
    experiment::Entity::update_many()
        .col_expr(experiment::Column::LookAt, Expr::value(s.now() + EVERY))
        .filter(experiment::Column::Id.eq(id))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// Of whom nothing was heard in time: they did not do it, or it will never be known.
async fn time_is_over(s: &Services, test: &experiment::Model) -> Result<()> {
    let then = match measure(test)? {
        Measure::Answered | Measure::Confirmed => State::Miss,
        Measure::Delivered | Measure::Missed => State::Out,
    };
    let mut tx = s.begin().await?;
    for arm in Arm::ALL {
        let changed = experiment_person::Entity::update_many()
            .col_expr(experiment_person::Column::State, Expr::value(then.as_str()))
            .filter(experiment_person::Column::ExperimentId.eq(test.id))
            .filter(experiment_person::Column::Arm.eq(arm.as_str()))
            .filter(Expr::cust("\"state\" = 'given'"))
            .filter(experiment_person::Column::DueAt.lte(tx.now))
            .exec(&tx.db)
            .await?;
        let people = i64::try_from(changed.rows_affected).unwrap_or(i64::MAX);
        if people > 0 {
            people::count(&mut tx, test.business_id, test.id, *arm, State::Given.to(then), people);
        }
    }
    tx.commit().await
}

/// Takes every step that there is to take, by what stands now.
async fn go_on(s: &Services, test: &experiment::Model) -> Result<()> {
    let (mut tx, mut row) = locked(s, test.business_id, test.id).await?;
    for _ in 0..STEPS {
        if row.status != Status::Running.as_str() {
            break;
        }
        let (a, b) = view::tallies(&view::arms(&tx.db, &row).await?)?;
        row = match next(view::needed(&row), row.enrolling, a, b) {
            Next::GoOn => break,
            Next::Close => enrol(&tx, row, false).await?,
            Next::Reopen => enrol(&tx, row, true).await?,
            Next::Stop(arm) => stop(&mut tx, row, arm).await?,
            Next::End => done(&mut tx, row, Standing::of(view::needed(test), a, b)).await?,
        };
    }
    tx.commit().await
}

async fn enrol(tx: &Tx, row: experiment::Model, enrolling: bool) -> Result<experiment::Model> {
    let mut row = row.into_active_model();
    row.enrolling = Set(enrolling);
    row.updated_at = Set(tx.now);
    Ok(row.update(&tx.db).await?)
}

/// A text drives people away.
async fn stop(tx: &mut Tx, row: experiment::Model, arm: Arm) -> Result<experiment::Model> {
    let text = match arm {
        Arm::A => "the text as it was (A)",
        Arm::B => "the text that was tried (B)",
    };
    let why = format!("Stopped by itself: far more people who got {text} asked for no more texts.");
    let title = format!(
        "The test of your text {} was stopped: far more people who got {text} asked for no more texts.",
        name(&row)?
    );
    let row = end(tx, &BY, row, Status::Harmful, why).await?;
    tell(tx, &row, title).await?;
    Ok(row)
}

/// Everybody is counted.
async fn done(tx: &mut Tx, row: experiment::Model, standing: Standing) -> Result<experiment::Model> {
    let words = standing.words(measure(&row)?);
    let title = format!("The test of your text {} is done. {words}.", name(&row)?);
    let row = end(tx, &BY, row, Status::Done, String::new()).await?;
    tell(tx, &row, title).await?;
    Ok(row)
}

fn name(row: &experiment::Model) -> Result<String> {
    let which = which(row)?;
    let (kind, channel, language) = (which.kind.label(), which.channel.label(), which.language.name());
    Ok(format!("“{kind}” ({channel}, {language})"))
}

async fn tell(tx: &mut Tx, row: &experiment::Model, title: String) -> Result<()> {
    let new = tasks::New {
        business_id: row.business_id,
        kind: tasks::Kind::Template,
        title,
        key: format!("experiment:{}", row.id),
        contact_id: None,
        conversation_id: None,
        appointment_id: None,
        message_id: None,
    };
    tasks::raise(tx, new).await
}

/// It is over; what is said of it is said for ever. The caller holds its lock.
pub(super) async fn end(
    tx: &mut Tx,
    by: &Principal,
    row: experiment::Model,
    status: Status,
    why: String,
) -> Result<experiment::Model> {
    let (a, b) = view::tallies(&view::arms(&tx.db, &row).await?)?;
    let standing = Standing::of(view::needed(&row), a, b);
    let result = serde_json::to_string(&standing).map_err(|e| Error::broken(e.to_string()))?;
    let (id, was, business_id) = (row.id, facts(&row), row.business_id);
    let mut row = row.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.enrolling = Set(false);
    row.why = Set((!why.is_empty()).then_some(why));
    row.result = Set(Some(result));
    row.ended_at = Set(Some(tx.now));
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    tx.record_change(business_id, by, Event::ExperimentEnded(id), Some(was), Some(facts(&row)));
    Ok(row)
}
