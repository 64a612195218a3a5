//! Where customers write reviews, and how they are asked for one.

use contract::{
    appointment_types::AppointmentTypeView,
    businesses::LocationView,
    reviews::{Platform, PlatformView, ReviewSettings, Rules},
};
use domain::permissions::Permission;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::{AddReviewPlatform, RemoveReviewPlatform, SetReviewRules, choices};
use crate::{
    components::{Awaited, Icon},
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

pub(super) const RULES: &str = "review-rules";
pub(super) const ADD: &str = "review-platform";

/// Delays to choose from, in minutes.
const DELAYS: [(i32, &str); 7] = [
    (60, "1 hour"),
    (2 * 60, "2 hours"),
    (4 * 60, "4 hours"),
    (24 * 60, "1 day"),
    (2 * 24 * 60, "2 days"),
    (3 * 24 * 60, "3 days"),
    (7 * 24 * 60, "7 days"),
];

#[component]
pub fn ReviewSettingsPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| choices());
    let all = |(settings, types, places): (ReviewSettings, Vec<AppointmentTypeView>, Vec<LocationView>)| {
        view! {
            <Platforms all=settings.platforms places />
            <Asking rules=settings.rules types />
        }
    };
    view! {
        <Title text="Reviews" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Reviews"</h1>
                <p class="text-muted">
                    "Customers who agreed to offers and review requests are asked after their visits, all of them alike. To ask the happy \
                     ones only, to ask for stars first, or to promise something in return is forbidden by Google and by law, so none of \
                     that can be set up here."
                </p>
            </div>
            <Awaited from=found view=all />
        </div>
    }
}

#[component]
fn Platforms(all: Vec<PlatformView>, places: Vec<LocationView>) -> impl IntoView {
    let session = use_session();
    let all = RwSignal::new(all);
    let add = session.may(Permission::WriteReviews).then(|| view! { <Add all places /> });
    let list = move || all.get().into_iter().map(|one| view! { <One one all /> }).collect_view();
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="platforms-heading">
            <h2 id="platforms-heading">"Where reviews are written"</h2>
            <p class="text-muted" class:hidden=move || !all.read().is_empty()>
                "Nowhere yet, so nobody is asked. Asking begins with the first one."
            </p>
            <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
            {add}
        </section>
    }
}

#[component]
fn One(one: PlatformView, all: RwSignal<Vec<PlatformView>>) -> impl IntoView {
    let session = use_session();
    let id = one.id;
    let action = ServerAction::<RemoveReviewPlatform>::new();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(now)) => all.set(now),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    let place = one
        .location_name
        .unwrap_or_else(|| "All locations without one of their own".to_owned());
    let check = match one.url {
        Some(url) => view! {
            <a class="link w-fit text-sm" href=url target="_blank" rel="noopener noreferrer">
                "Open it to check"
            </a>
        }
        .into_any(),
        None => {
            view! { <p class="text-sm text-muted">"It invites by its own mail, to customers whose e-mail address you have."</p> }
                .into_any()
        }
    };
    let remove = session.may(Permission::WriteReviews).then(|| {
        view! {
            <form
                method="post"
                action=RemoveReviewPlatform::url()
                on:submit=move |event| {
                    event.prevent_default();
                    action.dispatch(RemoveReviewPlatform { id });
                }
            >
                <input type="hidden" name="id" value=id.to_string() />
                <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || action.pending().get().to_string()>
                    <Icon icon=icondata::LuTrash2 />
                    "Remove"
                </button>
            </form>
        }
    });
    view! {
        <li class="flex flex-wrap items-center gap-3 rounded border border-base-300 p-3" data-platform=id.to_string()>
            <div class="min-w-0 flex-1">
                <p class="font-medium">{one.name}</p>
                <p class="text-sm text-muted">{one.kind.label()} " · " {place}</p>
                <p class="text-sm text-warning empty:hidden">{one.warning}</p>
                {check}
            </div>
            {remove}
        </li>
    }
}

