//! Asking the counters: a stretch of days is read in the order of their key, and nothing else.

use std::collections::BTreeMap;

use domain::figures::{Middle, Part, QUARTER, Span, Totals, What};
use entity::reports::{counter_quarter, recount};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

use crate::kernel::Result;

/// Most rows of an answer: of errors there may be any number of codes.
const MOST: u64 = 10_000;
/// Times are read a week at a time. They have three digits, so that a day has fewer than 3,750 of them; a week may touch eight days.
const MOST_TIMES: u64 = 30_000;
const WEEK: i64 = 7 * 86_400 / QUARTER;

/// What figures are narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub place: Option<Uuid>,
    pub type_id: Option<Uuid>,
    pub channel: Option<String>,
}

/// What they are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// Codes, seconds, steps; and the channel.
    Sort,
    Day,
    /// And seconds.
    DayAndSort,
    /// Of the day, by the clocks of the business.
    Hour,
    Channel,
    Place,
    /// And the channel.
    Type,
    /// And what made it: of requests for reviews, their platform.
    PlaceAndTemplate,
}

/// So much of something in one group.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Grouped {
    pub what: String,
    /// Days from 1970, an hour, an id, or the sort itself.
    pub part: String,
    /// What else it is told apart by.
    pub also: String,
    pub n: i64,
}

/// The counters of these quarters.
pub(crate) fn rows(business_id: Uuid, part: Part, filter: &Filter, what: &[What]) -> Select<counter_quarter::Entity> {
    use counter_quarter::Column as C;
    let mut rows = counter_quarter::Entity::in_business(business_id)
        .filter(C::Quarter.gte(part.from))
        .filter(C::Quarter.lt(part.to))
        .filter(C::What.is_in(what.iter().map(|what| what.as_str())));
    if let Some(place) = filter.place {
        rows = rows.filter(C::Place.eq(place));
    }
    if let Some(type_id) = filter.type_id {
        rows = rows.filter(C::TypeId.eq(type_id));
    }
    if let Some(channel) = &filter.channel {
        rows = rows.filter(C::Channel.eq(channel.as_str()));
    }
    rows
}

fn by(split: Split, part: Part, backend: DbBackend) -> SimpleExpr {
    let local = format!("(quarter * {QUARTER} + ({}))", part.offset);
    let sql = match (split, backend) {
        (Split::Sort, _) => "sort".to_owned(),
        (Split::Day | Split::DayAndSort, _) => format!("CAST({local} / 86400 AS text)"),
        (Split::Hour, _) => format!("CAST({local} % 86400 / 3600 AS text)"),
        (Split::Channel, _) => "channel".to_owned(),
        (Split::Place | Split::PlaceAndTemplate, DbBackend::Sqlite) => "hex(place)".to_owned(),
        (Split::Place | Split::PlaceAndTemplate, _) => "CAST(place AS text)".to_owned(),
        (Split::Type, DbBackend::Sqlite) => "hex(type_id)".to_owned(),
        (Split::Type, _) => "CAST(type_id AS text)".to_owned(),
    };
    Expr::cust(sql)
}

/// How much there was of each of these, by parts; the most of what comes in too many sorts.
pub(crate) async fn grouped(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    parts: &[Part],
    filter: &Filter,
    what: &[What],
    split: Split,
) -> Result<Vec<Grouped>> {
    let also = match split {
        Split::Sort | Split::Type => "channel",
        Split::DayAndSort => "sort",
        Split::PlaceAndTemplate => "template",
        Split::Day | Split::Hour | Split::Channel | Split::Place => "''",
    };
    let (parts, most) = match split {
        Split::DayAndSort => (by_weeks(parts), MOST_TIMES),
        _ => (parts.to_vec(), MOST),
    };
    let mut all: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for part in &parts {
        let found: Vec<Grouped> = rows(business_id, *part, filter, what)
            .select_only()
            .column(counter_quarter::Column::What)
            .column_as(by(split, *part, db.get_database_backend()), "part")
            .column_as(Expr::cust(also), "also")
            .column_as(Expr::cust("CAST(SUM(n) AS bigint)"), "n")
            .group_by(Expr::cust("1"))
            .group_by(Expr::cust("2"))
            .group_by(Expr::cust("3"))
            .order_by_desc(Expr::cust("4"))
            .limit(most)
            .into_model()
            .all(db)
            .await?;
        for one in found {
            *all.entry((one.what, one.part, one.also)).or_default() += one.n;
        }
    }
    let told = all.into_iter().filter(|(_, n)| *n != 0);
    Ok(told.map(|((what, part, also), n)| Grouped { what, part, also, n }).collect())
}

fn by_weeks(parts: &[Part]) -> Vec<Part> {
    let weeks = |part: &Part| {
        let (part, step) = (*part, usize::try_from(WEEK).unwrap_or(usize::MAX));
        (part.from..part.to).step_by(step).map(move |from| Part {
            from,
            to: part.to.min(from + WEEK),
            ..part
        })
    };
    parts.iter().flat_map(weeks).collect()
}

/// The part of these before a quarter.
fn before(parts: &[Part], quarter: i64) -> Vec<Part> {
    let cut = parts.iter().map(|part| Part {
        to: part.to.min(quarter),
        ..*part
    });
    cut.filter(|part| part.from < part.to).collect()
}

/// Visits of these days that have begun and nobody has marked, by parts.
pub(crate) async fn visits_to_mark(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    parts: &[Part],
    filter: &Filter,
    now: i64,
    split: Split,
) -> Result<Vec<Grouped>> {
    grouped(db, business_id, &before(parts, now), filter, &[What::Open], split).await
}

/// All that is counted of a stretch of days, up to the quarter `until`. `now`: the quarter that it is now.
pub(crate) async fn totals(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    span: &Span,
    filter: &Filter,
    (until, now): (i64, i64),
) -> Result<Totals> {
    let (from, to) = span.quarters();
    let to = to.min(until);
    let whole = [Part { from, to, offset: 0 }];
    let single: Vec<What> = What::ALL.iter().copied().filter(|what| !what.is_sorted()).collect();
    let mut totals = Totals::default();
    for one in grouped(db, business_id, &whole, filter, &single, Split::Sort).await? {
        if let Ok(what) = one.what.parse::<What>() {
            *totals.of.entry(what).or_default() += one.n;
        }
    }
    for one in grouped(
        db,
        business_id,
        &whole,
        filter,
        &[What::Response, What::ResponseOpen, What::Confirming],
        Split::Sort,
    )
    .await?
    {
        let times = match one.what.parse() {
            Ok(What::Response) => &mut totals.waiting,
            Ok(What::ResponseOpen) => &mut totals.waiting_open,
            _ => &mut totals.confirming,
        };
        add(times, &one.part, one.n);
    }
    let open = visits_to_mark(db, business_id, &whole, filter, now, Split::Sort).await?;
    totals.unmarked = open.iter().map(|one| one.n).sum();
    Ok(totals)
}

/// So many seconds were measured so often.
pub(crate) fn add(times: &mut Middle, seconds: &str, n: i64) {
    if let Ok(seconds) = seconds.parse() {
        *times.0.entry(seconds).or_default() += n;
    }
}

/// Quarters before this one are not counted yet; none where all are.
pub(crate) async fn since_when_known(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Option<i64>> {
    let row = recount::Entity::find_by_id(business_id).one(db).await?;
    Ok(row.filter(|row| row.done_at.is_none()).map(|row| row.reached))
}
