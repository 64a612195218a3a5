//! Lists of tasks: each is read from an index of its own, a page at a time.

use chrono::{DateTime, Utc};
use contract::{
    Page, Problem,
    tasks::{TaskQuery, TaskView},
};
use entity::tasks::task;
use sea_orm::{
    ColumnTrait, ExprTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

use super::{Kind, views, views_of};
use crate::kernel::{
    Actor, Permission, Principal, Result, Services, changes,
    paging::{self, Cursor, TimeCursor},
};

/// Literals, so that SQLite sees that its indexes over some of the tasks will do.
const OPEN: &str = "\"status\" = 'open'";
const DONE: &str = "\"status\" = 'done'";
/// When a task is due: one without a time was when it came up.
const DUE: &str = "coalesce(\"due_at\", \"created_at\")";

/// Whose tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Everybodys,
    Nobodys,
    Of(Uuid),
}

/// Which tasks, and so in which order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    /// As they come due.
    Open,
    /// Those whose time has passed at this moment, longest overdue first.
    Overdue(DateTime<Utc>),
    /// Latest first.
    Done,
}

/// Tasks, filtered; with `updated_since` in the order in which they changed, open and done.
///
/// # Errors
/// `Malformed` for a filter or cursor that is none, for `updated_since` together with another filter, and for the tasks of a key, which has
/// none.
pub async fn list(s: &Services, actor: &Actor, query: TaskQuery) -> Result<Page<TaskView>> {
    actor.may(Permission::ReadTasks)?;
    if let Some(since) = changes::since(query.updated_since.as_deref(), &filters(&query))? {
        let (kind, cursor) = (changes::Kind::Task, query.cursor.as_deref());
        let ids = changes::page(s, actor.business_id, kind, since, query.limit, cursor).await?;
        let shown = views_of(s, s.read(), actor.business_id, &ids.data).await?;
        return Ok(changes::shown(ids, shown, |task| task.id));
    }
    let which = which(&query, s.now())?;
    let whose = whose(actor, query.assignee.as_deref())?;
    let (size, cursor) = (paging::size(query.limit)?, TimeCursor::decode(query.cursor.as_deref())?);
    let rows = page(actor.business_id, which, whose, cursor).limit(size + 1);
    let rows = match kinds(&query)? {
        Some(kinds) => rows.filter(is_of(&kinds)),
        None => rows,
    };
    let page = paging::page_of(size, rows.all(s.read()).await?, |row| Cursor(when_of(which, row), row.id));
    Ok(Page {
        data: views(s, s.read(), actor.business_id, page.data).await?,
        next_cursor: page.next_cursor,
    })
}

fn which(query: &TaskQuery, now: DateTime<Utc>) -> Result<Which> {
    let overdue = query.overdue.unwrap_or_default();
    match query.status.as_deref().unwrap_or_default() {
        "" | "open" if overdue => Ok(Which::Overdue(now)),
        "" | "open" => Ok(Which::Open),
        "done" => done_alone(query),
        _ => Err(Problem::parameter("status", "status is \"open\" or \"done\".").into()),
    }
}

/// Each filter, and whether it is given.
fn filters(query: &TaskQuery) -> [(&'static str, bool); 4] {
    let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    [
        ("overdue", query.overdue.unwrap_or_default()),
        ("assignee", given(&query.assignee)),
        ("kind", given(&query.kind)),
        ("status", given(&query.status)),
    ]
}

/// What was done is one list: among years of it no index finds those of one person or kind.
fn done_alone(query: &TaskQuery) -> Result<Which> {
    let of_the_list = filters(query).into_iter().filter(|(name, _)| *name != "status");
    match of_the_list.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => {
            Err(Problem::parameter(name, "Done tasks are one list. Leave this away, or leave status away.").into())
        }
        None => Ok(Which::Done),
    }
}

fn kinds(query: &TaskQuery) -> Result<Option<Vec<Kind>>> {
    let named = query.kind.as_deref().unwrap_or_default();
    if named.is_empty() {
        return Ok(None);
    }
    let known = |name: &str| Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
    let kinds: Option<Vec<Kind>> = named.split(',').map(known).collect();
    let all = Kind::ALL.map(Kind::as_str).join(", ");
    kinds
        .map(Some)
        .ok_or_else(|| Problem::parameter("kind", format!("kind is one of {all}, or several of them with commas.")).into())
}