#[component]
fn Add(all: RwSignal<Vec<PlatformView>>, places: Vec<LocationView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<AddReviewPlatform>::new();
    let form = FormState::new(ADD, action, session.flash());
    let round = form.round();
    Effect::new(move |_| {
        if let Some(Ok(now)) = action.value().get() {
            all.set(now);
        }
    });
    let kinds: Vec<(String, String)> = Platform::ALL
        .iter()
        .map(|kind| (kind.as_str().to_owned(), kind.label().to_owned()))
        .collect();
    let mut whose = vec![(String::new(), "The whole business".to_owned())];
    whose.extend(places.into_iter().map(|place| (place.id.to_string(), place.name)));
    // Anew after each, so that they are empty again.
    let fields = move || {
        let (kinds, whose) = (kinds.clone(), whose.clone());
        view! {
            <Choice form name="kind" label="Platform" options=kinds />
            <Field form name="name" label="Name" required=true hint="For you, for example “Google, second shop”." />
            <Field
                form
                name="url"
                label="Link, or secret address"
                required=true
                hint="Google: the link under “Ask for reviews”. Trustpilot: the address of its automatic invitations. Else: any page that begins with https://."
            />
            <Choice form name="location_id" label="Of" options=whose />
        }
    };
    view! {
        <ActionForm action attr:class="flex flex-col gap-4 border-t border-base-300 pt-4">
            <h3 class="font-semibold">"Add a platform"</h3>
            <FormNote form saved="Added." />
            <For each=move || [round.get()] key=|round| *round children=move |_| fields() />
            <div>
                <Submit form label="Add platform" />
            </div>
        </ActionForm>
    }
}

fn clock(minute: i32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// With the one that holds, which may be none of the usual ones.
fn delays(now: i32) -> Vec<(i32, String)> {
    let mut all: Vec<(i32, String)> = DELAYS
        .iter()
        .map(|(minutes, words)| (*minutes, (*words).to_owned()))
        .collect();
    if all.iter().all(|(minutes, _)| *minutes != now) {
        all.push((now, format!("{now} minutes")));
    }
    all
}

#[component]
fn Asking(rules: Rules, types: Vec<AppointmentTypeView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SetReviewRules>::new();
    let form = FormState::new(RULES, action, session.flash());
    let usual: Vec<(String, String)> = delays(rules.delay_minutes)
        .into_iter()
        .map(|(minutes, words)| (minutes.to_string(), words))
        .collect();
    let body = if session.may_manage() {
        let has_types = !types.is_empty();
        let own = types
            .into_iter()
            .map(|kind| {
                let id = kind.id.to_string();
                let now = rules
                    .by_type
                    .iter()
                    .find(|one| one.type_id == id)
                    .map(|one| one.delay_minutes);
                view! { <OfType id name=kind.name now /> }
            })
            .collect_view();
        view! {
            <ActionForm action attr:class="flex flex-col gap-5">
                <FormNote form saved="Saved." />
                <label class="flex min-h-11 items-center gap-2.5">
                    <input type="checkbox" name="on" value="yes" class="toggle toggle-primary" checked=!rules.stopped />
                    "Customers are asked for a review"
                </label>
                <Choice
                    form
                    name="delay_minutes"
                    label="How long after a visit"
                    options=usual
                    value=rules.delay_minutes.to_string()
                    hint="A conversation that needs an answer is answered first: they are asked when it is, after 7 days at the latest."
                />
                <fieldset class="grid gap-3 sm:grid-cols-2">
                    <legend class="field-label">"At what time of day, where the customer is"</legend>
                    <Field form name="from" label="From" kind="time" value=clock(rules.from) required=true />
                    <Field form name="to" label="To" kind="time" value=clock(rules.to) required=true />
                </fieldset>
                <details class:hidden=!has_types>
                    <summary class="flex min-h-11 items-center text-sm font-semibold">"Other delays for some types of visits"</summary>
                    <div class="flex flex-col gap-3 pt-2">{own}</div>
                </details>
                <div>
                    <Submit form label="Save" />
                </div>
            </ActionForm>
        }
        .into_any()
    } else {
        let words = if rules.stopped {
            "Nobody is asked at the moment.".to_owned()
        } else {
            format!(
                "They are asked {} minutes after a visit, between {} and {} where they are.",
                rules.delay_minutes,
                clock(rules.from),
                clock(rules.to)
            )
        };
        view! { <p>{words}</p> }.into_any()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="asking-heading">
            <h2 id="asking-heading">"How customers are asked"</h2>
            {body}
            <p class="text-sm">
                <a class="link" href="/settings/templates?kind=review">
                    "What the text says"
                </a>
            </p>
        </section>
    }
}

#[component]
fn OfType(id: String, name: String, now: Option<i32>) -> impl IntoView {
    let field = format!("delay-{id}");
    let options = delays(now.unwrap_or(DELAYS[0].0))
        .into_iter()
        .map(|(minutes, words)| {
            let selected = now == Some(minutes);
            view! {
                <option value=format!("{id}={minutes}") selected=selected>
                    {words}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="flex flex-col gap-1">
            <label for=field.clone() class="field-label">
                {name}
            </label>
            <select id=field name="by_type[]" class="select w-full">
                <option value="" selected=now.is_none()>
                    "As usual"
                </option>
                {options}
            </select>
        </div>
    }
}
