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
    /// What a person asked to hear by mail.
    News,
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
    let vault = tx.services().vault();
    let mut rows = Vec::with_capacity(to.len());
    for one in to {
        let said = Said {
            subject: new.said.subject.clone(),
            letter: new.said.letter.clone().to(&one.name),
        };
        let content = serde_json::to_string(&said).map_err(|e| Error::broken(e.to_string()))?;
        rows.push(mail::ActiveModel {
            id: Set(Uuid::now_v7()),
            business_id: Set(b.id),
            account_id: Set(one.account_id),
            kind: Set(new.kind.as_str().to_owned()),
            about: Set(new.about.clone()),
            dedupe_key: Set(key(one)),
            address: Set(vault.seal(ADDRESS, &one.email)),
            content: Set(vault.seal(CONTENT, &content)),
            status: Set(Status::Queued.as_str().to_owned()),
            attempts: Set(0),
            not_before: Set(new.not_before),
            claimed_at: Set(None),
            why: Set(None),
            created_at: Set(tx.now),
            changed_at: Set(tx.now),
        });
    }
    let once = OnConflict::columns([mail::Column::BusinessId, mail::Column::DedupeKey])
        .do_nothing()
        .to_owned();
    mail::Entity::insert_many(rows)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    // So that a page that shows them looks again.
    tx.mark_changed(b.id, Changed::Notices);
    Ok(())
}
