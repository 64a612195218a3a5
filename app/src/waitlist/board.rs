//! The board: a column for each way a free time can stand. Clocks count down here; what happens comes by the stream.

use std::time::Duration as StdDuration;

use chrono::{DateTime, Utc};
use contract::{
    live::LiveEvent,
    waitlist::{Board, OfferStatus, OfferView, SlotView},
};
use domain::permissions::Permission;
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_meta::Title;

use super::{BOARD, CloseSlot, SkipOffer, close_slot, skip_offer, tabs, waitlist_board, words};
use crate::{
    browser,
    components::{Awaited, Empty, Icon, PressButton, Tabs, TimeFormat, Timestamp},
    session::use_session,
};

const TICK: StdDuration = StdDuration::from_secs(1);

/// Where people are asked, and what for.
pub(super) fn is_offer(event: &LiveEvent) -> bool {
    match event {
        LiveEvent::Slot(_) => true,
        LiveEvent::Message(message) => message.kind == "offer",
        _ => false,
    }
}

/// Now, by the server's clock, to the second while the page is open.
pub(crate) fn seconds() -> RwSignal<DateTime<Utc>> {
    let session = use_session();
    let now = RwSignal::new(session.now.get_untracked());
    Effect::new(move |_| {
        let offset = session.now.get_untracked() - browser::now();
        let ticking = set_interval_with_handle(move || _ = now.try_set(browser::now() + offset), TICK);
        on_cleanup(move || {
            if let Ok(ticking) = ticking {
                ticking.clear();
            }
        });
    });
    now
}

#[component]
pub fn BoardPage() -> impl IntoView {
    let board = Resource::new_blocking(|| (), |()| waitlist_board());
    let session = use_session();
    let open = session.may(Permission::WriteWaitlist).then(|| {
        view! {
            <a class="btn btn-primary btn-sm min-h-11 md:min-h-9" href="/waitlist/open">
                <Icon icon=icondata::LuPlus />
                "Open a time"
            </a>
        }
    });
    view! {
        <Title text="Waitlist" />
        <div class="mx-auto flex max-w-7xl flex-col gap-4 p-4">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h1>"Waitlist"</h1>
                {open}
            </div>
            <Tabs label="Waitlist" tabs=tabs() current=Signal::stored("Times") />
            <Awaited from=board view=|board| view! { <Columns board /> } />
        </div>
    }
}

#[component]
fn Columns(board: Board) -> impl IntoView {
    let session = use_session();
    let board = RwSignal::new(board);
    session.live.refetch_on(is_offer, move || {
        spawn_local(async move {
            // If it can't be read just now, what stands there stays; the next event asks again.
            if let Ok(new) = waitlist_board().await {
                board.try_set(new);
            }
        });
    });
    let now = seconds();
    let nothing = move || {
        let board = board.read();
        [&board.open, &board.offering, &board.taken, &board.expired]
            .iter()
            .all(|column| column.is_empty())
    };
    view! {
        <Figures board />
        <div class="panel" class:hidden=move || !nothing()>
            <Empty
                title="No time is free"
                next_step="When a visit is cancelled or moved, its time appears here and is offered to who waits. You can also open one by hand."
            />
        </div>
        <div class="grid items-start gap-4 md:grid-cols-2 xl:grid-cols-4" class:hidden=nothing>
            <Column title="Open" name="open" slots=Signal::derive(move || board.read().open.clone()) now nothing="No time waits to be offered." />
            <Column title="Offering" name="offering" slots=Signal::derive(move || board.read().offering.clone()) now nothing="Nobody is asked at the moment." />
            <Column title="Taken" name="taken" slots=Signal::derive(move || board.read().taken.clone()) now nothing="What is filled is shown here for a week." />
            <Column title="Expired" name="expired" slots=Signal::derive(move || board.read().expired.clone()) now nothing="No time went by unfilled this week." />
        </div>
    }
}

/// What the waitlist has brought.
#[component]
fn Figures(board: RwSignal<Board>) -> impl IntoView {
    let figure = |label: &'static str, value: Signal<String>| {
        view! {
            <div class="panel px-4 py-3">
                <dt class="text-sm text-muted">{label}</dt>
                <dd class="tabular text-2xl font-semibold">{value}</dd>
            </div>
        }
    };
    view! {
        <section aria-label="The last 30 days">
            <dl class="grid grid-cols-2 gap-3 lg:grid-cols-4">
                {figure("Times freed, 30 days", Signal::derive(move || board.read().figures.slots.to_string()))}
                {figure("Filled", Signal::derive(move || words::filled(&board.read().figures)))}
                {figure("Minutes to fill, median of 7 days", Signal::derive(move || words::median_to_fill(&board.read().taken)))}
                {figure("Offers for each one filled", Signal::derive(move || words::offers_a_fill(&board.read().figures)))}
            </dl>
        </section>
    }
}

#[component]
fn Column(
    title: &'static str,
    name: &'static str,
    slots: Signal<Vec<SlotView>>,
    now: RwSignal<DateTime<Utc>>,
    nothing: &'static str,
) -> impl IntoView {
    let (id, labelled) = (format!("column-{name}"), format!("column-{name}"));
    view! {
        <section class="flex min-w-0 flex-col gap-3" aria-labelledby=labelled data-column=name>
            <h2 id=id class="flex items-baseline gap-2">
                {title} <span class="badge badge-ghost badge-sm tabular">{move || slots.read().len()}</span>
            </h2>
            <p class="text-sm text-muted" class:hidden=move || !slots.read().is_empty()>
                {nothing}
            </p>
            // One that has not changed is not drawn anew, so that a focused button stays where it is.
            <ul class="flex flex-col gap-3 empty:hidden">
                <For
                    each=move || slots.get()
                    key=|slot| (slot.id, slot.updated_at, shape(slot))
                    children=move |time| {
                        view! {
                            <li>
                                <Card time now />
                            </li>
                        }
                    }
                />
            </ul>
        </section>
    }
}

