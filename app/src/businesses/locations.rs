//! Places appointments happen at, in the settings.

#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]

use contract::{
    appointment_types::Arrange,
    businesses::{LocationView, OpeningHours},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use uuid::Uuid;

use super::lists::ArrangeButtons;
use crate::{
    components::{Awaited, Icon},
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
    zones::ZoneNames,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/locations";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_locations() -> Result<Vec<LocationView>, AppError> {
    Ok(services::businesses::locations::list(&ssr::services()?, &ssr::actor().await?).await?)
}

/// `id` is empty for a new one; hours are as typed for each day.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn save_location(
    #[server(default)] id: String,
    name: String,
    address: String,
    number: String,
    #[server(default)] time_zone: String,
    #[server(default)] mon: String,
    #[server(default)] tue: String,
    #[server(default)] wed: String,
    #[server(default)] thu: String,
    #[server(default)] fri: String,
    #[server(default)] sat: String,
    #[server(default)] sun: String,
) -> Result<LocationView, AppError> {
    let command = contract::businesses::SaveLocation {
        name,
        address,
        number,
        time_zone,
        opening_hours: OpeningHours {
            mon,
            tue,
            wed,
            thu,
            fri,
            sat,
            sun,
        },
    };
    let id = id.parse().ok();
    save(id, id.map_or_else(|| "location".to_owned(), form_name), command).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn arrange_location(id: Uuid, what: Arrange) -> Result<Vec<LocationView>, AppError> {
    let work =
        async move { Ok(services::businesses::locations::arrange(&ssr::services()?, &ssr::actor().await?, id, what).await?) };
    ssr::button_action(PATH, work).await
}

#[cfg(feature = "ssr")]
async fn save(id: Option<Uuid>, form: String, command: contract::businesses::SaveLocation) -> Result<LocationView, AppError> {
    let form = ssr::Form::new(form, PATH)
        .typed("name", &command.name)
        .typed("address", &command.address)
        .typed("number", &command.number)
        .typed("time_zone", &command.time_zone);
    let form = command
        .opening_hours
        .days()
        .into_iter()
        .fold(form, |form, (day, hours)| form.typed(day, hours));
    let work = async move {
        let actor = ssr::actor().await?;
        let saved = services::businesses::locations::save(&ssr::services()?, &actor, id, command).await;
        saved.map_err(|e| AppError(of_the_form(e)))
    };
    ssr::post_form(form, work, |_| None).await
}

/// The form calls the hours of a day by the day.
#[cfg(feature = "ssr")]
fn of_the_form(error: services::Error) -> contract::Problem {
    let mut problem = error.problem();
    for field in &mut problem.fields {
        if let Some(day) = field.field.strip_prefix("opening_hours.") {
            field.field = day.to_owned();
        }
    }
    problem
}

/// Each location has a form of its own on the page.
fn form_name(id: Uuid) -> String {
    format!("location-{}", id.simple())
}

#[component]
pub fn LocationsPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_locations());
    view! {
        <Title text="Locations" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <h1>"Locations"</h1>
            <ZoneNames />
            <Awaited from=found view=|found| view! { <Places found /> } />
        </div>
    }
}

#[component]
fn Places(found: Vec<LocationView>) -> impl IntoView {
    let session = use_session();
    let places = RwSignal::new(found);
    let may_manage = session.may_manage();
    let list = move || {
        places
            .get()
            .into_iter()
            .map(|place| view! { <Place place may_manage places /> })
            .collect_view()
    };
    let empty = move || places.read().is_empty();
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="locations-heading">
            <h2 id="locations-heading" class="sr-only">
                "All locations"
            </h2>
            <p class="text-sm text-muted">
                "A location can have a number of its own: then the reminders of its visits leave from it. "
                {move || empty().then_some("Without locations, all visits go by the same number.")}
            </p>
            <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
            // Anew after each change, so that its fields are empty again.
            {move || {
                places.track();
                may_manage.then(|| view! { <NewPlace places /> })
            }}
        </section>
    }
}

