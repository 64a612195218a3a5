//! Whose turn it is for a time that is free.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};
use contract::{
    appointments::Status,
    waitlist::{EntryStatus, OfferStatus},
};
use domain::{
    calendar::Span,
    consent::{Channel, Sending, State, may_send_by},
    phone::Address,
    waitlist::{Free, Standing, Turn, WEEK, reason},
    zone::Zone,
};
use entity::{
    appointments::appointment,
    businesses::business,
    contacts::contact,
    waitlist::{offer, slot, waitlist_entry},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

use super::reading::{priority, wish};
use crate::{
    businesses::{self, types},
    contacts::{self, consent, hold},
    kernel::{Result, Services},
};

/// Entries read at once, and people looked at at once.
const PAGE: u64 = 500;
const LOOK: usize = 40;

/// Somebody whose turn it is.
#[derive(Clone)]
pub(super) struct Candidate {
    pub entry: waitlist_entry::Model,
    /// Why, in words.
    pub reason: String,
}

/// Whom a time can be offered to.
pub(super) struct Found {
    /// The first in line, as many as were wanted or fewer.
    pub now: Vec<Candidate>,
    /// When the first of those comes out of quiet hours who can't be asked now.
    pub later: Option<DateTime<Utc>>,
}

/// The people whose turn it is, up to so many: those who wait for a time like this and can be asked now.
pub(super) async fn candidates(
    s: &Services,
    business: &business::Model,
    slot: &slot::Model,
    zone: Zone,
    most: usize,
) -> Result<Found> {
    let db = s.read();
    let mut found = Found {
        now: Vec::new(),
        later: None,
    };
    let mut seen: HashSet<Uuid> = HashSet::new();
    let mut after: Option<waitlist_entry::Model> = None;
    loop {
        let rows = waiting(slot, s.now(), after.as_ref()).all(db).await?;
        let more = rows.len() as u64 == PAGE;
        after = rows.last().cloned();
        let free = free(slot, zone);
        let mut fitting = Vec::new();
        for entry in rows {
            if wish(&entry)?.fits(&free, s.now()).is_ok() && seen.insert(entry.contact_id) {
                fitting.push(entry);
            }
        }
        for some in fitting.chunks(LOOK.max(most)) {
            let standings = standings(s, db, business, slot, zone, some).await?;
            for entry in some {
                match standings.get(&entry.contact_id).map(Standing::turn) {
                    Some(Turn::Now) => found.now.push(candidate(s.now(), entry.clone())?),
                    Some(Turn::Later(at)) => found.later = Some(found.later.map_or(at, |known| std::cmp::min(known, at))),
                    Some(Turn::Never(_)) | None => {}
                }
                if found.now.len() == most {
                    return Ok(found);
                }
            }
        }
        if !more {
            return Ok(found);
        }
    }
}

pub(super) fn candidate(now: DateTime<Utc>, entry: waitlist_entry::Model) -> Result<Candidate> {
    let reason = reason(
        priority(&entry)?,
        entry.silences,
        entry.last_offered_at,
        entry.created_at,
        now,
    );
    Ok(Candidate { entry, reason })
}

/// A slot as the rules read it.
pub(super) fn free(slot: &slot::Model, zone: Zone) -> Free<'_, Uuid> {
    Free {
        starts_at: slot.starts_at,
        minutes: slot.minutes,
        kind: slot.type_id,
        location: slot.location_id,
        staff: &slot.staff_label,
        zone,
    }
}

/// Entries that may fit a slot, by whose turn is first, past this one. The rest the rules decide. The status is a literal, so that SQLite
/// uses the index over those that wait.
pub(crate) fn waiting(
    slot: &slot::Model,
    now: DateTime<Utc>,
    after: Option<&waitlist_entry::Model>,
) -> Select<waitlist_entry::Entity> {
    use waitlist_entry::Column;
    let any_or = |column: Column, wanted: Option<String>| {
        Condition::any()
            .add(column.eq(""))
            .add_option(wanted.map(|one| column.contains(one)))
    };
    let mut rows = waitlist_entry::Entity::in_business(slot.business_id)
        .filter(Expr::cust("\"status\" = 'waiting'"))
        .filter(Column::Minutes.lte(slot.minutes))
        .filter(Column::NoticeMinutes.lte((slot.starts_at - now).num_minutes()));
    if let Some(kind) = slot.type_id {
        rows = rows.filter(any_or(Column::Types, Some(format!(" {kind} "))));
    }
    if let Some(place) = slot.location_id {
        rows = rows.filter(any_or(Column::Locations, Some(format!(" {place} "))));
    }
    if let Some(after) = after {
        rows = rows.filter(behind(after));
    }
    rows.order_by_asc(Column::Place)
        .order_by_asc(Column::TurnAt)
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .limit(PAGE)
}

fn behind(after: &waitlist_entry::Model) -> SimpleExpr {
    use waitlist_entry::Column;
    let here = [Column::Place, Column::TurnAt, Column::CreatedAt, Column::Id].map(|column| Expr::col(column.as_column_ref()));
    let there = [
        Expr::value(after.place),
        Expr::value(after.turn_at),
        Expr::value(after.created_at),
        Expr::value(after.id),
    ];
    Expr::tuple(here).gt(Expr::tuple(there))
}

