//! What was said in threads, by customers, by us, and by staff to each other, as a search finds it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use contract::{
    Page,
    messages::Direction,
    search::{HitAt, Mark, MessageHit, Snippet},
};
use domain::search::{Search, Text, snippet};
use entity::{conversations::note, messages::message};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{Asked, MOST_LOOKED_AT, index};
use crate::{
    contacts,
    kernel::{
        Result, Services,
        paging::{self, Cursor, TimeCursor},
    },
    messages,
};

/// Texts that are looked at in one step.
const STEP: u64 = 200;

pub(super) enum Said {
    Message(Box<message::Model>),
    Note(note::Model),
}

impl Said {
    pub(super) fn conversation_id(&self) -> Uuid {
        match self {
            Said::Message(row) => row.conversation_id,
            Said::Note(row) => row.conversation_id,
        }
    }

    pub(super) fn message(self) -> Option<message::Model> {
        match self {
            Said::Message(row) => Some(*row),
            Said::Note(_) => None,
        }
    }

    pub(super) fn at(&self) -> HitAt {
        let message_id = match self {
            Said::Message(row) => row.id,
            Said::Note(row) => row.id,
        };
        HitAt {
            conversation_id: self.conversation_id(),
            message_id,
        }
    }

    fn contact_id(&self) -> Uuid {
        match self {
            Said::Message(row) => row.contact_id,
            Said::Note(row) => row.contact_id,
        }
    }

    fn cursor(&self) -> TimeCursor {
        match self {
            Said::Message(row) => Cursor(row.created_at, row.id),
            Said::Note(row) => Cursor(row.created_at, row.id),
        }
    }
}

/// What matches, newest first. A page may be short and have another one behind it: so many were looked at and did not match.
pub(super) async fn page(
    s: &Services,
    business_id: Uuid,
    asked: &Asked,
    mut before: Option<TimeCursor>,
    size: usize,
) -> Result<Page<Said>> {
    let mut found = Page {
        data: Vec::new(),
        next_cursor: None,
    };
    if !asked.of_texts && !asked.narrow.message_states {
        return Ok(found);
    }
    let wanted = index::Wanted::new(&asked.search);
    for _ in 0..MOST_LOOKED_AT as u64 / STEP {
        let candidates = match asked.within {
            Some(thread) => said_in(s, business_id, thread, &asked.search, before.as_ref()).await?,
            None => index::newest(s, business_id, &wanted, before.as_ref(), STEP).await?,
        };
        let Some(Cursor(at, id)) = candidates.last() else {
            return Ok(found);
        };
        before = Some(Cursor(*at, *id));
        found.data.append(&mut fitting(s, business_id, asked, &candidates).await?);
        if found.data.len() > size {
            return Ok(paging::page_of(size as u64, found.data, Said::cursor));
        }
        if (candidates.len() as u64) < STEP {
            return Ok(found);
        }
    }
    found.next_cursor = before.map(|before| before.encode());
    Ok(found)
}

/// What was said in one conversation, newest first: a thread is short beside a business's history, so it is read itself.
async fn said_in(
    s: &Services,
    business_id: Uuid,
    thread: Uuid,
    search: &Search,
    before: Option<&TimeCursor>,
) -> Result<Vec<TimeCursor>> {
    let (from, until) = search.time();
    let messages = messages::newest(business_id, before.map(|Cursor(at, id)| Cursor(*at, *id)))
        .filter(message::Column::ConversationId.eq(thread))
        .filter(
            Condition::all()
                .add_option(from.map(|from| message::Column::CreatedAt.gte(from)))
                .add_option(until.map(|until| message::Column::CreatedAt.lt(until))),
        )
        .limit(STEP)
        .select_only()
        .columns([message::Column::CreatedAt, message::Column::Id]);
    let notes = notes_in(thread, before)
        .filter(note::Column::BusinessId.eq(business_id))
        .filter(
            Condition::all()
                .add_option(from.map(|from| note::Column::CreatedAt.gte(from)))
                .add_option(until.map(|until| note::Column::CreatedAt.lt(until))),
        )
        .limit(STEP)
        .select_only()
        .columns([note::Column::CreatedAt, note::Column::Id]);
    let mut all: Vec<(DateTime<Utc>, Uuid)> = messages.into_tuple().all(s.read()).await?;
    all.extend(notes.into_tuple::<(DateTime<Utc>, Uuid)>().all(s.read()).await?);
    all.sort_unstable_by(|a, b| b.cmp(a));
    all.truncate(STEP as usize);
    Ok(all.into_iter().map(|(at, id)| Cursor(at, id)).collect())
}

