//! How somebody would like to be reached and spoken to: as staff and programs note it, and as they say it themselves.

use std::collections::BTreeMap;

use contract::contacts::{ContactChannels, ContactView};
use domain::consent::Channel;
use entity::contacts::contact;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::{finish, locked_alone};
use crate::kernel::{Actor, Event, Permission, Principal, Result, Services, Tx, error::field, tx::Changed};

/// Notes by which ways somebody would like to be reached, best first.
///
/// # Errors
/// `Invalid` for a way that is none, that is there twice, or to which nothing is known; `NotFound`; `Conflict` for a contact that was
/// merged into another.
pub async fn set_channels(s: &Services, actor: &Actor, id: Uuid, cmd: ContactChannels) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let mut tx = s.begin().await?;
    let row = locked_alone(&tx, actor.business_id, id).await?;
    let channels = valid(&row, &cmd)?;
    let wish = Wish {
        channels: Some(channels),
        language: None,
    };
    note(&mut tx, &actor.who, row, wish).await?;
    finish(tx, actor.business_id, id).await
}

fn valid(row: &contact::Model, cmd: &ContactChannels) -> Result<Vec<Channel>> {
    let given = [
        ("primary", Some(cmd.primary.as_str())),
        ("secondary", cmd.secondary.as_deref()),
        ("fallback", cmd.fallback.as_deref()),
    ];
    if cmd.fallback.is_some() && cmd.secondary.is_none() {
        return Err(field("secondary", "Please give a second way before a third."));
    }
    let mut channels = Vec::new();
    for (name, text) in given {
        let Some(text) = text else { continue };
        let channel: Channel = text
            .parse()
            .map_err(|_| field(name, "A way is \"sms\", \"whatsapp\" or \"email\"."))?;
        if channels.contains(&channel) {
            return Err(field(name, "Each way can be given once."));
        }
        if super::address(row, channel).is_none_or(|address| address.is_empty()) {
            return Err(field(name, "There is no address of theirs for this way."));
        }
        channels.push(channel);
    }
    Ok(channels)
}

/// What somebody would like; none: that stays as it is.
#[derive(Default)]
pub(crate) struct Wish {
    pub channels: Option<Vec<Channel>>,
    pub language: Option<String>,
}

/// Writes what is different. The caller holds the contact's lock.
pub(crate) async fn note(tx: &mut Tx, by: &Principal, row: contact::Model, wish: Wish) -> Result<()> {
    let (id, business_id) = (row.id, row.business_id);
    let words = |channels: Vec<Channel>| channels.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(",");
    let channels = wish.channels.map(words).or_else(|| row.channels.clone());
    let language = wish.language.or_else(|| row.language.clone());
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    for (name, was, is) in [("channels", &row.channels, &channels), ("language", &row.language, &language)] {
        if was != is {
            before.insert(name, was.clone().unwrap_or_default());
            after.insert(name, is.clone().unwrap_or_default());
        }
    }
    if after.is_empty() {
        return Ok(());
    }
    let mut row = row.into_active_model();
    row.channels = Set(channels);
    row.language = Set(language);
    row.updated_at = Set(tx.now);
    row.update(&tx.db).await?;
    tx.mark_changed(business_id, Changed::Contact(id));
    tx.record_change(business_id, by, Event::ContactChanged(id), Some(before), Some(after));
    Ok(())
}

/// What is stored; none for what this version does not know.
pub(crate) fn stored(channels: &str) -> Option<Vec<Channel>> {
    channels.split(',').map(|one| one.parse().ok()).collect()
}

pub(super) fn shown(channels: &str) -> Option<ContactChannels> {
    let mut words = stored(channels)?.into_iter().map(|channel| channel.as_str().to_owned());
    Some(ContactChannels {
        primary: words.next()?,
        secondary: words.next(),
        fallback: words.next(),
    })
}
