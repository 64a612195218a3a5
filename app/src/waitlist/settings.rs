//! How a business offers free times, and whether anybody may join its list.

#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]

use contract::{
    businesses::WaitlistForm,
    waitlist::{OnDecline, Rules},
};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{Awaited, CopyLine},
    error::AppError,
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/waitlist";
const RULES: &str = "waitlist-rules";
const FORM: &str = "waitlist-form";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn waitlist_rules() -> Result<(Rules, WaitlistForm), AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    Ok((
        services::waitlist::rules(&s, &actor).await?,
        services::waitlist_form::setting(&s, &actor).await?,
    ))
}

/// All in minutes, but the sizes, as they were typed.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_waitlist_rules(
    one_by_one_from: String,
    hold: String,
    groups_from: String,
    group_size: String,
    group_hold: String,
    race_from: String,
    race_size: String,
    race_every: String,
    lead: String,
    on_decline: String,
    no_show_after: String,
) -> Result<Rules, AppError> {
    let typed = [
        ("one_by_one_from", &one_by_one_from),
        ("hold", &hold),
        ("groups_from", &groups_from),
        ("group_size", &group_size),
        ("group_hold", &group_hold),
        ("race_from", &race_from),
        ("race_size", &race_size),
        ("race_every", &race_every),
        ("lead", &lead),
        ("on_decline", &on_decline),
        ("no_show_after", &no_show_after),
    ];
    let form = typed
        .iter()
        .fold(ssr::Form::new(RULES, PATH), |form, (name, value)| form.typed(name, value));
    let number = |name: &'static str, text: &str| -> Result<i32, AppError> {
        super::number(name, text)?.ok_or_else(|| super::wrong(name, "Please give a whole number."))
    };
    let read = (|| {
        Ok::<_, AppError>(Rules {
            one_by_one_from: number("one_by_one_from", &one_by_one_from)?,
            hold: number("hold", &hold)?,
            groups_from: number("groups_from", &groups_from)?,
            group_size: number("group_size", &group_size)?,
            group_hold: number("group_hold", &group_hold)?,
            race_from: number("race_from", &race_from)?,
            race_size: number("race_size", &race_size)?,
            race_every: number("race_every", &race_every)?,
            lead: number("lead", &lead)?,
            on_decline: super::one_of("on_decline", &on_decline)?.unwrap_or_default(),
            no_show_after: number("no_show_after", &no_show_after)?,
        })
    })();
    let work = async move {
        let actor = ssr::actor().await?;
        // Who may not is told that, whatever they typed.
        actor.may(services::Permission::ManageBusiness)?;
        Ok(services::waitlist::change_rules(&ssr::services()?, &actor, read?).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// On if its box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn switch_waitlist_form(on: Option<String>) -> Result<WaitlistForm, AppError> {
    let form = ssr::Form::new(FORM, PATH).typed("on", on.as_deref().unwrap_or_default());
    let wanted = on.is_some();
    let work = async move { Ok(services::waitlist_form::switch(&ssr::services()?, &ssr::actor().await?, wanted).await?) };
    ssr::post_form(form, work, |_| None).await
}

#[component]
pub fn WaitlistSettingsPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| waitlist_rules());
    view! {
        <Title text="Waitlist" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <h1>"Waitlist"</h1>
            <Awaited
                from=found
                view=|(rules, form)| {
                    view! {
                        <PublicForm found=form />
                        <Offering rules />
                    }
                }
            />
        </div>
    }
}

