//! Where Twilio posts what comes to the business's numbers: looked at, and set to come here.

use contract::{Code, numbers::WebhookView};
use entity::numbers::number;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set, sea_query::LockType};
use twilio::{
    Client, ReadError,
    numbers::{Owned, Service},
};

use super::{active, requests, shown};
use crate::{
    businesses,
    channels::connections::{Connections, patient},
    kernel::{Actor, Event, Permission, Result, Services, error::problem},
};

/// Numbers that are set in one go; each takes some calls.
const AT_ONCE: usize = 30;

/// The address that stands at a number whose owner has set nothing.
const TWILIOS_EXAMPLE: &str = "https://demo.twilio.com/";

/// Where incoming texts are to be posted, as it is written at Twilio: with how patiently it tries.
pub(crate) fn inbound_url(s: &Services) -> String {
    format!("{}/webhooks/twilio/inbound#rc=5&rp=all", s.settings().public_url)
}

/// How a number was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It was in order.
    Here,
    /// It is now.
    Set,
    /// Another address stands there, and stays.
    Foreign,
    /// The account does not have the number.
    Missing,
    Failed,
}

impl Found {
    fn as_str(self) -> &'static str {
        match self {
            Found::Here => "here",
            Found::Set => "set",
            Found::Foreign => "foreign",
            Found::Missing => "missing",
            Found::Failed => "failed",
        }
    }

    fn words(word: Option<&str>) -> &'static str {
        match word {
            None => "Not looked at yet.",
            Some("here") => "Texts to it arrive here.",
            Some("set") => "Texts to it arrive here now.",
            Some("foreign") => "Texts to it go to another address, which was left as it is. Tick the box below to take it over.",
            Some("missing") => "This Twilio account does not have the number.",
            _ => "Twilio could not be asked. Please try again.",
        }
    }
}

/// Sets the addresses of the business's numbers, and of the Messaging Services they are in, so that what comes to them comes here. What
/// another address stands at is left alone, unless it is to be taken over. Of many numbers those that were not looked at for longest have
/// their turn.
///
/// # Errors
/// `NotAllowed` for staff; `Conflict` where no account is connected or there is no number.
pub async fn configure(s: &Services, actor: &Actor, take_over: bool) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let account = s.of::<Connections>().of(actor.business_id);
    let account = account.ok_or_else(|| problem(Code::Conflict, "No Twilio account is connected."))?;
    let mut rows = active(s.read(), actor.business_id).await?;
    if rows.is_empty() {
        return Err(problem(Code::Conflict, "There is no number yet whose address could be set."));
    }
    // What was never looked at comes first.
    rows.sort_by_key(|row| row.webhook_at);
    let url = inbound_url(s);
    for row in rows.into_iter().take(AT_ONCE) {
        let (found, was) = match set(account.client(), &row.phone, &url, take_over).await {
            Ok(done) => done,
            Err(cause) => {
                tracing::warn!(%cause, "a number's address could not be set");
                // Whom Twilio refuses as a whole need not be asked for the rest.
                if let ReadError::Http { http: 401 | 403, .. } | ReadError::OtherAccount = cause {
                    return Err(requests::unreadable(&cause));
                }
                (Found::Failed, None)
            }
        };
        keep(s, actor, row, found, was).await?;
    }
    Ok(())
}

async fn keep(s: &Services, actor: &Actor, row: number::Model, found: Found, was: Option<String>) -> Result<()> {
    let mut tx = s.begin().await?;
    let row = number::Entity::find_by_id(row.id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let Some(row) = row else { return tx.commit().await };
    let id = row.id;
    let mut row = row.into_active_model();
    row.webhook = Set(Some(found.as_str().to_owned()));
    row.webhook_was = Set(was.clone());
    row.webhook_at = Set(Some(tx.now));
    row.update(&tx.db).await?;
    if found == Found::Set {
        let event = Event::NumberConfigured(id);
        tx.record_change(actor.business_id, &actor.who, event, was, Some(inbound_url(s)));
    }
    tx.commit().await
}

/// Sets one number, and the services that it is in. Also what stood there before, where that was another address.
async fn set(
    client: &Client,
    phone: &str,
    url: &str,
    take_over: bool,
) -> std::result::Result<(Found, Option<String>), ReadError> {
    let Some(owned) = patient(|| client.owned(phone)).await? else {
        return Ok((Found::Missing, None));
    };
    let services = patient(|| client.services_of(&owned.sid)).await?;
    let foreign = foreign(&owned, &services, url);
    if foreign.is_some() && !take_over {
        return Ok((Found::Foreign, foreign));
    }
    let mut found = Found::Here;
    if !comes_here(&owned, url) {
        patient(|| client.set_sms_url(&owned.sid, url)).await?;
        found = Found::Set;
    }
    for service in services.iter().filter(|service| overrides(service, url)) {
        patient(|| client.set_inbound_url(&service.sid, url)).await?;
        found = Found::Set;
    }
    Ok((found, foreign))
}

/// Without what is Twilio's place for options.
fn address(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

fn comes_here(owned: &Owned, url: &str) -> bool {
    address(&owned.sms_url) == address(url)
        && owned.sms_method.eq_ignore_ascii_case("POST")
        && owned.sms_application_sid.is_empty()
}

/// A service that does not leave it to the number, and does not post here.
fn overrides(service: &Service, url: &str) -> bool {
    !service.defers_to_number && service.inbound_url.as_deref().map(address) != Some(address(url))
}

/// The address that somebody else has set.
fn foreign(owned: &Owned, services: &[Service], url: &str) -> Option<String> {
    let theirs = |set: &str| !set.is_empty() && address(set) != address(url) && !set.starts_with(TWILIOS_EXAMPLE);
    let application = Some(&owned.sms_application_sid).filter(|sid| !sid.is_empty());
    let own = Some(&owned.sms_url).filter(|set| theirs(set));
    let service = services.iter().filter(|service| !service.defers_to_number);
    let service = service
        .filter_map(|service| service.inbound_url.as_ref())
        .find(|set| theirs(set));
    application.or(own).or(service).cloned()
}

/// What was found the last time, number by number.
pub(crate) async fn found(s: &Services, actor: &Actor) -> Result<Vec<WebhookView>> {
    let country = businesses::get(s.read(), actor.business_id).await?.country;
    let rows = active(s.read(), actor.business_id).await?;
    let view = |row: number::Model| WebhookView {
        phone_display: shown(&row.phone, &country),
        words: Found::words(row.webhook.as_deref()).to_owned(),
        state: row.webhook,
        was: row.webhook_was,
        at: row.webhook_at,
    };
    Ok(rows.into_iter().map(view).collect())
}
