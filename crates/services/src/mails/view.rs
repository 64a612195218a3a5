//! How mails stand, in plain words.

use std::collections::HashMap;

use contract::mails::MailView;
use domain::{delivery::Status, when, zone::Zone};
use entity::{businesses::business, mails::mail};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use super::store::{Kind, WHY};
use crate::{
    accounts, businesses,
    kernel::{Result, Services},
};

/// Mails about such things that are looked at.
const MOST_OF_EACH: u64 = 1_000;

/// The last mails to a business's people, newest first.
pub(crate) async fn latest(s: &Services, db: &impl ConnectionTrait, b: &business::Model, most: u64) -> Result<Vec<MailView>> {
    let rows = mail::Entity::in_business(b.id)
        .order_by_desc(mail::Column::CreatedAt)
        .limit(most)
        .all(db)
        .await?;
    let names = accounts::names(db, rows.iter().filter_map(|m| m.account_id)).await?;
    let zone = businesses::zone(b);
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let why = match &row.why {
            Some(why) => s.vault().open(WHY, why).await?,
            None => String::new(),
        };
        let known = row.account_id.and_then(|id| names.get(&id).cloned());
        let to = known.unwrap_or_else(|| "somebody new".to_owned());
        views.push(MailView {
            id: row.id,
            what: format!("{} to {to}", what(&row)),
            at: when::relative(row.created_at, s.now(), zone),
            state: state(s, &row, why.trim(), zone),
            failed: failed(&row),
        });
    }
    Ok(views)
}

/// How the last mail about each of these stands, and whether it failed.
pub(crate) async fn of_each(
    s: &Services,
    db: &impl ConnectionTrait,
    b: &business::Model,
    about: &[String],
) -> Result<HashMap<String, (String, bool)>> {
    if about.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = mail::Entity::in_business(b.id)
        .filter(mail::Column::About.is_in(about))
        .order_by_asc(mail::Column::CreatedAt)
        .limit(MOST_OF_EACH)
        .all(db)
        .await?;
    let zone = businesses::zone(b);
    let mut found = HashMap::new();
    for row in rows {
        let why = match &row.why {
            Some(why) => s.vault().open(WHY, why).await?,
            None => String::new(),
        };
        let said = (state(s, &row, why.trim(), zone), failed(&row));
        found.insert(row.about, said);
    }
    Ok(found)
}

fn failed(row: &mail::Model) -> bool {
    [Status::Failed.as_str(), Status::Unknown.as_str()].contains(&row.status.as_str())
}

fn what(row: &mail::Model) -> &'static str {
    match row.kind.parse() {
        Ok(Kind::Test) => "Test mail",
        Ok(Kind::TextsWait) => "“Texts wait”",
        Ok(Kind::TextsGoAgain) => "“Texts go out again”",
        Ok(Kind::BudgetAlert) => "“The budget is nearly used”",
        Ok(Kind::BudgetUsed) => "“The budget is used up”",
        Ok(Kind::Webhook) => "“A webhook is switched off”",
        Ok(Kind::Alert) => "“Not as usual”",
        Ok(Kind::MonthlyReport) => "“The month’s report”",
        Ok(Kind::NumberRequest) => "“Your request for a number”",
        Ok(Kind::News) => "What was unread",
        Ok(Kind::Invitation) => "Invitation",
        Ok(Kind::ResetPassword) => "“A new password”",
        Ok(Kind::ChangeEmail | Kind::Account) => "About an account",
        Ok(Kind::Installation) => "News of the installation",
        // Of a newer version.
        Err(_) => "Mail",
    }
}

fn state(s: &Services, row: &mail::Model, why: &str, zone: Zone) -> String {
    let at = |moment| when::inline(moment, s.now(), zone);
    match row.status.parse() {
        Ok(Status::Queued) if row.attempts > 0 => format!("Not taken yet. {why} Next try {}.", at(row.not_before)),
        Ok(Status::Queued) if row.not_before > s.now() => format!("Waits until {}, if it is still so then.", at(row.not_before)),
        Ok(Status::Queued) => "Waiting to be handed over.".to_owned(),
        Ok(Status::Sending) => "Being handed over.".to_owned(),
        Ok(Status::Accepted) => "Handed over to the mail server.".to_owned(),
        Ok(Status::Failed) => format!("Failed. {why}"),
        Ok(Status::Cancelled) => format!("Not sent. {why}"),
        _ => format!("Not known whether it arrived. {why} It is not sent again by itself."),
    }
}
