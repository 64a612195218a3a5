//! WhatsApp senders: how each stands at Twilio, what people see of it, and where Twilio posts what comes to it. They are made in Twilio's
//! console; here they are looked at again and again, and nothing leaves from one that is not online.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use contract::{Code, numbers::SenderView};
use entity::{numbers::number, whatsapp::whatsapp_sender};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use twilio::{
    Client, ReadError,
    senders::{Sender, SenderStatus, SenderWebhook},
};
use uuid::Uuid;

use super::{ACTIVE, MOST, requests, shown, webhooks::inbound_url};
use crate::{
    businesses,
    channels::connections::{Connections, patient},
    kernel::{
        Actor, Event, Permission, Principal, Result, Services, Tx,
        error::{not_found, problem},
        queue::Job,
    },
};

/// Senders that are asked about in one tick, and pages of an account's list that are read for one.
const SOME: u64 = 20;
const PAGES: usize = 20;

/// One that is being asked about is not asked about again meanwhile.
const LEASE: Duration = Duration::minutes(5);

/// How often it is looked at while it sends, and while it does not.
const ONLINE_LOOK: Duration = Duration::minutes(15);
const OFFLINE_LOOK: Duration = Duration::minutes(2);

/// A message that waits for its sender is looked at again after so long; sooner when that is online.
pub(crate) const LOOK: Duration = Duration::minutes(10);

/// Who speaks of a sender.
const TWILIO: Principal = Principal::System("Twilio");

/// WhatsApp senders of a business that are in use, the oldest first.
pub(crate) async fn active(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<number::Model>> {
    let rows = number::Entity::in_business(business_id)
        .filter(number::Column::Status.eq(ACTIVE))
        .filter(number::Column::Phone.like("whatsapp:%"))
        .order_by_asc(number::Column::CreatedAt)
        .order_by_asc(number::Column::Id)
        .limit(MOST);
    Ok(rows.all(db).await?)
}

/// Whether a business has one, read once in a transaction.
pub(crate) async fn any(tx: &mut Tx, business_id: Uuid) -> Result<bool> {
    #[derive(Default)]
    struct Known(HashMap<Uuid, bool>);
    if let Some(known) = tx.memo::<Known>().0.get(&business_id) {
        return Ok(*known);
    }
    let any = !active(&tx.db, business_id).await?.is_empty();
    tx.memo::<Known>().0.insert(business_id, any);
    Ok(any)
}

/// How these numbers stand, those of them that are WhatsApp senders.
pub(crate) async fn standings(db: &impl ConnectionTrait, numbers: &[Uuid]) -> Result<HashMap<Uuid, whatsapp_sender::Model>> {
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = whatsapp_sender::Entity::find().filter(whatsapp_sender::Column::NumberId.is_in(numbers.iter().copied()));
    Ok(rows.all(db).await?.into_iter().map(|row| (row.number_id, row)).collect())
}

/// Why nothing leaves from it now, if so.
pub(crate) fn holds_back(phone: &str, standing: Option<&whatsapp_sender::Model>) -> Option<String> {
    let name = phone.trim_start_matches(super::WHATSAPP);
    let Some(status) = standing.and_then(|row| row.status.as_deref()) else {
        return Some(format!("Twilio was not asked yet how the WhatsApp sender {name} is."));
    };
    if SenderStatus::parse(status).sends() {
        return None;
    }
    let reason = standing.and_then(|row| row.reason.as_deref());
    let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
    Some(format!("The WhatsApp sender {name} is not online.{reason}"))
}

/// A new one, to be looked at at once.
pub(super) async fn added(tx: &mut Tx, row: &number::Model) -> Result<()> {
    let new = whatsapp_sender::ActiveModel {
        number_id: Set(row.id),
        business_id: Set(row.business_id),
        next_at: Set(Some(tx.now)),
        ..Default::default()
    };
    whatsapp_sender::Entity::insert(new).exec_without_returning(&tx.db).await?;
    let key = format!("sender:{}:{}", row.id, tx.now.timestamp());
    tx.enqueue(&Job::CheckSender { number_id: row.id }, tx.now, Some(&key)).await
}

/// Asks about senders whose time has come.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    let due = due(s.now()).limit(SOME).all(s.read()).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    for row in due {
        let at = row.next_at.map_or(0, |at| at.timestamp());
        whatsapp_sender::Entity::update_many()
            .col_expr(whatsapp_sender::Column::NextAt, Expr::value(tx.now + LEASE))
            .filter(whatsapp_sender::Column::NumberId.eq(row.number_id))
            .exec(&tx.db)
            .await?;
        let key = format!("sender:{}:{at}", row.number_id);
        let job = Job::CheckSender {
            number_id: row.number_id,
        };
        tx.enqueue(&job, tx.now, Some(&key)).await?;
    }
    tx.commit().await
}

