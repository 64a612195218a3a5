//! Words that staff know people by: free, few, the same however they are typed. How many people have each is kept, so that a list of
//! suggestions costs nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use contract::contacts::TagView;
use domain::words;
use entity::contacts::{contact, contact_tag, tag};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::kernel::{
    Actor, Event, Result, Tx,
    error::field,
    paging::{self, Cursor},
    tx::Changed,
};

/// Most tags of one person, the longest, and most of one business.
const MOST: usize = 20;
const LONGEST: usize = 40;
const MOST_OF_BUSINESS: u64 = 500;

/// Suggestions shown at once.
const SUGGESTIONS: u64 = 100;

/// Tags as they are kept: on one line, in lower case, each once.
///
/// # Errors
/// `Invalid` for too many, for one that is too long, and for one with a comma, which is what stands between them in a form.
pub(crate) fn tidy(typed: &[String]) -> Result<BTreeSet<String>> {
    let tags: BTreeSet<String> = typed.iter().map(|t| one(t)).filter(|t| !t.is_empty()).collect();
    if let Some(long) = tags.iter().find(|t| t.chars().count() > LONGEST) {
        let shown = words::preview(long, 20);
        return Err(field(
            "tags",
            format!("A tag has up to {LONGEST} characters; \"{shown}\" has more."),
        ));
    }
    if let Some(two) = tags.iter().find(|t| t.contains(',')) {
        return Err(field("tags", format!("A tag has no comma: \"{two}\" would be two.")));
    }
    if tags.len() > MOST {
        return Err(field(
            "tags",
            format!("A person has up to {MOST} tags; these are {}.", tags.len()),
        ));
    }
    Ok(tags)
}

/// One tag as it is kept.
pub(super) fn one(typed: &str) -> String {
    words::line(typed).to_lowercase()
}

/// Gives a person these tags and no others. The caller holds the person's lock.
///
/// # Errors
/// `Invalid` where the business would have too many different ones.
pub(crate) async fn set(tx: &Tx, person: &contact::Model, tags: &BTreeSet<String>) -> Result<()> {
    let before = of_one(&tx.db, person.id).await?;
    let mut change: BTreeMap<&str, i32> = BTreeMap::new();
    change.extend(tags.difference(&before).map(|t| (t.as_str(), 1)));
    change.extend(before.difference(tags).map(|t| (t.as_str(), -1)));
    // In one order, so that two who share tags never wait for each other.
    for (tag, by) in change {
        if by > 0 {
            add(tx, person, tag).await?;
        } else {
            take(tx, person, tag).await?;
        }
    }
    Ok(())
}

/// Gives a person a tag, or takes it; whether anything changed. The caller holds the person's lock.
///
/// # Errors
/// `Invalid` where they, or the business, would have too many.
pub(crate) async fn change(tx: &mut Tx, actor: &Actor, person: &contact::Model, word: &str, give: bool) -> Result<bool> {
    let before = of_one(&tx.db, person.id).await?;
    let others = before.iter().filter(|tag| *tag != word);
    let after: Vec<String> = others.cloned().chain(give.then(|| word.to_owned())).collect();
    let after = tidy(&after)?;
    if after == before {
        return Ok(false);
    }
    set(tx, person, &after).await?;
    tx.mark_changed(person.business_id, Changed::Contact(person.id));
    let (was, is) = (facts(&before), facts(&after));
    tx.record_change(
        person.business_id,
        &actor.who,
        Event::ContactChanged(person.id),
        Some(was),
        Some(is),
    );
    Ok(true)
}

/// What the audit keeps of them.
fn facts(tags: &BTreeSet<String>) -> BTreeMap<&'static str, String> {
    let list = tags.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    BTreeMap::from([("tags", list)])
}

async fn add(tx: &Tx, person: &contact::Model, word: &str) -> Result<()> {
    let known = tag::Entity::find_by_id((person.business_id, word.to_owned()))
        .one(&tx.db)
        .await?;
    if known.is_none() && tag::Entity::in_business(person.business_id).count(&tx.db).await? >= MOST_OF_BUSINESS {
        let words = format!("There are {MOST_OF_BUSINESS} different tags already. Please use one of them.");
        return Err(field("tags", words));
    }
    let row = tag::ActiveModel {
        business_id: Set(person.business_id),
        tag: Set(word.to_owned()),
        people: Set(1),
    };
    let one_more = OnConflict::columns([tag::Column::BusinessId, tag::Column::Tag])
        .value(tag::Column::People, Expr::col((tag::Entity, tag::Column::People)).add(1))
        .to_owned();
    tag::Entity::insert(row)
        .on_conflict(one_more)
        .exec_without_returning(&tx.db)
        .await?;
    let theirs = contact_tag::ActiveModel {
        contact_id: Set(person.id),
        tag: Set(word.to_owned()),
        business_id: Set(person.business_id),
        search: Set(person.search.clone()),
    };
    contact_tag::Entity::insert(theirs).exec_without_returning(&tx.db).await?;
    Ok(())
}

