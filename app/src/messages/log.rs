//! The message log: what went out and came in, what waits and why; send again, take back.

use std::collections::BTreeSet;

use contract::{
    Page, Problem,
    live::LiveEvent,
    messages::{BulkResult, Direction, LogRow},
};
use leptos::{ev::MouseEvent, html, prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::why_not;
use crate::{
    browser,
    components::{Awaited, Empty, Glyph, Tabs, TimeFormat, Timestamp},
    error::AppError,
    flash::OUTCOME,
    paths,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// The form around the rows, and the question before cancelling.
const FORM: &str = "log";
const QUESTION: &str = "cancel-question";

/// The tabs: words, what the service calls it, and what is said when there is nothing.
const FILTERS: [(&str, Option<&str>, &str, &str); 3] = [
    (
        "All",
        None,
        "No texts yet",
        "Everything you send and get is listed here, newest first.",
    ),
    (
        "Waiting",
        Some("waiting"),
        "Nothing waits",
        "Texts that are held back, by night or by a limit, are listed here with the reason.",
    ),
    (
        "Trouble",
        Some("trouble"),
        "No trouble",
        "Texts that failed or did not arrive are listed here, and can be sent again.",
    ),
];

#[server(prefix = "/api/fn")]
pub async fn list_log(show: Option<String>, cursor: Option<String>) -> Result<Page<LogRow>, AppError> {
    let query = contract::messages::LogQuery {
        limit: None,
        contact_id: None,
        show,
        cursor,
    };
    Ok(services::pages::log::log(&ssr::services()?, &ssr::actor().await?, query).await?)
}

/// `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn")]
pub async fn retry_messages(#[server(default)] ids: Vec<Uuid>, back: String) -> Result<Outcome, AppError> {
    let work = async move {
        let command = contract::messages::MessageIds { ids };
        let acted = services::outbox::retry(&ssr::services()?, &ssr::actor().await?, command).await?;
        Ok(Outcome::new(Act::Retry, acted))
    };
    ssr::report(ssr::Form::new(FORM, back), work).await
}

#[server(prefix = "/api/fn")]
pub async fn cancel_messages(#[server(default)] ids: Vec<Uuid>, back: String) -> Result<Outcome, AppError> {
    let work = async move {
        let command = contract::messages::MessageIds { ids };
        let acted = services::outbox::cancel_many(&ssr::services()?, &ssr::actor().await?, command).await?;
        Ok(Outcome::new(Act::Cancel, acted))
    };
    ssr::report(ssr::Form::new(FORM, back), work).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    Retry,
    Cancel,
}

/// What came of it, in numbers: the reasons of those that were left as they are, each with how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    act: Act,
    done: u32,
    not_done: Vec<(u32, String)>,
}

impl Outcome {
    #[cfg_attr(not(any(feature = "ssr", test)), expect(dead_code, reason = "made on the server"))]
    fn new(act: Act, acted: BulkResult) -> Self {
        let mut not_done: Vec<(u32, String)> = Vec::new();
        for one in acted.not_done {
            match not_done.iter_mut().find(|(_, reason)| *reason == one.reason) {
                Some((n, _)) => *n += 1,
                None => not_done.push((1, one.reason)),
            }
        }
        Self {
            act,
            done: u32::try_from(acted.done.len()).unwrap_or(u32::MAX),
            not_done,
        }
    }

    fn words(&self) -> String {
        match (self.act, self.done) {
            (Act::Retry, 0) => "Nothing is sent again.".to_owned(),
            (Act::Retry, 1) => "1 text is sent again.".to_owned(),
            (Act::Retry, n) => format!("{n} texts are sent again."),
            (Act::Cancel, 0) => "Nothing was cancelled.".to_owned(),
            (Act::Cancel, 1) => "1 text is cancelled; it was not sent.".to_owned(),
            (Act::Cancel, n) => format!("{n} texts are cancelled; they were not sent."),
        }
    }

    fn reasons(&self) -> Vec<String> {
        self.not_done
            .iter()
            .map(|(n, reason)| match n {
                1 => format!("1 was left as it is. {reason}"),
                n => format!("{n} were left as they are. {reason}"),
            })
            .collect()
    }
}

#[component]
pub fn LogPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        let show = query.read().get("show");
        FILTERS
            .iter()
            .position(|(_, name, ..)| name.is_some() && *name == show.as_deref())
            .unwrap_or(0)
    });
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let page = Resource::new_blocking(
        move || (filter.get(), cursor.get()),
        |(filter, cursor)| list_log(FILTERS[filter].1.map(str::to_owned), cursor),
    );
    let tabs = FILTERS
        .iter()
        .map(|(words, name, ..)| (*words, paths::with_query("/log", &[("show", *name)])))
        .collect();
    let current = Signal::derive(move || FILTERS[filter.get()].0);
    let list = move |page| view! { <Log page filter=filter.get_untracked() cursor=cursor.get_untracked() /> };
    view! {
        <Title text="Message log" />
        <div class="mx-auto flex max-w-4xl flex-col gap-4 p-4">
            <h1>"Message log"</h1>
            <Tabs label="Which texts" tabs current />
            <Awaited from=page view=list />
        </div>
    }
}

