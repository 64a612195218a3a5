//! How fast each account may be called: learned from what Twilio says to calls, and kept where every worker sees it. An account that
//! was never too fast has no row, and is not held back. The rule is `domain::rate_limit::Allowance`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use domain::{
    outcome::{Class, Outcome},
    rate_limit::{Allowance, Rate},
};
use entity::messages::{account_rate_limit, message};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{LockType, OnConflict},
};

use crate::{
    channels::breakers,
    kernel::{Result, Tx},
};

/// What a call said about the pace of its account.
pub(super) enum Heard {
    /// It was too fast, and is to rest for so long.
    TooFast(Duration),
    /// It was looked at, so it was not.
    Taken,
    /// Nothing: it was not made, or did not arrive.
    Nothing,
}

impl Heard {
    pub(super) fn of(said: &Outcome) -> Self {
        match said {
            Outcome::TryLater { after, failure, .. } if failure.class == Class::AccountPace => {
                let asked = after.and_then(|d| Duration::from_std(d).ok());
                Self::TooFast(asked.unwrap_or_default())
            }
            Outcome::Accepted(_) | Outcome::Refused { .. } | Outcome::TryLater { reply: Some(_), .. } => Self::Taken,
            Outcome::TryLater { .. } | Outcome::Unknown { .. } => Self::Nothing,
        }
    }
}

/// What is known of those of these accounts that were too fast, locked in order of name: nobody else changes it meanwhile.
pub(super) async fn known(tx: &Tx, accounts: BTreeSet<String>) -> Result<BTreeMap<String, Allowance>> {
    let rows = account_rate_limit::Entity::find()
        .filter(account_rate_limit::Column::Account.is_in(accounts))
        .order_by_asc(account_rate_limit::Column::Account)
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|r| Some((r.account.clone(), read(&r)?)))
        .collect())
}

fn read(row: &account_rate_limit::Model) -> Option<Allowance> {
    let rate = |n: i32| Rate::thousandths(n.max(1) as u32);
    Some(Allowance {
        rate: rate(row.per_1000_s?),
        threshold: row.threshold.map(rate),
        refused: row.refused.max(0) as u32,
        slowed_at: row.slowed_at,
        changed_at: row.changed_at,
        until: row.until,
    })
}

/// Learns from what calls, each with its message as it was claimed, have said. Until when each account rests that was told to.
pub(super) async fn learn(
    tx: &Tx,
    heard: impl Iterator<Item = (&message::Model, Heard)>,
) -> Result<BTreeMap<String, DateTime<Utc>>> {
    let mut calls: BTreeMap<String, Vec<(DateTime<Utc>, Heard)>> = BTreeMap::new();
    for (m, heard) in heard {
        let (account, _) = breakers::account_of(tx.services(), m);
        calls
            .entry(account)
            .or_default()
            .push((m.claimed_at.unwrap_or(tx.now), heard));
    }
    let too_fast = |calls: &[(_, Heard)]| calls.iter().any(|(_, heard)| matches!(heard, Heard::TooFast(_)));
    for (account, _) in calls.iter().filter(|(_, calls)| too_fast(calls)) {
        make_row(tx, account).await?;
    }
    let mut allowances = known(tx, calls.keys().cloned().collect()).await?;
    let mut rests = BTreeMap::new();
    for (account, calls) in calls {
        let rests_now = too_fast(&calls);
        let before = allowances.remove(&account);
        let after = calls.into_iter().fold(before, |known, (begun, heard)| match heard {
            Heard::TooFast(asked) => Some(Allowance::refused(known, begun, tx.now, asked)),
            Heard::Taken => known.and_then(|a| a.taken(begun, tx.now)),
            Heard::Nothing => known.map(|a| a.unheard(begun, tx.now)),
        });
        if let Some(after) = after.filter(|_| rests_now) {
            rests.insert(account.clone(), after.until);
        }
        if after != before {
            told(&account, before, after);
            save(tx, &account, after).await?;
        }
    }
    Ok(rests)
}

/// A row to lock, or two workers would both think that they are the first to hear of it.
async fn make_row(tx: &Tx, account: &str) -> Result<()> {
    let free = account_rate_limit::ActiveModel {
        account: Set(account.to_owned()),
        per_1000_s: Set(None),
        threshold: Set(None),
        refused: Set(0),
        slowed_at: Set(tx.now),
        changed_at: Set(tx.now),
        until: Set(tx.now),
    };
    let once = OnConflict::column(account_rate_limit::Column::Account)
        .do_nothing()
        .to_owned();
    account_rate_limit::Entity::insert(free)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// Stores what is known of an account whose row is locked.
pub(super) async fn save(tx: &Tx, account: &str, known: Option<Allowance>) -> Result<()> {
    let Some(known) = known else {
        account_rate_limit::Entity::delete_by_id(account.to_owned())
            .exec(&tx.db)
            .await?;
        return Ok(());
    };
    let number = |rate: Rate| i32::try_from(rate.per_1000_s.get()).unwrap_or(i32::MAX);
    let row = account_rate_limit::ActiveModel {
        account: Set(account.to_owned()),
        per_1000_s: Set(Some(number(known.rate))),
        threshold: Set(known.threshold.map(number)),
        refused: Set(known.refused as i32),
        slowed_at: Set(known.slowed_at),
        changed_at: Set(known.changed_at),
        until: Set(known.until),
    };
    account_rate_limit::Entity::update(row).exec(&tx.db).await?;
    Ok(())
}

/// For who watches: each slowing, and that it is over.
fn told(account: &str, before: Option<Allowance>, after: Option<Allowance>) {
    let slowed = |a: Option<Allowance>| a.map(|a| a.slowed_at);
    match after {
        Some(a) if slowed(before) != slowed(after) => {
            metrics::counter!("showup_slowed_total").increment(1);
            tracing::warn!(account, per_1000_s = a.rate.per_1000_s.get(), refused = a.refused, until = %a.until, "Twilio wants fewer calls");
        }
        None => tracing::info!(account, "Twilio takes as many calls as there are again"),
        Some(_) => {}
    }
}
