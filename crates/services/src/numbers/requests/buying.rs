//! Buying the number for a request. That it is about to be bought is stored first; whether an unclear purchase was made is looked up by the
//! number, and it is never made again on a guess.

use chrono::Duration;
use contract::{Code, numbers::NumberRequestView};
use domain::phone::mask_all;
use entity::numbers::{number, number_request};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set, sea_query::Expr,
};
use twilio::numbers::{Bought, NewNumber};
use uuid::Uuid;

use super::{
    super::{ACTIVE, Place, add, read, taken, webhooks},
    APPROVED, DONE, LOOK, OPEN, REJECTED, REQUESTED, being_bought, decided, locked, no_account, view,
};
use crate::{
    businesses::{self, locations},
    channels::connections::{Connections, patient},
    kernel::{Actor, Error, Event, Principal, Result, Services, Tx, error::problem, queue::Job},
};

/// Twilio answers within half a minute, or not at all; what it does not have so long after was not bought.
const GIVEN_UP: Duration = Duration::minutes(10);

/// What is to be done about a request.
enum Step {
    /// Nothing: it has this number.
    Nothing(number_request::Model),
    Buy(number_request::Model),
    /// It may have been bought.
    LookUp(number_request::Model),
}

/// Buys this number for a request. To be repeated until it is clear: it is bought once.
///
/// # Errors
/// `NotAllowed`; `Invalid` for what is no number; `NotFound`; `Conflict` when it can't be had, is being bought for another request, or the
/// request is decided otherwise; `Unavailable` when it is not clear yet, or Twilio can't be asked.
pub async fn approve_buying(s: &Services, actor: &Actor, id: Uuid, phone: &str) -> Result<NumberRequestView> {
    actor.may_run_installation()?;
    let phone = read(phone, "")?;
    match begin(s, actor, id, &phone).await? {
        Step::Nothing(row) => Ok(view(row)),
        Step::Buy(row) => buy(s, actor, &row, &phone).await,
        Step::LookUp(row) => find_out(s, actor, &row, &phone).await,
    }
}

/// Gives a request a number that the account has already.
///
/// # Errors
/// `NotAllowed`; `Invalid` for what is no number; `NotFound`; `Conflict` when it is another business's or the request is decided otherwise.
pub async fn approve_owned(s: &Services, actor: &Actor, id: Uuid, phone: &str) -> Result<NumberRequestView> {
    actor.may_run_installation()?;
    let phone = read(phone, "")?;
    let row = super::find(s, id).await?;
    if row.status == DONE && row.phone.as_deref() == Some(&phone) {
        return Ok(view(row));
    }
    // Only to know its name at Twilio. Whether it is there the one who says so knows.
    let sid = match s.of::<Connections>().of(row.business_id) {
        Some(account) => account.client().owned(&phone).await.ok().flatten().map(|owned| owned.sid),
        None => None,
    };
    let mut tx = s.begin().await?;
    let row = locked(&tx, id).await?;
    match row.status.as_str() {
        REQUESTED => {}
        DONE if row.phone.as_deref() == Some(&phone) => return Ok(view(row)),
        APPROVED => return Err(being_bought(&row)),
        _ => return Err(decided_before(&row)),
    }
    let row = give(&mut tx, actor, row, &phone, sid).await?;
    tx.commit().await?;
    Ok(view(row))
}

fn decided_before(row: &number_request::Model) -> Error {
    let why = match (&row.phone, row.status.as_str()) {
        (Some(phone), DONE) => format!("This request has a number already: {phone}."),
        (_, REJECTED) => "This request was rejected.".to_owned(),
        _ => "This request is decided already.".to_owned(),
    };
    problem(Code::Conflict, why)
}

/// From here on the number may be bought (law 1).
async fn begin(s: &Services, actor: &Actor, id: Uuid, phone: &str) -> Result<Step> {
    let mut tx = s.begin().await?;
    let row = locked(&tx, id).await?;
    match row.status.as_str() {
        REQUESTED => {}
        DONE if row.phone.as_deref() == Some(phone) => return Ok(Step::Nothing(row)),
        APPROVED if row.phone.as_deref() == Some(phone) => return Ok(Step::LookUp(row)),
        APPROVED => return Err(being_bought(&row)),
        _ => return Err(decided_before(&row)),
    }
    let account = s.of::<Connections>().of(row.business_id).ok_or_else(no_account)?;
    // Of two who choose one number at the same moment, the second finds it being bought.
    tx.take_turns("number_request.phone", [phone.to_owned()]).await?;
    if whose(&tx.db, phone).await?.is_some() {
        return Err(taken());
    }
    if is_being_bought(&tx.db, phone).await? {
        let why = format!("{phone} is being bought for another request. Please choose another one.");
        return Err(problem(Code::Conflict, why));
    }
    let business_id = row.business_id;
    let mut row = row.into_active_model();
    row.status = Set(APPROVED.to_owned());
    row.phone = Set(Some(phone.to_owned()));
    row.why = Set(None);
    row.account_sid = Set(Some(account.sid().to_owned()));
    row.called_at = Set(Some(tx.now));
    row.decided_by = Set(Some(actor.author()));
    row.decided_at = Set(Some(tx.now));
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    let event = Event::NumberRequestChanged(id);
    tx.record_change(business_id, &actor.who, event, Some(REQUESTED), Some((APPROVED, phone)));
    tx.enqueue(&Job::LookUpPurchase { request_id: id }, tx.now + LOOK, None)
        .await?;
    tx.commit().await?;
    Ok(Step::Buy(row))
}

