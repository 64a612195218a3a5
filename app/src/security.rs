//! How one's own account is guarded: where it is signed in, the second step, devices that are not asked for it.

mod factor;
mod sessions;

use contract::security::SecurityView;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{components::Awaited, error::AppError};
use factor::Factor;
use sessions::{Devices, Sessions};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/account/security";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_security() -> Result<SecurityView, AppError> {
    let (s, actor, id) = (ssr::services()?, ssr::actor().await?, ssr::session_id().await?);
    Ok(services::accounts::security::view(&s, &actor, id.as_ref().map(<[u8; 16]>::as_slice)).await?)
}

#[component]
pub fn SecurityPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_security());
    view! {
        <Title text="Your account’s security" />
        <div class="mx-auto flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Your account’s security"</h1>
                <p class="text-muted">"Where you are signed in, and what signing in takes."</p>
            </div>
            <Awaited from=found view=|view| view! { <All view /> } />
        </div>
    }
}

#[component]
fn All(view: SecurityView) -> impl IntoView {
    let now = RwSignal::new(view);
    view! {
        <Sessions now />
        <Factor now />
        <Devices now />
    }
}
