//! What a reading changes. First the events' own rows, some at a time; then, one contact after another, the appointments that differ from
//! them. A crash in between loses nothing: what differs is found again.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use domain::calendars::{self as rules, Found};
use entity::{
    appointments::appointment,
    businesses::business,
    calendars::{
        calendar_event::{self, State},
        calendar_source,
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    BY, Fetcher, PHONE, TITLE, URL, appointment_of,
    fetching::Fetched,
    reading::{self, Occurrence, Window},
};
use crate::{
    appointments::elsewhere::{self, Entry},
    businesses::{self, locations},
    contacts,
    kernel::{Error, Result, Services, Tx, tx::Changed},
    tasks,
};

/// What is looked at: from a day ago to so many days ahead.
const BACK: Duration = Duration::days(1);
const AHEAD: Duration = Duration::days(60);
/// Events of a calendar that are known at once.
const MOST: u64 = 6_000;
/// Events written in one transaction.
const GROUP: usize = 50;
/// What is over is forgotten after so long, unless a person has said whose it was.
const KEPT: Duration = Duration::days(30);

/// Reads a calendar and follows it. What is wrong with it stands in its row.
///
/// # Errors
/// For faults of ours only.
pub(crate) async fn read(s: &Services, source_id: Uuid) -> Result<()> {
    let found = calendar_source::Entity::find_by_id(source_id).one(s.read()).await?;
    let Some(source) = found else { return Ok(()) };
    let business = businesses::get(s.read(), source.business_id).await?;
    let url = s.vault().open(URL, &source.url).await?;
    let fetched = s
        .of::<Fetcher>()
        .fetch(&url, source.etag.as_deref(), source.modified.as_deref())
        .await;
    let zone = locations::zone_of(s.read(), &business, source.location_id).await?;
    let window = Window(s.now() - BACK, s.now() + AHEAD);
    let read = match fetched {
        Ok(Fetched::Same) => Ok(None),
        Ok(Fetched::New { text, etag, modified }) => {
            // A large file is seconds of work, which no other task should wait for.
            let read = tokio::task::spawn_blocking(move || reading::read(&text, zone, window)).await;
            let read = read.map_err(|_| Error::broken("a calendar could not be read to its end"))?;
            read.map(|reading| Some((reading, etag, modified))).map_err(str::to_owned)
        }
        Err(why) => Err(why),
    };
    match read {
        Err(why) => failed(s, &source, why).await?,
        Ok(None) => good(s, &source, None).await?,
        Ok(Some((reading, etag, modified))) => {
            let lost = take(s, &source, &business, &reading.events).await?;
            let seen = Seen {
                etag,
                modified,
                zone: reading.zone.map(str::to_owned),
                warnings: reading.warnings.join("\n"),
                lost,
            };
            good(s, &source, Some(seen)).await?;
        }
    }
    follow(s, source_id).await
}

/// What is kept of a reading.
struct Seen {
    etag: Option<String>,
    modified: Option<String>,
    zone: Option<String>,
    warnings: String,
    lost: usize,
}

async fn failed(s: &Services, source: &calendar_source::Model, why: String) -> Result<()> {
    tracing::info!(calendar = %source.id, why, "a calendar could not be read");
    let mut tx = s.begin().await?;
    let mut row = source.clone().into_active_model();
    row.failing_since = Set(Some(source.failing_since.unwrap_or(tx.now)));
    row.problem = Set(Some(why));
    row.updated_at = Set(tx.now);
    update(&tx, row).await?;
    tx.mark_changed(source.business_id, Changed::Notices);
    tx.commit().await
}

async fn good(s: &Services, source: &calendar_source::Model, seen: Option<Seen>) -> Result<()> {
    let mut tx = s.begin().await?;
    let mut row = source.clone().into_active_model();
    row.last_good_at = Set(Some(tx.now));
    row.failing_since = Set(None);
    row.problem = Set(None);
    row.updated_at = Set(tx.now);
    if let Some(seen) = seen {
        row.etag = Set(seen.etag);
        row.modified = Set(seen.modified);
        row.time_zone = Set(seen.zone);
        row.warnings = Set(seen.warnings);
        row.lost = Set(seen.lost as i32);
        if seen.lost > 0 && source.lost == 0 {
            tasks::raise_anew(&mut tx, ask(source, seen.lost)).await?;
        }
    }
    update(&tx, row).await?;
    // With it, so that nobody is shown a reading that brought nothing yet.
    count(&mut tx, source).await?;
    tx.commit().await
}

/// Writes only what is set, and nothing when the calendar was taken away meanwhile.
async fn update(tx: &Tx, row: calendar_source::ActiveModel) -> Result<()> {
    match row.update(&tx.db).await {
        Ok(_) | Err(sea_orm::DbErr::RecordNotUpdated) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}

fn ask(source: &calendar_source::Model, lost: usize) -> tasks::New {
    tasks::New {
        business_id: source.business_id,
        kind: tasks::Kind::Calendar,
        title: format!(
            "{lost} visits are suddenly gone from the calendar {}. Look in Settings, Calendars whether they are to be cancelled.",
            source.name
        ),
        key: format!("calendar_lost:{}", source.id),
        contact_id: None,
        conversation_id: None,
        appointment_id: None,
        message_id: None,
    }
}

/// Events of a calendar that are not long over.
pub(crate) fn ahead(business_id: Uuid, source_id: Uuid, from: DateTime<Utc>) -> Select<calendar_event::Entity> {
    calendar_event::Entity::narrowed(business_id)
        .filter(calendar_event::Column::SourceId.eq(source_id))
        .filter(calendar_event::Column::StartsAt.gte(from))
        .order_by_asc(calendar_event::Column::StartsAt)
        .order_by_asc(calendar_event::Column::Id)
}

/// Brings the events' rows up to what was read; how many are gone that should not all be gone.
async fn take(s: &Services, source: &calendar_source::Model, business: &business::Model, read: &[Occurrence]) -> Result<usize> {
    let now = s.now();
    let known = ahead(source.business_id, source.id, now - BACK)
        .limit(MOST)
        .all(s.read())
        .await?;
    let total = known.len();
    let Matched { pairs, new, missing } = matched(known, read);
    for some in pairs.chunks(GROUP) {
        let mut tx = s.begin().await?;
        for (row, one) in some {
            changed(&mut tx, source, business, row, one).await?;
        }
        tx.commit().await?;
    }
    for some in new.chunks(GROUP) {
        let tx = s.begin().await?;
        for one in some.iter().filter(|one| !one.is_off && !rules::is_nobodys(&one.title)) {
            added(&tx, source, business, one).await?;
        }
        tx.commit().await?;
    }
    let gone: Vec<Uuid> = missing.iter().filter(|row| row.starts_at > now).map(|row| row.id).collect();
    for some in gone.chunks(200) {
        let tx = s.begin().await?;
        calendar_event::Entity::update_many()
            .col_expr(calendar_event::Column::MissingSince, Expr::value(now))
            .filter(calendar_event::Column::BusinessId.eq(source.business_id))
            .filter(calendar_event::Column::Id.is_in(some.iter().copied()))
            .filter(calendar_event::Column::MissingSince.is_null())
            .exec(&tx.db)
            .await?;
        tx.commit().await?;
    }
    Ok(if rules::is_believed(total, gone.len(), read.len()) {
        0
    } else {
        gone.len()
    })
}

struct Matched<'a> {
    pairs: Vec<(calendar_event::Model, &'a Occurrence)>,
    new: Vec<&'a Occurrence>,
    missing: Vec<calendar_event::Model>,
}

/// Which row is which event. A series that begins at another hour has other times: those of the same day are the same appointment.
fn matched(known: Vec<calendar_event::Model>, read: &[Occurrence]) -> Matched<'_> {
    let key = |uid: &str, recurrence: &str| (uid.to_owned(), recurrence.to_owned());
    let mut by_key: HashMap<(String, String), &Occurrence> =
        read.iter().map(|one| (key(&one.uid, &one.recurrence), one)).collect();
    let (mut pairs, mut rest) = (Vec::new(), Vec::new());
    for row in known {
        match by_key.remove(&key(&row.uid, &row.recurrence)) {
            Some(one) => pairs.push((row, one)),
            None => rest.push(row),
        }
    }
    let mut by_day: BTreeMap<(String, chrono::NaiveDate), Vec<&Occurrence>> = BTreeMap::new();
    for one in by_key.into_values() {
        by_day
            .entry((one.uid.clone(), one.starts_at.date_naive()))
            .or_default()
            .push(one);
    }
    let mut missing = Vec::new();
    for row in rest {
        match by_day
            .get_mut(&(row.uid.clone(), row.starts_at.date_naive()))
            .and_then(Vec::pop)
        {
            Some(one) => pairs.push((row, one)),
            None => missing.push(row),
        }
    }
    let mut new: Vec<&Occurrence> = by_day.into_values().flatten().collect();
    new.sort_by_key(|one| one.starts_at);
    Matched { pairs, new, missing }
}

/// Who comes, by what an event says.
struct Whose {
    state: State,
    contact_id: Option<Uuid>,
    phone: Option<String>,
}

/// In this order: a number, what a person has said about the same title, the exact name. Nobody guesses between two.
async fn whose(tx: &Tx, source: &calendar_source::Model, business: &business::Model, one: &Occurrence) -> Result<Whose> {
    let nobody = Whose {
        state: State::NeedsNumber,
        contact_id: None,
        phone: None,
    };
    let texts = one.words.iter().map(String::as_str).chain([one.title.as_str()]);
    match rules::number_in(texts, &business.country) {
        Found::One(phone) => {
            let known = contacts::by_phone(tx.services(), &tx.db, source.business_id, &phone).await?;
            return Ok(Whose {
                state: State::Linked,
                contact_id: known.map(|known| known.id),
                phone: Some(phone),
            });
        }
        Found::Several => return Ok(nobody),
        Found::None => {}
    }
    if let Some(said) = remembered(tx, source, &one.title).await? {
        return Ok(said);
    }
    let by_name = contacts::by_name(&tx.db, source.business_id, &rules::name_in(&one.title)).await?;
    Ok(match by_name {
        Some(id) => Whose {
            state: State::Linked,
            contact_id: Some(id),
            phone: None,
        },
        None => nobody,
    })
}

/// What a person has said about this title in this calendar.
async fn remembered(tx: &Tx, source: &calendar_source::Model, title: &str) -> Result<Option<Whose>> {
    let title = rules::title_key(title);
    if title.is_empty() {
        return Ok(None);
    }
    let keys = tx.services().vault().indexes(TITLE, &title);
    let row = calendar_event::Entity::narrowed(source.business_id)
        .filter(calendar_event::Column::SourceId.eq(source.id))
        .filter(calendar_event::Column::TitleKey.is_in(keys))
        .filter(calendar_event::Column::Chosen.eq(true))
        .order_by_desc(calendar_event::Column::UpdatedAt)
        .limit(1)
        .one(&tx.db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Whose {
        state: row.state,
        contact_id: row.contact_id,
        phone: match &row.phone {
            Some(phone) => Some(tx.services().vault().open(PHONE, phone).await?),
            None => None,
        },
    }))
}

