//! Whether everything is in order, as `showup doctor` sees it from inside the server.

use contract::platform::{Check, CheckStatus, DoctorView};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{flash, utc};
use crate::{
    components::{Awaited, Icon},
    error::AppError,
    forms::{FormNote, FormState, Submit},
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_doctor() -> Result<DoctorView, AppError> {
    let house = ssr::house()?;
    ssr::platform().await?;
    Ok(house.last().await)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn run_doctor() -> Result<DoctorView, AppError> {
    let house = ssr::house()?;
    let work = async move {
        let (s, _) = ssr::platform().await?;
        Ok(house.look(s).await)
    };
    ssr::post_form(ssr::Form::new("doctor", "/platform/doctor"), work, |_| None).await
}

#[component]
pub fn DoctorPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_doctor());
    view! {
        <Title text="Doctor" />
        <h1>"Doctor"</h1>
        <p class="text-muted">
            "Looks at settings, database, the way in, Twilio, mail and the queue, and says what to do where something is not in order. It changes nothing, and takes some seconds."
        </p>
        <Awaited from=found view=|view| view! { <Round view /> } />
    }
}

#[component]
fn Round(view: DoctorView) -> impl IntoView {
    let action = ServerAction::<RunDoctor>::new();
    let form = FormState::new("doctor", action, flash());
    let shown = RwSignal::new(view);
    Effect::new(move |_| {
        if let Some(Ok(view)) = action.value().get() {
            shown.set(view);
        }
    });
    let words = move || {
        let shown = shown.read();
        match shown.looked_at {
            None => "It has not looked since this server was started.".to_owned(),
            Some(at) => format!("Looked {}.", utc(at)),
        }
    };
    let list = move || {
        let checks = shown.read().checks.clone();
        (!checks.is_empty()).then(|| {
            view! {
                <ul class="panel flex flex-col divide-y divide-base-300 px-4">
                    {checks.into_iter().map(|check| view! { <OneCheck check /> }).collect_view()}
                </ul>
            }
        })
    };
    view! {
        <ActionForm action attr:class="flex flex-col gap-2">
            <FormNote form />
            <div>
                <Submit form label="Look now" />
            </div>
        </ActionForm>
        <p role="status">{words}</p>
        {list}
    }
}

#[component]
fn OneCheck(check: Check) -> impl IntoView {
    let (word, icon, class) = match check.status {
        CheckStatus::Ok => ("OK", icondata::LuCircleCheck, "text-success"),
        CheckStatus::Warn => ("Look at this", icondata::LuTriangleAlert, "text-warning"),
        CheckStatus::Fail => ("Fails", icondata::LuCircleX, "text-error"),
    };
    let name = check.name.clone();
    let fix = check.fix.map(|fix| view! { <p class="text-sm">{fix}</p> });
    view! {
        <li class="flex gap-3 py-3" data-check=name>
            <span class=class>
                <Icon icon />
            </span>
            <div class="min-w-0 flex-1">
                <p class="font-medium">
                    {check.name} <span class=format!("{class} text-sm")>{format!(" · {word}")}</span>
                </p>
                <p class="text-sm text-muted break-words">{check.detail}</p>
                {fix}
            </div>
        </li>
    }
}
