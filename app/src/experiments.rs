//! Two texts that are tried against each other: all tests of a business, one being planned, and one as it stands. All forms here are posted as
//! they are, with and without scripts.

#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]

mod list;
mod new;
mod one;

pub use list::ListPage;
pub use new::NewPage;
pub use one::OnePage;

use contract::{
    Page,
    experiments::{ExperimentForm, ExperimentView, Status},
};
use domain::{
    experiments::Measure,
    language::Language,
    templates::{Channel, Kind},
};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{components::Icon, error::AppError, paths};

#[cfg(feature = "ssr")]
use crate::ssr;
#[cfg(feature = "ssr")]
use services::{Permission, experiments, templates};

const PATH: &str = "/settings/templates/tests";
/// The form that a test is planned in.
const FORM: &str = "experiment";

fn page_of(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

/// Where a test of this text is planned.
pub fn planning(kind: &str, channel: &str, language: &str) -> String {
    paths::with_query(
        &format!("{PATH}/new"),
        &[("kind", Some(kind)), ("channel", Some(channel)), ("language", Some(language))],
    )
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_experiments(cursor: Option<String>) -> Result<Page<ExperimentView>, AppError> {
    let query = contract::experiments::ExperimentQuery { limit: None, cursor };
    Ok(experiments::list(&ssr::services()?, &ssr::actor().await?, query).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_experiment(id: Uuid) -> Result<ExperimentView, AppError> {
    Ok(experiments::get(&ssr::services()?, &ssr::actor().await?, id).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_experiment_form(kind: String, channel: String, language: String) -> Result<ExperimentForm, AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let which = templates::which(&actor, Permission::ReadTemplates, &kind, &channel, &language)?;
    Ok(experiments::form(&s, &actor, which).await?)
}

/// Everything is as it was typed.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn plan_experiment(
    kind: String,
    channel: String,
    language: String,
    #[server(default)] body: String,
    #[server(default)] subject: Option<String>,
    #[server(default)] measure: String,
    #[server(default)] usual_percent: String,
    #[server(default)] worth_percent: String,
) -> Result<ExperimentView, AppError> {
    let form = ssr::Form::new(FORM, planning(&kind, &channel, &language))
        .typed("body", &body)
        .typed("subject", subject.as_deref().unwrap_or_default())
        .typed("measure", &measure)
        .typed("usual_percent", &usual_percent)
        .typed("worth_percent", &worth_percent);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        actor.may(Permission::WriteTemplates)?;
        let command = contract::experiments::PlanExperiment {
            usual_percent: share("usual_percent", &usual_percent)?,
            worth_percent: share("worth_percent", &worth_percent)?,
            kind,
            channel,
            language,
            body,
            subject,
            measure,
        };
        Ok(experiments::plan(&s, &actor, command).await?)
    };
    ssr::post_form(form, work, |test| Some(page_of(test.id))).await
}

#[cfg(feature = "ssr")]
fn share(name: &str, typed: &str) -> Result<i32, AppError> {
    let number = typed.trim().trim_end_matches('%').trim_end().parse();
    number.map_err(|_| AppError(contract::Problem::field(name, "Please give a number from 0 to 100.")))
}

/// Whoever starts it has been told how long it takes.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn start_experiment(id: Uuid) -> Result<ExperimentView, AppError> {
    let work = async move { Ok(experiments::start(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&page_of(id), work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn stop_experiment(id: Uuid) -> Result<ExperimentView, AppError> {
    let work = async move { Ok(experiments::stop(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&page_of(id), work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn adopt_experiment(id: Uuid) -> Result<ExperimentView, AppError> {
    let work = async move { Ok(experiments::adopt(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&page_of(id), work).await
}

/// "Reminder · Text message · English"
fn text_of(test: &ExperimentView) -> String {
    let kind = test.kind.parse().map_or(test.kind.as_str(), |known: Kind| known.label());
    let channel = test
        .channel
        .parse()
        .map_or(test.channel.as_str(), |known: Channel| known.label());
    let language = test
        .language
        .parse()
        .map_or(test.language.as_str(), |known: Language| known.name());
    format!("{kind} · {channel} · {language}")
}

fn measure_of(test: &ExperimentView) -> Option<Measure> {
    test.measure.parse().ok()
}

/// How a test stands, as a shape, a colour and a word.
#[component]
fn StateBadge(status: Status) -> impl IntoView {
    let (class, icon, words) = match status {
        Status::Planned => ("state badge-sent", icondata::LuFileText, "Planned"),
        Status::Running => ("state badge-waiting", icondata::LuClock, "Running"),
        Status::Done => ("state badge-confirmed", icondata::LuCheck, "Done"),
        Status::Stopped => ("state badge-cancelled", icondata::LuX, "Ended early"),
        Status::Harmful => ("state badge-declined", icondata::LuCircleX, "Stopped: harm"),
    };
    view! {
        <span class=class data-test-status=status.as_str()>
            <Icon icon />
            {words}
        </span>
    }
}
