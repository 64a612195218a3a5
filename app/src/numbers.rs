//! The business's numbers: how each stands, which texts leave from which, and asking for another.

mod one;
mod releasing;
mod requests;
mod senders;
mod wordings;

use contract::{businesses::CountryView, live::LiveEvent, numbers::NumbersView};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use crate::{
    components::{Awaited, Empty, Icon},
    error::AppError,
    forms::{Choice, FormNote, FormState, Submit},
    session::use_session,
};
use one::One;
use releasing::Releasing;
use requests::Requests;
use senders::Senders;
use wordings::Wordings;

#[cfg(feature = "ssr")]
use crate::ssr;

const PATH: &str = "/settings/numbers";

/// What the page shows, with the countries a number can be asked for in.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_numbers(#[server(default)] releasing: Option<Uuid>) -> Result<(NumbersView, Vec<CountryView>), AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let view = services::numbers::page(&s, &actor, releasing).await?;
    Ok((view, services::businesses::all_countries()))
}

/// `number_id` is empty for the usual number.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn give_number(location_id: Uuid, #[server(default)] number_id: String) -> Result<NumbersView, AppError> {
    let form = ssr::Form::new(place_form(location_id), PATH).typed("number_id", &number_id);
    let work = async move {
        let missing = |_| AppError::new(contract::Code::NotFound, "There is no such number.");
        let number = (!number_id.is_empty())
            .then(|| number_id.parse().map_err(missing))
            .transpose()?;
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::choosing::give_location(&s, &actor, location_id, number).await?;
        Ok(services::numbers::page(&s, &actor, None).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

fn place_form(id: Uuid) -> String {
    format!("place-{}", id.simple())
}

/// A server function's answer, if there is one yet.
type Answer = Option<Result<NumbersView, AppError>>;

/// What was changed is shown.
fn put(answer: Signal<Answer>, all: RwSignal<NumbersView>) {
    Effect::new(move |_| {
        if let Some(Ok(new)) = answer.get() {
            all.set(new);
        }
    });
}

#[component]
pub fn NumbersPage() -> impl IntoView {
    let query = use_query_map();
    let releasing = move || query.read().get("release").and_then(|id| id.parse::<Uuid>().ok());
    let found = Resource::new_blocking(releasing, get_numbers);
    view! {
        <Title text="Numbers" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div class="flex flex-wrap items-baseline justify-between gap-2">
                <h1>"Numbers"</h1>
                <a class="link flex min-h-11 items-center text-sm md:min-h-8" href="/settings/twilio">
                    "Twilio account"
                </a>
            </div>
            <Awaited from=found view=|(found, countries)| view! { <All found countries /> } />
        </div>
    }
}

#[component]
fn All(found: NumbersView, countries: Vec<CountryView>) -> impl IntoView {
    let session = use_session();
    let releasing = found.releasing.clone();
    let has_senders = !found.senders.is_empty();
    let all = RwSignal::new(found);
    // Numbers change by themselves: somebody else grants a request, Twilio answers. It is told with the banners.
    session.live.refetch_on(
        |event| matches!(event, LiveEvent::Notices(_)),
        move || {
            spawn_local(async move {
                if let Ok((new, _)) = get_numbers(None).await {
                    all.try_set(new);
                }
            });
        },
    );
    let may_manage = session.may_manage();
    let numbers = Memo::new(move |_| all.with(|all| all.numbers.clone()));
    let list = move || {
        numbers
            .get()
            .into_iter()
            .map(|number| view! { <One number all may_manage /> })
            .collect_view()
    };
    view! {
        {releasing.filter(|_| may_manage).map(|ahead| view! { <Releasing ahead /> })}
        <section class="flex flex-col gap-3" aria-labelledby="numbers-heading">
            <h2 id="numbers-heading" class="sr-only">
                "Your numbers"
            </h2>
            <div class:hidden=move || !numbers.read().is_empty()>
                <NothingYet all />
            </div>
            <ul class="flex flex-col gap-3 empty:hidden">{list}</ul>
        </section>
        <Senders all may_manage />
        {has_senders.then(|| view! { <Wordings may_manage /> })}
        <Paths all may_manage />
        <Requests all countries may_manage />
    }
}

#[component]
fn NothingYet(all: RwSignal<NumbersView>) -> impl IntoView {
    let next = all.with_untracked(|all| match &all.shared {
        Some(shared) => format!("Texts leave from {shared}, which this installation shares. Ask for one of your own below."),
        None => "Texts can’t leave until there is one. Ask for one below.".to_owned(),
    });
    view! { <Empty title="No numbers yet" next_step=next /> }
}

/// Which texts leave from which number.
#[component]
fn Paths(all: RwSignal<NumbersView>, may_manage: bool) -> impl IntoView {
    let paths = Memo::new(move |_| all.with(|all| all.paths.clone()));
    let rows = move || {
        paths
            .get()
            .into_iter()
            .map(|path| {
                view! {
                    <div class="contents">
                        <dt class="text-muted">{path.what}</dt>
                        <dd class="tabular">{path.from}</dd>
                    </div>
                }
            })
            .collect_view()
    };
    let places = Memo::new(move |_| all.with(|all| (all.places.clone(), texting(all))));
    let forms = move || {
        let (places, numbers) = places.get();
        (may_manage && !numbers.is_empty() && !places.is_empty()).then(|| {
            let one = |place| view! { <PlaceForm place numbers=numbers.clone() all /> };
            view! {
                <details>
                    <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Choose by location"</summary>
                    <div class="flex flex-col gap-3 pt-2">{places.into_iter().map(one).collect_view()}</div>
                </details>
            }
        })
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" class:hidden=move || paths.read().is_empty() aria-labelledby="paths-heading">
            <h2 id="paths-heading">"What leaves from where"</h2>
            <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[1fr_12rem]">{rows}</dl>
            {forms}
        </section>
    }
}

/// Numbers that texts can leave from: id and words.
fn texting(all: &NumbersView) -> Vec<(String, String)> {
    all.numbers
        .iter()
        .filter(|n| n.status == "active" && n.kind != "whatsapp")
        .map(|n| (n.id.to_string(), n.phone_display.clone()))
        .collect()
}

#[component]
fn PlaceForm(place: contract::numbers::PlaceView, numbers: Vec<(String, String)>, all: RwSignal<NumbersView>) -> impl IntoView {
    let action = ServerAction::<GiveNumber>::new();
    let form = FormState::new(&place_form(place.id), action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    let usual = [(String::new(), "The usual number".to_owned())];
    let options = usual.into_iter().chain(numbers).collect();
    let value = place.number_id.map(|id| id.to_string()).unwrap_or_default();
    let label = place.name.clone();
    view! {
        <ActionForm action attr:class="flex flex-wrap items-end gap-2" attr:aria-label=label>
            <input type="hidden" name="location_id" value=place.id.to_string() />
            <p class="w-full font-medium">
                <Icon icon=icondata::LuMapPin />
                " "
                {place.name}
            </p>
            <div class="min-w-0 flex-1">
                <Choice form name="number_id" label="Texts about its visits leave from" options value />
            </div>
            <Submit form label="Save" />
            <div class="w-full">
                <FormNote form saved="Saved." />
            </div>
        </ActionForm>
    }
}
