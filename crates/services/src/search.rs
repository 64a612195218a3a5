//! Searching a business: its people, what was written, its visits. Words of texts are found by an index (`index`), names, numbers and
//! addresses in memory (`contacts::search`), and operators narrow both (`narrow`).

mod hits;
pub(crate) mod index;
pub(crate) mod log;
pub(crate) mod narrow;
mod visits;

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use contract::{
    Page,
    conversations::{ConversationQuery, ConversationRow},
    search::{HitAt, HitPlace, PersonHit, SearchPage, SearchQuery, SearchTerm},
};
use domain::search::Search;
use entity::conversations::conversation;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    businesses, contacts,
    conversations::{self, views::View},
    kernel::{
        Actor, Permission, Result, Services, changes,
        paging::{self, Cursor, PAGE, TimeCursor},
    },
};
use hits::Said;
use narrow::Narrow;

pub use log::{export, log};

/// People and visits on a page.
const FEW: usize = 20;
/// The newest hits, which are numbered.
const MOST_NUMBERED: usize = 200;
/// Texts that the index has found and that are looked at for one page.
const MOST_LOOKED_AT: usize = 2_000;
/// People with a tag whose conversations are looked at one by one.
const FEW_TAGGED: u64 = 500;
/// Conversations that are looked at for one page of those that operators alone choose.
const MOST_CONVERSATIONS: usize = 10_000;

/// A search that has been read, and what its operators mean in this business.
struct Asked {
    search: Search,
    narrow: Narrow,
    /// Single texts are asked for, whatever the operators are about.
    of_texts: bool,
    /// The conversation in which something is looked for, if it is one.
    within: Option<Uuid>,
}

async fn asked(s: &Services, actor: &Actor, typed: &str) -> Result<Asked> {
    let business = businesses::get(s.read(), actor.business_id).await?;
    let mut search = Search::read(typed, s.now(), businesses::zone(&business));
    let narrow = narrow::resolve(s, actor, &mut search, &business).await?;
    let of_texts = search.texts().next().is_some() || search.terms.iter().any(|term| narrow::is_of_messages(&term.what));
    Ok(Asked {
        search,
        narrow,
        of_texts,
        within: None,
    })
}

impl Asked {
    fn has_texts(&self) -> bool {
        self.search.texts().next().is_some()
    }
}

/// A search in one conversation, the actor's business's; any text will do where nothing is looked for.
async fn asked_within(s: &Services, actor: &Actor, typed: &str, within: Option<Uuid>) -> Result<(Asked, Option<String>)> {
    let Some(id) = within else {
        return Ok((asked(s, actor, typed).await?, None));
    };
    let there = conversations::row(s, s.read(), actor.business_id, id).await?;
    let asked = Asked {
        within,
        of_texts: true,
        ..asked(s, actor, typed).await?
    };
    Ok((asked, Some(there.name)))
}

/// People, messages (a page of them, newest first) and visits; in one conversation messages alone.
///
/// # Errors
/// `Malformed` for a cursor that is none; `NotFound` for a conversation that is none; `NotAllowed`.
pub async fn all(s: &Services, actor: &Actor, query: SearchQuery) -> Result<SearchPage> {
    for permission in [
        Permission::ReadContacts,
        Permission::ReadMessages,
        Permission::ReadAppointments,
    ] {
        actor.may(permission)?;
    }
    let cursor = TimeCursor::decode(query.cursor.as_deref())?;
    let (asked, within) = asked_within(s, actor, query.q.as_deref().unwrap_or_default(), query.within).await?;
    if asked.search.terms.is_empty() && within.is_none() {
        return Ok(SearchPage {
            notes: asked.search.notes,
            ..SearchPage::default()
        });
    }
    let first = cursor.is_none() && within.is_none();
    let messages = hits::page(s, actor.business_id, &asked, cursor, PAGE as usize).await?;
    let (people, more_people) = if first {
        people(s, actor.business_id, &asked).await?
    } else {
        Default::default()
    };
    let (visits, more_visits) = if first {
        visits::find(s, actor.business_id, &asked.search, &asked.narrow, FEW).await?
    } else {
        Default::default()
    };
    Ok(SearchPage {
        terms: terms(&asked.search),
        people,
        more_people,
        messages: Page {
            data: hits::shown(s, actor.business_id, &asked.search, messages.data).await?,
            next_cursor: messages.next_cursor,
        },
        visits,
        more_visits,
        within,
        notes: asked.search.notes,
    })
}

