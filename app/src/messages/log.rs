//! The message log: what went out and came in, what waits and why; send again, take back.

mod actions;
mod row;
mod trial;
mod ways;

use std::collections::BTreeSet;

use contract::{
    Problem,
    live::LiveEvent,
    messages::{BulkResult, Direction, LogRow},
    search::{LogFound, LogSearch},
};
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    components::{Awaited, Empty, Tabs},
    error::AppError,
    flash::OUTCOME,
    paths,
    search::{SearchBox, Terms},
    session::{Session, use_session},
};
use actions::Actions;
use row::Rows;
use trial::Trial;
use ways::{Layout, Ways};

#[cfg(feature = "ssr")]
use crate::ssr;

/// The form around the rows.
const FORM: &str = "log";

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

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_log(#[server(default)] asked: LogSearch) -> Result<LogFound, AppError> {
    Ok(services::search::log(&ssr::services()?, &ssr::actor().await?, asked).await?)
}

/// Which part of the log is shown, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Here {
    asked: LogSearch,
    layout: Layout,
}

impl Here {
    fn address(&self) -> String {
        self.at("/log", self.layout.name())
    }

    /// The same as a file, which has no layout and no pages.
    fn file(&self) -> String {
        self.beginning().at("/log.csv", None)
    }

    fn at(&self, path: &str, layout: Option<&str>) -> String {
        let LogSearch { show, q, sort, cursor } = &self.asked;
        let (show, q, sort, cursor) = (show.as_deref(), q.as_deref(), sort.as_deref(), cursor.as_deref());
        let pairs = [("show", show), ("q", q), ("sort", sort), ("as", layout), ("cursor", cursor)];
        paths::with_query(path, &pairs)
    }

    fn with(&self, change: impl FnOnce(&mut LogSearch)) -> Self {
        let mut there = self.clone();
        there.asked.cursor = None;
        change(&mut there.asked);
        there
    }

    fn beginning(&self) -> Self {
        self.with(|_| {})
    }

    fn is_oldest_first(&self) -> bool {
        self.asked.sort.is_some()
    }

    /// The other way around.
    fn turned(&self) -> Self {
        let sort = (!self.is_oldest_first()).then(|| "oldest".to_owned());
        self.with(|asked| asked.sort = sort)
    }
}