fn due(now: DateTime<Utc>) -> sea_orm::Select<whatsapp_sender::Entity> {
    whatsapp_sender::Entity::find()
        .filter(whatsapp_sender::Column::NextAt.lte(now))
        .order_by_asc(whatsapp_sender::Column::NextAt)
}

/// Asks Twilio about one sender now.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`.
pub async fn check_now(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let (row, _) = of_business(s, actor, id).await?;
    check(s, row.id).await
}

async fn of_business(s: &Services, actor: &Actor, id: Uuid) -> Result<(number::Model, whatsapp_sender::Model)> {
    let row = number::Entity::these(actor.business_id, [id]).one(s.read()).await?;
    let row = row.filter(|row| row.status == ACTIVE).ok_or_else(|| not_found("sender"))?;
    let standing = whatsapp_sender::Entity::find_by_id(row.id).one(s.read()).await?;
    Ok((row, standing.ok_or_else(|| not_found("sender"))?))
}

/// Asks Twilio how a sender stands, and writes down what it says. That Twilio does not answer is no news about it.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn check(s: &Services, id: Uuid) -> Result<()> {
    let row = number::Entity::find_by_id(id).one(s.read()).await?;
    let Some(row) = row.filter(|row| row.status == ACTIVE) else {
        return Ok(());
    };
    let seen = match s.of::<Connections>().of(row.business_id) {
        Some(account) => seen(account.client(), &row.phone).await,
        None => Ok(None),
    };
    let seen = match seen {
        Ok(seen) => seen,
        Err(cause) => {
            tracing::warn!(%cause, "how a WhatsApp sender stands can't be read");
            return Ok(());
        }
    };
    let mut tx = s.begin().await?;
    write(&mut tx, &row, seen.as_ref(), None).await?;
    tx.commit().await
}

/// The account's sender of this number.
async fn seen(client: &Client, phone: &str) -> std::result::Result<Option<Sender>, ReadError> {
    let mut next: Option<String> = None;
    for _ in 0..PAGES {
        let (senders, more) = patient(|| client.senders(next.as_deref())).await?;
        if let Some(found) = senders.into_iter().find(|sender| sender.sender_id == phone) {
            return Ok(Some(found));
        }
        match more {
            Some(more) => next = Some(more),
            None => break,
        }
    }
    Ok(None)
}

