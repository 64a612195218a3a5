//! The inbox: one conversation per contact.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use contract::{Page, PageQuery, conversations::ConversationRow, live::LiveEvent, messages::Direction};
use domain::{consent::State, delivery, origin::Origin, words};
use entity::{
    contacts::contact,
    conversations::{conversation, conversation_seen},
    messages::message,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    accounts, businesses,
    contacts::{self, consent},
    kernel::{
        Actor, Permission, Principal, Result, Services, Tx,
        db::places,
        error::not_found,
        paging::{self, Cursor, PAGE, TimeCursor},
        tx::Changed,
    },
};

/// Conversations, latest activity first.
///
/// # Errors
/// `Malformed` for a cursor or size of a page that is none.
pub async fn list(s: &Services, actor: &Actor, cursor: Option<String>) -> Result<Page<ConversationRow>> {
    page(s, actor, PageQuery { cursor, limit: None }).await
}

/// The same with as many on a page as were asked for.
///
/// # Errors
/// As `list`.
pub async fn page(s: &Services, actor: &Actor, query: PageQuery) -> Result<Page<ConversationRow>> {
    actor.may(Permission::ReadMessages)?;
    let size = paging::size(query.limit)?;
    let rows = latest(actor.business_id, TimeCursor::decode(query.cursor.as_deref())?).limit(size + 1);
    let page = paging::page_of(size, rows.all(s.read()).await?, |row| Cursor(row.last_at, row.id));
    Ok(Page {
        data: rows_of(s, s.read(), actor.business_id, page.data).await?,
        next_cursor: page.next_cursor,
    })
}

/// A page of conversations, latest activity first.
pub(crate) fn latest(business_id: Uuid, after: Option<TimeCursor>) -> Select<conversation::Entity> {
    let (at, id) = (conversation::Column::LastAt, conversation::Column::Id);
    let rows = conversation::Entity::in_business(business_id)
        .order_by_desc(at)
        .order_by_desc(id)
        .limit(PAGE + 1);
    match after {
        Some(Cursor(t, i)) => rows.filter(paging::beyond(at, id, t, i, true)),
        None => rows,
    }
}

/// Marks everything in a conversation as read.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn mark_read(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::ReadMessages)?;
    let unread = find(s.read(), actor.business_id, id).await?.unread;
    if unread == 0 {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    let mut row = find(&tx.db, actor.business_id, id).await?.into_active_model();
    row.unread = Set(0);
    let row = row.update(&tx.db).await?;
    if let (Principal::Member { account_id, .. }, Some(message_id)) = (&actor.who, row.last_inbound_id) {
        see(&tx, &row, *account_id, message_id).await?;
    }
    tx.mark_changed(actor.business_id, Changed::Conversation(id));
    tx.commit().await
}

/// This member has seen the conversation up to here; who is none has nothing to remember.
async fn see(tx: &Tx, row: &conversation::Model, account_id: Uuid, message_id: Uuid) -> Result<()> {
    if !accounts::is_member(&tx.db, row.business_id, account_id).await? {
        return Ok(());
    }
    let seen = conversation_seen::ActiveModel {
        account_id: Set(account_id),
        conversation_id: Set(row.id),
        business_id: Set(row.business_id),
        message_id: Set(message_id),
    };
    let key = [
        conversation_seen::Column::AccountId,
        conversation_seen::Column::ConversationId,
    ];
    let further = OnConflict::columns(key)
        .update_column(conversation_seen::Column::MessageId)
        .to_owned();
    conversation_seen::Entity::insert(seen)
        .on_conflict(further)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// The conversation with a contact, begun if there is none yet.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn open_with(s: &Services, actor: &Actor, contact_id: Uuid) -> Result<Uuid> {
    actor.may(Permission::SendMessages)?;
    let mut tx = s.begin().await?;
    contacts::locked(&tx, actor.business_id, contact_id).await?;
    let row = get_or_begin(&mut tx, actor.business_id, contact_id).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// Unread conversations, counted up to 99.
pub(crate) async fn unread(s: &Services, actor: &Actor) -> Result<u32> {
    let ids: Vec<Uuid> = unread_of(actor.business_id)
        .select_only()
        .column(conversation::Column::Id)
        .limit(99)
        .into_tuple()
        .all(s.read())
        .await?;
    Ok(ids.len() as u32)
}

/// The bound is a literal, so that SQLite sees that its index over the unread ones will do.
pub(crate) fn unread_of(business_id: Uuid) -> Select<conversation::Entity> {
    conversation::Entity::in_business(business_id).filter(Expr::cust("\"unread\" > 0"))
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<conversation::Model> {
    let row = conversation::Entity::in_business(business_id)
        .filter(conversation::Column::Id.eq(id))
        .one(db)
        .await?;
    row.ok_or_else(|| not_found("conversation"))
}

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
fn take_in(row: &mut conversation::Model, m: &message::Model, understood: bool) {
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
pub(crate) async fn follow(tx: &mut Tx, rows: &[message::Model]) -> Result<Vec<conversation::Model>> {
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

async fn rows_of(
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
