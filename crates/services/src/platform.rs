//! All businesses of the installation, for whoever runs it: how they are, suspending them, and looking into one. Who runs it is no member of
//! them by that; what they do to one stands in its audit trail, and its owners are told.

use chrono::{DateTime, Utc};
use contract::{
    Code, Page,
    platform::{BusinessDetail, BusinessRow, ChangeView, InstallationView},
};
use domain::selftest::Status;
use entity::{accounts::member, businesses::business, conversations::conversation};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use crate::{
    accounts::{
        self, installation,
        platform::{self as admins, Admin},
    },
    businesses::suspension,
    channels::{
        breakers,
        connections::{self, Connections},
    },
    kernel::{
        Result, Services,
        error::problem,
        paging::{Cursor, TimeCursor, beyond, page_of},
    },
    numbers, reports, selftest, spend,
};

/// Businesses on a page.
const ROWS: u64 = 20;

/// Days whose texts are counted.
const DAYS: u32 = 7;

/// Numbers and people that are shown of a business.
const NUMBERS: usize = 20;
const PEOPLE: u64 = 50;

/// Businesses, the newest first.
pub(crate) fn newest(after: Option<TimeCursor>) -> Select<business::Entity> {
    let (at, id) = (business::Column::CreatedAt, business::Column::Id);
    let mut rows = business::Entity::find().order_by_desc(at).order_by_desc(id).limit(ROWS + 1);
    if let Some(after) = after {
        rows = rows.filter(beyond(at, id, after.0, after.1, true));
    }
    rows
}

/// A page of the installation's businesses, with how each is.
///
/// # Errors
/// `Malformed` for a cursor that is none.
pub async fn list(s: &Services, admin: &Admin, cursor: Option<&str>) -> Result<Page<BusinessRow>> {
    let found = newest(TimeCursor::decode(cursor)?).all(s.read()).await?;
    let page = page_of(ROWS, found, cursor_of);
    let ids: Vec<Uuid> = page.data.iter().map(|b| b.id).collect();
    let tests = selftest::last(s.read(), &ids).await?;
    let mut data = Vec::with_capacity(page.data.len());
    for b in &page.data {
        let test = tests.iter().find(|(id, ..)| *id == b.id).map(|(_, _, counted)| *counted);
        data.push(row(s, admin, b, test).await?);
    }
    Ok(Page {
        data,
        next_cursor: page.next_cursor,
    })
}

fn cursor_of(b: &business::Model) -> TimeCursor {
    Cursor(b.created_at, b.id)
}

async fn row(s: &Services, admin: &Admin, b: &business::Model, self_test: Option<(u32, u32)>) -> Result<BusinessRow> {
    let week = reports::recent(s, &admin.actor(b.id), DAYS).await?;
    let senders: Vec<String> = senders(s, b).await?;
    let open = breakers::open_for(s, s.read(), b.id, &senders).await?;
    Ok(BusinessRow {
        id: b.id,
        slug: b.slug.clone(),
        name: b.name.clone(),
        created_at: b.created_at,
        suspended: b.suspended_at.is_some(),
        members: accounts::member_ids(s.read(), b.id).await?.len() as u32,
        last_inbound: last_inbound(s, b.id).await?,
        sent_week: week.iter().map(|day| day.sent).sum(),
        failed_week: week.iter().map(|day| day.failed).sum(),
        breaker: open.into_iter().next().map(|open| open.why).unwrap_or_default(),
        self_test,
        spent: spend::spent(s.read(), b, s.now()).await?,
    })
}

async fn senders(s: &Services, b: &business::Model) -> Result<Vec<String>> {
    let own = numbers::active(s.read(), b.id).await?;
    let mut all: Vec<String> = own.into_iter().map(|number| number.phone).collect();
    all.extend(connections::shared(s, b.id).map(str::to_owned));
    Ok(all)
}

/// Conversations of a business that somebody wrote in, the latest first. Ids of messages tell when they were stored.
pub(crate) fn latest_inbound(business_id: Uuid) -> Select<conversation::Entity> {
    conversation::Entity::in_business(business_id)
        .filter(Expr::cust("\"last_inbound_id\" IS NOT NULL"))
        .order_by_desc(conversation::Column::LastInboundId)
        .limit(1)
}

async fn last_inbound(s: &Services, business_id: Uuid) -> Result<Option<DateTime<Utc>>> {
    let found = latest_inbound(business_id).one(s.read()).await?;
    let stamp = found.and_then(|row| row.last_inbound_id?.get_timestamp());
    Ok(stamp.and_then(|stamp| {
        let (seconds, nanos) = stamp.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }))
}

