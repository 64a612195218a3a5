//! One file: how it would be read, how far it is, and what became of its rows.

use std::time::Duration;

use contract::{
    imports::{ImportColumn, ImportPage, ImportRows, ImportStatus, ImportView, Preview, PreviewRow},
    live::LiveEvent,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

use super::{CancelImport, DecideImport, StateBadge, get_import, kind_words};
use crate::{
    components::{Awaited, Timestamp},
    error::AppError,
    session::use_session,
};

/// While a file runs it is asked for again after this time, should its news not arrive.
const AGAIN: Duration = Duration::from_secs(3);

#[component]
pub fn DetailPage() -> impl IntoView {
    let session = use_session();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").and_then(|id| id.parse::<Uuid>().ok()));
    let import = Resource::new_blocking(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => get_import(id).await,
                None => Err(AppError::new(contract::Code::NotFound, "There is no such import.")),
            }
        },
    );
    session.live.refetch_on(
        move |event| matches!(event, LiveEvent::Import(view) if Some(view.id) == id.get_untracked()),
        move || import.refetch(),
    );
    // What happened while the stream was away, or between the first reading and the first news, is not missed either.
    Effect::new(move |_| {
        let running = import.with(|page| {
            let page = page.as_ref().and_then(|page| page.as_ref().ok());
            page.is_some_and(|page| page.import.status == ImportStatus::Running)
        });
        if running {
            let wait = set_timeout_with_handle(move || import.refetch(), AGAIN).ok();
            on_cleanup(move || {
                if let Some(wait) = wait {
                    wait.clear();
                }
            });
        }
    });
    view! { <Awaited from=import view=|page| view! { <One page /> } /> }
}

#[component]
fn One(page: ImportPage) -> impl IntoView {
    let import = page.import.clone();
    let facts = [
        kind_words(&import.kind).to_owned(),
        format!("{} rows", import.total),
        import.encoding.clone(),
        delimiter(&import.delimiter).to_owned(),
    ];
    let western = import.encoding == "Windows-1252";
    let note = western.then_some("This file was not saved as UTF-8. Please check that names with accents look right.");
    let ready = import.status == ImportStatus::Ready;
    let body = if ready {
        view! { <Decide page /> }.into_any()
    } else {
        view! { <Report import=page.import refused=page.refused /> }.into_any()
    };
    view! {
        <Title text=import.file_name.clone() />
        <div class="mx-auto flex max-w-4xl flex-col gap-4 p-4">
            <a class="link w-fit text-sm" href="/imports">
                "All imports"
            </a>
            <div>
                <div class="flex flex-wrap items-center gap-2">
                    <h1 class="min-w-0 break-words">{import.file_name}</h1>
                    <span role="status">
                        <StateBadge status=import.status />
                    </span>
                </div>
                <p class="text-sm text-muted">{facts.join(" · ")} " · " {import.by} " · " <Timestamp at=import.created_at /></p>
                <p class="notice mt-2 empty:hidden">{note}</p>
            </div>
            {body}
        </div>
    }
}

fn delimiter(sign: &str) -> &'static str {
    match sign {
        ";" => "semicolons between cells",
        "\t" => "tabs between cells",
        "|" => "bars between cells",
        _ => "commas between cells",
    }
}

