//! Visits of two people who become one: their numbers, and what can't be at once.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use contract::{Code, appointments::Status};
use domain::merge::{self, Coded};
use entity::{appointments::appointment, contacts::contact, messages::message, questions::question};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::rows;
use crate::{
    conversations,
    delivery::state,
    kernel::{Result, Tx, error::problem, tx::Changed},
    messages::WAITING,
    questions,
};

/// Visits ahead that are looked at.
const MOST: u64 = 1_000;

/// A visit that gets another number.
pub(super) struct Renumbered {
    pub id: Uuid,
    pub was: i32,
    becomes: i32,
}

/// Which visits need another number, so that an answer by text means one of them.
///
/// # Errors
/// `Conflict` where both were asked under one number, and where both have a visit at the same minute.
pub(super) async fn codes(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    kept: &contact::Model,
    other: &contact::Model,
) -> Result<Vec<Renumbered>> {
    let (of_kept, of_other) = (ahead(db, now, kept).await?, ahead(db, now, other).await?);
    not_at_once(&of_kept, &of_other)?;
    let open = questions::open_of(now, [(kept.business_id, kept.id), (other.business_id, other.id)].into_iter());
    let open = open.limit(MOST).all(db).await?;
    let coded = |who: &contact::Model, visits: &[appointment::Model]| {
        let asked = open.iter().filter(|question| question.contact_id == who.id);
        let mut all: BTreeMap<Uuid, Coded<Uuid>> = BTreeMap::new();
        for visit in visits {
            all.insert(
                visit.id,
                Coded {
                    subject: visit.id,
                    code: visit.token,
                    asked: false,
                },
            );
        }
        for question in asked {
            let subject = question.subject_id;
            all.insert(
                subject,
                Coded {
                    subject,
                    code: question.token,
                    asked: true,
                },
            );
        }
        all.into_values().collect::<Vec<_>>()
    };
    let next = kept.next_token.max(other.next_token);
    let anew = merge::codes(&coded(kept, &of_kept), &coded(other, &of_other), next).map_err(|code| {
        let words = format!(
            "Both have an open question with the code {code}, so that an answer could mean either. Merge them once one of the two visits is over."
        );
        problem(Code::Conflict, words)
    })?;
    let visits = of_kept.into_iter().chain(of_other);
    let renumbered = visits.filter_map(|visit| {
        Some(Renumbered {
            becomes: anew.get(&visit.id).copied()?,
            id: visit.id,
            was: visit.token,
        })
    });
    Ok(renumbered.collect())
}

/// What somebody has ahead, the soonest first.
async fn ahead(db: &impl ConnectionTrait, now: DateTime<Utc>, who: &contact::Model) -> Result<Vec<appointment::Model>> {
    let open = Status::open().map(Status::as_str);
    Ok(appointment::Entity::in_business(who.business_id)
        .filter(appointment::Column::ContactId.eq(who.id))
        .filter(appointment::Column::StartsAt.gt(now))
        .filter(appointment::Column::Status.is_in(open))
        .order_by_asc(appointment::Column::StartsAt)
        .limit(MOST)
        .all(db)
        .await?)
}

/// Nobody is at two visits in the same minute.
fn not_at_once(kept: &[appointment::Model], other: &[appointment::Model]) -> Result<()> {
    let minute = |visit: &appointment::Model| visit.starts_at.timestamp().div_euclid(60);
    let minutes: HashSet<i64> = kept.iter().map(minute).collect();
    if other.iter().any(|visit| minutes.contains(&minute(visit))) {
        let words = "Both have a visit at the same time. Cancel or move one of the two first.";
        return Err(problem(Code::Conflict, words));
    }
    Ok(())
}

pub(super) async fn renumber(tx: &mut Tx, kept: &contact::Model, codes: &[Renumbered]) -> Result<()> {
    for one in codes {
        set_code(tx, kept.business_id, one.id, one.becomes).await?;
    }
    if let Some(highest) = codes.iter().map(|one| one.becomes).max() {
        let next = (highest % 999 + 1).max(kept.next_token);
        contact::Entity::update_many()
            .col_expr(contact::Column::NextToken, Expr::value(next))
            .filter(contact::Column::Id.eq(kept.id))
            .filter(contact::Column::NextToken.lt(next))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

async fn set_code(tx: &mut Tx, business_id: Uuid, id: Uuid, code: i32) -> Result<()> {
    appointment::Entity::update_many()
        .col_expr(appointment::Column::Token, Expr::value(code))
        .filter(appointment::Column::BusinessId.eq(business_id))
        .filter(appointment::Column::Id.eq(id))
        .exec(&tx.db)
        .await?;
    tx.mark_changed(business_id, Changed::Appointment(id));
    Ok(())
}

/// Visits have the numbers again that they had, unless they were asked about since. What was asked of the kept one meanwhile about the
/// other's visits can't be answered any more, and does not leave if it waits.
pub(super) async fn part(
    tx: &mut Tx,
    merge: Uuid,
    (kept, other): (&contact::Model, &contact::Model),
    codes: &[(Uuid, i32)],
) -> Result<()> {
    let of_both = question::Column::ContactId.is_in([kept.id, other.id]);
    let asked: HashSet<Uuid> = question::Entity::find()
        .filter(question::Column::SubjectId.is_in(codes.iter().map(|(id, _)| *id)))
        .filter(question::Column::BusinessId.eq(kept.business_id))
        .filter(of_both.clone())
        .filter(question::Column::ExpiresAt.gt(tx.now))
        .select_only()
        .column(question::Column::SubjectId)
        .into_tuple::<Uuid>()
        .all(&tx.db)
        .await?
        .into_iter()
        .collect();
    for (id, code) in codes.iter().filter(|(id, _)| !asked.contains(id)) {
        set_code(tx, kept.business_id, *id, *code).await?;
    }
    let Some(thread) = conversations::of_contact(&tx.db, kept.business_id, kept.id).await? else {
        return Ok(());
    };
    let theirs = || rows::moved(merge, rows::APPOINTMENT);
    let waiting = message::Entity::in_business(kept.business_id)
        .filter(message::Column::ConversationId.eq(thread.id))
        .filter(Expr::cust(WAITING))
        .filter(message::Column::AppointmentId.in_subquery(theirs()))
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    for row in waiting {
        state::withdraw(tx, row, "It was about a visit of somebody else: a merge was undone.").await?;
    }
    let here = message::Entity::in_business(kept.business_id)
        .filter(message::Column::ConversationId.eq(thread.id))
        .filter(message::Column::AppointmentId.in_subquery(theirs()))
        .select_only()
        .column(message::Column::Id)
        .into_query();
    question::Entity::update_many()
        .col_expr(question::Column::ExpiresAt, Expr::value(tx.now))
        .filter(question::Column::BusinessId.eq(kept.business_id))
        .filter(of_both)
        .filter(question::Column::SubjectId.in_subquery(theirs()))
        .filter(question::Column::MessageId.in_subquery(here))
        .exec(&tx.db)
        .await?;
    Ok(())
}
