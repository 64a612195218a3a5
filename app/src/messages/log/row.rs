//! The texts of the log, as a list, as cards or as a table.

use contract::messages::{Direction, LogRow};
use leptos::{html, prelude::*};
use uuid::Uuid;

use super::{Choice, Here, acts, key, ways::Layout};
use crate::{
    components::{Icon, TimeFormat, Timestamp},
    messages::why_not,
    paths,
};

/// The rows in the layout that was asked for; `keyed` has them with the round of choosing.
#[component]
pub fn Rows(keyed: Signal<Vec<(u32, LogRow)>>, choice: Choice, here: Here) -> impl IntoView {
    let each = move || keyed.get();
    match here.layout {
        Layout::List => view! {
            <ul class="panel">
                <For each key=key let:keyed>
                    <Line row=keyed.1 choice />
                </For>
            </ul>
        }
        .into_any(),
        Layout::Cards => view! {
            <ul class="grid gap-3 sm:grid-cols-2 lg:grid-cols-3 2xl:grid-cols-4">
                <For each key=key let:keyed>
                    <Card row=keyed.1 choice />
                </For>
            </ul>
        }
        .into_any(),
        Layout::Table => {
            let sorted = if here.is_oldest_first() { "ascending" } else { "descending" };
            let turned = here.turned().address();
            view! {
                <div class="panel overflow-x-auto" tabindex="0" role="group" aria-label="Messages">
                    <table class="table table-sm">
                        <thead>
                            <tr>
                                <th scope="col">
                                    <span class="sr-only">"Choose"</span>
                                </th>
                                <th scope="col" aria-sort=sorted>
                                    <a class="link link-hover inline-flex min-h-11 items-center gap-1 md:min-h-8" href=turned>
                                        "When"
                                        <Icon icon=icondata::LuArrowUpDown size="1em" />
                                    </a>
                                </th>
                                <th scope="col">"Customer"</th>
                                <th scope="col">"Text"</th>
                                <th scope="col">"Status"</th>
                                <th scope="col">"Error"</th>
                                <th scope="col" class="text-end">
                                    "Cost"
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            <For each key=key let:keyed>
                                <Cells row=keyed.1 choice />
                            </For>
                        </tbody>
                    </table>
                </div>
            }
            .into_any()
        }
    }
}

/// What every layout says of a text.
struct Said {
    id: Uuid,
    tick: Option<AnyView>,
    way: AnyView,
    person: AnyView,
    status: String,
    /// A chip is short; why a text waits, and until when, is a sentence.
    why: Option<String>,
    error: Option<String>,
    cost: Option<String>,
    body: String,
    at: AnyView,
}

impl Said {
    fn of(row: LogRow, choice: Choice) -> Self {
        let can_act = acts(&row).is_some();
        let LogRow { message, contact_name } = row;
        let ours = message.direction == Direction::Outbound;
        let (way, icon) = if ours {
            ("To", icondata::LuArrowUpRight)
        } else {
            ("From", icondata::LuArrowDownLeft)
        };
        let tick = can_act
            .then(|| view! { <Tick id=message.id name=contact_name.clone() body=message.body.clone() choice /> }.into_any());
        let href = paths::thread_at(message.conversation_id, message.id);
        let waits = matches!(message.status.as_str(), "queued" | "unknown") || message.retry_at.is_some();
        Self {
            id: message.id,
            tick,
            way: view! {
                <span class="inline-flex items-center text-muted">
                    <Icon icon size="1em" />
                    <span class="sr-only">{way}</span>
                </span>
            }
            .into_any(),
            person: view! {
                <a class="link link-hover font-medium max-md:inline-flex max-md:min-h-8 max-md:items-center" href=href>
                    <bdi>{contact_name}</bdi>
                </a>
            }
            .into_any(),
            why: Some(message.status_words).filter(|_| ours && waits),
            error: why_not(message.error, message.error_code).filter(|_| ours),
            cost: cost(&message.cost, message.cost_is_final),
            status: message.status,
            body: message.body,
            at: view! { <Timestamp at=message.created_at say=TimeFormat::Short /> }.into_any(),
        }
    }

    /// The beginning of the text on one line.
    fn start(&self) -> String {
        let words = self.body.split_whitespace().collect::<Vec<_>>().join(" ");
        words.chars().take(160).collect()
    }
}

#[component]
fn Line(row: LogRow, choice: Choice) -> impl IntoView {
    let said = Said::of(row, choice);
    let start = said.start();
    view! {
        <li class="row items-start py-2.5" data-message=said.id.to_string()>
            <span class="flex w-8 shrink-0 justify-center">{said.tick}</span>
            <div class="min-w-0 flex-1">
                <p class="flex flex-wrap items-center gap-x-2 gap-y-0.5">
                    {said.way} {said.person} <StatusChip status=said.status /> <span class="ms-auto text-xs text-muted">
                        <span class="tabular pe-2 empty:hidden">{said.cost}</span>
                        {said.at}
                    </span>
                </p>
                <p class="truncate text-muted">{start}</p>
                {said.why.map(|why| view! { <p class="text-sm">{why}</p> })}
                {said.error.map(|error| view! { <p class="text-sm text-error">{error}</p> })}
            </div>
        </li>
    }
}