/// `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn retry_messages(#[server(default)] ids: Vec<Uuid>, back: String) -> Result<Outcome, AppError> {
    let work = async move {
        let command = contract::messages::MessageIds { ids };
        let acted = services::outbox::retry(&ssr::services()?, &ssr::actor().await?, command).await?;
        Ok(Outcome::new(BulkAction::Retry, acted))
    };
    ssr::post_bulk_form(ssr::Form::new(FORM, back), work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn cancel_messages(#[server(default)] ids: Vec<Uuid>, back: String) -> Result<Outcome, AppError> {
    let work = async move {
        let command = contract::messages::MessageIds { ids };
        let acted = services::outbox::cancel_many(&ssr::services()?, &ssr::actor().await?, command).await?;
        Ok(Outcome::new(BulkAction::Cancel, acted))
    };
    ssr::post_bulk_form(ssr::Form::new(FORM, back), work).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkAction {
    Retry,
    Cancel,
}

/// What came of it, in numbers: the reasons of those that were left as they are, each with how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    act: BulkAction,
    done: u32,
    not_done: Vec<(u32, String)>,
}

impl Outcome {
    #[cfg_attr(not(any(feature = "ssr", test)), expect(dead_code, reason = "made on the server"))]
    fn new(act: BulkAction, acted: BulkResult) -> Self {
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

    fn label(&self) -> String {
        match (self.act, self.done) {
            (BulkAction::Retry, 0) => "Nothing is sent again.".to_owned(),
            (BulkAction::Retry, 1) => "1 text is sent again.".to_owned(),
            (BulkAction::Retry, n) => format!("{n} texts are sent again."),
            (BulkAction::Cancel, 0) => "Nothing was cancelled.".to_owned(),
            (BulkAction::Cancel, 1) => "1 text is cancelled; it was not sent.".to_owned(),
            (BulkAction::Cancel, n) => format!("{n} texts are cancelled; they were not sent."),
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
    let here = Memo::new(move |_| {
        let given = |name: &str| query.read().get(name).filter(|value| !value.trim().is_empty());
        let asked = LogSearch {
            show: FILTERS[filter.get()].1.map(str::to_owned),
            q: given("q"),
            sort: given("sort").filter(|sort| sort == "oldest"),
            cursor: given("cursor"),
        };
        Here {
            asked,
            layout: Layout::of(given("as").as_deref()),
        }
    });
    let page = Resource::new_blocking(move || here.get(), |here| list_log(here.asked));
    let tabs = move || {
        let here = here.read();
        let tab = |(words, name, ..): &(&'static str, Option<&str>, &str, &str)| {
            let there = here.with(|asked| asked.show = name.map(str::to_owned));
            (*words, there.address())
        };
        FILTERS.iter().map(tab).collect::<Vec<_>>()
    };
    let current = Signal::derive(move || FILTERS[filter.get()].0);
    let q = Signal::derive(move || here.get().asked.q.unwrap_or_default());
    let kept = Memo::new(move |_| {
        let Here { asked, layout } = here.get();
        (asked.show, layout)
    });
    let searching = move || {
        let (show, layout) = kept.get();
        let keep = vec![("show", show), ("as", layout.name().map(str::to_owned))];
        view! { <SearchBox action="/log" label="Search the log" q=q keep /> }
    };
    let is_list = move || here.read().layout == Layout::List;
    let list = move |found| view! { <Log found filter=filter.get_untracked() here=here.get_untracked() /> };
    view! {
        <Title text="Message log" />
        <div class="mx-auto flex flex-col gap-4 p-4" class:max-w-4xl=is_list>
            <h1>"Message log"</h1>
            <div class="flex flex-wrap items-end gap-2">
                // A row of its own on a phone.
                <div class="flex w-full min-w-0 md:w-auto md:min-w-64 md:flex-1">{searching}</div>
                <Ways here />
            </div>
            <Trial here />
            {move || view! { <Tabs label="Which texts" tabs=tabs() current /> }}
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
    /// Nothing is ticked; what came of an act without a script was left for this page.
    fn new(session: Session) -> Self {
        let left = session
            .flash()
            .filter(|flash| flash.form == FORM)
            .and_then(|flash| match flash.problem {
                Some(problem) => Some(Err(problem)),
                None => serde_json::from_str(flash.typed.get(OUTCOME)?).ok().map(Ok),
            });
        Self {
            ids: RwSignal::new(BTreeSet::new()),
            round: RwSignal::new(0),
            busy: RwSignal::new(false),
            answer: RwSignal::new(left),
        }
    }

    fn count(self) -> usize {
        self.ids.read().len()
    }

    fn aria_busy(self) -> String {
        self.busy.get().to_string()
    }

    fn run(self, act: BulkAction, after: impl Fn() + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        let ids: Vec<Uuid> = self.ids.with_untracked(|ids| ids.iter().copied().collect());
        spawn_local(async move {
            let answer = match act {
                BulkAction::Retry => retry_messages(ids, String::new()).await,
                BulkAction::Cancel => cancel_messages(ids, String::new()).await,
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
fn Log(found: LogFound, filter: usize, here: Here) -> impl IntoView {
    let session = use_session();
    let (_, _, nothing, next_step) = FILTERS[filter];
    let (nothing, next_step) = match here.asked.q {
        Some(_) => ("Nothing was found", "Take a word out, or look among all texts."),
        None => (nothing, next_step),
    };
    let LogFound { page, terms, notes } = found;
    let rows = RwSignal::new(page.data);
    let next = RwSignal::new(page.next_cursor);
    let choice = Choice::new(session);
    let back = here.address();
    let asked = StoredValue::new(here.asked.clone());
    let read = move || {
        spawn_local(async move {
            let Some(asked) = asked.try_get_value() else { return };
            if let Ok(LogFound { page, .. }) = list_log(asked).await {
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
    let start = here.asked.cursor.is_some().then(|| {
        view! {
            <a class="btn btn-sm min-h-11 md:min-h-8" href=here.beginning().address()>
                "Back to the start"
            </a>
        }
    });
    let more_words = if here.is_oldest_first() { "Newer" } else { "Older" };
    let without = {
        let here = here.clone();
        move |q: &str| {
            here.with(|asked| asked.q = Some(q.to_owned()).filter(|q| !q.is_empty()))
                .address()
        }
    };
    let more = {
        let here = here.clone();
        move || {
            let mut there = here.clone();
            there.asked.cursor = next.get();
            there.address()
        }
    };
    view! {
        <Terms terms notes address=without />
        <Answer choice />
        <div class:hidden=move || !rows.read().is_empty()>
            <Empty title=nothing next_step />
        </div>
        <form method="post" action=RetryMessages::url() class="flex flex-col gap-3" class:hidden=move || rows.read().is_empty()>
            <input type="hidden" name="back" value=back />
            <div class="sticky top-0 z-10 bg-base-100 py-1.5" class:hidden=move || !can_act.get()>
                <Actions choice rows read />
            </div>
            <Rows keyed=Signal::derive(keyed) choice here />
        </form>
        <p class="flex justify-center gap-2">
            {start}
            <a class="btn btn-sm min-h-11 md:min-h-8" href=more class:hidden=move || next.read().is_none()>
                {more_words}
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
fn acts(row: &LogRow) -> Option<BulkAction> {
    match row.message.status.as_str() {
        "queued" => Some(BulkAction::Cancel),
        "undelivered" | "failed" if row.message.retry_at.is_some() => Some(BulkAction::Cancel),
        "failed" | "undelivered" | "cancelled" => Some(BulkAction::Retry),
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
                <p class="font-semibold">{outcome.label()}</p>
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
        let outcome = Outcome::new(BulkAction::Cancel, acted);
        assert_eq!(outcome.label(), "2 texts are cancelled; they were not sent.");
        assert_eq!(
            outcome.reasons(),
            ["2 were left as they are. Too late.", "1 was left as it is. Opted out."]
        );
        assert_eq!(
            Outcome::new(BulkAction::Retry, BulkResult::default()).label(),
            "Nothing is sent again."
        );
    }
}
