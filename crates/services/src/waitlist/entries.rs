//! Who waits: people are put on the list, changed and taken off it.

use std::sync::Arc;

use chrono::{DateTime, Duration};
use contract::{
    Code, Page,
    waitlist::{AddEntry, EditEntry, EntryQuery, EntryStatus, EntryView, Join},
};
use domain::{
    consent::Purpose,
    consent::{Channel, Source, State},
    origin::Origin,
    templates::{Kind, Variable},
    texts,
    waitlist::{ASKED_DAYS_BEFORE, WAITS_DAYS, place},
    words,
};
use entity::{appointments::appointment, contacts::contact, waitlist::waitlist_entry};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::reading::{
    for_name, kept_ids, kept_names, known_locations, known_types, length, minutes, names, notice, stored_windows, windows,
    wished_way,
};
use super::{
    saying::{self, Going, Saying, list_page},
    view::entry_views,
};
use crate::{
    appointments, businesses,
    contacts::{self, consent},
    kernel::{
        Actor, Event, Permission, Principal, Result, Services, Tx, changes,
        error::{field, long, not_found, problem},
        paging::{self, Cursor, TimeCursor},
    },
    outbox::ways,
    templates::About,
};

/// Entries of one person that may wait at once: theirs and their children's.
const MOST_OF_ONE: u64 = 5;
/// What somebody wants to know a time before it begins, unless they say.
const NOTICE: i32 = 60;
const LONGEST_CONSENT: usize = 1000;
const LONGEST_NOTES: usize = 2000;

/// Puts somebody on the waitlist.
///
/// # Errors
/// `NotFound` for the contact; `Invalid` per field; `Conflict` when they are on it five times already.
pub async fn add(s: &Services, actor: &Actor, cmd: AddEntry) -> Result<EntryView> {
    actor.may(Permission::WriteWaitlist)?;
    let mut tx = s.begin().await?;
    let contact = contacts::locked(&tx, actor.business_id, cmd.contact_id).await?;
    let row = insert(&mut tx, &actor.who, &contact, cmd).await?;
    finish(tx, actor.business_id, row.id).await
}

/// Puts somebody on the waitlist who has filled in the form of a business and shown that the number is theirs. Who is on it already stays as
/// they are.
///
/// # Errors
/// `Invalid` per field.
pub async fn join(s: &Services, business_id: Uuid, cmd: Join) -> Result<EntryView> {
    if words::is_blank(&cmd.consent) {
        return Err(field("consent", "Please agree to be texted when a time opens."));
    }
    let by = Principal::CustomerPage;
    let mut tx = s.begin().await?;
    let business = businesses::of(&mut tx, business_id).await?;
    let said = (cmd.name.as_str(), cmd.phone.as_str());
    let contact = contacts::booked(&mut tx, &by, &business, said, "the waitlist's form").await?;
    if let Some(known) = waiting_of(&tx, &contact).await?.pop() {
        return finish(tx, business_id, known.id).await;
    }
    let entry = AddEntry {
        contact_id: contact.id,
        type_ids: cmd.type_ids,
        location_ids: cmd.location_ids,
        windows: cmd.windows,
        notes: Some(cmd.notes),
        consent: Some(cmd.consent),
        tell: true,
        ..AddEntry::default()
    };
    let row = insert(&mut tx, &by, &contact, entry).await?;
    finish(tx, business_id, row.id).await
}

/// Somebody joins by the form of a business, having shown that the number is theirs: the caller holds their lock. Who has joined that way
/// already waits for what they say now, and keeps their place.
///
/// # Errors
/// `Invalid` per field; `Conflict` for who waits several times already.
pub(crate) async fn joined(tx: &mut Tx, contact: &contact::Model, cmd: AddEntry) -> Result<waitlist_entry::Model> {
    let by = Principal::CustomerPage;
    let known = waiting_of(tx, contact).await?;
    let Some(known) = known.into_iter().find(|row| row.source == source(&by)) else {
        return insert(tx, &by, contact, cmd).await;
    };
    let now = EditEntry {
        for_name: Some(cmd.for_name.unwrap_or_default()),
        type_ids: Some(cmd.type_ids),
        windows: Some(cmd.windows),
        notice_minutes: cmd.notice_minutes,
        notes: Some(cmd.notes.unwrap_or_default()),
        ..EditEntry::default()
    };
    change(tx, &by, known, now).await
}

