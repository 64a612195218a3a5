//! Who has waited long is asked once whether they still do.

use chrono::Duration;
use contract::waitlist::EntryStatus;
use domain::{
    consent::Purpose,
    origin::Origin,
    templates::Kind,
    texts,
    waitlist::{ASKED_DAYS_BEFORE, WAITS_DAYS},
};
use entity::{contacts::contact, messages::message, waitlist::waitlist_entry};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    entries,
    reading::wished_way,
    saying::{self, Going, Saying, list_page},
};
use crate::{
    businesses, contacts,
    kernel::{Principal, Result, Services, Tx},
    outbox::ways,
    questions,
    templates::About,
};

/// Entries looked at in one go.
const AT_ONCE: u64 = 50;

/// Entries that are to be asked about, or that end.
pub(crate) fn due(now: chrono::DateTime<chrono::Utc>) -> Select<waitlist_entry::Entity> {
    waitlist_entry::Entity::find()
        .filter(Expr::cust("\"look_at\" IS NOT NULL"))
        .filter(waitlist_entry::Column::LookAt.lte(now))
        .order_by_asc(waitlist_entry::Column::LookAt)
        .limit(AT_ONCE)
}

/// Asks who has waited long, and takes off the list who has not said that they still wait.
pub(super) async fn tick(s: &Services) -> Result<()> {
    let rows: Vec<(Uuid, Uuid)> = due(s.now())
        .select_only()
        .columns([waitlist_entry::Column::BusinessId, waitlist_entry::Column::Id])
        .into_tuple()
        .all(s.read())
        .await?;
    for (business_id, id) in rows {
        let mut tx = s.begin().await?;
        let (contact, entry) = entries::locked(&tx, business_id, id).await?;
        look(&mut tx, &contact, entry).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn look(tx: &mut Tx, contact: &contact::Model, entry: waitlist_entry::Model) -> Result<()> {
    if entry.look_at.is_none_or(|at| at > tx.now) {
        return Ok(());
    }
    if entry.expires_at <= tx.now {
        return entries::end(tx, &Principal::System("the waitlist"), entry, EntryStatus::Expired).await;
    }
    let ends = entry.expires_at;
    if entry.asked_at.is_none() {
        ask(tx, contact, &entry).await?;
    }
    let mut row = entry.into_active_model();
    row.asked_at = Set(Some(tx.now));
    row.look_at = Set(Some(ends));
    row.update(&tx.db).await?;
    Ok(())
}

/// Asks, if there is a way to them.
async fn ask(tx: &mut Tx, contact: &contact::Model, entry: &waitlist_entry::Model) -> Result<()> {
    if contact.blocked || contact.sample || contact.held_since.is_some() {
        return Ok(());
    }
    match ways::wished(tx, contact, &intent(entry), None, Purpose::Transactional, wished_way(entry)).await? {
        Ok(way) => ask_by(tx, contact, entry, (way, None)).await,
        Err(_) => Ok(()),
    }
}

fn intent(entry: &waitlist_entry::Model) -> String {
    format!("{ASKS}{}:{}", entry.id, entry.expires_at.timestamp())
}

const ASKS: &str = "still_waiting:";

/// Whether a message of the waitlist asks this.
pub(super) fn is_asked_by(m: &message::Model) -> bool {
    m.correlation_id.as_deref().is_some_and(|id| id.starts_with(ASKS))
}

/// Asks by one way.
pub(super) async fn ask_by(tx: &mut Tx, contact: &contact::Model, entry: &waitlist_entry::Model, going: Going) -> Result<()> {
    let business = businesses::of(tx, entry.business_id).await?;
    let known = match going.1 {
        Some(_) => questions::token_of(tx, business.id, entry.id).await?,
        None => None,
    };
    let token = match known {
        Some(token) => token,
        None => {
            let token = contacts::take_token(tx, contact.clone()).await?;
            questions::clear(tx, business.id, entry.id, token).await?;
            token
        }
    };
    let asks_more = questions::others_open(tx, business.id, contact.id, &[entry.id]).await?;
    let shown = u16::try_from(token).ok().filter(|_| asks_more);
    let saying = Saying {
        kind: Kind::StillWaiting,
        about: About::to(&business, contact),
        known: texts::still_waiting(&business.name, entry.for_name.as_deref(), shown),
        page: Some(list_page(tx, &business, contact, entry, false).await?),
        origin: Origin::Offer,
        origin_id: entry.id,
        intent: intent(entry),
        author: None,
        appointment_id: None,
        useful_until: Some(entry.expires_at),
        time_zone: None,
        location_id: None,
        tried: None,
    };
    let text = saying::say(tx, contact, saying, going).await?;
    let question = questions::New {
        business_id: entry.business_id,
        contact_id: contact.id,
        origin: Origin::Offer,
        origin_id: entry.id,
        subject_id: entry.id,
        token,
        at: entry.expires_at,
        time_zone: None,
        name: entry.for_name.as_deref(),
        message_id: text.id,
        expires_at: entry.expires_at,
    };
    questions::ask(tx, question).await
}

/// They say on their page that they wait on; who is not on the list any more stays so.
pub(crate) async fn stay(s: &Services, business_id: Uuid, id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    let (_, entry) = entries::locked(&tx, business_id, id).await?;
    questions::answer_of(&tx, business_id, id, true).await?;
    answered(&mut tx, entry, true).await?;
    tx.commit().await
}

/// What they said: yes, they wait on; no, they leave.
pub(super) async fn answered(tx: &mut Tx, entry: waitlist_entry::Model, yes: bool) -> Result<()> {
    questions::set_expiry(tx, entry.business_id, &[entry.id], tx.now).await?;
    if entry.status != EntryStatus::Waiting.as_str() {
        return Ok(());
    }
    if !yes {
        return entries::end(tx, &Principal::Customer, entry, EntryStatus::Left).await;
    }
    let expires_at = tx.now + Duration::days(WAITS_DAYS);
    let mut row = entry.into_active_model();
    row.expires_at = Set(expires_at);
    row.asked_at = Set(None);
    row.look_at = Set(Some(expires_at - Duration::days(ASKED_DAYS_BEFORE)));
    row.updated_at = Set(tx.now);
    row.update(&tx.db).await?;
    Ok(())
}
