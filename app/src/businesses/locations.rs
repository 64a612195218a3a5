//! Places appointments happen at, in the settings.

use contract::businesses::LocationView;
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use crate::{
    components::{Awaited, Glyph},
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn")]
pub async fn list_locations() -> Result<Vec<LocationView>, AppError> {
    Ok(services::businesses::locations::list(&ssr::services()?, &ssr::actor().await?).await?)
}

#[server(prefix = "/api/fn")]
pub async fn add_location(
    name: String,
    address: String,
    number: String,
    #[server(default)] time_zone: String,
) -> Result<LocationView, AppError> {
    let command = contract::businesses::SaveLocation {
        name,
        address,
        number,
        time_zone,
    };
    save(None, "location".to_owned(), command).await
}

#[server(prefix = "/api/fn")]
pub async fn update_location(
    id: Uuid,
    name: String,
    address: String,
    number: String,
    #[server(default)] time_zone: String,
) -> Result<LocationView, AppError> {
    let command = contract::businesses::SaveLocation {
        name,
        address,
        number,
        time_zone,
    };
    save(Some(id), form_name(id), command).await
}

#[cfg(feature = "ssr")]
async fn save(id: Option<Uuid>, form: String, command: contract::businesses::SaveLocation) -> Result<LocationView, AppError> {
    let form = ssr::Form::new(form, "/settings")
        .typed("name", &command.name)
        .typed("address", &command.address)
        .typed("number", &command.number)
        .typed("time_zone", &command.time_zone);
    let work = async move {
        let actor = ssr::actor().await?;
        Ok(services::businesses::locations::save(&ssr::services()?, &actor, id, command).await?)
    };
    ssr::door(form, work, |_| None).await
}

/// Each location has a form of its own on the page.
fn form_name(id: Uuid) -> String {
    format!("location-{}", id.simple())
}

#[component]
pub fn Locations() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_locations());
    view! { <Awaited from=found view=|found| view! { <Places found /> } /> }
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
            <h2 id="locations-heading">"Locations"</h2>
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
    let change = may_manage.then(|| view! { <ChangePlace place places /> });
    view! {
        <li class="rounded border border-base-300 p-3">
            <p class="flex items-center gap-1.5 font-medium">
                <Glyph icon=icondata::LuMapPin />
                {name}
            </p>
            <p class="text-sm text-muted empty:hidden">{words}</p>
            {change}
        </li>
    }
}

#[component]
fn ChangePlace(place: LocationView, places: RwSignal<Vec<LocationView>>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateLocation>::new();
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
    let action = ServerAction::<AddLocation>::new();
    let form = FormState::new("location", action, session.flash());
    show_saved(action, places);
    let open = form.is_shown_again();
    view! {
        <details open=open>
            <summary class="btn btn-sm min-h-11 w-fit md:min-h-8">
                <Glyph icon=icondata::LuPlus />
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
        <div>
            <Submit form label="Save location" />
        </div>
    }
}

/// What was saved stands in the list, by name.
fn show_saved<S>(action: ServerAction<S>, places: RwSignal<Vec<LocationView>>)
where
    S: ServerFn<Error = AppError, Output = LocationView> + Clone + Send + Sync + 'static,
{
    let session = use_session();
    Effect::new(move |_| {
        if let Some(Ok(saved)) = action.value().get() {
            session.refetch_zones();
            places.update(|all| {
                all.retain(|place| place.id != saved.id);
                all.push(saved);
                all.sort_by(|a, b| a.name.cmp(&b.name));
            });
        }
    });
}
