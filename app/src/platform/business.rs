//! One business: how it is, suspending it, and looking into it.

use contract::platform::BusinessDetail;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

use super::{flash, list::Health, utc};
use crate::{
    components::Awaited,
    error::AppError,
    forms::{Area, FormNote, FormState, Submit},
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn platform_business(id: Uuid) -> Result<BusinessDetail, AppError> {
    let (s, admin) = ssr::platform().await?;
    Ok(services::platform::get(&s, &admin, id).await?)
}

/// Where a business's page is.
#[cfg(feature = "ssr")]
fn page(id: Uuid) -> String {
    format!("/platform/businesses/{id}")
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn suspend_business(id: Uuid, why: String) -> Result<BusinessDetail, AppError> {
    let form = ssr::Form::new("suspend", page(id)).typed("why", &why);
    let work = async move {
        let (s, admin) = ssr::platform().await?;
        services::platform::suspend(&s, &admin, id, &why).await?;
        Ok(services::platform::get(&s, &admin, id).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn resume_business(id: Uuid) -> Result<BusinessDetail, AppError> {
    let work = async move {
        let (s, admin) = ssr::platform().await?;
        services::platform::resume(&s, &admin, id).await?;
        Ok(services::platform::get(&s, &admin, id).await?)
    };
    ssr::post_form(ssr::Form::new("resume", page(id)), work, |_| None).await
}

/// From now on this browser looks into the business.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn begin_look(id: Uuid, why: String) -> Result<(), AppError> {
    let form = ssr::Form::new("look", page(id)).typed("why", &why);
    let work = async move {
        let (s, admin) = ssr::platform().await?;
        services::platform::look_into(&s, &admin, id, &why).await?;
        ssr::look_into(Some(id), None).await
    };
    ssr::post_form(form, work, |()| Some("/inbox".to_owned())).await
}

/// Ends the look into the business, in whichever browser it was begun. One that looks into it goes back to where its person works.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn end_look(id: Uuid) -> Result<(), AppError> {
    let work = async move {
        let (s, admin) = ssr::platform().await?;
        services::accounts::platform::end_look(&s, &admin, id).await?;
        if ssr::looks_into().await? != Some(id) {
            return Ok(());
        }
        let home = services::platform::home(&s, &admin).await?;
        ssr::look_into(None, home).await
    };
    ssr::post_form(ssr::Form::new("end-look", "/platform"), work, |()| {
        Some("/platform".to_owned())
    })
    .await
}

#[component]
pub fn BusinessPage() -> impl IntoView {
    let params = use_params_map();
    let id = move || {
        let id = params.read().get("id").and_then(|id| id.parse::<Uuid>().ok());
        id.unwrap_or_default()
    };
    let found = Resource::new_blocking(id, platform_business);
    view! {
        <p>
            <a class="link text-sm" href="/platform">
                "Businesses"
            </a>
        </p>
        <Awaited from=found view=|detail| view! { <Detail detail /> } />
    }
}

#[component]
fn Detail(detail: BusinessDetail) -> impl IntoView {
    let suspend = ServerAction::<SuspendBusiness>::new();
    let resume = ServerAction::<ResumeBusiness>::new();
    let shown = RwSignal::new(detail.clone());
    for value in [suspend.value(), resume.value()] {
        Effect::new(move |_| {
            if let Some(Ok(detail)) = value.get() {
                shown.set(detail);
            }
        });
    }
    let suspend_form = FormState::new("suspend", suspend, flash());
    let resume_form = FormState::new("resume", resume, flash());
    let id = detail.row.id;
    let health = move || view! { <Health row=shown.read().row.clone() /> };
    let door = move || {
        let (at, why) = {
            let shown = shown.read();
            (shown.suspended_at, shown.suspended_why.clone())
        };
        match at {
            None => view! { <Suspend action=suspend form=suspend_form id /> }.into_any(),
            Some(at) => view! {
                <p>{format!("Suspended since {}. {}", utc(at), why.unwrap_or_default())}</p>
                <ActionForm action=resume attr:class="flex flex-col gap-3">
                    <FormNote form=resume_form />
                    <input type="hidden" name="id" value=id.to_string() />
                    <p class="text-sm text-muted">
                        "What waited and still makes sense goes out; reminders that came too late do not. Owners and admins are told."
                    </p>
                    <div>
                        <Submit form=resume_form label="Resume" />
                    </div>
                </ActionForm>
            }
            .into_any(),
        }
    };
    let (name, facts) = (detail.row.name.clone(), detail.clone());
    view! {
        <Title text=name.clone() />
        <h1>{name}</h1>
        {health}
        <Facts detail=facts />
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="suspension-heading">
            <h2 id="suspension-heading">"Suspension"</h2>
            {door}
        </section>
        <Look detail />
    }
}

#[component]
fn Suspend(action: ServerAction<SuspendBusiness>, form: FormState, id: Uuid) -> impl IntoView {
    view! {
        <ActionForm action attr:class="flex flex-col gap-3">
            <FormNote form />
            <p class="text-sm text-muted">
                "Nothing leaves it from then on: reminders wait, and replies are refused with your reason. What customers write is still stored and shown, and a STOP still counts. Its people can sign in and read everything. Owners and admins get a mail with your reason."
            </p>
            <input type="hidden" name="id" value=id.to_string() />
            <Area form name="why" label="Why" hint="The people of the business read this." required=true />
            <div>
                <Submit form label="Suspend" />
            </div>
        </ActionForm>
    }
}

#[component]
fn Facts(detail: BusinessDetail) -> impl IntoView {
    let people = detail
        .people
        .iter()
        .map(|(name, role)| format!("{name} ({role})"))
        .collect::<Vec<_>>()
        .join(", ");
    let numbers = if detail.numbers.is_empty() {
        "none of its own".to_owned()
    } else {
        detail.numbers.join(", ")
    };
    let trouble = detail
        .trouble
        .iter()
        .map(|(title, seen)| view! { <li>{format!("{title}: {seen}")}</li> })
        .collect_view();
    let account = if detail.own_account {
        "its own"
    } else {
        "the installation’s"
    };
    view! {
        <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[10rem_1fr]">
            <dt class="text-muted">"People"</dt>
            <dd>{people}</dd>
            <dt class="text-muted">"Numbers"</dt>
            <dd class="tabular">{numbers}</dd>
            <dt class="text-muted">"Twilio account"</dt>
            <dd>{account}</dd>
            <dt class="text-muted">"Place"</dt>
            <dd>{format!("{} {}", detail.time_zone, detail.country)}</dd>
        </dl>
        <ul class="flex list-disc flex-col gap-1 ps-5 text-sm empty:hidden">{trouble}</ul>
    }
}

#[component]
fn Look(detail: BusinessDetail) -> impl IntoView {
    let action = ServerAction::<BeginLook>::new();
    let form = FormState::new("look", action, flash());
    Effect::new(move |_| {
        // What is drawn from now on is another's: all of it is loaded anew.
        if let Some(Ok(())) = action.value().get() {
            #[cfg(feature = "hydrate")]
            crate::browser::load_page("/inbox");
        }
    });
    let open = detail.looking_until.map(|until| {
        view! {
            <p>{format!("You look into it until {}.", utc(until))}</p>
            <form method="post" action=EndLook::url()>
                <input type="hidden" name="id" value=detail.row.id.to_string() />
                <button type="submit" class="btn min-h-11">
                    "End the look"
                </button>
            </form>
        }
    });
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="look-heading">
            <h2 id="look-heading">"Look into it"</h2>
            {open}
            <ActionForm action attr:class="flex flex-col gap-3">
                <FormNote form />
                <p class="text-sm text-muted">
                    "For an hour you see its conversations, people and visits, and can change or send nothing. Its owners and admins get a mail with your name and reason, a banner shows it meanwhile, and it stands in the audit trail."
                </p>
                <input type="hidden" name="id" value=detail.row.id.to_string() />
                <Area form name="why" label="What for" hint="The owners of the business read this." required=true />
                <div>
                    <Submit form label="Look into it" />
                </div>
            </ActionForm>
        </section>
    }
}
