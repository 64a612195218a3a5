//! Mails of what is unread: one for everything that waits for a person, when the first of it is due.

use chrono::{DateTime, Utc};
use contract::notifications::NotificationView;
use domain::words;
use entity::{businesses::business, notifications::notification};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

use crate::{
    accounts, businesses,
    channels::email::Letter,
    kernel::{Result, Services},
    mails,
};

/// People written to in one go.
const BATCH: u64 = 50;

/// Most of what one mail tells.
const MOST: u64 = 50;

/// Notifications whose time to be mailed has come.
pub(crate) fn due(now: DateTime<Utc>) -> Select<notification::Entity> {
    notification::Entity::find()
        .filter(Expr::cust("\"mail_at\" IS NOT NULL"))
        .filter(notification::Column::MailAt.lte(now))
        .order_by_asc(notification::Column::MailAt)
        .limit(BATCH)
}

/// Writes to everybody whose unread things are due by mail.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub(super) async fn write_due(s: &Services) -> Result<()> {
    let rows = due(s.now()).all(s.read()).await?;
    let mut people: Vec<(Uuid, Uuid)> = rows.iter().map(|row| (row.business_id, row.account_id)).collect();
    people.sort_unstable();
    people.dedup();
    for (business_id, account_id) in people {
        write(s, business_id, account_id).await?;
    }
    Ok(())
}

async fn write(s: &Services, business_id: Uuid, account_id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    let rows = notification::Entity::in_business(business_id)
        .filter(notification::Column::AccountId.eq(account_id))
        .filter(Expr::cust("\"mail_at\" IS NOT NULL"))
        // A device still has time to show it.
        .filter(
            Condition::any()
                .add(notification::Column::IfMissed.eq(false))
                .add(notification::Column::MailAt.lte(tx.now)),
        )
        .order_by_asc(notification::Column::CreatedAt)
        .limit(MOST)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&tx.db)
        .await?;
    let none: Option<DateTime<Utc>> = None;
    notification::Entity::update_many()
        .col_expr(notification::Column::MailAt, Expr::value(none))
        .filter(notification::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(&tx.db)
        .await?;
    let unread: Vec<notification::Model> = rows.into_iter().filter(|row| row.read_at.is_none()).collect();
    if let Some(first) = unread.first() {
        let key = format!("news:{}", first.id);
        let business = businesses::of(&mut tx, business_id).await?;
        let news = super::words::views(s, &tx.db, business_id, unread).await?;
        let to = accounts::people(&tx, [account_id]).await?;
        let member = accounts::is_member(&tx.db, business_id, account_id).await?;
        if let Some(to) = to.into_iter().next().filter(|_| member && !news.is_empty()) {
            let said = said(&business, &s.settings().public_url, &news);
            mails::tell(&mut tx, &business, to, key, said).await?;
        }
    }
    tx.commit().await
}

/// Who and where, never what a customer wrote: mail is read by more machines than a page of ours.
fn said(b: &business::Model, url: &str, news: &[NotificationView]) -> (String, Letter) {
    let name: String = words::line(&b.name).chars().take(60).collect();
    let what = match news {
        [one] => one.title.clone(),
        many => format!("{} things you have not seen", many.len()),
    };
    let mut letter = Letter::default();
    for one in news {
        letter = letter.link(one.title.clone(), format!("{url}{}", one.href));
    }
    let letter = letter.button("See everything", format!("{url}/notifications")).small(format!(
        "You get this because of what you chose at {name}, under Notifications."
    ));
    (format!("{name}: {what}"), letter)
}
