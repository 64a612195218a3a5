//! The go-live self-test of a business: everything that has to be so before customers are texted, read at Twilio and at our own door, judged
//! by `domain::selftest`. Its result is kept, and it runs again each night. Nothing is held back by it: what it finds is a banner.

mod front;
mod readings;

use chrono::{DateTime, Duration, Utc};
use contract::selftest::SelfTestView;
use domain::selftest::{Line, count, essential_failure, judge, next_night};
use entity::{businesses::business, selftest::self_test};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType, OnConflict},
};
use uuid::Uuid;

use crate::{
    businesses,
    kernel::{Actor, Event, Permission, Principal, Result, Services, Tx, queue::Job},
};

pub use front::{Front, here, is_here, reach, signed_loop, stream_delay};
pub use readings::ahead;

/// What its parts are counted to.
const PARTS: u8 = 4;

/// One that has not ended by then was broken off.
const LONGEST: Duration = Duration::minutes(2);

/// Businesses that are begun with, or enrolled, at once.
const BATCH: u64 = 20;
const ENROLLED: u64 = 200;

const RUNNING: &str = "running";
const IDLE: &str = "idle";

/// The last test of the actor's business.
///
/// # Errors
/// `NotAllowed`.
pub async fn view(s: &Services, actor: &Actor) -> Result<SelfTestView> {
    actor.may(Permission::ReadMessages)?;
    let found = self_test::Entity::find_by_id(actor.business_id).one(s.read()).await?;
    let may_run = actor.may(Permission::ManageBusiness).is_ok();
    Ok(found.map_or_else(|| nothing(may_run), |row| shown(&row, s.now(), may_run)))
}

fn nothing(may_run: bool) -> SelfTestView {
    SelfTestView {
        running: false,
        done: 0,
        of: PARTS,
        lines: Vec::new(),
        finished_at: None,
        next_at: None,
        failing: 0,
        warnings: 0,
        may_run,
    }
}

fn is_running(row: &self_test::Model, now: DateTime<Utc>) -> bool {
    row.state == RUNNING && row.begun_at.is_some_and(|begun| now - begun < LONGEST)
}

fn shown(row: &self_test::Model, now: DateTime<Utc>, may_run: bool) -> SelfTestView {
    SelfTestView {
        running: is_running(row, now),
        done: u8::try_from(row.done).unwrap_or_default(),
        of: PARTS,
        lines: lines(row),
        finished_at: row.finished_at,
        next_at: Some(row.next_at),
        failing: u32::try_from(row.failing).unwrap_or_default(),
        warnings: u32::try_from(row.warnings).unwrap_or_default(),
        may_run,
    }
}

/// What another version has written and this one can't read counts as nothing known.
fn lines(row: &self_test::Model) -> Vec<Line> {
    serde_json::from_str(&row.lines).unwrap_or_default()
}

/// Begins a test now; one that runs goes on.
///
/// # Errors
/// `NotAllowed`.
pub async fn run_now(s: &Services, actor: &Actor) -> Result<SelfTestView> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    let b = businesses::of(&mut tx, actor.business_id).await?;
    enrol_one(&tx, &b).await?;
    let row = locked(&tx, b.id).await?;
    let Some(row) = row.filter(|row| !is_running(row, s.now())) else {
        tx.commit().await?;
        return view(s, actor).await;
    };
    let next_at = row.next_at;
    let row = begin(&mut tx, row, next_at).await?;
    tx.commit().await?;
    Ok(shown(&row, s.now(), true))
}

async fn locked(tx: &Tx, id: Uuid) -> Result<Option<self_test::Model>> {
    Ok(self_test::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?)
}

async fn begin(tx: &mut Tx, row: self_test::Model, next_at: DateTime<Utc>) -> Result<self_test::Model> {
    let business_id = row.business_id;
    let mut row = row.into_active_model();
    row.state = Set(RUNNING.to_owned());
    row.done = Set(0);
    row.begun_at = Set(Some(tx.now));
    row.next_at = Set(next_at);
    let row = row.update(&tx.db).await?;
    tx.enqueue(&Job::SelfTest { business_id }, tx.now, None).await?;
    Ok(row)
}

fn spread(id: Uuid) -> u64 {
    id.as_u64_pair().1
}