/// The business that a number belongs to now.
async fn whose(db: &impl ConnectionTrait, phone: &str) -> Result<Option<Uuid>> {
    let found = number::Entity::find()
        .filter(number::Column::Phone.eq(phone))
        .filter(number::Column::Status.eq(ACTIVE));
    Ok(found.one(db).await?.map(|number| number.business_id))
}

/// Two requests can't have one number: whichever came second would wait for it in vain.
async fn is_being_bought(db: &impl ConnectionTrait, phone: &str) -> Result<bool> {
    let other = number_request::Entity::find()
        .filter(Expr::cust(OPEN))
        .filter(number_request::Column::Status.eq(APPROVED))
        .filter(number_request::Column::Phone.eq(phone));
    Ok(other.limit(1).one(db).await?.is_some())
}

async fn buy(s: &Services, actor: &Actor, row: &number_request::Model, phone: &str) -> Result<NumberRequestView> {
    let account = s.of::<Connections>().by_sid(row.account_sid.as_deref().unwrap_or_default());
    let account = account.ok_or_else(no_account)?;
    let name = businesses::get(s.read(), row.business_id).await?.name;
    let name: String = name.chars().take(64).collect();
    let new = NewNumber {
        phone,
        name: &name,
        sms_url: &webhooks::inbound_url(s),
    };
    tracing::info!(request = %row.id, "a number is being bought");
    match account.client().buy(&new).await {
        Bought::Done(owned) => finish(s, actor, row, phone, owned.sid).await,
        Bought::Refused { code, message } => {
            let why = refused(code, &message);
            Err(give_back(s, actor, row.id, phone, Code::Conflict, &why).await?)
        }
        Bought::TryLater { message } => {
            let why = format!(
                "Twilio did not take the request ({}). Nothing was bought.",
                mask_all(&message)
            );
            Err(give_back(s, actor, row.id, phone, Code::Unavailable, &why).await?)
        }
        Bought::Unknown { message } => {
            tracing::warn!(request = %row.id, cause = %mask_all(&message), "it is not clear whether a number was bought");
            find_out(s, actor, row, phone).await
        }
    }
}

/// Why Twilio does not sell it, in words that say what to do.
fn refused(code: Option<i32>, message: &str) -> String {
    let next = match code {
        Some(21422) => "It is not available any more. Please choose another one.",
        Some(21421 | 21451 | 21452) => "There is no such number to be had. Please choose another one.",
        Some(21404 | 10002) => "A trial account has one number only. Upgrade the account at Twilio.",
        Some(21615 | 21631) => "Twilio needs an address in that place first. Add one in the Twilio console.",
        Some(21649..=21651) => "Twilio needs papers for numbers of that country first. Hand them in in the Twilio console.",
        Some(20003) => "Twilio refuses this account's SID and token. Connect it anew.",
        Some(22300) => "Twilio has restricted this account. Ask Twilio why.",
        _ => "Please look at it in the Twilio console.",
    };
    format!("Twilio did not sell it: {} {next}", mask_all(message))
}

/// Looks whether the account has the number by now.
async fn find_out(s: &Services, actor: &Actor, row: &number_request::Model, phone: &str) -> Result<NumberRequestView> {
    let account = s.of::<Connections>().by_sid(row.account_sid.as_deref().unwrap_or_default());
    // Until when it may turn out to have been bought.
    let given_up = row.called_at.is_none_or(|at| s.now() - at >= GIVEN_UP);
    let Some(account) = account else {
        if given_up {
            return Err(give_back(s, actor, row.id, phone, Code::Conflict, &account_gone(phone)).await?);
        }
        return Err(no_account());
    };
    let found = patient(|| account.client().owned(phone)).await;
    match found {
        Ok(Some(owned)) => finish(s, actor, row, phone, owned.sid).await,
        Ok(None) if given_up => {
            let why = "Twilio does not have it ten minutes later, so it was not bought. Please choose again.";
            Err(give_back(s, actor, row.id, phone, Code::Conflict, why).await?)
        }
        Ok(None) => Err(unclear(phone)),
        Err(cause) => {
            tracing::warn!(request = %row.id, %cause, "a purchase can't be looked up now");
            Err(unclear(phone))
        }
    }
}