/// Entries of a person that wait, the oldest first. The caller holds the contact's lock.
async fn waiting_of(tx: &Tx, contact: &contact::Model) -> Result<Vec<waitlist_entry::Model>> {
    let mut rows = waitlist_entry::Entity::narrowed(contact.business_id)
        .filter(waitlist_entry::Column::ContactId.eq(contact.id))
        .filter(waitlist_entry::Column::Status.eq(EntryStatus::Waiting.as_str()))
        .limit(MOST_OF_ONE)
        .all(&tx.db)
        .await?;
    rows.sort_by_key(|row| row.created_at);
    Ok(rows)
}

async fn insert(tx: &mut Tx, by: &Principal, contact: &contact::Model, cmd: AddEntry) -> Result<waitlist_entry::Model> {
    let business_id = contact.business_id;
    let kinds = known_types(tx, business_id, cmd.type_ids).await?;
    let places = known_locations(tx, business_id, cmd.location_ids).await?;
    let staff = names(cmd.staff_labels)?;
    let windows = windows(&cmd.windows)?;
    let minutes = minutes(tx, business_id, cmd.minutes, &kinds).await?;
    let notes = long("notes", &cmd.notes.unwrap_or_default(), LONGEST_NOTES)?;
    let for_name = for_name(cmd.for_name.as_deref())?;
    let channel = channel(cmd.channel.as_deref())?;
    let said = long("consent", &cmd.consent.unwrap_or_default(), LONGEST_CONSENT)?;
    if let Some(visit) = cmd.instead_of {
        theirs_ahead(tx, contact, visit).await?;
    }
    if contact.sample {
        return Err(field("contact_id", "This person is an example, who waits for nothing."));
    }
    if waiting_of(tx, contact).await?.len() as u64 >= MOST_OF_ONE {
        let words = format!("This person is on the waitlist {MOST_OF_ONE} times already. Please change one of those.");
        return Err(problem(Code::Conflict, words));
    }
    let source = source(by);
    if !said.is_empty() {
        agree(tx, by, contact, &said).await?;
    }
    let consent = if said.is_empty() {
        format!("Put on the waitlist by {}, as the customer asked.", by.author())
    } else {
        said
    };
    let priority = cmd.priority.unwrap_or_default();
    let expires_at = tx.now + Duration::days(WAITS_DAYS);
    let row = waitlist_entry::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        contact_id: Set(contact.id),
        for_name: Set(for_name),
        types: Set(kept_ids(&kinds)),
        locations: Set(kept_ids(&places)),
        staff: Set(kept_names(&staff)),
        minutes: Set(minutes),
        windows: Set(stored_windows(&windows)?),
        notice_minutes: Set(notice(cmd.notice_minutes.unwrap_or(NOTICE))?),
        priority: Set(priority.as_str().to_owned()),
        instead_of: Set(cmd.instead_of),
        notes: Set(notes),
        channel: Set(channel.as_str().to_owned()),
        source: Set(source.to_owned()),
        consent: Set(consent),
        consented_at: Set(tx.now),
        status: Set(EntryStatus::Waiting.as_str().to_owned()),
        place: Set(place(priority, 0)),
        turn_at: Set(DateTime::UNIX_EPOCH),
        last_offered_at: Set(None),
        silences: Set(0),
        offers: Set(0),
        answers: Set(0),
        expires_at: Set(expires_at),
        asked_at: Set(None),
        look_at: Set(Some(expires_at - Duration::days(ASKED_DAYS_BEFORE))),
        link_revision: Set(0),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    let row = row.insert(&tx.db).await?;
    let event = Event::WaitlistEntryAdded(Arc::new(row.clone()));
    tx.record_change(business_id, by, event, None::<()>, Some(facts(&row)));
    if cmd.tell {
        greet(tx, contact, &row).await?;
    }
    Ok(row)
}

