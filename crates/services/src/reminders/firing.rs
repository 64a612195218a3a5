//! Due reminders become messages. A tick in every worker process looks; the row's own state says who was first.

use chrono::{DateTime, Utc};
use contract::{Code, appointments::AppointmentView};
use domain::{
    consent::{Channel, Sending, may_send},
    delivery::Status,
    origin::Origin,
    reminders::{AtSend, Kind, Skip, at_send},
    texts,
};
use entity::{
    appointments::appointment, businesses::business, contacts::contact, messages::message, reminders::reminder_request,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{
    Row,
    families::{Told, with_companions},
    finish, needs_call, save,
    siblings::{later_kind_due, replace_waiting, siblings},
    zone_of,
};
use crate::{
    appointments::{self, clocks, link},
    businesses::{self, locations},
    contacts::{self, consent},
    delivery,
    kernel::{Actor, Permission, Result, Services, Tx, error::problem, tx::Changed},
    outbox, questions, tasks, twins,
};

/// Reminders taken per look.
const BATCH: u64 = 100;

/// Most looks per tick, so that everything else that the tick does has its turn.
const LOOKS: usize = 50;

/// Reminders in one transaction: few, because SQLite's only writer waits for all of them.
const GROUP: usize = 10;

/// Contact, reminder and business.
type Due = (Uuid, Uuid, Uuid);

/// Fires what is due; the number of reminders looked at.
///
/// # Errors
/// When the database does not answer; what is due stays due.
pub async fn tick(s: &Services) -> Result<usize> {
    let mut looked_at = 0;
    for _ in 0..LOOKS {
        let mut due: Vec<Due> = due(s.now())
            .select_only()
            .column(reminder_request::Column::ContactId)
            .column(reminder_request::Column::Id)
            .column(reminder_request::Column::BusinessId)
            .into_tuple()
            .all(s.read())
            .await?;
        // People are locked in order of their ids, here as everywhere.
        due.sort_unstable();
        for group in due.chunks(GROUP) {
            fire_group(s, group).await?;
        }
        looked_at += due.len();
        if (due.len() as u64) < BATCH {
            break;
        }
    }
    Ok(looked_at)
}

/// One that can't be fired must not keep the others from going out.
async fn fire_group(s: &Services, group: &[Due]) -> Result<()> {
    let Err(cause) = fire_all(s, group).await else { return Ok(()) };
    if let [(_, id, business_id)] = group {
        tracing::error!(reminder = %id, %cause, "a due reminder could not be fired; it is tried again in a minute");
        if let Err(cause) = try_again(s, *business_id, *id).await {
            tracing::error!(reminder = %id, %cause, "that could not be noted either");
        }
        return Ok(());
    }
    for one in group.chunks(1) {
        Box::pin(fire_group(s, one)).await?;
    }
    Ok(())
}

/// At the second failure a person hears of it. Written without showing the appointment anew: that may be what fails.
async fn try_again(s: &Services, business_id: Uuid, id: Uuid) -> Result<()> {
    const FAULT: &str = "A fault on our side keeps it from being sent; it is tried again every minute.";
    let row = reminder_request::Entity::in_business(business_id)
        .filter(reminder_request::Column::Id.eq(id))
        .one(&s.db().write)
        .await?;
    let Some(row) = row else { return Ok(()) };
    reminder_request::Entity::update_many()
        .col_expr(
            reminder_request::Column::DueAt,
            Expr::value(s.now() + chrono::Duration::minutes(1)),
        )
        .col_expr(reminder_request::Column::Reason, Expr::value(FAULT))
        .filter(reminder_request::Column::Id.eq(id))
        .filter(reminder_request::Column::Status.eq("planned"))
        .exec(&s.db().write)
        .await?;
    if row.status != "planned" || row.reason.as_deref() != Some(FAULT) {
        return Ok(());
    }
    let task = tasks::New {
        business_id,
        kind: tasks::Kind::Call,
        title: "Call about the visit: a fault on our side keeps the reminder from being sent.".to_owned(),
        key: format!("fault:{id}"),
        contact_id: Some(row.contact_id),
        conversation_id: None,
        appointment_id: Some(row.appointment_id),
        message_id: None,
    };
    let mut tx = s.begin().await?;
    tasks::raise(&mut tx, task).await?;
    tx.commit().await
}

async fn fire_all(s: &Services, group: &[Due]) -> Result<()> {
    let mut tx = s.begin().await?;
    for (_, id, business_id) in group {
        fire(s, &mut tx, *business_id, *id).await?;
    }
    tx.commit().await
}

/// Reminders whose time has come, the most overdue first. The state is a literal: SQLite uses an index over a part of the rows only if
/// it can see that the query asks for no others.
pub(crate) fn due(now: DateTime<Utc>) -> Select<reminder_request::Entity> {
    reminder_request::Entity::find()
        .filter(Expr::cust("\"status\" = 'planned'"))
        .filter(reminder_request::Column::DueAt.lte(now))
        .order_by_asc(reminder_request::Column::DueAt)
        .limit(BATCH)
}

/// Turns one due reminder into a message, or says why not. Firing it twice is harmless.
async fn fire(s: &Services, tx: &mut Tx, business_id: Uuid, id: Uuid) -> Result<()> {
    let find = || reminder_request::Entity::in_business(business_id).filter(reminder_request::Column::Id.eq(id));
    let Some(request) = find().one(&tx.db).await? else {
        return Ok(());
    };
    let (contact, appointment) = appointments::locked(tx, business_id, request.appointment_id).await?;
    let Some(request) = find()
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?
        .filter(|r| r.status == "planned" && r.due_at <= tx.now)
    else {
        return Ok(());
    };
    let others = siblings(&tx.db, &request).await?;
    if later_kind_due(tx.now, &request, &others) {
        return finish(tx, request, "skipped", Some(Skip::LaterKindDue.label())).await;
    }
    let business = businesses::of(tx, business_id).await?;
    let channel = outbox::channel_to(tx, &contact).await?;
    match at_send(
        tx.now,
        appointment.starts_at,
        zone_of(&business, &contact, &appointment),
        businesses::quiet_for(&business, &contact.phone),
    ) {
        AtSend::HoldUntil(at) => {
            let mut held = request.into_active_model();
            held.due_at = Set(at);
            held.update(&tx.db).await?;
            tx.mark_changed(business_id, Changed::Appointment(appointment.id));
            Ok(())
        }
        AtSend::Skip(why) => {
            finish(tx, request, "skipped", Some(why.label())).await?;
            if appointment.starts_at > tx.now {
                needs_call(tx, &appointment, why.label()).await?;
            }
            Ok(())
        }
        AtSend::Send => match obstacle(s, tx, &contact, &appointment, channel).await? {
            Some(reason) => {
                finish(tx, request, "skipped", Some(&reason)).await?;
                needs_call(tx, &appointment, &reason).await
            }
            None => {
                replace_waiting(tx, others).await?;
                let told = match channel {
                    // A wording there tells of one visit.
                    Channel::WhatsApp => vec![(appointment, request)],
                    Channel::Sms | Channel::Email => with_companions(tx, &business, (appointment, request)).await?,
                };
                text(tx, &business, &contact, told, (channel, None)).await
            }
        },
    }
}

/// Why this contact can't be texted, if so. The claim asks all of this again.
async fn obstacle(
    s: &Services,
    tx: &Tx,
    contact: &contact::Model,
    appointment: &appointment::Model,
    channel: Channel,
) -> Result<Option<String>> {
    if !appointments::status(appointment)?.is_open() {
        return Ok(Some("The visit is not open any more.".to_owned()));
    }
    if contact.blocked {
        return Ok(Some(contacts::BLOCKED.to_owned()));
    }
    if let Err(reason) = may_send(consent::state_on(&tx.db, contact.id, channel).await?, Sending::Automatic) {
        return Ok(Some(reason.to_owned()));
    }
    if channel == Channel::WhatsApp {
        return Ok(None);
    }
    if let Some(why) = delivery::unreachable(tx, contact).await? {
        return Ok(Some(why));
    }
    let sender = outbox::sender(s, &tx.db, contact.business_id, Some(contact.id), appointment.location_id).await?;
    Ok(sender.is_none().then(|| "There is no number to send from.".to_owned()))
}

/// Writes the text of one reminder, or of several that go out together; the first is what it is known by.
async fn text(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    mut told: Vec<Told>,
    (channel, author): (Channel, Option<String>),
) -> Result<()> {
    let subjects: Vec<Uuid> = told.iter().map(|(a, _)| a.id).collect();
    // With another appointment waiting for its answer a bare "Y" would be a riddle, so this text asks for a token.
    let other = questions::others_open(tx, business.id, contact.id, &subjects).await?;
    let body = words(tx, business, contact, &told, other).await?;
    let Some((appointment, request)) = told.first() else {
        return Ok(());
    };
    let new = outbox::New {
        origin: Origin::Reminder,
        origin_id: Some(request.id),
        channel,
        subject: None,
        body: body.clone(),
        correlation_id: Some(request.correlation_id.clone()),
        author,
        appointment_id: Some(appointment.id),
        location_id: appointment.location_id,
        useful_until: told.iter().map(|(a, _)| a.starts_at).min(),
        delay: None,
        time_zone: appointment.time_zone.clone(),
    };
    let time_and_place = super::start(&tx.db, business, contact, appointment).await?;
    let name = appointment.for_name.clone();
    let message = outbox::enqueue(tx, contact, new).await?;
    if channel == Channel::WhatsApp {
        twins::tell_of_visit(
            tx,
            &message,
            "reminder",
            (business, contact),
            (name.as_deref(), time_and_place),
        )
        .await?;
    }
    if message.body != body && channel != Channel::WhatsApp {
        // It was texted before, when there was less to tell: the others are told on their own.
        told.truncate(1);
    }
    if message.status == Status::Failed.as_str() {
        let reason = message.error.unwrap_or_default();
        for (appointment, request) in told {
            finish(tx, request, "failed", Some(&reason)).await?;
            needs_call(tx, &appointment, &reason).await?;
        }
        return Ok(());
    }
    // What it told of before it was taken back.
    reminder_request::Entity::update_many()
        .col_expr(reminder_request::Column::MessageId, Expr::value(Option::<Uuid>::None))
        .filter(reminder_request::Column::BusinessId.eq(business.id))
        .filter(reminder_request::Column::MessageId.eq(message.id))
        .exec(&tx.db)
        .await?;
    for (appointment, request) in told {
        asked(tx, business, &message, &appointment, request).await?;
    }
    // It was texted before, when the appointment had this time already.
    if message.provider_sid.is_some() {
        super::sent(tx, &message, message.delivered_at.map(|_| "the network")).await
    } else {
        Ok(())
    }
}

async fn words(tx: &Tx, business: &business::Model, contact: &contact::Model, told: &[Told], other: bool) -> Result<String> {
    let mut all = Vec::with_capacity(told.len());
    for (appointment, _) in told {
        all.push(texts::Visit {
            start: super::start(&tx.db, business, contact, appointment).await?,
            name: appointment.for_name.clone(),
            token: appointment.token as u16,
        });
    }
    all.sort_by_key(|one| one.start.at);
    let language = contacts::language::of(business, contact);
    let body = match all.as_slice() {
        [one] => {
            let token = other.then_some(one.token);
            texts::reminder(language, &business.name, one.name.as_deref(), one.start, token)
        }
        several => texts::reminder_many(language, &business.name, several, other),
    };
    let body = businesses::language::as_sent(business, body);
    match told.first().filter(|_| business.text_links && told.len() == 1) {
        Some((appointment, _)) => Ok(texts::with_link(&body, &link::url(tx.services(), appointment).await?)),
        None => Ok(body),
    }
}

/// The text asks about this appointment from now on.
async fn asked(
    tx: &mut Tx,
    business: &business::Model,
    message: &message::Model,
    appointment: &appointment::Model,
    request: reminder_request::Model,
) -> Result<()> {
    let place = locations::zone_of(&tx.db, business, appointment.location_id).await?;
    let question = questions::New {
        business_id: appointment.business_id,
        contact_id: appointment.contact_id,
        origin: Origin::Reminder,
        origin_id: request.id,
        subject_id: appointment.id,
        token: appointment.token,
        at: appointment.starts_at,
        time_zone: Some(place.name()),
        name: appointment.for_name.as_deref(),
        message_id: message.id,
        expires_at: appointment.starts_at,
    };
    questions::ask(tx, question).await?;
    let mut request = request.into_active_model();
    request.status = Set("queued".to_owned());
    request.reason = Set(None);
    request.message_id = Set(Some(message.id));
    request.updated_at = Set(tx.now);
    let request = request.update(&tx.db).await?;
    super::step(request.id, "fired", None);
    tx.mark_changed(appointment.business_id, Changed::Appointment(appointment.id));
    Ok(())
}

/// Sends a reminder at once because a member asked for it. Quiet hours do not hold it back, consent does.
///
/// # Errors
/// `Conflict` for an appointment that has begun, or whose time is not decided; `MayNotSend` with the reason.
pub async fn send_now(s: &Services, actor: &Actor, appointment_id: Uuid) -> Result<AppointmentView> {
    send_by(s, actor, appointment_id, None).await
}

/// The same on WhatsApp, whatever the customer wishes otherwise: by an approved wording, if free text may not go.
///
/// # Errors
/// As `send_now`.
pub async fn send_on_whatsapp(s: &Services, actor: &Actor, appointment_id: Uuid) -> Result<AppointmentView> {
    send_by(s, actor, appointment_id, Some(Channel::WhatsApp)).await
}

async fn send_by(s: &Services, actor: &Actor, appointment_id: Uuid, by: Option<Channel>) -> Result<AppointmentView> {
    actor.may(Permission::SendMessages)?;
    let mut tx = s.begin().await?;
    let business = businesses::get(&tx.db, actor.business_id).await?;
    let (contact, appointment) = appointments::locked(&tx, actor.business_id, appointment_id).await?;
    if appointment.starts_at <= tx.now {
        return Err(problem(
            Code::Conflict,
            "This visit has begun or is over; a reminder would come too late.",
        ));
    }
    if clocks::undecided(&appointment) {
        return Err(problem(Code::Conflict, clocks::UNDECIDED));
    }
    let channel = match by {
        Some(channel) => channel,
        None => outbox::channel_to(&tx, &contact).await?,
    };
    if let Some(reason) = obstacle(s, &tx, &contact, &appointment, channel).await? {
        return Err(problem(Code::MayNotSend, reason));
    }
    // A second click within the minute is the same reminder, unless the appointment has changed between the two.
    let minute = tx.now - chrono::Duration::milliseconds(tx.now.timestamp_millis().rem_euclid(60_000));
    let row = Row {
        kind: Kind::Manual,
        nominal: minute.max(appointment.updated_at),
        due_at: tx.now,
        status: "planned",
        reason: None,
    };
    let request = save(&tx, &appointment, row).await?;
    if request.status == "planned" {
        let others = siblings(&tx.db, &request).await?;
        replace_waiting(&mut tx, others).await?;
        text(
            &mut tx,
            &business,
            &contact,
            vec![(appointment, request)],
            (channel, Some(actor.author())),
        )
        .await?;
    }
    appointments::finish(tx, actor.business_id, appointment_id).await
}
