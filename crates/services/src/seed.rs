//! A believable demo business for a newcomer: people, appointments, conversations. Made by the same use cases as everything else.

use chrono::Days;
use contract::{
    accounts::Role,
    appointments::{Act, CreateAppointment},
    contacts::{CreateContact, OptIn},
};
use domain::zone::Zone;
use entity::businesses::business;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use twilio::forms;

use crate::{
    accounts, appointments, businesses, contacts,
    kernel::{Actor, Principal, Result, Services},
    numbers, receiving, reminders,
};

/// How a newcomer signs in to the demo.
pub const EMAIL: &str = "demo@showup.test";
pub const PASSWORD: &str = "demo-showup-2026";

const SLUG: &str = "bright-smile-dental";
/// What the demo business texts from.
pub const NUMBER: &str = "+15005550006";

/// Name, phone, the appointment in days from today and its local time, who sees them, notes.
const PEOPLE: [(&str, &str, u64, &str, &str, &str); 9] = [
    ("Maya Lindqvist", "+14155550111", 1, "15:30", "Dr. Osei", "Check-up"),
    ("Tom Becker", "+14155550112", 2, "09:00", "Dr. Osei", "Filling, upper left"),
    ("Aisha Rahman", "+14155550113", 2, "10:30", "Hygiene", "Cleaning"),
    (
        "Grace O'Connor",
        "+14155550114",
        3,
        "11:00",
        "Dr. Lund",
        "Crown, second visit",
    ),
    ("Diego Fuentes", "+14155550115", 3, "14:00", "Hygiene", "Cleaning"),
    ("Hannah Kim", "+14155550116", 4, "16:15", "Dr. Lund", "Consultation"),
    ("Peter Novak", "+14155550117", 5, "08:45", "Dr. Osei", "Root canal follow-up"),
    ("Sofia Marino", "+14155550118", 7, "13:00", "Hygiene", "Cleaning"),
    ("Liam Walsh", "+14155550119", 8, "09:30", "Dr. Lund", "Check-up"),
];

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
    for (i, person) in PEOPLE.iter().enumerate() {
        add(s, &robin, person, i).await?;
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
    Ok(true)
}

async fn add(s: &Services, robin: &Actor, person: &(&str, &str, u64, &str, &str, &str), i: usize) -> Result<()> {
    let (name, phone, days, time, staff, notes) = *person;
    let contact = CreateContact {
        name: name.to_owned(),
        phone: phone.to_owned(),
        email: None,
        time_zone: None,
        language: None,
        notes: None,
        opt_in: Some(OptIn {
            channel: "sms".to_owned(),
            source: "booking by phone".to_owned(),
        }),
    };
    let contact = contacts::create(s, robin, contact).await?;
    let zone = Zone::named("America/Los_Angeles").unwrap_or(Zone::UTC);
    let today = s.now().with_timezone(&zone).date_naive();
    let day = today.checked_add_days(Days::new(days)).unwrap_or(today);
    let appointment = CreateAppointment {
        contact_id: contact.id,
        starts_at: format!("{day}T{time}"),
        notes: Some(notes.to_owned()),
        staff_label: Some(staff.to_owned()),
        location_id: None,
    };
    let appointment = appointments::create(s, robin, appointment).await?;
    match i {
        0 => drop(reminders::send_now(s, robin, appointment.id).await?),
        4 | 6 => drop(appointments::act(s, robin, appointment.id, Act::Confirm).await?),
        _ => {}
    }
    Ok(())
}

async fn text(s: &Services, account_sid: &str, from: &str, n: u32, body: &str) -> Result<()> {
    let form = forms::Inbound {
        message_sid: format!("SM{n:032x}"),
        account_sid: account_sid.to_owned(),
        messaging_service_sid: None,
        from: from.to_owned(),
        to: NUMBER.to_owned(),
        body: body.to_owned(),
        num_media: 0,
        num_segments: 1,
        opt_out_type: None,
        original_replied_message_sid: None,
        button_payload: None,
        profile_name: None,
    };
    receiving::receive(s, &form, "demo").await?;
    Ok(())
}
