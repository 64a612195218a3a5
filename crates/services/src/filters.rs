//! What a view of the inbox is narrowed by, with the conditions that a search has (`search::narrow`). A page reads the view in its order, a
//! bounded part of it at a time; where few people can be meant (today's visits, a tag, who is on hold), it begins with those.

pub mod saved;
mod words;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use contract::{
    Page, Problem,
    appointments::Status as VisitStatus,
    conversations::{BatchView, BulkAction, Chosen, ConversationQuery, ConversationRow},
    filters::{FilterChoices, FilterTerm},
};
use domain::{
    filters::{Assigned, Filters, LONGEST, Refused},
    search::Is,
    zone::Zone,
};
use entity::{
    appointments::appointment,
    contacts::{consent, contact},
    conversations::conversation,
    messages::message,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

use crate::{
    accounts, businesses, contacts,
    conversations::{
        self, batch,
        views::{AT_MOST, View},
    },
    kernel::{
        Actor, Permission, Result, Services,
        paging::{self, TimeCursor},
    },
    search::{
        self,
        narrow::{self, Narrow},
    },
};

/// Conversations that are looked at in one step, and for one page.
const STEP: u64 = 500;
const MOST_LOOKED_AT: u64 = 10_000;
/// For all of a view, in larger steps.
const STEP_OF_ALL: u64 = 1_000;
const MOST_OF_ALL: u64 = 50_000;
/// People with whom a page begins, if no more can be meant.
const FEW: u64 = 500;

/// Filters as they stand in an address, `tag=vip&visit=7d`.
///
/// # Errors
/// `Malformed` for what is not understood, naming it.
fn read(typed: &str) -> Result<Filters> {
    if typed.len() > LONGEST {
        return Err(Problem::parameter("filters", format!("Filters have up to {LONGEST} characters.")).into());
    }
    let pairs = form_urlencoded::parse(typed.as_bytes());
    Filters::read(pairs).map_err(|Refused { name, words }| Problem::parameter(&name, words).into())
}

/// The same as one text.
fn written(filters: &Filters) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(filters.pairs())
        .finish()
}

/// What filters mean in a business.
struct Narrowed {
    fits: Condition,
    /// Conversations that alone can be meant, where those are few.
    among: Option<Vec<Uuid>>,
}

async fn narrowed(s: &Services, actor: &Actor, filters: &Filters) -> Result<Narrowed> {
    let business_id = actor.business_id;
    let zone = businesses::zone(&businesses::get(s.read(), business_id).await?);
    let among = match few(s, business_id, filters, zone).await? {
        None => None,
        Some(people) if people.is_empty() => Some(Vec::new()),
        Some(people) => {
            let ids = search::with_people(business_id, people)
                .select_only()
                .column(conversation::Column::Id);
            Some(ids.into_tuple().all(s.read()).await?)
        }
    };
    Ok(Narrowed {
        fits: condition(actor, filters, s.now(), zone),
        among,
    })
}

/// On `conversation`; each asks an index for one conversation or person.
pub(crate) fn condition(actor: &Actor, filters: &Filters, now: DateTime<Utc>, zone: Zone) -> Condition {
    let business_id = actor.business_id;
    let mut narrow = Narrow::nothing();
    if let Some(is) = filters.is {
        narrow.is(false, is, actor);
    }
    if let Some(to) = &filters.assigned {
        narrow.of_thread(false, assignee(actor, to));
    }
    if let Some(tag) = &filters.tag {
        narrow.of_person(false, |contact| narrow::exists(narrow::tagged(tag, contact)));
    }
    if let Some(place) = &filters.location {
        let there = match place.parse::<Uuid>() {
            Ok(id) => appointment::Column::LocationId.eq(id),
            Err(_) => never(),
        };
        narrow.of_person(false, |contact| {
            narrow::exists(narrow::visits_of(business_id, contact).filter(there.clone()))
        });
    }
    if let Some(channel) = filters.channel {
        let by = message::Column::Channel.eq(channel.as_str());
        narrow.of_thread(false, of_message(conversation::Column::LastMessageId, by));
    }
    if let Some(visit) = filters.visit {
        let (from, until) = visit.between(now, zone);
        narrow.of_person(false, |contact| {
            let theirs = narrow::visits_of(business_id, contact).filter(starts(from, until));
            narrow::exists(theirs.filter(appointment::Column::Status.is_in(VisitStatus::open().map(VisitStatus::as_str))))
        });
    }
    let (since, until) = filters.wrote(now, zone);
    if since.is_some() || until.is_some() {
        let at = message::Column::CreatedAt;
        let then = Condition::all()
            .add_option(since.map(|since| at.gte(since)))
            .add_option(until.map(|until| at.lt(until)));
        narrow.of_thread(false, of_message(conversation::Column::LastInboundId, then.into()));
    }
    narrow.thread.add(narrow.last)
}

fn never() -> SimpleExpr {
    Expr::cust("1 = 0")
}