fn facts(place: &LocationView) -> String {
    let parts = [
        place.address.as_str(),
        place.number.as_deref().unwrap_or_default(),
        place.time_zone.as_deref().unwrap_or_default(),
    ];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

#[component]
fn Place(place: LocationView, may_manage: bool, places: RwSignal<Vec<LocationView>>) -> impl IntoView {
    let words = facts(&place);
    let name = place.name.clone();
    let hours = place.opening_hours.as_ref().map(open_words);
    let archived = place.archived;
    let change = may_manage.then(|| {
        let action = ServerAction::<ArrangeLocation>::new();
        Effect::new(move |_| {
            if let Some(Ok(all)) = action.value().get() {
                places.set(all);
            }
        });
        let id = place.id;
        let arrange = Callback::new(move |what| {
            action.dispatch(ArrangeLocation { id, what });
        });
        view! {
            <ChangePlace place=place.clone() places />
            <ArrangeButtons url=ArrangeLocation::url() id name=place.name archived arrange />
        }
    });
    view! {
        <li class="rounded border border-base-300 p-3" class:opacity-70=archived>
            <p class="flex items-center gap-1.5 font-medium">
                <Icon icon=icondata::LuMapPin />
                {name}
                <span class="text-sm font-normal text-muted">{archived.then_some("archived")}</span>
            </p>
            <p class="text-sm text-muted empty:hidden">{words}</p>
            <p class="text-sm text-muted empty:hidden">{hours}</p>
            {change}
        </li>
    }
}

/// Days that are open, and when.
fn open_words(hours: &OpeningHours) -> String {
    let open = hours.days().into_iter().filter(|(_, text)| !text.is_empty());
    open.map(|(day, text)| format!("{} {text}", day_word(day)))
        .collect::<Vec<_>>()
        .join(" · ")
}

fn day_word(day: &str) -> &'static str {
    match day {
        "mon" => "Mon",
        "tue" => "Tue",
        "wed" => "Wed",
        "thu" => "Thu",
        "fri" => "Fri",
        "sat" => "Sat",
        _ => "Sun",
    }
}

#[component]
fn ChangePlace(place: LocationView, places: RwSignal<Vec<LocationView>>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SaveLocation>::new();
    let name = form_name(place.id);
    let form = FormState::new(&name, action, session.flash());
    show_saved(action, places);
    let open = form.is_shown_again();
    view! {
        <details class="pt-1" open=open>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                "Change"
                <span class="sr-only">{format!(" {}", place.name)}</span>
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-2">
                <input type="hidden" name="id" value=place.id.to_string() />
                <PlaceFields form place=Some(place) />
            </ActionForm>
        </details>
    }
}

#[component]
fn NewPlace(places: RwSignal<Vec<LocationView>>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SaveLocation>::new();
    let form = FormState::new("location", action, session.flash());
    show_saved(action, places);
    let open = form.is_shown_again();
    view! {
        <details open=open>
            <summary class="btn btn-sm min-h-11 w-fit md:min-h-8">
                <Icon icon=icondata::LuPlus />
                "Add a location"
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-3">
                <PlaceFields form place=None />
            </ActionForm>
        </details>
    }
}

#[component]
fn PlaceFields(form: FormState, place: Option<LocationView>) -> impl IntoView {
    let hours = place.as_ref().and_then(|l| l.opening_hours.clone()).unwrap_or_default();
    let days = hours
        .days()
        .map(|(day, text)| view! { <Field form name=day label=day_word(day) value=text.to_owned() /> });
    // Open where something is wrong with it or there is something to see.
    let is_said = hours != OpeningHours::default() || form.is_shown_again();
    let (name, address, number, time_zone) = place.map_or_else(Default::default, |l| {
        (
            l.name,
            l.address,
            l.number.unwrap_or_default(),
            l.time_zone.unwrap_or_default(),
        )
    });
    view! {
        <FormNote form saved="Saved." />
        <Field form name="name" label="Location name" value=name required=true />
        <Field form name="address" label="Address (optional)" value=address />
        <Field
            form
            name="number"
            label="Number (optional)"
            kind="tel"
            value=number
            hint="One of your own Twilio numbers. Empty: the number the customer knows, else your usual one."
        />
        <Field
            form
            name="time_zone"
            label="Time zone (optional)"
            value=time_zone
            list="zones"
            hint="Only if its clocks do not show your business’s time. Its appointments are entered, shown and texted in it."
        />
        <details open=is_said>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Opening hours (optional)"</summary>
            <p class="field-hint pb-2">"Like 9:00-12:00, 13:30-17:00. Empty is closed; empty on all days is not said."</p>
            <div class="grid grid-cols-2 gap-x-3 gap-y-2">{days.into_iter().collect_view()}</div>
        </details>
        <div>
            <Submit form label="Save location" />
        </div>
    }
}

/// What was saved stands in the list where it stood, or at its end.
fn show_saved(action: ServerAction<SaveLocation>, places: RwSignal<Vec<LocationView>>) {
    let session = use_session();
    Effect::new(move |_| {
        if let Some(Ok(saved)) = action.value().get() {
            session.refetch_zones();
            places.update(|all| match all.iter_mut().find(|place| place.id == saved.id) {
                Some(place) => *place = saved,
                None => all.push(saved),
            });
        }
    });
}