/// Which column holds what, what people agreed to, and a look at the first rows.
#[component]
fn Decide(page: ImportPage) -> impl IntoView {
    let ImportPage {
        import,
        columns,
        fields,
        date_order,
        date_question,
        consent,
        include_past,
        missing,
        preview,
        ..
    } = page;
    let is_visits = import.kind == "appointments";
    let columns = columns
        .into_iter()
        .enumerate()
        .map(|(index, column)| view! { <Column index column fields=fields.clone() /> })
        .collect_view();
    let missing = missing.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
    let order = date_question.map(|question| view! { <DateOrder question chosen=date_order /> });
    let past = is_visits.then(|| {
        view! {
            <label class="flex min-h-11 items-center gap-2">
                <input type="checkbox" class="checkbox" name="include_past" value="yes" checked=include_past />
                "Visits that are past, too"
            </label>
        }
    });
    let id = import.id.to_string();
    view! {
        <form method="post" action=DecideImport::url() class="flex flex-col gap-5">
            <input type="hidden" name="id" value=id.clone() />
            <section class="flex flex-col gap-2">
                <h2>"Columns"</h2>
                <ul class="panel">{columns}</ul>
            </section>
            {order}
            <Agreed consent />
            {past}
            <ul class="list-disc ps-5 text-sm font-semibold empty:hidden" data-missing="">
                {missing}
            </ul>
            <div class="flex flex-wrap gap-2">
                <button type="submit" name="then" value="look" class="btn min-h-11">
                    "Look again"
                </button>
                <button type="submit" name="then" value="start" class="btn btn-primary min-h-11">
                    {format!("Import {} rows", import.total)}
                </button>
            </div>
        </form>
        {preview.map(|preview| view! { <Look preview total=import.total /> })}
        <form method="post" action=CancelImport::url()>
            <input type="hidden" name="id" value=id />
            <button type="submit" class="btn btn-ghost min-h-11">
                "Do not import this file"
            </button>
        </form>
    }
}

#[component]
fn Column(index: usize, column: ImportColumn, fields: Vec<(String, String)>) -> impl IntoView {
    let id = format!("import-column-{index}");
    let chosen = column.field;
    let options = fields
        .into_iter()
        .map(|(field, words)| {
            let selected = field == chosen;
            view! {
                <option value=field selected=selected>
                    {words}
                </option>
            }
        })
        .collect_view();
    view! {
        <li class="row flex-wrap items-start py-3 sm:flex-nowrap">
            <div class="min-w-0 flex-1 basis-60">
                <label for=id.clone() class="font-medium break-words">
                    {column.header}
                </label>
                <p class="text-sm break-words text-muted">{column.samples.join(" · ")}</p>
            </div>
            <select id=id name=format!("fields[{index}]") class="select w-full sm:w-56">
                <option value="" selected=chosen.is_empty()>
                    "Do not import"
                </option>
                {options}
            </select>
        </li>
    }
}

#[component]
fn DateOrder(question: String, chosen: String) -> impl IntoView {
    let option = |value: &'static str, words: &'static str| {
        let checked = chosen == value;
        view! {
            <label class="flex min-h-11 items-center gap-2">
                <input type="radio" class="radio" name="date_order" value=value checked=checked />
                {words}
            </label>
        }
    };
    let options = [
        option("dmy", "The first number is the day"),
        option("mdy", "The first number is the month"),
    ];
    view! {
        <fieldset class="flex flex-col gap-1">
            <legend class="font-semibold">{question}</legend>
            {options.collect_view()}
        </fieldset>
    }
}

/// What the people in the file have agreed to: nobody decides that but who brings it.
#[component]
fn Agreed(consent: String) -> impl IntoView {
    let option = |value: &'static str, words: &'static str, more: &'static str| {
        let checked = consent == value;
        view! {
            <label class="flex min-h-11 items-start gap-2 py-1">
                <input type="radio" class="radio mt-0.5" name="consent" value=value checked=checked />
                <span>
                    {words}
                    <span class="block text-sm text-muted">{more}</span>
                </span>
            </label>
        }
    };
    let options = [
        option(
            "booked",
            "They gave us their numbers when they booked",
            "That agrees to texts about appointments. Whoever has opted out stays opted out.",
        ),
        option("column", "A column of the file says it", "Yes or no for each row."),
        option(
            "unknown",
            "We do not know",
            "Where people stand stays as it is; nobody new is texted by itself.",
        ),
    ];
    view! {
        <fieldset class="flex flex-col gap-1">
            <legend class="font-semibold">"What have these people agreed to?"</legend>
            {options.collect_view()}
            <p class="field-hint">"Offers and review requests are never agreed to by a file."</p>
        </fieldset>
    }
}

#[component]
fn Look(preview: Preview, total: u32) -> impl IntoView {
    let all = preview.looked_at >= total;
    let about = if all {
        "This is what the file would become.".to_owned()
    } else {
        format!("This is what its first {} rows would become.", preview.looked_at)
    };
    view! {
        <section class="flex flex-col gap-2" aria-labelledby="import-preview">
            <h2 id="import-preview">"Preview"</h2>
            <p class="text-sm text-muted">{about} " Nothing has been saved yet."</p>
            <Counts rows=preview.rows />
            <Rows rows=preview.first />
        </section>
    }
}

