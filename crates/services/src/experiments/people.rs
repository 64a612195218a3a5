//! Who is in a test, where each of them stands, and the numbers that are kept of it. A person's row is changed from what it was read as, so
//! that of two who change it at once one counts.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use domain::experiments::{Arm, Measure, State, Status, Step};
use entity::{
    contacts::contact,
    experiments::{experiment, experiment_arm, experiment_person},
    messages::message,
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    kernel::{
        Error, Result, Tx,
        counters::{Counter, Tried},
        tx::Counts,
    },
    templates::Chosen,
};

/// Visits that nobody marks so long after them are not marked any more.
const MARKED_WITHIN: Duration = Duration::days(14);
/// What the network has not said by then it does not say.
pub(super) const ARRIVES_WITHIN: Duration = Duration::hours(48);

/// What a text is about: the visit, or the time, and when that is over.
#[derive(Clone, Copy)]
pub(crate) struct About {
    pub subject_id: Uuid,
    pub over_at: DateTime<Utc>,
}

/// When nothing more is waited for.
pub(super) fn due(measure: Measure, over_at: DateTime<Utc>) -> DateTime<Utc> {
    match measure {
        Measure::Missed => over_at + MARKED_WITHIN,
        Measure::Answered | Measure::Confirmed | Measure::Delivered => over_at,
    }
}

/// Somebody is given one of two texts. They are counted once it has left; until then a later one may take its place, after that none does.
pub(crate) async fn given(tx: &Tx, chosen: Option<Chosen>, text: &message::Model, about: About) -> Result<()> {
    // Where it went another way than its kind is tried on, its words are not what is compared.
    let Some(chosen) = chosen.filter(|chosen| chosen.channel.as_str() == text.channel) else {
        return Ok(());
    };
    let row = experiment_person::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(text.business_id),
        experiment_id: Set(chosen.experiment_id),
        contact_id: Set(text.contact_id),
        arm: Set(chosen.arm.as_str().to_owned()),
        state: Set(State::Waiting.as_str().to_owned()),
        message_id: Set(text.id),
        subject_id: Set(about.subject_id),
        due_at: Set(due(chosen.measure, about.over_at)),
        opted_out_at: Set(None),
        created_at: Set(tx.now),
    };
    let once = OnConflict::columns([experiment_person::Column::ExperimentId, experiment_person::Column::ContactId])
        .update_columns([
            experiment_person::Column::MessageId,
            experiment_person::Column::SubjectId,
            experiment_person::Column::DueAt,
        ])
        .action_and_where(Expr::col((experiment_person::Entity, experiment_person::Column::State)).eq(State::Waiting.as_str()))
        .to_owned();
    experiment_person::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

pub(super) fn state(row: &experiment_person::Model) -> Result<State> {
    row.state
        .parse()
        .map_err(|_| Error::broken("a person of a test with an unknown state"))
}

pub(super) fn arm(row: &experiment_person::Model) -> Result<Arm> {
    row.arm
        .parse()
        .map_err(|_| Error::broken("a person of a test with an unknown arm"))
}

/// Somebody stands there now.
pub(super) async fn become_(tx: &mut Tx, row: &mut experiment_person::Model, to: State, due_at: DateTime<Utc>) -> Result<()> {
    let from = state(row)?;
    if from == to && due_at == row.due_at {
        return Ok(());
    }
    let changed = experiment_person::Entity::update_many()
        .col_expr(experiment_person::Column::State, Expr::value(to.as_str()))
        .col_expr(experiment_person::Column::DueAt, Expr::value(due_at))
        .filter(experiment_person::Column::Id.eq(row.id))
        .filter(experiment_person::Column::State.eq(from.as_str()))
        .exec(&tx.db)
        .await?;
    if changed.rows_affected > 0 {
        count(tx, row.business_id, row.experiment_id, arm(row)?, from.to(to), 1);
        to.as_str().clone_into(&mut row.state);
        row.due_at = due_at;
    }
    Ok(())
}

