//! When customers are reminded of visits whose types say nothing else.

use contract::businesses::UpdateReminders;
use domain::reminders::Kind;
use entity::businesses::business;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{cadence, locked, types};
use crate::kernel::{Actor, Event, Permission, Result, Services, error::field};

/// Changes when customers are reminded. Reminders of the visits to come that have not been sent are planned anew, some visits at a time
/// (`reminders::replan`).
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for times that are none.
pub async fn update(s: &Services, actor: &Actor, cmd: UpdateReminders) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let wanted = read(&cmd.cadence)?;
    let mut tx = s.begin().await?;
    let before = locked(&tx, actor.business_id).await?;
    if before.cadence == wanted {
        return Ok(());
    }
    let was = facts(&before);
    let mut row = before.into_active_model();
    row.cadence = Set(wanted);
    // From here on: what lies before has begun.
    row.replan_at = Set(Some(tx.now));
    row.replan_id = Set(Some(Uuid::nil()));
    let after = row.update(&tx.db).await?;
    tx.record_change(after.id, &actor.who, Event::RemindersChanged, Some(was), Some(facts(&after)));
    tx.commit().await
}

/// Times before a visit as they were typed, like `48, 24` or `2h`, as they are kept.
///
/// # Errors
/// `Invalid`.
pub(crate) fn read(typed: &str) -> Result<String> {
    let parts = typed.split([',', ' ', ';']).map(str::trim).filter(|part| !part.is_empty());
    let times: Vec<String> = parts
        .map(|part| {
            if part.ends_with(['h', 'H']) {
                part.to_owned()
            } else {
                format!("{part}h")
            }
        })
        .collect();
    types::hours(&times).map_err(|_| {
        let words = "Please give one to five times in hours before the visit, from 1 to 336, like 48, 24 and 2.";
        field("cadence", words)
    })
}

/// What the audit trail keeps.
fn facts(b: &business::Model) -> Value {
    let times: Vec<String> = cadence(b)
        .into_iter()
        .map(|hours| Kind::from_hours(hours).to_string())
        .collect();
    json!({ "hours_before": times.join(", ") })
}
