//! Customers and their consent.

#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]

mod detail;
mod hold;
mod language;
mod list;
mod merge;
mod new;
mod timeline;

pub use detail::{BlockButton, DetailPage, TextThem};
pub use hold::{HoldNotice, OnHold};
pub use language::LanguageHint;
pub use list::ListPage;
pub use merge::MergePage;
pub use new::NewPage;
pub use timeline::{Tags, Timeline};

use contract::{
    Page,
    contacts::{ContactPage, ContactView, PeoplePage, TimelineRow},
    merging::MergePage as MergeView,
};
use domain::consent::State;
use leptos::prelude::*;
use uuid::Uuid;

use crate::error::AppError;

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_contacts(q: Option<String>, tag: Option<String>, cursor: Option<String>) -> Result<PeoplePage, AppError> {
    let query = contract::contacts::ContactQuery {
        search: q,
        tag,
        cursor,
        ..Default::default()
    };
    Ok(services::contacts::people(&ssr::services()?, &ssr::actor().await?, query).await?)
}

/// `before`: what happened before this cursor.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_contact(id: Uuid, before: Option<String>) -> Result<ContactPage, AppError> {
    let here = ssr::Page::asked_for();
    let page = services::pages::contact::page_before(&ssr::services()?, &ssr::actor().await?, id, before.as_deref()).await?;
    if page.contact.id != id {
        here.is_now_at(&format!("/contacts/{}", page.contact.id));
    }
    Ok(page)
}

/// Who the contact could be as well; with `other` what would become of the two.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_merge(id: Uuid, q: Option<String>, other: Option<Uuid>) -> Result<MergeView, AppError> {
    Ok(services::merging::page(&ssr::services()?, &ssr::actor().await?, id, q, other).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn merge_contacts(id: Uuid, other_id: Uuid) -> Result<ContactView, AppError> {
    let form = ssr::Form::new(crate::flash::Flash::BUTTON, format!("/contacts/{id}/merge?other={other_id}"));
    let command = contract::merging::MergeContacts { other_id };
    let work = async move { Ok(services::merging::merge(&ssr::services()?, &ssr::actor().await?, id, command).await?) };
    ssr::post_form(form, work, |contact: &ContactView| Some(format!("/contacts/{}", contact.id))).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn undo_merge(id: Uuid) -> Result<ContactView, AppError> {
    let work = async move { Ok(services::merging::undo(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&format!("/contacts/{id}"), work).await
}

/// Further back in what happened to a person.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn earlier(id: Uuid, cursor: String) -> Result<Page<TimelineRow>, AppError> {
    let query = contract::PageQuery {
        cursor: Some(cursor),
        limit: None,
    };
    Ok(services::pages::contact::timeline(&ssr::services()?, &ssr::actor().await?, id, query).await?)
}

/// `agreed` is there if the box was ticked: the number was given for appointment texts.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn create_contact(
    name: String,
    phone: String,
    email: String,
    time_zone: String,
    notes: String,
    language: Option<String>,
    tags: Option<String>,
    agreed: Option<String>,
) -> Result<ContactView, AppError> {
    let form = ssr::Form::new("contact", "/contacts/new")
        .typed("name", &name)
        .typed("phone", &phone)
        .typed("email", &email)
        .typed("time_zone", &time_zone)
        .typed("language", language.as_deref().unwrap_or_default())
        .typed("tags", tags.as_deref().unwrap_or_default())
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
        language: language.and_then(filled),
        notes: filled(notes),
        tags: tags.as_deref().map(words),
        opt_in,
    };
    let work = async move { Ok(services::contacts::create(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::post_form(form, work, |contact: &ContactView| Some(format!("/contacts/{}", contact.id))).await
}

/// `asked` is there if the form has `language` and `tags`; one without them, as of a page loaded before an upgrade, leaves them as they are.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_contact(
    id: Uuid,
    name: String,
    phone: String,
    email: String,
    time_zone: String,
    notes: String,
    language: Option<String>,
    tags: Option<String>,
    asked: Option<String>,
) -> Result<ContactView, AppError> {
    let form = ssr::Form::new("contact", format!("/contacts/{id}"))
        .typed("name", &name)
        .typed("phone", &phone)
        .typed("email", &email)
        .typed("time_zone", &time_zone)
        .typed("language", language.as_deref().unwrap_or_default())
        .typed("tags", tags.as_deref().unwrap_or_default())
        .typed("notes", &notes);
    // An empty field arrives as none.
    let asked = asked.is_some();
    let command = contract::contacts::PatchContact {
        name: Some(name),
        phone: Some(phone),
        email: Some(filled(email)),
        time_zone: Some(filled(time_zone)),
        language: asked.then(|| language.and_then(filled)),
        notes: Some(filled(notes)),
        tags: asked.then(|| words(tags.as_deref().unwrap_or_default())),
        blocked: None,
    };
    let work = async move { Ok(services::contacts::patch(&ssr::services()?, &ssr::actor().await?, id, command).await?) };
    ssr::post_form(form, work, |_| None).await
}

/// `about`: channel and purpose, like `email:promotional`; texts about visits, if not said.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn record_consent(
    contact_id: Uuid,
    state: State,
    evidence: String,
    about: Option<String>,
) -> Result<ContactView, AppError> {
    let form = ssr::Form::new("consent", format!("/contacts/{contact_id}"))
        .typed("evidence", &evidence)
        .typed("about", about.as_deref().unwrap_or_default());
    if let Some((channel, purpose)) = about
        .as_deref()
        .filter(|about| *about != TEXTS)
        .and_then(|about| about.split_once(':'))
    {
        let command = contract::contacts::ChangeConsent {
            channel: channel.to_owned(),
            purpose: purpose.to_owned(),
            state: state.as_str().to_owned(),
            evidence: Some(evidence),
        };
        let work = async move {
            Ok(services::contacts::change_consent(&ssr::services()?, &ssr::actor().await?, contact_id, command).await?)
        };
        return ssr::post_form(form, work, |_| None).await;
    }
    let command = contract::contacts::RecordConsent {
        contact_id,
        state,
        evidence,
    };
    let work = async move { Ok(services::contacts::record_consent(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::post_form(form, work, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_contact_blocked(id: Uuid, blocked: bool, back: String) -> Result<ContactView, AppError> {
    let work = async move { Ok(services::contacts::set_blocked(&ssr::services()?, &ssr::actor().await?, id, blocked).await?) };
    ssr::button_action(&back, work).await
}

/// Texts about visits, as a consent that is recorded says what it is about.
pub const TEXTS: &str = "sms:transactional";

/// An optional field left empty is none.
#[cfg(feature = "ssr")]
fn filled(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

/// Tags as they are typed, with commas between them.
#[cfg(feature = "ssr")]
fn words(typed: &str) -> Vec<String> {
    typed.split(',').map(str::to_owned).collect()
}
