//! Due reminders become messages. A tick in every worker process looks; the row's own state says who was first.

use chrono::{DateTime, Utc};
use contract::{Code, appointments::AppointmentView};
use domain::{
    consent::{Channel, Purpose},
    delivery::Status,
    fallback, letters,
    origin::Origin,
    reminders::{AtSend, Kind, Skip, at_send},
    templates::{Kind as Text, Which},
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
    channels, contacts, experiments,
    kernel::{Actor, Permission, Result, Services, Tx, error::problem, tx::Changed},
    messages,
    outbox::{
        self,
        ways::{self, Way},
    },
    questions, tasks,
    templates::{self, About},
    twins,
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
        fire(&mut tx, *business_id, *id).await?;
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
async fn fire(tx: &mut Tx, business_id: Uuid, id: Uuid) -> Result<()> {
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
        AtSend::Send => match way(tx, &contact, &appointment, &request.correlation_id, None).await? {
            Err(reason) => {
                finish(tx, request, "skipped", Some(&reason)).await?;
                needs_call(tx, &appointment, &reason).await
            }
            Ok(way) => {
                replace_waiting(tx, others).await?;
                let told = match way.channel {
                    // A wording there tells of one visit.
                    Channel::WhatsApp => vec![(appointment, request)],
                    Channel::Sms | Channel::Email => with_companions(tx, &business, (appointment, request)).await?,
                };
                let sending = Sending::first(way, None, &told);
                text(tx, &business, &contact, told, sending).await
            }
        },
    }
}

/// Which way this contact is told of an appointment, `by` the one that is wished if any; or why none. The claim asks all of this again.
async fn way(
    tx: &mut Tx,
    contact: &contact::Model,
    appointment: &appointment::Model,
    intent: &str,
    by: Option<Channel>,
) -> Result<std::result::Result<Way, String>> {
    if !appointments::status(appointment)?.is_open() {
        return Ok(Err("The visit is not open any more.".to_owned()));
    }
    if contact.blocked {
        return Ok(Err(contacts::BLOCKED.to_owned()));
    }
    match by {
        Some(channel) => ways::this(tx, contact, channel, appointment.location_id, Purpose::Transactional).await,
        None => ways::choose(tx, contact, intent, appointment.location_id, Purpose::Transactional).await,
    }
}

/// How the message of a reminder goes.
#[derive(Clone)]
struct Sending {
    way: Way,
    author: Option<String>,
    /// What all of its ways have in common.
    intent: String,
    /// The one in whose place it goes.
    instead_of: Option<Uuid>,
}

impl Sending {
    fn first(way: Way, author: Option<String>, told: &[Told]) -> Self {
        let intent = told.first().map(|(_, request)| request.correlation_id.clone());
        Self {
            way,
            author,
            intent: intent.unwrap_or_default(),
            instead_of: None,
        }
    }
}

/// A reminder's message is known to have failed: the same goes another way, if one is left. The caller holds the contact's lock.
pub(super) async fn by_another_way(tx: &mut Tx, failed: &message::Model, told: &[Told]) -> Result<bool> {
    let (Some((first, _)), Some(channel)) = (told.first(), channels::of(failed)) else {
        return Ok(false);
    };
    let location = first.location_id;
    let contact = contacts::locked(tx, failed.business_id, failed.contact_id).await?;
    let Some(way) = ways::instead(tx, &contact, failed, location).await? else {
        return Ok(false);
    };
    let business = businesses::of(tx, failed.business_id).await?;
    let sending = Sending {
        way,
        author: failed.author.clone(),
        intent: fallback::intent(failed.correlation_id.as_deref().unwrap_or_default(), channel).to_owned(),
        instead_of: Some(failed.id),
    };
    if sending.way.channel != Channel::WhatsApp {
        text(tx, &business, &contact, told.to_vec(), sending).await?;
        return Ok(true);
    }
    // A wording there tells of one visit.
    for one in told {
        let sending = Sending {
            intent: one.1.correlation_id.clone(),
            ..sending.clone()
        };
        text(tx, &business, &contact, vec![one.clone()], sending).await?;
    }
    Ok(true)
}

