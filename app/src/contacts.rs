//! Customers and their consent.

mod detail;
mod hold;
mod list;
mod new;

pub use detail::{DetailPage, TextThem};
pub use hold::{HoldNotice, OnHold};
pub use list::ListPage;
pub use new::NewPage;

use contract::{
    Page,
    contacts::{ContactPage, ContactView},
};
use domain::consent::State;
use leptos::prelude::*;
use uuid::Uuid;

use crate::error::AppError;

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn")]
pub async fn list_contacts(q: Option<String>, cursor: Option<String>) -> Result<Page<ContactView>, AppError> {
    let query = contract::contacts::ContactQuery { q, cursor };
    Ok(services::contacts::list(&ssr::services()?, &ssr::actor().await?, query).await?)
}

#[server(prefix = "/api/fn")]
pub async fn get_contact(id: Uuid) -> Result<ContactPage, AppError> {
    Ok(services::pages::contact::page(&ssr::services()?, &ssr::actor().await?, id).await?)
}

/// `agreed` is there if the box was ticked: the number was given for appointment texts.
#[server(prefix = "/api/fn")]
pub async fn create_contact(
    name: String,
    phone: String,
    email: String,
    time_zone: String,
    notes: String,
    agreed: Option<String>,
) -> Result<ContactView, AppError> {
    let form = ssr::Form::new("contact", "/contacts/new")
        .typed("name", &name)
        .typed("phone", &phone)
        .typed("email", &email)
        .typed("time_zone", &time_zone)
        .typed("notes", &notes)
        .typed("agreed", agreed.as_deref().unwrap_or_default());
    let opt_in = agreed.map(|_| contract::contacts::OptIn {
        channel: "sms".to_owned(),
        source: "booking".to_owned(),
    });
    let command = contract::contacts::CreateContact {
        name,
        phone,
        email: filled(email),
        time_zone: filled(time_zone),
        language: None,
        notes: filled(notes),
        opt_in,
    };
    let work = async move { Ok(services::contacts::create(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::door(form, work, |contact: &ContactView| Some(format!("/contacts/{}", contact.id))).await
}

#[server(prefix = "/api/fn")]
pub async fn update_contact(
    id: Uuid,
    name: String,
    phone: String,
    email: String,
    time_zone: String,
    notes: String,
) -> Result<ContactView, AppError> {
    let form = ssr::Form::new("contact", format!("/contacts/{id}"))
        .typed("name", &name)
        .typed("phone", &phone)
        .typed("email", &email)
        .typed("time_zone", &time_zone)
        .typed("notes", &notes);
    let command = contract::contacts::UpdateContact {
        id,
        name,
        phone,
        email: filled(email),
        time_zone: filled(time_zone),
        notes: filled(notes),
    };
    let work = async move { Ok(services::contacts::update(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::door(form, work, |_| None).await
}

#[server(prefix = "/api/fn")]
pub async fn record_consent(contact_id: Uuid, state: State, evidence: String) -> Result<ContactView, AppError> {
    let form = ssr::Form::new("consent", format!("/contacts/{contact_id}")).typed("evidence", &evidence);
    let command = contract::contacts::RecordConsent {
        contact_id,
        state,
        evidence,
    };
    let work = async move { Ok(services::contacts::record_consent(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::door(form, work, |_| None).await
}

#[server(prefix = "/api/fn")]
pub async fn set_contact_blocked(id: Uuid, blocked: bool) -> Result<ContactView, AppError> {
    let work = async move { Ok(services::contacts::set_blocked(&ssr::services()?, &ssr::actor().await?, id, blocked).await?) };
    ssr::press(&format!("/contacts/{id}"), work).await
}

/// An optional field left empty is none.
#[cfg(feature = "ssr")]
fn filled(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}