#[component]
fn PublicForm(found: WaitlistForm) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SwitchWaitlistForm>::new();
    let form = FormState::new(FORM, action, session.flash());
    let on = RwSignal::new(found.on);
    Effect::new(move |_| {
        if let Some(Ok(now)) = action.value().get() {
            on.set(now.on);
        }
    });
    let switch = if session.may_manage() {
        view! {
            <ActionForm action attr:class="flex flex-col gap-3">
                <FormNote form saved="Saved." />
                <label class="flex min-h-11 items-center gap-2.5">
                    <input type="checkbox" name="on" value="yes" class="toggle toggle-primary" checked=found.on />
                    "Customers may join by themselves"
                </label>
                <div>
                    <Submit form label="Save form" />
                </div>
            </ActionForm>
        }
        .into_any()
    } else {
        let words = if found.on { "It is on." } else { "It is off." };
        view! { <p>{words}</p> }.into_any()
    };
    let url = StoredValue::new(found.url);
    let address = move || {
        on.get().then(|| {
            let text = url.get_value();
            view! { <CopyLine label="The form" text /> }
        })
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="public-form-heading">
            <h2 id="public-form-heading">"Public form"</h2>
            <p class="text-sm text-muted">
                "A page for your website or a sign at the desk. Whoever fills it in gets a code by text first, so that nobody puts somebody \
                 else’s number on your list. Each code costs what a text costs."
            </p>
            {switch}
            {address}
        </section>
    }
}

#[component]
fn Offering(rules: Rules) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SetWaitlistRules>::new();
    let form = FormState::new(RULES, action, session.flash());
    let field = move |name: &'static str, label: &'static str, value: i32| {
        view! { <Field form name label kind="number" value=value.to_string() required=true /> }
    };
    let declines = [
        (OnDecline::Never, "Never: it stays theirs until you move the visit"),
        (OnDecline::Ask, "You are asked"),
        (OnDecline::AtOnce, "At once"),
    ]
    .map(|(rule, label)| (rule.to_string(), label.to_owned()))
    .to_vec();
    let body = if session.may_manage() {
        view! {
            <ActionForm action attr:class="flex flex-col gap-5">
                <FormNote form saved="Saved. Times that are being offered go on as they were." />
                <fieldset class="grid gap-3 sm:grid-cols-2">
                    <legend class="field-label">"One by one, held for each"</legend>
                    {field("one_by_one_from", "If it is at least so many minutes away", rules.one_by_one_from)}
                    {field("hold", "Minutes to answer", rules.hold)}
                </fieldset>
                <fieldset class="grid gap-3 sm:grid-cols-3">
                    <legend class="field-label">"In groups"</legend>
                    {field("groups_from", "At least minutes away", rules.groups_from)}
                    {field("group_size", "People at once", rules.group_size)}
                    {field("group_hold", "Minutes to answer", rules.group_hold)}
                </fieldset>
                <fieldset class="grid gap-3 sm:grid-cols-3">
                    <legend class="field-label">"To whoever answers first"</legend>
                    {field("race_from", "At least minutes away", rules.race_from)}
                    {field("race_size", "People at once", rules.race_size)}
                    {field("race_every", "More after minutes", rules.race_every)}
                </fieldset>
                {field("lead", "Nobody is asked any more so many minutes before", rules.lead)}
                <Choice
                    form
                    name="on_decline"
                    label="When a customer answers N, their time is offered"
                    options=declines
                    value=rules.on_decline.to_string()
                />
                <Field
                    form
                    name="no_show_after"
                    label="What is left of a visit is offered when its customer is so many minutes late"
                    kind="number"
                    value=rules.no_show_after.to_string()
                    required=true
                    hint="0: never. At least half an hour must be left. Who comes after all takes it back, unless somebody has it already."
                />
                <div>
                    <Submit form label="Save rules" />
                </div>
            </ActionForm>
        }
        .into_any()
    } else {
        view! {
            <p>
                {format!(
                    "More than {} minutes ahead one by one, each with {} minutes to answer; more than {} in groups of {}; more than {} to whoever \
                     answers first; after that by you.",
                    rules.one_by_one_from,
                    rules.hold,
                    rules.groups_from,
                    rules.group_size,
                    rules.race_from,
                )}
            </p>
        }
        .into_any()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="offering-heading">
            <h2 id="offering-heading">"How a free time is offered"</h2>
            {body}
        </section>
    }
}
