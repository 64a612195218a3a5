//! How the last seven days went: a card for each number, kept current by the stream. What a number means is told where it is pointed at, and
//! to whoever comes to it with the keyboard.

use contract::{live::LiveEvent, reports::Card};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{Awaited, Icon},
    error::AppError,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn read_numbers() -> Result<Vec<Card>, AppError> {
    Ok(services::pages::dashboard::week(&ssr::services()?, &ssr::actor().await?).await?)
}

#[component]
pub fn Numbers() -> impl IntoView {
    let first = Resource::new_blocking(|| (), |()| read_numbers());
    view! { <Awaited from=first quiet=true view=|cards| view! { <Cards cards /> } /> }
}

#[component]
fn Cards(cards: Vec<Card>) -> impl IntoView {
    let session = use_session();
    let cards = RwSignal::new(cards);
    let read = move || {
        spawn_local(async move {
            // If it can't be read just now, what stands there stays; the next event asks again.
            if let Ok(new) = read_numbers().await {
                cards.try_set(new);
            }
        });
    };
    session.live.refetch_on(
        |event| {
            matches!(
                event,
                LiveEvent::Message(_) | LiveEvent::Appointment(_) | LiveEvent::Contact(_)
            )
        },
        read,
    );
    view! {
        <section aria-labelledby="numbers-heading" class="flex flex-col gap-3 print:hidden">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h2 id="numbers-heading">"Last 7 days"</h2>
                <div class="flex flex-wrap gap-2">
                    <a class="btn btn-sm min-h-11 md:min-h-8" href="/reports">
                        <Icon icon=icondata::LuChartColumn />
                        "Reports"
                    </a>
                    <a class="btn btn-sm min-h-11 md:min-h-8" href="/reports/report.csv" rel="external" download="">
                        <Icon icon=icondata::LuDownload />
                        "Export"
                    </a>
                    <a class="btn btn-sm min-h-11 md:min-h-8" href="/log#trial">
                        <Icon icon=icondata::LuSend />
                        "Test text"
                    </a>
                    <a class="btn btn-sm min-h-11 md:min-h-8" href="/today" rel="external">
                        <Icon icon=icondata::LuRefreshCw />
                        "Refresh"
                    </a>
                </div>
            </div>
            <ul class="grid grid-cols-2 gap-3 sm:grid-cols-3">
                <For each=move || cards.get() key=|card| (card.key.clone(), card.value.clone(), card.made_of.clone(), card.trend.clone()) let:card>
                    <Number card />
                </For>
            </ul>
        </section>
    }
}

/// A link to what the number is made of; what it means comes up while it is pointed at or has the focus.
#[component]
fn Number(card: Card) -> impl IntoView {
    let about = format!("about-{}", card.key);
    let trend = match card.good {
        Some(true) => "text-sm text-success",
        Some(false) => "text-sm text-error",
        None => "text-sm text-muted",
    };
    view! {
        <li class="number relative" data-number=card.key.clone()>
            <a
                class="panel flex h-full min-h-11 flex-col p-3 hover:bg-base-200"
                href=card.behind.clone().unwrap_or_else(|| "/reports".to_owned())
                aria-describedby=about.clone()
            >
                <span class="text-sm">{card.title.clone()}</span>
                <span class="tabular text-xl font-semibold">{card.value.clone()}</span>
                <span class=trend>{card.trend.clone()}</span>
            </a>
            <p id=about.clone() class="number-about">
                {card.definition.clone()}
                " "
                {card.made_of.clone()}
            </p>
        </li>
    }
}
