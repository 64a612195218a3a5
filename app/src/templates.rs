//! Texts to customers: what each kind says on each way in each language, and whose words they are.

mod editor;
mod history;
mod writing;

use std::collections::BTreeMap;

use contract::templates::{ApprovalView, TemplatePage, TemplatePreview, TemplateVersionView, TemplateView};
use domain::{
    experiments::Measure,
    language::Language,
    templates::{Channel, Kind},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use crate::{
    audit::LastChanged,
    components::{Awaited, Icon, Tabs},
    error::AppError,
    experiments, paths,
    session::{Session, use_session},
};
use editor::Editor;

#[cfg(feature = "ssr")]
use crate::ssr;
#[cfg(feature = "ssr")]
use services::{Permission, templates};

const PATH: &str = "/settings/templates";
/// The form that a text is written in.
const FORM: &str = "template";
/// The same, when it is only to be shown how it arrives.
const PREVIEW: &str = "template-preview";

/// The page of one text.
fn page_of(kind: &str, channel: &str, language: &str) -> String {
    paths::with_query(
        PATH,
        &[("kind", Some(kind)), ("channel", Some(channel)), ("language", Some(language))],
    )
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_templates(channel: String, language: String) -> Result<Vec<TemplateView>, AppError> {
    let query = contract::templates::TemplateQuery {
        kind: None,
        channel: Some(channel),
        language: Some(language),
    };
    Ok(services::pages::texts::list(&ssr::services()?, &ssr::actor().await?, query).await?)
}

/// A text with all that its page shows. `typed`: what stands in its field, if that is something else, with its subject; that is shown as it
/// would arrive, about `visit` if one is given.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_template(
    kind: String,
    channel: String,
    language: String,
    typed: Option<String>,
    subject: Option<String>,
    visit: Option<Uuid>,
) -> Result<TemplatePage, AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let which = templates::which(&actor, Permission::ReadTemplates, &kind, &channel, &language)?;
    let template = services::pages::texts::get(&s, &actor, which).await?;
    let as_kept = contract::templates::PreviewTemplate {
        kind,
        channel,
        language,
        body: template.body.clone(),
        subject: template.subject.clone(),
        appointment_id: None,
    };
    let shown = contract::templates::PreviewTemplate {
        body: typed.unwrap_or_else(|| template.body.clone()),
        subject: subject.or_else(|| template.subject.clone()),
        appointment_id: visit,
        ..as_kept.clone()
    };
    let (preview, versions, visits) = futures::join!(
        templates::preview(&s, &actor, shown),
        templates::versions(&s, &actor, which, contract::PageQuery::default()),
        templates::visits_to_try(&s, &actor)
    );
    let preview = match preview {
        Ok(preview) => preview,
        // What can't be shown is no reason to show nothing: what is wrong with it stands at its field.
        Err(_) => templates::preview(&s, &actor, as_kept).await?,
    };
    Ok(TemplatePage {
        template,
        preview,
        versions: versions?.data,
        visits: visits?,
    })
}

/// How a text would arrive; `visit` is empty for an invented one.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn preview_template(
    kind: String,
    channel: String,
    language: String,
    body: String,
    subject: Option<String>,
    visit: Option<Uuid>,
) -> Result<TemplatePreview, AppError> {
    let command = contract::templates::PreviewTemplate {
        kind,
        channel,
        language,
        body,
        subject,
        appointment_id: visit,
    };
    Ok(templates::preview(&ssr::services()?, &ssr::actor().await?, command).await?)
}

/// The same for a browser without JavaScript: back on the text's page stands what was typed, and how it would arrive.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn preview_typed(
    kind: String,
    channel: String,
    language: String,
    #[server(default)] body: String,
    #[server(default)] subject: Option<String>,
    #[server(default)] visit: String,
) -> Result<TemplatePreview, AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let command = contract::templates::PreviewTemplate {
        kind: kind.clone(),
        channel: channel.clone(),
        language: language.clone(),
        body: body.clone(),
        subject: subject.clone(),
        appointment_id: visit.parse().ok(),
    };
    let shown = templates::preview(&s, &actor, command).await;
    // What can't be shown stands at its field, as when it is to be saved.
    let name = if shown.is_ok() { PREVIEW } else { FORM };
    let form = ssr::Form::new(name, page_of(&kind, &channel, &language))
        .typed("body", &body)
        .typed("subject", subject.as_deref().unwrap_or_default())
        .typed("visit", &visit);
    ssr::post_form(form, async move { Ok(shown?) }, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_template_versions(
    kind: String,
    channel: String,
    language: String,
) -> Result<Vec<TemplateVersionView>, AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let which = templates::which(&actor, Permission::ReadTemplates, &kind, &channel, &language)?;
    Ok(templates::versions(&s, &actor, which, contract::PageQuery::default())
        .await?
        .data)
}