async fn added(tx: &Tx, source: &calendar_source::Model, business: &business::Model, one: &Occurrence) -> Result<()> {
    let whose = whose(tx, source, business, one).await?;
    let vault = tx.services().vault();
    let row = calendar_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(source.business_id),
        source_id: Set(source.id),
        uid: Set(one.uid.clone()),
        recurrence: Set(one.recurrence.clone()),
        title: Set(vault.seal(TITLE, &one.title)),
        title_key: Set(Some(vault.index(TITLE, &rules::title_key(&one.title)))),
        starts_at: Set(one.starts_at),
        ends_at: Set(one.ends_at),
        state: Set(whose.state),
        contact_id: Set(whose.contact_id),
        phone: Set(whose.phone.map(|phone| vault.seal(PHONE, &phone))),
        chosen: Set(false),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    let once = OnConflict::columns([
        calendar_event::Column::SourceId,
        calendar_event::Column::Uid,
        calendar_event::Column::Recurrence,
    ])
    .do_nothing()
    .to_owned();
    calendar_event::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// An event that is known, as it is now. What a person has said of whose it is stays, as long as its title does.
async fn changed(
    tx: &mut Tx,
    source: &calendar_source::Model,
    business: &business::Model,
    row: &calendar_event::Model,
    one: &Occurrence,
) -> Result<()> {
    let vault = tx.services().vault();
    let title = vault.open(TITLE, &row.title).await?;
    let same = title == one.title;
    let off = one.is_off || rules::is_nobodys(&one.title);
    let mut next = row.clone().into_active_model();
    if off && !row.chosen {
        next.state = Set(State::Ignored);
    } else if off {
        next.state = Set(State::Ignored);
        next.chosen = Set(false);
    } else if !row.chosen || !same {
        let whose = whose(tx, source, business, one).await?;
        let vault = tx.services().vault();
        let before = match &row.phone {
            Some(phone) => Some(vault.open(PHONE, phone).await?),
            None => None,
        };
        next.chosen = Set(false);
        next.state = Set(whose.state);
        if before != whose.phone {
            next.phone = Set(whose.phone.as_ref().map(|phone| vault.seal(PHONE, phone)));
        }
        next.contact_id = Set(whose.contact_id);
    }
    if !same {
        let vault = tx.services().vault();
        next.title = Set(vault.seal(TITLE, &one.title));
        next.title_key = Set(Some(vault.index(TITLE, &rules::title_key(&one.title))));
    }
    next.recurrence = Set(one.recurrence.clone());
    next.starts_at = Set(one.starts_at);
    next.ends_at = Set(one.ends_at);
    next.missing_since = Set(None);
    if is_same(row, &next) {
        return Ok(());
    }
    next.updated_at = Set(tx.now);
    match next.update(&tx.db).await {
        Ok(_) | Err(sea_orm::DbErr::RecordNotUpdated) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}

fn is_same(row: &calendar_event::Model, next: &calendar_event::ActiveModel) -> bool {
    let now = (
        next.state.as_ref(),
        next.contact_id.as_ref(),
        next.phone.as_ref(),
        next.title.as_ref(),
        next.recurrence.as_ref(),
        next.starts_at.as_ref(),
        next.ends_at.as_ref(),
        next.missing_since.as_ref(),
        next.chosen.as_ref(),
    );
    now == (
        &row.state,
        &row.contact_id,
        &row.phone,
        &row.title,
        &row.recurrence,
        &row.starts_at,
        &row.ends_at,
        &row.missing_since,
        &row.chosen,
    )
}

/// Books, moves and cancels what differs from the events, each in a transaction of its own; then counts anew.
pub(super) async fn follow(s: &Services, source_id: Uuid) -> Result<()> {
    let found = calendar_source::Entity::find_by_id(source_id).one(s.read()).await?;
    let Some(source) = found else { return Ok(()) };
    let business = businesses::get(s.read(), source.business_id).await?;
    if source.started_at.is_some() {
        let rows = ahead(source.business_id, source.id, s.now() - BACK)
            .limit(MOST)
            .all(s.read())
            .await?;
        for id in differing(s, &source, &rows).await? {
            one(s, &source, &business, id).await?;
        }
    } else {
        forget_missing(s, &source).await?;
    }
    let mut tx = s.begin().await?;
    calendar_event::Entity::delete_many()
        .filter(calendar_event::Column::BusinessId.eq(source.business_id))
        .filter(calendar_event::Column::SourceId.eq(source.id))
        .filter(calendar_event::Column::StartsAt.lt(tx.now - KEPT))
        .filter(calendar_event::Column::Chosen.eq(false))
        .exec(&tx.db)
        .await?;
    count(&mut tx, &source).await?;
    tx.commit().await
}

/// Events whose appointment is not what they say: nearly none, so the others are told apart many at once and without a lock.
async fn differing(s: &Services, source: &calendar_source::Model, rows: &[calendar_event::Model]) -> Result<Vec<Uuid>> {
    let mut found = Vec::new();
    for some in rows.chunks(200) {
        let booked: Vec<Uuid> = some.iter().filter_map(|row| row.appointment_id).collect();
        let booked: HashMap<Uuid, appointment::Model> = match booked.as_slice() {
            [] => HashMap::new(),
            ids => {
                let all = appointment::Entity::these(source.business_id, ids.iter().copied());
                all.all(s.read()).await?.into_iter().map(|row| (row.id, row)).collect()
            }
        };
        let differs = |row: &&calendar_event::Model| {
            let wanted = row.state == State::Linked && !is_gone(s, source, row);
            match row.appointment_id.and_then(|id| booked.get(&id)) {
                Some(visit) => {
                    let same = (visit.starts_at, visit.ends_at) == (row.starts_at, row.ends_at);
                    !wanted || !same || row.contact_id.is_some_and(|who| who != visit.contact_id)
                }
                None => wanted || is_gone(s, source, row),
            }
        };
        found.extend(some.iter().filter(differs).map(|row| row.id));
    }
    Ok(found)
}

/// Keeps the numbers that pages show.
pub(super) async fn count(tx: &mut Tx, source: &calendar_source::Model) -> Result<()> {
    let to_come = |states: &[State]| {
        ahead(source.business_id, source.id, tx.now).filter(calendar_event::Column::State.is_in(states.iter().copied()))
    };
    let visits = to_come(&[State::Linked, State::NeedsNumber]).count(&tx.db).await?;
    let needs = to_come(&[State::NeedsNumber]).count(&tx.db).await?;
    calendar_source::Entity::update_many()
        .col_expr(calendar_source::Column::Visits, Expr::value(visits as i32))
        .col_expr(calendar_source::Column::NeedsNumber, Expr::value(needs as i32))
        .filter(calendar_source::Column::BusinessId.eq(source.business_id))
        .filter(calendar_source::Column::Id.eq(source.id))
        .exec(&tx.db)
        .await?;
    tx.mark_changed(source.business_id, Changed::Notices);
    Ok(())
}

/// Whether an event is gone for good: missing twice, and nobody is asked about it.
fn is_gone(s: &Services, source: &calendar_source::Model, event: &calendar_event::Model) -> bool {
    let every = s.settings().calendars_every;
    // What is read a little early still counts as the next reading.
    source.lost == 0 && event.missing_since.is_some_and(|since| since + every * 4 / 5 <= s.now())
}

/// Of a calendar that is not started, what is gone is only forgotten.
async fn forget_missing(s: &Services, source: &calendar_source::Model) -> Result<()> {
    let rows = calendar_event::Entity::narrowed(source.business_id)
        .filter(calendar_event::Column::SourceId.eq(source.id))
        .filter(calendar_event::Column::MissingSince.is_not_null())
        .limit(MOST)
        .all(s.read())
        .await?;
    for row in rows.iter().filter(|row| is_gone(s, source, row)) {
        let tx = s.begin().await?;
        calendar_event::Entity::delete_by_id(row.id).exec(&tx.db).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Brings the appointment of one event up to it.
pub(super) async fn one(s: &Services, source: &calendar_source::Model, business: &business::Model, id: Uuid) -> Result<()> {
    let found = calendar_event::Entity::these(source.business_id, [id]).one(s.read()).await?;
    let Some(event) = found else { return Ok(()) };
    let gone = is_gone(s, source, &event);
    let wanted = event.state == State::Linked && !gone;
    if wanted && event.appointment_id.is_none() && event.starts_at <= s.now() {
        return Ok(());
    }
    if !wanted && event.appointment_id.is_none() && !gone {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    match appointment_of(&tx, &event).await? {
        None if wanted => book(&mut tx, source, business, &event).await?,
        None => {}
        Some(row) if !wanted || event.contact_id.is_some_and(|who| who != row.contact_id) => {
            if row.starts_at > tx.now {
                elsewhere::cancel(&mut tx, &BY, &row).await?;
            }
            let mut next = event.clone().into_active_model();
            next.appointment_id = Set(None);
            next.update(&tx.db).await?;
        }
        Some(row) => {
            let zone = locations::zone_of(&tx.db, business, row.location_id).await?;
            elsewhere::follow(&mut tx, &BY, &row, zone, event.starts_at, event.ends_at).await?;
        }
    }
    if gone {
        calendar_event::Entity::delete_by_id(event.id).exec(&tx.db).await?;
    }
    let again = wanted && !gone && event.appointment_id.is_some();
    tx.commit().await?;
    if again {
        // Somebody else comes now: theirs is booked in a transaction of its own, for it locks another contact.
        let now = calendar_event::Entity::these(source.business_id, [id]).one(s.read()).await?;
        if now.is_some_and(|now| now.appointment_id.is_none()) {
            return Box::pin(one(s, source, business, id)).await;
        }
    }
    Ok(())
}

async fn book(
    tx: &mut Tx,
    source: &calendar_source::Model,
    business: &business::Model,
    event: &calendar_event::Model,
) -> Result<()> {
    let vault = tx.services().vault();
    let title = vault.open(TITLE, &event.title).await?;
    let place = format!("booking (calendar {})", source.name);
    let contact = match (&event.contact_id, &event.phone) {
        (Some(id), None) => contacts::locked(tx, source.business_id, *id).await?,
        (_, Some(phone)) => {
            let phone = vault.open(PHONE, phone).await?;
            let name = rules::name_in(&title);
            contacts::booked(tx, &BY, business, (&name, &phone), &place).await?
        }
        (None, None) => return Ok(()),
    };
    let entry = Entry {
        starts_at: event.starts_at,
        ends_at: event.ends_at,
        zone: locations::zone_of(&tx.db, business, source.location_id).await?,
        location_id: source.location_id,
        staff_label: source.staff_label.clone(),
    };
    let row = match elsewhere::book(tx, &BY, &contact, entry).await {
        Ok(row) => row,
        // They have a visit at that minute already, made by hand or by another calendar: one is enough.
        Err(Error::Problem(_)) => return Ok(()),
        Err(cause) => return Err(cause),
    };
    let mut next = event.clone().into_active_model();
    next.appointment_id = Set(Some(row.id));
    next.contact_id = Set(Some(contact.id));
    next.update(&tx.db).await?;
    Ok(())
}
