//! An invitation, at the address that its mail holds. Looking at it changes nothing: joining is a button.

use contract::{
    Code,
    accounts::{InvitedView, Role, Visitor},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};

use super::{Door, SignOut, choosing::SwitchBusiness};
use crate::{
    components::Awaited,
    error::AppError,
    flash::Flash,
    forms::{Field, FormNote, FormState, Submit},
    paths,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const JOIN: &str = "join";
const NEW: &str = "join-new";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    invited: InvitedView,
    flash: Option<Flash>,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_invitation(token: String) -> Result<Opened, AppError> {
    let s = ssr::services()?;
    let (account, flash) = futures::join!(ssr::signed_in(), ssr::take_flash());
    Ok(Opened {
        invited: services::accounts::invitations::open_link(&s, &token, account?).await?,
        flash: flash?,
    })
}

/// Whoever is signed in joins.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn join_business(token: String) -> Result<(), AppError> {
    let form = ssr::Form::new(JOIN, page(&token));
    let work = async move {
        let (s, account) = (ssr::services()?, ssr::account().await?);
        let business = services::accounts::invitations::accept(&s, &token, account).await?;
        services::accounts::choosing::choose(&s, account, business).await?;
        ssr::work_in(business).await
    };
    ssr::post_form(form, work, |()| Some("/today".to_owned())).await
}

/// Somebody who has no account joins with a new one.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn join_as_new(token: String, name: String, password: String) -> Result<(), AppError> {
    let form = ssr::Form::new(NEW, page(&token)).typed("name", &name);
    let work = async move {
        let (s, caller) = (ssr::services()?, ssr::who_knocks());
        let new = contract::accounts::JoinAsNew { name, password };
        let (account, business) = services::accounts::invitations::accept_as_new(&s, &token, new).await?;
        let start = services::accounts::SessionStart {
            account_id: account,
            business_id: Some(business),
        };
        ssr::start_session(services::accounts::signed_up(&s, start, &caller).await?).await
    };
    ssr::post_form(form, work, |()| Some("/today".to_owned())).await
}

fn page(token: &str) -> String {
    format!("/invitations/{token}")
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "an owner",
        Role::Admin => "an admin",
        Role::Staff => "one of the staff",
    }
}

#[component]
pub fn InvitationPage() -> impl IntoView {
    let params = use_params_map();
    let token = move || params.read().get("token").unwrap_or_default();
    // A link that opens nothing any more is an answer, too.
    let found = Resource::new_blocking(token, |token| async move {
        match open_invitation(token).await {
            Err(AppError(problem)) if problem.code == Code::NotFound => Ok(Err(problem.detail)),
            Err(error) => Err(error),
            Ok(opened) => Ok(Ok(opened)),
        }
    });
    let view = move |found: Result<Opened, String>| match found {
        Ok(opened) => view! { <Invitation opened token=params.read_untracked().get("token").unwrap_or_default() /> }.into_any(),
        Err(why) => view! { <Closed why /> }.into_any(),
    };
    view! {
        <Title text="Invitation" />
        <Awaited from=found view />
    }
}

/// The link was used, is too old, or belongs to nothing.
#[component]
fn Closed(why: String) -> impl IntoView {
    view! {
        <Door title="Invitation">
            <p role="alert">{why}</p>
            <p>
                <a class="link inline-flex min-h-11 items-center" href="/signin">
                    "Sign in"
                </a>
            </p>
        </Door>
    }
}

#[component]
fn Invitation(opened: Opened, token: String) -> impl IntoView {
    let Opened { invited, flash } = opened;
    let what = match &invited.visitor {
        Visitor::Stranger => view! { <AsStranger token=token.clone() flash email=invited.email.clone() /> }.into_any(),
        Visitor::Invited { name } => view! { <AsInvited token=token.clone() flash name=name.clone() /> }.into_any(),
        Visitor::Member { business_id } => view! {
            <p>"You work there already, so there is nothing to accept."</p>
            <form method="post" action=SwitchBusiness::url()>
                <input type="hidden" name="business_id" value=business_id.to_string() />
                <button type="submit" class="btn btn-primary min-h-11">
                    "Go there"
                </button>
            </form>
        }
        .into_any(),
        Visitor::Other { name, email } => view! {
            <p>
                "You are signed in as " <strong>{name.clone()}</strong> {format!(" ({email}), and this invitation is for ")}
                <strong>{invited.email.clone()}</strong> ". Sign out, and open the link again."
            </p>
            <form method="post" action=SignOut::url()>
                <button type="submit" class="btn min-h-11">
                    "Sign out"
                </button>
            </form>
        }
        .into_any(),
    };
    view! {
        <Door title=format!("Join {}", invited.business)>
            <p>
                {invited.invited_by} " invites " <strong class="break-words">{invited.email.clone()}</strong> " to work with "
                <strong>{invited.business.clone()}</strong> " as " {role(invited.role)} "."
            </p>
            {what}
            <p class="text-sm text-muted">"The link opens until " {invited.expires_at.format("%B %-d, %Y").to_string()} ", once."</p>
        </Door>
    }
}

#[component]
fn AsInvited(token: String, flash: Option<Flash>, name: String) -> impl IntoView {
    let action = ServerAction::<JoinBusiness>::new();
    let form = FormState::new(JOIN, action, flash);
    view! {
        <p>"You are signed in as " <strong>{name}</strong> "."</p>
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form />
            <input type="hidden" name="token" value=token />
            <Submit form label="Join" />
        </ActionForm>
    }
}

#[component]
fn AsStranger(token: String, flash: Option<Flash>, email: String) -> impl IntoView {
    let action = ServerAction::<JoinAsNew>::new();
    let form = FormState::new(NEW, action, flash);
    let taken = move || {
        form.problem
            .with(|p| p.as_ref().and_then(|p| p.for_field("email").map(str::to_owned)))
    };
    let here = page(&token);
    let sign_in = paths::with_query("/signin", &[("next", Some(&here))]);
    view! {
        <div>
            <h2>"You have an account"</h2>
            <a class="btn min-h-11" href=sign_in>
                "Sign in to join"
            </a>
        </div>
        <div class="flex flex-col gap-3">
            <h2>"You are new here"</h2>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form />
                <p class="field-error empty:hidden">{taken}</p>
                <input type="hidden" name="token" value=token />
                // So that a program that keeps passwords knows whose it is.
                <input type="hidden" autocomplete="username" value=email />
                <Field form name="name" label="Your name" autocomplete="name" required=true />
                <Field
                    form
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 8 characters."
                    required=true
                />
                <Submit form label="Make an account and join" />
            </ActionForm>
        </div>
    }
}