/// `version` is the one that was changed: what somebody else has written meanwhile stays.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn save_template(
    kind: String,
    channel: String,
    language: String,
    version: i32,
    #[server(default)] body: String,
    #[server(default)] subject: Option<String>,
) -> Result<TemplateView, AppError> {
    let form = ssr::Form::new(FORM, page_of(&kind, &channel, &language))
        .typed("body", &body)
        .typed("subject", subject.as_deref().unwrap_or_default());
    let command = contract::templates::SaveTemplate {
        body,
        subject,
        version: Some(version),
    };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let which = templates::which(&actor, Permission::WriteTemplates, &kind, &channel, &language)?;
        Ok(templates::save(&s, &actor, which, command).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// Back to the built-in text.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn reset_template(kind: String, channel: String, language: String) -> Result<TemplateView, AppError> {
    let page = page_of(&kind, &channel, &language);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let which = templates::which(&actor, Permission::WriteTemplates, &kind, &channel, &language)?;
        Ok(templates::reset(&s, &actor, which).await?)
    };
    ssr::button_action(&page, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn restore_template(kind: String, channel: String, language: String, version: i32) -> Result<TemplateView, AppError> {
    let page = page_of(&kind, &channel, &language);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let which = templates::which(&actor, Permission::WriteTemplates, &kind, &channel, &language)?;
        Ok(templates::restore(&s, &actor, which, version).await?)
    };
    ssr::button_action(&page, work).await
}

/// What the address asks for: a kind, if one is open, and the way and the language that are looked at.
type Asked = (Option<String>, Channel, Language);

#[component]
pub fn TemplatesPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| -> Asked {
        let given = |name: &str| query.with(|query| query.get(name));
        let channel = given("channel").and_then(|word| word.parse().ok()).unwrap_or(Channel::Sms);
        let language = given("language").and_then(|word| Language::read(&word)).unwrap_or_default();
        (given("kind"), channel, language)
    });
    move || {
        let (kind, channel, language) = asked.get();
        match kind {
            Some(kind) => view! { <One kind channel language /> }.into_any(),
            None => view! { <All channel language /> }.into_any(),
        }
    }
}

/// All kinds, each with what it says.
#[component]
fn All(channel: Channel, language: Language) -> impl IntoView {
    let found = Resource::new_blocking(
        move || (channel.as_str().to_owned(), language.as_str().to_owned()),
        |(channel, language)| list_templates(channel, language),
    );
    let to = |channel: Channel, language: Language| {
        paths::with_query(
            PATH,
            &[("channel", Some(channel.as_str())), ("language", Some(language.as_str()))],
        )
    };
    let channels = Channel::ALL.iter().map(|one| (one.label(), to(*one, language))).collect();
    let languages = Language::ALL.iter().map(|one| (one.name(), to(channel, *one))).collect();
    view! {
        <Title text="Texts to customers" />
        <div class="flex max-w-3xl flex-col gap-4 p-4">
            <div>
                <h1>"Texts to customers"</h1>
                <p class="text-muted">
                    "What customers get without anybody writing it. Where you have written nothing, our own text is sent; nobody ever gets an empty or half one."
                </p>
                <LastChanged what="template.updated" />
                <a class="link inline-flex min-h-11 items-center md:min-h-8" href="/settings/templates/tests">"Tests of texts"</a>
            </div>
            <Tabs label="Channel" tabs=channels current=Signal::derive(move || channel.label()) />
            <Tabs label="Language" tabs=languages current=Signal::derive(move || language.name()) />
            <Awaited from=found view=|all| view! { <List all /> } />
        </div>
    }
}