/// `found`: what came of setting its addresses.
async fn write(tx: &mut Tx, number: &number::Model, seen: Option<&Sender>, found: Option<Found>) -> Result<()> {
    let row = whatsapp_sender::Entity::find_by_id(number.id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let Some(row) = row else { return Ok(()) };
    let text = |text: &str| Some(text.chars().take(500).collect::<String>()).filter(|t| !t.is_empty());
    let status = seen.map_or("MISSING", |sender| sender.status.as_str());
    let sends = seen.is_some_and(|sender| sender.status.sends());
    let reason = match seen {
        None => Some("This Twilio account does not have it.".to_owned()),
        Some(sender) => reasons(sender),
    };
    if row.status.is_some() && sends != row.status.as_deref().is_some_and(|was| SenderStatus::parse(was).sends()) {
        tell(tx, number, sends, reason.as_deref());
    } else if row.status.is_none() && sends {
        // What waited for the first look may go.
        tell(tx, number, true, None);
    }
    let mut row = row.into_active_model();
    row.status = Set(Some(status.to_owned()));
    row.reason = Set(reason.as_deref().and_then(text));
    row.checked_at = Set(Some(tx.now));
    row.next_at = Set(Some(tx.now + if sends { ONLINE_LOOK } else { OFFLINE_LOOK }));
    if let Some(sender) = seen {
        row.provider_sid = Set(Some(sender.sid.clone()));
        row.quality = Set(sender.quality_rating.as_deref().and_then(text));
        row.messaging_limit = Set(sender.messaging_limit.as_deref().and_then(text));
        row.profile_name = Set(text(&sender.profile.name));
        row.profile_about = Set(text(&sender.profile.about));
        row.profile_logo = Set(text(&sender.profile.logo_url).filter(|url| url.starts_with("https://")));
        row.callback_url = Set(text(&sender.webhook.callback_url));
        row.status_url = Set(text(&sender.webhook.status_callback_url));
    }
    if let Some(found) = found {
        row.found = Set(Some(found.as_str().to_owned()));
    }
    row.update(&tx.db).await?;
    Ok(())
}

/// Why it is off, in a sentence each.
fn reasons(sender: &Sender) -> Option<String> {
    let told: Vec<String> = sender
        .offline_reasons
        .iter()
        .map(|reason| match reason.code.and_then(twilio::errors::lookup) {
            Some(entry) => format!("{} {}", entry.words, entry.next_step),
            None if reason.message.is_empty() => "Twilio gives no reason that is known here.".to_owned(),
            None => reason.message.clone(),
        })
        .collect();
    Some(told.join(" ")).filter(|told| !told.is_empty())
}

fn tell(tx: &mut Tx, number: &number::Model, sends: bool, reason: Option<&str>) {
    let name = number.phone.trim_start_matches(super::WHATSAPP);
    let news = if sends {
        format!("The WhatsApp sender {name} is online.")
    } else {
        format!("The WhatsApp sender {name} is not online. {}", reason.unwrap_or_default())
    };
    let event = Event::RegistrationChanged {
        number: number.id,
        news: news.trim_end().into(),
    };
    tx.record(number.business_id, &TWILIO, event);
}

/// How its addresses were found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Here,
    Set,
    /// Another address stands there, and stays.
    Foreign,
    /// They were set, and something else stands there.
    Failed,
}

impl Found {
    fn as_str(self) -> &'static str {
        match self {
            Found::Here => "here",
            Found::Set => "set",
            Found::Foreign => "foreign",
            Found::Failed => "failed",
        }
    }

    fn words(word: Option<&str>) -> &'static str {
        match word {
            None => "Not set from here yet.",
            Some("here") => "Messages to it arrive here.",
            Some("set") => "Messages to it arrive here now.",
            Some("foreign") => "Messages to it go to another address, which was left as it is. Take it over below.",
            _ => "Twilio took the address and shows another one. Please try again.",
        }
    }
}

/// Where Twilio reports how its messages do that named no address of their own.
fn status_url(s: &Services) -> String {
    format!("{}/webhooks/twilio/status", s.settings().public_url)
}

