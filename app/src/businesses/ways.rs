//! By which ways customers are told of their visits, in the settings.

use contract::businesses::Ways;
use domain::consent::Channel;
use leptos::prelude::*;

use crate::{
    components::Awaited,
    error::AppError,
    forms::{Choice, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FIRST: &str = "Customers are told first by";
const LEARN: &str = "What somebody answered before is tried first";
const CONFIRM: &str = "A yes to offers counts only once its customer has confirmed it";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_ways() -> Result<Ways, AppError> {
    Ok(services::businesses::ways::get(&ssr::services()?, &ssr::actor().await?).await?)
}

/// `first`: the way that is tried first; the others follow. Each of the rest is there if its box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_ways(first: String, learn: Option<String>, confirm_offers: Option<String>) -> Result<Ways, AppError> {
    let form = ssr::Form::new(FORM, "/settings/visits")
        .typed("first", &first)
        .typed("learn", learn.as_deref().unwrap_or_default())
        .typed("confirm_offers", confirm_offers.as_deref().unwrap_or_default());
    let others = Channel::ALL.iter().map(|way| way.as_str().to_owned());
    let others = others.filter(|way| *way != first);
    let wanted = Ways {
        channels: std::iter::once(first.clone()).chain(others).collect(),
        learn: learn.is_some(),
        confirm_offers: confirm_offers.is_some(),
    };
    let work = async move { Ok(services::businesses::ways::set(&ssr::services()?, &ssr::actor().await?, wanted).await?) };
    ssr::post_form(form, work, |_| None).await
}

const FORM: &str = "ways";

/// What a way is called.
pub fn called(way: Channel) -> &'static str {
    match way {
        Channel::Sms => "Text message",
        Channel::WhatsApp => "WhatsApp",
        Channel::Email => "E-mail",
    }
}

#[component]
pub fn WaysSettings() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_ways());
    view! { <Awaited from=found view=|found| view! { <Chosen found /> } /> }
}

#[component]
fn Chosen(found: Ways) -> impl IntoView {
    let session = use_session();
    let first = found.channels.first().cloned().unwrap_or_default();
    let body = if session.may_manage() {
        let action = ServerAction::<SetWays>::new();
        let form = FormState::new(FORM, action, session.flash());
        let ticked = move |field: &str, is: bool| {
            if form.is_shown_again() {
                !form.value(field, "").is_empty()
            } else {
                is
            }
        };
        let options = Channel::ALL
            .iter()
            .map(|way| (way.as_str().to_owned(), called(*way).to_owned()))
            .collect::<Vec<_>>();
        view! {
            <ActionForm action attr:class="flex flex-col gap-3">
                <FormNote form saved="Saved." />
                <Choice form name="first" label=FIRST options value=first />
                <label class="flex min-h-11 items-center gap-2.5">
                    <input type="checkbox" name="learn" value="yes" class="toggle toggle-primary" checked=ticked("learn", found.learn) />
                    {LEARN}
                </label>
                <p class="field-hint">
                    "Once somebody was asked three times by a way, and has answered at least twice as often by another one, that comes first. \
                     What they have chosen themselves always holds."
                </p>
                <label class="flex min-h-11 items-center gap-2.5">
                    <input
                        type="checkbox"
                        name="confirm_offers"
                        value="yes"
                        class="toggle toggle-primary"
                        checked=ticked("confirm_offers", found.confirm_offers)
                    />
                    {CONFIRM}
                </label>
                <div>
                    <Submit form label="Save ways" />
                </div>
            </ActionForm>
        }
        .into_any()
    } else {
        let yes = |is: bool| if is { "Yes" } else { "No" };
        let way = first.parse().map(called).unwrap_or_default();
        view! {
            <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[14rem_1fr]">
                <dt class="text-muted">{FIRST}</dt>
                <dd>{way}</dd>
                <dt class="text-muted">{LEARN}</dt>
                <dd>{yes(found.learn)}</dd>
                <dt class="text-muted">{CONFIRM}</dt>
                <dd>{yes(found.confirm_offers)}</dd>
            </dl>
        }
        .into_any()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="ways-heading">
            <h2 id="ways-heading">"How customers are told"</h2>
            <p class="text-sm text-muted">
                "Each way needs a consent of its own. The next one is tried only when the one before is known to have failed; if none is left, \
                 somebody is asked to call."
            </p>
            {body}
        </section>
    }
}
