//! Labels for who visits are with, in the settings.

use contract::appointment_types::{Arrange, StaffLabelView};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use uuid::Uuid;

use super::lists::{ArrangeButtons, COLOUR_OPTIONS, Dot};
use crate::{
    components::{Awaited, Empty, Icon},
    error::AppError,
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/staff";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_staff() -> Result<Vec<StaffLabelView>, AppError> {
    Ok(services::businesses::staff::list(&ssr::services()?, &ssr::actor().await?).await?)
}

/// `id` is empty for a new one. All labels as they are then.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn save_staff(
    #[server(default)] id: String,
    name: String,
    #[server(default)] colour: String,
) -> Result<Vec<StaffLabelView>, AppError> {
    let form = ssr::Form::new(form_name(&id), PATH)
        .typed("name", &name)
        .typed("colour", &colour);
    let command = contract::appointment_types::SaveStaffLabel { name, colour };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let missing = |_| AppError::new(contract::Code::NotFound, "There is no such staff label.");
        let id = (!id.is_empty()).then(|| id.parse().map_err(missing)).transpose()?;
        services::businesses::staff::save(&s, &actor, id, command).await?;
        Ok(services::businesses::staff::list(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn arrange_staff(id: Uuid, what: Arrange) -> Result<Vec<StaffLabelView>, AppError> {
    let work = async move { Ok(services::businesses::staff::arrange(&ssr::services()?, &ssr::actor().await?, id, what).await?) };
    ssr::button_action(PATH, work).await
}

/// Each has a form of its own on the page.
fn form_name(id: &str) -> String {
    format!("staff-{id}")
}

#[component]
pub fn StaffPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_staff());
    view! {
        <Title text="Staff labels" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Staff labels"</h1>
                <p class="text-muted">
                    "Who or what a visit is with: a person, a chair, a room. A name that is new to a visit is added here by itself."
                </p>
            </div>
            <Awaited from=found view=|found| view! { <All found /> } />
        </div>
    }
}

#[component]
fn All(found: Vec<StaffLabelView>) -> impl IntoView {
    let may_manage = use_session().may_manage();
    let all = RwSignal::new(found);
    let list = move || {
        all.get()
            .into_iter()
            .map(|one| view! { <One one all may_manage /> })
            .collect_view()
    };
    view! {
        <div class:hidden=move || !all.read().is_empty()>
            <Empty title="No staff labels yet" next_step="Each gets a column of its own in the day’s calendar." />
        </div>
        <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
        // Anew after each change, so that its fields are empty again.
        {move || {
            all.track();
            may_manage.then(|| view! { <New all /> })
        }}
    }
}

#[component]
fn One(one: StaffLabelView, all: RwSignal<Vec<StaffLabelView>>, may_manage: bool) -> impl IntoView {
    let (name, colour, archived) = (one.name.clone(), one.colour.clone(), one.archived);
    let change = may_manage.then(|| {
        let action = ServerAction::<ArrangeStaff>::new();
        put(Signal::derive(move || action.value().get()), all);
        let id = one.id;
        let arrange = Callback::new(move |what| {
            action.dispatch(ArrangeStaff { id, what });
        });
        view! {
            <Change one=one.clone() all />
            <ArrangeButtons url=ArrangeStaff::url() id name=one.name archived arrange />
        }
    });
    view! {
        <li class="rounded border border-base-300 p-3" class:opacity-70=archived>
            <h2 class="flex items-center gap-2 text-base font-medium">
                <Dot colour />
                {name}
                <span class="text-sm font-normal text-muted">{archived.then_some("archived")}</span>
            </h2>
            {change}
        </li>
    }
}

#[component]
fn Change(one: StaffLabelView, all: RwSignal<Vec<StaffLabelView>>) -> impl IntoView {
    let action = ServerAction::<SaveStaff>::new();
    let form = FormState::new(&form_name(&one.id.to_string()), action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    let open = form.is_shown_again();
    view! {
        <details class="pt-1" open=open>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                "Change"
                <span class="sr-only">{format!(" {}", one.name)}</span>
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-2">
                <input type="hidden" name="id" value=one.id.to_string() />
                <Fields form name=one.name colour=one.colour hint="Visits to come follow a new name; those that have begun keep the old one." />
            </ActionForm>
        </details>
    }
}

#[component]
fn New(all: RwSignal<Vec<StaffLabelView>>) -> impl IntoView {
    let action = ServerAction::<SaveStaff>::new();
    let form = FormState::new(&form_name(""), action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    let open = form.is_shown_again();
    view! {
        <details open=open>
            <summary class="btn btn-sm min-h-11 w-fit md:min-h-8">
                <Icon icon=icondata::LuPlus />
                "Add a staff label"
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-3">
                <Fields form name=String::new() colour=String::new() hint="" />
            </ActionForm>
        </details>
    }
}

#[component]
fn Fields(form: FormState, name: String, colour: String, hint: &'static str) -> impl IntoView {
    let colours = COLOUR_OPTIONS
        .iter()
        .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
        .collect();
    view! {
        <FormNote form saved="Saved." />
        <Field form name="name" label="Name on the label" value=name required=true hint />
        <Choice form name="colour" label="Colour" options=colours value=colour />
        <div>
            <Submit form label="Save label" />
        </div>
    }
}

/// What was saved or arranged stands in the list.
fn put(answer: Signal<Option<Result<Vec<StaffLabelView>, AppError>>>, all: RwSignal<Vec<StaffLabelView>>) {
    Effect::new(move |_| {
        if let Some(Ok(new)) = answer.get() {
            all.set(new);
        }
    });
}
