//! Mails at work: claim some, hand each over outside any transaction, write down what became of it (law 2). A mail of which that is not
//! known is never handed over again by itself: nobody can be asked whether it arrived but who should have got it.

use chrono::{DateTime, Duration, Utc};
use domain::{
    delivery::Status,
    outcome::{Failure, Outcome, Retry},
};
use entity::mails::mail;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockBehavior, LockType},
};

use super::{
    letters, listen,
    store::{ADDRESS, CONTENT, Kind, Said, WHY},
};
use crate::{
    accounts,
    channels::{
        self,
        email::{Email, Mail, TIMEOUT},
    },
    kernel::{Error, Result, Services, Tx, tx::Changed},
};

/// Handed over at once; each takes a connection to the mail server.
const AT_ONCE: u64 = 8;

/// A claim older than this belongs to a process that is gone: a call takes `TIMEOUT` at most, and writing down what it said some seconds.
const LEASE: Duration = Duration::seconds(TIMEOUT.as_secs() as i64 + 30);

/// What could not be handed over for so long is no news any more.
const LONGEST_WAIT: Duration = Duration::hours(24);

/// So often it is tried to write down what became of a mail; after its lease it is unknown.
const RECORDED: usize = 3;

/// Mails are kept so long: longer than the month of a budget, of which nobody is told twice.
const KEPT: Duration = Duration::days(90);

/// A mail that is ours to hand over, opened.
struct Claimed {
    row: mail::Model,
    address: String,
    said: Said,
}

/// Hands over some of what is due; how many were seen to. None: nothing is due.
///
/// # Errors
/// When the database does not answer.
pub async fn send_some(s: &Services) -> Result<usize> {
    if !due(s).await? {
        return Ok(0);
    }
    let (seen, go) = claim(s).await?;
    if let Some(email) = channels::mail_server(s) {
        futures::future::join_all(go.into_iter().map(|mail| send(s, email, mail))).await;
    }
    Ok(seen)
}

/// Whether anything waits whose time has come.
///
/// # Errors
/// When the database does not answer.
pub async fn due(s: &Services) -> Result<bool> {
    Ok(waiting(s).limit(1).one(s.read()).await?.is_some())
}

/// The state is a literal: SQLite uses an index over a part of the rows only if it can see that the query asks for no others.
fn in_state(status: Status, due: mail::Column, before: DateTime<Utc>) -> Select<mail::Entity> {
    mail::Entity::find()
        .filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())))
        .filter(due.lte(before))
        .order_by_asc(due)
}

/// What this process can see to. One without a mail server leaves the rest to others, which may have one.
fn waiting(s: &Services) -> Select<mail::Entity> {
    let all = in_state(Status::Queued, mail::Column::NotBefore, s.now());
    match channels::mail_server(s) {
        Some(_) => all,
        None => all.filter(mail::Column::CreatedAt.lte(s.now() - LONGEST_WAIT)),
    }
}

async fn claim(s: &Services) -> Result<(usize, Vec<Claimed>)> {
    let mut tx = s.begin().await?;
    let rows = waiting(s)
        .limit(AT_ONCE)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&tx.db)
        .await?;
    let (seen, mut go) = (rows.len(), Vec::new());
    for row in rows {
        if let Some((status, why)) = objection(&tx, &row).await? {
            settle(&mut tx, row, status, Some(why)).await?;
            continue;
        }
        match decrypted(s, &row).await {
            Ok((address, said)) => {
                let row = begin(&tx, row).await?;
                go.push(Claimed { row, address, said });
            }
            Err(cause) => {
                tracing::error!(mail = %row.id, %cause, "a mail that waits can't be read");
                let why = "The mail can't be read. Whoever runs this server should look at its log.";
                settle(&mut tx, row, Status::Failed, Some(why.to_owned())).await?;
            }
        }
    }
    tx.commit().await?;
    Ok((seen, go))
}

/// Asked at the last moment (law 3): why it is not to be handed over.
async fn objection(tx: &Tx, row: &mail::Model) -> Result<Option<(Status, String)>> {
    if tx.now - row.created_at >= LONGEST_WAIT {
        let why = match &row.why {
            // What can't be read must not keep the other mails waiting.
            Some(why) => tx.services().vault().open(WHY, why).await.unwrap_or_default(),
            None => "Nobody was there to hand it over.".to_owned(),
        };
        return Ok(Some((Status::Failed, format!("Given up after a day. {why}"))));
    }
    let (Some(business_id), Some(account_id)) = (row.business_id, row.account_id) else {
        let why = letters::objection(tx, row).await?;
        return Ok(why.map(|why| (Status::Cancelled, why.to_owned())));
    };
    let (is_for_them, why) = if row.kind == Kind::News.as_str() {
        let member = accounts::is_member(&tx.db, business_id, account_id).await?;
        (member, "The person does not work in this business any more.")
    } else if row.kind == Kind::Account.as_str() {
        // It is about them, wherever they work by now.
        (true, "")
    } else {
        let manages = accounts::manages(&tx.db, business_id, account_id).await?;
        (manages, "The person is no owner or admin of this business any more.")
    };
    if !is_for_them {
        return Ok(Some((Status::Cancelled, why.to_owned())));
    }
    let why = listen::outdated(tx, row).await?;
    Ok(why.map(|why| (Status::Cancelled, why.to_owned())))
}