/// Sets where Twilio posts what comes to a sender. What another address stands at is left alone, unless it is to be taken over.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`; `Conflict` where no account is connected, or it does not have the sender.
pub async fn configure(s: &Services, actor: &Actor, id: Uuid, take_over: bool) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let (row, _) = of_business(s, actor, id).await?;
    let account = s.of::<Connections>().of(actor.business_id);
    let account = account.ok_or_else(|| problem(Code::Conflict, "No Twilio account is connected."))?;
    let client = account.client();
    let found = seen(client, &row.phone).await.map_err(|e| requests::unreadable(&e))?;
    let before = found.ok_or_else(|| problem(Code::Conflict, "This Twilio account does not have the sender."))?;
    let ours = SenderWebhook {
        callback_url: inbound_url(s),
        callback_method: "POST".to_owned(),
        status_callback_url: status_url(s),
        status_callback_method: "POST".to_owned(),
        ..before.webhook.clone()
    };
    let (found, after) = if comes_here(&before.webhook, &ours) {
        (Found::Here, before.clone())
    } else if foreign(&before.webhook, &ours).is_some() && !take_over {
        (Found::Foreign, before.clone())
    } else {
        let set = patient(|| client.set_sender_webhook(&before.sid, &ours)).await;
        set.map_err(|e| requests::unreadable(&e))?;
        let after = patient(|| client.sender(&before.sid))
            .await
            .map_err(|e| requests::unreadable(&e))?;
        let stands = comes_here(&after.webhook, &ours);
        (if stands { Found::Set } else { Found::Failed }, after)
    };
    let mut tx = s.begin().await?;
    write(&mut tx, &row, Some(&after), Some(found)).await?;
    if found == Found::Set {
        let was = Some(before.webhook.callback_url).filter(|url| !url.is_empty());
        let event = Event::NumberConfigured(row.id);
        tx.record_change(actor.business_id, &actor.who, event, was, Some(ours.callback_url));
    }
    tx.commit().await
}

/// Without what is Twilio's place for options.
fn address(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

fn comes_here(set: &SenderWebhook, ours: &SenderWebhook) -> bool {
    address(&set.callback_url) == address(&ours.callback_url)
        && address(&set.status_callback_url) == address(&ours.status_callback_url)
        && !set.callback_method.eq_ignore_ascii_case("GET")
}

/// The address that somebody else has set.
fn foreign<'a>(set: &'a SenderWebhook, ours: &SenderWebhook) -> Option<&'a str> {
    [
        (&set.callback_url, &ours.callback_url),
        (&set.status_callback_url, &ours.status_callback_url),
    ]
    .into_iter()
    .find(|(set, ours)| !set.is_empty() && address(set) != address(ours))
    .map(|(set, _)| set.as_str())
}

/// The business's WhatsApp senders as they were seen last.
pub(crate) async fn list(s: &Services, business_id: Uuid) -> Result<Vec<SenderView>> {
    let rows = active(s.read(), business_id).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let country = businesses::get(s.read(), business_id).await?.country;
    let mut known = standings(s.read(), &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    let view = |row: number::Model| {
        let standing = known.remove(&row.id);
        let held = holds_back(&row.phone, standing.as_ref());
        let of = |pick: fn(&whatsapp_sender::Model) -> &Option<String>| standing.as_ref().and_then(|row| pick(row).clone());
        SenderView {
            id: row.id,
            phone_display: shown(&row.phone, &country),
            online: held.is_none(),
            state: of(|row| &row.status),
            words: held.unwrap_or_else(|| "Online.".to_owned()),
            quality: of(|row| &row.quality),
            messaging_limit: of(|row| &row.messaging_limit),
            name: of(|row| &row.profile_name),
            about: of(|row| &row.profile_about),
            logo: of(|row| &row.profile_logo),
            callback_url: of(|row| &row.callback_url),
            callback_url_ours: inbound_url(s),
            status_url: of(|row| &row.status_url),
            status_url_ours: status_url(s),
            found: of(|row| &row.found),
            found_words: Found::words(of(|row| &row.found).as_deref()).to_owned(),
            checked_at: standing.as_ref().and_then(|row| row.checked_at),
        }
    };
    Ok(rows.into_iter().map(view).collect())
}
