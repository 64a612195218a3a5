//! Many contacts at once, as another system knows them.

use contract::{
    Pointed, Problem,
    contacts::{BatchResult, BatchRow, BatchStatus, ContactBatch, CreateContact},
};
use entity::businesses::business;
use uuid::Uuid;

use super::{
    New, add, change, consent, holder, locked_alone,
    rows::{Typed, Valid},
};
use crate::{
    businesses,
    kernel::{Actor, Error, Permission, Result, Services, error::field},
};

/// Most contacts of one batch.
const MOST: usize = 200;

/// Adds those whose number nobody has and brings the others up to date: what a row does not say stays as it is. Each row is one transaction,
/// so that one that is wrong keeps no other from being taken.
///
/// # Errors
/// `Invalid` for none and for more than 200; what is wrong with one of them stands in its row.
pub async fn batch(s: &Services, actor: &Actor, cmd: ContactBatch) -> Result<BatchResult> {
    actor.may(Permission::WriteContacts)?;
    if !(1..=MOST).contains(&cmd.contacts.len()) {
        return Err(field("contacts", format!("A batch has 1 to {MOST} contacts.")));
    }
    let business = businesses::get(s.read(), actor.business_id).await?;
    let mut result = BatchResult::default();
    for (index, contact) in (0..).zip(&cmd.contacts) {
        let row = match one(s, actor, &business, contact).await {
            Ok((status, id)) => BatchRow {
                index,
                status,
                id: Some(id),
                reason: None,
                errors: Vec::new(),
            },
            Err(Error::Problem(problem)) => refused(index, &problem),
            Err(cause) => return Err(cause),
        };
        *match row.status {
            BatchStatus::Created => &mut result.created,
            BatchStatus::Updated => &mut result.updated,
            BatchStatus::Unchanged => &mut result.unchanged,
            BatchStatus::Refused => &mut result.refused,
        } += 1;
        result.data.push(row);
    }
    Ok(result)
}

fn refused(index: u32, problem: &Problem) -> BatchRow {
    let errors = problem.fields.iter().map(|f| Pointed {
        pointer: format!("/contacts/{index}/{}", f.field.replace('.', "/")),
        detail: f.message.clone(),
    });
    let words: Vec<&str> = problem.fields.iter().map(|f| f.message.as_str()).collect();
    BatchRow {
        index,
        status: BatchStatus::Refused,
        id: None,
        reason: Some(if words.is_empty() {
            problem.detail.clone()
        } else {
            words.join(" ")
        }),
        errors: errors.collect(),
    }
}

async fn one(s: &Services, actor: &Actor, business: &business::Model, cmd: &CreateContact) -> Result<(BatchStatus, Uuid)> {
    let new = New::check(business, cmd)?;
    let mut tx = s.begin().await?;
    let known = holder(&tx, actor.business_id, &new.valid.phone).await?;
    let Some(row) = known.filter(|row| !row.name.is_empty()) else {
        let known = holder(&tx, actor.business_id, &new.valid.phone).await?;
        let id = add(&mut tx, actor, known, new).await?.id;
        tx.commit().await?;
        return Ok((BatchStatus::Created, id));
    };
    let row = locked_alone(&tx, actor.business_id, row.id).await?;
    let typed = Typed {
        name: &cmd.name,
        may_be_nameless: false,
        phone: &row.phone,
        known: Some(&row.phone),
        email: cmd.email.as_deref().or(row.email.as_deref()),
        time_zone: cmd.time_zone.as_deref().or(row.time_zone.as_deref()),
        notes: cmd.notes.as_deref().or(Some(&row.notes)),
    };
    let mut valid = Valid::check(business, typed)?;
    if cmd.language.is_some() {
        valid = valid.speaking(cmd.language.as_deref())?;
    }
    let id = row.id;
    let before = consent::state(&tx.db, id).await?;
    if let (Some(opt_in), domain::consent::State::Unknown) = (&new.opt_in, before) {
        super::opt_in_at(&mut tx, actor, &row, opt_in).await?;
    }
    let agreed = consent::state(&tx.db, id).await? != before;
    let changed = change::apply(&mut tx, actor, row, valid, new.tags).await?;
    tx.commit().await?;
    let status = if changed || agreed {
        BatchStatus::Updated
    } else {
        BatchStatus::Unchanged
    };
    Ok((status, id))
}
