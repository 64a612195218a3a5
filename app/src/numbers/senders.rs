//! WhatsApp senders: how each stands at Twilio, what people see of it, and where Twilio posts what comes to it.

use contract::numbers::{NumbersView, SenderView};
use leptos::prelude::*;
use uuid::Uuid;

use super::put;
use crate::{
    components::{Icon, TimeFormat, Timestamp},
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// `take_over` is there if the box was ticked: the address of somebody else is replaced.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn configure_sender(id: Uuid, #[server(default)] take_over: Option<String>) -> Result<NumbersView, AppError> {
    let form = ssr::Form::new(sender_form(id), super::PATH);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::whatsapp::configure(&s, &actor, id, take_over.is_some()).await?;
        Ok(services::numbers::page(&s, &actor, None).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// Asks Twilio now how it stands.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn check_sender(id: Uuid) -> Result<NumbersView, AppError> {
    let form = ssr::Form::new(check_form(id), super::PATH);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::whatsapp::check_now(&s, &actor, id).await?;
        Ok(services::numbers::page(&s, &actor, None).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

fn sender_form(id: Uuid) -> String {
    format!("sender-{}", id.simple())
}

fn check_form(id: Uuid) -> String {
    format!("check-sender-{}", id.simple())
}

#[component]
pub fn Senders(all: RwSignal<NumbersView>, may_manage: bool) -> impl IntoView {
    let senders = Memo::new(move |_| all.with(|all| all.senders.clone()));
    let list = move || {
        senders
            .get()
            .into_iter()
            .map(|sender| view! { <One sender all may_manage /> })
            .collect_view()
    };
    view! {
        <section class="flex flex-col gap-3" class:hidden=move || senders.read().is_empty() aria-labelledby="senders-heading">
            <h2 id="senders-heading">"WhatsApp senders"</h2>
            <p class="text-sm text-muted">
                "A sender is made in Twilio’s console, where you sign in to Meta. Add it here by its number, and it is looked after from here."
            </p>
            <ul class="flex flex-col gap-3">{list}</ul>
        </section>
    }
}

#[component]
fn One(sender: SenderView, all: RwSignal<NumbersView>, may_manage: bool) -> impl IntoView {
    let (class, icon, state) = if sender.online {
        ("state badge-confirmed", icondata::LuCheck, "Online")
    } else if sender.state.is_none() {
        ("state badge-waiting", icondata::LuClock, "Not asked yet")
    } else {
        ("state badge-declined", icondata::LuCircleX, "Not online")
    };
    let id = sender.id;
    let facts = [
        ("Shown as", sender.name.clone()),
        ("About", sender.about.clone()),
        ("Quality", sender.quality.clone()),
        ("People it may write to first", sender.messaging_limit.clone()),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| {
        value.map(|value| {
            view! {
                <div class="contents">
                    <dt class="text-muted">{name}</dt>
                    <dd dir="auto">{value}</dd>
                </div>
            }
        })
    });
    let facts = facts.collect_view();
    let foreign = sender.found.as_deref() == Some("foreign");
    view! {
        <li class="panel flex flex-col gap-3 p-4" data-sender=sender.phone_display.clone() data-state=sender.state.clone()>
            <div class="flex flex-wrap items-center gap-x-3 gap-y-1">
                <h3 class="tabular text-base font-semibold">{sender.phone_display.clone()}</h3>
                <span class=class>
                    <Icon icon />
                    {state}
                </span>
                {sender
                    .checked_at
                    .map(|at| {
                        view! {
                            <span class="text-sm text-muted">"looked at " <Timestamp at say=TimeFormat::Inline /></span>
                        }
                    })}
            </div>
            {(!sender.online).then(|| view! { <p class="text-sm">{sender.words.clone()}</p> })}
            <dl class="grid gap-x-4 gap-y-1 text-sm sm:grid-cols-[14rem_1fr]">{facts}</dl>
            <Addresses sender=sender.clone() />
            {may_manage.then(|| view! { <Buttons id all foreign /> })}
        </li>
    }
}

/// What stands at Twilio, and what would.
#[component]
fn Addresses(sender: SenderView) -> impl IntoView {
    let now = |url: Option<String>| url.unwrap_or_else(|| "nothing".to_owned());
    let rows = [
        ("Messages that come in", sender.callback_url, sender.callback_url_ours),
        ("What becomes of those that go out", sender.status_url, sender.status_url_ours),
    ];
    let rows = rows.map(|(what, is, ours)| {
        view! {
            <div class="flex flex-col gap-1">
                <p class="font-medium">{what}</p>
                <p class="break-all">
                    <span class="text-muted">"Now: "</span>
                    {now(is)}
                </p>
                <p class="break-all">
                    <span class="text-muted">"Set from here: "</span>
                    {ours}
                </p>
            </div>
        }
    });
    view! {
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Addresses at Twilio"</summary>
            <div class="flex flex-col gap-3 pt-2 text-sm">
                {rows.into_iter().collect_view()} <p class="text-muted">{sender.found_words}</p>
            </div>
        </details>
    }
}

#[component]
fn Buttons(id: Uuid, all: RwSignal<NumbersView>, foreign: bool) -> impl IntoView {
    let flash = use_session().flash();
    let set = ServerAction::<ConfigureSender>::new();
    let set_form = FormState::new(&sender_form(id), set, flash.clone());
    put(Signal::derive(move || set.value().get()), all);
    let check = ServerAction::<CheckSender>::new();
    let check_state = FormState::new(&check_form(id), check, flash);
    put(Signal::derive(move || check.value().get()), all);
    view! {
        <div class="flex flex-wrap items-end gap-3">
            <ActionForm action=set attr:class="flex flex-wrap items-end gap-3">
                <input type="hidden" name="id" value=id.to_string() />
                {foreign
                    .then(|| {
                        view! {
                            <label class="flex min-h-11 items-center gap-2.5">
                                <input type="checkbox" name="take_over" value="yes" class="checkbox" />
                                "Replace the other address"
                            </label>
                        }
                    })}
                <Submit form=set_form label="Set addresses" />
                <FormNote form=set_form saved="Done." />
            </ActionForm>
            <ActionForm action=check attr:class="flex flex-wrap items-end gap-3">
                <input type="hidden" name="id" value=id.to_string() />
                <Submit form=check_state label="Look again" />
                <FormNote form=check_state saved="Looked at." />
            </ActionForm>
        </div>
    }
}
