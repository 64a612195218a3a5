//! Many contacts at once, as another system knows them: by the API, or from a file.

use std::collections::BTreeSet;

use contract::{
    Pointed, Problem,
    contacts::{BatchResult, BatchRow, BatchStatus, ContactBatch, CreateContact},
};
use domain::consent::{Channel, Purpose, Source, State};
use entity::{businesses::business, contacts::contact};
use uuid::Uuid;

use super::{
    New, PHONE, add,
    batch::of_numbers,
    change, consent, holder, locked_alone, offers,
    rows::{Typed, Valid},
    tags, turn,
};
use crate::{
    businesses,
    kernel::{Actor, Error, Permission, Result, Services, Tx, error::field},
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
    let status = if agreed || !changed.is_empty() {
        BatchStatus::Updated
    } else {
        BatchStatus::Unchanged
    };
    Ok((status, id))
}

/// What a file says of somebody. What it says nothing of stays as it is.
pub(crate) struct FromFile<'a> {
    pub name: Option<&'a str>,
    /// E.164.
    pub phone: &'a str,
    pub email: Option<&'a str>,
    pub time_zone: Option<&'a str>,
    pub language: Option<&'a str>,
    /// Given beside those they have.
    pub tags: &'a [String],
    pub notes: Option<&'a str>,
    pub consent: Option<State>,
    /// Which file and row say so.
    pub evidence: &'a str,
    /// The file is about something else: who is known is not changed by it.
    pub only_new: bool,
}

/// Who it is, and what was done.
pub(crate) struct Saved {
    pub contact: contact::Model,
    pub created: bool,
    pub changed: Vec<&'static str>,
}

/// Holds these numbers and whoever has them until the transaction ends, in one order, so that two who deal with the same people never wait
/// for each other.
pub(crate) async fn reserve(tx: &Tx, business_id: Uuid, numbers: &BTreeSet<&str>) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    tx.take_turns(PHONE, numbers.iter().map(|number| turn(business_id, number)))
        .await?;
    of_numbers(tx, &numbers.iter().map(|number| (business_id, *number)).collect())
        .await
        .map(drop)
}

/// Whoever has this number.
pub(crate) async fn known(tx: &Tx, business_id: Uuid, number: &str) -> Result<Option<contact::Model>> {
    match holder(tx, business_id, number).await? {
        Some(row) => locked_alone(tx, business_id, row.id).await.map(Some),
        None => Ok(None),
    }
}

/// Adds whoever is new, and brings the others up to date.
///
/// # Errors
/// What is wrong with it, after which something may have been written.
pub(crate) async fn from_file(tx: &mut Tx, actor: &Actor, said: &FromFile<'_>) -> Result<Saved> {
    let business = businesses::of(tx, actor.business_id).await?;
    let known = known(tx, actor.business_id, said.phone).await?;
    let is_named = known.as_ref().is_some_and(|row| !row.name.is_empty() || said.name.is_none());
    let Some(row) = known.clone().filter(|_| is_named) else {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let cmd = CreateContact {
            name: text(said.name).unwrap_or_default(),
            phone: said.phone.to_owned(),
            email: text(said.email),
            time_zone: text(said.time_zone),
            language: text(said.language),
            notes: text(said.notes),
            tags: (!said.tags.is_empty()).then(|| said.tags.to_vec()),
            opt_in: None,
        };
        let contact = add(tx, actor, known, New::check(&business, &cmd)?).await?;
        agree(tx, actor, &contact, said).await?;
        return Ok(Saved {
            contact,
            created: true,
            changed: Vec::new(),
        });
    };
    let mut changed = Vec::new();
    if !said.only_new {
        changed = bring_up_to_date(tx, actor, &business, row.clone(), said).await?;
    }
    if agree(tx, actor, &row, said).await? {
        changed.push("consent");
    }
    let contact = locked_alone(tx, actor.business_id, row.id).await?;
    Ok(Saved {
        contact,
        created: false,
        changed,
    })
}

async fn bring_up_to_date(
    tx: &mut Tx,
    actor: &Actor,
    business: &business::Model,
    row: contact::Model,
    said: &FromFile<'_>,
) -> Result<Vec<&'static str>> {
    let typed = Typed {
        name: said.name.unwrap_or(&row.name),
        may_be_nameless: said.name.is_none(),
        phone: &row.phone,
        known: Some(&row.phone),
        email: said.email.or(row.email.as_deref()),
        time_zone: said.time_zone.or(row.time_zone.as_deref()),
        notes: said.notes.or(Some(&row.notes)),
    };
    let mut valid = Valid::check(business, typed)?;
    if said.language.is_some() {
        valid = valid.speaking(said.language)?;
    }
    let mut wanted = None;
    if !said.tags.is_empty() {
        let has = tags::of_one(&tx.db, row.id).await?;
        let all: Vec<String> = has.into_iter().chain(said.tags.iter().cloned()).collect();
        wanted = Some(tags::tidy(&all)?);
    }
    change::apply(tx, actor, row, valid, wanted).await
}

/// A file opts in only those of whom nothing is known: not who has ever refused, and not who has to be decided about. Whether it did anything.
async fn agree(tx: &mut Tx, actor: &Actor, row: &contact::Model, said: &FromFile<'_>) -> Result<bool> {
    let Some(state) = said.consent else { return Ok(false) };
    settle(tx, actor, (row, Channel::Sms), state, said.evidence).await
}

/// The same of e-mails about their visits, where an address is known.
pub(crate) async fn agree_to_mail(
    tx: &mut Tx,
    actor: &Actor,
    row: &contact::Model,
    state: State,
    evidence: &str,
) -> Result<bool> {
    if row.email.is_none() {
        return Ok(false);
    }
    settle(tx, actor, (row, Channel::Email), state, evidence).await
}

/// The same of offers, by every way that they can be reached by.
pub(crate) async fn agree_to_offers(
    tx: &mut Tx,
    actor: &Actor,
    row: &contact::Model,
    state: State,
    evidence: &str,
) -> Result<bool> {
    let known = consent::all_of(&tx.db, &[row.id]).await?;
    let mut changed = false;
    for channel in Channel::ALL.iter().copied() {
        let on = |purpose| known.get(&(row.id, channel, purpose)).copied().unwrap_or_default();
        let settles = match state {
            State::OptedIn => {
                let refused = on(Purpose::Transactional) == State::OptedOut;
                on(Purpose::Promotional) == State::Unknown && !refused && row.held_since.is_none()
            }
            State::OptedOut => on(Purpose::Promotional) != State::OptedOut,
            State::Unknown => false,
        };
        if !settles || super::address(row, channel).is_none() {
            continue;
        }
        let change = consent::Change {
            contact: row,
            channel,
            state,
            source: Source::Import,
            by: &actor.who,
            evidence,
            at: tx.now,
        };
        offers::said(tx, change).await?;
        changed = true;
    }
    Ok(changed)
}

async fn settle(
    tx: &mut Tx,
    actor: &Actor,
    (row, channel): (&contact::Model, Channel),
    state: State,
    evidence: &str,
) -> Result<bool> {
    let before = consent::state_on(&tx.db, row.id, channel).await?;
    let settles = match state {
        State::OptedIn => before == State::Unknown && row.held_since.is_none(),
        State::OptedOut => before != State::OptedOut,
        State::Unknown => false,
    };
    if settles {
        let change = consent::Change {
            contact: row,
            channel,
            state,
            source: Source::Import,
            by: &actor.who,
            evidence,
            at: tx.now,
        };
        consent::record(tx, change).await?;
    }
    Ok(settles)
}
