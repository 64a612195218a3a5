//! The views of the inbox: which conversations each shows, in which order, and how many there are.

use chrono::{DateTime, Utc};
use contract::{
    Page, Problem,
    conversations::{ConversationQuery, ConversationRow, ViewCounts},
};
use entity::conversations::conversation;
use sea_orm::{
    ColumnTrait, ExprTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

use super::seen::{self, account};
use crate::kernel::{
    Actor, Permission, Result, Services, changes,
    paging::{self, Cursor, TimeCursor},
};

/// When a person wrote last, or else when it began. As in the indexes.
const HUMAN: &str = "coalesce(\"last_human_at\", \"created_at\")";
const OPEN: &str = "\"closed_at\" IS NULL AND \"snoozed_until\" IS NULL";

/// Views are counted up to this.
const COUNTED: u64 = 100;

/// Most conversations that are dealt with at once.
pub(crate) const AT_MOST: u64 = 10_000;

/// What a list of conversations shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// All, latest activity first.
    Latest,
    /// Who waits for a person, the longest first.
    NeedsAnswer,
    /// What this account looks after.
    Mine(Option<Uuid>),
    Unassigned,
    /// What this account has not seen; without one, what nobody has.
    Unread(Option<Uuid>),
    /// Whose last message did not arrive.
    Failed,
    /// What comes back first is first.
    Snoozed,
    Open,
    /// What was closed last is first.
    Closed,
}

impl View {
    pub(crate) fn named(show: Option<&str>, actor: &Actor) -> Result<Self> {
        let me = account(actor);
        Ok(match show {
            None => View::Latest,
            Some("needs_answer") => View::NeedsAnswer,
            Some("mine") => View::Mine(me),
            Some("unassigned") => View::Unassigned,
            Some("unread") => View::Unread(me),
            Some("failed") => View::Failed,
            Some("snoozed") => View::Snoozed,
            Some("open") => View::Open,
            Some("closed") => View::Closed,
            Some(_) => {
                let words = "show is needs_answer, unread, mine, unassigned, snoozed, open, closed or failed.";
                return Err(Problem::parameter("show", words).into());
            }
        })
    }

    /// What it is sorted by, and whether the latest is first.
    fn key(self) -> (SimpleExpr, Order) {
        use conversation::Column as C;
        match self {
            View::Latest | View::Failed => (Expr::col(C::LastAt), Order::Desc),
            View::NeedsAnswer => (Expr::col(C::WaitingSince), Order::Asc),
            View::Snoozed => (Expr::col(C::SnoozedUntil), Order::Asc),
            View::Closed => (Expr::col(C::ClosedAt), Order::Desc),
            View::Unread(Some(_)) => (Expr::col(C::LastInboundId), Order::Desc),
            View::Mine(_) | View::Unassigned | View::Open | View::Unread(None) => (Expr::cust(HUMAN), Order::Desc),
        }
    }

    pub(crate) fn cursor(self, row: &conversation::Model) -> TimeCursor {
        let at = match self {
            View::Latest | View::Failed => Some(row.last_at),
            View::NeedsAnswer => row.waiting_since,
            View::Snoozed => row.snoozed_until,
            View::Closed => row.closed_at,
            View::Mine(_) | View::Unassigned | View::Open | View::Unread(_) => row.last_human_at,
        };
        let id = match self {
            View::Unread(Some(_)) => row.last_inbound_id.unwrap_or(row.id),
            _ => row.id,
        };
        Cursor(at.unwrap_or(row.created_at), id)
    }

    /// What is true of its rows; none: it has all.
    fn condition(self, business_id: Uuid) -> Option<SimpleExpr> {
        use conversation::Column as C;
        Some(match self {
            View::Latest => return None,
            View::NeedsAnswer => Expr::cust("\"waiting_since\" IS NOT NULL AND \"snoozed_until\" IS NULL"),
            View::Mine(Some(me)) => C::AssigneeId.eq(me).and(Expr::cust(OPEN)),
            // Who is no member looks after nothing.
            View::Mine(None) => Expr::cust("1 = 0"),
            View::Unassigned => C::AssigneeId.is_null().and(Expr::cust(OPEN)),
            View::Unread(None) => Expr::cust(super::UNREAD),
            View::Unread(Some(me)) => C::LastInboundId.is_not_null().and(seen::is_unseen(business_id, me)),
            View::Failed => Expr::cust("\"has_failed\" AND \"closed_at\" IS NULL"),
            View::Snoozed => Expr::cust("\"snoozed_until\" IS NOT NULL"),
            View::Open => Expr::cust(OPEN),
            View::Closed => Expr::cust("\"closed_at\" IS NOT NULL"),
        })
    }

    /// Its rows in no order.
    fn rows(self, business_id: Uuid) -> Select<conversation::Entity> {
        let all = conversation::Entity::in_business(business_id);
        match self.condition(business_id) {
            Some(condition) => all.filter(condition),
            None => all,
        }
    }

    /// Those of some conversations that are in it, in no order; asked in a way that the view's own index does not serve, for it would be
    /// read whole.
    pub(crate) fn among(self, business_id: Uuid, ids: impl IntoIterator<Item = Uuid>) -> Select<conversation::Entity> {
        let these = conversation::Entity::these(business_id, ids);
        match self.condition(business_id) {
            Some(condition) => these.filter(condition.is(Expr::Constant(true.into()))),
            None => these,
        }
    }

