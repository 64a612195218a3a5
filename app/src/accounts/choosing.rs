//! The businesses that somebody works in: going from one to another, and a page for who works in none.

use contract::accounts::BusinessChoice;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Door, SignOut};
use crate::{
    components::{Awaited, Icon},
    error::AppError,
    flash::Flash,
};

#[cfg(feature = "ssr")]
use crate::ssr;

pub(super) const PATH: &str = "/businesses";

/// Where somebody works, whether they do just now or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChoiceView {
    name: String,
    businesses: Vec<BusinessChoice>,
    runs_installation: bool,
    flash: Option<Flash>,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_businesses() -> Result<ChoiceView, AppError> {
    let s = ssr::services()?;
    let (account, flash) = futures::join!(ssr::account(), ssr::take_flash());
    let account = account?;
    Ok(ChoiceView {
        name: services::accounts::name(&s, account).await?,
        businesses: services::accounts::choosing::businesses(&s, account).await?,
        runs_installation: services::accounts::platform::is_admin(&s, account).await?,
        flash: flash?,
    })
}

/// From now on this browser works there. Without a script the page after it is *Today*; a script loads that anew, for everything on the
/// page is another business's.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn switch_business(business_id: Uuid) -> Result<(), AppError> {
    let work = async move {
        let (s, account) = (ssr::own_services()?, ssr::account().await?);
        services::accounts::choosing::choose(&s, account, business_id).await?;
        ssr::work_in(business_id).await
    };
    ssr::button_action("/today", work).await
}

#[component]
pub fn ChoosePage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_businesses());
    view! {
        <Title text="Your businesses" />
        <Awaited from=found view=|found| view! { <Choices found /> } />
    }
}

#[component]
fn Choices(found: ChoiceView) -> impl IntoView {
    let ChoiceView {
        name,
        businesses,
        runs_installation,
        flash,
    } = found;
    let problem = flash.and_then(|flash| flash.problem).map(|problem| problem.detail);
    let none = businesses.is_empty();
    let title = if none { "You work in no business" } else { "Your businesses" };
    let what = if none && runs_installation {
        "Your account belongs to no business; it runs this installation."
    } else if none {
        "Your account belongs to no business any more, so there is nothing to show here. If somebody invites you, their mail has a link that \
         brings you in. You can also create a business of your own with another address."
    } else {
        "Choose where you want to work."
    };
    let list = businesses
        .into_iter()
        .map(|one| {
            view! {
                <li>
                    <form method="post" action=SwitchBusiness::url()>
                        <input type="hidden" name="business_id" value=one.id.to_string() />
                        <button type="submit" class="btn min-h-11 w-full justify-start">
                            <Icon icon=icondata::LuStore />
                            {one.name}
                            <span class="text-sm font-normal text-muted">{one.role.as_str()}</span>
                        </button>
                    </form>
                </li>
            }
        })
        .collect_view();
    view! {
        <Door title>
            <p role="alert" class="text-sm font-semibold text-error empty:hidden">{problem}</p>
            <p>"You are signed in as " <strong>{name}</strong> "."</p>
            <p>{what}</p>
            <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
            {runs_installation
                .then(|| {
                    view! {
                        <a class="btn min-h-11 w-full justify-start" href="/platform">
                            "This installation"
                        </a>
                    }
                })}
            <form method="post" action=SignOut::url()>
                <button type="submit" class="btn btn-ghost min-h-11">
                    <Icon icon=icondata::LuLogOut />
                    "Sign out"
                </button>
            </form>
        </Door>
    }
}
