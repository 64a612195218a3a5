//! Filters under a name: for oneself, or for everybody of the business.

use contract::{
    Code,
    filters::{SaveFilter, SavedFilter},
};
use domain::filters::Filters;
use entity::filters::saved_filter;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, Set,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    conversations::{self, views::View},
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::{field, not_found, problem, short},
        paging,
    },
};

/// Most of one person, and of one business: all of them are shown in one list.
const MOST: u64 = 50;
const LONGEST_NAME: usize = 40;

/// The actor's own by name, then those of everybody.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<SavedFilter>> {
    actor.may(Permission::ReadMessages)?;
    let mut rows = Vec::new();
    if let Some(me) = conversations::account(actor) {
        rows = of(actor.business_id, Some(me)).all(s.read()).await?;
    }
    rows.append(&mut of(actor.business_id, None).all(s.read()).await?);
    Ok(rows.into_iter().map(|row| view(actor, row)).collect())
}

/// Those of an owner by name.
pub(crate) fn of(business_id: Uuid, owner: Option<Uuid>) -> Select<saved_filter::Entity> {
    let account = saved_filter::Column::AccountId;
    saved_filter::Entity::in_business(business_id)
        .filter(owner.map_or_else(|| account.is_null(), |me| account.eq(me)))
        .order_by_asc(saved_filter::Column::NameKey)
        .limit(MOST)
}

/// Keeps a view and its filters under a name.
///
/// # Errors
/// `Invalid` for a name that is none or is there already, and without a filter; `Malformed` for a view or filter that is none; `NotAllowed`
/// for staff who want to share it; `Conflict` when there are 50 already.
pub async fn save(s: &Services, actor: &Actor, cmd: SaveFilter) -> Result<SavedFilter> {
    let me = person(actor)?;
    if cmd.shared {
        actor.may(Permission::ManageBusiness)?;
    }
    let name = named(&cmd.name)?;
    View::named(cmd.show.as_deref(), actor)?;
    let filters = super::read(&cmd.filters)?;
    if filters == Filters::default() {
        return Err(field(
            "name",
            "Please choose a filter first; a view alone is in the list already.",
        ));
    }
    let owner = (!cmd.shared).then_some(me);
    let mut tx = s.begin().await?;
    let known = paging::count_to(&tx.db, of(actor.business_id, owner), saved_filter::Column::Id, MOST).await?;
    if u64::from(known) >= MOST {
        let words = format!("There are {MOST} saved filters already. Please remove one first.");
        return Err(problem(Code::Conflict, words));
    }
    let row = saved_filter::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        account_id: Set(owner),
        name_key: Set(name.to_lowercase()),
        name: Set(name),
        view: Set(cmd.show),
        filters: Set(super::written(&filters)),
        created_at: Set(tx.now),
    };
    let row = row.insert(&tx.db).await.map_err(taken)?;
    changed(&mut tx, actor, Event::FilterShared(row.id), None, Some(&row));
    tx.commit().await?;
    Ok(view(actor, row))
}

/// Gives it another name.
///
/// # Errors
/// `Invalid` for a name that is none or is there already; `NotFound` also for what is somebody else's; `NotAllowed` for staff, where it is
/// everybody's.
pub async fn rename(s: &Services, actor: &Actor, id: Uuid, name: &str) -> Result<SavedFilter> {
    let name = named(name)?;
    let mut tx = s.begin().await?;
    let before = changeable(&tx.db, actor, id).await?;
    let mut row = before.clone().into_active_model();
    row.name_key = Set(name.to_lowercase());
    row.name = Set(name);
    let row = row.update(&tx.db).await.map_err(taken)?;
    changed(&mut tx, actor, Event::SharedFilterRenamed(id), Some(&before), Some(&row));
    tx.commit().await?;
    Ok(view(actor, row))
}

/// Takes it away; the conversations are as they were.
///
/// # Errors
/// As `rename`.
pub async fn remove(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    let row = changeable(&tx.db, actor, id).await?;
    changed(&mut tx, actor, Event::SharedFilterRemoved(id), Some(&row), None);
    row.delete(&tx.db).await?;
    tx.commit().await
}

/// For the audit trail, where it is everybody's; what one keeps for oneself is nobody else's business.
fn changed(tx: &mut Tx, actor: &Actor, event: Event, before: Option<&saved_filter::Model>, after: Option<&saved_filter::Model>) {
    if before.or(after).is_some_and(|row| row.account_id.is_none()) {
        let facts = |row: &saved_filter::Model| json!({ "name": row.name, "filters": row.filters });
        tx.record_change(actor.business_id, &actor.who, event, before.map(facts), after.map(facts));
    }
}

/// Who can have some of their own.
fn person(actor: &Actor) -> Result<Uuid> {
    actor.may(Permission::ReadMessages)?;
    conversations::account(actor).ok_or_else(|| problem(Code::NotAllowed, "Only a person can do this."))
}

fn named(typed: &str) -> Result<String> {
    let name = short("name", typed, LONGEST_NAME)?;
    if name.is_empty() {
        return Err(field("name", "Please give it a name, like Visits tomorrow."));
    }
    Ok(name)
}

fn taken(error: DbErr) -> Error {
    match Error::from(error) {
        e if e.is_duplicate() => field("name", "Another saved filter has this name already."),
        e => e,
    }
}

/// One that the actor sees, and may change.
async fn changeable(db: &impl ConnectionTrait, actor: &Actor, id: Uuid) -> Result<saved_filter::Model> {
    let me = person(actor)?;
    let row = saved_filter::Entity::these(actor.business_id, [id]).one(db).await?;
    let row = row
        .filter(|row| row.account_id.is_none_or(|owner| owner == me))
        .ok_or_else(|| not_found("saved filter"))?;
    if row.account_id.is_none() {
        actor.may(Permission::ManageBusiness)?;
    }
    Ok(row)
}

fn view(actor: &Actor, row: saved_filter::Model) -> SavedFilter {
    let shared = row.account_id.is_none();
    SavedFilter {
        id: row.id,
        name: row.name,
        show: row.view,
        filters: row.filters,
        shared,
        may_change: !shared || actor.may(Permission::ManageBusiness).is_ok(),
    }
}
