//! The inbox: one conversation per contact.

pub(crate) mod act;
pub(crate) mod assigning;
pub mod batch;
pub(crate) mod closing;
mod done;
pub(crate) mod leaving;
pub mod notes;
pub mod presence;
mod seen;
pub(crate) mod views;

pub use act::{act, get};
pub use seen::mark_read;
pub(crate) use seen::{account, first_unread, for_reader, is_unseen};
pub use views::{counts, exact_count, page};

use std::collections::{HashMap, HashSet, hash_map::Entry};

use contract::{Problem, conversations::ConversationRow, live::LiveEvent, messages::Direction};
use domain::{consent::State, delivery, origin::Origin, words};
use entity::{contacts::contact, conversations::conversation, messages::message};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    businesses,
    contacts::{self, consent},
    kernel::{Actor, Error, Permission, Result, Services, Tx, db::places, error::not_found, tx::Changed},
};

/// The conversation with a contact, begun if there is none yet.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn open_with(s: &Services, actor: &Actor, contact_id: Uuid) -> Result<Uuid> {
    actor.may(Permission::SendMessages)?;
    let mut tx = s.begin().await?;
    let contact = contacts::locked(&tx, actor.business_id, contact_id).await?;
    let row = get_or_begin(&mut tx, actor.business_id, contact.id).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// The bound is a literal, so that SQLite sees that its index over the unread ones will do.
pub(crate) const UNREAD: &str = "\"unread\" > 0";

pub(crate) async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<conversation::Model> {
    let row = conversation::Entity::in_business(business_id)
        .filter(conversation::Column::Id.eq(id))
        .one(db)
        .await?;
    match row {
        Some(row) => Ok(row),
        None => Err(gone(db, business_id, id).await?),
    }
}

