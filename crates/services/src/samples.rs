//! Examples for a business that has nothing yet: people with a visit each, marked as what they are. Their numbers are ones that no telephone
//! has, nothing is ever sent to them, and taking them out takes out exactly them.

use chrono::{Days, NaiveTime};
use contract::Code;
use domain::when;
use entity::{
    appointments::{appointment, appointment_change},
    calendars::calendar_event,
    conversations::{conversation, conversation_batch_row, conversation_seen, draft, note, presence},
    messages::message,
    notifications::notification,
    questions::question,
    reminders::reminder_request,
    reviews::review_request,
    tasks::task,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    appointments, businesses, contacts,
    kernel::{Actor, Event, Permission, Result, Services, Tx, error::problem, tx::Changed},
};

/// Name, number (of those that are kept for stories), days from today, and when.
const PEOPLE: [(&str, &str, u64, (u32, u32)); 4] = [
    ("Maya Lindgren (example)", "+12025550141", 1, (10, 0)),
    ("Leo Santos (example)", "+12025550142", 1, (14, 30)),
    ("Ana Rivera (example)", "+12025550143", 2, (9, 15)),
    ("Tom Becker (example)", "+12025550144", 3, (16, 0)),
];

const MINUTES: i64 = 30;

/// How many examples there are.
pub(crate) async fn count(db: &impl ConnectionTrait, business_id: Uuid) -> Result<u32> {
    let ids: Vec<Uuid> = contacts::samples(business_id)
        .select_only()
        .column(entity::contacts::contact::Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.len() as u32)
}

/// Adds the examples; how many.
///
/// # Errors
/// `NotAllowed`; `Conflict` where there are some already.
pub async fn add(s: &Services, actor: &Actor) -> Result<u32> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    if count(&tx.db, actor.business_id).await? > 0 {
        return Err(problem(Code::Conflict, "The examples are there already."));
    }
    let zone = businesses::zone(&businesses::of(&mut tx, actor.business_id).await?);
    let today = tx.now.with_timezone(&zone).date_naive();
    let mut added = 0;
    for (name, phone, days, (hour, minute)) in PEOPLE {
        let Some(person) = contacts::add_sample(&mut tx, &actor.who, actor.business_id, name, phone).await? else {
            continue;
        };
        let day = today.checked_add_days(Days::new(days)).unwrap_or(today);
        let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        let starts_at = when::local_to_utc(day.and_time(time), zone);
        let span = (starts_at, starts_at + chrono::Duration::minutes(MINUTES));
        appointments::book_example(&mut tx, &actor.who, &person, span, zone).await?;
        added += 1;
    }
    tx.record_change(actor.business_id, &actor.who, Event::SamplesAdded, None::<()>, Some(added));
    tx.commit().await?;
    Ok(added)
}

/// Takes the examples out, with their visits, tasks and notes; how many. One that something real has come to hang on (somebody wrote from its
/// number, or said yes or no) stays, and is no example any more.
///
/// # Errors
/// `NotAllowed`.
pub async fn remove(s: &Services, actor: &Actor) -> Result<u32> {
    actor.may(Permission::ManageBusiness)?;
    let business_id = actor.business_id;
    let mut tx = s.begin().await?;
    let people = contacts::all_samples(s, &tx.db, business_id).await?;
    let ids: Vec<Uuid> = people.into_iter().map(|person| person.id).collect();
    let mut real = contacts::real_samples(&tx.db, business_id, &ids).await?;
    real.extend(written(&tx, business_id, &ids).await?);
    let gone: Vec<Uuid> = ids.iter().filter(|id| !real.contains(id)).copied().collect();
    contacts::keep_samples(&mut tx, business_id, &real).await?;
    delete(&mut tx, business_id, &gone).await?;
    tx.record_change(business_id, &actor.who, Event::SamplesRemoved, Some(gone.len()), None::<()>);
    tx.commit().await?;
    contacts::forget_samples(s, business_id);
    Ok(gone.len() as u32)
}

/// Those with a text in their thread.
async fn written(tx: &Tx, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let mut found = Vec::new();
    for thread in threads(tx, business_id, ids).await? {
        let text = message::Entity::in_business(business_id)
            .filter(message::Column::ConversationId.eq(thread.id))
            .limit(1);
        if text.one(&tx.db).await?.is_some() {
            found.push(thread.contact_id);
        }
    }
    Ok(found)
}

async fn threads(tx: &Tx, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<conversation::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = conversation::Entity::narrowed(business_id).filter(conversation::Column::ContactId.is_in(ids.iter().copied()));
    Ok(rows.all(&tx.db).await?)
}

/// Everything that hangs on these people, and then they themselves.
async fn delete(tx: &mut Tx, business_id: Uuid, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let people = || ids.iter().copied();
    let visits: Vec<Uuid> = appointment::Entity::in_business(business_id)
        .filter(appointment::Column::ContactId.is_in(people()))
        .select_only()
        .column(appointment::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    macro_rules! out {
        ($table:ident, $column:ident, $ids:expr) => {
            $table::Entity::delete_many()
                .filter($table::Column::$column.is_in($ids))
                .exec(&tx.db)
                .await?
        };
    }
    out!(reminder_request, ContactId, people());
    out!(question, ContactId, people());
    if !visits.is_empty() {
        calendar_event::Entity::update_many()
            .col_expr(calendar_event::Column::AppointmentId, Expr::value(Option::<Uuid>::None))
            .filter(calendar_event::Column::AppointmentId.is_in(visits.iter().copied()))
            .exec(&tx.db)
            .await?;
        out!(appointment_change, AppointmentId, visits.iter().copied());
        out!(task, AppointmentId, visits.iter().copied());
        out!(appointment, Id, visits.iter().copied());
        // So that they are not counted any more.
        for id in &visits {
            tx.mark_changed(business_id, Changed::Appointment(*id));
        }
    }
    let requests: Vec<Uuid> = review_request::Entity::narrowed(business_id)
        .filter(review_request::Column::ContactId.is_in(people()))
        .select_only()
        .column(review_request::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    out!(review_request, ContactId, people());
    for id in requests {
        tx.mark_changed(business_id, Changed::ReviewRequest(id));
    }
    out!(task, ContactId, people());
    out!(notification, ContactId, people());
    let threads: Vec<Uuid> = threads(tx, business_id, ids)
        .await?
        .into_iter()
        .map(|thread| thread.id)
        .collect();
    if !threads.is_empty() {
        let threads = || threads.iter().copied();
        out!(note, ConversationId, threads());
        out!(draft, ConversationId, threads());
        out!(presence, ConversationId, threads());
        out!(conversation_seen, ConversationId, threads());
        out!(conversation_batch_row, ConversationId, threads());
        out!(conversation, Id, threads());
    }
    contacts::delete_samples(tx, ids).await
}
