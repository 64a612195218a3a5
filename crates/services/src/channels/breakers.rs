//! Circuit breakers: one for each Twilio account, one for each sender. While one is open its texts wait, and staff see why.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    breaker::{Breaker, Failure, Permit, State},
    consent::Channel,
    outcome::{self, Scope},
    phone::mask,
};
use entity::{
    businesses::business,
    messages::{breaker, message},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use super::connections::Connections;
use crate::kernel::{Event, Principal, Result, Services, Tx, tx::Changed};

/// Most businesses told at once that their banners changed; the others see it with their next page.
const TOLD: u64 = 500;

/// The one mail server of the installation, among the accounts.
const MAIL_SERVER: &str = "account:mail server";

/// The account this business's texts go through.
pub(crate) fn account(s: &Services, business_id: Uuid) -> String {
    of_account(s.of::<Connections>().of(business_id).as_ref().map_or("none", |a| a.sid()))
}

/// The account of businesses that have none of their own.
pub(crate) fn common(s: &Services) -> String {
    of_account(s.of::<Connections>().common().as_ref().map_or("none", |a| a.sid()))
}

pub(crate) fn of_account(sid: &str) -> String {
    format!("account:{sid}")
}

/// The account that the next call for this message goes through.
pub(crate) fn next_account(s: &Services, m: &message::Model) -> String {
    if is_email(m) {
        MAIL_SERVER.to_owned()
    } else {
        account(s, m.business_id)
    }
}

fn is_email(m: &message::Model) -> bool {
    super::of(m) == Some(Channel::Email)
}

/// The account that a text was handed to, and whose that is; none for the installation's.
pub(crate) fn account_of(s: &Services, m: &message::Model) -> (String, Option<Uuid>) {
    if is_email(m) {
        return (MAIL_SERVER.to_owned(), None);
    }
    let Some(sid) = &m.account_sid else {
        return (account(s, m.business_id), None);
    };
    let owner = s.of::<Connections>().by_sid(sid).and_then(|account| account.owner());
    (of_account(sid), owner)
}

pub(crate) fn sender(number: &str) -> String {
    format!("sender:{number}")
}

/// The breakers that the next call for this text will go through.
pub(crate) fn ahead(s: &Services, m: &message::Model) -> [String; 2] {
    [next_account(s, m), sender(&m.ours)]
}

/// Those that the last call for it went through.
pub(crate) fn scopes(s: &Services, m: &message::Model) -> [String; 2] {
    [account_of(s, m).0, sender(&m.ours)]
}

/// The same, with when its message was claimed.
pub(crate) fn of_call(s: &Services, m: &message::Model) -> [Call; 2] {
    scopes(s, m).map(|scope| (scope, m.claimed_at))
}

fn read(row: &breaker::Model) -> Breaker {
    Breaker {
        // What can't be read is not taken for closed: the next call shows.
        state: row.state.parse().unwrap_or_else(|_| {
            tracing::error!(scope = %named(&row.scope), state = row.state, "a breaker's state that this version does not know");
            State::Open
        }),
        failures: row.failures.max(0) as u32,
        opened: row.opened.max(0) as u32,
        until: row.until,
    }
}

/// Breakers as they stand; those never heard of are closed.
#[derive(Default)]
pub(crate) struct Breakers(HashMap<String, Row>);

struct Row {
    breaker: Breaker,
    why: String,
    by_callback: bool,
}

impl Breakers {
    pub(crate) async fn load(db: &impl ConnectionTrait, scopes: Vec<String>) -> Result<Self> {
        let rows = breaker::Entity::find()
            .filter(breaker::Column::Scope.is_in(scopes))
            .all(db)
            .await?;
        let rows = rows.into_iter().map(|r| {
            let row = Row {
                breaker: read(&r),
                why: r.why,
                by_callback: r.by_callback,
            };
            (r.scope, row)
        });
        Ok(Self(rows.collect()))
    }

    pub(crate) fn permit(&self, scope: &str, now: DateTime<Utc>) -> Permit {
        self.0.get(scope).map_or(Permit::Yes, |r| r.breaker.allows(now))
    }

    pub(crate) fn state(&self, scope: &str) -> State {
        self.0.get(scope).map_or(State::Closed, |r| r.breaker.state)
    }

    pub(crate) fn why(&self, scope: &str) -> &str {
        self.0.get(scope).map_or("", |r| &r.why)
    }
}

/// A breaker that is not closed, for a banner.
pub(crate) struct Open {
    pub scope: String,
    pub until: Option<DateTime<Utc>>,
    pub why: String,
}

/// The breakers that hold a business's texts back now.
pub(crate) async fn open_for(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    senders: &[String],
) -> Result<Vec<Open>> {
    let mut scopes: Vec<String> = senders.iter().map(|n| sender(n)).collect();
    scopes.push(account(s, business_id));
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

/// Those that hold texts back now, of anybody: what they are about, and why. At most 50.
pub(crate) async fn all_open(db: &impl ConnectionTrait) -> Result<Vec<(String, String)>> {
    let open = breaker::Entity::find()
        .filter(breaker::Column::State.ne(State::Closed.as_str()))
        .order_by_asc(breaker::Column::Scope)
        .limit(50);
    Ok(open.all(db).await?.into_iter().map(|row| (row.scope, row.why)).collect())
}

/// One call is let through to see whether it works again; until then nobody else calls.
pub(crate) async fn probe(tx: &mut Tx, scope: &str) -> Result<()> {
    change(tx, scope, None, |b, now, by_callback| b.probe(lease_from(now, by_callback))).await
}

/// It was shown in another way that it works again.
pub(crate) async fn reset(tx: &mut Tx, scope: &str) -> Result<()> {
    change(tx, scope, None, |_, _, _| Breaker::default()).await
}

/// A call that went through, or a text that did: the breaker it went by, and when its message was claimed.
pub(crate) type Call = (String, Option<DateTime<Utc>>);

/// The calls of texts that the network has taken by now.
pub(crate) fn calls(s: &Services, rows: &[message::Model]) -> Vec<Call> {
    let taken = rows
        .iter()
        .filter(|m| ["sent", "delivered", "read"].contains(&m.status.as_str()));
    taken.flat_map(|m| of_call(s, m)).collect()
}

/// Twilio took these. Only breakers that remember trouble are touched, so that in good times this is one look.
pub(crate) async fn success(tx: &mut Tx, calls: &[Call]) -> Result<()> {
    succeeded(tx, calls, false).await
}

/// The network took these: what was learned from callbacks is over.
pub(crate) async fn confirmed(tx: &mut Tx, calls: &[Call]) -> Result<()> {
    succeeded(tx, calls, true).await
}

async fn succeeded(tx: &mut Tx, calls: &[Call], by_callback: bool) -> Result<()> {
    if calls.is_empty() {
        return Ok(());
    }
    let scopes: BTreeSet<&str> = calls.iter().map(|(scope, _)| scope.as_str()).collect();
    let known = Breakers::load(&tx.db, scopes.into_iter().map(str::to_owned).collect()).await?;
    for (scope, claimed) in calls {
        let troubled = known.0.get(scope).filter(|r| r.breaker != Breaker::default());
        if troubled.is_some_and(|r| r.by_callback == by_callback) {
            change(tx, scope, None, |b, _, by_callback| {
                b.success(lease(&b, *claimed, by_callback))
            })
            .await?;
        }
    }
    Ok(())
}

/// A call failed in a way that others will, too.
pub(crate) struct FailureReport<'a> {
    pub scope: &'a str,
    /// Whose account or sender it is; none for what several businesses share.
    pub business_id: Option<Uuid>,
    pub kind: Failure,
    /// In plain words, for the banner.
    pub why: &'a str,
    /// When the message was claimed.
    pub claimed: Option<DateTime<Utc>>,
    /// It was learned after Twilio had taken the text.
    pub by_callback: bool,
}

pub(crate) async fn failure(tx: &mut Tx, t: FailureReport<'_>) -> Result<()> {
    let step = |b: Breaker, now, by_callback| b.failure(now, t.kind, lease(&b, t.claimed, by_callback));
    change(tx, t.scope, Some(&t), step).await
}

/// The lease of the probe that is out, if this call is that probe: a probe is leased from the moment it is claimed.
fn lease(b: &Breaker, claimed: Option<DateTime<Utc>>, by_callback: bool) -> Option<DateTime<Utc>> {
    let lease = claimed.map(|at| lease_from(at, by_callback));
    lease.filter(|_| b.state == State::HalfOpen && b.until == lease)
}

/// What callbacks have opened only the network's word closes, and that takes its time.
fn lease_from(asked: DateTime<Utc>, by_callback: bool) -> DateTime<Utc> {
    if by_callback {
        Breaker::late_lease(asked)
    } else {
        Breaker::lease(asked)
    }
}

async fn change(
    tx: &mut Tx,
    scope: &str,
    report: Option<&FailureReport<'_>>,
    step: impl Fn(Breaker, DateTime<Utc>, bool) -> Breaker,
) -> Result<()> {
    let row = breaker::Entity::find_by_id(scope.to_owned())
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let before = row.as_ref().map(read).unwrap_or_default();
    let after = step(before, tx.now, row.as_ref().is_some_and(|r| r.by_callback));
    if after == before {
        return Ok(());
    }
    let known = row.as_ref();
    let why = report.map(|t| t.why.to_owned()).or_else(|| known.map(|r| r.why.clone()));
    let why = why.unwrap_or_default();
    let owner = report.map_or_else(|| known.and_then(|r| r.business_id), |t| t.business_id);
    let by_callback = report.map_or_else(|| known.is_some_and(|r| r.by_callback), |t| t.by_callback);
    let row = breaker::ActiveModel {
        scope: Set(scope.to_owned()),
        business_id: Set(owner),
        state: Set(after.state.as_str().to_owned()),
        failures: Set(after.failures as i32),
        opened: Set(after.opened as i32),
        until: Set(after.until),
        why: Set(why.clone()),
        by_callback: Set(by_callback),
        changed_at: Set(tx.now),
    };
    let key = OnConflict::column(breaker::Column::Scope)
        .update_columns([
            breaker::Column::State,
            breaker::Column::Failures,
            breaker::Column::Opened,
            breaker::Column::Until,
            breaker::Column::Why,
            breaker::Column::ByCallback,
            breaker::Column::ChangedAt,
        ])
        .to_owned();
    breaker::Entity::insert(row)
        .on_conflict(key)
        .exec_without_returning(&tx.db)
        .await?;
    if after.state != before.state {
        tracing::warn!(scope = %named(scope), from = before.state.as_str(), to = after.state.as_str(), %why, "circuit breaker");
        metrics::counter!("showup_breaker_changes_total", "to" => after.state.as_str()).increment(1);
        tell(tx, owner, news(scope, before.state, after.state)).await?;
    }
    Ok(())
}

/// For logs: no number in full.
fn named(scope: &str) -> String {
    match scope.strip_prefix("sender:") {
        Some(number) => format!("sender:{}", mask(number)),
        None => scope.to_owned(),
    }
}

/// What has happened, if it is more than one more try: trouble that goes on is no news.
fn news(scope: &str, before: State, after: State) -> Option<Event> {
    let scope = Arc::from(scope);
    match (before, after) {
        (State::Closed, State::Open) => Some(Event::BreakerOpened { scope }),
        (_, State::Closed) => Some(Event::BreakerClosed { scope }),
        _ => None,
    }
}

async fn tell(tx: &mut Tx, owner: Option<Uuid>, news: Option<Event>) -> Result<()> {
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
        tx.mark_changed(business, Changed::Notices);
        if let Some(event) = &news {
            tx.record(business, &Principal::System("Twilio"), event.clone());
        }
    }
    Ok(())
}

/// Something about the way to Twilio, not about this text.
pub(crate) async fn transient(tx: &mut Tx, row: &message::Model, why: &str) -> Result<()> {
    let (scope, business_id) = account_of(&tx.services().clone(), row);
    let report = FailureReport {
        scope: &scope,
        business_id,
        kind: Failure::Hiccup,
        why,
        claimed: row.claimed_at,
        by_callback: false,
    };
    failure(tx, report).await
}

/// What everything else of this account, or from this number, would meet too: a breaker keeps it from that.
pub(crate) async fn concerns_others(tx: &mut Tx, row: &message::Model, why: &outcome::Failure, by_callback: bool) -> Result<()> {
    let s = tx.services().clone();
    let shared = is_email(row) || s.settings().default_from.as_ref() == Some(&row.ours);
    let (scope, business_id) = match why.scope {
        Scope::Message => return Ok(()),
        Scope::Account => account_of(&s, row),
        Scope::Sender => (sender(&row.ours), Some(row.business_id).filter(|_| !shared)),
    };
    let report = FailureReport {
        scope: &scope,
        business_id,
        kind: Failure::Fatal,
        why: &why.words,
        claimed: row.claimed_at,
        by_callback,
    };
    failure(tx, report).await
}
