//! What a visit is, beside its time: whom it is for, who it is with, where, of which type, how long, and notes.

use contract::{
    Code,
    appointment_types::{AppointmentTypeView, StaffLabelView},
    appointments::AppointmentView,
    businesses::LocationView,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

use super::get_appointment;
use crate::{
    businesses::{list_locations, list_staff, list_types},
    components::{Awaited, Icon},
    error::AppError,
    forms::{Area, Choice, Collision, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// A visit, and what can be chosen for it.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Shown {
    visit: AppointmentView,
    locations: Vec<LocationView>,
    types: Vec<AppointmentTypeView>,
    staff: Vec<StaffLabelView>,
}

/// `revision` is that of the visit as the form shows it. Ids are empty for none.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn edit_visit(
    id: Uuid,
    revision: i32,
    #[server(default)] for_name: String,
    #[server(default)] staff_label: String,
    #[server(default)] location_id: String,
    #[server(default)] type_id: String,
    #[server(default)] minutes: String,
    #[server(default)] notes: String,
    #[server(default)] double_book: bool,
) -> Result<AppointmentView, AppError> {
    let form = ssr::Form::new("edit", format!("/appointments/{id}/edit"))
        .typed("for_name", &for_name)
        .typed("staff_label", &staff_label)
        .typed("location_id", &location_id)
        .typed("type_id", &type_id)
        .typed("minutes", &minutes)
        .typed("notes", &notes);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let before = services::appointments::get(&s, &actor, id).await?;
        let long = before.ends_at.map(|end| (end - before.starts_at).num_minutes().to_string());
        let command = contract::appointments::EditAppointment {
            for_name: Some(Some(for_name)),
            staff_label: Some(staff_label),
            location_id: Some(super::chosen("location_id", &location_id, "Choose a location.")?),
            type_id: Some(super::chosen("type_id", &type_id, "Choose a type.")?),
            // As it is shown is not said anew, so that another type brings its own.
            minutes: super::chosen::<i32>("minutes", minutes.trim(), "Please give a whole number of minutes.")?
                .filter(|_| long.as_deref() != Some(minutes.trim())),
            notes: Some(notes),
            double_book,
            revision: Some(revision),
            ..Default::default()
        };
        Ok(services::appointments::edit(&s, &actor, id, command).await?)
    };
    ssr::post_form(form, work, move |_| Some(format!("/appointments/{id}"))).await
}

async fn read(id: String) -> Result<Shown, AppError> {
    let id = id
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "There is no such appointment."))?;
    let (visit, locations, types, staff) = futures::join!(get_appointment(id), list_locations(), list_types(), list_staff());
    Ok(Shown {
        visit: visit?,
        locations: locations?,
        types: types?,
        staff: staff?,
    })
}

#[component]
pub fn EditPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let found = Resource::new_blocking(move || id.get(), read);
    view! {
        <Title text="Edit an appointment" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href=move || format!("/appointments/{}", id.get())>
                <Icon icon=icondata::LuArrowLeft />
                "Back to the appointment"
            </a>
            <h1>"Edit an appointment"</h1>
            <Awaited from=found view=|shown| view! { <EditForm shown /> } />
        </div>
    }
}

#[component]
fn EditForm(shown: Shown) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<EditVisit>::new();
    let form = FormState::new("edit", action, session.flash());
    let Shown {
        visit,
        locations,
        types,
        staff,
    } = shown;
    let id = visit.id;
    let none = || (String::new(), "Not said".to_owned());
    let here = visit.location.as_ref().map(|place| place.id);
    let mut places = vec![none()];
    // What is put away stays with who has it.
    places.extend(
        locations
            .iter()
            .filter(|l| !l.archived || here == Some(l.id))
            .map(|l| (l.id.to_string(), l.name.clone())),
    );
    let mut kinds = vec![none()];
    kinds.extend(
        types
            .iter()
            .filter(|t| !t.archived || visit.type_id == Some(t.id))
            .map(|t| (t.id.to_string(), format!("{} · {} min", t.name, t.minutes))),
    );
    let names = staff
        .iter()
        .filter(|label| !label.archived)
        .map(|label| view! { <option value=label.name.clone()></option> })
        .collect_view();
    let minutes = visit.ends_at.map(|end| (end - visit.starts_at).num_minutes().to_string());
    let place = here.map(|id| id.to_string()).unwrap_or_default();
    let kind = visit.type_id.map(|id| id.to_string()).unwrap_or_default();
    let location =
        (places.len() > 1).then(|| view! { <Choice form name="location_id" label="Location" options=places value=place /> });
    let of_type = (kinds.len() > 1).then(|| view! { <Choice form name="type_id" label="Type" options=kinds value=kind hint="Another type brings its own length, unless you change the minutes." /> });
    let double = session.may_manage().then(|| {
        view! {
            <label class="flex min-h-11 items-center gap-2 md:min-h-8">
                <input type="checkbox" name="double_book" value="true" class="checkbox checkbox-sm" />
                "Double-book: the time may be taken"
            </label>
        }
    });
    view! {
        <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
            <FormNote form />
            <Collision form path="/appointments" words="Open that appointment" />
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="revision" value=visit.revision.to_string() />
            <Field form name="for_name" label="For whom (optional)" value=visit.for_name.clone().unwrap_or_default() hint="A child, a pet. Texts say the first name." />
            <datalist id="staff-labels">{names}</datalist>
            <Field form name="staff_label" label="Staff (optional)" list="staff-labels" value=visit.staff_label.clone() />
            {location}
            {of_type}
            <Field form name="minutes" label="Minutes (optional)" kind="number" value=minutes.unwrap_or_default() hint="Empty: as it is." />
            <Area form name="notes" label="Notes" value=visit.notes.clone() hint="Only you see these." />
            {double}
            <div>
                <Submit form label="Save changes" />
            </div>
        </ActionForm>
    }
}