#[component]
fn List(all: Vec<TemplateView>) -> impl IntoView {
    let rows = all
        .into_iter()
        .map(|one| {
            let kind = one.kind.parse::<Kind>().ok();
            let (label, about) = kind.map_or((one.kind.clone(), ""), |kind| (kind.label().to_owned(), kind.about()));
            view! {
                <li>
                    <a
                        class="flex min-h-14 items-center gap-3 px-4 py-3 hover:bg-base-200"
                        href=page_of(&one.kind, &one.channel, &one.language)
                        data-kind=one.kind.clone()
                    >
                        <span class="min-w-0 flex-1">
                            <span class="flex flex-wrap items-baseline gap-x-2">
                                <span class="font-medium">{label}</span>
                                <Whose own=one.own />
                            </span>
                            <span class="block text-sm text-muted">{about}</span>
                            <span class="block text-sm wrap-anywhere" dir="auto">{one.body}</span>
                            {one.approval.map(|of| view! { <Approved of /> })}
                        </span>
                        <Icon icon=icondata::LuChevronRight />
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="panel divide-y divide-base-300 overflow-hidden">{rows}</ul> }
}

/// Whose words it has.
#[component]
fn Whose(own: bool) -> impl IntoView {
    if own {
        view! { <span class="state badge-confirmed">"Your own"</span> }.into_any()
    } else {
        view! { <span class="text-xs text-muted">"built in"</span> }.into_any()
    }
}

/// What a browser without JavaScript posted last from the page of a text.
fn typed(session: Session) -> BTreeMap<String, String> {
    let ours = session.flash().filter(|flash| flash.form == FORM || flash.form == PREVIEW);
    ours.map(|flash| flash.typed).unwrap_or_default()
}

/// How far a text on WhatsApp has come.
#[component]
fn Approved(of: ApprovalView) -> impl IntoView {
    let (class, icon) = match of.state.as_str() {
        "approved" => ("state badge-confirmed", icondata::LuCheck),
        "rejected" | "paused" | "disabled" => ("state badge-declined", icondata::LuCircleX),
        "draft" => ("state badge-cancelled", icondata::LuCircleHelp),
        _ => ("state badge-waiting", icondata::LuClock),
    };
    let other = (!of.is_current && of.state != "draft").then_some(
        "That is about what was handed in last. The words below are not handed in yet; until they are approved, the last approved ones go out.",
    );
    view! {
        <span class="flex flex-wrap items-center gap-x-2 gap-y-1" data-approval=of.state>
            <span class=class>
                <Icon icon />
                {of.words}
            </span>
            <span class="text-sm font-medium wrap-anywhere empty:hidden">{of.reason}</span>
            <span class="text-sm text-muted empty:hidden">{other}</span>
        </span>
    }
}

/// One kind, to be written.
#[component]
fn One(kind: String, channel: Channel, language: Language) -> impl IntoView {
    let asked = kind.clone();
    let typed = typed(use_session());
    let found = Resource::new_blocking(
        move || {
            (
                asked.clone(),
                channel.as_str().to_owned(),
                language.as_str().to_owned(),
                typed.clone(),
            )
        },
        |(kind, channel, language, typed)| {
            let said = |name: &str| typed.get(name).filter(|text| !text.is_empty()).cloned();
            let visit = said("visit").and_then(|id| id.parse().ok());
            open_template(kind, channel, language, said("body"), said("subject"), visit)
        },
    );
    let known = kind.parse::<Kind>().ok();
    let title = known.map_or("Text to customers", Kind::label);
    let about = known.map_or("", Kind::about);
    let can_be_tried = channel != Channel::Whatsapp && known.is_some_and(|kind| !Measure::of(kind).is_empty());
    let try_another = experiments::planning(&kind, channel.as_str(), language.as_str());
    let back = paths::with_query(
        PATH,
        &[("channel", Some(channel.as_str())), ("language", Some(language.as_str()))],
    );
    let channels = Channel::ALL
        .iter()
        .map(|one| (one.label(), page_of(&kind, one.as_str(), language.as_str())))
        .collect();
    let languages = Language::ALL
        .iter()
        .map(|one| (one.name(), page_of(&kind, channel.as_str(), one.as_str())))
        .collect();
    view! {
        <Title text=title />
        <div class="flex max-w-3xl flex-col gap-4 p-4">
            <div>
                <a class="link inline-flex min-h-11 items-center gap-1 md:min-h-8" href=back>
                    <Icon icon=icondata::LuChevronLeft />
                    "All texts"
                </a>
                <h1>{title}</h1>
                <p class="text-muted">{about}</p>
                {can_be_tried.then(|| view! {
                    <a class="link inline-flex min-h-11 items-center md:min-h-8" href=try_another>"Try another text"</a>
                })}
            </div>
            <Tabs label="Channel" tabs=channels current=Signal::derive(move || channel.label()) />
            <Tabs label="Language" tabs=languages current=Signal::derive(move || language.name()) />
            <Awaited from=found view=|open| view! { <Editor open /> } />
        </div>
    }
}
