//! The pages of whoever runs the installation: all businesses and how they are, suspending one, looking into one, what is set, and whether
//! everything is in order. Everybody else finds nothing here.

mod business;
mod doctor;
mod installation;
mod list;
mod requests;

use chrono::{DateTime, Utc};
use contract::Problem;
use leptos::prelude::*;
use leptos_router::components::{A, Outlet};
use serde::{Deserialize, Serialize};

use crate::{components::Awaited, error::AppError, flash::Flash};

pub use business::{BusinessPage, EndLook};
pub use doctor::DoctorPage;
pub use installation::InstallationPage;
pub use list::ListPage;
pub use requests::RequestsPage;

#[cfg(feature = "ssr")]
use crate::ssr;

/// What every page here begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlatformView {
    name: String,
    /// They belong to a business, too.
    has_home: bool,
    flash: Option<Flash>,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn platform_me() -> Result<PlatformView, AppError> {
    let (s, admin) = ssr::platform().await?;
    Ok(PlatformView {
        has_home: services::platform::home(&s, &admin).await?.is_some(),
        name: admin.name,
        flash: ssr::take_flash().await?,
    })
}

/// What the last form left, for the page below the frame.
#[derive(Clone)]
struct Left(Option<Flash>);

/// What the last form left.
pub(crate) fn flash() -> Option<Flash> {
    use_context::<Left>().and_then(|left| left.0)
}

/// Times here are of no business's clock.
pub(crate) fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// The frame around these pages; it takes no business.
#[component]
pub fn Frame() -> impl IntoView {
    let me = Resource::new_blocking(|| (), |()| platform_me());
    view! { <Awaited from=me view=|me| view! { <Framed me /> } /> }
}

#[component]
fn Framed(me: PlatformView) -> impl IntoView {
    let problem = me
        .flash
        .as_ref()
        .filter(|flash| flash.form == Flash::BUTTON)
        .and_then(|flash| flash.problem.clone());
    provide_context(Left(me.flash.clone()));
    let home = me
        .has_home
        .then(|| view! { <a class="btn btn-ghost btn-sm min-h-11" href="/today">"Back to my business"</a> });
    view! {
        <a href="#main" rel="external" class="skip-link">
            "Skip to content"
        </a>
        <header class="flex flex-wrap items-center gap-2 border-b border-base-300 px-4 py-2">
            <p class="flex-1 font-semibold">
                "This installation" <span class="font-normal text-muted">{format!(" · {}", me.name)}</span>
            </p>
            {home}
        </header>
        <nav aria-label="Installation" class="tab-line px-4">
            <A href="/platform" exact=true>
                "Businesses"
            </A>
            <A href="/platform/numbers">"Numbers"</A>
            <A href="/platform/doctor">"Doctor"</A>
            <A href="/platform/settings">"Settings"</A>
        </nav>
        <main id="main" tabindex="-1" class="mx-auto flex max-w-5xl flex-col gap-5 p-4">
            <Wrong problem />
            <Outlet />
        </main>
    }
}

/// What went wrong with a button.
#[component]
fn Wrong(problem: Option<Problem>) -> impl IntoView {
    problem.map(|problem| {
        view! {
            <p role="alert" class="notice notice-error">
                {problem.detail}
            </p>
        }
    })
}