#[component]
fn Card(row: LogRow, choice: Choice) -> impl IntoView {
    let said = Said::of(row, choice);
    view! {
        <li class="panel flex flex-col gap-1.5 p-3" data-message=said.id.to_string()>
            <p class="flex flex-wrap items-center gap-x-2 gap-y-0.5">
                {said.way} {said.person} <span class="ms-auto">{said.tick}</span>
            </p>
            <p class="flex flex-wrap items-center gap-2 text-xs text-muted">
                <StatusChip status=said.status /> {said.at} <span class="tabular ms-auto empty:hidden">{said.cost}</span>
            </p>
            <p class="whitespace-pre-wrap text-sm wrap-anywhere" dir="auto">
                {said.body}
            </p>
            {said.why.map(|why| view! { <p class="text-sm">{why}</p> })}
            {said.error.map(|error| view! { <p class="text-sm text-error">{error}</p> })}
        </li>
    }
}

#[component]
fn Cells(row: LogRow, choice: Choice) -> impl IntoView {
    let said = Said::of(row, choice);
    let start = said.start();
    view! {
        <tr data-message=said.id.to_string()>
            <td class="w-8">{said.tick}</td>
            <td class="whitespace-nowrap text-muted">{said.at}</td>
            <td class="whitespace-nowrap">
                {said.way} " " {said.person}
            </td>
            <td class="w-full max-w-0 min-w-48 truncate" dir="auto">
                {start}
            </td>
            <td class="min-w-40">
                <StatusChip status=said.status />
                {said.why.map(|why| view! { <p class="text-xs text-muted">{why}</p> })}
            </td>
            <td class="min-w-40 text-error">{said.error}</td>
            <td class="tabular text-end whitespace-nowrap text-muted">{said.cost}</td>
        </tr>
    }
}

/// What it cost, as far as that is known.
fn cost(dollars: &Option<String>, is_final: bool) -> Option<String> {
    let dollars = dollars.as_ref()?;
    Some(if is_final {
        format!("${dollars}")
    } else {
        format!("about ${dollars}")
    })
}

/// A box to tick, as large as a finger.
#[component]
fn Tick(id: Uuid, name: String, body: String, choice: Choice) -> impl IntoView {
    let tick = NodeRef::<html::Input>::new();
    // What was ticked before this script came to life.
    Effect::new(move |_| {
        if tick.get().is_some_and(|tick| tick.checked()) {
            choice.ids.update(|ids| {
                ids.insert(id);
            });
        }
    });
    let changed = move |event: leptos::ev::Targeted<leptos::ev::Event, web_sys::HtmlInputElement>| {
        let ticked = event.target().checked();
        choice.ids.update(|ids| {
            if ticked {
                ids.insert(id);
            } else {
                ids.remove(&id);
            }
        });
    };
    let start: String = body.chars().take(40).collect();
    view! {
        <label class="-m-2.5 flex size-11 items-center justify-center md:-m-1 md:size-8">
            <input
                node_ref=tick
                type="checkbox"
                name="ids[]"
                value=id.to_string()
                class="checkbox"
                checked=choice.ids.with_untracked(|ids| ids.contains(&id))
                autocomplete="off"
                on:change:target=changed
            />
            <span class="sr-only">{format!("Choose the text to {name}: {start}")}</span>
        </label>
    }
}

/// Where a text is, in a word.
#[component]
fn StatusChip(status: String) -> impl IntoView {
    let (class, icon, words) = match status.as_str() {
        "queued" => ("state badge-waiting", icondata::LuClock, "Waiting"),
        "sending" => ("state badge-sent", icondata::LuSend, "On its way"),
        "sent" => ("state badge-sent", icondata::LuCheck, "Sent"),
        "delivered" => ("state badge-confirmed", icondata::LuCircleCheck, "Delivered"),
        "read" => ("state badge-confirmed", icondata::LuCircleCheck, "Read"),
        "undelivered" => ("state badge-declined", icondata::LuCircleX, "Not delivered"),
        "failed" => ("state badge-declined", icondata::LuCircleX, "Failed"),
        "cancelled" => ("state badge-cancelled", icondata::LuBan, "Cancelled"),
        "received" => ("state badge-cancelled", icondata::LuInbox, "Received"),
        _ => ("state badge-waiting", icondata::LuCircleHelp, "Not known"),
    };
    view! {
        <span class=class data-delivery=status>
            <Icon icon size="1em" />
            {words}
        </span>
    }
}