/// Tells somebody that they are on the list, if there is a way to them. Without one they are on it all the same.
async fn greet(tx: &mut Tx, contact: &contact::Model, entry: &waitlist_entry::Model) -> Result<()> {
    if contact.blocked || contact.held_since.is_some() {
        return Ok(());
    }
    match ways::wished(tx, contact, &greeting(entry), None, Purpose::Transactional, wished_way(entry)).await? {
        Ok(way) => greet_by(tx, contact, entry, (way, None)).await,
        Err(_) => Ok(()),
    }
}

fn greeting(entry: &waitlist_entry::Model) -> String {
    format!("waitlist_joined:{}", entry.id)
}

/// The same by one way. The link with which they leave it goes along.
pub(super) async fn greet_by(tx: &mut Tx, contact: &contact::Model, entry: &waitlist_entry::Model, going: Going) -> Result<()> {
    let business = businesses::of(tx, contact.business_id).await?;
    let page = list_page(tx, &business, contact, entry, true).await?;
    let saying = Saying {
        kind: Kind::WaitlistJoined,
        about: About::to(&business, contact),
        known: texts::plain(&business.name).with(Variable::Link, &page.url),
        page: Some(page),
        origin: Origin::Offer,
        origin_id: entry.id,
        intent: greeting(entry),
        author: None,
        appointment_id: None,
        useful_until: None,
        time_zone: None,
        location_id: None,
        tried: None,
    };
    saying::say(tx, contact, saying, going).await.map(drop)
}

fn source(by: &Principal) -> &'static str {
    match by {
        Principal::ApiKey { .. } => "api",
        Principal::CustomerPage | Principal::Customer => "form",
        _ => "staff",
    }
}

fn channel(typed: Option<&str>) -> Result<Channel> {
    match typed.filter(|text| !text.is_empty()) {
        None => Ok(Channel::Sms),
        Some(text) => text
            .parse()
            .map_err(|_| field("channel", "There is no such channel here; \"sms\" is one.")),
    }
}

/// What they agreed to when they were put on the list is their consent to texts about it, unless something is known of that already.
async fn agree(tx: &mut Tx, by: &Principal, contact: &contact::Model, said: &str) -> Result<()> {
    if consent::state(&tx.db, contact.id).await? != State::Unknown || contact.held_since.is_some() {
        return Ok(());
    }
    let evidence = format!("Waitlist: {}", words::preview(said, 500));
    let change = consent::Change {
        contact,
        channel: Channel::Sms,
        state: State::OptedIn,
        source: match by {
            Principal::ApiKey { .. } => Source::Api,
            Principal::CustomerPage => Source::PreferencePage,
            _ => Source::Booking,
        },
        by,
        evidence: &evidence,
        at: tx.now,
    };
    consent::record(tx, change).await
}

/// The visit that a time would take the place of: of this person, open, and still to come.
async fn theirs_ahead(tx: &Tx, contact: &contact::Model, visit: Uuid) -> Result<()> {
    let wrong = || field("instead_of", "This is no visit of this person that lies ahead.");
    let row = appointments::find(&tx.db, contact.business_id, visit)
        .await
        .map_err(|_| wrong())?;
    let ahead = row.contact_id == contact.id && row.starts_at > tx.now && appointments::status(&row)?.is_open();
    if row.source == Some(appointment::Source::Calendar) {
        let words = "Another calendar keeps this visit, so it can't be moved from here. Leave this out, and move it there.";
        return Err(field("instead_of", words));
    }
    if ahead { Ok(()) } else { Err(wrong()) }
}

