//! Many conversations at once: ticked in the list, or all of a view; and what was done last, with its *Undo*. The boxes belong to the form
//! of the bar, wherever they stand, so all of it works without a script.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use contract::{
    conversations::{BatchState, BatchView, MemberName},
    filters::{FilterTerm, SavedFilter},
};
use domain::snooze;
use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::{filters, presets::PresetWords, views::View};
use crate::{
    components::{Awaited, Icon},
    error::AppError,
    keys::FORM,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// How long what is over is shown; it can be undone for longer, but nobody looks for that here.
const SHOWN: chrono::Duration = chrono::Duration::minutes(3);

const BUTTON: &str = "btn btn-xs min-h-11 md:min-h-7";
/// A line of a menu.
pub const CHOICE: &str = "btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9";

/// `action` is what the pressed button says: close, reopen, no_reply_needed, mark_read, mark_unread, tag, untag, `assign ID` (or nobody),
/// `snooze TIME`. With `as_of` it is all of the view `show` that `filters` leave, as it was then, else those with these `ids`.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn act_on_many(
    #[server(default)] ids: Vec<Uuid>,
    action: String,
    #[server(default)] tag: String,
    #[server(default)] show: String,
    #[server(default)] filters: String,
    #[server(default)] as_of: Option<DateTime<Utc>>,
    back: String,
) -> Result<BatchView, AppError> {
    use contract::conversations::{BulkAction, Chosen};
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let action = match action.as_str() {
            "tag" => BulkAction::Tag(tag),
            "untag" => BulkAction::Untag(tag),
            other => {
                let (what, with) = other.split_once(' ').unwrap_or((other, ""));
                BulkAction::Do(super::action_of(what, with, with)?)
            }
        };
        Ok(match as_of {
            Some(as_of) => {
                let show = Some(show).filter(|show| !show.is_empty());
                services::filters::begin(&s, &actor, show, &filters, as_of, action).await?
            }
            None => services::conversations::batch::begin(&s, &actor, Chosen::These(ids), action).await?,
        })
    };
    ssr::button_action(&back, work).await
}

/// Takes back what this person did last to conversations, if it is this.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn undo_batch(id: Uuid, back: String) -> Result<BatchView, AppError> {
    let work = async move { Ok(services::conversations::batch::undo(&ssr::services()?, &ssr::actor().await?, Some(id)).await?) };
    ssr::button_action(&back, work).await
}

/// Who conversations can be given to, what was done last, for some time, and filters: those that were saved, and these in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tools {
    members: Vec<MemberName>,
    last: Option<BatchView>,
    saved: Vec<SavedFilter>,
    terms: Vec<FilterTerm>,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn inbox_tools(#[server(default)] filters: String) -> Result<Tools, AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let last = services::conversations::batch::last(&s, &actor).await?;
    let now = s.now();
    Ok(Tools {
        members: services::accounts::colleagues(&s, &actor).await?,
        last: last.filter(|done| !is_over(done) || now - done.at < SHOWN),
        saved: services::filters::saved::list(&s, &actor).await?,
        // What is wrong with them the list says.
        terms: services::filters::terms(&s, &actor, &filters).await.unwrap_or_default(),
    })
}

/// How many conversations filters leave of a view, and when that was.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn count_view(show: Option<String>, #[server(default)] filters: String) -> Result<(u32, DateTime<Utc>), AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let as_of = s.now();
    Ok((services::filters::count(&s, &actor, show.as_deref(), &filters).await?, as_of))
}

fn is_over(done: &BatchView) -> bool {
    matches!(done.state, BatchState::Done | BatchState::Undone)
}

/// What is ticked, and that something was done.
#[derive(Clone, Copy)]
pub struct Ticked {
    ids: RwSignal<BTreeSet<Uuid>>,
    done: RwSignal<u32>,
}

impl Ticked {
    pub fn new() -> Self {
        Self {
            ids: RwSignal::new(BTreeSet::new()),
            done: RwSignal::new(0),
        }
    }

    /// What was done last is another thing now.
    pub fn acted(self) {
        self.done.try_update(|n| *n += 1);
    }
}