    /// The ids of its rows, in no order, at most so many.
    pub(super) async fn ids(self, s: &Services, business_id: Uuid, most: u64) -> Result<Vec<Uuid>> {
        let ids = self
            .rows(business_id)
            .select_only()
            .column(conversation::Column::Id)
            .limit(most);
        Ok(ids.into_tuple().all(s.read()).await?)
    }

    /// A page of it.
    pub(crate) fn page(self, business_id: Uuid, after: Option<TimeCursor>) -> Select<conversation::Entity> {
        self.sorted(self.rows(business_id), after)
    }

    /// Rows of it in its order, from a place on.
    pub(crate) fn sorted(self, rows: Select<conversation::Entity>, after: Option<TimeCursor>) -> Select<conversation::Entity> {
        let (key, order) = self.key();
        if matches!(self, View::Unread(Some(_))) {
            // Its key is an id: no two rows share it.
            let rows = match after {
                Some(Cursor(_, last)) => rows.filter(conversation::Column::LastInboundId.lt(last)),
                None => rows,
            };
            return rows.order_by(key, order);
        }
        let id = Expr::col(conversation::Column::Id);
        let rows = match after {
            Some(Cursor(at, last)) => {
                let here = Expr::tuple([key.clone(), id.clone()]);
                let there = Expr::tuple([Expr::value(at), Expr::value(last)]);
                rows.filter(if order == Order::Asc { here.gt(there) } else { here.lt(there) })
            }
            None => rows,
        };
        rows.order_by(key, order.clone()).order_by(id, order)
    }

    /// How many there are, up to a hundred.
    pub(crate) async fn count(self, s: &Services, business_id: Uuid) -> Result<u32> {
        self.count_to(s, business_id, COUNTED).await
    }

    async fn count_to(self, s: &Services, business_id: Uuid, most: u64) -> Result<u32> {
        paging::count_to(s.read(), self.rows(business_id), conversation::Column::Id, most).await
    }
}

async fn changed_since(
    s: &Services,
    actor: &Actor,
    since: DateTime<Utc>,
    query: &ConversationQuery,
) -> Result<Page<ConversationRow>> {
    let (kind, cursor) = (changes::Kind::Conversation, query.cursor.as_deref());
    let ids = changes::page(s, actor.business_id, kind, since, query.limit, cursor).await?;
    let mut shown = super::rows(s, s.read(), actor.business_id, &ids.data).await?;
    seen::for_reader(s.read(), actor, &mut shown).await?;
    Ok(changes::shown(ids, shown, |row| row.id))
}

/// A page of a view; with `updated_since` of all of them in the order in which they changed. What else is searched for is for
/// `search::conversations`.
///
/// # Errors
/// `Malformed` for a view, cursor or size of a page that is none, and for `updated_since` together with a view; `NotAllowed`.
pub async fn page(s: &Services, actor: &Actor, query: ConversationQuery) -> Result<Page<ConversationRow>> {
    actor.may(Permission::ReadMessages)?;
    let others = [("show", query.show.as_deref().is_some_and(|show| !show.is_empty()))];
    if let Some(since) = changes::since(query.updated_since.as_deref(), &others)? {
        return changed_since(s, actor, since, &query).await;
    }
    let (view, size) = (View::named(query.show.as_deref(), actor)?, paging::size(query.limit)?);
    let rows = view
        .page(actor.business_id, TimeCursor::decode(query.cursor.as_deref())?)
        .limit(size + 1);
    let page = paging::page_of(size, rows.all(s.read()).await?, |row| view.cursor(row));
    let mut data = super::rows_of(s, s.read(), actor.business_id, page.data).await?;
    seen::for_reader(s.read(), actor, &mut data).await?;
    Ok(Page {
        data,
        next_cursor: page.next_cursor,
    })
}

/// How many conversations a view holds, counted up to one more than can be dealt with at once.
///
/// # Errors
/// `Malformed` for a view that is none; `NotAllowed`.
pub async fn exact_count(s: &Services, actor: &Actor, show: Option<&str>) -> Result<u32> {
    actor.may(Permission::ReadMessages)?;
    let view = View::named(show, actor)?;
    view.count_to(s, actor.business_id, AT_MOST + 1).await
}

/// How many conversations wait for an answer, counted up to 100.
pub(crate) async fn waiting_count(s: &Services, business_id: Uuid) -> Result<u32> {
    View::NeedsAnswer.count(s, business_id).await
}

/// How many conversations each view shows to this person, counted up to a hundred: what that costs does not grow.
///
/// # Errors
/// `NotAllowed`.
pub async fn counts(s: &Services, actor: &Actor) -> Result<ViewCounts> {
    actor.may(Permission::ReadMessages)?;
    let (me, business_id) = (account(actor), actor.business_id);
    Ok(ViewCounts {
        needs_answer: View::NeedsAnswer.count(s, business_id).await?,
        mine: View::Mine(me).count(s, business_id).await?,
        unassigned: View::Unassigned.count(s, business_id).await?,
        unread: View::Unread(me).count(s, business_id).await?,
        failed: View::Failed.count(s, business_id).await?,
        snoozed: View::Snoozed.count(s, business_id).await?,
    })
}
