//! Two visits at one time with one staff label.

use chrono::{DateTime, Duration, Utc};
use contract::{Problem, accounts::Role, appointments::Status};
use domain::{calendar::Span, zone::Zone};
use entity::appointments::appointment;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    businesses::types,
    contacts,
    kernel::{Actor, Principal, Result, Tx},
};

/// Visits looked at around one time; one takes a day at most.
const AROUND: u64 = 500;
const LONGEST: Duration = Duration::days(1);

/// What takes turns: two who move a visit into one gap at the same moment find each other.
const TURN: &str = "appointment.staff_label";

/// Everybody else who wants to move a visit of these labels waits for the end of this transaction.
pub(super) async fn take_turns<'a>(tx: &Tx, business_id: Uuid, labels: impl Iterator<Item = &'a str>) -> Result<()> {
    let turns = labels
        .filter(|label| !label.is_empty())
        .map(|label| format!("{business_id}:{label}"));
    let turns: Vec<String> = turns.collect();
    if turns.is_empty() {
        return Ok(());
    }
    tx.take_turns(TURN, turns).await
}

/// Refuses a visit at a time at which its label has another one, unless both are meant, which is not for staff to say. Visits without a
/// label are in nobody's way, nor are those that were cancelled or that nobody came to.
///
/// # Errors
/// `Conflict` with the id of the other.
pub(super) async fn check(tx: &Tx, actor: &Actor, row: &appointment::Model, zone: Zone, double_book: bool) -> Result<()> {
    let staff = matches!(actor.who, Principal::Member { role: Role::Staff, .. });
    if row.staff_label.is_empty() || (double_book && !staff) {
        return Ok(());
    }
    take_turns(tx, row.business_id, std::iter::once(row.staff_label.as_str())).await?;
    let kinds = |rows: &[appointment::Model]| rows.iter().filter_map(|row| row.type_id).collect();
    let mut rows = around(row).all(&tx.db).await?;
    rows.push(row.clone());
    let kinds = types::several(&tx.db, row.business_id, kinds(&rows)).await?;
    let span = |row: &appointment::Model| {
        let usual = row.type_id.and_then(|id| kinds.get(&id)).map(|kind| kind.minutes);
        Span::new(row.starts_at, row.ends_at, usual)
    };
    let wanted = span(row);
    let Some(other) = rows.iter().find(|other| other.id != row.id && span(other).overlaps(&wanted)) else {
        return Ok(());
    };
    let services = tx.services().clone();
    let who = contacts::labels(&services, &tx.db, row.business_id, vec![other.contact_id]).await?;
    let who = other
        .for_name
        .clone()
        .or_else(|| who.get(&other.contact_id).map(|person| person.name.clone()))
        .unwrap_or_else(|| "another visit".to_owned());
    let busy = span(other);
    let clock = |at: chrono::DateTime<chrono::Utc>, how: &str| at.with_timezone(&zone).format(how).to_string();
    let then = if staff {
        "Choose another time, or ask an owner or admin to book both."
    } else {
        "Choose another time, or double-book if both are meant."
    };
    let detail = format!(
        "{} has {who} on {} to {}. {then}",
        row.staff_label,
        clock(busy.from, "%a, %b %-d from %-I:%M"),
        clock(busy.until, "%-I:%M %p"),
    );
    Err(Problem::with(other.id, detail).into())
}

/// Whether a visit other than these is on at that time with its label. Takes no turn: who asks holds another lock.
pub(super) async fn any_other(
    tx: &Tx,
    business_id: Uuid,
    label: &str,
    (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    but: &[Uuid],
) -> Result<bool> {
    let rows = around_of(business_id, label, starts_at, Some(ends_at));
    let rows = rows.all(&tx.db).await?;
    let kinds = types::several(&tx.db, business_id, rows.iter().filter_map(|row| row.type_id).collect()).await?;
    let wanted = Span::new(starts_at, Some(ends_at), None);
    Ok(rows.iter().filter(|row| !but.contains(&row.id)).any(|row| {
        let usual = row.type_id.and_then(|id| kinds.get(&id)).map(|kind| kind.minutes);
        Span::new(row.starts_at, row.ends_at, usual).overlaps(&wanted)
    }))
}

/// Visits of a label that may be on at the time of this one, the first first.
pub(crate) fn around(row: &appointment::Model) -> Select<appointment::Entity> {
    around_of(row.business_id, &row.staff_label, row.starts_at, row.ends_at)
}

fn around_of(
    business_id: Uuid,
    label: &str,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
) -> Select<appointment::Entity> {
    let start = appointment::Column::StartsAt;
    let free = [Status::Cancelled, Status::NoShow].map(Status::as_str);
    let until = ends_at.unwrap_or(starts_at).max(starts_at) + LONGEST;
    appointment::Entity::in_business(business_id)
        .filter(appointment::Column::StaffLabel.eq(label))
        .filter(start.gt(starts_at - LONGEST))
        .filter(start.lt(until))
        .filter(appointment::Column::Status.is_not_in(free))
        .order_by_asc(start)
        .order_by_asc(appointment::Column::Id)
        .limit(AROUND)
}
