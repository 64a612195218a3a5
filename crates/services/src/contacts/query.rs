//! Reading contacts.

use chrono::{DateTime, Utc};
use contract::{
    Page,
    contacts::{ConsentView, ContactQuery, ContactView, OtherPhone, PeoplePage},
};
use domain::consent::{self as rules, Channel, Purpose};
use entity::contacts::contact;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{by_phone, consent, dead, decrypted, further, language, many, search, tags, wishes};
use crate::{
    businesses,
    kernel::{
        Actor, Permission, Result, Services, changes,
        error::not_found,
        paging::{self, Cursor},
    },
};

/// One contact; whoever was merged into another is that one.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<ContactView> {
    actor.may(Permission::ReadContacts)?;
    view(s, s.read(), actor.business_id, id).await
}

/// Contacts in alphabetical order, those known by number only first; with `updated_since` in the order in which they were changed, those that
/// were merged into others among them.
///
/// # Errors
/// `Malformed` for a cursor, a time or a number of rows that is none, and for `updated_since` together with another filter.
pub async fn list(s: &Services, actor: &Actor, query: ContactQuery) -> Result<Page<ContactView>> {
    actor.may(Permission::ReadContacts)?;
    let business_id = actor.business_id;
    let size = paging::size(query.limit)?;
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let (search, tag) = (given(&query.search), given(&query.tag).map(|t| tags::one(&t)));
    let others = [("search", search.is_some()), ("tag", tag.is_some())];
    if let Some(since) = changes::since(query.updated_since.as_deref(), &others)? {
        return changed_since(s, business_id, since, size, query.cursor.as_deref()).await;
    }
    let after = Cursor::<String>::decode(query.cursor.as_deref())?;
    let Some(q) = search else {
        return listed(s, business_id, tag.as_deref(), size, after).await;
    };
    let q = &domain::inbound::clean(&q);
    let with_tag = match &tag {
        Some(tag) => Some(tags::ids_with(s.read(), business_id, tag).await?),
        None => None,
    };
    let country = businesses::get(s.read(), business_id).await?.country;
    if let Some(person) = with_number(s, business_id, q, &country).await? {
        let fits = with_tag.is_none_or(|ids| ids.contains(&person.id));
        return Ok(Page {
            data: fits.then_some(person).into_iter().collect(),
            next_cursor: None,
        });
    }
    let wanted = search::Wanted {
        q,
        trunk: domain::phone::trunk(&country),
        only: with_tag,
        size,
    };
    let found = search::find(s, business_id, wanted, after).await?;
    let hits = paging::page_of(size, found, |(search, id)| Cursor(search.clone(), *id));
    pick(s, business_id, hits).await
}

/// By name, all or those with a tag.
async fn listed(
    s: &Services,
    business_id: Uuid,
    tag: Option<&str>,
    size: u64,
    after: Option<Cursor<String>>,
) -> Result<Page<ContactView>> {
    if let Some(tag) = tag {
        let rows = tags::people_with(business_id, tag, after.as_ref()).limit(size + 1);
        let hits = rows.all(s.read()).await?.into_iter().map(|row| (row.search, row.contact_id));
        let hits = paging::page_of(size, hits.collect(), |(search, id): &(String, Uuid)| {
            Cursor(search.clone(), *id)
        });
        return pick(s, business_id, hits).await;
    }
    let rows = all(business_id, after).limit(size + 1).all(s.read()).await?;
    let page = paging::page_of(size, rows, |row| Cursor(row.search.clone(), row.id));
    opened(s, business_id, page).await
}

async fn changed_since(
    s: &Services,
    business_id: Uuid,
    since: DateTime<Utc>,
    size: u64,
    cursor: Option<&str>,
) -> Result<Page<ContactView>> {
    let after = changes::beginning(since, cursor)?;
    let rows = search::changed(business_id, after).limit(size + 1).all(s.read()).await?;
    let page = paging::page_of(size, rows, |row| Cursor(row.updated_at, row.id));
    opened(s, business_id, page).await
}

async fn opened(s: &Services, business_id: Uuid, page: Page<contact::Model>) -> Result<Page<ContactView>> {
    let mut rows = Vec::with_capacity(page.data.len());
    for row in page.data {
        rows.push(decrypted(s, row).await?);
    }
    Ok(Page {
        data: views(s, s.read(), business_id, rows).await?,
        next_cursor: page.next_cursor,
    })
}

/// The screen of all contacts.
///
/// # Errors
/// As `list`.
pub async fn people(s: &Services, actor: &Actor, query: ContactQuery) -> Result<PeoplePage> {
    Ok(PeoplePage {
        page: list(s, actor, query).await?,
        tags: tags::used(s.read(), actor.business_id).await?,
    })
}

/// Everybody, in the order of names, from after this one on.
pub(crate) fn all(business_id: Uuid, after: Option<Cursor<String>>) -> Select<contact::Entity> {
    let (search, id) = (contact::Column::Search, contact::Column::Id);
    let rows = contact::Entity::in_business(business_id)
        .filter(contact::Column::MergedInto.is_null())
        .order_by_asc(search)
        .order_by_asc(id);
    match after {
        Some(Cursor(text, i)) => rows.filter(paging::beyond(search, id, text, i, false)),
        None => rows,
    }
}