/// So many people took this step.
pub(super) fn count(tx: &mut Tx, business_id: Uuid, test: Uuid, arm: Arm, step: Step, people: i64) {
    for (what, n) in [
        (Tried::People, step.people),
        (Tried::Known, step.known),
        (Tried::Hits, step.hits),
        (Tried::Out, step.out),
    ] {
        if n != 0 {
            tx.count_more(business_id, Counter::Tried(test, arm, what), n * people);
        }
    }
}

/// They want no more texts. True if that was not known of them.
pub(super) async fn opted_out(tx: &mut Tx, row: &mut experiment_person::Model) -> Result<bool> {
    let changed = experiment_person::Entity::update_many()
        .col_expr(experiment_person::Column::OptedOutAt, Expr::value(tx.now))
        .filter(experiment_person::Column::Id.eq(row.id))
        .filter(experiment_person::Column::OptedOutAt.is_null())
        .exec(&tx.db)
        .await?;
    if changed.rows_affected == 0 {
        return Ok(false);
    }
    row.opted_out_at = Some(tx.now);
    tx.count(row.business_id, Counter::Tried(row.experiment_id, arm(row)?, Tried::OptedOut));
    Ok(true)
}

/// Two people are one. Who got both texts of a test counts in neither: what they do is due to neither.
pub(crate) async fn joined(tx: &mut Tx, kept: &contact::Model, other: &contact::Model) -> Result<()> {
    let rows = experiment_person::Entity::find()
        .filter(experiment_person::Column::ContactId.is_in([kept.id, other.id]))
        .all(&tx.db)
        .await?;
    let mut tests: BTreeMap<Uuid, Vec<experiment_person::Model>> = BTreeMap::new();
    for row in rows {
        tests.entry(row.experiment_id).or_default().push(row);
    }
    for (test, mut rows) in tests {
        let got = rows.iter().map(arm).collect::<Result<Vec<_>>>()?;
        if rows.len() < 2 || Arm::only(got).is_some() || !runs(tx, test).await? {
            continue;
        }
        for row in &mut rows {
            let due_at = row.due_at;
            become_(tx, row, State::Out, due_at).await?;
        }
    }
    Ok(())
}

async fn runs(tx: &Tx, test: Uuid) -> Result<bool> {
    let row = experiment::Entity::find_by_id(test).one(&tx.db).await?;
    Ok(row.is_some_and(|row| row.status == Status::Running.as_str()))
}

/// Whether this is kept with a test.
pub(crate) const fn counts(what: Counter) -> bool {
    matches!(what, Counter::Tried(..))
}

/// Adds to the numbers of texts that are tried, in the order of their keys, when everything else of a transaction is done.
pub(crate) async fn add(tx: &Tx, counts: Counts) -> Result<()> {
    let mut arms: BTreeMap<(Uuid, Arm), Vec<(Tried, i64)>> = BTreeMap::new();
    for ((_, what), n) in counts {
        if let Counter::Tried(test, arm, what) = what {
            arms.entry((test, arm)).or_default().push((what, n));
        }
    }
    for ((test, arm), numbers) in arms {
        let mut update = experiment_arm::Entity::update_many()
            .filter(experiment_arm::Column::ExperimentId.eq(test))
            .filter(experiment_arm::Column::Arm.eq(arm.as_str()));
        for (what, n) in numbers {
            let column = match what {
                Tried::People => experiment_arm::Column::People,
                Tried::Known => experiment_arm::Column::Known,
                Tried::Hits => experiment_arm::Column::Hits,
                Tried::Out => experiment_arm::Column::Out,
                Tried::OptedOut => experiment_arm::Column::OptedOut,
            };
            update = update.col_expr(column, Expr::col(column).add(n));
        }
        update.exec(&tx.db).await?;
    }
    Ok(())
}