/// The notes of a conversation, newest first.
fn notes_in(thread: Uuid, before: Option<&TimeCursor>) -> Select<note::Entity> {
    let (at, id) = (note::Column::CreatedAt, note::Column::Id);
    let rows = note::Entity::find().filter(note::Column::ConversationId.eq(thread));
    let rows = rows.order_by_desc(at).order_by_desc(id);
    match before {
        Some(Cursor(t, i)) => rows.filter(paging::beyond(at, id, *t, *i, true)),
        None => rows,
    }
}

/// What stands right behind a message or note in the order of hits.
pub(super) async fn after(s: &Services, business_id: Uuid, asked: &Asked, id: Uuid) -> Result<Option<Said>> {
    let message = message::Entity::these(business_id, [id])
        .one(s.read())
        .await?
        .map(|row| row.created_at);
    let at = match message {
        Some(at) => Some(at),
        None => note::Entity::these(business_id, [id])
            .one(s.read())
            .await?
            .map(|row| row.created_at),
    };
    let Some(at) = at else { return Ok(None) };
    let found = page(s, business_id, asked, Some(Cursor(at, id)), 1).await?;
    Ok(found.data.into_iter().next())
}

/// Which of these are meant, in the same order.
async fn fitting(s: &Services, business_id: Uuid, asked: &Asked, candidates: &[TimeCursor]) -> Result<Vec<Said>> {
    let ids: Vec<Uuid> = candidates.iter().map(|Cursor(_, id)| *id).collect();
    let messages = message::Entity::these(business_id, ids.iter().copied())
        .filter(asked.narrow.message.clone())
        .all(s.read())
        .await?;
    // Without words it is messages that were chosen.
    let notes = match &asked.narrow.note {
        Some(narrow) if asked.has_texts() || asked.within.is_some() => {
            note::Entity::these(business_id, ids.iter().copied())
                .filter(narrow.clone())
                .all(s.read())
                .await?
        }
        _ => Vec::new(),
    };
    // What the index does not know: words in a row, and what stands for itself alone.
    let again = |text: &Text| text.in_a_row;
    let exact = asked.within.is_some() || asked.search.texts().any(again) || asked.search.not_texts().next().is_some();
    let is_meant = |body: &str| !exact || asked.search.is_said_in(body);
    let mut rows: HashMap<Uuid, Said> = HashMap::with_capacity(ids.len());
    let messages = messages.into_iter().filter(|row| is_meant(&row.body));
    rows.extend(messages.map(|row| (row.id, Said::Message(Box::new(row)))));
    let notes = notes.into_iter().filter(|row| is_meant(&row.body));
    rows.extend(notes.map(|row| (row.id, Said::Note(row))));
    Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
}

pub(super) async fn shown(s: &Services, business_id: Uuid, search: &Search, rows: Vec<Said>) -> Result<Vec<MessageHit>> {
    let ids: HashSet<Uuid> = rows.iter().map(Said::contact_id).collect();
    let people = contacts::labels(s, s.read(), business_id, ids.into_iter().collect()).await?;
    let hit = |said: Said| {
        let contact_name = people.get(&said.contact_id()).map(|p| p.name.clone()).unwrap_or_default();
        match said {
            Said::Message(row) => MessageHit {
                message_id: row.id,
                conversation_id: row.conversation_id,
                contact_name,
                note_by: None,
                direction: if row.direction == "inbound" {
                    Direction::Inbound
                } else {
                    Direction::Outbound
                },
                status: messages::status(&row).public().to_owned(),
                created_at: row.created_at,
                snippet: line(search, &messages::said(&row)),
            },
            Said::Note(row) => MessageHit {
                message_id: row.id,
                conversation_id: row.conversation_id,
                contact_name,
                snippet: line(search, domain::words::shown(&row.body)),
                note_by: Some(row.author),
                direction: Direction::Outbound,
                status: String::new(),
                created_at: row.created_at,
            },
        }
    };
    Ok(rows.into_iter().map(hit).collect())
}

/// The line in which it was found.
fn line(search: &Search, body: &str) -> Snippet {
    let found = snippet(search, body);
    Snippet {
        text: found.text,
        marks: found.marks.iter().map(|m| Mark { from: m.from, to: m.to }).collect(),
    }
}