async fn take(tx: &Tx, person: &contact::Model, word: &str) -> Result<()> {
    contact_tag::Entity::delete_many()
        .filter(contact_tag::Column::ContactId.eq(person.id))
        .filter(contact_tag::Column::Tag.eq(word))
        .exec(&tx.db)
        .await?;
    let of_word = || tag::Column::BusinessId.eq(person.business_id).and(tag::Column::Tag.eq(word));
    tag::Entity::update_many()
        .col_expr(tag::Column::People, Expr::col(tag::Column::People).sub(1))
        .filter(of_word())
        .exec(&tx.db)
        .await?;
    tag::Entity::delete_many()
        .filter(of_word())
        .filter(tag::Column::People.lte(0))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// The person is called something else: the lists by tag are sorted by that.
pub(super) async fn renamed(tx: &Tx, person: &contact::Model) -> Result<()> {
    contact_tag::Entity::update_many()
        .col_expr(contact_tag::Column::Search, Expr::value(person.search.as_str()))
        .filter(contact_tag::Column::ContactId.eq(person.id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

pub(crate) async fn of_one(db: &impl ConnectionTrait, contact_id: Uuid) -> Result<BTreeSet<String>> {
    let mut all = of(db, &[contact_id]).await?;
    Ok(all.remove(&contact_id).unwrap_or_default().into_iter().collect())
}

/// The tags of several people, each one's in alphabetical order.
pub(super) async fn of(db: &impl ConnectionTrait, people: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>> {
    let mut of: HashMap<Uuid, Vec<String>> = HashMap::new();
    if people.is_empty() {
        return Ok(of);
    }
    let rows = contact_tag::Entity::find().filter(contact_tag::Column::ContactId.is_in(people.iter().copied()));
    for row in rows.all(db).await? {
        of.entry(row.contact_id).or_default().push(row.tag);
    }
    of.values_mut().for_each(|tags| tags.sort_unstable());
    Ok(of)
}

/// A page of those who have a tag, in the list's order.
pub(crate) fn people_with(business_id: Uuid, tag: &str, after: Option<&Cursor<String>>) -> Select<contact_tag::Entity> {
    let (search, id) = (contact_tag::Column::Search, contact_tag::Column::ContactId);
    let rows = contact_tag::Entity::in_business(business_id)
        .filter(contact_tag::Column::Tag.eq(tag))
        .order_by_asc(search)
        .order_by_asc(id);
    match after {
        Some(Cursor(text, i)) => rows.filter(paging::beyond(search, id, text.clone(), *i, false)),
        None => rows,
    }
}

/// Whether anybody has this tag.
pub(crate) async fn is_used(db: &impl ConnectionTrait, business_id: Uuid, word: &str) -> Result<bool> {
    Ok(tag::Entity::find_by_id((business_id, word.to_owned()))
        .one(db)
        .await?
        .is_some())
}

/// All who have a tag, for a search among them.
pub(super) async fn ids_with(db: &impl ConnectionTrait, business_id: Uuid, tag: &str) -> Result<HashSet<Uuid>> {
    let rows = contact_tag::Entity::in_business(business_id)
        .filter(contact_tag::Column::Tag.eq(tag))
        .select_only()
        .column(contact_tag::Column::ContactId);
    Ok(rows.into_tuple::<Uuid>().all(db).await?.into_iter().collect())
}

/// The tags a business uses, the most used first.
pub(crate) async fn used(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<TagView>> {
    let rows = tag::Entity::in_business(business_id)
        .order_by_desc(tag::Column::People)
        .order_by_asc(tag::Column::Tag)
        .limit(SUGGESTIONS)
        .all(db)
        .await?;
    let shown = rows.into_iter().map(|row| TagView {
        tag: row.tag,
        people: u32::try_from(row.people).unwrap_or_default(),
    });
    Ok(shown.collect())
}