/// The box of one conversation.
#[component]
pub fn Tick(id: Uuid, name: String) -> impl IntoView {
    let ids = expect_context::<Ticked>().ids;
    view! {
        <label class="tick">
            <input
                type="checkbox"
                form=FORM
                name="ids[]"
                value=id.to_string()
                autocomplete="off"
                class="checkbox"
                aria-label=format!("Select {name}")
                prop:checked=move || ids.with(|ids| ids.contains(&id))
                on:change:target=move |event| {
                    let ticked = event.target().checked();
                    ids.update(|ids| if ticked { _ = ids.insert(id) } else { _ = ids.remove(&id) });
                }
            />
        </label>
    }
}

/// What was done last, and the bar for what is ticked. `all`: all of the view are meant.
#[component]
pub fn Bulk(view: Memo<View>, #[prop(name = "filters")] narrowed: Memo<String>, all: Memo<bool>) -> impl IntoView {
    let ticked = expect_context::<Ticked>();
    // One reading for both, drawn together: what is drawn inside of something else that is waited for is drawn at another time here than
    // in the browser, and the two would count what they wait for differently.
    let found = Resource::new_blocking(
        move || (ticked.done.get(), all.get().then(|| view.get()), narrowed.get()),
        |(_, view, filters)| async move {
            let (tools, count) = futures::join!(inbox_tools(filters.clone()), count_of(view, filters));
            Ok((tools?, count?))
        },
    );
    let draw = move |(tools, count)| {
        let Tools {
            members,
            last,
            saved,
            terms,
        } = tools;
        let (view, narrowed) = (view.get_untracked(), narrowed.get_untracked());
        view! {
            <filters::FilterBar view filters=narrowed.clone() terms saved />
            {last.map(|done| view! { <Last done /> })}
            <Bar members view narrowed count />
        }
    };
    view! { <Awaited from=found view=draw /> }
}

async fn count_of(view: Option<View>, filters: String) -> Result<Option<(u32, DateTime<Utc>)>, AppError> {
    match view {
        Some(view) => count_view(view.show().map(str::to_owned), filters).await.map(Some),
        None => Ok(None),
    }
}

/// `18 closed · 2 not (has a new message)`, and the way back.
#[component]
fn Last(done: BatchView) -> impl IntoView {
    let session = use_session();
    let ticked = expect_context::<Ticked>();
    let (id, at, over) = (done.id, done.at, is_over(&done));
    if !over {
        // It is gone on with in the background.
        Effect::new(move |_| set_timeout(move || ticked.acted(), std::time::Duration::from_secs(1)));
    }
    let is_old = move || over && session.now.get() - at > SHOWN;
    let undo = move |event: SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            match undo_batch(id, String::new()).await {
                Ok(_) => ticked.acted(),
                Err(error) => _ = session.problem.try_set(Some(error.0)),
            }
        });
    };
    let words = done.words();
    let button = (done.state == BatchState::Done && done.done > 0).then(|| {
        view! {
            <form method="post" action=UndoBatch::url() on:submit=undo>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="back" value="/inbox" />
                <button type="submit" class=BUTTON aria-keyshortcuts="z">
                    <Icon icon=icondata::LuUndo2 size="1em" />
                    "Undo"
                </button>
            </form>
        }
    });
    view! {
        <div class="flex items-center gap-2 border-b border-base-300 px-3 py-1 text-sm" class:hidden=is_old data-batch="">
            <p role="status" class="tabular min-w-0 flex-1">
                {words}
            </p>
            {button}
        </div>
    }
}

