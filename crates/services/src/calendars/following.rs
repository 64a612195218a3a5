//! What a reading changes. First the events' own rows (`events`), some at a time; then, one contact after another, the appointments that
//! differ from them. A crash in between loses nothing: what differs is found again.

use std::collections::HashMap;

use chrono::Duration;
use domain::calendars as rules;
use entity::{
    appointments::appointment,
    businesses::business,
    calendars::{
        calendar_event::{self, State},
        calendar_source,
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Set, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    BY, Fetcher, PHONE, TITLE, URL, appointment_of,
    events::{self, BACK, MOST, ahead},
    fetching::Fetched,
    reading::{self, Window},
};
use crate::{
    appointments::elsewhere::{self, Entry},
    businesses::{self, locations},
    contacts,
    kernel::{Error, Result, Services, Tx, tx::Changed},
    tasks,
};

/// What is looked at: from `BACK` to so many days ahead.
const AHEAD: Duration = Duration::days(60);
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
            let lost = events::take(s, &source, &business, &reading.events).await?;
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
        forget(&tx, row).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn forget(tx: &Tx, event: &calendar_event::Model) -> Result<()> {
    calendar_event::Entity::delete_many()
        .filter(calendar_event::Column::BusinessId.eq(event.business_id))
        .filter(calendar_event::Column::Id.eq(event.id))
        .exec(&tx.db)
        .await?;
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
        forget(&tx, &event).await?;
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
