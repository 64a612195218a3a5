//! The month's report by mail: off until an owner or admin asks for it, then to the owners when a month of theirs is over. The mail holds the
//! figures, and leads to the whole as a PDF, which only who signs in may read.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use contract::reports::{Board, ReportQuery};
use domain::{figures::start_of, zone::Zone};
use entity::{businesses::business, reports::monthly_report};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, OnConflict},
};

use crate::{
    accounts, businesses,
    channels::email::Letter,
    kernel::{Actor, Event, Permission, Principal, Result, Services},
    mails,
    pages::reports,
};

/// Businesses in one go.
const SOME: u64 = 20;
/// How often it is looked whether a month is over.
const AGAIN: Duration = Duration::minutes(15);
/// When it is in the mailbox, by the clock of the business.
const HOUR: i64 = 8;

/// Whether the owners get it.
///
/// # Errors
/// `NotAllowed`.
pub async fn is_on(s: &Services, actor: &Actor) -> Result<bool> {
    actor.may(Permission::ReadMessages)?;
    let row = monthly_report::Entity::find_by_id(actor.business_id).one(s.read()).await?;
    Ok(row.is_some())
}

/// Turns it on or off. The first is about the month that it is now.
///
/// # Errors
/// `NotAllowed` for staff.
pub async fn set(s: &Services, actor: &Actor, on: bool) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    let was = monthly_report::Entity::find_by_id(actor.business_id)
        .one(&tx.db)
        .await?
        .is_some();
    if was == on {
        return Ok(());
    }
    if on {
        let b = businesses::get(&tx.db, actor.business_id).await?;
        let row = monthly_report::ActiveModel {
            business_id: Set(b.id),
            month: Set(month_before(tx.now, businesses::zone(&b)).0),
            look_at: Set(tx.now + AGAIN),
        };
        let once = OnConflict::column(monthly_report::Column::BusinessId).do_nothing().to_owned();
        monthly_report::Entity::insert(row)
            .on_conflict(once)
            .exec_without_returning(&tx.db)
            .await?;
    } else {
        monthly_report::Entity::delete_by_id(actor.business_id).exec(&tx.db).await?;
    }
    let chosen = |on: bool| Some(serde_json::json!({ "monthly_report": on }));
    tx.record_change(actor.business_id, &actor.who, Event::BusinessChanged, chosen(was), chosen(on));
    tx.commit().await
}

/// The last month that is over, like `2027-01`, with its first and last day.
fn month_before(now: DateTime<Utc>, zone: Zone) -> (String, NaiveDate, NaiveDate) {
    let today = now.with_timezone(&zone).date_naive();
    let last = today.with_day(1).and_then(|first| first.pred_opt()).unwrap_or(today);
    let first = last.with_day(1).unwrap_or(last);
    (last.format("%Y-%m").to_string(), first, last)
}

/// Writes the mail of each month that is over.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    if !mails::works(s) {
        return Ok(());
    }
    let due = monthly_report::Entity::find()
        .filter(monthly_report::Column::LookAt.lte(s.now()))
        .order_by_asc(monthly_report::Column::LookAt)
        .limit(SOME)
        .all(s.read())
        .await?;
    for row in due {
        // One that can't be written must not keep the others waiting.
        if let Err(cause) = look(s, &row).await {
            tracing::error!(business = %row.business_id, %cause, "a month's report could not be written; it is tried again");
        }
        monthly_report::Entity::update_many()
            .col_expr(monthly_report::Column::LookAt, Expr::value(s.now() + AGAIN))
            .filter(monthly_report::Column::BusinessId.eq(row.business_id))
            .exec(&s.db().write)
            .await?;
    }
    Ok(())
}

/// Its month ends by its own clock.
async fn look(s: &Services, row: &monthly_report::Model) -> Result<()> {
    let b = businesses::get(s.read(), row.business_id).await?;
    let (month, first, last) = month_before(s.now(), businesses::zone(&b));
    if row.month < month {
        write(s, &b, row, &month, (first, last)).await?;
    }
    Ok(())
}

async fn write(
    s: &Services,
    b: &business::Model,
    row: &monthly_report::Model,
    month: &str,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<()> {
    let actor = Actor {
        business_id: b.id,
        who: Principal::Operator,
    };
    let query = ReportQuery {
        from: Some(first.to_string()),
        to: Some(last.to_string()),
        compare: Some("previous".to_owned()),
        ..ReportQuery::default()
    };
    let board = reports::board(s, &actor, &query).await?;
    // Figures that are not all there yet are nothing to write to anybody.
    if board.partial_before.is_some() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    // Another process may be at it as well.
    let mine = monthly_report::Entity::update_many()
        .col_expr(monthly_report::Column::Month, Expr::value(month))
        .filter(monthly_report::Column::BusinessId.eq(b.id))
        .filter(monthly_report::Column::Month.eq(row.month.as_str()))
        .exec(&tx.db)
        .await?;
    if mine.rows_affected == 0 {
        return Ok(());
    }
    let owners = accounts::owners(&tx, b.id).await?;
    let url = format!("{}/reports/report.pdf?from={first}&to={last}", s.settings().public_url);
    let morning = start_of(last + Duration::days(1), businesses::zone(b)) + Duration::hours(HOUR);
    mails::store_report(&mut tx, b, &owners, month, morning.max(s.now()), letter(&board, &url)).await?;
    tx.commit().await
}

fn letter(board: &Board, url: &str) -> Letter {
    let mut letter = Letter::default().paragraph(format!("How {} went.", board.days));
    for card in &board.cards {
        let trend = if card.trend.is_empty() {
            String::new()
        } else {
            format!(" ({})", card.trend)
        };
        letter = letter.paragraph(format!("{}: {}{trend}", card.title, card.value));
    }
    letter
        .button("Open the report (PDF)", url.to_owned())
        .small("An owner or admin can turn this mail off on the page of reports.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_over_by_the_clock_of_the_business() {
        let at = |text: &str| domain::when::instant(text).expect("a moment");
        let of = |text: &str, zone: &str| month_before(at(text), Zone::named(zone).expect("a zone")).0;
        assert_eq!(of("2027-02-01T03:00:00Z", "America/New_York"), "2026-12");
        assert_eq!(of("2027-02-01T03:00:00Z", "Europe/Stockholm"), "2027-01");
        assert_eq!(of("2027-01-31T12:00:00Z", "Pacific/Kiritimati"), "2027-01");
        let (_, first, last) = month_before(at("2028-03-15T12:00:00Z"), Zone::UTC);
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("2028-02-01".to_owned(), "2028-02-29".to_owned())
        );
    }
}
