//! One number: how it stands, and what can be chosen for it.

use contract::numbers::{Answers, NumberView, NumbersView};
use domain::registration::Kind;
use leptos::prelude::*;
use uuid::Uuid;

use super::{PATH, put};
use crate::{
    components::{Icon, TimeFormat, Timestamp},
    error::AppError,
    forms::{Choice, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn make_default(id: Uuid) -> Result<NumbersView, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::choosing::set_default(&s, &actor, id).await?;
        Ok(services::numbers::page(&s, &actor, None).await?)
    };
    ssr::button_action(PATH, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn check_registration(id: Uuid) -> Result<NumbersView, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::registration::check_now(&s, &actor, id).await?;
        Ok(services::numbers::page(&s, &actor, None).await?)
    };
    ssr::button_action(PATH, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_answers(id: Uuid, help_by: String, start_by: String) -> Result<NumbersView, AppError> {
    let form = ssr::Form::new(answers_form(id), PATH)
        .typed("help_by", &help_by)
        .typed("start_by", &start_by);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::choosing::set_answers(&s, &actor, id, &help_by, &start_by).await?;
        Ok(services::numbers::page(&s, &actor, None).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// What came when somebody texted HELP to the number.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn help_tested(id: Uuid, #[server(default)] got: String) -> Result<NumbersView, AppError> {
    let form = ssr::Form::new(help_form(id), PATH).typed("got", &got);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::choosing::help_tested(&s, &actor, id, &got).await?;
        Ok(services::numbers::page(&s, &actor, None).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

fn answers_form(id: Uuid) -> String {
    format!("answers-{}", id.simple())
}

fn help_form(id: Uuid) -> String {
    format!("help-{}", id.simple())
}

#[component]
pub fn One(number: NumberView, all: RwSignal<NumbersView>, may_manage: bool) -> impl IntoView {
    let active = number.status == "active";
    let kind = number.kind.parse::<Kind>().map_or("Number", Kind::label);
    let state = if active { "Active" } else { "Released" };
    let texts = active && number.kind != "whatsapp";
    let (phone, status) = (number.phone.clone(), number.status.clone());
    view! {
        <li class="panel flex flex-col gap-2 p-4" data-number=phone data-state=status>
            <div class="flex flex-wrap items-center gap-x-3 gap-y-1">
                <h3 class="tabular text-base font-semibold">{number.phone_display.clone()}</h3>
                <span class="text-sm text-muted">{kind}</span>
                <span class="text-sm text-muted">{state}</span>
                {number.is_default.then(|| view! { <span class="state badge-confirmed">"Default"</span> })}
            </div>
            {active.then(|| view! { <Registration number=number.clone() /> })}
            {number
                .released_at
                .map(|at| {
                    view! {
                        <p class="text-sm text-muted">
                            "Released " <Timestamp at say=TimeFormat::Inline />
                            ". Texts that still come to it are taken in."
                        </p>
                    }
                })}
            {texts.then(|| view! { <Answering number=number.clone() all may_manage /> })}
            {(may_manage && active).then(|| view! { <Buttons number all /> })}
        </li>
    }
}

/// Whether it may text the US, and why.
#[component]
fn Registration(number: NumberView) -> impl IntoView {
    let (class, icon, words) = match number.may_send_to_us.as_str() {
        "yes" => ("state badge-confirmed", icondata::LuCheck, "Yes"),
        "probably" => ("state badge-confirmed", icondata::LuCheck, "Probably"),
        "wait" => ("state badge-waiting", icondata::LuClock, "Not yet"),
        "no" => ("state badge-declined", icondata::LuCircleX, "No"),
        _ => ("state badge-cancelled", icondata::LuCircleHelp, "Not known"),
    };
    view! {
        <div data-us=number.may_send_to_us.clone()>
            <p class="flex flex-wrap items-center gap-2">
                <span class="field-label">"May text the US"</span>
                <span class=class>
                    <Icon icon />
                    {words}
                </span>
                {number
                    .may_send_to_us_since
                    .map(|at| {
                        view! {
                            <span class="text-sm text-muted">"since " <Timestamp at say=TimeFormat::Inline /></span>
                        }
                    })}
            </p>
            <p class="text-sm">{number.may_send_to_us_reason}</p>
        </div>
    }
}

fn words(answers: &str) -> &'static str {
    Answers::find(answers).map_or("Not known", Answers::words)
}

/// Who answers HELP and START, and how to find out.
#[component]
fn Answering(number: NumberView, all: RwSignal<NumbersView>, may_manage: bool) -> impl IntoView {
    let id = number.id;
    let phone = number.phone_display.clone();
    view! {
        <p class="text-sm">
            <span class="text-muted">"HELP: "</span>
            {words(&number.help_by)}
            <span class="text-muted">" · START: "</span>
            {words(&number.start_by)}
        </p>
        {may_manage
            .then(|| {
                view! {
                    <details>
                        <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                            "Who answers HELP and START" <span class="sr-only">{format!(" at {phone}")}</span>
                        </summary>
                        <div class="flex flex-col gap-4 pt-2">
                            <AnswersForm id help_by=number.help_by start_by=number.start_by all />
                            <HelpTest id phone=number.phone_display all />
                        </div>
                    </details>
                }
            })}
    }
}

#[component]
fn AnswersForm(id: Uuid, help_by: String, start_by: String, all: RwSignal<NumbersView>) -> impl IntoView {
    let action = ServerAction::<SetAnswers>::new();
    let form = FormState::new(&answers_form(id), action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    let options = || {
        Answers::ALL
            .map(|one| (one.as_str().to_owned(), one.words().to_owned()))
            .to_vec()
    };
    view! {
        <ActionForm action attr:class="flex flex-col gap-3">
            <input type="hidden" name="id" value=id.to_string() />
            <FormNote form saved="Saved." />
            <Choice
                form
                name="help_by"
                label="Who answers HELP"
                options=options()
                value=help_by
                hint="Twilio’s own answer does not name your business. Ask its support, or use Advanced Opt-Out, to change that."
            />
            <Choice form name="start_by" label="Who answers START" options=options() value=start_by hint="STOP is always answered by Twilio." />
            <div>
                <Submit form label="Save who answers" />
            </div>
        </ActionForm>
    }
}

/// It can't be read at Twilio, so somebody tries.
#[component]
fn HelpTest(id: Uuid, phone: String, all: RwSignal<NumbersView>) -> impl IntoView {
    let action = ServerAction::<HelpTested>::new();
    let form = FormState::new(&help_form(id), action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    let options = [
        ("", "Choose what came"),
        ("none", "Nothing"),
        ("twilio", "One, which does not name the business"),
        ("we", "One, which names the business"),
        ("two", "Two"),
    ]
    .map(|(value, words)| (value.to_owned(), words.to_owned()));
    view! {
        <ActionForm action attr:class="flex flex-col gap-3">
            <input type="hidden" name="id" value=id.to_string() />
            <h4 class="field-label">"HELP test"</h4>
            <p class="text-sm">{format!("Text HELP from your own phone to {phone}, wait a minute, and say what came back.")}</p>
            <FormNote form saved="Saved: that is how it is kept now." />
            <Choice form name="got" label="What came back" options=options.to_vec() required=true />
            <div>
                <Submit form label="Save what came" />
            </div>
        </ActionForm>
    }
}

#[component]
fn Buttons(number: NumberView, all: RwSignal<NumbersView>) -> impl IntoView {
    let id = number.id;
    let default = ServerAction::<MakeDefault>::new();
    let check = ServerAction::<CheckRegistration>::new();
    put(Signal::derive(move || default.value().get()), all);
    put(Signal::derive(move || check.value().get()), all);
    let problem = move || {
        let failed = |answer: Option<Result<NumbersView, AppError>>| Some(answer?.err()?.0.detail);
        failed(default.value().get()).or_else(|| failed(check.value().get()))
    };
    let can_lead = !number.is_default && number.kind != "whatsapp";
    let phone = number.phone_display.clone();
    view! {
        <p role="alert" class="field-error empty:hidden">{problem}</p>
        <div class="flex flex-wrap gap-2">
            {can_lead
                .then(|| {
                    let phone = phone.clone();
                    view! {
                        <ActionForm action=default>
                            <input type="hidden" name="id" value=id.to_string() />
                            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                                "Make it the default" <span class="sr-only">{format!(": {phone}")}</span>
                            </button>
                        </ActionForm>
                    }
                })}
            <ActionForm action=check>
                <input type="hidden" name="id" value=id.to_string() />
                <button
                    type="submit"
                    class="btn btn-sm min-h-11 md:min-h-8"
                    aria-busy=move || check.pending().get().to_string()
                >
                    <Icon icon=icondata::LuRefreshCw />
                    "Ask Twilio now"
                    <span class="sr-only">{format!(" about {phone}")}</span>
                </button>
            </ActionForm>
            <a class="btn btn-sm min-h-11 md:min-h-8" href=format!("{PATH}?release={id}")>
                "Release"
                <span class="sr-only">{format!(" {}", number.phone_display)}</span>
            </a>
        </div>
    }
}