/// Where a list by names goes on.
type AfterName = (String, Uuid);

/// Some of everybody, in the order of names, after this one; for a file. And where it goes on.
pub(crate) async fn page_of_all(
    s: &Services,
    business_id: Uuid,
    after: Option<AfterName>,
    size: u64,
) -> Result<(Vec<ContactView>, Option<AfterName>)> {
    let after = after.map(|(name, id)| Cursor(name, id));
    let found = all(business_id, after).limit(size).all(s.read()).await?;
    let last = found.last().filter(|_| found.len() as u64 == size);
    let next = last.map(|row| (row.search.clone(), row.id));
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        rows.push(decrypted(s, row).await?);
    }
    Ok((views(s, s.read(), business_id, rows).await?, next))
}

/// A whole number, however it is written, is found by its blind index.
async fn with_number(s: &Services, business_id: Uuid, q: &str, country: &str) -> Result<Option<ContactView>> {
    let Ok(phone) = domain::phone::parse(q, country) else {
        return Ok(None);
    };
    let row = by_phone(s, s.read(), business_id, &phone).await?;
    let row = row.into_iter().collect();
    Ok(views(s, s.read(), business_id, row).await?.pop())
}

/// The people on a page of hits, in its order.
async fn pick(s: &Services, business_id: Uuid, hits: Page<(String, Uuid)>) -> Result<Page<ContactView>> {
    let ids: Vec<Uuid> = hits.data.into_iter().map(|(_, id)| id).collect();
    let mut people = many(s, s.read(), business_id, ids.clone()).await?;
    let rows = ids.iter().filter_map(|id| people.remove(id)).collect();
    Ok(Page {
        data: views(s, s.read(), business_id, rows).await?,
        next_cursor: hits.next_cursor,
    })
}

/// One as they are now. Of one that was merged into another it is the other's.
pub(crate) async fn view(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<ContactView> {
    let mut row = many(s, db, business_id, vec![id]).await?.remove(&id);
    if let Some(kept) = row.as_ref().and_then(|row| row.merged_into) {
        row = many(s, db, business_id, vec![kept]).await?.remove(&kept);
    }
    let row = row.ok_or_else(|| not_found("contact"))?;
    views(s, db, business_id, vec![row])
        .await?
        .pop()
        .ok_or_else(|| not_found("contact"))
}

/// Several contacts as they are now, in no particular order.
pub(crate) async fn views_of(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<ContactView>> {
    let people = many(s, db, business_id, ids.to_vec()).await?;
    views(s, db, business_id, people.into_values().collect()).await
}

pub(super) async fn views(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    rows: Vec<contact::Model>,
) -> Result<Vec<ContactView>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let business = businesses::get(db, business_id).await?;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let states = consent::all_of(db, &ids).await?;
    let mut dead = dead::of(s, db, &rows).await?;
    let mut tags = tags::of(db, &ids).await?;
    let mut further = further::of(s, db, &ids).await?;
    let view = |row: contact::Model| {
        let said = |channel, purpose| states.get(&(row.id, channel, purpose)).copied();
        let state = |channel, purpose| {
            rules::standing(
                channel,
                said(channel, purpose),
                said(Channel::Sms, purpose).unwrap_or_default(),
            )
        };
        let stands = |purpose| ConsentView {
            sms: state(Channel::Sms, purpose),
            whatsapp: state(Channel::WhatsApp, purpose),
            email: state(Channel::Email, purpose),
        };
        let (consent, offers) = (stands(Purpose::Transactional), stands(Purpose::Promotional));
        let other = |phone: String| OtherPhone {
            phone_display: domain::phone::display(&phone, &business.country),
            phone,
        };
        let id = row.id;
        ContactView {
            seems_to_write: language::hint(&row, &business),
            offers,
            email_dead_since: dead.remove(&id),
            tags: tags.remove(&id).unwrap_or_default(),
            other_phones: further.remove(&id).unwrap_or_default().into_iter().map(other).collect(),
            ..shown(row, consent, &business.country)
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// `row` is in plain, without tags, further numbers and what they seem to write; `country` is the business's.
pub(super) fn shown(row: contact::Model, consent: ConsentView, country: &str) -> ContactView {
    ContactView {
        id: row.id,
        name: row.name,
        phone_display: domain::phone::display(&row.phone, country),
        phone: row.phone,
        email: row.email,
        time_zone: row.time_zone,
        language: row.language,
        channels: row.channels.as_deref().and_then(wishes::shown),
        seems_to_write: None,
        notes: row.notes,
        blocked: row.blocked,
        held_since: row.held_since,
        consent,
        offers: ConsentView::default(),
        email_dead_since: None,
        tags: Vec::new(),
        other_phones: Vec::new(),
        merged_into: row.merged_into,
        phone_verified_at: row.phone_verified_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
