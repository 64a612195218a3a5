//! Who works in a business: the list, what each of them is, and the end of it.

use std::collections::HashMap;

use contract::{
    Code, Page,
    accounts::{MemberQuery, MemberView, PersonView, Role},
};
use domain::members::{Step, allowed};
use entity::accounts::{account, member};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{EMAIL, MOST, fitting_name};
use crate::kernel::{
    Actor, Error, Event, Permission, Principal, Result, Services, Tx,
    error::{not_found, problem},
    paging::{self, Cursor, TimeCursor},
};

/// Who works in the actor's business, longest first.
///
/// # Errors
/// `NotAllowed`; `Malformed` for a cursor or limit that is none.
pub async fn list(s: &Services, actor: &Actor, query: MemberQuery) -> Result<Page<MemberView>> {
    actor.may(Permission::ReadMembers)?;
    let (size, cursor) = (paging::size(query.limit)?, TimeCursor::decode(query.cursor.as_deref())?);
    let mut rows = longest_first(actor.business_id).limit(size + 1);
    if let Some(Cursor(at, id)) = cursor {
        rows = rows.filter(paging::beyond(member::Column::CreatedAt, member::Column::Id, at, id, false));
    }
    let page = paging::page_of(size, rows.all(s.read()).await?, |row| Cursor(row.created_at, row.id));
    let data = views(s, s.read(), page.data).await?;
    Ok(Page {
        data: data.into_iter().map(|one| one.member).collect(),
        next_cursor: page.next_cursor,
    })
}

/// Everybody, for the page that shows them.
pub(crate) async fn everybody(s: &Services, db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<PersonView>> {
    let rows = longest_first(business_id).limit(MOST).all(db).await?;
    views(s, db, rows).await
}

fn longest_first(business_id: Uuid) -> Select<member::Entity> {
    member::Entity::in_business(business_id)
        .order_by_asc(member::Column::CreatedAt)
        .order_by_asc(member::Column::Id)
}

async fn views(s: &Services, db: &impl ConnectionTrait, rows: Vec<member::Model>) -> Result<Vec<PersonView>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids = rows.iter().map(|row| row.account_id);
    let accounts = account::Entity::find().filter(account::Column::Id.is_in(ids)).all(db).await?;
    let accounts: HashMap<Uuid, account::Model> = accounts.into_iter().map(|one| (one.id, one)).collect();
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(account) = accounts.get(&row.account_id) else {
            continue;
        };
        let member = MemberView {
            id: account.id,
            name: account.name.clone(),
            email: s.vault().open(EMAIL, &account.email).await?,
            role: role(&row)?,
            created_at: row.created_at,
        };
        views.push(PersonView {
            member,
            last_in_at: row.last_in_at,
            second_factor: None,
        });
    }
    Ok(views)
}

pub(super) fn role(row: &member::Model) -> Result<Role> {
    row.role.parse().map_err(|()| Error::broken("member with an unknown role"))
}

/// Makes somebody something else. Invitations of theirs that they could not make any more are taken back.
///
/// # Errors
/// `NotAllowed` for what the actor's own role does not allow; `Conflict` for the last owner; `NotFound`.
pub async fn change_role(s: &Services, actor: &Actor, account_id: Uuid, to: Role) -> Result<()> {
    may_manage(actor, account_id)?;
    let mut tx = s.begin().await?;
    let (row, owners) = locked(&tx, actor.business_id, account_id).await?;
    let from = role(&row)?;
    let step = Step::Change { from, to };
    check(&tx, actor, Some(account_id), step, owners).await?;
    if from == to {
        return Ok(());
    }
    let mut row = row.into_active_model();
    row.role = Set(to.as_str().to_owned());
    row.update(&tx.db).await?;
    let name = name(&tx, account_id).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::MemberRoleChanged(account_id),
        Some((&name, from.as_str())),
        Some((&name, to.as_str())),
    );
    tx.commit().await
}