/// Writes the text of one reminder, or of several that go out together; the first is what it is known by.
async fn text(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    mut told: Vec<Told>,
    sending: Sending,
) -> Result<()> {
    let subjects: Vec<Uuid> = told.iter().map(|(a, _)| a.id).collect();
    // With another appointment waiting for its answer a bare "Y" would be a riddle, so this text asks for a token.
    let other = questions::others_open(tx, business.id, contact.id, &subjects).await?;
    let channel = sending.way.channel;
    let Worded { subject, body, tried } = match channel {
        Channel::Email => letter(tx, business, contact, &told).await?,
        Channel::Sms | Channel::WhatsApp => words(tx, business, contact, &told, other).await?,
    };
    let Some((appointment, request)) = told.first() else {
        return Ok(());
    };
    let new = outbox::New {
        origin: Origin::Reminder,
        origin_id: Some(request.id),
        channel,
        subject,
        body: body.clone(),
        correlation_id: Some(fallback::correlation(&sending.intent, channel)),
        author: sending.author,
        appointment_id: Some(appointment.id),
        location_id: appointment.location_id,
        useful_until: told.iter().map(|(a, _)| a.starts_at).min(),
        delay: None,
        time_zone: appointment.time_zone.clone(),
    };
    let time_and_place = templates::start(&tx.db, business, contact, appointment).await?;
    let message = outbox::enqueue(tx, contact, new).await?;
    ways::note(tx, &message, &sending.way, sending.instead_of).await?;
    // One that was written before may say something else.
    if message.body == body {
        let about = experiments::About {
            subject_id: appointment.id,
            over_at: appointment.starts_at,
        };
        experiments::given(tx, tried, &message, about).await?;
    }
    if channel == Channel::WhatsApp {
        // A template tells of one visit, whatever the words behind it tell.
        let about = about(business, contact, told.get(..1).unwrap_or_default());
        twins::tell_of_visit(tx, &message, Text::Reminder, about, time_and_place).await?;
    } else if message.body != body {
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
    if messages::has_left(&message) {
        super::sent(tx, &message, message.delivered_at.map(|_| "the network")).await
    } else {
        Ok(())
    }
}

/// What a reminder says.
struct Worded {
    subject: Option<String>,
    body: String,
    tried: Option<templates::Chosen>,
}

/// The same as a mail: its subject, and its text with a button for each appointment.
async fn letter(tx: &mut Tx, business: &business::Model, contact: &contact::Model, told: &[Told]) -> Result<Worded> {
    let all = visits(tx, business, contact, told).await?;
    let language = contacts::language::of(business, contact);
    let (kind, known) = match all.as_slice() {
        [(one, _)] => {
            let known = texts::one(language, &business.name, one.name.as_deref(), one.start, None);
            (Text::Reminder, known)
        }
        several => {
            let several: Vec<texts::Visit> = several.iter().map(|(visit, _)| visit.clone()).collect();
            (Text::ReminderMany, letters::many(language, &business.name, &several))
        }
    };
    let said = templates::say(tx, Which::mail(kind, language), about(business, contact, told), known).await?;
    let (alone, mut letter) = (all.len() == 1, said.letter());
    for (visit, appointment) in &all {
        let words = if alone {
            letters::button(language).to_owned()
        } else {
            letters::called(language, visit)
        };
        letter = letter.button(words, link::url(tx.services(), appointment).await?);
    }
    Ok(Worded {
        subject: said.subject,
        body: letter.text(),
        tried: said.tried,
    })
}

/// Of a reminder of several visits none is the one that it is about.
fn about<'a>(business: &'a business::Model, contact: &'a contact::Model, told: &'a [Told]) -> About<'a> {
    About {
        visit: told.first().map(|(visit, _)| visit).filter(|_| told.len() == 1),
        ..About::to(business, contact)
    }
}

/// The soonest first.
async fn visits<'a>(
    tx: &Tx,
    business: &business::Model,
    contact: &contact::Model,
    told: &'a [Told],
) -> Result<Vec<(texts::Visit, &'a appointment::Model)>> {
    let mut all = Vec::with_capacity(told.len());
    for (appointment, _) in told {
        let visit = texts::Visit {
            start: templates::start(&tx.db, business, contact, appointment).await?,
            name: appointment.for_name.clone(),
            token: appointment.token as u16,
        };
        all.push((visit, appointment));
    }
    all.sort_by_key(|(visit, _)| visit.start.at);
    Ok(all)
}

async fn words(tx: &mut Tx, business: &business::Model, contact: &contact::Model, told: &[Told], other: bool) -> Result<Worded> {
    let all = visits(tx, business, contact, told).await?;
    let all: Vec<texts::Visit> = all.into_iter().map(|(visit, _)| visit).collect();
    let language = contacts::language::of(business, contact);
    let (kind, known) = match all.as_slice() {
        [one] => {
            let token = other.then_some(one.token);
            let known = texts::one(language, &business.name, one.name.as_deref(), one.start, token);
            (Text::Reminder, known)
        }
        several => (Text::ReminderMany, texts::many(language, &business.name, several, other)),
    };
    let about = about(business, contact, told);
    let said = templates::say(tx, Which::sms(kind, language), about, known).await?;
    let body = match about.visit.filter(|_| business.text_links && !said.has_link) {
        Some(visit) => texts::with_link(&said.body, &link::url(tx.services(), visit).await?),
        None => said.body,
    };
    Ok(Worded {
        subject: None,
        body,
        tried: said.tried,
    })
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
    let way = way(&mut tx, &contact, &appointment, &request.correlation_id, by).await?;
    let way = way.map_err(|reason| problem(Code::MayNotSend, reason))?;
    if request.status == "planned" {
        let others = siblings(&tx.db, &request).await?;
        replace_waiting(&mut tx, others).await?;
        let told = vec![(appointment, request)];
        let sending = Sending::first(way, Some(actor.author()), &told);
        text(&mut tx, &business, &contact, told, sending).await?;
    }
    appointments::finish(tx, actor.business_id, appointment_id).await
}
