//! What needs a person now, each thing with what can be done about it. Kept current by the stream; what has not changed is not drawn anew,
//! so that a focused button stays where it is. On paper it is the day's list.

mod cards;
mod marking;
mod numbers;

use cards::{FailedCard, RescheduleCard, UnansweredCard, VisitRow, WaitingCard};
use contract::{
    appointments::MarkDay,
    live::LiveEvent,
    messages::MessageView,
    setup::Guide,
    today::{Listed, Today},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use marking::{LastMarked, MarkAll, MarkedNotice};
use numbers::Numbers;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    components::{Awaited, Empty, Icon},
    error::AppError,
    session::use_session,
    setup::GuideCard,
    tasks::{Row, UndoNotice},
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// Where a browser without JavaScript returns to.
const HERE: &str = "/today";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn needs_you() -> Result<Today, AppError> {
    Ok(services::pages::today::today(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Sends a text again that did not arrive.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn send_again(id: Uuid) -> Result<MessageView, AppError> {
    let work = async move { Ok(services::outbox::retry_one(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(HERE, work).await
}

/// What the page starts with: what needs a person, and where the business stands with its first steps.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn begin_today() -> Result<(Today, Guide), AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    Ok((
        services::pages::today::today(&s, &actor).await?,
        services::pages::guide::guide(&s, &actor).await?,
    ))
}

#[component]
pub fn TodayPage() -> impl IntoView {
    let first = Resource::new_blocking(|| (), |()| begin_today());
    view! {
        <Title text="Today" />
        <div class="mx-auto flex max-w-5xl flex-col gap-4 p-4 print:max-w-none print:p-0">
            <Awaited from=first view=|(today, guide)| view! { <Board today guide /> } />
            <Numbers />
        </div>
    }
}

#[component]
fn Board(today: Today, guide: Guide) -> impl IntoView {
    let session = use_session();
    let today = RwSignal::new(today);
    let concerns = |event: &LiveEvent| {
        matches!(
            event,
            LiveEvent::Conversation(_) | LiveEvent::Task(_) | LiveEvent::Appointment(_)
        )
    };
    session.live.refetch_on(concerns, move || {
        spawn_local(async move {
            // If it can't be read just now, what stands there stays; the next event asks again.
            if let Ok(new) = needs_you().await {
                today.try_set(new);
            }
        });
    });
    let undoable = RwSignal::new(
        use_query_map()
            .get_untracked()
            .get("done")
            .and_then(|id| id.parse::<Uuid>().ok()),
    );
    let last = LastMarked::new();
    let date = move || {
        let now = session.now.get();
        now.with_timezone(&session.zone()).format("%A, %B %-d").to_string()
    };
    let nothing = move || {
        let lists = today.read();
        let open = [
            lists.waiting.total,
            lists.failed.total,
            lists.reschedule.total,
            lists.unanswered.total,
            lists.tasks.total,
            lists.unmarked.total,
            lists.nobody_known,
        ];
        open.iter().all(|total| *total == 0)
    };
    view! {
        <div class="flex flex-wrap items-baseline justify-between gap-2">
            <h1>"Today"</h1>
            <p class="text-muted">{date}</p>
        </div>
        <div class="print:hidden">
            <UndoNotice undoable back=HERE.to_owned() />
            <MarkedNotice last />
        </div>
        <GuideCard guide />
        <div class="panel print:hidden" class:hidden=move || !nothing()>
            <Empty title="Nothing needs you now" next_step="Who waits for an answer, what did not arrive and what is due appears here by itself." />
        </div>
        <div class="grid grid-cols-1 items-start gap-4 lg:grid-cols-2 print:block">
            <Needs today undoable />
            <Visits today last />
        </div>
    }
}

/// The left column: everything that waits for somebody.
#[component]
fn Needs(today: RwSignal<Today>, undoable: RwSignal<Option<Uuid>>) -> impl IntoView {
    let nobody_known = move || {
        let count = today.read().nobody_known;
        (count > 0).then(|| {
            let words = if count == 1 {
                "1 event of your calendars needs a number".to_owned()
            } else {
                format!("{count} events of your calendars need a number")
            };
            view! {
                <a class="panel flex min-h-11 items-center gap-2 p-3 hover:bg-base-200" href="/calendars">
                    <Icon icon=icondata::LuCalendarSearch />
                    {words}
                </a>
            }
        })
    };
    view! {
        <div class="flex flex-col gap-4 empty:hidden print:hidden">
            {nobody_known}
            <List
                title="Waiting for an answer"
                icon=icondata::LuMessageCircleQuestion
                all="/inbox?show=needs_answer"
                list=Signal::derive(move || today.read().waiting.clone())
                id=|row| row.id
                draw=|row| view! { <WaitingCard row /> }.into_any()
            />
            <List
                title="Did not arrive"
                icon=icondata::LuTriangleAlert
                all="/tasks?kind=stuck_message,unclear_message,call"
                list=Signal::derive(move || today.read().failed.clone())
                id=|row| row.task.id
                draw=move |trouble| view! { <FailedCard trouble undoable /> }.into_any()
            />
            <List
                title="Needs another time"
                icon=icondata::LuCalendarClock
                all="/tasks?kind=reschedule"
                list=Signal::derive(move || today.read().reschedule.clone())
                id=|row| row.task.id
                draw=move |wish| view! { <RescheduleCard wish undoable /> }.into_any()
            />
            <List
                title="Tasks due"
                icon=icondata::LuListChecks
                all="/tasks"
                list=Signal::derive(move || today.read().tasks.clone())
                id=|row| row.id
                draw=move |task| view! { <Row task undoable here=HERE.to_owned() /> }.into_any()
            />
        </div>
    }
}

/// The right column: the day's visits, and those whose customer or whose end nobody knows.
#[component]
fn Visits(today: RwSignal<Today>, last: LastMarked) -> impl IntoView {
    let session = use_session();
    let day = Signal::derive(move || today.read().visits.clone());
    let of_yesterday = Memo::new(move |_| {
        let today_is = session.now.get().with_timezone(&session.zone()).date_naive();
        let is_of_yesterday =
            |at: chrono::DateTime<chrono::Utc>| Some(at.with_timezone(&session.zone()).date_naive()) == today_is.pred_opt();
        today
            .read()
            .unmarked
            .rows
            .iter()
            .any(|visit| is_of_yesterday(visit.starts_at))
    });
    let begun = Memo::new(move |_| {
        let now = session.now.get();
        let is_over = |visit: &contract::appointments::AppointmentView| visit.ends_at.unwrap_or(visit.starts_at) <= now;
        let rows = today.read();
        rows.visits
            .rows
            .iter()
            .filter(|visit| visit.status.is_open() && is_over(visit))
            .count()
            > 1
    });
    view! {
        <div class="flex flex-col gap-4">
            <div class="flex flex-col gap-4 empty:hidden print:hidden">
                <List
                    title="Not confirmed yet"
                    icon=icondata::LuClock
                    all="/appointments?show=unanswered"
                    list=Signal::derive(move || today.read().unanswered.clone())
                    id=|row| row.id
                    draw=|visit| view! { <UnansweredCard visit /> }.into_any()
                />
                <List
                    title="How did they go?"
                    icon=icondata::LuCircleHelp
                    all="/appointments?show=unmarked"
                    list=Signal::derive(move || today.read().unmarked.clone())
                    id=|row| row.id
                    draw=|visit| view! { <VisitRow visit dated=true /> }.into_any()
                />
                <Show when=move || of_yesterday.get()>
                    <MarkAll day=MarkDay::Yesterday words="Mark all of yesterday as attended" last />
                </Show>
            </div>
            <List
                title="Visits today"
                icon=icondata::LuCalendar
                all="/appointments"
                list=day
                id=|row| row.id
                draw=|visit| view! { <VisitRow visit /> }.into_any()
            />
            <div class="print:hidden">
                <Show when=move || begun.get()>
                    <MarkAll day=MarkDay::Today words="Mark today’s past visits as attended" last />
                </Show>
            </div>
            <p class="panel p-4 text-muted" class:hidden=move || day.read().total != 0>
                "No visits today. "
                <a class="link print:hidden" href="/appointments/new">
                    "Add one"
                </a>
            </p>
        </div>
    }
}

/// The start of a list, drawn row by row, with the way to all of it; not there while it is empty.
#[component]
fn List<T>(
    title: &'static str,
    icon: icondata::Icon,
    all: &'static str,
    list: Signal<Listed<T>>,
    id: fn(&T) -> Uuid,
    draw: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + PartialEq + Serialize + Send + Sync + 'static,
{
    let total = Memo::new(move |_| list.with(|list| list.total));
    let number = move || match total.get() {
        100 => "100+".to_owned(),
        n => n.to_string(),
    };
    let more = move || list.with(Listed::more);
    // A row that is told anew just as it was stays as it is drawn.
    let key = move |row: &T| (id(row), serde_json::to_string(row).unwrap_or_default());
    let heading = title.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let label = heading.clone();
    view! {
        <section class="panel print:border-0" class:hidden=move || total.get() == 0 aria-labelledby=label>
            <h2 id=heading class="flex items-center gap-2 px-3.5 pt-3 pb-1 text-base">
                <Icon icon />
                {title}
                <span class="badge badge-sm tabular print:hidden">{number}</span>
            </h2>
            <ul>
                <For each=move || list.with(|list| list.rows.clone()) key let:row>
                    {draw(row)}
                </For>
            </ul>
            <p class="px-3.5 pt-1 pb-3 text-sm" class:hidden=move || more().is_empty()>
                <a class="link" href=all>
                    {more}
                </a>
            </p>
        </section>
    }
}

/// How long ago that was, roughly: "5 min", "3 h", "2 days".
fn age(minutes: i64) -> String {
    match minutes.max(0) {
        0 => "under a minute".to_owned(),
        m @ 1..60 => format!("{m} min"),
        m @ 60..2880 => format!("{} h", m / 60),
        m => format!("{} days", m / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn an_age_is_told_in_the_largest_unit_that_tells_something() {
        for (minutes, words) in [
            (-3, "under a minute"),
            (0, "under a minute"),
            (1, "1 min"),
            (59, "59 min"),
            (60, "1 h"),
            (1500, "25 h"),
            (2880, "2 days"),
        ] {
            assert_eq!(age(minutes), words);
        }
    }
}