fn whose(actor: &Actor, assignee: Option<&str>) -> Result<Whose> {
    match assignee.unwrap_or_default() {
        "" => Ok(Whose::Everybodys),
        "none" => Ok(Whose::Nobodys),
        "me" => match actor.who {
            Principal::Member { account_id, .. } => Ok(Whose::Of(account_id)),
            _ => Err(Problem::parameter(
                "assignee",
                "A key has no tasks of its own; give the id of a member's account.",
            )
            .into()),
        },
        id => id
            .parse()
            .map(Whose::Of)
            .map_err(|_| Problem::parameter("assignee", "assignee is \"me\", \"none\" or the id of a member's account.").into()),
    }
}

/// The tasks in their order, from after the cursor on.
pub(crate) fn page(business_id: Uuid, which: Which, whose: Whose, after: Option<TimeCursor>) -> Select<task::Entity> {
    let rows = task::Entity::in_business(business_id);
    let (rows, key, descending) = match which {
        Which::Open => (rows.filter(Expr::cust(OPEN)), Expr::cust(DUE), false),
        Which::Overdue(now) => {
            let late = rows.filter(Expr::cust(OPEN)).filter(task::Column::DueAt.lt(now));
            (late, column(task::Column::DueAt), false)
        }
        Which::Done => (rows.filter(Expr::cust(DONE)), column(task::Column::DoneAt), true),
    };
    let rows = match whose {
        Whose::Everybodys => rows,
        Whose::Nobodys => rows.filter(task::Column::AssigneeId.is_null()),
        Whose::Of(account) => rows.filter(task::Column::AssigneeId.eq(account)),
    };
    let rows = match after {
        Some(Cursor(at, id)) => rows.filter(beyond(key.clone(), at, id, descending)),
        None => rows,
    };
    let order = if descending { Order::Desc } else { Order::Asc };
    rows.order_by(key, order.clone()).order_by(task::Column::Id, order)
}

fn column(column: task::Column) -> SimpleExpr {
    Expr::col((task::Entity, column))
}

/// As `paging::beyond`. The time is compared by itself, too: SQLite finds its place in an index over an expression by that alone.
fn beyond(key: SimpleExpr, at: DateTime<Utc>, id: Uuid, descending: bool) -> SimpleExpr {
    let here = Expr::tuple([key.clone(), column(task::Column::Id)]);
    let there = Expr::tuple([Expr::value(at), Expr::value(id)]);
    if descending {
        key.lte(at).and(here.lt(there))
    } else {
        key.gte(at).and(here.gt(there))
    }
}

/// What a row is sorted by.
fn when_of(which: Which, row: &task::Model) -> DateTime<Utc> {
    let at = match which {
        Which::Done => row.done_at,
        Which::Open | Which::Overdue(_) => row.due_at,
    };
    at.unwrap_or(row.created_at)
}

/// Open tasks, counted up to 99.
pub(crate) async fn open_count(s: &Services, actor: &Actor) -> Result<u32> {
    let ids: Vec<Uuid> = task::Entity::in_business(actor.business_id)
        .filter(Expr::cust(OPEN))
        .select_only()
        .column(task::Column::Id)
        .limit(99)
        .into_tuple()
        .all(s.read())
        .await?;
    Ok(ids.len() as u32)
}

/// Open tasks of these kinds, as they come due.
pub(crate) fn of_kinds(business_id: Uuid, kinds: &[Kind]) -> Select<task::Entity> {
    page(business_id, Which::Open, Whose::Everybodys, None).filter(is_of(kinds))
}

fn is_of(kinds: &[Kind]) -> SimpleExpr {
    task::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str()))
}

/// Somebody is asked to read what a person wrote, and that person waits for an answer: both are one thing.
const WAITS: &str = "\"kind\" = 'clarify' AND EXISTS (SELECT 1 FROM \"conversation\" WHERE \"conversation\".\"id\" = \
    \"task\".\"conversation_id\" AND \"waiting_since\" IS NOT NULL AND \"snoozed_until\" IS NULL)";

/// Open tasks that are due before `until`, as they come due; without these kinds, and without the questions of who waits for an answer.
pub(crate) fn due(business_id: Uuid, until: DateTime<Utc>, but: &[Kind]) -> Select<task::Entity> {
    page(business_id, Which::Open, Whose::Everybodys, None)
        .filter(Expr::cust(DUE).lt(until))
        .filter(is_of(but).not())
        .filter(Expr::cust(WAITS).not())
}

/// The first of them as people see them.
pub(crate) async fn shown(s: &Services, business_id: Uuid, rows: Select<task::Entity>, most: u64) -> Result<Vec<TaskView>> {
    views(s, s.read(), business_id, rows.limit(most).all(s.read()).await?).await
}
