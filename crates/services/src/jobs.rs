//! What jobs do, one line for each, and what is looked for every two seconds should a job be lost.

use chrono::Duration;
use domain::delivery::Status;
use entity::messages::message;
use sea_orm::QuerySelect;

use crate::{
    accounts, alerts, appointments, calendars, conversations,
    delivery::{in_state, retry, unknown},
    experiments, figures, imports,
    kernel::{Result, Services, queue::Job, tx::BoxFuture},
    mails, monthly, notifications, numbers, receiving, reminders, retention, reviews, selftest, sending, tasks, twins, waitlist,
    webhooks,
};

/// Rows taken per tick of each kind.
const BATCH: u64 = 200;

/// Does what a job says. Safe to call any number of times.
///
/// # Errors
/// Only for faults of ours (database away); the rows then still say what is to be done, and the tick will.
pub async fn perform(s: &Services, job: Job) -> Result<()> {
    match job {
        Job::Resolve { message_id } => unknown::resolve(s, message_id).await,
        Job::Receive { provider_sid } => receiving::receive_again(s, &provider_sid).await,
        Job::NotifyOfBreaker { scope, businesses } => notifications::tell_of_breaker(s, &scope, &businesses).await,
        Job::ReadCalendar { source_id } => calendars::read(s, source_id).await,
        Job::LookUpPurchase { request_id } => numbers::requests::look_up(s, request_id).await,
        Job::CheckTwin { template_id } => twins::check(s, template_id).await,
        Job::CheckSender { number_id } => numbers::whatsapp::check(s, number_id).await,
        Job::CheckRegistration { number_id } => numbers::registration::check(s, number_id).await,
        Job::LookForAlerts { businesses } => alerts::look(s, &businesses).await,
        Job::Batch { batch_id } => conversations::batch::perform(s, batch_id).await,
        Job::SelfTest { business_id } => selftest::perform(s, business_id).await,
        Job::Waitlist { slot_id } => waitlist::go_on(s, slot_id).await,
        Job::Experiment { experiment_id } => experiments::look(s, experiment_id).await,
        Job::Import { import_id } => imports::perform(s, import_id).await,
        Job::ForgottenPassword { reset_id } => accounts::passwords::look_up(s, reset_id).await,
        Job::PassOn { business_id, account_id } => {
            conversations::leaving::pass_on(s, business_id, account_id).await?;
            tasks::leaving::pass_on(s, business_id, account_id).await
        }
        Job::CloseQuiet { business_id, days, from } => conversations::closing::go_on(s, business_id, days, from).await,
        Job::TellOfBreaker { scope, businesses } => mails::tell_of_breaker(s, &scope, &businesses).await,
    }
}

/// Finds what fell between chairs: claims without an owner, and rows whose job was lost. A part that fails keeps no other from being looked at.
///
/// # Errors
/// The first fault, when all parts were tried; the next tick looks again.
pub async fn tick(s: &Services) -> Result<()> {
    let parts: [(&str, BoxFuture<'_, ()>); 23] = [
        ("sending", Box::pin(sending::tick(s))),
        ("retries", Box::pin(retry::all_due(s))),
        ("snoozed conversations", Box::pin(conversations::act::wake(s))),
        ("batches", Box::pin(conversations::batch::tick(s))),
        ("imports", Box::pin(imports::tick(s))),
        ("experiments", Box::pin(experiments::tick(s))),
        ("quiet conversations", Box::pin(conversations::closing::tick(s))),
        ("reminders", Box::pin(async { reminders::replan_some(s).await.map(drop) })),
        ("past visits", Box::pin(async { appointments::past::tick(s).await.map(drop) })),
        ("calendars", Box::pin(calendars::tick(s))),
        ("number requests", Box::pin(numbers::requests::tick(s))),
        ("registrations", Box::pin(numbers::registration::tick(s))),
        ("WhatsApp senders", Box::pin(numbers::whatsapp::tick(s))),
        ("WhatsApp templates", Box::pin(twins::tick(s))),
        ("self-tests", Box::pin(selftest::tick(s))),
        ("alerts", Box::pin(alerts::tick(s))),
        ("retention", Box::pin(retention::tick(s))),
        ("reviews", Box::pin(reviews::tick(s))),
        ("webhooks", Box::pin(webhooks::tick(s))),
        ("counters", Box::pin(figures::recount::tick(s))),
        ("monthly reports", Box::pin(monthly::tick(s))),
        ("forgotten passwords", Box::pin(accounts::passwords::tick(s))),
        ("lost jobs", Box::pin(lost(s))),
    ];
    let mut all = Ok(());
    for (part, work) in parts {
        if let Err(cause) = work.await {
            tracing::error!(part, %cause, "a part of the tick failed; the next one tries again");
            all = all.and(Err(cause));
        }
    }
    all
}

/// Rows whose job was lost.
async fn lost(s: &Services) -> Result<()> {
    let late = s.now() - Duration::seconds(20);
    let lost = in_state(Status::Unknown, message::Column::NotBefore, late)
        .limit(BATCH)
        .all(s.read())
        .await?;
    let receipts = receiving::unprocessed(s.now(), BATCH).all(s.read()).await?;
    if lost.is_empty() && receipts.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    let minute = tx.now.timestamp() / 60;
    for row in lost {
        let key = format!("again:{}:{minute}", row.id);
        tx.enqueue(&Job::Resolve { message_id: row.id }, tx.now, Some(&key)).await?;
    }
    for row in receipts {
        let (key, provider_sid) = (format!("again:{}:{minute}", row.provider_sid), row.provider_sid);
        tx.enqueue(&Job::Receive { provider_sid }, tx.now, Some(&key)).await?;
    }
    tx.commit().await
}
