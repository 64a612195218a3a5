//! Proving the counters against the rows that they are of, day by day, and putting right what differs. Each day is one transaction, so that
//! whoever reads meanwhile reads either what was there or what is right. History from before anything was counted is counted in the same way.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    figures::{QUARTER, QUARTERS_A_DAY, What},
    when,
};
use entity::{
    appointments::appointment,
    businesses::business,
    messages::message,
    reports::{counted, counter_quarter, recount},
    reviews::review_request,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Key, Sums,
    facts::{TextRow, of_reviews, of_texts, of_visits, texts},
    keep::{add, known, settle},
};
use crate::kernel::{Result, Services, Tx};

/// Rows that are read at once.
const BLOCK: u64 = 1000;
/// Businesses whose history is begun in one go, should the first ones fail.
const SOME: u64 = 20;
/// Days of history that are counted in one go; days of which there is nothing don't count.
const DAYS: i64 = 20;

/// A counter that said something else than the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub business_id: Uuid,
    /// The start of the quarter of an hour, as RFC 3339.
    pub at: String,
    /// What was counted, and which sort of it.
    pub what: String,
    pub kept: i64,
    pub by_the_rows: i64,
}

/// Compares all counters of a business with its rows, and, if asked to, puts right what differs.
///
/// # Errors
/// When the database does not answer.
pub async fn business(s: &Services, business_id: Uuid, repair: bool) -> Result<Vec<Difference>> {
    let mut differences = Vec::new();
    let mut reached = i64::MAX;
    while let Some(day) = day_before(s, business_id, reached).await? {
        differences.extend(one_day(s, business_id, day, repair).await?);
        reached = day * QUARTERS_A_DAY;
    }
    if repair {
        finish(s, business_id).await?;
    }
    Ok(differences)
}

/// All businesses, by their slugs.
///
/// # Errors
/// When the database does not answer.
pub async fn businesses(s: &Services) -> Result<Vec<(Uuid, String)>> {
    let all = business::Entity::find()
        .select_only()
        .columns([business::Column::Id, business::Column::Slug])
        .order_by_asc(business::Column::Slug);
    Ok(all.into_tuple().all(s.read()).await?)
}

/// Goes on with history from before anything was counted, the newest days first.
///
/// # Errors
/// When the database does not answer; what was counted stays so.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    let open = recount::Entity::find()
        .filter(Expr::cust("done_at IS NULL"))
        .order_by_desc(recount::Column::Reached)
        .limit(SOME)
        .all(s.read())
        .await?;
    for row in open {
        match some_days(s, &row).await {
            Ok(()) => break,
            // One that can't be counted must not keep the others waiting.
            Err(cause) => tracing::error!(business = %row.business_id, %cause, "history could not be counted; it is tried again"),
        }
    }
    Ok(())
}

async fn some_days(s: &Services, row: &recount::Model) -> Result<()> {
    let mut reached = row.reached;
    for _ in 0..DAYS {
        let Some(day) = day_before(s, row.business_id, reached).await? else {
            return finish(s, row.business_id).await;
        };
        one_day(s, row.business_id, day, true).await?;
        reached = day * QUARTERS_A_DAY;
        recount::Entity::update_many()
            .col_expr(recount::Column::Reached, Expr::value(reached))
            .filter(recount::Column::BusinessId.eq(row.business_id))
            .exec(&s.db().write)
            .await?;
    }
    Ok(())
}