/// Ends somebody's membership, or one's own. What was theirs to do becomes nobody's, their sessions here end with their next request, and
/// their calendars and devices are told nothing any more. Whom they have invited can't join any more.
///
/// # Errors
/// As `change_role`.
pub async fn remove(s: &Services, actor: &Actor, account_id: Uuid) -> Result<()> {
    may_manage(actor, account_id)?;
    let mut tx = s.begin().await?;
    let (row, owners) = locked(&tx, actor.business_id, account_id).await?;
    let was = role(&row)?;
    check(&tx, actor, Some(account_id), Step::Remove(was), owners).await?;
    row.delete(&tx.db).await?;
    let name = name(&tx, account_id).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::MemberRemoved(account_id),
        Some((name, was.as_str())),
        None::<()>,
    );
    tx.commit().await
}

/// Gives oneself another name, wherever one works.
///
/// # Errors
/// `Invalid` for one that is empty or over 100 characters; `SignInNeeded` for an actor that is not a person.
pub async fn rename(s: &Services, actor: &Actor, new: &str) -> Result<()> {
    let Principal::Member { account_id, .. } = actor.who else {
        return Err(problem(Code::SignInNeeded, "Please sign in."));
    };
    let new = fitting_name(new)?;
    let mut tx = s.begin().await?;
    let before = name(&tx, account_id).await?;
    account::Entity::update_many()
        .col_expr(account::Column::Name, Expr::value(&new))
        .filter(account::Column::Id.eq(account_id))
        .exec(&tx.db)
        .await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::MemberRenamed(account_id),
        Some(before),
        Some(new),
    );
    tx.commit().await
}

/// Asked first, so that who may not learns nothing of who is there. Whoever wants to may leave.
fn may_manage(actor: &Actor, account_id: Uuid) -> Result<()> {
    match actor.who {
        Principal::Member { account_id: own, .. } if own == account_id => Ok(()),
        _ => actor.may(Permission::ManageBusiness),
    }
}

/// Whether the actor, as they are now, may do this: they may have lost their role a moment ago.
pub(super) async fn check(tx: &Tx, actor: &Actor, to: Option<Uuid>, step: Step, owners: usize) -> Result<()> {
    let (by, own) = match &actor.who {
        Principal::Operator => (Role::Owner, false),
        Principal::Member { account_id, .. } => {
            let me = super::actor_on(&tx.db, *account_id, actor.business_id).await?;
            match me.map(|me| me.who) {
                Some(Principal::Member { role, .. }) => (role, to == Some(*account_id)),
                _ => return Err(problem(Code::NotAllowed, "You do not work in this business any more.")),
            }
        }
        _ => return actor.may(Permission::ManageBusiness),
    };
    allowed(by, own, step, owners).map_err(|why| match why {
        domain::members::Refusal::LastOwner => problem(Code::Conflict, why.words()),
        why => problem(Code::NotAllowed, why.words()),
    })
}

/// A member, with how many owners the business has. Whoever makes or unmakes members waits here for each other, in one order: of two
/// owners who demote each other the second finds that they are none any more.
async fn locked(tx: &Tx, business_id: Uuid, account_id: Uuid) -> Result<(member::Model, usize)> {
    let owner = Role::Owner.as_str();
    let owners = member::Entity::in_business(business_id)
        .filter(member::Column::Role.eq(owner))
        .order_by_asc(member::Column::Id)
        .lock(LockType::Update)
        .all(&tx.db)
        .await?;
    let row = member::Entity::in_business(business_id)
        .filter(member::Column::AccountId.eq(account_id))
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    Ok((row.ok_or_else(|| not_found("member"))?, owners.len()))
}

async fn name(tx: &Tx, account_id: Uuid) -> Result<String> {
    let found = super::names(&tx.db, [account_id]).await?.remove(&account_id);
    Ok(found.unwrap_or_default())
}