/// Changes what somebody waits for. Offers that are on their way stay good.
///
/// # Errors
/// `NotFound`; `Invalid` per field; `Conflict` for one that waits no more.
pub async fn edit(s: &Services, actor: &Actor, id: Uuid, cmd: EditEntry) -> Result<EntryView> {
    actor.may(Permission::WriteWaitlist)?;
    let mut tx = s.begin().await?;
    let (_, before) = locked(&tx, actor.business_id, id).await?;
    if before.status != EntryStatus::Waiting.as_str() {
        return Err(problem(
            Code::Conflict,
            "This person is not on the waitlist any more. Please put them on it anew.",
        ));
    }
    change(&mut tx, &actor.who, before, cmd).await?;
    finish(tx, actor.business_id, id).await
}

async fn change(tx: &mut Tx, by: &Principal, before: waitlist_entry::Model, cmd: EditEntry) -> Result<waitlist_entry::Model> {
    let business_id = before.business_id;
    let (was, silences) = (facts(&before), before.silences);
    let mut row = before.into_active_model();
    if let Some(name) = &cmd.for_name {
        row.for_name = Set(for_name(Some(name))?);
    }
    if let Some(ids) = cmd.type_ids {
        row.types = Set(kept_ids(&known_types(tx, business_id, ids).await?));
    }
    if let Some(ids) = cmd.location_ids {
        row.locations = Set(kept_ids(&known_locations(tx, business_id, ids).await?));
    }
    if let Some(labels) = cmd.staff_labels {
        row.staff = Set(kept_names(&names(labels)?));
    }
    if let Some(minutes) = cmd.minutes {
        row.minutes = Set(length(minutes)?);
    }
    if let Some(typed) = &cmd.windows {
        row.windows = Set(stored_windows(&windows(typed)?)?);
    }
    if let Some(minutes) = cmd.notice_minutes {
        row.notice_minutes = Set(notice(minutes)?);
    }
    if let Some(priority) = cmd.priority {
        row.priority = Set(priority.as_str().to_owned());
        row.place = Set(place(priority, silences));
    }
    if let Some(notes) = &cmd.notes {
        row.notes = Set(long("notes", notes, LONGEST_NOTES)?);
    }
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    let event = Event::WaitlistEntryChanged(Arc::new(after.clone()));
    tx.record_change(business_id, by, event, Some(was), Some(facts(&after)));
    Ok(after)
}

/// Takes somebody off the waitlist; what they were offered and have not answered is taken back. Doing it twice changes nothing.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn remove(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::WriteWaitlist)?;
    let mut tx = s.begin().await?;
    let (_, row) = locked(&tx, actor.business_id, id).await?;
    end(&mut tx, &actor.who, row, EntryStatus::Left).await?;
    tx.commit().await
}

/// The customer leaves the list by the link that they were given, which the caller has checked.
///
/// # Errors
/// `NotFound`.
pub async fn leave(s: &Services, business_id: Uuid, id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    let (_, row) = locked(&tx, business_id, id).await?;
    end(&mut tx, &Principal::CustomerPage, row, EntryStatus::Left).await?;
    tx.commit().await
}

/// They wait no more. The caller holds the locks of the person and of the entry.
pub(super) async fn end(tx: &mut Tx, by: &Principal, before: waitlist_entry::Model, becomes: EntryStatus) -> Result<()> {
    if before.status != EntryStatus::Waiting.as_str() {
        return Ok(());
    }
    let was = facts(&before);
    let mut row = before.into_active_model();
    row.status = Set(becomes.as_str().to_owned());
    row.look_at = Set(None);
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    let event = Event::WaitlistEntryEnded(Arc::new(after.clone()));
    tx.record_change(after.business_id, by, event, Some(was), Some(facts(&after)));
    Ok(())
}

/// One entry.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<EntryView> {
    actor.may(Permission::ReadWaitlist)?;
    view(s, s.read(), actor.business_id, id).await
}