async fn finish(s: &Services, business_id: Uuid) -> Result<()> {
    recount::Entity::update_many()
        .col_expr(recount::Column::DoneAt, Expr::value(s.now()))
        .filter(recount::Column::BusinessId.eq(business_id))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// The last day (of UTC, from 1970) before a quarter that there is anything of.
async fn day_before(s: &Services, business_id: Uuid, reached: i64) -> Result<Option<i64>> {
    // Nothing is later than that, and a moment has room for it.
    let reached = Ord::min(reached, super::quarter(when::LAST));
    let text = message::Entity::in_business(business_id)
        .filter(message::Column::CreatedAt.lt(start(reached)))
        .order_by_desc(message::Column::CreatedAt)
        .select_only()
        .column(message::Column::CreatedAt)
        .limit(1);
    let visit = appointment::Entity::in_business(business_id)
        .filter(appointment::Column::StartsAt.lt(start(reached)))
        .order_by_desc(appointment::Column::StartsAt)
        .select_only()
        .column(appointment::Column::StartsAt)
        .limit(1);
    let review = review_request::Entity::in_business(business_id)
        .filter(review_request::Column::CreatedAt.lt(start(reached)))
        .order_by_desc(review_request::Column::CreatedAt)
        .select_only()
        .column(review_request::Column::CreatedAt)
        .limit(1);
    let counter = counter_quarter::Entity::in_business(business_id)
        .filter(counter_quarter::Column::Quarter.lt(reached))
        .order_by_desc(counter_quarter::Column::Quarter)
        .select_only()
        .column(counter_quarter::Column::Quarter)
        .limit(1);
    let text: Option<DateTime<Utc>> = text.into_tuple().one(s.read()).await?;
    let visit: Option<DateTime<Utc>> = visit.into_tuple().one(s.read()).await?;
    let review: Option<DateTime<Utc>> = review.into_tuple().one(s.read()).await?;
    let counter: Option<i64> = counter.into_tuple().one(s.read()).await?;
    let moments = [text, visit, review].into_iter().flatten().map(super::quarter);
    Ok(moments.chain(counter).max().map(|quarter| quarter.div_euclid(QUARTERS_A_DAY)))
}

fn start(quarter: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(quarter * QUARTER, 0).unwrap_or_default()
}

async fn one_day(s: &Services, business_id: Uuid, day: i64, repair: bool) -> Result<Vec<Difference>> {
    let mut tx = s.begin().await?;
    // Nothing is counted meanwhile.
    tx.one_at_a_time(std::iter::once(business_id)).await?;
    let (from, to) = (day * QUARTERS_A_DAY, (day + 1) * QUARTERS_A_DAY);
    let mut should = Sums::new();
    texts_of_day(&mut tx, business_id, (from, to), &mut should).await?;
    visits_of_day(&mut tx, business_id, (from, to), &mut should).await?;
    reviews_of_day(&mut tx, business_id, (from, to), &mut should).await?;
    strays(&tx, business_id, (from, to)).await?;
    let kept = kept(&tx.db, business_id, from, to).await?;
    let mut differences = Vec::new();
    let mut missing = Sums::new();
    let all: std::collections::BTreeSet<_> = should.keys().chain(kept.keys()).collect();
    for one in all {
        let n = |sums: &Sums| sums.get(one).copied().unwrap_or(0);
        if n(&should) == n(&kept) {
            continue;
        }
        missing.insert(one.clone(), n(&should) - n(&kept));
        let (key, what, sort) = one;
        differences.push(Difference {
            business_id,
            at: start(key.quarter).to_rfc3339(),
            what: format!("{what}:{sort}").trim_end_matches(':').to_owned(),
            kept: n(&kept),
            by_the_rows: n(&should),
        });
    }
    if repair {
        add(&tx, business_id, missing).await?;
        tx.commit().await?;
    } else {
        tx.db.rollback().await?;
    }
    Ok(differences)
}

type Quarters = (i64, i64);

fn within(column: impl ColumnTrait, (from, to): Quarters) -> Condition {
    Condition::all().add(column.gte(start(from))).add(column.lt(start(to)))
}

async fn texts_of_day(tx: &mut Tx, business_id: Uuid, day: Quarters, should: &mut Sums) -> Result<()> {
    let mut after: Option<(DateTime<Utc>, Uuid)> = None;
    loop {
        let mut rows = texts(message::Entity::in_business(business_id))
            .filter(within(message::Column::CreatedAt, day))
            .order_by_asc(message::Column::CreatedAt)
            .order_by_asc(message::Column::Id)
            .limit(BLOCK);
        if let Some((at, id)) = after {
            rows = rows.filter(crate::kernel::paging::beyond(
                message::Column::CreatedAt,
                message::Column::Id,
                at,
                id,
                false,
            ));
        }
        let rows: Vec<TextRow> = rows.into_model().all(&tx.db).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some((last.created_at, last.id));
        let (theirs, ours): (Vec<TextRow>, Vec<TextRow>) = rows.into_iter().partition(|row| row.direction == "inbound");
        for (_, fact) in of_texts(tx, business_id, theirs, &Default::default()).await? {
            fact.add_to(should, 1);
        }
        let ids: Vec<Uuid> = ours.iter().map(|row| row.id).collect();
        let known = known(tx, business_id, &ids).await?;
        let facts = of_texts(tx, business_id, ours, &known).await?;
        for (_, fact) in &facts {
            fact.add_to(should, 1);
        }
        // What it adds is not asked for: the sums of the whole day are compared.
        settle(tx, business_id, known, facts, &mut Sums::new()).await?;
    }
}

async fn visits_of_day(tx: &mut Tx, business_id: Uuid, day: Quarters, should: &mut Sums) -> Result<()> {
    let mut after: Option<(DateTime<Utc>, Uuid)> = None;
    loop {
        let mut rows = appointment::Entity::in_business(business_id)
            .filter(within(appointment::Column::StartsAt, day))
            .order_by_asc(appointment::Column::StartsAt)
            .order_by_asc(appointment::Column::Id)
            .limit(BLOCK / 4);
        if let Some((at, id)) = after {
            let start = appointment::Column::StartsAt;
            rows = rows.filter(crate::kernel::paging::beyond(start, appointment::Column::Id, at, id, false));
        }
        let rows = rows.all(&tx.db).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some((last.starts_at, last.id));
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let known = known(tx, business_id, &ids).await?;
        let facts = of_visits(tx, business_id, rows).await?;
        for (_, fact) in &facts {
            fact.add_to(should, 1);
        }
        settle(tx, business_id, known, facts, &mut Sums::new()).await?;
    }
}

async fn reviews_of_day(tx: &mut Tx, business_id: Uuid, day: Quarters, should: &mut Sums) -> Result<()> {
    let mut after: Option<(DateTime<Utc>, Uuid)> = None;
    loop {
        let mut rows = review_request::Entity::in_business(business_id)
            .filter(within(review_request::Column::CreatedAt, day))
            .order_by_asc(review_request::Column::CreatedAt)
            .order_by_asc(review_request::Column::Id)
            .limit(BLOCK);
        if let Some((at, id)) = after {
            let created = review_request::Column::CreatedAt;
            rows = rows.filter(crate::kernel::paging::beyond(
                created,
                review_request::Column::Id,
                at,
                id,
                false,
            ));
        }
        let rows = rows.all(&tx.db).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some((last.created_at, last.id));
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let known = known(tx, business_id, &ids).await?;
        let facts = of_reviews(rows)?;
        for (_, fact) in &facts {
            fact.add_to(should, 1);
        }
        settle(tx, business_id, known, facts, &mut Sums::new()).await?;
    }
}

/// What is counted in this day and is no more, or is of another day by now, is not counted here any more.
async fn strays(tx: &Tx, business_id: Uuid, (from, to): Quarters) -> Result<()> {
    let here = || {
        counted::Entity::in_business(business_id)
            .filter(counted::Column::Quarter.gte(from))
            .filter(counted::Column::Quarter.lt(to))
    };
    let texts = sea_orm::sea_query::Query::select()
        .expr(Expr::value(1))
        .from(message::Entity)
        .and_where(Expr::col((message::Entity, message::Column::Id)).equals((counted::Entity, counted::Column::Id)))
        .to_owned();
    let visits = sea_orm::sea_query::Query::select()
        .expr(Expr::value(1))
        .from(appointment::Entity)
        .and_where(Expr::col((appointment::Entity, appointment::Column::Id)).equals((counted::Entity, counted::Column::Id)))
        .to_owned();
    let reviews = sea_orm::sea_query::Query::select()
        .expr(Expr::value(1))
        .from(review_request::Entity)
        .and_where(Expr::col((review_request::Entity, review_request::Column::Id)).equals((counted::Entity, counted::Column::Id)))
        .to_owned();
    let gone: Vec<Uuid> = here()
        .filter(Expr::not_exists(texts))
        .filter(Expr::not_exists(visits))
        .filter(Expr::not_exists(reviews))
        .select_only()
        .column(counted::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    if !gone.is_empty() {
        counted::Entity::delete_many()
            .filter(counted::Column::Id.is_in(gone))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

async fn kept(db: &impl ConnectionTrait, business_id: Uuid, from: i64, to: i64) -> Result<Sums> {
    let rows = counter_quarter::Entity::in_business(business_id)
        .filter(counter_quarter::Column::Quarter.gte(from))
        .filter(counter_quarter::Column::Quarter.lt(to))
        .all(db)
        .await?;
    let mut sums: Sums = BTreeMap::new();
    for row in rows {
        let Ok(what) = row.what.parse::<What>() else { continue };
        let key = Key {
            quarter: row.quarter,
            place: row.place,
            type_id: row.type_id,
            channel: row.channel,
            template: row.template,
        };
        sums.insert((key, what, row.sort), row.n);
    }
    Ok(sums)
}
