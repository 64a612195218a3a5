//! What a person says about a calendar's events: who comes, that nobody does, that what is gone is gone.

use contract::{
    Code, Page,
    calendars::{CalendarEventQuery, CalendarEventView, CalendarSourceView, LinkCalendarEvent},
};
use entity::calendars::{
    calendar_event::{self, State},
    calendar_source,
};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{
    PHONE,
    events::ahead,
    find,
    following::follow,
    locked,
    view::{view, views},
};
use crate::{
    businesses, contacts,
    kernel::{
        Actor, Event, Permission, Result, Services,
        error::{field, not_found, problem},
        paging::{self, Cursor, PAGE, TimeCursor},
    },
    tasks,
};

/// Events to come of a calendar, soonest first.
///
/// # Errors
/// `NotFound`; `Malformed` for a state or cursor that is none.
pub async fn events(s: &Services, actor: &Actor, id: Uuid, query: CalendarEventQuery) -> Result<Page<CalendarEventView>> {
    actor.may(Permission::ReadAppointments)?;
    find(s.read(), actor.business_id, id).await?;
    let mut rows = ahead(actor.business_id, id, s.now()).limit(PAGE + 1);
    if let Some(state) = query.state.as_deref().filter(|state| !state.is_empty()) {
        let state = State::try_from_value(&state.to_owned())
            .map_err(|_| problem(Code::Malformed, "state is \"needs_number\", \"linked\" or \"ignored\"."))?;
        rows = rows.filter(calendar_event::Column::State.eq(state));
    }
    if let Some(Cursor(at, after)) = TimeCursor::decode(query.cursor.as_deref())? {
        let (start, id) = (calendar_event::Column::StartsAt, calendar_event::Column::Id);
        rows = rows.filter(paging::beyond(start, id, at, after, false));
    }
    let page = paging::page(rows.all(s.read()).await?, |row| Cursor(row.starts_at, row.id));
    Ok(Page {
        data: views(s, actor.business_id, page.data).await?,
        next_cursor: page.next_cursor,
    })
}

/// Says who comes: to this event and to all of the same title, now and later.
///
/// # Errors
/// `Invalid` for a number that is none, and when neither a contact nor a number is given; `NotFound`.
pub async fn link(s: &Services, actor: &Actor, event_id: Uuid, cmd: LinkCalendarEvent) -> Result<()> {
    actor.may(Permission::WriteAppointments)?;
    let typed = cmd.phone.as_deref().map(str::trim).filter(|phone| !phone.is_empty());
    let (contact_id, phone) = match (cmd.contact_id, typed) {
        (Some(id), None) => {
            contacts::get(s, actor, id).await?;
            (Some(id), None)
        }
        (None, Some(typed)) => {
            let country = businesses::get(s.read(), actor.business_id).await?.country;
            let phone = domain::phone::parse(typed, &country).map_err(|why| field("phone", why.to_string()))?;
            (None, Some(phone))
        }
        (Some(_), Some(_)) => return Err(field("phone", "Please choose somebody or give a number, not both.")),
        (None, None) => return Err(field("phone", "Please give the customer's number, or choose who it is.")),
    };
    decide(s, actor, event_id, State::Linked, contact_id, phone, true).await
}

/// Nobody comes to this event; with `always`, nor to any of the same title.
///
/// # Errors
/// `NotFound`.
pub async fn ignore(s: &Services, actor: &Actor, event_id: Uuid, always: bool) -> Result<()> {
    actor.may(Permission::WriteAppointments)?;
    decide(s, actor, event_id, State::Ignored, None, None, always).await
}

/// Asks again who comes to this event and to those of the same title: what was said about it was wrong.
///
/// # Errors
/// `NotFound`.
pub async fn restore(s: &Services, actor: &Actor, event_id: Uuid) -> Result<()> {
    actor.may(Permission::WriteAppointments)?;
    decide(s, actor, event_id, State::NeedsNumber, None, None, true).await
}

async fn decide(
    s: &Services,
    actor: &Actor,
    event_id: Uuid,
    state: State,
    contact_id: Option<Uuid>,
    phone: Option<String>,
    all: bool,
) -> Result<()> {
    let event = calendar_event::Entity::these(actor.business_id, [event_id])
        .one(s.read())
        .await?;
    let event = event.ok_or_else(|| not_found("event"))?;
    let mut tx = s.begin().await?;
    let source = locked(&tx, actor.business_id, event.source_id).await?;
    let sealed = phone.map(|phone| s.vault().seal(PHONE, &phone));
    let mut rows = calendar_event::Entity::update_many()
        .col_expr(calendar_event::Column::State, Expr::value(state.to_value()))
        .col_expr(calendar_event::Column::ContactId, Expr::value(contact_id))
        .col_expr(calendar_event::Column::Phone, Expr::value(sealed))
        .col_expr(calendar_event::Column::Chosen, Expr::value(state != State::NeedsNumber))
        .col_expr(calendar_event::Column::UpdatedAt, Expr::value(tx.now))
        .filter(calendar_event::Column::BusinessId.eq(actor.business_id))
        .filter(calendar_event::Column::SourceId.eq(source.id));
    rows = match event.title_key.as_ref().filter(|_| all) {
        Some(key) => rows.filter(calendar_event::Column::TitleKey.eq(key)),
        None => rows.filter(calendar_event::Column::Id.eq(event.id)),
    };
    rows.exec(&tx.db).await?;
    tx.record(actor.business_id, &actor.who, Event::CalendarEventDecided(event.id));
    tx.commit().await?;
    follow(s, source.id).await
}

/// What is gone from the calendar is meant to be gone: its visits are cancelled.
///
/// # Errors
/// `NotFound`.
pub async fn believe(s: &Services, actor: &Actor, id: Uuid) -> Result<CalendarSourceView> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let source = locked(&tx, actor.business_id, id).await?;
    let long_ago = tx.now - s.settings().calendars_every;
    calendar_event::Entity::update_many()
        .col_expr(calendar_event::Column::MissingSince, Expr::value(long_ago))
        .filter(calendar_event::Column::BusinessId.eq(actor.business_id))
        .filter(calendar_event::Column::SourceId.eq(id))
        .filter(calendar_event::Column::MissingSince.is_not_null())
        .exec(&tx.db)
        .await?;
    calendar_source::Entity::update_many()
        .col_expr(calendar_source::Column::Lost, Expr::value(0))
        .filter(calendar_source::Column::BusinessId.eq(actor.business_id))
        .filter(calendar_source::Column::Id.eq(source.id))
        .exec(&tx.db)
        .await?;
    tasks::settle_key(
        &mut tx,
        actor.business_id,
        &format!("calendar_lost:{id}"),
        tasks::Kind::Calendar,
        &actor.label(),
    )
    .await?;
    tx.commit().await?;
    follow(s, id).await?;
    view(s, find(s.read(), actor.business_id, id).await?).await
}
