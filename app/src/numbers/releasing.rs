//! Before a number is given up: what would happen.

use contract::numbers::ReleaseView;
use leptos::prelude::*;
use uuid::Uuid;

use super::PATH;
use crate::{
    error::AppError,
    forms::{FormNote, FormState},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORM: &str = "release";

/// `though_last` is there if the box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn release_number(id: Uuid, #[server(default)] though_last: Option<String>) -> Result<(), AppError> {
    let form = ssr::Form::new(FORM, format!("{PATH}?release={id}"));
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        Ok(services::numbers::release::release(&s, &actor, id, though_last.is_some()).await?)
    };
    ssr::post_form(form, work, |()| Some(PATH.to_owned())).await
}

#[component]
pub fn Releasing(ahead: ReleaseView) -> impl IntoView {
    let action = ServerAction::<ReleaseNumber>::new();
    let form = FormState::new(FORM, action, use_session().flash());
    let last = ahead.instead.is_none();
    let waiting = match (ahead.waiting, &ahead.instead) {
        (0, _) => "No text waits to leave from it.".to_owned(),
        (n, Some(other)) => format!("{n} that wait to leave from it leave from {other} instead."),
        (n, None) => format!("{n} that wait to leave from it are cancelled, for there is no other number."),
    };
    let places = (!ahead.locations.is_empty()).then(|| {
        let names = ahead.locations.join(", ");
        view! { <li>{format!("Texts about visits at {names} leave from the usual number.")}</li> }
    });
    view! {
        <section class="notice notice-warning flex flex-col gap-3" aria-labelledby="release-heading">
            <h2 id="release-heading">{format!("Release {}?", ahead.phone_display)}</h2>
            <ul class="list-disc ps-5">
                <li>{waiting}</li>
                {places}
                <li>"Customers who know it may still write there; what comes is taken in as long as Twilio posts it here."</li>
                <li>
                    "It stays in your Twilio account and goes on costing until you give it back there. Twilio can bring it back for ten days after that, then it may be somebody else’s."
                </li>
                {(last && ahead.visits_ahead).then(|| view! { <li>"It is the last one, and visits are ahead: nobody would be reminded of them."</li> })}
            </ul>
            <ActionForm action attr:class="flex flex-col gap-3">
                <FormNote form />
                <input type="hidden" name="id" value=ahead.id.to_string() />
                {last
                    .then(|| {
                        view! {
                            <label class="flex min-h-11 items-center gap-2.5">
                                <input type="checkbox" name="though_last" value="yes" class="checkbox" />
                                "Release it though it is the last one"
                            </label>
                        }
                    })}
                <div class="flex flex-wrap gap-2">
                    <button type="submit" class="btn btn-error min-h-11" aria-busy=move || form.pending.get().to_string()>
                        "Release it"
                    </button>
                    <a class="btn min-h-11" href=PATH>
                        "Keep it"
                    </a>
                </div>
            </ActionForm>
        </section>
    }
}
