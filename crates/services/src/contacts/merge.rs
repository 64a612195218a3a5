//! Two contacts as one: their own rows, tags and consent. What else was theirs is moved by `merging`, which knows the other nouns.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use contract::{
    Code,
    contacts::{ConsentView, ContactView},
};
use domain::{
    consent::{Channel, Purpose, Source, State},
    merge,
};
use entity::contacts::contact;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EMAIL, consent, decrypted, further, locked_all, many, not_merged, query, tags};
use crate::kernel::{
    Actor, Principal, Result, Services, Tx,
    error::{field, not_found, problem},
    tx::Changed,
};

/// Most further numbers of one person.
const MOST_NUMBERS: u64 = 10;
/// As for what is typed.
const MOST_TAGS: usize = 20;
const LONGEST_NOTES: usize = 2000;

/// What of a contact's own row a merge may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    name: String,
    time_zone: Option<String>,
    language: Option<String>,
    notes: String,
    blocked: bool,
    held_since: Option<DateTime<Utc>>,
}

impl Facts {
    fn of(row: &contact::Model) -> Self {
        Self {
            name: row.name.clone(),
            time_zone: row.time_zone.clone(),
            language: row.language.clone(),
            notes: row.notes.clone(),
            blocked: row.blocked,
            held_since: row.held_since,
        }
    }

    /// What the first one says stays; where it says nothing, the second one's is taken.
    fn joined(self, other: Self) -> Self {
        Self {
            name: if self.name.is_empty() { other.name } else { self.name },
            time_zone: self.time_zone.or(other.time_zone),
            language: self.language.or(other.language),
            notes: merge::notes(&self.notes, &other.notes),
            blocked: self.blocked || other.blocked,
            held_since: match (self.held_since, other.held_since) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }

    /// As before, but for what somebody has changed since.
    fn restored(before: Self, merged: &Self, now: Self) -> Self {
        fn back<T: PartialEq>(before: T, merged: &T, now: T) -> T {
            if now == *merged { before } else { now }
        }
        Self {
            name: back(before.name, &merged.name, now.name),
            time_zone: back(before.time_zone, &merged.time_zone, now.time_zone),
            language: back(before.language, &merged.language, now.language),
            notes: back(before.notes, &merged.notes, now.notes),
            blocked: back(before.blocked, &merged.blocked, now.blocked),
            held_since: back(before.held_since, &merged.held_since, now.held_since),
        }
    }
}

/// Where both stood on one channel for one purpose, and where the one stands that they became.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stand {
    channel: Channel,
    purpose: Purpose,
    kept: State,
    other: State,
    merged: State,
}

/// What becomes of two contacts' own rows; kept, it is what the undoing needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Joined {
    kept: Facts,
    merged: Facts,
    email_taken: bool,
    tags_added: BTreeSet<String>,
    other_tags: BTreeSet<String>,
    stands: Vec<Stand>,
    /// How long the ledger was when it was done.
    ledger_seq: i64,
}

impl Joined {
    /// Nothing may be sent any more to who could be texted before.
    pub(crate) fn silences(&self) -> bool {
        let texts = |stand: &&Stand| stand.channel == Channel::Sms && stand.purpose == Purpose::Transactional;
        self.merged.blocked
            || self
                .stands
                .iter()
                .find(texts)
                .is_some_and(|stand| stand.merged == State::OptedOut)
    }
}

/// The two, locked.
///
/// # Errors
/// `Invalid` for one and the same; `NotFound`; `Conflict` for one that was merged already.
pub(crate) async fn pair(tx: &Tx, business_id: Uuid, kept: Uuid, other: Uuid) -> Result<(contact::Model, contact::Model)> {
    of_business(business_id, kept, other, locked_all(tx, &[kept, other]).await?)
}

/// The same for somebody who only looks.
pub(crate) async fn pair_of(
    s: &Services,
    business_id: Uuid,
    kept: Uuid,
    other: Uuid,
) -> Result<(contact::Model, contact::Model)> {
    let rows = many(s, s.read(), business_id, vec![kept, other]).await?;
    of_business(business_id, kept, other, rows.into_values().collect())
}

fn of_business(
    business_id: Uuid,
    kept: Uuid,
    other: Uuid,
    rows: Vec<contact::Model>,
) -> Result<(contact::Model, contact::Model)> {
    let mut rows: HashMap<Uuid, contact::Model> = rows
        .into_iter()
        .filter(|row| row.business_id == business_id)
        .map(|row| (row.id, row))
        .collect();
    let kept = rows.remove(&kept).ok_or_else(|| not_found("contact"))?;
    if other == kept.id {
        return Err(field("other_id", "This is the same contact. Please choose another one."));
    }
    let other = rows.remove(&other).ok_or_else(|| not_found("contact"))?;
    not_merged(&kept)?;
    not_merged(&other)?;
    Ok((kept, other))
}