#[component]
fn Counts(rows: ImportRows) -> impl IntoView {
    let all = [
        ("New", rows.created, "created"),
        ("Changed", rows.updated, "updated"),
        ("As before", rows.unchanged, "unchanged"),
        ("Twice in the file", rows.duplicate, "duplicate"),
        ("Left out", rows.skipped, "skipped"),
        ("Refused", rows.refused, "refused"),
    ];
    let shown = all
        .into_iter()
        .map(|(words, n, name)| {
            view! {
                <div class="flex min-w-24 flex-col-reverse" data-count=name>
                    <dt class="text-sm text-muted">{words}</dt>
                    <dd class="text-xl font-semibold">{n}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="flex flex-wrap gap-4">{shown}</dl> }
}

#[component]
fn Rows(rows: Vec<PreviewRow>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|row| {
            let state = match row.outcome.as_str() {
                "created" => "New",
                "updated" => "Changed",
                "unchanged" => "As before",
                "duplicate" => "Twice",
                "skipped" => "Left out",
                _ => "Refused",
            };
            view! {
                <li class="row flex-wrap items-start py-2" data-outcome=row.outcome>
                    <span class="w-20 shrink-0 text-sm text-muted">{format!("Row {}", row.number)}</span>
                    <span class="min-w-0 flex-1 basis-60">
                        <span class="block break-words">{row.words}</span>
                        <span class="block text-sm text-muted empty:hidden">{row.note}</span>
                    </span>
                    <span class="text-sm font-medium">{state}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="panel empty:hidden">{rows}</ul> }
}

/// How far it is, and what became of the rows so far.
#[component]
fn Report(import: ImportView, refused: Vec<PreviewRow>) -> impl IntoView {
    let running = import.status == ImportStatus::Running;
    let progress = running.then(|| {
        let words = format!(
            "{} of {} rows. This page follows by itself; without scripts, load it again.",
            import.done, import.total
        );
        view! {
            <div class="flex flex-col gap-1">
                <progress class="progress progress-primary w-full" max=import.total value=import.done aria-label="Rows done"></progress>
                <p class="text-sm text-muted">{words}</p>
                <form method="post" action=CancelImport::url()>
                    <input type="hidden" name="id" value=import.id.to_string() />
                    <button type="submit" class="btn min-h-11">
                        "Stop"
                    </button>
                </form>
            </div>
        }
    });
    let changed: Vec<String> = import.changed.iter().map(|(field, n)| format!("{field} ({n})")).collect();
    let changed = (!changed.is_empty()).then(|| format!("What was changed: {}.", changed.join(", ").replace('_', " ")));
    let dry = import.dry_run.then_some("Nothing was saved: this was a trial.");
    let many = import.rows.refused;
    let back = (many > 0).then(|| {
        let href = format!("/imports/{}/refused.csv", import.id);
        let words = if many == 1 {
            "Download the refused row".to_owned()
        } else {
            format!("Download the {many} refused rows")
        };
        view! {
            <section class="flex flex-col gap-2" aria-labelledby="import-refused">
                <h2 id="import-refused">"Refused rows"</h2>
                <p class="text-sm text-muted">"Mend them in the downloaded file, and import that: rows that are here already stay as they are."</p>
                <a class="btn min-h-11 w-fit" href=href rel="external" download="">
                    {words}
                </a>
                <Rows rows=refused />
            </section>
        }
    });
    view! {
        {progress}
        <p class="notice empty:hidden">{import.problem}</p>
        <p class="font-semibold empty:hidden">{dry}</p>
        <Counts rows=import.rows />
        <p class="text-sm text-muted empty:hidden">{changed}</p>
        {back}
        <a class="btn btn-primary min-h-11 w-fit" href=format!("/{}", import.kind)>
            {format!("See all {}", kind_words(&import.kind).to_lowercase())}
        </a>
    }
}