/// Where a message or note that a search has found, `within` a conversation or everywhere, stands among its hits.
///
/// # Errors
/// `NotFound` for a conversation that is none; `NotAllowed`.
pub async fn place(s: &Services, actor: &Actor, q: &str, within: Option<Uuid>, at: Uuid) -> Result<HitPlace> {
    actor.may(Permission::ReadMessages)?;
    let (asked, _) = asked_within(s, actor, q, within).await?;
    let found = hits::page(s, actor.business_id, &asked, None, MOST_NUMBERED).await?;
    let hits: Vec<HitAt> = found.data.iter().map(Said::at).collect();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let Some(here) = hits.iter().position(|hit| hit.message_id == at) else {
        return Ok(HitPlace {
            next: hits::after(s, actor.business_id, &asked, at).await?.map(|said| said.at()),
            ..HitPlace::default()
        });
    };
    let more = found.next_cursor.is_some();
    let next = match hits.get(here + 1) {
        Some(next) => Some(*next),
        None if more => hits::after(s, actor.business_id, &asked, at).await?.map(|said| said.at()),
        None => None,
    };
    Ok(HitPlace {
        number: Some((number(here + 1), number(hits.len()))),
        more,
        previous: here.checked_sub(1).map(|before| hits[before]),
        next,
    })
}

/// What was understood.
fn terms(search: &Search) -> Vec<SearchTerm> {
    let terms = search.terms.iter().enumerate().map(|(at, term)| SearchTerm {
        written: term.written.clone(),
        without: search.without(at),
    });
    terms.collect()
}

/// The conversations that a search finds, latest activity first, closed and snoozed ones included: those of people who are called so, and
/// those in which one of the newest 2,000 texts and notes that match says so. A view leaves those that it has; where nothing is searched
/// for, it is the view itself.
///
/// # Errors
/// `Malformed` for a view, cursor or size of a page that is none; `NotAllowed`.
pub async fn conversations(s: &Services, actor: &Actor, query: ConversationQuery) -> Result<Page<ConversationRow>> {
    let Some(typed) = query.search.as_deref().filter(|typed| !typed.trim().is_empty()) else {
        return conversations::page(s, actor, query).await;
    };
    actor.may(Permission::ReadMessages)?;
    changes::since(query.updated_since.as_deref(), &[("search", true)])?;
    let (size, view) = (paging::size(query.limit)?, View::named(query.show.as_deref(), actor)?);
    let after = TimeCursor::decode(query.cursor.as_deref())?;
    let asked = asked(s, actor, typed).await?;
    let found = if asked.of_texts {
        let ids = threads(s, actor.business_id, &asked).await?;
        let mut rows = view
            .among(actor.business_id, ids)
            .filter(asked.narrow.thread.clone())
            .order_by_desc(conversation::Column::LastAt)
            .order_by_desc(conversation::Column::Id)
            .limit(size + 1);
        if let Some(Cursor(at, id)) = after {
            let (last_at, key) = (conversation::Column::LastAt, conversation::Column::Id);
            rows = rows.filter(paging::beyond(last_at, key, at, id, true));
        }
        paging::page_of(size, rows.all(s.read()).await?, |row| Cursor(row.last_at, row.id))
    } else {
        latest(s, actor.business_id, &asked, view, after, size).await?
    };
    let ids: Vec<Uuid> = found.data.iter().map(|row| row.id).collect();
    let mut rows = conversations::rows(s, s.read(), actor.business_id, &ids).await?;
    conversations::for_reader(s.read(), actor, &mut rows).await?;
    let mut rows: HashMap<Uuid, ConversationRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(Page {
        data: ids.iter().filter_map(|id| rows.remove(id)).collect(),
        next_cursor: found.next_cursor,
    })
}

/// The conversations with these people, latest activity first.
pub(crate) fn with_people(business_id: Uuid, people: impl IntoIterator<Item = Uuid>) -> Select<conversation::Entity> {
    conversation::Entity::narrowed(business_id).filter(conversation::Column::ContactId.is_in(people))
}

/// Those who have a tag that is asked for, if they are few: then they are looked at, and not everybody who wrote lately.
async fn few_with_tag(s: &Services, business_id: Uuid, asked: &Asked) -> Result<Option<Vec<Uuid>>> {
    let Some(tag) = asked.narrow.tags.first() else {
        return Ok(None);
    };
    let people = contacts::tags::people_with(business_id, tag, None).limit(FEW_TAGGED + 1);
    let people: Vec<Uuid> = people.all(s.read()).await?.into_iter().map(|row| row.contact_id).collect();
    Ok(Some(people).filter(|people| people.len() as u64 <= FEW_TAGGED))
}

