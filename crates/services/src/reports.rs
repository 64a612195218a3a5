//! Counters, kept as things happen and never counted afterwards (AN4): reading them costs the same at ten thousand and ten million
//! messages.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use contract::reports::{Daily, DailyQuery};
use domain::{consent::Channel, when};
use entity::{businesses::business, reports::counter_day};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    businesses,
    kernel::{Actor, Event, Permission, Result, Services, Tx, counters::Counter, error::field, events::Recorded},
};

/// Most days in one answer.
const LONGEST: i64 = 366;

/// Counts what has happened; written when the transaction ends.
pub(crate) async fn count(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    // A word that ends several channels at once is one: of each person as often as on the channel that they left most often.
    let mut left: BTreeMap<(Uuid, Uuid), BTreeMap<Channel, usize>> = BTreeMap::new();
    for one in heard {
        let counter = match &one.event {
            Event::MessageReceived(_) => Counter::Received,
            Event::MessageSent(_) => Counter::Sent,
            Event::MessageDelivered(_) => Counter::Delivered,
            Event::MessageFailed(_, how) if !how.retrying => Counter::Failed,
            Event::RetryEnded(_) => Counter::Failed,
            Event::MessageWithdrawn(_) => Counter::Cancelled,
            Event::ContactOptedOut(contact, channel) => {
                *left
                    .entry((one.business_id, contact.id))
                    .or_default()
                    .entry(*channel)
                    .or_default() += 1;
                continue;
            }
            Event::ContactOptedIn(_) => Counter::OptedIn,
            _ => continue,
        };
        tx.count(one.business_id, counter);
    }
    for ((business_id, _), by_channel) in left {
        for _ in 0..by_channel.into_values().max().unwrap_or_default() {
            tx.count(business_id, Counter::OptedOut);
        }
    }
    Ok(())
}