/// How the people behind these entries stand towards a slot, by contact.
pub(super) async fn standings(
    s: &Services,
    db: &impl ConnectionTrait,
    business: &business::Model,
    slot: &slot::Model,
    zone: Zone,
    entries: &[waitlist_entry::Model],
) -> Result<HashMap<Uuid, Standing>> {
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.contact_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let people = contacts::many(s, db, business.id, ids.clone()).await?;
    let consents = consent::on_channels(db, &ids).await?;
    let offers = recent_offers(business.id, &ids, s.now()).all(db).await?;
    let busy = busy(db, slot, entries, &ids).await?;
    let standing = |id: Uuid| {
        let person = people.get(&id)?;
        let of_theirs = || offers.iter().filter(|one| one.contact_id == id);
        let counts = |one: &&offer::Model| one.status != OfferStatus::Withdrawn.as_str();
        let open = |one: &&offer::Model| one.status.parse().is_ok_and(OfferStatus::is_open);
        let quiet = businesses::quiet_for(business, &person.phone);
        let own = contacts::own_zone(person).unwrap_or(zone);
        let ends = quiet.ends_after(s.now(), own);
        let states = |channel: Channel| consents.get(&(id, channel)).copied().unwrap_or_default();
        let obstacle = obstacle(person, states).or_else(|| ends.is_none().then(|| "Quiet hours never end for them.".to_owned()));
        let standing = Standing {
            obstacle,
            quiet_until: ends.filter(|at| *at > s.now()),
            busy: busy.contains(&id),
            asked: of_theirs().any(|one| one.slot_id == slot.id),
            open: of_theirs().filter(open).count(),
            this_week: of_theirs().filter(counts).count(),
        };
        Some((id, standing))
    };
    Ok(ids.into_iter().filter_map(standing).collect())
}

/// Why nothing can be sent to them, if so. Which way is open is asked when they are, and by the claim once more.
fn obstacle(person: &contact::Model, states: impl Fn(Channel) -> State) -> Option<String> {
    if person.merged_into.is_some() {
        Some("They are somebody else's entry by now.".to_owned())
    } else if person.blocked {
        Some(contacts::BLOCKED.to_owned())
    } else if person.sample {
        Some(contacts::SAMPLE.to_owned())
    } else if person.held_since.is_some() {
        Some(hold::REASON.to_owned())
    } else {
        let by = |channel: &Channel| by(person, *channel, states(*channel));
        let all: Vec<Option<String>> = Channel::ALL.iter().map(by).collect();
        all.iter()
            .all(Option::is_some)
            .then(|| all.into_iter().flatten().next())
            .flatten()
    }
}

/// The same of one way.
fn by(person: &contact::Model, channel: Channel, state: State) -> Option<String> {
    if let Err(why) = may_send_by(channel, state, Sending::Automatic) {
        return Some(why.to_owned());
    }
    match channel {
        Channel::Sms => Address::of(&person.phone).objection().map(str::to_owned),
        Channel::Email if person.email.is_none() => Some("No e-mail address of this person is known.".to_owned()),
        Channel::Email | Channel::WhatsApp => None,
    }
}

/// What people were offered within a week.
pub(crate) fn recent_offers(business_id: Uuid, contacts: &[Uuid], now: DateTime<Utc>) -> Select<offer::Entity> {
    offer::Entity::in_business(business_id)
        .filter(offer::Column::ContactId.is_in(contacts.iter().copied()))
        .filter(offer::Column::CreatedAt.gt(now - WEEK))
}

/// Those of these people who have another visit when the slot is: but for the visit that it would take the place of.
async fn busy(
    db: &impl ConnectionTrait,
    slot: &slot::Model,
    entries: &[waitlist_entry::Model],
    contacts: &[Uuid],
) -> Result<HashSet<Uuid>> {
    use appointment::Column;
    let ends_at = slot.starts_at + Duration::minutes(slot.minutes.into());
    let visits = appointment::Entity::in_business(slot.business_id)
        .filter(Column::ContactId.is_in(contacts.iter().copied()))
        .filter(Column::StartsAt.gt(slot.starts_at - Duration::days(1)))
        .filter(Column::StartsAt.lt(ends_at))
        .filter(Column::Status.is_in(Status::open().map(Status::as_str)))
        .all(db)
        .await?;
    let kinds = types::several(db, slot.business_id, visits.iter().filter_map(|row| row.type_id).collect()).await?;
    let wanted = Span::new(slot.starts_at, Some(ends_at), None);
    let overlaps = |visit: &&appointment::Model| {
        let usual = visit.type_id.and_then(|id| kinds.get(&id)).map(|kind| kind.minutes);
        let given_up = entries.iter().any(|entry| entry.instead_of == Some(visit.id));
        // Another of a family may come at the same time.
        let for_another = entries
            .iter()
            .filter(|entry| entry.contact_id == visit.contact_id)
            .all(|entry| entry.for_name != visit.for_name);
        !given_up && !for_another && Span::new(visit.starts_at, visit.ends_at, usual).overlaps(&wanted)
    };
    Ok(visits.iter().filter(overlaps).map(|visit| visit.contact_id).collect())
}

/// Whether anybody at all waits in this business. The status is a literal for the sake of SQLite's index.
pub(crate) async fn anybody_waits(db: &impl ConnectionTrait, business_id: Uuid) -> Result<bool> {
    let one = waitlist_entry::Entity::in_business(business_id)
        .filter(Expr::cust(format!("\"status\" = '{}'", EntryStatus::Waiting)))
        .limit(1)
        .one(db)
        .await?;
    Ok(one.is_some())
}
