//! Another try for what the network did not deliver for a reason that passes.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};
use domain::{consent::State, outcome::Retry, when, zone::Zone};
use entity::{
    contacts::contact,
    messages::{message, message_attempt},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    one_by_one,
    state::{self, Again},
};
use crate::{
    businesses, channels,
    contacts::{self, consent},
    kernel::{Result, Services, Tx},
    messages::{self, locked},
};

/// When it is worth another try, after so many retries; `chance` (0 to 1) keeps what failed together from coming back together.
pub(crate) fn retry_at(now: DateTime<Utc>, retry: Retry, retries: i32, chance: f64) -> Option<DateTime<Utc>> {
    match retry {
        Retry::Never => None,
        Retry::After(delays) => {
            let seconds = *delays.get(usize::try_from(retries).ok()?)?;
            Some(now + Duration::milliseconds((seconds as f64 * 1000.0 * (0.9 + 0.2 * chance)) as i64))
        }
        // The day of the carriers begins at midnight in California.
        Retry::NextDay if retries == 0 => {
            let california = Zone::named("America/Los_Angeles")?;
            let tomorrow = now.with_timezone(&california).date_naive().checked_add_days(Days::new(1))?;
            let midnight = when::local_to_utc(tomorrow.and_time(NaiveTime::MIN), california);
            Some(midnight + Duration::seconds((600.0 * chance) as i64))
        }
        Retry::NextDay => None,
    }
}

/// It stays undelivered until then; the tick puts it back into the outbox. A machine's second try keeps quiet hours, whoever wrote the
/// text; they are asked for again when it is claimed.
pub(crate) async fn plan(tx: &mut Tx, person: &contact::Model, row: message::Model, at: DateTime<Utc>) -> Result<message::Model> {
    let business = businesses::of(tx, row.business_id).await?;
    let quiet = businesses::quiet_for(&business, &person.phone);
    let at = quiet.ends_after(at, contacts::zone(&business, person)).unwrap_or(at);
    let mut row = row.into_active_model();
    row.retry_at = Set(Some(at));
    let when = when::dated(at, businesses::zone(&business));
    row.wait_reason = Set(Some(format!("Not delivered; it is tried again on {when}.")));
    let row = row.update(&tx.db).await?;
    metrics::counter!("showup_messages_total", "step" => "retry_planned").increment(1);
    tracing::info!(message = %row.id, step = "retry_planned", %at, "text");
    Ok(row)
}

/// Undelivered messages whose time for another try has come.
pub(crate) fn due(now: DateTime<Utc>) -> Select<message::Entity> {
    message::Entity::find()
        .filter(message::Column::RetryAt.lte(now))
        .order_by_asc(message::Column::RetryAt)
        .limit(200)
}

/// Puts what is to be tried again back into the outbox. Every rule is asked again there, so a reminder that makes no sense any more is
/// not sent.
pub(crate) async fn all_due(s: &Services) -> Result<()> {
    let due = due(s.now());
    one_by_one(s, due, |business_id, id| again(s, business_id, id))
        .await
        .map(drop)
}

async fn again(s: &Services, business_id: Uuid, id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    let found = locked(&tx, business_id, id).await?;
    let Some((_, row)) = found.filter(|(_, m)| m.retry_at.is_some()) else {
        return Ok(());
    };
    if !messages::status(&row).is_failure() {
        // A later word has settled it.
        state::end_planned(&mut tx, row).await?;
        return tx.commit().await;
    }
    // Who opted out meanwhile is not texted again, nor for what nobody wants any more; the text stays what it is: undelivered.
    let channel = channels::of(&row).unwrap_or_default();
    let wanted =
        consent::state_on(&tx.db, row.contact_id, channel).await? != State::OptedOut && tx.objections(&[&row]).await?.is_empty();
    if wanted {
        remember_own_sid(&tx, &row).await?;
        state::requeue(&mut tx, row, Again::Retry).await?;
    } else {
        state::end_retry(&mut tx, row).await?;
    }
    tx.commit().await
}

/// The SID goes with the try it belongs to, so that late news of it is not taken for news of the next try.
pub(crate) async fn remember_own_sid(tx: &Tx, row: &message::Model) -> Result<()> {
    match &row.provider_sid {
        Some(sid) => remember_sid(tx, row.id, row.attempts, sid).await,
        None => Ok(()),
    }
}

/// The same for one try of a message.
pub(crate) async fn remember_sid(tx: &Tx, message_id: Uuid, number: i32, sid: &str) -> Result<()> {
    message_attempt::Entity::update_many()
        .col_expr(message_attempt::Column::ProviderSid, Expr::value(sid))
        .filter(message_attempt::Column::MessageId.eq(message_id))
        .filter(message_attempt::Column::Number.eq(number))
        .exec(&tx.db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().expect("a time")
    }

    #[test]
    fn a_carriers_day_ends_at_midnight_in_california() {
        let (morning, late) = (at("2027-01-06T15:00:00Z"), at("2027-01-07T07:59:00Z"));
        let midnight = at("2027-01-07T08:00:00Z");
        for now in [morning, late] {
            assert_eq!(retry_at(now, Retry::NextDay, 0, 0.0), Some(midnight));
            assert_eq!(retry_at(now, Retry::NextDay, 0, 1.0), Some(midnight + Duration::minutes(10)));
        }
        assert_eq!(retry_at(morning, Retry::NextDay, 1, 0.5), None, "once");
    }

    #[test]
    fn a_phone_that_was_off_is_tried_twice() {
        let now = at("2027-01-06T15:00:00Z");
        let after = |retries| retry_at(now, Retry::After(&[600, 7200]), retries, 0.5).map(|at| (at - now).num_minutes());
        assert_eq!([after(0), after(1), after(2)], [Some(10), Some(120), None]);
        assert_eq!(retry_at(now, Retry::Never, 0, 0.5), None, "a landline never");
    }
}