/// What may change about a slot's offers without the slot changing.
fn shape(slot: &SlotView) -> Vec<(OfferStatus, Option<DateTime<Utc>>, bool)> {
    slot.offers
        .iter()
        .map(|offer| (offer.status, offer.expires_at, offer.delivered_at.is_some()))
        .collect()
}

#[component]
fn Card(time: SlotView, now: RwSignal<DateTime<Utc>>) -> impl IntoView {
    let (session, slot) = (use_session(), time);
    let id = slot.id;
    let is_free = slot.status.is_free();
    let (about, source, mode) = (words::about(&slot), words::source(&slot), slot.mode.label());
    let waits = slot.wait_reason.clone().filter(|_| is_free).map(|why| {
        let until = slot
            .waits_until
            .map(|at| view! { " Until " <Timestamp at say=TimeFormat::Inline /> "." });
        view! {
            <p class="text-sm text-warning">
                {why} {until}
            </p>
        }
    });
    let visit = slot.appointment_id.map(|visit| {
        view! {
            <a class="link text-sm" href=format!("/appointments/{visit}")>
                "Open the visit"
            </a>
        }
    });
    let acts = (is_free && session.may(Permission::WriteWaitlist)).then(|| view! { <StopButton id back=BOARD.to_owned() /> });
    let offers = slot.offers.clone();
    view! {
        <article class="panel flex flex-col gap-2 p-4" data-slot=id.to_string() data-status=slot.status.to_string()>
            <h3 class="text-base">
                <a class="text-inherit no-underline hover:underline" href=format!("/waitlist/slots/{id}")>
                    <Timestamp at=slot.starts_at say=TimeFormat::Inline place=slot.time_zone.clone() />
                </a>
            </h3>
            <p class="text-sm">{about}</p>
            <p class="text-sm text-muted">{source} " · " {mode}</p>
            {waits}
            <Offers offers now back=BOARD.to_owned() />
            {visit}
            <div class="flex flex-wrap gap-2 empty:hidden">{acts}</div>
        </article>
    }
}

#[component]
pub(super) fn StopButton(id: uuid::Uuid, back: String) -> impl IntoView {
    let fields = vec![("id", id.to_string()), ("back", back)];
    let run = move || async move { Ok(LiveEvent::Slot(close_slot(id, String::new()).await?)) };
    view! {
        <PressButton url=CloseSlot::url() fields run>
            <Icon icon=icondata::LuCircleStop />
            "Stop offering"
        </PressButton>
    }
}

/// Who is, or was, asked for a time.
#[component]
pub(super) fn Offers(offers: Vec<OfferView>, now: RwSignal<DateTime<Utc>>, back: String) -> impl IntoView {
    let rows = offers
        .into_iter()
        .map(|offer| view! { <OfferRow offer now back=back.clone() /> })
        .collect_view();
    view! { <ul class="flex flex-col gap-2 empty:hidden">{rows}</ul> }
}

#[component]
fn OfferRow(offer: OfferView, now: RwSignal<DateTime<Utc>>, back: String) -> impl IntoView {
    let session = use_session();
    let is_open = matches!(offer.status, OfferStatus::Waiting | OfferStatus::Sent);
    let status = words::offer(offer.status, offer.delivered_at.is_some());
    let clock = offer.expires_at.filter(|_| offer.status == OfferStatus::Sent).map(|until| {
        view! {
            <span role="timer" class="tabular font-semibold" data-clock="">
                {move || words::left(until - now.get())} <span class="sr-only">" left to answer"</span>
            </span>
        }
    });
    let times = [("asked ", offer.sent_at), ("answered ", offer.answered_at)]
        .into_iter()
        .filter_map(|(said, at)| at.map(|at| view! { <span>{said} <Timestamp at say=TimeFormat::Clock /></span> }))
        .collect_view();
    let skip = (is_open && session.may(Permission::WriteWaitlist)).then(|| {
        let id = offer.id;
        let fields = vec![("id", id.to_string()), ("back", back)];
        let run = move || async move { Ok(LiveEvent::Slot(skip_offer(id, String::new()).await?)) };
        let name = offer.contact_name.clone();
        view! {
            <PressButton url=SkipOffer::url() fields run class="btn btn-ghost btn-xs min-h-11 md:min-h-8">
                "Skip"
                <span class="sr-only">" " {name}</span>
            </PressButton>
        }
    });
    let whom = offer.for_name.clone().map(|name| format!(" for {name}"));
    view! {
        <li class="flex flex-wrap items-center gap-x-2 border-t border-base-300 pt-2 text-sm" data-offer=offer.status.to_string()>
            <span class="min-w-0 flex-1 basis-32">
                <a class="link" href=format!("/contacts/{}", offer.contact_id)><bdi>{offer.contact_name.clone()}</bdi></a>
                {whom}
                <span class="block text-muted">{status}</span>
                <span class="flex flex-wrap gap-x-2 text-muted empty:hidden">{times}</span>
                <span class="block text-muted empty:hidden">{offer.reason}</span>
            </span>
            {clock} {skip}
        </li>
    }
}
