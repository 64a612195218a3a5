//! Filters in words, as a chip says them.

use domain::{
    filters::{Filters, Visit},
    search::{Channel, Is},
};
use entity::businesses::location;
use uuid::Uuid;

use crate::{
    accounts,
    kernel::{Actor, Result, Services},
};

/// One of the pairs of filters.
pub(super) async fn of(s: &Services, actor: &Actor, filters: &Filters, name: &str, value: &str) -> Result<String> {
    Ok(match name {
        "is" => filters.is.map(is).unwrap_or_default().to_owned(),
        "assigned" => match value {
            "me" => "Assigned to me".to_owned(),
            "none" => "Assigned to nobody".to_owned(),
            id => format!("Assigned to {}", member(s, actor, id).await?),
        },
        "tag" => format!("Tag “{value}”"),
        "location" => format!("Visits at {}", place(s, actor, value).await?),
        "channel" => filters.channel.map(by).unwrap_or_default().to_owned(),
        "visit" => filters.visit.map(visit).unwrap_or_default().to_owned(),
        "since" => format!("Wrote last {} or later", day(value)),
        _ => format!("Wrote last {} or earlier", day(value)),
    })
}

fn is(is: Is) -> &'static str {
    match is {
        Is::Unread => "Unread",
        Is::Waiting => "Waits for an answer",
        Is::Open => "Open",
        Is::Closed => "Closed",
        Is::Snoozed => "Snoozed",
        Is::Failed => "Last text failed",
        Is::OptedOut => "Opted out",
        Is::Hold => "On hold",
    }
}

fn by(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "Last by text",
        Channel::Whatsapp => "Last by WhatsApp",
        Channel::Email => "Last by e-mail",
    }
}

fn visit(visit: Visit) -> &'static str {
    match visit {
        Visit::Any => "Visit to come",
        Visit::Today => "Visit today",
        Visit::Tomorrow => "Visit tomorrow",
        Visit::Week => "Visit within 7 days",
    }
}

fn day(value: &str) -> String {
    match value.strip_suffix('d') {
        Some("1") => "1 day ago".to_owned(),
        Some(days) => format!("{days} days ago"),
        None if value.starts_with(|c: char| c.is_ascii_digit()) => format!("on {value}"),
        None => value.to_owned(),
    }
}

async fn member(s: &Services, actor: &Actor, id: &str) -> Result<String> {
    let account = match id.parse::<Uuid>() {
        Ok(id) if accounts::is_member(s.read(), actor.business_id, id).await? => Some(id),
        _ => None,
    };
    let name = accounts::names(s.read(), account).await?.into_values().next();
    Ok(name.unwrap_or_else(|| "somebody who has left".to_owned()))
}

async fn place(s: &Services, actor: &Actor, id: &str) -> Result<String> {
    let row = match id.parse::<Uuid>() {
        Ok(id) => location::Entity::these(actor.business_id, [id]).one(s.read()).await?,
        Err(_) => None,
    };
    Ok(row.map_or_else(|| "a place that is gone".to_owned(), |row| row.name))
}
