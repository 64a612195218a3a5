//! What a notification says, and what it opens. Who it is about is looked up: no number is stored with it.

use std::collections::HashMap;

use contract::notifications::{Kind, NotificationView};
use entity::notifications::notification;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::listen::{ALERTS, NUMBERS};
use crate::{
    contacts,
    kernel::{Result, Services},
};

/// Most of a name.
const NAME: usize = 60;

/// As the person it is for sees it.
pub(super) async fn views(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    rows: Vec<notification::Model>,
) -> Result<Vec<NotificationView>> {
    let ids = rows.iter().filter_map(|row| row.contact_id).collect();
    let people = contacts::labels(s, db, business_id, ids).await?;
    let names: HashMap<Uuid, String> = people.into_iter().map(|(id, label)| (id, label.name)).collect();
    // What another version wrote and this one does not know is left out.
    let known = rows.into_iter().filter_map(|row| Some((Kind::find(&row.kind)?, row)));
    Ok(known.map(|(kind, row)| view(kind, row, &names)).collect())
}

fn view(kind: Kind, row: notification::Model, names: &HashMap<Uuid, String>) -> NotificationView {
    let name = row.contact_id.and_then(|id| names.get(&id)).map(String::as_str);
    let (title, text) = match kind {
        Kind::Alert => (row.body, String::new()),
        _ => (title(kind, name.unwrap_or("Somebody")), row.body),
    };
    let href = match (row.conversation_id, kind) {
        (Some(id), _) => format!("/inbox/{id}"),
        (None, Kind::Task) => "/tasks".to_owned(),
        (None, Kind::Alert) if row.dedupe_key.starts_with(NUMBERS) => "/settings/numbers".to_owned(),
        (None, Kind::Alert) if row.dedupe_key.starts_with(ALERTS) => "/alerts".to_owned(),
        (None, _) => "/log".to_owned(),
    };
    NotificationView {
        id: row.id,
        kind,
        title,
        text,
        href,
        created_at: row.created_at,
        read: row.read_at.is_some(),
    }
}

fn title(kind: Kind, name: &str) -> String {
    let name: String = name.chars().take(NAME).collect();
    match kind {
        Kind::Mine | Kind::Unassigned | Kind::Others => format!("{name} wrote"),
        Kind::Mention => format!("A note about {name} names you"),
        Kind::Assigned => format!("The conversation with {name} is yours now"),
        Kind::Task => "A task is yours now".to_owned(),
        Kind::Failed => format!("A text to {name} did not arrive"),
        Kind::Alert => String::new(),
    }
}