/// Adds to today's counters, in order of their keys, so that two transactions never wait for each other.
pub(crate) async fn add(tx: &mut Tx, counts: BTreeMap<(Uuid, Counter), i64>) -> Result<()> {
    let mut rows = Vec::with_capacity(counts.len());
    for ((business_id, what), n) in counts {
        let zone = businesses::zone(&businesses::of(tx, business_id).await?);
        let today = tx.now.with_timezone(&zone).date_naive();
        rows.push(counter_day::ActiveModel {
            business_id: Set(business_id),
            day: Set(today.to_string()),
            what: Set(what.word()),
            n: Set(n),
        });
    }
    if rows.is_empty() {
        return Ok(());
    }
    let more = Expr::col((counter_day::Entity, counter_day::Column::N)).add(Expr::cust("excluded.n"));
    let key = [
        counter_day::Column::BusinessId,
        counter_day::Column::Day,
        counter_day::Column::What,
    ];
    let add = OnConflict::columns(key).value(counter_day::Column::N, more).to_owned();
    counter_day::Entity::insert_many(rows)
        .on_conflict(add)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// What happened on each day from `from` to `to` (both included, the business's own calendar), days without anything left out.
///
/// # Errors
/// `Invalid` for a date that is none or more than a year; `NotAllowed`.
pub async fn daily(s: &Services, actor: &Actor, query: DailyQuery) -> Result<Vec<Daily>> {
    actor.may(Permission::ReadMessages)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let today = s.now().with_timezone(&businesses::zone(&business)).date_naive();
    let date = |name: &str, text: Option<&str>, otherwise: NaiveDate| match text.filter(|t| !t.is_empty()) {
        None => Ok(otherwise),
        Some(text) => when::date(text).ok_or_else(|| field(name, "Please give a date like 2027-01-31.")),
    };
    let to = date("to", query.to.as_deref(), today)?;
    let from = date("from", query.from.as_deref(), to - chrono::Duration::days(29))?;
    if from > to || (to - from).num_days() >= LONGEST {
        return Err(field("from", "Please ask for 1 to 366 days."));
    }
    let rows = counter_day::Entity::in_business(actor.business_id)
        .filter(counter_day::Column::Day.between(from.to_string(), to.to_string()))
        // Who tried to come in is the audit trail's to tell, and what became of free times the waitlist's.
        .filter(counter_day::Column::What.is_in(Counter::DAILY.map(Counter::word)))
        .order_by_asc(counter_day::Column::Day)
        .limit(LONGEST as u64 * Counter::DAILY.len() as u64)
        .all(s.read())
        .await?;
    let mut days: BTreeMap<String, HashMap<String, i64>> = BTreeMap::new();
    for row in rows {
        days.entry(row.day).or_default().insert(row.what, row.n);
    }
    let count = |of: &HashMap<String, i64>, what: Counter| of.get(&what.word()).copied().unwrap_or_default();
    let shown = days.into_iter().map(|(day, of)| Daily {
        received: count(&of, Counter::Received),
        sent: count(&of, Counter::Sent),
        delivered: count(&of, Counter::Delivered),
        failed: count(&of, Counter::Failed),
        cancelled: count(&of, Counter::Cancelled),
        opted_out: count(&of, Counter::OptedOut),
        opted_in: count(&of, Counter::OptedIn),
        day,
    });
    Ok(shown.collect())
}

/// How often somebody gave a wrong password for one of the people who work here, on each of the last `days` days that had any, latest first.
pub(crate) async fn failed_sign_ins(s: &Services, business: &business::Model, days: i64) -> Result<Vec<(String, i64)>> {
    let today = s.now().with_timezone(&businesses::zone(business)).date_naive();
    let from = today - chrono::Duration::days(days - 1);
    let rows = counter_day::Entity::in_business(business.id)
        .filter(counter_day::Column::Day.between(from.to_string(), today.to_string()))
        .filter(counter_day::Column::What.eq(Counter::SignInFailed.word()))
        .order_by_desc(counter_day::Column::Day)
        .limit(LONGEST as u64);
    Ok(rows.all(s.read()).await?.into_iter().map(|row| (row.day, row.n)).collect())
}

/// What these came to in the last `days` days, by counter.
pub(crate) async fn sums(
    db: &impl ConnectionTrait,
    business: &business::Model,
    now: DateTime<Utc>,
    counters: &[Counter],
    days: i64,
) -> Result<HashMap<Counter, i64>> {
    let today = now.with_timezone(&businesses::zone(business)).date_naive();
    between(db, business.id, today - chrono::Duration::days(days - 1), today, counters).await
}

/// What these came to from one day to another, both included, by counter.
pub(crate) async fn between(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
    counters: &[Counter],
) -> Result<HashMap<Counter, i64>> {
    let rows = counter_day::Entity::in_business(business_id)
        .filter(counter_day::Column::Day.between(from.to_string(), to.to_string()))
        .filter(counter_day::Column::What.is_in(counters.iter().map(|counter| counter.word())))
        .limit(LONGEST as u64 * counters.len() as u64)
        .all(db)
        .await?;
    let sum = |counter: &Counter| -> i64 {
        let word = counter.word();
        rows.iter().filter(|row| row.what == word).map(|row| row.n).sum()
    };
    Ok(counters.iter().map(|counter| (*counter, sum(counter))).collect())
}

/// The last `days` days up to today, oldest first; nothing is left out, days without anything are all zeros.
///
/// # Errors
/// As `daily`.
pub async fn recent(s: &Services, actor: &Actor, days: u32) -> Result<Vec<Daily>> {
    let business = businesses::get(s.read(), actor.business_id).await?;
    let today = s.now().with_timezone(&businesses::zone(&business)).date_naive();
    let dates: Vec<String> = (0..days)
        .rev()
        .map(|ago| (today - chrono::Duration::days(ago.into())).to_string())
        .collect();
    let query = DailyQuery {
        from: dates.first().cloned(),
        to: dates.last().cloned(),
    };
    let known = daily(s, actor, query).await?;
    let mut known: HashMap<String, Daily> = known.into_iter().map(|d| (d.day.clone(), d)).collect();
    let all = dates
        .into_iter()
        .map(|day| known.remove(&day).unwrap_or_else(|| Daily { day, ..Daily::default() }));
    Ok(all.collect())
}
