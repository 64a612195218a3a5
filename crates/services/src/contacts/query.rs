//! Reading contacts.

use std::collections::HashMap;

use contract::{
    Page,
    contacts::{ConsentView, ContactQuery, ContactView},
};
use domain::consent::State;
use entity::contacts::contact;
use sea_orm::{ConnectionTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{by_phone, consent, many, opened, search};
use crate::{
    businesses,
    kernel::{
        Actor, Permission, Result, Services,
        error::not_found,
        paging::{self, Cursor, PAGE},
    },
};

/// One contact.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<ContactView> {
    actor.may(Permission::ReadContacts)?;
    view(s, s.read(), actor.business_id, id).await
}

/// Contacts in alphabetical order, those known by number only first; `q` is part of a name, number or e-mail.
///
/// # Errors
/// `Malformed` for a cursor that is none.
pub async fn list(s: &Services, actor: &Actor, query: ContactQuery) -> Result<Page<ContactView>> {
    actor.may(Permission::ReadContacts)?;
    let business_id = actor.business_id;
    let after = Cursor::<String>::decode(query.cursor.as_deref())?;
    let page = match query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        None => paging::page(all(business_id, after).all(s.read()).await?, |row| {
            Cursor(row.search.clone(), row.id)
        }),
        Some(q) => {
            let q = &domain::inbound::clean(q);
            let country = businesses::get(s.read(), business_id).await?.country;
            if let Some(person) = with_number(s, business_id, q, &country).await? {
                return Ok(Page {
                    data: vec![person],
                    next_cursor: None,
                });
            }
            let found = search::find(s, business_id, q, domain::phone::trunk(&country), after).await?;
            return pick(
                s,
                business_id,
                paging::page(found, |(search, id)| Cursor(search.clone(), *id)),
            )
            .await;
        }
    };
    let mut rows = Vec::with_capacity(page.data.len());
    for row in page.data {
        rows.push(opened(s, row).await?);
    }
    Ok(Page {
        data: views(s.read(), business_id, rows).await?,
        next_cursor: page.next_cursor,
    })
}

fn all(business_id: Uuid, after: Option<Cursor<String>>) -> Select<contact::Entity> {
    let (search, id) = (contact::Column::Search, contact::Column::Id);
    let rows = contact::Entity::in_business(business_id)
        .order_by_asc(search)
        .order_by_asc(id)
        .limit(PAGE + 1);
    match after {
        Some(Cursor(text, i)) => rows.filter(paging::beyond(search, id, text, i, false)),
        None => rows,
    }
}

/// A whole number, however it is written, is found by its blind index.
async fn with_number(s: &Services, business_id: Uuid, q: &str, country: &str) -> Result<Option<ContactView>> {
    let Ok(phone) = domain::phone::parse(q, country) else {
        return Ok(None);
    };
    let row = by_phone(s, s.read(), business_id, &phone).await?;
    let row = row.into_iter().collect();
    Ok(views(s.read(), business_id, row).await?.pop())
}

/// The people on a page of hits, in its order.
async fn pick(s: &Services, business_id: Uuid, hits: Page<(String, Uuid)>) -> Result<Page<ContactView>> {
    let ids: Vec<Uuid> = hits.data.into_iter().map(|(_, id)| id).collect();
    let mut people = many(s, s.read(), business_id, ids.clone()).await?;
    let rows = ids.iter().filter_map(|id| people.remove(id)).collect();
    Ok(Page {
        data: views(s.read(), business_id, rows).await?,
        next_cursor: hits.next_cursor,
    })
}

pub(crate) async fn view(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<ContactView> {
    let row = many(s, db, business_id, vec![id]).await?.remove(&id);
    let row = row.ok_or_else(|| not_found("contact"))?;
    views(db, business_id, vec![row])
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
    views(db, business_id, people.into_values().collect()).await
}

async fn views(db: &impl ConnectionTrait, business_id: Uuid, rows: Vec<contact::Model>) -> Result<Vec<ContactView>> {
    let country = businesses::get(db, business_id).await?.country;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let states: HashMap<Uuid, State> = consent::states(db, business_id, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let state = states.get(&row.id).copied().unwrap_or_default();
            shown(row, state, &country)
        })
        .collect())
}

/// `row` is in plain; `country` is the business's.
pub(super) fn shown(row: contact::Model, state: State, country: &str) -> ContactView {
    ContactView {
        id: row.id,
        name: row.name,
        phone_display: domain::phone::display(&row.phone, country),
        phone: row.phone,
        email: row.email,
        time_zone: row.time_zone,
        language: row.language,
        notes: row.notes,
        blocked: row.blocked,
        held_since: row.held_since,
        consent: ConsentView { sms: state },
        created_at: row.created_at,
    }
}
