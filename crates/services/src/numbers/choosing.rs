//! What the people of a business choose for its numbers: which one texts leave from, and who answers HELP and START at it.

use contract::{Code, numbers::Answers};
use entity::numbers::number;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Set, sea_query::LockType};
use uuid::Uuid;

use super::{ACTIVE, WHATSAPP, no_default};
use crate::{
    businesses::locations,
    kernel::{
        Actor, Event, Permission, Result, Services, Tx,
        error::{field, not_found, problem},
    },
};

/// From now on texts leave from this number that nothing else decides about.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`; `Conflict` for a number that texts can't leave from.
pub async fn set_default(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    let row = texting(&tx, actor.business_id, id).await?;
    if row.is_default {
        return tx.commit().await;
    }
    no_default(&tx, actor.business_id).await?;
    let mut row = row.into_active_model();
    row.is_default = Set(true);
    row.update(&tx.db).await?;
    let event = Event::NumberChanged(id);
    tx.record_change(
        actor.business_id,
        &actor.who,
        event,
        Some("not the default"),
        Some("the default"),
    );
    tx.commit().await
}

/// From now on texts about visits at this location leave from this number; without one from the usual one.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`; `Conflict` for a number that texts can't leave from.
pub async fn give_location(s: &Services, actor: &Actor, location_id: Uuid, number: Option<Uuid>) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    if let Some(id) = number {
        texting(&tx, actor.business_id, id).await?;
    }
    locations::give_number(&mut tx, actor.business_id, &actor.who, location_id, number).await?;
    tx.commit().await
}

/// Says who answers HELP and START at this number.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for a word that is none; `NotFound`.
pub async fn set_answers(s: &Services, actor: &Actor, id: Uuid, help_by: &str, start_by: &str) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let read = |name: &str, word: &str| {
        let hint = "Please choose who answers: Twilio, Showup, or both.";
        Answers::find(word.trim()).ok_or_else(|| field(name, hint))
    };
    let (help_by, start_by) = (read("help_by", help_by)?, read("start_by", start_by)?);
    let mut tx = s.begin().await?;
    let row = texting(&tx, actor.business_id, id).await?;
    answered(&mut tx, actor, row, help_by, start_by).await?;
    tx.commit().await
}

/// What somebody has seen who texted HELP to the number from their own phone: how it stands is kept.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for an answer that is none of these: `none`, `twilio`, `we`, `two`; `NotFound`.
pub async fn help_tested(s: &Services, actor: &Actor, id: Uuid, got: &str) -> Result<Answers> {
    actor.may(Permission::ManageBusiness)?;
    let help_by = match got.trim() {
        // Nobody answers: then we have to.
        "none" | "we" => Answers::We,
        "twilio" => Answers::Twilio,
        "two" => Answers::Both,
        _ => return Err(field("got", "Please say which answers came.")),
    };
    let mut tx = s.begin().await?;
    let row = texting(&tx, actor.business_id, id).await?;
    let start_by = Answers::find(&row.start_by).unwrap_or(Answers::Twilio);
    // Who has told Twilio not to answer HELP has told it so of START.
    let start_by = if help_by == Answers::We { Answers::We } else { start_by };
    answered(&mut tx, actor, row, help_by, start_by).await?;
    tx.commit().await?;
    Ok(help_by)
}

async fn answered(tx: &mut Tx, actor: &Actor, row: number::Model, help_by: Answers, start_by: Answers) -> Result<()> {
    let (id, before) = (row.id, (row.help_by.clone(), row.start_by.clone()));
    let after = (help_by.as_str().to_owned(), start_by.as_str().to_owned());
    if before == after {
        return Ok(());
    }
    let mut row = row.into_active_model();
    row.help_by = Set(after.0.clone());
    row.start_by = Set(after.1.clone());
    row.update(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::NumberChanged(id),
        Some(before),
        Some(after),
    );
    Ok(())
}

/// An active number that texts leave from, locked.
async fn texting(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<number::Model> {
    let found = number::Entity::these(business_id, [id])
        .filter(number::Column::Status.eq(ACTIVE))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let row = found.ok_or_else(|| not_found("number"))?;
    if row.phone.starts_with(WHATSAPP) {
        return Err(problem(Code::Conflict, "Texts don't leave from a WhatsApp sender."));
    }
    Ok(row)
}
