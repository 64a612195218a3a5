//! Rows that move from one person to another, and which those were.

use entity::{
    appointments::appointment,
    contacts::{contact, contact_merge_row},
    conversations::note,
    experiments::experiment_person,
    messages::message,
    questions::question,
    reminders::reminder_request,
    reviews::review_request,
    tasks::task,
    waitlist::{offer, waitlist_entry},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, Query, SelectStatement},
};
use uuid::Uuid;

use crate::{
    contacts, conversations, experiments,
    kernel::{Error, Result, Tx, paging::count_to, tx::Changed},
    messages::WAITING,
};

pub(super) const APPOINTMENT: &str = "appointment";
pub(super) const MESSAGE: &str = "message";
pub(super) const NOTE: &str = "note";
pub(super) const NOTIFICATION: &str = "notification";
const TASK: &str = "task";
const REMINDER: &str = "reminder";
const QUESTION: &str = "question";
const CONTACT: &str = "contact";
const ENTRY: &str = "waitlist_entry";
const OFFER: &str = "offer";
const TRIED: &str = "experiment_person";
const REVIEW: &str = "review_request";

/// Visits and tasks that live streams show anew.
const MOST_SHOWN: u64 = 100;

/// Writes down that these rows move.
pub(super) async fn remember<E: EntityTrait>(tx: &Tx, merge: Uuid, place: &str, id: E::Column, which: Select<E>) -> Result<()> {
    let which = which
        .select_only()
        .expr(Expr::value(merge))
        .expr(Expr::value(place))
        .column(id);
    let mut insert = Query::insert();
    insert.into_table(contact_merge_row::Entity).columns([
        contact_merge_row::Column::MergeId,
        contact_merge_row::Column::Place,
        contact_merge_row::Column::RowId,
    ]);
    insert
        .select_from(which.into_query())
        .map_err(|e| Error::broken(e.to_string()))?;
    tx.db.execute(&insert).await?;
    Ok(())
}

/// The ids of those that were moved.
pub(super) fn moved(merge: Uuid, place: &str) -> SelectStatement {
    contact_merge_row::Entity::find()
        .filter(contact_merge_row::Column::MergeId.eq(merge))
        .filter(contact_merge_row::Column::Place.eq(place))
        .select_only()
        .column(contact_merge_row::Column::RowId)
        .into_query()
}

/// Visits, reminders, questions, tasks, and what they wait for; texts and notes are moved with their thread. Further numbers of the other one are the kept one's.
pub(super) async fn move_over(tx: &mut Tx, merge: Uuid, kept: &contact::Model, other: &contact::Model) -> Result<()> {
    let business_id = other.business_id;
    let visits = appointment::Entity::in_business(business_id).filter(appointment::Column::ContactId.eq(other.id));
    remember(tx, merge, APPOINTMENT, appointment::Column::Id, visits).await?;
    let reminders = reminder_request::Entity::in_business(business_id).filter(reminder_request::Column::ContactId.eq(other.id));
    remember(tx, merge, REMINDER, reminder_request::Column::Id, reminders).await?;
    let asked = question::Entity::in_business(business_id).filter(question::Column::ContactId.eq(other.id));
    remember(tx, merge, QUESTION, question::Column::Id, asked).await?;
    let tasks = task::Entity::in_business(business_id).filter(task::Column::ContactId.eq(other.id));
    remember(tx, merge, TASK, task::Column::Id, tasks).await?;
    let entries = waitlist_entry::Entity::in_business(business_id).filter(waitlist_entry::Column::ContactId.eq(other.id));
    remember(tx, merge, ENTRY, waitlist_entry::Column::Id, entries).await?;
    // Who was offered one time under both names keeps the kept one's offer.
    let both = offer::Entity::in_business(business_id)
        .filter(offer::Column::ContactId.eq(kept.id))
        .select_only()
        .column(offer::Column::SlotId)
        .into_query();
    let offers = offer::Entity::in_business(business_id)
        .filter(offer::Column::ContactId.eq(other.id))
        .filter(offer::Column::SlotId.not_in_subquery(both));
    remember(tx, merge, OFFER, offer::Column::Id, offers).await?;
    // The same of texts that are tried.
    experiments::joined(tx, kept, other).await?;
    let both = experiment_person::Entity::find()
        .filter(experiment_person::Column::ContactId.eq(kept.id))
        .select_only()
        .column(experiment_person::Column::ExperimentId)
        .into_query();
    let tried = experiment_person::Entity::find()
        .filter(experiment_person::Column::ContactId.eq(other.id))
        .filter(experiment_person::Column::ExperimentId.not_in_subquery(both));
    remember(tx, merge, TRIED, experiment_person::Column::Id, tried).await?;
    let reviews = review_request::Entity::in_business(business_id).filter(review_request::Column::ContactId.eq(other.id));
    remember(tx, merge, REVIEW, review_request::Column::Id, reviews).await?;
    let numbers = contacts::merged_into(&[other.id]);
    remember(
        tx,
        merge,
        CONTACT,
        contact::Column::Id,
        numbers.filter(contact::Column::BusinessId.eq(business_id)),
    )
    .await?;
    give(tx, merge, kept.id).await?;
    let thread = conversations::of_contact(&tx.db, business_id, kept.id)
        .await?
        .map(|thread| thread.id);
    set_thread_of_tasks(tx, merge, thread).await?;
    show(tx, merge, kept).await
}

