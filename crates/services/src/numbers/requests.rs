//! Requests for another number: a business asks, whoever runs the installation buys one, names one it has, or says why not.

mod buying;

use chrono::Duration;
use contract::{
    Code,
    numbers::{CandidateView, NumberRequestView, OpenRequestView, RequestNumber},
};
use domain::countries;
use entity::{businesses::business, numbers::number_request};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use twilio::numbers::Shelf;
use uuid::Uuid;

use super::MOST;
use crate::{
    businesses::{self, locations},
    channels::connections::{Connections, patient},
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::{field, not_found, problem, short},
        queue::Job,
    },
};

pub(crate) use buying::look_up;
pub use buying::{approve_buying, approve_owned};

const REQUESTED: &str = "requested";
const APPROVED: &str = "approved";
const DONE: &str = "active";
const REJECTED: &str = "rejected";

/// As in the index over those that somebody has to see to.
const OPEN: &str = "\"status\" IN ('requested', 'approved')";

/// Most open requests of one business.
const MOST_OPEN: u64 = 20;

/// Requests that are shown to whoever decides.
const SHOWN: u64 = 200;

/// Numbers that are offered for one request.
const OFFERED: usize = 30;

/// A purchase is looked up this often until it is known what became of it.
const LOOK: Duration = Duration::minutes(1);

/// Asks for another number.
///
/// # Errors
/// `NotAllowed` for staff and keys without the scope; `Invalid` per field; `Conflict` when twenty are open.
pub async fn ask(s: &Services, actor: &Actor, cmd: RequestNumber) -> Result<NumberRequestView> {
    actor.may(Permission::WriteNumbers)?;
    let country = cmd.country.trim().to_ascii_uppercase();
    if countries::all().iter().all(|known| known.code != country) {
        return Err(field("country", "Please name a country by its two letters, like US."));
    }
    let area_code = area_code(cmd.area_code.as_deref(), &country)?;
    let reason = short("reason", &cmd.reason, 500)?;
    if reason.is_empty() {
        return Err(field("reason", "Please say what the number is for."));
    }
    let mut tx = s.begin().await?;
    let location_id = locations::chosen(&tx.db, actor.business_id, cmd.location_id).await?;
    let open = number_request::Entity::in_business(actor.business_id).filter(Expr::cust(OPEN));
    if open.count(&tx.db).await? >= MOST_OPEN {
        let why = format!("{MOST_OPEN} requests are open already. Please wait until they are decided.");
        return Err(problem(Code::Conflict, why));
    }
    let row = number_request::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        country: Set(country),
        area_code: Set(area_code),
        location_id: Set(location_id),
        reason: Set(reason),
        status: Set(REQUESTED.to_owned()),
        asked_by: Set(actor.author()),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    let row = row.insert(&tx.db).await?;
    let facts = (
        row.country.clone(),
        row.area_code.clone(),
        row.reason.clone(),
        row.location_id,
    );
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::NumberRequested(row.id),
        None::<()>,
        Some(facts),
    );
    tx.commit().await?;
    Ok(view(row))
}

/// Digits after the country code; none if nothing was typed.
fn area_code(typed: Option<&str>, country: &str) -> Result<Option<String>> {
    let digits: String = typed
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '-'))
        .collect();
    if digits.is_empty() {
        return Ok(None);
    }
    let long = if matches!(country, "US" | "CA" | "PR") { 3..=3 } else { 1..=6 };
    if !long.contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(field(
            "area_code",
            "An area code is some digits, like 415; leave it empty if it does not matter.",
        ));
    }
    Ok(Some(digits))
}

/// One request of the actor's business.
///
/// # Errors
/// `NotAllowed`; `NotFound`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<NumberRequestView> {
    actor.may(Permission::ReadNumbers)?;
    let row = number_request::Entity::these(actor.business_id, [id]).one(s.read()).await?;
    row.map(view).ok_or_else(|| not_found("request for a number"))
}

/// The requests of the actor's business, the newest first.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<NumberRequestView>> {
    actor.may(Permission::ReadNumbers)?;
    let rows = number_request::Entity::in_business(actor.business_id)
        .order_by_desc(number_request::Column::CreatedAt)
        .limit(MOST);
    Ok(rows.all(s.read()).await?.into_iter().map(view).collect())
}

/// What waits for somebody to decide, and what is being bought, of all businesses; the oldest first.
///
/// # Errors
/// `NotAllowed` for who does not run the installation.
pub async fn open(s: &Services, actor: &Actor) -> Result<Vec<OpenRequestView>> {
    actor.may_run_installation()?;
    let rows = number_request::Entity::find()
        .filter(Expr::cust(OPEN))
        .order_by_asc(number_request::Column::CreatedAt)
        .limit(SHOWN)
        .all(s.read())
        .await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let b: business::Model = businesses::get(s.read(), row.business_id).await?;
        let place = match row.location_id {
            Some(id) => locations::several(s.read(), b.id, vec![id]).await?.remove(&id),
            None => None,
        };
        shown.push(OpenRequestView {
            business_id: b.id,
            business: b.name,
            business_slug: b.slug,
            location: place.map(|place| place.name),
            request: view(row),
        });
    }
    Ok(shown)
}