/// What would become of them.
pub(crate) async fn plan(db: &impl ConnectionTrait, kept: &contact::Model, other: &contact::Model) -> Result<Joined> {
    let before = Facts::of(kept);
    let known = consent::all_of(db, &[kept.id, other.id]).await?;
    let of = |who: &contact::Model, channel, purpose| {
        let address = super::address(who, channel).is_some();
        (known.get(&(who.id, channel, purpose)).copied().unwrap_or_default(), address)
    };
    let mut stands = Vec::new();
    for channel in Channel::ALL.iter().copied() {
        for purpose in [Purpose::Transactional, Purpose::Promotional] {
            let (of_kept, of_other) = (of(kept, channel, purpose), of(other, channel, purpose));
            stands.push(Stand {
                channel,
                purpose,
                kept: of_kept.0,
                other: of_other.0,
                merged: merge::joined(of_kept, of_other),
            });
        }
    }
    let (tags, other_tags) = (tags::of_one(db, kept.id).await?, tags::of_one(db, other.id).await?);
    Ok(Joined {
        merged: before.clone().joined(Facts::of(other)),
        kept: before,
        email_taken: kept.email.is_none() && other.email.is_some(),
        tags_added: other_tags.difference(&tags).cloned().collect(),
        other_tags,
        stands,
        ledger_seq: 0,
    })
}

/// What speaks against it.
///
/// # Errors
/// `Conflict` with what to do first.
pub(crate) async fn fits(db: &impl ConnectionTrait, kept: &contact::Model, other: &contact::Model, plan: &Joined) -> Result<()> {
    let refuse = |words: String| Err(problem(Code::Conflict, words));
    if plan.merged.notes.chars().count() > LONGEST_NOTES {
        return refuse("Their notes together have more than 2,000 characters. Please shorten them first.".to_owned());
    }
    let tags = tags::of_one(db, kept.id).await?.len() + plan.tags_added.len();
    if tags > MOST_TAGS {
        return refuse(format!(
            "Together they have {tags} tags; a person has up to {MOST_TAGS}. Please take some away first."
        ));
    }
    let numbers = further::merged_into(&[kept.id, other.id]).count(db).await?;
    if numbers >= MOST_NUMBERS {
        return refuse(format!("A person has up to {MOST_NUMBERS} further numbers."));
    }
    Ok(())
}

/// The person that they would be.
pub(crate) async fn shown(s: &Services, kept: &contact::Model, other: &contact::Model, plan: &Joined) -> Result<ContactView> {
    let rows = vec![kept.clone(), other.clone()];
    let mut views = query::views(s, s.read(), kept.business_id, rows).await?;
    let at = views.iter().position(|view| view.id == other.id).unwrap_or_default();
    let theirs = views.swap_remove(at);
    let Some(mut view) = views.pop() else {
        return Err(not_found("contact"));
    };
    let state = |channel: Channel| {
        let of = |stand: &&Stand| stand.channel == channel && stand.purpose == Purpose::Transactional;
        plan.stands.iter().find(of).map_or(State::Unknown, |stand| stand.merged)
    };
    view.consent = ConsentView {
        sms: state(Channel::Sms),
        whatsapp: state(Channel::WhatsApp),
        email: state(Channel::Email),
    };
    view.other_phones.push(contract::contacts::OtherPhone {
        phone: theirs.phone,
        phone_display: theirs.phone_display,
    });
    view.other_phones.extend(theirs.other_phones);
    view.tags = plan
        .tags_added
        .iter()
        .chain(&view.tags)
        .cloned()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let Facts {
        name,
        time_zone,
        language,
        notes,
        blocked,
        held_since,
    } = plan.merged.clone();
    view.email = view.email.or(theirs.email);
    (view.name, view.time_zone, view.language, view.notes) = (name, time_zone, language, notes);
    (view.blocked, view.held_since) = (blocked, held_since);
    Ok(view)
}

/// Makes one of two: the kept row as planned, the other one as its further number.
pub(crate) async fn join(
    tx: &mut Tx,
    actor: &Actor,
    (kept, other): (&contact::Model, &contact::Model),
    mut plan: Joined,
) -> Result<Joined> {
    let email = plan.email_taken.then(|| other.email.clone()).flatten();
    let email = email.or_else(|| kept.email.clone());
    let row = write(tx, kept, plan.merged.clone(), email, kept.next_token.max(other.next_token)).await?;
    let mut all = tags::of_one(&tx.db, kept.id).await?;
    all.extend(plan.tags_added.iter().cloned());
    tags::set(tx, &row, &all).await?;
    tags::set(tx, other, &BTreeSet::new()).await?;
    for stand in plan.stands.iter().filter(|stand| stand.merged != stand.kept) {
        let last = consent::last_refusal(&tx.db, other, stand.channel).await?;
        let refused = last.filter(|_| stand.merged == State::OptedOut);
        let evidence = match &refused {
            Some(row) => format!("Merged with another entry of theirs, which had refused: {}", row.evidence),
            None => "Merged with another entry of theirs; the stricter of both counts".to_owned(),
        };
        // What a customer has said themselves stays theirs to take back.
        let source = refused.and_then(|row| row.source.parse().ok());
        let change = consent::Change {
            contact: &row,
            channel: stand.channel,
            state: stand.merged,
            source: source.unwrap_or_else(|| by(actor)),
            by: &actor.who,
            evidence: &evidence,
            at: tx.now,
        };
        consent::follow(tx, &change, stand.purpose).await?;
    }
    point(tx, other, Some(kept.id)).await?;
    plan.ledger_seq = consent::ledger_seq(tx, kept.business_id).await?;
    Ok(plan)
}

