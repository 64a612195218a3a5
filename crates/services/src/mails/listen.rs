//! What owners and admins are told of, when it happens.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use domain::{breaker::State, delivery::Status};
use entity::{businesses::business, mails::mail};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{
    store::{self, Kind, New, WHY},
    words,
};
use crate::{
    accounts, businesses,
    channels::{self, breakers, connections},
    kernel::{Event, Result, Services, Tx, events::Recorded, queue::Job, tx::Changed},
    numbers, spend,
};

/// So many businesses are written to in the transaction of what happened; more are for jobs, each of so many.
const AT_ONCE: usize = 20;

/// Of one trouble nobody is told twice within this time.
const QUIET: Duration = Duration::hours(1);

const OVER: &str = "It was over before this could be sent.";

/// Mails about one trouble that are looked back at.
const LOOKED_AT: u64 = 200;

/// A breaker has opened or closed: what is told is how it stands now, so that jobs may come in any order.
pub(crate) async fn breakers_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    if channels::mail_server(tx.services()).is_none() {
        return Ok(());
    }
    let mut concerned: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
    for one in heard {
        if let Event::BreakerOpened { scope } | Event::BreakerClosed { scope } = &one.event {
            concerned.entry(scope).or_default().insert(one.business_id);
        }
    }
    for (scope, whose) in concerned {
        let whose: Vec<Uuid> = whose.into_iter().collect();
        if whose.len() <= AT_ONCE {
            tell_all(tx, scope, &whose).await?;
            continue;
        }
        for some in whose.chunks(AT_ONCE) {
            let job = Job::TellOfBreaker {
                scope: scope.to_owned(),
                businesses: some.to_vec(),
            };
            tx.enqueue(&job, tx.now, None).await?;
        }
    }
    Ok(())
}

/// Tells these businesses' owners and admins how a breaker stands.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn tell_of_breaker(s: &Services, scope: &str, businesses: &[Uuid]) -> Result<()> {
    let mut tx = s.begin().await?;
    tell_all(&mut tx, scope, businesses).await?;
    tx.commit().await
}

async fn tell_all(tx: &mut Tx, scope: &str, whose: &[Uuid]) -> Result<()> {
    let now = breakers::Breakers::load(&tx.db, vec![scope.to_owned()]).await?;
    for id in whose {
        let business = businesses::of(tx, *id).await?;
        if now.state(scope) == State::Closed {
            works_again(tx, &business, scope).await?;
        } else if concerns(tx, *id, scope).await? {
            has_stopped(tx, &business, scope, now.why(scope)).await?;
        }
    }
    Ok(())
}

/// Whether this breaker holds this business's texts back: one of the installation's may be nothing to a business with its own account or
/// number.
pub(crate) async fn concerns(tx: &Tx, business_id: Uuid, scope: &str) -> Result<bool> {
    let s = tx.services();
    let Some(number) = number(scope) else {
        return Ok(breakers::account(s, business_id) == scope);
    };
    let own = numbers::active(&tx.db, business_id).await?;
    if own.is_empty() {
        return Ok(connections::shared(s, business_id) == Some(number));
    }
    Ok(own.iter().any(|one| one.phone == number))
}

fn number(scope: &str) -> Option<&str> {
    scope.strip_prefix("sender:")
}

async fn has_stopped(tx: &mut Tx, b: &business::Model, scope: &str, why: &str) -> Result<()> {
    let before = about(tx, b.id, scope).await?;
    let news = before.iter().filter(|m| m.kind == Kind::TextsWait.as_str());
    if news.clone().any(|m| m.status == Status::Queued.as_str()) {
        return Ok(());
    }
    // Who was told a moment ago is told again only if it still is so when that hour is over.
    let told = news.filter(|m| was_told(m)).map(|m| m.not_before).max();
    let not_before = told.map_or(tx.now, |at| tx.now.max(at + QUIET));
    let to = accounts::managers(tx, b.id).await?;
    let new = New {
        kind: Kind::TextsWait,
        about: scope.to_owned(),
        key: format!("breaker:{scope}:{}", hour(not_before)),
        not_before,
        said: words::texts_wait(b, &tx.services().settings().public_url, number(scope), why),
    };
    store::store(tx, b, &to, &new).await
}

/// Only who was told of the trouble is told of its end.
async fn works_again(tx: &mut Tx, b: &business::Model, scope: &str) -> Result<()> {
    let before = about(tx, b.id, scope).await?;
    let told_before = |m: &&mail::Model| m.kind == Kind::TextsGoAgain.as_str() && m.status != Status::Cancelled.as_str();
    let news: Vec<&mail::Model> = before.iter().take_while(|m| !told_before(m)).collect();
    take_back(tx, b.id, &news).await?;
    let told: Vec<&&mail::Model> = news
        .iter()
        .filter(|m| m.kind == Kind::TextsWait.as_str() && was_told(m))
        .collect();
    let Some(last) = told.iter().map(|m| m.not_before).max() else {
        return Ok(());
    };
    let mut to = accounts::managers(tx, b.id).await?;
    to.retain(|one| told.iter().any(|m| m.account_id == Some(one.account_id)));
    let new = New {
        kind: Kind::TextsGoAgain,
        about: scope.to_owned(),
        key: format!("breaker-closed:{scope}:{}", hour(last)),
        not_before: tx.now,
        said: words::texts_go_again(b, &tx.services().settings().public_url, number(scope)),
    };
    store::store(tx, b, &to, &new).await
}

