//! Signing up, in and out, and who is looking.

mod choosing;
mod emails;
mod invited;
mod own;
mod passwords;
mod people;

use contract::{accounts::Me, businesses::CountryView};
use leptos::{html, prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use crate::{
    browser,
    businesses::{COUNTRY_HINT, country_options},
    components::{Awaited, Icon, RedirectTo},
    error::AppError,
    flash::Flash,
    forms::{Choice, Field, FormNote, FormState, Submit},
    paths,
    session::SessionView,
};

pub use choosing::{ChoosePage, SwitchBusiness, switch_business};
pub use emails::{ConfirmEmailPage, UndoEmailPage};
pub use invited::InvitationPage;
pub use own::AccountPage;
pub use passwords::{ForgotPage, ResetPage};
pub use people::PeoplePage;

#[cfg(feature = "ssr")]
use crate::ssr;

mod code;
pub use code::CodePage;

/// The name of the form to sign in; the way by another account comes back to it, too.
const SIGN_IN: &str = "signin";

/// Who is signed in, with fresh counts.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn who_am_i() -> Result<Me, AppError> {
    Ok(services::pages::me::me(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Everything a page of a signed-in person starts with.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn session() -> Result<SessionView, AppError> {
    let (s, actor, flash) = ssr::visitor().await?;
    Ok(SessionView {
        me: services::pages::me::me(&s, &actor).await?,
        zones: services::businesses::zones(&s, &actor).await?,
        notices: services::pages::notices::list(&s, &actor).await?,
        now: s.now(),
        flash,
    })
}

/// What a form posted without JavaScript left, for pages outside the frame.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn left_flash() -> Result<Option<Flash>, AppError> {
    ssr::take_flash().await
}

/// What the form for a new business starts with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignUpView {
    flash: Option<Flash>,
    countries: Vec<CountryView>,
    /// The country of the browser's language, if it names one: `it-IT`.
    likely: Option<String>,
    /// Whether new businesses are taken.
    open: bool,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn begin_sign_up() -> Result<SignUpView, AppError> {
    let (countries, region) = (services::businesses::all_countries(), ssr::region());
    let s = ssr::services()?;
    Ok(SignUpView {
        open: services::accounts::installation::sign_up_is_open(&s).await?,
        likely: region.filter(|code| countries.iter().any(|c| c.code == *code)),
        countries,
        flash: ssr::take_flash().await?,
    })
}

/// The code of the country a time zone lies in, if it lies in one.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn country_of_zone(zone: String) -> Result<Option<String>, AppError> {
    Ok(std::future::ready(services::businesses::country_of_zone(&zone)).await)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn sign_up(
    business_name: String,
    name: String,
    email: String,
    password: String,
    time_zone: String,
    country: Option<String>,
) -> Result<(), AppError> {
    let form = ssr::Form::new("signup", "/signup")
        .typed("business_name", &business_name)
        .typed("name", &name)
        .typed("email", &email)
        .typed("country", country.as_deref().unwrap_or_default());
    let command = contract::accounts::SignUp {
        business_name,
        name,
        email,
        password,
        time_zone: Some(time_zone),
        country,
    };
    let work = async move {
        let (s, caller) = (ssr::services()?, ssr::who_knocks());
        let started = services::setup::sign_up(&s, command).await?;
        ssr::start_session(services::accounts::signed_up(&s, started.into(), &caller).await?).await
    };
    ssr::post_form(form, work, |()| Some("/today".to_owned())).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn sign_in(email: String, password: String, next: String) -> Result<(), AppError> {
    let next = paths::after_sign_in(&next).to_owned();
    let page = paths::with_query("/signin", &[("next", Some(&next))]);
    let form = ssr::Form::new(SIGN_IN, page).typed("email", &email);
    let work = async move {
        let (s, caller) = (ssr::own_services()?, ssr::who_knocks());
        match services::accounts::sign_in(&s, contract::accounts::SignIn { email, password }, &caller).await? {
            services::accounts::SignedIn::In(entry) => {
                let there = after_sign_in(entry.start.business_id.is_some(), next);
                ssr::start_session(entry).await.map(|()| there)
            }
            services::accounts::SignedIn::CodeNeeded(passed) => {
                ssr::await_code(passed).await?;
                Ok(paths::with_query("/signin/code", &[("next", Some(&next))]))
            }
        }
    };
    ssr::post_form(form, work, |to| Some(to.clone())).await.map(drop)
}

/// Who belongs to no business may still accept an invitation.
#[cfg(feature = "ssr")]
fn after_sign_in(works: bool, next: String) -> String {
    if works || next.starts_with("/invitations/") {
        next
    } else {
        choosing::PATH.to_owned()
    }
}

/// Whether single keys do something for this person.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_shortcuts(on: bool) -> Result<(), AppError> {
    let work = async move { Ok(services::accounts::set_shortcuts(&ssr::services()?, &ssr::actor().await?, on).await?) };
    ssr::button_action("/inbox", work).await
}

/// Whether this person gets new conversations here; as it is then.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_away(away: bool) -> Result<bool, AppError> {
    let work = async move {
        services::accounts::set_away(&ssr::services()?, &ssr::actor().await?, away).await?;
        Ok(away)
    };
    ssr::post_form(ssr::Form::new(SetAway::FORM, "/notifications"), work, |_| None).await
}

impl SetAway {
    /// The name of its form.
    pub const FORM: &str = "away";
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn sign_out() -> Result<(), AppError> {
    let work = async move {
        // Whoever is not signed in any more goes out all the same.
        if let Some(actor) = ssr::somebody().await {
            services::accounts::signed_out(&ssr::services()?, &actor).await?;
        }
        ssr::end_session().await
    };
    ssr::post_form(ssr::Form::new("signout", "/signin"), work, |()| Some("/signin".to_owned())).await
}

/// `/`: *Today* for whoever is signed in, the door for everybody else.
#[component]
pub fn Home() -> impl IntoView {
    let someone = Resource::new_blocking(|| (), |()| who_am_i());
    let lead = move || {
        Suspend::new(async move {
            let path = if someone.await.is_ok() { "/today" } else { "/signin" };
            view! { <RedirectTo path=path.to_owned() /> }
        })
    };
    view! { <Suspense>{lead}</Suspense> }
}

#[component]
pub fn SignUpPage() -> impl IntoView {
    let start = Resource::new_blocking(|| (), |()| begin_sign_up());
    let body = |start: SignUpView| {
        if start.open {
            view! { <SignUpForm start /> }.into_any()
        } else {
            view! { <SignUpClosed /> }.into_any()
        }
    };
    view! {
        <Title text="Create your business" />
        <Awaited from=start view=body />
    }
}

/// Whoever runs the installation takes no new businesses.
#[component]
fn SignUpClosed() -> impl IntoView {
    view! {
        <Door title="No new businesses">
            <p>"This installation takes no new businesses. Please ask whoever runs it, or somebody of your business for an invitation."</p>
            <p class="text-sm">
                <a class="link" href="/signin">
                    "Sign in"
                </a>
            </p>
        </Door>
    }
}

#[component]
fn SignUpForm(start: SignUpView) -> impl IntoView {
    let SignUpView {
        flash,
        countries,
        likely,
        ..
    } = start;
    let action = ServerAction::<SignUp>::new();
    let form = FormState::new("signup", action, flash);
    let zone = RwSignal::new(String::new());
    let country = NodeRef::<html::Select>::new();
    let likely = StoredValue::new(likely.unwrap_or_default());
    Effect::new(move |_| {
        let name = browser::time_zone().unwrap_or_default();
        zone.set(name.clone());
        if !form.is_shown_again() {
            spawn_local(choose_by_zone(name, country, likely));
        }
    });
    let options = country_options(&countries, "");
    view! {
        <Door title="Create your business">
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form />
                <Field form name="business_name" label="Business name" autocomplete="organization" required=true />
                <Field form name="name" label="Your name" autocomplete="name" required=true />
                <Field form name="email" label="E-mail" kind="email" autocomplete="email" required=true />
                <Field
                    form
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 8 characters."
                    required=true
                />
                <Choice
                    form
                    name="country"
                    label="Country"
                    options
                    value=likely.get_value()
                    hint=COUNTRY_HINT
                    required=true
                    node=country
                />
                <input type="hidden" name="time_zone" value=zone />
                <Submit form label="Create business" />
            </ActionForm>
            <p class="text-sm">
                "Already here? "
                <a class="link" href="/signin">
                    "Sign in"
                </a>
            </p>
        </Door>
    }
}

/// Where the browser is says more than its language, but less than a choice that was made meanwhile.
async fn choose_by_zone(zone: String, country: NodeRef<html::Select>, before: StoredValue<String>) {
    let Ok(Some(code)) = country_of_zone(zone).await else { return };
    if let (Some(select), Some(before)) = (country.try_get_untracked().flatten(), before.try_get_value())
        && select.value() == before
    {
        select.set_value(&code);
    }
}

/// What the page to sign in starts with. Whoever is signed in, but works no more where they did, is led to where they do.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn begin_sign_in() -> Result<SignInView, AppError> {
    let issuer = services::accounts::oidc::name(&ssr::services()?);
    let (signed_in, actor, flash) = futures::join!(ssr::signed_in(), ssr::actor_if_any(), ssr::take_flash());
    Ok(SignInView {
        works_nowhere: signed_in?.is_some() && actor?.is_none(),
        issuer,
        flash: flash?,
    })
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignInView {
    works_nowhere: bool,
    /// What the button to another account says, where there is one.
    issuer: Option<String>,
    flash: Option<Flash>,
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let start = Resource::new_blocking(|| (), |()| begin_sign_in());
    let view = |start: SignInView| {
        if start.works_nowhere {
            view! { <RedirectTo path=choosing::PATH.to_owned() /> }.into_any()
        } else {
            view! { <SignInForm start /> }.into_any()
        }
    };
    view! {
        <Title text="Sign in" />
        <Awaited from=start view />
    }
}

#[component]
fn SignInForm(start: SignInView) -> impl IntoView {
    let SignInView { flash, issuer, .. } = start;
    let action = ServerAction::<SignIn>::new();
    let form = FormState::new(SIGN_IN, action, flash);
    let query = use_query_map().get_untracked();
    let changed = query.get("changed").as_deref() == Some("password");
    let next = query.get("next").unwrap_or_default();
    let next = paths::after_sign_in(&next).to_owned();
    let other = issuer.map(|name| {
        let next = next.clone();
        view! {
            // A form, for it changes what this browser's session holds; not taken over by the script, for it leads elsewhere.
            <form method="post" action="/signin/oidc" class="flex flex-col">
                <input type="hidden" name="next" value=next />
                <button type="submit" class="btn min-h-11">
                    {name}
                </button>
            </form>
        }
    });
    view! {
        <Door title="Sign in">
            <p role="status" class="text-sm font-semibold text-success" class:hidden=!changed>
                "Your password is changed. Please sign in with it."
            </p>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form />
                <Field form name="email" label="E-mail" kind="email" autocomplete="username" required=true />
                <Field form name="password" label="Password" kind="password" autocomplete="current-password" required=true />
                <input type="hidden" name="next" value=next />
                <Submit form label="Sign in" />
            </ActionForm>
            {other}
            <p class="text-sm">
                <a class="link" href="/forgot">
                    "Forgot your password?"
                </a>
            </p>
            <p class="text-sm">
                "New here? "
                <a class="link" href="/signup">
                    "Create a business"
                </a>
            </p>
        </Door>
    }
}

/// The frame of pages outside: for whoever is not signed in.
#[component]
pub fn Door(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <main class="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center gap-4 p-4">
            <p class="flex items-center gap-2 font-semibold text-primary">
                <Icon icon=icondata::LuMessageSquare />
                "Showup"
            </p>
            <div class="panel flex flex-col gap-5 p-6">
                <h1>{title}</h1>
                {children()}
            </div>
        </main>
    }
}