/// What is ticked, and what came of the last act.
#[derive(Clone, Copy)]
struct Choice {
    ids: RwSignal<BTreeSet<Uuid>>,
    /// Grows when what was ticked has been dealt with: the boxes are drawn anew.
    round: RwSignal<u32>,
    busy: RwSignal<bool>,
    answer: RwSignal<Option<Result<Outcome, Problem>>>,
}

impl Choice {
    fn run(self, act: Act, after: impl Fn() + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        let ids: Vec<Uuid> = self.ids.with_untracked(|ids| ids.iter().copied().collect());
        spawn_local(async move {
            let answer = match act {
                Act::Retry => retry_messages(ids, String::new()).await,
                Act::Cancel => cancel_messages(ids, String::new()).await,
            };
            self.busy.try_set(false);
            if answer.is_ok() {
                self.ids.try_set(BTreeSet::new());
                self.round.try_update(|n| *n += 1);
                after();
            }
            self.answer.try_set(Some(answer.map_err(|AppError(problem)| problem)));
        });
    }
}

#[component]
fn Log(page: Page<LogRow>, filter: usize, cursor: Option<String>) -> impl IntoView {
    let session = use_session();
    let (_, show, nothing, todo) = FILTERS[filter];
    let rows = RwSignal::new(page.data);
    let next = RwSignal::new(page.next_cursor);
    let left = session
        .flash()
        .filter(|flash| flash.form == FORM)
        .and_then(|flash| match flash.problem {
            Some(problem) => Some(Err(problem)),
            None => serde_json::from_str(flash.typed.get(OUTCOME)?).ok().map(Ok),
        });
    let choice = Choice {
        ids: RwSignal::new(BTreeSet::new()),
        round: RwSignal::new(0),
        busy: RwSignal::new(false),
        answer: RwSignal::new(left),
    };
    let back = paths::with_query("/log", &[("show", show), ("cursor", cursor.as_deref())]);
    let again = StoredValue::new(cursor.clone());
    let read = move || {
        spawn_local(async move {
            let Some(cursor) = again.try_get_value() else { return };
            if let Ok(page) = list_log(show.map(str::to_owned), cursor).await {
                rows.try_set(page.data);
                next.try_set(page.next_cursor);
            }
        });
    };
    session.live.refetch_on(|event| matches!(event, LiveEvent::Message(_)), read);
    let keyed = move || {
        let round = choice.round.get();
        rows.get().into_iter().map(|row| (round, row)).collect::<Vec<_>>()
    };
    let can_act = Memo::new(move |_| rows.with(|rows| rows.iter().any(|row| acts(row).is_some())));
    let newest = cursor.is_some().then(
        || view! { <a class="btn btn-sm min-h-11 md:min-h-8" href=paths::with_query("/log", &[("show", show)])>"Newest"</a> },
    );
    let older = move || paths::with_query("/log", &[("show", show), ("cursor", next.read().as_deref())]);
    view! {
        <Answer choice />
        <div class:hidden=move || !rows.read().is_empty()>
            <Empty title=nothing todo />
        </div>
        <form method="post" action=RetryMessages::url() class="flex flex-col gap-3" class:hidden=move || rows.read().is_empty()>
            <input type="hidden" name="back" value=back />
            <div class="sticky top-0 z-10 bg-base-100 py-1.5" class:hidden=move || !can_act.get()>
                <Actions choice rows read />
            </div>
            <ul class="panel">
                <For each=keyed key=key let:keyed>
                    <Row row=keyed.1 choice />
                </For>
            </ul>
        </form>
        <p class="flex justify-center gap-2">
            {newest}
            <a class="btn btn-sm min-h-11 md:min-h-8" href=older class:hidden=move || next.read().is_none()>
                "Older"
            </a>
        </p>
    }
}

