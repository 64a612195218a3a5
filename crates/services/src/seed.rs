//! A believable demo business for a newcomer: people, appointments, conversations. Made by the same use cases as everything else.

mod past;
mod people;

use std::collections::HashMap;

use chrono::Duration;
use contract::{
    accounts::Role,
    appointment_types::{SaveAppointmentType, SaveStaffLabel},
    appointments::{AppointmentAction, CreateAppointment},
    businesses::{OpeningHours, SaveLocation},
    contacts::{CreateContact, OptIn},
    quick_replies::{Actions, SaveQuickReply},
    reviews::AddPlatform,
    tasks::CreateTask,
};
use domain::{consent::Channel, zone::Zone};
use entity::businesses::business;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use people::{PLACES, REPLIES, SPANISH, STAFF, State, TYPES, VISITS, Visit};

use crate::{
    accounts, appointments,
    businesses::{self, locations, staff, types},
    channels::Inbound,
    contacts,
    kernel::{Actor, Clock, Principal, Result, Services},
    numbers, quick_replies, receiving, reminders, review_platforms, tasks,
};

/// How a newcomer signs in to the demo.
pub const EMAIL: &str = "demo@showup.test";
pub const PASSWORD: &str = "demo-showup-2026";

const SLUG: &str = "bright-smile-dental";
/// What the demo business texts from.
pub const NUMBER: &str = "+15005550006";

/// Makes the demo business unless it is there; true if it was made now. Its first reminders are due at once.
///
/// # Errors
/// When the database does not answer.
pub async fn demo(s: &Services, account_sid: &str) -> Result<bool> {
    if business::Entity::find()
        .filter(business::Column::Slug.eq(SLUG))
        .one(s.read())
        .await?
        .is_some()
    {
        return Ok(false);
    }
    let line = "(415) 555-0100 or hello@brightsmile.example";
    let b = businesses::create(s, "Bright Smile Dental", line, Some("America/Los_Angeles"), Some(500)).await?;
    numbers::assign(s, b.id, NUMBER).await?;
    let account_id = accounts::add_member(s, b.id, Role::Owner, "Robin Demo", EMAIL, PASSWORD).await?;
    let robin = Actor {
        business_id: b.id,
        who: Principal::Member {
            account_id,
            name: "Robin Demo".to_owned(),
            role: Role::Owner,
        },
    };
    let lists = lists(s, &robin).await?;
    past::write(s, &robin, &lists).await?;
    // Before the visits, whose customers are asked for a review then.
    review_platforms::add(s, &robin, google()).await?;
    let mut people = HashMap::new();
    for visit in &VISITS {
        add(s, &robin, &lists, &mut people, visit).await?;
    }
    text(s, account_sid, "+14155550114", 1, "Hi! Is there parking at the clinic?").await?;
    text(
        s,
        account_sid,
        "+14155550199",
        2,
        "Hello, do you have a time for a new patient next week?",
    )
    .await?;
    text(s, account_sid, "+14155550118", 3, "STOP").await?;
    text(
        s,
        account_sid,
        "+14155550122",
        4,
        "Hola, puedo cambiar mi cita para la tarde por favor?",
    )
    .await?;
    text(
        s,
        account_sid,
        "+14155550123",
        5,
        "I may be ten minutes late today, is that all right?",
    )
    .await?;
    // Nobody has noted what he speaks.
    text(
        s,
        account_sid,
        "+14155550115",
        6,
        "Buenos días, ¿puedo llegar diez minutos antes a la cita? Muchas gracias",
    )
    .await?;
    let order = CreateTask {
        title: "Ask the lab when the crown is ready".to_owned(),
        contact_id: people.get("+14155550114").copied(),
        due_at: Some(at(s, 1, "09:00")),
        notes: Some("Lab: (415) 555-0140".to_owned()),
        ..CreateTask::default()
    };
    tasks::create(s, &robin, order).await?;
    Ok(true)
}

/// Ids of what visits choose from, in the order of the lists.
struct Lists {
    places: Vec<Uuid>,
    types: Vec<Uuid>,
}