/// Gives everything that was moved to this person.
async fn give(tx: &Tx, merge: Uuid, to: Uuid) -> Result<()> {
    appointment::Entity::update_many()
        .col_expr(appointment::Column::ContactId, Expr::value(to))
        .filter(appointment::Column::Id.in_subquery(moved(merge, APPOINTMENT)))
        .exec(&tx.db)
        .await?;
    reminder_request::Entity::update_many()
        .col_expr(reminder_request::Column::ContactId, Expr::value(to))
        .filter(reminder_request::Column::Id.in_subquery(moved(merge, REMINDER)))
        .exec(&tx.db)
        .await?;
    question::Entity::update_many()
        .col_expr(question::Column::ContactId, Expr::value(to))
        .filter(question::Column::Id.in_subquery(moved(merge, QUESTION)))
        .exec(&tx.db)
        .await?;
    task::Entity::update_many()
        .col_expr(task::Column::ContactId, Expr::value(to))
        .filter(task::Column::Id.in_subquery(moved(merge, TASK)))
        .exec(&tx.db)
        .await?;
    waitlist_entry::Entity::update_many()
        .col_expr(waitlist_entry::Column::ContactId, Expr::value(to))
        .filter(waitlist_entry::Column::Id.in_subquery(moved(merge, ENTRY)))
        .exec(&tx.db)
        .await?;
    review_request::Entity::update_many()
        .col_expr(review_request::Column::ContactId, Expr::value(to))
        .filter(review_request::Column::Id.in_subquery(moved(merge, REVIEW)))
        .exec(&tx.db)
        .await?;
    offer::Entity::update_many()
        .col_expr(offer::Column::ContactId, Expr::value(to))
        .filter(offer::Column::Id.in_subquery(moved(merge, OFFER)))
        .exec(&tx.db)
        .await?;
    experiment_person::Entity::update_many()
        .col_expr(experiment_person::Column::ContactId, Expr::value(to))
        .filter(experiment_person::Column::Id.in_subquery(moved(merge, TRIED)))
        .exec(&tx.db)
        .await?;
    contact::Entity::update_many()
        .col_expr(contact::Column::MergedInto, Expr::value(to))
        .col_expr(contact::Column::UpdatedAt, Expr::value(tx.now))
        .filter(contact::Column::Id.in_subquery(moved(merge, CONTACT)))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn set_thread_of_tasks(tx: &Tx, merge: Uuid, thread: Option<Uuid>) -> Result<()> {
    task::Entity::update_many()
        .col_expr(task::Column::ConversationId, Expr::value(thread))
        .filter(task::Column::Id.in_subquery(moved(merge, TASK)))
        .filter(task::Column::ConversationId.is_not_null())
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Everything to whom it was before, and what has come of it since.
pub(super) async fn move_back(tx: &mut Tx, merge: Uuid, kept: &contact::Model, other: &contact::Model) -> Result<()> {
    let business_id = other.business_id;
    follow(tx, merge, kept).await?;
    give(tx, merge, other.id).await?;
    let thread = conversations::of_contact(&tx.db, business_id, other.id)
        .await?
        .map(|thread| thread.id);
    set_thread_of_tasks(tx, merge, thread).await?;
    show(tx, merge, other).await
}

/// Reminders and questions of the other's visits, and tasks about what is the other's, that were made while it was the kept one's.
async fn follow(tx: &Tx, merge: Uuid, kept: &contact::Model) -> Result<()> {
    let reminders = reminder_request::Entity::in_business(kept.business_id)
        .filter(reminder_request::Column::AppointmentId.in_subquery(moved(merge, APPOINTMENT)))
        .filter(reminder_request::Column::Id.not_in_subquery(moved(merge, REMINDER)));
    remember(tx, merge, REMINDER, reminder_request::Column::Id, reminders).await?;
    let asked = question::Entity::in_business(kept.business_id)
        .filter(question::Column::ContactId.eq(kept.id))
        .filter(question::Column::SubjectId.in_subquery(moved(merge, APPOINTMENT)))
        .filter(question::Column::Id.not_in_subquery(moved(merge, QUESTION)));
    remember(tx, merge, QUESTION, question::Column::Id, asked).await?;
    let about = Condition::any()
        .add(task::Column::AppointmentId.in_subquery(moved(merge, APPOINTMENT)))
        .add(task::Column::MessageId.in_subquery(moved(merge, MESSAGE)));
    let tasks = task::Entity::in_business(kept.business_id)
        .filter(task::Column::ContactId.eq(kept.id))
        .filter(about)
        .filter(task::Column::Id.not_in_subquery(moved(merge, TASK)));
    remember(tx, merge, TASK, task::Column::Id, tasks).await
}

/// The visits ahead and the open tasks say somebody else's name.
async fn show(tx: &mut Tx, merge: Uuid, who: &contact::Model) -> Result<()> {
    let visits: Vec<Uuid> = appointment::Entity::in_business(who.business_id)
        .filter(appointment::Column::ContactId.eq(who.id))
        .filter(appointment::Column::StartsAt.gt(tx.now))
        .filter(appointment::Column::Id.in_subquery(moved(merge, APPOINTMENT)))
        .limit(MOST_SHOWN)
        .select_only()
        .column(appointment::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    let tasks: Vec<Uuid> = open_of(who)
        .limit(MOST_SHOWN)
        .select_only()
        .column(task::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    let visits = visits.into_iter().map(Changed::Appointment);
    for one in visits.chain(tasks.into_iter().map(Changed::Task)) {
        tx.mark_changed(who.business_id, one);
    }
    Ok(())
}

fn open_of(who: &contact::Model) -> Select<task::Entity> {
    task::Entity::in_business(who.business_id)
        .filter(task::Column::ContactId.eq(who.id))
        .filter(task::Column::Status.eq("open"))
}

pub(super) async fn appointments(db: &impl ConnectionTrait, who: &contact::Model, most: u64) -> Result<u32> {
    let rows = appointment::Entity::in_business(who.business_id).filter(appointment::Column::ContactId.eq(who.id));
    count_to(db, rows, appointment::Column::Id, most).await
}

pub(super) async fn texts(db: &impl ConnectionTrait, who: &contact::Model, most: u64) -> Result<u32> {
    let rows = in_thread(db, who).await?;
    count_to(db, rows, message::Column::Id, most).await
}

pub(super) async fn waiting(db: &impl ConnectionTrait, who: &contact::Model, most: u64) -> Result<u32> {
    let rows = in_thread(db, who).await?.filter(Expr::cust(WAITING));
    count_to(db, rows, message::Column::Id, most).await
}

async fn in_thread(db: &impl ConnectionTrait, who: &contact::Model) -> Result<Select<message::Entity>> {
    let thread = conversations::of_contact(db, who.business_id, who.id).await?;
    let id = thread.map_or(Uuid::nil(), |thread| thread.id);
    Ok(message::Entity::in_business(who.business_id).filter(message::Column::ConversationId.eq(id)))
}

pub(super) async fn notes(db: &impl ConnectionTrait, who: &contact::Model, most: u64) -> Result<u32> {
    let thread = conversations::of_contact(db, who.business_id, who.id).await?;
    let id = thread.map_or(Uuid::nil(), |thread| thread.id);
    count_to(
        db,
        note::Entity::find().filter(note::Column::ConversationId.eq(id)),
        note::Column::Id,
        most,
    )
    .await
}

pub(super) async fn open_tasks(db: &impl ConnectionTrait, who: &contact::Model, most: u64) -> Result<u32> {
    count_to(db, open_of(who), task::Column::Id, most).await
}
