//! The message log with the people in it.

use contract::{
    Page,
    messages::{LogQuery, LogRow},
};
use uuid::Uuid;

use crate::{
    businesses, contacts,
    kernel::{Actor, Result, Services},
    messages,
};

/// The message log with the people in it.
///
/// # Errors
/// As `messages::list`.
pub async fn log(s: &Services, actor: &Actor, query: LogQuery) -> Result<Page<LogRow>> {
    let page = messages::list(s, actor, query).await?;
    let country = businesses::get(s.read(), actor.business_id).await?.country;
    let mut ids: Vec<Uuid> = page.data.iter().map(|m| m.contact_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = contacts::many(s, s.read(), actor.business_id, ids).await?;
    let name = |id: &Uuid| match people.get(id) {
        Some(person) if person.name.is_empty() => domain::phone::display(&person.phone, &country),
        Some(person) => person.name.clone(),
        None => String::new(),
    };
    let rows = page.data.into_iter().map(|message| LogRow {
        contact_name: name(&message.contact_id),
        message,
    });
    Ok(Page {
        data: rows.collect(),
        next_cursor: page.next_cursor,
    })
}
