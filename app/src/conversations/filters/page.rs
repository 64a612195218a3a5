//! Where filters are chosen, kept under a name, renamed and removed: beside the list on a desk, a page of its own on a phone.

use contract::filters::{FilterChoices, FilterTerm, SavedFilter};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::{components::Form, hooks::use_query_map, params::ParamsMap};
use uuid::Uuid;

use super::{
    super::{
        bulk::Ticked,
        views::{VIEWS, View},
    },
    address, of,
};
use crate::{
    components::Awaited,
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    paths,
    search::search_names,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/inbox/filter";
const SAVE: &str = "save-filter";

/// Filters in words.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn filter_terms(#[server(default)] filters: String) -> Result<Vec<FilterTerm>, AppError> {
    Ok(services::filters::terms(&ssr::services()?, &ssr::actor().await?, &filters).await?)
}

/// Keeps a view (empty: all) and its filters under a name, and leads to it.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn save_filter(
    name: String,
    #[server(default)] show: String,
    filters: String,
    #[server(default)] shared: bool,
) -> Result<SavedFilter, AppError> {
    let show = Some(show).filter(|show| !show.is_empty());
    let page = address(PATH, &[("show", show.as_deref())], &filters);
    let form = ssr::Form::new(SAVE, page).typed("name", &name);
    let command = contract::filters::SaveFilter {
        name,
        show,
        filters,
        shared,
    };
    let work = async move { Ok(services::filters::saved::save(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::post_form(form, work, |saved| {
        Some(address("/inbox", &[("show", saved.show.as_deref())], &saved.filters))
    })
    .await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn rename_filter(id: Uuid, name: String) -> Result<SavedFilter, AppError> {
    let form = ssr::Form::new(form_name(id), PATH).typed("name", &name);
    let work = async move { Ok(services::filters::saved::rename(&ssr::services()?, &ssr::actor().await?, id, &name).await?) };
    ssr::post_form(form, work, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn remove_filter(id: Uuid) -> Result<(), AppError> {
    let work = async move { Ok(services::filters::saved::remove(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(PATH, work).await
}

/// Each has a form of its own on the page.
fn form_name(id: Uuid) -> String {
    format!("filter-{id}")
}

#[component]
pub fn FilterPage() -> impl IntoView {
    let query = use_query_map();
    let filters = Memo::new(move |_| of(&query.read()));
    let found = Resource::new_blocking(
        move || filters.get(),
        |filters| async move {
            let (choices, terms) = futures::join!(search_names(), filter_terms(filters));
            Ok((choices?, terms?))
        },
    );
    let draw = move |(choices, terms)| {
        let (query, filters) = (query.get_untracked(), filters.get_untracked());
        view! { <Filters choices terms query filters /> }
    };
    view! {
        <section class="h-full min-w-0 flex-1 overflow-y-auto" aria-label="Filter the inbox">
            <div class="mx-auto flex max-w-xl flex-col gap-6 p-4">
                <div class="flex flex-wrap items-center justify-between gap-2">
                    <h2>"Filter the inbox"</h2>
                    <a class="link inline-flex min-h-11 items-center md:min-h-8" href=super::back() aria-keyshortcuts="u">
                        "Back to the list"
                    </a>
                </div>
                <Awaited from=found view=draw />
            </div>
        </section>
    }
}

#[component]
fn Filters(choices: FilterChoices, terms: Vec<FilterTerm>, query: ParamsMap, filters: String) -> impl IntoView {
    let view = View::of(query.get("show").as_deref());
    let saved = choices.saved.clone();
    view! {
        <Choose choices query view />
        {(!terms.is_empty()).then(|| view! { <Save view filters terms /> })}
        <Saved saved />
    }
}

/// A filter's name in the address, its words, and what it can be: value and words.
type Choices = (&'static str, &'static str, Vec<(String, String)>);

fn selects(choices: &FilterChoices) -> Vec<Choices> {
    let pairs = |all: &[(&str, &str)]| {
        all.iter()
            .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
            .collect()
    };
    let mut assigned: Vec<(String, String)> = pairs(&[("", "Anybody or nobody"), ("me", "Me"), ("none", "Nobody")]);
    assigned.extend(choices.members.iter().map(|m| (m.account_id.to_string(), m.name.clone())));
    let mut places: Vec<(String, String)> = pairs(&[("", "Any")]);
    places.extend(
        choices
            .locations
            .iter()
            .map(|place| (place.id.to_string(), place.name.clone())),
    );
    let mut all = vec![
        (
            "visit",
            "Upcoming visit",
            pairs(&[
                ("", "Does not matter"),
                ("today", "Today"),
                ("tomorrow", "Tomorrow"),
                ("7d", "Within 7 days"),
                ("any", "Any day"),
            ]),
        ),
        (
            "is",
            "State",
            pairs(&[
                ("", "Any"),
                ("optedout", "Opted out"),
                ("hold", "On hold"),
                ("waiting", "Waits for an answer"),
                ("unread", "Unread"),
                ("failed", "Last text failed"),
                ("open", "Open"),
                ("snoozed", "Snoozed"),
                ("closed", "Closed"),
            ]),
        ),
        ("assigned", "Assigned to", assigned),
        ("location", "Visits at", places),
        (
            "channel",
            "Last message by",
            pairs(&[
                ("", "Any"),
                ("sms", "Text message"),
                ("whatsapp", "WhatsApp"),
                ("email", "E-mail"),
            ]),
        ),
    ];
    // A business without places has nothing to choose from.
    all.retain(|(name, ..)| *name != "location" || !choices.locations.is_empty());
    all
}

#[component]
fn Choose(choices: FilterChoices, query: ParamsMap, view: View) -> impl IntoView {
    let selects = selects(&choices)
        .into_iter()
        .map(|(name, label, options)| view! { <Select name label options chosen=query.get(name).unwrap_or_default() /> })
        .collect_view();
    let views = VIEWS
        .into_iter()
        .map(|one| (one.show().unwrap_or_default().to_owned(), one.label().to_owned()))
        .collect();
    let tags = choices
        .tags
        .into_iter()
        .map(|one| view! { <option value=one.tag></option> })
        .collect_view();
    let shown = paths::with_query("/inbox", &[("show", view.show())]);
    view! {
        <Form method="GET" action="/inbox" attr:class="grid gap-3 sm:grid-cols-2" attr:aria-label="Filters">
            <Select name="show" label="View" options=views chosen=view.show().unwrap_or_default().to_owned() />
            <label class="field-label flex flex-col gap-1">
                "Tag"
                <input
                    type="text"
                    name="tag"
                    maxlength="40"
                    list="filter-tags"
                    autocomplete="off"
                    class="input min-h-11 w-full md:min-h-0"
                    value=query.get("tag").unwrap_or_default()
                />
            </label>
            <datalist id="filter-tags">{tags}</datalist>
            {selects}
            <Day name="since" label="Customer wrote last on or after" value=query.get("since").unwrap_or_default() />
            <Day name="until" label="Customer wrote last on or before" value=query.get("until").unwrap_or_default() />
            <div class="flex flex-wrap items-center gap-3 sm:col-span-2">
                <button type="submit" class="btn btn-primary min-h-11">
                    "Show conversations"
                </button>
                <a class="link inline-flex min-h-11 items-center" href=shown>
                    "No filters"
                </a>
            </div>
        </Form>
    }
}

#[component]
fn Select(name: &'static str, label: &'static str, options: Vec<(String, String)>, chosen: String) -> impl IntoView {
    // What an address asks for stays chosen, though nobody could choose it here.
    let unlisted = options.iter().all(|(value, _)| *value != chosen);
    let options = options
        .into_iter()
        .chain(unlisted.then(|| (chosen.clone(), "As in the address".to_owned())))
        .map(|(value, words)| {
            let selected = value == chosen;
            view! {
                <option value=value selected=selected>
                    {words}
                </option>
            }
        })
        .collect_view();
    view! {
        <label class="field-label flex flex-col gap-1">
            {label} <select name=name class="select min-h-11 w-full md:min-h-0">
                {options}
            </select>
        </label>
    }
}

/// A day of the calendar, or one that was written as `7d`: so many days ago, whenever the link is opened.
#[component]
fn Day(name: &'static str, label: &'static str, value: String) -> impl IntoView {
    let relative = value.ends_with(|c: char| c.is_alphabetic());
    let kind = if relative { "text" } else { "date" };
    view! {
        <label class="field-label flex flex-col gap-1">
            {label}
            <input type=kind name=name maxlength="10" autocomplete="off" class="input min-h-11 w-full md:min-h-0" value=value />
        </label>
    }
}

/// What is shown now, to be found again.
#[component]
fn Save(view: View, filters: String, terms: Vec<FilterTerm>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SaveFilter>::new();
    let form = FormState::new(SAVE, action, session.flash());
    let ticked = expect_context::<Ticked>();
    Effect::new(move |_| {
        if matches!(action.value().get(), Some(Ok(_))) {
            ticked.acted();
        }
    });
    let words: Vec<String> = std::iter::once(view.label().to_owned())
        .chain(terms.into_iter().map(|term| term.words))
        .collect();
    let shared = session.may_manage().then(|| {
        view! {
            <label class="flex min-h-11 items-center gap-2">
                <input type="checkbox" name="shared" value="true" class="checkbox" />
                "For everybody of the business"
            </label>
        }
    });
    view! {
        <section aria-labelledby="save-filter-title">
            <h3 id="save-filter-title">"Save these filters"</h3>
            <p class="pb-2 text-muted">{words.join(" · ")}</p>
            <ActionForm action attr:class="flex flex-col gap-3">
                <input type="hidden" name="show" value=view.show().unwrap_or_default() />
                <input type="hidden" name="filters" value=filters />
                <FormNote form />
                <Field form name="name" label="Name" required=true hint="It stands below the views of the inbox." />
                {shared}
                <div>
                    <Submit form label="Save" />
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn Saved(saved: Vec<SavedFilter>) -> impl IntoView {
    let all = RwSignal::new(saved);
    let list = move || all.get().into_iter().map(|one| view! { <One one all /> }).collect_view();
    view! {
        <section aria-labelledby="saved-filters-title" class:hidden=move || all.read().is_empty()>
            <h3 id="saved-filters-title" class="pb-1.5">
                "Saved filters"
            </h3>
            <ul class="flex flex-col gap-2">{list}</ul>
        </section>
    }
}

#[component]
fn One(one: SavedFilter, all: RwSignal<Vec<SavedFilter>>) -> impl IntoView {
    let href = address("/inbox", &[("show", one.show.as_deref())], &one.filters);
    let whose = if one.shared { "For everybody" } else { "Yours" };
    let name = one.name.clone();
    let change = one.may_change.then(|| view! { <Change one all /> });
    view! {
        <li class="rounded border border-base-300 p-3">
            <p class="flex items-baseline gap-2">
                <a class="link min-w-0 flex-1 truncate font-medium" href=href>
                    {name}
                </a>
                <span class="text-sm text-muted">{whose}</span>
            </p>
            {change}
        </li>
    }
}

#[component]
fn Change(one: SavedFilter, all: RwSignal<Vec<SavedFilter>>) -> impl IntoView {
    let session = use_session();
    let ticked = expect_context::<Ticked>();
    let (rename, remove) = (ServerAction::<RenameFilter>::new(), ServerAction::<RemoveFilter>::new());
    let form = FormState::new(&form_name(one.id), rename, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(saved)) = rename.value().get() {
            all.update(|all| {
                all.iter_mut()
                    .filter(|other| other.id == one.id)
                    .for_each(|other| *other = saved.clone())
            });
            ticked.acted();
        }
    });
    Effect::new(move |_| match remove.value().get() {
        Some(Ok(())) => {
            all.update(|all| all.retain(|other| other.id != one.id));
            ticked.acted();
        }
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    let name = one.name;
    let words = format!(" {name}");
    let question = if one.shared {
        format!("Remove “{name}” for everybody? The conversations stay as they are.")
    } else {
        format!("Remove “{name}”? The conversations stay as they are.")
    };
    view! {
        <details open=form.is_shown_again()>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                "Rename"
                <span class="sr-only">{words.clone()}</span>
            </summary>
            <ActionForm action=rename attr:class="flex flex-col gap-3 pt-2">
                <input type="hidden" name="id" value=one.id.to_string() />
                <FormNote form />
                <Field form name="name" label="Name" value=name required=true />
                <div>
                    <Submit form label="Rename" />
                </div>
            </ActionForm>
        </details>
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                "Remove…"
                <span class="sr-only">{words}</span>
            </summary>
            <form
                method="post"
                action=RemoveFilter::url()
                class="flex flex-wrap items-center gap-2 pt-2"
                on:submit=move |event| {
                    event.prevent_default();
                    remove.dispatch(RemoveFilter { id: one.id });
                }
            >
                <input type="hidden" name="id" value=one.id.to_string() />
                <p>{question}</p>
                <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                    "Remove it"
                </button>
            </form>
        </details>
    }
}