/// Entries of one status, or of one person, in the order in which they came; with `updated_since` all of them in the order in which they
/// changed.
///
/// # Errors
/// `Malformed` for a status or cursor that is none, and for `updated_since` together with another filter.
pub async fn list(s: &Services, actor: &Actor, query: EntryQuery) -> Result<Page<EntryView>> {
    use waitlist_entry::Column;
    actor.may(Permission::ReadWaitlist)?;
    let size = paging::size(query.limit)?;
    let others = [
        ("status", query.status.as_deref().is_some_and(|text| !text.is_empty())),
        ("contact_id", query.contact_id.is_some()),
    ];
    if let Some(since) = changes::since(query.updated_since.as_deref(), &others)? {
        let here = changes::beginning(since, query.cursor.as_deref())?;
        let rows = changed(actor.business_id, &here).limit(size + 1).all(s.read()).await?;
        let page = paging::page_of(size, rows, |row| Cursor(row.updated_at, row.id));
        return Ok(Page {
            data: entry_views(s, s.read(), actor.business_id, page.data).await?,
            next_cursor: page.next_cursor,
        });
    }
    let status = match query.status.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(
            text.parse::<EntryStatus>()
                .map_err(|_| problem(Code::Malformed, "status is \"waiting\", \"booked\", \"left\" or \"expired\"."))?,
        ),
        None if query.contact_id.is_none() => Some(EntryStatus::Waiting),
        None => None,
    };
    let mut rows = match query.contact_id {
        Some(contact_id) => waitlist_entry::Entity::narrowed(actor.business_id).filter(Column::ContactId.eq(contact_id)),
        None => waitlist_entry::Entity::in_business(actor.business_id),
    };
    // Literals for the sake of SQLite's indexes over a part of the rows.
    rows = match status {
        Some(EntryStatus::Waiting) => rows.filter(Expr::cust("\"status\" = 'waiting'")),
        Some(status) => rows
            .filter(Column::Status.eq(status.as_str()))
            .filter(Expr::cust("\"status\" <> 'waiting'")),
        None => rows,
    };
    if let Some(Cursor(at, id)) = TimeCursor::decode(query.cursor.as_deref())? {
        rows = rows.filter(paging::beyond(Column::CreatedAt, Column::Id, at, id, false));
    }
    let rows = rows.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).limit(size + 1);
    let page = paging::page_of(size, rows.all(s.read()).await?, |row| Cursor(row.created_at, row.id));
    Ok(Page {
        data: entry_views(s, s.read(), actor.business_id, page.data).await?,
        next_cursor: page.next_cursor,
    })
}

/// Entries that changed after this moment and id, in this order.
pub(crate) fn changed(business_id: Uuid, here: &TimeCursor) -> Select<waitlist_entry::Entity> {
    let (at, id) = (waitlist_entry::Column::UpdatedAt, waitlist_entry::Column::Id);
    waitlist_entry::Entity::in_business(business_id)
        .filter(paging::beyond(at, id, here.0, here.1, false))
        .order_by_asc(at)
        .order_by_asc(id)
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<waitlist_entry::Model> {
    let row = waitlist_entry::Entity::these(business_id, [id]).one(db).await?;
    row.ok_or_else(|| not_found("entry"))
}

/// The person and the entry, both locked.
pub(super) async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<(contact::Model, waitlist_entry::Model)> {
    let contact_id = find(&tx.db, business_id, id).await?.contact_id;
    let contact = contacts::locked(tx, business_id, contact_id).await?;
    let row = waitlist_entry::Entity::these(business_id, [id])
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    Ok((contact, row.ok_or_else(|| not_found("entry"))?))
}

async fn view(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<EntryView> {
    let row = find(db, business_id, id).await?;
    let shown = entry_views(s, db, business_id, vec![row]).await?.pop();
    shown.ok_or_else(|| not_found("entry"))
}

async fn finish(mut tx: Tx, business_id: Uuid, id: Uuid) -> Result<EntryView> {
    tx.settle().await?;
    let services = tx.services().clone();
    let shown = view(&services, &tx.db, business_id, id).await?;
    tx.commit().await?;
    Ok(shown)
}

/// What the audit trail keeps of it.
fn facts(row: &waitlist_entry::Model) -> Value {
    json!({
        "status": row.status, "types": row.types.trim(), "locations": row.locations.trim(), "staff": row.staff,
        "minutes": row.minutes, "windows": row.windows, "notice_minutes": row.notice_minutes, "priority": row.priority,
        "for_name": row.for_name, "notes": row.notes,
    })
}