/// Changes whenever the row does.
fn key((round, row): &(u32, LogRow)) -> String {
    let m = &row.message;
    let (status, words) = (&m.status, &m.status_words);
    format!("{round} {} {status} {words} {:?} {}", m.id, m.error, row.contact_name)
}

/// What can be done with it, if anything: what waits can be taken back, what did not arrive sent again.
fn acts(row: &LogRow) -> Option<Act> {
    match row.message.status.as_str() {
        "queued" => Some(Act::Cancel),
        "undelivered" | "failed" if row.message.resend_at.is_some() => Some(Act::Cancel),
        "failed" | "undelivered" | "cancelled" => Some(Act::Retry),
        _ => None,
    }
    .filter(|_| row.message.direction == Direction::Outbound)
}

/// What came of the last act.
#[component]
fn Answer(choice: Choice) -> impl IntoView {
    let done = move || {
        let outcome = choice.answer.get()?.ok()?;
        let class = if outcome.not_done.is_empty() {
            "notice notice-success"
        } else {
            "notice notice-warning"
        };
        let reasons = outcome
            .reasons()
            .into_iter()
            .map(|words| view! { <p class="text-sm">{words}</p> })
            .collect_view();
        Some(view! {
            <div class=class>
                <p class="font-semibold">{outcome.words()}</p>
                {reasons}
            </div>
        })
    };
    let refused = move || {
        let problem = choice.answer.get()?.err()?;
        Some(view! { <p class="notice notice-error">{problem.detail}</p> })
    };
    view! {
        <div role="status" class="empty:hidden">{done}</div>
        <div role="alert" class="empty:hidden">{refused}</div>
    }
}

#[component]
fn Actions<F>(choice: Choice, rows: RwSignal<Vec<LogRow>>, read: F) -> impl IntoView
where
    F: Fn() + Copy + Send + Sync + 'static,
{
    // Counting and choosing all take JavaScript, so they are there once it is.
    let scripted = RwSignal::new(false);
    Effect::new(move |_| scripted.set(true));
    let count = move || choice.ids.read().len();
    // On a phone the number must do: another line would push the rows away under the finger.
    let said = move || {
        let n = Some(count()).filter(|n| *n > 0)?;
        Some(view! {
            {n}
            <span class="max-md:sr-only">" chosen"</span>
        })
    };
    let all = move |_| {
        let everything: BTreeSet<Uuid> = rows.with_untracked(|rows| {
            rows.iter()
                .filter(|row| acts(row).is_some())
                .map(|row| row.message.id)
                .collect()
        });
        let none = choice.ids.with_untracked(|ids| *ids == everything);
        choice.ids.set(if none { BTreeSet::new() } else { everything });
        choice.round.update(|n| *n += 1);
    };
    let retry = move |event: MouseEvent| {
        event.prevent_default();
        choice.run(Act::Retry, read);
    };
    let cancel = move |event: MouseEvent| {
        event.prevent_default();
        browser::close_popover(QUESTION);
        choice.run(Act::Cancel, read);
    };
    let question = move || match (scripted.get(), count()) {
        (false, _) | (true, 0) => "Cancel the texts you have ticked?".to_owned(),
        (true, 1) => "Cancel 1 text?".to_owned(),
        (true, n) => format!("Cancel {n} texts?"),
    };
    let busy = move || choice.busy.get().to_string();
    view! {
        <div class="flex flex-wrap items-center gap-2">
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=busy on:click=retry>
                <Glyph icon=icondata::LuRotateCcw />
                "Send again"
            </button>
            <button type="button" class="btn btn-sm min-h-11 text-error md:min-h-8" popovertarget=QUESTION>
                <Glyph icon=icondata::LuX />
                "Cancel"
            </button>
            <button type="button" class="btn btn-ghost btn-sm min-h-11 px-2 md:min-h-8" class:hidden=move || !scripted.get() on:click=all>
                "Choose all"
            </button>
            <p class="tabular text-sm text-muted" aria-live="polite">
                {said}
            </p>
        </div>
        <div
            id=QUESTION
            popover="auto"
            role="dialog"
            aria-labelledby="cancel-words"
            class="panel fixed inset-0 m-auto h-fit w-full max-w-sm p-5 text-base-content shadow-xl"
        >
            <p id="cancel-words" class="pb-1 font-semibold">
                {question}
            </p>
            <p class="pb-4 text-sm text-muted">"What still waits is not sent. What is on its way already can't be stopped."</p>
            <div class="flex flex-wrap gap-2">
                <button
                    type="submit"
                    formaction=CancelMessages::url()
                    class="btn btn-sm min-h-11 md:min-h-8"
                    aria-busy=busy
                    on:click=cancel
                >
                    <Glyph icon=icondata::LuX />
                    "Yes, cancel them"
                </button>
                <button type="button" class="btn btn-sm min-h-11 md:min-h-8" popovertarget=QUESTION popovertargetaction="hide">
                    "Keep them"
                </button>
            </div>
        </div>
    }
}