/// The two as they were, but for what was changed or said since.
pub(crate) async fn part(
    tx: &mut Tx,
    actor: &Actor,
    (kept, other): (&contact::Model, &contact::Model),
    before: &Joined,
) -> Result<()> {
    let now = Facts::of(kept);
    let (held, blocked) = (now.held_since, now.blocked);
    let restored = Facts::restored(before.kept.clone(), &before.merged, now);
    let taken = before.email_taken && kept.email == other.email;
    let email = if taken { None } else { kept.email.clone() };
    let row = write(tx, kept, restored, email, kept.next_token).await?;
    let tags = tags::of_one(&tx.db, kept.id).await?;
    tags::set(tx, &row, &tags.difference(&before.tags_added).cloned().collect()).await?;
    tags::set(tx, other, &before.other_tags).await?;
    let mut theirs = Facts::of(other);
    // What was decided of the one, or began with them, holds for the other, too.
    theirs.held_since = match (before.merged.held_since, held) {
        (Some(_), None) => None,
        (None, Some(since)) => theirs.held_since.or(Some(since)),
        _ => theirs.held_since,
    };
    theirs.blocked |= blocked && !before.merged.blocked;
    let theirs = write(tx, other, theirs, other.email.clone(), other.next_token).await?;
    point(tx, other, None).await?;
    stand_again(tx, actor, (&row, &theirs), before).await
}

async fn stand_again(
    tx: &mut Tx,
    actor: &Actor,
    (kept, other): (&contact::Model, &contact::Model),
    before: &Joined,
) -> Result<()> {
    let known = consent::all_of(&tx.db, &[kept.id, other.id]).await?;
    let stopped = consent::suppressed_since(tx, other.business_id, &other.phone)
        .await?
        .is_some();
    for stand in &before.stands {
        let of = |who: &contact::Model| {
            known
                .get(&(who.id, stand.channel, stand.purpose))
                .copied()
                .unwrap_or_default()
        };
        let (now, theirs) = (of(kept), of(other));
        let said = consent::said_since(tx, kept, (stand.channel, stand.purpose), before.ledger_seq).await?;
        let again = merge::kept_again(stand.kept, now, said);
        let stopped = stopped && stand.channel == Channel::Sms;
        let apart = merge::other_again(stand.other, now, said, stopped);
        let last = consent::last_refusal(&tx.db, kept, stand.channel).await?;
        for (who, is, becomes, words) in [
            (kept, now, again, "The merge was undone: as it was before"),
            (other, theirs, apart, "The merge was undone: refused while it lasted"),
        ] {
            if is == becomes {
                continue;
            }
            let said_by = last.as_ref().and_then(|row| row.source.parse().ok());
            let change = consent::Change {
                contact: who,
                channel: stand.channel,
                state: becomes,
                source: said_by.filter(|_| becomes == State::OptedOut).unwrap_or_else(|| by(actor)),
                by: &actor.who,
                evidence: words,
                at: tx.now,
            };
            consent::follow(tx, &change, stand.purpose).await?;
        }
    }
    Ok(())
}

fn by(actor: &Actor) -> Source {
    match actor.who {
        Principal::ApiKey { .. } => Source::Api,
        _ => Source::Staff,
    }
}

async fn write(
    tx: &mut Tx,
    row: &contact::Model,
    facts: Facts,
    email: Option<String>,
    next_token: i32,
) -> Result<contact::Model> {
    let renamed = facts.name != row.name;
    let services = tx.services().clone();
    let mut new = row.clone().into_active_model();
    new.search = Set(facts.name.to_lowercase());
    new.name = Set(facts.name);
    new.time_zone = Set(facts.time_zone);
    new.language = Set(facts.language);
    new.notes = Set(facts.notes);
    new.blocked = Set(facts.blocked);
    new.held_since = Set(facts.held_since);
    new.next_token = Set(next_token);
    if email != row.email {
        new.email = Set(email.map(|email| services.vault().seal(EMAIL, &email)));
    }
    new.updated_at = Set(tx.now);
    let row = decrypted(tx.services(), new.update(&tx.db).await?).await?;
    if renamed {
        tags::renamed(tx, &row).await?;
    }
    tx.mark_changed(row.business_id, Changed::Contact(row.id));
    Ok(row)
}

/// Whose this one is now.
async fn point(tx: &mut Tx, other: &contact::Model, kept: Option<Uuid>) -> Result<()> {
    contact::Entity::update_many()
        .col_expr(contact::Column::MergedInto, sea_orm::sea_query::Expr::value(kept))
        .col_expr(contact::Column::UpdatedAt, sea_orm::sea_query::Expr::value(tx.now))
        .filter(contact::Column::Id.eq(other.id))
        .exec(&tx.db)
        .await?;
    tx.mark_changed(other.business_id, Changed::Contact(other.id));
    Ok(())
}