fn account_gone(phone: &str) -> String {
    format!(
        "The Twilio account that {phone} was being bought in is connected no more. It may have been bought there: please look in the Twilio \
         console. Then choose again."
    )
}

fn unclear(phone: &str) -> Error {
    let why = format!(
        "It is not clear yet whether {phone} was bought. It is looked up every minute, and nothing is bought twice. Asking again looks at \
         once."
    );
    problem(Code::Unavailable, why)
}

/// What was being bought is looked up; nobody waits for the answer.
pub(crate) async fn look_up(s: &Services, request_id: Uuid) -> Result<()> {
    let found = number_request::Entity::find_by_id(request_id).one(s.read()).await?;
    let Some(row) = found.filter(|row| row.status == APPROVED) else {
        return Ok(());
    };
    let Some(phone) = row.phone.clone() else { return Ok(()) };
    let actor = Actor {
        business_id: row.business_id,
        who: Principal::System("Twilio"),
    };
    match find_out(s, &actor, &row, &phone).await {
        // What is still not clear is looked at again by the tick.
        Ok(_) | Err(Error::Problem(_)) => Ok(()),
        Err(cause) => Err(cause),
    }
}

/// It is the account's: from now on it is the business's. If another has it by now, the request is given back, for it would wait for ever.
async fn finish(s: &Services, actor: &Actor, row: &number_request::Model, phone: &str, sid: String) -> Result<NumberRequestView> {
    let id = row.id;
    if whose(s.read(), phone).await?.is_some_and(|owner| owner != row.business_id) {
        let why = format!("{phone} belongs to a business already. Please choose another one.");
        return Err(give_back(s, actor, id, phone, Code::Conflict, &why).await?);
    }
    let mut tx = s.begin().await?;
    let row = locked(&tx, id).await?;
    if row.status != APPROVED || row.phone.as_deref() != Some(phone) {
        // Somebody else has seen to it meanwhile.
        tx.commit().await?;
        return Ok(view(row));
    }
    let row = give(&mut tx, actor, row, phone, Some(sid)).await?;
    tx.commit().await?;
    tracing::info!(request = %id, "a number was bought");
    Ok(view(row))
}

async fn give(
    tx: &mut Tx,
    actor: &Actor,
    row: number_request::Model,
    phone: &str,
    sid: Option<String>,
) -> Result<number_request::Model> {
    let business_id = row.business_id;
    let known = super::super::by_phone(&tx.db, business_id, phone).await?;
    let number = match known.filter(|known| known.status == ACTIVE) {
        Some(known) => known,
        None => add(tx, &actor.who, business_id, phone, Place::IfNone).await?,
    };
    let number_id = number.id;
    let mut number = number.into_active_model();
    number.provider_sid = Set(sid);
    number.update(&tx.db).await?;
    if let Some(place) = row.location_id {
        locations::give_number(tx, business_id, &actor.who, place, Some(number_id)).await?;
    }
    businesses::learn_country(tx, business_id, phone).await?;
    decided(tx, actor, row, |row| {
        row.status = Set(DONE.to_owned());
        row.phone = Set(Some(phone.to_owned()));
        row.why = Set(None);
    })
    .await
}

/// The request has no number by this: it waits for another decision, and says why. The error for who asked.
async fn give_back(s: &Services, actor: &Actor, id: Uuid, phone: &str, code: Code, why: &str) -> Result<Error> {
    let mut tx = s.begin().await?;
    let row = locked(&tx, id).await?;
    if row.status == APPROVED && row.phone.as_deref() == Some(phone) {
        let business_id = row.business_id;
        let mut row = row.into_active_model();
        row.status = Set(REQUESTED.to_owned());
        row.phone = Set(None);
        row.why = Set(Some(why.to_owned()));
        row.called_at = Set(None);
        row.decided_by = Set(None);
        row.decided_at = Set(None);
        row.updated_at = Set(tx.now);
        row.update(&tx.db).await?;
        let event = Event::NumberRequestChanged(id);
        tx.record_change(
            business_id,
            &actor.who,
            event,
            Some((APPROVED, phone)),
            Some((REQUESTED, why)),
        );
        tx.commit().await?;
    }
    Ok(problem(code, why))
}