#[component]
fn Row(row: LogRow, choice: Choice) -> impl IntoView {
    let can_act = acts(&row).is_some();
    let LogRow { message, contact_name } = row;
    let ours = message.direction == Direction::Outbound;
    let (way, way_icon) = if ours {
        ("To", icondata::LuArrowUpRight)
    } else {
        ("From", icondata::LuArrowDownLeft)
    };
    let tick = can_act.then(|| view! { <Tick id=message.id name=contact_name.clone() body=message.body.clone() choice /> });
    let status = message.status;
    let error = why_not(message.error, message.error_code).filter(|_| ours);
    // A chip is short; why a text waits, and until when, is a sentence.
    let why = Some(message.status_words)
        .filter(|_| ours && (matches!(status.as_str(), "queued" | "unknown") || message.resend_at.is_some()));
    let cost = cost(&message.cost, message.cost_is_final);
    let start: String = message.body.split_whitespace().collect::<Vec<_>>().join(" ");
    let start: String = start.chars().take(160).collect();
    view! {
        <li class="row items-start py-2.5" data-message=message.id.to_string()>
            <span class="flex w-8 shrink-0 justify-center">{tick}</span>
            <div class="min-w-0 flex-1">
                <p class="flex flex-wrap items-center gap-x-2 gap-y-0.5">
                    <span class="inline-flex items-center text-muted">
                        <Glyph icon=way_icon size="1em" />
                        <span class="sr-only">{way}</span>
                    </span>
                    <a class="link link-hover font-medium max-md:inline-flex max-md:min-h-8 max-md:items-center" href=format!("/inbox/{}", message.conversation_id)>
                        {contact_name}
                    </a>
                    <StatusChip status />
                    <span class="ms-auto text-xs text-muted">
                        <span class="tabular pe-2 empty:hidden">{cost}</span>
                        <Timestamp at=message.created_at say=TimeFormat::Short />
                    </span>
                </p>
                <p class="truncate text-muted">{start}</p>
                {why.map(|why| view! { <p class="text-sm">{why}</p> })}
                {error.map(|error| view! { <p class="text-sm text-error">{error}</p> })}
            </div>
        </li>
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
                class="checkbox checkbox-sm"
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
            <Glyph icon size="1em" />
            {words}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use contract::messages::Skipped;

    use super::*;

    #[test]
    fn an_outcome_says_how_many_and_why_not_the_others() {
        let not = |reason: &str| Skipped {
            id: Uuid::now_v7(),
            reason: reason.to_owned(),
        };
        let acted = BulkResult {
            done: vec![Uuid::now_v7(), Uuid::now_v7()],
            not_done: vec![not("Too late."), not("Opted out."), not("Too late.")],
        };
        let outcome = Outcome::new(Act::Cancel, acted);
        assert_eq!(outcome.words(), "2 texts are cancelled; they were not sent.");
        assert_eq!(
            outcome.reasons(),
            ["2 were left as they are. Too late.", "1 was left as it is. Opted out."]
        );
        assert_eq!(
            Outcome::new(Act::Retry, BulkResult::default()).words(),
            "Nothing is sent again."
        );
    }
}
