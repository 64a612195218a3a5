//! The browsers that show notifications for this person, and turning them on in this one.

use contract::notifications::DeviceView;
use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use super::list_notifications;
use crate::{
    browser::pwa,
    components::Icon,
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn send_test_push() -> Result<(), AppError> {
    let work = async move {
        services::notifications::send_test(&ssr::services()?, &ssr::actor().await?).await?;
        Ok(())
    };
    ssr::post_form(ssr::Form::new("push-test", super::PAGE), work, |()| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn remove_device(id: Uuid) -> Result<(), AppError> {
    let work = async move { Ok(services::notifications::remove_device(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(super::PAGE, work).await
}

#[component]
pub fn Devices(devices: Vec<DeviceView>, push_key: String) -> impl IntoView {
    let session = use_session();
    let shown = RwSignal::new(devices);
    let again = move || {
        spawn_local(async move {
            if let Ok(new) = list_notifications(None).await {
                shown.try_set(new.devices);
            }
        });
    };
    session
        .live
        .refetch_on(|event| matches!(event, contract::live::LiveEvent::Notices(_)), again);
    let test = ServerAction::<SendTestPush>::new();
    let form = FormState::new("push-test", test, session.flash());
    let remove = ServerAction::<RemoveDevice>::new();
    Effect::new(move |_| {
        if remove.value().get().is_some() {
            again();
        }
    });
    let list = move || {
        let rows = shown.get();
        (!rows.is_empty()).then(|| {
            let rows = rows.into_iter().map(|one| view! { <Device one remove /> }).collect_view();
            view! {
                <ul class="flex flex-col gap-2" aria-live="polite">
                    {rows}
                </ul>
            }
        })
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="devices-heading">
            <h2 id="devices-heading">"Your devices"</h2>
            <ThisDevice push_key done=again />
            {list}
            <ActionForm action=test attr:class="flex flex-col gap-2">
                <FormNote form saved="It is on its way to your devices." />
                <div class:hidden=move || shown.read().iter().all(|one| one.gone)>
                    <Submit form label="Send me a test" />
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn Device(one: DeviceView, remove: ServerAction<RemoveDevice>) -> impl IntoView {
    let class = if one.gone || one.failing {
        "text-sm text-error"
    } else {
        "text-sm text-muted"
    };
    view! {
        <li class="flex items-start gap-3 rounded border border-base-300 p-3" data-device=one.id.to_string()>
            <div class="min-w-0 flex-1">
                <p class="font-medium">{one.name}</p>
                <p class=class>{one.state}</p>
            </div>
            <ActionForm action=remove>
                <input type="hidden" name="id" value=one.id.to_string() />
                <button type="submit" class="btn btn-ghost btn-sm min-h-11 md:min-h-8">
                    "Remove"
                </button>
            </ActionForm>
        </li>
    }
}

/// What can be done in this browser; it knows that itself, so there is nothing to press before it has said so.
#[component]
fn ThisDevice(push_key: String, done: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = RwSignal::new(None::<String>);
    let can_install = RwSignal::new(false);
    Effect::new(move |_| {
        state.set(pwa::push_state());
        can_install.set(pwa::can_install());
        // The browser may offer it later.
        let offered = window_event_listener_untyped("showup-installable", move |_| _ = can_install.try_set(true));
        on_cleanup(move || offered.remove());
    });
    let problem = RwSignal::new(None::<String>);
    let push_key = StoredValue::new(push_key);
    let turn_on = move |_| {
        // Asked straight from the tap, or some browsers will not ask at all.
        let asked = push_key.with_value(|key| pwa::turn_on(key));
        spawn_local(async move {
            problem.try_set(asked.await.err());
            state.try_set(pwa::push_state());
            done();
        });
    };
    let words = move || match state.get().as_deref() {
        Some("ios") => view! { <OnIos /> }.into_any(),
        Some("none") => view! { <p class="text-sm text-muted">"This browser can’t show notifications."</p> }.into_any(),
        Some("denied") => view! {
            <p class="text-sm text-muted">
                "This browser was told not to show notifications of this site. You can change that in its settings for this site."
            </p>
        }
        .into_any(),
        Some(_) => view! {
            <div>
                <button type="button" class="btn btn-primary min-h-11" on:click=turn_on>
                    <Icon icon=icondata::LuBell />
                    "Turn on notifications in this browser"
                </button>
            </div>
        }
        .into_any(),
        None => view! {
            <p class="text-sm text-muted">"Notifications are turned on on each device by itself. That takes JavaScript."</p>
        }
        .into_any(),
    };
    view! {
        {words}
        <p role="alert" class="field-error empty:hidden">
            {move || problem.get()}
        </p>
        <div class:hidden=move || !can_install.get()>
            <button type="button" class="btn min-h-11" on:click=move |_| pwa::install()>
                <Icon icon=icondata::LuDownload />
                "Install Showup on this device"
            </button>
        </div>
    }
}

/// There, only an app of the home screen may show notifications.
#[component]
fn OnIos() -> impl IntoView {
    view! {
        <div class="notice" data-ios="">
            <p class="font-semibold">"On an iPhone or iPad Showup has to be on the Home Screen first"</p>
            <ol class="list-decimal ps-5 pt-1">
                <li>"Tap the Share button, and choose “Add to Home Screen”."</li>
                <li>"Open Showup from there, come back to this page, and turn notifications on."</li>
            </ol>
        </div>
    }
}