/// Numbers that could be bought for a request now: ordinary ones, mobile ones where a country has those, else toll-free ones.
///
/// # Errors
/// `NotAllowed`; `NotFound`; `Conflict` where there is no Twilio account; `Unavailable` when Twilio does not answer.
pub async fn available(s: &Services, actor: &Actor, id: Uuid) -> Result<Vec<CandidateView>> {
    actor.may_run_installation()?;
    let row = find(s, id).await?;
    let account = s.of::<Connections>().of(row.business_id).ok_or_else(no_account)?;
    let client = account.client();
    let area_code = row.area_code.as_deref();
    let mut found = Vec::new();
    for shelf in [Shelf::Local, Shelf::Mobile, Shelf::TollFree] {
        let on_it = patient(|| client.available(&row.country, shelf, area_code)).await;
        found = on_it.map_err(|cause| unreadable(&cause))?;
        if !found.is_empty() {
            break;
        }
    }
    let view = |one: twilio::numbers::Candidate| CandidateView {
        phone_display: domain::phone::display(&one.phone, &row.country),
        place: [one.locality, one.region]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        needs: match one.address.as_str() {
            "" | "none" => String::new(),
            _ => "Twilio wants to know an address first.".to_owned(),
        },
        phone: one.phone,
    };
    Ok(found.into_iter().take(OFFERED).map(view).collect())
}

/// Says no to a request, and why; saying it again is harmless.
///
/// # Errors
/// `NotAllowed`; `Invalid` without a reason; `NotFound`; `Conflict` for one that has a number, or for which one is being bought.
pub async fn reject(s: &Services, actor: &Actor, id: Uuid, why: &str) -> Result<NumberRequestView> {
    actor.may_run_installation()?;
    let why = short("why", why, 500)?;
    if why.is_empty() {
        return Err(field("why", "Please say why; the business reads it."));
    }
    let mut tx = s.begin().await?;
    let row = locked(&tx, id).await?;
    match row.status.as_str() {
        REQUESTED => {}
        REJECTED => {
            tx.commit().await?;
            return Ok(view(row));
        }
        APPROVED => return Err(being_bought(&row)),
        _ => return Err(problem(Code::Conflict, "This request has its number already.")),
    }
    let row = decided(&mut tx, actor, row, |row| {
        row.status = Set(REJECTED.to_owned());
        row.phone = Set(None);
        row.why = Set(Some(why));
    })
    .await?;
    tx.commit().await?;
    Ok(view(row))
}

/// What is being bought and was not heard of again is looked up.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    let stuck = number_request::Entity::find()
        .filter(Expr::cust(OPEN))
        .filter(number_request::Column::Status.eq(APPROVED))
        .filter(number_request::Column::CalledAt.lte(s.now() - LOOK))
        .limit(SHOWN)
        .all(s.read())
        .await?;
    if stuck.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    let minute = tx.now.timestamp() / LOOK.num_seconds();
    for row in stuck {
        let key = format!("purchase:{}:{minute}", row.id);
        tx.enqueue(&Job::LookUpPurchase { request_id: row.id }, tx.now, Some(&key))
            .await?;
    }
    tx.commit().await
}

async fn find(s: &Services, id: Uuid) -> Result<number_request::Model> {
    let row = number_request::Entity::find_by_id(id).one(s.read()).await?;
    row.ok_or_else(|| problem(Code::NotFound, "There is no such request for a number."))
}

async fn locked(tx: &Tx, id: Uuid) -> Result<number_request::Model> {
    let row = number_request::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    row.ok_or_else(|| problem(Code::NotFound, "There is no such request for a number."))
}

/// Decides about a request; the business is told.
async fn decided(
    tx: &mut Tx,
    actor: &Actor,
    row: number_request::Model,
    change: impl FnOnce(&mut number_request::ActiveModel),
) -> Result<number_request::Model> {
    let (business_id, before) = (row.business_id, (row.status.clone(), row.phone.clone()));
    let mut row = row.into_active_model();
    change(&mut row);
    row.decided_by = Set(Some(actor.author()));
    row.decided_at = Set(Some(tx.now));
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    let after = (row.status.clone(), row.phone.clone(), row.why.clone());
    let event = Event::NumberRequestDecided(row.clone().into());
    tx.record_change(business_id, &actor.who, event, Some(before), Some(after));
    Ok(row)
}

fn being_bought(row: &number_request::Model) -> Error {
    let phone = row.phone.as_deref().unwrap_or("a number");
    let why = format!("{phone} is being bought for this request. What became of that is looked up by itself; please wait.");
    problem(Code::Conflict, why)
}

fn no_account() -> Error {
    problem(
        Code::Conflict,
        "There is no Twilio account that a number could be bought in. Connect one first.",
    )
}

/// What to say when Twilio could not be asked; nothing was changed.
pub(super) fn unreadable(cause: &twilio::ReadError) -> Error {
    use twilio::ReadError as E;
    match cause {
        E::Http { http: 401 | 403, .. } => problem(
            Code::Unavailable,
            "Twilio refuses this account's SID and token. Connect it anew.",
        ),
        E::Http { http: 429, .. } => problem(
            Code::Unavailable,
            "Twilio is getting too many requests from this account at once. Please try again in a minute.",
        ),
        E::OtherAccount => problem(
            Code::Unavailable,
            "Twilio answered with another account's data, so it was not believed. Is the token that of this account?",
        ),
        E::Unreadable => problem(
            Code::Unavailable,
            "Twilio's answer broke off or could not be read. Please try again.",
        ),
        E::Http { .. } | E::NoAnswer(_) | E::NotTwilio => {
            tracing::warn!(%cause, "Twilio could not be asked about numbers");
            problem(Code::Unavailable, "Twilio does not answer now. Please try again.")
        }
    }
}

fn view(row: number_request::Model) -> NumberRequestView {
    NumberRequestView {
        phone_display: row.phone.as_deref().map(|phone| domain::phone::display(phone, &row.country)),
        id: row.id,
        status: row.status,
        country: row.country,
        area_code: row.area_code,
        location_id: row.location_id,
        wish: row.reason,
        phone: row.phone,
        reason: row.why,
        asked_by: row.asked_by,
        created_at: row.created_at,
        decided_at: row.decided_at,
    }
}