/// Why there is no such conversation: who writes into one that was merged away is told where it is now.
async fn gone(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<Error> {
    let now = match contacts::merge_of_thread(db, business_id, id).await? {
        Some(kept) => of_contact(db, business_id, kept).await?,
        None => None,
    };
    Ok(match now {
        Some(now) => Problem::with(now.id, MERGED).into(),
        None => not_found("conversation"),
    })
}

const MERGED: &str = "This conversation was merged with another one of the same person. Please go on there.";

pub(crate) async fn of_contact(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    contact_id: Uuid,
) -> Result<Option<conversation::Model>> {
    Ok(conversation::Entity::in_business(business_id)
        .filter(conversation::Column::ContactId.eq(contact_id))
        .one(db)
        .await?)
}

/// The caller holds the contact's lock, so that two can't begin at once.
pub(crate) async fn get_or_begin(tx: &mut Tx, business_id: Uuid, contact_id: Uuid) -> Result<conversation::Model> {
    if let Some(row) = of_contact(&tx.db, business_id, contact_id).await? {
        return Ok(row);
    }
    let row = empty(tx, business_id, contact_id);
    let row = row.into_active_model().reset_all().insert(&tx.db).await?;
    tx.mark_changed(business_id, Changed::Conversation(row.id));
    Ok(row)
}

fn empty(tx: &Tx, business_id: Uuid, contact_id: Uuid) -> conversation::Model {
    conversation::Model {
        id: Uuid::now_v7(),
        business_id,
        contact_id,
        last_message_id: None,
        preview: String::new(),
        last_at: tx.now,
        last_direction: "outbound".to_owned(),
        last_status: String::new(),
        last_human_at: None,
        last_inbound_id: None,
        waiting_since: None,
        closed_at: None,
        snoozed_until: None,
        assignee_id: None,
        replied_by: None,
        touched_at: None,
        unread: 0,
        created_at: tx.now,
    }
}

/// The conversations of several people, whose locks the caller holds; aligned with `people`.
pub(crate) async fn get_or_begin_all<'a>(
    tx: &mut Tx,
    people: impl Iterator<Item = &'a contact::Model> + Clone,
) -> Result<Vec<conversation::Model>> {
    let rows = conversation::Entity::find()
        .filter(conversation::Column::ContactId.is_in(people.clone().map(|p| p.id)))
        .all(&tx.db)
        .await?;
    let mut known: HashMap<Uuid, conversation::Model> = rows.into_iter().map(|c| (c.contact_id, c)).collect();
    let mut begun = Vec::new();
    for person in people.clone() {
        if let Entry::Vacant(free) = known.entry(person.id) {
            let row = free.insert(empty(tx, person.business_id, person.id));
            tx.mark_changed(row.business_id, Changed::Conversation(row.id));
            begun.push(row.clone().into_active_model().reset_all());
        }
    }
    if !begun.is_empty() {
        conversation::Entity::insert_many(begun)
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(people.filter_map(|person| known.get(&person.id).cloned()).collect())
}

/// Messages were added, in this order; each conversation ends with the latest. `understood`: those that were answered or acted on by the
/// machine, so that nobody waits for a person. `threads` is aligned with `rows`. The conversations as
/// they are now, each once.
pub(crate) async fn add_all(
    tx: &mut Tx,
    threads: &[conversation::Model],
    rows: &[message::Model],
    understood: &HashSet<Uuid>,
) -> Result<Vec<conversation::Model>> {
    let mut of_thread: HashMap<Uuid, conversation::Model> = HashMap::new();
    for (thread, m) in threads.iter().zip(rows) {
        let row = of_thread.entry(thread.id).or_insert_with(|| conversation::Model {
            unread: 0,
            ..thread.clone()
        });
        take_in(row, m, understood.contains(&m.id));
    }
    let mut news: Vec<conversation::Model> = of_thread.into_values().collect();
    for row in &news {
        tx.mark_changed(row.business_id, Changed::Conversation(row.id));
    }
    for some in news.chunks_mut(200) {
        write_news(&tx.db, some).await?;
    }
    Ok(news)
}

/// A message was added to a conversation; `unread` counts what is new. What a machine has understood makes nobody wait.
pub(crate) fn take_in(row: &mut conversation::Model, m: &message::Model, understood: bool) {
    if m.status == delivery::Status::Queued.as_str() && m.send_at.is_some() {
        // It is not said yet; but somebody has seen to it.
        row.waiting_since = None;
        return;
    }
    // A text that an outage kept from us may be older than what was said since.
    if row.last_message_id.is_none() || m.created_at >= row.last_at {
        row.last_message_id = Some(m.id);
        row.preview = words::preview(&m.body, 120);
        row.last_at = m.created_at;
        row.last_direction = m.direction.clone();
        row.last_status = m.status.clone();
    }
    let inbound = m.direction == "inbound";
    if inbound || m.origin == Origin::Reply.as_str() {
        row.last_human_at = row.last_human_at.max(Some(m.created_at));
    }
    if inbound {
        row.unread += 1;
        row.last_inbound_id = row.last_inbound_id.max(Some(m.id));
        row.waiting_since = row.waiting_since.or((!understood).then_some(m.created_at));
        // Whatever they write wakes what was put aside.
        (row.closed_at, row.snoozed_until) = (None, None);
    } else if m.origin == Origin::Reply.as_str() {
        row.waiting_since = None;
    }
}

/// This text turned out to be for a person: from when it was written on its sender waits.
pub(crate) async fn begin_waiting(tx: &mut Tx, inbound: &message::Model) -> Result<()> {
    let waits = conversation::Entity::update_many()
        .col_expr(conversation::Column::WaitingSince, Expr::value(inbound.created_at))
        .filter(conversation::Column::Id.eq(inbound.conversation_id))
        .filter(conversation::Column::WaitingSince.is_null())
        .exec(&tx.db)
        .await?;
    if waits.rows_affected > 0 {
        tx.mark_changed(inbound.business_id, Changed::Conversation(inbound.conversation_id));
    }
    Ok(())
}

/// A reply was taken back: its customer waits as before, if nobody has answered since.
pub(crate) async fn waits_again(tx: &mut Tx, reply: &message::Model) -> Result<()> {
    let Some(since) = reply.waited_since else { return Ok(()) };
    let answered = message::Entity::in_business(reply.business_id)
        .filter(message::Column::ConversationId.eq(reply.conversation_id))
        .filter(
            Condition::any()
                .add(message::Column::CreatedAt.gt(since))
                .add(message::Column::SendAt.gt(since)),
        )
        .filter(message::Column::Origin.eq(Origin::Reply.as_str()))
        .filter(message::Column::Status.ne(delivery::Status::Cancelled.as_str()))
        .filter(message::Column::Id.ne(reply.id))
        .limit(1)
        .one(&tx.db)
        .await?;
    if answered.is_none() {
        conversation::Entity::update_many()
            .col_expr(conversation::Column::WaitingSince, Expr::value(since))
            .filter(conversation::Column::Id.eq(reply.conversation_id))
            .filter(conversation::Column::WaitingSince.is_null())
            .filter(conversation::Column::ClosedAt.is_null())
            .exec(&tx.db)
            .await?;
    }
    tx.mark_changed(reply.business_id, Changed::Conversation(reply.conversation_id));
    Ok(())
}

/// These conversations, whose contacts' locks the caller holds.
pub(crate) async fn these(tx: &Tx, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, conversation::Model>> {
    let ids: HashSet<Uuid> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = conversation::Entity::find().filter(conversation::Column::Id.is_in(ids));
    Ok(rows.all(&tx.db).await?.into_iter().map(|row| (row.id, row)).collect())
}

/// One statement for all of them; `unread` is what is added to it, and afterwards what it is.
async fn write_news(db: &impl ConnectionTrait, news: &mut [conversation::Model]) -> Result<()> {
    let backend = db.get_database_backend();
    const TYPES: [&str; 12] = [
        "uuid",
        "uuid",
        "text",
        "timestamptz",
        "text",
        "text",
        "int",
        "timestamptz",
        "uuid",
        "timestamptz",
        "timestamptz",
        "timestamptz",
    ];
    let mut values: Vec<sea_orm::Value> = Vec::with_capacity(news.len() * TYPES.len());
    for one in news.iter() {
        values.extend([
            one.id.into(),
            one.last_message_id.into(),
            one.preview.clone().into(),
            one.last_at.into(),
            one.last_direction.clone().into(),
            one.last_status.clone().into(),
            one.unread.into(),
            one.last_human_at.into(),
            one.last_inbound_id.into(),
            one.waiting_since.into(),
            one.closed_at.into(),
            one.snoozed_until.into(),
        ]);
    }
    let sql = format!(
        "WITH news (id, last, preview, at, direction, status, more, human, inbound, waiting, closed, snoozed) AS (VALUES {}) \
         UPDATE conversation SET last_message_id = news.last, preview = news.preview, last_at = news.at, last_direction = news.direction, \
         last_status = news.status, unread = unread + news.more, last_human_at = news.human, last_inbound_id = news.inbound, \
         waiting_since = news.waiting, closed_at = news.closed, snoozed_until = news.snoozed FROM news WHERE conversation.id = news.id \
         RETURNING conversation.id, conversation.unread",
        places(backend, &TYPES, news.len())
    );
    let written = db
        .query_all_raw(sea_orm::Statement::from_sql_and_values(backend, sql, values))
        .await?;
    let mut unread: HashMap<Uuid, i32> = HashMap::with_capacity(written.len());
    for row in written {
        unread.insert(row.try_get("", "id")?, row.try_get("", "unread")?);
    }
    for one in news {
        one.unread = unread.get(&one.id).copied().unwrap_or(one.unread);
    }
    Ok(())
}

/// Conversations as they were just written, shown without reading them again. The caller holds the locks of `people`.
pub(crate) async fn show_all<'a>(
    tx: &mut Tx,
    rows: Vec<conversation::Model>,
    people: impl IntoIterator<Item = &'a contact::Model>,
    states: &HashMap<Uuid, State>,
) -> Result<()> {
    let people: HashMap<Uuid, &contact::Model> = people.into_iter().map(|p| (p.id, p)).collect();
    for row in rows {
        if let Some(person) = people.get(&row.contact_id) {
            let country = businesses::of(tx, row.business_id).await?.country;
            let (business_id, state) = (row.business_id, states.get(&person.id).copied());
            tx.publish(business_id, LiveEvent::Conversation(shown(row, person, state, &country)));
        }
    }
    Ok(())
}

/// The state of messages changed: the rows show it where they are the last ones. Those, as they are now.
pub(crate) async fn update_previews(tx: &mut Tx, rows: &[message::Model]) -> Result<Vec<conversation::Model>> {
    let mut by_status: HashMap<&str, Vec<&message::Model>> = HashMap::new();
    for m in rows {
        by_status.entry(&m.status).or_default().push(m);
    }
    let mut followed = Vec::with_capacity(rows.len());
    for (status, group) in by_status {
        let change = conversation::Entity::update_many()
            .col_expr(conversation::Column::LastStatus, Expr::value(status))
            .filter(conversation::Column::Id.is_in(group.iter().map(|m| m.conversation_id)))
            .filter(conversation::Column::LastMessageId.is_in(group.iter().map(|m| m.id)));
        // Boxed, for it would make every future larger that settles a text.
        for row in Box::pin(change.exec_with_returning(&tx.db)).await? {
            tx.mark_changed(row.business_id, Changed::Conversation(row.id));
            followed.push(row);
        }
    }
    Ok(followed)
}

pub(crate) async fn row(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<ConversationRow> {
    let found = find(db, business_id, id).await?;
    rows_of(s, db, business_id, vec![found])
        .await?
        .pop()
        .ok_or_else(|| not_found("conversation"))
}

/// Several rows as they are now, in no particular order.
pub(crate) async fn rows(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<ConversationRow>> {
    let found = conversation::Entity::these(business_id, ids.iter().copied()).all(db).await?;
    rows_of(s, db, business_id, found).await
}

pub(crate) async fn rows_of(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    rows: Vec<conversation::Model>,
) -> Result<Vec<ConversationRow>> {
    let ids: Vec<Uuid> = rows.iter().map(|r| r.contact_id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let country = businesses::get(db, business_id).await?.country;
    let states = consent::states(db, business_id, &ids).await?;
    let people = contacts::many(s, db, business_id, ids).await?;
    Ok(rows
        .into_iter()
        .filter_map(|r| {
            let person = people.get(&r.contact_id)?;
            let state = states.get(&r.contact_id).copied();
            Some(shown(r, person, state, &country))
        })
        .collect())
}

fn shown(row: conversation::Model, person: &contact::Model, state: Option<State>, country: &str) -> ConversationRow {
    let phone_display = domain::phone::display(&person.phone, country);
    let status: Option<delivery::Status> = row.last_status.parse().ok();
    ConversationRow {
        id: row.id,
        contact_id: row.contact_id,
        name: if person.name.is_empty() {
            phone_display.clone()
        } else {
            person.name.clone()
        },
        phone: person.phone.clone(),
        phone_display,
        preview: row.preview,
        last_at: row.last_at,
        last_direction: if row.last_direction == "inbound" {
            Direction::Inbound
        } else {
            Direction::Outbound
        },
        last_status: status.map(|s| s.public().to_owned()).unwrap_or_default(),
        unread: row.unread.max(0) as u32,
        last_inbound_id: row.last_inbound_id,
        snoozed_until: row.snoozed_until,
        last_human_at: row.last_human_at,
        waiting_since: row.waiting_since,
        needs_answer: row.waiting_since.is_some(),
        status: match (row.closed_at, row.snoozed_until) {
            (Some(_), _) => "closed",
            (None, Some(_)) => "snoozed",
            (None, None) => "open",
        }
        .to_owned(),
        assignee: row.assignee_id,
        opted_out: state == Some(State::OptedOut),
        on_hold: person.held_since.is_some(),
    }
}
