//! A test as it is shown: never who is better before everybody is counted.

use chrono::{DateTime, Utc};
use contract::experiments::{ArmView, ExperimentView, Status};
use domain::experiments::{Arm, Count, Measure, Standing, Tally, reached_at};
use entity::experiments::{experiment, experiment_arm};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};

use super::{BEFORE, measure, status};
use crate::kernel::{Error, Result};

/// After so many days of a test its own people tell how many come.
const KNOWN_AFTER: i64 = 7;

/// Both texts, the one as it was first.
pub(super) async fn arms(db: &impl ConnectionTrait, test: &experiment::Model) -> Result<Vec<experiment_arm::Model>> {
    let rows = experiment_arm::Entity::in_business(test.business_id)
        .filter(experiment_arm::Column::ExperimentId.eq(test.id))
        .order_by_asc(experiment_arm::Column::Arm);
    Ok(rows.all(db).await?)
}

pub(super) fn tally(row: &experiment_arm::Model) -> Tally {
    let n = |kept: i64| u64::try_from(kept).unwrap_or_default();
    Tally {
        people: n(row.people),
        outcome: Count {
            hits: n(row.hits),
            of: n(row.known),
        },
        out: n(row.out),
        opted_out: n(row.opted_out),
    }
}

/// The numbers of both.
pub(super) fn tallies(arms: &[experiment_arm::Model]) -> Result<(Tally, Tally)> {
    let of = |arm: Arm| arms.iter().find(|row| row.arm == arm.as_str()).map(tally);
    of(Arm::A)
        .zip(of(Arm::B))
        .ok_or_else(|| Error::broken("a test without two texts"))
}

pub(super) fn needed(test: &experiment::Model) -> u64 {
    u64::try_from(test.needed).unwrap_or_default()
}

/// What may be said of it now.
pub(super) fn standing(test: &experiment::Model, a: Tally, b: Tally) -> Result<Standing> {
    match test.result.as_deref() {
        Some(kept) => serde_json::from_str(kept).map_err(|e| Error::broken(format!("the result of a test: {e}"))),
        None => Ok(Standing::of(needed(test), a, b)),
    }
}

pub(super) async fn view(db: &impl ConnectionTrait, now: DateTime<Utc>, test: experiment::Model) -> Result<ExperimentView> {
    let arms = arms(db, &test).await?;
    let (a, b) = tallies(&arms)?;
    let (status, measure) = (status(&test)?, measure(&test)?);
    let standing = standing(&test, a, b)?;
    let winner = standing.winner(measure).filter(|_| status == Status::Done);
    let (a_day, counted) = (people_a_day(&test, now, a, b), a.outcome.of.min(b.outcome.of));
    let open = matches!(status, Status::Planned | Status::Running);
    let missing = needed(&test).saturating_sub(a.people.min(b.people));
    Ok(ExperimentView {
        id: test.id,
        usual_percent: test.usual,
        worth_percent: test.worth,
        standing: words(status, standing, measure, test.why.as_deref()),
        winner: winner.map(|arm| arm.as_str().to_owned()),
        needed: u32::try_from(test.needed).unwrap_or_default(),
        progress: progress(counted, needed(&test)),
        enrolling: test.enrolling,
        expected_at: open.then(|| reached_at(now, missing, a_day)).flatten(),
        people_a_day: a_day,
        arms: arms.into_iter().map(arm_view).collect(),
        status,
        kind: test.kind,
        channel: test.channel,
        language: test.language,
        measure: test.measure,
        why: test.why,
        adopted_version: test.adopted_version,
        planned_by: test.author,
        created_at: test.created_at,
        started_at: test.started_at,
        ended_at: test.ended_at,
    })
}

fn progress(counted: u64, needed: u64) -> u8 {
    let share = u128::from(counted) * 100 / u128::from(needed.max(1));
    u8::try_from(share.min(100)).unwrap_or(100)
}

/// At first as many as came before it was planned.
fn people_a_day(test: &experiment::Model, now: DateTime<Utc>, a: Tally, b: Tally) -> f64 {
    let days = test.started_at.map_or(0, |at| (test.ended_at.unwrap_or(now) - at).num_days());
    if days >= KNOWN_AFTER {
        (a.people + b.people) as f64 / days as f64
    } else {
        f64::from(test.people_before) / BEFORE as f64
    }
}

fn words(status: Status, standing: Standing, measure: Measure, why: Option<&str>) -> String {
    match status {
        Status::Planned => "Not started: nobody has got either text as a test.".to_owned(),
        Status::Stopped => format!("{} Nothing can be said of the two texts.", why.unwrap_or("It was ended.")),
        Status::Harmful => why.unwrap_or("One of the texts drove people away.").to_owned(),
        Status::Running | Status::Done => standing.words(measure),
    }
}

fn arm_view(row: experiment_arm::Model) -> ArmView {
    let tally = tally(&row);
    let interval = tally.outcome.interval();
    ArmView {
        people: tally.people,
        counted: tally.outcome.of,
        hits: tally.outcome.hits,
        waiting: tally.waiting(),
        not_counted: tally.out,
        opted_out: tally.opted_out,
        rate: tally.outcome.rate(),
        low: interval.map(|it| it.low),
        high: interval.map(|it| it.high),
        arm: row.arm,
        subject: row.subject,
        body: row.body,
    }
}
