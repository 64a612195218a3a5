//! Circuit breakers (SE4): one for the Twilio account, one for each sender. While one is open its texts wait, and staff see why.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::breaker::{Breaker, Failure, Permit, State};
use entity::{businesses::business, messages::breaker};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use crate::{Result, Services, Tx, tx::Touched};

/// Most businesses told at once that their banners changed; the others see it with their next page.
const TOLD: u64 = 500;

/// The account this installation sends with.
pub(crate) fn account(s: &Services) -> String {
    format!("account:{}", s.twilio().map_or("none", |t| t.account_sid()))
}

pub(crate) fn sender(number: &str) -> String {
    format!("sender:{number}")
}

fn read(row: &breaker::Model) -> Breaker {
    Breaker {
        state: row.state.parse().unwrap_or(State::Closed),
        failures: row.failures.max(0) as u32,
        opened: row.opened.max(0) as u32,
        until: row.until,
    }
}

/// Breakers as they stand; those never heard of are closed.
#[derive(Default)]
pub(crate) struct Board(HashMap<String, (Breaker, String)>);

impl Board {
    pub(crate) async fn load(db: &impl ConnectionTrait, scopes: Vec<String>) -> Result<Self> {
        let rows = breaker::Entity::find()
            .filter(breaker::Column::Scope.is_in(scopes))
            .all(db)
            .await?;
        Ok(Self(rows.into_iter().map(|r| (r.scope.clone(), (read(&r), r.why))).collect()))
    }

    pub(crate) fn permit(&self, scope: &str, now: DateTime<Utc>) -> Permit {
        self.0.get(scope).map_or(Permit::Yes, |(b, _)| b.allows(now))
    }

    pub(crate) fn why(&self, scope: &str) -> &str {
        self.0.get(scope).map_or("", |(_, why)| why)
    }
}

/// A breaker that is not closed, for a banner.
pub(crate) struct Open {
    pub scope: String,
    pub until: Option<DateTime<Utc>>,
    pub why: String,
}

/// The breakers that hold a business's texts back now.
pub(crate) async fn open_for(s: &Services, db: &impl ConnectionTrait, senders: &[String]) -> Result<Vec<Open>> {
    let mut scopes: Vec<String> = senders.iter().map(|n| sender(n)).collect();
    scopes.push(account(s));
    let rows = breaker::Entity::find()
        .filter(breaker::Column::Scope.is_in(scopes))
        .filter(breaker::Column::State.ne(State::Closed.as_str()))
        .order_by_asc(breaker::Column::Scope)
        .limit(20)
        .all(db)
        .await?;
    let open = rows.into_iter().map(|r| Open {
        scope: r.scope,
        until: r.until,
        why: r.why,
    });
    Ok(open.collect())
}

pub(crate) async fn open_count(db: &impl ConnectionTrait) -> Result<i64> {
    let open = breaker::Entity::find().filter(breaker::Column::State.ne(State::Closed.as_str()));
    Ok(open.count(db).await? as i64)
}

/// One call is let through to see whether it works again; until then nobody else calls.
pub(crate) async fn probe(tx: &mut Tx, scope: &str) -> Result<()> {
    change(tx, scope, None, None, |b, now| b.probe(Breaker::lease(now))).await
}

/// Calls went through: their scopes, each with when its message was claimed. Only breakers that remember trouble are touched, so that
/// in good times this is one look.
pub(crate) async fn success(tx: &mut Tx, calls: &[(String, Option<DateTime<Utc>>)]) -> Result<()> {
    let scopes: BTreeSet<&str> = calls.iter().map(|(scope, _)| scope.as_str()).collect();
    let board = Board::load(&tx.db, scopes.into_iter().map(str::to_owned).collect()).await?;
    for (scope, claimed) in calls {
        if board.0.get(scope).is_some_and(|(b, _)| *b != Breaker::default()) {
            change(tx, scope, None, None, |b, _| b.success(lease(&b, *claimed))).await?;
        }
    }
    Ok(())
}

/// A call failed in a way that others will, too.
pub(crate) struct Trouble<'a> {
    pub scope: &'a str,
    /// Whose sender it is; none for the account.
    pub business_id: Option<Uuid>,
    pub kind: Failure,
    /// In plain words, for the banner.
    pub why: &'a str,
    /// When the message was claimed.
    pub claimed: Option<DateTime<Utc>>,
}

pub(crate) async fn failure(tx: &mut Tx, t: Trouble<'_>) -> Result<()> {
    let step = |b: Breaker, now| b.failure(now, t.kind, lease(&b, t.claimed));
    change(tx, t.scope, t.business_id, Some(t.why), step).await
}

/// The lease of the probe that is out, if this call is that probe: a probe is leased from the moment it is claimed.
fn lease(b: &Breaker, claimed: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let lease = claimed.map(Breaker::lease);
    lease.filter(|_| b.state == State::HalfOpen && b.until == lease)
}

async fn change(
    tx: &mut Tx,
    scope: &str,
    business_id: Option<Uuid>,
    why: Option<&str>,
    step: impl Fn(Breaker, DateTime<Utc>) -> Breaker,
) -> Result<()> {
    let row = breaker::Entity::find_by_id(scope.to_owned())
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let before = row.as_ref().map(read).unwrap_or_default();
    let after = step(before, tx.now);
    if after == before {
        return Ok(());
    }
    let why = why
        .map(str::to_owned)
        .or_else(|| row.as_ref().map(|r| r.why.clone()))
        .unwrap_or_default();
    let owner = business_id.or_else(|| row.as_ref().and_then(|r| r.business_id));
    let row = breaker::ActiveModel {
        scope: Set(scope.to_owned()),
        business_id: Set(owner),
        state: Set(after.state.as_str().to_owned()),
        failures: Set(after.failures as i32),
        opened: Set(after.opened as i32),
        until: Set(after.until),
        why: Set(why.clone()),
        changed_at: Set(tx.now),
    };
    let key = OnConflict::column(breaker::Column::Scope)
        .update_columns([
            breaker::Column::State,
            breaker::Column::Failures,
            breaker::Column::Opened,
            breaker::Column::Until,
            breaker::Column::Why,
            breaker::Column::ChangedAt,
        ])
        .to_owned();
    breaker::Entity::insert(row)
        .on_conflict(key)
        .exec_without_returning(&tx.db)
        .await?;
    if after.state != before.state {
        tracing::warn!(%scope, from = before.state.as_str(), to = after.state.as_str(), %why, "circuit breaker");
        metrics::counter!("showup_breaker_changes_total", "to" => after.state.as_str()).increment(1);
        tell(tx, owner).await?;
    }
    Ok(())
}

async fn tell(tx: &mut Tx, owner: Option<Uuid>) -> Result<()> {
    let told: Vec<Uuid> = match owner {
        Some(one) => vec![one],
        None => {
            business::Entity::find()
                .select_only()
                .column(business::Column::Id)
                .limit(TOLD)
                .into_tuple()
                .all(&tx.db)
                .await?
        }
    };
    for business in told {
        tx.touch(business, Touched::Notices);
    }
    Ok(())
}
