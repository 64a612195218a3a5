//! A business that whoever runs the installation has suspended: nothing leaves it, what comes in is kept, and a STOP counts.

use std::{collections::HashMap, sync::Arc};

use contract::Code;
use domain::words;
use entity::businesses::business;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set, sea_query::LockType};
use uuid::Uuid;

use crate::kernel::{
    Event, Principal, Result, Services, Tx,
    error::{field, long, problem},
};

/// Most of a reason.
const LONGEST: usize = 500;

/// Lets nothing leave a business any more, for a reason that its people read.
///
/// # Errors
/// `NotFound`; `Invalid` without a reason; `Conflict` if it is suspended already.
pub(crate) async fn suspend(s: &Services, by: &Principal, business_id: Uuid, why: &str) -> Result<()> {
    let why = sentence(long("why", why, LONGEST)?);
    if words::is_blank(&why) {
        return Err(field("why", "Please say why: the people of the business read it."));
    }
    let mut tx = s.begin().await?;
    let before = locked(&tx, business_id).await?;
    if before.suspended_at.is_some() {
        return Err(problem(Code::Conflict, "This business is suspended already."));
    }
    let now = tx.now;
    write(&mut tx, before, Some((now, why.clone()))).await?;
    let event = Event::BusinessSuspended {
        why: Arc::from(why.as_str()),
    };
    tx.record_change(business_id, by, event, None::<()>, Some(why));
    tx.commit().await
}

/// What waited goes out, as far as it still makes sense.
///
/// # Errors
/// `NotFound`; `Conflict` if it is not suspended.
pub(crate) async fn resume(s: &Services, by: &Principal, business_id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    let before = locked(&tx, business_id).await?;
    if before.suspended_at.is_none() {
        return Err(problem(Code::Conflict, "This business is not suspended."));
    }
    let why = before.suspended_why.clone();
    write(&mut tx, before, None).await?;
    tx.record_change(business_id, by, Event::BusinessResumed, why, None::<()>);
    tx.commit().await
}

/// A reason stands in the middle of other sentences.
fn sentence(text: String) -> String {
    let text = text.trim().to_owned();
    if text.is_empty() || text.ends_with(['.', '!', '?', '…']) {
        text
    } else {
        format!("{text}.")
    }
}

async fn locked(tx: &Tx, id: Uuid) -> Result<business::Model> {
    let found = business::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    found.ok_or_else(|| problem(Code::NotFound, "There is no such business."))
}

async fn write(tx: &mut Tx, before: business::Model, now: Option<(chrono::DateTime<chrono::Utc>, String)>) -> Result<()> {
    let mut row = before.into_active_model();
    let (at, why) = now.unzip();
    row.suspended_at = Set(at);
    row.suspended_why = Set(why);
    let after = row.update(&tx.db).await?;
    tx.memo::<HashMap<Uuid, business::Model>>().insert(after.id, after);
    Ok(())
}