async fn lists(s: &Services, robin: &Actor) -> Result<Lists> {
    let mut lists = Lists {
        places: Vec::new(),
        types: Vec::new(),
    };
    for (name, address, hours) in PLACES {
        let day = || hours.to_owned();
        let place = SaveLocation {
            name: name.to_owned(),
            address: address.to_owned(),
            number: String::new(),
            time_zone: String::new(),
            opening_hours: OpeningHours {
                mon: day(),
                tue: day(),
                wed: day(),
                thu: day(),
                fri: day(),
                ..OpeningHours::default()
            },
        };
        lists.places.push(locations::save(s, robin, None, place).await?.id);
    }
    for (name, minutes, price, colour, recall_months) in TYPES {
        let kind = SaveAppointmentType {
            name: name.to_owned(),
            minutes,
            price: (price > 0).then(|| price.into()),
            colour: Some(colour.to_owned()),
            reminders: true,
            cadence: None,
            recall_months,
        };
        lists.types.push(types::create(s, robin, kind).await?.id);
    }
    for (name, colour) in STAFF {
        let label = SaveStaffLabel {
            name: name.to_owned(),
            colour: colour.to_owned(),
        };
        staff::save(s, robin, None, label).await?;
    }
    for (name, body) in REPLIES {
        let reply = SaveQuickReply {
            name: name.to_owned(),
            body: body.to_owned(),
            actions: Actions::default(),
        };
        quick_replies::save(s, robin, None, reply).await?;
    }
    Ok(lists)
}

fn google() -> AddPlatform {
    AddPlatform {
        kind: "google".to_owned(),
        name: "Google".to_owned(),
        url: "https://search.google.com/local/writereview?placeid=ChIJdemo_BrightSmileDental".to_owned(),
        location_id: None,
    }
}

/// A local time, so many days from today.
fn at(s: &Services, days: i64, time: &str) -> String {
    let zone = Zone::named("America/Los_Angeles").unwrap_or(Zone::UTC);
    let today = s.now().with_timezone(&zone).date_naive();
    format!("{}T{time}", today + Duration::days(days))
}

/// What is over was booked when it lay ahead.
async fn add(s: &Services, robin: &Actor, lists: &Lists, people: &mut HashMap<&str, Uuid>, visit: &Visit) -> Result<()> {
    let now = s.now();
    let then = s.at(Clock::from_fn(move || now - Duration::days(15)));
    let was = if visit.day < 0 { &then } else { s };
    let contact_id = match people.get(visit.phone) {
        Some(id) => *id,
        None => {
            let id = contacts::create(was, robin, person(visit)).await?.id;
            people.insert(visit.phone, id);
            id
        }
    };
    let appointment = CreateAppointment {
        contact_id,
        starts_at: at(s, visit.day, visit.time),
        notes: Some(visit.notes.to_owned()),
        staff_label: STAFF.get(visit.staff).map(|(name, _)| (*name).to_owned()),
        location_id: lists.places.get(visit.place).copied(),
        type_id: lists.types.get(visit.kind).copied(),
        for_name: visit.child.map(str::to_owned),
        ..CreateAppointment::default()
    };
    let appointment = match appointments::create(was, robin, appointment).await {
        Ok(appointment) => appointment,
        // One of today whose hour has passed.
        Err(_) if visit.day == 0 => return Ok(()),
        Err(error) => return Err(error),
    };
    let act = match visit.state {
        State::Open => return Ok(()),
        State::Reminded => return reminders::send_now(s, robin, appointment.id).await.map(drop),
        State::Confirmed => AppointmentAction::Confirm,
        State::Completed => AppointmentAction::Complete,
        State::Missed => AppointmentAction::NoShow,
        State::Cancelled => AppointmentAction::Cancel,
    };
    appointments::act(s, robin, appointment.id, act).await.map(drop)
}

fn person(visit: &Visit) -> CreateContact {
    CreateContact {
        name: visit.name.to_owned(),
        phone: visit.phone.to_owned(),
        email: None,
        time_zone: None,
        language: SPANISH.contains(&visit.phone).then(|| "es".to_owned()),
        notes: None,
        tags: None,
        opt_in: Some(OptIn {
            channel: "sms".to_owned(),
            source: "booking by phone".to_owned(),
        }),
    }
}

async fn text(s: &Services, account_sid: &str, from: &str, n: u32, body: &str) -> Result<()> {
    let text = Inbound {
        channel: Channel::Sms,
        provider_id: format!("SM{n:032x}"),
        account: account_sid.to_owned(),
        from: from.to_owned(),
        to: NUMBER.to_owned(),
        body: body.to_owned(),
        attachments: 0,
        segments: 1,
        handled: None,
        replied_to: None,
        button: None,
        also: None,
    };
    receiving::receive(s, text, "demo").await?;
    Ok(())
}
