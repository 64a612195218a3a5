//! Reading contacts.

use std::collections::HashMap;

use contract::{
    Page,
    contacts::{ConsentView, ContactPage, ContactQuery, ContactView},
};
use domain::consent::State;
use entity::contacts::contact;
use sea_orm::{
    ColumnTrait, ConnectionTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LikeExpr},
};
use uuid::Uuid;

use super::consent;
use crate::{
    Actor, Permission, Result, Services, appointments, businesses, conversations,
    error::not_found,
    paging::{self, Cursor, PAGE},
};

/// One contact.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<ContactView> {
    actor.may(Permission::ReadContacts)?;
    view(s.read(), actor.business_id, id).await
}

/// Contacts in alphabetical order, those known by number only first; `q` is part of a name, number or e-mail.
///
/// # Errors
/// `Malformed` for a cursor that is none.
pub async fn list(s: &Services, actor: &Actor, query: ContactQuery) -> Result<Page<ContactView>> {
    actor.may(Permission::ReadContacts)?;
    let mut rows = contact::Entity::in_business(actor.business_id)
        .order_by_asc(contact::Column::Search)
        .order_by_asc(contact::Column::Id)
        .limit(PAGE + 1);
    if let Some(q) = query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        rows = rows.filter(Expr::col(contact::Column::Search).like(LikeExpr::new(pattern(q)).escape('\\')));
    }
    if let Some(Cursor(search, id)) = Cursor::<String>::decode(query.cursor.as_deref())? {
        rows = rows.filter(paging::beyond(
            contact::Column::Search,
            contact::Column::Id,
            search,
            id,
            false,
        ));
    }
    let page = paging::page(rows.all(s.read()).await?, |row| Cursor(row.search.clone(), row.id));
    Ok(Page {
        data: views(s.read(), actor.business_id, page.data).await?,
        next_cursor: page.next_cursor,
    })
}

/// What somebody typed, as a LIKE pattern. A number is looked for by its digits, however it was spaced.
fn pattern(q: &str) -> String {
    let q = &domain::inbound::clean(q);
    let digits: String = q.chars().filter(char::is_ascii_digit).collect();
    let number = digits.len() >= 3 && q.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
    let text = if number {
        digits
    } else {
        q.chars().take(100).collect::<String>().to_lowercase()
    };
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// A contact's page.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn page(s: &Services, actor: &Actor, id: Uuid) -> Result<ContactPage> {
    actor.may(Permission::ReadContacts)?;
    let contact = view(s.read(), actor.business_id, id).await?;
    Ok(ContactPage {
        ledger: consent::ledger(s.read(), actor.business_id, id).await?,
        visits: appointments::of_contact(s.read(), actor.business_id, id).await?,
        conversation_id: conversations::of_contact(s.read(), actor.business_id, id)
            .await?
            .map(|c| c.id),
        contact,
    })
}

pub(crate) async fn view(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<ContactView> {
    let row = contact::Entity::in_business(business_id)
        .filter(contact::Column::Id.eq(id))
        .one(db)
        .await?;
    let row = row.ok_or_else(|| not_found("contact"))?;
    views(db, business_id, vec![row])
        .await?
        .pop()
        .ok_or_else(|| not_found("contact"))
}

/// Several contacts as they are now, in no particular order.
pub(crate) async fn views_of(db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<ContactView>> {
    let rows = contact::Entity::in_business(business_id)
        .filter(contact::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    views(db, business_id, rows).await
}

async fn views(db: &impl ConnectionTrait, business_id: Uuid, rows: Vec<contact::Model>) -> Result<Vec<ContactView>> {
    let country = businesses::get(db, business_id).await?.country;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let states: HashMap<Uuid, State> = consent::states(db, business_id, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|r| ContactView {
            id: r.id,
            name: r.name,
            phone_display: domain::phone::display(&r.phone, &country),
            phone: r.phone,
            email: r.email,
            time_zone: r.time_zone,
            notes: r.notes,
            blocked: r.blocked,
            held_since: r.held_since,
            consent: ConsentView {
                sms: states.get(&r.id).copied().unwrap_or_default(),
            },
            created_at: r.created_at,
        })
        .collect())
}