fn assignee(actor: &Actor, to: &Assigned) -> SimpleExpr {
    let column = conversation::Column::AssigneeId;
    let account = match to {
        Assigned::Nobody => return column.is_null(),
        Assigned::Me => conversations::account(actor),
        Assigned::Account(id) => id.parse().ok(),
    };
    account.map_or_else(never, |id| column.eq(id))
}

/// On `conversation`: this is true of the message that it names there.
fn of_message(named: conversation::Column, condition: SimpleExpr) -> SimpleExpr {
    let it = message::Entity::find().filter(narrow::same(message::Column::Id, named));
    narrow::exists(it.filter(condition))
}

fn starts(from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Condition {
    let at = appointment::Column::StartsAt;
    Condition::all().add(at.gte(from)).add_option(until.map(|until| at.lt(until)))
}

/// The people who alone can be meant, if they are few; none: they are many, or anybody can be.
async fn few(s: &Services, business_id: Uuid, filters: &Filters, zone: Zone) -> Result<Option<Vec<Uuid>>> {
    let mut people = Vec::new();
    if let Some(visit) = filters.visit {
        let (from, until) = visit.between(s.now(), zone);
        people.push(
            with_visits(business_id, from, until)
                .into_tuple::<Uuid>()
                .all(s.read())
                .await?,
        );
    }
    match filters.is {
        Some(Is::Hold) => people.push(held(business_id).into_tuple().all(s.read()).await?),
        Some(Is::OptedOut) => people.push(opted_out(business_id).into_tuple().all(s.read()).await?),
        _ => {}
    }
    if let Some(tag) = &filters.tag {
        let tagged = contacts::tags::people_with(business_id, tag, None)
            .limit(FEW + 1)
            .all(s.read())
            .await?;
        people.push(tagged.into_iter().map(|row| row.contact_id).collect());
    }
    let least = people.into_iter().min_by_key(Vec::len);
    Ok(least.filter(|people| people.len() as u64 <= FEW))
}

pub(crate) fn with_visits(business_id: Uuid, from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Select<appointment::Entity> {
    appointment::Entity::in_business(business_id)
        .filter(starts(from, until))
        .order_by_asc(appointment::Column::StartsAt)
        .limit(FEW + 1)
        .select_only()
        .column(appointment::Column::ContactId)
}

/// What is asked is written as in the index, so that SQLite sees that it will do.
pub(crate) fn held(business_id: Uuid) -> Select<contact::Entity> {
    contact::Entity::in_business(business_id)
        .filter(Expr::cust("\"held_since\" IS NOT NULL"))
        .limit(FEW + 1)
        .select_only()
        .column(contact::Column::Id)
}

pub(crate) fn opted_out(business_id: Uuid) -> Select<consent::Entity> {
    consent::Entity::in_business(business_id)
        .filter(Expr::cust("\"state\" = 'opted_out'"))
        .limit(FEW + 1)
        .select_only()
        .column(consent::Column::ContactId)
}

/// A page of what filters leave of a view, in the view's order. It may be short and have another one behind it: so many were looked at.
///
/// # Errors
/// `Malformed` for a view, filter, cursor or size of a page that is none; `NotAllowed`.
pub async fn page(s: &Services, actor: &Actor, query: ConversationQuery, filters: &str) -> Result<Page<ConversationRow>> {
    let filters = read(filters)?;
    if filters == Filters::default() {
        return conversations::page(s, actor, query).await;
    }
    actor.may(Permission::ReadMessages)?;
    let (view, size) = (View::named(query.show.as_deref(), actor)?, paging::size(query.limit)?);
    let after = TimeCursor::decode(query.cursor.as_deref())?;
    let narrowed = narrowed(s, actor, &filters).await?;
    let found = match narrowed.among {
        Some(ids) if ids.is_empty() => Page::default(),
        Some(ids) => {
            let rows = view.among(actor.business_id, ids).filter(narrowed.fits);
            let rows = view.sorted(rows, after).limit(size + 1).all(s.read()).await?;
            paging::page_of(size, rows, |row| view.cursor(row))
        }
        None => walk(s, actor.business_id, view, narrowed.fits, after, size).await?,
    };
    let mut data = conversations::rows_of(s, s.read(), actor.business_id, found.data).await?;
    conversations::for_reader(s.read(), actor, &mut data).await?;
    Ok(Page {
        data,
        next_cursor: found.next_cursor,
    })
}

/// Along the view, until the page is full or enough was looked at.
async fn walk(
    s: &Services,
    business_id: Uuid,
    view: View,
    fits: Condition,
    mut after: Option<TimeCursor>,
    size: u64,
) -> Result<Page<conversation::Model>> {
    let mut found = Vec::new();
    for _ in 0..MOST_LOOKED_AT / STEP {
        let some = view.page(business_id, after).limit(STEP).all(s.read()).await?;
        let (looked_at, last) = (some.len() as u64, some.last().map(|row| view.cursor(row)));
        let fit = fitting(s, business_id, &some, &fits).await?;
        found.extend(some.into_iter().filter(|row| fit.contains(&row.id)));
        if looked_at < STEP || found.len() as u64 > size {
            return Ok(paging::page_of(size, found, |row| view.cursor(row)));
        }
        after = last;
    }
    Ok(Page {
        data: found,
        next_cursor: after.map(|after| after.encode()),
    })
}

async fn fitting(s: &Services, business_id: Uuid, some: &[conversation::Model], fits: &Condition) -> Result<HashSet<Uuid>> {
    if some.is_empty() {
        return Ok(HashSet::new());
    }
    let ids = those(business_id, some.iter().map(|row| row.id), fits);
    Ok(ids.into_tuple::<Uuid>().all(s.read()).await?.into_iter().collect())
}

/// Which of these fit.
pub(crate) fn those(business_id: Uuid, ids: impl IntoIterator<Item = Uuid>, fits: &Condition) -> Select<conversation::Entity> {
    conversation::Entity::these(business_id, ids)
        .filter(fits.clone())
        .select_only()
        .column(conversation::Column::Id)
}

/// All of a view that fits, in no order; one more than can be dealt with at once where there are more, or too many to look through.
async fn all(s: &Services, actor: &Actor, show: Option<&str>, filters: &Filters) -> Result<Vec<Uuid>> {
    let (view, business_id) = (View::named(show, actor)?, actor.business_id);
    let Narrowed { fits, among } = narrowed(s, actor, filters).await?;
    if let Some(ids) = among {
        if ids.is_empty() {
            return Ok(ids);
        }
        let ids = view
            .among(business_id, ids)
            .filter(fits)
            .select_only()
            .column(conversation::Column::Id);
        return Ok(ids.into_tuple().all(s.read()).await?);
    }
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..MOST_OF_ALL / STEP_OF_ALL {
        let some = view.page(business_id, after).limit(STEP_OF_ALL).all(s.read()).await?;
        found.extend(fitting(s, business_id, &some, &fits).await?);
        found.truncate(AT_MOST as usize + 1);
        if (some.len() as u64) < STEP_OF_ALL || found.len() as u64 > AT_MOST {
            return Ok(found);
        }
        after = some.last().map(|row| view.cursor(row));
    }
    let words = "This view has more than 50,000 conversations to look through. Please choose a narrower one, like Open.";
    Err(Problem::new(contract::Code::Invalid, words).into())
}

/// How many conversations filters leave of a view, counted up to one more than can be dealt with at once.
///
/// # Errors
/// `Malformed` for a view or filter that is none; `Invalid` where too many would have to be looked through; `NotAllowed`.
pub async fn count(s: &Services, actor: &Actor, show: Option<&str>, filters: &str) -> Result<u32> {
    let filters = read(filters)?;
    if filters == Filters::default() {
        return conversations::exact_count(s, actor, show).await;
    }
    actor.may(Permission::ReadMessages)?;
    Ok(u32::try_from(all(s, actor, show, &filters).await?.len()).unwrap_or(u32::MAX))
}

/// Does this to all that filters leave of a view, see `conversations::batch`.
///
/// # Errors
/// As `count`; and those of `batch::begin`.
pub async fn begin(
    s: &Services,
    actor: &Actor,
    show: Option<String>,
    filters: &str,
    as_of: DateTime<Utc>,
    action: BulkAction,
) -> Result<BatchView> {
    let filters = read(filters)?;
    let chosen = if filters == Filters::default() {
        Chosen::View { show, as_of }
    } else {
        actor.may(Permission::ReadMessages)?;
        let ids = all(s, actor, show.as_deref(), &filters).await?;
        Chosen::Filtered { ids, as_of }
    };
    batch::begin(s, actor, chosen, action).await
}

/// What a view is narrowed by, in words, each with the filters without it.
///
/// # Errors
/// `Malformed` for what is not understood; `NotAllowed`.
pub async fn terms(s: &Services, actor: &Actor, filters: &str) -> Result<Vec<FilterTerm>> {
    actor.may(Permission::ReadMessages)?;
    let filters = read(filters)?;
    let mut terms = Vec::new();
    let pairs = filters.pairs();
    for (at, (name, value)) in pairs.iter().enumerate() {
        let others = pairs.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, pair)| pair);
        terms.push(FilterTerm {
            words: words::of(s, actor, &filters, name, value).await?,
            without: form_urlencoded::Serializer::new(String::new()).extend_pairs(others).finish(),
        });
    }
    Ok(terms)
}

/// What can be chosen from: members, the most used tags, places, and what was saved.
///
/// # Errors
/// `NotAllowed`.
pub async fn choices(s: &Services, actor: &Actor) -> Result<FilterChoices> {
    actor.may(Permission::ReadMessages)?;
    Ok(FilterChoices {
        members: accounts::members(s.read(), actor.business_id).await?,
        tags: contacts::tags::used(s.read(), actor.business_id).await?,
        locations: businesses::locations::list(s, actor).await?,
        saved: saved::list(s, actor).await?,
    })
}
