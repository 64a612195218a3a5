//! Who is told which of two texts that are tried.

use std::sync::Arc;

use domain::{
    experiments::{Arm, Measure},
    templates::{Channel, Which},
};
use entity::{businesses::business, contacts::contact, experiments::experiment_person};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{kept, tried::Trial};
use crate::{
    businesses,
    kernel::{Error, Result, Tx},
};

/// One of the two texts of a test, for somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen {
    pub experiment_id: Uuid,
    pub arm: Arm,
    pub measure: Measure,
    pub channel: Channel,
}

/// Which of two texts somebody gets, if two are tried: the one they got before, else the one that is theirs. Who is not in a test that takes
/// nobody in any more gets the text as it is.
pub(super) async fn choose(
    tx: &Tx,
    business: &business::Model,
    contact: &contact::Model,
    which: Which,
) -> Result<Option<(Arc<Trial>, Chosen)>> {
    if Measure::of(which.kind).is_empty() {
        return Ok(None);
    }
    let Some(trial) = kept::trial(tx.services(), &tx.db, business, which).await? else {
        return Ok(None);
    };
    let known = experiment_person::Entity::find()
        .filter(experiment_person::Column::ExperimentId.eq(trial.id))
        .filter(experiment_person::Column::ContactId.eq(contact.id))
        .select_only()
        .column(experiment_person::Column::Arm)
        .into_tuple::<String>()
        .one(&tx.db)
        .await?;
    let arm = match known {
        Some(arm) => arm.parse().map_err(|_| Error::broken("a person with an unknown test arm"))?,
        None if trial.enrolling => Arm::of(trial.id.as_u128(), contact.id.as_u128()),
        None => return Ok(None),
    };
    let chosen = Chosen {
        experiment_id: trial.id,
        arm,
        measure: trial.measure,
        channel: which.channel,
    };
    Ok(Some((trial, chosen)))
}

/// Whether this business tries anything. Costs nothing where its texts are known.
pub(crate) async fn are_tried(tx: &mut Tx, business_id: Uuid) -> Result<bool> {
    let business = businesses::of(tx, business_id).await?;
    kept::any_trial(tx.services(), &tx.db, &business).await
}