/// Why a mail that waited is no news any more, if so.
pub(super) async fn outdated(tx: &Tx, m: &mail::Model) -> Result<Option<&'static str>> {
    let (wait, again) = (m.kind == Kind::TextsWait.as_str(), m.kind == Kind::TextsGoAgain.as_str());
    if !wait && !again {
        return Ok(None);
    }
    let now = breakers::Breakers::load(&tx.db, vec![m.about.clone()]).await?;
    let closed = now.state(&m.about) == State::Closed;
    Ok(match (wait, closed) {
        (true, true) => Some(OVER),
        (false, false) => Some("Texts wait again by now."),
        _ => None,
    })
}

/// What was not handed over yet need not be any more.
async fn take_back(tx: &mut Tx, business_id: Uuid, news: &[&mail::Model]) -> Result<()> {
    let waiting: Vec<Uuid> = news
        .iter()
        .filter(|m| m.status == Status::Queued.as_str())
        .map(|m| m.id)
        .collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let why = tx.services().vault().seal(WHY, OVER);
    mail::Entity::update_many()
        .col_expr(mail::Column::Status, Expr::value(Status::Cancelled.as_str()))
        .col_expr(mail::Column::Why, Expr::value(why))
        .col_expr(mail::Column::ChangedAt, Expr::value(tx.now))
        .filter(mail::Column::Id.is_in(waiting))
        .filter(mail::Column::Status.eq(Status::Queued.as_str()))
        .exec(&tx.db)
        .await?;
    tx.mark_changed(business_id, Changed::Notices);
    Ok(())
}

/// It has arrived, or may have.
fn was_told(m: &mail::Model) -> bool {
    [Status::Sending, Status::Unknown, Status::Accepted]
        .iter()
        .any(|status| m.status == status.as_str())
}

fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp() / 3_600
}

/// The last mails about this, newest first.
async fn about(tx: &Tx, business_id: Uuid, what: &str) -> Result<Vec<mail::Model>> {
    let rows = mail::Entity::in_business(business_id)
        .filter(mail::Column::About.eq(what))
        .order_by_desc(mail::Column::CreatedAt)
        .limit(LOOKED_AT);
    Ok(rows.all(&tx.db).await?)
}

/// Owners and admins hear what became of their request for a number.
pub(crate) async fn number_requests_decided(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    if channels::mail_server(tx.services()).is_none() {
        return Ok(());
    }
    for one in heard {
        let Event::NumberRequestDecided(row) = &one.event else {
            continue;
        };
        let b = businesses::of(tx, one.business_id).await?;
        let url = tx.services().settings().public_url.clone();
        let to = accounts::managers(tx, b.id).await?;
        let new = New {
            kind: Kind::NumberRequest,
            about: format!("number_request:{}", row.id),
            key: format!("number_request:{}:{}", row.id, row.status),
            not_before: tx.now,
            said: words::number_request(&b, &url, row),
        };
        store::store(tx, &b, &to, &new).await?;
    }
    Ok(())
}

/// Owners and admins hear that a program of theirs is told nothing any more.
pub(crate) async fn webhooks_disabled(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    if channels::mail_server(tx.services()).is_none() {
        return Ok(());
    }
    for one in heard {
        let Event::WebhookDisabled { id, host, why } = &one.event else {
            continue;
        };
        let b = businesses::of(tx, one.business_id).await?;
        let url = tx.services().settings().public_url.clone();
        let to = accounts::managers(tx, b.id).await?;
        let new = New {
            kind: Kind::Webhook,
            about: format!("webhook:{id}"),
            key: format!("webhook:{id}:{}", tx.now.timestamp()),
            not_before: tx.now,
            said: words::webhook_disabled(&b, &url, *id, host, why),
        };
        store::store(tx, &b, &to, &new).await?;
    }
    Ok(())
}

/// Whoever runs the installation has suspended or resumed a business, or looks into it: its owners and admins are written to.
pub(crate) async fn installation_did(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    if channels::mail_server(tx.services()).is_none() {
        return Ok(());
    }
    for one in heard {
        let b = businesses::of(tx, one.business_id).await?;
        let url = tx.services().settings().public_url.clone();
        let at = tx.now.timestamp_millis();
        let (about, key, said) = match &one.event {
            Event::BusinessSuspended { why } => ("suspension", format!("suspended:{at}"), words::suspended(&b, &url, why)),
            Event::BusinessResumed => ("suspension", format!("resumed:{at}"), words::resumed(&b, &url)),
            Event::LookBegan { id, who, why, until } => {
                let until = domain::when::dated(*until, businesses::zone(&b));
                ("look", format!("look:{id}"), words::looked_into(&b, &url, who, why, &until))
            }
            _ => continue,
        };
        let new = New {
            kind: Kind::Installation,
            about: about.to_owned(),
            key,
            not_before: tx.now,
            said,
        };
        let to = accounts::managers(tx, b.id).await?;
        store::store(tx, &b, &to, &new).await?;
    }
    Ok(())
}

/// A line of the month's budget is reached: told once a month and line.
pub(crate) async fn budgets_reached(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    if channels::mail_server(tx.services()).is_none() {
        return Ok(());
    }
    for one in heard {
        let Event::BudgetReached { percent, month, spent } = &one.event else {
            continue;
        };
        let b = businesses::of(tx, one.business_id).await?;
        let url = tx.services().settings().public_url.clone();
        let budget = b.monthly_budget.unwrap_or_default();
        let (kind, said) = if *percent > spend::ALERT_PERCENT {
            (Kind::BudgetUsed, words::budget_used(&b, &url, *spent, budget))
        } else {
            (Kind::BudgetAlert, words::budget_alert(&b, &url, *spent, budget))
        };
        let to = accounts::managers(tx, b.id).await?;
        let new = New {
            kind,
            about: format!("budget:{month}"),
            key: format!("budget:{month}:{percent}"),
            not_before: tx.now,
            said,
        };
        store::store(tx, &b, &to, &new).await?;
    }
    Ok(())
}