/// Conversations that operators alone choose.
async fn latest(
    s: &Services,
    business_id: Uuid,
    asked: &Asked,
    view: View,
    mut after: Option<TimeCursor>,
    size: u64,
) -> Result<Page<conversation::Model>> {
    if let Some(people) = few_with_tag(s, business_id, asked).await? {
        let ids: Vec<Uuid> = with_people(business_id, people)
            .select_only()
            .column(conversation::Column::Id)
            .into_tuple()
            .all(s.read())
            .await?;
        let mut rows = view
            .among(business_id, ids)
            .filter(asked.narrow.thread.clone())
            .filter(asked.narrow.last.clone())
            .order_by_desc(conversation::Column::LastAt)
            .order_by_desc(conversation::Column::Id)
            .limit(size + 1);
        if let Some(Cursor(at, id)) = after {
            rows = rows.filter(paging::beyond(
                conversation::Column::LastAt,
                conversation::Column::Id,
                at,
                id,
                true,
            ));
        }
        return Ok(paging::page_of(size, rows.all(s.read()).await?, |row| {
            Cursor(row.last_at, row.id)
        }));
    }
    let step = 500;
    let mut found: Vec<conversation::Model> = Vec::new();
    for _ in 0..MOST_CONVERSATIONS / step {
        let some: Vec<(Uuid, chrono::DateTime<chrono::Utc>)> = View::Latest
            .page(business_id, after)
            .limit(step as u64)
            .select_only()
            .columns([conversation::Column::Id, conversation::Column::LastAt])
            .into_tuple()
            .all(s.read())
            .await?;
        let ids = some.iter().map(|(id, _)| *id);
        let mut fit = view
            .among(business_id, ids)
            .filter(asked.narrow.thread.clone())
            .filter(asked.narrow.last.clone())
            .all(s.read())
            .await?;
        fit.sort_by_key(|row| Reverse((row.last_at, row.id)));
        found.append(&mut fit);
        if found.len() as u64 > size {
            return Ok(paging::page_of(size, found, |row| Cursor(row.last_at, row.id)));
        }
        match some.last() {
            Some((id, at)) if some.len() == step => after = Some(Cursor(*at, *id)),
            _ => return Ok(paging::page_of(size, found, |row| Cursor(row.last_at, row.id))),
        }
    }
    Ok(Page {
        data: found,
        next_cursor: after.map(|after| after.encode()),
    })
}

/// Ids of conversations in which something was said that matches, and of people who match.
async fn threads(s: &Services, business_id: Uuid, asked: &Asked) -> Result<HashSet<Uuid>> {
    let found = hits::page(s, business_id, asked, None, MOST_LOOKED_AT).await?.data;
    let mut ids: HashSet<Uuid> = found.iter().map(Said::conversation_id).collect();
    let only_people = asked.has_texts() && asked.search.terms.iter().all(|term| !narrow::is_of_messages(&term.what));
    if only_people {
        let people = named(s, business_id, asked).await?;
        let of_people: Vec<Uuid> = conversation::Entity::in_business(business_id)
            .filter(conversation::Column::ContactId.is_in(people))
            .select_only()
            .column(conversation::Column::Id)
            .into_tuple()
            .all(s.read())
            .await?;
        ids.extend(of_people);
    }
    Ok(ids)
}

/// The people who have the tag that is asked for; where words are, those whose name, number or address holds every word that is looked for, in the list's order, one more than a page of it.
async fn named(s: &Services, business_id: Uuid, asked: &Asked) -> Result<Vec<Uuid>> {
    if !asked.has_texts() {
        // Who has a tag is found by that alone.
        let Some(tag) = asked.narrow.tags.first() else {
            return Ok(Vec::new());
        };
        let rows = contacts::tags::people_with(business_id, tag, None).limit(PAGE + 1);
        return Ok(rows.all(s.read()).await?.into_iter().map(|row| row.contact_id).collect());
    }
    let country = businesses::get(s.read(), business_id).await?.country;
    let texts = asked.search.texts().map(|text| text.text.as_str());
    let found = contacts::search::with_all(s, business_id, texts, domain::phone::trunk(&country)).await?;
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// The people of a search, with their conversations.
async fn people(s: &Services, business_id: Uuid, asked: &Asked) -> Result<(Vec<PersonHit>, bool)> {
    let ids = named(s, business_id, asked).await?;
    if ids.is_empty() {
        return Ok(Default::default());
    }
    let rows = conversation::Entity::in_business(business_id).filter(conversation::Column::ContactId.is_in(ids.iter().copied()));
    let threads: HashMap<Uuid, Uuid> = rows
        .all(s.read())
        .await?
        .into_iter()
        .map(|row| (row.contact_id, row.id))
        .collect();
    let fit = narrow::people(s, business_id, &asked.narrow, &ids).await?;
    let chosen: Vec<Uuid> = ids.iter().copied().filter(|id| fit.contains(id)).collect();
    let more = chosen.len() > FEW;
    let views = contacts::views_of(s, s.read(), business_id, &chosen[..chosen.len().min(FEW)]).await?;
    let mut views: HashMap<Uuid, _> = views.into_iter().map(|view| (view.id, view)).collect();
    let hits = chosen.iter().filter_map(|id| {
        Some(PersonHit {
            contact: views.remove(id)?,
            conversation_id: threads.get(id).copied(),
        })
    });
    Ok((hits.collect(), more))
}
