//! Texts of a business that staff send with a few keys, and what is done with a conversation in one go.

mod carry_out;

pub use carry_out::carry_out;

use contract::{
    Code,
    quick_replies::{Actions, QuickReplies, QuickReplyView, SaveQuickReply, VARIABLES},
};
use domain::{snooze, template};
use entity::quick_replies::quick_reply;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    accounts, contacts,
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::{field, long, not_found, problem, short},
    },
};

/// Most quick replies of one business: all of them are shown in one list.
const MOST: u64 = 200;
const LONGEST_NAME: usize = 40;
const LONGEST_BODY: usize = 1600;
const LONGEST_TASK: usize = 200;

/// What closes a conversation afterwards; anything else puts it aside.
const CLOSE: &str = "close";
/// Whoever runs it.
const ME: &str = "me";

/// All quick replies of the actor's business, by name.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<QuickReplies> {
    actor.may(Permission::ReadMessages)?;
    let rows = quick_reply::Entity::in_business(actor.business_id)
        .order_by_asc(quick_reply::Column::NameKey)
        .limit(MOST)
        .all(s.read())
        .await?;
    Ok(QuickReplies {
        all: rows.into_iter().map(view).collect::<Result<_>>()?,
        members: accounts::members(s.read(), actor.business_id).await?,
    })
}

/// Adds a quick reply, or changes the one with this id.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field, for a variable that there is none of, and for actions that can't be done; `NotFound`;
/// `Conflict` when there are 200 already.
pub async fn save(s: &Services, actor: &Actor, id: Option<Uuid>, cmd: SaveQuickReply) -> Result<QuickReplyView> {
    actor.may(Permission::WriteQuickReplies)?;
    let name = short("name", &cmd.name, LONGEST_NAME)?;
    if name.is_empty() {
        return Err(field(
            "name",
            "Please give it a name, like Directions. Typing / and its first letters finds it.",
        ));
    }
    let body = long("body", &cmd.body, LONGEST_BODY)?;
    known_variables(&body)?;
    let mut tx = s.begin().await?;
    let actions = checked(&tx.db, actor, cmd.actions).await?;
    if body.is_empty() && actions.is_empty() {
        return Err(field("body", "Please write a text, or choose something to do."));
    }
    let before = match id {
        Some(id) => Some(find(&tx.db, actor.business_id, id).await?),
        None => None,
    };
    let was = before.as_ref().map(facts);
    let mut row = match before {
        Some(before) => before.into_active_model(),
        None => new(&tx, actor.business_id).await?,
    };
    row.name_key = Set(name.to_lowercase());
    row.name = Set(name);
    row.body = Set(body);
    row.actions = Set(serde_json::to_string(&actions).map_err(|e| Error::broken(e.to_string()))?);
    row.updated_at = Set(tx.now);
    let written = if was.is_some() {
        row.update(&tx.db).await
    } else {
        row.insert(&tx.db).await
    };
    let after = written.map_err(|e| match Error::from(e) {
        e if e.is_duplicate() => field("name", "Another quick reply has this name already."),
        e => e,
    })?;
    let event = if was.is_some() {
        Event::QuickReplyChanged(after.id)
    } else {
        Event::QuickReplyAdded(after.id)
    };
    tx.record_change(actor.business_id, &actor.who, event, was, Some(facts(&after)));
    tx.commit().await?;
    view(after)
}

/// Takes a quick reply away.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`.
pub async fn delete(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::WriteQuickReplies)?;
    let mut tx = s.begin().await?;
    let row = find(&tx.db, actor.business_id, id).await?;
    let was = facts(&row);
    row.delete(&tx.db).await?;
    let event = Event::QuickReplyDeleted(id);
    tx.record_change(actor.business_id, &actor.who, event, Some(was), None::<()>);
    tx.commit().await
}

async fn new(tx: &Tx, business_id: Uuid) -> Result<quick_reply::ActiveModel> {
    if quick_reply::Entity::in_business(business_id).count(&tx.db).await? >= MOST {
        let words = format!("A business has at most {MOST} quick replies. Please delete one first.");
        return Err(problem(Code::Conflict, words));
    }
    Ok(quick_reply::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        created_at: Set(tx.now),
        ..Default::default()
    })
}

fn known_variables(body: &str) -> Result<()> {
    let known = |name: &&str| VARIABLES.iter().any(|(known, _)| known == name);
    let Some(unknown) = template::variables(body).into_iter().find(|name| !known(name)) else {
        return Ok(());
    };
    let all: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
    Err(field(
        "body",
        format!("There is no variable called {unknown}. There are: {}.", all.join(", ")),
    ))
}

/// Actions as they are kept: empty ones are none, and each can be done in this business.
async fn checked(db: &impl ConnectionTrait, actor: &Actor, typed: Actions) -> Result<Actions> {
    let given = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    let assign = given(typed.assign);
    if let Some(who) = assign.as_deref().filter(|who| *who != ME) {
        let account: Option<Uuid> = who.parse().ok();
        let is_member = match account {
            Some(account) => accounts::is_member(db, actor.business_id, account).await?,
            None => false,
        };
        if !is_member {
            return Err(field("assign", "Please choose somebody who works in this business."));
        }
    }
    let tag = match given(typed.tag) {
        Some(tag) => contacts::tags::tidy(&[tag]).map_err(|_| tag_problem())?.pop_first(),
        None => None,
    };
    let task = match given(typed.task) {
        Some(task) => Some(short("task", &task, LONGEST_TASK)?),
        None => None,
    };
    let afterwards = given(typed.afterwards);
    let offered = |word: &str| word == CLOSE || snooze::OFFERS.iter().any(|(known, _)| *known == word);
    if afterwards.as_deref().is_some_and(|word| !offered(word)) {
        return Err(field("afterwards", "Please choose one of the list."));
    }
    Ok(Actions {
        assign,
        tag,
        task,
        afterwards,
    })
}

fn tag_problem() -> Error {
    field("tag", "A tag has up to 40 characters and no comma.")
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<quick_reply::Model> {
    let row = quick_reply::Entity::these(business_id, [id]).one(db).await?;
    row.ok_or_else(|| not_found("quick reply"))
}

/// What the quick reply of this name says, however its letters are written; none where it says nothing.
pub(crate) async fn text_named(db: &impl ConnectionTrait, business_id: Uuid, name: &str) -> Result<Option<String>> {
    let row = quick_reply::Entity::in_business(business_id)
        .filter(quick_reply::Column::NameKey.eq(name.to_lowercase()))
        .one(db)
        .await?;
    Ok(row.map(|row| row.body).filter(|body| !body.is_empty()))
}

/// What the audit trail keeps of it.
fn facts(row: &quick_reply::Model) -> Value {
    json!({ "name": row.name, "text": row.body, "actions": row.actions })
}

fn view(row: quick_reply::Model) -> Result<QuickReplyView> {
    Ok(QuickReplyView {
        id: row.id,
        name: row.name,
        body: row.body,
        actions: serde_json::from_str(&row.actions).map_err(|e| Error::broken(format!("a quick reply's actions: {e}")))?,
    })
}