async fn enrol_one(tx: &Tx, b: &business::Model) -> Result<()> {
    let row = self_test::ActiveModel {
        business_id: Set(b.id),
        state: Set(IDLE.to_owned()),
        done: Set(0),
        lines: Set("[]".to_owned()),
        failing: Set(0),
        warnings: Set(0),
        begun_at: Set(None),
        finished_at: Set(None),
        next_at: Set(next_night(tx.now, businesses::zone(b), spread(b.id))),
    };
    let once = OnConflict::column(self_test::Column::BusinessId).do_nothing().to_owned();
    self_test::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// Businesses that have no test yet get their minute of the night.
///
/// # Errors
/// When the database does not answer; the next round looks again.
pub async fn enrol(s: &Services) -> Result<()> {
    let new = business::Entity::find()
        .filter(Expr::cust(
            "NOT EXISTS (SELECT 1 FROM self_test t WHERE t.business_id = business.id)",
        ))
        .limit(ENROLLED)
        .all(s.read())
        .await?;
    if new.is_empty() {
        return Ok(());
    }
    let tx = s.begin().await?;
    for b in &new {
        enrol_one(&tx, b).await?;
    }
    tx.commit().await
}

/// Tests whose night has come.
pub(crate) fn due(now: DateTime<Utc>) -> sea_orm::Select<self_test::Entity> {
    self_test::Entity::find()
        .filter(self_test::Column::NextAt.lte(now))
        .order_by_asc(self_test::Column::NextAt)
        .limit(BATCH)
}

/// Begins those whose night has come.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    let due = due(s.now()).all(s.read()).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    for row in due {
        let now = tx.now;
        let Some(row) = locked(&tx, row.business_id).await?.filter(|row| row.next_at <= now) else {
            continue;
        };
        let b = businesses::of(&mut tx, row.business_id).await?;
        let next_at = next_night(now, businesses::zone(&b), spread(b.id));
        begin(&mut tx, row, next_at).await?;
    }
    tx.commit().await
}

/// Tests a business and keeps what was seen.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn perform(s: &Services, business_id: Uuid) -> Result<()> {
    let Some(row) = self_test::Entity::find_by_id(business_id).one(s.read()).await? else {
        return Ok(());
    };
    // A job that comes twice finds its work done.
    if row.state != RUNNING {
        return Ok(());
    }
    let b = businesses::get(s.read(), business_id).await?;
    let facts = Box::pin(readings::gather(s, &b)).await?;
    keep(s, business_id, judge(&facts)).await
}

/// So many parts are over; whoever waits sees it.
async fn progress(s: &Services, business_id: Uuid, done: i32) -> Result<()> {
    self_test::Entity::update_many()
        .col_expr(self_test::Column::Done, Expr::value(done))
        .filter(self_test::Column::BusinessId.eq(business_id))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

async fn keep(s: &Services, business_id: Uuid, found: Vec<Line>) -> Result<()> {
    let mut tx = s.begin().await?;
    let Some(row) = locked(&tx, business_id).await? else {
        return Ok(());
    };
    let (failing, warnings) = count(&found);
    let before = lines(&row);
    let banner = |lines: &[Line]| essential_failure(lines).map(|line| line.seen.clone());
    let news = banner(&before) != banner(&found);
    let mut row = row.into_active_model();
    row.state = Set(IDLE.to_owned());
    row.done = Set(PARTS.into());
    row.lines = Set(serde_json::to_string(&found).unwrap_or_default());
    row.failing = Set(i32::try_from(failing).unwrap_or(i32::MAX));
    row.warnings = Set(i32::try_from(warnings).unwrap_or(i32::MAX));
    row.finished_at = Set(Some(tx.now));
    row.update(&tx.db).await?;
    if news {
        tx.record(business_id, &Principal::System("self-test"), Event::SelfTestChanged);
    }
    tx.commit().await
}

/// What was found and nothing works without, for a banner.
pub(crate) async fn failing(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Option<Line>> {
    let found = self_test::Entity::find_by_id(business_id).one(db).await?;
    let found = found.filter(|row| row.failing > 0).map(|row| lines(&row));
    Ok(found.and_then(|lines| essential_failure(&lines).cloned()))
}

/// The last results of these businesses: the row of each.
pub(crate) async fn last(db: &impl ConnectionTrait, businesses: &[Uuid]) -> Result<Vec<(Uuid, Vec<Line>, (u32, u32))>> {
    if businesses.is_empty() {
        return Ok(Vec::new());
    }
    let rows = self_test::Entity::find()
        .filter(self_test::Column::BusinessId.is_in(businesses.iter().copied()))
        .filter(self_test::Column::FinishedAt.is_not_null())
        .all(db)
        .await?;
    let counted = |n: i32| u32::try_from(n).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|row| (row.business_id, lines(&row), (counted(row.failing), counted(row.warnings))))
        .collect())
}
