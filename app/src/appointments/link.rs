//! The link to the page that a visit's customer opens without signing in.

use contract::appointments::LinkView;
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use crate::{
    components::{Awaited, CopyLine, Icon},
    error::AppError,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_link(id: Uuid) -> Result<LinkView, AppError> {
    Ok(services::appointments::link::get(&ssr::services()?, &ssr::actor().await?, id).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn revoke_links(id: Uuid) -> Result<LinkView, AppError> {
    let work = async move { Ok(services::appointments::link::revoke(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&format!("/appointments/{id}"), work).await
}

/// Of a visit that is not there the page says so already.
async fn read(id: String) -> Result<Option<(Uuid, LinkView)>, AppError> {
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(get_link(id).await.ok().map(|link| (id, link)))
}

#[component]
pub fn CustomersLink(id: Memo<String>) -> impl IntoView {
    let found = Resource::new_blocking(move || id.get(), read);
    let view = |found: Option<(Uuid, LinkView)>| found.map(|(id, found)| view! { <Link id found /> });
    view! { <Awaited from=found view quiet=true /> }
}

#[component]
fn Link(id: Uuid, found: LinkView) -> impl IntoView {
    let session = use_session();
    let link = RwSignal::new(found.url);
    let action = ServerAction::<RevokeLinks>::new();
    let revoked = RwSignal::new(false);
    Effect::new(move |_| match action.value().get() {
        Some(Ok(new)) => {
            link.set(new.url);
            revoked.set(true);
        }
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="link-heading">
            <h2 id="link-heading">"Customer’s own page"</h2>
            <p class="text-sm text-muted">
                "Who has the link sees this visit without signing in, and can answer it. It opens until 30 days after the visit."
            </p>
            {move || view! { <CopyLine label="Link" text=link.get() button="Copy link" /> }}
            <div class="flex flex-wrap items-center gap-2">
                <form
                    method="post"
                    action=RevokeLinks::url()
                    on:submit=move |event| {
                        event.prevent_default();
                        action.dispatch(RevokeLinks { id });
                    }
                >
                    <input type="hidden" name="id" value=id.to_string() />
                    <button
                        type="submit"
                        class="btn btn-sm min-h-11 md:min-h-8"
                        aria-busy=move || action.pending().get().to_string()
                        aria-describedby="revoke-hint"
                    >
                        <Icon icon=icondata::LuBan />
                        "Revoke"
                    </button>
                </form>
                <p id="revoke-hint" role="status" class="text-sm text-muted">
                    {move || {
                        if revoked.get() {
                            "Links that were given out open nothing any more. This one is new."
                        } else {
                            "Makes every link that was given out open nothing any more."
                        }
                    }}
                </p>
            </div>
        </section>
    }
}
