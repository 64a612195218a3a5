//! Texts that are tried against each other (`experiments`), as they are read with the texts of a business; what becomes of a test, and who
//! is counted in it, is not this room's.

use contract::{experiments::Status, templates::TemplateWords};
use domain::{
    experiments::{Arm, Measure},
    templates::{Variable, Which, uses},
};
use entity::experiments::{experiment, experiment_arm};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use uuid::Uuid;

use crate::kernel::Result;

/// A test that runs.
pub(super) struct Trial {
    pub id: Uuid,
    pub measure: Measure,
    /// Whether people come into it who were not in it before.
    pub enrolling: bool,
    a: TemplateWords,
    b: TemplateWords,
}

impl Trial {
    pub(super) const fn words(&self, arm: Arm) -> &TemplateWords {
        match arm {
            Arm::A => &self.a,
            Arm::B => &self.b,
        }
    }

    /// Whether both can say the number that an answer needs. Where only one can, who is given which would have a reason.
    pub(super) fn both_say(&self, variable: Variable) -> bool {
        [&self.a, &self.b].into_iter().all(|words| uses(&words.body, variable))
    }
}

/// The tests of a business that run, and of what.
pub(super) async fn running(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<(Which, Trial)>> {
    let tests = experiment::Entity::in_business(business_id)
        .filter(experiment::Column::Status.eq(Status::Running.as_str()))
        .all(db)
        .await?;
    let mut all = Vec::with_capacity(tests.len());
    for test in tests {
        let arms = experiment_arm::Entity::in_business(business_id)
            .filter(experiment_arm::Column::ExperimentId.eq(test.id))
            .all(db)
            .await?;
        let words = |arm: Arm| {
            let row = arms.iter().find(|row| row.arm == arm.as_str());
            row.map(|row| TemplateWords {
                subject: row.subject.clone(),
                body: row.body.clone(),
            })
        };
        let which = Which::all().find(|which| of(&test, *which));
        // What this version of the program does not know it does not try.
        let (Some(which), Some(a), Some(b), Ok(measure)) = (which, words(Arm::A), words(Arm::B), test.measure.parse::<Measure>())
        else {
            continue;
        };
        let trial = Trial {
            id: test.id,
            measure,
            enrolling: test.enrolling,
            a,
            b,
        };
        all.push((which, trial));
    }
    Ok(all)
}

/// Whether this text is one of two that are tried now.
pub(super) async fn is_tried(db: &impl ConnectionTrait, business_id: Uuid, which: Which) -> Result<bool> {
    let running = experiment::Entity::in_business(business_id)
        .filter(experiment::Column::Status.eq(Status::Running.as_str()))
        .all(db)
        .await?;
    Ok(running.iter().any(|test| of(test, which)))
}

fn of(test: &experiment::Model, which: Which) -> bool {
    test.kind == which.kind.as_str() && test.channel == which.channel.as_str() && test.language == which.language.as_str()
}
