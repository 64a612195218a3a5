//! Who is told, and what: everybody by a notification, as they have chosen; owners and admins who want it by mail.

use domain::alerts::{Kind, QUIET};
use entity::{alerts::alert, businesses::business};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    accounts,
    channels::email::Letter,
    kernel::{Result, Tx},
    mails, notifications,
};

/// Whether people have not just been told of another one of this kind.
pub(super) async fn is_news(tx: &Tx, business_id: Uuid, kind: Kind) -> Result<bool> {
    let last = alert::Entity::in_business(business_id)
        .filter(alert::Column::Kind.eq(kind.as_str()))
        .filter(alert::Column::ToldAt.is_not_null())
        .order_by_desc(alert::Column::BeganAt)
        .limit(1)
        .all(&tx.db)
        .await?;
    Ok(last.iter().all(|row| row.ended_at.is_none_or(|at| tx.now - at >= QUIET)))
}

/// Of a breaker and of the budget people are told when they are reached: how that reads is known there.
const fn is_told_elsewhere(kind: Kind) -> bool {
    matches!(kind, Kind::Budget | Kind::Breaker)
}

pub(super) async fn began(tx: &mut Tx, b: &business::Model, kind: Kind, row: &alert::Model) -> Result<()> {
    if is_told_elsewhere(kind) {
        return Ok(());
    }
    notifications::tell_of_alert(tx, b.id, key(row, "began"), row.words.clone()).await?;
    let letter = Letter::default()
        .paragraph(row.words.clone())
        .paragraph(row.next_step.clone());
    mail(tx, b, row, "began", kind.title(), letter).await
}

/// The end of what a breaker held back is told by mail there.
pub(super) async fn ended(tx: &mut Tx, b: &business::Model, kind: Kind, row: &alert::Model) -> Result<()> {
    notifications::tell_of_alert(tx, b.id, key(row, "ended"), kind.over().to_owned()).await?;
    if kind == Kind::Breaker {
        return Ok(());
    }
    let letter = Letter::default()
        .paragraph(kind.over())
        .paragraph(format!("What was said before: {}", row.words));
    mail(tx, b, row, "ended", "as usual again", letter).await
}

fn key(row: &alert::Model, what: &str) -> String {
    format!("{}{}:{what}", notifications::ALERTS, row.id)
}

async fn mail(tx: &mut Tx, b: &business::Model, row: &alert::Model, what: &str, subject: &str, letter: Letter) -> Result<()> {
    if !mails::works(tx.services()) {
        return Ok(());
    }
    let mut to = accounts::managers(tx, b.id).await?;
    let without = notifications::without_alert_mails(&tx.db, b.id).await?;
    to.retain(|one| !without.contains(&one.account_id));
    let url = &tx.services().settings().public_url;
    let letter = letter
        .button("See all alerts", format!("{url}/alerts"))
        .small("You get this because you are an owner or an admin. You can turn it off under Notifications.");
    mails::store_alert(tx, b, &to, key(row, what), subject, letter).await
}
