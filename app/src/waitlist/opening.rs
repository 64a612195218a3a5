//! A time that staff open by hand.

use contract::waitlist::Mode;
use leptos::prelude::*;
use leptos_meta::Title;

use super::{BOARD, Choices, OpenSlot, choices};
use crate::{
    components::{Awaited, Icon},
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

pub(super) const FORM: &str = "slot";

#[component]
pub fn OpenSlotPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| choices());
    view! {
        <Title text="Open a time" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href=BOARD>
                <Icon icon=icondata::LuArrowLeft />
                "All times"
            </a>
            <h1>"Open a time"</h1>
            <p class="text-muted">"It is offered at once to who waits for a time like it, one after another or several together, as your settings say."</p>
            <Awaited from=found view=|choices| view! { <TimeForm choices /> } />
        </div>
    }
}

#[component]
fn TimeForm(choices: Choices) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<OpenSlot>::new();
    let form = FormState::new(FORM, action, session.flash());
    let mut modes = vec![(String::new(), "By how soon it is".to_owned())];
    modes.extend(Mode::ALL.iter().map(|mode| (mode.to_string(), mode.label().to_owned())));
    let kind = (!choices.types.is_empty()).then(|| {
        let options = choices.types_or_any();
        view! { <Choice form name="type_id" label="For which type of visit" options /> }
    });
    let place = (!choices.places.is_empty()).then(|| {
        let options = choices.places_or_any();
        view! { <Choice form name="location_id" label="Where" options /> }
    });
    let staff = (!choices.staff.is_empty()).then(|| {
        let options = choices.staff_or_any();
        view! { <Choice form name="staff_label" label="With whom" options /> }
    });
    view! {
        <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
            <FormNote form />
            <Field form name="starts_at" label="Date and time" kind="datetime-local" required=true hint="By the clock of the place." />
            <Field form name="minutes" label="Minutes" kind="number" value="30" required=true />
            {kind}
            {place}
            {staff}
            <Choice form name="mode" label="How it is offered" options=modes />
            <div>
                <Submit form label="Open it" />
            </div>
        </ActionForm>
    }
}
