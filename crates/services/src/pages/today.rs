//! What needs a person now. Each list is the start of one that has a page of its own, so that what this costs grows with nothing.

use std::collections::HashMap;

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use contract::{
    appointments::AppointmentView,
    conversations::{ConversationQuery, ConversationRow},
    tasks::TaskView,
    today::{Listed, Reschedule, Today, Trouble},
};
use domain::{when, zone::Zone};
use entity::{appointments::appointment, tasks::task};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use crate::{
    appointments::{self, day},
    businesses, calendars, conversations,
    kernel::{Actor, Permission, Result, Services, paging::count_to},
    messages,
    tasks::{self, Kind},
};

/// Rows of a list; of today's visits; and up to what is counted.
const ROWS: u64 = 6;
const VISITS: u64 = 60;
const COUNTED: u64 = 100;

/// For how long a visit that nobody has marked is asked about.
const UNMARKED: Duration = Duration::days(7);

/// About texts that did not arrive, or may not have.
pub(crate) const TROUBLE: [Kind; 3] = [Kind::StuckMessage, Kind::UnclearMessage, Kind::Call];

/// What needs a person now, by the clock of the business.
///
/// # Errors
/// `NotAllowed`.
pub async fn today(s: &Services, actor: &Actor) -> Result<Today> {
    for needed in [Permission::ReadMessages, Permission::ReadAppointments, Permission::ReadTasks] {
        actor.may(needed)?;
    }
    let zone = businesses::zone(&businesses::get(s.read(), actor.business_id).await?);
    let (begins, ends) = day_of(s.now(), zone);
    let business_id = actor.business_id;
    let mine = || appointment::Entity::in_business(business_id);
    let unmarked = day::unmarked(mine(), begins).filter(appointment::Column::StartsAt.gte(begins - UNMARKED));
    let mut of_today = visits(s, business_id, day::between(business_id, begins, ends), VISITS).await?;
    // Who is there and waits comes first; the others stay by time.
    of_today
        .rows
        .sort_by_key(|visit| visit.arrived_at.is_none() || !visit.status.is_open());
    Ok(Today {
        waiting: waiting(s, actor).await?,
        failed: failed(s, business_id).await?,
        reschedule: reschedule(s, business_id).await?,
        unanswered: visits(s, business_id, day::soonest_first(day::unanswered(mine(), s.now())), ROWS).await?,
        tasks: due(s, business_id, ends).await?,
        unmarked: visits(s, business_id, day::latest_first(unmarked), ROWS).await?,
        nobody_known: calendars::waiting(s.read(), business_id).await?,
        visits: of_today,
    })
}

/// When the day of this moment begins and ends there.
fn day_of(now: DateTime<Utc>, zone: Zone) -> (DateTime<Utc>, DateTime<Utc>) {
    let today = now.with_timezone(&zone).date_naive();
    let midnight = |day: NaiveDate| when::local_to_utc(day.and_time(NaiveTime::MIN), zone);
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    (midnight(today), midnight(tomorrow))
}

async fn waiting(s: &Services, actor: &Actor) -> Result<Listed<ConversationRow>> {
    let query = ConversationQuery {
        show: Some("needs_answer".to_owned()),
        limit: Some(ROWS),
        ..ConversationQuery::default()
    };
    let page = conversations::page(s, actor, query).await?;
    let total = match page.next_cursor {
        Some(_) => conversations::views::View::NeedsAnswer.count(s, actor.business_id).await?,
        None => page.data.len() as u32,
    };
    Ok(Listed { rows: page.data, total })
}

async fn failed(s: &Services, business_id: Uuid) -> Result<Listed<Trouble>> {
    let rows = tasks::list::of_kinds(business_id, &TROUBLE);
    let total = count(s, rows.clone(), task::Column::Id).await?;
    let shown = tasks::list::shown(s, business_id, rows, ROWS).await?;
    let ids: Vec<Uuid> = shown.iter().filter_map(|task| task.message_id).collect();
    let texts = messages::views(s.read(), business_id, &ids).await?;
    let mut texts: HashMap<Uuid, _> = texts.into_iter().map(|text| (text.id, text)).collect();
    let rows = shown.into_iter().map(|task| Trouble {
        message: task.message_id.and_then(|id| texts.remove(&id)),
        task,
    });
    Ok(Listed {
        rows: rows.collect(),
        total,
    })
}

async fn reschedule(s: &Services, business_id: Uuid) -> Result<Listed<Reschedule>> {
    let rows = tasks::list::of_kinds(business_id, &[Kind::Reschedule]);
    let total = count(s, rows.clone(), task::Column::Id).await?;
    let shown = tasks::list::shown(s, business_id, rows, ROWS).await?;
    let ids: Vec<Uuid> = shown.iter().filter_map(|task| task.appointment_id).collect();
    let visits = appointments::views_of(s, s.read(), business_id, &ids).await?;
    let mut visits: HashMap<Uuid, _> = visits.into_iter().map(|visit| (visit.id, visit)).collect();
    let rows = shown.into_iter().map(|task| Reschedule {
        appointment: task.appointment_id.and_then(|id| visits.remove(&id)),
        task,
    });
    Ok(Listed {
        rows: rows.collect(),
        total,
    })
}

async fn due(s: &Services, business_id: Uuid, until: DateTime<Utc>) -> Result<Listed<TaskView>> {
    let [stuck, unclear, call] = TROUBLE;
    let rows = tasks::list::due(business_id, until, &[stuck, unclear, call, Kind::Reschedule]);
    Ok(Listed {
        total: count(s, rows.clone(), task::Column::Id).await?,
        rows: tasks::list::shown(s, business_id, rows, ROWS).await?,
    })
}

async fn visits(
    s: &Services,
    business_id: Uuid,
    rows: Select<appointment::Entity>,
    most: u64,
) -> Result<Listed<AppointmentView>> {
    Ok(Listed {
        total: count(s, rows.clone(), appointment::Column::Id).await?,
        rows: day::shown(s, business_id, rows, most).await?,
    })
}

async fn count<E: EntityTrait>(s: &Services, rows: Select<E>, id: E::Column) -> Result<u32> {
    count_to(s.read(), rows, id, COUNTED).await
}
