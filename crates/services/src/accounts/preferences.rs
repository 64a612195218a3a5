//! How somebody likes to work: single keys, how long a reply is held, whether they are away.

use std::collections::{HashMap, HashSet};

use contract::Code;
use domain::later;
use entity::accounts::{account, member};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::kernel::{
    Actor, Principal, Result, Services,
    error::{field, problem},
};

/// Whether single keys do something for this person.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person.
pub async fn set_shortcuts(s: &Services, actor: &Actor, on: bool) -> Result<()> {
    let Principal::Member { account_id, .. } = actor.who else {
        return Err(problem(Code::SignInNeeded, "Please sign in."));
    };
    account::Entity::update_many()
        .col_expr(account::Column::Shortcuts, Expr::value(on))
        .filter(account::Column::Id.eq(account_id))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// How many seconds this person's replies can be taken back: 0, 5 or 10.
///
/// # Errors
/// `Invalid` for another number; `SignInNeeded` for an actor that is not a person.
pub async fn set_undo_seconds(s: &Services, actor: &Actor, seconds: i32) -> Result<()> {
    let Principal::Member { account_id, .. } = actor.who else {
        return Err(problem(Code::SignInNeeded, "Please sign in."));
    };
    if !later::UNDO_SECONDS.contains(&seconds) {
        return Err(field("undo_seconds", "A reply can be held for 0, 5 or 10 seconds."));
    }
    account::Entity::update_many()
        .col_expr(account::Column::UndoSeconds, Expr::value(seconds))
        .filter(account::Column::Id.eq(account_id))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// Whether this person gets new conversations here. Away they keep those that are theirs.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person.
pub async fn set_away(s: &Services, actor: &Actor, away: bool) -> Result<()> {
    let Principal::Member { account_id, .. } = actor.who else {
        return Err(problem(Code::SignInNeeded, "Please sign in."));
    };
    member::Entity::update_many()
        .col_expr(member::Column::AwaySince, Expr::value(away.then(|| s.now())))
        .filter(member::Column::BusinessId.eq(actor.business_id))
        .filter(member::Column::AccountId.eq(account_id))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// Whether this person has said that they are away.
pub(crate) async fn is_away(db: &impl ConnectionTrait, business_id: Uuid, account_id: Uuid) -> Result<bool> {
    let found = member::Entity::in_business(business_id).filter(member::Column::AccountId.eq(account_id));
    Ok(found.one(db).await?.is_some_and(|member| member.away_since.is_some()))
}

/// How many seconds the replies of each of these people can be taken back.
pub(crate) async fn undo_seconds(db: &impl ConnectionTrait, ids: impl IntoIterator<Item = Uuid>) -> Result<HashMap<Uuid, i32>> {
    // What programs send is not held, and asks for nothing here.
    let ids: HashSet<Uuid> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = account::Entity::find()
        .select_only()
        .columns([account::Column::Id, account::Column::UndoSeconds])
        .filter(account::Column::Id.is_in(ids));
    Ok(found.into_tuple::<(Uuid, i32)>().all(db).await?.into_iter().collect())
}