async fn find(s: &Services, id: Uuid) -> Result<business::Model> {
    let found = business::Entity::find_by_id(id).one(s.read()).await?;
    found.ok_or_else(|| problem(Code::NotFound, "There is no such business."))
}

/// One business, without anything of its customers.
///
/// # Errors
/// `NotFound`.
pub async fn get(s: &Services, admin: &Admin, id: Uuid) -> Result<BusinessDetail> {
    let b = find(s, id).await?;
    let test = selftest::last(s.read(), &[id]).await?.pop();
    let (trouble, counted) = match test {
        Some((_, lines, counted)) => (lines, Some(counted)),
        None => (Vec::new(), None),
    };
    let trouble = trouble
        .into_iter()
        .filter(|line| matches!(line.status, Status::Warn | Status::Fail))
        .map(|line| (line.title, line.seen))
        .collect();
    let own = numbers::active(s.read(), id).await?;
    let numbers = own
        .iter()
        .take(NUMBERS)
        .map(|one| domain::phone::display(&one.phone, &b.country));
    let look = admins::own_look(s.read(), admin.account_id, id, s.now()).await?;
    Ok(BusinessDetail {
        row: row(s, admin, &b, counted).await?,
        numbers: numbers.collect(),
        people: people(s, id).await?,
        trouble,
        own_account: s.of::<Connections>().own_of(id).is_some(),
        looking_until: look.map(|look| look.ends_at),
        time_zone: b.time_zone,
        country: b.country,
        suspended_at: b.suspended_at,
        suspended_why: b.suspended_why,
    })
}

async fn people(s: &Services, business_id: Uuid) -> Result<Vec<(String, String)>> {
    let members = member::Entity::in_business(business_id)
        .order_by_asc(member::Column::CreatedAt)
        .limit(PEOPLE)
        .all(s.read())
        .await?;
    let names = accounts::names(s.read(), members.iter().map(|m| m.account_id)).await?;
    let named = |m: member::Model| (names.get(&m.account_id).cloned().unwrap_or_default(), m.role);
    Ok(members.into_iter().map(named).collect())
}

/// Lets nothing leave a business any more. Its owners and admins are told why.
///
/// # Errors
/// `NotFound`; `Invalid` without a reason; `Conflict` if it is suspended already.
pub async fn suspend(s: &Services, admin: &Admin, id: Uuid, why: &str) -> Result<()> {
    suspension::suspend(s, &admin.principal(), id, why).await
}

/// Ends that.
///
/// # Errors
/// `NotFound`; `Conflict` if it is not suspended.
pub async fn resume(s: &Services, admin: &Admin, id: Uuid) -> Result<()> {
    suspension::resume(s, &admin.principal(), id).await
}

/// Begins to look into a business for an hour, in which nothing can be changed. Its owners and admins are told, and why. Who looks into it
/// already goes on with that look, in another browser, too.
///
/// # Errors
/// `NotFound`; `Invalid` without a reason; `Conflict` for who belongs to it and needs no look.
pub async fn look_into(s: &Services, admin: &Admin, id: Uuid, why: &str) -> Result<()> {
    find(s, id).await?;
    if accounts::is_member(s.read(), id, admin.account_id).await? {
        return Err(problem(
            Code::Conflict,
            "You belong to this business. Please switch to it instead.",
        ));
    }
    admins::begin_look(s, admin, id, why).await.map(drop)
}

/// The business that somebody goes back to after a look: the first one they belong to; none: the platform's own pages are all they have.
///
/// # Errors
/// When the database does not answer.
pub async fn home(s: &Services, admin: &Admin) -> Result<Option<Uuid>> {
    let first = member::Entity::find()
        .filter(member::Column::AccountId.eq(admin.account_id))
        .order_by_asc(member::Column::CreatedAt)
        .limit(1)
        .one(s.read())
        .await?;
    Ok(first.map(|member| member.business_id))
}

/// What is chosen for the installation, and what was changed. What its environment says is the server's to tell.
///
/// # Errors
/// When the database does not answer.
pub async fn installed(s: &Services, _admin: &Admin) -> Result<InstallationView> {
    let changes = installation::changes(s).await?.into_iter().map(|change| ChangeView {
        at: change.at,
        actor: change.actor,
        action: change.action,
        after: change.after.unwrap_or_default(),
    });
    Ok(InstallationView {
        sign_up_open: installation::sign_up_is_open(s).await?,
        settings: Vec::new(),
        changes: changes.collect(),
    })
}
