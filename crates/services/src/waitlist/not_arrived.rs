//! Customers who have not come: if the business wants it so, what is left of their visit is offered to who waits. Nothing is said of them by
//! that; how the visit went is for staff to say.

use chrono::{DateTime, Duration, Utc};
use domain::{calendar::Span, waitlist::Rules};
use entity::{
    appointments::appointment,
    waitlist::{slot, waitlist_rules},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Query},
};
use uuid::Uuid;

use super::{
    listen::{is_example, open_time},
    matching::anybody_waits,
    rules,
    slots::NO_SHOW,
};
use crate::{
    appointments::{self, change::Facts, day},
    businesses::types,
    kernel::{Principal, Result, Services},
};

const BY: Principal = Principal::System("the waitlist");
/// Visits are looked for that have waited for their customers no longer than this: of others nothing is left, or somebody has looked.
const LOOK_BACK: Duration = Duration::hours(1);
/// Visits of one business in one look.
const MOST: u64 = 100;

/// Offers what is left of visits whose customers have not come, where that is wanted.
///
/// # Errors
/// When the database does not answer; the next look finds them again.
pub async fn look(s: &Services) -> Result<()> {
    let wanted = waitlist_rules::Entity::find().filter(waitlist_rules::Column::Rules.contains("\"no_show_after\""));
    for row in wanted.all(s.read()).await? {
        let rules = rules::of(s.read(), row.business_id).await?;
        let late = late(row.business_id, &rules, s.now()).all(s.read()).await?;
        if late.is_empty() || !anybody_waits(s.read(), row.business_id).await? {
            continue;
        }
        for visit in late {
            // One that can't be looked at must not keep the others waiting.
            if let Err(cause) = offer_rest(s, &rules, &visit).await {
                tracing::error!(visit = %visit.id, %cause, "what is left of a visit could not be offered");
            }
        }
    }
    Ok(())
}

/// Visits that should have begun, whose customers are not there, and of which nothing was offered.
pub(crate) fn late(business_id: Uuid, rules: &Rules, now: DateTime<Utc>) -> Select<appointment::Entity> {
    let begun = now - Duration::minutes(rules.no_show_after.into());
    let offered = Query::select()
        .expr(Expr::value(1))
        .from(slot::Entity)
        .and_where(Expr::col((slot::Entity, slot::Column::FromId)).equals((appointment::Entity, appointment::Column::Id)))
        .and_where(Expr::col((slot::Entity, slot::Column::Source)).eq(NO_SHOW))
        .to_owned();
    day::unmarked(appointment::Entity::in_business(business_id), begun + Duration::seconds(1))
        .filter(appointment::Column::StartsAt.gte(begun - LOOK_BACK))
        .filter(appointment::Column::ArrivedAt.is_null())
        .filter(Expr::exists(offered).not())
        .limit(MOST)
}

async fn offer_rest(s: &Services, rules: &Rules, seen: &appointment::Model) -> Result<()> {
    let kind = match seen.type_id {
        Some(id) => types::find(s.read(), seen.business_id, id).await?,
        None => None,
    };
    let span = Span::new(seen.starts_at, seen.ends_at, kind.map(|kind| kind.minutes));
    // Of most too little is left, and nothing has to be locked for that.
    let Some((from, minutes)) = rules.rest(span.from, span.until, s.now()) else {
        return Ok(());
    };
    let mut tx = s.begin().await?;
    let (_, visit) = appointments::locked(&tx, seen.business_id, seen.id).await?;
    // As it stands under its lock: they may have come meanwhile.
    let as_seen = (visit.starts_at, visit.ends_at, visit.type_id) == (seen.starts_at, seen.ends_at, seen.type_id);
    let waits = as_seen && visit.arrived_at.is_none() && appointments::status(&visit)?.is_open();
    if !waits || is_example(&tx, &visit).await? {
        return Ok(());
    }
    let rest = Facts {
        starts_at: from,
        ends_at: Some(from + Duration::minutes(minutes.into())),
        ..Facts::of(&visit)
    };
    open_time(&mut tx, &BY, &visit, &rest, NO_SHOW).await?;
    tx.commit().await
}
