//! Asking for reviews: who was asked, who was not and why, what came of it; and how they are asked.

mod page;
mod settings;

pub use page::ReviewsPage;
pub use settings::ReviewSettingsPage;

use contract::{
    Page,
    appointment_types::AppointmentTypeView,
    businesses::LocationView,
    reviews::{Overview, PlatformView, RequestView, ReviewSettings, Rules},
};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    businesses::{list_locations, list_types},
    error::AppError,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const LIST: &str = "/reviews";
#[cfg(feature = "ssr")]
const SETTINGS: &str = "/settings/reviews";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn review_overview() -> Result<Overview, AppError> {
    Ok(services::reviews::overview(&ssr::services()?, &ssr::actor().await?).await?)
}

/// `status` as in the list's address.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_review_requests(status: Option<String>, cursor: Option<String>) -> Result<Page<RequestView>, AppError> {
    let query = contract::reviews::RequestQuery {
        status,
        cursor,
        limit: None,
    };
    Ok(services::reviews::list(&ssr::services()?, &ssr::actor().await?, query).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_review_settings() -> Result<ReviewSettings, AppError> {
    Ok(services::reviews::settings(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Asks if its box was ticked. Times as in `09:00`; `by_type`: id and minutes of the types that have a delay of their own, as in `id=1440`.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_review_rules(
    #[server(default)] on: Option<String>,
    delay_minutes: String,
    from: String,
    to: String,
    #[server(default)] by_type: Vec<String>,
) -> Result<Rules, AppError> {
    let form = ssr::Form::new(settings::RULES, SETTINGS)
        .typed("on", on.as_deref().unwrap_or_default())
        .typed("delay_minutes", &delay_minutes)
        .typed("from", &from)
        .typed("to", &to);
    let read = (|| {
        Ok::<_, AppError>(Rules {
            stopped: on.is_none(),
            delay_minutes: number("delay_minutes", &delay_minutes)?,
            by_type: by_type
                .iter()
                .filter(|one| !one.is_empty())
                .map(|one| of_type(one))
                .collect::<Result<_, _>>()?,
            from: minute("from", &from)?,
            to: minute("to", &to)?,
        })
    })();
    let work = async move {
        let actor = ssr::actor().await?;
        // Who may not is told that, whatever they typed.
        actor.may(services::Permission::ManageBusiness)?;
        Ok(services::reviews::change_rules(&ssr::services()?, &actor, read?).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn add_review_platform(
    kind: String,
    name: String,
    url: String,
    #[server(default)] location_id: String,
) -> Result<Vec<PlatformView>, AppError> {
    let form = ssr::Form::new(settings::ADD, SETTINGS)
        .typed("kind", &kind)
        .typed("name", &name)
        .typed("location_id", &location_id);
    // A secret address is not carried back to the page.
    let form = if kind == "trustpilot" { form } else { form.typed("url", &url) };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        actor.may(services::Permission::WriteReviews)?;
        let location_id = match location_id.trim() {
            "" => None,
            id => Some(id.parse().map_err(|_| wrong("location_id", "This can’t be chosen."))?),
        };
        let command = contract::reviews::AddPlatform {
            kind,
            name,
            url,
            location_id,
        };
        services::review_platforms::add(&s, &actor, command).await?;
        Ok(services::review_platforms::list(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn remove_review_platform(id: Uuid) -> Result<Vec<PlatformView>, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::review_platforms::remove(&s, &actor, id).await?;
        Ok(services::review_platforms::list(&s, &actor).await?)
    };
    ssr::button_action(SETTINGS, work).await
}

#[cfg(feature = "ssr")]
fn wrong(field: &str, words: &str) -> AppError {
    let mut error = AppError::new(contract::Code::Invalid, "Some fields need another look.");
    error.0.fields.push(contract::FieldError {
        field: field.to_owned(),
        message: words.to_owned(),
    });
    error
}

#[cfg(feature = "ssr")]
fn number(field: &str, typed: &str) -> Result<i32, AppError> {
    typed.trim().parse().map_err(|_| wrong(field, "Please give a whole number."))
}

/// `09:30` as minutes after midnight.
#[cfg(feature = "ssr")]
fn minute(field: &str, typed: &str) -> Result<i32, AppError> {
    let read = || {
        let (hours, minutes) = typed.trim().split_once(':')?;
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
    };
    read().ok_or_else(|| wrong(field, "Please give a time like 09:00."))
}

#[cfg(feature = "ssr")]
fn of_type(typed: &str) -> Result<contract::reviews::TypeDelay, AppError> {
    let read = || {
        let (type_id, minutes) = typed.split_once('=')?;
        Some(contract::reviews::TypeDelay {
            type_id: type_id.to_owned(),
            delay_minutes: minutes.parse().ok()?,
        })
    };
    read().ok_or_else(|| wrong("by_type", "This can’t be chosen."))
}

/// What the settings can be about, as far as it is in use.
async fn choices() -> Result<(ReviewSettings, Vec<AppointmentTypeView>, Vec<LocationView>), AppError> {
    let (settings, types, places) = futures::join!(get_review_settings(), list_types(), list_locations());
    let (settings, mut types, mut places) = (settings?, types?, places?);
    types.retain(|one| !one.archived);
    places.retain(|one| !one.archived);
    Ok((settings, types, places))
}
