//! A mail becomes a row, with the transaction of its cause.

use chrono::{DateTime, Utc};
use domain::delivery::Status;
use entity::{businesses::business, mails::mail};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, Set,
    sea_query::{Expr, OnConflict},
};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::{
    accounts::Manager,
    channels::email::Letter,
    kernel::{Error, Result, Tx, tx::Changed},
};

/// As `vault::SEALED` calls them.
pub(super) const ADDRESS: &str = "mail.address";
pub(super) const CONTENT: &str = "mail.content";
pub(super) const WHY: &str = "mail.why";

/// What a mail tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Kind {
    Test,
    TextsWait,
    TextsGoAgain,
    BudgetAlert,
    BudgetUsed,
    /// How a month went.
    MonthlyReport,
    /// Something has left its usual course, or is back.
    Alert,
    /// What became of a request for a number.
    NumberRequest,
    /// A webhook was switched off because nothing arrived.
    Webhook,
    /// What a person asked to hear by mail.
    News,
    Invitation,
    /// About somebody's account: a new password, another address.
    ResetPassword,
    ChangeEmail,
    /// Something about somebody's own account.
    Account,
    /// What whoever runs the installation did.
    Installation,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What a mail says, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Said {
    pub subject: String,
    pub letter: Letter,
}

#[derive(Clone)]
pub(super) struct New {
    pub kind: Kind,
    pub about: String,
    /// Of its cause; each person's mail has its own of it.
    pub key: String,
    pub not_before: DateTime<Utc>,
    pub said: Said,
}

/// Stores a mail to each of these, unless they have one of the same cause. One that was taken back, because its cause seemed over, waits
/// again.
pub(super) async fn store(tx: &mut Tx, b: &business::Model, to: &[Manager], new: &New) -> Result<()> {
    if to.is_empty() {
        return Ok(());
    }
    let key = |one: &Manager| format!("{}:{}", new.key, one.account_id);
    mail::Entity::update_many()
        .col_expr(mail::Column::Status, Expr::value(Status::Queued.as_str()))
        .col_expr(mail::Column::Why, Expr::value(Option::<String>::None))
        .col_expr(mail::Column::NotBefore, Expr::value(new.not_before))
        .col_expr(mail::Column::ChangedAt, Expr::value(tx.now))
        .filter(mail::Column::BusinessId.eq(b.id))
        .filter(mail::Column::DedupeKey.is_in(to.iter().map(key)))
        .filter(mail::Column::Status.eq(Status::Cancelled.as_str()))
        .exec(&tx.db)
        .await?;
    let mut rows = Vec::with_capacity(to.len());
    for one in to {
        let said = Said {
            subject: new.said.subject.clone(),
            letter: new.said.letter.clone().to(&one.name),
        };
        let whose = (Some(b.id), Some(one.account_id));
        rows.push(row(tx, whose, &one.email, key(one), new, &said)?);
    }
    insert(tx, rows).await?;
    // So that a page that shows them looks again.
    tx.mark_changed(b.id, Changed::Notices);
    Ok(())
}

/// Stores a mail to an address: to somebody who is to join a business, or to a person about their account, which is no business's matter.
pub(super) async fn store_letter(
    tx: &mut Tx,
    (business_id, account_id): (Option<Uuid>, Option<Uuid>),
    email: &str,
    new: &New,
) -> Result<()> {
    let row = row(tx, (business_id, account_id), email, new.key.clone(), new, &new.said)?;
    insert(tx, vec![row]).await?;
    if let Some(id) = business_id {
        tx.mark_changed(id, Changed::Notices);
    }
    Ok(())
}

fn row(
    tx: &Tx,
    (business_id, account_id): (Option<Uuid>, Option<Uuid>),
    email: &str,
    key: String,
    new: &New,
    said: &Said,
) -> Result<mail::ActiveModel> {
    let vault = tx.services().vault();
    let content = serde_json::to_string(said).map_err(|e| Error::broken(e.to_string()))?;
    Ok(mail::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        account_id: Set(account_id),
        kind: Set(new.kind.as_str().to_owned()),
        about: Set(new.about.clone()),
        dedupe_key: Set(key),
        address: Set(vault.seal(ADDRESS, email)),
        content: Set(vault.seal(CONTENT, &content)),
        status: Set(Status::Queued.as_str().to_owned()),
        attempts: Set(0),
        not_before: Set(new.not_before),
        claimed_at: Set(None),
        why: Set(None),
        created_at: Set(tx.now),
        changed_at: Set(tx.now),
    })
}

async fn insert(tx: &Tx, rows: Vec<mail::ActiveModel>) -> Result<()> {
    let once = OnConflict::columns([mail::Column::BusinessId, mail::Column::DedupeKey])
        .do_nothing()
        .to_owned();
    mail::Entity::insert_many(rows)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}