async fn decrypted(s: &Services, row: &mail::Model) -> Result<(String, Said)> {
    let address = s.vault().open(ADDRESS, &row.address).await?;
    let content = s.vault().open(CONTENT, &row.content).await?;
    let said = serde_json::from_str(&content).map_err(|e| Error::broken(e.to_string()))?;
    Ok((address, said))
}

/// From here on it may be handed over at any moment.
async fn begin(tx: &Tx, row: mail::Model) -> Result<mail::Model> {
    let attempts = row.attempts + 1;
    let mut row = row.into_active_model();
    row.status = Set(Status::Sending.as_str().to_owned());
    row.attempts = Set(attempts);
    row.claimed_at = Set(Some(tx.now));
    row.changed_at = Set(tx.now);
    Ok(row.update(&tx.db).await?)
}

async fn send(s: &Services, email: &Email, claimed: Claimed) {
    let mail = Mail {
        id: claimed.row.id,
        to: &claimed.address,
        reply_to: None,
        subject: &claimed.said.subject,
        letter: &claimed.said.letter,
        at: claimed.row.created_at,
        unsubscribe: None,
        from: None,
        language: "en",
        calendar: None,
    };
    let outcome = email.send(&mail).await;
    // What a call said is heard only once, so it must not be lost to a deadlock.
    for _ in 0..RECORDED {
        match record(s, &claimed.row, &outcome).await {
            Ok(()) => return,
            Err(cause) => tracing::error!(mail = %claimed.row.id, %cause, "what became of a mail could not be written down"),
        }
    }
}

async fn record(s: &Services, claimed: &mail::Model, outcome: &Outcome) -> Result<()> {
    let mut tx = s.begin().await?;
    let found = mail::Entity::find_by_id(claimed.id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    // Still ours to settle, even if another process has given us up meanwhile.
    let open = [Status::Sending.as_str(), Status::Unknown.as_str()];
    let Some(row) = found.filter(|row| row.attempts == claimed.attempts && open.contains(&row.status.as_str())) else {
        return Ok(());
    };
    match outcome {
        Outcome::Accepted(_) => settle(&mut tx, row, Status::Accepted, None).await?,
        Outcome::Refused { failure, .. } => settle(&mut tx, row, Status::Failed, Some(told(failure))).await?,
        Outcome::Unknown { detail, .. } => settle(&mut tx, row, Status::Unknown, Some(detail.clone())).await?,
        Outcome::TryLater { failure, .. } => try_later(&mut tx, row, failure).await?,
    }
    tx.commit().await
}

/// It was provably not taken, so it may be tried again.
async fn try_later(tx: &mut Tx, row: mail::Model, failure: &Failure) -> Result<()> {
    let pauses = match failure.retry {
        Retry::After(pauses) => pauses,
        Retry::Never | Retry::NextDay => &[],
    };
    let pause = usize::try_from(row.attempts - 1).ok().and_then(|n| pauses.get(n));
    let next = pause.map(|pause| tx.now + Duration::seconds(*pause as i64));
    let Some(next) = next.filter(|next| *next - row.created_at < LONGEST_WAIT) else {
        let why = format!("Given up after a day. {}", told(failure));
        return settle(tx, row, Status::Failed, Some(why)).await;
    };
    let mut row = row;
    row.not_before = next;
    settle(tx, row, Status::Queued, Some(told(failure))).await
}

fn told(failure: &Failure) -> String {
    let end = if failure.words.ends_with(['.', '!', '?', '…']) {
        ""
    } else {
        "."
    };
    format!("{}{end} {}", failure.words, failure.next_step)
}

async fn settle(tx: &mut Tx, row: mail::Model, status: Status, why: Option<String>) -> Result<()> {
    metrics::counter!("showup_mails_total", "to" => status.as_str()).increment(1);
    tracing::info!(mail = %row.id, kind = row.kind, attempt = row.attempts, status = status.as_str(), "mail");
    let (business_id, not_before) = (row.business_id, row.not_before);
    let mut row = row.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.not_before = Set(not_before);
    row.why = Set(why.map(|why| tx.services().vault().seal(WHY, &why)));
    row.changed_at = Set(tx.now);
    row.update(&tx.db).await?;
    if let Some(id) = business_id {
        tx.mark_changed(id, Changed::Notices);
    }
    Ok(())
}

/// Finds claims without an owner.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub async fn tick(s: &Services) -> Result<()> {
    abandoned(s, LEASE).await.map(drop)
}

/// After a start as the only process: whatever was being handed over, nobody is at it any more.
///
/// # Errors
/// When the database does not answer.
pub async fn recover(s: &Services) -> Result<usize> {
    abandoned(s, Duration::zero()).await
}

async fn abandoned(s: &Services, age: Duration) -> Result<usize> {
    let lost = in_state(Status::Sending, mail::Column::ClaimedAt, s.now() - age);
    if lost.clone().limit(1).one(s.read()).await?.is_none() {
        return Ok(0);
    }
    let mut tx = s.begin().await?;
    let rows = lost
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&tx.db)
        .await?;
    let found = rows.len();
    for row in rows {
        let why = "Showup was stopped while it handed this mail over.";
        settle(&mut tx, row, Status::Unknown, Some(why.to_owned())).await?;
    }
    tx.commit().await?;
    Ok(found)
}

/// Forgets mails that are long settled.
///
/// # Errors
/// When the database does not answer; the next round tries again.
pub async fn prune(s: &Services) -> Result<()> {
    mail::Entity::delete_many()
        .filter(mail::Column::CreatedAt.lt(s.now() - KEPT))
        .exec(&s.db().write)
        .await?;
    Ok(())
}
