//! Finding people by a part of a name, number or address. Numbers and addresses are sealed, and nothing is stored that would help to
//! search in them; so each process keeps the people of the businesses that search most recently in memory, and before every search
//! reads what has changed since the last one.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use chrono::{DateTime, Duration, Utc};
use entity::contacts::contact;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{EMAIL, PHONE};
use crate::kernel::{
    Result, Services,
    paging::{self, Cursor, PAGE},
};

/// Most businesses, and most people (some 200 bytes each), to be kept. The last one that searched is kept in any case.
const MOST_BUSINESSES: usize = 64;
const MOST_PEOPLE: usize = 1_000_000;

/// A change is stamped before it is committed, by another machine's clock: it may turn up this much later than its stamp says.
const LATE: Duration = Duration::seconds(60);

/// Changes read at once.
const BATCH: u64 = 2_000;

/// The businesses that searched, the latest last.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Vec<(Uuid, Arc<Slot>)>>);

#[derive(Default)]
struct Slot {
    people: tokio::sync::Mutex<People>,
    /// How many there are, to be read without waiting for a search.
    size: AtomicUsize,
}

#[derive(Default)]
struct People {
    /// When changes were last looked for.
    looked: Option<DateTime<Utc>>,
    by_id: HashMap<Uuid, Person>,
}

struct Person {
    /// What the list is sorted by: the name in lower case.
    search: Box<str>,
    phone: Box<str>,
    email: Box<str>,
}

impl Cache {
    /// Reads a business's people anew when somebody searches next.
    pub(super) fn forget(&self, business_id: Uuid) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(id, _)| *id != business_id);
    }

    fn of(&self, business_id: Uuid) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slots.iter().position(|(id, _)| *id == business_id);
        let slot = known.map_or_else(Arc::default, |at| slots.remove(at).1);
        slots.push((business_id, slot.clone()));
        let mut people: usize = slots.iter().map(|(_, slot)| slot.size.load(Ordering::Relaxed)).sum();
        while slots.len() > 1 && (slots.len() > MOST_BUSINESSES || people > MOST_PEOPLE) {
            people -= slots.remove(0).1.size.load(Ordering::Relaxed);
        }
        slot
    }
}

/// What is searched for.
pub(super) struct Wanted<'a> {
    pub q: &'a str,
    /// What people of the business's country dial before a number and what no stored one has.
    pub trunk: Option<&'a str>,
    /// None: everybody.
    pub only: Option<HashSet<Uuid>>,
    /// Rows on a page.
    pub size: u64,
}

/// Sort key and id of the people whose name, number or address contains `q`, in the list's order from `after` on, one more than a page.
pub(super) async fn find(
    s: &Services,
    business_id: Uuid,
    wanted: Wanted<'_>,
    after: Option<Cursor<String>>,
) -> Result<Vec<(String, Uuid)>> {
    let slot = s.of::<Cache>().of(business_id);
    let mut people = slot.people.lock().await;
    people.catch_up(s, business_id).await?;
    slot.size.store(people.by_id.len(), Ordering::Relaxed);
    Ok(people.matching(
        &[needle(wanted.q, wanted.trunk)],
        wanted.size,
        wanted.only.as_ref(),
        after.as_ref(),
    ))
}

/// The same for people of whom name, number and address hold all of `texts`, from the start of the list.
pub(crate) async fn with_all(
    s: &Services,
    business_id: Uuid,
    texts: impl IntoIterator<Item = &str>,
    trunk: Option<&str>,
) -> Result<Vec<(String, Uuid)>> {
    let slot = s.of::<Cache>().of(business_id);
    let mut people = slot.people.lock().await;
    people.catch_up(s, business_id).await?;
    slot.size.store(people.by_id.len(), Ordering::Relaxed);
    let needles: Vec<String> = texts.into_iter().map(|text| needle(text, trunk)).collect();
    Ok(people.matching(&needles, PAGE, None, None))
}

/// What was typed, as it is looked for. A number is looked for by its digits, however it was spaced, and without the trunk prefix.
fn needle(q: &str, trunk: Option<&str>) -> String {
    let digits: String = q.chars().filter(char::is_ascii_digit).collect();
    let number = digits.len() >= 3 && q.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
    if number {
        let national = trunk
            .filter(|_| !q.contains('+'))
            .and_then(|trunk| digits.strip_prefix(trunk));
        national
            .filter(|rest| rest.len() >= 3)
            .map_or_else(|| digits.clone(), str::to_owned)
    } else {
        q.chars().take(100).collect::<String>().to_lowercase()
    }
}

impl People {
    async fn catch_up(&mut self, s: &Services, business_id: Uuid) -> Result<()> {
        let now = s.now();
        let since = self.looked.map_or(DateTime::UNIX_EPOCH, |looked| looked - LATE);
        let mut from = Cursor(since, Uuid::nil());
        loop {
            let rows = changed(business_id, from).limit(BATCH).all(s.read()).await?;
            let full = rows.len() as u64 == BATCH;
            from = Cursor(
                rows.last().map_or(since, |row| row.updated_at),
                rows.last().map_or(Uuid::nil(), |row| row.id),
            );
            for row in rows {
                // Whoever they are now is found.
                if row.merged_into.is_some() {
                    self.by_id.remove(&row.id);
                    continue;
                }
                let email = match &row.email {
                    Some(email) => s.vault().open(EMAIL, email).await?,
                    None => String::new(),
                };
                let person = Person {
                    search: row.search.into(),
                    // A sender may be a name.
                    phone: s.vault().open(PHONE, &row.phone).await?.to_lowercase().into(),
                    email: email.into(),
                };
                self.by_id.insert(row.id, person);
            }
            if !full {
                self.looked = Some(now);
                return Ok(());
            }
        }
    }

    fn matching(
        &self,
        needles: &[String],
        size: u64,
        only: Option<&HashSet<Uuid>>,
        after: Option<&Cursor<String>>,
    ) -> Vec<(String, Uuid)> {
        let after = after.map(|Cursor(search, id)| (search.as_str(), *id));
        let holds =
            |p: &Person, needle: &String| p.search.contains(needle) || p.phone.contains(needle) || p.email.contains(needle);
        let hit = |p: &Person| needles.iter().all(|needle| holds(p, needle));
        let may = |id: &Uuid| only.is_none_or(|only| only.contains(id));
        let hits = self.by_id.iter().filter(|(id, person)| may(id) && hit(person));
        let hits = hits.map(|(id, person)| (&*person.search, *id));
        let mut hits: Vec<(&str, Uuid)> = hits.filter(|here| after.is_none_or(|after| *here > after)).collect();
        hits.sort_unstable();
        hits.truncate(size as usize + 1);
        hits.into_iter().map(|(search, id)| (search.to_owned(), id)).collect()
    }
}

/// Contacts changed after this moment and id, in this order.
pub(crate) fn changed(business_id: Uuid, after: Cursor<DateTime<Utc>>) -> Select<contact::Entity> {
    let (at, id) = (contact::Column::UpdatedAt, contact::Column::Id);
    contact::Entity::in_business(business_id)
        .filter(paging::beyond(at, id, after.0, after.1, false))
        .order_by_asc(at)
        .order_by_asc(id)
}
