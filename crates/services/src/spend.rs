//! What texts cost: an estimate when a text is stored, Twilio's own price when it is known, and a budget a month.

use chrono::{DateTime, Datelike, TimeZone, Utc};
use contract::Code;
use entity::{
    businesses::business,
    messages::{price, spend_month},
};
use sea_orm::{
    ConnectionTrait, EntityTrait, ExprTrait, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    businesses,
    kernel::{Event, Principal, Result, Services, Tx, error::problem, tx::Changed},
};

/// All amounts are kept in millionths of a US dollar; that is what Twilio bills in.
pub(crate) const UNIT: &str = "USD";

/// Of the budget; from here on staff are told.
pub(crate) const ALERT_PERCENT: i64 = 80;

/// What segments to any number of a country cost, in micro-dollars: this installation's own price, else the list's.
pub(crate) async fn to_country(db: &impl ConnectionTrait, country: Option<&str>, segments: u32) -> Result<i64> {
    let own = match country {
        Some(country) => own(db, country).await?,
        None => None,
    };
    Ok(cost(own, country, segments))
}

/// This installation's own price of a segment to a country, if it has one.
pub(crate) async fn own(db: &impl ConnectionTrait, country: &str) -> Result<Option<i64>> {
    let row = price::Entity::find_by_id(country.to_owned()).one(db).await?;
    Ok(row.map(|row| row.micros))
}

/// `own`: this installation's price of a segment.
pub(crate) fn cost(own: Option<i64>, country: Option<&str>, segments: u32) -> i64 {
    own.map_or_else(
        || domain::prices::estimate(country, segments),
        |micros| micros.saturating_mul(i64::from(segments)),
    )
}

/// Sets this installation's price of a segment to a country, in micro-dollars.
///
/// # Errors
/// `Invalid` for a country or price that can't be.
pub async fn set_price(s: &Services, country: &str, micros: i64) -> Result<()> {
    let country = country.trim().to_ascii_uppercase();
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) || !(0..=10_000_000).contains(&micros) {
        return Err(problem(
            Code::Invalid,
            "A price is a country like US and 0 to 10 dollars a segment.",
        ));
    }
    let row = price::ActiveModel {
        country: Set(country),
        micros: Set(micros),
    };
    let replace = OnConflict::column(price::Column::Country)
        .update_column(price::Column::Micros)
        .to_owned();
    price::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(&s.db().write)
        .await?;
    Ok(())
}

/// The month of the business's own calendar that `at` is in, like `2027-01`.
pub(crate) fn month(b: &business::Model, at: DateTime<Utc>) -> String {
    at.with_timezone(&businesses::zone(b)).format("%Y-%m").to_string()
}

/// When the next month begins for the business.
pub(crate) fn next_month(b: &business::Model, at: DateTime<Utc>) -> DateTime<Utc> {
    let zone = businesses::zone(b);
    let today = at.with_timezone(&zone);
    let (year, month) = if today.month() == 12 {
        (today.year() + 1, 1)
    } else {
        (today.year(), today.month() + 1)
    };
    // Midnight may not exist on that day; an hour later does.
    [0, 1]
        .into_iter()
        .find_map(|hour| zone.with_ymd_and_hms(year, month, 1, hour, 0, 0).earliest())
        .map_or(at + chrono::Duration::days(1), |t| t.with_timezone(&Utc))
}

/// What a business has spent in the month of `at`, in micro-dollars.
pub(crate) async fn spent(db: &impl ConnectionTrait, b: &business::Model, at: DateTime<Utc>) -> Result<i64> {
    let row = spend_month::Entity::find_by_id((b.id, month(b, at))).one(db).await?;
    Ok(row.map_or(0, |r| r.spent))
}

/// How far the month's budget is used, where that is worth telling.
pub(crate) struct Reached {
    pub spent: i64,
    pub budget: i64,
    pub percent: i128,
    /// Nothing but replies goes out.
    pub used_up: bool,
}

/// Whether a line of the month's budget is reached.
pub(crate) async fn reached(db: &impl ConnectionTrait, b: &business::Model, at: DateTime<Utc>) -> Result<Option<Reached>> {
    let Some(budget) = b.monthly_budget.filter(|budget| *budget > 0) else {
        return Ok(None);
    };
    let spent = spent(db, b, at).await?;
    // What is left must be enough for a text; a rest of a few tenths of a cent lets nothing go.
    let used_up = spent + to_country(db, Some(&b.country), 1).await? > budget;
    let percent = i128::from(spent) * 100 / i128::from(budget);
    let told = used_up || percent >= i128::from(ALERT_PERCENT);
    Ok(told.then_some(Reached {
        spent,
        budget,
        percent,
        used_up,
    }))
}

/// Adds `micros` (may be negative) to what a business spent in the month of `at`.
pub(crate) async fn add(tx: &mut Tx, business_id: Uuid, at: DateTime<Utc>, micros: i64) -> Result<()> {
    if micros == 0 {
        return Ok(());
    }
    let b = businesses::of(tx, business_id).await?;
    let row = spend_month::ActiveModel {
        business_id: Set(business_id),
        month: Set(month(&b, at)),
        spent: Set(micros),
    };
    let more = Expr::col((spend_month::Entity, spend_month::Column::Spent)).add(micros);
    let once = OnConflict::columns([spend_month::Column::BusinessId, spend_month::Column::Month])
        .value(spend_month::Column::Spent, more)
        .to_owned();
    spend_month::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    if let Some(budget) = b.monthly_budget {
        let after = spent(&tx.db, &b, at).await?;
        let crosses = |percent: i64| {
            let line = budget / 100 * percent;
            after >= line && after - micros < line
        };
        // The banner says *used up* as soon as no other text has room.
        let room = budget - to_country(&tx.db, Some(&b.country), 1).await?;
        if (after > room) != (after - micros > room) {
            tx.mark_changed(business_id, Changed::Notices);
        }
        if let Some(percent) = [100, ALERT_PERCENT].into_iter().find(|percent| crosses(*percent)) {
            tx.mark_changed(business_id, Changed::Notices);
            let month = month(&b, at);
            let spent = after;
            tx.record(
                business_id,
                &Principal::System("the budget"),
                Event::BudgetReached { percent, month, spent },
            );
        }
    }
    Ok(())
}