/// What can be done with those that are ticked. It is there as long as one is; without a script, too.
#[component]
fn Bar(members: Vec<MemberName>, view: View, narrowed: String, count: Option<(u32, DateTime<Utc>)>) -> impl IntoView {
    let session = use_session();
    let ticked = expect_context::<Ticked>();
    let here = filters::address("/inbox", &[("show", view.show())], &narrowed);
    let select_all = filters::address("/inbox", &[("show", view.show()), ("all", Some("1"))], &narrowed);
    let navigate = use_navigate();
    let (show, as_of) = (view.show().unwrap_or_default(), count.map(|(_, as_of)| as_of));
    let submit = {
        let (here, narrowed) = (here.clone(), narrowed.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let pressed = event.submitter().and_then(|button| button.get_attribute("value"));
            let tag = field("tag").unwrap_or_default();
            let ids: Vec<Uuid> = ticked.ids.with_untracked(|ids| ids.iter().copied().collect());
            let (navigate, here, narrowed) = (navigate.clone(), here.clone(), narrowed.clone());
            spawn_local(async move {
                match act_on_many(
                    ids,
                    pressed.unwrap_or_default(),
                    tag,
                    show.to_owned(),
                    narrowed,
                    as_of,
                    String::new(),
                )
                .await
                {
                    Ok(_) => {
                        session.problem.try_set(None);
                        ticked.ids.try_set(BTreeSet::new());
                        ticked.acted();
                        if as_of.is_some() {
                            navigate(&here, NavigateOptions::default());
                        }
                    }
                    Err(error) => _ = session.problem.try_set(Some(error.0)),
                }
            });
        }
    };
    let chosen = match count {
        Some((n, _)) if n > 10_000 => {
            view! { <p>"More than 10,000 are in this view. Please choose a narrower one."</p> }.into_any()
        }
        Some((n, as_of)) => view! {
            <input type="hidden" name="as_of" value=as_of.to_rfc3339() />
            <p class="font-semibold" role="status">
                {format!("All {n} in this view are selected.")}
            </p>
            <a class="link" href=here.clone()>
                "Only those ticked"
            </a>
        }
        .into_any(),
        None => view! {
            <p class="tabular font-semibold" role="status">
                {move || ticked.ids.with(|ids| if ids.is_empty() { String::new() } else { ids.len().to_string() })}
                " selected"
            </p>
            <a class="link" href=select_all>
                "Select all in this view"
            </a>
        }
        .into_any(),
    };
    view! {
        <form
            id=FORM
            method="post"
            action=ActOnMany::url()
            on:submit=submit
            class="flex-wrap items-center gap-1.5 border-b border-base-300 p-2 text-sm"
            aria-label="The selected conversations"
            data-all=count.is_some().then_some("")
        >
            <input type="hidden" name="show" value=show />
            <input type="hidden" name="filters" value=narrowed />
            <input type="hidden" name="back" value=here />
            <div class="flex w-full flex-wrap items-baseline justify-between gap-2">{chosen}</div>
            <Deeds members />
        </form>
    }
}

#[component]
fn Deeds(members: Vec<MemberName>) -> impl IntoView {
    let session = use_session();
    let button = |action: &'static str, words: &'static str| {
        view! {
            <button type="submit" name="action" value=action class=BUTTON>
                {words}
            </button>
        }
    };
    let people = members.into_iter().map(|m| (format!("assign {}", m.account_id), m.name));
    let people = people
        .chain([("assign".to_owned(), "Nobody".to_owned())])
        .map(|(action, name)| {
            view! {
                <button type="submit" name="action" value=action class=CHOICE>
                    {name}
                </button>
            }
        });
    let times = move || {
        snooze::presets(session.now.get(), session.zone(), None)
            .into_iter()
            .map(|(words, at)| {
                view! {
                    <button type="submit" name="action" value=format!("snooze {}", at.to_rfc3339()) class=CHOICE>
                        <PresetWords words at />
                    </button>
                }
            })
            .collect_view()
    };
    view! {
        {button("close", "Close")}
        {button("no_reply_needed", "No reply needed")}
        {button("mark_read", "Read")}
        {button("mark_unread", "Unread")}
        <details class="menu-box" name="bulk-menu">
            <summary class=BUTTON>"Snooze"</summary>
            <div class="start-0 w-64">{times}</div>
        </details>
        <details class="menu-box" name="bulk-menu">
            <summary class=BUTTON>"Assign"</summary>
            <div class="start-0">{people.collect_view()}</div>
        </details>
        <details class="menu-box" name="bulk-menu">
            <summary class=BUTTON>"Tag"</summary>
            <div class="flex flex-col gap-2">
                <label class="field-label">
                    "Tag"
                    <input type="text" name="tag" maxlength="40" autocomplete="off" class="input input-sm w-full" />
                </label>
                <div class="flex gap-2">{button("tag", "Give")} {button("untag", "Take")}</div>
            </div>
        </details>
    }
}

/// What stands in a field of the bar.
fn field(name: &str) -> Option<String> {
    let field = document().query_selector(&format!("#{FORM} [name={name}]")).ok()??;
    Some(field.dyn_into::<HtmlInputElement>().ok()?.value())
}
